"""The choice of a class for each frame: the most probable one, or as many as a share asks for."""

import numpy as np

# How often a class's offset is halved in on, and how often all classes take turns at most.
_BISECTIONS = 60
_MAX_ROUNDS = 20


def choose_most_probable(probabilities, threshold):
    """Choose the most probable class of each row.

    Shapes: ``probabilities`` (n_frames, n_classes) -> (n_frames,).
    """
    if probabilities.shape[1] == 2:
        return (probabilities[:, 1] >= threshold).astype(np.int64)
    return probabilities.argmax(axis=1)


def fill_shares(scores, shares, weights, choose):
    """Choose classes so that each fills its share of a video, the surest frames first.

    Shapes: ``scores`` (n_frames, n_classes), ``shares`` (n_classes,), ``weights`` (n_frames,) ->
    (n_frames,).
    """
    n_classes = scores.shape[1]
    wanted = shares * weights.sum()
    nearly = weights[weights > 0].min() / 2
    offsets = np.zeros(n_classes)
    reach = 2 * np.ptp(scores) + 1

    def count_seconds(tried, number):
        return weights @ (choose(scores + tried) == number)

    def bisect(number):
        """Return the offset with which a class comes nearest to its share."""
        low, high = (-reach, 0.0), (reach, weights.sum())
        tried = offsets.copy()
        for _ in range(_BISECTIONS):
            tried[number] = (low[0] + high[0]) / 2
            got = count_seconds(tried, number)
            if abs(got - wanted[number]) < nearly:
                return tried[number]
            if got > wanted[number]:
                high = tried[number], got
            else:
                low = tried[number], got
        return low[0] if wanted[number] - low[1] <= high[1] - wanted[number] else high[0]

    if n_classes == 2:
        offsets[1] = bisect(1)
        return choose(scores + offsets)
    for _ in range(_MAX_ROUNDS):
        for number in range(n_classes):
            offsets[number] = bisect(number)
        got = np.bincount(choose(scores + offsets), weights, minlength=n_classes)
        if np.abs(got - wanted).max() < nearly:
            break
        offsets -= offsets.mean()
    return choose(scores + offsets)
