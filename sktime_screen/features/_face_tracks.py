"""Faces followed from frame to frame, so that one good view of a face serves all of its views."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_banded
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.preprocessing import normalize

from ._face_detection import compute_overlaps

# Mean and standard deviation of the cosine between the face of one person and the mean of another
# person's, of the default embedding (benchmarks/actors.py), and from how many standard deviations
# above the mean on two faces are rather of one person.
IMPOSTOR_MEAN, IMPOSTOR_SPREAD, ALIKE_LIMIT = 0.15, 0.093, 2.25
ALIKE = IMPOSTOR_MEAN + ALIKE_LIMIT * IMPOSTOR_SPREAD
# The next frame with a face may be so much later: in seconds, or of a frame's duration if that is
# more. In between the face was turned away, or not found.
_LONGEST_GAP, _LONGEST_STEP = 3.0, 1.5
# How strongly frames a second apart are tied that are of one shot, or may be as one shows no face.
# Where both show faces, and none in both, there is a cut.
_TIE, _MAYBE = 1.0, 0.1
# Intersection over union of the boxes of a face that is where one was before.
_LEAST_OVERLAP = 0.2


class FaceTracks(NamedTuple):
    """Faces, each judged by all of its track, and frames tied to the next ones.

    - ``embeddings`` (n, n_faces, d): mean directions of the tracks, as sure as the detector is.
    - ``numbers`` (n, n_faces): of the tracks; -1 where there is no face.
    - ``order`` (n,), ``ties`` (n - 1,): the rows in the order of time, and how strongly each is
      tied to the next; None for rows without times, as ``seconds`` (n,) then.
    """

    embeddings: np.ndarray
    numbers: np.ndarray
    order: np.ndarray | None
    ties: np.ndarray | None
    seconds: np.ndarray | None

    @property
    def present(self):
        """Whether there is a face: (n, n_faces)."""
        return self.numbers >= 0

    def smooth(self, logits, weights):
        """Draw log-odds of frames to those that they are tied to, the more the less they weigh.

        The result minimises the sum of weights * (f - l)² and ties * (f - f')², as in
        `LabelSpreadingClassifier`.

        Shapes: ``logits, weights`` (n, n_classes) -> (n, n_classes).
        """
        if self.order is None or len(logits) < 2:
            return logits
        weights = (weights * self.seconds[:, None])[self.order]
        smoothed = np.empty_like(logits)
        bands = np.zeros((3, len(logits)))
        bands[0, 1:] = bands[2, :-1] = -self.ties
        tied = -bands[0] - bands[2]
        for column, own in enumerate(weights.T):
            bands[1] = own + tied
            known = own * logits[self.order, column]
            smoothed[self.order, column] = solve_banded((1, 1), bands, known)
        return smoothed


def follow_faces(faces, frame_times, alike) -> FaceTracks:
    """Find the tracks of faces, and which frames are of one shot by them.

    A track is the same face in frames that follow each other: boxes overlap and embeddings have a
    cosine of at least ``alike``. A cut ends it, as who is in the same place then looks otherwise.
    Frames are tied from the first to the last one of a track, those without a face as well, and a
    little to neighbours without a face.

    Shapes: ``faces`` of n frames, ``frame_times`` as of `get_frame_times`.
    """
    videos, times, durations = frame_times
    n_frames, n_faces = faces.scores.shape
    present = faces.scores > 0
    size = n_frames * n_faces
    if videos is None:
        each = np.where(present, np.arange(size).reshape(present.shape), -1)
        return FaceTracks(faces.embeddings, each, None, None, None)
    order = np.lexsort([times, videos])
    places = np.flatnonzero(present[order].any(axis=1))
    begins, ends = places[:-1], places[1:]
    before, after = order[begins], order[ends]
    longest = np.maximum(_LONGEST_GAP, _LONGEST_STEP * durations[before])
    near = (videos[after] == videos[before]) & (times[after] - times[before] <= longest)
    begins, ends, before, after = (rows[near] for rows in (begins, ends, before, after))
    pair, face, next_face = _match(faces, before, after, alike)
    links = coo_array(
        (
            np.ones(len(pair)),
            (before[pair] * n_faces + face, after[pair] * n_faces + next_face),
        ),
        shape=(size, size),
    )
    n_tracks, track = connected_components(links, directed=False)
    members = coo_array((faces.scores.ravel(), (track, np.arange(size))), shape=(n_tracks, size))
    means = normalize(members.tocsr() @ faces.embeddings.reshape(size, -1).astype(np.float64))
    tied = np.zeros(n_frames)
    np.add.at(tied, begins[np.unique(pair)], 1)
    np.add.at(tied, ends[np.unique(pair)], -1)
    shown = np.zeros(n_frames, bool)
    shown[places] = True
    steps, usual = np.diff(times[order]), durations[order][:-1]
    follows = (videos[order][1:] == videos[order][:-1]) & (steps <= _LONGEST_STEP * usual)
    # One frame, not one second: at more frames a second names are carried no further off.
    maybe = _MAYBE * usual * (follows & ~(shown[1:] & shown[:-1]))
    ties = np.where(tied.cumsum()[:-1] > 0, _TIE / np.maximum(steps, usual), maybe)
    embeddings = means[track].reshape(faces.embeddings.shape)
    numbers = np.where(present, track.reshape(present.shape), -1)
    return FaceTracks(embeddings, numbers, order, ties, durations)


def _match(faces, before, after, alike):
    """Find faces that are each other's best match: numbers of pairs, and of faces in both."""
    first, second = faces.embeddings[before], faces.embeddings[after]
    likeness = np.einsum("nid,njd->nij", first, second)
    present = (faces.scores[before] > 0)[:, :, None] & (faces.scores[after] > 0)[:, None, :]
    overlap, _ = compute_overlaps(faces.boxes[before][:, :, None], faces.boxes[after][:, None])
    likeness[~(present & (overlap >= _LEAST_OVERLAP) & (likeness >= alike))] = -np.inf
    best = (likeness == likeness.max(axis=2, keepdims=True)) & (
        likeness == likeness.max(axis=1, keepdims=True)
    )
    return np.nonzero(best & np.isfinite(likeness))
