"""Measure what ``reuse_within`` gains and costs where every frame of a video is looked at.

    python benchmarks/every_frame.py VIDEO... --learn LABELS.csv part1.mp4 [--cache-dir FOLDER]

For each video: the frames a second without and with it, decoding included; the share of frames that
take the features of another; how far their features are then from their own; and the seconds of
each character, told by the recommended pipeline (or a smaller one, see ``--small``), which learned
from the labels at one frame a second. Without a video it draws one to learn from and one to
measure.

    python benchmarks/every_frame.py VIDEO... --tolerances [--seconds 30]

For each video a row of the table in the README: by tolerance, the part of the frames that is
computed, and how far features are off, on average over all frames and at most; and the same with
every third frame standing in for the two after it.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from sktime_screen import load_label_csv, recommended_pipeline
from sktime_screen.datasets import make_cartoon_video
from sktime_screen.features._unchanged_frames import decode_changed

TOLERANCES = {"1/32": 1 / 32, "1/8": 1 / 8, "1/4": 1 / 4, "1/2": 1 / 2}
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


def tabulate(steps, video, seconds):
    """Print how much each tolerance computes of one video, and how far features are then off."""
    steps.set_params(videoframesampler__rate=None, videoframesampler__stop=seconds)
    frames = steps[:2].transform([str(video)])
    features = steps[2].set_params(memory=None, dtype="float32", quantization_step=None)
    own = features.fit_transform(frames).to_numpy()
    rows = np.arange(len(frames))
    sources = {}
    for name, tolerance in TOLERANCES.items():
        same, sources[name] = {}, rows.copy()
        for _ in decode_changed(frames, rows, tolerance, 32, None, same):
            pass
        for row, others in same.items():
            sources[name][others] = row
    sources["every third"] = rows // 3 * 3
    cells = []
    for source in sources.values():
        errors = [np.linalg.norm(own[row] - own[source[row]]) for row in rows]
        errors = np.divide(errors, [np.linalg.norm(row) for row in own])
        cells.append(
            f"{np.mean(source == rows):.3f}: {errors.mean():.3f}, {errors.max():.3f}".replace(
                "0.", "."
            )
        )
    print(" | ".join(["| all frames of", *sources]), "|")
    print(" | ".join([f"| {Path(video).name}, {len(rows)} frames", *cells]), "|", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="*", metavar="VIDEO")
    parser.add_argument("--learn", nargs="+", metavar=("LABELS.csv", "VIDEO"))
    parser.add_argument("--cache-dir", help="where features of the labelled frames are kept")
    parser.add_argument("--seconds", type=float, default=20, help="of each video (default: 20)")
    parser.add_argument("--within", type=float, default=1 / 32, help="the tolerance (1/32)")
    parser.add_argument("--small", action="store_true", help="averages at 224 x 224, dense head")
    parser.add_argument("--tolerances", action="store_true", help="print the table, learn nothing")
    options = parser.parse_args()
    recipe = SMALL if options.small else {}
    if options.tolerances:
        for video in options.videos:
            tabulate(recommended_pipeline(**recipe)[:3], video, options.seconds)
        return
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
