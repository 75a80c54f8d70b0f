"""Faces that are too small to be told apart reliably."""

from contextlib import suppress

import numpy as np

from ..video import VideoError, is_frame_index, read_image_size
from ._face_table import unpack_faces

# Pixels of the video: of lower faces many look like nobody's (benchmarks/face_scenes.py).
_SMALL = 40
# A warning is worth it for so many faces, and where so many of them are small.
_FEWEST, _MOST_SMALL = 20, 1 / 3


def describe_small_faces(X) -> list[str]:
    """Say of which videos most faces are small, and what to do; X is a table of `FaceFeatures`."""
    if not is_frame_index(X.index):
        return []
    faces, videos = unpack_faces(X), X.index.get_level_values("video")
    heights, found = faces.boxes[..., 3] - faces.boxes[..., 1], faces.scores > 0
    said = []
    for video in videos.unique():
        own = (videos == video)[:, None] & found
        if own.sum() < _FEWEST:
            continue
        # What is named like a video may be images, or gone.
        with suppress(OSError, ValueError, VideoError):
            n_lines, _ = read_image_size(video)
            share = (heights[own] * n_lines < _SMALL).mean()
            if share > _MOST_SMALL:
                said.append(
                    f"{share:.0%} of the faces in {str(video)!r} are lower than {_SMALL} pixels "
                    f"(half of them than {np.median(heights[own]) * n_lines:.0f}). Many such faces "
                    f"look like nobody's, so that seconds come out too low: take a copy of the "
                    f"video with more pixels, or 4 frames a second, or label frames of it."
                )
    return said
