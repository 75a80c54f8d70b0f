"""Checks of the images a network is given."""

import numpy as np

from ..video import FrameSequence

_WANTED = "images as (n, height, width, 3) uint8, RGB from 0 to 255"


def check_images(X):
    """Check images and bring them together.

    Shapes: ``X`` (n, height, width, 3) -> uint8 (n, height, width, 3).
    """
    if isinstance(X, FrameSequence):
        if len(X) and None in X.shape:
            raise ValueError(
                "The videos of the sequence have images of different sizes: put "
                "ImageResizer((224, 224)) after the sampler."
            )
        return X
    if not isinstance(X, (np.ndarray, list, tuple)) or isinstance(next(iter(X), None), str):
        raise TypeError(
            f"Expected {_WANTED}, or a FrameSequence; found {type(X).__name__} ({X!r:.60}). "
            f"VideoFrameSampler makes images from videos and from frame tables."
        )
    if not isinstance(X, np.ndarray):
        images = [np.asarray(image) for image in X]
        shapes = dict.fromkeys(image.shape for image in images)
        if len(shapes) > 1:
            raise ValueError(
                f"The images differ in shape: {', '.join(map(str, list(shapes)[:3]))}. "
                f"ImageResizer((224, 224)) makes them equal."
            )
        X = np.stack(images) if images else np.empty((0, 0, 0, 3), np.uint8)
    if X.ndim != 4 or X.shape[-1] != 3:
        single = "; put a single image into a list" if X.ndim == 3 else ""
        grey = " ImageResizer((224, 224)) converts grey and RGBA images to RGB."
        raise ValueError(
            f"Expected {_WANTED}; found the shape {X.shape}{single}."
            f"{grey if X.ndim == 3 or X.shape[-1:] in [(1,), (4,)] else ''}"
        )
    if X.dtype != np.uint8:
        values = f" from {X.min():g} to {X.max():g}" if X.size and X.dtype.kind in "fiu" else ""
        raise ValueError(
            f"Expected {_WANTED}; found {X.dtype}{values}. Convert images from 0 to 1 with "
            f"(images * 255).round().astype('uint8')."
        )
    return X
