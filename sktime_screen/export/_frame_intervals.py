"""Frames with a character on screen as intervals, for files that know nothing shorter."""

import numpy as np
import pandas as pd

from ..video import TIME_TOLERANCE, check_frame_table


def frame_intervals(X, y):
    """Join the frames with a character on screen to intervals."""
    table = check_frame_table(X).reset_index(drop=True)
    found = []
    for video, rows in table.groupby("video", sort=False).indices.items():
        rows = rows[np.argsort(table["time"].to_numpy()[rows], kind="stable")]
        starts = table["time"].to_numpy()[rows]
        ends = starts + table["duration"].to_numpy()[rows]
        gap = np.flatnonzero(starts[1:] > ends[:-1] + TIME_TOLERANCE)
        if len(gap):
            raise ValueError(
                f"No frame of {video!r} from {ends[gap[0]]:.3f} to {starts[gap[0] + 1]:.3f} s: "
                f"intervals cannot say that a stretch is not labelled. save_label_csv keeps labels "
                f"of single frames."
            )
        ends[:-1] = starts[1:]
        for name in y.columns:
            steps = np.diff(y[name].to_numpy()[rows], prepend=0, append=0)
            begins, stops = np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)
            found += [
                (video, name, starts[begin], ends[stop - 1])
                for begin, stop in zip(begins, stops, strict=True)
            ]
    return pd.DataFrame(found, columns=["video", "label", "start", "end"])


def only_video(table, path):
    """Return the one video of a frame table that is written to a file about one."""
    videos = table["video"].unique()
    if len(videos) != 1:
        raise ValueError(
            f"{path!r} is about one video, and the frames are of {len(videos)}: save each with its "
            f"own rows."
        )
    return videos[0]


def check_names(names, what):
    """Check that names of characters can stand in XML."""
    for name in names:
        if not name or not name.isprintable():
            raise ValueError(f"{name!r} cannot be the name of a {what}.")
