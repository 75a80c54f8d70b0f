"""How far off screen time is where labels say little, with and without weighing the evidence.

    python benchmarks/evidence.py [LABELS.csv --cache-dir FOLDER] [--tasks 300]

Each task labels 5 to 200 frames at random in 1, 4 or 20 videos, cross-fits a logistic regression as
the package's heads are cross-fitted, and measures other videos. Without LABELS.csv videos are
simulated: features with effects of video, scene and frame, in which a character stands out by 0 to
6 standard deviations, and videos whose true share is anything from 0 to 1. With LABELS.csv (columns
``video``, ``time`` and one 0/1 column a character; the videos lie beside it) they are the minutes
of real videos, as if each were an episode, and one video is all minutes of one file.

Printed are mean absolute errors of the share, in points: frames counted, mean probabilities, and
for each correction "full", as if the evidence for it were certain, and "weighed", as the package
does it. The excess is over the better of counting and mean probabilities, cell by cell; "constant"
tells how often all videos of a task got the same share.
"""

import argparse

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktime_screen import load_label_csv, recommended_pipeline
from sktime_screen.model_selection import make_cross_fitting_splits, time_blocks
from sktime_screen.screentime import Correction
from sktime_screen.video import make_frame_index

N_LABELLED = (5, 10, 20, 40, 80, 200)
N_VIDEOS = (1, 4, 20)
KINDS = ("calibrated", "averaged", "acc", "pacc", "em")
SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
STRENGTHS = (0.0, 0.75, 1.5, 3.0, 6.0)
N_FEATURES = 24


class SimulatedSeason:
    """Features and labels of videos in which a character stands out by ``strength``."""

    def __init__(self, rng, strength, share):
        self.rng, self.strength, self.share = rng, strength, share
        direction = rng.normal(size=N_FEATURES)
        self.direction = direction / np.linalg.norm(direction)

    def video(self, share, seconds=180):
        scenes = np.repeat(np.arange(seconds), self.rng.integers(4, 16, seconds))[:seconds]
        n_scenes = scenes.max() + 1
        leaning = self.rng.random(n_scenes) < share
        alone = self.rng.random(seconds) < 0.15
        truth = np.where(alone, self.rng.random(seconds) < share, leaning[scenes]).astype(int)
        features = self.strength * truth[:, None] * self.direction
        features += self.rng.normal(0, 0.5, N_FEATURES)
        features += self.rng.normal(0, 0.8, (n_scenes, N_FEATURES))[scenes]
        return features + self.rng.normal(0, 0.6, (seconds, N_FEATURES)), truth

    def labelled(self, n_videos):
        seconds = 400 if n_videos == 1 else 180
        shares = expit(logit(self.share) + self.rng.normal(0, 0.8, n_videos))
        return [self.video(share, seconds) for share in shares]

    def measured(self):
        return [self.video(share) for share in SHARES]


class RealSeason:
    """Minutes of real videos."""

    def __init__(self, rng, features, truth, files, minutes):
        self.rng, self.features, self.truth = rng, features, truth
        self.files, self.minutes = files, minutes

    def labelled(self, n_videos):
        numbers = self.files if n_videos == 1 else self.minutes
        self.taken = self.rng.choice(np.unique(numbers), n_videos, replace=False)
        self.numbers = numbers
        return [self._rows(numbers == number) for number in self.taken]

    def measured(self):
        others = np.unique(self.minutes[~np.isin(self.numbers, self.taken)])
        return [self._rows(self.minutes == number) for number in others]

    def _rows(self, rows):
        return self.features[rows], self.truth[rows]


def head(features, truth, balanced, strength):
    """Fit a logistic regression; return what gives the probability of its character."""
    if truth.min() == truth.max():
        return lambda new: np.full(len(new), np.clip(truth[0], 0.02, 0.98))
    weight = "balanced" if balanced else None
    fitted = LogisticRegression(C=strength, class_weight=weight).fit(features, truth)
    return lambda new: expit(fitted.decision_function(new))


def two(values):
    return np.stack([1 - values, values], axis=1)


def run(rng, season, n_labelled, n_videos, balanced, penalty):
    """Return a record a measured video; none where labels are too few for a cross-fit."""
    videos = season.labelled(n_videos)
    features, truth = (np.concatenate(part) for part in zip(*videos, strict=True))
    lengths = [len(labels) for _, labels in videos]
    table = pd.DataFrame(
        {
            "video": np.repeat([f"{number}.mp4" for number in range(n_videos)], lengths),
            "time": np.concatenate([np.arange(float(length)) for length in lengths]),
            "duration": 1.0,
        }
    )
    rows = np.sort(rng.choice(len(truth), n_labelled, replace=False))
    features, truth, index = features[rows], truth[rows], make_frame_index(table.iloc[rows])
    if truth.min() == truth.max():
        return []
    try:
        splits = make_cross_fitting_splits(
            pd.DataFrame(features, index), truth, truth[:, None].astype(float), 5, rng
        )
    except ValueError:
        return []
    held_out = np.empty(n_labelled)
    for train, test in splits:
        held_out[test] = head(features[train], truth[train], balanced, penalty)(features[test])
    corrections = {}
    for kind in KINDS:
        labels = two(truth).astype(bool)
        chosen = two(held_out >= 0.5).astype(bool)
        args = kind, two(held_out), chosen, labels, time_blocks(index, 10.0)
        corrections[kind, "weighed"], corrections[kind, "full"] = (
            Correction(*args),
            Correction(*args),
        )
        corrections[kind, "full"].weights = corrections[kind, "full"].weights_of_chosen = np.ones(2)
    probable = head(features, truth, balanced, penalty)
    records = []
    for features, truth in season.measured():
        given = probable(features)
        shares = {("count", ""): np.mean(given >= 0.5), ("mean", ""): given.mean()}
        for name, correction in corrections.items():
            chosen = two(given >= 0.5).astype(bool)
            shares[name] = correction.shares(two(given), chosen, np.ones(len(given)))[0][1]
        records.append(pd.Series(shares) - truth.mean())
        records[-1]["true", ""] = truth.mean()
    return records


def simulated_tasks(rng, n_tasks):
    for _ in range(n_tasks):
        strength, share = rng.choice(STRENGTHS), rng.choice([0.05, 0.2, 0.5, 0.8])
        n_labelled = rng.choice(N_LABELLED)
        season = SimulatedSeason(rng, strength, share)
        yield {"stands out by": strength}, season, n_labelled, rng.choice(N_VIDEOS), 1.0


def real_tasks(rng, n_tasks, labels, cache_dir):
    X, y = load_label_csv(labels)
    y = y.to_frame() if isinstance(y, pd.Series) else y
    pipeline = recommended_pipeline(head="dense", memory=cache_dir)
    features = pipeline[:3].fit_transform(X).to_numpy()
    reduced = make_pipeline(StandardScaler(), PCA(64, random_state=0)).fit_transform(features)
    reduced *= 3 / reduced[:, 0].std()
    files = X["video"].factorize()[0]
    minutes = pd.factorize(1000 * files + X["time"].to_numpy() // 60)[0]
    long = np.flatnonzero(np.bincount(minutes) >= 50)
    kept = np.isin(minutes, long)
    for _ in range(n_tasks):
        column = rng.integers(y.shape[1])
        truth = y.iloc[:, column].to_numpy()[kept]
        season = RealSeason(rng, reduced[kept], truth, files[kept], minutes[kept])
        penalty = rng.choice([0.003, 0.1])
        cell = {"character": y.columns[column]}
        yield cell, season, rng.choice(N_LABELLED), rng.choice(N_VIDEOS), penalty


def measure(tasks, rng):
    """Run tasks; return errors, a row a measured video, and their cells as the index."""
    found, cells = [], []
    for number, (cell, season, n_labelled, n_videos, penalty) in enumerate(tasks):
        balanced = bool(rng.integers(2))
        cell = {"labels": n_labelled, "videos": n_videos, **cell, "task": number}
        records = run(rng, season, n_labelled, n_videos, balanced, penalty)
        found += records
        cells += [cell] * len(records)
    index = pd.MultiIndex.from_frame(pd.DataFrame(cells))
    return pd.DataFrame(found).set_axis(index)


def report(errors):
    true = errors.pop(("true", ""))
    shares = errors.add(true, axis=0).groupby(level="task")
    constant = (shares.max() - shares.min() < 0.01).mean()
    errors = 100 * errors.abs()
    names = [name for name in errors.index.names if name != "task"]
    for keys in [["labels"], *[[name] for name in names[2:]], ["videos"]]:
        print(errors.groupby(level=keys).mean().round(1).to_string(), "\n")
    print(
        errors.groupby((true * 5).round() / 5).mean().rename_axis("true share").round(1).to_string()
    )
    cells = errors.groupby(level=names)
    means, errors_of_means = cells.mean(), cells.sem()
    better = means[["count", "mean"]].min(axis=1)
    excess = means.sub(better, axis=0)
    summary = pd.DataFrame(
        {
            "mean excess": excess.mean(),
            "90 % of cells below": excess.quantile(0.9),
            "worst cell": excess.max(),
            "cells worse by two standard errors": (excess > 2 * errors_of_means).mean(),
            "constant": constant,
        }
    )
    print(f"\n{len(errors)} videos in {len(shares)} tasks\n{summary.round(3).to_string()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", metavar="LABELS.csv", nargs="?")
    parser.add_argument("--cache-dir", metavar="FOLDER", help="folder in which features are kept")
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    if options.labels is None:
        tasks = simulated_tasks(rng, options.tasks)
    else:
        tasks = real_tasks(rng, options.tasks, options.labels, options.cache_dir)
    report(measure(tasks, rng))


if __name__ == "__main__":
    main()
