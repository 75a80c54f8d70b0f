"""Label the frames of videos by intervals."""

import numpy as np
import pandas as pd

from ..video import TIME_TOLERANCE, VideoFrameSampler, read_timeline
from ._frame_sources import unify_video_paths

# Sound and images of a video can end at different times, and people write whole seconds.
_END_TOLERANCE = 1.0


def label_frames_by_intervals(videos, intervals, characters=None, *, rate):
    """Sample videos and label their frames by intervals.

    The time of a frame decides, since that is when its image was taken.
    """
    videos = list(videos)
    paths = dict(zip(videos, unify_video_paths(videos), strict=True))
    intervals = intervals.assign(video=intervals["video"].map(paths))
    table = VideoFrameSampler(rate=rate).sample(list(dict.fromkeys(paths.values())))
    characters = intervals["label"].unique() if characters is None else characters
    column = {name: number for number, name in enumerate(characters)}
    values = np.zeros((len(table), len(column)), np.int64)
    rows_of = table.groupby("video", sort=False).indices
    for video, video_intervals in intervals.groupby("video", sort=False):
        rows = rows_of[video]
        times = table["time"].to_numpy()[rows] + TIME_TOLERANCE
        first = np.searchsorted(times, video_intervals["start"])
        last = np.searchsorted(times, video_intervals["end"])
        for begin, end, label in zip(first, last, video_intervals["label"], strict=True):
            values[rows[begin:end], column[label]] = 1
    return table, pd.DataFrame(values, columns=list(characters))


def check_interval(where, start, end, video):
    """Check that an interval is within its video."""
    if not end > start:
        raise ValueError(f"{where}: the interval starts at {start} s but ends at {end} s.")
    length = read_timeline(video).length
    if start < 0 or start >= length or end > length + _END_TOLERANCE:
        raise ValueError(
            f"{where}: the interval from {start} to {end} s is outside {video!r}, which lasts "
            f"{length:.3f} s."
        )
