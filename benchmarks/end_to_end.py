"""From a film to features: ours beside the tutorials' way, each in a process of its own.

    python benchmarks/end_to_end.py FILM --backbone mobilenet_v2 [--every-frame]

prints wall and processor seconds, peak memory and the ratio, and what bounds ours: decoding
alone, and inference alone on pictures that are ready. Networks get random weights: throughput does
not depend on them. The import of the libraries is not timed.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

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


def ours(film, backbone, every_frame):
    from sktime_screen import ImageResizer, PretrainedCNNFeatures, VideoFrameSampler

    features = PretrainedCNNFeatures(backbone, weights=None, pooling=None)

    def extract():
        frames = VideoFrameSampler(rate=None if every_frame else 1).transform(film)
        return features.fit_transform(ImageResizer((224, 224)).transform(frames))

    table, figures = measured(extract)
    return {"frames": len(table), "engine": f"{features.engine_} {features.precision_}", **figures}


def decoding(film, every_frame):
    from sktime_screen import ImageResizer, VideoFrameSampler

    def read():
        frames = VideoFrameSampler(rate=None if every_frame else 1).transform(film)
        return sum(
            len(rows) for rows, _ in ImageResizer((224, 224)).transform(frames).iter_batches()
        )

    frames, figures = measured(read)
    return {"frames": frames, **figures}


def inference(film, backbone, every_frame):
    from sktime_screen import PretrainedCNNFeatures, VideoFrameSampler

    frames = len(VideoFrameSampler(rate=None if every_frame else 1).sample(film))
    pictures = np.random.default_rng(0).integers(0, 255, (32, 224, 224, 3), np.uint8)
    # A view: as many pictures as the film has frames, in the memory of 32.
    features = PretrainedCNNFeatures(backbone, weights=None, pooling=None).fit(pictures)
    features.transform(pictures)

    def infer():
        for _ in range(frames // 32):
            features.transform(pictures)
        if frames % 32:
            features.transform(pictures[: frames % 32])

    _, figures = measured(infer)
    return {"frames": frames, **figures}


WAYS = {"ours": ours, "inference alone": inference}


def in_a_process(way, options):
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        arguments = [options.film, "--backbone", options.backbone, "--json", str(report)]
        arguments += ["--every-frame"] * options.every_frame
        if way == "tutorials":
            command = [sys.executable, str(HERE / "tutorial_baseline.py"), *arguments]
        else:
            command = [sys.executable, __file__, *arguments, "--only", way]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.loads(report.read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("film")
    parser.add_argument("--backbone", default="vgg16")
    parser.add_argument("--every-frame", action="store_true")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each way, in turn")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        if options.only == "decoding alone":
            report = decoding(options.film, options.every_frame)
        else:
            report = WAYS[options.only](options.film, options.backbone, options.every_frame)
        options.json.write_text(json.dumps(report))
        return
    ways = ["ours", "tutorials", "decoding alone", "inference alone"]
    runs = [
        {"way": way, **in_a_process(way, options)} for _ in range(options.repeat) for way in ways
    ]
    columns = ["frames", "seconds_total", "cpu_seconds", "peak_memory_mib"]
    table = pd.DataFrame(runs).groupby("way", sort=False)[columns].median()
    table["ratio"] = table["seconds_total"] / table.loc["ours", "seconds_total"]
    print(f"{options.film}, {options.backbone}, {runs[0]['engine']}, median of {options.repeat}")
    print(table.round(2).to_string())
    if options.json:
        options.json.write_text(table.to_json(orient="index", indent=2) + "\n")


if __name__ == "__main__":
    main()
