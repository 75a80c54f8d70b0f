"""Models as files."""

import os
import re
import warnings

import joblib
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .. import __version__
from .._atomic_files import write_atomically
from .._versions import find_versions
from ..classify import FaceClassifier
from ..features import FaceFeatures, PretrainedCNNFeatures
from ..persistence import load_skops, save_skops
from ..screentime import ScreenTimeAggregator

# Of long videos not all features are held at once. It is an hour at a frame a second: enough for a
# classifier that judges frames by those that look alike.
_FRAMES_AT_ONCE = 2048
# As text in the pickle, so that it can be read where the pickle cannot.
_MADE_WITH = re.compile(rb"sktime_screen==([\w.+!-]+)")


def save_model(path, pipeline, validation=None, labels=()):
    """Write a fitted pipeline whole, or leave what is there as it is.

    With it goes what it was made with, the files of its labels, and how good it is, in the
    attribute ``made_with_`` of the pipeline; where features are kept and what is printed does not.
    A file ``.skops`` is of skops, any other a pickle of joblib.
    """
    found = " ".join(f"{name}=={version}" for name, version in find_versions().items())
    files = [os.path.abspath(file) for file in labels]
    pipeline.made_with_ = {"versions": found, "validation": validation, "labels": files}
    set_up_features(pipeline, None, verbose=False)
    if _is_skops(path) and validation is not None:
        pipeline.made_with_["validation"] = validation.to_dict("tight")
    if _is_skops(path):
        save_skops(path, pipeline)
        return
    with write_atomically(path) as unfinished:
        joblib.dump(pipeline, unfinished)


def load_model(path):
    """Load a fitted pipeline, which can run any code unless the file is one of skops."""
    if not path.is_file():
        raise FileNotFoundError(f"No such model: '{path}'. `sktime-screen train` writes one.")
    made_with = None
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", InconsistentVersionWarning)
        if _is_skops(path):
            pipeline = load_skops(path)
        else:
            made_with = _version_in(path.read_bytes())
            try:
                pipeline = joblib.load(path)
            except Exception as error:
                raise ValueError(_unreadable(path, made_with, error)) from error
    if not (isinstance(pipeline, Pipeline) and isinstance(pipeline[-1], ScreenTimeAggregator)):
        raise ValueError(
            f"'{path}' holds no pipeline with a ScreenTimeAggregator at its end. Give a model that "
            f"`sktime-screen train` wrote."
        )
    check_is_fitted(pipeline)
    if _is_skops(path) and hasattr(pipeline, "made_with_"):
        made_with = _version_in(pipeline.made_with_["versions"].encode())
        if pipeline.made_with_["validation"] is not None:
            pipeline.made_with_["validation"] = pd.DataFrame.from_dict(
                pipeline.made_with_["validation"], orient="tight"
            )
    _warn_of_versions(path, made_with, raised)
    return pipeline


def _is_skops(path):
    return path.suffix == ".skops"


def _version_in(content):
    match = _MADE_WITH.search(content)
    return match and match[1].decode()


def _unreadable(path, made_with, error):
    if made_with not in (None, __version__):
        return (
            f"'{path}' was made with sktime_screen {made_with}, and the installed {__version__} "
            f"cannot read it: train it again, or install sktime_screen=={made_with}."
        )
    return (
        f"'{path}' cannot be read as a model: a joblib file is expected "
        f"({type(error).__name__}: {error}). This is sktime_screen {__version__}."
    )


def _warn_of_versions(path, made_with, raised):
    if made_with not in (None, __version__):
        warnings.warn(
            f"'{path}' was made with sktime_screen {made_with}, and {__version__} is installed: "
            f"results may differ. Train it again if they look wrong.",
            stacklevel=3,
        )
    of_sklearn = [w.message for w in raised if issubclass(w.category, InconsistentVersionWarning)]
    if of_sklearn:
        first = of_sklearn[0]
        warnings.warn(
            f"'{path}' was made with scikit-learn {first.original_sklearn_version}, and "
            f"{first.current_sklearn_version} is installed: results may differ. Train it again if "
            f"they look wrong.",
            stacklevel=3,
        )
    for other in raised:
        if other.message not in of_sklearn:
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)


def set_up_features(pipeline, memory, verbose):
    """Say where a pipeline keeps its features and whether it shows progress."""
    for _, step in pipeline.steps:
        # A fitted classifier holds others, which may know how portraits were looked at.
        for holder in (step, *vars(step).values()):
            parts = holder.get_params().values() if isinstance(holder, BaseEstimator) else ()
            for part in (holder, *parts):
                if isinstance(part, (FaceFeatures, PretrainedCNNFeatures)):
                    part.set_params(memory=memory, verbose=verbose)


def predict_frames(fitted, frames, *, labelled=False):
    """Return what the head of a model says of a video's frames, as `estimate` takes it.

    One of faces alone says beside that where there are "strangers".
    """
    from ..screentime import predict_for_estimate

    found = []
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        features = fitted[:-2].transform(frames[start : start + _FRAMES_AT_ONCE])
        found.append(predict_for_estimate(fitted[-2], features, labelled=labelled))
        if isinstance(fitted[-2], FaceClassifier):
            found[-1]["strangers"] = fitted[-2].find_strangers(features)
    return {name: pd.concat([part[name] for part in found]) for name in found[0]}
