"""Images to features: ours by engine and precision, beside ``model.predict``.

Run with ``pytest benchmarks/bench_features.py --benchmark-only``. Each group of the table is one
network, 224 x 224, at batches of four sizes, the baseline ``model.predict`` at its best one. "of
the peak" is the part of the machine's operations a second, as a large matrix product in the same
precision has them. ``-k maps`` runs the maps of the recommended pipeline alone, as this machine
runs them, beside averages at 224 x 224; ``-k every_frame`` every frame of a drawn video, each
computed and with ``reuse_within``, decoding included; ``-k int8`` networks in 8 bits, if NNCF is
installed.

Throughput does not depend on the values of the weights: networks whose weights would have to be
downloaded have random ones.
"""

import time
from functools import partial

import numpy as np
import pytest

from sktime_screen import (
    ImageResizer,
    PretrainedCNNFeatures,
    VideoFrameSampler,
    save_int8_network,
)
from sktime_screen._keras import load_keras
from sktime_screen.datasets import make_cartoon_video
from sktime_screen.features import get_backbone
from sktime_screen.features._engines import choose_engine

BACKBONES = ["efficientnet_lite0", "mobilenet_v2", "resnet50", "vgg16"]
BATCH_SIZES = [1, 8, 32, 64]
WAYS = [None, ("keras", "float32"), ("openvino", "float32"), ("openvino", "bfloat16")]
# What recommended_pipeline may look with: the backbone, and height and width of the images.
MAPS = [
    ("efficientnet_lite0_map", (256, 448)),
    ("efficientnet_lite0_map", (384, 672)),
    ("efficientnet_lite2_map", (384, 672)),
    ("efficientnet_lite0_map+efficientnet_lite2_map", (384, 672)),
]
ROUNDS = 3


def weights_of(name):
    return "imagenet" if name == "efficientnet_lite0" else None


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (64, 224, 224, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def peak():
    """Operations a second of a large matrix product, by precision."""
    keras = load_keras()
    side = 4096
    found = {}
    for precision in ("float32", "bfloat16"):
        matrix = keras.ops.ones((side, side), precision)
        times = []
        for _ in range(4):
            start = time.perf_counter()
            float(keras.ops.cast(keras.ops.matmul(matrix, matrix)[0, 0], "float32"))
            times.append(time.perf_counter() - start)
        found[precision] = 2 * side**3 / min(times)
    return found


@pytest.fixture(scope="module")
def networks():
    """The bare Keras networks, by name."""
    built = {}

    def network(name):
        if name not in built:
            built.clear()
            backbone = get_backbone(name)
            model = backbone.build((224, 224, 3), "avg")
            built[name] = backbone.load(model, weights_of(name), "avg")
        return built[name]

    return network


def operations(model):
    """Count the multiplications and additions of the convolutions for one image."""
    return sum(
        2 * np.prod(weight.shape) * np.prod(layer.output.shape[1:3])
        for layer in model.layers
        for weight in layer.weights
        if len(weight.shape) == 4
    )


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way or ("predict",)))
@pytest.mark.parametrize("name", BACKBONES)
def test_features(measure, name, way, batch_size, images, networks, peak):
    given = images[: max(16, batch_size)]
    network = networks(name)
    if way is None:
        given = np.array(get_backbone(name).preprocess(given.astype(np.float32)))
        run = partial(network.predict, batch_size=batch_size, verbose=0)
    else:
        try:
            choose_engine(*way, live_model=False)
        except (ImportError, ValueError) as error:
            pytest.skip(str(error))
        engine, precision = way
        transformer = PretrainedCNNFeatures(
            name,
            weights=weights_of(name),
            batch_size=batch_size,
            engine=engine,
            precision=precision,
        )
        run = transformer.fit(given).transform
    per_image = operations(network) / peak[way[1] if way else "float32"]
    measure(
        run,
        (given,),
        group=name,
        way=f"{' '.join(way) if way else 'model.predict'}, batches of {batch_size}",
        number=len(given),
        unit="images",
        baseline=way is None,
        note=lambda rate: f"{rate * per_image:.0%} of the peak",
        rounds=ROUNDS,
        warmup_rounds=1,
    )


@pytest.mark.parametrize(("name", "size"), [("efficientnet_lite0", (224, 224)), *MAPS], ids=str)
def test_maps(measure, name, size):
    images = np.random.default_rng(0).integers(0, 256, (96, *size, 3), dtype=np.uint8)
    pooling = None if name.endswith("_map") else "avg"
    transformer = PretrainedCNNFeatures(name, pooling=pooling, dtype="float16").fit(images)
    measure(
        transformer.transform,
        (images,),
        group="maps beside averages",
        way=f"{name}, {size[0]} x {size[1]}",
        number=len(images),
        unit="images",
        baseline=pooling == "avg",
        note=f"{transformer.engine_}, {transformer.precision_}",
        rounds=ROUNDS,
        warmup_rounds=1,
    )


@pytest.mark.parametrize(("name", "size"), [("efficientnet_lite0", (224, 224)), MAPS[-1]], ids=str)
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_int8(measure, tmp_path, name, size, precision):
    pytest.importorskip("nncf")
    images = np.random.default_rng(0).integers(0, 256, (64, *size, 3), dtype=np.uint8)
    pooling = None if name.endswith("_map") else "avg"
    transformer = PretrainedCNNFeatures(name, pooling=pooling, dtype="float16", engine="openvino")
    if precision == "int8":
        file = tmp_path / "int8.xml"
        save_int8_network(file, transformer, images, n_images=8)
        transformer.set_params(backbone=file)
    else:
        try:
            choose_engine("openvino", precision, live_model=False)
        except ValueError as error:
            pytest.skip(str(error))
        transformer.set_params(precision=precision)
    measure(
        transformer.fit(images).transform,
        (images,),
        group=f"8 bits, {name}, {size[0]} x {size[1]}",
        way=f"openvino {precision}",
        number=len(images),
        unit="images",
        baseline=precision == "float32",
        rounds=ROUNDS,
        warmup_rounds=1,
    )


@pytest.fixture(scope="module")
def every_frame(tmp_path_factory):
    """Every frame of ten seconds that are drawn on twos."""
    video = str(tmp_path_factory.mktemp("drawn") / "drawn.mp4")
    make_cartoon_video(video, 10, seed=1)
    return VideoFrameSampler(None).transform([video])


@pytest.mark.parametrize("tolerance", [None, 1 / 32, 1 / 2], ids=str)
@pytest.mark.parametrize(("name", "size"), [("efficientnet_lite0", (224, 224)), MAPS[-1]], ids=str)
def test_every_frame(measure, every_frame, name, size, tolerance):
    frames = ImageResizer(size).transform(every_frame)
    pooling = None if name.endswith("_map") else "avg"
    transformer = PretrainedCNNFeatures(
        name, pooling=pooling, dtype="float16", reuse_within=tolerance
    ).fit(frames)
    measure(
        transformer.transform,
        (frames,),
        group=f"every frame of a video drawn on twos, {name}",
        way=f"reuse_within={tolerance}",
        number=len(frames),
        unit="frames",
        baseline=tolerance is None,
        rounds=2,
        warmup_rounds=1,
    )
