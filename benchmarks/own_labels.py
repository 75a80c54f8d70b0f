"""Do intervals cover where the same labels of a video taught the pipeline and correct its seconds?

    python benchmarks/own_labels.py LABELS.csv [--cache-dir FOLDER] [--samples 10] [--number 60]

LABELS.csv has the columns ``video``, ``time`` and one 0/1 column a character, for every frame of
its videos, which lie beside it. Of each video, random frames are labelled, two in each stretch of
time; the recommended pipeline learns from these, measures the video, and its seconds are estimated
in three ways: without using that the sample is random, from its labels alone, and from labels and
cross-fitted predictions together. Printed are the share of nominal 90 % intervals that hold the
true seconds, their width and the error of the seconds, both in seconds.
"""

import argparse
import tempfile
import warnings

import pandas as pd

from sktime_screen import load_label_csv, recommended_pipeline, suggest_frames


def measure(features, X, y, number, seed):
    """Return a row for each way of estimating and each character of one video."""
    sample = suggest_frames(X, number, "blocks", random_state=seed)
    rows = X.index.get_indexer(sample.index)
    learned = recommended_pipeline(random_state=seed)[-2:]
    learned.fit(features.iloc[rows], y.iloc[rows])
    classifier, aggregator = learned
    probabilities = classifier.transform(features)
    labelled = sample, y.iloc[rows]
    estimates = {
        "predictions": aggregator.estimate(probabilities, random_state=seed),
        "labels alone": aggregator.estimate(probabilities, labelled=labelled),
        "labels and predictions": aggregator.estimate(
            probabilities,
            labelled=labelled,
            cross_fitted=classifier.transform_cross_fitted(features),
        ),
    }
    true = y.mul(X["duration"], axis=0).sum()
    found = pd.concat(estimates, names=["estimated from"]).reset_index("estimated from")
    found["true"] = found["character"].map(true)
    found["covered"] = found["true"].between(found["low"], found["high"])
    found["width"] = found["high"] - found["low"]
    found["off"] = abs(found["seconds"] - found["true"])
    return found[["estimated from", "character", "covered", "width", "off"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", metavar="LABELS.csv")
    parser.add_argument("--cache-dir", metavar="FOLDER", help="where features are kept")
    parser.add_argument("--samples", type=int, default=10, help="of each video")
    parser.add_argument("--number", type=int, default=60, help="labelled frames of a video")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "No interval|Intervals are too narrow")
    X, y = load_label_csv(options.labels)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        extract = recommended_pipeline(memory=options.cache_dir or folder)[:3]
        for _, video in X.groupby("video", sort=False):
            truth = y.loc[video.index].reset_index(drop=True)
            video = video.reset_index(drop=True)
            features = extract.fit_transform(video)
            found += [
                measure(features, video, truth, options.number, seed)
                for seed in range(options.samples)
            ]
    table = pd.concat(found).groupby(["estimated from", "character"], sort=False)
    print(f"{len(found)} samples of {options.number} labels")
    print(table.mean().round(3).to_string())


if __name__ == "__main__":
    main()
