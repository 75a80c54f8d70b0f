"""From the intervals of a video to labels of its frames, and back."""

import numpy as np
import pandas as pd

from ..video import TIME_TOLERANCE, VideoFrameSampler, read_timeline
from ._sources import same_videos

# A container, its sound and its images need not end together, and people type whole seconds.
_END_TOLERANCE = 1.0


def label_intervals(videos, intervals, characters=None, *, rate):
    """Sample videos and label their frames by intervals.

    A frame has the labels of the intervals that its own moment lies in: what is learned is what
    its image shows.
    """
    videos = list(videos)
    called = dict(zip(videos, same_videos(videos), strict=True))
    intervals = intervals.assign(video=intervals["video"].map(called))
    table = VideoFrameSampler(rate=rate).sample(list(dict.fromkeys(called.values())))
    characters = intervals["label"].unique() if characters is None else characters
    column = {name: number for number, name in enumerate(characters)}
    values = np.zeros((len(table), len(column)), np.int64)
    rows_of = table.groupby("video", sort=False).indices
    for video, of_video in intervals.groupby("video", sort=False):
        rows = rows_of[video]
        times = table["time"].to_numpy()[rows] + TIME_TOLERANCE
        first = np.searchsorted(times, of_video["start"])
        last = np.searchsorted(times, of_video["end"])
        for begin, end, label in zip(first, last, of_video["label"], strict=True):
            values[rows[begin:end], column[label]] = 1
    return table, pd.DataFrame(values, columns=list(characters))


def check_interval(where, start, end, video):
    """Check that an interval lies in its video."""
    if not end > start:
        raise ValueError(f"{where}: the interval ends at {end} s and starts at {start} s.")
    length = read_timeline(video).length
    if start < 0 or start >= length or end > length + _END_TOLERANCE:
        raise ValueError(
            f"{where}: the interval from {start} to {end} s is not in {video!r}, which lasts "
            f"{length:.3f} s."
        )
