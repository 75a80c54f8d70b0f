"""Colours beside the channels of feature maps."""

import pickle

import cv2
import numpy as np
import pytest
from network_files import GRID, IMAGES, N_CHANNELS, expect, make_frames, write_onnx

from sktime_screen import FeatureStore, KerasFeatureMapClassifier, PretrainedCNNFeatures
from sktime_screen.features._map_colors import compute_colors
from sktime_screen.features._palette import PALETTE

COLORS = len(PALETTE)


def find_nearest(color):
    """Return which of the palette a colour of RGB is nearest to."""
    color = cv2.cvtColor(np.uint8([[color]]), cv2.COLOR_RGB2LAB)[0, 0].astype(float)
    return (((color - PALETTE) * (0.5, 1.5, 1.5)) ** 2).sum(axis=1).argmin()


def test_each_position_has_its_colors():
    image = np.zeros((64, 96, 3), np.uint8)
    image[:, 32:64] = (200, 30, 30)
    image[:32, 64:], image[32:, 64:] = (250, 250, 250), (60, 120, 200)
    found = compute_colors(image, (1, 3))
    assert found.shape == (3, COLORS)
    np.testing.assert_allclose((found**2).sum(axis=1), 1, atol=1e-5)
    black, red, white, blue = map(find_nearest, image[[0, 0, 0, 63], [0, 40, 80, 80]])
    assert found[:2].argmax(axis=1).tolist() == [black, red]
    assert found[0, black] > 0.7
    half = compute_colors(image, (2, 3))[[2, 5]]
    np.testing.assert_allclose(found[2] ** 2, (half**2).mean(axis=0), atol=1e-5)
    assert half.argmax(axis=1).tolist() == [white, blue]
    # Positions need not be whole numbers of pixels, nor as many as there are.
    even = np.full((30, 50, 3), (60, 120, 200), np.uint8)
    for size in ((4, 7), (1, 1), (20, 33)):
        assert (compute_colors(even, size).argmax(axis=1) == blue).all()


@pytest.fixture
def network(tmp_path):
    return write_onnx(tmp_path / "network.onnx", ["n", 3, "h", "w"])


def make_features(network, **options):
    options = {"pooling": None, "preprocessing": "tf", "precision": "float32"} | options
    return PretrainedCNNFeatures(network, colors=True, **options)


def test_colors_stand_beside_the_channels(network, tmp_path):
    frames = make_frames(tmp_path)
    features = make_features(network, memory=tmp_path / "store")
    table = features.fit_transform(frames)
    assert table.attrs["map_shape"] == (*GRID, N_CHANNELS + COLORS)
    assert table.attrs["map_colors"] == COLORS
    assert len(features.get_feature_names_out()) == table.shape[1] == features.n_features_out_
    maps = table.to_numpy().reshape(len(IMAGES), -1, N_CHANNELS + COLORS)
    channels = expect().reshape(len(IMAGES), -1)
    np.testing.assert_allclose(maps[..., :N_CHANNELS].reshape(len(IMAGES), -1), channels, atol=1e-4)
    colors = np.stack([compute_colors(image, GRID) for image in IMAGES])
    heights = 8 * channels.std(axis=1)[:, None, None]
    np.testing.assert_allclose(maps[..., N_CHANNELS:], colors * heights, rtol=1e-3, atol=1e-4)
    # Whatever comes together, from arrays as from frames, and of a store that has maps without.
    for batch_size in (1, 3):
        alone = make_features(network, batch_size=batch_size).fit_transform(IMAGES)
        np.testing.assert_allclose(alone, table, atol=1e-5)
    without = make_features(network, memory=tmp_path / "store").set_params(colors=False)
    assert without.fit_transform(frames).attrs["map_colors"] == 0
    assert len(FeatureStore(tmp_path / "store")) == 2 * len(IMAGES)
    np.testing.assert_array_equal(features.fit_transform(frames), table)


def test_colors_are_for_maps_and_as_in_fit(network):
    with pytest.raises(ValueError, match=r"colors=True is for feature maps.*pooling='avg'"):
        make_features(network, pooling="avg").fit(IMAGES)
    fitted = make_features(network).fit(IMAGES)
    with pytest.raises(ValueError, match="colors has changed since fit"):
        fitted.set_params(colors=False).transform(IMAGES)
    # Pipelines of before know nothing of colours.
    old = make_features(network).set_params(colors=False).fit(IMAGES)
    expected = old.transform(IMAGES)
    del old.colors, old._settings["colors"]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(old)).transform(IMAGES), expected)


def test_the_head_keeps_colors_apart(network, tmp_path):
    table = make_features(network).fit_transform(make_frames(tmp_path))
    y = np.arange(len(table)) % 2
    for n_components, kept in ((3, 3), (None, N_CHANNELS), (20, N_CHANNELS)):
        head = KerasFeatureMapClassifier(n_components=n_components, epochs=1, random_state=0)
        directions = head.fit(table, y).components_
        assert directions.shape == (N_CHANNELS + COLORS, kept + COLORS)
        assert not directions[:N_CHANNELS, kept:].any()
        assert not directions[N_CHANNELS:, :kept].any()
        positions = table.to_numpy().reshape(-1, N_CHANNELS + COLORS)
        spread = (positions @ directions).var(axis=0)
        assert spread[kept:].mean() == pytest.approx(4 * spread[:kept].mean(), rel=1e-3)
        assert head.predict_proba(table).shape == (len(table), 2)
    # Without the table nothing tells what is a colour.
    unknown = KerasFeatureMapClassifier(GRID, n_components=3, epochs=1).fit(table.to_numpy(), y)
    assert unknown.components_.shape == (N_CHANNELS + COLORS, 3)
