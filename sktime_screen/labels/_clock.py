"""Times as people and programs type them."""

import re
import warnings
from fractions import Fraction

import numpy as np

from ..video import read_timeline

_FORMS = (
    "read are seconds (90.5 or 90,5), 90s, 1m30s, 01:30.5, 00:01:30,500 and, by the frames of the "
    "video, 00:01:30:12 or 00:01:30;12"
)
_SECONDS = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_UNITS = re.compile(
    r"(?=\d)((?P<h>\d+) ?h ?)?((?P<m>\d+) ?m(in)? ?)?((?P<s>\d+([.,]\d+)?) ?s(ec)?)?",
    re.ASCII | re.IGNORECASE,
)
_CLOCK = re.compile(r"((?P<h>\d+):(?=[0-5]?\d:))?(?P<m>\d+):(?P<s>[0-5]\d([.,]\d+)?)", re.ASCII)
_TIMECODE = re.compile(r"(\d+)([:;])(\d\d)\2(\d\d)([:;])(\d{2,3})", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+", re.ASCII)
# Rates that drop-frame timecode was made for are these and their multiples, by 1000/1001.
_DROPPING = 30
_DAY = 86400
# From this length on (s) nobody labels nothing but the first second without knowing it.
_LONG = 60.0


def read_time(text, frame_rate=None):
    """Read a time."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return float(text.replace(",", "."))
    found = _UNITS.fullmatch(text) or _CLOCK.fullmatch(text)
    if found:
        hours, minutes = int(found["h"] or 0), int(found["m"] or 0)
        seconds = float((found["s"] or "0").replace(",", "."))
        return 3600 * hours + 60 * minutes + seconds
    found = _TIMECODE.fullmatch(text)
    if found and frame_rate is not None:
        hours, minutes, seconds, frames = (int(found[group]) for group in (1, 3, 4, 6))
        dropping = found[5] == ";"
        return _timecode(text, hours, minutes, seconds, frames, dropping, float(frame_rate()))
    if found:
        raise ValueError(f"{text!r} counts frames; seconds are expected here.")
    raise ValueError(f"{text!r} is not a time that can be read; {_FORMS}.")


def _timecode(text, hours, minutes, seconds, frames, dropping, rate):
    base = round(rate)
    slow = Fraction(base * 1000, 1001)
    # 29.97 stands for 30000/1001, which is 0.1 s in an hour.
    exact = slow if abs(rate - slow) < 0.005 else Fraction(rate)
    if minutes > 59 or seconds > 59 or frames >= base:
        raise ValueError(f"{text!r} is no timecode at {rate:g} frames a second.")
    minutes += 60 * hours
    number = (60 * minutes + seconds) * base + frames
    if dropping:
        if base % _DROPPING or exact != slow:
            raise ValueError(
                f"{text!r} is drop-frame timecode, which is for 29.97 and 59.94 frames a second, "
                f"not for {rate:g}: pass the right frame_rate=, or write ':'."
            )
        dropped = 2 * base // _DROPPING
        if minutes % 10 and not seconds and frames < dropped:
            raise ValueError(f"{text!r} does not exist: drop-frame timecode leaves it out.")
        number -= dropped * (minutes - minutes // 10)
    return float(number / exact)


def read_times(path, texts, frame_rates=None):
    """Read the times in a column of a table of text.

    Returns float64 (n_lines,).
    """
    seconds = []
    for (line, text), rate in zip(texts.items(), frame_rates or [None] * len(texts), strict=True):
        try:
            # Where commas part the cells, they are hardly that of decimals.
            if texts.attrs.get("delimiter") == "," and _THOUSANDS.fullmatch(text):
                raise ValueError(f"the comma in {text!r} may part thousands or decimals.")
            seconds.append(read_time(text, rate))
        except ValueError as error:
            raise ValueError(f"{path!r}, line {line}: {texts.name!r}: {error}") from error
    return np.array(seconds, np.float64)


def frame_rate_of(video):
    """Return the frames a second that the timecode of a video counts by."""
    times = read_timeline(video).times
    steps = np.diff(times)
    # Containers that keep milliseconds are up to one off on either side.
    if not len(steps) or np.ptp(steps) > 2.1e-3:
        raise ValueError(
            f"The frames of {video!r} are not equally long: for times that count frames, pass the "
            f"frame rate they were counted at as frame_rate=."
        )
    return len(steps) / (times[-1] - times[0])


def check_unit(where, texts, times, length):
    """Tell where times cannot be seconds of a video.

    Shapes: ``times`` (n_times,).
    """
    last = times.max()
    if length < _LONG or not 0 < last < 1 or not all(map(_SECONDS.fullmatch, texts)):
        return
    what = f"{where}: all times lie in the first second of a video of {length:.0f} s"
    if last * _DAY <= length + 1:
        raise ValueError(
            f"{what}, the last is {last:g}. Excel keeps times as fractions of a day: format the "
            f"cells as [h]:mm:ss.000 and save again. If they are seconds, write {last:g}s."
        )
    if len(np.unique(times)) > 2:
        warnings.warn(f"{what}: are they seconds?", UserWarning, stacklevel=2)
