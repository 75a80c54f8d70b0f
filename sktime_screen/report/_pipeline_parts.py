"""Split a fitted pipeline for reports and plots."""

from sklearn.pipeline import Pipeline

from ..screentime import predict_for_estimate

# What says how and where something is computed, and not what.
_OF_THE_MACHINE = ("memory", "n_jobs", "verbose")


def split_pipeline(pipeline):
    """Return the steps that give probabilities, and the aggregator."""
    pipeline = getattr(pipeline, "best_estimator_", pipeline)
    aggregator = pipeline[-1] if isinstance(pipeline, Pipeline) else pipeline
    if aggregator is pipeline or not hasattr(aggregator, "estimate"):
        raise TypeError(
            f"{type(aggregator).__name__} does not estimate screen time. Pass a fitted pipeline "
            f"that ends in a ScreenTimeAggregator, or a fitted search over one."
        )
    return pipeline[:-1], aggregator


def judge(pipeline, X, labelled):
    """Return what `estimate` takes of the frames, and the table that the classifier judged."""
    classifier, _ = split_pipeline(pipeline)
    if not hasattr(classifier[-1], "transform"):
        return {"X": classifier.transform(X)}, X
    features = classifier[:-1].transform(X) if len(classifier) > 1 else X
    return predict_for_estimate(classifier[-1], features, labelled=labelled is not None), features


def measure(pipeline, X, *, labelled=None, **options):
    """Return the table of estimates."""
    found, _ = judge(pipeline, X, labelled)
    return split_pipeline(pipeline)[1].estimate(labelled=labelled, **found, **options)


def list_steps(pipeline):
    """Return the name of each step and, as text, the parameters that make a result another."""
    return [
        {
            "name": type(step).__name__,
            "parameters": {
                name: repr(value)
                for name, value in step.get_params(deep=False).items()
                if name not in _OF_THE_MACHINE
            },
        }
        for _, step in (pipeline.steps if pipeline is not None else [])
    ]
