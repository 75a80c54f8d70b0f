"""Small images of frames, to be put into a page."""

import cv2

from .._html import encode_data_uri
from ._sequence import FrameSequence


def split_rows_by_file(table):
    """Split a frame table into the rows of each video or image: one file has one size."""
    files = table["image" if "image" in table else "video"]
    return list(table.groupby(files.to_numpy(), sort=False).indices.values())


def make_thumbnails(table, width, quality):
    """Make a small JPEG image of each frame of one file."""
    frames = FrameSequence(table)
    _, high, wide, _ = frames.shape
    scale = min(1, width / wide)
    small = frames.resize((max(1, round(high * scale)), max(1, round(wide * scale))))
    images = [None] * len(table)
    for rows, batch in small.iter_batches():
        for row, image in zip(rows, batch, strict=True):
            settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
            _, encoded = cv2.imencode(".jpg", image[..., ::-1], settings)
            images[row] = encode_data_uri("image/jpeg", encoded.tobytes())
    return images, high / wide
