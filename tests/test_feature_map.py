import pickle
from io import BytesIO

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.under_sampling import RandomUnderSampler
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logit
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import VarianceThreshold
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import validation

from sktime_screen.classify import (
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
)
from sktime_screen.classify._channel_means import ChannelMeans
from sktime_screen.classify._feature_map_network import MapNetwork
from sktime_screen.classify._network_cache import get_shared_network
from sktime_screen.features import find_map_size

HEIGHT, WIDTH, CHANNELS = 4, 6, 5


def on_maps(**params):
    given = {"map_size": (HEIGHT, WIDTH), "n_ensemble": 2, "random_state": 0}
    given |= {"learning_rate": 0.01, "epochs": 20}
    return KerasFeatureMapClassifier(**given | params)


@pytest.fixture(scope="module")
def scene():
    """160 maps of two videos, characters shown at one place each, and where that is."""
    generator = np.random.default_rng(0)
    shown = generator.integers(0, 2, (160, 2))
    maps = generator.exponential(0.3, (160, HEIGHT, WIDTH, CHANNELS)).astype(np.float32)
    places = generator.integers(0, [HEIGHT, WIDTH], (160, 2, 2))
    for character in (0, 1):
        rows, columns = places[:, character].T
        maps[np.arange(160), rows, columns, character] += 4 * shown[:, character]
    index = pd.MultiIndex.from_arrays(
        [np.repeat(["a.mp4", "b.mp4"], 80), np.tile(np.arange(80.0), 2), np.ones(160)],
        names=["video", "time", "duration"],
    )
    X = pd.DataFrame(maps.reshape(160, -1), index=index).add_prefix("map")
    return X, pd.DataFrame(shown, index=index, columns=["tom", "jerry"]), places


@pytest.fixture(scope="module")
def X(scene):
    return scene[0]


@pytest.fixture(scope="module")
def table(scene):
    return scene[1]


@pytest.fixture(scope="module")
def y(table):
    return np.where(table["tom"] == 1, "tom", np.where(table["jerry"] == 1, "jerry", "neither"))


@pytest.fixture(scope="module")
def fitted(X, table):
    return on_maps(n_ensemble=6).fit(X, table)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_table_is_checked_as_a_whole(fitted, X, dtype, monkeypatch):
    def look(column):
        raise AssertionError("A map has too many columns to look at each of them.")

    monkeypatch.setattr(validation, "_pandas_dtype_needs_early_conversion", look)
    X = X.iloc[:4].astype(dtype)
    assert_array_equal(fitted.predict_proba(X), fitted.predict_proba(X.to_numpy()))
    with pytest.raises(ValueError, match="Input X contains NaN"):
        fitted.predict(X.mask(X.iloc[0, 0] == X))
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(X.add_prefix("other"))
    with pytest.raises(
        ValueError, match="X has 119 features, but KerasFeatureMapClassifier is expecting"
    ):
        fitted.predict(X.iloc[:, :-1].set_axis(range(119), axis=1))
    with pytest.raises(ValueError, match="0 sample"):
        fitted.predict(X.iloc[:0])


def test_numbers_of_columns_are_not_looked_at_one_by_one(X, table, monkeypatch):
    head = on_maps(epochs=1).fit(X, table)
    asked = []
    get_names = validation._get_feature_names
    monkeypatch.setattr(
        validation, "_get_feature_names", lambda X: asked.append(type(X)) or get_names(X)
    )
    numbered = X.set_axis(range(X.shape[1]), axis=1)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        expected = head.predict_proba(numbered)
    assert_array_equal(expected, head.predict_proba(X))
    with pytest.raises(ValueError, match="X has 119 features"):
        head.predict(numbered.iloc[:, :-1])
    asked.clear()
    head.fit(numbered, table).predict(numbered)
    assert not hasattr(head, "feature_names_in_")
    assert set(asked) == {np.ndarray}


def test_what_is_at_one_place_is_found_where_its_average_is_lost(X, table, fitted):
    train, test = slice(0, 80), slice(80, 160)
    head = on_maps().fit(X[train], table[train])
    right = (head.predict(X[test]) == table[test]).to_numpy().mean()
    means = X.to_numpy().reshape(160, -1, CHANNELS).mean(axis=1)
    dense = KerasDenseClassifier(random_state=0, learning_rate=0.01).fit(means[train], table[train])
    assert right > 0.95
    assert right > (dense.predict(means[test]) == table[test]).to_numpy().mean() + 0.05


def test_few_rows_are_gone_through_more_often():
    rows = np.random.default_rng(0).normal(size=(1300, 2)).astype(np.float32)
    classes = np.arange(1300) % 2
    for n_rows, n_epochs in [(100, 40), (1000, 10), (1300, 8)]:
        head = KerasFeatureMapClassifier((1, 1), n_ensemble=1, random_state=0)
        assert head.fit(rows[:n_rows], classes[:n_rows]).n_epochs_ == n_epochs
    assert head.set_params(epochs=2).fit(rows, classes).n_epochs_ == 2


def test_heat_maps_show_the_places(X, table, scene, fitted):
    heat = fitted.class_heatmaps(X)
    assert heat.shape == (160, 2, HEIGHT, WIDTH)
    assert heat.dtype == np.float32
    assert heat.min() >= 0
    assert heat.max() <= 1
    for character in (0, 1):
        there = table.iloc[:, character] == 1
        hottest = heat[there, character].reshape(there.sum(), -1).argmax(axis=1)
        rows, columns = scene[2][there, character].T
        assert (hottest == rows * WIDTH + columns).mean() > 0.95


@pytest.mark.parametrize("kind", ["table", "three classes", "two classes"])
def test_image_that_is_alike_everywhere_is_judged_like_its_places(kind, table, y, X):
    labels = {"table": table, "three classes": y, "two classes": y == "tom"}[kind]
    head = on_maps(epochs=3).fit(X.to_numpy(), labels)
    place = np.random.default_rng(1).random((3, 1, CHANNELS), np.float32)
    alike = np.repeat(place, HEIGHT * WIDTH, axis=1).reshape(3, -1)
    heat = head.class_heatmaps(alike)
    assert heat.shape == (3, head.class_names_.size, HEIGHT, WIDTH)
    expected = np.broadcast_to(head.predict_proba(alike)[..., None, None], heat.shape)
    assert_allclose(heat, expected, atol=1e-5)


def test_pooling_by_hand(X, table):
    head = on_maps(hidden_layer_sizes=(), pooling_sharpness=2.5, n_ensemble=1).fit(X, table)
    kernel, bias = head.weights_
    logits = X.to_numpy().reshape(160, -1, CHANNELS) @ kernel + bias
    pooled = np.log(np.exp(2.5 * logits).mean(axis=1)) / 2.5
    assert_allclose(head.predict_proba(X), 1 / (1 + np.exp(-pooled)), atol=1e-5)


def test_little_pooling_sharpness_is_the_average(X, table):
    head = on_maps(hidden_layer_sizes=(), pooling_sharpness=1e-3, n_ensemble=1, epochs=2).fit(
        X, table
    )
    kernel, bias = head.weights_
    means = X.to_numpy().reshape(160, -1, CHANNELS).mean(axis=1) @ kernel + bias
    assert_allclose(head.predict_proba(X), 1 / (1 + np.exp(-means)), atol=2e-3)


@pytest.mark.parametrize(
    ("copies", "given"),
    [
        (1, {"pooling_sharpness": 1.0, "n_ensemble": 6}),
        (2, {"pooling_sharpness": 4.0, "n_ensemble": 2}),
    ],
)
def test_few_rows_are_judged_less_sharply_by_more_networks(X, table, copies, given):
    X, table = (pd.concat([each] * copies) for each in (X, table))
    automatic, by_hand = (
        on_maps(**{"epochs": 1, "n_ensemble": "auto"} | params).fit(X, table).predict_proba(X)
        for params in ({}, given)
    )
    assert_array_equal(automatic, by_hand)


def test_logits_of_several_networks_are_averaged(X, table):
    head = on_maps(epochs=2, n_ensemble=3).fit(X, table)
    alone = on_maps(epochs=2, n_ensemble=1).fit(X, table)
    of_one = len(alone.weights_)
    logits = []
    for number in range(3):
        alone.weights_ = head.weights_[number * of_one : (number + 1) * of_one]
        logits.append(logit(alone.predict_proba(X)))
    assert np.ptp(logits, axis=0).max() > 0.1
    assert_allclose(logit(head.predict_proba(X)), np.mean(logits, axis=0), atol=1e-4)


@pytest.mark.parametrize(
    "params",
    [
        {},
        # Biases before a normalisation move by rounding errors only, which are not the same.
        {"hidden_layer_sizes": (6, 4), "activation": "tanh", "batch_normalization": False},
        {"hidden_layer_sizes": (), "batch_normalization": False},
    ],
)
def test_networks_side_by_side_learn_by_themselves(X, table, params):
    architecture = on_maps(epochs=1, n_ensemble=1, **params).fit(X, table)._architecture
    alone = get_shared_network(MapNetwork, architecture)
    together = get_shared_network(MapNetwork, architecture | {"n_ensemble": 2})
    first = together.draw_weights(np.random.default_rng(0))

    def trained(network, weights):
        network.load(weights)
        network.start_optimizer()
        network.train_epoch(
            X.to_numpy(),
            table.to_numpy(np.float32),
            np.ones((160, 1), np.float32),
            np.arange(160),
            batch_size=16,
            learning_rate=0.01,
            l2=0.01,
            dropout=0.0,
            momentum=0.9,
            generator=np.random.default_rng(1),
        )
        return network.weights()

    half = len(first) // 2
    both = trained(together, first)
    for own in (slice(half), slice(half, None)):
        for weights, expected in zip(both[own], trained(alone, first[own]), strict=True):
            assert_allclose(weights, expected, atol=1e-4)


def widened(X, n_channels=20):
    """Maps of more channels, which differ in the directions of the first ones only."""
    mixing = np.random.default_rng(3).normal(size=(CHANNELS, n_channels)).astype(np.float32)
    return (X.to_numpy().reshape(160, -1, CHANNELS) @ mixing).reshape(160, -1)


def test_channels_are_projected_to_directions_in_which_they_differ(X, table):
    wide = widened(X)
    head = on_maps(n_components=CHANNELS, epochs=3).fit(wide, table)
    assert head.components_.shape == (20, CHANNELS)
    assert head.n_features_in_ == wide.shape[1]
    assert_allclose(head.components_.T @ head.components_, np.eye(CHANNELS), atol=1e-5)
    places = wide.reshape(-1, 20)
    projected = places @ head.components_
    assert_allclose(projected @ head.components_.T, places, atol=1e-3)
    # No column stands above the others, which a network would learn from alone.
    assert (projected**2).mean(axis=0).max() < 10 * (projected**2).mean(axis=0).min()
    alone = on_maps(n_components=None, epochs=3).fit(projected.reshape(160, -1), table)
    assert_allclose(
        head.predict_proba(wide), alone.predict_proba(projected.reshape(160, -1)), atol=1e-4
    )
    assert_allclose(
        head.class_heatmaps(wide), alone.class_heatmaps(projected.reshape(160, -1)), atol=1e-4
    )
    assert alone.components_ is None
    # Other ways in take the projection that was learned.
    again = clone(head).set_params(warm_start=True).fit(wide, table)
    before = again.components_
    again.fit(wide[:40], table.iloc[:40], validation_data=(wide[40:], table.iloc[40:]))
    assert again.components_ is before
    assert again.n_epochs_ == 6
    assert on_maps(n_components=CHANNELS, cv=2).fit_transform(wide, table).shape == (160, 2)
    pd.testing.assert_frame_equal(
        pickle.loads(pickle.dumps(head)).transform(X=pd.DataFrame(wide)),
        head.transform(pd.DataFrame(wide)),
    )


def test_of_few_channels_and_of_rows_that_come_in_parts_none_is_left_out(X, table):
    wide = widened(X)
    assert on_maps(n_components=20, epochs=1).fit(wide, table).components_ is None
    head = on_maps(n_components=CHANNELS)
    for rows in (slice(2), slice(2, 160)):
        head.partial_fit(wide[rows], table.iloc[rows])
    assert head.components_ is None
    assert head.fit(wide, table).components_ is not None


@pytest.mark.parametrize("params", [{}, {"dropout": 0.4, "batch_normalization": False}])
def test_same_number_same_probabilities(X, table, params):
    first, again, other = (
        on_maps(epochs=3, random_state=seed, **params).fit(X, table).predict_proba(X)
        for seed in (0, 0, 1)
    )
    assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_half_precision_is_read_as_it_is(X, table):
    halves = X.to_numpy(np.float16)
    head = on_maps(epochs=2).fit(halves, table.to_numpy())
    widened = halves.astype(np.float32)
    assert_array_equal(head.predict_proba(halves), head.predict_proba(widened))
    assert_array_equal(head.class_heatmaps(halves), head.class_heatmaps(widened))
    assert_array_equal(
        on_maps(epochs=2).fit(widened, table.to_numpy()).predict_proba(widened),
        head.predict_proba(halves),
    )


def test_normalisation_is_ready_after_few_steps(X, table):
    rows = slice(0, 32)
    head = on_maps(pooling_sharpness=4.0, n_ensemble=1, hidden_layer_sizes=128).fit(
        X[rows], table[rows]
    )
    assert head.history_["accuracy"][-1] > 0.95
    assert (head.predict(X[rows]) == table[rows]).to_numpy().mean() > 0.95


def test_few_rows_are_learned_in_smaller_steps(X, table, epochs_trained):
    for n_rows in (30, 120, 160):
        on_maps(epochs=1).fit(X[:n_rows], table[:n_rows])
    on_maps(epochs=1, batch_size=7).fit(X, table)
    assert [epoch["batch_size"] for epoch in epochs_trained] == [4, 8, 10, 7]


def test_the_step_size_falls_unless_told_otherwise(fitted, X, table):
    falling = fitted.history_["learning_rate"]
    assert falling[-1] < 0.01 * falling[0]
    constant = on_maps(epochs=3, learning_rate_schedule="constant").fit(X, table)
    assert constant.history_["learning_rate"] == [0.01] * 3


def test_weights_of_classes_and_rows(X, table):
    weighted = on_maps(epochs=2, class_weight={"tom": 20}).fit(X, table).predict_proba(X)
    plain = on_maps(epochs=2).fit(X, table).predict_proba(X)
    assert weighted[:, 0].mean() > plain[:, 0].mean() + 0.1
    y = table["jerry"].to_numpy()
    weight = np.where(y == 1, 20.0, 1.0)
    heavy = on_maps(epochs=2).fit(X, y, sample_weight=weight).predict_proba(X)[:, 1]
    assert heavy.mean() > plain[:, 1].mean() + 0.1


def test_grid_search(X, y):
    head = on_maps(batch_size=32, l2=0.0001)
    search = GridSearchCV(head, {"epochs": [1, 20]}, cv=2).fit(X, y)
    assert search.best_params_ == {"epochs": 20}
    assert search.best_score_ > 0.9


def test_cross_fit_and_validation(X, table):
    head = on_maps(cv=2, validation_fraction=0.25, epochs=5)
    honest = head.fit_transform(X, table)
    assert len(head.history_["val_loss"]) == 5
    assert np.abs(honest.to_numpy() - head.transform(X).to_numpy()).max() > 1e-3


def test_columns_that_are_no_map(X, table):
    with pytest.raises(ValueError, match="120 columns, which is no map of 7 x 7 positions"):
        KerasFeatureMapClassifier((7, 7)).fit(X, table)
    for wrong in ((4,), (0, 4), (2.5, 4)):
        with pytest.raises(ValueError, match="map_size"):
            KerasFeatureMapClassifier(wrong).fit(X, table)


def test_not_fitted(X):
    with pytest.raises(NotFittedError):
        on_maps().class_heatmaps(X)


def test_a_table_that_says_the_size_of_its_maps(X, table):
    said = X.copy()
    said.attrs["map_shape"] = (WIDTH, HEIGHT, CHANNELS)
    with pytest.raises(ValueError, match=r"X holds maps of \(6, 4\)"):
        on_maps().fit(said, table)
    head = on_maps(map_size="auto", epochs=1)
    assert head.fit(said, table).map_size_ == (WIDTH, HEIGHT)
    assert head.class_heatmaps(said[:1]).shape == (1, 2, WIDTH, HEIGHT)
    said.attrs["map_shape"] = (HEIGHT, WIDTH, CHANNELS)
    for method in (head.predict, head.class_heatmaps):
        with pytest.raises(ValueError, match=r"maps of \(4, 6\) positions.*fit had \(6, 4\)"):
            method(said)
    assert on_maps(epochs=1).fit(said, table).map_size_ == (HEIGHT, WIDTH)


def reloaded(table):
    file = BytesIO()
    joblib.dump(table, file)
    file.seek(0)
    return joblib.load(file)


KEPT = {
    "concat": lambda X: pd.concat([X[:80], X[80:]]),
    "function": FunctionTransformer(np.sqrt).fit_transform,
    "union": FeatureUnion([("a", "passthrough")]).set_output(transform="pandas").fit_transform,
    "joblib": reloaded,
}
LOST = {
    "sampler": RandomUnderSampler(random_state=0),
    "scaler": StandardScaler().set_output(transform="pandas"),
    "selection": VarianceThreshold(0.5).set_output(transform="pandas"),
    "columns": FunctionTransformer(lambda X: X.iloc[:, ::2]),
    "union": FeatureUnion([("a", "passthrough"), ("b", "passthrough")]).set_output(
        transform="pandas"
    ),
    "order": ColumnTransformer(
        [("b", "passthrough", slice(60, 120)), ("a", "passthrough", slice(60))]
    ).set_output(transform="pandas"),
    "array": FunctionTransformer(np.asarray),
}


@pytest.mark.parametrize("name", KEPT)
def test_the_size_of_maps_stays_known_after(name, X):
    X = X.copy()
    X.attrs["map_shape"] = (HEIGHT, WIDTH, CHANNELS)
    assert find_map_size(KEPT[name](X)) == (HEIGHT, WIDTH)


@pytest.mark.parametrize("name", LOST)
def test_the_size_of_maps_is_asked_for_after(name, X, y):
    X = X.copy()
    X.attrs["map_shape"] = (HEIGHT, WIDTH, CHANNELS)
    if name == "sampler":
        X, y = LOST[name].fit_resample(X, y)
    else:
        X = LOST[name].fit_transform(X)
    with pytest.raises(ValueError, match=r"X does not tell.*Set map_size=\(height, width\)"):
        on_maps(map_size="auto").fit(X, y)


def test_the_size_of_maps_inside_label_spreading(X, table):
    X = X.copy()
    X.attrs["map_shape"] = (HEIGHT, WIDTH, CHANNELS)
    head = on_maps(map_size="auto", epochs=1)
    spreading = LabelSpreadingClassifier(head, cv=2, random_state=0)
    spreading.fit_transform(X, table)
    assert spreading.class_heatmaps(X[:1]).shape == (1, 2, HEIGHT, WIDTH)


def at(video, seconds, n):
    return pd.MultiIndex.from_arrays(
        [[video] * n, np.arange(n) * seconds, np.full(n, seconds)],
        names=["video", "time", "duration"],
    )


@pytest.mark.parametrize("n_components", [None, CHANNELS - 1])
def test_what_a_whole_video_has_in_common_is_taken_off(X, table, n_components):
    params = {"epochs": 3, "n_components": n_components, "n_ensemble": 2}
    head = on_maps(center_videos=True, **params).fit(X, table)
    tint = np.array([3.0, -1, 0, 2, 5], np.float32)
    tinted = X + np.tile(tint, HEIGHT * WIDTH)
    assert_allclose(
        on_maps(center_videos=True, **params).fit(tinted, table).channel_means_,
        head.channel_means_ + tint,
        atol=1e-5,
    )
    # So long a video that its mean is its own.
    plain, tinted = (each.iloc[:80].set_axis(at("new.mp4", 1e6, 80)) for each in (X, tinted))
    for answer in ("predict_proba", "class_heatmaps"):
        expected = getattr(head, answer)(plain)
        assert_allclose(getattr(head, answer)(tinted), expected, atol=1e-4)
        # Each video by itself, in any order.
        both = pd.concat([tinted, X.iloc[80:]])
        order = np.random.default_rng(0).permutation(160)
        found = getattr(head, answer)(both.iloc[order])[np.argsort(order)][:80]
        assert_allclose(found, expected, atol=1e-4)
    without = on_maps(**params).fit(X, table)
    assert without.channel_means_ is None
    assert np.abs(without.predict_proba(tinted) - without.predict_proba(plain)).max() > 0.1


def test_means_of_short_videos_are_drawn_towards_those_of_fit():
    maps = np.array([[0.0, 0, 2, 10], [4, 0, 6, 10], [0, 8, 0, 8]], np.float32)
    index = at("a.mp4", 15.0, 2).append(at("b.mp4", 10.0, 1))
    means = ChannelMeans(maps, 2, index)
    assert_allclose(means.overall, [1.5, 6.5])
    # 30 seconds of a video count as much as the mean of fit, 10 seconds a third as much.
    assert_allclose(means.by_row(np.array([1.0, 1])), [[2, 3], [2, 3], [0.75, 2.75]])
    # Without a frame index, all rows are frames of one video.
    alone = ChannelMeans(maps, 2, None)
    assert_allclose(alone.overall, [2, 6])
    assert_allclose(alone.by_row(np.zeros(2)), np.tile([2 / 11, 6 / 11], (3, 1)), rtol=1e-6)


def test_rows_that_come_in_parts_have_no_means(X, table):
    head = on_maps(center_videos=True).partial_fit(X.iloc[:80], table.iloc[:80])
    assert head.channel_means_ is None
    assert_array_equal(
        head.predict_proba(X),
        on_maps().partial_fit(X.iloc[:80], table.iloc[:80]).predict_proba(X),
    )
