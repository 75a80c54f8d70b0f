"""How far off screen time is with each correction and each smoothing, on videos never seen.

    python benchmarks/corrections.py LABELS.csv [--head dense] [--cache-dir FOLDER]

LABELS.csv has the columns ``video``, ``time`` and one 0/1 column a character; the videos lie beside
it. Each video is measured by a head that was fitted on all the others, cross-fitted by video.
Printed are mean absolute errors of the share of the video that a character is on screen, in points;
the share of labels right; and the overlap of true and measured time on screen.
"""

import argparse
import tempfile

import numpy as np
import pandas as pd

from sktime_screen import (
    ScreenTimeAggregator,
    load_label_csv,
    recommended_pipeline,
    screen_time_error,
    temporal_iou,
)

SMOOTHINGS = {
    "none": {},
    "median 3 s": {"smoothing": "median", "window": 3.0},
    "median 5 s": {"smoothing": "median", "window": 5.0},
    "shot": {"smoothing": "shot"},
    "viterbi 3 s": {"smoothing": "viterbi", "window": 3.0},
}
CORRECTIONS = [None, "calibrated", "averaged", "acc", "pacc", "em"]


def measure(features, y, head, seeds):
    """Return a table with a row a video, seed, correction, smoothing and character."""
    videos = features.index.get_level_values("video")
    rows = []
    for video in videos.unique():
        new = videos == video
        for seed in range(seeds):
            head = recommended_pipeline(head=head, random_state=seed)[3]
            known = head.fit_transform(features[~new], y[~new])
            probabilities = head.transform(features[new])
            for correction in CORRECTIONS:
                for name, smoothing in SMOOTHINGS.items():
                    aggregator = ScreenTimeAggregator(correction=correction, **smoothing)
                    predicted = aggregator.fit(known, y[~new]).predict(probabilities)
                    errors = screen_time_error(
                        y[new], predicted, probabilities, unit="share", average=None
                    )
                    overlaps = temporal_iou(y[new], predicted, probabilities, average=None)
                    right = (predicted == y[new].to_numpy()).mean(axis=0)
                    for column, character in enumerate(y.columns):
                        rows.append({
                            "correction": correction or "count",
                            "smoothing": name,
                            "character": character,
                            "points off": 100 * np.asarray(errors)[column],
                            "right": right[column],
                            "overlap": np.asarray(overlaps)[column],
                        })  # fmt: skip
    return pd.DataFrame(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", metavar="LABELS.csv")
    parser.add_argument("--head", choices=["map", "dense"], default="map", help="which classifier")
    parser.add_argument("--cache-dir", metavar="FOLDER", help="where features are kept")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    X, y = load_label_csv(options.labels)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = recommended_pipeline(
            head=options.head, memory=options.cache_dir or folder, verbose=1
        )
        features = pipeline[:3].fit_transform(X)
        table = measure(features, y, options.head, options.seeds)
    means = table.drop(columns="character").groupby(["correction", "smoothing"], sort=False).mean()
    for column in ("points off", "right", "overlap"):
        print(f"\n{column}, mean of characters and videos")
        print(means[column].unstack().round(3).to_string())
    print("\npoints off by character, without smoothing")
    plain = table[table["smoothing"] == "none"]
    print(
        plain.pivot_table("points off", "correction", "character", sort=False).round(1).to_string()
    )


if __name__ == "__main__":
    main()
