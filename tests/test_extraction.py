"""PretrainedCNNFeatures: what goes in, what comes out, and what is computed how often."""

import copy
import os
import pickle
import subprocess
import sys
import textwrap
import tracemalloc
from functools import partial

import cv2
import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_sample_image
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktime_screen import (
    ImageResizer,
    KerasDenseClassifier,
    PretrainedCNNFeatures,
    VideoFrameSampler,
)
from sktime_screen._keras import load_keras
from sktime_screen.features import _networks
from sktime_screen.video import FrameSequence

# What is compared to the last digits does not depend on what the processor can do.
Features = partial(PretrainedCNNFeatures, precision="float32")


@pytest.fixture(scope="module")
def images():
    photo = load_sample_image("china.jpg")[::4, ::4]
    return np.stack([photo[9 * i : 9 * i + 48, 13 * i : 13 * i + 64] for i in range(7)])


@pytest.fixture
def table(images, tmp_path):
    for number, image in enumerate(images):
        cv2.imwrite(str(tmp_path / f"{number}.png"), image[:, :, ::-1])
    return pd.DataFrame(
        {
            "video": "video",
            "time": np.arange(7.0),
            "duration": 1.0,
            "image": [str(tmp_path / f"{number}.png") for number in range(7)],
        }
    )


@pytest.fixture(scope="module")
def features(images):
    return Features(batch_size=4).fit_transform(images)


@pytest.fixture
def model():
    """A network whose features can be told by hand: the means of the channels, over 255."""
    keras = load_keras()
    return keras.Sequential(
        [keras.Input((48, 64, 3)), keras.layers.Rescaling(1 / 255)], name="Own-Net"
    )


def test_array_in_array_out(images, features):
    assert isinstance(features, np.ndarray)
    assert features.shape == (7, 1280)
    assert features.dtype == np.float32
    assert (features.std(axis=0) > 0.01).mean() > 0.5  # images differ, and so do features
    other_batches = Features(batch_size=3).fit_transform(list(images))
    np.testing.assert_allclose(other_batches, features, atol=1e-5)


def test_sequence_in_table_with_frame_index_out(table, features):
    sequence = FrameSequence(table)
    transformer = Features(batch_size=4).fit(sequence)
    result = transformer.transform(sequence)
    pd.testing.assert_index_equal(result.index, sequence.index)
    assert list(result.columns[:2]) == ["efficientnet_lite0_0", "efficientnet_lite0_1"]
    assert list(result.columns) == list(transformer.get_feature_names_out())
    assert set(result.dtypes) == {np.dtype(np.float32)}
    np.testing.assert_allclose(result, features, atol=1e-5)
    assert transformer.n_features_out_ == 1280
    assert transformer.image_shape_ == (48, 64, 3)


def test_columns_of_a_map_are_numbered_and_its_size_is_told(table, tiny):
    transformer = Features(weights=None, pooling=None)
    # The second time from the network as it was kept.
    for _ in range(2):
        _networks._networks.clear()
        maps = transformer.fit_transform(FrameSequence(table))
        assert maps.columns.equals(pd.RangeIndex(transformer.n_features_out_))
        assert len(transformer.get_feature_names_out()) == maps.shape[1]
        assert maps.attrs["map_shape"] == (11, 15, transformer.n_features_out_ // 165)
    for pooling in ("avg", ("avg", None)):
        assert not Features(weights=None, pooling=pooling).fit_transform(FrameSequence(table)).attrs


def test_half_precision_is_kept_apart(table, tiny, tmp_path, computed):
    def extract(dtype):
        features = Features(weights=None, dtype=dtype, memory=tmp_path).fit_transform(
            FrameSequence(table)
        )
        assert set(features.dtypes) == {np.dtype(dtype)}
        return features.to_numpy()

    single, half = extract("float32"), extract("float16")
    np.testing.assert_array_equal(half, single.astype(np.float16))
    done = sum(computed)
    np.testing.assert_array_equal(extract("float16"), half)
    np.testing.assert_array_equal(extract("float32"), single)
    assert sum(computed) == done


def test_rows_in_any_order_and_repeated_are_computed_once(table, features, computed):
    rows = [5, 0, 3, 5, 5, 1, 0]
    sequence = FrameSequence(table)[rows]
    result = Features(batch_size=4).fit_transform(sequence)
    pd.testing.assert_index_equal(result.index, sequence.index)
    np.testing.assert_allclose(result, features[rows], atol=1e-5)
    assert sum(computed) == 4


def test_wide_features_are_in_memory_once(video, tiny):
    table = VideoFrameSampler(rate=None).sample(video)
    frames = FrameSequence(pd.concat([table] * 8, ignore_index=True), size=(128, 192))
    transformer = Features(weights=None, pooling=None).fit(frames)
    head = KerasDenseClassifier(hidden_layer_sizes=(), epochs=1, random_state=0)
    transformer.transform(frames[:8])
    tracemalloc.start()
    try:
        features = transformer.transform(frames)
        matrix = features.to_numpy().nbytes
        assert matrix > 80e6
        assert tracemalloc.get_traced_memory()[1] < 1.3 * matrix
        tracemalloc.reset_peak()
        head.fit(features, np.arange(len(frames)) % 2).predict(features)
        assert tracemalloc.get_traced_memory()[1] < matrix + 2**26
    finally:
        tracemalloc.stop()


def test_images_of_the_same_time_are_not_taken_for_one(table, features):
    result = Features().fit_transform(FrameSequence(table.assign(time=0.0)))
    np.testing.assert_allclose(result, features, atol=1e-5)


def test_nothing_in_nothing_out(table, images, computed):
    sequence = FrameSequence(table)
    transformer = Features().fit(sequence)
    assert transformer.transform(sequence[:0]).shape == (0, 1280)
    assert transformer.transform(images[:0]).shape == (0, 1280)
    assert not computed


def test_poolings_belong_together(images, tiny):
    mean, largest, maps = (
        Features(pooling=pooling).fit_transform(images) for pooling in ("avg", "max", None)
    )
    assert maps.shape == (7, 11 * 15 * 8)
    maps = maps.reshape(7, -1, 8)
    np.testing.assert_allclose(maps.mean(axis=1), mean, atol=1e-5)
    np.testing.assert_allclose(maps.max(axis=1), largest, atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_several_poolings_at_once(images, precision, tiny):
    poolings = ["max", None, "avg"]
    options = {"engine": "keras", "precision": precision}
    each = [Features(pooling=pooling, **options).fit_transform(images) for pooling in poolings]
    for pooling in (poolings, tuple(poolings)):
        transformer = Features(pooling=pooling, **options).fit(images)
        features = transformer.transform(images)
        loose = 0.05 if precision == "bfloat16" else 1e-5
        np.testing.assert_allclose(features, np.hstack(each), atol=loose)
        assert transformer.n_features_out_ == 8 + 11 * 15 * 8 + 8
        names = transformer.get_feature_names_out().tolist()
        assert names[0] == "efficientnet_lite0_max_0"
        assert names[8:10] == ["efficientnet_lite0_map_0", "efficientnet_lite0_map_1"]
        assert names[-1] == "efficientnet_lite0_avg_7"
        assert clone(transformer).pooling is pooling
    alone = Features(pooling=["avg"], **options).fit(images)
    np.testing.assert_array_equal(alone.transform(images), each[2])
    assert alone.get_feature_names_out()[0] == "efficientnet_lite0_0"


def test_poolings_of_a_model(model, images):
    transformer = Features(model, pooling=("avg", "max")).fit(images)
    expected = np.hstack([images.mean(axis=(1, 2)), images.max(axis=(1, 2))]) / 255
    np.testing.assert_allclose(transformer.transform(images), expected, atol=1e-4)
    keras = load_keras()
    rows = keras.Sequential([model, keras.layers.GlobalAveragePooling2D()], name="rows")
    transformer = Features(rows, pooling=("avg", "max")).fit(images)
    np.testing.assert_allclose(transformer.transform(images), expected[:, :3], atol=1e-4)
    assert list(transformer.get_feature_names_out()) == ["rows_0", "rows_1", "rows_2"]


def test_vgg16_flattened_has_25088_columns():
    transformer = Features("VGG16", weights=None, pooling=None)
    transformer.fit(np.zeros((1, 224, 224, 3), np.uint8))
    assert transformer.n_features_out_ == 25_088
    assert transformer.get_feature_names_out()[-1] == "vgg16_25087"


def test_fit_reads_no_weights(images, tmp_path):
    transformer = Features(weights=tmp_path / "later.pth").fit(images)
    assert transformer.n_features_out_ == 1280


def test_set_output(images, features, table):
    transformer = Features().set_output(transform="pandas").fit(images)
    result = transformer.transform(images)
    assert list(result.columns) == list(transformer.get_feature_names_out())
    np.testing.assert_allclose(result, features, atol=1e-5)
    pipeline = make_pipeline(ImageResizer((48, 64)), Features(), StandardScaler())
    sequence = FrameSequence(table)
    scaled = pipeline.set_output(transform="pandas").fit_transform(sequence)
    pd.testing.assert_index_equal(scaled.index, sequence.index)
    assert scaled.columns[0] == "efficientnet_lite0_0"
    copied = clone(pipeline).fit_transform(sequence)
    pd.testing.assert_frame_equal(copied, scaled)


def test_clones_share_one_network_which_is_not_in_the_pickle(images, monkeypatch):
    transformer = Features().fit(images)
    before = transformer.transform(images)
    assert len(pickle.dumps(transformer)) < 2000
    monkeypatch.setattr(
        _networks, "Network", lambda *args: pytest.fail("A second network was built.")
    )
    for twin in (clone(transformer).fit(images), copy.deepcopy(transformer)):
        np.testing.assert_array_equal(twin.transform(images), before)


def test_networks_kept_are_few(images, tiny):
    for height in range(32, 40):
        Features().fit(images[:, :height])
    assert len(_networks._networks) <= 4


def test_a_live_model(model, images):
    transformer = Features(model).fit(images)
    expected = images.mean(axis=(1, 2)) / 255
    np.testing.assert_allclose(transformer.transform(images), expected, atol=1e-4)
    assert list(transformer.get_feature_names_out()) == [f"own_net_{i}" for i in range(3)]
    assert clone(transformer).backbone is model
    flat = Features(model, pooling=None).fit_transform(images)
    np.testing.assert_allclose(flat, images.reshape(7, -1) / 255, atol=1e-6)


def test_a_saved_model(model, images, tmp_path):
    path = tmp_path / "my net.keras"
    model.save(path)
    for backbone in (path, str(path)):
        transformer = Features(backbone).fit(images)
        expected = images.mean(axis=(1, 2)) / 255
        np.testing.assert_allclose(transformer.transform(images), expected, atol=1e-4)
        assert transformer.get_feature_names_out()[0] == "my_net_0"


@pytest.mark.slow
def test_joblib_in_a_fresh_process(model, images, features, tmp_path):
    with_weights = Features(weights="imagenet").fit(images)
    random = Features(weights=None).fit(images)
    live = Features(model).fit(images)
    joblib.dump(([with_weights, random, live], images), tmp_path / "transformers.joblib")
    script = """
        import sys, joblib
        transformers, images = joblib.load(sys.argv[1])
        joblib.dump([each.transform(images) for each in transformers], sys.argv[2])
    """
    files = [tmp_path / "transformers.joblib", tmp_path / "features.joblib"]
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), *files], check=True)
    elsewhere = joblib.load(files[1])
    expected = features, random.transform(images), images.mean(axis=(1, 2)) / 255
    for found, wanted in zip(elsewhere, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert np.ptp(elsewhere[1], axis=0).max() > 1e-3


def test_threads(images, features):
    transformer = Features(batch_size=2).fit(images)
    _networks._networks.clear()
    results = joblib.Parallel(n_jobs=4, backend="threading")(
        joblib.delayed(transformer.transform)(images) for _ in range(4)
    )
    assert len(_networks._networks) == 1
    for result in results:
        np.testing.assert_allclose(result, features, atol=1e-5)


def test_a_image_that_cannot_be_read_ends_it(table):
    sequence = FrameSequence(table)
    transformer = Features(batch_size=2).fit(sequence)
    os.remove(table["image"][5])
    with pytest.raises(FileNotFoundError, match=r"5\.png"):
        transformer.transform(sequence)


def test_a_machine_unlike_that_of_fit(images, monkeypatch):
    transformer = Features(engine="auto").fit(images)
    monkeypatch.setattr(
        "sktime_screen.features._extraction.choose_engine",
        lambda *args, **kwargs: ("keras", "bfloat16"),
    )
    with pytest.warns(UserWarning, match=r"in float32, run on this machine with keras in bfloat16"):
        transformer.transform(images)


def test_progress_is_silent_unless_asked_for(images, capfd):
    transformer = Features().fit(images)
    transformer.transform(images)
    assert capfd.readouterr() == ("", "")
    transformer.set_params(verbose=True).transform(images)
    assert "7/7 frames" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X / 255, r"float64 from 0 to 1\..*\* 255"),
        (lambda X: X.astype(int), "found int64"),
        (lambda X: X[..., :1], r"\(7, 48, 64, 1\).*ImageResizer\(\(224, 224\)\)"),
        (lambda X: X[..., 0], r"\(7, 48, 64\).*ImageResizer\(\(224, 224\)\)"),
        (lambda X: np.concatenate([X, X], axis=3), r"\(7, 48, 64, 6\)"),
        (lambda X: X[0], r"\(48, 64, 3\); put a single image into a list"),
        (lambda X: [X[0], X[0, :40]], r"\(48, 64, 3\), \(40, 64, 3\)\. ImageResizer"),
        (lambda X: X[:, :20], r"at least 32 x 32 pixels, found 20 x 64: put ImageResizer"),
    ],
)
def test_wrong_images(images, change, message):
    with pytest.raises(ValueError, match=message):
        Features().fit(change(images))


@pytest.mark.parametrize("X", ["a.mp4", ["a.mp4"], pd.DataFrame({"video": ["a.mp4"]}), None])
def test_no_images_at_all(X):
    with pytest.raises(TypeError, match="VideoFrameSampler makes images"):
        Features().fit(X)


def test_too_small_for_a_network_of_keras(images):
    message = (
        r"inception_v3 .* at least 75 x 75 pixels, found 48 x 64.*ImageResizer\(\(299, 299\)\)"
    )
    with pytest.raises(ValueError, match=message):
        Features("inception_v3").fit(images)


def test_a_sequence_of_unlike_sizes(table, images):
    cv2.imwrite(table["image"][3], images[3, :40])
    with pytest.raises(ValueError, match=r"ImageResizer\(\(224, 224\)\)"):
        Features().fit(FrameSequence(table))


def test_other_sizes_than_at_fit(table, images):
    transformer = Features().fit(images)
    with pytest.raises(ValueError, match=r"\(40, 64, 3\).*ImageResizer\(\(48, 64\)\)"):
        transformer.transform(images[:, :40])
    with pytest.raises(ValueError, match=r"\(32, 32, 3\).*ImageResizer\(\(48, 64\)\)"):
        transformer.transform(FrameSequence(table, (32, 32)))


def test_a_model_of_one_size_only(model, table, images):
    message = r"'Own-Net' takes images of 48 x 64 .* found 32 x 32: put ImageResizer\(\(48, 64\)\)"
    with pytest.raises(ValueError, match=message):
        Features(model).fit(FrameSequence(table, (32, 32)))


def test_models_that_are_no_backbones(images, tmp_path):
    keras = load_keras()
    table_model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)])
    unbuilt = keras.Sequential([keras.layers.Flatten()])
    for model in (table_model, unbuilt):
        with pytest.raises(ValueError, match=r"expected one input \(None, height, width, 3\)"):
            Features(model).fit(images)
    image = keras.Input((48, 64, 3))
    vectors = keras.Model(image, keras.ops.reshape(image, (-1, 48, 192)))
    with pytest.raises(ValueError, match=r"gives \(None, 48, 192\)"):
        Features(vectors).fit(images)
    (tmp_path / "broken.keras").write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"broken\.keras.*cannot be loaded"):
        Features(tmp_path / "broken.keras").fit(images)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.keras"):
        Features("nowhere.keras").fit(images)


@pytest.mark.parametrize(
    "parameters",
    [{"backbone": 3}, {"pooling": "mean"}, {"pooling": ()}, {"pooling": ("avg", "mean")},
     {"pooling": ["avg", "avg"]}, {"batch_size": 0}, {"weights": 1}, {"n_jobs": 1.5},
     {"verbose": "yes"}, {"backbone": "no_such_network"}],
)  # fmt: skip
def test_wrong_parameters(parameters, images):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        Features(**parameters).fit(images)


def test_a_model_brings_its_weights(model, images, tmp_path):
    model.save(tmp_path / "model.keras")
    for own in (model, tmp_path / "model.keras"):
        for weights in (None, tmp_path / "none.h5"):
            with pytest.raises(ValueError, match="Your own model has its weights"):
                Features(own, weights=weights).fit(images)
