"""Names of characters and videos where others read them: on a screen, in a file or a table."""

import re

# Controls, line ends and what turns the direction of writing, so that a name shows as another;
# and bytes of a file's name that are not text.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
# With these spreadsheets begin a formula; the last four are the same in full width.
_FORMULA = "[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_LIKE_FORMULA = re.compile(f"'*{_FORMULA}")
_MADE_HARMLESS = re.compile(f"'+{_FORMULA}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def escape_controls(name):
    """Return a name as it is shown: controls and marks of direction as escapes."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), str(name))


def escape_path(text):
    r"""Return a path, or a text with paths in it, as it can be shown and written."""
    return text.encode("utf-8", "backslashreplace").decode()


def unescape_path(text):
    """Return the path that :func:`escape_path` shows so."""
    return re.sub(r"\\ud[c-f][0-9a-f]{2}", lambda found: chr(int(found[0][2:], 16)), text)


def escape_formula(cell):
    """Return what to write for a cell of a table so that no spreadsheet computes it."""
    if isinstance(cell, str) and _LIKE_FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def unescape_formula(text):
    """Return what a cell says that :func:`escape_formula` made."""
    return text[1:] if _MADE_HARMLESS.match(text) else text


def format_csv(table):
    """Return a table as CSV, its numbers in full, its names harmless in spreadsheets."""
    if any(name is not None for name in table.index.names):
        table = table.reset_index(allow_duplicates=True)
    table = table.set_axis([escape_formula(name) for name in table.columns], axis=1)
    for position, kind in enumerate(table.dtypes):
        if kind.kind not in "biufc":
            table.isetitem(position, table.iloc[:, position].map(escape_formula))
    # With other line ends a carriage return in a name would not be quoted.
    return table.to_csv(index=False, lineterminator="\r\n")
