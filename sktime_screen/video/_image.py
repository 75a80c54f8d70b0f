"""Single images: how they are checked, read from files and resized."""

import os

import cv2
import numpy as np

INTERPOLATIONS = {
    "area": cv2.INTER_AREA,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
    "nearest": cv2.INTER_NEAREST,
}


def read_image(path):
    """Read an image file.

    Returns uint8 (height, width, 3).
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No such image: {path!r} (looked in {os.getcwd()!r}).")
    # imdecode and not imread: the latter cannot open every path on every system.
    encoded = np.fromfile(path, np.uint8)
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    if image is None:
        raise ValueError(f"{path!r} cannot be read as an image: is it a whole JPEG or PNG file?")
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    if not _may_be_transparent(encoded):
        return image
    whole = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    if whole.ndim < 3 or whole.shape[2] != 4 or whole.shape[:2] != image.shape[:2]:
        return image
    alpha = whole[..., 3] if whole.dtype == np.uint8 else (whole[..., 3] // 257).astype(np.uint8)
    return blend_over_black(np.dstack([image, alpha]))


def _may_be_transparent(encoded):
    head = encoded[:1024].tobytes()
    if head.startswith(b"\x89PNG"):
        return head[25] in (4, 6) or b"tRNS" in head
    return not head.startswith((b"\xff\xd8", b"BM"))


def blend_over_black(rgba):
    """Lay what is transparent over black.

    Shapes: ``rgba`` (height, width, 4) -> (height, width, 3).
    """
    alpha = cv2.merge([rgba[..., 3]] * 3)
    return cv2.multiply(
        np.ascontiguousarray(rgba[..., :3]), alpha, scale=1 / np.iinfo(rgba.dtype).max
    )


def resize(image, size, interpolation):
    """Resize one image.

    Shapes: ``image`` (height, width, 3) -> uint8 (*size, 3).
    """
    if image.shape[:2] == tuple(size):
        return image
    return cv2.resize(image, (size[1], size[0]), interpolation=INTERPOLATIONS[interpolation])
