"""Files that labels name."""

import os


def find_file(folder, path):
    """Return where a film or picture named in a file of labels is.

    Parameters
    ----------
    folder : str
        The folder of the file of labels; "" is the working directory.
    path : str
        As it is written there.

    Returns
    -------
    str
        Its path beside the labels, or else as it is written.

    Raises
    ------
    FileNotFoundError
        If there is no such file in either place.
    """
    found = look_for(folder, path)
    if found is None:
        raise FileNotFoundError(
            f"{os.fspath(path)!r} is neither beside the labels (in {folder or os.getcwd()!r}) nor "
            f"in {os.getcwd()!r}."
        )
    return found


def look_for(folder, path):
    """Do the same as ``find_file``, but return None where there is no such file."""
    beside = os.path.join(folder, path)
    return next((name for name in (beside, os.fspath(path)) if os.path.isfile(name)), None)


def as_seen_from(folder, path):
    """Return how a file in ``folder`` names another, so that both may be moved together.

    Parameters
    ----------
    folder : str
        The folder of the file that names the other; "" is the working directory.
    path : str
        Path of a film or picture; where there is none, it is a name and stays as it is.

    Returns
    -------
    str
        The path from the folder, with forward slashes.
    """
    if not os.path.isfile(path):
        return path
    try:
        seen = os.path.relpath(path, folder or ".")
    except ValueError:
        # Windows: another drive.
        seen = os.path.abspath(path)
    return seen.replace(os.sep, "/")
