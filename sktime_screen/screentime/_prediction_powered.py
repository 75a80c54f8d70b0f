"""Prediction-powered inference: a video's screen time from a sample of its labelled frames."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from .._defaults import CONFIDENCE_LEVEL
from ._group_sums import sum_groups


class MeanInterval(NamedTuple):
    """A mean by character, with its interval; arrays of shape (n_characters,)."""

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray


def prediction_powered_mean(
    predicted,
    labelled_rows,
    labels,
    *,
    weights=None,
    inclusion=None,
    strata=None,
    tuning="pooled",
    confidence_level=CONFIDENCE_LEVEL,
):
    """Estimate the share of a video that each character is on screen, whatever the model's errors.

    Predictions of every frame give the first guess; a random sample of labelled frames says by how
    much it is off. The population is the video's own frames: labelled frames are known exactly, and
    with all of them labelled the interval is a point.

    Shapes: ``predicted`` (n_frames,) or (n_frames, n_characters), ``labelled_rows`` (n_labelled,),
    ``labels`` (n_labelled,) or (n_labelled, n_characters), ``weights`` (n_frames,), ``inclusion``
    (n_labelled,), ``strata`` (n_frames,).

    The estimate is the difference (or regression) estimator of survey sampling, weighted by the
    inverse of the inclusion probabilities [1], which is what prediction-powered inference [2]
    comes to in a finite population, with the weight of [3] and the strata of [4]. What the labels
    must not do to the predictions follows [5]: cross-fitted, the estimate stays unbiased.

    Frames next to each other look alike; the interval holds all the same, because what is random
    here is which frames were drawn, not the video. It does not hold for frames chosen by hand or by
    the model's doubt without a known inclusion probability.

    The variance is that of Hájek [6], which for equal probabilities is the usual one with its
    finite-population correction. Strata with a single labelled frame are compared with the next
    (collapsed strata [1], which errs on the wide side). The limits are Wilson's for the effective
    number of frames [7], with quantiles of Student's t, so that they stay between 0 and 1; the
    residual variance is never taken for less than that of one error in the sample (half an error of
    each kind, as [8] add), so that a character who never shows up in the sample gets Wilson's
    interval for none out of ``n_labelled``, and not zero seconds for sure.

    [1] Särndal, Swensson and Wretman, "Model Assisted Survey Sampling", Springer, 1992.
    [2] Angelopoulos, Bates, Fannjiang, Jordan and Zrnic, "Prediction-powered inference",
    Science 382 (2023).
    [3] Angelopoulos, Duchi and Zrnic, "PPI++: Efficient prediction-powered inference",
    arXiv:2311.01453 (2023).
    [4] Fisch, Maynez, Hofer, Dhingra, Globerson and Cohen, "Stratified prediction-powered
    inference for hybrid language model evaluation", NeurIPS 2024.
    [5] Zrnic and Candès, "Cross-prediction-powered inference", PNAS 121 (2024).
    [6] Hájek, "Asymptotic theory of rejective sampling with varying probabilities from a finite
    population", Annals of Mathematical Statistics 35 (1964).
    [7] Dean and Pagano, "Evaluating confidence interval methods for binomial proportions in
    clustered surveys", Journal of Survey Statistics and Methodology 3 (2015).
    [8] Agresti and Min, "Simple improved confidence intervals for comparing matched
    proportions", Statistics in Medicine 24 (2005).
    """
    sample = _check(predicted, labelled_rows, labels, weights, inclusion, strata)
    estimate, variance, freedom = estimate_tuned_mean(sample, tuning)
    known = sample.weights[sample.rows] / sample.weights.sum() @ sample.labels
    unknown = 1 - sample.weights[sample.rows].sum() / sample.weights.sum()
    low, high = _wilson(estimate, variance, freedom, sample, confidence_level)
    return MeanInterval(
        *(np.clip(value, known, known + unknown) for value in (estimate, low, high))
    )


class _Sample(NamedTuple):
    predicted: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    inclusion: np.ndarray
    strata: np.ndarray


def _check(predicted, rows, labels, weights, inclusion, strata):
    """Return the sample as arrays, with equal inclusion probabilities and one stratum filled in."""
    predicted = np.asarray(predicted, dtype=np.float64)
    predicted = predicted[:, None] if predicted.ndim == 1 else predicted
    n_frames = len(predicted)
    if not np.isfinite(predicted).all():
        raise ValueError("Predictions must be finite numbers; some are NaN or infinite.")
    rows, labels = np.asarray(rows), np.asarray(labels)
    labels = labels[:, None] if labels.ndim == 1 else labels
    if not rows.size:
        raise ValueError("No labelled frames: label a random sample of the video's frames first.")
    if not np.issubdtype(rows.dtype, np.integer) or rows.min() < 0 or rows.max() >= n_frames:
        raise ValueError(
            f"Labelled rows must be whole numbers from 0 to {n_frames - 1}, the rows of the "
            f"video's {n_frames} predictions."
        )
    if len(np.unique(rows)) < len(rows):
        raise ValueError("A labelled row comes twice: each frame is drawn at most once.")
    if labels.shape != (len(rows), predicted.shape[1]):
        raise ValueError(
            f"Labels have shape {labels.shape}; expected {(len(rows), predicted.shape[1])}: a row "
            f"for each labelled frame, a column for each column of the predictions."
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("Labels must be 0 or 1, a column a character.")
    weights = np.ones(n_frames) if weights is None else np.asarray(weights, dtype=np.float64)
    if weights.shape != (n_frames,) or not (weights > 0).all() or not np.isfinite(weights).all():
        raise ValueError(f"Weights must be {n_frames} positive durations, one a frame.")
    if strata is None:
        codes = np.zeros(n_frames, dtype=np.int64)
    elif np.shape(strata) != (n_frames,):
        raise ValueError(f"Strata must be {n_frames} values, the stratum of each frame.")
    else:
        names, codes = np.unique(np.asarray(strata), return_inverse=True)
        empty = np.flatnonzero(np.bincount(codes[rows], minlength=len(names)) == 0)
        if len(empty):
            raise ValueError(
                f"No labelled frame in stratum {names.tolist()[empty[0]]!r}: label one at least, "
                f"or join it with another stratum before frames are drawn."
            )
    if inclusion is None:
        drawn = np.bincount(codes[rows]) / np.bincount(codes)
        inclusion = drawn[codes[rows]]
    else:
        inclusion = np.asarray(inclusion, dtype=np.float64)
        if inclusion.shape != rows.shape or not ((inclusion > 0) & (inclusion <= 1)).all():
            raise ValueError(
                f"Inclusion probabilities must be {len(rows)} numbers in (0, 1], one for each "
                f"labelled frame."
            )
    return _Sample(predicted, rows, labels.astype(np.float64), weights, inclusion, codes)


def estimate_tuned_mean(sample, tuning):
    """Return the estimate, its variance and degrees of freedom, by character."""
    stratum = sample.strata[sample.rows]
    predicted = sample.predicted[sample.rows]
    shares = np.bincount(sample.strata, sample.weights) / sample.weights.sum()
    parts = _parts(sample)[:, None]
    uncertain = sample.inclusion < 1
    groups = _variance_groups(stratum, uncertain)
    alone = (np.bincount(stratum) == 1)[stratum]
    # A stratum's only frame is compared with the mean of all, which it has a part in.
    n_alone = max(alone.sum(), 2)
    spread = np.where(alone, np.sqrt(n_alone / (n_alone - 1)), 1)[:, None]

    def deviations(values):
        overall = np.sum(parts * values, axis=0)
        within = (sum_groups(stratum, parts * values) / shares[:, None])[stratum]
        off = values - np.where(alone[:, None], overall, within)
        return _centre(groups, spread * parts * off, 1 - sample.inclusion)

    size = np.bincount(groups, uncertain)
    freedom = np.maximum(size - 1, 0)
    scale = np.divide(size, freedom, out=np.zeros_like(size), where=freedom > 0)[groups]
    scale = (scale * (1 - sample.inclusion))[:, None]
    of_labels, of_predicted = deviations(sample.labels), deviations(predicted)
    covariance = sum_groups(groups, scale * of_labels * of_predicted)
    power = sum_groups(groups, scale * of_predicted**2)
    slope, n_slopes = _slopes(covariance, power, size, alone, groups, tuning)
    slope = slope[groups]

    off = np.zeros((len(shares), predicted.shape[1]))
    np.add.at(off, stratum, -parts * predicted)
    off += (
        sum_groups(sample.strata, sample.weights[:, None] * sample.predicted) / sample.weights.sum()
    )
    by_stratum = np.empty_like(off)
    by_stratum[stratum] = slope
    estimate = np.sum(parts * sample.labels, axis=0) + np.sum(by_stratum * off, axis=0)
    left = max(freedom.sum() - n_slopes, 1)
    variance = np.sum(scale * (of_labels - slope * of_predicted) ** 2, axis=0)
    return estimate, variance * max(freedom.sum(), 1) / left, left


def _parts(sample):
    """Return what each labelled frame stands for; in a stratum, its share of the video's length."""
    stratum = sample.strata[sample.rows]
    shares = np.bincount(sample.strata, sample.weights) / sample.weights.sum()
    expansion = sample.weights[sample.rows] / sample.inclusion
    return expansion * (shares / np.bincount(stratum, expansion))[stratum]


def _slopes(covariance, power, size, alone, groups, tuning):
    """Return the weight of the predictions by group and character, and how many were estimated."""
    if not isinstance(tuning, str):
        return np.full(covariance.shape, float(tuning)), 0
    if tuning not in ("pooled", "stratum"):
        raise ValueError(f'tuning must be "pooled", "stratum" or a number, not {tuning!r}.')
    pooled = _ratio(covariance.sum(axis=0), power.sum(axis=0))
    slopes = np.repeat(pooled[None], len(covariance), axis=0)
    if tuning == "pooled":
        return slopes, 1
    own = size >= 20
    own[groups[alone]] = False
    slopes[own] = _ratio(covariance[own], power[own])
    return slopes, own.sum() + (not own.all())


def _ratio(covariance, power):
    """Return the slope of labels on predictions; predictions that mislead count for nothing."""
    return np.maximum(np.divide(covariance, power, out=np.zeros_like(power), where=power > 0), 0)


def _variance_groups(stratum, uncertain):
    """Number the groups of labelled frames that are compared: strata, single ones joined."""
    count = np.bincount(stratum, uncertain)
    joined = np.arange(len(count))
    single, several = np.flatnonzero(count == 1), np.flatnonzero(count > 1)
    if len(single) > 1:
        pair = np.minimum(np.arange(len(single)) // 2, len(single) // 2 - 1)
        joined[single] = single[2 * pair]
    elif len(single) and len(several):
        joined[single] = several[np.abs(several - single).argmin()]
    return np.unique(joined, return_inverse=True)[1][stratum]


def _centre(groups, values, doubt):
    """Take the mean off each group; frames that were sure to be drawn have no say in it."""
    total = np.bincount(groups, doubt)
    sums = sum_groups(groups, doubt[:, None] * values)
    means = np.divide(sums, total[:, None], out=np.zeros_like(sums), where=total[:, None] > 0)
    return values - means[groups]


def _wilson(estimate, variance, freedom, sample, confidence_level):
    """Return Wilson's limits for as many independent frames as would have the same variance."""
    n_labelled = len(sample.rows)
    share = np.clip(estimate, 0, 1)
    # Half an error of each kind added to the sample: no share is 0 for sure.
    smoothed = (share * n_labelled + 1) / (n_labelled + 2)
    least = np.sum(_parts(sample) ** 2 * (1 - sample.inclusion)) / (n_labelled + 2)
    variance = np.maximum(variance, least)
    quantile = stats.t.ppf((1 + confidence_level) / 2, freedom)
    # What z squared over n is to Wilson.
    ratio = quantile**2 * variance / (smoothed * (1 - smoothed))
    centre = (share + ratio / 2) / (1 + ratio)
    half = np.sqrt(ratio * share * (1 - share) + ratio**2 / 4) / (1 + ratio)
    return centre - half, centre + half
