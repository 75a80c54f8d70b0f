"""The tables that ScreenTimeAggregator returns: their columns, and what follows from them."""

import os

import numpy as np

ESTIMATE = (
    "video",
    "character",
    "seconds",
    "share",
    "low",
    "high",
    "appearances",
    "first_seen",
    "last_seen",
    "confidence",
    "basis",
)
APPEARANCES = ("video", "character", "start", "end", "duration", "confidence", "peak_time")


def check_columns(table, columns, method):
    """Raise a ValueError if a table lacks columns."""
    missing = [name for name in columns if name not in getattr(table, "columns", ())]
    if missing:
        raise ValueError(
            f"The table lacks the columns {', '.join(map(repr, missing))}. Pass the table that "
            f"ScreenTimeAggregator.{method} returns."
        )


def infer_video_lengths(estimate, appearances):
    """Return the length (s) of each video as far as the tables tell, else None."""
    lengths = {}
    for video, rows in estimate.groupby("video", sort=False):
        most = rows.loc[rows["share"].idxmax()] if rows["share"].notna().any() else None
        last = appearances.loc[appearances["video"] == video, "end"].max()
        if most is not None and most["share"] > 0:
            lengths[video] = max(float(most["seconds"] / most["share"]), np.nan_to_num(last))
        else:
            lengths[video] = None if np.isnan(last) else float(last)
    return lengths


def shorten_video_names(videos):
    """Return names of videos to show: the name of the file, or the path where that repeats."""
    names = {video: os.path.basename(str(video)) or str(video) for video in videos}
    short = list(names.values())
    return {video: name if short.count(name) == 1 else str(video) for video, name in names.items()}
