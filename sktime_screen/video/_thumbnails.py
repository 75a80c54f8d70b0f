"""Small images of frames, to be put into a page."""

import cv2

from .._html import data_uri
from ._sequence import FrameSequence


def rows_by_file(table):
    """Split a frame table into the rows of each video or image: one file has one size.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame table.

    Returns
    -------
    list of ndarray of int
        Row numbers, the files in the order in which they first come.
    """
    files = table["image" if "image" in table else "video"]
    return list(table.groupby(files.to_numpy(), sort=False).indices.values())


def thumbnails(table, width, quality):
    """Make a small JPEG image of each frame of one file.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame table of one video, or with one ``image``.
    width : int
        Of the images in pixels, where they are not narrower already.
    quality : int
        Of the JPEG, from 0 to 100.

    Returns
    -------
    images : list of str
        The data URI of each row's image.
    aspect : float
        Their height over their width.
    """
    frames = FrameSequence(table)
    _, high, wide, _ = frames.shape
    scale = min(1, width / wide)
    small = frames.resize((max(1, round(high * scale)), max(1, round(wide * scale))))
    images = [None] * len(table)
    for rows, batch in small.iter_batches():
        for row, image in zip(rows, batch, strict=True):
            settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
            _, encoded = cv2.imencode(".jpg", image[..., ::-1], settings)
            images[row] = data_uri("image/jpeg", encoded.tobytes())
    return images, high / wide
