"""Images of faces, to be put into a page."""

import cv2
import numpy as np

from .._html import encode_data_uri
from ..video import IMAGE_TYPE, encode_image


def cut_face_image(image, box, others, *, rooms, sides, quality) -> str:
    """Cut out a face with room around it, less of it where others would be seen too: a data URI.

    ``box, others`` in pixels, ``rooms`` in heights of the face, ``sides``: the least and the most
    pixels of the longer side.
    """
    height = box[3] - box[1]
    for room in rooms:
        left, top = np.floor(np.maximum(box[:2] - room * height, 0)).astype(int)
        right, bottom = np.ceil(np.minimum(box[2:] + room * height, image.shape[1::-1])).astype(int)
        begins = np.maximum(others[:, :2], [left, top])
        ends = np.minimum(others[:, 2:], [right, bottom])
        if not (begins < ends).all(axis=1).any():
            break
    cut = image[top:bottom, left:right]
    longer = max(cut.shape[:2])
    factor = np.clip(longer, *sides) / longer
    if factor != 1:
        interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        size = tuple(max(1, round(side * factor)) for side in cut.shape[1::-1])
        cut = cv2.resize(cut, size, interpolation=interpolation)
    return encode_data_uri(IMAGE_TYPE, encode_image(cut, quality))
