"""Screen time and appearances as JSON, under the names of Azure AI Video Indexer's insights."""

import json

import pandas as pd

from ._subtitles_writer import format_timestamp


def format_json(estimate, appearances, lengths):
    """Return both tables as JSON; ``lengths`` (s) by video, None where unknown."""
    groups = dict(list(appearances.groupby(["video", "character"], sort=False)))
    videos = []
    for video, rows in estimate.groupby("video", sort=False):
        characters = [
            _describe_character(row, groups.get((video, row.character), appearances.iloc[:0]))
            for row in rows.itertuples()
        ]
        length = lengths[video]
        duration = None
        if length is not None:
            duration = {"time": _format_time(length), "seconds": _round(length)}
        videos.append({"name": str(video), "duration": duration, "characters": characters})
    return json.dumps({"videos": videos}, ensure_ascii=False, allow_nan=False, indent=1)


def _describe_character(row, appearances):
    interval = [_round(row.low), _round(row.high)]
    return {
        "name": str(row.character),
        "seenDuration": _round(row.seconds),
        "seenDurationRatio": _round(row.share),
        "seenDurationInterval": None if None in interval else interval,
        "confidence": _round(row.confidence),
        "basis": str(row.basis),
        "appearances": [
            {
                "startTime": _format_time(appearance.start),
                "endTime": _format_time(appearance.end),
                "startSeconds": _round(appearance.start),
                "endSeconds": _round(appearance.end),
                "confidence": _round(appearance.confidence),
            }
            for appearance in appearances.itertuples()
        ],
    }


def _round(value):
    """Round to thousandths; JSON has no NaN."""
    return None if pd.isna(value) else round(float(value), 3)


def _format_time(seconds):
    return format_timestamp(round(seconds * 1000), ".").removeprefix("0")
