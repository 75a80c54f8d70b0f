import importlib.util
import os
import subprocess
import sys

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sktime_screen import (
    FineTunedCNNClassifier,
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
)
from sktime_screen._keras import load_keras
from sktime_screen.classify._backend_compilers import make_compiler

_FIT_AGAIN = """
import sys, warnings
import joblib, keras
from sklearn.base import clone
warnings.simplefilter("error")
# Of `get_weights` of Keras.
warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
warnings.filterwarnings("ignore", "The loss was still falling")
tasks, path = joblib.load(sys.argv[1]), sys.argv[2]
assert keras.backend.backend() == sys.argv[3]
found = {}
for name, (fitted, X, y, options) in tasks.items():
    again = clone(fitted).fit(X, y, **options)
    found[name] = (fitted.predict_proba(X), again.predict_proba(X), again.loss_curve_, again)
joblib.dump(found, path)
"""


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    """Fitted classifiers whose training nothing but weights drawn here decides, and their data."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(70, 12)).astype(np.float32)
    shown = (X[:, :2] + 0.3 * generator.normal(size=(70, 2)) > 0).astype(float)
    with_gaps = shown.copy()
    with_gaps[::5, 0] = with_gaps[1::5, 1] = np.nan
    weights = generator.uniform(0.5, 2, 70)
    classes = shown.sum(axis=1)
    maps = generator.normal(size=(70, 6 * 12)).astype(np.float16)
    maps[shown[:, 0] == 1, 24:28] += 3
    images = generator.integers(0, 160, (24, 16, 24, 3), dtype=np.uint8)
    images[::2, ..., 0] += 90
    layers = load_keras().layers
    backbone = load_keras().Sequential(
        [
            layers.Input((16, 24, 3)),
            layers.Rescaling(1 / 128, -1),
            layers.Conv2D(4, 3, strides=2, kernel_initializer="zeros"),
            layers.BatchNormalization(),
            layers.ReLU(),
        ]
    )
    backbone.layers[1].kernel.assign(generator.normal(0, 0.3, (3, 3, 3, 4)))
    file = tmp_path_factory.mktemp("backbone") / "own.keras"
    backbone.save(file)
    settings = {"dropout": 0.0, "epochs": 4, "random_state": 0}
    dense, places = KerasDenseClassifier, KerasFeatureMapClassifier
    fits = {
        "SGD": (dense((8,), optimizer="sgd", momentum=0.8, **settings), X, classes > 0),
        "three classes": (dense((8, 4), batch_normalization=True, **settings), X, classes),
        "a table with gaps": (dense((8,), batch_size=16, l2=0.1, **settings), X, with_gaps),
        "rows held out": (dense((8,), validation_fraction=0.3, **settings), X, shown),
        "maps": (places((2, 3), hidden_layer_sizes=(4,), n_components=6, **settings), maps, shown),
        "images": (
            FineTunedCNNClassifier(
                str(file), horizontal_flip=False, shift=0, colour=0, trainable_layers=1,
                warm_up_epochs=2, fine_tuning_rate=0.01, batch_size=16, **settings,
            ),
            images,
            np.arange(24) % 2,
        ),
    }  # fmt: skip
    made = {}
    for name, (classifier, X, y) in fits.items():
        options = {"sample_weight": weights} if name == "SGD" else {}
        made[name] = (classifier.fit(X, y, **options), X, y, options)
    return made


@pytest.mark.filterwarnings("ignore:The loss was still falling")
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_classifiers_learn_and_predict_the_same_on_other_backends(backend, tasks, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    files = [tmp_path / "tasks.joblib", tmp_path / "found.joblib"]
    joblib.dump(tasks, files[0])
    subprocess.run(
        [sys.executable, "-c", _FIT_AGAIN, *files, backend],
        check=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    for name, (elsewhere, learned, losses, brought) in joblib.load(files[1]).items():
        fitted, X, *_ = tasks[name]
        here = fitted.predict_proba(X)
        assert_allclose(elsewhere, here, atol=1e-5, err_msg=name)
        assert_allclose(losses, fitted.loss_curve_, rtol=2e-3, err_msg=name)
        assert_allclose(learned, here, atol=5e-3, err_msg=name)
        assert_allclose(brought.predict_proba(X), learned, atol=1e-5, err_msg=name)


def test_a_backend_without_gradients_is_refused(monkeypatch):
    monkeypatch.setattr(load_keras().config, "backend", lambda: "numpy")
    with pytest.raises(RuntimeError, match=r"'jax', 'tensorflow', 'torch'.*runs it on 'numpy'"):
        make_compiler()
