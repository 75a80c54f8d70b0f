"""Which images are computed, and in which batches."""

import numpy as np


def distinct_frames(table):
    """Find the rows of a frame table that show the same.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame table.

    Returns
    -------
    first : ndarray of int
        The rows where frames come first.
    source : ndarray of int, shape (n_rows,)
        For every row that first row of its frame.
    """
    columns = [name for name in ("video", "time", "image") if name in table]
    frames = table.groupby(columns, sort=False).ngroup().to_numpy()
    _, first, frame_of_row = np.unique(frames, return_index=True, return_inverse=True)
    return first, first[frame_of_row]


def rows_by_video(table, rows):
    """Part rows by the video they belong to.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame table.
    rows : ndarray of int
        Some of its rows.

    Returns
    -------
    dict of str to ndarray of int
        The rows of each video, in the order in which videos come first.
    """
    videos, names = table["video"].iloc[rows].factorize()
    return {name: rows[videos == number] for number, name in enumerate(names)}


def batches_of_frames(frames, rows, batch_size, failures):
    """Decode some rows of a sequence.

    Parameters
    ----------
    frames : FrameSequence
        The images.
    rows : ndarray of int
        Which of them.
    batch_size : int
        The most images in a batch.
    failures : dict or None
        See ``FrameSequence.iter_batches``.

    Yields
    ------
    rows : ndarray of int
        Rows of the sequence, in the order of the videos.
    images : ndarray of shape (n, height, width, 3), uint8
        The images.
    """
    for positions, images in frames[rows].iter_batches(batch_size, failures):
        yield rows[positions], images


def slices(images, batch_size):
    """Part an array of images.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, 3)
        The images.
    batch_size : int
        The most images in a batch.

    Yields
    ------
    rows : ndarray of int
        Which these are.
    images : ndarray of shape (m, height, width, 3)
        A part of them.
    """
    rows = np.arange(len(images))
    for start in range(0, len(images), batch_size):
        part = slice(start, start + batch_size)
        yield rows[part], images[part]
