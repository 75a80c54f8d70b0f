"""Images to read in the order of the video, or in any order."""

from contextlib import contextmanager
from tempfile import TemporaryFile

import numpy as np

from ..video import FrameSequence


def iter_image_batches(images):
    """Go once through images, in the order that is fastest.

    Shapes: ``images`` (n, height, width, 3).
    """
    if isinstance(images, FrameSequence):
        return images.iter_batches()
    return [(slice(None), images)] if len(images) else []


@contextmanager
def decode_images(images):
    """Give images as an array for as long as the context lasts.

    Training reads them again and again in random order, which no video can be decoded in: those
    of a sequence are kept in a temporary file, so that memory does not grow with their number.

    Shapes: ``images`` (n, height, width, 3) -> uint8 (n, height, width, 3).
    """
    if not isinstance(images, FrameSequence):
        yield images
        return
    with TemporaryFile() as file:
        for rows, batch in images.iter_batches():
            for row, image in zip(rows, batch, strict=True):
                file.seek(int(row) * image.nbytes)
                file.write(image)
        file.flush()
        yield np.memmap(file, np.uint8, mode="r", shape=images.shape)
