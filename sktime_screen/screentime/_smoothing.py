"""Smoothing of probabilities along a film."""

import numpy as np


def film_stretches(index):
    """Split rows into stretches of film without a cut in the sampling.

    Parameters
    ----------
    index : pandas.MultiIndex
        A frame index; its rows may come in any order.

    Returns
    -------
    list of ndarray of int
        Row numbers in the order of time. A stretch ends with its film, or where the next frame
        begins more than half a frame's duration after this one is over.
    """
    films = index.get_level_values("video").factorize()[0]
    times = index.get_level_values("time").to_numpy(dtype=np.float64)
    durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
    order = np.lexsort((times, films))
    films, times, durations = films[order], times[order], durations[order]
    gap = np.diff(times) - durations[:-1] > durations[:-1] / 2
    return np.split(order, np.flatnonzero((np.diff(films) != 0) | gap) + 1)


def median_smoothed(probabilities, index, window):
    """Replace each probability by the median over a window of time around its frame.

    Parameters
    ----------
    probabilities : ndarray of shape (n_frames, n_columns)
        Probabilities by frame.
    index : pandas.MultiIndex
        The frame index of the rows.
    window : float
        Width of the window in seconds; frames that begin within half of it on either side count.

    Returns
    -------
    ndarray of shape (n_frames, n_columns)
        Never mixed across films or gaps. Rows need not sum to one.
    """
    times = index.get_level_values("time").to_numpy(dtype=np.float64)
    smoothed = np.empty_like(probabilities)
    for rows in film_stretches(index):
        first = np.searchsorted(times[rows], times[rows] - window / 2 - 1e-9, side="left")
        last = np.searchsorted(times[rows], times[rows] + window / 2 + 1e-9, side="right")
        ordered = probabilities[rows]
        for row, begin, end in zip(rows, first, last, strict=True):
            smoothed[row] = np.median(ordered[begin:end], axis=0)
    return smoothed
