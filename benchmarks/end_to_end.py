"""From a video to features: ours beside the tutorials' way, each in a process of its own.

    python benchmarks/end_to_end.py VIDEO --backbone mobilenet_v2 [--every-frame]
    python benchmarks/end_to_end.py VIDEO --every-frame --hours 2 --store --no-tutorials

prints wall and processor seconds, peak memory and the ratio, and what bounds ours: decoding
alone, inference alone on images that are ready, and the processor seconds of both, shared by all
cores. ``--hours`` makes the video as long by repeating its packets, ``--store`` keeps the features
on disk. Networks get random weights: throughput does not depend on them. The import of the
libraries is not timed, and the network has been converted before.
"""

import argparse
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from decoding import repeat

HERE = Path(__file__).parent


def measured(work):
    """Run something and return its wall and processor seconds, and the process's peak memory."""
    begin, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {
        "seconds_total": time.perf_counter() - begin,
        "cpu_seconds": time.process_time() - cpu,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def images_of(options):
    from sktime_screen import ImageResizer, VideoFrameSampler

    rate = None if options.every_frame else 1
    return ImageResizer((224, 224)).transform(VideoFrameSampler(rate=rate).transform(options.video))


def network(options, memory=None):
    from sktime_screen import PretrainedCNNFeatures

    pooling = None if options.pooling == "none" else options.pooling
    return PretrainedCNNFeatures(options.backbone, weights=None, pooling=pooling, memory=memory)


def ours(options):
    with tempfile.TemporaryDirectory() as folder:
        features = network(options, folder if options.store else None)
        table, figures = measured(lambda: features.fit_transform(images_of(options)))
    matrix = table.to_numpy().nbytes / 2**20
    engine = f"{features.engine_} {features.precision_}"
    return {"frames": len(table), "engine": engine, "result_mib": matrix, **figures}


def decoding(options):
    def read():
        return sum(len(rows) for rows, _ in images_of(options).iter_batches())

    frames, figures = measured(read)
    return {"frames": frames, **figures}


def inference(options):
    frames = len(images_of(options))
    images = np.random.default_rng(0).integers(0, 255, (32, 224, 224, 3), np.uint8)
    features = network(options).fit(images)
    features.transform(images)

    def infer():
        for begin in range(0, frames, 32):
            features.transform(images[: frames - begin])

    _, figures = measured(infer)
    return {"frames": frames, **figures}


WAYS = {"inference alone": inference, "decoding alone": decoding, "ours": ours}


def in_a_process(way, options, video):
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        arguments = [video, "--backbone", options.backbone, "--json", str(report)]
        arguments += ["--every-frame"] * options.every_frame
        if way == "tutorials":
            command = [sys.executable, str(HERE / "tutorial_baseline.py"), *arguments]
        else:
            command = [sys.executable, __file__, *arguments, "--only", way]
            command += ["--pooling", options.pooling, *["--store"] * options.store]
        done = subprocess.run(command, stdout=subprocess.DEVNULL)
        # All frames of a long video in memory are more than a machine may have.
        if way == "tutorials" and done.returncode == -signal.SIGKILL:
            print(f"{way}: killed, as systems do when memory runs out")
            return {}
        done.check_returncode()
        return json.loads(report.read_text())


def compare(options, video):
    ways = [*WAYS, *["tutorials"] * (not options.no_tutorials)]
    runs = [
        {"way": way, **in_a_process(way, options, video)}
        for _ in range(options.repeat)
        for way in ways
    ]
    (engine,) = {run["engine"] for run in runs if run["way"] == "ours"}
    columns = ["frames", "seconds_total", "cpu_seconds", "peak_memory_mib"]
    table = pd.DataFrame(runs).groupby("way", sort=False)[columns].median()
    table["ratio"] = table["seconds_total"] / table.loc["ours", "seconds_total"]
    alone = table.loc[["decoding alone", "inference alone"]]
    shared = alone["cpu_seconds"].sum() / joblib.cpu_count()
    bound = max(alone["seconds_total"].max(), shared)
    result = next(run["result_mib"] for run in runs if run["way"] == "ours")
    print(f"{video}, {options.backbone}, {engine}, median of {options.repeat}")
    print(table.round(2).to_string())
    print(
        f"bound: {bound:.2f} s (processor seconds by cores: {shared:.2f}); "
        f"ours / bound: {table.loc['ours', 'seconds_total'] / bound:.2f}; "
        f"the features themselves: {result:.0f} MiB"
    )
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video")
    parser.add_argument("--backbone", default="vgg16")
    parser.add_argument("--pooling", default="none", choices=["avg", "max", "none"])
    parser.add_argument("--every-frame", action="store_true")
    parser.add_argument("--hours", type=float, help="length to which the video is repeated")
    parser.add_argument("--store", action="store_true", help="keep the features on disk")
    parser.add_argument("--no-tutorials", action="store_true")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each way, in turn")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=list(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        options.json.write_text(json.dumps(WAYS[options.only](options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        video = options.video
        if options.hours:
            video = str(Path(folder) / "long.mp4")
            repeat(options.video, video, options.hours * 3600)
        table = compare(options, video)
    if options.json:
        options.json.write_text(table.to_json(orient="index", indent=2) + "\n")


if __name__ == "__main__":
    main()
