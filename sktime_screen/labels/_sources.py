"""Where labelled frames are read from: videos or images."""

import numpy as np
import pandas as pd

from ..video import read_timeline, resolve_videos
from ._file_lookup import find_file, look_for, look_for_moved


def frame_sources(rows, folder):
    """Find the videos of labelled frames, or their images where a video is not found."""
    videos = {
        name: look_for(folder, name) or look_for_moved(folder, name)
        for name in rows["video"].unique()
    }
    if "image" in rows and None in videos.values():
        images = [find_file(folder, name) for name in rows["image"]]
        # As lists, since text as it was read has no type of its own.
        return rows[["video", "time"]].assign(video=rows["video"].tolist(), image=images)
    videos = {name: found or find_file(folder, name) for name, found in videos.items()}
    videos = dict(zip(videos, same_videos(videos.values()), strict=True))
    return rows[["video", "time"]].assign(video=rows["video"].map(videos))


def same_videos(paths):
    """Give videos one path each, however they are spelled: two would be two videos."""
    paths = list(paths)
    first = {}
    return [
        first.setdefault(video, path)
        for video, path in zip(resolve_videos(paths), paths, strict=True)
    ]


def first_of_frames(table, labels):
    """Tell which rows are the first of their frame, and where a later one has other labels.

    Returns ``first`` bool (n_rows,).
    """
    videos = resolve_videos(table["video"])
    frames = table["time"].to_numpy(copy=True)
    for video, rows in table.groupby(videos, sort=False).indices.items():
        if "image" in table:
            frames[rows] = frames[rows].round(3)
        else:
            frames[rows] = read_timeline(video).shown_at(frames[rows])
    keys = pd.DataFrame({"video": videos, "frame": frames})
    again = keys.duplicated().to_numpy()
    labelled = pd.DataFrame(labels).set_axis(keys.index)
    labelled.columns = range(labelled.shape[1])
    differs = np.flatnonzero(again & ~pd.concat([keys, labelled], axis=1).duplicated())
    if not len(differs):
        return ~again, None
    row = int(differs[0])
    return ~again, (int(np.flatnonzero((keys == keys.loc[row]).all(axis=1))[0]), row)


def check_in_videos(table, where):
    """Check that frames are in their videos, where these are there."""
    if "image" in table:
        return
    for source, video, time in zip(where, table["video"], table["time"], strict=True):
        timeline = read_timeline(video)
        if not timeline.earliest <= time < timeline.length:
            raise ValueError(
                f"{source}: time {time} s is not in {video!r}, whose images are shown from "
                f"{float(timeline.begin):.3f} to {timeline.length:.3f} s."
            )


def image_table(images, folder, rate):
    """Return the frame table of images that nobody knows the video of."""
    duration = 1.0 if rate is None else 1 / rate
    return pd.DataFrame(
        {
            "video": folder or ".",
            "time": np.arange(len(images)) * duration,
            "duration": duration,
            "image": images,
        }
    )
