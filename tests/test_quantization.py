"""Features rounded to a byte each: how far they are off, and that a store gives the same."""

import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from sktime_screen import (
    FeatureStore,
    ImageResizer,
    PretrainedCNNFeatures,
    VideoFrameSampler,
    recommended_pipeline,
)
from sktime_screen.features._quantization import dequantize, quantize

KEYS = [b"0", b"1", b"2"]


def test_no_feature_is_off_by_more_than_half_a_step():
    features = np.random.default_rng(0).normal(size=(4, 2000)).astype(np.float32)
    features[1] *= 50
    features[2, 0] = 400  # the largest of a row is never cut off
    features[3] = 0
    rounded = dequantize(quantize(features, 0.25))
    steps = [0.25 * features[0].std(), 0.25 * features[1].std(), 400 / 127, 0]
    off = np.abs(rounded - features).max(axis=1)
    np.testing.assert_array_less(off[:3], np.array(steps[:3]) * 0.501)
    assert (off[:3] > np.array(steps[:3]) * 0.4).all()
    assert (rounded[3] == 0).all()


def test_what_is_no_number_stays_none():
    features = np.ones((3, 5), np.float32)
    features[0, 2], features[1, 2] = np.nan, np.inf
    rounded = dequantize(quantize(features, 0.25))
    assert np.isnan(rounded[:2]).all()
    np.testing.assert_allclose(rounded[2], 1, rtol=0.01)


def test_a_store_packs_levels_in_half_their_room(tmp_path):
    packed = quantize(np.random.default_rng(0).normal(size=(3, 4000)), 0.25)
    store = FeatureStore(tmp_path)
    store.put(KEYS, packed, "network", "video.mp4")
    rows = np.zeros_like(packed)
    assert store.fill(rows, KEYS).all()
    np.testing.assert_array_equal(rows, packed)
    assert store.contents()["bytes"].item() < 0.55 * packed.size


@pytest.mark.parametrize("change", ["vector = substr(vector, 3)", "vector = zeroblob(4004)"])
def test_a_packed_row_that_is_damaged_is_missing(tmp_path, monkeypatch, change):
    packed = quantize(np.random.default_rng(0).normal(size=(3, 4000)), 0.25)
    store = FeatureStore(tmp_path)
    store.put(KEYS, packed, "network", "video.mp4")
    with closing(sqlite3.connect(tmp_path / "features.sqlite")) as database, database:
        database.execute(f"UPDATE features SET {change} WHERE key = ?", KEYS[:1])
    assert store.fill(np.zeros_like(packed), KEYS).tolist() == [False, True, True]
    # Nor does one fit that is sound, and of another size.
    assert not store.fill(np.zeros((3, 4003), np.int8), KEYS).any()
    monkeypatch.setattr("sktime_screen.features._store._compute_checksum", lambda key, vector: 0)
    store.put(KEYS[:1], packed[:1], "network", "video.mp4")
    with closing(sqlite3.connect(tmp_path / "features.sqlite")) as database, database:
        database.execute(f"UPDATE features SET {change} WHERE key = ?", KEYS[:1])
    assert not store.fill(np.zeros_like(packed[:1]), KEYS[:1]).any()


def test_stored_features_are_those_that_were_computed(video, tiny, tmp_path, computed):
    frames = ImageResizer((64, 64)).transform(VideoFrameSampler(rate=0.5).transform([video]))

    def extract(step, memory=tmp_path):
        extractor = PretrainedCNNFeatures(
            weights=None,
            pooling=None,
            precision="float32",
            dtype="float16",
            quantization_step=step,
            memory=memory,
        )
        return extractor.fit_transform(frames)

    plain, rounded, coarse = extract(None), extract(0.25), extract(0.5)
    done = sum(computed)
    for step, features in ((None, plain), (0.25, rounded), (0.5, coarse)):
        pd.testing.assert_frame_equal(extract(step), features)
    assert sum(computed) == done
    pd.testing.assert_frame_equal(extract(0.25, memory=None), rounded)
    for step, features in ((0.25, rounded), (0.5, coarse)):
        off = np.abs(features - plain).to_numpy(np.float32).max(axis=1)
        steps = step * plain.to_numpy(np.float32).std(axis=1)
        assert (off <= 0.51 * steps).all()
        assert (off > 0.4 * steps)[1:].all()


def test_the_recommended_maps_are_packed():
    assert recommended_pipeline().named_steps["pretrainedcnnfeatures"].quantization_step == 0.25
