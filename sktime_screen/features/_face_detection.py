"""Where the faces of an image are: networks of the kinds YuNet and CenterFace."""

from typing import NamedTuple

import cv2
import numpy as np

# Both networks look at the image in steps of up to so many pixels.
_LARGEST_STEP = 32
_YUNET_STEPS = (8, 16, 32)
_CENTERFACE_STEP = 4
# Of two boxes that share more of their union than this, or more of the smaller one, the surer one
# is kept. Detectors take a head with its shoulders for a large face around the face.
_LARGEST_OVERLAP = 0.3
_LARGEST_CONTAINED = 0.7
# What has this score at least is looked at once more if it is smaller than so many pixels or less
# sure than this: alone, in a square of so many pixels and so many times its side. Landmarks of
# small faces are exact only then. Boxes around a face and much more have scores up to 0.7 before.
_LEAST_SCORE = 0.3
_SMALL = 64
_SURE = 0.8
_CLOSE_SIZE = 160
_SURROUNDINGS = 2.0


class Detections(NamedTuple):
    """The faces of an image.

    - ``boxes``: (n, 4), left, top, right and bottom in pixels.
    - ``landmarks``: (n, 5, 2), x and y in pixels of the eyes, the tip of the nose and the corners
      of the mouth, each time the one on the left of the image first.
    - ``scores``: (n,), from 0 to 1.
    """

    boxes: np.ndarray
    landmarks: np.ndarray
    scores: np.ndarray


def find_detector_kind(network, path):
    """Tell from the outputs of a network how they are to be read."""
    n_channels = [
        output.partial_shape[1] if output.partial_shape.rank.get_length() == 4 else None
        for output in network.outputs
    ]
    if n_channels == [1, 2, 2, 10]:
        return _decode_centerface
    if len(n_channels) == 4 * len(_YUNET_STEPS) and not any(n_channels):
        return _decode_yunet
    raise ValueError(
        f"{path!r}: its outputs are neither those of YuNet (12) nor those of CenterFace (4), found "
        f"{len(n_channels)}. Detectors of these two kinds can be read."
    )


def make_detector_dynamic(network):
    """Let a detector take one image of any size."""
    network.reshape({network.inputs[0]: [1, 3, -1, -1]})
    return network


def detect_faces(run, decode, image, size, min_score) -> Detections:
    """Find the faces of an image, looking at it scaled to a longer side of `size` pixels, and once
    more, closer, at small ones and at what may be none.
    """
    found = detect_at_size(run, decode, image, size, min(min_score, _LEAST_SCORE))
    scale = size / max(image.shape[:2])
    sides = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1, initial=0) * scale
    faces = []
    for box, landmarks, score, side in zip(*found, sides, strict=True):
        face = box, landmarks, score
        if side < _SMALL or score < _SURE:
            face = _look_closer(run, decode, image, face)
        if face is not None and face[2] >= min_score:
            faces.append(face)
    if not faces:
        return Detections(*(part[:0] for part in found))
    boxes, landmarks, scores = map(np.stack, zip(*faces, strict=True))
    kept = _suppress_repeated(boxes, scores)
    return Detections(boxes[kept], landmarks[kept], scores[kept])


def _look_closer(run, decode, image, face):
    """Return a face as it is found in its surroundings alone, or None where there is none."""
    box = face[0]
    half = _SURROUNDINGS / 2 * (box[2:] - box[:2]).max()
    middle = (box[:2] + box[2:]) / 2
    whole = image.shape[1::-1]
    first = np.clip(np.floor(middle - half), 0, whole).astype(int)
    last = np.clip(np.ceil(middle + half), 0, whole).astype(int)
    part = image[first[1] : last[1], first[0] : last[0]]
    found = detect_at_size(run, decode, part, _CLOSE_SIZE, _LEAST_SCORE)
    boxes = found.boxes + np.tile(first, 2)
    shares, _ = compute_overlaps(box, boxes)
    if not (shares > _LARGEST_OVERLAP).any():
        return None
    best = shares.argmax()
    return boxes[best], found.landmarks[best] + first, found.scores[best]


def detect_at_size(run, decode, image, size, min_score) -> Detections:
    """Find the faces of an image, looking at it scaled to a longer side of `size` pixels."""
    scale = size / max(image.shape[:2])
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(image, (width, height), interpolation=interpolation)
    canvas = np.zeros(
        (1, 3, *(-(-side // _LARGEST_STEP) * _LARGEST_STEP for side in (height, width))), np.float32
    )
    channels = scaled[..., ::-1] if decode is _decode_yunet else scaled
    canvas[0, :, :height, :width] = channels.transpose(2, 0, 1)
    outputs = [np.asarray(output)[0] for output in run(canvas).to_tuple()]
    boxes, landmarks, scores = decode(outputs, canvas.shape[3], min_score)
    # The scaled sides are whole numbers, so the two scales may differ a little.
    per_pixel = np.array(image.shape[1::-1]) / (width, height)
    kept = _suppress_repeated(boxes, scores)
    whole = np.tile(image.shape[1::-1], 2)
    boxes = np.clip(boxes[kept] * np.tile(per_pixel, 2), 0, whole)
    seen = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return Detections(boxes[seen], landmarks[kept][seen] * per_pixel, scores[kept][seen])


def _decode_yunet(outputs, width, min_score):
    """Read for each step: whether there is a face, how surely, its box and its landmarks.

    W. Wu, H. Peng and S. Yu, YuNet: A Tiny Millisecond-level Face Detector, 2023.
    """
    found = []
    n_steps = len(_YUNET_STEPS)
    for k, step in enumerate(_YUNET_STEPS):
        is_face, is_object, boxes, landmarks = outputs[k::n_steps]
        scores = np.sqrt(np.clip(is_face[:, 0], 0, 1) * np.clip(is_object[:, 0], 0, 1))
        places = np.flatnonzero(scores >= min_score)
        corners = np.stack([places % (width // step), places // (width // step)], axis=1)
        centres = corners + boxes[places, :2]
        halves = np.exp(boxes[places, 2:]) / 2
        found.append(
            (
                np.concatenate([centres - halves, centres + halves], axis=1) * step,
                (corners[:, None] + landmarks[places].reshape(-1, 5, 2)) * step,
                scores[places],
            )
        )
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def _decode_centerface(outputs, width, min_score):
    """Read maps: whether a face has its centre here, its size, where exactly, and its landmarks.

    Y. Xu, W. Yan, G. Yang et al., CenterFace: Joint Face Detection and Alignment Using Face as
    Point, 2020.
    """
    scores, sizes, offsets, landmarks = outputs
    rows, columns = np.nonzero(scores[0] >= min_score)
    # Vertical numbers come first in these maps, horizontal ones in boxes and landmarks.
    sizes = np.exp(sizes[::-1, rows, columns].T) * _CENTERFACE_STEP
    places = np.stack([columns, rows], axis=1) + offsets[::-1, rows, columns].T + 0.5
    corners = np.clip(places * _CENTERFACE_STEP - sizes / 2, 0, None)
    points = landmarks[:, rows, columns].T.reshape(-1, 5, 2)[..., ::-1]
    return (
        np.concatenate([corners, corners + sizes], axis=1),
        corners[:, None] + points * sizes[:, None],
        scores[0, rows, columns],
    )


def _suppress_repeated(boxes, scores):
    """Return the numbers of the boxes to keep, the surest first."""
    kept, left = [], np.argsort(-scores, kind="stable")
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        of_union, of_smaller = compute_overlaps(boxes[best], boxes[left])
        left = left[(of_union <= _LARGEST_OVERLAP) & (of_smaller <= _LARGEST_CONTAINED)]
    return np.array(kept, int)


def compute_overlaps(boxes, others):
    """Return what boxes share with others, of the union and of the smaller: (.., 4) -> (..)."""
    corner = np.maximum(boxes[..., :2], others[..., :2])
    sides = np.clip(np.minimum(boxes[..., 2:], others[..., 2:]) - corner, 0, None)
    shared = sides.prod(axis=-1)
    area, other = ((own[..., 2:] - own[..., :2]).prod(axis=-1) for own in (boxes, others))
    return (
        shared / np.maximum(area + other - shared, 1e-12),
        shared / np.maximum(np.minimum(area, other), 1e-12),
    )
