"""The choice of a class for each frame: the most probable one, or as many as a share asks for."""

import numpy as np


def most_probable(probabilities, threshold):
    """Choose the most probable class of each row.

    Parameters
    ----------
    probabilities : ndarray of shape (n_frames, n_classes)
        Rows sum to one.
    threshold : float
        Of two classes, from which probability on the second is chosen.

    Returns
    -------
    ndarray of int of shape (n_frames,)
        Numbers of classes.
    """
    if probabilities.shape[1] == 2:
        return (probabilities[:, 1] >= threshold).astype(np.int64)
    return probabilities.argmax(axis=1)


def filling_shares(scores, shares, weights, choose, sweeps=20, steps=60):
    """Choose classes so that each fills its share of a video, the surest frames first.

    Parameters
    ----------
    scores : ndarray of shape (n_frames, n_classes)
        Logarithms of probabilities.
    shares : ndarray of shape (n_classes,)
        Shares to fill; they sum to one.
    weights : ndarray of shape (n_frames,)
        Durations of the frames.
    choose : callable
        Called with scores, returns the number of the class chosen for each row. A class whose
        scores are raised must not be chosen for less.
    sweeps : int, default=20
        How often, at most, each of three classes or more is brought to its share.
    steps : int, default=60
        Halvings at most for one class.

    Returns
    -------
    ndarray of int of shape (n_frames,)
        Numbers of classes, from ``choose`` with a constant added to each class's scores. Shares are
        met up to the frames on the edge, which have the same scores.
    """
    n_classes = scores.shape[1]
    wanted = shares * weights.sum()
    nearly = weights[weights > 0].min() / 2
    offsets = np.zeros(n_classes)
    reach = 2 * np.ptp(scores) + 1

    def seconds(tried, number):
        return weights @ (choose(scores + tried) == number)

    def met(number):
        low, high = (-reach, 0.0), (reach, weights.sum())
        tried = offsets.copy()
        for _ in range(steps):
            tried[number] = (low[0] + high[0]) / 2
            got = seconds(tried, number)
            if abs(got - wanted[number]) < nearly:
                return tried[number]
            if got > wanted[number]:
                high = tried[number], got
            else:
                low = tried[number], got
        return low[0] if wanted[number] - low[1] <= high[1] - wanted[number] else high[0]

    if n_classes == 2:
        offsets[1] = met(1)
        return choose(scores + offsets)
    for _ in range(sweeps):
        for number in range(n_classes):
            offsets[number] = met(number)
        got = np.bincount(choose(scores + offsets), weights, minlength=n_classes)
        if np.abs(got - wanted).max() < nearly:
            break
        offsets -= offsets.mean()
    return choose(scores + offsets)
