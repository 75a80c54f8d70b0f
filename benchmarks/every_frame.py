"""Measure what ``reuse_within`` gains and costs where every frame of a video is looked at.

    python benchmarks/every_frame.py VIDEO... --learn LABELS.csv part1.mp4 [--cache-dir FOLDER]

For each video: the frames a second without and with it, decoding included; the share of frames that
take the features of another; how far their features are then from their own; and the seconds of
each character, told by the recommended pipeline (or a smaller one, see ``--small``), which learned
from the labels at one frame a second. Without a video it draws one to learn from and one to
measure.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from sktime_screen import load_label_csv, recommended_pipeline
from sktime_screen.datasets import make_cartoon_video

SMALL = {"backbone": "efficientnet_lite0", "head": "dense"}
ROUNDS = 2


def draw(folder, seconds):
    """Return the labels of a drawn video at one frame a second, and the path of another."""
    truth = make_cartoon_video(f"{folder}/learned.mp4", 60, seed=2)
    make_cartoon_video(f"{folder}/measured.mp4", seconds, seed=1)
    frames = truth.iloc[::24].assign(duration=1.0)
    return frames[["video", "time", "duration"]], frames[["cat", "mouse"]], "measured.mp4"


def compare(pipeline, video, seconds, tolerance):
    """Print the figures of one video."""
    pipeline.set_params(videoframesampler__rate=None, videoframesampler__stop=seconds)
    frames = pipeline[:2].transform([str(video)])
    step = pipeline[2].set_params(memory=None)
    took = {None: [], tolerance: []}
    tables = {}
    for _ in range(ROUNDS):
        for within in took:
            step.set_params(reuse_within=within)
            begun = time.perf_counter()
            tables[within] = step.transform(frames)
            took[within].append(time.perf_counter() - begun)
    own, given = (table.to_numpy() for table in tables.values())
    same = (given[1:] == given[:-1]).all(axis=1)
    taken = np.append(False, same & (own[1:] != given[1:]).any(axis=1))
    errors = [
        np.linalg.norm(a.astype(np.float32) - b) / np.linalg.norm(a.astype(np.float32))
        for a, b in zip(own[taken], given[taken], strict=True)
    ] or [0.0]
    rates = [len(frames) / min(times) for times in took.values()]
    print(
        f"{Path(video).name}, {len(frames)} frames: {rates[0]:.1f} and {rates[1]:.1f} a second, "
        f"x {rates[1] / rates[0]:.2f}; reused {same.mean():.3f}, features off by "
        f"{np.mean(errors):.3f} on average, by {np.max(errors):.3f} at most",
        flush=True,
    )
    told = [pipeline[3:].transform(table).iloc[0] for table in tables.values()]
    shown = [pipeline[3:].predict(table) for table in tables.values()]
    changed = np.mean(shown[0] != shown[1], axis=0)
    for k, name in enumerate(told[0].index):
        print(
            f"  {name}: {told[0][name]:.2f} and {told[1][name]:.2f} s; told otherwise in "
            f"{np.atleast_1d(changed)[k % np.size(changed)]:.4f} of frames",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="*", metavar="VIDEO")
    parser.add_argument("--learn", nargs="+", metavar=("LABELS.csv", "VIDEO"))
    parser.add_argument("--cache-dir", help="where features of the labelled frames are kept")
    parser.add_argument("--seconds", type=float, default=20, help="of each video (default: 20)")
    parser.add_argument("--within", type=float, default=1 / 32, help="the tolerance (1/32)")
    parser.add_argument("--small", action="store_true", help="averages at 224 x 224, dense head")
    options = parser.parse_args()
    recipe = SMALL if options.small else {}
    pipeline = recommended_pipeline(random_state=0, memory=options.cache_dir, **recipe)
    with tempfile.TemporaryDirectory() as folder:
        if options.learn:
            X, y = load_label_csv(options.learn[0])
            learned = X["video"].map(lambda path: Path(path).name).isin(options.learn[1:])
            X, y, videos = X[learned], y[learned], options.videos
        else:
            X, y, drawn = draw(folder, options.seconds)
            videos = options.videos or [f"{folder}/{drawn}"]
        pipeline.fit(X, y)
        for video in videos:
            compare(pipeline, video, options.seconds, options.within)


if __name__ == "__main__":
    main()
