"""Do the intervals of screen time cover, and how wide are they?

    python benchmarks/coverage.py
    python benchmarks/coverage.py LABELS.csv --cache-dir features --tasks 300

The first measures on simulated videos whose truth is known. With LABELS.csv (columns ``video``,
``time`` and one 0/1 column a character; the videos lie beside it), on the features of real videos:
each task draws a video to measure, and blocks of the other videos, with replacement, to learn from.

Two kinds of interval, nominally 90 %: from labelled frames of the video itself, with predictions
and from the labels alone; and where no frame of the video is labelled.
"""

import argparse
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktime_screen import load_label_csv, recommended_pipeline
from sktime_screen.screentime._intervals import compute_seconds_interval
from sktime_screen.screentime._prediction_powered import prediction_powered_mean

N_LABELLED = 60
BLOCK = 10
_VALUES = ["covered", "warned of", "wrong, no warning", "width"]


def simulated_video(rng, share, kind=0.0, n_blocks=55):
    """Make a video of about ten minutes at one frame a second.

    A character comes and goes with the blocks, and a block's frames are mistaken together; ``kind``
    moves the probabilities of the whole video. Returns truth, probabilities and blocks.
    """
    blocks = np.arange(n_blocks).repeat(rng.integers(4, 17, n_blocks))
    leaning = rng.random(n_blocks) < share
    truth = np.where(
        rng.random(len(blocks)) < 0.9, leaning[blocks], rng.random(len(blocks)) < share
    )
    score = (
        2.5 * truth - 1.6 + rng.normal(0, 1.2, n_blocks)[blocks] + rng.normal(0, 0.8, len(blocks))
    )
    return truth.astype(int), 1 / (1 + np.exp(-score - kind)), blocks


def equal_parts(order, n_parts):
    """Number ``n_parts`` parts of equal size along the values of ``order``."""
    parts = np.empty(len(order), dtype=np.int64)
    parts[np.argsort(order, kind="stable")] = np.arange(len(order)) * n_parts // len(order)
    return parts


def drawn(rng, strata, n_labelled=N_LABELLED):
    """Draw frames at random, one of each stratum and the others as the sizes of strata ask for."""
    size = np.bincount(strata)
    ends = np.cumsum(size - 1) * (n_labelled - len(size)) / np.sum(size - 1)
    number = 1 + np.diff(np.round(ends).astype(int), prepend=0)
    return np.concatenate(
        [
            rng.choice(np.flatnonzero(strata == stratum), count, replace=False)
            for stratum, count in enumerate(number)
        ]
    )


def records(design, model, characters, predicted, rows, truth, strata):
    """Return a record for each character, from labels alone and with predictions."""
    ways = {"labels alone": 0.0, model: "pooled"}
    true = truth.mean(axis=0)
    found = []
    for name, tuning in ways.items():
        share = prediction_powered_mean(predicted, rows, truth[rows], strata=strata, tuning=tuning)
        found += [
            {
                "frames drawn": design,
                "interval": name,
                "character": character,
                "covered": share.low[column] <= true[column] <= share.high[column],
                "width": len(truth) * (share.high[column] - share.low[column]),
                "off": len(truth) * abs(share.estimate[column] - true[column]),
            }
            for column, character in enumerate(characters)
        ]
    return found


def summary(found):
    """Average over tasks; widths are seconds, and shares of those of a simple random sample."""
    table = pd.DataFrame(found).groupby(["character", "frames drawn", "interval"], sort=False)
    table = table.agg(
        tasks=("covered", "size"),
        covered=("covered", "mean"),
        width=("width", "mean"),
        off=("off", "mean"),
    )
    simple = table["width"].xs(("at random", "labels alone"), level=[1, 2])
    character = table.index.get_level_values("character")
    table["of labels at random"] = table["width"] / simple.reindex(character).to_numpy()
    return table.round(3).to_string()


def simulate_labelled(tasks, rng):
    found = []
    for share in (0.5, 0.2, 0.03):
        for _ in range(tasks):
            truth, probability, _ = simulated_video(rng, share)
            designs = {
                "at random": np.zeros(len(truth), dtype=np.int64),
                "30 blocks of time": equal_parts(np.arange(len(truth)), N_LABELLED // 2),
                "60 blocks of time": equal_parts(np.arange(len(truth)), N_LABELLED),
            }
            for design, strata in designs.items():
                rows = drawn(rng, strata)
                found += records(
                    design,
                    "model",
                    [f"{share:.0%}"],
                    probability[:, None],
                    rows,
                    truth[:, None],
                    strata,
                )
    return summary(found)


def unlabelled_interval(rng, video, calibration, errors, blocks, videos):
    """Measure a video from errors on others; a record for each character.

    Shapes: ``video`` (contributions, truth, probabilities), each (n_frames, n_characters),
    ``calibration`` (n_calibration, n_characters), the probabilities there.
    """
    contributions, truth, probabilities = video
    durations, true = np.ones(len(truth)), truth.sum(axis=0)

    def limits(values, errors, level):
        return compute_seconds_interval(
            durations,
            values,
            errors,
            np.ones(len(errors)),
            blocks,
            videos=videos,
            confidence_level=level,
            n_resamples=200,
            random_state=rng,
        )

    low, high = limits(contributions, errors, 0.9)
    least, most = limits(np.zeros(probabilities.shape), -calibration, 0.95)
    found = probabilities.sum(axis=0)
    for column in range(truth.shape[1]):
        covered = low[column] <= true[column] <= high[column]
        warned = not least[column] <= found[column] <= most[column]
        yield {
            "character": column,
            "covered": covered,
            "warned of": warned,
            "wrong, no warning": not covered and not warned,
            "width": (high - low)[column] / len(truth),
        }


def least_width(rng, kind, share, n_videos=500):
    """Return the width of intervals if errors and shares of many videos were known.

    Of mean probabilities, and of the best linear function of these.
    """
    made = [simulated_video(rng, share, rng.normal(0, kind)) for _ in range(n_videos)]
    true, said = np.array([(truth.mean(), said.mean()) for truth, said, _ in made]).T
    line = np.polyval(np.polyfit(said, true, 1), said)
    return [np.diff(np.quantile(true - guess, [0.05, 0.95]))[0] for guess in (said, line)]


def simulate_unlabelled(tasks, rng):
    found, keys = [], ["videos", "blocks each", "videos differ by", "share", "drawn"]
    designs = [(n, 55, kind, share) for share in (0.4, 0.2) for n in (1, 5) for kind in (0.0, 0.5)]
    for n_videos, n_blocks, kind, share in [*designs, (6, 1, 0.5, 0.4)]:
        known, line = least_width(rng, kind, share)
        for _ in range(tasks):
            made = [
                simulated_video(rng, 0.4, rng.normal(0, kind), n_blocks) for _ in range(n_videos)
            ]
            labels, calibration, blocks = map(np.concatenate, zip(*made, strict=True))
            videos = np.repeat(np.arange(n_videos), [len(video[0]) for video in made])
            truth, probability, _ = simulated_video(rng, share, rng.normal(0, kind))
            video = [values[:, None] for values in (probability, truth, probability)]
            said, errors = calibration[:, None], (calibration - labels)[:, None]
            design = dict(zip(keys, (n_videos, n_blocks, kind, share), strict=False))
            for drawn, numbers in (("blocks", blocks), ("frames", np.arange(len(videos)))):
                for record in unlabelled_interval(rng, video, said, errors, numbers, videos):
                    least = {"errors known": known, "line known": line}
                    found.append(design | {"drawn": drawn} | record | least)
    return pd.DataFrame(found).groupby(keys, sort=False).mean().round(3).drop(columns="character")


def blocks_drawn(rng, blocks):
    """Return rows of blocks drawn with replacement, and the number of each in the drawing."""
    names = np.unique(blocks)
    rows = [np.flatnonzero(blocks == block) for block in rng.choice(names, len(names))]
    return np.concatenate(rows), np.repeat(np.arange(len(rows)), list(map(len, rows)))


class RealVideos:
    """Features, labels and videos; what a task draws from them."""

    def __init__(self, features, labels, videos, characters):
        self.features, self.labels, self.characters = features, labels, characters
        self.videos = pd.factorize(videos)[0]

    def rows_drawn(self, rng, videos):
        """Return rows of blocks of videos, blocks drawn with replacement."""
        rows = [np.flatnonzero(self.videos == video) for video in videos]
        drawn = [blocks_drawn(rng, np.arange(len(own)) // BLOCK)[0] for own in rows]
        return np.concatenate([own[chosen] for own, chosen in zip(rows, drawn, strict=True)])

    def model(self, rows):
        """Fit a logistic regression by character; return log-odds of any features."""
        reduce = make_pipeline(StandardScaler(), PCA(64, random_state=0), StandardScaler())
        reduced = reduce.fit_transform(self.features[rows])
        heads = [
            LogisticRegression(C=0.03, class_weight="balanced").fit(reduced, label)
            for label in self.labels[rows].T
        ]
        return lambda features: np.column_stack(
            [head.decision_function(reduce.transform(features)) for head in heads]
        )


def likeness(features, log_odds):
    """Return the kernel of a video's frames: alike in features, in time, in what a model says."""
    reduced = PCA(50, random_state=0).fit_transform(StandardScaler().fit_transform(features))
    distance = squareform(pdist(reduced, "sqeuclidean"))
    time = np.arange(len(features))
    scaled = log_odds / log_odds.std(axis=0)
    return (
        0.6 * np.exp(-2 * distance / np.median(distance))
        + 0.4 * np.exp(-np.abs(time[:, None] - time) / 5)
        + 0.3 * scaled @ scaled.T / scaled.shape[1]
    ), reduced


def own_model(kernel, rows, labels, strata, rng, n_folds=10):
    """Cross-fit a kernel ridge regression to the video's own labels.

    Labelled frames are predicted by the model that did not see them, the others by the mean of all.
    Where strata have few labels, whole strata are left out, and all frames of a stratum are
    predicted by the model that saw none of its labels.
    """
    whole = np.bincount(strata[rows]).max() <= 5
    if whole:
        fold_of_frame = (rng.permutation(strata.max() + 1) % n_folds)[strata]
        fold = fold_of_frame[rows]
    else:
        fold = rng.permutation(len(rows)) % n_folds
    predicted = np.zeros((n_folds, len(kernel), labels.shape[1]))
    for k in range(n_folds):
        seen = rows[fold != k]
        model = KernelRidge(kernel="precomputed", alpha=0.5)
        model.fit(kernel[np.ix_(seen, seen)], labels[fold != k] - 0.5)
        predicted[k] = model.predict(kernel[:, seen]) + 0.5
    if whole:
        return predicted[fold_of_frame, np.arange(len(kernel))]
    mean = predicted.mean(axis=0)
    mean[rows] = predicted[fold, rows]
    return mean


def real_labelled(data, measured, tasks, rng):
    found = []
    n_videos = data.videos.max() + 1
    for _ in range(tasks):
        video = rng.integers(n_videos)
        others = rng.choice(np.delete(np.arange(n_videos), video), n_videos - 1)
        log_odds = data.model(data.rows_drawn(rng, others))
        own = data.videos == video
        truth, prior = data.labels[own], log_odds(data.features[own])
        kernel, reduced = likeness(data.features[own], prior)
        time = np.arange(len(truth))
        designs = {
            "at random": np.zeros(len(truth), dtype=np.int64),
            "30 blocks of time": equal_parts(time, N_LABELLED // 2),
            "60 clusters": clusters(reduced, N_LABELLED, rng),
        }
        for name, strata in designs.items():
            rows = drawn(rng, strata)
            probability = 1 / (1 + np.exp(-prior))
            found += records(
                name, "other videos", data.characters, probability, rows, truth, strata
            )
            own = own_model(kernel, rows, truth[rows], strata, rng)
            found += records(name, "own labels", data.characters, own, rows, truth, strata)
            said = measured[video].probabilities
            found += records(name, "pipeline", data.characters, said, rows, truth, strata)
    return summary(found)


def clusters(features, number, rng):
    """Number clusters of frames so that neighbours are alike."""
    found = KMeans(number, n_init=1, random_state=int(rng.integers(2**31))).fit(features)
    return np.argsort(leaves_list(linkage(found.cluster_centers_, "ward")))[found.labels_]


class Measured(NamedTuple):
    """A video measured by a pipeline that was fitted on the other videos.

    - ``probabilities, chosen, truth`` (n_frames, n_characters).
    - ``calibration``: the pipeline's errors on the others.
    """

    probabilities: np.ndarray
    chosen: np.ndarray
    truth: np.ndarray
    calibration: object


def measure_each(X, y, head, memory):
    """Measure each video with a pipeline fitted on the others."""
    measured = []
    for rows in X.groupby("video", sort=False).indices.values():
        others = np.delete(np.arange(len(X)), rows)
        pipeline = recommended_pipeline(head=head, memory=memory, random_state=0)
        pipeline.fit(X.iloc[others], y.iloc[others])
        aggregator, said = pipeline[-1], pipeline[:-1].transform(X.iloc[rows])
        measured.append(
            Measured(
                aggregator.predict_proba(said),
                aggregator.predict(said),
                y.iloc[rows].to_numpy(),
                aggregator._calibration,
            )
        )
    return measured


def real_unlabelled(measured, characters, tasks, rng):
    """Estimate videos from errors on the others; blocks of all of them are drawn anew."""
    found = []
    for _ in range(tasks):
        video = measured[rng.integers(len(measured))]
        rows, _ = blocks_drawn(rng, np.arange(len(video.truth)) // BLOCK)
        calibration = video.calibration
        drawn, numbers = [], []
        for name in np.unique(calibration.videos):
            own = np.flatnonzero(calibration.videos == name)
            own_rows, own_numbers = blocks_drawn(rng, calibration.times[own] // BLOCK)
            drawn.append(own[own_rows])
            numbers.append(own_numbers)
        drawn = np.concatenate(drawn)
        found += unlabelled_interval(
            rng,
            [values[rows] for values in (video.chosen, video.truth, video.probabilities)],
            calibration.probabilities[drawn],
            calibration.errors[drawn],
            np.concatenate(numbers),
            calibration.videos[drawn],
        )
    table = pd.DataFrame(found)
    table["character"] = np.array(characters)[table["character"]]
    return table.groupby("character")[_VALUES].mean().round(3)


def real_videos(X, y, memory):
    features = recommended_pipeline(head="dense", memory=memory)[:3].fit_transform(X, y)
    return RealVideos(features.to_numpy(), y.to_numpy(), X["video"].to_numpy(), list(y.columns))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", metavar="LABELS.csv", nargs="?")
    parser.add_argument("--cache-dir", help="folder in which features are kept")
    parser.add_argument("--head", choices=["map", "dense"], default="map", help="of the pipeline")
    parser.add_argument("--tasks", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    if options.labels is None:
        labelled = simulate_labelled(options.tasks, rng)
        unlabelled = simulate_unlabelled(options.tasks, rng)
    else:
        X, y = load_label_csv(options.labels)
        y = y.to_frame() if isinstance(y, pd.Series) else y
        measured = measure_each(X, y, options.head, options.cache_dir)
        data = real_videos(X, y, options.cache_dir)
        labelled = real_labelled(data, measured, options.tasks, rng)
        unlabelled = real_unlabelled(measured, data.characters, options.tasks, rng)
    print(f"{N_LABELLED} frames of the video labelled\n{labelled}\n")
    print("no frame of the video labelled (widths: share of the video's length)")
    print(unlabelled.to_string())


if __name__ == "__main__":
    main()
