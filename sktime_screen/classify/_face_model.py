"""Who is among the faces of a frame: a linear model of faces, and a soft maximum over them."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logsumexp, softmax

# Standard deviations of log-odds about what they are before any label is seen. Embeddings are of
# length 1, so the weights move the log-odds of a face by about as much.
_SPREAD_OF_WEIGHTS, _SPREAD_OF_OFFSETS = 5.0, 3.0
# Log-odds of a class that is known from labels only, before these are seen.
_UNKNOWN = -2.0


class FaceModel(NamedTuple):
    """Log-odds that a face is a class's are ``weights @ embedding + offsets``, of none ``floors``.

    Those of a frame are the soft maximum, log(sum(exp(..))), of its faces' and of the floor. Arrays
    only, so that model files can be read without running code.

    - ``weights`` (n_classes, n_dimensions), ``offsets`` (n_classes,), ``floors`` (n_classes,).
    """

    weights: np.ndarray
    offsets: np.ndarray
    floors: np.ndarray

    @classmethod
    def unknown(cls, n_classes, n_dimensions):
        """Return the model before anything is known."""
        nothing = np.full(n_classes, _UNKNOWN)
        return cls(np.zeros((n_classes, n_dimensions)), nothing, nothing.copy())

    def judge_faces(self, embeddings):
        """Return log-odds of faces; shapes: (.., n_dimensions) -> (.., n_classes)."""
        return embeddings @ self.weights.T + self.offsets

    def judge_frames(self, of_faces, present):
        """Return log-odds of frames.

        Shapes: ``of_faces`` (n, n_faces, n_classes), ``present`` (n, n_faces) -> (n, n_classes).
        """
        return logsumexp(self._stack(of_faces, present), axis=1)

    def _stack(self, of_faces, present):
        """Put the floor behind the faces, as one more."""
        of_faces = np.where(present[..., None], of_faces, -np.inf)
        floors = np.broadcast_to(self.floors, (len(of_faces), 1, len(self.floors)))
        return np.concatenate([of_faces, floors], axis=1)

    def fit_to_frames(self, embeddings, present, targets, exclusive):
        """Return the model that labels of frames make of this one: its most likely neighbour.

        Which face is whose the labels do not say; the soft maximum finds out (multiple-instance
        learning: Maron and Lozano-Perez, "A framework for multiple-instance learning", NIPS 1997).
        This model is the prior mean, with normal deviations.

        Shapes: ``embeddings`` (n, n_faces, n_dimensions), ``present`` (n, n_faces), ``targets``
        (n, n_classes).
        """
        n_classes, n_dimensions = self.weights.shape
        embeddings = embeddings.astype(np.float64)
        scales = np.repeat(
            [_SPREAD_OF_WEIGHTS, _SPREAD_OF_OFFSETS],
            [n_classes * n_dimensions, 2 * n_classes],
        )
        start = np.concatenate([self.weights.ravel(), self.offsets, self.floors])

        def unpack(deviations):
            values = start + scales * deviations
            weights, offsets, floors = np.split(
                values, [n_classes * n_dimensions, n_classes * (n_dimensions + 1)]
            )
            return FaceModel(weights.reshape(n_classes, n_dimensions), offsets, floors)

        def loss(deviations):
            model = unpack(deviations)
            of_parts = model._stack(model.judge_faces(embeddings), present)
            logits = logsumexp(of_parts, axis=1)
            if exclusive:
                cost = (logsumexp(logits, axis=1) - (targets * logits).sum(axis=1)).sum()
                wrong = softmax(logits, axis=1) - targets
            else:
                cost = (np.logaddexp(0, logits) - targets * logits).sum()
                wrong = expit(logits) - targets
            slopes = np.exp(of_parts - logits[:, None]) * wrong[:, None]
            of_faces = slopes[:, :-1]
            gradient = np.concatenate(
                [
                    np.einsum("nkc,nkd->cd", of_faces, embeddings).ravel(),
                    of_faces.sum(axis=(0, 1)),
                    slopes[:, -1].sum(axis=0),
                ]
            )
            return cost + deviations @ deviations / 2, scales * gradient + deviations

        found = minimize(loss, np.zeros(len(start)), jac=True, method="L-BFGS-B")
        return unpack(found.x)
