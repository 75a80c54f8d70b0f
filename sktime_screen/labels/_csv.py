"""Labels from CSV files."""

import os
import re
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ..video import VideoFrameSampler, read_timeline
from ._clock import check_unit, frame_rate_of, read_times
from ._file_lookup import file_name, find_file
from ._interval_labels import check_interval, label_intervals
from ._label_table import CLASS_COLUMNS, FRAME_COLUMNS, SAMPLING_COLUMNS, as_classes
from ._sources import check_in_videos, first_of_frames, frame_sources, image_table
from ._spacing import seconds_to_next
from ._text_table import read_table

_IMAGE_COLUMNS = ("Image_ID", "image", "filename")
_ZERO_OR_ONE = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}
# What ScreenTimeAggregator.appearances adds to its intervals.
_OF_APPEARANCES = ("duration", "confidence", "peak_time")


def load_label_csv(
    path, video=None, rate=None, *, missing="error", frame_rate=None
) -> tuple[pd.DataFrame, Any]:
    """Load labels of frames from a CSV file.

    Three kinds of file are known; in each, labels are one column of classes, or a 0/1 column for
    each character:

    - an image's name and its labels (``Image_ID,Class``), a row a frame, in the order of the video.
      With ``video`` and ``rate`` the rows are the frames sampled from that video; without, the
      images are read from files beside the CSV.
    - ``video,time`` and labels, a row a frame. An optional column ``duration`` (s) says how long
      each frame stands for; else it is the usual distance to the next label, at most. With a
      column ``image``, as :func:`extract_frames` writes it, the video is read where it is found,
      just as it will be when it is measured, and the images where it is not.
    - ``video,start,end,label`` (s), a row an interval, in any order. Intervals that overlap give a
      frame several labels; the moment a frame is shown decides, and one in no interval has none.
      ``appearances`` of a fitted pipeline, saved and corrected, are such a file.

    Times are seconds, ``90.5``, or have units or colons: ``90s``, ``1m30s``, ``01:30.5``,
    ``00:01:30,500``; in ``00:01:30:12`` the last number counts frames, and before it stands a
    ``;`` in drop-frame timecode. Classes become numbers where all are whole ones as Python writes
    them, so ``007`` and ``7`` are two names.

    Parameters
    ----------
    path : str or path
        The CSV file, with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252. Videos and
        images are looked for beside it, then from the working directory.
    video : str or path, or list of these, optional
        For images, the video they were taken from; otherwise, the video or videos whose labels are
        wanted out of several.
    rate : float, optional
        Frames a second: at which the images were taken from ``video``, or at which videos with
        intervals are sampled, then 1 by default.
    missing : {"error", "drop"}, default="error"
        What to do about rows without any label: raise, or leave them out, where only some of the
        frames were labelled. Images of ``video`` are counted before rows are left out. If only
        the labelled rows are in the file, the last number in the name of each image says which
        frame it is, from 0.
    frame_rate : float, optional
        Frames a second by which times count frames, where they do; the video's own by default.

    Returns
    -------
    X : pandas.DataFrame
        The frame table: ``video``, ``time`` and ``duration`` (s), ``image`` for images, and
        ``stratum`` and ``inclusion`` as `suggest_frames` gives them.
    y : pandas.Series or pandas.DataFrame
        One class a frame as a Series, or the 0/1 indicators as a table with a column a character,
        also for a single one. Intervals always give indicators.

    Raises
    ------
    FileNotFoundError
        If the CSV, a video or an image is missing.
    ValueError
        If it is in another format, columns are missing, unknown or come twice, a label is empty,
        times cannot be read, are not in order, not in the video or fractions of a day, the same
        frame has two labels that differ, or the video has not as many frames as the CSV has rows.
        Where one line is to blame, the message has its number.

    Warns
    -----
    UserWarning
        If the file is not in UTF-8, or all its times lie in the first second of a longer video.

    See Also
    --------
    save_label_csv : Writes such files.
    extract_frames : Images of a video and a CSV to fill in.

    Examples
    --------
    >>> from sktime_screen import load_label_csv
    >>> X, y = load_label_csv("mapping.csv", video="video.mp4", rate=1)  # doctest: +SKIP
    """
    path = os.fspath(path)
    if missing not in ("error", "drop"):
        raise ValueError(f"missing={missing!r}: expected 'error' or 'drop'.")
    rows = read_table(path)
    if rows.empty:
        raise ValueError(f"{path!r} has a header but no labels.")
    folder = os.path.dirname(path)
    if {"video", "start", "end"} <= set(rows.columns):
        return _interval_labels(path, rows, folder, video, rate, missing, frame_rate)
    if {"video", "time"} <= set(rows.columns):
        return _video_labels(path, rows, folder, video, missing, frame_rate)
    if not isinstance(video, (str, os.PathLike, type(None))):
        raise ValueError(f"{path!r} labels images: video is the one video they were taken from.")
    return _image_labels(path, rows, folder, video, rate, missing)


def _image_labels(path, rows, folder, video, rate, missing):
    image = next((name for name in _IMAGE_COLUMNS if name in rows.columns), None)
    labels = rows.columns.drop(image, errors="ignore")
    if image is None or not len(labels):
        raise ValueError(
            f"{path!r} has the columns {list(rows.columns)}; expected 'Image_ID' and 'Class', "
            f"'video', 'time' and labels, or 'video', 'start', 'end' and 'label'."
        )
    _check_filled(path, rows, [image])
    rows = _without_repeats(path, rows, image, labels)
    labelled = _labelled(path, rows, labels, missing).to_numpy()
    if video is None:
        table = _image_table(path, rows[image], folder, rate)
    else:
        table = _sampled_table(path, rows[image], folder, video, rate)
    return table[labelled].reset_index(drop=True), _targets(path, rows.loc[labelled, labels])


def _video_labels(path, rows, folder, video, missing, frame_rate):
    labels = rows.columns.difference(FRAME_COLUMNS, sort=False)
    if not len(labels):
        raise ValueError(f"{path!r} has 'video' and 'time' but no column of labels.")
    _check_filled(path, rows, rows.columns.intersection(["video", "image"]))
    rows = _of_video(path, rows, video)
    texts = rows["time"]
    rows = _with_times(path, rows, ["time", "duration"], folder, frame_rate)
    rows = _with_numbers(path, rows, SAMPLING_COLUMNS)
    rows = rows[_labelled(path, rows, labels, missing)]
    _check_order(path, rows)
    table = frame_sources(rows, folder)
    check_in_videos(table, [f"{path!r}, line {line}" for line in rows.index])
    for found, of_video in table.groupby("video", sort=False) if "image" not in table else ():
        _check_unit(path, found, texts.loc[of_video.index], of_video["time"])
    y = _targets(path, rows[labels])
    kept, differing = first_of_frames(table, y)
    if differing is not None:
        (first, time), (line, again) = texts[rows.index].iloc[[*differing]].items()
        raise ValueError(
            f"{path!r}, line {line}: {again} is the same frame of {rows['video'][line]!r} as "
            f"{time} on line {first}, with other labels. Keep one of the two."
        )
    rows, table = rows[kept], table[kept]
    table["duration"] = rows["duration"] if "duration" in rows else seconds_to_next(table)
    sampling = rows.columns.intersection(SAMPLING_COLUMNS)
    table[sampling] = rows[sampling]
    order = [name for name in FRAME_COLUMNS if name in table]
    return table[order].reset_index(drop=True), y[kept].reset_index(drop=True)


def _interval_labels(path, rows, folder, video, rate, missing, frame_rate):
    label = next((name for name in CLASS_COLUMNS if name in rows.columns), None)
    known = ["video", "start", "end", label, *_OF_APPEARANCES]
    unknown = rows.columns.difference(known, sort=False).tolist()
    if label is None or unknown:
        raise ValueError(
            f"{path!r} has the columns {list(rows.columns)}; intervals need 'video', 'start', "
            f"'end' and 'label'" + (f", and {unknown} are not known." if unknown else ".")
        )
    _check_filled(path, rows, ["video"])
    rows = _of_video(path, rows, video)
    texts = rows[["start", "end"]]
    rows = _with_times(path, rows, ["start", "end"], folder, frame_rate)
    rows = rows[_labelled(path, rows, [label], missing)].rename(columns={label: "label"})
    where = {name: find_file(folder, name) for name in rows["video"].unique()}
    rows = rows.assign(video=rows["video"].map(where))
    for found, of_video in rows.groupby("video", sort=False):
        _check_unit(path, found, texts.loc[of_video.index], of_video[["start", "end"]])
    for line, found, start, end in rows[["video", "start", "end"]].itertuples():
        check_interval(f"{path!r}, line {line}", start, end, found)
    return label_intervals(where.values(), rows, rate=1.0 if rate is None else rate)


def _check_filled(path, rows, columns):
    for name in columns:
        empty = rows.index[rows[name].isna()]
        if len(empty):
            raise ValueError(
                f"{path!r}, line {empty[0]}: {name!r} is empty or unreadable "
                f"({len(empty)} such lines)."
            )


def _with_times(path, rows, columns, folder, frame_rate):
    """Read times, and durations, which are above 0."""
    columns = rows.columns.intersection(columns, sort=False)
    _check_filled(path, rows, columns)
    rates = [partial(_frame_rate, folder, video, frame_rate) for video in rows["video"]]
    for name in columns:
        rows = rows.assign(**{name: read_times(path, rows[name], rates)})
    for line, value in rows["duration"].items() if "duration" in columns else ():
        if not 0 < value < np.inf:
            raise ValueError(
                f"{path!r}, line {line}: 'duration' is {value:g} s; above 0 is expected."
            )
    return rows


def _check_unit(path, video, texts, times):
    written, times = texts.to_numpy().ravel(), times.to_numpy().ravel()
    check_unit(f"{path!r}, {video!r}", written, times, read_timeline(video).length)


def _frame_rate(folder, video, frame_rate):
    return frame_rate_of(find_file(folder, video)) if frame_rate is None else frame_rate


def _with_numbers(path, rows, columns):
    """Read how frames were sampled; of these, ``inclusion`` is a probability above 0."""
    columns = rows.columns.intersection(columns, sort=False)
    for name in columns:
        numbers = pd.to_numeric(rows[name].str.replace(",", "."), errors="coerce")
        rows = rows.assign(**{name: numbers.astype(np.float64).where(np.isfinite(numbers))})
    _check_filled(path, rows, columns)
    for line, value in rows["inclusion"].items() if "inclusion" in columns else ():
        if not 0 < value <= 1:
            raise ValueError(
                f"{path!r}, line {line}: 'inclusion' is {value:g}; expected the probability with "
                f"which the frame was drawn, above 0 and at most 1."
            )
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


def _of_video(path, rows, video):
    if video is None:
        return rows
    videos = [video] if isinstance(video, (str, os.PathLike)) else video
    names = [file_name(one) for one in videos]
    chosen = rows["video"].map(file_name).isin(names)
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


def _without_repeats(path, rows, image, labels):
    """Drop images that come again with the same labels; raise where the labels differ."""
    again = rows.duplicated(image)
    differs = rows.index[again & ~rows.duplicated([image, *labels])]
    if len(differs):
        line, name = differs[0], rows.loc[differs[0], image]
        first = rows.index[rows[image] == name][0]
        raise ValueError(
            f"{path!r}, line {line}: {name} has other labels than on line {first}. Keep one of "
            f"the two."
        )
    return rows[~again]


def _image_table(path, names, folder, rate):
    try:
        images = [find_file(folder, name) for name in names]
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error} If the images of {path!r} were taken from a video, pass video= and rate=."
        ) from error
    return image_table(images, folder, rate)


def _sampled_table(path, names, folder, video, rate):
    if rate is None:
        raise ValueError(
            "rate is missing: at how many frames a second were the images taken from the video?"
        )
    table = VideoFrameSampler(rate=rate).sample(find_file(folder, video))
    numbers = [re.findall(r"\d+", os.path.splitext(name)[0])[-1:] for name in names]
    numbers = np.array([int(*number) if number else -1 for number in numbers])
    if len(table) == len(names):
        back = np.flatnonzero(np.diff(numbers) < 0)
        if len(back) and np.ptp(numbers) + 1 == len(np.unique(numbers)) == len(names):
            raise ValueError(
                f"{path!r}, line {names.index[back[0] + 1]}: {names.iloc[back[0] + 1]!r} comes "
                f"after {names.iloc[back[0]]!r}. Put the lines into the order of the video."
            )
        return table
    if len(np.unique(numbers)) == len(names) and 0 <= numbers.min() <= numbers.max() < len(table):
        return table.iloc[numbers]
    raise ValueError(
        f"{path!r} labels {len(names)} images, but {os.fspath(video)!r} at rate={rate} gives "
        f"{len(table)} frames: is it the right video and rate? Labels for only some frames need "
        f"names with the number of the frame (frame0.jpg is the first), or the columns 'video' "
        f"and 'time'."
    )


def _targets(path, labels):
    lines, labels = labels.index, labels.reset_index(drop=True)
    binary = labels.apply(lambda column: column.str.lower().map(_ZERO_OR_ONE))
    if labels.shape[1] == 1:
        name = labels.columns[0]
        if name in CLASS_COLUMNS or binary[name].isna().any():
            return as_classes(labels[name])
    if binary.isna().to_numpy().any():
        row, column = np.argwhere(binary.isna().to_numpy())[0]
        raise ValueError(
            f"{path!r}, line {lines[row]}: {labels.columns[column]!r} is "
            f"{labels.iloc[row, column]!r}; with several columns of labels each is 0 or 1, one "
            f"column a character."
        )
    return binary.astype(np.int64)
