"""What different splits of the same labelled frames promise.

    python benchmarks/splits.py mapping.csv --video film.mp4 --rate 1
    python benchmarks/splits.py LABELS.csv

prints what the recommended pipeline gets right in cross-validation with films left out (where there
are several), in blocks of ten and of thirty seconds, by shot, and with the frames shuffled.
"""

import argparse
import tempfile

import pandas as pd

from sktime_screen import (
    load_label_csv,
    recommended_pipeline,
    screen_time_validation,
    shot_groups,
    time_blocks,
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels")
    parser.add_argument("--video", help="the film that the labelled pictures were taken from")
    parser.add_argument("--rate", type=float, help="at how many frames a second")
    parser.add_argument("--background", type=int, help="the class that means nobody")
    parser.add_argument(
        "--places",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="look at every place of a picture, or at its average",
    )
    options = parser.parse_args()
    X, y = load_label_csv(options.labels, video=options.video, rate=options.rate)
    groups = {
        "blocks of 30 s": time_blocks(X),
        "blocks of 10 s": time_blocks(X, 10),
        "shots": shot_groups(X),
    }
    with tempfile.TemporaryDirectory() as features:
        pipeline = recommended_pipeline(
            places=options.places,
            memory=features,
            background=options.background,
            random_state=0,
        )
        reports = [screen_time_validation(pipeline, X, y, groups=groups, random_state=0)]
        if X["video"].nunique() > 1:
            films = screen_time_validation(pipeline, X, y, random_state=0)
            reports.insert(0, films[films["split"] == "films"])
    report = pd.concat(reports).set_index(["split", "character"])
    print(report.to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
