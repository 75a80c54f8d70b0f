"""A bar that shows how far long work has come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from ._names import escape_controls
from ._parallel import is_asked_by_another


@contextmanager
def show_progress(what, total, verbose, unit="frames") -> Iterator[Callable[[int], None]]:
    """Give a function that moves a progress bar on by a number of frames or others."""
    if not verbose or is_asked_by_another():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    # The name is no column of its own: braces and brackets in it would be taken for a format.
    name = TextColumn("{task.description}", markup=False)
    columns = name, BarColumn(), MofNCompleteColumn(), unit, TimeRemainingColumn()
    console = Console(stderr=True)
    if console.is_jupyter and find_spec("ipywidgets") is None:
        # Without widgets rich shows nothing in a notebook, which a line drawn over and over does.
        console = Console(stderr=True, force_jupyter=False, force_terminal=True, no_color=True)
    bar = Progress(
        *columns,
        console=console,
        # Seconds back that the time left is worked out from: a fold may take a minute.
        speed_estimate_period=600,
    )
    with bar:
        task = bar.add_task(escape_controls(what), total=total)
        yield lambda count: bar.advance(task, count)
