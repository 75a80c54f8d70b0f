"""Labels from CSV files."""

import os

import numpy as np
import pandas as pd

from ..frames import VideoFrameSampler
from ._spacing import seconds_to_next

_PICTURE_COLUMNS = ("Image_ID", "image", "filename")
_CLASS_COLUMNS = ("Class", "class", "label")


def load_label_csv(path, video=None, rate=None):
    """Load labels of frames from a CSV file.

    Two kinds of file are known:

    - a picture's name and its class (``Image_ID,Class``), a row a frame, in the order of the film.
      With ``video`` and ``rate`` the rows are the frames sampled from that film; without, the
      pictures are read from files beside the CSV.
    - ``video,time`` and labels: one column of classes, or a 0/1 column for each character. An
      optional column ``duration`` (s) says how long each frame stands for; else it is the usual
      distance to the next label, at most.

    Parameters
    ----------
    path : str or path
        The CSV file. Films and pictures are looked for beside it, then from the working directory.
    video : str or path, optional
        For pictures, the film they were taken from; otherwise, the one film whose labels are
        wanted out of several.
    rate : float, optional
        Frames a second at which the pictures were taken from ``video``.

    Returns
    -------
    X : pandas.DataFrame
        The frame table: ``video``, ``time`` and ``duration`` (s), and ``image`` for pictures.
    y : pandas.Series or pandas.DataFrame
        One class a frame, or the 0/1 indicators with a column a character. A single 0/1 column is
        a Series of its name.

    Raises
    ------
    FileNotFoundError
        If the CSV, a film or a picture is missing.
    ValueError
        If columns are missing, a label is empty, or the film has not as many frames as the CSV
        has rows.

    Examples
    --------
    >>> from sktime_screen import load_label_csv
    >>> X, y = load_label_csv("mapping.csv", video="film.mp4", rate=1)  # doctest: +SKIP
    """
    path = os.fspath(path)
    try:
        rows = pd.read_csv(path, skipinitialspace=True)
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path!r} is empty: a header and a row a frame are expected.") from error
    if rows.empty:
        raise ValueError(f"{path!r} has a header but no labels.")
    folder = os.path.dirname(path)
    if {"video", "time"} <= set(rows.columns):
        return _film_labels(path, rows, folder, video)
    picture = _column(rows, _PICTURE_COLUMNS)
    label = _column(rows, _CLASS_COLUMNS)
    if picture is None or label is None:
        raise ValueError(
            f"{path!r} has the columns {list(rows.columns)}; expected 'Image_ID' and 'Class', or "
            f"'video', 'time' and labels."
        )
    _check_filled(path, rows, [picture, label])
    if video is None:
        table = _picture_table(path, rows[picture], folder, rate)
    else:
        table = _sampled_table(path, rows, folder, video, rate)
    return table, rows[label].rename(label)


def _column(rows, names):
    return next((name for name in names if name in rows.columns), None)


def _check_filled(path, rows, columns):
    for name in columns:
        empty = np.flatnonzero(rows[name].isna())
        if len(empty):
            raise ValueError(
                f"{path!r}, line {empty[0] + 2}: {name!r} is empty or unreadable "
                f"({len(empty)} such lines). Fill it in, or drop the rows that have no label."
            )


def _beside(folder, path):
    """Return where a file named in a CSV is: beside it, or else as written."""
    beside = os.path.join(folder, path)
    if os.path.exists(beside):
        return beside
    if os.path.exists(path):
        return os.fspath(path)
    raise FileNotFoundError(
        f"{os.fspath(path)!r} is neither beside the labels (in {folder or os.getcwd()!r}) nor in "
        f"{os.getcwd()!r}."
    )


def _sampled_table(path, rows, folder, video, rate):
    if rate is None:
        raise ValueError(
            "rate is missing: at how many frames a second were the pictures taken from the film?"
        )
    table = VideoFrameSampler(rate=rate).sample(_beside(folder, video))
    if len(table) != len(rows):
        raise ValueError(
            f"{path!r} labels {len(rows)} pictures, but {os.fspath(video)!r} at rate={rate} gives "
            f"{len(table)} frames: is it the right film and rate? Labels for only some frames "
            f"need the columns 'video' and 'time'."
        )
    return table


def _picture_table(path, names, folder, rate):
    duration = 1.0 if rate is None else 1 / rate
    try:
        images = [_beside(folder, name) for name in names]
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error} If the pictures of {path!r} were taken from a film, pass video= and rate=."
        ) from error
    return pd.DataFrame(
        {
            "video": folder or ".",
            "time": np.arange(len(images)) * duration,
            "duration": duration,
            "image": images,
        }
    )


def _film_labels(path, rows, folder, video):
    labels = rows.columns.difference(["video", "time", "duration"], sort=False)
    if not len(labels):
        raise ValueError(f"{path!r} has 'video' and 'time' but no column of labels.")
    rows["time"] = pd.to_numeric(rows["time"], errors="coerce")
    _check_filled(path, rows, ["video", "time", *labels])
    y = _targets(path, rows[labels])
    if video is not None:
        name = os.path.basename(os.fspath(video))
        chosen = rows["video"].map(os.path.basename) == name
        if not chosen.any():
            raise ValueError(
                f"{path!r} has no labels of {name!r}, only of {sorted(rows['video'].unique())}."
            )
        rows, y = rows[chosen].reset_index(drop=True), y[chosen].reset_index(drop=True)
    where = {name: _beside(folder, name) for name in rows["video"].unique()}
    table = pd.DataFrame({"video": rows["video"].map(where), "time": rows["time"]})
    table["duration"] = rows["duration"] if "duration" in rows else seconds_to_next(table)
    return table, y


def _targets(path, labels):
    binary = labels.isin([0, 1]).all()
    if labels.shape[1] == 1:
        column = labels.iloc[:, 0]
        return column.astype(np.int64) if binary.iloc[0] else column
    if not binary.all():
        name = binary.index[~binary][0]
        line = np.flatnonzero(~labels[name].isin([0, 1]))[0] + 2
        raise ValueError(
            f"{path!r}, line {line}: {name!r} is {labels[name].iloc[line - 2]}; with several "
            f"columns of labels each is 0 or 1, one column a character."
        )
    return labels.astype(np.int64)
