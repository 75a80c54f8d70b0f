"""Screen time and appearances as files for other programs: CSV, JSON, WebVTT and SRT."""

import json
from itertools import pairwise

import pandas as pd

from .._atomic_files import write_text_atomically
from .._names import escape_controls, format_csv
from ._tables import APPEARANCES, ESTIMATE, check_columns, video_lengths

# SRT has no escapes, and players take what looks like a tag for one and drop it.
_SRT_LOOKALIKES = str.maketrans("<>", "\u2039\u203a")


def save_csv(path, table) -> None:
    """Write a table of screen time as CSV.

    Parameters
    ----------
    path : str or path
        The file; one that is there already is replaced once the new one is complete.
    table : pandas.DataFrame
        What :meth:`ScreenTimeAggregator.estimate`, ``appearances``, ``co_appearances`` or
        ``transform`` gives; an index that has names becomes columns.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is still there.

    Notes
    -----
    Names that begin with ``=``, ``+``, ``-``, ``@``, a tab or a line end get a ``'`` before them,
    so that no spreadsheet takes them for a formula. `load_label_csv` reads them without it.

    Examples
    --------
    >>> save_csv("appearances.csv", aggregator.appearances(probabilities))  # doctest: +SKIP
    """
    write_text_atomically(path, format_csv(table))


def save_json(path, estimate, appearances) -> None:
    """Write screen time and appearances as JSON.

    Parameters
    ----------
    path : str or path
        The file; one that is there already is replaced once the new one is complete.
    estimate : pandas.DataFrame
        As :meth:`ScreenTimeAggregator.estimate` gives it.
    appearances : pandas.DataFrame
        As :meth:`ScreenTimeAggregator.appearances` gives it.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is still there.
    ValueError
        If a table lacks columns.

    Notes
    -----
    The names are those of the insights of Azure AI Video Indexer [1]_, which programs of the media
    industry read: for each of ``videos`` its ``name``, ``duration`` and ``characters``, and for
    each of these ``name``, ``seenDuration`` (s), ``seenDurationRatio`` (of the video),
    ``confidence`` and ``appearances`` with ``startTime``, ``endTime`` (``h:mm:ss.mmm``),
    ``startSeconds``, ``endSeconds`` and ``confidence``. Our own are ``seenDurationInterval``, the
    lowest and highest duration, or null, ``basis``, what the duration rests on, and the
    ``confidence`` of an appearance.

    References
    ----------
    .. [1] https://learn.microsoft.com/azure/azure-video-indexer/video-indexer-output-json-v2

    Examples
    --------
    >>> save_json(
    ...     "screen_time.json",
    ...     aggregator.estimate(probabilities),
    ...     aggregator.appearances(probabilities),
    ... )  # doctest: +SKIP
    """
    write_text_atomically(path, json_text(estimate, appearances))


def json_text(estimate, appearances, lengths=None):
    """Return what :func:`save_json` writes."""
    check_columns(estimate, ESTIMATE, "estimate")
    check_columns(appearances, APPEARANCES, "appearances")
    lengths = video_lengths(estimate, appearances) if lengths is None else lengths
    shown = dict(list(appearances.groupby(["video", "character"], sort=False)))
    videos = []
    for video, rows in estimate.groupby("video", sort=False):
        characters = [
            _character(row, shown.get((video, row.character), appearances.iloc[:0]))
            for row in rows.itertuples()
        ]
        length = lengths[video]
        duration = None
        if length is not None:
            duration = {"time": _clock_time(length), "seconds": _number(length)}
        videos.append({"name": str(video), "duration": duration, "characters": characters})
    return json.dumps({"videos": videos}, ensure_ascii=False, allow_nan=False, indent=1)


def _character(row, appearances):
    interval = [_number(row.low), _number(row.high)]
    return {
        "name": str(row.character),
        "seenDuration": _number(row.seconds),
        "seenDurationRatio": _number(row.share),
        "seenDurationInterval": None if None in interval else interval,
        "confidence": _number(row.confidence),
        "basis": str(row.basis),
        "appearances": [
            {
                "startTime": _clock_time(shown.start),
                "endTime": _clock_time(shown.end),
                "startSeconds": _number(shown.start),
                "endSeconds": _number(shown.end),
                "confidence": _number(shown.confidence),
            }
            for shown in appearances.itertuples()
        ],
    }


def _number(value):
    """Round to thousandths; JSON has no NaN."""
    return None if pd.isna(value) else round(float(value), 3)


def save_vtt(path, appearances) -> None:
    """Write the appearances in a video as WebVTT, to be shown over it by a player.

    Parameters
    ----------
    path : str or path
        The file; one that is there already is replaced once the new one is complete.
    appearances : pandas.DataFrame
        As :meth:`ScreenTimeAggregator.appearances` gives it, of one video. Each becomes a cue with
        the character's name, in which controls and marks of direction are shown as escapes; those
        of several characters overlap.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is still there.
    ValueError
        If the table lacks columns, or is of several videos.

    References
    ----------
    WebVTT: The Web Video Text Tracks Format, W3C, https://www.w3.org/TR/webvtt1/

    Examples
    --------
    >>> of_video = appearances[appearances["video"] == "video.mp4"]  # doctest: +SKIP
    >>> save_vtt("video.vtt", of_video)  # doctest: +SKIP
    """
    write_text_atomically(path, vtt_text(appearances))


def vtt_text(appearances):
    """Return what :func:`save_vtt` writes."""
    cues = [
        f"{_timestamp(start, '.')} --> {_timestamp(end, '.')}\n{_vtt_escaped(name)}\n"
        for start, end, name in _cues(appearances)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _vtt_escaped(name):
    # With > escaped there is no --> either, which would end the cue.
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def save_srt(path, appearances) -> None:
    """Write the appearances in a video as SubRip subtitles (SRT).

    Parameters
    ----------
    path : str or path
        The file; one that is there already is replaced once the new one is complete.
    appearances : pandas.DataFrame
        As :meth:`ScreenTimeAggregator.appearances` gives it, of one video. Players differ on
        subtitles that overlap, so each says who is on screen until somebody comes or goes, a line
        a character.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is still there.
    ValueError
        If the table lacks columns, or is of several videos.

    Notes
    -----
    The format has no way to write ``<`` and ``>``, which stand for tags: in names they become
    the angle quotation marks that look like them.

    Examples
    --------
    >>> of_video = appearances[appearances["video"] == "video.mp4"]  # doctest: +SKIP
    >>> save_srt("video.srt", of_video)  # doctest: +SKIP
    """
    write_text_atomically(path, _srt_text(appearances))


def _srt_text(appearances):
    cues = _cues(appearances)
    moments = sorted({moment for start, end, _ in cues for moment in (start, end)})
    subtitles = []
    for begin, until in pairwise(moments):
        names = [name for start, end, name in cues if start <= begin and until <= end]
        if names:
            lines = "\n".join(dict.fromkeys(names)).translate(_SRT_LOOKALIKES)
            subtitles.append(
                f"{len(subtitles) + 1}\n{_timestamp(begin, ',')} --> {_timestamp(until, ',')}\n"
                f"{lines}\n"
            )
    return "\n".join(subtitles)


def _cues(appearances):
    """Return (start, end, name) of appearances in one video by start; times in milliseconds."""
    check_columns(appearances, APPEARANCES, "appearances")
    videos = appearances["video"].unique()
    if len(videos) > 1:
        raise ValueError(
            f"Subtitles belong to one video, and these appearances are of {len(videos)}: write one "
            f"file for each, of appearances[appearances['video'] == {videos[0]!r}] and so on."
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


def _timestamp(milliseconds, mark):
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{milliseconds:03d}"


def _clock_time(seconds):
    timestamp = _timestamp(round(seconds * 1000), ".")
    return timestamp.removeprefix("0")
