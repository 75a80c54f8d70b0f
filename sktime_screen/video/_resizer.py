"""ImageResizer: images of one size for the network."""

from collections import defaultdict
from numbers import Integral
from typing import Any, Self

import cv2
import numpy as np

from .._sklearn import StrOptions, fit_context
from ._black_bars import find_active_area
from ._image import INTERPOLATIONS, blend_over_black, resize
from ._image_step import ImageStep
from ._placement import ASPECTS, WHOLE, place
from ._sequence import FrameSequence


class ImageResizer(ImageStep):
    """Resize images to one height and width.

    Parameters
    ----------
    size : tuple of int, default=(224, 224)
        Height and width in pixels.
    interpolation : {"area", "linear", "cubic", "lanczos", "nearest"}, default="area"
        "area" averages the pixels that fall together and does not alias when images shrink.
        Features depend on the method, so train and measure with the same one. FFmpeg scales
        videos from their own colour planes, and OpenCV scales arrays. With "area" both agree to
        half a level of 255 on average. OpenCV's other methods alias where FFmpeg's do not.
    aspect : {"stretch", "pad", "crop"}, default="stretch"
        How to fit an image of another shape: "stretch" distorts it, "pad" adds black margins, and
        "crop" cuts off two sides.
    crop_bars : bool, default=False
        Whether to crop black bars (letterbox, pillarbox) first, so that videos with and without
        bars look alike. The bars of a video are found from frames spread over it, those of an array
        from all images of one shape.

    See Also
    --------
    PretrainedCNNFeatures : The step that usually comes next.

    Examples
    --------
    >>> import numpy as np
    >>> from sktime_screen import ImageResizer
    >>> images = [np.zeros((360, 640, 3), np.uint8), np.zeros((720, 1280, 3), np.uint8)]
    >>> ImageResizer((224, 224)).transform(images).shape
    (2, 224, 224, 3)
    """

    _parameter_constraints = {
        "size": [tuple, list],
        "interpolation": [StrOptions(set(INTERPOLATIONS))],
        "aspect": [StrOptions(set(ASPECTS))],
        "crop_bars": ["boolean"],
    }

    def __init__(
        self, size=(224, 224), *, interpolation="area", aspect="stretch", crop_bars=False
    ) -> None:
        self.size = size
        self.interpolation = interpolation
        self.aspect = aspect
        self.crop_bars = crop_bars

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Check the parameters.

        Parameters
        ----------
        X : FrameSequence, array or list of images
            Not used.
        y : object, optional
            Not used.

        Returns
        -------
        self
            The resizer.
        """
        self._check_size()
        return self

    def transform(self, X) -> Any:
        """Resize the images.

        Parameters
        ----------
        X : FrameSequence, ndarray of shape (n, height, width, 3), or list of images
            Images are uint8: (height, width, 3) RGB, (height, width, 4) RGBA, which is put over
            black, or (height, width) grey. Images in a list may differ in size.

        Returns
        -------
        FrameSequence or ndarray of shape (n, height, width, 3), uint8
            A sequence for a sequence, still undecoded; an array otherwise.

        Raises
        ------
        ValueError
            If an image has another shape or type; the message says which.
        """
        self._validate_params()
        size = self._check_size()
        if isinstance(X, FrameSequence):
            return X.resize(size, self.interpolation, aspect=self.aspect, crop_bars=self.crop_bars)
        images = [_convert_to_rgb(image, number) for number, image in enumerate(X)]
        boxes = self._find_boxes(images)
        resized = np.empty((len(images), *size, 3), np.uint8)
        for number, image in enumerate(images):
            shape = image.shape[:2]
            placement = place(shape, size, self.aspect, boxes[shape])
            resized[number] = placement.apply(resize(image, placement.scaled, self.interpolation))
        return resized

    def _find_boxes(self, images):
        by_shape = defaultdict(list)
        for image in images:
            by_shape[image.shape[:2]].append(image)
        return {
            shape: find_active_area(alike, self.size) if self.crop_bars else WHOLE
            for shape, alike in by_shape.items()
        }

    def _check_size(self):
        if len(self.size) != 2 or not all(
            isinstance(side, Integral) and side > 0 for side in self.size
        ):
            raise ValueError(
                f"size={self.size!r}: expected (height, width), two positive whole numbers."
            )
        return tuple(int(side) for side in self.size)


def _convert_to_rgb(image, number):
    image = np.asarray(image)
    channels = {2: 1, 3: image.shape[-1] if image.ndim else 0}.get(image.ndim)
    if image.dtype != np.uint8 or channels not in (1, 3, 4) or 0 in image.shape:
        raise ValueError(
            f"Image {number} has shape {image.shape} and type {image.dtype}; expected "
            f"(height, width, 3) uint8, RGB from 0 to 255."
        )
    if channels == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    return blend_over_black(image) if channels == 4 else image
