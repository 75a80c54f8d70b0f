"""How the columns of features are centred and scaled inside a network."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sktime_screen.classify import KerasDenseClassifier
from sktime_screen.classify._standardization import means_and_scales, update_moments

generator = np.random.default_rng(0)
X = generator.normal(size=(60, 4)).astype(np.float32)


def moments(*blocks):
    return update_moments(None, [(x, np.ones(len(x), np.float32)) for x in blocks])


def test_moments_are_those_of_all_blocks():
    columns = X * np.float32([1, 1e-3, 1e3, 1]) + np.float32([0, 0, 1e6, -5])
    total, mean, variance = moments(columns[:7], columns[7:])
    assert total == 60
    assert_allclose(mean, columns.astype(float).mean(axis=0), rtol=1e-5, atol=1e-7)
    assert_allclose(variance, columns.astype(float).var(axis=0), rtol=1e-4)
    later = update_moments(moments(columns[:7]), [(columns[7:], np.ones(53, np.float32))])
    for one, other in zip(later, (total, mean, variance), strict=True):
        assert_array_equal(one, other)


def test_rows_count_by_their_weight():
    weights = generator.integers(0, 3, 60)
    found = update_moments(None, [(X, weights.astype(np.float32)), (X, np.zeros(60, np.float32))])
    for one, other in zip(found, moments(np.repeat(X, weights, axis=0)), strict=True):
        assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_the_same_rows_again_change_nothing():
    once = moments(X)
    again = update_moments(once, [(X, np.ones(60, np.float32))])
    for one, other in zip(once[1:], again[1:], strict=True):
        assert_array_equal(one, other)


def test_columns_that_spread_alike_keep_their_proportions():
    columns = X / X.std(axis=0) * np.float32([1, 2, 3, 3])
    _, scales = means_and_scales(moments(columns))
    assert_allclose(scales, scales[0], rtol=1e-5)
    assert 2.9 < scales[0] < 3.1


def test_columns_in_other_units_end_four_times_apart():
    columns = np.tile(X, 10) / np.tile(X, 10).std(axis=0) * np.logspace(-4, 4, 40)
    _, scales = means_and_scales(moments(columns.astype(np.float32)))
    spread = np.logspace(-4, 4, 40) / scales
    assert (np.diff(spread) > 0).all()
    narrow, wide = np.quantile(np.log(spread), [0.05, 0.95])
    assert_allclose(wide - narrow, np.log(4), rtol=1e-3)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6, -3e9])
def test_a_constant_column_stays_nothing(value):
    columns = np.column_stack([X, np.full(60, value)]).astype(np.float32)
    means, scales = means_and_scales(moments(columns))
    assert scales[-1] == 1
    assert_allclose(means[-1], value, rtol=1e-6)
    assert np.isfinite(scales).all()


def test_units_do_not_decide_what_is_learned():
    y = X[:, 0] > 0
    columns = X * np.float32([1e-3, 1e3, 1, 10]) + np.float32([0, 5e3, 0, 0])
    head = KerasDenseClassifier(random_state=0)
    assert head.fit(columns, y).score(columns, y) > 0.9
    assert head.set_params(standardize=False).fit(columns, y).score(columns, y) < 0.8


def test_one_row_at_a_time():
    head = KerasDenseClassifier(random_state=0)
    for x in X[:5]:
        head.partial_fit([x], ["tom"], classes=["jerry", "tom"])
    assert_allclose(head.means_, X[:5].mean(axis=0), rtol=1e-5)
    assert np.isfinite(head.predict_proba(X)).all()


def test_only_rows_that_are_learned_from_are_looked_at():
    strange = X.copy()
    strange[:20] += 1e6
    weight = np.repeat([0.0, 1.0], [20, 40])
    y = X[:, 0] > 0
    head = KerasDenseClassifier(random_state=0, epochs=1).fit(strange, y, sample_weight=weight)
    assert_allclose(head.means_, X[20:].mean(axis=0), atol=1e-5)
