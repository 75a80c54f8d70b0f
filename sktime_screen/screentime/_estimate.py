"""Estimates: seconds by video and character, with intervals."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..video import resolve_videos
from ._appearances import appearance_table
from ._calibration_errors import CalibrationErrors
from ._group_sums import sum_groups
from ._labelled_sample import LabelledSample

# A correction that is followed less than half way is not what seconds rest on.
_ENOUGH = 0.5
_MEAN, _UNTESTED = "mean probability", "no labels"
# As rarely as novelty does is a video of the labelled kind to be called unlike it.
_USUAL = 0.95


class Evidence(NamedTuple):
    """What is known beside a video's predictions, and what is made of it.

    - ``correction``: the correction in force.
    - ``tested``: whether ``fit`` had labels.
    - ``weights`` (n_classes,): how far it is followed; None without one.
    - ``calibration``: errors on the frames of ``fit``.
    - ``sample``: labels of videos' own frames, which go before.
    - ``confidence_level``: nominal coverage of the intervals.
    - ``n_resamples``: how often blocks of calibration frames are drawn.
    - ``seed``: of the drawing, for each video anew.
    """

    correction: str | None
    tested: bool
    weights: np.ndarray | None
    calibration: CalibrationErrors | None
    sample: LabelledSample | None
    confidence_level: float
    n_resamples: int
    seed: int


def predict_for_estimate(head, features, *, labelled):
    """Return what a fitted head says of frames, by the names of the parameters of `estimate`.

    ``labelled`` tells whether there are labels of the frames' own videos, which a head may have
    learned from.
    """
    ways = {"X": "transform", "novelty": "novelty"}
    if labelled:
        ways["cross_fitted"] = "transform_cross_fitted"
    return {name: getattr(head, way)(features) for name, way in ways.items() if hasattr(head, way)}


def estimate_table(predicted, probabilities, cross_fitted, index, classes, evidence):
    """Sum up each video and character, and say how sure that is.

    Shapes: ``predicted`` (n_frames, n_classes), ``probabilities`` (n_frames, n_classes),
    ``cross_fitted`` (n_frames, n_classes).
    """
    kept = classes.kept
    table = _summarize_videos(
        predicted[:, kept], probabilities[:, kept], index, classes.names[kept]
    )
    codes, videos = index.get_level_values("video").factorize()
    table["basis"] = _find_bases(evidence, kept) * len(videos)
    table["novelty"] = np.nan
    sample = evidence.sample
    if sample is not None and not np.isin(sample.videos, resolve_videos(videos)).any():
        raise ValueError(
            f"None of the labelled frames is of a video that is measured: they are of "
            f"{str(sample.videos[0])!r}, measured is {str(videos[0])!r}."
        )
    notes, unusual = [], []
    for code, video in enumerate(videos):
        rows = codes == code
        place = table.index[table["video"] == video]
        share = sample and sample.interval(
            probabilities[rows],
            None if cross_fitted is None else cross_fitted[rows],
            index[rows],
            evidence.calibration,
            evidence.confidence_level,
        )
        if share:
            length = index[rows].get_level_values("duration").to_numpy(np.float64).sum()
            columns = [value[kept] * length for value in share]
            table.loc[place, ["seconds", "low", "high"]] = np.stack(columns, axis=1)
            table.loc[place, "share"] = share.estimate[kept]
            table.loc[place, "basis"] = "labels"
        elif not evidence.tested:
            notes.append(
                "No intervals: no label has tested these predictions, so nothing tells how often "
                "they err. Label a random sample of each video's frames: `sktime-screen label "
                "VIDEO --characters NAME... --strategy blocks --output sample.html`, then measure "
                "it again with `--labels sample.csv`."
            )
        elif evidence.calibration is None:
            notes.append(
                "No intervals: they need fit to have had a table with a frame index (video, "
                "time, duration). A sampler that balances classes keeps it where it stands first, "
                "on the frame table."
            )
        else:
            low, high, note = evidence.calibration.interval(
                predicted[rows],
                index[rows],
                evidence.confidence_level,
                evidence.n_resamples,
                np.random.default_rng(evidence.seed),
            )
            table.loc[place, ["low", "high"]] = np.stack([low[kept], high[kept]], axis=1)
            notes += [note] if note else []
            if not np.isnan(low).any():
                unusual += _find_unusual(probabilities[rows], index[rows], classes, evidence)
    notes += _describe_untold(table, probabilities[:, kept], index)
    notes += _describe_unusual(unusual, table)
    table.attrs["intervals"] = _describe_intervals(table, evidence)
    table.attrs["notes"] = list(dict.fromkeys(notes))
    return table


def _describe_intervals(table, evidence):
    """Say how often intervals hold, what they suppose and what narrows them; "" without any."""
    known, level = table["low"].notna(), f"{100 * evidence.confidence_level:g} %"
    by_labels = known & (table["basis"] == "labels")
    guessed = known & ~by_labels
    sentences = []
    if guessed.any():
        sentences.append(
            f"Intervals hold in {level} of videos, if these are like the labelled ones: characters "
            f"are on screen as often, and the classifier errs as often as on held-out frames."
        )
        learned_from = np.unique(evidence.calibration.videos)
        others = ~np.isin(resolve_videos(table["video"]), learned_from)
        if len(learned_from) == 1 and (guessed & others).any():
            sentences.append(
                "Only one video is labelled, so nothing is known of how videos differ: the "
                "intervals of other videos are too narrow."
            )
        sentences.append(
            "To get narrower intervals that hold without this condition, label a random sample of "
            "the video's own frames: `sktime-screen label VIDEO --model MODEL --strategy blocks "
            "--output sample.html`, then `sktime-screen measure VIDEO --model MODEL --labels "
            "sample.csv`."
        )
    if by_labels.any():
        sentences.append(
            f"Intervals from labels of the video itself hold in {level} of random samples, "
            f"however often the classifier errs. More labels make them narrower."
        )
    return " ".join(sentences)


def _find_unusual(probabilities, index, classes, evidence):
    """List which characters one video shows more or less than videos like the labelled ones.

    Shapes: ``probabilities`` (n_frames, n_classes).
    """
    usual = evidence.calibration.usual_seconds(
        index, _USUAL, evidence.n_resamples, np.random.default_rng(evidence.seed)
    )
    if usual is None:
        return []
    durations = index.get_level_values("duration").to_numpy(np.float64)
    low, high = (limits / durations.sum() for limits in usual)
    found = durations @ probabilities / durations.sum()
    unusual = np.flatnonzero(classes.kept & ((found < low) | (found > high)))
    video = index.get_level_values("video")[0]
    return [(classes.names[code], video, found[code], low[code], high[code]) for code in unusual]


def _describe_unusual(unusual, table):
    """Say of each character which video shows it more or less than it should, and of how many."""
    columns = ["character", "video", "found", "low", "high"]
    unusual = pd.DataFrame(unusual, columns=columns)
    # Of the others it is said that the labels do not tell them.
    told = table.loc[table["basis"] != _MEAN, "character"].unique()
    notes = []
    for name, rows in unusual[unusual["character"].isin(told)].groupby("character", sort=False):
        off = np.maximum(rows["low"] - rows["found"], rows["found"] - rows["high"])
        worst, others = rows.loc[off.idxmax()], len(rows) - 1
        beside = f", and too often or too seldom in {others} more" if others else ""
        notes.append(
            f"{str(name)!r} seems to be on screen for {100 * worst['found']:.0f} % of "
            f"{str(worst['video'])!r}{beside}. In 19 of 20 videos like the labelled ones it would "
            f"be {100 * worst['low']:.0f} to {100 * worst['high']:.0f} %. The intervals suppose "
            f"such videos, and can be wrong here: label some frames of this one."
        )
    return notes


def add_novelty(table, novelty):
    """Tell how unlike the labelled frames each video looks, and warn of those that are too unlike.

    Shapes: ``table`` as of `estimate_table`, ``novelty`` a Series (n_frames,) with a frame index,
    each frame once.
    """
    durations = novelty.index.get_level_values("duration").to_numpy(np.float64)
    videos = novelty.index.get_level_values("video")
    mean = (novelty * durations).groupby(videos).sum(min_count=1)
    mean /= pd.Series(durations).groupby(videos).sum()
    table["novelty"] = mean[table["video"]].to_numpy()
    unlike = table[(table["novelty"] > 1) & (table["basis"] != "labels")]
    table.attrs["notes"] += [
        f"{str(video)!r} looks unlike the labelled videos (its novelty is {value:.2f}, and above 1 "
        f"in at most one of twenty videos of the same kind). Its seconds and intervals can be far "
        f"off: label some frames of it."
        for video, value in unlike.groupby("video", sort=False)["novelty"].first().items()
    ]


def _find_bases(evidence, kept):
    """Return what the seconds of each character rest on where no frame of a video is labelled."""
    if not evidence.tested:
        return [_UNTESTED] * kept.sum()
    if evidence.weights is None:
        return ["count"] * kept.sum()
    return [
        evidence.correction if weight >= _ENOUGH else _MEAN for weight in evidence.weights[kept]
    ]


def _describe_untold(table, probabilities, index):
    """Say which characters the labels do not tell, and of which video labels would tell most."""
    durations = index.get_level_values("duration").to_numpy(np.float64)
    doubt = probabilities * (1 - probabilities) * durations[:, None]
    doubt = pd.DataFrame(doubt).groupby(index.get_level_values("video"), sort=False).sum()
    notes = []
    for column, name in enumerate(table["character"].unique().tolist()):
        measured = (table["character"] == name) & (table["basis"] == _MEAN)
        if measured.any():
            video = doubt.loc[table.loc[measured, "video"], column].idxmax()
            notes.append(
                f"These labels do not tell {name!r} from the rest: held-out frames that show it "
                f"got hardly higher probabilities than the others, or too few scenes show it. Its "
                f"seconds can be far off: label more frames of {str(video)!r}."
            )
    return notes


def _summarize_videos(predicted, probabilities, index, names):
    """Sum up each video and character, intervals still NaN."""
    codes, videos = index.get_level_values("video").factorize()
    durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
    found = appearance_table(predicted, probabilities, index, names).groupby(["video", "character"])
    table = pd.DataFrame(
        {
            "appearances": found.size(),
            "first_seen": found["start"].min(),
            "last_seen": found["end"].max(),
        }
    ).reindex(pd.MultiIndex.from_product([videos, list(names)], names=["video", "character"]))
    table["appearances"] = table["appearances"].fillna(0).astype(np.int64)
    weights = predicted * durations[:, None]
    seconds = sum_groups(codes, weights)
    with np.errstate(invalid="ignore"):
        table["confidence"] = (sum_groups(codes, weights * probabilities) / seconds).ravel()
    table.insert(0, "seconds", seconds.ravel())
    table.insert(1, "share", (seconds / sum_groups(codes, durations[:, None])).ravel())
    table.insert(2, "low", np.nan)
    table.insert(3, "high", np.nan)
    return table.reset_index()
