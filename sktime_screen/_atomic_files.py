"""Files that are either written whole or not at all."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from ._names import escape_path


def check_target(path):
    """Tell before any work whether a file can be there at all."""
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"Cannot write {target}: it is a folder. Name a file in it.")
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"Cannot write {target}: there is no folder {target.parent}. Make it first."
        )
    return target


@contextmanager
def write_atomically(path):
    """Write a file in another place, from where it comes to its own when all is written."""
    target = check_target(path)
    if target.exists() and not target.is_file():
        # /dev/stdout, /dev/null or a pipe: there is nothing to keep, and it must not be replaced.
        yield target
        return
    whole = target.resolve()
    try:
        # A folder, and not a temporary file: that would keep others from reading the result.
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=whole.parent) as folder:
            unfinished = Path(folder, whole.name)
            yield unfinished
            if whole.exists():
                shutil.copymode(whole, unfinished)
            os.replace(unfinished, whole)
    except OSError as error:
        if error.errno is None:  # of what was to be written, which may read other files
            raise
        raise OSError(error.errno, f"Cannot write {target}: {error.strerror}.") from error


def write_text_atomically(path, text):
    """Write a text, or the pieces of one, as a file whole or not at all."""
    pieces = [text] if isinstance(text, str) else text
    with (
        write_atomically(path) as unfinished,
        unfinished.open("w", encoding="utf-8", newline="") as file,
    ):
        file.writelines(map(escape_path, pieces))
