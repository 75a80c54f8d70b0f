"""People: the faces of videos, grouped by whose they are."""

from typing import NamedTuple

import numpy as np
from sklearn.cluster import AgglomerativeClustering
from sklearn.preprocessing import normalize

from ..features import ALIKE, follow_faces, unpack_faces
from ..video import get_frame_times

# All pairs of tracks are compared: of long videos the best seen are, and others join them.
_MOST_TRACKS = 3000
_PICTURES = 12
# Further than any two faces are from each other.
_NEVER = 4.0


class Person(NamedTuple):
    """Somebody whose name is not known.

    - ``seconds``: how long faces of the person are seen.
    - ``pictures``: (row, number) of the faces that show the person best, the best first.
    """

    seconds: float
    pictures: list


def find_people(table) -> list[Person]:
    """Group the faces of a table of `FaceFeatures`, who is seen longest first.

    Tracks are merged as long as their mean cosine is that of one person (average linkage), but none
    that are in one frame.
    """
    faces, frame_times = unpack_faces(table), get_frame_times(table.index)
    if not (faces.scores > 0).any():
        return []
    tracks = follow_faces(faces, frame_times, ALIKE)
    rows, places = np.nonzero(tracks.present)
    _, first, track = np.unique(
        tracks.numbers[rows, places], return_index=True, return_inverse=True
    )
    means = normalize(tracks.embeddings[rows[first], places[first]].astype(np.float64))
    height = faces.boxes[rows, places, 3] - faces.boxes[rows, places, 1]
    quality = faces.scores[rows, places] * height
    weight = np.bincount(track, quality)
    person = _group(means, weight, track, rows)
    seconds = np.ones(len(rows)) if frame_times[2] is None else frame_times[2][rows]
    found = []
    for number in np.unique(person[person >= 0]):
        own = np.flatnonzero(person[track] == number)
        best = own[np.argsort(-quality[own], kind="stable")]
        # One of each track, and then more of them: views of a track are much alike.
        turn = _count_before(track[best])
        chosen = best[np.argsort(turn, kind="stable")][:_PICTURES]
        pictures = [(int(rows[face]), int(places[face])) for face in chosen]
        once = np.unique(rows[own], return_index=True)[1]
        found.append(Person(float(seconds[own][once].sum()), pictures))
    return sorted(found, key=lambda one: -one.seconds)


def _group(means, weight, track, rows):
    """Return the number of the person of each track, or -1: (n_tracks,)."""
    person = np.full(len(means), -1)
    kept = np.sort(np.argsort(-weight, kind="stable")[:_MOST_TRACKS])
    if len(kept) == 1:
        person[kept] = 0
        return person
    distances = 1 - means[kept] @ means[kept].T
    place = np.full(len(means), -1)
    place[kept] = np.arange(len(kept))
    for row in np.flatnonzero(np.bincount(rows) > 1):
        together = place[track[rows == row]]
        together = together[together >= 0]
        distances[np.ix_(together, together)] = _NEVER
    np.fill_diagonal(distances, 0)
    person[kept] = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - ALIKE
    ).fit_predict(distances)
    left = np.flatnonzero(person < 0)
    if len(left):
        n_people = person.max() + 1
        centres = normalize(
            [weight[kept] * (person[kept] == one) @ means[kept] for one in range(n_people)]
        )
        likeness = means[left] @ centres.T
        joins = likeness.max(axis=1) >= ALIKE
        person[left[joins]] = likeness[joins].argmax(axis=1)
    return person


def _count_before(values):
    """Return how many equal values stand before each."""
    order = np.argsort(values, kind="stable")
    begins = np.flatnonzero(np.diff(values[order], prepend=-1))
    counts = np.empty(len(values), int)
    counts[order] = np.arange(len(values)) - np.repeat(begins, np.diff(begins, append=len(values)))
    return counts
