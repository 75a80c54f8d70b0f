"""The images of the labelling page: each frame large and small, and the moments around it."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from .._html import encode_data_uri
from ..video import (
    IMAGE_TYPE,
    encode_image,
    find_shape,
    iter_images,
    read_timeline,
    shrink,
    split_rows_by_file,
)

# With these, a page of 60 frames of a video in HD takes 3 to 9 MB. More frames share the same
# number of pixels, until images are as small as what is worth looking at.
_FULL_SIZE_FRAMES = 60
_IMAGE_WIDTHS = (320, 1280)
_MOMENT_WIDTHS = (120, 240)
_THUMBNAIL_WIDTH = 240
_IMAGE_QUALITY, _SMALL_QUALITY = 75, 55
# Height by width of the cards: that of so many of the images, within these limits.
_N_FOR_ASPECT, _ASPECT_RANGE = 25, (0.4, 1.0)
# Seconds around a frame: one and two before and after, and a few in a second between.
_OFFSETS = tuple(round(thirds / 3, 2) for thirds in (-6, -3, -2, -1, 0, 1, 2, 3, 6))


@dataclass(frozen=True)
class ImageWidths:
    """Widths (pixels) of a page's images; None where it has no such images of its own."""

    image: int
    thumbnail: int | None
    moment: int | None


def choose_widths(n_frames):
    """Choose the widths of the images by their number, so that a page stays of use."""
    scale = min(1.0, (_FULL_SIZE_FRAMES / n_frames) ** 0.5)
    image = round(_IMAGE_WIDTHS[1] * scale)
    if image <= _IMAGE_WIDTHS[0]:
        return ImageWidths(_IMAGE_WIDTHS[0], None, None)
    moment = round(_MOMENT_WIDTHS[1] * scale)
    return ImageWidths(image, _THUMBNAIL_WIDTH, moment if moment >= _MOMENT_WIDTHS[0] else None)


def add_images(page, table, widths):
    """Add to a page's data what it has to know of images; return (kind, row, data URI) of each.

    The kinds are "image", "thumbnail", and "moment": the images of the moments around a frame, one
    above the other. Each video is decoded once, while the images are asked for.
    """
    moments = _find_moments(table, widths)
    for frame, offsets in zip(page["frames"], moments, strict=True):
        frame["moments"] = offsets
    page["aspect"] = float(np.clip(_find_aspect(table), *_ASPECT_RANGE))
    return (
        (kind, row, encode_data_uri(IMAGE_TYPE, content))
        for kind, row, content in iter_frame_images(table, widths, moments)
    )


def _find_aspect(table):
    """Return the median height by width of a few images."""
    few = table.iloc[np.linspace(0, len(table) - 1, min(len(table), _N_FOR_ASPECT)).astype(int)]
    aspects = np.empty(len(few))
    for rows in split_rows_by_file(few):
        high, wide = find_shape(few.iloc[rows])
        aspects[rows] = high / wide
    return float(np.median(aspects))


def _find_moments(table, widths):
    """Return for each frame the moments around it that the video has, in seconds from it."""
    if widths.moment is None or "image" in table:
        return [[] for _ in range(len(table))]
    times, spans = table["time"].to_numpy(), np.empty((len(table), 2))
    for video, rows in table.groupby("video", sort=False).indices.items():
        timeline = read_timeline(video)
        spans[rows] = timeline.times[0], timeline.length
    return [
        [offset for offset in _OFFSETS if offset == 0 or first <= time + offset < last]
        for time, (first, last) in zip(times, spans, strict=True)
    ]


def iter_frame_images(table, widths, moments):
    """Yield (kind, row, WebP) of all images of frames, as soon as each is decoded."""
    for rows in split_rows_by_file(table):
        part = table.iloc[rows]
        for row, shown in _iter_shown(part, widths, [moments[row] for row in rows]):
            frame = shown[0.0]
            yield "image", rows[row], encode_image(frame, _IMAGE_QUALITY)
            if widths.thumbnail is not None:
                small = shrink(frame, widths.thumbnail)
                yield "thumbnail", rows[row], encode_image(small, _SMALL_QUALITY)
            if len(shown) > 1:
                stack = np.vstack([
                    image if offset else shrink(image, widths.moment)
                    for offset, image in sorted(shown.items())
                ])  # fmt: skip
                yield "moment", rows[row], encode_image(stack, _SMALL_QUALITY)


def _iter_shown(table, widths, moments):
    """Yield (row, image by offset) of the frames of one file, as soon as all are decoded."""
    wanted = [(row, offset) for row, own in enumerate(moments) for offset in own or [0.0]]
    owners, offsets = map(list, zip(*wanted, strict=True))
    left, shown = Counter(owners), {}
    moves = table.iloc[owners]
    moves = moves.assign(time=moves["time"].to_numpy() + offsets)
    for number, image in iter_images(moves, widths.image):
        row, offset = wanted[number]
        shown.setdefault(row, {})[offset] = image if offset == 0 else shrink(image, widths.moment)
        left[row] -= 1
        if not left[row]:
            yield row, shown.pop(row)
