"""Black bars around the images of a video (letterbox, pillarbox), and the active area within."""

import numpy as np

from ._image import resize
from ._placement import WHOLE

# Bars are black but for the noise of the encoder; images are brighter than this somewhere.
_MAX_BLACK = 24
_N_DETECTION_FRAMES = 24
# Thinner bars are the ragged edge of an image; and what leaves less than this is a dark video.
_MIN_BAR = 0.01
_MIN_AREA = 0.4
# Rows and columns in which bars are looked for, for each of the canvas.
_DETECTION_SCALE, _MIN_DETECTION_SIZE = 4, 256


def find_active_area(images, canvas=None):
    """Find the part of a video's images that is not black bars.

    Shapes: ``images`` (height, width, 3).
    """
    rows = columns = size = None
    for image in images:
        if canvas is not None:
            size = size or choose_detection_size(image.shape[:2], canvas)
            image = resize(image, size, "area")
        brightest = image.max(axis=2)
        # A high percentile and not the maximum: a speck does not make a bar an image.
        row, column = np.percentile(brightest, 98, axis=1), np.percentile(brightest, 98, axis=0)
        rows = row if rows is None else np.maximum(rows, row)
        columns = column if columns is None else np.maximum(columns, column)
    if rows is None:
        return WHOLE
    box = _find_bright_range(rows) + _find_bright_range(columns)
    area = (box[1] - box[0]) * (box[3] - box[2])
    return box if area >= _MIN_AREA else WHOLE


def choose_detection_size(source, canvas):
    """Return the size at which bars are found to within a pixel of the canvas, at little cost."""
    return tuple(
        min(side, max(_MIN_DETECTION_SIZE, _DETECTION_SCALE * wanted))
        for side, wanted in zip(source, canvas, strict=True)
    )


def _find_bright_range(brightness):
    bright = np.flatnonzero(brightness > _MAX_BLACK)
    if not len(bright):
        return 0.0, 1.0
    begin, end = bright[0] / len(brightness), (bright[-1] + 1) / len(brightness)
    return begin if begin >= _MIN_BAR else 0.0, end if 1 - end >= _MIN_BAR else 1.0


def select_detection_frames(count):
    """Return which of a video's frames are looked at for bars, spread over all of it."""
    return np.unique(np.linspace(0, count - 1, min(count, _N_DETECTION_FRAMES)).round().astype(int))
