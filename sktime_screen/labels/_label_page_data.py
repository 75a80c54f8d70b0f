"""What pages to label on know of frames: names, labels, predictions and lines of the CSV file."""

import csv
import hashlib
import io
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from .._names import escape_controls, escape_formula, escape_path
from .._targets import align_columns, as_table, indicator_table, read_labelled
from .._uncertainty import find_uncertainty
from ..video import digest_files, is_frame_index, make_frame_index
from ._label_table import CLASS_COLUMNS, FRAME_COLUMNS

# A CSV file with these has intervals.
_INTERVAL_COLUMNS = ("start", "end")
_CLASS_COLUMN = "label"


def describe_frames(table, characters, multilabel, background, labels, probabilities, csv_name):
    """Return what the scripts of a page know of frames, but not their images, as JSON takes it."""
    names, nobody = _check_names(characters, multilabel, background)
    given = _given_labels(labels, table, names, nobody, multilabel)
    predictions = _summarize_predictions(probabilities, table, names, nobody, multilabel)
    head = [name for name in FRAME_COLUMNS if name in table]
    if multilabel:
        head += names
        values = None
    else:
        head += [_CLASS_COLUMN]
        values = [_format_csv_line([name]) for name in names]
    return {
        "digest": _compute_digest(table, names, nobody, multilabel, given),
        "characters": [escape_controls(name) for name in names],
        "multilabel": multilabel,
        "nobody": nobody,
        "csv": {"name": csv_name, "head": _format_csv_line(head), "values": values},
        "videos": _shorten_names(table["video"]),
        "frames": [
            {"video": video, "time": time, "row": row, "label": label, **prediction}
            for video, time, row, label, prediction in zip(
                pd.factorize(table["video"])[0].tolist(),
                table["time"].tolist(),
                _format_csv_rows(table),
                given,
                predictions,
                strict=True,
            )
        ],
    }


def _check_names(characters, multilabel, background):
    """Return the names of the characters, and the number of the background class or None."""
    if isinstance(characters, str):
        raise ValueError(
            f"characters={characters!r} is a str. Pass a list of names, such as [{characters!r}]."
        )
    names = [str(name).strip() for name in characters]
    if not names:
        raise ValueError("characters is empty. Pass the name of at least one character.")
    if background is not None:
        if multilabel:
            raise ValueError(
                f"background={background!r} needs multilabel=False. With several characters per "
                f"frame, nobody is a row of zeros and not a class."
            )
        if str(background) not in names:
            names.append(str(background))
    for name, times in Counter(names).items():
        if not name:
            raise ValueError(f"characters={list(characters)!r} has an empty name.")
        if times > 1:
            raise ValueError(f"characters={list(characters)!r} has {name!r} {times} times.")
        taken = FRAME_COLUMNS + _INTERVAL_COLUMNS + (CLASS_COLUMNS if len(names) == 1 else ())
        if multilabel and name in taken:
            raise ValueError(
                f"{name!r} cannot be the name of a character, since CSV files of labels have a "
                f"column of this name. Rename the character."
            )
    return names, None if background is None else names.index(str(background))


def _given_labels(labels, table, names, nobody, multilabel):
    """Return for each frame the numbers of the classes it is labelled with, or None."""
    if labels is None:
        return [None] * len(table)
    labelled, known = read_labelled(labels, multilabel=multilabel or None, name="labels")
    if len(labelled) != len(table):
        raise ValueError(
            f"{len(table)} frames but {len(labelled)} labels: one a frame is expected."
        )
    if isinstance(known, pd.DataFrame):
        if not multilabel:
            raise ValueError("multilabel=False takes one class a frame, not a 0/1 column a class.")
        if isinstance(known.columns, pd.RangeIndex):
            known = align_columns(known, names, "labels").set_axis(names, axis=1)
    shown = indicator_table(known).rename(columns=str)
    unknown = sorted(set(shown) - set(names))
    if unknown:
        raise ValueError(f"Labels of {unknown} are none of the classes {names}.")
    given = [None] * len(table)
    for row, of_frame in zip(np.flatnonzero(labelled), shown.to_numpy(), strict=True):
        numbers = sorted(names.index(name) for name in shown.columns[of_frame])
        given[row] = [number for number in numbers if number != nobody]
    return given


def _summarize_predictions(probabilities, table, names, nobody, multilabel):
    """Return the suggested label, the uncertainty and the percentages of each frame."""
    if probabilities is None:
        return [{} for _ in range(len(table))]
    values = _order_columns(probabilities, names, multilabel)
    if values.shape != (len(table), len(names)):
        raise ValueError(
            f"probabilities has the shape {values.shape}; expected {(len(table), len(names))}, one "
            f"row per frame and one column for each of {names}."
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("probabilities has values outside 0 to 1.")
    index = getattr(probabilities, "index", None)
    if is_frame_index(index) and not index.equals(make_frame_index(table)):
        raise ValueError(
            "probabilities has other frames than X, or has them in another order. Pass "
            "pipeline[:-1].transform(X)."
        )
    if multilabel:
        suggested = [np.flatnonzero(row >= 0.5).tolist() for row in values]
    else:
        suggested = [[] if n == nobody else [n] for n in values.argmax(axis=1).tolist()]
    uncertainties, _ = find_uncertainty(values, exclusive=not multilabel)
    percent = np.rint(100 * values).astype(int).tolist()
    return [
        {"suggested": numbers, "uncertainty": round(uncertainty, 4), "percent": percents}
        for numbers, uncertainty, percents in zip(
            suggested, uncertainties.tolist(), percent, strict=True
        )
    ]


def _order_columns(probabilities, names, multilabel):
    """Return probabilities as an array whose columns are in the order of the names."""
    columns = as_table(probabilities)
    if columns is not None:
        if multilabel and len(names) == 1 and list(map(str, columns)) == ["0", "1"]:
            # To some classifiers a single character is the classes 0 and 1.
            columns = columns.iloc[:, 1:].set_axis(names, axis=1)
        probabilities = align_columns(columns, names, "probabilities")
    return np.asarray(probabilities, dtype=np.float64)


def _format_csv_line(fields):
    line = io.StringIO()
    # This line end makes the writer quote names with a carriage return.
    csv.writer(line, lineterminator="\r\n").writerow(map(escape_formula, fields))
    return line.getvalue().removesuffix("\r\n")


def _format_csv_rows(table):
    """Return the start of the CSV line of each frame, without its labels."""
    known = table[[name for name in FRAME_COLUMNS if name in table]].copy()
    # The browser saves the CSV file in any folder, so that only absolute paths are right.
    for name in ["image"] if "image" in known else ["video"]:
        known[name] = known[name].map(os.path.abspath)
    for name in known.columns.intersection(["video", "image"]):
        known[name] = known[name].map(escape_path)
    missing = known.isna().to_numpy()
    return [
        _format_csv_line(["" if empty else field for field, empty in zip(fields, row, strict=True)])
        for fields, row in zip(known.itertuples(index=False, name=None), missing, strict=True)
    ]


def _shorten_names(videos):
    return [escape_controls(Path(video).name or video) for video in pd.unique(videos)]


def _compute_digest(table, *settings):
    paths = table["image" if "image" in table else "video"].map(os.path.abspath)
    # A browser keeps labels by this: those of a file that was exchanged are of other images.
    files = digest_files(paths.unique()).hex()
    content = json.dumps([paths.tolist(), files, table["time"].tolist(), *settings])
    return hashlib.sha256(content.encode()).hexdigest()
