"""What runs the network: which is chosen, and that all give the same features."""

import importlib.util
import subprocess
import sys
import textwrap
from collections import OrderedDict

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_sample_images

from sktime_screen import ImageResizer, PretrainedCNNFeatures
from sktime_screen._keras import load_keras
from sktime_screen.features import _engines, _networks
from sktime_screen.features._engines import choose_engine

needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="OpenVINO is not installed"
)


@pytest.fixture(scope="module")
def images():
    photos = ImageResizer((96, 128)).transform(load_sample_images().images)
    return np.concatenate([photos, photos[:, ::-1], photos[:, :, ::-1]])


@pytest.fixture(scope="module")
def expected(images):
    return PretrainedCNNFeatures(engine="keras", precision="float32").fit_transform(images)


@pytest.fixture
def machine(monkeypatch):
    """Pretends to be a machine with or without OpenVINO, bfloat16 and a GPU."""

    def be(*, openvino=True, bfloat16=True, backend="tensorflow", gpu=None):
        monkeypatch.setattr(_engines, "_has_bfloat16", lambda: bfloat16)
        monkeypatch.setattr(_engines, "get_keras_backend", lambda: backend)
        monkeypatch.setattr(_engines, "_GPU_FILES", [__file__] if gpu else [])
        monkeypatch.setattr(_engines, "gpu_capability", lambda: gpu)
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: openvino or None)

    return be


@pytest.mark.parametrize(
    ("has", "asked", "chosen"),
    [
        ({}, ("auto", "auto"), ("openvino", "bfloat16")),
        ({}, ("auto", "float32"), ("openvino", "float32")),
        ({}, ("keras", "auto"), ("keras", "float32")),
        ({}, ("keras", "bfloat16"), ("keras", "bfloat16")),
        ({"bfloat16": False}, ("auto", "auto"), ("openvino", "float32")),
        ({"bfloat16": False}, ("openvino", "auto"), ("openvino", "float32")),
        ({"backend": "jax"}, ("auto", "auto"), ("keras", "float32")),
        ({"backend": "jax"}, ("openvino", "auto"), ("openvino", "bfloat16")),
        ({"openvino": False}, ("auto", "auto"), ("keras", "float32")),
        ({"gpu": (8, 0)}, ("auto", "auto"), ("keras", "bfloat16")),
        ({"gpu": (9, 0), "backend": "torch"}, ("auto", "auto"), ("keras", "bfloat16")),
        ({"gpu": (7, 5)}, ("auto", "auto"), ("keras", "float32")),
        ({"gpu": (0, 0)}, ("auto", "auto"), ("keras", "float32")),
        ({"gpu": (9, 0)}, ("keras", "float32"), ("keras", "float32")),
        ({"gpu": (9, 0), "bfloat16": False}, ("openvino", "auto"), ("openvino", "float32")),
    ],
)
def test_what_is_chosen(machine, has, asked, chosen):
    machine(**has)
    assert choose_engine(*asked, live_model=False) == chosen


def test_keras_is_asked_for_a_gpu_only_where_there_may_be_one(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(_engines, "gpu_capability", lambda: asked.append(True) or (9, 0))
    monkeypatch.setattr(sys, "platform", "linux")
    for found in (False, True):
        monkeypatch.setattr(_engines, "_GPU_FILES", [tmp_path if found else tmp_path / "none"])
        assert _engines.has_gpu() is bool(asked) is found


def test_a_live_model_is_left_to_keras(machine):
    for gpu in (None, (9, 0)):
        machine(gpu=gpu)
        assert choose_engine("auto", "auto", live_model=True) == ("keras", "float32")
    for asked in (("openvino", "auto"), ("auto", "bfloat16")):
        with pytest.raises(ValueError, match=r"live keras\.Model.*model\.save"):
            choose_engine(*asked, live_model=True)


def test_what_cannot_be_had(machine):
    machine(openvino=False)
    with pytest.raises(ImportError, match="pip install openvino"):
        choose_engine("openvino", "auto", live_model=False)
    machine(bfloat16=False)
    with pytest.raises(ValueError, match="this processor has no instructions"):
        choose_engine("openvino", "bfloat16", live_model=False)


@needs_openvino
@pytest.mark.parametrize("batch_size", [1, 5, 32, "auto"])
def test_openvino_gives_the_features_of_keras(images, expected, batch_size):
    transformer = PretrainedCNNFeatures(
        engine="openvino", precision="float32", batch_size=batch_size
    )
    np.testing.assert_allclose(transformer.fit_transform(images), expected, atol=1e-4)
    assert (transformer.engine_, transformer.precision_) == ("openvino", "float32")


@needs_openvino
@pytest.mark.parametrize(
    ("name", "pooling"), [("vgg16", None), ("mobilenet_v2", ("max", None, "avg"))]
)
def test_preprocessing_and_pooling_are_converted_with_the_network(images, name, pooling):
    by_engine = {
        engine: PretrainedCNNFeatures(
            name, weights=None, pooling=pooling, engine=engine, precision="float32"
        ).fit_transform(images)
        for engine in ("keras", "openvino")
    }
    largest = by_engine["keras"].max()
    np.testing.assert_allclose(by_engine["openvino"], by_engine["keras"], atol=1e-4 * largest)


@pytest.mark.parametrize("engine", ["keras", pytest.param("openvino", marks=needs_openvino)])
def test_bfloat16_is_close(images, expected, engine):
    if engine == "openvino" and not _engines._has_bfloat16():
        pytest.skip("this processor has no bfloat16")
    transformer = PretrainedCNNFeatures(engine=engine, precision="bfloat16")
    features = transformer.fit_transform(images)
    assert features.dtype == np.float32
    assert transformer.precision_ == "bfloat16"
    lengths = np.linalg.norm(features, axis=1) * np.linalg.norm(expected, axis=1)
    cosines = (features * expected).sum(axis=1) / lengths
    assert 0.98 < cosines.min() < 0.999999


@needs_openvino
@pytest.mark.parametrize(("n_cores", "shares"), [(1, [1]), (2, [1, 1]), (9, [2, 2, 2, 3])])
def test_each_compiled_network_has_one_stream(images, tiny, monkeypatch, n_cores, shares):
    # Several streams may never be ready where other processes keep the processor busy.
    monkeypatch.setattr(joblib, "cpu_count", lambda only_physical_cores: n_cores)
    monkeypatch.setattr(_networks, "_networks", OrderedDict())
    compiled = []

    class Engine(_engines.OpenVINOEngine):
        def __init__(self, network, precision):
            super().__init__(network, precision)
            compiled.extend(self._compiled)

    monkeypatch.setattr(_networks, "OpenVINOEngine", Engine)
    PretrainedCNNFeatures("mobilenet_v2", weights=None, engine="openvino").fit_transform(
        images[:, :96, :96]
    )
    assert {network.get_property("NUM_STREAMS") for network in compiled} == {1}
    assert len(compiled) == len(shares)
    assert _engines._split_evenly(n_cores, len(shares)) == shares


@needs_openvino
@pytest.mark.parametrize("interactive", [False, True])
def test_openvino_does_not_report_its_use(tmp_path, monkeypatch, interactive):
    pytest.importorskip("openvino_telemetry")
    monkeypatch.setenv("HOME", str(tmp_path))
    script = f"""
        import sys
        from openvino_telemetry.utils import opt_in_checker, sender
        opt_in_checker.OptInChecker._check_main_process = lambda self: {interactive}
        opt_in_checker.OptInChecker._check_input_is_terminal = lambda self: {interactive}
        sender.TelemetrySender.send = lambda *args: print("sent")
        from sktime_screen.features import _engines
        _engines.load_openvino()
        assert "openvino.tools.ovc" in sys.modules
    """
    run = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert list(tmp_path.iterdir()) == []


@needs_openvino
def test_a_saved_model_is_converted(images, tmp_path):
    keras = load_keras()
    model = keras.Sequential([keras.Input((96, 128, 3)), keras.layers.Rescaling(1 / 255)])
    model.save(tmp_path / "scale.keras")
    transformer = PretrainedCNNFeatures(
        tmp_path / "scale.keras", engine="openvino", precision="float32"
    )
    features = transformer.fit_transform(images)
    np.testing.assert_allclose(features, images.mean(axis=(1, 2)) / 255, atol=1e-4)
