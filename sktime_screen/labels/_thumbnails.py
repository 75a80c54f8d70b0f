"""Small pictures of frames, to be put into a page."""

import base64

import cv2
import numpy as np

from ..frames import FrameSequence

_WIDTH = 320
_QUALITY = 80


def thumbnails(table):
    """Make a small JPEG picture of each frame.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame table. Pictures wider than 320 pixels are made as wide as that, others keep their
        size; the shape stays.

    Returns
    -------
    pictures : list of str
        The JPEG of each row as a ``data:`` address.
    aspects : ndarray of shape (n_frames,)
        Height over width of each picture.
    """
    pictures, aspects = [None] * len(table), np.ones(len(table))
    # Only what comes from one file is sure to have one size.
    files = table["image" if "image" in table else "video"]
    for rows in table.groupby(files.to_numpy(), sort=False).indices.values():
        frames = FrameSequence(table.iloc[rows])
        _, height, width, _ = frames.shape
        scale = min(1, _WIDTH / width)
        small = frames.resize((max(1, round(height * scale)), max(1, round(width * scale))))
        for batch, decoded in small.iter_batches():
            for row, picture in zip(rows[batch], decoded, strict=True):
                pictures[row] = _data_address(picture)
                aspects[row] = height / width
    return pictures, aspects


def _data_address(picture):
    picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(encoded).decode("ascii")
