"""Load labels from CSV files."""

import os
import re
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from .._defaults import SAMPLING_RATE
from ..video import VideoFrameSampler, read_timeline
from ._file_lookup import find_file, is_one_of
from ._frame_durations import compute_durations
from ._frame_sources import (
    check_in_videos,
    find_distinct_frames,
    find_frame_sources,
    find_step_back,
    make_image_table,
)
from ._interval_labels import check_interval, label_frames_by_intervals
from ._label_table import CLASS_COLUMNS, FRAME_COLUMNS, SAMPLING_COLUMNS, convert_classes
from ._text_table import read_table
from ._time_parsing import check_unit, find_frame_rate, read_times

_IMAGE_COLUMNS = ("Image_ID", "image", "filename")
_ZERO_OR_ONE = {
    **dict.fromkeys(("0", "0.0", "0,0", "false", "no", "n"), 0),
    **dict.fromkeys(("1", "1.0", "1,0", "true", "yes", "y"), 1),
}
# What stands for "unknown" where other cells of the column are 0 or 1.
_NO_CLASSES = ("?", "-", "na", "n/a", "nan", "null", "none", "unknown", "#n/a")
# The other columns of ScreenTimeAggregator.appearances.
_APPEARANCE_COLUMNS = ("duration", "confidence", "peak_time")


def load_label_csv(
    path, *, video=None, rate=None, missing="error", frame_rate=None
) -> tuple[pd.DataFrame, Any]:
    """Load labels of frames from a CSV file.

    The file can have one of three layouts. In each, the labels are one column with a class per
    row, or a 0/1 column per character, in which yes and no, or true and false, will do as well.

    - Image names and labels (``Image_ID,Class``), one row per image, in the order of the video.
      With ``video`` and ``rate``, the rows are the frames sampled from that video. Without, the
      images are read from files beside the CSV file.
    - ``video``, ``time`` and labels, one row per frame. An optional column ``duration`` (s) holds
      the time that each frame stands for. By default, this is the time to the next label, but at
      most the usual distance between labels. A file with a column ``image``, as `extract_frames`
      writes it, loads frames from the video if the video is there, else from the images.
    - ``video,start,end,label`` (s), one row per interval, in any order. Intervals can overlap; a
      frame then has several labels. A frame gets the labels of the intervals that contain its
      time, and may get none. With ``missing="drop"``, frames in intervals without a label are left
      out. The appearances of a fitted pipeline, saved with ``to_csv`` and corrected by hand, have
      this layout.

    Parameters
    ----------
    path : str or path
        The CSV file, with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252. Videos and
        images are looked for in its folder, then in the working directory.
    video : str or path, or list of these, optional
        For images, the video that they were taken from. For the other layouts, the videos whose
        labels to load. By default, all are loaded.
    rate : float, optional
        Frames per second: the rate at which the images were taken from ``video``, or the rate at
        which to sample videos with intervals. The default for intervals is 1.
    missing : {"error", "drop", "keep"}, default="error"
        What to do with rows without a label: "error" raises, "drop" leaves them out. "keep" does so
        too, but keeps rows with labels of some characters, with NaN for the empty cells; with
        "error" and "drop" such rows raise, since empty cells are often meant as 0. Images of
        ``video`` are counted before rows are dropped. If the file has rows for only some of the
        images, the last number in each image name is the number of the frame, from 0.
    frame_rate : float, optional
        The frame rate (frames per second) of times that count frames. The default is the frame
        rate of the video.

    Returns
    -------
    X : pandas.DataFrame
        The frame table: ``video``, ``time`` (s) and ``duration`` (s). Images add ``image``, and
        random samples of `suggest_frames` add ``stratum`` and ``inclusion``.
    y : pandas.Series or pandas.DataFrame
        One class per frame as a Series, or a table with a 0/1 column per character, even for a
        single character. Intervals always give a table. NaN only with ``missing="keep"``.

    Raises
    ------
    FileNotFoundError
        If the CSV file, a video or an image does not exist.
    ValueError
        If the file has another layout, columns are missing, unknown or repeated, or a label is
        empty. If a time cannot be read, is out of order, is outside the video or is a fraction of
        a day. If two rows of one frame have different labels, or the number of rows differs from
        the number of frames of the video. The message names the line where there is one.

    Warns
    -----
    UserWarning
        If the file is not in UTF-8, or all times are within the first second of a longer video.

    See Also
    --------
    save_label_csv : Write such a file.
    extract_frames : Write frames as images, with a CSV file to fill in.

    Notes
    -----
    A time is in seconds (``90.5``) or has units or colons: ``90s``, ``1m30s``, ``01:30.5``,
    ``00:01:30,500``. In ``00:01:30:12``, the last number counts frames. Drop-frame timecode has a
    ``;`` before it.

    Classes become numbers if all of them are whole numbers as Python writes them. ``007`` and
    ``7`` are two names.

    Examples
    --------
    >>> from sktime_screen import load_label_csv
    >>> X, y = load_label_csv("mapping.csv", video="video.mp4", rate=1)  # doctest: +SKIP
    """
    path = os.fspath(path)
    if missing not in ("error", "drop", "keep"):
        raise ValueError(f"missing={missing!r}: expected 'error', 'drop' or 'keep'.")
    rows = read_table(path)
    if rows.empty:
        raise ValueError(f"{path!r} has a header but no rows.")
    folder = os.path.dirname(path)
    if {"video", "start", "end"} <= set(rows.columns):
        return _load_intervals(path, rows, folder, video, rate, missing, frame_rate)
    if {"video", "time"} <= set(rows.columns):
        return _load_frames(path, rows, folder, video, missing, frame_rate)
    if not isinstance(video, (str, os.PathLike, type(None))):
        raise ValueError(
            f"{path!r} labels images. Pass the one video they were taken from as video=."
        )
    return _load_images(path, rows, folder, video, rate, missing)


def _load_images(path, rows, folder, video, rate, missing):
    image = next((name for name in _IMAGE_COLUMNS if name in rows.columns), None)
    labels = rows.columns.drop(image, errors="ignore")
    if image is None or not len(labels):
        raise ValueError(
            f"{path!r} has the columns {list(rows.columns)}; expected 'Image_ID' and 'Class', "
            f"'video', 'time' and labels, or 'video', 'start', 'end' and 'label'."
        )
    _check_filled(path, rows, [image])
    rows = _drop_repeats(path, rows, image, labels)
    labelled = _find_labelled(path, rows, labels, missing).to_numpy()
    if video is None:
        table = _find_images(path, rows[image], folder, rate)
    else:
        table = _sample_video(path, rows[image], folder, video, rate)
    return table[labelled].reset_index(drop=True), _targets(path, rows.loc[labelled, labels])


def _load_frames(path, rows, folder, video, missing, frame_rate):
    labels = rows.columns.difference(FRAME_COLUMNS, sort=False)
    if not len(labels):
        raise ValueError(f"{path!r} has the columns 'video' and 'time' but no column of labels.")
    _check_filled(path, rows, rows.columns.intersection(["video", "image"]))
    rows = _select_videos(path, rows, folder, video)
    texts = rows["time"]
    rows = _parse_times(path, rows, ["time", "duration"], folder, frame_rate)
    rows = _parse_numbers(path, rows, SAMPLING_COLUMNS)
    rows = rows[_find_labelled(path, rows, labels, missing)]
    _check_order(path, rows)
    table = find_frame_sources(rows, folder)
    check_in_videos(table, [f"{path!r}, line {line}" for line in rows.index])
    for found, of_video in table.groupby("video", sort=False) if "image" not in table else ():
        _check_unit(path, found, texts.loc[of_video.index], of_video["time"])
    y = _targets(path, rows[labels])
    kept, differing = find_distinct_frames(table, y)
    if differing is not None:
        (first, time), (line, again) = texts[rows.index].iloc[[*differing]].items()
        raise ValueError(
            f"{path!r}, line {line}: {again} is the same frame of {rows['video'][line]!r} as "
            f"{time} on line {first}, but has other labels. Keep one of the two lines."
        )
    rows, table = rows[kept], table[kept]
    table["duration"] = rows["duration"] if "duration" in rows else compute_durations(table)
    sampling = rows.columns.intersection(SAMPLING_COLUMNS)
    table[sampling] = rows[sampling]
    order = [name for name in FRAME_COLUMNS if name in table]
    return table[order].reset_index(drop=True), y[kept].reset_index(drop=True)


def _load_intervals(path, rows, folder, video, rate, missing, frame_rate):
    label = next((name for name in CLASS_COLUMNS if name in rows.columns), None)
    known = ["video", "start", "end", label, *_APPEARANCE_COLUMNS]
    unknown = rows.columns.difference(known, sort=False).tolist()
    if label is None or unknown:
        raise ValueError(
            f"{path!r} has the columns {list(rows.columns)}; intervals need 'video', 'start', "
            f"'end' and 'label'" + (f", and {unknown} are unknown." if unknown else ".")
        )
    _check_filled(path, rows, ["video"])
    rows = _select_videos(path, rows, folder, video)
    texts = rows[["start", "end"]]
    rows = _parse_times(path, rows, ["start", "end"], folder, frame_rate)
    labelled = _find_labelled(path, rows, [label], missing)
    rows = rows.rename(columns={label: "label"})
    videos = {name: find_file(folder, name) for name in rows["video"][labelled].unique()}
    rows = rows[rows["video"].isin(videos)]
    rows = rows.assign(video=rows["video"].map(videos))
    for found, of_video in rows.groupby("video", sort=False):
        _check_unit(path, found, texts.loc[of_video.index], of_video[["start", "end"]])
    for line, found, start, end in rows[["video", "start", "end"]].itertuples():
        check_interval(f"{path!r}, line {line}", start, end, found)
    rate = SAMPLING_RATE if rate is None else rate
    labelled = rows["label"].notna()
    X, y = label_frames_by_intervals(videos.values(), rows[labelled], rate=rate)
    if labelled.all():
        return X, y
    # Who is there nobody has said, which is not that nobody is.
    blank = rows[~labelled].assign(label="unknown")
    _, unknown = label_frames_by_intervals(videos.values(), blank, rate=rate)
    kept = (unknown["unknown"] == 0).to_numpy()
    if not kept.any():
        raise ValueError(f"{path!r}: every frame is in an interval without a label.")
    return X[kept].reset_index(drop=True), y[kept].reset_index(drop=True)


def _check_filled(path, rows, columns):
    for name in columns:
        empty = rows.index[rows[name].isna()]
        if len(empty):
            raise ValueError(
                f"{path!r}, line {empty[0]}: {name!r} is empty or unreadable ({len(empty)} such "
                f"lines). Fill it in, or delete the lines."
            )


def _parse_times(path, rows, columns, folder, frame_rate):
    """Read times, and durations above 0, from text."""
    columns = rows.columns.intersection(columns, sort=False)
    _check_filled(path, rows, columns)
    rates = [partial(_choose_frame_rate, folder, video, frame_rate) for video in rows["video"]]
    for name in columns:
        rows = rows.assign(**{name: read_times(path, rows[name], rates)})
    for line, value in rows["duration"].items() if "duration" in columns else ():
        if not 0 < value < np.inf:
            raise ValueError(
                f"{path!r}, line {line}: 'duration' is {value:g} s; expected more than 0."
            )
    return rows


def _check_unit(path, video, texts, times):
    written, times = texts.to_numpy().ravel(), times.to_numpy().ravel()
    check_unit(f"{path!r}, {video!r}", written, times, read_timeline(video).length)


def _choose_frame_rate(folder, video, frame_rate):
    return find_frame_rate(find_file(folder, video)) if frame_rate is None else frame_rate


def _parse_numbers(path, rows, columns):
    """Read the columns of a random sample from text; ``inclusion`` is a probability above 0."""
    columns = rows.columns.intersection(columns, sort=False)
    for name in columns:
        numbers = pd.to_numeric(rows[name].str.replace(",", "."), errors="coerce")
        rows = rows.assign(**{name: numbers.astype(np.float64).where(np.isfinite(numbers))})
    _check_filled(path, rows, columns)
    for line, value in rows["inclusion"].items() if "inclusion" in columns else ():
        if not 0 < value <= 1:
            raise ValueError(
                f"{path!r}, line {line}: 'inclusion' is {value:g}; expected the inclusion "
                f"probability of the frame, above 0 and at most 1."
            )
    return rows


def _find_labelled(path, rows, labels, missing):
    """Return which rows have labels; raise unless the others can be left out."""
    empty = rows[labels].isna()
    unlabelled = empty.all(axis=1)
    partly = rows.index[empty.any(axis=1) & ~unlabelled]
    if len(partly) and missing != "keep":
        name = empty.columns[empty.loc[partly[0]]][0]
        raise ValueError(
            f"{path!r}, line {partly[0]}: {name!r} is empty, but other characters of the frame "
            f"are not. Write 0 for characters that are not on screen. If it is not known who is, "
            f"pass missing='keep', or train with --incomplete."
        )
    if unlabelled.any() and missing == "error":
        raise ValueError(
            f"{path!r}, line {rows.index[unlabelled][0]}: {labels[0]!r} is empty "
            f"({unlabelled.sum()} lines have no label). Fill it in, or pass missing='drop' to "
            f"leave out these lines."
        )
    if unlabelled.all():
        raise ValueError(f"{path!r} has no label in any of its {len(rows)} lines.")
    return ~unlabelled


def _select_videos(path, rows, folder, video):
    if video is None:
        return rows
    videos = [video] if isinstance(video, (str, os.PathLike)) else video
    selected = [name for name in rows["video"].unique() if is_one_of(folder, name, videos)]
    if not selected:
        raise ValueError(
            f"{path!r} has no labels of {', '.join(repr(os.fspath(one)) for one in videos)}, only "
            f"of {sorted(rows['video'].unique())}."
        )
    return rows[rows["video"].isin(selected)]


def _check_order(path, rows):
    before = rows.groupby("video", sort=False)["time"].shift()
    back = rows.index[rows["time"] < before]
    if len(back):
        raise ValueError(
            f"{path!r}, line {back[0]}: time {rows['time'][back[0]]} s comes after "
            f"{before[back[0]]} s. Sort the lines by video and time."
        )


def _drop_repeats(path, rows, image, labels):
    """Drop repeated images with the same labels; raise if the labels differ."""
    again = rows.duplicated(image)
    differs = rows.index[again & ~rows.duplicated([image, *labels])]
    if len(differs):
        line, name = differs[0], rows.loc[differs[0], image]
        first = rows.index[rows[image] == name][0]
        raise ValueError(
            f"{path!r}, line {line}: {name} has other labels than on line {first}. Keep one of "
            f"the two lines."
        )
    return rows[~again]


def _find_images(path, names, folder, rate):
    try:
        images = [find_file(folder, name) for name in names]
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error} If the images of {path!r} were taken from a video, pass video= and rate=."
        ) from error
    return make_image_table(images, folder, rate)


def _sample_video(path, names, folder, video, rate):
    if rate is None:
        raise ValueError(
            "rate is missing. Pass the rate (frames per second) at which the images were taken "
            "from the video."
        )
    table = VideoFrameSampler(rate=rate).sample(find_file(folder, video))
    numbers = [re.findall(r"\d+", os.path.splitext(name)[0])[-1:] for name in names]
    numbers = np.array([int(*number) if number else -1 for number in numbers])
    if len(table) == len(names):
        back = find_step_back(names)
        if len(back):
            raise ValueError(
                f"{path!r}, line {names.index[back[0] + 1]}: {names.iloc[back[0] + 1]!r} comes "
                f"after {names.iloc[back[0]]!r}. Sort the lines in the order of the video."
            )
        return table
    if len(np.unique(numbers)) == len(names) and 0 <= numbers.min() <= numbers.max() < len(table):
        return table.iloc[numbers]
    raise ValueError(
        f"{path!r} labels {len(names)} images, but {os.fspath(video)!r} at rate={rate} has "
        f"{len(table)} frames. Check the video and the rate. If only some frames are labelled, "
        f"image names need the number of the frame (frame0.jpg is the first), or the file needs "
        f"the columns 'video' and 'time'."
    )


def _targets(path, labels):
    lines, labels = labels.index, labels.reset_index(drop=True)
    binary = labels.apply(lambda column: column.str.lower().map(_ZERO_OR_ONE))
    if labels.shape[1] == 1:
        name = labels.columns[0]
        strange = labels[name][binary[name].isna() & labels[name].notna()]
        doubtful = binary[name].notna().any() and strange.str.lower().isin(_NO_CLASSES).all()
        if name in CLASS_COLUMNS or (len(strange) and not doubtful):
            return convert_classes(labels[name])
    strange = (binary.isna() & labels.notna()).to_numpy()
    if strange.any():
        row, column = np.argwhere(strange)[0]
        rule = "with several columns of labels each is 0 or 1, one column a character."
        if labels.shape[1] == 1:
            rule = "beside 0 and 1 a cell is empty where it is not known who is on screen."
        raise ValueError(
            f"{path!r}, line {lines[row]}: {labels.columns[column]!r} is "
            f"{labels.iloc[row, column]!r}; {rule}"
        )
    return binary.astype(np.float64 if binary.isna().to_numpy().any() else np.int64)
