"""Measure what labels of one video teach about the next one.

    python benchmarks/next_video.py LABELS.csv [--labels 60] [--own 0 10 20] [--json FILE]

LABELS.csv has the columns ``video``, ``time`` and one 0/1 column a character, for every frame of
the videos; the videos lie beside it. For every ordered pair of videos, the recommended pipeline
learns from frames of the first that the package chooses, and from all of its frames, beside a few
frames of the second, chosen as ``sktime-screen measure --ask`` does unless ``--ask`` names another
strategy; and it is measured on the other frames of the second. The screen time is that of the whole
second video.
"""

import argparse
import functools
import itertools
import json
import os
import tempfile
import time

import numpy as np
import pandas as pd

from sktime_screen import load_label_csv, recommended_pipeline, suggest_frames

ALL = "all"


def measure(labels, options, cache_dir):
    """Return a table with a row a pair, number of labels, seed and character."""
    X, y = load_label_csv(labels)
    y = y.to_frame() if isinstance(y, pd.Series) else y
    features = recommended_pipeline(memory=cache_dir, verbose=1)[:3].fit_transform(X)
    rows_of = X.groupby("video", sort=False).indices
    pairs = [
        (first, second)
        for first, second in itertools.permutations(rows_of, 2)
        if not options.first or os.path.basename(first) in options.first
    ]

    def choose(rows, n, seed, **options):
        table, looks = X.iloc[rows], features.iloc[rows]
        chosen = suggest_frames(table, n, features=looks, random_state=seed, **options)
        return X.index.get_indexer(chosen.index)

    def learn(rows, seed):
        return recommended_pipeline(random_state=seed)[-2:].fit(features.iloc[rows], y.iloc[rows])

    # Without labels of the second video one fit serves all pairs with the first: two are kept, to
    # some and to all of its labels.
    @functools.lru_cache(maxsize=2)
    def learn_first(video, n, seed):
        rows = rows_of[video] if n == ALL else choose(rows_of[video], n, seed)
        return rows, learn(rows, seed)

    found = []
    for seed, (first, second), (n, own) in itertools.product(
        range(options.seeds), pairs, plan(options)
    ):
        learned, head = learn_first(first, n, seed)
        if own:
            rows, asked = rows_of[second], {"strategy": options.ask}
            if options.ask == "uncertain":
                rows = np.concatenate([rows, learned])
                asked["labelled"], looks = X.iloc[learned], features.iloc[rows]
                asked["estimator"] = pd.DataFrame(head.predict_proba(looks), looks.index)
            learned = np.concatenate([learned, choose(rows, own, seed, **asked)])
            head = learn(learned, seed)
        for name, figures in compare(head, features, X, y, rows_of[second], learned):
            found.append(
                {
                    "labels": f"{n}+{own}",
                    "first": first,
                    "second": second,
                    "seed": seed,
                    "character": name,
                    **figures,
                }
            )
    return pd.DataFrame(found)


def plan(options):
    """Return how many labels of the first and of the second video are learned from, in turns."""
    return [(options.labels, own) for own in options.own] + [(ALL, 0)] * options.all


def compare(fitted, features, X, y, rows, learned):
    """Yield each character with the figures of a fitted pipeline on the rows of a video."""
    truth, durations = y.iloc[rows].to_numpy(), X["duration"].to_numpy()[rows]
    shown = fitted.predict(features.iloc[rows]).reshape(truth.shape)
    known = np.isin(rows, learned)
    shown[known] = truth[known]
    right = (shown == truth)[~known].mean(axis=0)
    points = 100 * durations @ (shown - truth) / durations.sum()
    for number, name in enumerate(y.columns):
        yield name, {"frames_right": right[number], "share_error_points": abs(points[number])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels_csv", metavar="LABELS.csv")
    parser.add_argument("--labels", type=int, default=60, help="chosen frames of the first video")
    parser.add_argument(
        "--own", type=int, nargs="+", default=[0, 10, 20], help="chosen frames of the second"
    )
    parser.add_argument(
        "--ask",
        choices=["diverse", "uncertain"],
        default="uncertain",
        help="how frames of the second are chosen: as measure --ask does, or without a model",
    )
    parser.add_argument(
        "--all",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="learn from all frames of the first, too",
    )
    parser.add_argument(
        "--first", nargs="+", metavar="VIDEO", help="names of videos to learn from; default: each"
    )
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--cache-dir", metavar="FOLDER", help="where features are kept")
    parser.add_argument("--json", metavar="FILE", help="where to write the figures")
    options = parser.parse_args()
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.labels_csv, options, options.cache_dir or folder)
    groups = found.groupby(["labels", "character"], sort=False)
    means = groups[["frames_right", "share_error_points"]].mean()
    table = means.assign(
        worst_right=groups["frames_right"].min(), worst_points=groups["share_error_points"].max()
    )
    print(f"{found.groupby(['first', 'second']).ngroups} pairs, {options.seeds} seeds")
    print(table.round(3).to_string())
    print(f"{time.perf_counter() - begin:.0f} s")
    if options.json:
        figures = {
            name: of_n.droplevel("labels").to_dict("index")
            for name, of_n in means.groupby(level="labels", sort=False)
        }
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
