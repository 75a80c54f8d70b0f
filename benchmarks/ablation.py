"""What each ingredient of the recommended pipeline brings on videos that were never seen.

    python benchmarks/ablation.py LABELS.csv [--cache-dir FOLDER] [--only TEXT ...]

LABELS.csv has the columns ``video``, ``time`` and one 0/1 column a character; the videos lie beside
it. Two videos at a time are held out and measured by what was learned from the others. A row of the
table is one combination of features and head: frames right, average precision, and seconds of
counted frames off by how many per cent, by character, as the mean over held-out videos with the
standard deviation over seeds; and the seconds that the head takes to learn once features are there.
"""

import argparse
import tempfile
import time

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktime_screen import (
    ImageResizer,
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
    PretrainedCNNFeatures,
    load_label_csv,
    recommended_pipeline,
)

HELD_OUT_AT_A_TIME = 2


def dense(seed):
    return KerasDenseClassifier(class_weight="balanced", random_state=seed)


def logistic(seed):
    return make_pipeline(
        StandardScaler(),
        OneVsRestClassifier(LogisticRegression(C=1e-4, class_weight="balanced", max_iter=500)),
    )


def places(seed, size=(8, 14), **parameters):
    return KerasFeatureMapClassifier(size, random_state=seed, **parameters)


def spread(seed, size=(8, 14), **parameters):
    return LabelSpreadingClassifier(places(seed, size, **parameters))


def large(seed):
    return places(seed, (12, 21))


def large_spread(seed):
    return spread(seed, (12, 21))


CONSTANT_STEPS = {
    "learning_rate": 0.001,
    "learning_rate_schedule": "constant",
    "l2": 0.0001,
    "batch_size": 32,
}
LITE0, LITE2 = "efficientnet_lite0_map", "efficientnet_lite2_map"
# The backbone, height and width of the images, pooling, and what makes the head from a seed.
ROWS = {
    "average, 224 x 224; dense (head dense)": ("efficientnet_lite0", (224, 224), "avg", dense),
    "average, 256 x 448; dense": ("efficientnet_lite0", (256, 448), "avg", dense),
    "average, 256 x 448; logistic": ("efficientnet_lite0", (256, 448), "avg", logistic),
    "maximum, 256 x 448; logistic": ("efficientnet_lite0", (256, 448), "max", logistic),
    "average and maximum, 256 x 448; logistic": (
        "efficientnet_lite0",
        (256, 448),
        ("avg", "max"),
        logistic,
    ),
    "average, 256 x 448; dense, spread": (
        "efficientnet_lite0",
        (256, 448),
        "avg",
        lambda seed: LabelSpreadingClassifier(dense(seed)),
    ),
    "map, 224 x 224; places": (LITE0, (224, 224), None, lambda seed: places(seed, (7, 7))),
    "map, 256 x 448; places, dropout 0.3 for normalisation": (
        LITE0,
        (256, 448),
        None,
        lambda seed: places(seed, dropout=0.3, batch_normalization=False),
    ),
    "map, 256 x 448; places": (LITE0, (256, 448), None, places),
    "map, 256 x 448; places, nearly averaged": (
        LITE0,
        (256, 448),
        None,
        lambda seed: places(seed, pooling_sharpness=0.1),
    ),
    "map, 256 x 448; places, balanced": (
        LITE0,
        (256, 448),
        None,
        lambda seed: places(seed, class_weight="balanced"),
    ),
    "map, 256 x 448; places, spread": (LITE0, (256, 448), None, spread),
    "map, 256 x 448; places, spread, sharpness 1": (
        LITE0,
        (256, 448),
        None,
        lambda seed: spread(seed, pooling_sharpness=1.0),
    ),
    "map, 256 x 448; places, three networks, spread": (
        LITE0,
        (256, 448),
        None,
        lambda seed: spread(seed, n_ensemble=3),
    ),
    "map, 384 x 672; places": (LITE0, (384, 672), None, large),
    "map, 384 x 672; places, spread": (LITE0, (384, 672), None, large_spread),
    "map of Lite2, 384 x 672; places, spread": (LITE2, (384, 672), None, large_spread),
    "maps of both, 384 x 672; places": (f"{LITE0}+{LITE2}", (384, 672), None, large),
    "maps of both, 384 x 672; places, spread, constant steps": (
        f"{LITE0}+{LITE2}",
        (384, 672),
        None,
        lambda seed: spread(seed, (12, 21), **CONSTANT_STEPS),
    ),
    "**maps of both, 384 x 672; places, spread (default)**": (
        f"{LITE0}+{LITE2}",
        (384, 672),
        None,
        large_spread,
    ),
}


def extracted(X, backbone, size, pooling, memory):
    """Return features of all frames; maps in half precision, to hold them all at once."""
    dtype = "float32" if pooling else "float16"
    return make_pipeline(
        recommended_pipeline()[0],
        ImageResizer(size),
        PretrainedCNNFeatures(backbone, pooling=pooling, memory=memory, dtype=dtype),
    ).fit_transform(X)


def measure(features, y, head, seeds):
    """Return a table with a row a seed, held-out videos and character."""
    videos = features.index.get_level_values("video")
    names = videos.unique()
    rows = []
    for seed in range(seeds):
        for first in range(0, len(names), HELD_OUT_AT_A_TIME):
            new = videos.isin(names[first : first + HELD_OUT_AT_A_TIME])
            begin = time.perf_counter()
            fitted = head(seed).fit(features[~new], y[~new])
            seconds = time.perf_counter() - begin
            probabilities = fitted.predict_proba(features[new])
            shown, truth = probabilities > 0.5, y[new].to_numpy()
            off = 100 * abs(shown.sum(axis=0) / truth.sum(axis=0) - 1)
            for column, character in enumerate(y.columns):
                rows.append({
                    "seed": seed,
                    "character": character,
                    "right": (shown == truth)[:, column].mean(),
                    "AP": average_precision_score(truth[:, column], probabilities[:, column]),
                    "seconds off, %": off[column],
                    "fit": seconds,
                })  # fmt: skip
    return pd.DataFrame(rows)


def summary(name, table):
    """Return a row of the table of Markdown."""
    by_seed = table.groupby(["character", "seed"], sort=False).mean()
    means, spreads = (by_seed.groupby("character", sort=False).agg(how) for how in ("mean", "std"))
    cells = [
        f"{means.loc[character, column]:.{digits}f} ± {spreads.loc[character, column]:.{digits}f}"
        for character in means.index
        for column, digits in (("right", 3), ("AP", 3), ("seconds off, %", 1))
    ]
    return f"| {name} | {' | '.join(cells)} | {table['fit'].median():.1f} s |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", metavar="LABELS.csv")
    parser.add_argument("--cache-dir", metavar="FOLDER", help="where features are kept")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="rows that contain one of these")
    options = parser.parse_args()
    X, y = load_label_csv(options.labels)
    kept = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (*features, head) in ROWS.items():
            if options.only and not any(text in name for text in options.only):
                continue
            if tuple(features) not in kept:
                kept.clear()
                kept[tuple(features)] = extracted(X, *features, options.cache_dir or folder)
            print(summary(name, measure(*kept.values(), y, head, options.seeds)), flush=True)


if __name__ == "__main__":
    main()
