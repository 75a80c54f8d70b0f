"""What networks are shared, what changes from fit to fit, and what cannot."""

import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sktime_screen.classify import KerasDenseClassifier, KerasFeatureMapClassifier, _network_cache

X = np.random.default_rng(0).normal(size=(240, 20)).astype(np.float32)
y = np.select([X[:, 0] > 0.5, X[:, 1] > 0.3], ["tom", "jerry"], "neither")
tom = (y == "tom").astype(int)


def dense(**params):
    given = {"random_state": 0, "learning_rate": 0.01, "learning_rate_schedule": "constant"}
    return KerasDenseClassifier(**given | params)


def test_what_varies_in_a_search_does_not_make_another_network(monkeypatch):
    monkeypatch.setattr(_network_cache, "_networks", OrderedDict())
    for optimizer in ("sgd", "rmsprop"):
        head = dense(epochs=2, optimizer=optimizer).fit(X, y)
        for rows, momentum, dropout in ((200, 0.5, 0.5), (150, 0.0, 0.0), (33, 0.9, 0.1)):
            varied = {"learning_rate": 0.1, "l2": 0.1, "momentum": momentum, "dropout": dropout}
            clone(head).set_params(**varied).fit(X[:rows], y[:rows]).predict(X)
    assert len(_network_cache._networks) == 2


@pytest.mark.parametrize(
    "params",
    [
        {"dropout": 0.0},
        {"dropout": 0.9},
        {"optimizer": "sgd", "momentum": 0.0},
        {"optimizer": "sgd", "momentum": 0.99},
        {"optimizer": "rmsprop", "momentum": 0.0},
    ],
    ids=str,
)
def test_inputs_of_the_network_have_an_effect(params):
    default = dense(**{**params, "dropout": 0.2, "momentum": 0.9}, epochs=2).fit(X, y)
    varied = dense(**params, epochs=2).fit(X, y)
    assert np.abs(varied.predict_proba(X) - default.predict_proba(X)).max() > 0.01


def test_momentum_is_that_of_keras():
    """A logistic regression, by hand: velocity = momentum * velocity - step size * gradient."""
    head = dense(
        hidden_layer_sizes=(), optimizer="sgd", learning_rate=0.5, momentum=0.7, batch_size=240,
        learning_rate_schedule="constant", epochs=5, l2=0.0, standardize=False,
    )  # fmt: skip
    head.partial_fit(X, tom)
    weights, bias = (weight.astype(float) for weight in head.weights_)
    before = dense(**{**head.get_params(), "learning_rate": 1e-30}).partial_fit(X, tom)
    velocity = weights - before.weights_[0], bias - before.weights_[1]
    values, truth = X.astype(float), tom[:, None]
    for _ in range(4):
        error = 1 / (1 + np.exp(-(values @ weights + bias))) - truth
        gradients = values.T @ error / 240, error.mean(axis=0)
        velocity = [0.7 * v - 0.5 * g for v, g in zip(velocity, gradients, strict=True)]
        weights, bias = weights + velocity[0], bias + velocity[1]
        head.partial_fit(X, tom)
    assert_allclose(head.weights_[0], weights, rtol=1e-4, atol=1e-6)
    assert_allclose(head.weights_[1], bias, rtol=1e-4, atol=1e-6)


def test_networks_that_are_kept_take_no_more_than_they_may(monkeypatch):
    kept = OrderedDict()
    monkeypatch.setattr(_network_cache, "_networks", kept)
    sizes = ((3,), (4,), (5,))
    for units in sizes[:2]:
        dense(hidden_layer_sizes=units, epochs=1).fit(X, y)
    first, second = kept.values()
    # Kernels, biases and two moments of each, means and scales, steps and step size of Adam.
    assert first.n_bytes == 4 * (3 * (20 * 3 + 3 + 3 * 3 + 3) + 2 * 20 + 2)
    room = 2.5 * _network_cache._GRAPH_BYTES
    monkeypatch.setattr(_network_cache, "_MOST_BYTES", room)
    dense(hidden_layer_sizes=sizes[0], epochs=1).fit(X, y)
    dense(hidden_layer_sizes=sizes[2], epochs=1).fit(X, y)
    assert first in kept.values()
    assert second not in kept.values()


@pytest.mark.parametrize(
    "changed",
    [
        {"hidden_layer_sizes": (7,)},
        {"activation": "tanh"},
        {"optimizer": "sgd"},
        {"batch_normalization": True},
        {"standardize": False},
        {"loss": "categorical_crossentropy"},
    ],
    ids=str,
)
def test_another_network_cannot_go_on(changed):
    head = dense(warm_start=True, epochs=1).fit(X, tom)
    before = [weight.copy() for weight in head.weights_]
    head.set_params(**changed)
    [name] = changed
    for train in (head.fit, head.partial_fit):
        with pytest.raises(ValueError, match=f"{name} was .* when the training began"):
            train(X, tom)
    for old, new in zip(before, head.weights_, strict=True):
        assert_array_equal(old, new)
    assert clone(head).fit(X, tom).n_epochs_ == 1


def test_all_else_may_change_while_a_training_goes_on():
    head = dense(warm_start=True, epochs=1).fit(X, y)
    head.set_params(dropout=0.5, learning_rate=0.1, momentum=0.1, l2=0.1, batch_size=7, epochs=2)
    head.set_params(hidden_layer_sizes=[64])
    assert head.fit(X, y).partial_fit(X[:9], y[:9]).n_epochs_ == 4
    assert_allclose(head.history_["learning_rate"], [0.01, 0.1, 0.1, 0.1])


def test_few_rows_go_on_with_the_network_of_many():
    """What "auto" means to a head on maps depends on the number of rows of the first fit."""
    maps = KerasFeatureMapClassifier((2, 2), hidden_layer_sizes=(3,), random_state=0)
    maps.partial_fit(X, y)
    shapes = [weight.shape for weight in maps.weights_]
    assert [weight.shape for weight in maps.partial_fit(X[:20], y[:20]).weights_] == shapes


@pytest.mark.parametrize("later", [["tom", "jerry"], ["tom", "jerry", "neither", "spike"]])
def test_classes_are_announced_once(later):
    head = dense().partial_fit(X, y, classes=["tom", "jerry", "neither"])
    head.partial_fit(X, y, classes=["neither", "jerry", "tom"])
    with pytest.raises(ValueError, match=r"those of the first call were \['jerry', 'neither'"):
        head.partial_fit(X, y, classes=later)
    labels = dense().partial_fit(X, np.column_stack([tom, 1 - tom]))
    with pytest.raises(ValueError, match=r"classes=\[1, 0\], but those of the first"):
        labels.partial_fit(X, np.column_stack([tom, 1 - tom]), classes=[1, 0])


def test_early_stopping_alone_holds_rows_out():
    head = dense(early_stopping=True, epochs=3, random_state=1).fit(X, y)
    tenth = dense(validation_fraction=0.1, epochs=3, random_state=1).fit(X, y)
    assert head.history_ == tenth.history_
    assert len(head.history_["val_loss"]) == 3


@pytest.mark.parametrize("given", [X, (X,), (X, y, tom, tom)], ids=["X", "(X,)", "four"])
def test_validation_data_without_labels(given):
    with pytest.raises(ValueError, match=r"expected \(X, y\) or \(X, y, sample_weight\)"):
        dense().fit(X, y, validation_data=given)


def test_a_training_that_ends_too_early_says_so():
    with pytest.warns(ConvergenceWarning, match="after 3 epochs: raise epochs or learning_rate"):
        dense(epochs=3, learning_rate_schedule="cosine").fit(X, y)
    with pytest.warns(ConvergenceWarning, match="after 30 epochs"):
        dense(epochs=30, learning_rate=0.0005).fit(X, y)


@pytest.mark.parametrize("scale", [1, 1000])
def test_a_training_that_converged_says_nothing(recwarn, scale):
    KerasDenseClassifier(random_state=0).fit(scale * X, tom)
    assert not recwarn.list


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.slow
def test_a_forked_process_is_told_of_loky(tmp_path):
    """In a process of its own, because the pool of a fork would keep this one's threads."""
    program = (
        "import joblib, numpy as np\n"
        "from sklearn.model_selection import cross_val_score\n"
        "from sktime_screen import KerasDenseClassifier\n"
        "X, y = np.eye(20), [0, 1] * 10\n"
        "head = KerasDenseClassifier(epochs=1).fit(X, y)\n"
        "with joblib.parallel_config('multiprocessing', n_jobs=2):\n"
        "    for work in (head.fit, head.predict):\n"
        "        try:\n"
        "            joblib.Parallel()(joblib.delayed(work)(X, *y_) for y_ in 2 * [\n"
        "                [y] if work == head.fit else []])\n"
        "        except RuntimeError as error:\n"
        "            assert 'loky' in str(error), error\n"
        "        else:\n"
        "            raise AssertionError(work)\n"
        "print(head.fit(X, y).predict(X).shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.stdout == "(20,)\n", done.stderr


def test_a_fork_before_anything_was_trained_works():
    """The process in which Keras is used first is the one that counts, wherever it came from."""
    program = (
        "import os\n"
        "from sktime_screen import KerasDenseClassifier\n"
        "from sktime_screen import _keras\n"
        "child = os.fork()\n"
        "if child:\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "    assert _keras._first_process is None\n"
        "else:\n"
        "    _keras.refuse_forked_process()\n"
        "    os._exit(0)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", program], env=env, check=True)


def test_a_pickle_of_a_head_holds_what_scales_its_columns():
    head = pickle.loads(pickle.dumps(dense(epochs=1).fit(1000 * X + 5000, y)))
    assert_allclose(head.means_, 1000 * X.mean(axis=0) + 5000, rtol=1e-5)
    assert head.score(1000 * X + 5000, y) > 0.5
