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

from .._atomic_files import checked_target, write_whole
from .._html import page_template, policy_hash
from .._names import harmless, shown, shown_path
from ..video import check_frame_table, frame_index, is_frame_index, rows_by_file, thumbnails

# What the CSV file has of a frame besides its labels.
_FRAME_COLUMNS = ("video", "time", "duration", "image", "inclusion", "stratum")
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
    target = checked_target(path)

    images, aspects = _make_thumbnails(table)
    head = [name for name in _FRAME_COLUMNS if name in table]
    if multilabel:
        head += names
        values = None
    else:
        head += [_CLASS_COLUMN]
        values = [_format_csv_line([name]) for name in names]
    page = {
        "digest": _compute_digest(table, names, nobody, multilabel, given),
        "characters": [shown(name) for name in names],
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
    template = page_template("sktime_screen.labels", "label_page.html")
    write_whole(target, template.render(page=page, **_read_assets()))


def _make_thumbnails(table):
    """Return a small image of each row, and the images' height by width."""
    images, aspects = [None] * len(table), np.ones(len(table))
    for rows in rows_by_file(table):
        made, aspects[rows] = thumbnails(table.iloc[rows], _THUMBNAIL_WIDTH, _THUMBNAIL_QUALITY)
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
        if multilabel and name in _FRAME_COLUMNS + _INTERVAL_COLUMNS:
            raise ValueError(
                f"{name!r} cannot be the name of a character, since CSV files of labels have a "
                f"column of this name. Rename the character."
            )
    return names, None if background is None else names.index(str(background))


def _given_labels(labels, table, names, nobody, multilabel):
    """Return for each frame the numbers of the classes it is labelled with, or None."""
    if labels is None:
        return [None] * len(table)
    if len(labels) != len(table):
        raise ValueError(f"{len(table)} frames but {len(labels)} labels: one a frame is expected.")
    indicators = _indicators(labels, names)
    if indicators is not None:
        if not multilabel:
            raise ValueError("multilabel=False takes one class a frame, not a 0/1 column a class.")
        return [None if np.isnan(row).any() else np.flatnonzero(row).tolist() for row in indicators]
    classes = pd.Series(labels).to_numpy(dtype=object)
    unknown = {str(name) for name in classes if not pd.isna(name)} - set(names)
    if unknown:
        raise ValueError(f"Labels {sorted(unknown)} are none of the classes {names}.")
    numbers = [None if pd.isna(name) else names.index(str(name)) for name in classes]
    return [None if n is None else [] if n == nobody else [n] for n in numbers]


def _indicators(labels, names):
    """Return 0/1 labels in the order of the names, or None where each label is a class."""
    # A single 0/1 column is loaded as a Series of its name.
    if isinstance(labels, pd.Series) and str(labels.name) in names:
        labels = labels.to_frame()
    if not isinstance(labels, pd.DataFrame):
        return None
    labels = labels.set_axis([str(name) for name in labels.columns], axis=1)
    unknown = set(labels.columns) - set(names)
    if unknown:
        raise ValueError(f"Columns of labels {sorted(unknown)} are none of the classes {names}.")
    values = labels.reindex(columns=names, fill_value=0).to_numpy(dtype=np.float64)
    wrong = ~(np.isnan(values) | (values == 0) | (values == 1))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"Row {row} of the labels has {names[column]!r} {values[row, column]:g}; expected 0, "
            f"1 or, where it is not labelled, NaN."
        )
    return values


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
    if is_frame_index(index) and not index.equals(frame_index(table)):
        raise ValueError(
            "probabilities has other frames than X, or has them in another order. Pass "
            "pipeline[:-1].transform(X)."
        )
    if multilabel:
        suggested = [np.flatnonzero(row >= 0.5).tolist() for row in values]
        uncertainties = (1 - np.abs(2 * values - 1)).max(axis=1)
    else:
        suggested = [[] if n == nobody else [n] for n in values.argmax(axis=1).tolist()]
        ranked = np.sort(values, axis=1)
        uncertainties = 1 - ranked[:, -1] + (ranked[:, -2] if len(names) > 1 else 0)
    percent = np.rint(100 * values).astype(int).tolist()
    return [
        {"suggested": numbers, "uncertainty": round(uncertainty, 4), "percent": percents}
        for numbers, uncertainty, percents in zip(
            suggested, uncertainties.tolist(), percent, strict=True
        )
    ]


def _order_columns(probabilities, names, multilabel):
    """Return probabilities as an array whose columns are in the order of the names."""
    if isinstance(probabilities, pd.DataFrame):
        columns = [str(name) for name in probabilities.columns]
        if multilabel and len(names) == 1 and columns == ["0", "1"]:
            # A single character's classes are 0 and 1.
            probabilities = probabilities.iloc[:, 1:]
        elif sorted(columns) != sorted(names):
            raise ValueError(f"probabilities has the columns {columns}; expected {names}.")
        else:
            probabilities = probabilities.set_axis(columns, axis=1)[names]
    return np.asarray(probabilities, dtype=np.float64)


def _format_csv_line(fields):
    line = io.StringIO()
    # This line end makes the writer quote names with a carriage return.
    csv.writer(line, lineterminator="\r\n").writerow(map(harmless, fields))
    return line.getvalue().removesuffix("\r\n")


def _format_csv_rows(table):
    """Return the start of the CSV line of each frame, without its labels."""
    known = table[[name for name in _FRAME_COLUMNS if name in table]].copy()
    # The browser saves the CSV file in any folder, so that only absolute paths are right.
    for name in ["image"] if "image" in known else ["video"]:
        known[name] = known[name].map(os.path.abspath)
    for name in known.columns.intersection(["video", "image"]):
        known[name] = known[name].map(shown_path)
    missing = known.isna().to_numpy()
    return [
        _format_csv_line(["" if empty else field for field, empty in zip(fields, row, strict=True)])
        for fields, row in zip(known.itertuples(index=False, name=None), missing, strict=True)
    ]


def _shorten_names(videos):
    return [shown(Path(video).name or video) for video in pd.unique(videos)]


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
            f"style-src {policy_hash(style)}",
            f"script-src {' '.join(map(policy_hash, scripts))}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    return {"style": style, "scripts": scripts, "policy": policy}
