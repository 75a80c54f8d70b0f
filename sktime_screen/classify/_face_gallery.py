"""The persons of portraits: how alike a face has to be to count as theirs."""

from typing import NamedTuple

import numpy as np
from sklearn.preprocessing import normalize

from ..features import ALIKE_LIMIT, IMPOSTOR_MEAN, IMPOSTOR_SPREAD
from ._face_model import FaceModel
from ._portraits import compute_centre, measure_impostors

# What is known of the default embedding weighs as much as portraits of persons in so many pairs.
_PAIRS = 10
# Log-odds are 0 where faces are alike, and rise by so much with each standard deviation. Where no
# face of a person is found, the person is rarely seen: portraits have no more to say of that.
_SLOPE, _FLOOR = 1.85, -3.5
# What faces of a video have to reach, and what they then add to a person: as surely somebody's as a
# stranger never is, since whoever is taken in once takes in his like.
_SURE_LIMIT, _SURE_SLOPE = 3.25, 2.8
_PORTRAITS_COUNT = 3.0
_LEAST = 1e-12


class FaceGallery(NamedTuple):
    """Persons known from portraits. Arrays only, for model files that run no code.

    - ``centres`` (n_persons, n_dimensions): directions of the means of each one's embeddings.
    - ``mean``, ``spread``: of cosines between different persons, and their standard deviation.
    """

    centres: np.ndarray
    mean: float
    spread: float

    @classmethod
    def from_portraits(cls, by_person, n_dimensions):
        """Make it from embeddings of portraits, {name: (n, n_dimensions)}; none are nobody."""
        centres = np.array([compute_centre(own) for own in by_person.values()])
        found = measure_impostors(by_person)
        moments = np.array([IMPOSTOR_MEAN, IMPOSTOR_SPREAD**2])
        if len(found):
            pairs = len(by_person) * (len(by_person) - 1) / 2
            weight = pairs / (pairs + _PAIRS)
            moments += weight * (np.array([found.mean(), found.var()]) - moments)
        mean, variance = moments.tolist()
        return cls(centres.reshape(-1, n_dimensions), mean, variance**0.5)

    @property
    def alike(self):
        """The cosine above which two faces are rather one person's than of two."""
        return self._limit(ALIKE_LIMIT)

    def _limit(self, limit):
        return self.mean + limit * self.spread

    def adapt(self, embeddings):
        """Return the gallery with the faces of a video that surely are its persons'.

        In a video persons look otherwise than on portraits, and there more like themselves (one
        step of expectation maximisation, with portraits as the prior: Gauvain and Lee, "Maximum a
        posteriori estimation for multivariate Gaussian mixture observations of Markov chains",
        IEEE Transactions on Speech and Audio Processing 2, 1994).

        Shapes: ``embeddings`` (n, n_dimensions).
        """
        slope = _SURE_SLOPE / self.spread
        odds = np.exp(slope * (embeddings @ self.centres.T - self._limit(_SURE_LIMIT)))
        theirs = odds / (1 + odds.sum(axis=1, keepdims=True))
        centres = normalize(_PORTRAITS_COUNT * self.centres + theirs.T @ embeddings)
        return self._replace(centres=centres)

    def judge_faces(self, embeddings):
        """Return log-odds of faces, each of which is one person's or nobody's.

        Shapes: ``embeddings`` (.., n_dimensions) -> (.., n_persons).
        """
        alone = self.make_model().judge_faces(embeddings)
        anybody = np.logaddexp(0, np.logaddexp.reduce(alone, axis=-1, keepdims=True))
        others = anybody + np.log1p(-np.exp(np.minimum(alone - anybody, -_LEAST)))
        return alone - others

    def make_model(self):
        """Return the model of persons, each for itself."""
        slope = _SLOPE / self.spread
        n_persons = len(self.centres)
        return FaceModel(
            slope * self.centres,
            np.full(n_persons, -slope * self.alike),
            np.full(n_persons, _FLOOR),
        )
