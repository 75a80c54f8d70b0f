"""Images of frames, to be put into a page."""

import html

import cv2
import numpy as np

from .._html import encode_data_uri
from .._names import escape_controls
from ._container import VideoError
from ._sequence import FrameSequence

# A batch of images as large as a screen takes some 30 MB.
_BATCH_SIZE = 8
IMAGE_TYPE = "image/webp"
_N_IN_STRIP = 6
_STRIP_WIDTH = 180
_STRIP_QUALITY = 72


def split_rows_by_file(table):
    """Split a frame table into the rows of each video or image: one file has one size."""
    files = table["image" if "image" in table else "video"]
    return list(table.groupby(files.to_numpy(), sort=False).indices.values())


def find_shape(table):
    """Return the height and width of the images of one file."""
    return FrameSequence(table.iloc[:1]).shape[1:3]


def iter_images(table, width):
    """Yield (row, image) of one file in the order of time, at most ``width`` pixels wide."""
    high, wide = find_shape(table)
    scale = min(1, width / wide)
    size = max(1, round(high * scale)), max(1, round(wide * scale))
    for rows, batch in FrameSequence(table, size).iter_batches(_BATCH_SIZE):
        yield from zip(rows.tolist(), batch, strict=True)


def shrink(image, width):
    """Return an image, or images above each other, at most ``width`` pixels wide."""
    high, wide = image.shape[:2]
    if wide <= width:
        return image
    size = width, max(1, round(high * width / wide))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def encode_image(image, quality):
    """Return an RGB image as WebP, which takes half the room of JPEG."""
    settings = [cv2.IMWRITE_WEBP_QUALITY, quality]
    _, encoded = cv2.imencode(".webp", image[..., ::-1], settings)
    return encoded.tobytes()


def make_thumbnails(table, width, quality):
    """Make a small image of each frame of one file, as data URIs."""
    images = [None] * len(table)
    for row, image in iter_images(table, width):
        images[row] = encode_data_uri(IMAGE_TYPE, encode_image(image, quality))
    return images


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
        small = encode_image(shrink(image, _STRIP_WIDTH), _STRIP_QUALITY)
        source = encode_data_uri(IMAGE_TYPE, small)
        figures.append(
            f'<figure style="display:inline-block;margin:2px"><img src="{source}" alt="{caption}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    return f"<div>{html.escape(repr(frames))}<br>{''.join(figures)}</div>"
