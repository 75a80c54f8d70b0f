"""Where frames that show a class part from others, in a video without labels."""

import numpy as np
from scipy.special import expit, logsumexp

# What is supposed before the frames are seen: two groups, as far from 0 as frames are on average.
# It counts as much as so many seconds, and so large a part, of the video. In a video without the
# class, the group of those that show it then stays where it is, and so does the boundary.
_SECONDS_OF_PRIOR, _PART_OF_PRIOR = 30.0, 0.15
_LEAST_VARIANCE, _LEAST_SHARE = 0.05, 1e-3
_ROUNDS = 100


def find_boundaries(log_odds, seconds):
    """Return the log-odds at which the frames of a video part into two groups, by column.

    Fits a mixture of two normal distributions of one variance by expectation maximisation, with
    priors of the means (Gauvain and Lee, "Maximum a posteriori estimation for multivariate Gaussian
    mixture observations of Markov chains", IEEE Transactions on Speech and Audio Processing 2,
    1994). The boundary is halfway between the means, however large the groups are.

    Shapes: ``log_odds`` (n_frames, n_outputs), ``seconds`` (n_frames,) -> (n_outputs,).
    """
    weights = np.asarray(seconds)[:, None] / np.sum(seconds)
    prior = _SECONDS_OF_PRIOR / np.sum(seconds) + _PART_OF_PRIOR
    supposed = np.sum(weights * np.abs(log_odds), axis=0) * np.array([[-1.0], [1.0]])
    means, share = supposed, np.full(log_odds.shape[1], 0.5)
    variance = np.maximum(log_odds.var(axis=0) / 4, _LEAST_VARIANCE)
    for _ in range(_ROUNDS):
        ahead = (log_odds - means.mean(axis=0)) * (means[1] - means[0]) / variance
        shows = expit(ahead + np.log(share / (1 - share)))
        parts = np.stack([weights * (1 - shows), weights * shows])
        sizes = parts.sum(axis=1)
        means = ((parts * log_odds).sum(axis=1) + prior * supposed) / (sizes + prior)
        squares = (parts * (log_odds - means[:, None]) ** 2).sum(axis=(0, 1))
        variance = squares + _LEAST_VARIANCE
        share = np.clip(sizes[1], _LEAST_SHARE, 1 - _LEAST_SHARE)
    return means.mean(axis=0)


def move_boundaries(logits, seconds, *, softmax):
    """Move logits so that 0 is where the frames of a video part into two groups.

    With ``softmax`` each class is parted from all others, and moved less, as these move, too.

    Shapes: ``logits`` (n_frames, n_outputs), ``seconds`` (n_frames,) -> (n_frames, n_outputs).
    """
    if not softmax:
        return logits - find_boundaries(logits, seconds)
    n_classes = logits.shape[1]
    others = np.stack(
        [logsumexp(np.delete(logits, column, axis=1), axis=1) for column in range(n_classes)],
        axis=1,
    )
    return logits - find_boundaries(logits - others, seconds) * (n_classes - 1) / n_classes
