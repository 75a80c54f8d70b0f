"""Decoded frames to the RGB pictures that a viewer sees."""

import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
# Without the second and third flag FFmpeg's scaler rounds down and drops half of the colour: 1.5
# levels too dark and 1.7 off instead of 0.3, for a quarter less time.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_SCALERS = {
    "area": Interpolation.AREA | _EXACT,
    "linear": Interpolation.BILINEAR | _EXACT,
    "cubic": Interpolation.BICUBIC | _EXACT,
    "lanczos": Interpolation.LANCZOS | _EXACT,
    "nearest": Interpolation.POINT | _EXACT,
}


class Projector:
    """Turns decoded frames into the RGB pictures that a viewer sees.

    Scaling goes straight from the film's own colour planes to the size wanted, which is both faster
    and closer to the exact average than to convert whole pictures first.

    Parameters
    ----------
    pixel_aspect : fractions.Fraction or None
        Width of a pixel over its height.
    size : tuple of int or None
        Height and width of the pictures; None shows them as filmed, with square pixels.
    interpolation : str
        One of "area", "linear", "cubic", "lanczos" and "nearest".
    """

    def __init__(self, pixel_aspect, size=None, interpolation="area"):
        self.pixel_aspect = pixel_aspect or 1
        self.size = size
        self.scaler = _SCALERS[interpolation]
        self.reformatter = VideoReformatter()

    def picture(self, frame):
        """Return the picture of a frame, an array of shape (height, width, 3), uint8."""
        turn = _TURNS.get(round(frame.rotation) % 360)
        on_its_side = turn in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE)
        if self.size is None:
            height, width = frame.height, round(frame.width * self.pixel_aspect)
        else:
            height, width = self.size[::-1] if on_its_side else self.size
        # FFmpeg scales the two fields of an interlaced frame each for itself and weaves them again:
        # of twice the height, every second row is one moment, without combs.
        fields = 2 if frame.interlaced_frame else 1
        shown = self.reformatter.reformat(
            frame,
            width,
            height * fields,
            "rgb24",
            interpolation=self.scaler,
            threads=1,
        )
        picture = shown.to_ndarray()[::fields]
        return np.ascontiguousarray(picture) if turn is None else cv2.rotate(picture, turn)
