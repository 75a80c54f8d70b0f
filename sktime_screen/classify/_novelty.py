"""How unlike the labelled frames other frames look, and how unlike is usual."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.preprocessing import normalize

# One video of the same kind in so many is above the limit.
_ONE_IN = 20
# A video's mean is as sure as that of so many blocks: few videos are shorter.
_BLOCKS, _BLOCK_SECONDS = 2, 30.0
# As many videos, or else as many stretches of the videos there are, show how videos differ.
_FEWEST_VIDEOS, _STRETCHES = 3, 4
_ROWS_AT_ONCE = 1024
_LEAST = 1e-6


def compute_novelty(embeddings, labelled):
    """Return how far frames are from the labelled ones, 1 being unusual for a whole video's mean.

    The distance is that of the cosine to the nearest labelled frame. What is usual is learned from
    the labelled videos, each compared with the others: the limit is what the mean of one more video
    exceeds once in twenty times, by Student's t, with the variances between videos and between
    their blocks of 30 s. Of one video or two, stretches stand for videos.

    Shapes: ``embeddings`` (n_frames, n_columns), ``labelled`` a `LabelledRows` -> (n_frames,).
    """
    known = normalize(labelled.embeddings.astype(np.float32))
    return _distances(normalize(embeddings.astype(np.float32)), known) / _limit(known, labelled)


def _distances(embeddings, known, stretches=None):
    """Return distances to the nearest known row; given ``stretches``, to that of another one."""
    nearest = []
    for first in range(0, len(embeddings), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        alike = embeddings[rows] @ known.T
        if stretches is not None:
            alike[stretches[rows, None] == stretches] = -1
        nearest.append(alike.max(axis=1))
    return 1 - np.concatenate(nearest).astype(np.float64)


def _limit(known, labelled):
    """Return the distance that the mean of a video of the same kind rarely exceeds, or NaN."""
    if labelled.times is None:
        return np.nan
    stretches = _stretches(labelled)
    n_stretches = stretches.max() + 1
    if n_stretches < 2:
        return np.nan
    distances = pd.Series(_distances(known, known, stretches))
    means = distances.groupby(stretches).mean()
    blocks = distances.groupby([stretches, labelled.times // _BLOCK_SECONDS]).mean()
    blocks = blocks.groupby(level=0)
    within = blocks.var().fillna(0).mean()
    between = max(means.var() - (within / blocks.size()).mean(), 0)
    spread = np.sqrt(between * (1 + 1 / n_stretches) + within / _BLOCKS)
    return max(means.mean() + stats.t.ppf(1 - 1 / _ONE_IN, n_stretches - 1) * spread, _LEAST)


def _stretches(labelled):
    """Number the videos of labelled rows, or stretches of them where they are fewer than three."""
    _, videos = np.unique(labelled.videos, return_inverse=True)
    n_videos = videos.max() + 1
    if n_videos >= _FEWEST_VIDEOS:
        return videos
    n_parts = _STRETCHES // n_videos
    parts = np.empty(len(videos), int)
    for video in range(n_videos):
        rows = videos == video
        times = labelled.times[rows]
        place = (times - times.min()) / max(np.ptp(times), _LEAST)
        parts[rows] = np.minimum((n_parts * place).astype(int), n_parts - 1)
    return np.unique(n_parts * videos + parts, return_inverse=True)[1]
