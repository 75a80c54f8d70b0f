"""The frame table (one row a frame) and the frame index that every later step carries along."""

import os
import warnings
from typing import TypeGuard

import numpy as np
import pandas as pd

from .._targets import as_table

INDEX_NAMES = ("video", "time", "duration")
# As a share of the time: more than what rounded times can differ by.
_OVERLAP = 0.01


def check_frame_table(table) -> pd.DataFrame:
    """Check a frame table and bring its columns to their types.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"video": ["a.mp4"], "time": [0], "duration": [1]})
    >>> check_frame_table(table)["time"].dtype
    dtype('float64')
    """
    given, table = table, as_table(table)
    if table is None:
        raise TypeError(
            f"A frame table is expected, not {type(given).__name__}: "
            f"VideoFrameSampler(rate=1).sample(videos) makes one."
        )
    twice = [name for name in table.columns[table.columns.duplicated()] if name in INDEX_NAMES]
    if twice:
        raise ValueError(f"The frame table has more than one column {twice[0]!r}.")
    missing = [name for name in INDEX_NAMES if name not in table.columns]
    if missing:
        raise ValueError(
            f"A frame table needs the columns 'video', 'time' and 'duration'; "
            f"{', '.join(map(repr, missing))} missing from {list(map(str, table.columns))}. "
            f"VideoFrameSampler(rate=1).sample(videos) makes one."
        )
    checked = table.copy()
    if is_frame_index(checked.index):
        # pandas does not know then which of both is meant.
        checked.index = checked.index.set_names([None] * len(INDEX_NAMES))
    for name in [column for column in ("video", "image") if column in checked.columns]:
        if checked[name].isna().any():
            row = int(np.flatnonzero(checked[name].isna())[0])
            raise ValueError(f"Row {row} of the frame table has no {name!r}: a path is expected.")
        checked[name] = [os.fspath(path) for path in checked[name]]
    for name in ("time", "duration"):
        try:
            checked[name] = checked[name].astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"The column {name!r} of the frame table holds something that is not a number of "
                f"seconds: {error}"
            ) from error
    _check_seconds(checked["time"].to_numpy(), checked["duration"].to_numpy(), "frame table")
    return checked


def _check_seconds(times, durations, where):
    for name, values, good, wanted in [
        ("time", times, np.isfinite(times) & (times >= 0), "a time of 0 s or later"),
        ("duration", durations, np.isfinite(durations) & (durations > 0), "more than 0 s"),
    ]:
        if not good.all():
            row = int(np.flatnonzero(~good)[0])
            raise ValueError(
                f"Row {row} of the {where} has {name} {values[row]}; expected {wanted}."
            )


def check_frame_index(index) -> None:
    """Check that a frame index names a video, a time and a duration for each row."""
    codes = index.get_level_values("video").factorize()[0]
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        raise ValueError(f"Row {row} of the frame index has no video: a path is expected.")
    times, durations = (index.get_level_values(name) for name in INDEX_NAMES[1:])
    for values in (times, durations):
        # Such are numbers of microseconds or nanoseconds to NumPy.
        if values.dtype.kind in "mM":
            raise ValueError(
                f"The level {values.name!r} of the frame index is of the type {values.dtype}; "
                f"expected seconds, as values.total_seconds() gives them."
            )
    _check_seconds(times.to_numpy(np.float64), durations.to_numpy(np.float64), "frame index")


def warn_of_overlaps(index) -> None:
    """Warn where frames of a frame index last longer than until the next: they count twice."""
    codes, videos = index.get_level_values("video").factorize()
    times, durations = (
        index.get_level_values(name).to_numpy(np.float64) for name in INDEX_NAMES[1:]
    )
    order = np.lexsort((times, codes))
    order = order[~index.duplicated()[order]]
    codes, times, durations = codes[order], times[order], durations[order]
    over = np.where(np.diff(codes) == 0, times[:-1] + durations[:-1] - times[1:], 0).clip(0)
    by_video = np.bincount(codes[1:], over, len(videos))
    worst = int(np.argmax(by_video / np.bincount(codes, durations))) if len(codes) else 0
    if len(over) and by_video[worst] > _OVERLAP * durations[codes == worst].sum():
        first = int(np.flatnonzero((over > 0) & (codes[1:] == worst))[0])
        warnings.warn(
            f"Frames of {str(videos[worst])!r} overlap, so that {by_video[worst]:g} s are counted "
            f"more than once: the one at {times[first]:g} s lasts {durations[first]:g} s, and the "
            f"next begins at {times[first + 1]:g} s. Give frames of one sampling, and durations up "
            f"to the next frame.",
            stacklevel=4,
        )


def make_frame_index(table) -> pd.MultiIndex:
    """Return the frame index of a frame table."""
    return pd.MultiIndex.from_frame(table[list(INDEX_NAMES)])


def is_frame_index(index) -> TypeGuard[pd.MultiIndex]:
    """Tell whether a pandas index is a frame index."""
    return isinstance(index, pd.MultiIndex) and tuple(index.names) == INDEX_NAMES


def resolve_videos(videos) -> np.ndarray:
    """Return the names by which videos are the same, however their paths are spelled."""
    numbers, names = pd.factorize(np.asarray(videos, dtype=object))
    return np.array([os.path.realpath(name) for name in names], dtype=str)[numbers]


def drop_repeated_videos(videos) -> list:
    """Return videos, each once, however its path is spelled, in the order given."""
    _, first = np.unique(resolve_videos(videos), return_index=True)
    return [videos[number] for number in sorted(first)]


def as_frame_index(frames) -> pd.MultiIndex:
    """Return the frame index of whatever has one."""
    for index in (frames, getattr(frames, "index", None)):
        if is_frame_index(index):
            check_frame_index(index)
            return index
    if (table := as_table(frames)) is not None:
        return make_frame_index(check_frame_table(table))
    raise ValueError(
        f"{type(frames).__name__} has no times of frames: a frame table, a table with a frame "
        f"index (video, time, duration) or the index itself is expected."
    )


def get_frame_times(index):
    """Return videos, times and durations, or None for each where there is no frame index."""
    if not is_frame_index(index):
        return None, None, None
    videos = resolve_videos(index.get_level_values("video"))
    times, durations = (
        index.get_level_values(name).to_numpy(np.float64) for name in ("time", "duration")
    )
    return videos, times, durations
