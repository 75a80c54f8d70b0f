"""The frames that come before others in the same second of their video."""

import numpy as np
import pandas as pd

from ._decoding import find_shown_frames
from ._sequence import FrameSequence
from ._timeline_reader import read_timeline


def add_preceding_frames(frames):
    """Add to frames of one video all that come before them in the same second.

    Seconds begin with the frames that a rate of 1 samples. Returns the longer sequence, in the
    order of time, which of its frames begin a second (m,), and where the given ones are in it (n,).
    """
    video = frames.table["video"].iloc[0]
    timeline = read_timeline(video)
    wanted = find_shown_frames(video, timeline, frames.table["time"].to_numpy())
    starts = np.union1d(0, timeline.find_frames_at(timeline.sample(1, None, None)[0]))
    begun = starts[np.searchsorted(starts, wanted, "right") - 1]
    needed = np.zeros(len(timeline), bool)
    for start, end in zip(begun, wanted, strict=True):
        needed[start : end + 1] = True
    positions = np.flatnonzero(needed)
    table = pd.DataFrame({"video": video, "time": timeline.times[positions], "duration": 1.0})
    longer = FrameSequence(
        table, frames.size, frames.interpolation, aspect=frames.aspect, crop_bars=frames.crop_bars
    )
    return longer, np.isin(positions, starts), np.searchsorted(positions, wanted)
