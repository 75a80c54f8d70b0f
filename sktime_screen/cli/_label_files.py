"""Files of labels, as commands are given them."""

import os

import pandas as pd

from .._defaults import SAMPLING_RATE
from .._targets import read_known_labels
from ..labels import (
    convert_classes,
    find_distinct_frames,
    load_cvat,
    load_eaf,
    load_label_csv,
    load_label_studio,
)
from ..video import resolve_videos


def load_labels(paths, video=None, rate=SAMPLING_RATE, *, missing="drop"):
    """Load labels of one file or of several, without the frames that are not labelled."""
    loaded = [_load(path, video, rate, missing) for path in paths]
    names = [_columns(y) for _, y in loaded]
    for path, columns in zip(paths, names, strict=True):
        if set(columns) != set(names[0]):
            raise ValueError(
                f"'{path}' has the labels {columns}, but '{paths[0]}' has {names[0]}: all files "
                f"need the same characters, with 0 for those who are not in a video."
            )
    X = pd.concat([table for table, _ in loaded], ignore_index=True)
    y = pd.concat([labels for _, labels in loaded], ignore_index=True)
    if isinstance(y, pd.Series):
        # What are numbers in one file may be names in another.
        y = convert_classes(y.map(str))
    if "image" in X and X["image"].isna().any():
        raise ValueError(
            "Some labels belong to videos and others to images, since some videos were not found. "
            "Put the videos where the label files say, or train on each kind alone."
        )
    return _without_repeats(X, y, paths)


def _load(path, video, rate, missing):
    if not path.exists():
        raise FileNotFoundError(
            f"No such file of labels: '{path}' (looked in {os.getcwd()!r}). A browser saves it in "
            f"its folder for downloads."
        )
    kind = path.suffix.lower()
    if kind in (".eaf", ".xml"):
        load = load_eaf if kind == ".eaf" else load_cvat
        return load(path, video=None if isinstance(video, list) else video, rate=rate)
    if kind == ".json":
        return load_label_studio(path, rate=rate)
    return load_label_csv(path, video=video, rate=rate, missing=missing)


def _without_repeats(X, y, paths):
    """Drop frames that come again in another file with the same labels."""
    first, differing = find_distinct_frames(X, y)
    if differing is not None:
        row = X.iloc[differing[1]]
        raise ValueError(
            f"{', '.join(f'{str(path)!r}' for path in paths)}: the frame of {row['video']!r} at "
            f"{row['time']:g} s has labels that differ. Keep one of them."
        )
    return X[first].reset_index(drop=True), y[first].reset_index(drop=True)


def _columns(y):
    if isinstance(y, pd.DataFrame):
        return [str(name) for name in y.columns]
    return ["(one class a frame)"]


def find_background(background, y):
    """Return the class that means nobody."""
    if isinstance(y, pd.DataFrame):
        if background is not None:
            raise ValueError(
                f"--background {background}: with one 0/1 column a character, nobody is a row of "
                f"zeros. Leave out --background."
            )
        return None
    if background is None:
        return None
    classes = y.unique().tolist()
    for name in classes:
        if str(name) == background:
            return name
    raise ValueError(f"--background {background} is not one of the classes {sorted(classes)}.")


def match_labels(aggregator, y, paths):
    """Bring labels into the form a model has learned."""
    known = aggregator.class_names_.tolist()
    if isinstance(y, pd.Series):
        called = {str(name): name for name in known}
        y = y.map(lambda name: called.get(str(name), name))
    files = ", ".join(f"{str(path)!r}" for path in paths)
    if (
        aggregator.multilabel_
        and isinstance(y, pd.DataFrame)
        and {*map(str, y)} != {*map(str, known)}
    ):
        raise ValueError(
            f"{files}: the labels are of {list(y)}, but the model knows {known}. Give labels of "
            f"all these characters, or train a model on these labels."
        )
    try:
        return read_known_labels(y, known, aggregator.multilabel_)
    except ValueError as error:
        raise ValueError(f"{files}: the model knows {known}. {error}") from error


def name_videos_as_given(X, videos):
    """Give the videos of labels the paths by which they are named in a command."""
    called = dict(zip(resolve_videos(videos).tolist(), videos, strict=True))
    named = X["video"].astype(str)
    pairs = zip(resolve_videos(named).tolist(), named, strict=True)
    return X.assign(video=[called.get(path, name) for path, name in pairs])
