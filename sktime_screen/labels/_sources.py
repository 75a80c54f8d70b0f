"""Where labelled frames are read from: films or pictures."""

import numpy as np
import pandas as pd

from ._files import find_file, look_for, look_for_moved


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
        return rows[["video", "time"]].assign(image=images)
    films = {name: found or find_file(folder, name) for name, found in films.items()}
    return rows[["video", "time"]].assign(video=rows["video"].map(films))


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
