"""How columns are centred and scaled before a network sees them."""

from math import log

import numpy as np

# How many times as far as another a column may spread once it is scaled. Features of one network
# tell more where they keep their proportions, columns in different units where they do not.
_MOST_APART = 4.0


def update_moments(moments, blocks):
    """Add rows to the weight, mean and variance of columns; None where there are none yet.

    Shapes: ``blocks`` of features float32 (m, n_features) and weights (m,) -> mean (n_features,).
    """
    total, mean, variance = moments or (0.0, 0.0, 0.0)
    for X, weights in blocks:
        counts = weights > 0
        if not counts.any():
            continue
        if not counts.all():
            X, weights = X[counts], weights[counts]
        weight = float(weights.sum(dtype=np.float64))
        # Around a middle: squares of large numbers have no room in single precision.
        middle = X.mean(axis=0, dtype=np.float64)
        offsets = X - middle.astype(np.float32)
        shift = (weights @ offsets).astype(np.float64) / weight
        np.square(offsets, out=offsets)
        spread = np.maximum((weights @ offsets).astype(np.float64) / weight - shift**2, 0)
        total += weight
        share = weight / total
        step = middle.astype(np.float32) + shift - mean
        mean = mean + step * share
        variance = variance + (spread - variance) * share + step**2 * share * (1 - share)
    return total, mean, variance


def means_and_scales(moments):
    """Tell what to take off columns, and what to divide them by: float32, (n_features,) each."""
    _, mean, variance = moments
    deviation = np.sqrt(variance)
    # What single precision leaves of a column that is constant.
    varies = deviation > 10 * np.finfo(np.float32).eps * np.abs(mean)
    scale = np.ones_like(deviation)
    if varies.any():
        deviation = deviation[varies]
        narrow, wide = np.quantile(deviation, [0.05, 0.95])
        kept = min(1.0, log(_MOST_APART) / log(wide / narrow)) if wide > narrow else 1.0
        scale[varies] = deviation ** (1 - kept) * wide**kept
    return [mean.astype(np.float32), scale.astype(np.float32)]
