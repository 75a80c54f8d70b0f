"""Labelled frames as intervals, for formats that keep no single frames."""

import numpy as np
import pandas as pd

from ..labels import indicators
from ..video import TIME_TOLERANCE, check_frame_table


def read_single_video(path, X, y, kind):
    """Return the one video of labelled frames, its frame table and its 0/1 labels.

    ``kind`` is what the format calls the names of characters, which have to be fit for XML.
    """
    table = check_frame_table(X).reset_index(drop=True)
    labels = indicators(X, y)
    videos = table["video"].unique()
    if len(videos) != 1:
        raise ValueError(
            f"{path!r} can hold one video, but the frames are of {len(videos)}. Save the rows of "
            f"each video to a file of their own."
        )
    for name in labels.columns:
        if not name or not name.isprintable():
            raise ValueError(f"{name!r} cannot be the name of a {kind}. Rename the character.")
    return videos[0], table, labels


def find_intervals(X, y):
    """Join successive frames with a character on screen to intervals."""
    table = check_frame_table(X).reset_index(drop=True)
    intervals = []
    for video, rows in table.groupby("video", sort=False).indices.items():
        rows = rows[np.argsort(table["time"].to_numpy()[rows], kind="stable")]
        starts = table["time"].to_numpy()[rows]
        ends = starts + table["duration"].to_numpy()[rows]
        gap = np.flatnonzero(starts[1:] > ends[:-1] + TIME_TOLERANCE)
        if len(gap):
            raise ValueError(
                f"{video!r} has no labelled frame from {ends[gap[0]]:.3f} to "
                f"{starts[gap[0] + 1]:.3f} s, and intervals cannot leave a gap unlabelled. Pass "
                f"every frame sampled at a rate, or write single frames with save_label_csv."
            )
        ends[:-1] = starts[1:]
        for name in y.columns:
            steps = np.diff(y[name].to_numpy()[rows], prepend=0, append=0)
            begins, stops = np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)
            intervals += [
                (video, name, starts[begin], ends[stop - 1])
                for begin, stop in zip(begins, stops, strict=True)
            ]
    return pd.DataFrame(intervals, columns=["video", "label", "start", "end"])
