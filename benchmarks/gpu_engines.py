"""Images a second of the Keras engine on a GPU, beside what the GPU can do.

Run with ``KERAS_BACKEND=jax python benchmarks/gpu_engines.py`` and the same with ``torch``. The
images are random and in memory; nothing is decoded or downloaded, and the weights are random, on
which the rate does not depend. Each line of the table is one network:

- ours: ``PretrainedCNNFeatures`` with its defaults, once its batch size has settled (given
  behind), and with batches of 32 in float32, one image's preprocessing to its features as NumPy;
- ``predict``: ``keras.Model.predict`` of the same network in float32, the better of 32 and 256;
- in flight: the same network of ``keras.applications`` jitted, as JAX users would write it by hand,
  or torchvision's in channels-last bfloat16, as PyTorch users would, 256 images from host memory to
  the GPU while the batch before is computed; for JAX in float32 as well;
- ours over the best of these, and how far bfloat16 moves the features: ``|a - b| / |b|`` of ours
  against ours in float32.

``--json`` writes all of it, with the seconds that each took to begin.
"""

import argparse
import json
import platform
import time
from collections import deque

import numpy as np

from sktime_screen import PretrainedCNNFeatures
from sktime_screen._keras import load_keras
from sktime_screen.features._engines import gpu_capability
from sktime_screen.features._networks import Network

NETWORKS = {"mobilenet_v2": "MobileNetV2", "resnet50": "ResNet50", "vgg16": "VGG16"}
BATCH = 256
IN_FLIGHT = 4


def parse_arguments():
    """Return the settings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--images", type=int, default=4096, help="how many pass each time")
    parser.add_argument("--side", type=int, default=224, help="height and width of an image")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each way is timed")
    parser.add_argument("--settle", type=float, default=40.0, help="most seconds to settle in")
    parser.add_argument("--sizes", type=int, nargs="*", default=[], help="ours with these as well")
    parser.add_argument("--json", help="where all figures go")
    return parser.parse_args()


def measure(run, n_images, seconds):
    """Return images a second, the median of passes, and the seconds of the first pass."""
    start = time.perf_counter()
    run()
    first = time.perf_counter() - start
    times = []
    while len(times) < 2 or sum(times) < seconds:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return n_images / float(np.median(times)), first


def ours(name, images, settle, **settings):
    """Return a function that computes features, and what tells the size of its batches."""
    transformer = PretrainedCNNFeatures(name, weights=None, engine="keras", **settings)
    transformer.fit(images[:1])
    network = transformer._network(transformer.engine_, transformer.precision_)

    def size():
        return network._engine._batch_size.size

    if settle:
        deadline = time.perf_counter() + settle
        transformer.transform(images[:BATCH])
        while not network._engine._batch_size.settled and time.perf_counter() < deadline:
            transformer.transform(images)
    return transformer, size


def in_flight(send, fetch, images):
    """Go through the images once, with some batches on their way."""
    sent = deque()
    for start in range(0, len(images), BATCH):
        sent.append(send(images[start : start + BATCH]))
        if len(sent) == IN_FLIGHT:
            fetch(sent.popleft())
    while sent:
        fetch(sent.popleft())


def jitted(name, side, policy):
    """Return what sends to and fetches from a network of keras.applications, by JAX alone."""
    import jax

    keras = load_keras()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        build = getattr(keras.applications, NETWORKS[name])
        model = build(weights=None, include_top=False, pooling="avg", input_shape=(side, side, 3))
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


def ways_of(name, images, arguments, backend):
    """Yield a label and what makes a function that goes through the images once."""
    side = arguments.side
    some = images[: max(BATCH, len(images) // 4)]
    yield "ours 32 float32", some, lambda: by_transform(name, some, 32, "float32")
    for size in arguments.sizes:
        yield (
            f"ours {size} bfloat16",
            images,
            lambda size=size: by_transform(name, images, size, "bfloat16"),
        )
    for size in (32, BATCH):
        yield f"predict {size}", some, lambda size=size: by_predict(name, some, size)
    if backend == "jax":
        for label, policy in [("float32", "float32"), ("bfloat16", "mixed_bfloat16")]:
            yield (
                f"in flight {label}",
                images,
                lambda policy=policy: by_hand(jitted(name, side, policy), images),
            )
    if backend == "torch":
        yield "in flight bfloat16", images, lambda: by_hand(of_torchvision(name), images)


def by_transform(name, images, batch_size, precision):
    """Return a pass of ours with batches of one size."""
    transformer, _ = ours(name, images, 0, batch_size=batch_size, precision=precision)
    return lambda: transformer.transform(images)


def by_predict(name, images, batch_size):
    """Return a pass of ``predict`` over the whole network, from uint8."""
    network = Network(name, None, ("avg",), images.shape[1:3], "keras", "float32")
    model = network._build_full_model()
    return lambda: model.predict(images, batch_size=batch_size, verbose=0)


def by_hand(way, images):
    """Return a pass of a loop with batches in flight."""
    return lambda: in_flight(*way, images)


def benchmark(name, images, arguments, backend):
    """Return all figures of a network."""
    rates, first = {}, {}

    def record(label, some, make):
        start = time.perf_counter()
        try:
            rates[label], first[label] = measure(make(), len(some), arguments.seconds)
        except Exception as error:  # the other ways are worth their time all the same
            print(f"  {label}: {type(error).__name__}: {str(error)[:300]}", flush=True)
            return
        took = time.perf_counter() - start
        print(f"  {label}: {rates[label]:,.0f} images/s, {took:.1f} s in all", flush=True)

    print(f"{name}:", flush=True)
    start = time.perf_counter()
    transformer, size = ours(name, images, arguments.settle)
    settled = time.perf_counter() - start
    record("ours", images, lambda: lambda: transformer.transform(images))
    print(f"  batches of {size()}, after {settled:.1f} s", flush=True)
    exact = PretrainedCNNFeatures(name, weights=None, engine="keras", precision="float32")
    some = images[:32]
    a, b = transformer.transform(some), exact.fit_transform(some)
    found = {
        "network": name,
        "batch": size(),
        "settled after": settled,
        "precision": transformer.precision_,
        "error": float(np.linalg.norm(a - b) / np.linalg.norm(b)),
    }
    for label, some, make in ways_of(name, images, arguments, backend):
        record(label, some, make)
    others = [rate for label, rate in rates.items() if not label.startswith("ours")]
    found["over the best"] = rates["ours"] / max(others, default=np.nan)
    return {**found, "images a second": rates, "seconds of the first pass": first}


def print_table(results):
    """Print a line a network."""
    labels = list(dict.fromkeys(label for found in results for label in found["images a second"]))
    print(f"\n| network | {' | '.join(labels)} | ours over the best other | batch | error |")
    print("| --- |" + " ---: |" * (len(labels) + 3))
    for found in results:
        rates = [f"{found['images a second'].get(label, np.nan):,.0f}" for label in labels]
        print(
            f"| {found['network']} | {' | '.join(rates)} | {found['over the best']:.2f} | "
            f"{found['batch']} | {found['error']:.2%} ({found['precision']}) |"
        )


def main():
    """Measure and print."""
    arguments = parse_arguments()
    backend = load_keras().backend.backend()
    machine = f"Keras on {backend}, {device_name(backend)}, Python {platform.python_version()}"
    print(machine, flush=True)
    shape = (arguments.images, arguments.side, arguments.side, 3)
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    results = []
    for name in arguments.networks:
        results.append(benchmark(name, images, arguments, backend))
        if arguments.json:
            with open(arguments.json, "w") as file:
                json.dump({"machine": machine, "results": results}, file, indent=1)
    print_table(results)


def device_name(backend):
    """Return what Keras computes on, in words."""
    if gpu_capability() is None:
        return "no GPU"
    if backend == "jax":
        import jax

        return jax.devices()[0].device_kind
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name()
    return "a GPU"


if __name__ == "__main__":
    main()
