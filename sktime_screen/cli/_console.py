"""What is printed: results on the output stream, all else on the error stream."""

import math
import sys
import time
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .._names import escape_controls

# Where nobody looks on, a table is as wide as it has to be.
_WIDE = 200

ERRORS = Console(stderr=True)
# What these say was written for those who use the command line, or names what is wrong there.
_EXPLAINED = (OSError, ValueError, ImportError)


def results_console():
    """Return the console for results."""
    return Console(width=None if sys.stdout.isatty() else _WIDE)


def one_line(error):
    """Say in one line what an error says, without its notes."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.strerror}: {error.filename!r}"
    if not isinstance(error, _EXPLAINED):
        text = f"{type(error).__name__}: {text} (--debug shows where)"
    return text or type(error).__name__


def say_error(error):
    """Print an error and its notes, a line each."""
    _say("red", "error", one_line(error))
    for note in getattr(error, "__notes__", ()):
        _say("red", "  ", " ".join(note.split()))


def say_warning(message, category, filename, lineno, file=None, line=None):
    """Print a warning as one line, in the place of ``warnings.showwarning``."""
    _say("yellow", "warning", " ".join(str(message).split()))


def _say(color, what, text):
    what = f"{what}:" if what.strip() else what
    ERRORS.print(f"[{color}]{what}[/{color}] ", end="")
    print_line(ERRORS, text)


def print_line(console, text):
    """Print a line unwrapped, as paths are copied from it, with controls in names escaped."""
    console.print(escape_controls(text), markup=False, highlight=False, emoji=False, soft_wrap=True)


def plain(text, style=""):
    """Return a name, or a line with one, for a table of rich: nothing in it is markup."""
    return Text(escape_controls(text), style)


def make_table(title):
    """Return an empty table."""
    return Table(title=None if title is None else plain(title, "table.title"))


class Steps:
    """Say what is being done and how long it took."""

    def __init__(self, console, quiet):
        self.console = console
        self.quiet = quiet

    def say(self, text):
        """Print a line, unless quiet."""
        if not self.quiet:
            print_line(self.console, text)

    @contextmanager
    def step(self, what):
        """Time a step."""
        self.say(f"{what} ...")
        begin = time.perf_counter()
        yield
        self.say(f"  done in {time.perf_counter() - begin:.1f} s")


def seconds_table(estimate, title=None):
    """Lay out estimated seconds."""
    table = make_table(title)
    table.add_column("video", overflow="fold")
    table.add_column("character")
    for name in ("seconds", "interval", "% of video", "appearances"):
        table.add_column(name, justify="right")
    table.add_column("basis")
    for video, rows in estimate.groupby("video", sort=False):
        for row in rows.itertuples():
            table.add_row(
                plain(video),
                plain(row.character),
                f"{row.seconds:.1f}",
                interval_text(row),
                f"{100 * row.share:.1f}",
                str(row.appearances),
                row.basis,
            )
        table.add_section()
    return table


def interval_text(row):
    """Return the limits of some seconds as text."""
    return "-" if math.isnan(row.low) else f"{row.low:.1f} to {row.high:.1f}"


def figures_table(figures, title):
    """Lay out how good a model is."""
    table = make_table(title)
    splits = "split" in figures
    for name in [*(["held out"] if splits else []), "character"]:
        table.add_column(name)
    for name in (
        "frames right (%)",
        "average precision",
        "seconds off",
        "seconds off (%)",
        "overlap in time",
    ):
        table.add_column(name, justify="right")
    for row in figures.itertuples():
        values = [
            f"{100 * row.frames_right:.1f}",
            f"{row.average_precision:.3f}",
            f"{row.seconds_error:.1f}",
            f"{100 * row.share_error:.1f}",
            f"{row.overlap:.3f}",
        ]
        values = ["-" if value == "nan" else value for value in values]
        overall = row.character == "overall"
        table.add_row(
            *([plain(row.split)] if splits else []),
            plain(row.character),
            *values,
            end_section=overall,
        )
    return table
