"""Frames that look like one before, whose features are taken over: see `reuse_within`."""

import cv2
import numpy as np

from ..video import add_preceding_frames
from ._batches import split_rows_by_video, stack_batches

# In pixels: what one place of a network's last feature map stands for.
_BLOCK = 32


def decode_changed(frames, rows, tolerance, batch_size, failures, same):
    """Decode, of some rows of videos, the first of those that look alike.

    Frames look alike if no block differs by more than `tolerance` standard deviations of the image.
    Returns ``images`` uint8 (n, height, width, 3). The rows that look like an image but the first
    come into `same`, by the number of that one.
    """
    changed = _iter_changed(frames, rows, tolerance, batch_size, failures, same)
    return stack_batches(changed, batch_size)


def _iter_changed(frames, rows, tolerance, batch_size, failures, same):
    """Yield the row and the image of each frame that looks like none before."""
    # Features kept on disk must be those of any other run: what a frame is compared to follows from
    # its second of the video alone, and not from the rows that are decoded.
    for video, of_video in split_rows_by_video(frames.table, rows).items():
        try:
            longer, begins, places = add_preceding_frames(frames[of_video])
        except Exception as error:
            if failures is None:
                raise
            failures[video] = error
            continue
        order = np.argsort(places, kind="stable")
        places = places[order]
        images = longer.iter_batches(batch_size, failures)
        for begin, end, image in _find_changes(images, begins, tolerance):
            first, last = np.searchsorted(places, (begin, end))
            if first < last:
                row, *others = of_video[order[first:last]]
                same[row] = others
                yield row, image


def _find_changes(batches, begins, tolerance):
    """Yield, for images that look alike, where they begin and end, and the first of them.

    ``begins`` (n,) tells where none may look like one before.
    """
    begin, end, first, limit = 0, 0, None, 0.0
    for _, images in batches:
        for image in images:
            if end > begin and (begins[end] or _measure_difference(image, first) > limit):
                yield begin, end, first
                begin = end
            if end == begin:
                # Copied, as a part of a batch would keep all of it.
                first = image.copy()
                # Not so many levels: dark and faded images would be taken for each other.
                limit = tolerance * cv2.meanStdDev(image)[1].mean()
            end += 1
    if end > begin:
        yield begin, end, first


def _measure_difference(image, other):
    """Return the mean difference in levels, in the block where it is largest."""
    height, width = (max(1, side // _BLOCK) for side in image.shape[:2])
    levels = cv2.absdiff(image, other).astype(np.float32)
    return cv2.resize(levels, (width, height), interpolation=cv2.INTER_AREA).mean(axis=2).max()
