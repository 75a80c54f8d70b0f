from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from sktime_screen.screentime._prediction_powered import (
    _check,
    estimate_tuned_mean,
    prediction_powered_mean,
)


def estimated(predicted, rows, labels, weights=None, inclusion=None, strata=None, tuning="pooled"):
    """Estimate, variance and degrees of freedom of a single character."""
    sample = _check(predicted, rows, labels, weights, inclusion, strata)
    estimate, variance, freedom = estimate_tuned_mean(sample, tuning)
    return estimate[0], variance[0], freedom


@pytest.fixture
def video():
    """300 frames, two characters, predictions right in about four frames of five."""
    rng = np.random.default_rng(0)
    truth = (rng.random((300, 2)) < [0.5, 0.2]).astype(int)
    predicted = np.clip(0.2 + 0.6 * truth + rng.normal(0, 0.2, truth.shape), 0, 1)
    rows = rng.choice(300, 60, replace=False)
    return predicted, rows, truth


def test_labels_alone_are_the_textbook_sample(video):
    predicted, rows, truth = video
    labels = truth[rows, 0]
    estimate, variance, freedom = estimated(predicted[:, 0], rows, labels, tuning=0.0)
    assert estimate == pytest.approx(labels.mean())
    assert variance == pytest.approx((1 - 60 / 300) * labels.var(ddof=1) / 60)
    assert freedom == 59


def test_predictions_as_they_are(video):
    predicted, rows, truth = video
    off = truth[rows, 0] - predicted[rows, 0]
    estimate, variance, freedom = estimated(predicted[:, 0], rows, truth[rows, 0], tuning=1.0)
    assert estimate == pytest.approx(predicted[:, 0].mean() + off.mean())
    assert variance == pytest.approx((1 - 60 / 300) * off.var(ddof=1) / 60)
    assert freedom == 59


def test_tuned_weight_is_the_slope_of_labels_on_predictions(video):
    predicted, rows, truth = video
    predicted, labels = predicted[:, 0], truth[rows, 0]
    slope, level = np.polyfit(predicted[rows], labels, 1)
    left = labels - level - slope * predicted[rows]
    estimate, variance, freedom = estimated(predicted, rows, labels)
    assert estimate == pytest.approx(level + slope * predicted.mean())
    assert variance == pytest.approx((1 - 60 / 300) * left @ left / 58 / 60)
    assert freedom == 58


def test_misleading_predictions_do_not_count(video):
    predicted, rows, truth = video
    labels = truth[rows, 0]
    estimate, _, _ = estimated(1 - predicted[:, 0], rows, labels)
    assert estimate == pytest.approx(labels.mean())
    constant, _, _ = estimated(np.full(300, 0.7), rows, labels)
    assert constant == pytest.approx(labels.mean())


@pytest.mark.parametrize(
    ("tuning", "expected", "low", "high"),
    [
        (0.0, 0.505, 0.44684855, 0.56315145),
        (1.0, 0.405, 0.35621298, 0.45378702),
        ("pooled", 0.41059624, 0.36184536, 0.45934712),
    ],
)
def test_same_as_ppi_python(tuning, expected, low, high):
    """Values of ppi_py.ppi_mean_ci(labels, predicted[:200], predicted[200:], alpha=0.1, lam=...)
    of ppi-python 0.2.3, lam=None for "pooled". It divides by n where we divide by the degrees of
    freedom, and has normal quantiles and no end of frames.
    """
    k = np.arange(200)
    of_labelled = (k * 37 % 200 + 0.5) / 200
    labels = ((k * 61 % 101) / 101 < of_labelled).astype(int)
    others = (np.arange(1_000_000) + 0.5) / 1_000_000 - 0.1
    estimate, variance, freedom = estimated(
        np.concatenate([of_labelled, others]), k, labels, tuning=tuning
    )
    assert estimate == pytest.approx(expected, abs=2e-4)
    half = stats.norm.ppf(0.95) * np.sqrt(variance * freedom / 200)
    assert half == pytest.approx((high - low) / 2, rel=1e-3)


def test_all_possible_samples():
    """Over all samples of 3 of 6 frames: no bias, and the variance is right on average."""
    predicted = np.array([0.9, 0.2, 0.6, 0.4, 0.1, 0.8])
    truth = np.array([1, 0, 0, 1, 0, 1])
    found = [
        estimated(predicted, np.array(rows), truth[list(rows)], tuning=0.7)[:2]
        for rows in combinations(range(6), 3)
    ]
    estimates, variances = np.transpose(found)
    assert estimates.mean() == pytest.approx(truth.mean())
    assert variances.mean() == pytest.approx(estimates.var())


def test_all_possible_stratified_samples():
    predicted = np.array([0.9, 0.2, 0.6, 0.4, 0.1, 0.8, 0.3])
    truth = np.array([1, 0, 0, 1, 0, 1, 0])
    strata = np.array(list("aaabbbb"))
    found = [
        estimated(predicted, np.array(a + b), truth[list(a + b)], strata=strata, tuning=0.7)[:2]
        for a in combinations(range(3), 2)
        for b in combinations(range(3, 7), 2)
    ]
    estimates, variances = np.transpose(found)
    assert estimates.mean() == pytest.approx(truth.mean())
    assert variances.mean() == pytest.approx(estimates.var())


def test_one_label_a_stratum_is_unbiased_and_errs_on_the_wide_side():
    predicted = np.array([0.9, 0.2, 0.6, 0.4, 0.1, 0.8, 0.3, 0.5])
    truth = np.array([1, 0, 0, 1, 0, 1, 0, 0])
    strata = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    found = [
        estimated(predicted, np.array(rows), truth[list(rows)], strata=strata, tuning=0.7)[:2]
        for rows in ((a, b, c) for a in range(3) for b in (3, 4) for c in (5, 6, 7))
    ]
    estimates, variances = np.transpose(found)
    assert estimates.mean() == pytest.approx(truth.mean())
    assert variances.mean() > estimates.var()


def test_single_frame_of_its_own_stratum_is_known():
    """A stratum of one labelled frame adds its seconds and no doubt."""
    predicted, truth = np.array([0.5, 0.9, 0.2, 0.6, 0.4]), np.array([1, 1, 0, 0, 1])
    rows, strata = np.array([0, 1, 3]), np.array([0, 1, 1, 1, 1])
    estimate, variance, freedom = estimated(predicted, rows, truth[rows], strata=strata, tuning=0.0)
    assert estimate == pytest.approx(1 / 5 + 4 / 5 * 0.5)
    assert variance == pytest.approx((4 / 5) ** 2 * (1 - 2 / 4) * 0.5 / 2)
    assert freedom == 1


def test_durations_weigh():
    predicted, durations = np.array([0.5, 0.5, 0.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0])
    rows, labels = np.array([1, 3]), np.array([0, 1])
    alone, _, _ = estimated(predicted, rows, labels, weights=durations, tuning=0.0)
    assert alone == pytest.approx(4 / 6)
    both, _, _ = estimated(predicted, rows, labels, weights=durations, tuning=1.0)
    assert both == pytest.approx(5.5 / 10 - 1 / 6)


def test_unequal_inclusion_probabilities():
    predicted, rows, labels = np.zeros(4), np.array([0, 1, 2]), np.array([1, 0, 0])
    estimate, variance, freedom = estimated(
        predicted, rows, labels, inclusion=[0.25, 0.5, 1.0], tuning=0.0
    )
    # Frames stand for 4, 2 and 1 of 7; the last was sure to be drawn.
    assert estimate == pytest.approx(4 / 7)
    parts = np.array([4, 2]) / 7 * (np.array([1, 0]) - 4 / 7)
    doubt = np.array([0.75, 0.5])
    off = parts - doubt @ parts / doubt.sum()
    assert variance == pytest.approx(2 * doubt @ off**2)
    assert freedom == 1


def test_equal_inclusion_probabilities_change_nothing(video):
    predicted, rows, truth = video
    given = prediction_powered_mean(predicted, rows, truth[rows], inclusion=np.full(60, 60 / 300))
    np.testing.assert_allclose(given, prediction_powered_mean(predicted, rows, truth[rows]))


def test_characters_one_by_one_or_together(video):
    predicted, rows, truth = video
    both = prediction_powered_mean(predicted, rows, truth[rows])
    second = prediction_powered_mean(predicted[:, 1], rows, truth[rows, 1])
    for together, alone in zip(both, second, strict=True):
        assert together[1] == pytest.approx(alone[0])


def test_a_video_labelled_whole_has_no_interval(video):
    predicted, _, truth = video
    for strata in (None, np.arange(300) // 60):
        share = prediction_powered_mean(predicted, np.arange(300), truth, strata=strata)
        for value in share:
            np.testing.assert_allclose(value, truth.mean(axis=0))


def test_limits_respect_what_is_known():
    """Of ten frames nine are labelled: only one frame's second is open."""
    truth = np.array([1, 1, 1, 0, 0, 0, 1, 1, 0])
    share = prediction_powered_mean(np.linspace(0, 1, 10), np.arange(9), truth)
    assert 0.5 <= share.low[0] <= share.estimate[0] <= share.high[0] <= 0.6


def test_never_seen_is_not_never_there():
    """None of 60 gets Wilson's limits, whatever was predicted."""
    rows = np.arange(0, 60_000_000, 1_000_000)
    predicted = np.zeros(60_000_000 // 1000)
    share = prediction_powered_mean(predicted, rows // 1000, np.zeros(60, int), tuning=0.0)
    z = stats.t.ppf(0.95, 59)
    assert share.estimate == share.low == [0]
    assert share.high == pytest.approx([z**2 / (60 + z**2)], rel=0.04)
    everywhere = prediction_powered_mean(1 - predicted, rows // 1000, np.ones(60, int))
    assert everywhere.high == [1]
    assert everywhere.low == pytest.approx(1 - share.high, rel=1e-3)


def test_one_label_says_little():
    share = prediction_powered_mean(np.full(100, 0.5), np.array([7]), np.array([1]))
    assert share.low[0] < 0.3
    assert share.high == [1]


def test_own_weight_in_each_stratum(video):
    """Predictions that mislead in one half of the video count in the other."""
    predicted, rows, truth = video
    half = (np.arange(300) >= 150).astype(int)
    predicted = np.where(half == 1, 1 - predicted[:, 0], predicted[:, 0])
    labels = truth[rows, 0]
    estimate, variance, freedom = estimated(predicted, rows, labels, strata=half, tuning="stratum")
    first, second = (half[rows] == 0), (half[rows] == 1)
    slope, level = np.polyfit(predicted[rows][first], labels[first], 1)
    straight = level + slope * predicted[half == 0].mean()
    assert estimate == pytest.approx((straight + labels[second].mean()) / 2)
    assert variance < estimated(predicted, rows, labels, strata=half)[1]
    assert freedom == 56


def test_cross_fitted_labels_train_the_model():
    """Unbiased and covering when each labelled frame is predicted from the other folds."""
    rng = np.random.default_rng(1)
    features = rng.normal(size=(400, 5))
    truth = (features[:, 0] + rng.normal(0, 0.7, 400) > 0.5).astype(int)
    design = np.column_stack([np.ones(400), features])
    errors, covered = [], 0
    for _ in range(300):
        rows = rng.choice(400, 60, replace=False)
        fold = rng.permutation(60) % 5
        models = np.column_stack(
            [
                np.linalg.lstsq(design[rows[fold != k]], truth[rows[fold != k]], rcond=None)[0]
                for k in range(5)
            ]
        )
        predicted = (design @ models).mean(axis=1)
        predicted[rows] = (design[rows] @ models)[np.arange(60), fold]
        share = prediction_powered_mean(predicted, rows, truth[rows])
        errors.append(share.estimate[0] - truth.mean())
        covered += share.low[0] <= truth.mean() <= share.high[0]
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(300)
    assert 0.86 <= covered / 300 <= 0.94


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"labelled_rows": [], "labels": []}, "No labelled frames"),
        ({"labelled_rows": [0, 5]}, "from 0 to 4"),
        ({"labelled_rows": [-1, 2]}, "from 0 to 4"),
        ({"labelled_rows": [True, False]}, "from 0 to 4"),
        ({"labelled_rows": [1, 1]}, "comes twice"),
        ({"labels": [0, 2]}, "0 or 1"),
        ({"labels": [0, np.nan]}, "0 or 1"),
        ({"labels": [0, 1, 1]}, "shape"),
        ({"predicted": [0.1, np.nan, 0, 1, 0]}, "finite"),
        ({"weights": [1, 1, 0, 1, 1]}, "positive durations"),
        ({"inclusion": [0.0, 0.5]}, r"\(0, 1\]"),
        ({"inclusion": [0.5, 1.5]}, r"\(0, 1\]"),
        ({"inclusion": [0.5]}, "2 numbers"),
        ({"strata": list("aabbc")}, "stratum 'c'"),
        ({"strata": list("aab")}, "5 values"),
        ({"tuning": "best"}, "tuning"),
    ],
)
def test_refuses(changed, message):
    given = {"predicted": [0.1, 0.9, 0.2, 0.8, 0.5], "labelled_rows": [0, 3], "labels": [0, 1]}
    with pytest.raises(ValueError, match=message):
        prediction_powered_mean(**(given | changed))
