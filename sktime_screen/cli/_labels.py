"""Labels as commands are given them."""

import os

import numpy as np
import pandas as pd

from ..labels import (
    CLASS_COLUMNS,
    as_classes,
    find_distinct_frames,
    load_cvat,
    load_eaf,
    load_label_csv,
    load_label_studio,
)


def load_labels(paths, video=None, rate=1.0):
    """Load labels of one file or of several, without the frames that are not labelled."""
    loaded = [_loaded(path, video, rate) for path in paths]
    names = [_columns(y) for _, y in loaded]
    for path, columns in zip(paths, names, strict=True):
        if set(columns) != set(names[0]):
            raise ValueError(
                f"'{path}' has the labels {columns}, but '{paths[0]}' has {names[0]}: the "
                f"same characters are expected in all files, 0 for who is not in a video."
            )
    X = pd.concat([table for table, _ in loaded], ignore_index=True)
    y = pd.concat([labels for _, labels in loaded], ignore_index=True)
    if isinstance(y, pd.Series):
        # What are numbers in one file may be names in another.
        y = as_classes(y.map(str))
    if "image" in X and X["image"].isna().any():
        raise ValueError(
            "Some labels are of videos and others of images, since not all videos were found: put "
            "them where the files of labels say, or train on each kind alone."
        )
    return _without_repeats(X, _named(y), paths)


def _loaded(path, video, rate):
    kind = path.suffix.lower()
    if kind in (".eaf", ".xml"):
        load = load_eaf if kind == ".eaf" else load_cvat
        return load(path, video=None if isinstance(video, list) else video, rate=rate)
    if kind == ".json":
        return load_label_studio(path, rate=rate)
    return load_label_csv(path, video=video, rate=rate, missing="drop")


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
    return ["(one class a frame)" if y.name in CLASS_COLUMNS else str(y.name)]


def _named(y):
    """Call the 0 and 1 of a single character by name: they become classes."""
    one = isinstance(y, pd.DataFrame) and y.shape[1] == 1
    y = y.iloc[:, 0] if one else y
    if isinstance(y, pd.Series) and y.name not in CLASS_COLUMNS and y.isin([0, 1]).all():
        return pd.Series(np.where(y == 1, str(y.name), _nobody(y.name)), name="label")
    return y


def _nobody(name):
    return f"not {name}"


def find_background(background, y):
    """Return the class that means nobody."""
    if isinstance(y, pd.DataFrame):
        if background is not None:
            raise ValueError(
                f"--background {background}: with a column a character, nobody is a row of zeros. "
                f"Leave --background out."
            )
        return None
    classes = y.unique().tolist()
    if background is None:
        one = sorted(map(str, classes), key=len)
        return one[1] if len(one) == 2 and one[1] == _nobody(one[0]) else None
    for name in classes:
        if str(name) == background:
            return name
    raise ValueError(f"--background {background} is none of the classes {sorted(classes)}.")


def labels_for(aggregator, y, paths):
    """Bring labels into the form a model has learned."""
    known = {str(name): name for name in aggregator.class_names_}
    table = isinstance(y, pd.DataFrame)
    found = [str(name) for name in (y.columns if table else y.unique())]
    unknown = sorted(set(found) - set(known))
    if table != aggregator.multilabel_ or unknown or (table and len(found) != len(known)):
        kind = {True: "a column a character", False: "one class a frame"}
        raise ValueError(
            f"{', '.join(f'{str(path)!r}' for path in paths)}: labels of {sorted(found)} "
            f"({kind[table]}), but the model knows {list(known)} ({kind[aggregator.multilabel_]}): "
            f"are they the labels of another video?"
        )
    if table:
        return y.set_axis(found, axis=1)[list(known)].set_axis(list(known.values()), axis=1)
    return y.map(lambda name: known[str(name)])


def as_videos_are_called(X, videos):
    """Give the videos of labels the paths by which they are named in a command."""
    called = {os.path.realpath(path): path for path in videos}
    return X.assign(
        video=[called.get(os.path.realpath(str(path)), str(path)) for path in X["video"]]
    )
