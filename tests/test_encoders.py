"""Networks in files of ONNX, TFLite and OpenVINO as backbones."""

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from network_files import (
    GRID,
    IMAGES,
    LEADING,
    N_CHANNELS,
    PATCH,
    PRESETS,
    SIZE,
    WEIGHTS,
    as_tokens,
    convolve,
    expect,
    make_frames,
    make_transformer,
    ops,
    save,
    take_images,
    write_onnx,
)
from numpy.testing import assert_allclose
from sklearn.base import clone

from sktime_screen import (
    PretrainedCNNFeatures,
    recommended_pipeline,
)
from sktime_screen._keras import load_keras
from sktime_screen.features import find_input_size, find_map_size

# The processor's own precision would not be told from a mistake.
Features = partial(PretrainedCNNFeatures, precision="float32")


@pytest.fixture(scope="module")
def model():
    """The same network in Keras."""
    keras = load_keras()
    layer = keras.layers.Conv2D(N_CHANNELS, PATCH, strides=PATCH, use_bias=False)
    model = keras.Sequential([keras.Input((*SIZE, 3)), layer])
    layer.set_weights([WEIGHTS])
    return model


@pytest.fixture(scope="module")
def files(model, tmp_path_factory):
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("encoders")
    converted = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    (folder / "keras.tflite").write_bytes(converted)
    images, fixed = take_images(), take_images((1, 3, *SIZE))
    last = take_images((1, *SIZE, 3))
    channels_first = ops.transpose(last, [0, 3, 1, 2])
    half = take_images(kind=np.float16)
    from_half = ops.convert(half, np.float32)
    squeezed = ops.reshape(as_tokens(convolve(fixed)), [24, N_CHANNELS], special_zero=False)
    one_only = ops.reshape(squeezed, [1, 24, N_CHANNELS], special_zero=False)
    return {
        "tflite": str(folder / "keras.tflite"),
        "onnx": write_onnx(folder / "open.onnx", ["n", "c", "h", "w"]),
        "onnx of one size": write_onnx(folder / "one_size.onnx", ["n", 3, *SIZE]),
        "onnx of one image": write_onnx(folder / "one_image.onnx", [1, 3, *SIZE]),
        "onnx beside weights": write_onnx(
            folder / "beside.onnx", ["n", 3, "h", "w"], weights_in="w.data"
        ),
        "xml": save(folder / "open.xml", [convolve(images)], [images]),
        "xml, channels last": save(
            folder / "last.xml",
            [ops.transpose(convolve(channels_first), [0, 2, 3, 1])],
            [last],
        ),
        "xml, map with channels last": save(
            folder / "mixed.xml", [ops.transpose(convolve(images), [0, 2, 3, 1])], [images]
        ),
        "xml of half precision": save(folder / "half.xml", [convolve(from_half)], [half]),
        "tokens, one image": save(folder / "one_only.xml", [one_only], [fixed]),
        "transformer": make_transformer(folder / "transformer.xml"),
    }


FORMATS = [
    "tflite",
    "onnx",
    "onnx of one size",
    "onnx of one image",
    "onnx beside weights",
    "xml",
    "xml, channels last",
    "xml, map with channels last",
    "tokens, one image",
]


@pytest.mark.parametrize("kind", FORMATS)
def test_features_are_those_of_the_same_network_in_keras(files, model, kind):
    features = Features(files[kind], preprocessing="imagenet", pooling=("avg", None, "max"))
    found = features.fit_transform(IMAGES)
    mean, std = map(np.array, PRESETS["imagenet"])
    maps = model.predict((IMAGES / 255 - mean) / std, verbose=0)
    assert maps.shape == (7, *GRID, N_CHANNELS)
    assert_allclose(expect("imagenet"), maps, atol=1e-5)
    rows = [maps.mean((1, 2)), maps.reshape(7, -1), maps.max((1, 2))]
    assert_allclose(found, np.hstack(rows), atol=1e-5)
    assert (features.engine_, features.precision_) == ("openvino", "float32")
    for batch_size in (1, 3):
        again = features.set_params(batch_size=batch_size).transform(IMAGES)
        assert_allclose(again, found, atol=1e-5)


def test_half_precision(files):
    found = Features(files["xml of half precision"], preprocessing="tf").fit_transform(IMAGES)
    assert_allclose(found, expect("tf").mean((1, 2)), atol=0.01)


@pytest.fixture
def frames(tmp_path):
    return make_frames(tmp_path)


def test_pixels_become_what_the_network_takes(files):
    def found(preprocessing):
        features = Features(files["onnx"], preprocessing=preprocessing, pooling=None)
        return features.fit_transform(IMAGES).reshape(7, *GRID, N_CHANNELS)

    for name in PRESETS:
        assert_allclose(found(name), expect(name), rtol=1e-4, atol=2e-5 * np.ptp(expect(name)))
    assert_allclose(found({"mean": 0, "std": 1}), expect((0, 1)), atol=1e-5)
    # Numbers are in the order of the channels that the network takes.
    numbers = {"mean": (0.1, 0.2, 0.3), "std": [0.4, 0.5, 0.6]}
    expected = expect((numbers["mean"], numbers["std"]), IMAGES[..., ::-1])
    assert_allclose(found({**numbers, "channel_order": "BGR"}), expected, atol=1e-5)
    assert_allclose(
        found({**numbers, "channel_order": "RGB"})[0, 0, 0],
        expect((numbers["mean"], numbers["std"]))[0, 0, 0],
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5] * 3}, ((0.1, 0.2, 0.3), 0.5)),
        ({"do_normalize": False}, (0, 1)),
        ({"do_normalize": False, "do_rescale": False}, (0, 1 / 255)),
        (
            {"image_mean": [1.0] * 3, "image_std": [0.5] * 3, "rescale_factor": 2 / 255},
            (0.5, 0.25),
        ),
        ({"do_normalize": False, "do_flip_channel_order": True}, "flipped"),
    ],
)
@pytest.mark.parametrize("folder", [".", "onnx"])
def test_what_was_exported_with_the_network_says_it(files, tmp_path, config, expected, folder):
    (tmp_path / folder).mkdir(exist_ok=True)
    path = shutil.copy(files["onnx"], tmp_path / folder)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
    found = Features(path).fit_transform(IMAGES)
    maps = expect((0, 1), IMAGES[..., ::-1]) if expected == "flipped" else expect(expected)
    assert_allclose(found, maps.mean((1, 2)), rtol=1e-4, atol=1e-4)


def test_what_pixels_become_has_to_be_known(files, tmp_path):
    with pytest.raises(
        ValueError, match=r"open\.onnx.*preprocessor_config\.json.*'imagenet'.*SigLIP"
    ):
        Features(files["onnx"]).fit(IMAGES)
    for wrong in (
        {"mean": 0.5},
        {"mean": 0, "std": 0},
        {"mean": (104, 117, 124), "std": 1},
        {"mean": (0, 0), "std": 1},
        {"mean": 0, "std": 1, "order": "BGR"},
        {"mean": 0, "std": 1, "channel_order": "GBR"},
    ):
        with pytest.raises(ValueError, match=r"pixels from 0 to 1 \(divide by 255"):
            Features(files["onnx"], preprocessing=wrong).fit(IMAGES)
    path = Path(shutil.copy(files["onnx"], tmp_path))
    for config in ("[]", "{}", "{", json.dumps({"rescale_offset": True, "do_normalize": False})):
        (path.parent / "preprocessor_config.json").write_text(config)
        with pytest.raises(ValueError, match=r"preprocessor_config\.json' does not tell"):
            Features(path).fit(IMAGES)


def test_images_have_the_size_that_the_file_says(files, model, tmp_path):
    sizes = {kind: find_input_size(path) for kind, path in files.items()}
    assert {kind for kind, size in sizes.items() if size is None} == {
        "onnx", "onnx beside weights", "xml", "xml, map with channels last",
        "xml of half precision", "transformer",
    }  # fmt: skip
    assert set(sizes.values()) == {None, SIZE}
    assert find_input_size("efficientnet_lite0") is None
    model.save(tmp_path / "own.keras")
    assert find_input_size(model) == find_input_size(str(tmp_path / "own.keras")) == SIZE
    for head, size in (("map", (384, 672)), ("dense", (224, 224))):
        for kind, expected in (("tflite", SIZE), ("onnx", size)):
            resizer = recommended_pipeline(head=head, backbone=files[kind]).named_steps[
                "imageresizer"
            ]
            assert resizer.size == expected
    given = recommended_pipeline(image_size=(64, 64), backbone=files["tflite"])
    assert given.named_steps["imageresizer"].size == (64, 64)
    larger = np.concatenate([IMAGES, IMAGES[::-1]], axis=1)
    for kind in ("tflite", "onnx of one size", "xml, channels last"):
        with pytest.raises(
            ValueError, match=r"takes images of 32 x 48.*found 64 x 48.*ImageResizer\(\(32, 48\)\)"
        ):
            Features(files[kind], preprocessing="tf").fit(larger)
    maps = np.concatenate([expect("tf"), expect("tf", IMAGES[::-1])], axis=1)
    found = Features(files["onnx"], preprocessing="tf", pooling=None).fit_transform(larger)
    assert_allclose(found, maps.reshape(7, -1), atol=1e-5)


# ---- vision transformers


def test_tokens_of_patches_and_the_class_token(files, frames):
    features = Features(files["transformer"], preprocessing="tf")
    patches = expect("tf").reshape(7, -1, N_CHANNELS)
    means = patches.mean(1)
    class_token = LEADING[:, 0] + means
    # Of several outputs the one with the tokens is taken.
    assert_allclose(features.fit_transform(IMAGES), means, atol=1e-5)
    several = clone(features).set_params(pooling=("class_token", "avg"))
    assert_allclose(several.fit_transform(IMAGES), np.hstack([class_token, means]), atol=1e-5)
    names = several.get_feature_names_out()
    assert (names[0], names[-1]) == ("transformer_class_token_0", "transformer_avg_5")
    row = clone(features).set_params(output="pooler_output")
    largest = np.maximum(patches.max(1), class_token)
    assert_allclose(row.fit_transform(IMAGES), largest, atol=1e-5)
    assert list(row.get_feature_names_out()) == [f"transformer_{k}" for k in range(N_CHANNELS)]
    maps = clone(features).set_params(pooling=None).fit_transform(frames)
    assert maps.attrs["map_shape"] == (*GRID, N_CHANNELS)
    assert_allclose(maps, patches.reshape(7, -1), atol=1e-5)
    assert find_map_size(maps) == GRID


def test_patches_that_are_merged_without_a_convolution(tmp_path, frames):
    images = take_images()
    squares = ops.reshape(convolve(images), [0, N_CHANNELS, 2, 2, 3, 2], special_zero=True)
    path = save(tmp_path / "network.xml", [ops.reduce_mean(squares, [3, 5])], [images])
    maps = Features(path, preprocessing="tf", pooling=None).fit_transform(frames)
    assert find_map_size(maps) == (2, 3)
    expected = expect("tf").reshape(7, 2, 2, 3, 2, N_CHANNELS).mean((2, 4))
    assert_allclose(maps, expected.reshape(7, -1), atol=1e-5)


@pytest.mark.parametrize("n_leading", range(7))
def test_tokens_that_do_not_add_up_are_an_error(tmp_path, n_leading):
    path = make_transformer(tmp_path / "network.xml", n_leading)
    features = Features(path, preprocessing="tf")
    if n_leading in (3, 6):
        with pytest.raises(
            ValueError, match=rf"network\.xml' gives {24 + n_leading} tokens.*4 x 6 patches"
        ):
            features.fit(IMAGES)
        return
    patches = expect("tf").reshape(7, -1, N_CHANNELS)
    assert_allclose(features.fit_transform(IMAGES), patches.mean(1), atol=1e-5)
    features.set_params(pooling="class_token")
    if n_leading in (0, 4):
        with pytest.raises(ValueError, match="no class token before the 4 x 6 positions"):
            features.fit(IMAGES)
    else:
        assert_allclose(features.fit_transform(IMAGES), LEADING[:, 0] + patches.mean(1), atol=1e-5)


def test_tokens_of_something_else_than_patches(tmp_path):
    """Sixteen of them look like four by four patches, were it not for the network."""
    images = take_images()
    mean = ops.reduce_mean(as_tokens(convolve(images)), [1], keep_dims=True)
    questions = np.ones((1, 16, 1), np.float32)
    path = save(tmp_path / "network.xml", [ops.multiply(mean, questions)], [images])
    with pytest.raises(ValueError, match=r"16 tokens.*4 x 6 patches.*output="):
        Features(path, preprocessing="tf").fit(IMAGES)


# ---- one image at a time


def test_a_network_that_mixes_the_images_of_a_batch_sees_them_one_by_one(tmp_path):
    images = take_images((1, 3, *SIZE))
    tokens = ops.reshape(as_tokens(convolve(images)), [1, -1, N_CHANNELS], special_zero=False)
    # As attention does: each token knows of all others.
    tokens = ops.subtract(tokens, ops.reduce_max(tokens, [1], keep_dims=True))
    rows = ops.reshape(tokens, [-1, 24 * N_CHANNELS], special_zero=False)
    path = save(tmp_path / "network.xml", [rows], [images])
    patches = expect("tf").reshape(7, 24, N_CHANNELS)
    expected = patches - patches.max(1, keepdims=True)
    found = Features(path, preprocessing="tf").fit_transform(IMAGES)
    assert_allclose(found, expected.reshape(7, -1), atol=1e-5)


def test_a_class_token_for_one_image_only(tmp_path):
    path = make_transformer(tmp_path / "network.xml", shape=(1, 3, *SIZE), any_batch=False)
    features = Features(path, preprocessing="tf", pooling=("class_token", "avg"))
    means = expect("tf").mean((1, 2))
    expected = np.hstack([np.repeat(LEADING[:, 0], 7, axis=0), means])
    assert_allclose(features.fit_transform(IMAGES), expected, atol=1e-5)
