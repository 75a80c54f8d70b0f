"""Positions of a video that look alike: their logits together say more than that of each alone."""

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from sklearn.cluster import MiniBatchKMeans

from .._keras import load_keras
from ..video import get_frame_times
from ._backend_compilers import as_array
from ._channel_projection import project_batches, project_positions

# Where one grouping parts two positions that are alike, another does not.
_GROUPINGS = 3
_ROUNDS, _POSITIONS_AT_ONCE = 5, 2048
# How much groups count beside positions by themselves.
_WEIGHT_OF_GROUPS = 1 / 3
_LEAST_SPREAD = 1e-6


class PositionGroups:
    """Several groupings of the positions of a video; the groups of all are numbered together.

    Shapes: ``positions`` float32 (n, n_channels), some of all.
    """

    def __init__(self, positions, n_groups):
        # Unlike KMeans, it gives the same on any number of threads.
        self._centers = np.concatenate(
            [
                MiniBatchKMeans(
                    n_groups,
                    init="random",
                    n_init=1,
                    max_iter=_ROUNDS,
                    batch_size=_POSITIONS_AT_ONCE,
                    max_no_improvement=None,
                    random_state=seed,
                )
                .fit(positions)
                .cluster_centers_
                for seed in range(_GROUPINGS)
            ]
        )
        self._lengths = (self._centers**2).sum(axis=1) / 2
        self._first = n_groups * np.arange(_GROUPINGS)
        self.n_groups = len(self._centers)

    def assign(self, positions):
        """Return the group of each position in each grouping.

        Shapes: ``positions`` (n, n_channels) -> int32 (n, n_groupings).
        """
        nearness = as_array(load_keras().ops.matmul(positions, self._centers.T)) - self._lengths
        nearest = nearness.reshape(len(positions), _GROUPINGS, -1).argmax(axis=2)
        return (nearest + self._first).astype(np.int32)


def judge_in_groups(options, rows, judge, n_groups, sharpness):
    """Judge the frames of a video by their positions, and by the groups of these.

    A position in a group has the mean of the logits in it. Means vary less and pool to less, so
    what they pool to is brought to the mean and the standard deviation of the network's logits.

    Shapes: ``options`` are maps, n_positions, projection and offsets as for `project_batches`, of
    which the ``rows`` (n,) are of the video; ``judge(output, batch)`` gives "logits"
    (n, n_outputs) and "position_logits" (n, n_positions, n_outputs) -> (n, n_outputs).
    """
    _, n_positions, *_ = options
    sample = project_positions(*options, rows)
    n_groups = min(n_groups, len(np.unique(sample, axis=0)) // 2)
    groups = PositionGroups(sample, n_groups) if n_groups > 1 else None
    alone, found = [], []
    totals = counts = 0
    for batch in project_batches(*options, rows):
        alone.append(judge("logits", batch))
        if groups is None:
            continue
        logits = judge("position_logits", batch)
        found.append(groups.assign(batch.reshape(len(batch) * n_positions, -1)))
        counts = counts + np.bincount(found[-1].ravel(), minlength=groups.n_groups)
        totals = totals + _add_up(logits.reshape(len(found[-1]), -1), found[-1], groups.n_groups)
    logits = np.concatenate(alone)
    if groups is None:
        return logits
    means = totals / np.maximum(counts, 1)[:, None]
    shape = -1, n_positions, logits.shape[1]
    pooled = [_pool(means[of].mean(axis=1).reshape(shape), sharpness) for of in found]
    brought = _bring_to(logits, np.concatenate(pooled))
    return logits + _WEIGHT_OF_GROUPS * (brought - logits)


def split_by_video(index, n_rows):
    """Return the rows of each video in the order of their times; of arrays all rows."""
    videos, times, _ = get_frame_times(index)
    if videos is None:
        return [np.arange(n_rows)]
    order = np.argsort(times, kind="stable")
    return [
        order[rows] for rows in pd.Series(videos[order]).groupby(videos[order]).indices.values()
    ]


def _add_up(logits, groups, n_groups):
    """Add up by group: (n, n_outputs), (n, n_groupings) -> (n_groups, n_outputs)."""
    totals = np.zeros((n_groups, logits.shape[1]))
    for of in groups.T:
        np.add.at(totals, of, logits)
    return totals


def _pool(logits, sharpness):
    """Pool as the network does: (n, n_positions, n_outputs) -> (n, n_outputs)."""
    pooled = logsumexp(sharpness * logits, axis=1) - np.log(logits.shape[1])
    return pooled / sharpness


def _bring_to(logits, values):
    """Bring values to the mean and standard deviation of logits, where they differ at all."""
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.maximum(spread, _LEAST_SPREAD)
    brought = scaled * logits.std(axis=0) + logits.mean(axis=0)
    return np.where(spread > _LEAST_SPREAD, brought, logits).astype(np.float32)
