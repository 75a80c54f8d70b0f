import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from sktime_screen import (
    ClassifierTransformer,
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
    ScreenTimeAggregator,
    load_skops,
    save_skops,
)

HALVES = [(np.arange(60), np.arange(60, 120)), (np.arange(60, 120), np.arange(60))]


@pytest.fixture(scope="module")
def table():
    """Who is in 120 frames of two videos: tom and jerry."""
    shown = np.tile([[0, 0], [1, 0], [0, 1], [1, 1]], (6, 1)).repeat(5, axis=0)
    return pd.DataFrame(shown, columns=["tom", "jerry"])


@pytest.fixture(scope="module")
def X(table):
    values = np.random.default_rng(0).normal(size=(120, 4)).astype(np.float32)
    values[:, :2] += 2 * table.to_numpy()
    index = pd.MultiIndex.from_arrays(
        [np.repeat(["a.mp4", "b.mp4"], 60), np.tile(np.arange(60.0), 2), np.ones(120)],
        names=["video", "time", "duration"],
    )
    return pd.DataFrame(values, index).add_prefix("f")


@pytest.fixture(scope="module")
def y(table):
    return np.array(["neither", "tom", "jerry", "both"])[table["tom"] + 2 * table["jerry"]]


def forest():
    return RandomForestClassifier(5, random_state=0)


def linear():
    return make_pipeline(StandardScaler(), LogisticRegression())


@pytest.mark.parametrize("estimator", [LogisticRegression(), linear(), forest()])
def test_classes_have_the_probabilities_of_the_estimator(X, y, estimator):
    for labels in (y, y == "tom", pd.Series(y == "both").astype(int)):
        head = ClassifierTransformer(estimator).fit(X, labels)
        alone = clone(estimator).fit(X, labels)
        assert is_classifier(head)
        assert_array_equal(head.classes_, np.unique(labels))
        assert_allclose(head.predict_proba(X), alone.predict_proba(X), atol=1e-6)
        assert_array_equal(head.predict(X), alone.predict(X))
        assert head.score(X, labels) == alone.score(X, labels)
        found = head.transform(X)
        assert found.index.equals(X.index)
        assert found.columns.tolist() == [str(name) for name in np.unique(labels)]
        assert_allclose(found, alone.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("estimator", [LogisticRegression(), linear()])
def test_columns_of_a_table_get_a_clone_each(X, table, estimator):
    head = ClassifierTransformer(estimator).fit(X, table)
    assert len(head.estimators_) == 2
    found = head.transform(X)
    assert found.columns.tolist() == ["tom", "jerry"]
    for name in table:
        alone = clone(estimator).fit(X, table[name])
        assert_allclose(found[name], alone.predict_proba(X)[:, 1], atol=1e-6)
    assert_array_equal(head.predict(X), (head.predict_proba(X) > 0.5).astype(int))
    assert head.score(X, table[["jerry", "tom"]]) == head.score(X, table) > 0.5


def of_each_column(probabilities):
    return np.column_stack([column[:, 1] for column in probabilities])


@pytest.mark.parametrize(
    ("estimator", "read"),
    [
        (forest(), of_each_column),
        (make_pipeline(StandardScaler(), KNeighborsClassifier()), of_each_column),
        (MLPClassifier((4,), max_iter=5, random_state=0), np.asarray),
        (OneVsRestClassifier(LogisticRegression()), np.asarray),
        (ClassifierChain(LogisticRegression()), np.asarray),
        (KerasDenseClassifier((), epochs=3, random_state=0), np.asarray),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_what_learns_tables_learns_them_whole(X, table, estimator, read):
    head = ClassifierTransformer(estimator).fit(X, table)
    assert len(head.estimators_) == 1
    expected = read(clone(estimator).fit(X, table).predict_proba(X))
    assert_allclose(head.predict_proba(X), expected, atol=1e-6)


@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(), forest(), KerasDenseClassifier((), learning_rate=0.05, random_state=0)],
)
def test_one_character_is_a_table(X, table, estimator):
    head = ClassifierTransformer(estimator).fit(X, table[["jerry"]])
    assert head.classes_.tolist() == [[0, 1]]
    assert head.transform(X).columns.tolist() == ["jerry"]
    assert head.score(X, table[["jerry"]]) > 0.8


@pytest.mark.parametrize("of", ["classes", "table"])
def test_rows_are_predicted_by_what_has_not_seen_them(X, y, table, of):
    labels = pd.Series(y) if of == "classes" else table
    head = ClassifierTransformer(LogisticRegression(), cv=HALVES)
    found = head.fit_transform(X, labels)
    assert found.attrs["out_of_sample"] is True
    assert found.index.equals(X.index)
    for train, test in HALVES:
        part = clone(head).fit(X.iloc[train], labels.iloc[train])
        pd.testing.assert_frame_equal(found.iloc[test], part.transform(X.iloc[test]))
    whole = ClassifierTransformer(LogisticRegression()).fit(X, labels)
    pd.testing.assert_frame_equal(head.transform(X), whole.transform(X))
    inside = clone(head).set_params(cv=None).fit_transform(X, labels)
    assert inside.attrs["out_of_sample"] is False
    pd.testing.assert_frame_equal(inside, whole.transform(X))
    assert isinstance(head.fit_transform(X.to_numpy(), labels), np.ndarray)


def test_parts_are_whole_groups(X, y):
    groups = np.arange(120) // 40
    found = ClassifierTransformer(LogisticRegression(), cv=3).fit_transform(X, y, groups=groups)
    splits = [(groups != k, groups == k) for k in range(3)]
    splits = [tuple(map(np.flatnonzero, split)) for split in splits]
    expected = ClassifierTransformer(LogisticRegression(), cv=splits).fit_transform(X, y)
    pd.testing.assert_frame_equal(found, expected)


def test_what_a_part_has_not_seen_is_zero_there(X, table):
    classes = np.where(np.arange(120) < 60, "spike", np.where(table["tom"], "tom", "jerry"))
    head = ClassifierTransformer(LogisticRegression(), cv=HALVES)
    found = head.fit_transform(X, classes)
    # The first half is all spike: what learned from it knows nobody else.
    assert_array_equal(found.iloc[60:], np.tile([0, 1, 0], (60, 1)))
    assert_array_equal(found["spike"].iloc[:60], 0)
    assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    for estimator in (LogisticRegression(), forest()):
        alone = table.assign(spike=classes == "spike", nobody=0).astype(int)
        found = head.set_params(estimator=estimator).fit_transform(X, alone)
        assert_array_equal(found["spike"], np.arange(120) >= 60)
        assert_array_equal(found["nobody"], 0)
        assert_array_equal(head.predict(X)[:, 3], 0)


@pytest.mark.parametrize("estimator", [LinearSVC(), SVC(), Ridge(), make_pipeline(LinearSVC())])
def test_what_has_no_probabilities_is_told_how_to_get_them(X, y, estimator):
    name = type(estimator).__name__
    with pytest.raises(ValueError, match=f"{name} has no predict_proba.*CalibratedClassifierCV"):
        ClassifierTransformer(estimator).fit(X, y)


@pytest.mark.parametrize("of", ["classes", "table"])
def test_weights_reach_the_estimator_and_its_parts(X, y, table, of):
    labels = pd.Series(y) if of == "classes" else table
    weight = np.random.default_rng(2).uniform(size=120)
    head = ClassifierTransformer(LogisticRegression(), cv=HALVES)
    pipeline = make_pipeline(head, ScreenTimeAggregator())
    pipeline.fit(X, labels, classifiertransformer__sample_weight=weight)
    target = y if of == "classes" else table["tom"]
    alone = LogisticRegression().fit(X, target, weight).predict_proba(X)
    found = pipeline[0].estimators_[0].predict_proba(X)
    assert_array_equal(found, alone)
    expected = clone(head).fit_transform(X, labels, sample_weight=weight)
    train, test = HALVES[1]
    part = clone(head).fit(X.iloc[train], labels.iloc[train], sample_weight=weight[train])
    pd.testing.assert_frame_equal(expected.iloc[test], part.transform(X.iloc[test]))
    # The same of a pipeline, and by routing.
    step = ClassifierTransformer(make_pipeline(LogisticRegression()), cv=HALVES)
    params = {"logisticregression__sample_weight": weight}
    pd.testing.assert_frame_equal(step.fit_transform(X, labels, **params), expected)
    with config_context(enable_metadata_routing=True):
        asking = LogisticRegression().set_fit_request(sample_weight=True)
        head.set_params(estimator=asking)
        pipeline.fit(X, labels, sample_weight=weight)
        assert_array_equal(pipeline[0].estimators_[0].predict_proba(X), alone)
        again = head.fit_transform(X, labels, sample_weight=weight)
        pd.testing.assert_frame_equal(again, expected)


@pytest.mark.filterwarnings("ignore:These labels do not tell")
def test_a_head_before_screen_time(X, table):
    pipeline = make_pipeline(
        ClassifierTransformer(LogisticRegression(), random_state=0), ScreenTimeAggregator()
    ).fit(X, table)
    assert pipeline[-1].correction_ == "calibrated"
    assert_allclose(pipeline.transform(X), table.groupby([0] * 60 + [1] * 60).sum(), atol=8)
    told = pipeline[0].novelty(X)
    assert told.index.equals(X.index)
    assert (told[:60] < 0.1).all()
    # Frames that were learned from are told by what had not seen them.
    first = X.iloc[:60]
    sample = first.index.to_frame(index=False).assign(inclusion=1.0), table[:60]
    estimate = pipeline[-1].estimate(pipeline[0].transform(first), sample, random_state=0)
    assert_allclose(estimate["seconds"], table[:60].sum())
    arrays = ClassifierTransformer(LogisticRegression()).fit(X, table)
    assert hasattr(arrays, "novelty")
    assert not hasattr(arrays.fit(X.to_numpy(), table), "novelty")


def test_predictions_of_frames_together_stay_marked(X, table):
    inner = make_pipeline(LabelSpreadingClassifier(LogisticRegression()))
    for estimator, together in ((inner, True), (LogisticRegression(), False)):
        for cv in (None, HALVES):
            found = ClassifierTransformer(estimator, cv=cv).fit_transform(X, table)
            assert found.attrs["transductive"] is together


def test_label_spreading_around_any_classifier(X, table):
    spread = [
        LabelSpreadingClassifier(estimator, cv=HALVES).fit_transform(X, table)
        for estimator in (
            LogisticRegression(),
            ClassifierTransformer(LogisticRegression()),
            OneVsRestClassifier(LogisticRegression()),
        )
    ]
    pd.testing.assert_frame_equal(spread[0], spread[1])
    pd.testing.assert_frame_equal(spread[0], spread[2], atol=1e-5)


def test_feature_maps(X, table):
    maps = pd.DataFrame(np.tile(X.to_numpy(np.float16), 4), X.index)
    maps.attrs["map_shape"] = (2, 2, 4)
    for estimator in (LogisticRegression(), KerasFeatureMapClassifier(epochs=1, random_state=0)):
        head = ClassifierTransformer(estimator, cv=HALVES)
        found = head.fit_transform(maps, table)
        assert found.index.equals(X.index)
        assert_allclose(head.predict_proba(maps), head.transform(maps), atol=1e-6)


def test_missing_values_and_sparse_features(X, y):
    gaps = X.mask(X > 2)
    head = ClassifierTransformer(HistGradientBoostingClassifier(max_iter=3), cv=HALVES)
    assert np.isfinite(head.fit_transform(gaps, y)).all(axis=None)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        ClassifierTransformer(LogisticRegression()).fit(gaps, y)
    head = ClassifierTransformer(LogisticRegression(), cv=3, random_state=0)
    dense = head.fit_transform(X.to_numpy(), y)
    assert_allclose(head.fit_transform(csr_array(X), y), dense, atol=1e-3)


def test_a_search_over_classifiers(X, y):
    search = GridSearchCV(
        make_pipeline(ClassifierTransformer(LogisticRegression()), ScreenTimeAggregator()),
        {"classifiertransformer__estimator": [LogisticRegression(C=1e-9), forest(), linear()]},
        cv=3,
        error_score="raise",
    ).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] < scores[1:].min()
    assert search.transform(X).shape == (2, 4)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_on_disk(X, table, tmp_path):
    for estimator in (linear(), MLPClassifier((4,), max_iter=5), CalibratedClassifierCV(SVC())):
        head = ClassifierTransformer(estimator)
        pipeline = make_pipeline(head, ScreenTimeAggregator()).fit(X, table)
        save_skops(tmp_path / "model.skops", pipeline)
        for again in (load_skops(tmp_path / "model.skops"), pickle.loads(pickle.dumps(pipeline))):
            assert_array_equal(again.predict_proba(X), pipeline.predict_proba(X))
    with pytest.raises(TypeError, match=r"sklearn\.tree\._tree\.Tree"):
        save_skops(tmp_path / "model.skops", ClassifierTransformer(forest()).fit(X, table))
