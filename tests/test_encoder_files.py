"""Files of networks: what is kept of them, how models with them are saved, what cannot be read."""

import pickle
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pytest
from network_files import (
    IMAGES,
    N_CHANNELS,
    SIZE,
    WEIGHTS,
    convolve,
    expect,
    make_frames,
    ops,
    save,
    take_images,
    write_onnx,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sktime_screen import (
    FineTunedCNNClassifier,
    PretrainedCNNFeatures,
    load_skops,
    save_skops,
)
from sktime_screen.features import WeightsFileError, _encoder, _engines

Features = partial(PretrainedCNNFeatures, preprocessing="tf", precision="float32")
OPEN, ALL = [-1, 3, -1, -1], [0, 1, 2, 3]
MEANS = expect().mean((1, 2))


@pytest.fixture
def onnx(tmp_path):
    return write_onnx(tmp_path / "network.onnx", ["n", "c", "h", "w"])


def write(path):
    if path.suffix == ".onnx":
        return write_onnx(path, ["n", 3, "h", "w"], weights_in="w.data")
    images = take_images()
    return save(path, [convolve(images)], [images])


@pytest.mark.parametrize(
    ("name", "part"),
    [("a.onnx", "w.data"), ("a.onnx", "a.onnx"), ("a.xml", "a.bin"), ("a.xml", "a.xml")],
)
def test_what_is_stored_belongs_to_the_content_of_all_files(tmp_path, monkeypatch, name, part):
    frames = make_frames(tmp_path)
    (tmp_path / "there").mkdir()
    path = Path(write(tmp_path / "there" / name))

    def transform(path):
        features = Features(path, memory=tmp_path / "store").fit(frames)
        return features, features.transform(frames).to_numpy()

    transform(path)
    moved = (tmp_path / "there").rename(tmp_path / "elsewhere") / name
    with monkeypatch.context() as patch:
        patch.setattr(_engines.OpenVINOEngine, "run", lambda *args: pytest.fail("computed again"))
        features, before = transform(moved)
    assert_allclose(before, MEANS, atol=1e-5)

    file = moved.with_name(part)
    if file.suffix in (".data", ".bin"):
        overwrite(file)
    else:
        # The same network with another name in it, of the same length.
        file.write_bytes(file.read_bytes().replace(b"pixels", b"images"))
    with pytest.raises(WeightsFileError, match=rf"{name}.* has changed since fit"):
        features.transform(frames)
    computed = []
    run = _engines.OpenVINOEngine.run
    monkeypatch.setattr(
        _engines.OpenVINOEngine, "run", lambda *args: computed.append(True) or run(*args)
    )
    _, after = transform(moved)
    assert computed
    assert_allclose(after, 2 * MEANS if file.suffix in (".data", ".bin") else MEANS, atol=1e-5)


def overwrite(path):
    """Double the weights in a file, in its place."""
    kernel = np.ascontiguousarray(WEIGHTS.transpose(3, 2, 0, 1))
    content = path.read_bytes()
    assert kernel.tobytes() in content
    with path.open("r+b") as file:
        file.write(content.replace(kernel.tobytes(), (2 * kernel).tobytes()))


@pytest.mark.parametrize(("name", "part"), [("a.onnx", "w.data"), ("a.xml", "a.bin")])
def test_weights_that_are_overwritten_have_no_part_in_what_was_read(tmp_path, name, part):
    network = Features(write(tmp_path / name)).fit(IMAGES)._load_network()
    overwrite(tmp_path / part)
    found = np.empty((7, N_CHANNELS), np.float32)
    network.run([(np.arange(7), IMAGES)], "auto", found.__setitem__)
    assert_allclose(found, MEANS, atol=1e-5)


def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch):
    read = _encoder.read_network

    def read_and_change(path):
        network = read(path)
        overwrite(tmp_path / "a.bin")
        return network

    monkeypatch.setattr(_encoder, "read_network", read_and_change)
    with pytest.raises(WeightsFileError, match=r"a\.xml' changed while it was read"):
        Features(write(tmp_path / "a.xml")).fit(IMAGES)


def test_weights_and_saved_models_that_were_exchanged_are_noticed(tmp_path):
    import keras

    path = tmp_path / "own.keras"
    keras.Sequential([keras.Input((*SIZE, 3)), keras.layers.Rescaling(2.0)]).save(path)
    own = PretrainedCNNFeatures(path, engine="keras").fit(IMAGES)
    assert_allclose(own.transform(IMAGES), 2 * IMAGES.mean((1, 2)), rtol=1e-5)
    keras.Sequential([keras.Input((*SIZE, 3)), keras.layers.Rescaling(3.0)]).save(path)
    weights = tmp_path / "lite0.pth"
    weights.write_bytes(b"one")
    named = PretrainedCNNFeatures(weights=weights).fit(IMAGES)
    weights.write_bytes(b"another")
    for features in (own, named):
        with pytest.raises(WeightsFileError, match="has changed since fit"):
            features.transform(IMAGES)


def test_a_fitted_transformer_is_saved_with_the_path(onnx, tmp_path):
    numbers = {"mean": 0.5, "std": (0.5, 0.5, 0.5), "channel_order": "RGB"}
    features = Features(Path(onnx), preprocessing=numbers, pooling=("avg", "max")).fit(IMAGES)
    before = features.transform(IMAGES)
    assert_allclose(before[:, :N_CHANNELS], MEANS, atol=1e-5)
    assert len(pickle.dumps(features)) < 2000
    joblib.dump(features, tmp_path / "model.joblib")
    pipeline = make_pipeline(Features(onnx, preprocessing=numbers, pooling=("avg", "max")))
    save_skops(tmp_path / "model.skops", pipeline.fit(IMAGES))
    for again in (
        pickle.loads(pickle.dumps(features)),
        joblib.load(tmp_path / "model.joblib"),
        load_skops(tmp_path / "model.skops"),
        clone(features).fit(IMAGES),
    ):
        assert_array_equal(again.transform(IMAGES), before)
        names = list(again.get_feature_names_out())
        assert names == [f"network_{p}_{k}" for p in ("avg", "max") for k in range(N_CHANNELS)]
    Path(onnx).unlink()
    with pytest.raises(FileNotFoundError, match=r"network\.onnx"):
        features.transform(IMAGES)


def test_files_that_cannot_be_read(tmp_path, onnx):
    whole = Path(onnx).read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.onnx").write_bytes(b"")
    for ending in ("onnx", "tflite", "xml"):
        (tmp_path / f"text.{ending}").write_text("This is no network.")
    (tmp_path / "text.bin").write_bytes(b"")
    write_onnx(tmp_path / "own.onnx", [1, 3, *SIZE], operation="Fancy", domain="org.own")
    for name, message in (
        ("cut.onnx", "expected a whole file"),
        ("empty.onnx", "expected a whole file"),
        ("text.onnx", "expected a whole file"),
        ("text.tflite", "expected a whole file"),
        ("text.xml", "expected a whole file"),
        ("own.onnx", r"does not know all of its operations\. Export it .*org\.own\.Fancy"),
    ):
        with pytest.raises(WeightsFileError, match=rf"{name}' cannot be read.*{message}"):
            Features(tmp_path / name).fit(IMAGES)
    for name, part in (("a.onnx", "w.data"), ("a.xml", "a.bin")):
        path = write(tmp_path / name)
        (tmp_path / part).unlink()
        with pytest.raises(FileNotFoundError, match=rf"{part}', which holds weights of .*{name}"):
            Features(path).fit(IMAGES)
    with pytest.raises(FileNotFoundError, match=r"No such network: 'nowhere\.ONNX'"):
        Features("nowhere.ONNX").fit(IMAGES)


def test_one_of_several_outputs(tmp_path):
    images = take_images()
    text = ops.parameter([-1, 16], np.int64, name="words")
    both = ops.add(ops.reduce_mean(convolve(images), [2, 3]), np.float32(0))
    words = ops.convert(ops.reduce_max(text, [1], keep_dims=True), np.float32)
    scores = ops.multiply(both, words)
    clip = save(tmp_path / "clip.xml", [both, scores], [images, text], image=both, score=scores)
    with pytest.raises(ValueError, match=r"clip\.xml': it has several outputs.*'image'.*'score'"):
        Features(clip).fit(IMAGES)
    with pytest.raises(ValueError, match=r"output='imag'.*'image'.*'score'"):
        Features(clip, output="imag").fit(IMAGES)
    with pytest.raises(WeightsFileError, match=r"takes .*words.*expected one input, images"):
        Features(clip, output="score").fit(IMAGES)
    # Words have no part in it.
    assert_allclose(Features(clip, output="image").fit_transform(IMAGES), MEANS, atol=1e-5)
    for pooling in (None, "max", "class_token"):
        with pytest.raises(ValueError, match=r"one row of 6 features.*leave pooling out"):
            Features(clip, output="image", pooling=pooling).fit(IMAGES)


def as_float(images):
    return ops.convert(images, np.float32)


@pytest.mark.parametrize(
    ("shape", "kind", "compute", "error", "message"),
    [
        ([-1, 1, *SIZE], "float32", ops.relu, WeightsFileError, "'pixels'.*expected one input"),
        ([-1, 3, 32], "float32", ops.relu, WeightsFileError, "expected one input, images"),
        (OPEN, "int8", lambda x: convolve(as_float(x)), WeightsFileError, "int8.*'raw'"),
        (OPEN, "uint8", lambda x: convolve(as_float(x)), WeightsFileError, "uint8.*'raw'"),
        ([-1] * 4, "float32", ops.relu, WeightsFileError, "channels come first"),
        (OPEN, "float32", lambda x: ops.unsqueeze(convolve(x), [1]), ValueError, r"\(1, 6, 4, 6\)"),
        (OPEN, "float32", lambda x: ops.reduce_sum(x, ALL), WeightsFileError, "row for each"),
        (OPEN, "float32", ops.non_zero, WeightsFileError, r"row for each.*would be \[4,"),
        (
            [-1, 3, *SIZE],
            "float32",
            lambda x: ops.reshape(x, [0, 9, 32, 16], True),
            ValueError,
            r"\(9, 32, 16\) an image, in which no map",
        ),
    ],
)
def test_networks_that_take_or_give_something_else(tmp_path, shape, kind, compute, error, message):
    images = take_images(shape, np.dtype(kind))
    path = save(tmp_path / "network.xml", [compute(images)], [images])
    with pytest.raises(error, match=rf"network\.xml.*{message}"):
        Features(path).fit(IMAGES)


def test_a_network_may_take_bytes(tmp_path):
    images = take_images(kind=np.uint8)
    halved = ops.max_pool(as_float(images), [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)
    path = save(tmp_path / "network.xml", [halved], [images])
    expected = IMAGES.reshape(7, 16, 2, 24, 2, 3).max((2, 4)).mean((1, 2))
    found = Features(path, preprocessing="raw").fit_transform(IMAGES)
    assert_allclose(found, expected, rtol=1e-5)


def test_parameters_that_do_not_go_together(onnx):
    for parameters, message in (
        ({"engine": "keras"}, r"engine='keras': OpenVINO runs .*network\.onnx"),
        ({"weights": None}, "leave weights out"),
        ({"preprocessing": "caffe"}, "'preprocessing' parameter .* must be"),
        ({"backbone": "vgg16"}, "preprocessing='tf' is for a file"),
        ({"backbone": "vgg16", "preprocessing": "auto", "output": "x"}, "output='x' is for a file"),
        (
            {"backbone": "vgg16", "preprocessing": "auto", "pooling": ("avg", "class_token")},
            "pooling=.*class_token.* is for a file",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            Features(**{"backbone": onnx, **parameters}).fit(IMAGES)
    with pytest.raises(ValueError, match=r"network\.onnx' can be run and not trained"):
        FineTunedCNNClassifier(onnx).fit(IMAGES, [0, 1] * 3 + [0])
