"""Intervals of a video's seconds where no frame of it is labelled."""

import numpy as np
from scipy import stats

from .._defaults import CONFIDENCE_LEVEL
from ._group_sums import sum_groups


def compute_seconds_interval(
    durations,
    contributions,
    errors,
    error_durations,
    blocks,
    *,
    videos=None,
    confidence_level=CONFIDENCE_LEVEL,
    n_resamples=1000,
    random_state=None,
):
    """Say within which limits a video's true seconds lie, from errors on labelled videos.

    Every frame of the video is seen, so nothing about the video is sampled: what is uncertain is by
    how much its predictions are off. That is learned from labelled (calibration) frames predicted
    by a model that had not seen them. Frames of a block, a shot or some seconds of video, are wrong
    together; blocks are drawn again as a whole.

    Shapes: ``durations`` (n_frames,), ``contributions`` (n_frames, n_characters), ``errors``
    (n_calibration, n_characters), ``error_durations`` (n_calibration,), ``blocks``
    (n_calibration,), ``videos`` (n_calibration,) -> ``low, high`` (n_characters,).

    Each resample makes the errors of another video of the same length: blocks drawn with
    replacement [1] until they fill it, plus an error common to the video. The latter has the
    variance between calibration videos beyond what their blocks explain (analysis of variance), and
    as it comes from few videos it is drawn from Student's t. Of videos that are one block each, all
    variance counts as between videos. The average error is taken off, calibration videos and blocks
    drawn again for it. What comes of blocks is spread as [2] advises where they are few. The
    limits are percentiles, and never closer than if one calibration frame had been wrong (half an
    error of each kind, as [3] add): that no error was seen does not make seconds sure.

    The assumption is that the video's errors are like those of the calibration videos, given the
    correction. A video of another kind than any of them (drawn otherwise, darker, another cast)
    breaks it; only labels of the video itself can tell. So does another share of a character, the
    more the classifier errs: a mean error depends on how many frames can be missed, and how many
    be taken for one with the character.

    [1] Davison and Hinkley, "Bootstrap Methods and their Application", Cambridge University
    Press, 1997, sections 3.8 and 8.2.
    [2] Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69
    (2015).
    [3] Agresti and Min, "Simple improved confidence intervals for comparing matched
    proportions", Statistics in Medicine 24 (2005).
    """
    durations, contributions = _check("contributions", durations, contributions)
    error_durations, errors = _check("errors", error_durations, errors)
    if errors.shape[1] != contributions.shape[1]:
        raise ValueError(
            f"{errors.shape[1]} columns of errors for {contributions.shape[1]} of contributions."
        )
    videos = np.zeros(len(errors)) if videos is None else np.asarray(videos)
    if len(blocks) != len(errors) or len(videos) != len(errors):
        raise ValueError(f"Blocks and videos must have {len(errors)} rows, as the errors have.")
    calibration = _Blocks(errors, error_durations, np.asarray(blocks), videos)
    rng = np.random.default_rng(random_state)
    length = durations.sum()
    seconds = durations @ contributions - length * calibration.draw_means(n_resamples, rng)
    seconds -= calibration.draw_errors(length, n_resamples, rng)
    tail = (1 - confidence_level) / 2
    few = calibration.few_blocks(tail)
    middle = np.median(seconds, axis=0)
    seconds = middle + (seconds - middle) * few
    between, freedom = calibration.video_variance()
    if freedom:
        # Equally likely values in random order: plain draws of few degrees of freedom would move
        # the limits by a tenth from one seed to the next.
        drawn = stats.t.ppf((rng.permutation(n_resamples) + 0.5) / n_resamples, freedom)
        seconds -= length * np.sqrt(between) * drawn[:, None]
    limits = np.quantile(seconds, [tail, 1 - tail], axis=0)
    least = np.sqrt((1 / len(durations) + 1 / len(errors)) / (len(errors) + 2)) * length
    reach = few * stats.norm.ppf(1 - tail) * least
    middle = np.median(seconds, axis=0)
    low = np.minimum(limits[0], middle - reach)
    high = np.maximum(limits[1], middle + reach)
    return np.clip(low, 0, length), np.clip(high, 0, length)


def _check(name, durations, values):
    durations = np.asarray(durations, dtype=np.float64)
    values = np.asarray(values, dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    if durations.shape != values.shape[:1] or not (durations > 0).all():
        raise ValueError(f"{len(values)} rows of {name} need as many positive durations.")
    if not np.isfinite(values).all():
        raise ValueError(f"The {name} must be finite numbers; some are NaN or infinite.")
    return durations, values


class _Blocks:
    """Calibration blocks: their videos, lengths, and errors in seconds off their video's mean."""

    def __init__(self, errors, durations, blocks, videos):
        numbers = [np.unique(names, return_inverse=True)[1] for names in (videos, blocks)]
        (self.videos, _), block_of_row = np.unique(numbers, axis=1, return_inverse=True)
        block_of_row = block_of_row.ravel()
        self.n_videos = self.videos.max() + 1
        self.lengths = np.bincount(block_of_row, durations)
        if len(self.lengths) < 2:
            raise ValueError(
                "the labelled frames lie in one block of time, which does not tell how errors "
                "vary. Label frames of two blocks or more, of one video or of several."
            )
        self.totals = sum_groups(block_of_row, durations[:, None] * errors)
        self.sum_video_lengths = np.bincount(self.videos, self.lengths)[:, None]
        self.video_means = sum_groups(self.videos, self.totals) / self.sum_video_lengths
        self.seconds_off = self.totals - self.lengths[:, None] * self.video_means[self.videos]

    def video_variance(self):
        """Return the variance between videos beyond their blocks, and its degrees of freedom."""
        if self.n_videos == 1:
            return np.zeros(self.video_means.shape[1]), 0
        count = np.bincount(self.videos)[:, None]
        squares = sum_groups(self.videos, self.seconds_off**2)
        explained = np.where(count > 1, squares * count / np.maximum(count - 1, 1), 0)
        explained = (explained / self.sum_video_lengths**2).mean(axis=0)
        between = np.maximum(self.video_means.var(axis=0, ddof=1) - explained, 0)
        return between, self.n_videos - 1

    def few_blocks(self, tail):
        """Return by how much percentiles of drawn blocks are too close for their number."""
        n_blocks = len(self.lengths)
        # Videos of one block each: then their blocks are all that tells.
        spare = n_blocks - self.n_videos or n_blocks - 1
        return np.sqrt(n_blocks / spare) * stats.t.ppf(1 - tail, spare) / stats.norm.ppf(1 - tail)

    def draw_means(self, n_resamples, rng):
        """Draw videos, and as many blocks of each as it has; return the mean error of each draw."""
        count = np.bincount(self.videos)
        first = np.cumsum(count) - count
        means = []
        for videos in rng.integers(self.n_videos, size=(n_resamples, self.n_videos)):
            videos = videos.repeat(count[videos])
            blocks = first[videos] + rng.integers(count[videos])
            means.append(self.totals[blocks].sum(axis=0) / self.lengths[blocks].sum())
        return np.array(means)

    def draw_errors(self, length, n_resamples, rng):
        """Draw blocks until they fill ``length`` seconds; return the sums of their errors."""
        total = np.zeros((n_resamples, self.seconds_off.shape[1]))
        left = np.full((n_resamples, 1), length)
        while left.max() > 0:
            size = (n_resamples, 1 + int(left.max() / self.lengths.mean()))
            drawn = rng.integers(len(self.lengths), size=size)
            filled = np.minimum(np.cumsum(self.lengths[drawn], axis=1), left)
            used = np.diff(filled, axis=1, prepend=0) / self.lengths[drawn]
            total += np.einsum("ij,ijk->ik", used, self.seconds_off[drawn])
            left = left - filled[:, -1:]
        return total
