"""From a video to images of 224 x 224: ours beside OpenCV's reader, as the tutorials use it.

Run with ``pytest benchmarks/bench_sampling.py --benchmark-only``. Rates are of the frames of the
video that are got through, whether they are taken or not.
"""

import os

import cv2
import numpy as np
import pytest

from sktime_screen import ImageResizer, VideoFrameSampler
from sktime_screen.datasets import make_cartoon_video

SIZE = (224, 224)
SECONDS = 60


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    truth = make_cartoon_video(path, SECONDS)
    return str(path), len(truth)


def ours(path, rate):
    """Sampler and resizer, batch by batch as the network would ask for them."""
    frames = ImageResizer(SIZE).transform(VideoFrameSampler(rate=rate).transform(path))
    return sum(len(images) for _, images in frames.iter_batches(32))


def opencv(path, rate):
    """Pass over frames nobody asked for, decode and resize the others."""
    video = cv2.VideoCapture(path)
    step = 1 if rate is None else int(video.get(cv2.CAP_PROP_FPS) // rate)
    number = taken = 0
    images = np.empty((32, *SIZE, 3), np.uint8)
    while video.grab():
        if number % step == 0:
            _, image = video.retrieve()
            resized = cv2.resize(image, SIZE[::-1], interpolation=cv2.INTER_AREA)
            images[taken % 32] = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)
            taken += 1
        number += 1
    video.release()
    return taken


@pytest.mark.parametrize("way", [opencv, ours], ids=lambda way: way.__name__)
@pytest.mark.parametrize("rate", [1, None])
def test_sampling(measure, video, rate, way):
    path, n_frames = video

    def as_if_new():
        # What was read of the video before, its packets' times, is read again in every round.
        os.utime(path)
        return (path, rate), {}

    taken = measure(
        way,
        None,
        group=f"{'one frame a second' if rate else 'every frame'} of a drawn video, 224 x 224",
        way="OpenCV" if way is opencv else "VideoFrameSampler, ImageResizer",
        number=n_frames,
        unit="frames",
        baseline=way is opencv,
        setup=as_if_new,
        rounds=5,
    )
    assert taken == (SECONDS if rate else n_frames)
