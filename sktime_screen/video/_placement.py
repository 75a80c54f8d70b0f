"""Where an image goes on a canvas of another shape: stretched, padded or cropped."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

ASPECTS = ("stretch", "pad", "crop")
# Top, bottom, left and right of the part of an image that is used, from 0 to 1.
WHOLE = (0.0, 1.0, 0.0, 1.0)


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
