"""The two parts of a fitted pipeline that reports and plots ask."""

from sklearn.pipeline import Pipeline


def parts_of(pipeline):
    """Return what gives probabilities, and what makes seconds of them."""
    pipeline = getattr(pipeline, "best_estimator_", pipeline)
    aggregator = pipeline[-1] if isinstance(pipeline, Pipeline) else pipeline
    if aggregator is pipeline or not hasattr(aggregator, "estimate"):
        raise TypeError(
            f"{type(aggregator).__name__} does not tell seconds: a fitted pipeline with a "
            f"ScreenTimeAggregator at its end is expected, or a search over one."
        )
    return pipeline[:-1], aggregator


def measured(pipeline, X, **options):
    """Return probabilities by frame, and what `ScreenTimeAggregator.estimate` makes of them."""
    first, aggregator = parts_of(pipeline)
    if not hasattr(first[-1], "novelty"):
        probabilities = first.transform(X)
        return probabilities, aggregator.estimate(probabilities, **options)
    features = first[:-1].transform(X) if len(first) > 1 else X
    probabilities = first[-1].transform(features)
    novelty = first[-1].novelty(features)
    return probabilities, aggregator.estimate(probabilities, novelty=novelty, **options)
