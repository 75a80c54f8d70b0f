"""Write labels and predictions for ELAN."""

import mimetypes
import os
from pathlib import Path

from .._atomic_files import write_atomically
from .._names import escape_path
from ..labels import import_pympi, make_relative
from ._frame_intervals import find_intervals, read_single_video


def save_eaf(path, X, y) -> None:
    """Write the labels of one video to an annotation file of ELAN.

    Use it to correct predictions in ELAN. Each character gets a tier.

    Parameters
    ----------
    path : str or path
        The ``.eaf`` file to write. An existing file is replaced.
    X : pandas.DataFrame
        The frame table of one video, with every frame that was sampled at a rate. The format
        cannot mark a stretch of time as unlabelled: it would read as one without characters.
    y : array-like of shape (n_frames,) or pandas.DataFrame of shape (n_frames, n_characters)
        Labels or predictions: one class per frame, or a table with a 0/1 column per character.

    Raises
    ------
    ImportError
        If ``pympi-ling`` is not installed.
    OSError
        If the file cannot be written. A file that existed before is then unchanged.
    ValueError
        If ``X`` and ``y`` differ in length, ``X`` holds several videos or leaves out frames, or
        the name of a character cannot be written in XML.

    See Also
    --------
    load_eaf : Load the corrected annotations.

    Notes
    -----
    ELAN rounds times to milliseconds; `load_eaf` still finds the same frames. The file holds the
    path of the video relative to its own folder, so move both together.

    Examples
    --------
    >>> from sktime_screen import save_eaf
    >>> save_eaf("video.eaf", X, y)  # doctest: +SKIP
    """
    path = os.fspath(path)
    video, table, labels = read_single_video(path, X, y, "tier")
    eaf = import_pympi().Eaf(author="sktime_screen")
    eaf.remove_tier("default")
    eaf.add_linked_file(
        Path(os.path.abspath(video)).as_uri() if os.path.isfile(video) else escape_path(video),
        relpath="./" + escape_path(make_relative(video, os.path.dirname(path))),
        mimetype=mimetypes.guess_type(video)[0] or "video/mp4",
    )
    for name in labels.columns:
        eaf.add_tier(name)
    for interval in find_intervals(table, labels).itertuples():
        start, end = round(interval.start * 1000), round(interval.end * 1000)
        eaf.add_annotation(interval.label, start, max(end, start + 1), interval.label)
    with write_atomically(path) as unfinished:
        eaf.to_file(unfinished)
