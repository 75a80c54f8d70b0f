"""Networks in 8 bits, quantised on images and written as files."""

import json
import os
import subprocess
import sys
import textwrap
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from network_files import (
    GRID,
    IMAGES,
    N_CHANNELS,
    SIZE,
    WEIGHTS,
    convolve,
    expect,
    make_frames,
    make_transformer,
    ops,
    save,
    take_images,
    write_onnx,
)
from numpy.testing import assert_allclose, assert_array_equal
from typer.testing import CliRunner

from sktime_screen import (
    FeatureStore,
    PretrainedCNNFeatures,
    recommended_pipeline,
    save_int8_network,
)
from sktime_screen._keras import load_keras
from sktime_screen.cli import app
from sktime_screen.datasets import make_cartoon_video
from sktime_screen.features import WeightsFileError, _engines, _int8_network, find_input_size

Features = partial(PretrainedCNNFeatures, precision="float32")
needs_nncf = pytest.mark.skipif(find_spec("nncf") is None, reason="NNCF is not installed")
# Of one layer whose weights and pixels have 256 levels at most.
NEAR = 0.1


def is_near(found, expected, bound=NEAR):
    """Tell whether features are nowhere off by more than a share of their length, but are off."""
    off = np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)
    return (off < bound).all() and off.max() > 1e-5


def make_model():
    keras = load_keras()
    layers = [keras.layers.Rescaling(1 / 127.5, -1), keras.layers.Conv2D(6, 8, 8, use_bias=False)]
    model = keras.Sequential([keras.Input((*SIZE, 3)), *layers])
    layers[1].set_weights([WEIGHTS])
    return model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("float")
    images, half = take_images(), take_images(kind=np.float16)
    fixed, last = take_images((1, 3, *SIZE)), take_images((-1, *SIZE, 3))
    model = make_model()
    model.save(folder / "own.keras")
    return {
        "onnx": write_onnx(folder / "open.onnx", ["n", "c", "h", "w"]),
        "xml": save(folder / "open.xml", [convolve(images)], [images]),
        "xml of one image": save(folder / "one.xml", [convolve(fixed)], [fixed]),
        "xml of half precision": save(
            folder / "half.xml", [convolve(ops.convert(half, np.float32))], [half]
        ),
        "xml, channels last": save(
            folder / "last.xml", [convolve(ops.transpose(last, [0, 3, 1, 2]))], [last]
        ),
        "transformer": make_transformer(folder / "transformer.xml"),
        "keras": str(folder / "own.keras"),
        "live": model,
    }


KINDS = ["onnx", "xml", "xml of one image", "xml of half precision", "xml, channels last"]


def quantize(path, backbone, X=IMAGES, **options):
    """Write a network in 8 bits, and tell how far it is off."""
    own = not isinstance(backbone, str) or backbone.endswith(".keras")
    preprocessing = "auto" if own else "tf"
    features = Features(backbone, pooling=None, preprocessing=preprocessing)
    return save_int8_network(path, features, X, **options)


@needs_nncf
@pytest.mark.parametrize("kind", [*KINDS, "transformer", "keras", "live"])
def test_features_are_near_those_of_the_network(files, tmp_path, capfd, kind):
    path = tmp_path / "small.xml"
    quantize(path, files[kind])
    assert tuple(capfd.readouterr()) == ("", "") or kind in ("keras", "live")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["small.bin", "small.xml"]
    assert find_input_size(path) == SIZE
    maps = expect("tf").reshape(7, -1, N_CHANNELS)
    for pooling, expected in (
        ("avg", maps.mean(1)),
        (None, maps.reshape(7, -1)),
        ("max", maps.max(1)),
    ):
        features = Features(path, pooling=pooling)
        assert is_near(features.fit_transform(IMAGES), expected), pooling
        assert features.get_feature_names_out()[0] == "small_0"
    frames = make_frames(tmp_path)
    table = Features(str(path), pooling=None).fit_transform(frames)
    assert table.attrs["map_shape"] == (*GRID, N_CHANNELS)
    alone = Features(path, pooling=None, batch_size=1).fit_transform(IMAGES[3:4])
    assert_array_equal(alone, table[3:4])


@needs_nncf
def test_the_tokens_of_a_transformer(files, tmp_path):
    pooling = ("class_token", "avg")
    features = Features(files["transformer"], preprocessing="tf", pooling=pooling)
    expected = features.fit_transform(IMAGES)
    error = save_int8_network(tmp_path / "tokens.xml", features, IMAGES)
    found = Features(tmp_path / "tokens.xml", pooling=pooling).fit_transform(IMAGES)
    # Averages of noise are near zero.
    assert is_near(found, expected, 0.2)
    off = np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert_allclose(error, np.median(off), rtol=1e-3)


@needs_nncf
def test_two_networks_side_by_side(tiny, tmp_path):
    both = Features("one+two", pooling=None)
    expected = both.fit_transform(IMAGES)
    save_int8_network(tmp_path / "both.xml", both, IMAGES)
    found = Features(tmp_path / "both.xml", pooling=None).fit_transform(IMAGES)
    assert found.shape == (7, 7 * 11 * 2 * 8)
    assert is_near(found, expected)
    averages = Features(tmp_path / "both.xml").fit_transform(IMAGES)
    assert_allclose(averages, found.reshape(7, -1, 2 * 8).mean(1), rtol=1e-4, atol=1e-6)


@needs_nncf
def test_images_are_spread_evenly_and_read_in_batches(files, tmp_path, monkeypatch):
    many = np.repeat(IMAGES, 10, 0)
    frames = make_frames(tmp_path)
    seen, decode = [], _int8_network.decode_batches

    def spy(frames, rows, batch_size, failures):
        seen.append((list(frames.table["time"]), batch_size))
        return decode(frames, rows, batch_size, failures)

    monkeypatch.setattr(_int8_network, "decode_batches", spy)
    features = Features(files["xml"], preprocessing="tf")
    save_int8_network(tmp_path / "few.xml", features, frames, n_images=3)
    assert {tuple(times) for times, _ in seen} == {(0, 3, 6), tuple(range(7))}
    assert {size for _, size in seen} == {_int8_network._BATCH_SIZE}
    picked = _int8_network._Images(many, 8)
    assert len(picked) == len(list(picked)) == 8
    assert_array_equal(np.concatenate(list(picked)), IMAGES[[0, 1, 2, 3, 3, 4, 5, 6]])
    # Which values there are decides: of images that are grey, all others are cut off.
    save_int8_network(tmp_path / "grey.xml", features, 120 + IMAGES // 16)
    found = Features(tmp_path / "grey.xml").fit_transform(IMAGES)
    assert not is_near(found, expect("tf").mean((1, 2)), 0.2)


@needs_nncf
def test_what_is_stored_belongs_to_the_file(files, tmp_path):
    frames = make_frames(tmp_path)
    store = FeatureStore(tmp_path / "store")
    transform = partial(Features, pooling=None, memory=store)
    Path(files["xml"]).parent.joinpath("preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.5] * 3, "image_std": [0.5] * 3})
    )
    exact = transform(files["xml"]).fit_transform(frames)
    (tmp_path / "int8").mkdir()
    path = tmp_path / "int8" / "open.xml"
    save_int8_network(path, transform(files["xml"]), frames)
    # What is said beside a network that takes bytes is of another one.
    config = path.with_name("preprocessor_config.json")
    config.write_text(json.dumps({"image_mean": [0.2] * 3, "image_std": [0.1] * 3}))
    fitted = transform(path).fit(frames)
    found = fitted.transform(frames)
    assert is_near(found.to_numpy(), exact.to_numpy())
    contents = store.contents().reset_index()
    assert len(contents["network"].unique()) == 2
    assert set(contents["frames"]) == {7}

    quantize(path, files["xml"], IMAGES[:1] // 2, overwrite=True)
    with pytest.raises(WeightsFileError, match=r"open\.xml.* has changed since fit"):
        fitted.transform(frames)


@needs_nncf
def test_files_are_written_whole_or_not_at_all(files, tmp_path, monkeypatch):
    path, weights = tmp_path / "a.xml", tmp_path / "a.bin"
    quantize(path, files["xml"])
    before = path.read_bytes(), weights.read_bytes()
    with pytest.raises(FileExistsError, match=r"a\.xml' exists.*overwrite=True"):
        quantize(path, files["xml"])
    darker = partial(quantize, path, files["xml"], IMAGES // 2, overwrite=True)

    def write_half(network, target):
        Path(target).write_text("<net>")
        raise OSError(28, "No space left on device")

    def fail_to_compare(*args):
        raise KeyboardInterrupt

    for name, fails, error in (
        ("serialize", write_half, OSError),
        ("_compare", fail_to_compare, KeyboardInterrupt),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(_int8_network, name, fails)
            with pytest.raises(error):
                darker()
        assert (path.read_bytes(), weights.read_bytes()) == before
        assert len(list(tmp_path.iterdir())) == 2

    # Whenever it is killed, no network stands beside the weights of another one.
    replace, pairs = os.replace, []

    def look_and_replace(source, target):
        pairs.append((path.exists() and path.read_bytes(), weights.read_bytes()))
        replace(source, target)
        pairs.append((path.exists() and path.read_bytes(), weights.read_bytes()))

    monkeypatch.setattr(os, "replace", look_and_replace)
    darker()
    after = path.read_bytes(), weights.read_bytes()
    assert after[1] != before[1]
    assert {pair for pair in pairs if pair[0]} <= {before, after}
    assert pairs[-1] == after
    path.unlink()
    with pytest.raises(FileExistsError, match=r"a\.bin' exists"):
        quantize(path, files["xml"])


@needs_nncf
def test_nothing_is_sent_over_the_network(files, tmp_path):
    script = f"""
        import os, socket, sys
        def refuse(event, args):
            if event.startswith("socket.") and event != "socket.gethostname":
                print(event, args, file=sys.stderr)
        sys.addaudithook(refuse)
        import openvino_telemetry
        def send_event(self, *args, **kwargs):
            if "nncf" in repr((args, kwargs)).lower():
                print(args, kwargs)
        openvino_telemetry.Telemetry.send_event = send_event
        from sktime_screen import PretrainedCNNFeatures, save_int8_network
        import numpy as np
        images = np.random.default_rng(0).integers(0, 256, (4, *{SIZE}, 3), np.uint8)
        features = PretrainedCNNFeatures({files["xml"]!r}, preprocessing="tf")
        save_int8_network({str(tmp_path / "a.xml")!r}, features, images)
        assert "nncf" in sys.modules and "NNCF_CI" not in os.environ
        assert "tensorflow" not in sys.modules and "torch" not in sys.modules
    """
    # Also where its user has agreed that OpenVINO reports its use.
    home = tmp_path / "home"
    (home / "intel").mkdir(parents=True)
    (home / "intel" / "openvino_telemetry").write_text("1")
    environment = {**os.environ, "HOME": str(home)}
    run = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(run, check=True, capture_output=True, text=True, env=environment)
    assert (done.stdout, done.stderr) == ("", "")


def test_without_nncf_the_extra_is_named(files, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(ImportError, match=r"NNCF.*pip install 'sktime_screen\[int8\]'"):
        quantize(tmp_path / "a.xml", files["xml"])
    assert "NNCF_CI" not in os.environ
    assert list(tmp_path.iterdir()) == []


@needs_nncf
def test_networks_that_cannot_be_quantised(files, tmp_path):
    quantize(tmp_path / "a.xml", files["xml"])
    images = take_images()
    kernel = ops.constant(np.ones((6, 3, 8, 8), np.int8))
    weights = ops.multiply(ops.convert(kernel, np.float32), np.full((6, 1, 1, 1), 0.1, np.float32))
    whole = ops.convolution(images, weights, [8, 8], [0, 0], [0, 0], [1, 1])
    save(tmp_path / "whole.xml", [whole], [images])
    save(tmp_path / "mean.xml", [ops.reduce_mean(images, [2, 3])], [images])
    for name, pooling, reason in (
        ("a.xml", None, "in 8 bits already"),
        ("whole.xml", None, "in 8 bits already"),
        ("mean.xml", "avg", "no convolution or matrix product"),
    ):
        preprocessing = "auto" if name == "a.xml" else "tf"
        features = Features(tmp_path / name, preprocessing=preprocessing, pooling=pooling)
        with pytest.raises(WeightsFileError, match=rf"{name}.*{reason}"):
            save_int8_network(tmp_path / "b.xml", features, IMAGES)
    assert not (tmp_path / "b.xml").exists()


@needs_nncf
def test_wrong_parameters(files, tmp_path, monkeypatch):
    features = Features(files["xml"], preprocessing="tf")
    for arguments, error, message in (
        (("a.onnx", features, IMAGES), ValueError, r"'a\.onnx'.*file \.xml"),
        ((tmp_path / "a" / "b.xml", features, IMAGES), FileNotFoundError, "no folder"),
        ((tmp_path / "a.xml", "vgg16", IMAGES), ValueError, "'features' parameter"),
        ((tmp_path / "a.xml", features, IMAGES[:0]), ValueError, "X has no images"),
        ((tmp_path / "a.xml", features, IMAGES / 255), ValueError, "images \\* 255"),
    ):
        with pytest.raises(error, match=message):
            save_int8_network(*arguments)
    with pytest.raises(ValueError, match="'n_images' parameter"):
        save_int8_network(tmp_path / "a.xml", features, IMAGES, n_images=0)
    monkeypatch.setattr(_engines, "get_keras_backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"Keras runs on jax.*KERAS_BACKEND=tensorflow"):
        save_int8_network(tmp_path / "a.xml", Features(weights=None), IMAGES)
    assert list(tmp_path.iterdir()) == []


def test_a_precision_is_not_asked_for():
    with pytest.raises(ValueError, match="precision='int8': save_int8_network writes"):
        PretrainedCNNFeatures(precision="int8").fit(IMAGES)
    with pytest.raises(ValueError, match=r"'precision' .* must be a str among (?!.*int8)"):
        PretrainedCNNFeatures(precision="int4").fit(IMAGES)


# ---- the command


@needs_nncf
def test_the_command_says_what_to_do_next(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_cartoon_video("video.mp4", 4, size=(64, 96), fps=12)
    words = "video.mp4", "--backbone", files["keras"], "--number", "3"
    done = CliRunner().invoke(app, ["quantize", *words])
    assert done.exit_code == 0, done.output
    assert "on 3 frames" in done.output
    assert done.output.endswith("--backbone int8.xml\n")
    pipeline = recommended_pipeline(rate=2, backbone="int8.xml")
    assert pipeline["imageresizer"].size == SIZE
    features = pipeline[:3].fit_transform(["video.mp4"])
    other = recommended_pipeline(rate=2, backbone=files["keras"])[:3].fit_transform(["video.mp4"])
    # Rounded to a quarter of a standard deviation, too.
    assert is_near(features.to_numpy(np.float32), other.to_numpy(np.float32), 0.15)
    again = CliRunner().invoke(app, ["quantize", *words])
    assert again.exit_code == 1
    assert "'int8.xml' exists" in again.output
    dense = CliRunner().invoke(app, ["quantize", *words, "--head", "dense", "--output", "b.xml"])
    assert dense.output.endswith("--backbone b.xml --head dense\n")
    kept = CliRunner().invoke(app, ["quantize", "video.mp4", "--output", "video.mp4"])
    assert "this command reads it" in kept.output
