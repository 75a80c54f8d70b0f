"""Where labelled frames are read from: videos or images."""

import numpy as np
import pandas as pd

from ..video import read_timeline, resolved_videos
from ._file_lookup import find_file, look_for, look_for_moved


def frame_sources(rows, folder):
    """Find the videos of labelled frames, or their images where a video is not found.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``video`` and ``time`` (s), and ``image`` where there are images.
    folder : str
        The folder of the labels.

    Returns
    -------
    pandas.DataFrame
        ``video`` and ``time``, and ``image`` if the images are to be read.

    Raises
    ------
    FileNotFoundError
        If neither is found.
    """
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
    """Give videos one path each, however they are spelled: two would be two videos.

    Parameters
    ----------
    paths : iterable of str
        Paths of videos.

    Returns
    -------
    list of str
        For each the first path of the same video.
    """
    paths = list(paths)
    first = {}
    return [
        first.setdefault(video, path)
        for video, path in zip(resolved_videos(paths), paths, strict=True)
    ]


def first_of_frames(table, labels):
    """Tell which rows are the first of their frame, and where a later one has other labels.

    Parameters
    ----------
    table : pandas.DataFrame
        ``video`` and ``time`` (s, within the video), and ``image`` if the videos are not there.
    labels : pandas.DataFrame or pandas.Series
        The labels, as many rows.

    Returns
    -------
    first : ndarray of bool, shape (n_rows,)
        Whether each row is the first of its frame.
    differing : tuple of int or None
        A frame with labels that differ: the position of its first row, and of the one that does.
    """
    videos = resolved_videos(table["video"])
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
    """Check that frames are in their videos, where these are there.

    Parameters
    ----------
    table : pandas.DataFrame
        As ``frame_sources`` gives it.
    where : sequence of str
        Where each row comes from, for the message.

    Raises
    ------
    ValueError
        If a time is not in its video.
    """
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
    """Return the frame table of images that nobody knows the video of.

    Parameters
    ----------
    images : list of str
        Paths of the images, in the order of the video.
    folder : str
        Stands for the video.
    rate : float or None
        Frames a second at which they were taken; None is 1.

    Returns
    -------
    pandas.DataFrame
        The frame table.
    """
    duration = 1.0 if rate is None else 1 / rate
    return pd.DataFrame(
        {
            "video": folder or ".",
            "time": np.arange(len(images)) * duration,
            "duration": duration,
            "image": images,
        }
    )
