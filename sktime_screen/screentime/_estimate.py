"""Estimates: seconds by video and character, with intervals."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..video import resolve_videos
from ._appearances import appearance_table
from ._calibration_errors import CalibrationErrors
from ._labelled_sample import LabelledSample


class Evidence(NamedTuple):
    """What is known beside a video's predictions, and what is made of it.

    - ``calibration``: errors on the frames of ``fit``.
    - ``sample``: labels of videos' own frames, which go before.
    - ``confidence_level``: nominal coverage of the intervals.
    - ``n_resamples``: how often blocks of calibration frames are drawn.
    - ``random_state``: draws them.
    """

    calibration: CalibrationErrors | None
    sample: LabelledSample | None
    confidence_level: float
    n_resamples: int
    random_state: np.random.Generator


def estimate_table(shown, probabilities, cross_fitted, index, classes, evidence):
    """Sum up each video and character, and say how sure that is.

    Shapes: ``shown`` (n_frames, n_classes), ``probabilities`` (n_frames, n_classes),
    ``cross_fitted`` (n_frames, n_classes).
    """
    kept = classes.kept
    table = _video_summary(shown[:, kept], probabilities[:, kept], index, classes.names[kept])
    codes, videos = index.get_level_values("video").factorize()
    sample = evidence.sample
    if sample is not None and not np.isin(sample.videos, resolve_videos(videos)).any():
        raise ValueError(
            f"None of the labelled frames is of a video that is measured: they are of "
            f"{sample.videos[0]!r}, measured is {videos[0]!r}."
        )
    notes = []
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
        elif evidence.calibration is None:
            notes.append(
                "No intervals: they need fit to have had a table with a frame index (video, "
                "time, duration). A sampler that balances classes keeps it where it stands first, "
                "on the frame table."
            )
        else:
            low, high, note = evidence.calibration.interval(
                shown[rows],
                index[rows],
                evidence.confidence_level,
                evidence.n_resamples,
                evidence.random_state,
            )
            table.loc[place, ["low", "high"]] = np.stack([low[kept], high[kept]], axis=1)
            notes += [note] if note else []
    table.attrs["notes"] = list(dict.fromkeys(notes))
    return table


def _video_summary(shown, probabilities, index, names):
    """Sum up each video and character, intervals still NaN."""
    codes, videos = index.get_level_values("video").factorize()
    durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
    found = appearance_table(shown, probabilities, index, names).groupby(["video", "character"])
    table = pd.DataFrame(
        {
            "appearances": found.size(),
            "first_seen": found["start"].min(),
            "last_seen": found["end"].max(),
        }
    ).reindex(pd.MultiIndex.from_product([videos, list(names)], names=["video", "character"]))
    table["appearances"] = table["appearances"].fillna(0).astype(np.int64)
    weights = shown * durations[:, None]
    seconds = _by_video(codes, weights)
    with np.errstate(invalid="ignore"):
        table["confidence"] = (_by_video(codes, weights * probabilities) / seconds).ravel()
    table.insert(0, "seconds", seconds.ravel())
    table.insert(1, "share", (seconds / _by_video(codes, durations[:, None])).ravel())
    table.insert(2, "low", np.nan)
    table.insert(3, "high", np.nan)
    return table.reset_index()


def _by_video(videos, values):
    return np.stack([np.bincount(videos, column) for column in values.T], axis=1)
