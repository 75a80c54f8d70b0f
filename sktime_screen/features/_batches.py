"""Rows and images in batches, on their way to a network."""

from itertools import islice

import numpy as np


def find_distinct_frames(table):
    """Find the rows of a frame table that show the same.

    Returns ``source`` (n_rows,).
    """
    columns = [name for name in ("video", "time", "image") if name in table]
    frames = table.groupby(columns, sort=False).ngroup().to_numpy()
    _, first, frame_of_row = np.unique(frames, return_index=True, return_inverse=True)
    return first, first[frame_of_row]


def split_rows_by_video(table, rows):
    """Part rows by the video they belong to."""
    videos, names = table["video"].iloc[rows].factorize()
    return {name: rows[videos == number] for number, name in enumerate(names)}


def decode_batches(frames, rows, batch_size, failures):
    """Decode some rows of a sequence.

    Returns ``images`` uint8 (n, height, width, 3).
    """
    for positions, images in frames[rows].iter_batches(batch_size, failures):
        yield rows[positions], images


def decode_originals(frames, rows, failures):
    """Decode some rows of a sequence one by one, as they were recorded."""
    for position, image in frames[rows].iter_images(failures):
        yield rows[[position]], [image]


def split_into_batches(images, batch_size):
    """Part an array of images.

    Shapes: ``images`` (n, height, width, 3) -> ``images`` (m, height, width, 3).
    """
    rows = np.arange(len(images))
    for start in range(0, len(images), batch_size):
        part = slice(start, start + batch_size)
        yield rows[part], images[part]


def stack_batches(pairs, batch_size):
    """Bring pairs of a row and its image together in batches: (n,), (n, height, width, 3)."""
    pairs = iter(pairs)
    while batch := list(islice(pairs, batch_size)):
        rows, images = zip(*batch, strict=True)
        yield np.array(rows), np.stack(images)
