"""What the page of a report shows of images and of videos."""

import numpy as np

from .._html import encode_data_uri
from .._names import escape_path, format_csv
from ..export import format_json, format_vtt
from ..video import VideoError, make_thumbnails, split_rows_by_file
from ._page import compute_ticks

_THUMBNAIL_WIDTH = 224
_THUMBNAIL_QUALITY = 72
_SHADES = 6


def make_frame_thumbnails(frames):
    """Return images by video and time, and the reason for each video without images."""
    images, problems = {}, {}
    # A frame table needs durations; they do not change the images.
    frames = frames.assign(duration=1.0)
    for rows in split_rows_by_file(frames):
        table = frames.iloc[rows]
        keys = list(zip(table["video"], table["time"].astype(float), strict=True))
        try:
            made = make_thumbnails(table, _THUMBNAIL_WIDTH, _THUMBNAIL_QUALITY)
        except (OSError, ValueError, VideoError) as error:
            problems.setdefault(table["video"].iloc[0], str(error))
        else:
            images.update(zip(keys, made, strict=True))
    return images, list(problems.values())


def add_image_files(frames, images):
    """Return frames with the files of their images: those of a frame table, or None for videos."""
    if images is None:
        return frames
    files = images.drop_duplicates(["video", "time"])[["video", "time", "image"]]
    return frames.merge(files, on=["video", "time"])


def describe_video(video, name, length, estimate, appearances):
    """Return what the page tells of one video."""
    rows = estimate[estimate["video"] == video]
    appearances = appearances[appearances["video"] == video]
    subtitles = escape_path(format_vtt(appearances)).encode()
    return {
        "video": str(video),
        "name": name,
        "length": length,
        "rows": rows.to_dict("records"),
        "appearances": appearances.to_dict("records"),
        "by_character": group_by_character(appearances, rows["character"]),
        "ticks": compute_ticks(length),
        "subtitles": encode_data_uri("text/vtt;charset=utf-8", subtitles),
    }


def group_by_character(table, characters):
    """Return the rows of each character, in the order of the characters."""
    return [
        (character, table[table["character"] == character].to_dict("records"))
        for character in characters
    ]


def summarize_season(estimate, appearances, lengths, names, characters):
    """Return what the page tells of several videos together, None for a single one."""
    videos = list(names)
    if len(videos) == 1:
        return None
    rows = estimate.set_index(["video", "character"])
    tables = {
        column: rows[column].unstack().reindex(index=videos, columns=characters)
        for column in ("seconds", "low", "high", "share")
    }
    seconds = tables["seconds"]
    shades = np.ceil(seconds / (seconds.max(axis=None) or 1.0) * _SHADES).fillna(0).astype(int)
    paths = {
        (row["video"], row["character"]): row["path"]
        for row in draw_timelines(estimate, appearances, lengths)
    }
    rows = [
        {
            "name": names[video],
            "cells": [
                {"seconds": float(seconds.at[video, name]), "shade": shades.at[video, name]}
                for name in characters
            ],
            "paths": [paths.get((video, name), "") for name in characters],
        }
        for video in videos
    ]
    # An interval of a sum needs that of each video.
    totals = [
        {
            "seconds": seconds[name].sum(),
            "low": tables["low"][name].sum(skipna=False),
            "high": tables["high"][name].sum(skipna=False),
        }
        for name in characters
    ]
    shares = {
        column: tables[column].mul(tables["share"] / seconds).where(seconds > 0)
        for column in ("low", "high")
    }
    highest = max(tables["share"].max(axis=None), np.nan_to_num(shares["high"].max(axis=None)))
    return {
        "rows": rows,
        "totals": totals,
        "highest": highest,
        "curves": [
            _draw_curve(
                *(table[name] / (highest or 1.0) for table in (tables["share"], *shares.values()))
            )
            for name in characters
        ],
    }


def _draw_curve(share, low, high):
    """Return SVG paths, 1000 wide and 200 high, of a curve and of the band around it."""
    at = 1000 * np.arange(len(share)) / max(len(share) - 1, 1)

    def points(values, order=1):
        return [
            f"{x:.1f} {200 - 200 * y:.1f}"
            for x, y in list(zip(at, values, strict=True))[::order]
            if not np.isnan(y)
        ]

    line, band = points(share), points(low) + points(high, -1)
    return {
        name: f"M{'L'.join(path)}" if path else ""
        for name, path in [("line", line), ("band", band)]
    }


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


def sum_co_appearances(co_appearances, characters):
    """Return the seconds that pairs share in all videos, with the shade of each cell."""
    seconds = co_appearances.groupby(level="character", sort=False).sum()
    seconds = seconds.reindex(index=characters, columns=characters, fill_value=0.0)
    values = seconds.to_numpy(dtype=np.float64)
    pairs = values * ~np.eye(len(values), dtype=bool)
    most = pairs.max(initial=0.0)
    shades = np.ceil(pairs / most * _SHADES).astype(int) if most else np.zeros(pairs.shape, int)
    return {"seconds": values.tolist(), "shades": shades.tolist(), "any": bool(most)}


def make_downloads(estimate, appearances, co_appearances, lengths):
    """Return what the page has to download: name, content, type and text of each file."""
    tables = {
        "screen_time.csv": (
            "Screen time with share and interval, for each video and character",
            estimate,
        ),
        "appearances.csv": ("All appearances", appearances),
        "co_appearances.csv": (
            "Seconds on screen together, for each video and pair of characters",
            co_appearances,
        ),
    }
    downloads = [
        (name, content, "text/csv", format_csv(table)) for name, (content, table) in tables.items()
    ]
    json = format_json(estimate, appearances, lengths)
    content = "Screen time and appearances, for programs"
    return [*downloads, ("screen_time.json", content, "application/json", json)]
