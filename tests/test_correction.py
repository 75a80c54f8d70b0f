import numpy as np
import pytest

from sktime_screen.screentime._correction import (
    Correction,
    adjust_shares,
    estimate_class_rates,
    estimate_shares_by_em,
    fit_calibration,
    shift_prior,
)
from sktime_screen.screentime._decision import choose_most_probable, fill_shares


def two(present):
    present = np.asarray(present, dtype=np.float64)
    return np.stack([1 - present, present], axis=1)


def indicators(codes, n_classes):
    return np.asarray(codes)[:, None] == np.arange(n_classes)


def test_rates_are_column_means_by_true_class():
    given = np.array([[0.8, 0.2], [0.6, 0.4], [0.1, 0.9]])
    rates = estimate_class_rates(given, indicators([0, 0, 1], 2))
    np.testing.assert_allclose(rates, [[0.7, 0.1], [0.3, 0.9]])


def test_a_class_without_calibration_frames_is_taken_as_predicted():
    rates = estimate_class_rates(np.array([[0.8, 0.2], [0.6, 0.4]]), indicators([0, 0], 2))
    np.testing.assert_allclose(rates[:, 1], [0, 1])


def test_adjusted_count_of_two_classes_by_hand():
    # 80 % of Tom's frames and 10 % of the others are taken for him: 0.31 seen, (0.31-0.1)/0.7 true.
    rates = np.array([[0.9, 0.2], [0.1, 0.8]])
    np.testing.assert_allclose(adjust_shares(rates, np.array([0.69, 0.31])), [0.7, 0.3])


@pytest.mark.parametrize(("seen", "share"), [(0.05, 0.0), (0.95, 1.0)])
def test_adjusted_shares_stay_between_0_and_1(seen, share):
    rates = np.array([[0.9, 0.2], [0.1, 0.8]])
    assert adjust_shares(rates, np.array([1 - seen, seen]))[1] == share


def test_adjusted_count_of_three_classes_inverts_the_confusion_matrix():
    rates = np.array([[0.7, 0.1, 0.2], [0.2, 0.8, 0.1], [0.1, 0.1, 0.7]])
    shares = np.array([0.5, 0.2, 0.3])
    np.testing.assert_allclose(adjust_shares(rates, rates @ shares), shares, atol=1e-5)


def test_adjusted_shares_of_three_classes_outside_the_simplex_are_the_nearest():
    rates = np.array([[0.7, 0.1, 0.2], [0.2, 0.8, 0.1], [0.1, 0.1, 0.7]])
    observed = np.array([0.05, 0.9, 0.05])
    found = adjust_shares(rates, observed)
    grid = np.random.default_rng(0).dirichlet(np.full(3, 0.3), 20000)
    misses = np.sum((grid @ rates.T - observed) ** 2, axis=1)
    assert np.sum((rates @ found - observed) ** 2) <= misses.min() + 1e-9
    assert found.sum() == pytest.approx(1)
    assert found.min() >= 0


def test_a_classifier_that_knows_nothing_is_not_corrected():
    rates = np.full((2, 2), 0.5)
    np.testing.assert_array_equal(adjust_shares(rates, np.array([0.4, 0.6])), [0.4, 0.6])


def test_shifted_probabilities_follow_bayes():
    # Odds 1:1 become 1:3 where the second class is three times as frequent.
    np.testing.assert_allclose(
        shift_prior(two([0.5]), np.array([0.25, 0.75]), np.array([0.5, 0.5])), [[0.25, 0.75]]
    )


def test_em_finds_the_shares_of_a_video():
    """Two kinds of frames, one twice as usual with Tom as without; a closed form exists."""
    # P(kind 1 | tom) = 2/3, P(kind 1 | not) = 1/3, equal shares: posteriors 2/3 and 1/3.
    share = 0.8
    seen = share * 2 / 3 + (1 - share) / 3
    probabilities, parts = two([2 / 3, 1 / 3]), np.array([seen, 1 - seen])
    found = estimate_shares_by_em(probabilities, parts, np.array([0.5, 0.5]))
    np.testing.assert_allclose(found, [0.2, 0.8], atol=1e-6)


def test_em_leaves_shares_that_are_right():
    probabilities = two([0.9, 0.1, 0.6, 0.4])
    parts = np.full(4, 0.25)
    np.testing.assert_allclose(
        estimate_shares_by_em(probabilities, parts, np.array([0.5, 0.5])), [0.5, 0.5]
    )


def test_calibration_undoes_class_weights():
    """Odds were trained as if both classes were equally frequent; one frame in five is Tom's."""
    rng = np.random.default_rng(0)
    truth = rng.random(20000) < 0.2
    feature = rng.normal(truth * 1.5)
    odds = feature * 1.5 - 1.5**2 / 2
    balanced = 1 / (1 + np.exp(-odds))
    slope, offsets = fit_calibration(two(balanced), indicators(truth.astype(int), 2))
    assert slope == pytest.approx(1, abs=0.05)
    assert offsets[1] - offsets[0] == pytest.approx(np.log(0.2 / 0.8), abs=0.08)


def test_calibration_with_no_evidence_changes_nothing():
    slope, offsets = fit_calibration(two([0.5, 0.5]), indicators([0, 1], 2))
    assert slope == pytest.approx(1)
    np.testing.assert_allclose(offsets, 0, atol=1e-6)


def simulated(share, n_frames, seed):
    """Probabilities of a weak classifier trained on equal shares, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n_frames) < share
    odds = rng.normal(truth * 2.0) * 2 - 2
    return two(1 / (1 + np.exp(-odds))), indicators(truth.astype(int), 2)


@pytest.mark.parametrize("kind", ["acc", "pacc", "em"])
def test_corrections_find_shares_that_counting_misses(kind):
    given, truth = simulated(0.5, 4000, seed=0)
    chosen = indicators(choose_most_probable(given, 0.5), 2)
    correction = Correction(kind, given, chosen, truth, np.arange(4000))
    video, true = simulated(0.1, 4000, seed=1)
    counted = indicators(choose_most_probable(video, 0.5), 2)
    shares, corrected = correction.shares(video, counted, np.ones(4000))
    right = true[:, 1].mean()
    assert abs(counted[:, 1].mean() - right) > 0.1
    assert shares[1] == pytest.approx(right, abs=0.02)
    assert corrected[:, 1].mean() == pytest.approx(right, abs=0.02)


def test_calibrated_shares_are_weighted_by_duration():
    given, truth = simulated(0.5, 4000, seed=0)
    correction = Correction("calibrated", given, given > 0.5, truth, np.arange(4000))
    video = two([0.9, 0.1])
    assert correction.weights == pytest.approx([1, 1], abs=1e-3)
    expected = video + correction.weights * (correction.calibrated(video) - video)
    shares, corrected = correction.shares(video, video > 0.5, np.array([3.0, 1.0]))
    np.testing.assert_allclose(shares, (3 * expected[0] + expected[1]) / 4)
    np.testing.assert_allclose(corrected, expected)


def test_averaged_shares_lie_half_way_between_counted_and_calibrated():
    given, truth = simulated(0.5, 4000, seed=0)
    correction = Correction("averaged", given, given > 0.5, truth, np.arange(4000))
    video = two([0.9, 0.2, 0.3])
    weights = np.array([2.0, 1.0, 1.0])
    shares, corrected = correction.shares(video, video > 0.5, weights)
    calibrated = weights @ correction.calibrated(video) / 4
    np.testing.assert_allclose(shares, (calibrated + [0.5, 0.5]) / 2, atol=1e-3)
    np.testing.assert_allclose(corrected, correction.calibrated(video), atol=1e-3)


KINDS = ["calibrated", "averaged", "acc", "pacc", "em"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("blocks", ["one block", "flat", "falling", "nobody", "one scene"])
def test_without_evidence_a_share_is_the_mean_probability(kind, blocks):
    """And not the same for every video."""
    given, truth = simulated(0.5, 60, seed=0)
    block_of_frame = np.arange(60) // 3
    if blocks == "one block":
        block_of_frame[:] = 0
    elif blocks == "flat":
        given = two(np.full(60, 0.3, np.float32))
    elif blocks == "falling":
        given = given[:, ::-1]
    elif blocks == "nobody":
        truth = indicators(np.zeros(60, int), 2)
    else:
        truth = indicators(np.arange(60) < 3, 2)
        given = two(np.where(truth[:, 1], 0.9, 0.1))
    correction = Correction(kind, given, given > 0.5, truth, block_of_frame)
    for values in ([0.9, 0.4], [0.2, 0.1]):
        video = two(values)
        shares, corrected = correction.shares(video, video > 0.5, np.array([3.0, 1.0]))
        limit = 0.12 if blocks == "one scene" else 1e-12
        np.testing.assert_allclose(shares, np.array([3.0, 1.0]) @ video / 4, atol=limit)
        np.testing.assert_allclose(corrected, video, atol=limit)


@pytest.mark.parametrize("kind", KINDS)
def test_a_correction_is_followed_as_far_as_there_is_evidence(kind):
    """Blocks that say the same, one by one: n of them leave 1 - 1 / n of it."""
    given = two(np.array([0.2, 0.6]))
    truth = indicators([0, 1], 2)
    video = two([0.7, 0.1])
    shares = []
    for n_blocks in (1, 2, 4, 40):
        rows = [np.tile(values, (40, 1)) for values in (given, given > 0.5, truth)]
        blocks = np.repeat(np.arange(40) % n_blocks, 2)
        correction = Correction(kind, *rows, blocks)
        assert correction.weights == pytest.approx([1 - 1 / n_blocks] * 2)
        assert correction.weights_of_chosen == pytest.approx([1 - 1 / n_blocks] * 2)
        shares.append(correction.shares(video, video > 0.5, np.ones(2))[0][1])
    # On the line from the mean probability, in steps of the evidence.
    none, half, most, all_but = shares
    assert none == pytest.approx(0.4)
    assert half - none == pytest.approx((most - none) / 1.5)
    assert half - none == pytest.approx((all_but - none) / 1.95)


def test_of_three_classes_each_has_its_own_evidence():
    """Tom is told from the others; which of two mice it is, nothing tells."""
    rng = np.random.default_rng(0)
    codes = rng.choice(3, 300, p=[0.4, 0.3, 0.3])
    tom = np.clip(np.where(codes == 0, 0.9, 0.1) + rng.normal(0, 0.05, 300), 0.01, 0.99)
    mouse = rng.uniform(0.2, 0.8, 300)
    given = np.stack([tom, (1 - tom) * mouse, (1 - tom) * (1 - mouse)], axis=1)
    correction = Correction("calibrated", given, given > 0.5, indicators(codes, 3), np.arange(300))
    tom, *mice = correction.weights
    assert tom > 0.98
    # Known is that it is not Tom: 0.4 of the 0.7 that a mouse could be else.
    assert mice == pytest.approx([0.4 / 0.7] * 2, abs=0.1)
    video = np.array([[0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    shares, corrected = correction.shares(video, video > 0.5, np.array([3.0, 1.0]))
    np.testing.assert_allclose(corrected.sum(axis=1), 1)
    np.testing.assert_allclose(shares, [3, 1] @ corrected / 4)
    assert shares[0] == pytest.approx(correction.calibrated(video)[:, 0].mean(), abs=0.02)


def argmax(scores):
    return scores.argmax(axis=1)


def test_the_surest_frames_fill_a_share():
    scores = np.log(two([0.1, 0.4, 0.3, 0.2]))
    codes = fill_shares(scores, np.array([0.5, 0.5]), np.ones(4), argmax)
    assert codes.tolist() == [0, 1, 1, 0]


def test_shares_of_unequal_durations():
    scores = np.log(two([0.1, 0.4, 0.3, 0.2]))
    weights = np.array([1, 3, 1, 5])
    codes = fill_shares(scores, np.array([0.6, 0.4]), weights, argmax)
    assert weights[codes == 1].sum() == 4


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_or_nothing(share):
    scores = np.log(two([0.1, 0.4, 0.9]))
    codes = fill_shares(scores, np.array([1 - share, share]), np.ones(3), argmax)
    assert codes.tolist() == [int(share)] * 3


def test_three_classes_fill_their_shares():
    rng = np.random.default_rng(0)
    scores = np.log(rng.dirichlet(np.ones(3), 300))
    wanted = np.array([0.2, 0.5, 0.3])
    codes = fill_shares(scores, wanted, np.ones(300), argmax)
    np.testing.assert_allclose(np.bincount(codes) / 300, wanted, atol=0.007)


def test_quantifiers_equal_those_of_quapy():
    """Recorded from QuaPy 0.2.3: ``ACC``, ``PACC`` (solver "minimize") and ``EMQ.EM``."""
    rng = np.random.default_rng(0)
    codes = np.arange(60) % 3
    truth = indicators(codes, 3)
    given = rng.dirichlet(np.ones(3), 60) * 0.5 + 0.5 * truth
    video = rng.dirichlet([1, 2, 0.5], 40)
    hard = estimate_class_rates(indicators(given.argmax(axis=1), 3), truth)
    counted = np.bincount(video.argmax(axis=1), minlength=3) / 40
    np.testing.assert_allclose(
        adjust_shares(hard, counted), [0.375000, 0.525000, 0.100000], atol=2e-4
    )
    soft = estimate_class_rates(given, truth)
    np.testing.assert_allclose(
        adjust_shares(soft, video.mean(axis=0)), [0.340857, 0.659143, 0.000000], atol=2e-4
    )
    found = estimate_shares_by_em(video, np.full(40, 1 / 40), np.full(3, 1 / 3))
    np.testing.assert_allclose(found, [0.146897, 0.853103, 0.000000], atol=1e-5)
