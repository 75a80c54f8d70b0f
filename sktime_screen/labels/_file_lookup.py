"""Files that labels name."""

import os
import re
import unicodedata
import warnings

from .._names import unescape_path

_ABSOLUTE = re.compile(r"[a-zA-Z]:[\\/]|[\\/]+")


def find_file(folder, path):
    """Return where a video or image named in a file of labels is."""
    found = look_for(folder, path) or look_for_moved(folder, path)
    if found is None:
        here, name = os.getcwd(), file_name(path)
        also = f"; also looked for {name!r} there" if name != os.fspath(path) else ""
        raise FileNotFoundError(
            f"{os.fspath(path)!r} is neither beside the labels (in {folder or here!r}) nor in "
            f"{here!r}{also}."
        )
    return found


def look_for(folder, path):
    """Do the same as ``find_file``, but return None where there is no such file."""
    for name in _spellings(path):
        for found in (os.path.join(folder, name), name):
            if os.path.isfile(found):
                return found
    return None


def look_for_moved(folder, path):
    """Return the file beside the labels that an absolute path of another computer means, or None.

    Warns, since another file may have the same name.
    """
    for name in _spellings(path):
        if not _ABSOLUTE.match(name):
            continue
        parts = re.split(r"[\\/]+", _ABSOLUTE.sub("", name, count=1))
        for first in range(len(parts)):
            found = os.path.join(folder, *parts[first:])
            if os.path.isfile(found):
                warnings.warn(
                    f"{os.fspath(path)!r} is not there; {found!r} is taken for it.",
                    RuntimeWarning,
                    stacklevel=2,
                )
                return found
    return None


def file_name(path):
    """Return the name of a video or image without its folders, the same however it is written."""
    name = re.split(r"[\\/]", unescape_path(os.fspath(path)))[-1]
    return unicodedata.normalize("NFC", name)


def _spellings(path):
    """Return how a path may be written here, as it is first.

    Names that are not UTF-8 were escaped, macOS takes characters with accents apart, and Windows
    has backslashes.
    """
    names = [os.fspath(path)]
    for change in (
        unescape_path,
        lambda name: name.replace("\\", "/"),
        lambda name: unicodedata.normalize("NFC", name),
        lambda name: unicodedata.normalize("NFD", name),
    ):
        names += [change(name) for name in names]
    return list(dict.fromkeys(names))


def as_seen_from(folder, path):
    """Return how a file in ``folder`` names another, so that both may be moved together."""
    if not os.path.isfile(path):
        return path
    try:
        seen = os.path.relpath(path, folder or ".")
    except ValueError:
        # Windows: another drive.
        seen = os.path.abspath(path)
    return seen.replace(os.sep, "/")
