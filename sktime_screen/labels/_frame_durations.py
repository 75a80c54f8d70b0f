"""The duration of labelled frames."""

import numpy as np
import pandas as pd


def compute_durations(table):
    """Return the duration (s) of each labelled frame: the time to the next label of its video.

    It is at most the median distance between labels of the video, which the last frame gets, too.
    """
    durations = pd.Series(1.0, index=table.index)
    for _, times in table.groupby("video", sort=False)["time"]:
        distinct = np.unique(times)
        if len(distinct) > 1:
            steps = np.diff(distinct)
            median = np.median(steps)
            steps = np.append(np.minimum(steps, median), median)
            durations[times.index] = steps[np.searchsorted(distinct, times)]
    return durations
