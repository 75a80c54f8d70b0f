"""What different splits of the same labelled frames promise.

    python benchmarks/splits.py mapping.csv --video video.mp4 --rate 1
    python benchmarks/splits.py LABELS.csv

prints what the recommended pipeline gets right in cross-validation with videos left out (where
there are several), in blocks of ten and of thirty seconds, by shot, and with the frames shuffled.
"""

import argparse
import tempfile

import pandas as pd

from sktime_screen import (
    cross_validate_screen_time,
    load_label_csv,
    recommended_pipeline,
    shot_groups,
    time_blocks,
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels")
    parser.add_argument("--video", help="the video that the labelled images were taken from")
    parser.add_argument("--rate", type=float, help="at how many frames a second")
    parser.add_argument("--background", type=int, help="the class that means nobody")
    parser.add_argument("--head", choices=["map", "dense"], default="map", help="which classifier")
    options = parser.parse_args()
    X, y = load_label_csv(options.labels, video=options.video, rate=options.rate)
    groups = {
        "blocks of 30 s": time_blocks(X),
        "blocks of 10 s": time_blocks(X, 10),
        "shots": shot_groups(X),
    }
    with tempfile.TemporaryDirectory() as features:
        pipeline = recommended_pipeline(
            head=options.head,
            memory=features,
            background=options.background,
            random_state=0,
        )
        reports = [cross_validate_screen_time(pipeline, X, y, groups=groups, random_state=0)]
        if X["video"].nunique() > 1:
            videos = cross_validate_screen_time(pipeline, X, y, random_state=0)
            reports.insert(0, videos[videos["split"] == "videos"])
    report = pd.concat(reports).set_index(["split", "character"])
    print(report.to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
