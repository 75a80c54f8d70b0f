"""Sparse features are learned as their arrays would be, some rows at a time."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import coo_array, csc_array, csr_array, csr_matrix, vstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sktime_screen import (
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
    ScreenTimeAggregator,
)
from sktime_screen.model_selection import hold_out_rows


def draw(n_rows, n_columns, density):
    generator = np.random.default_rng(0)
    n_values = round(density * n_rows * n_columns)
    places = np.divmod(generator.choice(n_rows * n_columns, n_values, replace=False), n_columns)
    X = csr_array((generator.random(n_values, np.float32), places), (n_rows, n_columns))
    return X, np.where(generator.integers(0, 2, n_rows), "tom", "jerry")


@pytest.mark.parametrize("kind", [csr_array, csr_matrix, csc_array, coo_array])
@pytest.mark.parametrize("params", [{}, {"cv": 3, "validation_fraction": 0.2}])
def test_sparse_is_as_dense(kind, params):
    X, y = draw(120, 30, 0.1)
    head = KerasDenseClassifier((4,), epochs=3, random_state=0, **params)
    expected = head.fit_transform(X.toarray(), y)
    assert hasattr(head, "novelty")
    assert_array_equal(head.fit_transform(kind(X), y), expected)
    assert not hasattr(head, "novelty")
    assert_array_equal(head.predict_proba(kind(X)), head.predict_proba(X.toarray()))
    head.partial_fit(kind(X), y)
    assert head.n_iter_ == 4


def test_sparse_columns_of_a_table():
    X, y = draw(60, 8, 0.3)
    table = pd.DataFrame.sparse.from_spmatrix(X).add_prefix("word")
    head = KerasDenseClassifier((4,), epochs=2, random_state=0).fit(table, y)
    assert head.feature_names_in_[0] == "word0"
    assert_array_equal(head.predict_proba(table), head.predict_proba(table.to_numpy()))


def test_copies_of_a_sparse_row_are_held_out_together():
    X, y = draw(20, 8, 0.3)
    again = csr_array(X)
    again.data = np.append(again.data, 0).astype(np.float32)  # a zero that is written out
    again.indices = np.append(again.indices, 7)
    again.indptr = again.indptr.copy()
    again.indptr[-1] += 1
    targets = np.tile(y == "tom", 2)[:, None]
    both = vstack([X, again])
    held_out = hold_out_rows(both, targets, 0.3, np.random.default_rng(0))
    assert_array_equal(held_out[:20], held_out[20:])
    assert 0 < held_out.sum() < 40


def test_sparse_features_are_never_an_array_as_a_whole():
    X, y = draw(3000, 20_000, 0.001)
    head = KerasDenseClassifier((2,), epochs=1, random_state=0)
    head.fit(X[:100], y[:100])  # the network itself is made here
    tracemalloc.start()
    head.fit(X, y).predict(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * np.prod(X.shape) / 3


def test_words_of_texts():
    texts = ["the cat runs", "a mouse hides", "cat and cat", "mouse, mouse"] * 5
    y = ["cat", "mouse"] * 10
    pipeline = make_pipeline(TfidfVectorizer(), KerasDenseClassifier((4,), random_state=0))
    assert pipeline.fit(texts, y).score(texts, y) == 1


@pytest.mark.parametrize(
    "estimator",
    [
        KerasFeatureMapClassifier((2, 1)),
        LabelSpreadingClassifier(LogisticRegression()),
        ScreenTimeAggregator(),
    ],
)
def test_sparse_is_refused_elsewhere(estimator):
    X, y = draw(20, 2, 0.5)
    with pytest.raises(TypeError, match="Sparse data was passed for X, but dense data is required"):
        estimator.fit(X, y)
