"""Models as files."""

import os
import re
import warnings

import joblib
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .. import __version__
from .._atomic_files import write_atomically
from .._versions import find_versions
from ..features import FaceFeatures, PretrainedCNNFeatures
from ..labels import find_distinct_frames, find_labelled_frames
from ..persistence import load_skops, save_skops
from ..screentime import ScreenTimeAggregator
from ..video import resolve_videos

# As text in the pickle, so that it can be read where the pickle cannot.
_MADE_WITH = re.compile(rb"sktime_screen==([\w.+!-]+)")
# So many learned frames of other videos tell what a model has seen.
_MOST_SEEN = 240
# Columns of a frame table that have to be right from any folder.
_PATHS = ("video", "image")


def save_model(path, pipeline, validation=None, labels=(), learned=None):
    """Write a fitted pipeline whole, or leave what is there as it is.

    With it goes what it was made with, the files of its labels, how good it is, and the frames and
    labels it has learned from, in the attribute ``made_with_`` of the pipeline; where features are
    kept and what is printed does not. A file ``.skops`` is of skops, any other a pickle of joblib.
    """
    found = " ".join(f"{name}=={version}" for name, version in find_versions().items())
    files = [os.path.abspath(file) for file in labels]
    kept = {"versions": found, "labels": files, "validation": validation}
    if learned is not None:
        kept |= _describe_learned(*learned)
    set_up_features(pipeline, None, verbose=False)
    pipeline.made_with_ = kept
    if not _is_skops(path):
        with write_atomically(path) as unfinished:
            joblib.dump(pipeline, unfinished)
        return
    pipeline.made_with_ = {
        name: value.to_dict("tight") if isinstance(value, pd.DataFrame) else value
        for name, value in kept.items()
    }
    try:
        save_skops(path, pipeline)
    finally:
        pipeline.made_with_ = kept


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
    try:
        pipeline.get_params()
    except AttributeError as error:
        # A parameter that came after it.
        raise ValueError(
            f"'{path}' was made with an older sktime_screen, which the installed {__version__} "
            f"cannot go on with ({error}): train it again."
        ) from error
    if _is_skops(path) and hasattr(pipeline, "made_with_"):
        made_with = _version_in(pipeline.made_with_["versions"].encode())
        for name, table in pipeline.made_with_.items():
            if isinstance(table, dict):
                pipeline.made_with_[name] = pd.DataFrame.from_dict(table, orient="tight")
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
        f"'{path}' cannot be read as a model ({type(error).__name__}: {error}). Give a file that "
        f"`sktime-screen train` wrote. This is sktime_screen {__version__}."
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


def _describe_learned(X, y):
    X = X.assign(**{name: resolve_videos(X[name]) for name in _PATHS if name in X})
    return {"learned_frames": X, "learned_labels": pd.DataFrame(y)}


def get_learned(path, pipeline):
    """Return the frames and labels that a model has learned from, as `save_model` got them."""
    made_with = getattr(pipeline, "made_with_", {})
    if "learned_frames" not in made_with:
        raise ValueError(
            f"'{path}' does not tell which labels it has learned from, so that it cannot learn "
            f"more: train it again on all label files, `sktime-screen train OLD.csv NEW.csv`."
        )
    labels = made_with["learned_labels"]
    return made_with["learned_frames"], labels if pipeline[-1].multilabel_ else labels.iloc[:, 0]


def find_learned_frames(pipeline, table):
    """Tell which frames of a table a model has learned, as far as it remembers.

    Returns bool (n_frames,).
    """
    known = getattr(pipeline, "made_with_", {}).get("learned_frames")
    if known is not None:
        videos = resolve_videos(table["video"].unique())
        known = known[np.isin(resolve_videos(known["video"]), videos)]
    return find_labelled_frames(table, known)


def get_learned_of_others(pipeline, table):
    """Return learned frames of videos other than a table's, as far as these are there."""
    known = pipeline.made_with_["learned_frames"]
    if "image" in known:
        return table[:0]
    videos = resolve_videos(known["video"])
    there = [video for video in np.unique(videos) if os.path.isfile(video)]
    here = resolve_videos(table["video"].unique())
    known = known.loc[np.isin(videos, there) & ~np.isin(videos, here), list(table)]
    return known[:: len(known) // _MOST_SEEN + 1]


def learn_more(path, pipeline, X, y):
    """Return a model that has learned from more labels as well.

    It is the model that `train` makes of all label files. Labels of the same frame replace those of
    before.
    """
    known, labels = get_learned(path, pipeline)
    all_frames = pd.concat([X[known.columns.intersection(X.columns)], known], ignore_index=True)
    y = pd.Series(y) if np.ndim(y) == 1 else y
    all_labels = pd.concat([y, labels], ignore_index=True)
    if "image" in all_frames and all_frames["image"].isna().any():
        raise ValueError(
            f"'{path}' has learned from images, and these labels are of videos, or the other way "
            f"round: train again on labels of one kind."
        )
    try:
        first, _ = find_distinct_frames(all_frames, all_labels)
    except OSError as error:
        error.add_note(f"'{path}' has learned from it, and can only learn more where it is.")
        raise
    first = np.flatnonzero(first)
    rows = np.concatenate([first[first >= len(X)], first[first < len(X)]])
    X, y = (table.iloc[rows].reset_index(drop=True) for table in (all_frames, all_labels))
    head = clone(pipeline[-2:]).fit(pipeline[:-2].transform(X), y)
    learned = Pipeline([*pipeline.steps[:-2], *head.steps])
    learned.made_with_ = _describe_learned(X, y)
    return learned


def set_up_features(pipeline, memory, verbose):
    """Say where a pipeline keeps its features and whether it shows progress."""
    for _, step in pipeline.steps:
        # A fitted classifier holds others, which may know how portraits were looked at.
        for holder in (step, *vars(step).values()):
            parts = holder.get_params().values() if isinstance(holder, BaseEstimator) else ()
            for part in (holder, *parts):
                if isinstance(part, (FaceFeatures, PretrainedCNNFeatures)):
                    part.set_params(memory=memory, verbose=verbose)
