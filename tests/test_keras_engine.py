"""Batches in flight with Keras: when they are sent, how large they are, and what they give."""

import importlib.util
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from sktime_screen import PretrainedCNNFeatures
from sktime_screen._keras import load_keras
from sktime_screen.features import _frame_features, _keras_engine, _networks
from sktime_screen.features._keras_engine import BatchSize, KerasEngine, largest_batch
from sktime_screen.features._keras_runners import TensorFlowRunner, is_out_of_memory


class ResourceExhaustedError(Exception):
    """What TensorFlow calls it."""


class Recorder:
    """A device: features are sums, batches have numbers, and what is done is written down."""

    def __init__(self, memory=np.inf, late=False, any_size=False):
        self.any_size = any_size
        self.memory = memory
        self.late = late
        self.sizes = []
        self.done = []

    def send(self, images):
        self.done.append(f"send {len(self.sizes)}")
        self.sizes.append(len(images))
        if not self.late:
            self._check(images)
        return len(self.sizes) - 1, images

    def fetch(self, sent):
        number, images = sent
        self.done.append(f"fetch {number}")
        self._check(images)
        return sums(images)

    def _check(self, images):
        if len(images) > self.memory:
            raise ResourceExhaustedError(f"{len(images)} images are too many.")


def sums(images):
    return images.sum(axis=(1, 2, 3), dtype=np.float32)[:, np.newaxis]


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (300, 2, 3, 3), dtype=np.uint8)


def run(engine, images, at_once, batch_size="auto"):
    """Check the features of all images, each of which has to come once."""
    features = np.full((len(images), 1), np.nan, np.float32)

    def store(rows, values):
        assert np.isnan(features[rows]).all()
        features[rows] = values

    rows = np.arange(len(images))[::-1]
    parts = [slice(start, start + at_once) for start in range(0, len(rows), at_once)]
    engine.run([(rows[part], images[rows[part]]) for part in parts], batch_size, store)
    np.testing.assert_array_equal(features, sums(images))


def test_the_next_batches_are_sent_before_one_is_fetched(images):
    device = Recorder()
    run(KerasEngine(device, 32), images[:160], 32)
    assert device.done == [
        "send 0", "send 1", "send 2", "fetch 0", "send 3", "fetch 1", "send 4",
        "fetch 2", "fetch 3", "fetch 4",
    ]  # fmt: skip


def test_a_batch_is_sent_while_the_next_is_decoded():
    device = Recorder()

    def batches():
        for number in range(3):
            assert device.done == [f"send {sent}" for sent in range(number)]
            yield np.arange(4), np.zeros((4, 2, 3, 3), np.uint8)

    KerasEngine(device, 32).run(batches(), "auto", lambda rows, values: None)


@pytest.mark.parametrize(
    ("n_images", "at_once", "batch_size", "sizes"),
    [
        (300, 128, 128, [128, 128, 128]),
        (300, 128, 40, [40, 40, 40, 40, 40, 40, 40, 40, 40]),  # 128 are 40 + 40 + 40 + 8
        (7, 128, 128, [8]),
        (1, 128, 128, [1]),
        (11, 12, 12, [12]),
        (30, 12, 12, [12, 12, 12]),
    ],
)
def test_few_sizes_are_seen(images, n_images, at_once, batch_size, sizes):
    device = Recorder()
    run(KerasEngine(device, 32), images[:n_images], at_once, batch_size)
    if batch_size == 40:
        assert set(device.sizes) == {40}
    else:
        assert device.sizes == sizes


def test_where_any_size_is_as_good_nothing_is_filled_up(images):
    device = Recorder(any_size=True)
    run(KerasEngine(device, 32), images[:75], 32)
    assert device.sizes == [32, 32, 11]


@pytest.mark.parametrize("late", [False, True], ids=["sent", "fetched"])
@pytest.mark.parametrize("batch_size", ["auto", 256])
@pytest.mark.parametrize("memory", [128, 100, 1])
def test_a_device_without_memory_is_given_half(images, memory, batch_size, late):
    device = Recorder(memory, late)
    engine = KerasEngine(device, 256)
    run(engine, images, 256, batch_size)
    fits = 1 << (memory.bit_length() - 1)
    assert device.sizes[-1] == fits
    # What fits is remembered, and kept to.
    device.sizes.clear()
    run(engine, images, 256, batch_size)
    assert set(device.sizes) == {fits}


def test_a_device_without_memory_for_one_image(images):
    with pytest.raises(ResourceExhaustedError, match="1 images are too many"):
        run(KerasEngine(Recorder(0), 256), images, 256)


def test_other_errors_are_raised(images):
    device = Recorder()
    device.fetch = lambda sent: 1 / 0
    with pytest.raises(ZeroDivisionError):
        run(KerasEngine(device, 256), images, 256)
    assert set(device.sizes) == {128}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ResourceExhaustedError("OOM when allocating tensor"), True),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory."), True),
        (type("JaxRuntimeError", (RuntimeError,), {})("RESOURCE_EXHAUSTED: Out of memory"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("INVALID_ARGUMENT: no such shape"), False),
        (ValueError("memory"), False),
    ],
)
def test_what_tells_that_memory_is_short(error, expected):
    assert is_out_of_memory(error) is expected


class Clock:
    """Tells the time of a device that needs `begin` seconds for each size, then `by_size`."""

    def __init__(self, begin, seconds):
        self.now = 0.0
        self.begin = begin
        self.seconds = seconds
        self.seen = set()

    def __call__(self):
        return self.now

    def take(self, size):
        self.now += self.seconds(size) + (self.begin if size not in self.seen else 0)
        self.seen.add(size)


@pytest.mark.parametrize(
    ("largest", "seconds", "settled"),
    [
        (1024, lambda size: 0.1 + size / 10_000, 1024),
        (256, lambda size: 0.1 + size / 10_000, 256),
        (1024, lambda size: size / 10_000, 128),
        (1024, lambda size: max(0.03, size / 10_000), 512),
        (1024, lambda size: (size > 256) + size / 10_000 + 0.01, 256),
        (64, lambda size: 0.1, 64),
    ],
    ids=["more is better", "at most", "the same", "up to some size", "worse again", "small"],
)
def test_batches_grow_while_that_is_faster(monkeypatch, images, largest, seconds, settled):
    clock = Clock(2.0, seconds)
    monkeypatch.setattr(_keras_engine, "perf_counter", clock)
    device = Recorder()
    send = device.send
    device.send = lambda batch: clock.take(len(batch)) or send(batch)
    engine = KerasEngine(device, largest)
    zeros = np.zeros((largest, 1, 1, 3), np.uint8)

    def batches(n_images):
        for _ in range(n_images // largest):
            clock.now += 100.0  # that images are waited for makes no difference
            yield np.arange(largest), zeros

    def go(n_images):
        device.sizes.clear()
        engine.run(batches(n_images), "auto", lambda rows, values: None)

    go(2048)
    assert device.sizes[0] == min(128, largest)
    # To begin with a size takes as long as thousands of images do, before the next is tried.
    assert settled < 128 or set(device.sizes) == {128}
    go(400_000)
    # No size is passed over, and one more than is taken is tried.
    tried = sorted(set(device.sizes))
    assert tried == [size for size in (64, 128, 256, 512, 1024) if tried[0] <= size <= tried[-1]]
    go(8192)
    assert set(device.sizes) == {settled}
    assert engine._batch_size.settled


def test_the_largest_batch():
    assert largest_batch((224, 224), gpu=False) == 32
    assert largest_batch((224, 224), gpu=True) == 512
    assert largest_batch((384, 672), gpu=True) == 128
    assert largest_batch((64, 64), gpu=True) == 1024
    assert largest_batch((9000, 9000), gpu=True) == 1


def test_a_batch_size_of_a_user_does_not_move_that_of_others(images):
    size = BatchSize(1024)
    engine = KerasEngine(Recorder(), 1024)
    engine._batch_size = size
    run(engine, images, 300, 300)
    assert (size.size, size.limit) == (128, np.inf)


@pytest.fixture
def gpu(monkeypatch):
    """Pretends that there is a GPU, on which batches are large."""
    monkeypatch.setattr(_networks, "has_gpu", lambda: True)
    monkeypatch.setattr(_networks, "_networks", type(_networks._networks)())


def test_large_batches_give_the_same_features(gpu, tiny, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (300, 16, 24, 3), dtype=np.uint8)
    at_once = []

    def split_into_batches(images, batch_size):
        at_once.append(batch_size)
        return whole(images, batch_size)

    whole = _frame_features.split_into_batches
    monkeypatch.setattr(_frame_features, "split_into_batches", split_into_batches)
    options = {"weights": None, "engine": "keras", "precision": "float32"}
    by_size = [
        PretrainedCNNFeatures("tiny", batch_size=batch_size, **options).fit_transform(images)
        for batch_size in ("auto", 1, 7, 256)
    ]
    assert at_once == [1024, 1, 7, 256]
    for features in by_size[1:]:
        np.testing.assert_allclose(features, by_size[0], atol=1e-5)


def test_stored_features_of_one_precision_are_not_taken_for_those_of_the_other(tiny):
    identities = [
        _networks.Network("tiny", None, ("avg",), (16, 24), "keras", precision).identity
        for precision in ("float32", "bfloat16")
    ]
    assert identities[1] == identities[0].replace("float32", "bfloat16") != identities[0]


def test_tensorflow_traces_once_and_sees_new_weights():
    keras = load_keras()
    if keras.backend.backend() != "tensorflow":
        pytest.skip("Keras runs on another backend.")
    traced = []

    class Watched(keras.layers.Layer):
        def call(self, values):
            traced.append(values.shape)
            return values

    inputs = keras.Input((4, 6, 3), dtype="uint8")
    outputs = keras.layers.GlobalAveragePooling2D()(keras.ops.cast(Watched()(inputs), "float32"))
    dense = keras.layers.Dense(2, use_bias=False)
    model = keras.Model(inputs, dense(outputs))
    traced.clear()
    runner = TensorFlowRunner(model)
    assert runner.any_size
    for size in (1, 5, 32, 3):
        images = np.full((size, 4, 6, 3), size, np.uint8)
        dense.kernel.assign(np.full((3, 2), size))
        np.testing.assert_allclose(
            runner.fetch(runner.send(images)), np.full((size, 2), 3 * size**2)
        )
    assert len(traced) == 1


_ELSEWHERE = """
    import warnings
    import numpy as np
    import keras
    from sktime_screen import PretrainedCNNFeatures
    from sktime_screen.features._keras_runners import make_runner, gpu_capability

    warnings.simplefilter("error")
    traced = []

    class Watched(keras.layers.Layer):
        def call(self, values):
            traced.append(values.shape)
            return values

    inputs = keras.Input((4, 6, 3), dtype="uint8")
    outputs = keras.layers.GlobalAveragePooling2D()(keras.ops.cast(Watched()(inputs), "float32"))
    dense = keras.layers.Dense(2, use_bias=False)
    model = keras.Model(inputs, dense(outputs))
    traced.clear()
    runner = make_runner(model)
    for number in range(4):
        images = np.full((5, 4, 6, 3), 3, np.uint8)[:, ::-1]
        images.flags.writeable = False
        dense.trainable = number % 2
        dense.kernel.assign(np.full((3, 2), number))
        sent = [runner.send(images), runner.send(images + 1)]
        for each, value in zip(sent, (3, 4)):
            np.testing.assert_allclose(runner.fetch(each), np.full((5, 2), 3 * value * number))
    if keras.backend.backend() == "jax":
        assert len(traced) == 1, "The network was traced again."

    images = np.load(sys.argv[1])
    found = {}
    for precision in ("float32", "bfloat16"):
        for batch_size in (64, 4, "auto"):
            features = PretrainedCNNFeatures(
                sys.argv[3], precision=precision, batch_size=batch_size, engine="keras"
            )
            found[f"{precision} {batch_size}"] = features.fit_transform(images)
    np.savez(sys.argv[2], **found)
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_give_the_same_features(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    layers = load_keras().layers
    model = load_keras().Sequential(
        [
            layers.Input((16, 24, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 3, strides=2, padding="same"),
            layers.BatchNormalization(scale=False),
            layers.ReLU(6.0),
            layers.DepthwiseConv2D(3, use_bias=False),
            layers.BatchNormalization(),
        ]
    )
    drawn = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(drawn.uniform(0.5, 1.5, weight.shape))
    files = [tmp_path / name for name in ("images.npy", "features.npz", "model.keras")]
    images = drawn.integers(0, 256, (6, 16, 24, 3), dtype=np.uint8)
    np.save(files[0], images)
    model.save(files[2])
    options = {"engine": "keras", "precision": "float32"}
    expected = PretrainedCNNFeatures(files[2], **options).fit_transform(images)
    subprocess.run(
        [sys.executable, "-c", "import sys\n" + textwrap.dedent(_ELSEWHERE), *files],
        check=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    for name, features in np.load(files[1]).items():
        error = np.linalg.norm(features - expected) / np.linalg.norm(expected)
        low, high = (1e-4, 0.02) if name.startswith("bfloat16") else (0, 1e-6)
        assert low <= error < high, name


_COPIES = """
    import keras, torch
    from sktime_screen.features._torch_inference import keep_channels_last

    model = keras.Sequential(
        [
            keras.Input((16, 24, 3)),
            keras.layers.Conv2D(8, 3, strides=2, padding="same"),
            keras.layers.DepthwiseConv2D(3),
            keras.layers.MaxPooling2D(2, padding="same"),
            keras.layers.SeparableConv2D(5, 2),
        ]
    )
    images = torch.randn(2, 16, 24, 3)

    def run():
        with torch.no_grad(), torch.profiler.profile() as profile:
            rows = model(images, training=False)
        return rows, sum(event.name == "aten::clone" for event in profile.events())

    expected, n_copies = run()
    keep_channels_last(model)
    rows, n_kept = run()
    assert torch.equal(rows, expected)
    # That of four kernels is left.
    assert n_kept <= 4 < n_copies, (n_kept, n_copies)
"""


def test_pytorch_does_not_copy_images_to_another_order_and_back():
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_COPIES)],
        check=True,
        env={**os.environ, "KERAS_BACKEND": "torch"},
    )
