"""Measure what few labels of a video teach about the rest of it.

    python benchmarks/few_labels.py part1.mp4 LABELS.csv --labels 20 60 120
    python benchmarks/few_labels.py part1.mp4 LABELS.csv --others part2.mp4 part3.mp4

LABELS.csv has the columns ``video``, ``time`` and one 0/1 column a character, for every frame of
the video; the videos lie beside it. The package chooses frames of the video, is told their labels,
and all labels of the other videos if there are any, and is measured on the rest of the video. The
screen time is that of the whole video.
"""

import argparse
import json
import os
import tempfile
import time

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sktime_screen import (
    KerasDenseClassifier,
    LabelSpreadingClassifier,
    ScreenTimeAggregator,
    load_label_csv,
    recommended_pipeline,
    suggest_frames,
)


def measure(video, labels, options, features_folder):
    """Return figures by number of labels and character: a list with a dict for every seed."""
    memory = options.cache_dir or features_folder
    X, y = _labelled(labels, video)
    if options.head == "map":
        extract = _recommended(options, memory=memory)[:3]
    else:
        extract = recommended_pipeline(head="dense", memory=memory)[:3]
    features = extract.fit_transform(X)
    taught, truth_taught = [], []
    for table, truth in (_labelled(labels, other) for other in options.others):
        taught.append(extract.transform(table))
        truth_taught.append(truth)
    figures = {}
    for n in options.labels:
        for seed in range(options.seeds):
            pipeline = _pipeline(options, seed)

            def fit(rows, pipeline=pipeline):
                return pipeline.fit(
                    pd.concat([*taught, features.iloc[rows]]),
                    pd.concat([*truth_taught, y.iloc[rows]]),
                )

            if options.strategy == "uncertain":
                rows = _choose_in_two_rounds(X, n, fit, features)
            else:
                chosen = suggest_frames(
                    X, n, options.strategy, features=features, random_state=seed
                )
                rows = X.index.get_indexer(chosen.index)
            fit(rows)
            for name, figure in _figures(pipeline, features, X, y, rows).items():
                figures.setdefault(str(n), {}).setdefault(name, []).append(figure)
    return figures


def _labelled(labels, video):
    X, y = load_label_csv(labels, video=video)
    return X, y.to_frame() if isinstance(y, pd.Series) else y


def comparable(features):
    """Return the square roots of features, each row scaled to length 10."""
    roots = np.sqrt(np.asarray(features))
    return 10 * roots / np.linalg.norm(roots, axis=1, keepdims=True)


def _recommended(options, **settings):
    return recommended_pipeline(
        image_size=options.image_size, backbone=options.backbone, **settings
    )


def _pipeline(options, seed):
    """Return what follows the features: a head, what spreads its probabilities, the aggregator."""
    strength = 1.0 if options.spreading else 0.0
    if options.head == "map":
        pipeline = _recommended(options, random_state=seed)[-2:]
        return pipeline.set_params(labelspreadingclassifier__strength=strength)
    head = {
        "dense": KerasDenseClassifier(class_weight="balanced", random_state=seed),
        "linear": make_pipeline(
            FunctionTransformer(comparable),
            OneVsRestClassifier(LogisticRegression(class_weight="balanced", max_iter=500)),
        ),
    }[options.head]
    return make_pipeline(LabelSpreadingClassifier(head, strength=strength), ScreenTimeAggregator())


def _choose_in_two_rounds(X, n, fit, features):
    first = suggest_frames(X, n // 2, features=features)
    rows = X.index.get_indexer(first.index)
    second = suggest_frames(
        X,
        n - len(first),
        "uncertain",
        features=features,
        estimator=pd.DataFrame(fit(rows).predict_proba(features), index=features.index),
        labelled=first,
    )
    return np.concatenate([rows, X.index.get_indexer(second.index)])


def _figures(pipeline, features, X, y, rows):
    truth, durations = y.to_numpy(), X["duration"].to_numpy()
    shown = pipeline.predict(features).reshape(truth.shape)
    shown[rows] = truth[rows]
    rest = np.setdiff1d(np.arange(len(X)), rows)
    right = (shown == truth)[rest].mean(axis=0)
    shares = 100 * durations @ (shown - truth) / durations.sum()
    return {
        name: {"frames_right": float(right[k]), "share_error_points": float(abs(shares[k]))}
        for k, name in enumerate(y.columns)
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", metavar="VIDEO")
    parser.add_argument("labels_csv", metavar="LABELS.csv")
    parser.add_argument("--labels", type=int, nargs="+", default=[20, 60, 120], metavar="N")
    parser.add_argument(
        "--strategy",
        choices=["diverse", "stratified", "uncertain", "random"],
        default="diverse",
        help='"uncertain" takes half of the frames as "diverse" does',
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--others", nargs="+", default=[], metavar="VIDEO", help="labelled videos to learn from too"
    )
    parser.add_argument(
        "--head",
        choices=["map", "linear", "dense"],
        default="map",
        help="what recommended_pipeline has, cross-fitted; or, not cross-fitted and on averaged "
        "features, a logistic regression or KerasDenseClassifier",
    )
    parser.add_argument("--backbone", help="another network than the recommended one")
    parser.add_argument("--image-size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--no-spreading", dest="spreading", action="store_false")
    parser.add_argument("--cache-dir", metavar="FOLDER", help="where features are kept")
    parser.add_argument("--json", metavar="FILE", help="where to write the figures")
    options = parser.parse_args()
    if options.head != "map" and (options.others or options.backbone or options.image_size):
        parser.error("--others, --backbone and --image-size go with --head map")
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(options.video, options.labels_csv, options, folder)
    means, spreads = (
        {
            n: {name: pd.DataFrame(runs).agg(how).to_dict() for name, runs in of_n.items()}
            for n, of_n in figures.items()
        }
        for how in (np.mean, np.std)
    )
    print(f"{os.path.basename(options.video)}, {options.strategy}, {options.seeds} seeds")
    for n, of_n in means.items():
        for name, mean in of_n.items():
            spread = spreads[n][name]
            print(
                f"{n:>5} labels  {name:12} "
                f"frames right {mean['frames_right']:.3f} ± {spread['frames_right']:.3f}  "
                f"share off {mean['share_error_points']:.1f} ± "
                f"{spread['share_error_points']:.1f} points"
            )
    print(f"{time.perf_counter() - begin:.0f} s")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"labels": means, "spread": spreads}, file, indent=2)


if __name__ == "__main__":
    main()
