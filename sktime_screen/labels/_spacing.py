"""For how long a labelled frame stands."""

import numpy as np
import pandas as pd


def seconds_to_next(table):
    """Return for how long each labelled frame stands: until the next label of its video.

    Where labels lie further apart than usual in their video (the median distance), a frame stands
    for the usual distance; the last one of a video too.
    """
    durations = pd.Series(1.0, index=table.index)
    for _, times in table.groupby("video", sort=False)["time"]:
        distinct = np.unique(times)
        if len(distinct) > 1:
            steps = np.diff(distinct)
            usual = np.median(steps)
            steps = np.append(np.minimum(steps, usual), usual)
            durations[times.index] = steps[np.searchsorted(distinct, times)]
    return durations
