from functools import partial

import numpy as np
import pandas as pd
import pytest
from conftest import index_of
from sklearn import config_context
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import jaccard_score
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline

from sktime_screen import (
    KerasDenseClassifier,
    MultilabelStratifiedGroupKFold,
    ScreenTimeAggregator,
    neg_screen_time_error_scorer,
    screen_time_error,
    temporal_iou,
    temporal_iou_scorer,
)


@pytest.fixture
def two_videos():
    """Video a of 10 s, unsorted, with a gap and a frame twice; video b of 4 s between its rows."""
    return index_of(
        [
            ("a", 5.0, 4.0),
            ("b", 0.0, 1.0),
            ("a", 0.0, 2.0),
            ("a", 20.0, 3.0),
            ("b", 1.0, 3.0),
            ("a", 5.0, 4.0),
            ("a", 2.0, 1.0),
        ]
    )


TRUE = ["tom", "tom", "jerry", "none", "jerry", "tom", "tom"]
PREDICTED = ["tom", "jerry", "tom", "tom", "jerry", "jerry", "none"]
# Seconds, true and predicted (the second row of the frame at 5 s does not count):
#   a: tom 5 / 9, jerry 2 / 0; b: tom 1 / 0, jerry 3 / 4


def test_error_by_character_over_videos(two_videos):
    errors = screen_time_error(TRUE, PREDICTED, two_videos, average=None, background="none")
    assert errors.to_dict() == {"jerry": (2 + 1) / 2, "tom": (4 + 1) / 2}
    assert screen_time_error(TRUE, PREDICTED, two_videos, background="none") == 2.0


def test_error_in_shares_of_each_video(two_videos):
    errors = screen_time_error(
        TRUE, PREDICTED, two_videos, unit="share", average=None, background="none"
    )
    assert errors["tom"] == pytest.approx((4 / 10 + 1 / 4) / 2)
    assert errors["jerry"] == pytest.approx((2 / 10 + 1 / 4) / 2)


def test_background_is_a_class_unless_named(two_videos):
    errors = screen_time_error(TRUE, PREDICTED, two_videos, average=None)
    assert list(errors.index) == ["jerry", "none", "tom"]
    assert errors["none"] == (abs(3 - 1) + 0) / 2


def test_error_of_tables(two_videos):
    true = pd.DataFrame({"tom": [1, 1, 0, 0, 1, 1, 1], "jerry": [1, 0, 1, 0, 0, 1, 0]})
    predicted = pd.DataFrame({"jerry": [0, 0, 1, 0, 0, 1, 0], "tom": [1, 0, 0, 0, 1, 1, 1]})
    errors = screen_time_error(true, predicted, two_videos, average=None)
    assert errors.to_dict() == {"tom": 0.5, "jerry": 2.0}
    as_array = predicted[["tom", "jerry"]].to_numpy()
    assert screen_time_error(true, as_array, two_videos, average=None).equals(errors)
    assert screen_time_error(true.to_numpy(), as_array, two_videos) == 1.25


def test_error_of_seconds_measured_elsewhere(two_videos):
    seconds = pd.DataFrame(
        {"tom": [0.0, 9.0], "jerry": [4.0, 0.0]}, index=pd.Index(["b", "a"], name="video")
    )
    by_frame = screen_time_error(TRUE, PREDICTED, two_videos, average=None, background="none")
    measured = screen_time_error(TRUE, seconds, two_videos, average=None, background="none")
    assert measured.to_dict() == by_frame.to_dict()
    with pytest.raises(ValueError, match="no row for the video 'b'"):
        screen_time_error(TRUE, seconds.loc[["a"]], two_videos)


def test_frame_tables_features_and_durations_mean_the_same():
    table = pd.DataFrame({"video": "a", "time": [0, 1, 3], "duration": [1, 2, 0.5]})
    features = pd.DataFrame(np.zeros((3, 1)), index=pd.MultiIndex.from_frame(table))
    y_true, y_pred = [1, 1, 0], [1, 0, 0]
    for frames in (table, features, features.index, [1, 2, 0.5], table["duration"]):
        assert screen_time_error(y_true, y_pred, frames, background=0) == 2
        assert temporal_iou(y_true, y_pred, frames, background=0) == pytest.approx(1 / 3)
    # Durations alone cannot tell that a frame comes twice.
    assert screen_time_error([1, 1], [0, 0], [1, 1], background=0) == 2


def test_overlap_by_character(two_videos):
    overlap = temporal_iou(TRUE, PREDICTED, two_videos, average=None, background="none")
    # tom: both in 4 s, either in 4 + 1 + 2 + 3 + 1; jerry: both in 3 s, either in 1 + 2 + 3.
    assert overlap.to_dict() == {"jerry": 3 / 6, "tom": 4 / 11}
    assert temporal_iou(TRUE, PREDICTED, two_videos, background="none") == (0.5 + 4 / 11) / 2


def test_overlap_is_the_weighted_jaccard_score():
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 2, (2, 40, 3))
    durations = rng.uniform(0.1, 3, 40)
    expected = jaccard_score(true, predicted, average=None, sample_weight=durations)
    found = temporal_iou(true, predicted, durations, average=None)
    np.testing.assert_allclose(found, expected)


def test_overlap_of_a_character_that_never_comes():
    true = pd.DataFrame({"tom": [1, 0], "jerry": [0, 0]})
    predicted = pd.DataFrame({"tom": [1, 1], "jerry": [0, 0]})
    assert temporal_iou(true, predicted, [1, 1]) == (0.5 + 1) / 2
    assert temporal_iou(true, predicted, [1, 1], zero_division=0.0) == 0.25
    assert temporal_iou(true, predicted, [1, 1], zero_division=np.nan) == 0.5


def test_nobody_at_all():
    assert screen_time_error(["none"], ["none"], [1], background="none") == 0
    assert temporal_iou(["none"], ["none"], [1], background="none") == 1


def test_one_frame():
    assert screen_time_error(["tom"], ["jerry"], [0.25]) == 0.25
    assert temporal_iou(["tom"], ["jerry"], [0.25]) == 0


@pytest.mark.parametrize("metric", [screen_time_error, temporal_iou])
def test_refuses_what_does_not_fit(metric):
    with pytest.raises(ValueError, match="2 frames"):
        metric(["tom", "jerry"], ["tom", "jerry"], [1.0])
    with pytest.raises(ValueError, match=r"are \['cat'\], expected \['tom'\]"):
        metric(pd.DataFrame({"tom": [1]}), pd.DataFrame({"cat": [1]}), [1.0])
    with pytest.raises(ValueError, match="y_true holds 2 for 1 in row 0"):
        metric(np.array([[1, 2]]), np.array([[1, 0]]), [1.0])
    with pytest.raises(ValueError, match="has no times"):
        metric(["tom"], ["tom"], 3.0)


@pytest.fixture
def labelled():
    """Three videos of 40, 20 and 20 frames with features that tell cat and mouse."""
    rng = np.random.default_rng(0)
    index = [(f, t * d, d) for f, n, d in [("a", 40, 1.0), ("b", 20, 0.5), ("c", 20, 2.0)]
             for t in range(n)]  # fmt: skip
    y = pd.DataFrame(rng.integers(0, 2, (80, 2)), columns=["cat", "mouse"])
    X = pd.DataFrame(
        y.to_numpy() + rng.normal(0, 0.6, (80, 2)),
        index=index_of(index),
        columns=["f0", "f1"],
    )
    return X, y, X.index.get_level_values("video")


def head():
    return KerasDenseClassifier((4,), epochs=30, learning_rate=0.05, random_state=0)


@pytest.mark.parametrize("one_class", [True, False])
def test_scorers_in_cross_validation(labelled, one_class):
    X, y, videos = labelled
    if one_class:
        y = pd.Series(np.select([y["cat"] == 1, y["mouse"] == 1], ["cat", "mouse"], "none"))
    pipeline = make_pipeline(head(), ScreenTimeAggregator(background="none" if one_class else None))
    scoring = {
        "error": neg_screen_time_error_scorer,
        "share": partial(neg_screen_time_error_scorer, unit="share"),
        "overlap": temporal_iou_scorer,
    }
    cv = [(np.flatnonzero(videos != video), np.flatnonzero(videos == video)) for video in "abc"]
    scores = cross_validate(pipeline, X, y, scoring=scoring, cv=cv, return_estimator=True)
    for fold, (_, test) in enumerate(cv):
        fitted = scores["estimator"][fold]
        predicted = fitted.predict(X.iloc[test])
        assert set(np.unique(predicted)) <= ({"cat", "mouse", "none"} if one_class else {0, 1})
        fold_y, fold_X = y.iloc[test], X.iloc[test]
        if not one_class:
            predicted = pd.DataFrame(predicted, columns=["cat", "mouse"])
        error = screen_time_error(fold_y, predicted, fold_X, background="none")
        overlap = temporal_iou(fold_y, predicted, fold_X, background="none")
        assert scores["test_error"][fold] == pytest.approx(-error)
        assert scores["test_share"][fold] == pytest.approx(-error / [40, 10, 40][fold])
        assert scores["test_overlap"][fold] == pytest.approx(overlap)
    assert scores["test_error"].min() < 0


def test_search_takes_the_smallest_error(labelled):
    X, y, _ = labelled
    y = pd.Series(np.where(y["cat"] == 1, "cat", "none"))
    search = GridSearchCV(
        make_pipeline(head(), ScreenTimeAggregator(background="none")),
        {"screentimeaggregator__threshold": [0.0, 0.5, 1.0]},
        scoring=neg_screen_time_error_scorer,
        cv=KFold(4),
    ).fit(X, y)
    assert search.best_params_ == {"screentimeaggregator__threshold": 0.5}
    assert neg_screen_time_error_scorer(search, X, y) <= 0


@pytest.mark.parametrize("scoring", [None, neg_screen_time_error_scorer, temporal_iou_scorer])
def test_search_with_a_fold_in_which_somebody_is_always_seen(labelled, scoring):
    X, y, _ = labelled
    y = np.where(y["cat"] == 1, "cat", "mouse")
    y[: len(y) // 4] = "none"
    search = GridSearchCV(
        make_pipeline(head(), ScreenTimeAggregator(background="none")),
        {"screentimeaggregator__threshold": [0.5, 0.9]},
        scoring=scoring,
        cv=KFold(4),
        error_score="raise",
    )
    with pytest.warns(UserWarning, match="Right in a fold without empty frames"):
        search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.classes_.tolist() == ["cat", "mouse", "none"]


def test_scorers_of_classifiers_without_an_aggregator(labelled):
    X, y, _ = labelled
    classes = np.where(y["cat"] == 1, "cat", "none")
    always = DummyClassifier(strategy="constant", constant="cat").fit(X, classes)
    durations = X.index.get_level_values("duration").to_numpy()
    there = np.bincount(X.index.codes[0], durations * y["cat"])
    error = np.mean([40, 10, 40] - there)
    assert neg_screen_time_error_scorer(always, X, classes, background="none") == pytest.approx(
        -error
    )
    overlap = there.sum() / durations.sum()
    assert temporal_iou_scorer(always, X, classes, background="none") == pytest.approx(overlap)
    forest = MultiOutputClassifier(LogisticRegression()).fit(X, y)
    expected = -screen_time_error(y, forest.predict(X), X)
    assert neg_screen_time_error_scorer(forest, X, y) == pytest.approx(expected)


def test_classes_that_a_fold_lacks_count_in_the_scores(labelled):
    X, y, videos = labelled
    classes = np.where(y["cat"] == 1, "cat", "mouse")
    always = DummyClassifier(strategy="constant", constant="cat").fit(X, classes)
    fold = X[videos == "a"]
    # All cat, and cat is found: the mouse, known and not there, is right as well.
    assert neg_screen_time_error_scorer(always, fold.iloc[:4], ["cat"] * 4) == 0
    assert temporal_iou_scorer(always, fold.iloc[:4], ["none"] * 4) == pytest.approx(1 / 3)


@pytest.mark.parametrize("routing", [False, True])
def test_scorers_beside_splits_by_group(labelled, routing):
    X, y, videos = labelled
    scoring = {"error": neg_screen_time_error_scorer, "overlap": temporal_iou_scorer}
    splitter = MultilabelStratifiedGroupKFold(3)
    forest = MultiOutputClassifier(LogisticRegression())
    with config_context(enable_metadata_routing=routing):
        groups = {"params": {"groups": videos}} if routing else {"groups": videos}
        scores = cross_validate(forest, X, y, scoring=scoring, cv=splitter, **groups)
        search = GridSearchCV(
            forest, {"estimator__C": [0.1, 1]}, scoring=scoring, refit="error", cv=splitter
        ).fit(X, y, groups=videos)
    assert (scores["test_error"] <= 0).all()
    assert (scores["test_overlap"] > 0.5).all()
    assert search.score(X, y) == pytest.approx(neg_screen_time_error_scorer(search, X, y))


@pytest.mark.parametrize("durations", [[1, np.nan], [1, -1], [1, 0], [[1, 1]]])
@pytest.mark.parametrize("metric", [screen_time_error, temporal_iou])
def test_durations_that_cannot_be(metric, durations):
    with pytest.raises(ValueError, match="seconds above 0"):
        metric(["a", "b"], ["a", "a"], durations)
