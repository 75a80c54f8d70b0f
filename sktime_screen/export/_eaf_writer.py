"""Labels and predictions to ELAN."""

import mimetypes
import os
from pathlib import Path

from .._atomic_files import write_atomically
from .._names import escape_path
from ..labels import as_seen_from, import_pympi, indicators
from ..video import check_frame_table
from ._frame_intervals import check_names, frame_intervals, only_video


def save_eaf(path, X, y) -> None:
    """Write labels of the frames of one video to an annotation file of ELAN, a tier a character.

    Parameters
    ----------
    path : str or path
        The .eaf file to write; what is there is replaced.
    X : pandas.DataFrame
        The frame table: every frame of one video sampled at a rate. A stretch between two frames
        that is not labelled cannot be told from one with nobody.
    y : array-like of shape (n_frames,) or pandas.DataFrame
        One class a frame, or 0/1 indicators with a column a character: labels, or what a pipeline
        predicts.

    Raises
    ------
    ImportError
        If ``pympi-ling`` is not installed.
    OSError
        If the file cannot be written; what was there before is then still there.
    ValueError
        If there is not one label a frame, there are several videos, frames are missing in between,
        or the name of a character cannot be that of a tier.

    See Also
    --------
    load_eaf : Reads the file when labels are corrected.

    Notes
    -----
    ELAN keeps milliseconds; ``load_eaf`` finds the same frames again. ELAN opens a video through
    its path from the folder of the file.

    Examples
    --------
    >>> from sktime_screen import save_eaf
    >>> save_eaf("video.eaf", X, y)  # doctest: +SKIP
    """
    path = os.fspath(path)
    table = check_frame_table(X).reset_index(drop=True)
    labels = indicators(X, y)
    video = only_video(table, path)
    check_names(labels.columns, "tier")
    eaf = import_pympi().Eaf(author="sktime_screen")
    eaf.remove_tier("default")
    eaf.add_linked_file(
        Path(os.path.abspath(video)).as_uri() if os.path.isfile(video) else escape_path(video),
        relpath="./" + escape_path(as_seen_from(os.path.dirname(path), video)),
        mimetype=mimetypes.guess_type(video)[0] or "video/mp4",
    )
    for name in labels.columns:
        eaf.add_tier(name)
    for found in frame_intervals(table, labels).itertuples():
        start, end = round(found.start * 1000), round(found.end * 1000)
        eaf.add_annotation(found.label, start, max(end, start + 1), found.label)
    with write_atomically(path) as unfinished:
        eaf.to_file(unfinished)
