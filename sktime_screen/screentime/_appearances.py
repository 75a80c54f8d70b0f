"""Appearances: the stretches of video in which a character is on screen without a break."""

import numpy as np
import pandas as pd

from ._smoothing import split_at_gaps

# Times that add up in floating point differ from equal ones by less.
_TOLERANCE = 1e-6
APPEARANCE_COLUMNS = (
    *("video", "character", "start", "end"),
    *("duration", "confidence", "peak_time"),
)


def join_appearances(predicted, index, max_gap, min_appearance, free=None):
    """Close short gaps between appearances, then drop short appearances.

    Shapes: ``predicted`` (n_frames, n_characters), ``free`` (n_frames,) -> bool (n_frames,
    n_characters).
    """
    predicted = predicted.copy()
    free = np.ones(len(predicted), dtype=bool) if free is None else free
    durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
    once = ~index.duplicated()
    for rows in split_at_gaps(index):
        lengths = np.where(once, durations, 0)[rows]
        for column in predicted.T:
            states = column[rows]
            begins, ends, seconds = _runs(states, lengths)
            short = (begins > 0) & (ends < len(states)) & (seconds <= max_gap + _TOLERANCE)
            for begin, end in _pairs(begins, ends, short):
                states[begin:end] |= free[rows[begin:end]].all()
            begins, ends, seconds = _runs(states, lengths)
            for begin, end in _pairs(begins, ends, seconds < min_appearance - _TOLERANCE):
                states[begin:end] = False
            column[rows] = states
    return predicted


def _runs(states, lengths):
    """Return begin, end (exclusive) and seconds of stretches of equal states."""
    edges = np.flatnonzero(np.diff(states)) + 1
    begins, ends = np.append(0, edges), np.append(edges, len(states))
    return begins, ends, np.add.reduceat(lengths, begins)


def _pairs(begins, ends, chosen):
    return zip(begins[chosen], ends[chosen], strict=True)


def appearance_table(predicted, confidences, index, names):
    """List appearances.

    Shapes: ``predicted`` (n_frames, n_characters), ``confidences`` (n_frames, n_characters).
    """
    videos = index.get_level_values("video")
    times = index.get_level_values("time").to_numpy(dtype=np.float64)
    durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
    once = ~index.duplicated()
    rows_of_table = []
    for rows in split_at_gaps(index):
        rows = rows[once[rows]]
        for number, name in enumerate(names):
            states = predicted[rows, number]
            begins, ends, seconds = _runs(states, durations[rows])
            for begin, end, length in zip(begins, ends, seconds, strict=True):
                if not states[begin]:
                    continue
                run = rows[begin:end]
                confidence = confidences[run, number]
                rows_of_table.append({
                    "video": videos[run[0]],
                    "character": name,
                    "start": times[run[0]],
                    "end": times[run[-1]] + durations[run[-1]],
                    "duration": length,
                    "confidence": np.average(confidence, weights=durations[run]),
                    "peak_time": times[run[confidence.argmax()]],
                })  # fmt: skip
    table = pd.DataFrame(rows_of_table, columns=APPEARANCE_COLUMNS)
    video = pd.Categorical(table["video"], categories=videos.unique(), ordered=True)
    character = pd.Categorical(table["character"], categories=list(names), ordered=True)
    keys = pd.DataFrame({"video": video, "character": character, "start": table["start"]})
    return table.loc[keys.sort_values(list(keys)).index].reset_index(drop=True)


def compute_shared_seconds(predicted, index, names):
    """Add up for how long any two characters are on screen together.

    Shapes: ``predicted`` (n_frames, n_characters).
    """
    durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
    weights = np.where(index.duplicated(), 0, durations)
    codes, videos = index.get_level_values("video").factorize()
    tables = []
    for code in range(len(videos)):
        here = predicted[codes == code].astype(np.float64)
        tables.append((here * weights[codes == code, None]).T @ here)
    return pd.DataFrame(
        np.concatenate(tables) if tables else np.empty((0, len(names))),
        index=pd.MultiIndex.from_product([videos, list(names)], names=["video", "character"]),
        columns=list(names),
    )
