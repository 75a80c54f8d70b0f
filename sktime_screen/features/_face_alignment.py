"""Faces turned upright and cut out, as networks that embed them were trained on."""

import cv2
import numpy as np

# x and y of the eyes, the nose and the corners of the mouth in an image of 112 pixels. Networks
# trained on faces of this layout are all of the ArcFace family and SFace.
_LAYOUT = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
_LAYOUT_SIZE = 112


def cut_face(image, landmarks, size):
    """Cut a face out, turned and scaled so that its landmarks come to lie where they should.

    Shapes: ``landmarks`` (5, 2) -> uint8 (size, size, 3).
    """
    layout = _LAYOUT * size / _LAYOUT_SIZE
    transform = estimate_similarity(landmarks, layout)
    # Pixels that a large face has too many of are averaged first: the warp only picks some out.
    shrink = int(1 / max(np.hypot(*transform[:, 0]), 1e-3))
    if shrink > 1:
        (left, top), (right, bottom) = _find_corners(transform, size, image.shape)
        part = image[top:bottom, left:right]
        target = [max(1, side // shrink) for side in part.shape[1::-1]]
        scales = np.array(part.shape[1::-1]) / target
        image = cv2.resize(part, target, interpolation=cv2.INTER_AREA)
        # Centres of pixels stay centres of pixels.
        landmarks = (landmarks - (left, top) + 0.5) / scales - 0.5
        transform = estimate_similarity(landmarks, layout)
    return cv2.warpAffine(image, transform, (size, size), flags=cv2.INTER_LINEAR)


def _find_corners(transform, size, shape):
    """Return the first and the last corner of the part of an image that a warp reads."""
    inverse = cv2.invertAffineTransform(transform)
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]]) @ inverse.T
    first, last = corners.min(axis=0) - 2, corners.max(axis=0) + 2
    whole = np.array(shape[1::-1])
    first = np.clip(np.floor(first), 0, whole - 1).astype(int)
    return first, np.clip(np.ceil(last), first + 1, whole).astype(int)


def estimate_similarity(source, target):
    """Return the turn, scale and shift that bring points nearest to others, by least squares.

    S. Umeyama, Least-squares estimation of transformation parameters between two point patterns,
    1991; without reflections. Shapes: (n, 2), (n, 2) -> (2, 3).
    """
    middle, goal = source.mean(axis=0), target.mean(axis=0)
    x, y = (source - middle).T
    u, v = (target - goal).T
    spread = max((x * x + y * y).sum(), 1e-9)
    cosine, sine = (x @ u + y @ v) / spread, (x @ v - y @ u) / spread
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, goal - turn @ middle])
