"""Write the labelling page: frames of videos in one HTML file, to label in the browser."""

import csv
import hashlib
import io
import json
import os
from collections import Counter
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from .._atomic_files import check_target, write_text_atomically
from .._html import load_template, make_hash_source
from .._names import escape_controls, escape_formula, escape_path
from .._targets import align_columns, as_table, indicator_table, read_labelled
from .._uncertainty import find_uncertainty
from ..video import (
    check_frame_table,
    is_frame_index,
    make_frame_index,
    make_thumbnails,
    split_rows_by_file,
)
from ._label_table import CLASS_COLUMNS, FRAME_COLUMNS

# A CSV file with these has intervals.
_INTERVAL_COLUMNS = ("start", "end")
_CLASS_COLUMN = "label"
_STYLES = ("theme.css", "layout.css", "cards.css", "mobile.css")
_SCRIPTS = ("labels.js", "storage.js", "grid.js", "panel.js", "page.js")
# Height by width of the cards: the median of the images, within these limits.
_ASPECT_RANGE = (0.4, 1.0)
_THUMBNAIL_WIDTH = 320
_THUMBNAIL_QUALITY = 80


def save_label_page(
    path, X, characters, *, multilabel=True, background=None, labels=None, probabilities=None
) -> None:
    """Write an HTML page to label frames in the browser.

    The page is one file that works offline. You label with the number keys, the mouse or touch:
    a number key adds or removes a character, ``0`` means that nobody is in the frame, the arrow
    keys move, Shift selects a range, and Ctrl+Z undoes. ``?`` lists all keys. The browser keeps
    your work when you close the page. The page saves a CSV file that `load_label_csv` reads, with
    the frames that you labelled.

    Parameters
    ----------
    path : str or path
        The HTML file to write. The CSV file gets the same name.
    X : pandas.DataFrame
        The frame table to label: ``video``, ``time`` (s) and ``duration`` (s), optionally
        ``image``. The columns ``inclusion`` and ``stratum`` of a random sample are kept in the
        CSV file.
    characters : sequence of str or int
        The characters, or the classes if ``multilabel=False``, in the order of their keys.
    multilabel : bool, default=True
        Whether a frame can have several characters. The CSV file then has a 0/1 column per
        character. Otherwise, each frame has one class, in the column ``label``.
    background : str or int, optional
        With ``multilabel=False``, the class that means that nobody is in the frame. Its key is
        ``0``. With several characters per frame, nobody is a row of zeros.
    labels : Series or DataFrame of n_frames rows, optional
        Labels to start with, as `load_label_csv` returns them. Rows without a label hold NaN or
        None.
    probabilities : array-like of shape (n_frames, n_characters), optional
        Predicted probabilities from ``pipeline[:-1].transform(X)``. The page then suggests labels
        to confirm, and shows the least certain frames first. The columns of an array are in the
        order of ``characters``, followed by ``background`` if that is not one of them.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, VideoError
        If a video, an image or the folder of the page does not exist or cannot be read.
    ValueError
        If there are no frames or no characters, a character has no name or the name of a column
        of the CSV file, or the labels or probabilities do not match the frames and characters.

    See Also
    --------
    load_label_csv : Load the labels that the page saved.
    suggest_frames : Choose the frames to label.

    Notes
    -----
    The uncertainty of a frame is that of its least certain character, ``1 - abs(2 * p - 1)`` for
    the probability p. For one class per frame, it is one minus the margin between the two most
    probable classes.

    The browser keeps the labels in its local storage under a digest of the frames, the characters
    and ``labels``. If you write the page again with the same ones, it finds the labels, also with
    other probabilities.

    Examples
    --------
    >>> from sktime_screen import VideoFrameSampler, save_label_page
    >>> X = VideoFrameSampler(rate=0.2).sample("video.mp4")  # doctest: +SKIP
    >>> save_label_page("labels.html", X, ["tom", "jerry"])  # doctest: +SKIP
    """
    table = check_frame_table(X)
    if table.empty:
        raise ValueError("X has no rows, so there are no frames to label.")
    names, nobody = _check_names(characters, multilabel, background)
    given = _given_labels(labels, table, names, nobody, multilabel)
    predictions = _summarize_predictions(probabilities, table, names, nobody, multilabel)
    target = check_target(path)

    images, aspects = _make_thumbnails(table)
    head = [name for name in FRAME_COLUMNS if name in table]
    if multilabel:
        head += names
        values = None
    else:
        head += [_CLASS_COLUMN]
        values = [_format_csv_line([name]) for name in names]
    page = {
        "digest": _compute_digest(table, names, nobody, multilabel, given),
        "characters": [escape_controls(name) for name in names],
        "multilabel": multilabel,
        "nobody": nobody,
        "aspect": float(np.clip(np.median(aspects), *_ASPECT_RANGE)),
        "csv": {"name": f"{target.stem}.csv", "head": _format_csv_line(head), "values": values},
        "videos": _shorten_names(table["video"]),
        "frames": [
            {"video": video, "time": time, "row": row, "label": label, "image": image, **prediction}
            for video, time, row, label, image, prediction in zip(
                pd.factorize(table["video"])[0].tolist(),
                table["time"].tolist(),
                _format_csv_rows(table),
                given,
                images,
                predictions,
                strict=True,
            )
        ],
    }
    template = load_template("sktime_screen.labels", "label_page.html")
    write_text_atomically(target, template.render(page=page, **_read_assets()))


def _make_thumbnails(table):
    """Return a small image of each row, and the images' height by width."""
    images, aspects = [None] * len(table), np.ones(len(table))
    for rows in split_rows_by_file(table):
        made, aspects[rows] = make_thumbnails(
            table.iloc[rows], _THUMBNAIL_WIDTH, _THUMBNAIL_QUALITY
        )
        for row, image in zip(rows, made, strict=True):
            images[row] = image
    return images, aspects


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
    content = json.dumps([paths.tolist(), table["time"].tolist(), *settings])
    return hashlib.sha256(content.encode()).hexdigest()


def _read_assets():
    """Return the style sheet, the scripts, and the policy that allows only these."""
    folder = resources.files("sktime_screen.labels") / "templates"
    style = "\n".join((folder / name).read_text(encoding="utf-8") for name in _STYLES)
    scripts = [(folder / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    policy = "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            f"style-src {make_hash_source(style)}",
            f"script-src {' '.join(map(make_hash_source, scripts))}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    return {"style": style, "scripts": scripts, "policy": policy}
