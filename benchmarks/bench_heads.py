"""Fits of heads on ready features: ours beside Keras's own wrapper and scikit-learn's network.

Run with ``pytest benchmarks/bench_heads.py --benchmark-only``. All networks are the same: 64 hidden
units, Adam, batches of 32 rows, 20 epochs. The first fit, which builds the network, is not timed.
"""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

from sktime_screen.classify import KerasDenseClassifier

EPOCHS = 20
GRID = {
    "hidden_layer_sizes": [(32,), (64,)],
    "dropout": [0.2, 0.5],
    "learning_rate": [0.001, 0.003],
}


@pytest.fixture(scope="module")
def data():
    """Features with the spread of a pooled network's, three classes apart from each other."""
    generator = np.random.default_rng(0)
    classes = np.array(["jerry", "neither", "tom"])
    centres = generator.exponential(0.3, (3, 1280))
    codes = generator.integers(3, size=300)
    noise = generator.exponential(0.3, (300, 1280))
    return (0.2 * centres[codes] + noise).astype(np.float32), classes[codes]


def ours():
    return KerasDenseClassifier((64,), epochs=EPOCHS, batch_size=32, random_state=0)


def keras_wrapper():
    import keras
    from keras.wrappers import SKLearnClassifier

    def build(X, y):
        model = keras.Sequential(
            [
                keras.Input(X.shape[1:]),
                keras.layers.Dense(64, activation="relu"),
                keras.layers.Dropout(0.2),
                keras.layers.Dense(y.shape[1], activation="softmax"),
            ]
        )
        model.compile(loss="categorical_crossentropy", optimizer="adam")
        return model

    return SKLearnClassifier(build, fit_kwargs={"epochs": EPOCHS, "batch_size": 32, "verbose": 0})


def scikit_learn():
    return MLPClassifier((64,), max_iter=EPOCHS, batch_size=32, random_state=0)


@pytest.mark.parametrize(
    ("way", "make"),
    [
        ("scikit-learn's MLPClassifier", scikit_learn),
        ("KerasDenseClassifier", ours),
        ("Keras's SKLearnClassifier", keras_wrapper),
    ],
)
def test_fit(measure, way, make, data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        measure(
            make().fit,
            data,
            group="a fit of 300 rows of 1,280 features, 20 epochs",
            way=way,
            number=1,
            unit="fits",
            baseline=make is scikit_learn,
            rounds=5,
            warmup_rounds=1,
        )


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search_8_by_5(measure, n_jobs, data):
    search = GridSearchCV(ours(), GRID, cv=5, n_jobs=n_jobs)
    measure(
        search.fit,
        data,
        group="a grid search, 8 candidates in 5 folds",
        way=f"n_jobs={n_jobs}",
        number=40,
        unit="fits",
        baseline=n_jobs == 1,
        rounds=1,
    )
    assert search.best_score_ > 0.9
