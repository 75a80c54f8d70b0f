"""How frequent classes are in videos without labels, beside what an estimator learned of it."""

import numpy as np
from scipy.special import logit


def compute_prior_shift(labelled, strength, *, softmax):
    """Return how far the logits of a video without labels move from the prior of the labels.

    Shapes: ``labelled`` a `LabelledRows` with ``videos`` -> (n_outputs,).
    """
    shares = labelled.targets.mean(axis=0)
    n_videos = len(np.unique(labelled.videos))
    equal = 1 / len(shares) if softmax else 0.5
    expected = (n_videos * shares + strength * equal) / (n_videos + strength)
    to_logits = np.log if softmax else logit
    # Of a class that labels never or always show, the estimator knows no other frames.
    varies = (shares > 0) & (shares < 1)
    shift = np.zeros_like(shares)
    shift[varies] = to_logits(expected[varies]) - to_logits(shares[varies])
    return shift
