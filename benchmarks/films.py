"""Measure the recommended pipeline on labelled videos.

    python benchmarks/films.py LABELS.csv --train part1.mp4 part2.mp4 --test part3.mp4

LABELS.csv has the columns ``video``, ``time`` and one 0/1 column a character; the videos lie beside
it. The pipeline is fitted on the frames of some videos and measured on those of others.
"""

import argparse
import json
import os
import time

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from sktime_screen import load_label_csv, recommended_pipeline


def measure(labels, train, test, random_state=0, **recipe):
    """Fit on some videos and measure others.

    Returns a table with a row a character, and the seconds that fitting and measuring took.
    """
    X, y = load_label_csv(labels)
    y = y.to_frame() if isinstance(y, pd.Series) else y
    names = X["video"].map(os.path.basename)
    unknown = set(map(os.path.basename, train + test)) - set(names)
    if unknown:
        raise SystemExit(
            f"no labels of {sorted(unknown)} in {labels}; videos: {sorted(set(names))}"
        )
    training, testing = (
        names.isin(map(os.path.basename, train)),
        names.isin(map(os.path.basename, test)),
    )
    pipeline = recommended_pipeline(random_state=random_state, verbose=1, **recipe)
    begin = time.perf_counter()
    pipeline.fit(X[training], _target(y[training]))
    fitted = time.perf_counter()
    probabilities = pipeline[:-1].transform(X[testing])
    aggregator = pipeline[-1]
    shown = aggregator.predict(probabilities).reshape(len(probabilities), -1)
    seconds = aggregator.transform(probabilities).sum()
    measured = time.perf_counter()

    truth = y[testing].to_numpy()
    true_seconds = (truth * X.loc[testing, "duration"].to_numpy()[:, None]).sum(axis=0)
    characters = {}
    for column, name in enumerate(y.columns):
        predicted = float(seconds[name if name in seconds else 1])
        probability = probabilities[name if name in probabilities else "1"]
        true = float(true_seconds[column])
        characters[name] = {
            "frames_right": float(np.mean(shown[:, column] == truth[:, column])),
            "average_precision": float(average_precision_score(truth[:, column], probability)),
            "seconds_predicted": predicted,
            "seconds_true": true,
            "error_percent": 100 * (predicted - true) / true if true else None,
        }
    return characters, {"fit_seconds": fitted - begin, "measure_seconds": measured - fitted}


def _target(y):
    return y if y.shape[1] > 1 else y.iloc[:, 0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", metavar="LABELS.csv")
    parser.add_argument("--train", nargs="+", required=True, metavar="VIDEO")
    parser.add_argument("--test", nargs="+", required=True, metavar="VIDEO")
    parser.add_argument("--backbone", help="another network than the recommended one")
    parser.add_argument("--image-size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--head", choices=["map", "dense"], default="map", help="which classifier")
    parser.add_argument("--seed", type=int, default=0, help="of the classifier")
    parser.add_argument("--json", metavar="FILE", help="where to write the figures")
    options = parser.parse_args()
    characters, took = measure(
        options.labels,
        options.train,
        options.test,
        options.seed,
        backbone=options.backbone,
        head=options.head,
        image_size=options.image_size,
    )
    table = pd.DataFrame(characters).T
    print(f"\ntrained on {', '.join(options.train)}; measured on {', '.join(options.test)}")
    print(table.round(3).to_string())
    print(", ".join(f"{name.replace('_', ' ')} {value:.1f}" for name, value in took.items()))
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"characters": characters, **took}, file, indent=2)


if __name__ == "__main__":
    main()
