"""ImageResizer: pictures of one size for the network."""

from numbers import Integral

import cv2
import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import StrOptions

from ._image_step import ImageStep
from ._picture import INTERPOLATIONS, resize
from ._sequence import FrameSequence


class ImageResizer(ImageStep):
    """Resize pictures to one height and width.

    Parameters
    ----------
    size : tuple of int, default=(224, 224)
        Height and width in pixels. The picture is stretched to it.
    interpolation : {"area", "linear", "cubic", "lanczos", "nearest"}, default="area"
        "area" averages the pixels that fall together and does not alias when pictures shrink.
        Features depend on the method: train and measure with the same. Films are scaled by FFmpeg
        from their own colour planes, arrays by OpenCV; with "area" they agree to half a level of
        255 on average, while OpenCV's other methods alias where FFmpeg's do not.

    See Also
    --------
    PretrainedCNNFeatures : The step that usually comes next.

    Examples
    --------
    >>> import numpy as np
    >>> from sktime_screen import ImageResizer
    >>> pictures = [np.zeros((360, 640, 3), np.uint8), np.zeros((720, 1280, 3), np.uint8)]
    >>> ImageResizer((224, 224)).transform(pictures).shape
    (2, 224, 224, 3)
    """

    _parameter_constraints = {
        "size": [tuple, list],
        "interpolation": [StrOptions(set(INTERPOLATIONS))],
    }

    def __init__(self, size=(224, 224), *, interpolation="area"):
        self.size = size
        self.interpolation = interpolation

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the parameters.

        Parameters
        ----------
        X : FrameSequence, array or list of pictures
            Not looked at.
        y : object, optional
            Not used.

        Returns
        -------
        self
            The resizer.
        """
        self._check_size()
        return self

    def transform(self, X):
        """Resize the pictures.

        Parameters
        ----------
        X : FrameSequence, ndarray of shape (n, height, width, 3), or list of pictures
            Pictures are uint8: (height, width, 3) RGB, (height, width, 4) RGBA or (height, width)
            grey. Those in a list may differ in size.

        Returns
        -------
        FrameSequence or ndarray of shape (n, *size, 3), uint8
            A sequence for a sequence, still undecoded; an array otherwise.

        Raises
        ------
        ValueError
            If a picture has another shape or type; the message says which.
        """
        self._validate_params()
        size = self._check_size()
        if isinstance(X, FrameSequence):
            return X.resize(size, self.interpolation)
        resized = np.empty((len(X), *size, 3), np.uint8)
        for number, picture in enumerate(X):
            resized[number] = resize(_as_rgb(picture, number), size, self.interpolation)
        return resized

    def _check_size(self):
        if len(self.size) != 2 or not all(
            isinstance(side, Integral) and side > 0 for side in self.size
        ):
            raise ValueError(
                f"size={self.size!r}: expected (height, width), two positive whole numbers."
            )
        return tuple(int(side) for side in self.size)


def _as_rgb(picture, number):
    picture = np.asarray(picture)
    channels = {2: 1, 3: picture.shape[-1] if picture.ndim else 0}.get(picture.ndim)
    if picture.dtype != np.uint8 or channels not in (1, 3, 4) or 0 in picture.shape:
        raise ValueError(
            f"Picture {number} has shape {picture.shape} and type {picture.dtype}; expected "
            f"(height, width, 3) uint8, RGB from 0 to 255."
        )
    if channels == 1:
        return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    return cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB) if channels == 4 else picture
