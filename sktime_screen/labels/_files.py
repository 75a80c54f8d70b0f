"""Files that labels name, and tables of text."""

import os

import numpy as np
import pandas as pd

from .._files import write_whole


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


def read_table(path):
    """Read a CSV file as it is written, as text.

    Parameters
    ----------
    path : str
        The file, with commas or, as some spreadsheets write it, semicolons.

    Returns
    -------
    pandas.DataFrame
        Stripped text, NaN for what is empty, a row for every line under the header, blank ones too.

    Raises
    ------
    ValueError
        If it is empty, not a table or not in UTF-8, or a column has no name.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            header = file.readline()
        rows = pd.read_csv(
            path,
            sep=";" if header.count(";") > header.count(",") else ",",
            dtype=str,
            skipinitialspace=True,
            # Nobody on screen is often written None or NA, which is not the same as no label.
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
            index_col=False,
            encoding="utf-8-sig",
        )
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path!r} is empty: a header and a row a frame are expected.") from error
    except pd.errors.ParserError as error:
        raise ValueError(f"{path!r} is not a table: {error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path!r} is not in UTF-8: {error}") from error
    rows.columns = rows.columns.str.strip()
    rows = rows.apply(lambda column: column.str.strip()).replace("", np.nan)
    for number, name in enumerate(rows.columns, start=1):
        if name.startswith("Unnamed: "):
            if rows[name].notna().any():
                raise ValueError(
                    f"{path!r}: column {number} has no name. If it is the index of a table, save "
                    f"with index=False."
                )
            rows = rows.drop(columns=name)
    return rows


def write_table(path, table):
    """Write a CSV file whole, or leave what is there as it is.

    Parameters
    ----------
    path : str
        The file to write.
    table : pandas.DataFrame
        Its lines, without the index.
    """
    write_whole(path, table.to_csv(index=False, lineterminator="\n"))
