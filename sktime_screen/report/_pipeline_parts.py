"""Split a fitted pipeline for reports and plots."""

from sklearn.pipeline import Pipeline

from .._targets import as_table
from ..metrics import find_final_step
from ..screentime import predict_for_estimate, predict_videos
from ..video import FrameSequence, VideoFrameSampler

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


def measure(pipeline, X, *, labelled=None, find_faces=None, **options):
    """Return the probabilities of the frames, the table of estimates, and the faces of a report.

    Of several videos, those that fail are left out with a warning and a note.
    """
    classifier, aggregator = split_pipeline(pipeline)
    notes = []
    are_videos = as_table(X) is None and not isinstance(X, FrameSequence)
    if are_videos and isinstance(classifier[0], VideoFrameSampler):
        found, notes = predict_videos(
            classifier, X, labelled=labelled is not None, find_faces=find_faces
        )
        found.pop("strangers", None)
        notes += found.pop("small_faces", ())
    elif hasattr(classifier[-1], "transform"):
        features = classifier[:-1].transform(X) if len(classifier) > 1 else X
        found = predict_for_estimate(classifier[-1], features, labelled=labelled is not None)
        if find_faces is not None and hasattr(classifier[-1], "judge_faces"):
            found["faces"] = find_faces(classifier[-1], features)
    else:
        found = {"X": classifier.transform(X)}
    faces = found.pop("faces", None)
    estimate = aggregator.estimate(labelled=labelled, **found, **options)
    if notes:
        estimate.attrs["notes"] = [*notes, *estimate.attrs.get("notes", ())]
    return found["X"], estimate, faces


def find_classifier(estimator):
    """Return the classifier at the end of a pipeline or search, and the names of its classes."""
    final = find_final_step(estimator)
    return final, getattr(final, "class_names_", final.classes_)


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
