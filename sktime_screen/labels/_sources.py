"""Where labelled frames are read from: films or pictures."""

import numpy as np
import pandas as pd

from ..video import read_timeline, resolved_films
from ._file_lookup import find_file, look_for, look_for_moved


def frame_sources(rows, folder):
    """Find the films of labelled frames, or their pictures where a film is not found.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``video`` and ``time`` (s), and ``image`` where there are pictures.
    folder : str
        The folder of the labels.

    Returns
    -------
    pandas.DataFrame
        ``video`` and ``time``, and ``image`` if the pictures are to be read.

    Raises
    ------
    FileNotFoundError
        If neither is found.
    """
    films = {
        name: look_for(folder, name) or look_for_moved(folder, name)
        for name in rows["video"].unique()
    }
    if "image" in rows and None in films.values():
        images = [find_file(folder, name) for name in rows["image"]]
        # As lists, since text as it was read has no type of its own.
        return rows[["video", "time"]].assign(video=rows["video"].tolist(), image=images)
    films = {name: found or find_file(folder, name) for name, found in films.items()}
    films = dict(zip(films, same_films(films.values()), strict=True))
    return rows[["video", "time"]].assign(video=rows["video"].map(films))


def same_films(paths):
    """Give films one path each, however they are spelled: two would be two films.

    Parameters
    ----------
    paths : iterable of str
        Paths of films.

    Returns
    -------
    list of str
        For each the first path of the same film.
    """
    paths = list(paths)
    first = {}
    return [
        first.setdefault(film, path)
        for film, path in zip(resolved_films(paths), paths, strict=True)
    ]


def first_of_frames(table, labels):
    """Tell which rows are the first of their frame, and where a later one has other labels.

    Parameters
    ----------
    table : pandas.DataFrame
        ``video`` and ``time`` (s, within the film), and ``image`` if the films are not there.
    labels : pandas.DataFrame or pandas.Series
        The labels, as many rows.

    Returns
    -------
    first : ndarray of bool, shape (n_rows,)
        Whether each row is the first of its frame.
    differing : tuple of int or None
        A frame with labels that differ: the position of its first row, and of the one that does.
    """
    films = resolved_films(table["video"])
    frames = table["time"].to_numpy(copy=True)
    for film, rows in table.groupby(films, sort=False).indices.items():
        if "image" in table:
            frames[rows] = frames[rows].round(3)
        else:
            frames[rows] = read_timeline(film).shown_at(frames[rows])
    keys = pd.DataFrame({"film": films, "frame": frames})
    again = keys.duplicated().to_numpy()
    labelled = pd.DataFrame(labels).set_axis(keys.index)
    labelled.columns = range(labelled.shape[1])
    differs = np.flatnonzero(again & ~pd.concat([keys, labelled], axis=1).duplicated())
    if not len(differs):
        return ~again, None
    row = int(differs[0])
    return ~again, (int(np.flatnonzero((keys == keys.loc[row]).all(axis=1))[0]), row)


def check_in_films(table, where):
    """Check that frames are in their films, where these are there.

    Parameters
    ----------
    table : pandas.DataFrame
        As ``frame_sources`` gives it.
    where : sequence of str
        Where each row comes from, for the message.

    Raises
    ------
    ValueError
        If a time is not in its film.
    """
    if "image" in table:
        return
    for source, film, time in zip(where, table["video"], table["time"], strict=True):
        timeline = read_timeline(film)
        if not timeline.earliest <= time < timeline.length:
            raise ValueError(
                f"{source}: time {time} s is not in {film!r}, whose images are shown from "
                f"{float(timeline.begin):.3f} to {timeline.length:.3f} s."
            )


def picture_table(images, folder, rate):
    """Return the frame table of pictures that nobody knows the film of.

    Parameters
    ----------
    images : list of str
        Paths of the pictures, in the order of the film.
    folder : str
        Stands for the film.
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
