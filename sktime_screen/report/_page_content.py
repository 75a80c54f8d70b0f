"""What the page of a report shows of images and of videos."""

import numpy as np

from ..video import VideoError, make_thumbnails, split_rows_by_file
from ._page import compute_ticks

_THUMBNAIL_WIDTH = 224
_THUMBNAIL_QUALITY = 72
SHADES = 6


def make_frame_thumbnails(frames):
    """Return images by video and time, and the reason for each video without images."""
    images, problems = {}, {}
    # A frame table needs durations; they do not change the images.
    frames = frames.assign(duration=1.0)
    for rows in split_rows_by_file(frames):
        table = frames.iloc[rows]
        keys = list(zip(table["video"], table["time"].astype(float), strict=True))
        try:
            made, _ = make_thumbnails(table, _THUMBNAIL_WIDTH, _THUMBNAIL_QUALITY)
        except (OSError, ValueError, VideoError) as error:
            problems.setdefault(table["video"].iloc[0], str(error))
        else:
            images.update(zip(keys, made, strict=True))
    return images, list(problems.values())


def describe_video(video, name, length, estimate, appearances):
    """Return what the page tells of one video."""
    rows = estimate[estimate["video"] == video]
    appearances = appearances[appearances["video"] == video]
    return {
        "video": str(video),
        "name": name,
        "length": length,
        "rows": rows.to_dict("records"),
        "appearances": appearances.to_dict("records"),
        "by_character": group_by_character(appearances, rows["character"]),
        "ticks": compute_ticks(length),
    }


def group_by_character(table, characters):
    """Return the rows of each character, in the order of the characters."""
    return [
        (character, table[table["character"] == character].to_dict("records"))
        for character in characters
    ]


def sum_over_videos(estimate, characters):
    """Return the seconds of each character by video and in total, for several videos."""
    if estimate["video"].nunique() == 1:
        return []
    seconds = estimate.pivot_table("seconds", "character", "video", aggfunc="sum", sort=False)
    seconds = seconds.reindex(characters)
    most = float(seconds.max(axis=None)) or 1.0
    return [
        {
            "character": character,
            "cells": [
                (value, 0 if np.isnan(value) else int(np.ceil(value / most * SHADES)))
                for value in row
            ],
            "total": float(np.nansum(row)),
        }
        for character, row in zip(characters, seconds.to_numpy(np.float64), strict=True)
    ]


def draw_timelines(estimate, appearances, lengths):
    """Return rows of the table with an SVG path, 1000 wide and 10 high, of each timeline."""
    groups = dict(list(appearances.groupby(["video", "character"], sort=False)))
    rows = estimate.to_dict("records")
    for row in rows:
        scale = 1000 / (lengths[row["video"]] or 1)
        spans = groups.get((row["video"], row["character"]), appearances.iloc[:0])
        row["path"] = "".join(
            f"M{scale * start:.1f} 0h{scale * (end - start):.1f}v10h{-scale * (end - start):.1f}z"
            for start, end in zip(spans["start"], spans["end"], strict=True)
        )
    return rows
