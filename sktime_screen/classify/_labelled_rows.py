"""What a classifier that carries labels on keeps of the rows it was fitted on."""

from typing import NamedTuple

import numpy as np


class LabelledRows(NamedTuple):
    """The rows of ``fit``: arrays only, so that model files can be read without running code.

    - ``embeddings`` (n, n_columns): their features, or a projection of these.
    - ``targets`` (n, n_outputs): their labels, zeros and ones; no columns where none are needed.
    - ``videos, times`` (n,): absolute paths, and seconds, where rows have a frame index.
    """

    embeddings: np.ndarray
    targets: np.ndarray
    videos: np.ndarray | None
    times: np.ndarray | None

    def rows(self, rows):
        """Return some of the rows, given by number."""
        return LabelledRows(*(None if values is None else values[rows] for values in self))

    def find_parts(self, frame_times, parts):
        """Return the part of the row that is nearest in time in the same video, or else -1.

        Shapes: ``frame_times`` as of `get_frame_times`, ``parts`` (n,) -> int (n_frames,).
        """
        videos, times, _ = frame_times
        if videos is None or self.times is None:
            raise ValueError(
                "transform_cross_fitted needs rows with a frame index, here and in fit_transform."
            )
        found = np.full(len(times), -1)
        for video in np.unique(videos):
            own = np.flatnonzero(self.videos == video)
            rows = np.flatnonzero(videos == video)
            if len(own):
                distances = np.abs(times[rows, None] - self.times[own])
                found[rows] = parts[own[distances.argmin(axis=1)]]
        return found
