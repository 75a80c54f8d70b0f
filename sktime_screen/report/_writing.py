"""Files that are either written whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(path, text):
    """Write a text file that is never seen half written.

    Parameters
    ----------
    path : str or path
        The file; one that is there already is replaced once the new one is complete.
    text : str
        Written as UTF-8, line ends as they are.

    Raises
    ------
    OSError
        If the folder is missing or takes no new files, or the disk is full; what was there before
        is still there.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"Cannot write {target}: it is a folder. Name a file in it.")
    try:
        # A folder, and not a temporary file: that would keep others from reading the result.
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=target.parent) as folder:
            unfinished = Path(folder) / "unfinished"
            unfinished.write_text(text, encoding="utf-8", newline="")
            os.replace(unfinished, target)
    except OSError as error:
        raise type(error)(f"Cannot write {target}: {error.strerror or error}.") from error
