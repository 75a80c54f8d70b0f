import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, logit, softmax
from sklearn.linear_model import LogisticRegression

from sktime_screen import KerasDenseClassifier, LabelSpreadingClassifier
from sktime_screen.classify._boundary import find_boundaries, move_boundaries


def groups(low, high, share, n=500, seed=0):
    """Log-odds of frames, a share of them around ``high``, the others around ``low``."""
    generator = np.random.default_rng(seed)
    shown = np.arange(n) < share * n
    return np.where(shown, high, low) + generator.normal(0, 0.7, n), shown


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("off", [-2.0, -1.0, 0.0, 1.5])
def test_boundary_is_between_two_groups(off, share):
    log_odds, shown = groups(off - 2.5, off + 2.5, share)
    (boundary,) = find_boundaries(log_odds[:, None], np.ones(len(log_odds)))
    # The supposed means draw it to 0, but not out of the gap.
    assert abs(boundary - off) < 1.2
    assert np.mean((log_odds > boundary) == shown) > 0.99
    # The same the other way round.
    (mirrored,) = find_boundaries(-log_odds[:, None], np.ones(len(log_odds)))
    assert_allclose(mirrored, -boundary, atol=0.02)


@pytest.mark.parametrize("share", [0.0, 0.02])
@pytest.mark.parametrize("level", [-4.0, -2.5])
@pytest.mark.parametrize("n", [5, 100, 2000])
def test_whoever_is_hardly_there_is_not_found_because_of_it(level, share, n):
    log_odds, shown = groups(level, 3.0, share, n)
    moved = move_boundaries(log_odds[:, None], np.ones(n), softmax=False)[:, 0]
    assert abs(np.mean(moved > 0) - shown.mean()) <= 0.01


def test_a_character_always_there_stays():
    log_odds, _ = groups(2.5, 2.5, 1)
    assert np.mean(move_boundaries(log_odds[:, None], np.ones(500), softmax=False) > 0) > 0.99


def test_frames_count_as_long_as_they_last():
    log_odds, _ = groups(-3.0, 1.0, 0.4, 200)
    seconds = np.where(np.arange(200) % 2, 2.0, 1.0)
    several = np.repeat(log_odds, seconds.astype(int))
    assert_allclose(
        find_boundaries(log_odds[:, None], seconds),
        find_boundaries(several[:, None], np.ones(len(several))),
        atol=0.02,
    )
    # Of five seconds hardly anything is known.
    assert abs(find_boundaries(log_odds[::20, None], np.full(10, 0.5))[0]) < 0.3


def test_identical_frames_have_no_groups():
    for value in (-6.0, 0.0, 1.0):
        assert_allclose(find_boundaries(np.full((50, 1), value), np.ones(50)), 0, atol=1e-9)


def test_two_exclusive_classes_are_moved_as_a_column_is():
    log_odds, _ = groups(-3.5, 1.0, 0.4)
    seconds = np.ones(500)
    two = np.log(np.column_stack([expit(-log_odds), expit(log_odds)]))
    moved = move_boundaries(two, seconds, softmax=True)
    expected = move_boundaries(log_odds[:, None], seconds, softmax=False)[:, 0]
    assert_allclose(moved[:, 1] - moved[:, 0], expected, atol=0.01)


def test_a_class_that_is_seen_weakly_is_found_among_others():
    generator = np.random.default_rng(0)
    shown = np.repeat([0, 1, 2], [200, 150, 150])
    scores = 4.0 * np.eye(3)[shown] + generator.normal(0, 0.5, (500, 3)) - [0, 0, 2.5]
    logits = np.log(softmax(scores, axis=1))
    assert np.mean(logits.argmax(axis=1) == shown) < 0.99
    moved = move_boundaries(logits, np.ones(500), softmax=True)
    assert np.mean(moved.argmax(axis=1) == shown) > 0.995


class Given(LogisticRegression):
    """Answers with what the features are: probabilities of tom and jerry."""

    def fit(self, X, y):
        self.classes_ = np.arange(y.shape[1])
        return self

    def predict_proba(self, X):
        return np.asarray(X, dtype=np.float64)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def table(video, log_odds):
    index = pd.MultiIndex.from_arrays(
        [[video] * len(log_odds), np.arange(float(len(log_odds))), np.ones(len(log_odds))],
        names=["video", "time", "duration"],
    )
    return pd.DataFrame(expit(log_odds), index=index, columns=["tom", "jerry"])


def test_boundaries_are_those_of_videos_without_labels():
    tom, is_tom = groups(-4.0, 0.7, 0.4)
    jerry, _ = groups(-1.0, 4.0, 0.4, seed=1)
    log_odds = np.column_stack([tom, jerry])
    old, new = table("old.mp4", log_odds), table("new.mp4", log_odds)
    y = pd.DataFrame({"tom": [0, 1, 0, 1], "jerry": [0, 1, 1, 0]})
    still = LabelSpreadingClassifier(Given(), strength=0).fit(old.iloc[:4], y)
    moving = LabelSpreadingClassifier(Given(), strength=0, move_boundary=True).fit(old.iloc[:4], y)
    assert_allclose(moving.transform(old), still.transform(old))
    found = moving.transform(new)
    boundaries = find_boundaries(np.clip(log_odds, -6, 6), np.ones(500))
    assert boundaries[0] < -1
    assert boundaries[1] > 0.5
    # Nothing is surer than 6.
    expected = np.clip(log_odds, -6, 6) - boundaries
    assert_allclose(logit(found.to_numpy(np.float64)), expected, atol=1e-3)
    assert np.mean((found["tom"] > 0.5) == is_tom) > 0.99
    # Each video by itself, in any order.
    both = moving.transform(pd.concat([new, old]).sample(frac=1, random_state=0))
    assert_allclose(both.loc[new.index], found, atol=1e-5)


def test_columns_without_labels_are_moved():
    log_odds = np.column_stack([groups(-4.0, 0.7, 0.4)[0], groups(-1.0, 4.0, 0.4, seed=1)[0]])
    old, new = table("old.mp4", log_odds), table("new.mp4", log_odds)
    X = pd.concat([old.iloc[200:202], new.iloc[200:202]])
    y = pd.DataFrame({"tom": [0, 1, 0, 1], "jerry": [np.nan, np.nan, 0, 1]})
    head = KerasDenseClassifier((), standardize=False, random_state=0)
    spreading = LabelSpreadingClassifier(head, move_boundary=True).fit(X, y)
    moved = spreading.transform(old)
    still = spreading.set_params(move_boundary=False).transform(old)
    assert_array_equal(moved["tom"], still["tom"])
    expected = find_boundaries(logit(still[["jerry"]].to_numpy(np.float64)), np.ones(500))
    assert abs(expected[0]) > 0.01
    difference = logit(still["jerry"].astype(float)) - logit(moved["jerry"].astype(float))
    assert_allclose(difference, expected[0], atol=1e-3)
