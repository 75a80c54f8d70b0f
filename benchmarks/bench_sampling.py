"""From a film to pictures of 224 x 224: ours beside OpenCV's reader, as the tutorials use it.

Run with ``pytest benchmarks/bench_sampling.py --benchmark-only``. In each group of the table the
figure in parentheses is the ratio to the fastest; ``film_frames_per_second`` in the ``--json``
report is how many frames of the film are got through in a second.
"""

import os

import cv2
import numpy as np
import pytest

from sktime_screen import ImageResizer, VideoFrameSampler
from sktime_screen.datasets import make_cartoon_film

SIZE = (224, 224)
SECONDS = 60


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    truth = make_cartoon_film(path, SECONDS)
    return str(path), len(truth)


def ours(path, rate):
    """Sampler and resizer, batch by batch as the network would ask for them."""
    frames = ImageResizer(SIZE).transform(VideoFrameSampler(rate=rate).transform(path))
    return sum(len(pictures) for _, pictures in frames.iter_batches(32))


def opencv(path, rate):
    """Pass over frames nobody asked for, decode and resize the others."""
    video = cv2.VideoCapture(path)
    step = 1 if rate is None else int(video.get(cv2.CAP_PROP_FPS) // rate)
    number = taken = 0
    pictures = np.empty((32, *SIZE, 3), np.uint8)
    while video.grab():
        if number % step == 0:
            _, picture = video.retrieve()
            resized = cv2.resize(picture, SIZE[::-1], interpolation=cv2.INTER_AREA)
            pictures[taken % 32] = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)
            taken += 1
        number += 1
    video.release()
    return taken


@pytest.mark.parametrize("way", [ours, opencv], ids=lambda way: way.__name__)
@pytest.mark.parametrize(
    "rate",
    [
        pytest.param(1, marks=pytest.mark.benchmark(group="one frame a second")),
        pytest.param(None, marks=pytest.mark.benchmark(group="every frame")),
    ],
)
def test_sampling(benchmark, film, rate, way):
    path, n_frames = film

    def as_if_new():
        # What was read of the film before, its packets' times, is read again in every round.
        os.utime(path)
        return (path, rate), {}

    taken = benchmark.pedantic(way, setup=as_if_new, rounds=5)
    assert taken == (SECONDS if rate else n_frames)
    benchmark.extra_info["film_frames_per_second"] = round(n_frames / benchmark.stats["median"])
