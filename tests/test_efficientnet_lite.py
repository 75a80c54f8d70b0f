"""EfficientNet-Lite0: does the port recognise what is in clear images?

That its features equal those of the original is recorded in benchmarks/port_equality.md.
"""

import numpy as np
import pytest
from skimage import data
from sklearn.datasets import load_sample_image

from sktime_screen import ImageResizer
from sktime_screen.features import WeightsFileError
from sktime_screen.features._efficientnet_lite import (
    INPUT_SIZES,
    build_efficientnet_lite,
    find_imagenet_weights,
    load_torch_weights,
    preprocess,
)


@pytest.fixture(scope="module", params=[0, 2])
def classifier(request):
    number = request.param
    model = build_efficientnet_lite(number, (*INPUT_SIZES[number], 3), include_top=True)
    load_torch_weights(model, find_imagenet_weights(number))
    return model


def middle_square(image):
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


@pytest.mark.parametrize(
    ("image", "imagenet_class"),
    [
        pytest.param(data.coffee, 967, id="espresso"),
        pytest.param(data.chelsea, 285, id="Egyptian cat"),
        pytest.param(data.camera, 872, id="tripod"),
        pytest.param(lambda: data.stereo_motorcycle()[0], 665, id="moped"),
        pytest.param(lambda: load_sample_image("china.jpg"), 698, id="palace"),
    ],
)
def test_clear_images_are_recognised(classifier, image, imagenet_class):
    size = classifier.input_shape[1:3]
    resized = ImageResizer(size).transform([middle_square(image())])
    logits = classifier.predict(preprocess(resized.astype("float32")), verbose=0)[0]
    assert logits.argmax() == imagenet_class


def test_it_has_the_published_number_of_parameters(classifier):
    # https://github.com/tensorflow/tpu, models/official/efficientnet/lite: 4.7 and 6.1 million.
    expected = {"efficientnet_lite0": 4_652_008, "efficientnet_lite2": 6_092_072}[classifier.name]
    assert sum(np.prod(weight.shape) for weight in classifier.trainable_weights) == expected


def test_preprocessing():
    np.testing.assert_array_equal(preprocess(np.array([0.0, 127.0, 255.0])), [-127 / 128, 0, 1])


def test_pooling_of_the_feature_map():
    image = np.random.default_rng(0).normal(size=(1, 64, 96, 3)).astype("float32")
    maps = build_efficientnet_lite(0, (64, 96, 3))
    expected = maps.predict(image, verbose=0)
    assert expected.shape == (1, 2, 3, 1280)
    for pooling, reduce in (("avg", np.mean), ("max", np.max)):
        pooled = build_efficientnet_lite(0, (64, 96, 3), pooling=pooling)
        pooled.set_weights(maps.get_weights())
        np.testing.assert_allclose(
            pooled.predict(image, verbose=0), reduce(expected, axis=(1, 2)), atol=1e-5
        )


def test_images_too_small():
    with pytest.raises(ValueError, match="at least 32x32"):
        build_efficientnet_lite(0, (31, 224, 3))


def test_weights_of_another_network(monkeypatch):
    model = build_efficientnet_lite(0, (32, 32, 3))

    def load(tensors):
        monkeypatch.setattr(
            "sktime_screen.features._efficientnet_lite.read_torch_weights", lambda path: tensors
        )
        load_torch_weights(model, "other.pth")

    with pytest.raises(WeightsFileError, match=r"other\.pth.*_conv_stem\.weight"):
        load({"features.0.weight": np.zeros((64, 3, 3, 3))})
    with pytest.raises(WeightsFileError, match=r"\(5, 5, 3, 32\).*\(3, 3, 3, 32\)"):
        load({"_conv_stem.weight": np.zeros((32, 3, 5, 5))})
