"""Pictures to read in the order of the film, or in any order."""

from contextlib import contextmanager
from tempfile import TemporaryFile

import numpy as np

from ..video import FrameSequence


def batches_of_pictures(pictures):
    """Go once through pictures, in the order that is fastest.

    Parameters
    ----------
    pictures : FrameSequence or ndarray of shape (n, height, width, 3), uint8
        From `check_pictures`.

    Returns
    -------
    iterable of (rows, pictures)
        Which rows these are, and the pictures as an array.
    """
    if isinstance(pictures, FrameSequence):
        return pictures.iter_batches()
    return [(slice(None), pictures)] if len(pictures) else []


@contextmanager
def decoded_pictures(pictures):
    """Give pictures as an array for as long as the context lasts.

    Training reads them again and again in random order, which no film can be decoded in: those
    of a sequence are kept in a temporary file, so that memory does not grow with their number.

    Parameters
    ----------
    pictures : FrameSequence or ndarray of shape (n, height, width, 3), uint8
        From `check_pictures`.

    Yields
    ------
    ndarray of uint8, shape (n, height, width, 3)
        An array as it was, a sequence as an array on disk.
    """
    if not isinstance(pictures, FrameSequence):
        yield pictures
        return
    with TemporaryFile() as file:
        for rows, batch in pictures.iter_batches():
            for row, picture in zip(rows, batch, strict=True):
                file.seek(int(row) * picture.nbytes)
                file.write(picture)
        file.flush()
        yield np.memmap(file, np.uint8, mode="r", shape=pictures.shape)
