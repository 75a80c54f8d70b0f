"""Read and write CSV files as spreadsheets and annotation tools do."""

import codecs
import csv
import io
import re
import warnings

import numpy as np
import pandas as pd

from .._atomic_files import write_text_atomically
from .._names import format_csv, unescape_formula
from ._formats import check_label_file


def read_table(path):
    """Read a CSV file as text, with the line numbers as the index."""
    path = check_label_file(path)
    text = _read_text(path)
    first = re.search(r"[^\r\n]+", text)
    if first is None:
        raise ValueError(f"{path!r} is empty; expected a header and a row per frame.")
    declared = re.fullmatch(r'"?sep=(.)"?', first[0].strip("\r\n "), re.IGNORECASE)
    delimiter = declared[1] if declared else max(",;\t", key=first[0].count)
    lines = _split_lines(path, text, delimiter)
    if declared:
        next(lines)
    _, header = next(lines, (0, None))
    if header is None:
        raise ValueError(f"{path!r} is empty; expected a header and a row per frame.")
    numbers, cells = [], []
    for number, row in lines:
        if any(row[len(header) :]):
            raise ValueError(
                f"{path!r}, line {number}: {len(row)} cells, but the header has {len(header)}. Put "
                f"text with a {delimiter!r} in quotes."
            )
        numbers.append(number)
        filled = [cell or np.nan for cell in row]
        cells.append((filled + [np.nan] * len(header))[: len(header)])
    rows = pd.DataFrame(cells, numbers, range(len(header)), dtype=object)
    for column, name in enumerate(header):
        if not name and rows[column].notna().any():
            raise ValueError(
                f"{path!r}: column {column + 1} has no name. If it is the index of a DataFrame, "
                f"save with index=False."
            )
        if name and header.index(name) < column:
            raise ValueError(
                f"{path!r}: columns {header.index(name) + 1} and {column + 1} are both named "
                f"{name!r}. Delete or rename one."
            )
    named = [column for column, name in enumerate(header) if name]
    rows = rows[named].set_axis([header[column] for column in named], axis=1)
    rows.attrs["delimiter"] = delimiter
    return rows


def write_table(path, table):
    """Write a table as CSV whose names no spreadsheet takes for formulas."""
    write_text_atomically(path, format_csv(table))


def _read_text(path):
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\0" in content[:2]:
        encodings = ["utf-16-be" if content[:1] == b"\0" else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        if encoding == "cp1252":
            word = re.search(r"\w*[^\x00-\x7f]\w*", text)
            warnings.warn(
                f"{path!r} is not in UTF-8 and was read as Windows-1252. If {word[0]!r} is wrong, "
                f"save the file as 'CSV UTF-8'.",
                UserWarning,
                stacklevel=4,
            )
        return text
    raise ValueError(f"{path!r} is not text in UTF-8, UTF-16 or Windows-1252.")


def _split_lines(path, text, delimiter):
    """Yield (line number, cells) of the lines that are not blank."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    number = 1
    try:
        for row in reader:
            row = [unescape_formula(cell.strip()) for cell in row]
            if any(row):
                yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{path!r}, line {number}: cannot be read as CSV: {error}.") from error
