"""How a page is put together: template, style and script in one file, and numbers as read."""

from collections.abc import Mapping
from importlib.resources import files

import numpy as np
import pandas as pd

from .._html import encode_data_uri, load_template, make_hash_source
from .._names import escape_path

_TICKS = 6
_MINUTES_FROM = 300
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


def render(name, content, longest):
    """Fill in a template, with its style and script inside."""
    templates = files(__package__) / "templates"
    style = (templates / f"{name}.css").read_text(encoding="utf-8")
    script = (templates / f"{name}.js").read_text(encoding="utf-8")
    template = load_template(
        __package__,
        f"{name}.html",
        clock=_clock,
        percent=_percent,
        # One way on all of the page, or numbers could not be compared at a glance.
        seconds=_seconds if longest < _MINUTES_FROM else _minutes,
    )
    return template.render(
        style=style,
        script=script,
        style_hash=make_hash_source(style),
        script_hash=make_hash_source(script),
        **content,
    )


def ticks(length):
    """Return round times along a video."""
    if not length:
        return []
    coarse, fine = _step(length, _TICKS), _step(length, 5 * _TICKS)
    marks = []
    for number in range(int(length / fine) + 1):
        time = round(number * fine, 1)
        if number % round(coarse / fine):
            marks.append((time, "fine"))
        else:
            marks.append((time, "medium" if number % round(2 * coarse / fine) else "coarse"))
    return marks


def _step(length, count):
    """Return the smallest round step that goes at most so often into a length."""
    hours = 3600 * int(np.ceil(length / 3600 / count))
    return next((step for step in _STEPS if length / step <= count), hours)


def as_table(figures):
    """Bring figures by name into the form of the template."""
    if figures is None:
        return None
    if isinstance(figures, Mapping):
        figures = pd.Series(figures, name="value").to_frame()
    return {
        "columns": [str(name) for name in figures.columns],
        "rows": [
            (str(name), [f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row])
            for name, row in zip(figures.index, figures.to_numpy(dtype=object), strict=True)
        ],
    }


def text_uri(kind, text):
    """Return text as a data URI."""
    return encode_data_uri(f"{kind};charset=utf-8", escape_path(text).encode())


def _clock(seconds):
    """Return a time of a video as it is read, to tenths of a second: 1:02:03.4."""
    minutes, tenths = divmod(round(seconds * 10), 600)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02d}" if hours else str(minutes)
    return f"{clock}:{tenths / 10:04.1f}".removesuffix(".0")


def _seconds(value):
    return "-" if pd.isna(value) else f"{value:.1f} s"


def _minutes(value):
    if pd.isna(value):
        return "-"
    seconds = round(value)
    return f"{_clock(seconds)} {'min' if seconds < 3600 else 'h'}"


def _percent(value):
    return "-" if pd.isna(value) else f"{100 * value:.0f} %"
