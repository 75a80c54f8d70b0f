"""How often a video of the same kind is taken for one unlike the labelled ones, and others are.

    python benchmarks/novelty.py LABELS.csv --cache-dir FOLDER --others VIDEO... [--images FILE.csv]

LABELS.csv has the columns ``video`` and ``time``; the videos lie beside it and are of one kind.
Each task labels 30 to 1,000 frames of some of them at random, or of some of their minutes, each a
video of its own. Printed is how often the novelty is above 1: of the other videos of the kind and
of minutes of these (at most one in twenty should be), and of the others, which should be. FILE.csv
has a column ``image``, and ``group``: images of a group count as one video.
"""

import argparse
import os

import numpy as np
import pandas as pd

from sktime_screen import load_label_csv, recommended_pipeline
from sktime_screen.classify import LabelledRows
from sktime_screen.classify._novelty import compute_novelty
from sktime_screen.features import project_features

N_LABELLED = (30, 80, 200, 1000)


def looks_of(table, head, cache_dir):
    """Return what frames look like: their features, or a projection of these."""
    pipeline = recommended_pipeline(head=head, memory=cache_dir)
    videos = [table[table["video"] == video] for video in table["video"].unique()]
    parts = [pipeline[:3].fit_transform(frames) for frames in videos]
    return np.concatenate([project_features(part.to_numpy()) for part in parts])


def image_table(path):
    images = pd.read_csv(path)
    folder = os.path.dirname(os.path.abspath(path))
    return pd.DataFrame(
        {
            "video": images["group"].astype(str),
            "time": np.arange(float(len(images))),
            "duration": 1.0,
            "image": [os.path.join(folder, image) for image in images["image"]],
        }
    )


def flagged(looks, labelled, videos):
    """Return whether the mean novelty of each video is above 1."""
    novelty = compute_novelty(looks, labelled)
    return [novelty[rows].mean() > 1 for rows in videos]


def measure(known, others, n_tasks, rng):
    """Return a table with a row a way of labelling: how often whom is flagged."""
    looks, files, times = known
    minutes = pd.factorize(1000 * files + times // 60)[0]
    long = [number for number, size in enumerate(np.bincount(minutes)) if size >= 50]
    ways = [("video", files, n) for n in range(1, files.max() + 1)]
    ways += [("minute", minutes, n) for n in (4, 10, 20)]
    records = []
    for unit, numbers, n_videos in ways:
        for n_labelled in N_LABELLED:
            for _ in range(n_tasks):
                pool = np.unique(files) if unit == "video" else np.array(long)
                taken = rng.choice(pool, n_videos, replace=False)
                own = np.flatnonzero(np.isin(numbers, taken))
                if len(own) < n_labelled:
                    continue
                rows = rng.choice(own, n_labelled, replace=False)
                names = numbers[rows].astype(str)
                labelled = LabelledRows(looks[rows], None, names, times[rows])
                rest = [np.flatnonzero(numbers == k) for k in np.setdiff1d(pool, taken)]
                if unit == "video":
                    free = [k for k in long if files[minutes == k][0] not in taken]
                    rest += [np.flatnonzero(minutes == k) for k in rng.choice(free, len(rest))]
                record = {"labelled": unit, "videos": n_videos, "labels": n_labelled}
                record["same kind"] = np.mean(flagged(looks, labelled, rest))
                for name, other in others.items():
                    record[name] = flagged(other, labelled, [slice(None)])[0]
                records.append(record)
    keys = ["labelled", "videos", "labels"]
    return pd.DataFrame(records).groupby(keys, sort=False).mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", metavar="LABELS.csv")
    parser.add_argument("--others", nargs="+", metavar="VIDEO", default=[])
    parser.add_argument("--images", metavar="FILE.csv")
    parser.add_argument("--cache-dir", metavar="FOLDER", help="folder in which features are kept")
    parser.add_argument("--head", choices=["map", "dense"], default="map")
    parser.add_argument("--tasks", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    X, _ = load_label_csv(options.labels)
    given = options.head, options.cache_dir
    files = X["video"].factorize()[0]
    known = looks_of(X, *given), files, X["time"].to_numpy()
    sampler = recommended_pipeline()[0]
    others = {
        os.path.basename(video): looks_of(sampler.sample([video]), *given)
        for video in options.others
    }
    if options.images:
        table = image_table(options.images)
        for group, images in table.groupby("video"):
            others[group] = looks_of(images, *given)
    rng = np.random.default_rng(options.seed)
    found = measure(known, others, options.tasks, rng)
    print(found.round(2).to_string())
    print(f"\nmean of the rows\n{found.mean().round(3).to_string()}")


if __name__ == "__main__":
    main()
