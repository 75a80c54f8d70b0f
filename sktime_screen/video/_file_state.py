"""Whether a file is still what it was."""

import os


def file_state(path) -> tuple[int, ...]:
    """Return what changes with a file's content, without reading it.

    Parameters
    ----------
    path : str or path-like
        Path of the file.

    Returns
    -------
    tuple of int
        Size, times of change (of the content, which anybody can set, and of the entry, which
        nobody can) and which file it is: another one may have come in its place.

    Raises
    ------
    OSError
        If there is no such file.
    """
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev
