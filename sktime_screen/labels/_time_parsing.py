"""Read times as people and programs write them."""

import re
import warnings
from fractions import Fraction

import numpy as np

from ..video import read_timeline

_FORMS = (
    "Write seconds (90.5 or 90,5), 90s, 1m30s, 01:30.5, 00:01:30,500 or, with a count of frames, "
    "00:01:30:12 or 00:01:30;12"
)
_SECONDS = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_UNITS = re.compile(
    r"(?=\d)((?P<h>\d+) ?h ?)?((?P<m>\d+) ?m(in)? ?)?((?P<s>\d+([.,]\d+)?) ?s(ec)?)?",
    re.ASCII | re.IGNORECASE,
)
_CLOCK = re.compile(r"((?P<h>\d+):(?=[0-5]?\d:))?(?P<m>\d+):(?P<s>[0-5]\d([.,]\d+)?)", re.ASCII)
_TIMECODE = re.compile(r"(\d+)([:;])(\d\d)\2(\d\d)([:;])(\d{2,3})", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+", re.ASCII)
# Drop-frame timecode is for this rate and its multiples, times 1000/1001.
_DROP_FRAME_RATE = 30
_DAY = 86400
# In a video of this length (s), labels of nothing but the first second are suspicious.
_LONG = 60.0


def read_time(text, frame_rate=None):
    """Return the seconds that a text means; ``frame_rate`` is a function without arguments."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return float(text.replace(",", "."))
    match = _UNITS.fullmatch(text) or _CLOCK.fullmatch(text)
    if match:
        hours, minutes = int(match["h"] or 0), int(match["m"] or 0)
        seconds = float((match["s"] or "0").replace(",", "."))
        return 3600 * hours + 60 * minutes + seconds
    match = _TIMECODE.fullmatch(text)
    if match and frame_rate is not None:
        hours, minutes, seconds, frames = (int(match[group]) for group in (1, 3, 4, 6))
        drop_frame = match[5] == ";"
        rate = float(frame_rate())
        return _convert_timecode(text, hours, minutes, seconds, frames, drop_frame, rate)
    if match:
        raise ValueError(f"{text!r} counts frames; expected seconds.")
    raise ValueError(f"{text!r} is not a time. {_FORMS}.")


def _convert_timecode(text, hours, minutes, seconds, frames, drop_frame, rate):
    base = round(rate)
    ntsc = Fraction(base * 1000, 1001)
    # 29.97 means 30000/1001, a difference of 0.1 s in an hour.
    exact = ntsc if abs(rate - ntsc) < 0.005 else Fraction(rate)
    if minutes > 59 or seconds > 59 or frames >= base:
        raise ValueError(f"{text!r} is not a timecode at {rate:g} frames per second.")
    minutes += 60 * hours
    number = (60 * minutes + seconds) * base + frames
    if drop_frame:
        if base % _DROP_FRAME_RATE or exact != ntsc:
            raise ValueError(
                f"{text!r} is drop-frame timecode, which is for 29.97 and 59.94 frames per second, "
                f"not for {rate:g}. Pass the right frame_rate=, or write ':' instead of ';'."
            )
        dropped = 2 * base // _DROP_FRAME_RATE
        if minutes % 10 and not seconds and frames < dropped:
            raise ValueError(f"{text!r} does not exist, since drop-frame timecode skips it.")
        number -= dropped * (minutes - minutes // 10)
    return float(number / exact)


def read_times(path, texts, frame_rates=None):
    """Read the times in a column of a table of text.

    Returns float64 (n_lines,).
    """
    seconds = []
    for (line, text), rate in zip(texts.items(), frame_rates or [None] * len(texts), strict=True):
        try:
            # In a file with commas between cells, this comma hardly marks decimals.
            if texts.attrs.get("delimiter") == "," and _THOUSANDS.fullmatch(text):
                raise ValueError(
                    f"the comma in {text!r} can mark thousands or decimals. Write a decimal point."
                )
            seconds.append(read_time(text, rate))
        except ValueError as error:
            raise ValueError(f"{path!r}, line {line}: {texts.name!r}: {error}") from error
    return np.array(seconds, np.float64)


def find_frame_rate(video):
    """Return the frame rate (frames per second) of a video with frames of equal length."""
    times = read_timeline(video).times
    steps = np.diff(times)
    # Containers that keep milliseconds are up to one off at either end.
    if not len(steps) or np.ptp(steps) > 2.1e-3:
        raise ValueError(
            f"{video!r} has a variable frame rate. Pass the rate by which your times count frames "
            f"as frame_rate=."
        )
    return len(steps) / (times[-1] - times[0])


def check_unit(where, texts, times, length):
    """Raise or warn if times are hardly seconds of a video.

    Shapes: ``times`` (n_times,).
    """
    last = times.max()
    if length < _LONG or not 0 < last < 1 or not all(map(_SECONDS.fullmatch, texts)):
        return
    finding = f"{where}: all times are within the first second of a video of {length:.0f} s"
    if last * _DAY <= length + 1:
        raise ValueError(
            f"{finding}, the last is {last:g}. Excel stores times as fractions of a day: format "
            f"the cells as [h]:mm:ss.000 and save again. If they are seconds, write {last:g}s."
        )
    if len(np.unique(times)) > 2:
        warnings.warn(f"{finding}. Check that they are seconds.", UserWarning, stacklevel=2)
