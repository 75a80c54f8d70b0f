"""Build an HTML page from a template, and format its numbers."""

import base64
import gzip
from collections.abc import Mapping
from importlib.resources import files

import numpy as np
import pandas as pd

from .._html import encode_data_uri, load_template, make_policy
from .._names import escape_path

_N_TICKS = 6
_MINUTES_FROM = 300
_BASES = {
    "labels": "labels of this video",
    "count": "predictions, not corrected",
    "mean probability": "mean probability, not corrected",
    "no labels": "not tested by labels",
}
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


def render(content, longest):
    """Fill in the template of the report, with its style sheets and scripts inside the page.

    ``longest`` is the longest screen time (s).
    """
    templates = files(__package__) / "templates"
    style = (templates / "report.css").read_text(encoding="utf-8")
    scripts = [
        "\n".join(
            (templates / f"{part}.js").read_text(encoding="utf-8") for part in ("report", "season")
        )
    ]
    if review := content["review"]:
        style = f"{review.style}\n{style}"
        scripts += review.scripts
    policy = make_policy([style], scripts)
    return render_part("report", content, longest, style=style, scripts=scripts, policy=policy)


def render_part(name, content, longest, **page):
    """Fill in a template that is no page of its own."""
    template = load_template(
        __package__,
        f"{name}.html",
        clock=_format_clock,
        percent=_format_percent,
        pack=_pack,
        uri=_make_text_uri,
        basis=_explain_basis,
        # One unit on the whole page, so that numbers compare at a glance.
        seconds=_format_seconds if longest < _MINUTES_FROM else _format_minutes,
    )
    return template.render(**page, **content)


def compute_ticks(length):
    """Return round times along a video, each with the zoom it needs: coarse, medium or fine."""
    if not length:
        return []
    coarse, fine = _choose_step(length, _N_TICKS), _choose_step(length, 5 * _N_TICKS)
    marks = []
    for number in range(int(length / fine) + 1):
        time = round(number * fine, 1)
        if number % round(coarse / fine):
            marks.append((time, "fine"))
        else:
            marks.append((time, "medium" if number % round(2 * coarse / fine) else "coarse"))
    return marks


def _choose_step(length, count):
    """Return the smallest round step that divides a length into at most ``count`` parts."""
    hours = 3600 * int(np.ceil(length / 3600 / count))
    return next((step for step in _STEPS if length / step <= count), hours)


def format_scores(scores):
    """Return scores by name as the table that the template shows."""
    if scores is None:
        return None
    if isinstance(scores, Mapping):
        scores = pd.Series(scores, name="value").to_frame()
    return {
        "columns": [str(name) for name in scores.columns],
        "rows": [
            (str(name), [f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row])
            for name, row in zip(scores.index, scores.to_numpy(dtype=object), strict=True)
        ],
    }


def _make_text_uri(text, kind):
    """Return text as a data URI."""
    return encode_data_uri(f"{kind};charset=utf-8", escape_path(text).encode())


def _pack(text):
    """Return text compressed, as the script of the page unpacks it."""
    # Without the time of day, so that equal reports are equal files.
    return base64.b64encode(gzip.compress(escape_path(text).encode(), mtime=0)).decode()


def _format_clock(seconds):
    """Return a time in a video, to tenths of a second, as 1:02:03.4."""
    minutes, tenths = divmod(round(seconds * 10), 600)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02d}" if hours else str(minutes)
    return f"{clock}:{tenths / 10:04.1f}".removesuffix(".0")


def _explain_basis(name):
    """Return in words what seconds rest on; other names are those of corrections."""
    return _BASES.get(name, f"corrected with held-out frames ({name})")


def _format_seconds(value):
    return "-" if pd.isna(value) else f"{value:.1f} s"


def _format_minutes(value):
    if pd.isna(value):
        return "-"
    seconds = round(value)
    return f"{_format_clock(seconds)} {'min' if seconds < 3600 else 'h'}"


def _format_percent(value):
    return "-" if pd.isna(value) else f"{100 * value:.0f} %"
