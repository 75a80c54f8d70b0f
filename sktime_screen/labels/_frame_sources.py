"""Find the videos or images of labelled frames."""

import os
import re

import numpy as np
import pandas as pd

from .._defaults import SAMPLING_RATE
from ..video import read_timeline, resolve_videos
from ._file_lookup import find_file, find_moved, look_for


def find_frame_sources(rows, folder):
    """Find the videos of labelled frames, or their images if a video does not exist."""
    videos = {
        name: look_for(folder, name) or find_moved(folder, name) for name in rows["video"].unique()
    }
    if "image" in rows and None in videos.values():
        images = [find_file(folder, name) for name in rows["image"]]
        # As lists, because columns of text have the type object.
        return rows[["video", "time"]].assign(video=rows["video"].tolist(), image=images)
    videos = {name: found or find_file(folder, name) for name, found in videos.items()}
    videos = dict(zip(videos, unify_video_paths(videos.values()), strict=True))
    return rows[["video", "time"]].assign(video=rows["video"].map(videos))


def unify_video_paths(paths):
    """Use one path for each video, even if it is written in several ways."""
    paths = list(paths)
    first = {}
    return [
        first.setdefault(video, path)
        for video, path in zip(resolve_videos(paths), paths, strict=True)
    ]


def find_distinct_frames(table, labels):
    """Return which rows are the first of their frame, and two rows of a frame that differ, or None.

    Shapes: -> (n_rows,) bool, (first row, later row).
    """
    videos = resolve_videos(table["video"])
    frames = table["time"].to_numpy(copy=True)
    for video, rows in table.groupby(videos, sort=False).indices.items():
        if "image" in table:
            frames[rows] = frames[rows].round(3)
        else:
            frames[rows] = read_timeline(video).find_frames_at(frames[rows])
    keys = pd.DataFrame({"video": videos, "frame": frames})
    repeated = keys.duplicated().to_numpy()
    labelled = pd.DataFrame(labels).set_axis(keys.index)
    labelled.columns = range(labelled.shape[1])
    differing = np.flatnonzero(repeated & ~pd.concat([keys, labelled], axis=1).duplicated())
    if not len(differing):
        return ~repeated, None
    row = int(differing[0])
    return ~repeated, (int(np.flatnonzero((keys == keys.loc[row]).all(axis=1))[0]), row)


def check_in_videos(table, where):
    """Check that frames are within their videos; images need none."""
    if "image" in table:
        return
    for source, video, time in zip(where, table["video"], table["time"], strict=True):
        timeline = read_timeline(video)
        if not timeline.earliest <= time < timeline.length:
            raise ValueError(
                f"{source}: time {time} s is outside {video!r}, which shows frames from "
                f"{float(timeline.begin):.3f} to {timeline.length:.3f} s."
            )


def make_image_table(images, folder, rate):
    """Return the frame table of images whose video is unknown."""
    duration = 1 / (SAMPLING_RATE if rate is None else rate)
    return pd.DataFrame(
        {
            "video": folder or ".",
            "time": np.arange(len(images)) * duration,
            "duration": duration,
            "image": images,
        }
    )


def find_step_back(names):
    """Return after which images of an evenly numbered sequence the number goes down."""
    stems = [os.path.splitext(name)[0] for name in names]
    numbers = np.array([re.findall(r"\d+(?:\.\d+)?", stem) for stem in stems], dtype=object)
    texts = {re.sub(r"\d+(?:\.\d+)?", "0", stem) for stem in stems}
    if len(texts) > 1 or numbers.ndim != 2 or not numbers.shape[1]:
        return np.empty(0, int)
    numbers = numbers.astype(np.float64)
    varying = numbers[:, np.ptp(numbers, axis=0) > 0]
    if varying.shape[1] != 1:
        return np.empty(0, int)
    steps = np.diff(np.sort(varying[:, 0]))
    # Names may hold any numbers in the order of the video, but not evenly spaced ones.
    evenly = steps.min() > np.median(steps) / 2 and steps.max() < 2 * np.median(steps)
    return np.flatnonzero(np.diff(varying[:, 0]) < 0) if evenly else np.empty(0, int)
