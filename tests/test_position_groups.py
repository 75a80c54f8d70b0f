import copy

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sktime_screen import KerasFeatureMapClassifier
from sktime_screen.classify._position_groups import judge_in_groups, split_by_video

HEIGHT, WIDTH, CHANNELS = 4, 6, 8


def film(name, n, seed, noise):
    """Maps of a video with a character at one position or nowhere, on one of four grounds."""
    generator = np.random.default_rng(seed)
    looks = np.random.default_rng(7).normal(size=(5, CHANNELS))
    shown = generator.random(n) < 0.5
    kinds = generator.integers(0, 4, (n, HEIGHT * WIDTH))
    kinds[shown, generator.integers(0, HEIGHT * WIDTH, shown.sum())] = 4
    maps = looks[kinds] + noise * generator.normal(size=(n, HEIGHT * WIDTH, CHANNELS))
    index = pd.MultiIndex.from_arrays(
        [[name] * n, np.arange(float(n)), np.ones(n)], names=["video", "time", "duration"]
    )
    X = pd.DataFrame(maps.reshape(n, -1).astype(np.float32), index=index).add_prefix("m")
    return X, pd.DataFrame({"tom": shown.astype(int), "jerry": 1 - shown}, index=index)


@pytest.fixture(scope="module")
def fitted():
    X, y = film("old.mp4", 24, 0, 0.7)
    return KerasFeatureMapClassifier((HEIGHT, WIDTH), random_state=0).fit(X, y)


def grouped(head, n_groups):
    return copy.copy(head).set_params(n_position_groups=n_groups)


def test_heat_maps_are_of_positions_by_themselves(fitted):
    X, _ = film("new.mp4", 50, 1, 0.7)
    head = grouped(fitted, 20)
    assert np.abs(head.predict_proba(X) - fitted.predict_proba(X)).max() > 0.01
    assert_array_equal(head.class_heatmaps(X), fitted.class_heatmaps(X))


def test_each_video_has_groups_of_its_own_in_any_order(fitted):
    new, other = film("new.mp4", 60, 1, 0.7)[0], film("other.mp4", 40, 2, 0.7)[0]
    head = grouped(fitted, 20)
    expected = head.predict_proba(new)
    assert_array_equal(head.predict_proba(new), expected)
    both = pd.concat([new, other])
    order = np.random.default_rng(0).permutation(100)
    found = head.predict_proba(both.iloc[order])[np.argsort(order)]
    assert_allclose(found[:60], expected, atol=1e-5)
    assert_allclose(found[60:], head.predict_proba(other), atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_frames_are_judged(fitted, n):
    X, _ = film("new.mp4", n, 1, 0.7)
    found = grouped(fitted, 300).predict_proba(X)
    assert np.isfinite(found).all()
    # A frame alone has nothing to be compared with.
    if n == 1:
        assert_allclose(found, fitted.predict_proba(X), atol=1e-5)


def test_frames_that_all_look_the_same_stay(fitted):
    X, _ = film("new.mp4", 30, 1, 0)
    same = X.iloc[[0] * 30].set_axis(X.index)
    assert_allclose(grouped(fitted, 300).predict_proba(same), fitted.predict_proba(same), atol=1e-5)
    flat = pd.DataFrame(np.ones(X.shape, np.float32), X.index, X.columns)
    assert_allclose(grouped(fitted, 300).predict_proba(flat), fitted.predict_proba(flat), atol=1e-5)


def test_what_groups_say_by_value():
    # Positions of two looks, a frame each of both, of the first and of the second only.
    maps = np.array([[0.0, 9], [0, 0.5], [9, 9.5]], np.float32)
    said = {0.0: -2.0, 0.5: -1.0, 9.0: 2.0, 9.5: 3.0}

    def judge(output, batch):
        places = np.vectorize(said.get)(batch)[..., None]
        if output == "position_logits":
            return places
        return np.log(np.exp(places).mean(axis=1))

    rows = np.arange(3)
    found = judge_in_groups((maps, 2, None, None), rows, judge, 2, 1.0)
    alone = judge("logits", maps)
    low, high = -5 / 3, 7 / 3
    pooled = np.log([[(np.exp(low) + np.exp(high)) / 2], [np.exp(low)], [np.exp(high)]])
    brought = (pooled - pooled.mean()) / pooled.std() * alone.std() + alone.mean()
    assert_allclose(found, alone + (brought - alone) / 3, rtol=1e-5)


def test_rows_of_videos_come_in_the_order_of_time():
    index = pd.MultiIndex.from_arrays(
        [["b.mp4", "a.mp4", "b.mp4", "a.mp4"], [3.0, 2.0, 1.0, 0.0], [1.0] * 4],
        names=["video", "time", "duration"],
    )
    assert sorted(rows.tolist() for rows in split_by_video(index, 4)) == [[2, 0], [3, 1]]
    (rows,) = split_by_video(None, 3)
    assert_array_equal(rows, [0, 1, 2])
