"""A grid search over the whole pipeline, beside one extraction and the same search on its features.

    python benchmarks/grid_search.py VIDEO [--rate 1] [--backbone NAME] [--repeat 3]

8 candidates in 5 folds, one process, ``memory=`` an empty folder. Both ways are processes of their
own and take turns; imports are not timed. Printed are wall and processor seconds, how many frames
were decoded and how many went through the network, and the ratio of the two ways.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd

GRID = {
    "kerasdenseclassifier__dropout": [0.1, 0.2, 0.3, 0.4],
    "kerasdenseclassifier__hidden_layer_sizes": [(32,), (64,)],
}


def counting():
    """Count the frames that are decoded and that go through a network, from now on."""
    from sktime_screen.features import _networks
    from sktime_screen.video import FrameSequence

    counts = {"decoded": 0, "inferred": 0}
    decode, run = FrameSequence.iter_batches, _networks.Network.run

    def counted(batches, what):
        for rows, images in batches:
            counts[what] += len(rows)
            yield rows, images

    FrameSequence.iter_batches = lambda *arguments: counted(decode(*arguments), "decoded")
    _networks.Network.run = lambda self, batches, *rest: run(
        self, counted(batches, "inferred"), *rest
    )
    return counts


def measure_here(way, video, rate, backbone):
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline

    from sktime_screen import (
        ImageResizer,
        KerasDenseClassifier,
        PretrainedCNNFeatures,
        ScreenTimeAggregator,
        VideoFrameSampler,
    )
    from sktime_screen._keras import load_keras

    load_keras()
    counts = counting()
    X = VideoFrameSampler(rate=rate).sample(video)
    y = np.where(X["time"] // 7 % 2, "cat", "mouse")
    with tempfile.TemporaryDirectory() as folder:
        extraction = make_pipeline(
            VideoFrameSampler(rate=rate),
            ImageResizer((224, 224)),
            PretrainedCNNFeatures(backbone, weights=None, memory=folder),
        )
        head = [KerasDenseClassifier(random_state=0), ScreenTimeAggregator()]
        search = {"cv": StratifiedKFold(5, shuffle=True, random_state=0), "error_score": "raise"}
        begin, cpu = time.perf_counter(), time.process_time()
        if way == "whole":
            found = GridSearchCV(make_pipeline(*extraction, *head), GRID, **search).fit(X, y)
        else:
            features = extraction.fit_transform(X, y)
            found = GridSearchCV(make_pipeline(*head), GRID, **search).fit(features, y)
        return {
            "wall": time.perf_counter() - begin,
            "cpu": time.process_time() - cpu,
            "frames": len(X),
            "best": found.best_score_,
            **counts,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video")
    parser.add_argument("--rate", type=float, default=1)
    parser.add_argument("--backbone", default="mobilenet_v2")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        found = measure_here(options.one, options.video, options.rate, options.backbone)
        print(json.dumps(found))
        return
    runs = []
    for _ in range(options.repeat):
        for way in ("whole", "in parts"):
            command = [sys.executable, __file__, *sys.argv[1:], "--one", way]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            runs.append({"way": way, **json.loads(done.stdout.splitlines()[-1])})
    table = pd.DataFrame(runs).groupby("way", sort=False).median()
    print(table.round(3).to_string())
    print("ratio", (table.loc["whole"] / table.loc["in parts"])[["wall", "cpu"]].round(3).to_dict())


if __name__ == "__main__":
    main()
