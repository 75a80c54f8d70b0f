"""What different splits of the same labelled frames promise.

    python benchmarks/splits.py mapping.csv --video film.mp4 --rate 1
    python benchmarks/splits.py LABELS.csv

prints the share of frames right in five-fold cross-validation of the recommended pipeline, with the
frames shuffled, in blocks of ten seconds, and by shot.
"""

import argparse
import tempfile

import numpy as np
from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold, cross_val_predict

from sktime_screen import load_label_csv, recommended_pipeline, shot_groups


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels")
    parser.add_argument("--video", help="the film that the labelled pictures were taken from")
    parser.add_argument("--rate", type=float, help="at how many frames a second")
    options = parser.parse_args()
    X, y = load_label_csv(options.labels, video=options.video, rate=options.rate)
    blocks = X.groupby(["video", X["time"] // 10]).ngroup()
    one_class = y.ndim == 1
    kind = StratifiedKFold if one_class else KFold
    # Tables are stratified by the combination of their characters.
    strata = y if one_class else y.astype(str).agg("".join, axis=1)
    ways = {
        "shuffled frames": (kind(5, shuffle=True, random_state=0), None),
        "blocks of 10 s": (StratifiedGroupKFold(5, shuffle=True, random_state=0), blocks),
        "shots": (StratifiedGroupKFold(5, shuffle=True, random_state=0), shot_groups(X)),
    }
    with tempfile.TemporaryDirectory() as features:
        pipeline = recommended_pipeline(memory=features, random_state=0)
        for name, (splitter, groups) in ways.items():
            folds = list(splitter.split(X, strata, groups))
            predicted = cross_val_predict(pipeline, X, y, cv=folds)
            print(f"{name:16} {np.mean(predicted == y.to_numpy()):.3f} of labels right")


if __name__ == "__main__":
    main()
