"""Find the videos and images that a file of labels names."""

import os
import re
import unicodedata
import warnings

from .._names import unescape_path
from ..video import digest_file

_ABSOLUTE = re.compile(r"[a-zA-Z]:[\\/]|[\\/]+")


def find_file(folder, path):
    """Return the path of a video or image that a file of labels names."""
    found = look_for(folder, path) or find_moved(folder, path)
    if found is None:
        here, name = os.getcwd(), get_file_name(path)
        places = " or ".join(map(repr, dict.fromkeys([os.path.abspath(folder or here), here])))
        also = f" {name!r} is not there either." if name != os.fspath(path) else ""
        raise FileNotFoundError(
            f"The labels are of {os.fspath(path)!r}, which is not in {places}. Put the file beside "
            f"the labels.{also}"
        )
    return found


def look_for(folder, path):
    """Return the path of a video or image that a file of labels names, or None."""
    for name in _list_spellings(path):
        for found in (os.path.join(folder, name), name):
            if os.path.isfile(found):
                return found
    return None


def is_one_of(folder, path, videos):
    """Tell whether a video that a file of labels names is one of some videos."""
    found = look_for(folder, path)
    for video in videos:
        if get_file_name(path) == get_file_name(video):
            asked = look_for(folder, video)
            # Videos of one name in several folders are different ones, unless one is a copy.
            if None in (found, asked) or os.path.samefile(found, asked):
                return True
            if digest_file(found) == digest_file(asked):
                return True
    return False


def guess_beside(folder, path):
    """Return the file of that name beside the labels, whatever folder the path names, or None.

    Warns, since another file can have the same name.
    """
    name = get_file_name(path)
    found = look_for(folder, name)
    if found is not None and name != os.fspath(path).removeprefix("./"):
        warnings.warn(
            f"{os.fspath(path)!r} does not exist; using {found!r} instead.",
            RuntimeWarning,
            stacklevel=2,
        )
    return found


def find_moved(folder, path):
    """Return the file beside the labels that matches an absolute path of another computer, or None.

    Warns, since another file can have the same name.
    """
    for name in _list_spellings(path):
        if not _ABSOLUTE.match(name):
            continue
        parts = re.split(r"[\\/]+", _ABSOLUTE.sub("", name, count=1))
        for first in range(len(parts)):
            found = os.path.join(folder, *parts[first:])
            if os.path.isfile(found):
                warnings.warn(
                    f"{os.fspath(path)!r} does not exist; using {found!r} instead.",
                    RuntimeWarning,
                    stacklevel=2,
                )
                return found
    return None


def get_file_name(path):
    """Return the name of a file without its folders, in one spelling."""
    name = re.split(r"[\\/]", unescape_path(os.fspath(path)))[-1]
    return unicodedata.normalize("NFC", name)


def _list_spellings(path):
    """Return the ways to write a path on this system, the path itself first.

    Names that are not UTF-8 are escaped, macOS decomposes characters with accents, and Windows
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


def make_relative(path, folder):
    """Return the path of a file from a folder, so that both can be moved together."""
    if not os.path.isfile(path):
        return path
    try:
        relative = os.path.relpath(path, folder or ".")
    except ValueError:
        # Windows: another drive.
        relative = os.path.abspath(path)
    return relative.replace(os.sep, "/")
