"""Labels from CSV files."""

import os
import re
from typing import Any

import numpy as np
import pandas as pd

from ..frames import VideoFrameSampler, read_timeline
from ._files import find_file, read_table
from ._indicators import CLASS_COLUMNS, FRAME_COLUMNS, SAMPLING_COLUMNS
from ._intervals import check_interval, label_intervals
from ._sources import frame_sources, picture_table
from ._spacing import seconds_to_next

_PICTURE_COLUMNS = ("Image_ID", "image", "filename")
# What ScreenTimeAggregator.appearances adds to its intervals.
_ZERO_OR_ONE = ("0", "1", "0.0", "1.0", "true", "false")
_OF_APPEARANCES = ("duration", "confidence", "peak_time")


def load_label_csv(path, video=None, rate=None, *, missing="error") -> tuple[pd.DataFrame, Any]:
    """Load labels of frames from a CSV file.

    Three kinds of file are known; in each, labels are one column of classes, or a 0/1 column for
    each character:

    - a picture's name and its labels (``Image_ID,Class``), a row a frame, in the order of the film.
      With ``video`` and ``rate`` the rows are the frames sampled from that film; without, the
      pictures are read from files beside the CSV.
    - ``video,time`` and labels, a row a frame. An optional column ``duration`` (s) says how long
      each frame stands for; else it is the usual distance to the next label, at most. With a
      column ``image``, as :func:`extract_frames` writes it, the film is read where it is found,
      just as it will be when it is measured, and the pictures where it is not.
    - ``video,start,end,label`` (s), a row an interval, in any order. Intervals that overlap give a
      frame several labels; the moment a frame is shown decides, and one in no interval has none.
      ``appearances`` of a fitted pipeline, saved and corrected, are such a file.

    Parameters
    ----------
    path : str or path
        The CSV file. Films and pictures are looked for beside it, then from the working directory.
    video : str or path, or list of these, optional
        For pictures, the film they were taken from; otherwise, the film or films whose labels are
        wanted out of several.
    rate : float, optional
        Frames a second: at which the pictures were taken from ``video``, or at which films with
        intervals are sampled, then 1 by default.
    missing : {"error", "drop"}, default="error"
        What to do about rows without any label: raise, or leave them out, where only some of the
        frames were labelled. Pictures of ``video`` are counted before rows are left out. If only
        the labelled rows are in the file, the last number in the name of each picture says which
        frame it is, from 0.

    Returns
    -------
    X : pandas.DataFrame
        The frame table: ``video``, ``time`` and ``duration`` (s), ``image`` for pictures, and
        ``stratum`` and ``inclusion`` as `suggest_frames` gives them.
    y : pandas.Series or pandas.DataFrame
        One class a frame, or the 0/1 indicators with a column a character. A single 0/1 column is
        a Series of its name. Intervals always give indicators.

    Raises
    ------
    FileNotFoundError
        If the CSV, a film or a picture is missing.
    ValueError
        If columns are missing or unknown, a label is empty, times are not in order or not in the
        film, the same frame has two labels that differ, or the film has not as many frames as the
        CSV has rows. Where one line is to blame, the message has its number.

    See Also
    --------
    save_label_csv : Writes such files.
    extract_frames : Pictures of a film and a CSV to fill in.

    Examples
    --------
    >>> from sktime_screen import load_label_csv
    >>> X, y = load_label_csv("mapping.csv", video="film.mp4", rate=1)  # doctest: +SKIP
    """
    path = os.fspath(path)
    if missing not in ("error", "drop"):
        raise ValueError(f"missing={missing!r}: expected 'error' or 'drop'.")
    rows = _read(path)
    folder = os.path.dirname(path)
    if {"video", "start", "end"} <= set(rows.columns):
        return _interval_labels(path, rows, folder, video, rate, missing)
    if {"video", "time"} <= set(rows.columns):
        return _film_labels(path, rows, folder, video, missing)
    if not isinstance(video, (str, os.PathLike, type(None))):
        raise ValueError(f"{path!r} labels pictures: video is the one film they were taken from.")
    return _picture_labels(path, rows, folder, video, rate, missing)


def _read(path):
    """Return the lines as text, indexed by their number in the file, without the blank ones."""
    rows = read_table(path)
    rows.index += 2
    rows = rows.dropna(how="all")
    if rows.empty:
        raise ValueError(f"{path!r} has a header but no labels.")
    return rows


def _picture_labels(path, rows, folder, video, rate, missing):
    picture = next((name for name in _PICTURE_COLUMNS if name in rows.columns), None)
    labels = rows.columns.drop(picture, errors="ignore")
    if picture is None or not len(labels):
        raise ValueError(
            f"{path!r} has the columns {list(rows.columns)}; expected 'Image_ID' and 'Class', "
            f"'video', 'time' and labels, or 'video', 'start', 'end' and 'label'."
        )
    _check_filled(path, rows, [picture])
    rows = _without_repeats(path, rows, [picture], labels)
    labelled = _labelled(path, rows, labels, missing).to_numpy()
    if video is None:
        table = _picture_table(path, rows[picture], folder, rate)
    else:
        table = _sampled_table(path, rows[picture], folder, video, rate)
    return table[labelled].reset_index(drop=True), _targets(path, rows.loc[labelled, labels])


def _film_labels(path, rows, folder, video, missing):
    labels = rows.columns.difference(FRAME_COLUMNS, sort=False)
    if not len(labels):
        raise ValueError(f"{path!r} has 'video' and 'time' but no column of labels.")
    numbers = [name for name in ("time", "duration", *SAMPLING_COLUMNS) if name in rows.columns]
    _check_filled(path, rows, rows.columns.intersection(["video", "image"]))
    rows = _of_film(path, _with_numbers(path, rows, numbers), video)
    rows = rows[_labelled(path, rows, labels, missing)]
    _check_order(path, rows)
    rows = _without_repeats(path, rows, ["video", "time"], labels)
    table = frame_sources(rows, folder)
    if "image" not in table:
        for line, film, time in zip(rows.index, table["video"], table["time"], strict=True):
            timeline = read_timeline(film)
            if not timeline.earliest <= time < timeline.length:
                raise ValueError(
                    f"{path!r}, line {line}: time {time} s is not in {film!r}, whose pictures are "
                    f"shown from {float(timeline.begin):.3f} to {timeline.length:.3f} s."
                )
    table["duration"] = rows["duration"] if "duration" in rows else seconds_to_next(table)
    sampling = rows.columns.intersection(SAMPLING_COLUMNS)
    table[sampling] = rows[sampling]
    order = [name for name in FRAME_COLUMNS if name in table]
    return table[order].reset_index(drop=True), _targets(path, rows[labels])


def _interval_labels(path, rows, folder, video, rate, missing):
    label = next((name for name in CLASS_COLUMNS if name in rows.columns), None)
    known = ["video", "start", "end", label, *_OF_APPEARANCES]
    unknown = rows.columns.difference(known, sort=False).tolist()
    if label is None or unknown:
        raise ValueError(
            f"{path!r} has the columns {list(rows.columns)}; intervals need 'video', 'start', "
            f"'end' and 'label'" + (f", and {unknown} are not known." if unknown else ".")
        )
    _check_filled(path, rows, ["video"])
    rows = _of_film(path, _with_numbers(path, rows, ["start", "end"]), video)
    rows = rows[_labelled(path, rows, [label], missing)].rename(columns={label: "label"})
    where = {name: find_file(folder, name) for name in rows["video"].unique()}
    rows = rows.assign(video=rows["video"].map(where))
    for line, film, start, end in rows[["video", "start", "end"]].itertuples():
        check_interval(f"{path!r}, line {line}", start, end, film)
    return label_intervals(where.values(), rows, rate=1.0 if rate is None else rate)


def _check_filled(path, rows, columns):
    for name in columns:
        empty = rows.index[rows[name].isna()]
        if len(empty):
            raise ValueError(
                f"{path!r}, line {empty[0]}: {name!r} is empty or unreadable "
                f"({len(empty)} such lines)."
            )


def _with_numbers(path, rows, columns):
    for name in columns:
        text = rows[name].str.replace(",", ".")
        numbers = pd.to_numeric(text, errors="coerce").astype(np.float64)
        rows = rows.assign(**{name: numbers.where(np.isfinite(numbers))})
    _check_filled(path, rows, columns)
    return rows


def _labelled(path, rows, labels, missing):
    """Tell which rows have labels; raise where others are not to be left out."""
    empty = rows[labels].isna()
    unlabelled = empty.all(axis=1)
    partly = rows.index[empty.any(axis=1) & ~unlabelled]
    if len(partly):
        name = empty.columns[empty.loc[partly[0]]][0]
        raise ValueError(
            f"{path!r}, line {partly[0]}: {name!r} is empty, other characters of the frame are "
            f"not. Write 0 for who is not on screen."
        )
    if unlabelled.any() and missing == "error":
        raise ValueError(
            f"{path!r}, line {rows.index[unlabelled][0]}: {labels[0]!r} is empty "
            f"({unlabelled.sum()} lines have no label). Fill it in, or leave such lines out with "
            f"missing='drop'."
        )
    if unlabelled.all():
        raise ValueError(f"{path!r} has no label in any of its {len(rows)} lines yet.")
    return ~unlabelled


def _of_film(path, rows, video):
    if video is None:
        return rows
    videos = [video] if isinstance(video, (str, os.PathLike)) else video
    names = [os.path.basename(os.fspath(one)) for one in videos]
    chosen = rows["video"].map(os.path.basename).isin(names)
    if not chosen.any():
        raise ValueError(
            f"{path!r} has no labels of {', '.join(map(repr, names))}, only of "
            f"{sorted(rows['video'].unique())}."
        )
    return rows[chosen]


def _check_order(path, rows):
    before = rows.groupby("video", sort=False)["time"].shift()
    back = rows.index[rows["time"] < before]
    if len(back):
        raise ValueError(
            f"{path!r}, line {back[0]}: time {rows['time'][back[0]]} s comes after "
            f"{before[back[0]]} s. Sort the lines by video and time."
        )


def _without_repeats(path, rows, frame, labels):
    """Drop frames that come again with the same labels; raise where the labels differ."""
    again = rows.duplicated(frame)
    differs = rows.index[again & ~rows.duplicated([*frame, *labels])]
    if len(differs):
        line = differs[0]
        first = rows.index[(rows[frame] == rows.loc[line, frame]).all(axis=1)][0]
        raise ValueError(
            f"{path!r}, line {line}: {', '.join(map(str, rows.loc[line, frame]))} has other "
            f"labels than on line {first}. Keep one of the two."
        )
    return rows[~again]


def _picture_table(path, names, folder, rate):
    try:
        images = [find_file(folder, name) for name in names]
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error} If the pictures of {path!r} were taken from a film, pass video= and rate=."
        ) from error
    return picture_table(images, folder, rate)


def _sampled_table(path, names, folder, video, rate):
    if rate is None:
        raise ValueError(
            "rate is missing: at how many frames a second were the pictures taken from the film?"
        )
    table = VideoFrameSampler(rate=rate).sample(find_file(folder, video))
    numbers = [re.findall(r"\d+", os.path.splitext(name)[0])[-1:] for name in names]
    numbers = np.array([int(*number) if number else -1 for number in numbers])
    if len(table) == len(names):
        back = np.flatnonzero(np.diff(numbers) < 0)
        if len(back) and np.ptp(numbers) + 1 == len(np.unique(numbers)) == len(names):
            raise ValueError(
                f"{path!r}, line {names.index[back[0] + 1]}: {names.iloc[back[0] + 1]!r} comes "
                f"after {names.iloc[back[0]]!r}. Put the lines into the order of the film."
            )
        return table
    if len(np.unique(numbers)) == len(names) and 0 <= numbers.min() <= numbers.max() < len(table):
        return table.iloc[numbers]
    raise ValueError(
        f"{path!r} labels {len(names)} pictures, but {os.fspath(video)!r} at rate={rate} gives "
        f"{len(table)} frames: is it the right film and rate? Labels for only some frames need "
        f"names with the number of the frame (frame0.jpg is the first), or the columns 'video' "
        f"and 'time'."
    )


def _targets(path, labels):
    values = labels.apply(_as_numbers)
    binary = values.isin([0, 1])
    if values.shape[1] == 1:
        return values.iloc[:, 0].reset_index(drop=True)
    if not binary.to_numpy().all():
        # One value that is no number leaves its whole column as text.
        known = labels.apply(lambda column: column.str.lower().isin(_ZERO_OR_ONE))
        row, column = np.argwhere(~(binary | known).to_numpy())[0]
        raise ValueError(
            f"{path!r}, line {labels.index[row]}: {labels.columns[column]!r} is "
            f"{labels.iloc[row, column]!r}; with several columns of labels each is 0 or 1, one "
            f"column a character."
        )
    return values.astype(np.int64).reset_index(drop=True)


def _as_numbers(column):
    """Return labels as numbers where all are: 0 and 1 may be written true and false, too."""
    truth = column.str.lower().map({"true": 1, "false": 0})
    if truth.notna().all():
        return truth.astype(np.int64)
    try:
        return pd.to_numeric(column)
    except ValueError:
        return column
