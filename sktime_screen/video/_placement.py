"""Where an image goes on a canvas of another shape: stretched, padded or cropped, without bars."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ._image import resize

ASPECTS = ("stretch", "pad", "crop")
WHOLE = (0.0, 1.0, 0.0, 1.0)

# Bars are black but for the noise of the encoder; images are brighter than this somewhere.
_BLACK = 24
_FRAMES_LOOKED_AT = 24
# Thinner bars are the ragged edge of an image; and what leaves less than this is a dark video.
_THINNEST = 0.01
_LEAST_LEFT = 0.4
# Rows and columns in which bars are looked for, for each of the canvas.
_LOOKED_AT_FINER, _LEAST_LOOKED_AT = 4, 256


@dataclass(frozen=True)
class Placement:
    """How to bring a whole image to the canvas.

    - ``scaled``: height and width to which the whole image is scaled first.
    - ``cut``: row and column of the scaled image at which the part that is kept begins.
    - ``kept``: height and width of that part.
    - ``canvas``: height and width of the result; what the part does not fill is black.
    """

    scaled: tuple
    cut: tuple
    kept: tuple
    canvas: tuple

    def apply(self, scaled):
        """Return the canvas for an image that was scaled to ``scaled``."""
        row, column = self.cut
        height, width = self.kept
        part = scaled[row : row + height, column : column + width]
        if self.kept == self.canvas:
            return part
        canvas = np.zeros((*self.canvas, 3), np.uint8)
        top, left = (self.canvas[0] - height) // 2, (self.canvas[1] - width) // 2
        canvas[top : top + height, left : left + width] = part
        return canvas


@lru_cache(maxsize=256)
def place(source, canvas, aspect, box=WHOLE):
    """Work out where an image goes."""
    top, bottom, left, right = box
    inner = np.array([(bottom - top) * source[0], (right - left) * source[1]])
    scale = np.array(canvas) / inner
    if aspect != "stretch":
        scale[:] = scale.min() if aspect == "pad" else scale.max()
    reached = inner * scale
    kept = np.minimum(np.maximum(np.rint(reached), 1), canvas).astype(int)
    scaled = np.maximum(np.rint(np.array(source) * scale).astype(int), kept)
    begin = np.array([top, left]) * np.array(source) * scale + (reached - kept) / 2
    cut = np.clip(np.rint(begin).astype(int), 0, scaled - kept)
    return Placement(*(tuple(int(side) for side in sides) for sides in (scaled, cut, kept, canvas)))


def without_bars(images, canvas=None):
    """Find the part of a video's images that is not black bars.

    Shapes: ``images`` (height, width, 3).
    """
    rows = columns = size = None
    for image in images:
        if canvas is not None:
            size = size or size_for_bars(image.shape[:2], canvas)
            image = resize(image, size, "area")
        brightest = image.max(axis=2)
        # A high percentile and not the maximum: a speck does not make a bar an image.
        row, column = np.percentile(brightest, 98, axis=1), np.percentile(brightest, 98, axis=0)
        rows = row if rows is None else np.maximum(rows, row)
        columns = column if columns is None else np.maximum(columns, column)
    if rows is None:
        return WHOLE
    box = _bright_part(rows) + _bright_part(columns)
    left_over = (box[1] - box[0]) * (box[3] - box[2])
    return box if left_over >= _LEAST_LEFT else WHOLE


def size_for_bars(source, canvas):
    """Return the size at which bars are found to within a pixel of the canvas, at little cost."""
    return tuple(
        min(side, max(_LEAST_LOOKED_AT, _LOOKED_AT_FINER * wanted))
        for side, wanted in zip(source, canvas, strict=True)
    )


def _bright_part(brightness):
    bright = np.flatnonzero(brightness > _BLACK)
    if not len(bright):
        return 0.0, 1.0
    begin, end = bright[0] / len(brightness), (bright[-1] + 1) / len(brightness)
    return begin if begin >= _THINNEST else 0.0, end if 1 - end >= _THINNEST else 1.0


def looked_at(count):
    """Return which of a video's frames are looked at for bars, spread over all of it."""
    return np.unique(np.linspace(0, count - 1, min(count, _FRAMES_LOOKED_AT)).round().astype(int))
