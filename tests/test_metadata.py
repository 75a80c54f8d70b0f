"""Weights and groups of rows reach who asks for them, with metadata routing or without."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_validate
from sklearn.pipeline import make_pipeline

from sktime_screen import (
    ImageResizer,
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
    PretrainedCNNFeatures,
    ScreenTimeAggregator,
    VideoFrameSampler,
    recommended_pipeline,
)
from sktime_screen.model_selection import hold_out_rows, make_cross_fitting_splits

N = 20
Y = np.where(np.arange(N) // 2 % 2, "tom", "jerry")
GROUPS = np.arange(N) // 4
# Rows that do not count, and what may be said of them.
WEIGHTS = np.where(np.arange(N) % 4 == 3, 0.0, 1.0)
OTHER = np.where(WEIGHTS == 0, "jerry", Y)


class WatchedGroupKFold(GroupKFold):
    """Remembers, for all its copies, the groups that it was given."""

    def __init__(self, n_splits, seen):
        super().__init__(n_splits)
        self.seen = seen

    def __deepcopy__(self, memo):
        return self

    def __sklearn_clone__(self):
        return self

    def split(self, X, y=None, groups=None):
        self.seen.append(groups)
        return super().split(X, y, groups)


@pytest.fixture
def frames(video, tiny):
    return VideoFrameSampler(rate=2).sample(video)


@pytest.fixture
def features(frames):
    values = np.random.default_rng(0).normal(size=(N, 6)).astype(np.float32)
    values[:, 0] += Y == "tom"
    return pd.DataFrame(values, pd.MultiIndex.from_frame(frames), [f"f{k}" for k in range(6)])


def dense_pipeline(**params):
    head = KerasDenseClassifier((4,), epochs=4, random_state=0, **params)
    images = VideoFrameSampler(rate=2), ImageResizer((32, 48)), PretrainedCNNFeatures("tiny")
    return make_pipeline(*images, head, ScreenTimeAggregator(correction=None))


def map_pipeline(cv=3):
    pipeline = recommended_pipeline(
        rate=2, backbone="tiny", image_size=(32, 48), random_state=0
    ).set_params(labelspreadingclassifier__cv=cv)
    return pipeline.set_params(labelspreadingclassifier__estimator__epochs=2)


PIPELINES = pytest.mark.parametrize("make", [dense_pipeline, map_pipeline])
ROUTING = pytest.mark.parametrize("routing", [False, True], ids=["routing off", "routing on"])


def fit(pipeline, X, y, routing, **metadata):
    """Fit a pipeline, or a search over one, with metadata for the head."""
    if not routing:
        (head,) = [name for name in dict(pipeline.steps) if name.endswith("classifier")]
        return pipeline.fit(X, y, **{f"{head}__{name}": told for name, told in metadata.items()})
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline[-2].set_fit_request(**dict.fromkeys(metadata, True))
        return pipeline.fit(X, y, **metadata)


@PIPELINES
@ROUTING
def test_weights_reach_the_head_of_a_pipeline(make, routing, frames):
    splits = list(KFold(2).split(frames))
    said = [
        fit(make(cv=splits), frames, y, routing, sample_weight=weights)[:-1].transform(frames)
        for y, weights in [(Y, WEIGHTS), (OTHER, WEIGHTS), (OTHER, np.ones(N))]
    ]
    pd.testing.assert_frame_equal(said[0], said[1])
    assert np.abs(said[0] - said[2]).max(axis=None) > 0.01


@PIPELINES
@ROUTING
def test_groups_reach_the_cross_fitting_of_a_pipeline(make, routing, frames):
    seen = []
    fit(make(cv=WatchedGroupKFold(2, seen)), frames, Y, routing, groups=GROUPS * 7)
    assert len(seen) == 1
    assert_array_equal(pd.factorize(seen[0])[0], GROUPS)


@PIPELINES
def test_a_search_takes_its_part_of_weights_and_groups(make, frames):
    seen = []
    pipeline = make(cv=WatchedGroupKFold(2, seen))
    head = pipeline.steps[-2][0]
    grid = {"screentimeaggregator__threshold": [0.5]}
    told = {f"{head}__groups": GROUPS, f"{head}__sample_weight": WEIGHTS}
    search = GridSearchCV(pipeline, grid, cv=GroupKFold(5), error_score="raise")
    search.fit(frames, Y, groups=GROUPS, **told)
    assert [len(groups) for groups in seen] == [16] * 5 + [20]


def test_routed_weights_and_groups_in_a_cross_validation(frames):
    seen = []
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = dense_pipeline(cv=WatchedGroupKFold(2, seen))
        told = {"groups": GROUPS, "sample_weight": WEIGHTS}
        with pytest.raises(UnsetMetadataPassedError, match="KerasDenseClassifier"):
            pipeline.fit(frames, Y, **told)
        pipeline[-2].set_fit_request(sample_weight=True, groups=True)
        scoring = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        found = cross_validate(
            pipeline, frames, Y, scoring=scoring, cv=GroupKFold(5), params=told,
            return_estimator=True, return_indices=True, error_score="raise",
        )  # fmt: skip
    assert [len(groups) for groups in seen] == [16] * 5
    for fitted, rows, score in zip(
        found["estimator"], found["indices"]["test"], found["test_score"], strict=True
    ):
        right = fitted.predict(frames.iloc[rows]) == Y[rows]
        assert score == pytest.approx(np.average(right, weights=WEIGHTS[rows]))


@pytest.mark.parametrize("cv", [2, GroupKFold(2)])
@pytest.mark.parametrize(
    "head",
    [
        KerasDenseClassifier((4,), epochs=1, random_state=0),
        KerasFeatureMapClassifier((2, 1), n_ensemble=1, epochs=1, random_state=0),
        LabelSpreadingClassifier(LogisticRegression(), random_state=0),
    ],
    ids=lambda head: type(head).__name__,
)
def test_rows_of_a_group_are_predicted_together(head, cv, features, monkeypatch):
    parts = []
    split = GroupKFold.split
    monkeypatch.setattr(GroupKFold, "split", lambda *args: parts.append(args[3]) or split(*args))
    X = features.to_numpy()
    given = head.set_params(cv=cv).fit_transform(X, Y, groups=GROUPS)
    elsewhere = head.fit_transform(X, Y, groups=np.arange(N))
    assert np.abs(given - elsewhere).max() > 1e-4
    if isinstance(cv, GroupKFold):
        assert [len(np.unique(groups)) for groups in parts] == [5, 20]
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        head.fit_transform(X, Y, groups=GROUPS[1:])


def test_rows_of_a_group_are_held_out_together():
    X, targets = np.random.default_rng(0).normal(size=(N, 3)), (Y == "tom")[:, None]
    for seed in range(5):
        held_out = hold_out_rows(X, targets, 0.3, np.random.default_rng(seed), GROUPS)
        shares = pd.Series(held_out).groupby(GROUPS).mean()
        assert set(shares) == {0, 1}
        splits = make_cross_fitting_splits(X, Y, targets, 2, np.random.default_rng(seed), GROUPS)
        assert len(splits) == 2
        for train, test in splits:
            assert not set(GROUPS[train]) & set(GROUPS[test])
    unknown = np.where(GROUPS == 2, np.nan, GROUPS)
    assert_array_equal(
        hold_out_rows(X, targets, 0.3, np.random.default_rng(0), unknown),
        hold_out_rows(X, targets, 0.3, np.random.default_rng(0), GROUPS),
    )


def test_held_out_groups_are_those_of_fit(features):
    head = KerasDenseClassifier((4,), epochs=1, validation_fraction=0.3, random_state=0)
    losses = [
        head.fit(features, Y, groups=groups).history_["val_loss"] for groups in (None, GROUPS)
    ]
    assert losses[0] != losses[1]


@pytest.mark.parametrize("indexed", [True, False])
def test_labels_of_rows_without_weight_are_not_spread(indexed, features):
    X = features if indexed else features.to_numpy()
    known = WEIGHTS > 0
    spreading = LabelSpreadingClassifier(LogisticRegression(), random_state=0)
    expected = spreading.fit(X[known], Y[known]).predict_proba(X)
    found = spreading.fit(X, OTHER, sample_weight=WEIGHTS).predict_proba(X)
    assert_allclose(found, expected, atol=1e-4)


def test_rows_without_weight_are_cross_fitted_but_tell_nothing(features):
    splits = list(KFold(3).split(features))
    spreading = LabelSpreadingClassifier(LogisticRegression(), cv=splits, random_state=0)
    said = [
        (
            spreading.fit_transform(features, y, sample_weight=WEIGHTS),
            spreading.transform_cross_fitted(features),
        )
        for y in (Y, OTHER)
    ]
    for first, second in zip(*said, strict=True):
        pd.testing.assert_frame_equal(first, second)
        assert first.index.equals(features.index)
    with pytest.raises(ValueError, match=r"leaves no row|one non-zero number"):
        spreading.fit(features, Y, sample_weight=np.zeros(N))
