"""What reports, exports and plots need to know of the tables that ScreenTimeAggregator gives."""

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


def check_columns(table, columns, maker):
    """Raise a ValueError if a table lacks columns."""
    missing = [name for name in columns if name not in getattr(table, "columns", ())]
    if missing:
        raise ValueError(
            f"{', '.join(map(repr, missing))} missing from the columns: a table as "
            f"ScreenTimeAggregator.{maker} gives it is expected."
        )


def video_lengths(estimate, appearances):
    """Return the length of each video, as far as the tables tell."""
    lengths = {}
    for video, rows in estimate.groupby("video", sort=False):
        most = rows.loc[rows["share"].idxmax()] if rows["share"].notna().any() else None
        last = appearances.loc[appearances["video"] == video, "end"].max()
        if most is not None and most["share"] > 0:
            lengths[video] = max(float(most["seconds"] / most["share"]), np.nan_to_num(last))
        else:
            lengths[video] = None if np.isnan(last) else float(last)
    return lengths


def video_names(videos):
    """Return short names of videos: their file's name, or the path where that is not unique."""
    names = {video: os.path.basename(str(video)) or str(video) for video in videos}
    short = list(names.values())
    return {video: name if short.count(name) == 1 else str(video) for video, name in names.items()}
