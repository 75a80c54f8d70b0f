"""Labels from and to ELAN."""

import os
from urllib.parse import unquote, urlsplit

import pandas as pd

from ._file_lookup import find_file, look_for
from ._formats import check_format
from ._interval_labels import check_interval, label_intervals
from ._xml import read_xml


def load_eaf(path, video=None, rate=1.0, *, tier=None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load labels of frames from an annotation file of ELAN.

    Parameters
    ----------
    path : str or path
        The .eaf file.
    video : str or path, optional
        The video; by default the first one linked in the file that is found there or beside it.
    rate : float, default=1.0
        Frames a second at which the video is sampled.
    tier : str, optional
        The tier whose annotations are the names of characters. By default each tier is a
        character, on screen during its annotations, whatever they say; tiers that depend on
        another, and ELAN's tier "default" if it is empty, are left out.

    Returns
    -------
    X : pandas.DataFrame
        The frame table of the video.
    y : pandas.DataFrame
        0/1 indicators with a column a character. The moment a frame is shown decides; a frame in no
        annotation has none.

    Raises
    ------
    ImportError
        If ``pympi-ling`` is not installed.
    FileNotFoundError
        If the annotation file or the video is missing.
    ValueError
        If the file cannot be read, has no such tier or nothing in it, or an annotation has no time,
        no value or is not in the video; the message names tier and time.

    See Also
    --------
    save_eaf : Labels and predictions to ELAN.

    References
    ----------
    H. Brugman and A. Russel, "Annotating multi-media/multi-modal resources with ELAN", LREC 2004.
    The EAF format: https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf

    Examples
    --------
    >>> from sktime_screen import load_eaf
    >>> X, y = load_eaf("video.eaf", rate=2)  # doctest: +SKIP
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No such file: {path!r} (looked in {os.getcwd()!r}).")
    check_format(path, "ELAN")
    read_xml(path)
    elan = import_pympi()
    try:
        # pympi takes "-" for the standard input.
        eaf = elan.Eaf(os.path.abspath(path))
    except Exception as error:
        raise ValueError(f"{path!r} cannot be read as a file of ELAN: {error!r}") from error
    found_video, origin = _video(path, eaf, video)
    tiers = _tiers(path, eaf, tier)
    rows = []
    for name in tiers:
        for start, end, value, *_ in _annotations(path, eaf, name):
            if start is None or end is None:
                raise ValueError(
                    f"{path!r}, tier {name!r}: the annotation {value!r} has no time of its own."
                )
            where = f"{path!r}, tier {name!r}, annotation at {start / 1000} s"
            if tier is not None and not value.strip():
                raise ValueError(f"{where} is empty: expected the name of a character.")
            start, end = (start + origin) / 1000, (end + origin) / 1000
            check_interval(where, start, end, found_video)
            rows.append((found_video, start, end, name if tier is None else value.strip()))
    intervals = pd.DataFrame(rows, columns=["video", "start", "end", "label"])
    if tier is not None and intervals.empty:
        raise ValueError(f"{path!r}: the tier {tier!r} has no annotations.")
    return label_intervals([found_video], intervals, tiers if tier is None else None, rate=rate)


def import_pympi():
    try:
        from pympi import Elan
    except ImportError as error:
        raise ImportError(
            "Files of ELAN need pympi-ling: pip install 'sktime_screen[eaf]'."
        ) from error
    return Elan


def _video(path, eaf, video):
    """Return the path of the video, and where ELAN's time 0 is in it (ms)."""
    folder = os.path.dirname(path)
    linked = eaf.get_linked_files()
    videos = [file for file in linked if file.get("MIME_TYPE", "").startswith("video")] or linked
    if video is not None:
        name = os.path.basename(os.fspath(video))
        origins = [_origin(file) for file in videos if name in _names(file)]
        return find_file(folder, video), (origins or [0])[0]
    for file in videos:
        for name in _names(file):
            found = look_for(folder, name)
            if found is not None:
                return found, _origin(file)
    raise FileNotFoundError(
        f"{path!r} links {[file.get('MEDIA_URL') for file in videos]}: no such video there, nor "
        f"beside it. Pass its path as video=."
    )


def _names(file):
    """Return the video's relative path, name and absolute path as the annotation file has them."""
    url = unquote(urlsplit(file.get("MEDIA_URL") or "").path, errors="surrogateescape")
    relative = unquote(file.get("RELATIVE_MEDIA_URL") or "").removeprefix("./")
    base = (relative or url).rsplit("/", 1)[-1]
    return [name for name in (relative, base, url) if name]


def _origin(file):
    return int(file.get("TIME_ORIGIN") or 0)


def _annotations(path, eaf, tier):
    try:
        return eaf.get_annotation_data_for_tier(tier)
    except KeyError as error:
        raise ValueError(
            f"{path!r}, tier {tier!r}: an annotation refers to {error}, which is not in the file."
        ) from error


def _tiers(path, eaf, tier):
    names = list(eaf.get_tier_names())
    if tier is not None:
        if tier not in names:
            raise ValueError(f"{path!r} has no tier {tier!r}, only {names}.")
        return [tier]
    characters = [
        name
        for name in names
        if not eaf.get_parameters_for_tier(name).get("PARENT_REF")
        and (name != "default" or _annotations(path, eaf, name))
    ]
    if not characters:
        raise ValueError(f"{path!r} has no tier with annotations: expected a tier a character.")
    return characters
