"""Appearances as subtitles: WebVTT and SubRip (SRT)."""

import os
from itertools import pairwise

from .._atomic_files import write_text_atomically
from .._names import escape_controls
from ._result_tables import APPEARANCES, check_columns

# SRT has no escapes, and players take what looks like a tag for one and drop it.
_SRT_LOOKALIKES = str.maketrans("<>", "\u2039\u203a")


def save_subtitles(path, appearances) -> None:
    """Write the appearances in a video as subtitles.

    A player that loads the file shows who is on screen while the video plays. The ending of the
    file name sets the format: ``.vtt`` is WebVTT [1]_, ``.srt`` is SubRip.

    Parameters
    ----------
    path : str or path
        The ``.vtt`` or ``.srt`` file to write. An existing file is replaced.
    appearances : pandas.DataFrame
        The table that :meth:`ScreenTimeAggregator.appearances` returns, with the rows of one
        video.

    Raises
    ------
    OSError
        If the file cannot be written. A file that existed before is then unchanged.
    ValueError
        If the file name ends in neither ``.vtt`` nor ``.srt``, or the table lacks columns or has
        rows of several videos.

    See Also
    --------
    ScreenTimeReport : Has the subtitles of every video to download.

    Notes
    -----
    In WebVTT, each appearance is a cue with the name of the character. Cues of several characters
    overlap.

    Players disagree about SubRip subtitles that overlap. Each subtitle therefore lists everybody
    on screen, one character a line, and ends when somebody comes or goes. SubRip cannot escape
    ``<`` and ``>``, which start and end tags. Names get the angle quotation marks that look alike
    instead.

    References
    ----------
    .. [1] WebVTT: The Web Video Text Tracks Format, W3C, https://www.w3.org/TR/webvtt1/

    Examples
    --------
    >>> from sktime_screen import save_subtitles
    >>> rows = appearances[appearances["video"] == "video.mp4"]  # doctest: +SKIP
    >>> save_subtitles("video.srt", rows)  # doctest: +SKIP
    """
    format_text = {".vtt": format_vtt, ".srt": _format_srt}[find_subtitle_format(path)]
    write_text_atomically(path, format_text(appearances))


def find_subtitle_format(path):
    """Return ``.vtt`` or ``.srt``, the format that the name of a file asks for."""
    path = os.fspath(path)
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in (".vtt", ".srt"):
        raise ValueError(
            f"{path!r}: the ending sets the format of subtitles. Use .vtt for WebVTT or .srt for "
            f"SubRip."
        )
    return suffix


def format_vtt(appearances):
    """Return the appearances in one video as WebVTT."""
    cues = [
        f"{format_timestamp(start, '.')} --> {format_timestamp(end, '.')}\n{_escape(name)}\n"
        for start, end, name in _list_cues(appearances)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _escape(name):
    # With > escaped there is no --> either, which would end the cue.
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _format_srt(appearances):
    cues = _list_cues(appearances)
    times = sorted({time for start, end, _ in cues for time in (start, end)})
    subtitles = []
    for begin, until in pairwise(times):
        names = [name for start, end, name in cues if start <= begin and until <= end]
        if names:
            lines = "\n".join(dict.fromkeys(names)).translate(_SRT_LOOKALIKES)
            subtitles.append(
                f"{len(subtitles) + 1}\n"
                f"{format_timestamp(begin, ',')} --> {format_timestamp(until, ',')}\n"
                f"{lines}\n"
            )
    return "\n".join(subtitles)


def _list_cues(appearances):
    """Return (start, end, name) of the appearances in one video by start; times in ms."""
    check_columns(appearances, APPEARANCES, "appearances")
    videos = appearances["video"].unique()
    if len(videos) > 1:
        raise ValueError(
            f"A subtitle file is for one video, but these appearances are of {len(videos)}. Write "
            f"one file for each, with appearances[appearances['video'] == {videos[0]!r}] and so on."
        )
    ordered = appearances.sort_values("start", kind="stable")
    cues = [
        (
            round(row.start * 1000),
            round(row.end * 1000),
            " ".join(escape_controls(row.character).split()),
        )
        for row in ordered.itertuples()
    ]
    return [cue for cue in cues if cue[0] < cue[1]]


def format_timestamp(milliseconds, mark):
    """Return a time as hh:mm:ss and milliseconds after the decimal mark."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{milliseconds:03d}"
