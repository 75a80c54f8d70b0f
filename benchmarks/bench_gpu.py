"""Images a second of the Keras engine on a GPU, beside what the GPU can do.

Run with ``KERAS_BACKEND=jax pytest benchmarks/bench_gpu.py --benchmark-only`` and the same with
``torch``; without a GPU, all is skipped. The images are random and in memory; nothing is decoded or
downloaded, and the weights are random, on which the rate does not depend. The ways of a network:

- by hand, the baseline: the network of ``keras.applications`` jitted, as JAX users would write it,
  in float32 and bfloat16, or torchvision's in channels-last bfloat16, as PyTorch users would, 256
  images from host memory to the GPU while the batch before is computed;
- ours: ``PretrainedCNNFeatures`` with its defaults, once its batch size has settled, from uint8
  images to features as NumPy; beside it, how far bfloat16 moves the features, ``|a - b| / |b|``
  against float32; and with batches of 32 in float32;
- ``predict``: ``keras.Model.predict`` of the same network in float32.
"""

import time
from collections import deque
from functools import partial

import numpy as np
import pytest

from sktime_screen import PretrainedCNNFeatures
from sktime_screen._keras import get_keras_backend, load_keras
from sktime_screen.features._engines import has_gpu
from sktime_screen.features._networks import Network

NETWORKS = {"mobilenet_v2": "MobileNetV2", "resnet50": "ResNet50", "vgg16": "VGG16"}
N_IMAGES = 4096
SIDE = 224
BATCH = 256
IN_FLIGHT = 4
MOST_SECONDS_TO_SETTLE = 40


@pytest.fixture(scope="module")
def images():
    if not has_gpu():
        pytest.skip("no GPU")
    shape = (N_IMAGES, SIDE, SIDE, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def rate(measure, images):
    def rate(run, network, way, images=images, **options):
        options = {"rounds": 5, "warmup_rounds": 1, "number": len(images)} | options
        measure(run, group=f"{network} on a GPU", way=way, unit="images", **options)

    return rate


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", NETWORKS)
def test_by_hand(rate, images, name, precision):
    backend = get_keras_backend()
    if backend == "jax":
        way = jitted(name, {"float32": "float32", "bfloat16": "mixed_bfloat16"}[precision])
    elif backend == "torch" and precision == "bfloat16":
        way = of_torchvision(name)
    else:
        pytest.skip(f"not written for {backend} in {precision}")
    rate(partial(in_flight, *way, images), name, f"by hand, {precision}", baseline=True)


@pytest.mark.parametrize("name", NETWORKS)
def test_defaults(rate, images, name):
    transformer = PretrainedCNNFeatures(name, weights=None, engine="keras").fit(images[:1])
    deadline = time.perf_counter() + MOST_SECONDS_TO_SETTLE
    transformer.transform(images[:BATCH])
    size = transformer._network(transformer.engine_, transformer.precision_)._engine._batch_size
    while not size.settled and time.perf_counter() < deadline:
        transformer.transform(images)
    exact = PretrainedCNNFeatures(name, weights=None, engine="keras", precision="float32")
    a, b = transformer.transform(images[:32]), exact.fit_transform(images[:32])
    error = np.linalg.norm(a - b) / np.linalg.norm(b)
    rate(
        partial(transformer.transform, images),
        name,
        f"PretrainedCNNFeatures, batches of {size.size}",
        note=f"{transformer.precision_}, moves features by {error:.2%}",
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_small_batches(rate, images, name):
    some = images[: N_IMAGES // 4]
    transformer = PretrainedCNNFeatures(
        name, weights=None, engine="keras", batch_size=32, precision="float32"
    ).fit(some[:1])
    run = partial(transformer.transform, some)
    rate(run, name, "PretrainedCNNFeatures, batches of 32", some, note="float32")


@pytest.mark.parametrize("batch_size", [32, BATCH])
@pytest.mark.parametrize("name", NETWORKS)
def test_predict(rate, images, name, batch_size):
    some = images[: N_IMAGES // 4]
    network = Network(name, None, ("avg",), (SIDE, SIDE), "keras", "float32")
    model = network._build_full_model()
    run = partial(model.predict, some, batch_size=batch_size, verbose=0)
    rate(run, name, f"model.predict, batches of {batch_size}", some, note="float32")


def in_flight(send, fetch, images):
    """Go through the images once, with some batches on their way."""
    sent = deque()
    for start in range(0, len(images), BATCH):
        sent.append(send(images[start : start + BATCH]))
        if len(sent) == IN_FLIGHT:
            fetch(sent.popleft())
    while sent:
        fetch(sent.popleft())


def jitted(name, policy):
    """Return what sends to and fetches from a network of keras.applications, by JAX alone."""
    import jax

    keras = load_keras()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        build = getattr(keras.applications, NETWORKS[name])
        model = build(weights=None, include_top=False, pooling="avg", input_shape=(SIDE, SIDE, 3))
    finally:
        keras.config.set_dtype_policy(before)
    family = getattr(keras.applications, name)
    weights = [variable.value for variable in model.trainable_variables]
    state = [variable.value for variable in model.non_trainable_variables]

    @jax.jit
    def compute(weights, state, images):
        images = family.preprocess_input(images.astype("float32"))
        features, _ = model.stateless_call(weights, state, images, training=False)
        return features.astype("float32")

    def send(images):
        features = compute(weights, state, jax.device_put(images))
        features.copy_to_host_async()
        return features

    return send, np.asarray


def of_torchvision(name):
    """Return what sends to and fetches from a network of torchvision, in bfloat16."""
    import torch
    import torchvision

    model = getattr(torchvision.models, name)(weights=None).eval()
    for head in ("fc", "classifier"):
        if hasattr(model, head):
            setattr(model, head, torch.nn.Identity())
    if hasattr(model, "avgpool"):
        model.avgpool = torch.nn.AdaptiveAvgPool2d(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device, torch.bfloat16, memory_format=torch.channels_last)
    # As many sums as PyTorch has of their own; their values make no difference to the time.
    mean, scale = (
        torch.tensor(v, device=device).view(1, 3, 1, 1) for v in ([120.0] * 3, [60.0] * 3)
    )
    copies = torch.cuda.Stream() if device == "cuda" else None

    def send(images):
        images = torch.from_numpy(images)
        with torch.inference_mode():
            if copies is not None:
                computing = torch.cuda.current_stream()
                with torch.cuda.stream(copies):
                    images = images.pin_memory().to(device, non_blocking=True)
                computing.wait_stream(copies)
                images.record_stream(computing)
            images = images.permute(0, 3, 1, 2)
            features = model(((images - mean) / scale).to(torch.bfloat16)).float()
            if copies is None:
                return features, None
            fetched = torch.empty(features.shape, pin_memory=True)
            fetched.copy_(features, non_blocking=True)
            done = torch.cuda.Event()
            done.record()
            return fetched, done

    def fetch(sent):
        features, done = sent
        if done is not None:
            done.synchronize()
        return features.numpy()

    return send, fetch
