"""How frequent classes are in videos without labels, beside what an estimator learned of it."""

import numpy as np
from scipy.special import logit

# The odds of a class may double, or halve.
_MOST = np.log(2)


def compute_prior_shift(labelled, strength, *, softmax):
    """Return how far the logits of a video without labels move from the prior of the labels.

    Shapes: ``labelled`` a `LabelledRows` with ``videos`` -> (n_outputs,).
    """
    known = ~np.isnan(labelled.targets)
    n_videos = np.array([len(np.unique(labelled.videos[rows])) for rows in known.T])
    shares = np.nansum(labelled.targets, axis=0) / np.maximum(known.sum(axis=0), 1)
    equal = 1 / len(shares) if softmax else 0.5
    to_logits = np.log if softmax else logit
    # Of a class that labels never or always show, the estimator knows no other frames.
    varies = (shares > 0) & (shares < 1)
    learned, n_videos = shares[varies], n_videos[varies]
    expected = (n_videos * learned + strength * equal) / (n_videos + strength)
    shift = np.zeros_like(shares)
    shift[varies] = to_logits(expected) - to_logits(learned)
    # A character that is hardly ever there would else be found where it is not.
    return np.clip(shift, -_MOST, _MOST)
