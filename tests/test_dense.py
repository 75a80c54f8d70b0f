import os
import pickle
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone, is_classifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktime_screen.classify import KerasDenseClassifier, _network

CLASSES = np.array(["jerry", "neither", "tom"])


def dense(**params):
    given = {"random_state": 0, "learning_rate": 0.01, "learning_rate_schedule": "constant"}
    return KerasDenseClassifier(**given | params)


@pytest.fixture(scope="module")
def features():
    """240 frames of two videos with 20 features, of which two say who is there."""
    generator = np.random.default_rng(0)
    shown = generator.integers(0, 2, (240, 2))
    values = generator.exponential(0.3, (240, 20)).astype(np.float32)
    values[:, :2] += shown
    index = pd.MultiIndex.from_arrays(
        [np.repeat(["a.mp4", "b.mp4"], 120), np.tile(np.arange(120.0), 2), np.ones(240)],
        names=["video", "time", "duration"],
    )
    X = pd.DataFrame(values, index=index, columns=[f"feature{i}" for i in range(20)])
    return X, pd.DataFrame(shown, index=index, columns=["tom", "jerry"])


@pytest.fixture(scope="module")
def X(features):
    return features[0]


@pytest.fixture(scope="module")
def table(features):
    return features[1]


@pytest.fixture(scope="module")
def y(table):
    return CLASSES[np.where(table["tom"] == 1, 2, np.where(table["jerry"] == 1, 0, 1))]


def test_two_classes(X, table):
    y = np.where(table["tom"] == 1, "tom", "neither")
    head = dense().fit(X, y)
    assert is_classifier(head)
    assert head.classes_.tolist() == ["neither", "tom"]
    assert head.score(X, y) > 0.95
    proba = head.predict_proba(X)
    assert proba.shape == (240, 2)
    assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    decision = head.decision_function(X)
    assert_allclose(proba[:, 1], 1 / (1 + np.exp(-decision.astype(float))))
    assert_array_equal(head.predict(X) == "tom", decision > 0)
    assert [w.shape for w in head.weights_] == [(20, 64), (64,), (64, 1), (1,)]


def test_three_classes(X, y):
    head = dense().fit(X, y)
    assert head.classes_.tolist() == ["jerry", "neither", "tom"]
    assert head.score(X, y) > 0.9
    proba = head.predict_proba(X)
    assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    assert_array_equal(head.predict(X), head.classes_[proba.argmax(axis=1)])
    assert head.decision_function(X).shape == (240, 3)


def test_table_of_labels(X, table):
    head = dense().fit(X, table)
    assert head.class_names_.tolist() == ["tom", "jerry"]
    assert [classes.tolist() for classes in head.classes_] == [[0, 1], [0, 1]]
    assert head.score(X, table) > 0.9
    proba = head.predict_proba(X)
    assert proba.shape == (240, 2)
    assert np.ptp(proba.sum(axis=1)) > 0.5
    assert_array_equal(head.predict(X), proba > 0.5)
    assert_array_equal(head.predict(X), dense().fit(X, table.to_numpy()).predict(X))


def test_label_that_never_changes(X, table):
    head = dense(class_weight="balanced").fit(X, table.assign(spike=0, sun=1))
    proba = head.predict_proba(X)
    assert proba[:, 2].max() < 0.2
    assert proba[:, 3].min() > 0.8


def test_one_hot_with_softmax(X, y):
    one_hot = pd.get_dummies(pd.Series(y))
    head = dense(loss="categorical_crossentropy").fit(X, one_hot)
    assert head.class_names_.tolist() == ["jerry", "neither", "tom"]
    assert_allclose(head.predict_proba(X).sum(axis=1), 1)
    assert_array_equal(head.predict(X).sum(axis=1), 1)
    assert_allclose(head.predict_proba(X), dense().fit(X, y).predict_proba(X))


def test_two_classes_with_softmax(X, table):
    head = dense(loss="categorical_crossentropy").fit(X, table["tom"])
    assert head.weights_[-1].shape == (2,)
    assert_array_equal(head.predict(X), head.decision_function(X) > 0)
    assert head.score(X, table["tom"]) > 0.95


def test_transform_keeps_the_index(X, y, table):
    head = dense().fit(X, y)
    probabilities = head.transform(X)
    assert (probabilities.dtypes == np.float32).all()
    pd.testing.assert_index_equal(probabilities.index, X.index)
    assert probabilities.columns.tolist() == ["jerry", "neither", "tom"]
    assert_allclose(probabilities, head.predict_proba(X), rtol=1e-6)
    assert list(head.get_feature_names_out()) == ["jerry", "neither", "tom"]
    assert dense().fit(X, table).transform(X).columns.tolist() == ["tom", "jerry"]
    two = dense().fit(X, table["tom"]).transform(X)
    assert two.columns.tolist() == ["0", "1"]


def test_same_random_state_same_probabilities(X, y):
    first = dense().fit(X, y).predict_proba(X)
    assert_array_equal(dense().fit(X, y).predict_proba(X), first)
    assert (dense(random_state=1).fit(X, y).predict_proba(X) != first).any()
    assert (dense(random_state=None).fit(X, y).predict_proba(X) != first).any()


@pytest.mark.slow
def test_same_probabilities_in_another_process(tmp_path, X, y):
    head = dense(dropout=0.5, epochs=5).fit(X, y)
    joblib.dump((X, y, clone(head), head), tmp_path / "head.joblib")
    code = (
        "import joblib, numpy as np\n"
        "X, y, new, old = joblib.load('head.joblib')\n"
        "np.save('proba.npy', [old.predict_proba(X), new.fit(X, y).predict_proba(X)])\n"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        check=True,
        capture_output=True,
    )
    loaded, fitted = np.load(tmp_path / "proba.npy")
    assert_array_equal(loaded, head.predict_proba(X))
    assert_array_equal(fitted, head.predict_proba(X))


@pytest.mark.parametrize("random_state", [None, 0])
def test_global_generators_are_left_alone(X, y, random_state):
    # One unit more than anywhere else: the network is built here, not taken from the cache.
    head = dense(hidden_layer_sizes=(9,), random_state=random_state, validation_fraction=0.2)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    expected = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    head.fit(X, y)
    assert random.getstate() == expected[0]
    assert_array_equal(np.random.get_state()[1], expected[1])  # noqa: NPY002


def test_pickle_holds_no_keras_object(X, y):
    head = dense(epochs=2, warm_start=True).fit(X, y)
    stored = pickle.dumps(head)
    assert b"keras." not in stored
    assert b"tensorflow" not in stored
    assert_array_equal(pickle.loads(stored).predict_proba(X), head.predict_proba(X))


def test_pickle_of_version_0_1_still_predicts():
    stored = joblib.load(Path(__file__).parent / "data" / "dense_0.1.0.joblib")
    X = np.arange(12, dtype=np.float32).reshape(4, 3) / 10
    assert_allclose(stored["classes"].predict_proba(X), stored["classes_proba"], rtol=1e-5)
    assert_allclose(stored["table"].predict_proba(X), stored["table_proba"], rtol=1e-5)
    assert stored["classes"].predict(X).tolist() == stored["classes_predicted"]


def test_fitted_network_ignores_later_parameters(X, y):
    head = dense(epochs=2).fit(X, y)
    expected = head.predict_proba(X)
    head.set_params(hidden_layer_sizes=(3,), activation="tanh", loss="binary_crossentropy")
    assert_array_equal(head.predict_proba(X), expected)


def test_two_heads_on_one_network_do_not_mix(X, y):
    one, other = dense().fit(X, y), dense(random_state=1).fit(X, y)
    expected = one.predict_proba(X)
    other.predict(X)
    assert_array_equal(one.predict_proba(X), expected)


def test_threads_do_not_mix(X, y):
    expected = cross_val_predict(dense(), X, y, cv=4, method="predict_proba")
    with joblib.parallel_config("threading"):
        found = cross_val_predict(dense(), X, y, cv=4, n_jobs=4, method="predict_proba")
    assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "params",
    [
        {"optimizer": "sgd", "learning_rate": 0.1},
        {"optimizer": "sgd", "momentum": 0.0, "learning_rate": 0.5},
        {"optimizer": "rmsprop"},
        {"activation": "tanh", "dropout": 0.0},
        {"batch_normalization": True},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": [16, 8]},
        {"hidden_layer_sizes": 16},
        {"batch_size": 1000, "epochs": 100},
    ],
    ids=str,
)
def test_settings_that_learn(X, table, params):
    head = dense(**params).fit(X, table["tom"])
    assert head.score(X, table["tom"]) > 0.9


def test_small_features_of_another_scale():
    generator = np.random.default_rng(0)
    X = 6 * generator.random((60, 1280)).astype(np.float32) ** 8
    y = generator.integers(0, 2, 60)
    X[y == 1, :50] += 1
    assert KerasDenseClassifier(random_state=0).fit(X, y).score(X, y) == 1


def test_strong_penalty_shrinks_weights(X, y):
    size = [np.abs(dense(l2=l2).fit(X, y).weights_[0]).sum() for l2 in (0, 0.1)]
    assert size[1] < size[0] / 4


def weighted(share, weight):
    return weight * share / (weight * share + 1 - share)


@pytest.mark.parametrize("weight", [1, 9])
def test_class_weights_move_the_balance(X, table, weight):
    blank, y = np.zeros_like(X), table["tom"]
    head = dense(hidden_layer_sizes=(), class_weight={0: 1, 1: weight}, epochs=150)
    head.fit(blank, y)
    assert_allclose(head.predict_proba(blank)[:, 1], weighted(y.mean(), weight), atol=0.03)


def test_class_weights_of_labels_move_their_column_only(X, table):
    blank = np.zeros_like(X)
    head = dense(hidden_layer_sizes=(), class_weight={"tom": 9}, epochs=150)
    head.fit(blank, table)
    expected = [weighted(table["tom"].mean(), 9), table["jerry"].mean()]
    assert_allclose(head.predict_proba(blank)[0], expected, atol=0.03)


def test_balanced_with_weights_is_balanced_without_the_rows_of_weight_zero(X, y, table):
    """As a logistic regression, whose optimum does not depend on how it was reached."""
    kept = np.arange(240) % 3 > 0
    kept[y == "tom"] = np.arange((y == "tom").sum()) < 20
    weight = 7.0 * kept
    logistic = dense(
        hidden_layer_sizes=(),
        class_weight="balanced",
        learning_rate=0.05,
        learning_rate_schedule="cosine",
        batch_size=240,
        epochs=300,
    )
    for labels in (y, table):
        weighted = clone(logistic).fit(X, labels, sample_weight=weight).predict_proba(X)
        alone = clone(logistic).fit(X[kept], labels[kept]).predict_proba(X)
        assert_allclose(weighted, alone, atol=1e-4)
        unweighted = clone(logistic).fit(X, labels).predict_proba(X)
        assert np.abs(unweighted - alone).max() > 0.1


@pytest.mark.filterwarnings("error")
def test_without_hidden_layers_it_is_a_logistic_regression():
    """Also on few rows, whatever the seed."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=(600, 1))
    scores = values @ generator.normal(size=(1, 3)) * 2 + generator.gumbel(size=(600, 3))
    for labels in (scores[:, 0] > 0, scores.argmax(axis=1), (scores > 0).astype(int)):
        y, tested = labels[:120], values[120:]
        several = y.ndim == 2
        reference = LogisticRegression(C=20)
        reference = (OneVsRestClassifier(reference) if several else reference).fit(values[:120], y)
        expected, right = reference.predict_proba(tested), reference.score(tested, labels[120:])
        for seed in range(3):
            head = KerasDenseClassifier((), random_state=seed).fit(values[:120], y)
            assert head.score(tested, labels[120:]) > right - 0.03
            assert np.abs(head.predict_proba(tested) - expected).mean() < 0.13


def test_class_weights_of_a_fold_without_the_class(X, y):
    rare = np.where(np.arange(240) < 3, "spike", y)
    folds = [(np.arange(3, 240), np.arange(40)), (np.arange(200), np.arange(200, 240))]
    head = dense(epochs=2, class_weight={"spike": 10, "tom": 2})
    with pytest.warns(UserWarning, match=r"class_weight names \['spike'\]"):
        scores = cross_val_score(head, X, rare, cv=folds, error_score="raise")
    assert np.isfinite(scores).all()
    assert head.partial_fit(X[:3], rare[:3], classes=[*CLASSES, "spike"]).n_epochs_ == 1


def test_rows_of_weight_zero_teach_nothing(X, table):
    wrong = table["tom"].to_numpy().copy()
    wrong[120:] = 1 - wrong[120:]
    weight = np.repeat([1.0, 0.0], 120)
    head = dense().fit(X, wrong, sample_weight=weight)
    assert head.score(X, table["tom"]) > 0.9


def test_history_of_a_fit(X, y):
    head = dense(epochs=7).fit(X, y)
    assert set(head.history_) == {"learning_rate", "loss", "accuracy"}
    assert head.history_["learning_rate"] == [head.learning_rate] * 7
    assert len(head.history_["loss"]) == head.n_epochs_ == head.best_epoch_ == 7
    assert head.history_["loss"][-1] < head.history_["loss"][0]


def test_step_size_falls_along_a_cosine(X, y):
    head = dense(epochs=4, learning_rate=0.01, learning_rate_schedule="cosine").fit(X, y)
    expected = 0.005 * (1 + np.cos(np.pi * np.array([1, 3, 5, 7]) / 8))
    assert_allclose(head.history_["learning_rate"], expected)
    constant = dense(epochs=4, learning_rate=0.01).fit(X, y)
    assert not np.array_equal(head.predict_proba(X), constant.predict_proba(X))
    # One epoch of more rows that come is no training that ends.
    for step in (head, constant):
        step.partial_fit(X, y)
        assert step.history_["learning_rate"][-1] == 0.01


def test_cross_fit_repeats_the_step_sizes_of_the_fit(X, y, epochs_trained):
    head = dense(epochs=3, learning_rate_schedule="cosine", warm_start=True, cv=2)
    head.fit(X, y).fit_transform(X, y)
    rates = [epoch["learning_rate"] for epoch in epochs_trained]
    assert len(rates) == 3 + 3 + 2 * 6
    assert_array_equal(rates, np.tile(rates[:3], 6))


def test_history_is_measured_on_the_validation_data(X, y):
    head = dense(epochs=7, dropout=0.0).fit(X[:120], y[:120], validation_data=(X[120:], y[120:]))
    measured = {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert set(head.history_) == measured | {"learning_rate"}
    best = head.best_epoch_ - 1
    assert best == np.argmin(head.history_["val_loss"])
    assert_allclose(head.history_["val_accuracy"][best], head.score(X[120:], y[120:]))
    proba = head.predict_proba(X[120:])[np.arange(120), np.searchsorted(CLASSES, y[120:])]
    assert_allclose(head.history_["val_loss"][best], -np.log(proba).mean(), rtol=1e-4)


def test_validation_data_of_labels_with_weights(X, table):
    weight = np.repeat([1.0, 0.0], 60)
    head = dense(epochs=3).fit(X[:120], table[:120], validation_data=(X[120:], table[120:], weight))
    best = head.best_epoch_ - 1
    proba, truth = head.predict_proba(X[120:])[:60], table[120:180].to_numpy()
    loss = -np.log(np.where(truth == 1, proba, 1 - proba)).sum() / truth.size / 2
    assert_allclose(head.history_["val_loss"][best], loss, rtol=1e-4)


def test_early_stopping_keeps_the_best_weights(X, y):
    generator = np.random.default_rng(0)
    noise = generator.permutation(y)
    head = dense(epochs=300, early_stopping=True, patience=4, validation_fraction=0.25)
    head.fit(X, noise)
    assert head.n_epochs_ == head.best_epoch_ + 4 < 300
    again = dense(epochs=head.best_epoch_, validation_fraction=0.25).fit(X, noise)
    assert_array_equal(again.predict_proba(X), head.predict_proba(X))


def test_early_stopping_on_the_loss_holds_nothing_out(X, y):
    head = dense(
        epochs=200, early_stopping=True, patience=2, learning_rate=0.1, monitor="loss"
    ).fit(X, y)
    assert "val_loss" not in head.history_
    assert head.best_epoch_ - 1 == np.argmin(head.history_["loss"])
    assert head.n_epochs_ == head.best_epoch_ + 2 < 200


@pytest.mark.parametrize("validation_fraction", [None, 0.25])
def test_target_accuracy_stops(X, table, validation_fraction):
    head = dense(epochs=200, target_accuracy=0.9, validation_fraction=validation_fraction)
    head.fit(X, table["tom"])
    accuracy = head.history_["accuracy" if validation_fraction is None else "val_accuracy"]
    assert accuracy[-1] >= 0.9
    assert max(accuracy[:-1], default=0) < 0.9
    assert head.best_epoch_ == head.n_epochs_ < 200


def test_monitored_accuracy(X, y):
    head = dense(epochs=10, monitor="val_accuracy", validation_fraction=0.25).fit(X, y)
    assert head.best_epoch_ - 1 == np.argmax(head.history_["val_accuracy"])


def test_verbose_prints_a_line_an_epoch(X, y, capsys):
    dense(epochs=2, verbose=1, validation_fraction=0.2).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Epoch 1", "Epoch 2"]
    assert "val_accuracy" in lines[0]


def test_warm_start_goes_on(X, y):
    head = dense(epochs=5, warm_start=True).fit(X, y).fit(X, y)
    assert head.n_epochs_ == 10
    assert_array_equal(head.predict_proba(X), dense(epochs=10).fit(X, y).predict_proba(X))


def test_partial_fit_is_an_epoch(X, y):
    head = dense()
    for _ in range(3):
        head.partial_fit(X, y)
    assert head.n_epochs_ == 3
    assert_array_equal(head.predict_proba(X), dense(epochs=3).fit(X, y).predict_proba(X))


@pytest.mark.parametrize("form", [lambda t: t[["jerry", "tom"]], lambda t: csr_array(t.to_numpy())])
def test_labels_of_a_known_table_are_matched_by_name(X, table, form):
    def head():
        return dense(epochs=2, class_weight={"tom": 3})

    plain = head().fit(X, table, validation_data=(X, table))
    other = head().fit(X, table, validation_data=(X, form(table)))
    assert other.history_ == plain.history_
    assert other.score(X, form(table)) == plain.score(X, table)
    plain.partial_fit(X, table)
    assert_array_equal(other.partial_fit(X, form(table)).predict_proba(X), plain.predict_proba(X))
    with pytest.raises(ValueError, match=r"columns of y are \['tom', 'spike'\], expected \['tom'"):
        plain.partial_fit(X, table.rename(columns={"jerry": "spike"}))


def test_partial_fit_learns_announced_classes(X, y):
    head = dense()
    for _ in range(20):
        for name in ["tom", "jerry", "neither"]:
            rows = y == name
            head.partial_fit(X[rows], y[rows], classes=CLASSES)
    assert head.classes_.tolist() == CLASSES.tolist()
    with pytest.raises(ValueError, match=r"classes \['spike'\]"):
        head.partial_fit(X[:2], ["spike", "tom"])


def test_partial_fit_does_not_watch(X, y):
    head = dense(
        monitor="val_loss", early_stopping=True, target_accuracy=0.5, validation_fraction=0.2
    )
    assert head.partial_fit(X, y).partial_fit(X, y).n_epochs_ == 2


@pytest.mark.parametrize("class_weight", ["balanced", {"tom": "balanced"}, ["balanced", None]])
def test_partial_fit_cannot_balance(X, table, class_weight):
    with pytest.raises(ValueError, match="partial_fit cannot balance"):
        dense(class_weight=class_weight).partial_fit(X, table)


def test_cross_fit_is_honest_about_noise(X):
    y = np.random.default_rng(0).integers(0, 2, 240)
    noise = pd.DataFrame(np.random.default_rng(1).normal(size=(240, 200)), index=X.index)
    seen = dense().fit_transform(noise, y)
    unseen = dense(cv=5).fit_transform(noise, y)
    assert roc_auc_score(y, seen["1"]) > 0.95
    assert roc_auc_score(y, unseen["1"]) < 0.65
    pd.testing.assert_index_equal(unseen.index, X.index)


def test_cross_fit_by_a_splitter_or_its_splits(X, y):
    splits = list(KFold(3).split(X))
    found = dense(cv=KFold(3), epochs=4).fit_transform(X, y)
    pd.testing.assert_frame_equal(found, dense(cv=splits, epochs=4).fit_transform(X, y))
    assert found.attrs["out_of_sample"] is True
    for wrong in (1, "3", 2.5):
        with pytest.raises(ValueError, match="'cv' parameter"):
            dense(cv=wrong).fit(X, y)
    with pytest.raises(ValueError, match="2 splits test"):
        dense(cv=splits[:2], epochs=1).fit_transform(X, y)


def test_cross_fit_leaves_the_model_of_all_rows(X, y):
    head = dense(cv=4)
    probabilities = head.fit_transform(X, y)
    expected = dense().fit(X, y).transform(X)
    pd.testing.assert_frame_equal(head.transform(X), expected)
    assert (probabilities != expected).any(axis=None)
    assert (probabilities.to_numpy().argmax(axis=1) == np.searchsorted(CLASSES, y)).mean() > 0.8


def test_grid_search_and_class_missing_from_a_fold(X, y):
    rare = np.where(np.arange(240) < 3, "spike", y)
    pipeline = make_pipeline(StandardScaler(), dense(epochs=5))
    grid = {"kerasdenseclassifier__dropout": [0.0, 0.5]}
    folds = [(np.arange(3, 240), np.arange(0, 40)), (np.arange(0, 200), np.arange(200, 240))]
    search = GridSearchCV(pipeline, grid, cv=folds, error_score="raise").fit(X, rare)
    assert search.best_estimator_.classes_.tolist() == ["jerry", "neither", "spike", "tom"]


def test_table_is_scored_label_by_label(X, table):
    scores = cross_val_score(dense(), X, table, scoring="roc_auc", cv=3, error_score="raise")
    assert scores.min() > 0.9


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"activation": "relu7"}, "'activation' parameter"),
        ({"optimizer": "adan"}, "'optimizer' parameter"),
        ({"dropout": 1.0}, "'dropout' parameter"),
        ({"hidden_layer_sizes": (64, 1.5)}, r"whole numbers from 1 on, got \(64, 1.5\)"),
        ({"hidden_layer_sizes": (0,)}, "whole numbers from 1 on"),
        ({"monitor": "val_loss"}, "set validation_fraction, or pass validation_data"),
        ({"optimizer": "sgd", "learning_rate": 1e30}, r"lower the learning_rate, now 1e\+30"),
    ],
)
def test_settings_that_cannot_work(X, y, params, message):
    with pytest.raises(ValueError, match=message):
        dense(**params).fit(X, y)


def test_one_class_only(X):
    with pytest.raises(ValueError, match="found only 'tom'"):
        dense().fit(X, ["tom"] * 240)


def test_labels_of_the_wrong_length(X, y):
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[240, 239\]"):
        dense().fit(X, y[1:])


# Of narrow features `novelty` keeps a copy in half precision.
@pytest.mark.parametrize(("shape", "share"), [((400, 25088), 0.5), ((8000, 1280), 0.8)])
@pytest.mark.parametrize("mapped", [False, True])
def test_features_are_not_copied(monkeypatch, tmp_path, mapped, shape, share):
    monkeypatch.setattr(_network, "_BLOCK_BYTES", 2**22)
    generator = np.random.default_rng(0)
    X = generator.random(shape, dtype=np.float32)
    if mapped:
        X.tofile(tmp_path / "X")
        X = np.memmap(tmp_path / "X", np.float32, "r", shape=X.shape)
    y = generator.integers(0, 3, len(X))
    head = dense(hidden_layer_sizes=(4,), epochs=1)
    head.fit(X[:40], y[:40])
    tracemalloc.start()
    try:
        head.fit(X, y)
        head.predict(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < X.nbytes * share


def test_tutorial_binary_head_with_sgd(X, table):
    head = KerasDenseClassifier(
        (32,), optimizer="sgd", learning_rate=0.01, momentum=0.9, epochs=100, random_state=0
    )
    assert head.fit(X, table["tom"]).score(X, table["tom"]) > 0.95


def test_tutorial_three_classes_with_weights_and_best_epoch(X, y):
    head = KerasDenseClassifier(
        (64,), dropout=0.5, class_weight="balanced", validation_fraction=0.3, random_state=0
    ).fit(X, y)
    assert head.best_epoch_ - 1 == np.argmin(head.history_["val_loss"])


def test_tutorial_101_classes_from_get_dummies():
    generator = np.random.default_rng(0)
    tags = np.tile([f"tag{i:03d}" for i in range(101)], 4)
    centres = generator.exponential(1, (101, 64)).astype(np.float32)
    X = np.tile(centres, (4, 1)) + generator.normal(0, 0.1, (404, 64)).astype(np.float32)
    one_hot = pd.get_dummies(tags)
    head = dense(loss="categorical_crossentropy", l2=0.0, dropout=0.0).fit(X, one_hot)
    assert head.predict_proba(X).shape == (404, 101)
    assert head.score(X, one_hot) > 0.95


@pytest.mark.parametrize("method", ["predict_proba", "decision_function"])
def test_cross_validated_probabilities_of_a_table(X, table, method):
    found = cross_val_predict(dense(epochs=30), X, table, cv=3, method=method)
    middle = 0.5 if method == "predict_proba" else 0
    assert found.shape == table.shape
    assert ((found > middle) == table).to_numpy().mean() > 0.8


def test_sparse_labels(X, table):
    fitted = dense(epochs=2).fit(X, csr_array(table.to_numpy()))
    expected = dense(epochs=2).fit(X, table.to_numpy())
    assert_array_equal(fitted.predict_proba(X), expected.predict_proba(X))


def test_copies_of_a_row_are_not_learned_from_and_held_out():
    """Rows as a sampler repeats them: noise that only a network that has seen it can know."""
    noise = np.random.default_rng(0).normal(size=(60, 30)).astype(np.float32)
    labels = np.random.default_rng(1).integers(0, 2, 60)
    rows = np.repeat(np.arange(60), 4)
    head = dense(cv=5, epochs=60)
    said = head.fit_transform(noise[rows], labels[rows])
    assert (said.argmax(axis=1) == labels[rows]).mean() < 0.75
    assert head.score(noise, labels) > 0.95


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        (lambda table: table[:2], {"cv": 5}, "Label more frames, or set cv=None"),
        (lambda table: table, {"class_weight": {"tom": -1}}, "weights below 0"),
        (lambda table: table, {"class_weight": {"tom": {0: 0, 1: 0}, "jerry": {0: 0, 1: 0}}}, "no"),
        (lambda table: table.set_axis(["tom", "tom"], axis=1), {}, "two columns of one name"),
    ],
)
def test_what_cannot_be_learned_from(X, table, labels, options, message):
    labels = labels(table)
    with pytest.raises(ValueError, match=message):
        dense(epochs=1, **options).fit_transform(X[: len(labels)], labels)
