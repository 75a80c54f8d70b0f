"""Smoothing along a video: of probabilities, or of the choice of a class."""

import numpy as np

from ..model_selection import shot_groups
from ._group_sums import sum_groups


def split_at_gaps(index):
    """Split rows into stretches of video without a cut in the sampling."""
    videos = index.get_level_values("video").factorize()[0]
    times = index.get_level_values("time").to_numpy(dtype=np.float64)
    durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
    order = np.lexsort((times, videos))
    videos, times, durations = videos[order], times[order], durations[order]
    gap = np.diff(times) - durations[:-1] > durations[:-1] / 2
    return np.split(order, np.flatnonzero((np.diff(videos) != 0) | gap) + 1)


def smooth_by_median(probabilities, index, window):
    """Replace each probability by the median over a window of time around its frame.

    Shapes: ``probabilities`` (n_frames, n_columns) -> (n_frames, n_columns).
    """
    times = index.get_level_values("time").to_numpy(dtype=np.float64)
    smoothed = np.empty_like(probabilities)
    for rows in split_at_gaps(index):
        first = np.searchsorted(times[rows], times[rows] - window / 2 - 1e-9, side="left")
        last = np.searchsorted(times[rows], times[rows] + window / 2 + 1e-9, side="right")
        ordered = probabilities[rows]
        for row, begin, end in zip(rows, first, last, strict=True):
            smoothed[row] = np.median(ordered[begin:end], axis=0)
    return smoothed


def smooth_by_shot(probabilities, index):
    """Replace each probability by the mean over its shot.

    Shapes: ``probabilities`` (n_frames, n_columns) -> (n_frames, n_columns).
    """
    shots = shot_groups(index.to_frame(index=False))
    for number, rows in enumerate(split_at_gaps(index)):
        shots[rows] += number * (shots.max() + 1)
    shots = np.unique(shots, return_inverse=True)[1]
    durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
    totals = sum_groups(shots, durations[:, None] * probabilities)
    return (totals / np.bincount(shots, durations)[:, None])[shots]


def find_viterbi_path(scores, index, window):
    """Choose the most probable sequence of classes where classes last.

    Viterbi, "Error bounds for convolutional codes and an asymptotically optimum decoding
    algorithm", IEEE Transactions on Information Theory 13 (1967).

    Shapes: ``scores`` (n_frames, n_classes) -> (n_frames,).
    """
    times = index.get_level_values("time").to_numpy(dtype=np.float64)
    path = np.empty(len(scores), dtype=np.int64)
    for rows in split_at_gaps(index):
        change = -np.expm1(-np.diff(times[rows]) / window) / scores.shape[1]
        # How much less probable a change is than staying; a frame that comes twice cannot change.
        with np.errstate(divide="ignore"):
            costs = np.log1p(-(scores.shape[1] - 1) * change) - np.log(change)
        path[rows] = _cheapest_path(scores[rows], costs)
    return path


def _cheapest_path(scores, costs):
    best = scores[0].copy()
    arrived_from = np.empty(scores.shape, dtype=np.int64)
    stayed = np.arange(scores.shape[1])
    for frame, cost in enumerate(costs, start=1):
        top = best.argmax()
        changed = best[top] - cost > best
        arrived_from[frame] = np.where(changed, top, stayed)
        best = np.where(changed, best[top] - cost, best) + scores[frame]
    path = np.empty(len(scores), dtype=np.int64)
    path[-1] = best.argmax()
    for frame in range(len(scores) - 1, 0, -1):
        path[frame - 1] = arrived_from[frame, path[frame]]
    return path
