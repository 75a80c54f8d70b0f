"""What labelled frames say for a correction: nothing, all, or something between."""

from itertools import combinations

import numpy as np

# What differs by less than rounding is the same.
_LEAST_SPREAD = 1e-9


def compute_evidence_weights(values, truth, blocks):
    """Return how far a correction learned from labelled frames is to be followed, by class.

    Whether a class's values are higher where it is there is tested against their having nothing to
    do with each other: the score test of a slope of 0 in Platt's scaling, with a variance that
    allows for frames of a block being alike (Liang and Zeger, "Longitudinal data analysis using
    generalized linear models", Biometrika 73, 1986). Of the test's z the weight is 1 - 1 / z²,
    which James and Stein's shrinkage ("Estimation with quadratic loss", 1961) leaves of an effect
    that was z standard errors large; 0 where z is below 1. With n blocks z is at most the root
    of n: one block is no evidence, and hardly is a class that one block shows. Of three classes or
    more each is told from each other one, and the frequent ones count most.

    Shapes: ``values`` (n_frames, n_classes), ``truth`` bool (n_frames, n_classes), ``blocks`` int
    (n_frames,) -> (n_classes,).
    """
    n_classes = values.shape[1]
    pairs = np.zeros((n_classes, n_classes))
    for first, second in combinations(range(n_classes), 2):
        rows = truth[:, first] | truth[:, second]
        pairs[first, second] = pairs[second, first] = _pair_weight(
            values[rows, first] - values[rows, second], truth[rows, first], blocks[rows]
        )
    others = truth.mean(axis=0) * (1 - np.eye(n_classes))
    total = others.sum(axis=1)
    known = np.sum(pairs * others, axis=1)
    return np.divide(known, total, out=np.zeros(n_classes), where=total > 0)


def _pair_weight(values, truth, blocks):
    """Return the weight where frames are of one class, ``truth``, or of one other."""
    if not truth.any() or truth.all() or np.ptp(values) < _LEAST_SPREAD:
        return 0.0
    by_block = np.bincount(blocks, (values - values.mean()) * (truth - truth.mean()))
    total = by_block.sum()
    return 1 - min(by_block @ by_block / total**2, 1) if total > 0 else 0.0


def shrink_towards(values, others, weights):
    """Mix shares or probabilities of exclusive classes, ``weights`` by class for the first.

    Shapes: ``values`` (..., n_classes), ``others`` (..., n_classes), ``weights`` (n_classes,) ->
    (..., n_classes).
    """
    mixed = weights * values + (1 - weights) * others
    return mixed / mixed.sum(axis=-1, keepdims=True)
