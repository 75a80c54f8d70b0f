"""Videos made for the tests, whose images carry their own frame number, and a browser."""

import json
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from fractions import Fraction
from functools import partial

import av
import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

from sktime_screen import VideoFrameSampler, recommended_pipeline
from sktime_screen.classify import _feature_map as _map
from sktime_screen.classify._network import DenseNetwork
from sktime_screen.features import _networks
from sktime_screen.features._backbone import Backbone, pool
from sktime_screen.video import FrameSequence

# For the recommended pipeline, where not all of it is needed: test_pipeline.py runs it as it is.
quick_pipeline = partial(
    recommended_pipeline, image_size=(128, 224), backbone="efficientnet_lite0_map"
)
QUICK_OPTIONS = ("--image-size", "128", "224", "--backbone", "efficientnet_lite0_map")
# The same ones each time, each with the fixtures of the one before.
few_examples = settings(
    derandomize=True,
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def pytest_configure(config):
    """Keep caches for one run, for all its processes, and not in the user's home."""
    if not hasattr(config, "workerinput"):
        home = tempfile.TemporaryDirectory()
        config.add_cleanup(home.cleanup)
        os.environ["SKTIME_SCREEN_HOME"] = os.environ["KERAS_HOME"] = home.name


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Share many files out among a few processes; one file is quicker in this one."""
    paths = {argument.partition("::")[0] for argument in config.args}
    alone = len(paths) == 1 and os.path.isfile(*paths)
    return 0 if alone else min(joblib.cpu_count(), 3)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the core: all but what is slow, is about documentation and types, or needs a browser."""
    for item in items:
        aside = item.path.stem in ("test_docs", "test_types") or "chromium" in item.fixturenames
        if not (aside or item.get_closest_marker("slow")):
            item.add_marker("core")


def draw_code(number, height=64, width=96):
    """Return an image in which 12 squares spell a frame's number in binary."""
    image = np.zeros((height, width, 3), np.uint8)
    for bit in range(12):
        row, column = divmod(bit, 4)
        if number >> bit & 1:
            cell = (height // 3, width // 4)
            image[
                row * cell[0] : (row + 1) * cell[0], column * cell[1] : (column + 1) * cell[1]
            ] = 255
    return image


def read_code(image):
    """Return the number that ``draw_code`` put into an image of any size."""
    height, width = image.shape[:2]
    number = 0
    for bit in range(12):
        row, column = divmod(bit, 4)
        y, x = int((row + 0.5) * height / 3), int((column + 0.5) * width / 4)
        number |= int(image[y, x].mean() > 127) << bit
    return number


def write_coded_video(
    path, pts, time_base, *, codec="libx264", gop=12, b_frames=0, rate=None, options=None, first=0
):
    """Write a video whose k-th image shows ``first + k`` at ``pts[k] * time_base`` seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate or 1 / time_base)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.time_base = time_base
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = b_frames
        stream.options = {"crf": "18", **(options or {})}
        for number, tick in enumerate(pts, first):
            frame = av.VideoFrame.from_ndarray(draw_code(number), format="rgb24")
            frame.pts = int(tick)
            frame.time_base = time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


def index_of(rows):
    """The frame index of rows of (video, time, duration)."""
    return pd.MultiIndex.from_tuples(rows, names=["video", "time", "duration"])


@pytest.fixture(autouse=True)
def _ordinary_priority():
    """As root, SVT-AV1 gives the thread that encodes real-time priority: all others starve."""
    yield
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture(scope="module")
def quick_training():
    """The head of the recommended pipeline learns less well, where it only has to learn at all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_map.KerasFeatureMapClassifier, "_epoch_limits", (4, 8))
        patch.setattr(_map, "_NETWORKS_OF_FEW", 1)
        yield


@pytest.fixture
def decoded(monkeypatch):
    """The numbers of images that were decoded, batch by batch."""
    counts = []
    whole = FrameSequence.iter_batches

    def counting(self, *args):
        for rows, images in whole(self, *args):
            counts.append(len(rows))
            yield rows, images

    monkeypatch.setattr(FrameSequence, "iter_batches", counting)
    return counts


@pytest.fixture
def computed(monkeypatch):
    """The numbers of images that went through a network, batch by batch."""
    counts = []
    run = _networks.Network.run

    def count(self, batches, batch_size, store):
        def counted():
            for rows, images in batches:
                counts.append(len(images))
                yield rows, images

        run(self, counted(), batch_size, store)

    monkeypatch.setattr(_networks.Network, "run", count)
    return counts


@pytest.fixture
def epochs_trained(monkeypatch):
    """The options of each epoch that a dense network, or one of maps, is trained for."""
    seen = []
    train_epoch = DenseNetwork.train_epoch

    def watched(self, *rows, **options):
        seen.append(options)
        return train_epoch(self, *rows, **options)

    monkeypatch.setattr(DenseNetwork, "train_epoch", watched)
    return seen


class Tiny(Backbone):
    """A backbone of one layer, for what is the same with any."""

    input_size = None

    def __init__(self, name):
        self.name = name

    def build(self, input_shape, pooling=None):
        keras = _networks.load_keras()
        images = keras.Input(input_shape)
        found = keras.layers.Conv2D(8, 5, strides=4)(images)
        return keras.Model(images, pool(found, pooling) if pooling else found)

    def preprocess(self, images):
        return images / 255

    def _load_imagenet(self, model, pooling):
        kernel, _ = model.trainable_weights
        kernel.assign(np.random.default_rng(1).normal(0, 0.2, kernel.shape))
        return model


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A quick network, whatever name is asked for, kept where nobody else looks for that name."""
    monkeypatch.setenv("SKTIME_SCREEN_HOME", str(tmp_path))
    monkeypatch.setattr(_networks, "get_backbone", Tiny)
    _networks._networks.clear()
    yield Tiny("tiny")
    _networks._networks.clear()


@pytest.fixture(scope="session")
def video(tmp_path_factory):
    """Ten seconds at 24 frames a second; image k shows k."""
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    return write_coded_video(path, range(240), Fraction(1, 24))


@pytest.fixture
def folder(tmp_path, video):
    """A folder with `video` in it, for files of labels beside it."""
    (tmp_path / "video.mp4").symlink_to(video)
    return tmp_path


@pytest.fixture
def frames(video):
    """Twenty frames of `video`."""
    return VideoFrameSampler(rate=2).sample(video)


@pytest.fixture
def target(tmp_path):
    """Where to write a page to label on."""
    return tmp_path / "labels.html"


@pytest.fixture(scope="session")
def other_video(tmp_path_factory):
    """Four seconds at 25 frames a second; image k shows k."""
    path = tmp_path_factory.mktemp("other") / "other.mp4"
    return write_coded_video(path, range(100), Fraction(1, 25))


@pytest.fixture(scope="session")
def sound_only(tmp_path_factory):
    """A file with sound but no images."""
    path = str(tmp_path_factory.mktemp("sound") / "sound.mp4")
    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """A headless Chromium that keeps a log of its requests and of errors."""
    webdriver = pytest.importorskip("selenium.webdriver")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (binary and driver):
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    options.add_argument("--headless=new")
    options.add_argument("--no-sandbox")  # CI runs as root
    options.add_argument("--disable-dev-shm-usage")
    options.add_argument("--window-size=1280,800")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    with webdriver.Chrome(options=options, service=service) as browser:
        yield browser


def requested(chromium):
    """What pages have asked for so far, without the browser's own first page."""
    messages = [
        json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")
    ]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
        and not message["params"]["documentURL"].startswith("chrome:")
    ]


@contextmanager
def downloaded(chromium, path):
    """Take a download, and wait at the end until it is all there."""
    settings = {"behavior": "allow", "downloadPath": str(path.parent)}
    chromium.execute_cdp_cmd("Browser.setDownloadBehavior", settings)
    yield path
    for _ in range(100):
        if path.exists() and path.stat().st_size:
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing was saved as {path}")


@contextmanager
def on_a_phone(chromium, width=390, height=844):
    """Show pages as on a telephone, upright unless it is said otherwise."""
    phone = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        yield
    finally:
        chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
