"""The labelling page: frames of videos in one HTML file, labelled by keyboard."""

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
from ..video import (
    check_frame_table,
    is_frame_index,
    make_frame_index,
    make_thumbnails,
    split_rows_by_file,
)
from ._label_table import CLASS_COLUMNS, FRAME_COLUMNS

# With these a CSV is one of intervals.
_INTERVAL_COLUMNS = ("start", "end")
_CLASS_COLUMN = "label"
_STYLES = ("theme.css", "layout.css", "cards.css", "mobile.css")
_SCRIPTS = ("labels.js", "storage.js", "grid.js", "panel.js", "page.js")
# The page's thumbnails are as high as most images ask for, but never slits or towers.
_ASPECT_RANGE = (0.4, 1.0)
_THUMBNAIL_WIDTH = 320
_THUMBNAIL_QUALITY = 80


def save_label_page(
    X, classes, path, *, multilabel=True, background=None, labels=None, probabilities=None
) -> None:
    """Write a page on which frames are labelled in the browser, by keyboard, mouse or touch.

    The page is one HTML file with everything in it: it opens from the disk, loads nothing, keeps
    the work when it is closed, and saves a CSV that :func:`load_label_csv` reads. Number keys
    switch characters on and off, ``0`` says that nobody is there, arrows move, with shift they
    take in a range, Ctrl+Z takes back; ``?`` shows all keys. Frames that were not labelled are
    left out of the CSV.

    Parameters
    ----------
    X : pandas.DataFrame
        The frame table to label: ``video``, ``time`` and ``duration`` (s), optionally ``image``.
        The columns ``inclusion`` and ``stratum`` of a sample of frames go into the CSV as well.
    classes : sequence of str or int
        The characters, in the order of their keys.
    path : str or path
        The page to write, usually ``*.html``. The CSV is named after it.
    multilabel : bool, default=True
        Whether several characters may be in a frame: the CSV has a 0/1 column a character.
        Otherwise each frame has one class, in the column ``label``.
    background : str or int, optional
        Of one class a frame, the one that says nobody is there; its key is ``0``. Where several
        characters may be in a frame, nobody is a row of zeros.
    labels : Series or DataFrame of n_frames rows, optional
        Labels that are there already, as :func:`load_label_csv` gives them; rows without a label
        hold NaN or None.
    probabilities : array-like of shape (n_frames, n_classes), optional
        What a fitted pipeline thinks: ``pipeline[:-1].transform(X)``. The page then suggests
        labels, to be confirmed, and shows the most doubtful frames first. Columns of an array are
        in the order of ``classes``, then ``background`` where that is not one of them.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, VideoError
        If a video or image, or the folder of the page, is missing or unreadable.
    ValueError
        If there are no frames or classes, a class has no name or one that the CSV needs, or labels
        or probabilities do not fit the frames and classes.

    See Also
    --------
    load_label_csv : Loads what the page saves.
    VideoFrameSampler : Its ``sample`` makes frame tables.

    Notes
    -----
    The doubt about a frame is that about its most doubtful character, ``1 - abs(2 * p - 1)``; of
    one class a frame it is one minus the margin between the two most probable classes.

    What was labelled is kept in the browser's local storage, under a digest of the frames, classes
    and ``labels``: a page written again for the same finds it, also with other probabilities.

    Examples
    --------
    >>> from sktime_screen import VideoFrameSampler, save_label_page
    >>> X = VideoFrameSampler(rate=0.2).sample("video.mp4")  # doctest: +SKIP
    >>> save_label_page(X, ["tom", "jerry"], "labels.html")  # doctest: +SKIP
    """
    table = check_frame_table(X)
    if table.empty:
        raise ValueError("There are no frames to label: the frame table is empty.")
    names, nobody = _checked_names(classes, multilabel, background)
    given = _given_labels(labels, table, names, nobody, multilabel)
    suggestions = _suggestions(probabilities, table, names, nobody, multilabel)
    target = check_target(path)

    images, aspects = _thumbnails(table)
    head = [name for name in FRAME_COLUMNS if name in table]
    if multilabel:
        head += names
        values = None
    else:
        head += [_CLASS_COLUMN]
        values = [_csv_line([name]) for name in names]
    page = {
        "digest": _digest(table, names, nobody, multilabel, given),
        "characters": [escape_controls(name) for name in names],
        "multilabel": multilabel,
        "nobody": nobody,
        "aspect": float(np.clip(np.median(aspects), *_ASPECT_RANGE)),
        "csv": {"name": f"{target.stem}.csv", "head": _csv_line(head), "values": values},
        "videos": _video_names(table["video"]),
        "frames": [
            {"video": video, "time": time, "row": row, "given": label, "image": image, **more}
            for video, time, row, label, image, more in zip(
                pd.factorize(table["video"])[0].tolist(),
                table["time"].tolist(),
                _csv_rows(table),
                given,
                images,
                suggestions,
                strict=True,
            )
        ],
    }
    template = load_template("sktime_screen.labels", "label_page.html")
    write_text_atomically(target, template.render(page=page, **_parts()))


def _thumbnails(table):
    """Return the images of the rows and their height over width."""
    images, aspects = [None] * len(table), np.ones(len(table))
    for rows in split_rows_by_file(table):
        made, aspects[rows] = make_thumbnails(
            table.iloc[rows], _THUMBNAIL_WIDTH, _THUMBNAIL_QUALITY
        )
        for row, image in zip(rows, made, strict=True):
            images[row] = image
    return images, aspects


def _checked_names(classes, multilabel, background):
    """Return the names of the classes and the number of the one that says nobody, or None."""
    if isinstance(classes, str):
        raise ValueError(
            f"classes={classes!r}: a list of names is expected, [{classes!r}] for one."
        )
    names = [str(name).strip() for name in classes]
    if not names:
        raise ValueError("classes is empty: name at least one character to label.")
    if background is not None:
        if multilabel:
            raise ValueError(
                f"background={background!r}: where several characters may be in a frame, nobody "
                f"is a row of zeros and no class. Leave background at None, or pass "
                f"multilabel=False."
            )
        if str(background) not in names:
            names.append(str(background))
    for name, times in Counter(names).items():
        if not name:
            raise ValueError(f"classes={list(classes)!r}: a class has no name.")
        if times > 1:
            raise ValueError(f"classes={list(classes)!r}: {name!r} comes {times} times.")
        taken = FRAME_COLUMNS + _INTERVAL_COLUMNS + (CLASS_COLUMNS if len(names) == 1 else ())
        if multilabel and name in taken:
            raise ValueError(
                f"A character called {name!r} cannot be told from the column of that name in a "
                f"CSV of labels. Call it something else."
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


def _suggestions(probabilities, table, names, nobody, multilabel):
    """Return for each frame what the page is told about predictions."""
    if probabilities is None:
        return [{} for _ in range(len(table))]
    values = _probability_columns(probabilities, names, multilabel)
    if values.shape != (len(table), len(names)):
        raise ValueError(
            f"probabilities are of shape {values.shape}; expected {(len(table), len(names))}: a "
            f"row a frame and a column each for {names}."
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("probabilities must lie between 0 and 1.")
    index = getattr(probabilities, "index", None)
    if is_frame_index(index) and not index.equals(make_frame_index(table)):
        raise ValueError(
            "probabilities are of other frames than X, or in another order: "
            "pipeline[:-1].transform(X) gives those of X."
        )
    if multilabel:
        suggested = [np.flatnonzero(row >= 0.5).tolist() for row in values]
        doubts = (1 - np.abs(2 * values - 1)).max(axis=1)
    else:
        suggested = [[] if n == nobody else [n] for n in values.argmax(axis=1).tolist()]
        ranked = np.sort(values, axis=1)
        doubts = 1 - ranked[:, -1] + (ranked[:, -2] if len(names) > 1 else 0)
    percent = np.rint(100 * values).astype(int).tolist()
    return [
        {"suggested": row, "doubt": round(doubt, 4), "percent": shares}
        for row, doubt, shares in zip(suggested, doubts.tolist(), percent, strict=True)
    ]


def _probability_columns(probabilities, names, multilabel):
    columns = as_table(probabilities)
    if columns is not None:
        if multilabel and len(names) == 1 and list(map(str, columns)) == ["0", "1"]:
            # To some classifiers a single character is the classes 0 and 1.
            columns = columns.iloc[:, 1:].set_axis(names, axis=1)
        probabilities = align_columns(columns, names, "probabilities")
    return np.asarray(probabilities, dtype=np.float64)


def _csv_line(fields):
    line = io.StringIO()
    # A carriage return in a name is quoted because a line would end with one.
    csv.writer(line, lineterminator="\r\n").writerow(map(escape_formula, fields))
    return line.getvalue().removesuffix("\r\n")


def _csv_rows(table):
    """Return the CSV line of each frame, up to its labels."""
    known = table[[name for name in FRAME_COLUMNS if name in table]].copy()
    # The CSV is saved wherever the browser saves, from where only a whole path leads back.
    for name in ["image"] if "image" in known else ["video"]:
        known[name] = known[name].map(os.path.abspath)
    for name in known.columns.intersection(["video", "image"]):
        known[name] = known[name].map(escape_path)
    missing = known.isna().to_numpy()
    return [
        _csv_line(["" if gone else field for field, gone in zip(fields, row, strict=True)])
        for fields, row in zip(known.itertuples(index=False, name=None), missing, strict=True)
    ]


def _video_names(videos):
    return [escape_controls(Path(video).name or video) for video in pd.unique(videos)]


def _digest(table, *described):
    where = table["image" if "image" in table else "video"].map(os.path.abspath)
    known = json.dumps([where.tolist(), table["time"].tolist(), *described])
    return hashlib.sha256(known.encode()).hexdigest()


def _parts():
    """Return style and scripts, and the policy that lets the page run these and nothing else."""
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
