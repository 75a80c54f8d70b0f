"""Features after fit are those that the steps behind have learned from, or an error says so."""

import json
import pickle
import warnings
from functools import partial

import cv2
import numpy as np
import pandas as pd
import pytest
from network_files import IMAGES, expect, make_frames, save, write_onnx
from network_files import ops as opset
from sklearn.pipeline import make_pipeline
from test_faces import IMAGES as FACES
from test_faces import JERRY, draw, make_embedding, make_yunet

from sktime_screen import FaceClassifier, FaceFeatures, ImageResizer, PretrainedCNNFeatures
from sktime_screen._keras import load_keras
from sktime_screen.features import WeightsFileError
from sktime_screen.video import FrameSequence


@pytest.fixture
def onnx(tmp_path):
    return write_onnx(tmp_path / "network.onnx", ["n", 3, "h", "w"])


def write_config(folder, mean, std):
    text = json.dumps({"image_mean": [mean] * 3, "image_std": [std] * 3})
    (folder / "preprocessor_config.json").write_text(text)


def test_other_pixel_values_beside_the_network(onnx, tmp_path):
    write_config(tmp_path, 0.5, 0.5)
    features = PretrainedCNNFeatures(onnx, precision="float32").fit(IMAGES)
    before = features.transform(IMAGES)
    np.testing.assert_allclose(before, expect("tf").mean((1, 2)), atol=1e-5)
    write_config(tmp_path, 0, 1)
    for fitted in (features, pickle.loads(pickle.dumps(features))):
        with pytest.raises(
            ValueError, match=r"network\.onnx'.*preprocessing has changed since fit"
        ):
            fitted.transform(IMAGES)
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(ValueError, match=r"no preprocessor_config\.json"):
        features.transform(IMAGES)
    # The same values in other words are no change.
    np.testing.assert_array_equal(features.set_params(preprocessing="tf").transform(IMAGES), before)


@pytest.mark.parametrize(
    ("name", "value"),
    [("preprocessing", "raw"), ("pooling", "max"), ("output", "other")],
)
def test_parameters_of_a_file_set_after_fit(tmp_path, name, value):
    images = opset.parameter([-1, 3, -1, -1], np.float32)
    means = [opset.reduce_mean(images, [2, 3], keep_dims=True) for _ in range(2)]
    network = save(
        tmp_path / "two.xml", means, [images], last_hidden_state=means[0], other=means[1]
    )
    features = PretrainedCNNFeatures(network, preprocessing="tf").fit(IMAGES)
    features.set_params(**{name: value})
    with pytest.raises(ValueError, match=f"{name} has changed since fit"):
        features.transform(IMAGES)
    assert features.fit(IMAGES).transform(IMAGES).shape == (7, 3)


@pytest.mark.parametrize(
    ("name", "value"), [("pooling", "max"), ("weights", None), ("backbone", "smaller")]
)
def test_parameters_of_a_named_network_set_after_fit(tiny, name, value):
    features = PretrainedCNNFeatures("tiny").fit(IMAGES)
    features.set_params(**{name: value})
    with pytest.raises(ValueError, match=f"{name} has changed since fit"):
        features.transform(IMAGES)
    # Where features are kept and how many are computed at once is no such parameter.
    features.set_params(**{name: getattr(PretrainedCNNFeatures("tiny"), name)}, batch_size=2)
    assert features.transform(IMAGES).shape == (7, 8)


def test_a_live_model_that_is_trained_after_fit():
    keras = load_keras()
    layers = [keras.Input((32, 48, 3)), keras.layers.Conv2D(3, 1)]
    model = keras.Sequential(layers, name="mine")
    features = PretrainedCNNFeatures(model).fit(IMAGES)
    weights, before = model.get_weights(), features.transform(IMAGES)
    model.set_weights([2 * weight for weight in weights])
    with pytest.raises(ValueError, match=r"weights of 'mine' have changed since fit"):
        features.transform(IMAGES)
    np.testing.assert_allclose(features.fit_transform(IMAGES), 2 * before, rtol=1e-5)
    model.set_weights(weights)
    features.fit(IMAGES)
    np.testing.assert_allclose(pickle.loads(pickle.dumps(features)).transform(IMAGES), before)


def test_a_model_of_an_earlier_version_goes_on(onnx):
    features = PretrainedCNNFeatures(onnx, preprocessing="tf").fit(IMAGES)
    before = features.transform(IMAGES)
    del features._settings, features._resizing
    np.testing.assert_array_equal(features.transform(IMAGES), before)


@pytest.mark.parametrize("change", [{"aspect": "pad"}, {"interpolation": "linear"}], ids=str)
def test_images_resized_otherwise_than_in_fit(onnx, tmp_path, change):
    frames = make_frames(tmp_path)
    steps = make_pipeline(
        ImageResizer((16, 16)), PretrainedCNNFeatures(onnx, preprocessing="tf")
    ).fit(frames)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        steps.transform(frames)
    steps.set_params(**{f"imageresizer__{name}": value for name, value in change.items()})
    with pytest.warns(UserWarning, match="Images are resized with .*, and were in fit with"):
        steps.transform(frames)


def test_portraits_of_another_network_than_the_faces(tmp_path):
    detector = make_yunet(tmp_path / "detector.xml")
    one, other = (make_embedding(tmp_path / f"{name}.xml") for name in ("one", "other"))
    with (tmp_path / "other.bin").open("ab") as file:
        file.write(bytes(4))
    for name, image in (("tom", FACES[2]), ("jerry", draw((200, 124, 72, JERRY)))):
        (tmp_path / "cast" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "cast" / name / "1.png"), image[:, :, ::-1])
    make = partial(FaceFeatures, detector, detection_size=384, n_faces=1)
    frames = FrameSequence(
        pd.DataFrame(
            {
                "video": "a",
                "time": [0.0, 1.0],
                "duration": 1.0,
                "image": [str(tmp_path / "cast" / name / "1.png") for name in ("jerry", "tom")],
            }
        )
    )
    faces = make(one, pixel_range=(0, 255)).fit_transform(frames)
    for features in (make(other, pixel_range=(0, 255)), make(one, pixel_range=(-1, 1))):
        with pytest.raises(ValueError, match="embedded by different networks"):
            FaceClassifier(tmp_path / "cast", features=features).fit(faces)
    # How faces are found may differ.
    alike = make(one, pixel_range=(0, 255), min_score=0.5)
    classifier = FaceClassifier(tmp_path / "cast", features=alike).fit(faces)
    found = classifier.transform(faces)
    assert (found["jerry"].to_numpy() > 0.5).tolist() == [True, False]


@pytest.mark.parametrize("part", ["detector", "embedding", "pixel_range"])
def test_networks_of_faces_that_change_after_fit(tmp_path, part):
    detector = make_yunet(tmp_path / "detector.xml")
    embedding = make_embedding(tmp_path / "embedding.xml")
    features = FaceFeatures(detector, embedding, detection_size=384, pixel_range=(0, 255))
    before = features.fit_transform(FACES)
    if part == "pixel_range":
        features.set_params(pixel_range=(-1, 1))
    else:
        other = (tmp_path / part).with_suffix(".bin")
        other.write_bytes(other.read_bytes() + bytes(4))
    with pytest.raises(WeightsFileError, match="have changed since fit, and give other vectors"):
        features.transform(FACES)
    assert features.fit_transform(FACES).shape == before.shape
    # How large images are looked at may be set for each video.
    assert features.set_params(detection_size=96).transform(FACES).shape == before.shape
