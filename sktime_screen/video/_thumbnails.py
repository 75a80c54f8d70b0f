"""Small images of frames, to be put into a page."""

import html

import cv2
import numpy as np

from .._html import encode_data_uri
from .._names import escape_controls
from ._container import VideoError
from ._image import resize
from ._sequence import FrameSequence

_N_IN_STRIP = 6
_STRIP_HEIGHT = 120
_STRIP_QUALITY = 72


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
            images[row] = _encode_jpeg(image, quality)
    return images, high / wide


def make_strip(frames):
    """Return HTML with a few images of a sequence, as its steps make them, evenly spread."""
    rows = np.unique(np.linspace(0, len(frames) - 1, min(_N_IN_STRIP, len(frames))).round())
    figures = []
    for row in rows.astype(int).tolist():
        caption = f"{frames.index[row][1]:.1f} s"
        try:
            image = frames[row]
        except (OSError, ValueError, VideoError) as error:
            # The sequence can be looked at where its videos are gone.
            figures.append(f"<p>{html.escape(escape_controls(error))}</p>")
            break
        scale = min(1, _STRIP_HEIGHT / image.shape[0])
        size = tuple(max(1, round(scale * length)) for length in image.shape[:2])
        source = _encode_jpeg(resize(image, size, "area"), _STRIP_QUALITY)
        figures.append(
            f'<figure style="display:inline-block;margin:2px"><img src="{source}" alt="{caption}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    return f"<div>{html.escape(repr(frames))}<br>{''.join(figures)}</div>"


def _encode_jpeg(image, quality):
    """Return an image as a JPEG data URI."""
    _, encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return encode_data_uri("image/jpeg", encoded.tobytes())
