"""Frames to features the way tutorials on screen time do it, as the thing to be measured against.

Every frame of the video is read; one in ``floor(frames a second)`` is written as a JPEG; the JPEGs
are read back into one list; scikit-image resizes each to 224 x 224; ``model.predict`` of a network
of ``keras.applications`` gives the features. Nothing here is slower than the tutorials have it.

    python benchmarks/tutorial_baseline.py VIDEO --backbone vgg16 [--every-frame] [--json FILE]

prints the seconds each step took, the processor's seconds, and the peak memory.
"""

import argparse
import json
import math
import resource
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import cv2
import keras
import matplotlib.image
import numpy as np
from skimage.transform import resize

SIZE = (224, 224)


def application(name):
    """Class and preprocessing of a network of keras.applications: vgg16, mobilenet_v2, ..."""
    wanted = name.lower().replace("_", "")
    for module in vars(keras.applications).values():
        if not hasattr(module, "preprocess_input"):
            continue
        for attribute, network in vars(module).items():
            if attribute.lower() == wanted:
                return network, module.preprocess_input
    sys.exit(f"keras.applications has no network {name!r}; vgg16 and mobilenet_v2 are two of them.")


def write_frames(video, folder, every_frame):
    """Read the whole video, write the sampled frames as JPEGs and return their paths."""
    video = cv2.VideoCapture(str(video))
    if not video.isOpened():
        sys.exit(f"{video} cannot be read as a video.")
    step = 1 if every_frame else max(1, math.floor(video.get(cv2.CAP_PROP_FPS)))
    paths = []
    number = 0
    while True:
        more, frame = video.read()
        if not more:
            break
        if number % step == 0:
            path = folder / f"frame{number}.jpg"
            cv2.imwrite(str(path), frame)
            paths.append(path)
        number += 1
    video.release()
    return paths


def run(video, backbone="vgg16", weights=None, every_frame=False):
    """Go from a video to features.

    Parameters
    ----------
    video : path
        The video.
    backbone : str
        Name of a network of ``keras.applications``.
    weights : {None, "imagenet"}
        Random weights, which are as fast as trained ones, or the downloaded ones.
    every_frame : bool
        Take every frame instead of one in floor(frames a second).

    Returns
    -------
    features : ndarray of shape (n_frames, n_features)
    report : dict
        ``frames``, ``seconds`` by step, ``seconds_total``, ``cpu_seconds``, ``peak_memory_mib``.
    """
    seconds = {}
    cpu_before = time.process_time()

    @contextmanager
    def timed(step):
        start = time.perf_counter()
        yield
        seconds[step] = time.perf_counter() - start

    with timed("build network"):
        network, preprocess = application(backbone)
        model = network(weights=weights, include_top=False, input_shape=(*SIZE, 3))
    with tempfile.TemporaryDirectory() as folder:
        with timed("read video, write JPEGs"):
            paths = write_frames(video, Path(folder), every_frame)
        with timed("read JPEGs"):
            images = [matplotlib.image.imread(path) for path in paths]
    with timed("resize"):
        resized = [resize(image, SIZE, preserve_range=True) for image in images]
        batch = np.array(resized)
    with timed("preprocess"):
        batch = preprocess(batch)
    with timed("predict"):
        features = model.predict(batch, verbose=0)
        features = features.reshape(len(features), -1)
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return features, {
        "video": str(video),
        "backbone": backbone,
        "frames": len(features),
        "seconds": seconds,
        "seconds_total": sum(seconds.values()),
        "cpu_seconds": time.process_time() - cpu_before,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--backbone", default="vgg16", help="a network of keras.applications")
    parser.add_argument(
        "--weights",
        choices=["none", "imagenet"],
        default="none",
        help="random weights are as fast as trained ones and need no download",
    )
    parser.add_argument("--every-frame", action="store_true")
    parser.add_argument("--json", type=Path, help="write the report to this file too")
    options = parser.parse_args()
    if not options.video.is_file():
        sys.exit(f"{options.video} is not a file.")
    weights = None if options.weights == "none" else options.weights
    _, report = run(options.video, options.backbone, weights, options.every_frame)
    for step, seconds in report["seconds"].items():
        print(f"{step:24}{seconds:10.2f} s")
    print(f"{'total':24}{report['seconds_total']:10.2f} s")
    print(f"{'processor':24}{report['cpu_seconds']:10.2f} s")
    print(f"{'peak memory':24}{report['peak_memory_mib']:10.0f} MiB")
    print(f"{'frames':24}{report['frames']:10d}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
