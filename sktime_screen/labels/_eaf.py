"""Load labels from ELAN."""

import os
from urllib.parse import unquote, urlsplit

import pandas as pd

from .._defaults import SAMPLING_RATE
from ._file_lookup import find_file, get_file_name, guess_beside, look_for
from ._formats import check_label_file
from ._interval_labels import check_interval, label_frames_by_intervals
from ._xml import read_xml


def load_eaf(
    path, *, video=None, rate=SAMPLING_RATE, tier=None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load labels of frames from an annotation file of ELAN.

    A frame gets the labels of the annotations that contain its time.

    Parameters
    ----------
    path : str or path
        The ``.eaf`` file.
    video : str or path, optional
        The video. By default, it is the first video linked in the file that exists there or in
        the folder of the file.
    rate : float, default=1.0
        The rate (frames per second) at which to sample the video.
    tier : str, optional
        The tier whose annotations name the characters. By default, each tier is one character,
        who is on screen during its annotations, whatever their text. Tiers that depend on another
        tier are left out, and so is ELAN's tier "default" if it is empty.

    Returns
    -------
    X : pandas.DataFrame
        The frame table of the video.
    y : pandas.DataFrame of shape (n_frames, n_characters)
        A table with a 0/1 column per character. A frame without annotations is a row of zeros.

    Raises
    ------
    ImportError
        If ``pympi-ling`` is not installed.
    FileNotFoundError
        If the file or the video does not exist.
    ValueError
        If the file cannot be read, has no such tier or no annotations, or an annotation has no
        time, has no text, or is outside the video. The message names the tier and the time.

    See Also
    --------
    save_eaf : Write labels and predictions for ELAN.

    References
    ----------
    H. Brugman and A. Russel, "Annotating multi-media/multi-modal resources with ELAN", LREC 2004.
    The EAF format: https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf

    Examples
    --------
    >>> from sktime_screen import load_eaf
    >>> X, y = load_eaf("video.eaf", rate=2)  # doctest: +SKIP
    """
    path = check_label_file(path, "ELAN")
    read_xml(path)
    elan = import_pympi()
    try:
        # pympi takes "-" for the standard input.
        eaf = elan.Eaf(os.path.abspath(path))
    except Exception as error:
        raise ValueError(f"{path!r} cannot be read as a file of ELAN: {error!r}") from error
    source, origin = _find_video(path, eaf, video)
    tiers = _select_tiers(path, eaf, tier)
    rows = []
    for name in tiers:
        for start, end, value, *_ in _read_annotations(path, eaf, name):
            if start is None or end is None:
                raise ValueError(
                    f"{path!r}, tier {name!r}: the annotation {value!r} has no time of its own."
                )
            where = f"{path!r}, tier {name!r}, annotation at {start / 1000} s"
            if tier is not None and not value.strip():
                raise ValueError(f"{where} has no text; expected the name of a character.")
            start, end = (start + origin) / 1000, (end + origin) / 1000
            check_interval(where, start, end, source)
            rows.append((source, start, end, name if tier is None else value.strip()))
    intervals = pd.DataFrame(rows, columns=["video", "start", "end", "label"])
    if tier is not None and intervals.empty:
        raise ValueError(f"{path!r}: the tier {tier!r} has no annotations.")
    characters = tiers if tier is None else None
    return label_frames_by_intervals([source], intervals, characters, rate=rate)


def import_pympi():
    """Return the module of pympi for files of ELAN."""
    try:
        from pympi import Elan
    except ImportError as error:
        raise ImportError(
            "Files of ELAN need pympi-ling. Run: pip install 'sktime_screen[eaf]'"
        ) from error
    return Elan


def _find_video(path, eaf, video):
    """Return the path of the video, and the time (ms) in it that is ELAN's time 0."""
    folder = os.path.dirname(path)
    linked = eaf.get_linked_files()
    videos = [file for file in linked if file.get("MIME_TYPE", "").startswith("video")] or linked
    if video is not None:
        name = get_file_name(video)
        origins = [
            _read_origin(file) for file in videos if name in map(get_file_name, _list_names(file))
        ]
        return find_file(folder, video), (origins or [0])[0]
    for look in (look_for, guess_beside):
        for file in videos:
            for name in _list_names(file):
                found = look(folder, name)
                if found is not None:
                    return found, _read_origin(file)
    raise FileNotFoundError(
        f"{path!r} links {[file.get('MEDIA_URL') for file in videos]}, which exists neither there "
        f"nor in its folder. Pass the path of the video as video=."
    )


def _list_names(file):
    """Return the relative and the absolute path of a linked video."""
    url = unquote(urlsplit(file.get("MEDIA_URL") or "").path, errors="surrogateescape")
    relative = unquote(file.get("RELATIVE_MEDIA_URL") or "").removeprefix("./")
    return [name for name in (relative, url) if name]


def _read_origin(file):
    return int(file.get("TIME_ORIGIN") or 0)


def _read_annotations(path, eaf, tier):
    try:
        return eaf.get_annotation_data_for_tier(tier)
    except KeyError as error:
        raise ValueError(
            f"{path!r}, tier {tier!r}: an annotation refers to {error}, which is not in the file."
        ) from error


def _select_tiers(path, eaf, tier):
    names = list(eaf.get_tier_names())
    if tier is not None:
        if tier not in names:
            raise ValueError(f"{path!r} has no tier {tier!r}; its tiers are {names}.")
        return [tier]
    characters = [
        name
        for name in names
        if not eaf.get_parameters_for_tier(name).get("PARENT_REF")
        and (name != "default" or _read_annotations(path, eaf, name))
    ]
    if not characters:
        raise ValueError(f"{path!r} has no tier with annotations; expected one tier per character.")
    return characters
