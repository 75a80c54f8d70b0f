"""How far off measured screen time is: errors in seconds and overlap in time."""

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from .._sklearn import Options, StrOptions, validate_params
from .._targets import align_characters, align_indicators, indicator_table, read_together
from ..video import as_frame_index


@validate_params(
    {"unit": [StrOptions({"seconds", "share"})], "average": [StrOptions({"macro"}), None]},
    prefer_skip_nested_validation=True,
)
def screen_time_error(
    y_true, y_pred, frames, *, unit="seconds", average="macro", background=None
) -> Any:
    """Compute the mean absolute error of screen time, over videos.

    Parameters
    ----------
    y_true : array-like of shape (n_frames,) or (n_frames, n_characters), or DataFrame of seconds
        The class of each frame, or a 0/1 table with one column a character, or the seconds of each
        video: a table whose index is named ``video``, as from ``ScreenTimeAggregator.transform``.
    y_pred : the same
        The predictions, for each frame or in seconds.
    frames : pandas.DataFrame, FrameSequence, pandas.MultiIndex or array of shape (n_frames,)
        A frame table, something with a frame index, the index itself, or the durations in seconds
        of the frames of one video.
    unit : {"seconds", "share"}, default="seconds"
        Whether errors are in seconds, or divided by the length of the video, from 0 to 1. The
        length is the total duration of its ``frames``.
    average : {"macro"} or None, default="macro"
        Whether to return the mean over the characters, or the error of each.
    background : str or int, optional
        The class that means nobody, which is left out.

    Returns
    -------
    float or pandas.Series
        The error, or with ``average=None`` the error of each character.

    Raises
    ------
    ValueError
        If rows or characters do not match, or the frames have no durations.

    Notes
    -----
    Seconds are sums of the durations of frames. A frame that comes twice counts once, by its first
    row. A character that is neither on screen nor predicted counts in the mean with an error of 0,
    if it is a class or column of ``y_true`` or ``y_pred``.

    Examples
    --------
    >>> from sktime_screen import screen_time_error
    >>> screen_time_error(["tom", "tom", "jerry"], ["tom", "jerry", "jerry"], [1.0, 2.0, 1.0])
    2.0
    """
    index = _video_index(frames)
    errors = compute_errors_by_video(y_true, y_pred, index, background)
    if unit == "share":
        errors = errors.div(sum_video_lengths(index), axis=0)
    by_character = errors.mean()
    return by_character if average is None else _mean(by_character, empty=0.0)


@validate_params(
    {
        "average": [StrOptions({"macro"}), None],
        "zero_division": [Options(Real, {0.0, 1.0}), "nan"],
    },
    prefer_skip_nested_validation=True,
)
def temporal_iou(
    y_true, y_pred, frames, *, average="macro", background=None, zero_division=1.0
) -> Any:
    """Compute the intersection over union of the time on screen.

    It tells whether characters are found when they are on screen. `screen_time_error` does not see
    that seconds were found at the wrong time.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,) or (n_frames, n_characters)
        The class of each frame, or a 0/1 table with a column a character.
    frames : pandas.DataFrame, FrameSequence, pandas.MultiIndex or array of shape (n_frames,)
        A frame table, something with a frame index, the index itself, or the durations in seconds
        of the frames of one video.
    average : {"macro"} or None, default="macro"
        Whether to return the mean over the characters, or the value of each.
    background : str or int, optional
        The class that means nobody, which is left out.
    zero_division : {0.0, 1.0, nan}, default=1.0
        The value for a character that is neither on screen nor predicted. With nan it is left out
        of the mean.

    Returns
    -------
    float or pandas.Series
        From 0 to 1, over the time of all videos together, or with ``average=None`` the value of
        each character.

    Raises
    ------
    ValueError
        If rows or characters do not match, or the frames have no durations.

    Notes
    -----
    A frame that comes twice counts once, by its first row. This is the index of
    P. Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 11 (1912).

    Examples
    --------
    >>> from sktime_screen import temporal_iou
    >>> y_true, y_pred = ["tom", "tom", "jerry"], ["tom", "jerry", "jerry"]
    >>> temporal_iou(y_true, y_pred, [1.0, 3.0, 1.0], average=None)
    jerry    0.25
    tom      0.25
    dtype: float64
    """
    index = _video_index(frames)
    true, predicted = align_indicators(y_true, y_pred, background=background)
    _check_rows(true, index)
    durations = _durations(index) * ~index.duplicated()
    shared = pd.Series(durations @ (true & predicted).to_numpy(), index=true.columns)
    either = pd.Series(durations @ (true | predicted).to_numpy(), index=true.columns)
    by_character = (shared / either).where(either > 0, zero_division)
    return by_character if average is None else _mean(by_character, empty=zero_division)


def compute_errors_by_video(y_true, y_pred, index, background=None):
    """Return by how many seconds screen time is wrong in each video.

    Returns (n_videos, n_characters).
    """
    given = read_together(y_true, y_pred, are_seconds=_are_seconds)
    seconds = (_seconds(y, index, background) for y in given)
    true, predicted = align_characters(*seconds, *given)
    return (predicted - true).abs()


def sum_seconds_by_video(indicators, index):
    """Add up for how long each character is on screen in each video.

    Shapes: ``indicators`` (n_frames, n_characters) -> (n_videos, n_characters).
    """
    once = ~index.duplicated()
    seconds = pd.DataFrame(
        (indicators.to_numpy() * _durations(index)[:, None])[once],
        index=index.get_level_values("video")[once],
        columns=indicators.columns,
    )
    return seconds.groupby(level="video", sort=False).sum()


def sum_video_lengths(index):
    """Add up for how long the frames of each video stand.

    Returns (n_videos,).
    """
    return sum_seconds_by_video(pd.DataFrame({"": np.ones(len(index))}), index)[""]


def _video_index(frames):
    """Return the frame index; durations are those of one video's frames, one after the other."""
    if not isinstance(frames, (list, tuple, np.ndarray, pd.Series)):
        return as_frame_index(frames)
    durations = np.asarray(frames, np.float64)
    if durations.ndim != 1 or not (np.isfinite(durations) & (durations > 0)).all():
        raise ValueError("Durations of frames, seconds above 0, are expected as frames.")
    starts = np.concatenate([[0.0], np.cumsum(durations)[:-1]])
    return pd.MultiIndex.from_arrays(
        [np.full(len(durations), ""), starts, durations], names=["video", "time", "duration"]
    )


def _durations(index):
    return index.get_level_values("duration").to_numpy(np.float64)


def _are_seconds(y):
    return isinstance(y, pd.DataFrame) and y.index.name == "video"


def _seconds(y, index, background):
    if not _are_seconds(y):
        indicators = indicator_table(y, background=background)
        _check_rows(indicators, index)
        return sum_seconds_by_video(indicators, index)
    videos = index.unique("video")
    missing = videos.difference(y.index)
    if len(missing):
        raise ValueError(f"The table of seconds has no row for the video {missing[0]!r}.")
    seconds = y.loc[videos].drop(columns=[background], errors="ignore")
    if len(seconds) != len(videos):
        raise ValueError(
            f"The table of seconds has several rows for the video "
            f"{seconds.index[seconds.index.duplicated()][0]!r}."
        )
    unknown = seconds.isna() | (seconds < 0)
    if unknown.to_numpy().any():
        video = seconds.index[unknown.any(axis=1)][0]
        name = unknown.columns[unknown.loc[video]][0]
        raise ValueError(
            f"The table of seconds holds {seconds.at[video, name]} for {name!r} in {video!r}; "
            f"expected seconds of 0 or more."
        )
    return seconds


def _check_rows(indicators, index):
    if len(indicators) != len(index):
        raise ValueError(f"Labels of {len(indicators)} frames, but {len(index)} frames.")


def _mean(by_character, empty):
    return float(by_character.mean()) if len(by_character) else float(empty)
