"""Means of the channels of feature maps over all positions and frames of a video."""

import numpy as np

from ..video import get_frame_times

# So long is a video whose own mean counts as much as that of the videos of fit.
_SECONDS_OF_PRIOR = 30.0
_ROWS_AT_ONCE = 64


class ChannelMeans:
    """The means of each video; rows without a frame index are one video, of a second each.

    Shapes: ``maps`` (n, n_positions * n_channels).
    """

    def __init__(self, maps, n_positions, index):
        videos, _, durations = get_frame_times(index)
        if videos is None:
            videos, durations = np.zeros(len(maps)), np.ones(len(maps))
        _, self._video_of_row = np.unique(videos, return_inverse=True)
        self._seconds = np.bincount(self._video_of_row, durations)
        n_channels = maps.shape[1] // n_positions
        totals = np.zeros((len(self._seconds), n_channels))
        for start in range(0, len(maps), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            batch = maps[rows].reshape(-1, n_positions, n_channels)
            means = batch.mean(axis=1, dtype=np.float32) * durations[rows, None]
            np.add.at(totals, self._video_of_row[rows], means)
        self._means = totals / self._seconds[:, None]

    @property
    def overall(self):
        """Return the mean of the videos, each of which counts once, (n_channels,)."""
        return self._means.mean(axis=0).astype(np.float32)

    def by_row(self, prior):
        """Return each row's video's mean, drawn towards ``prior`` (n_channels,) if it is short.

        Returns float32 (n, n_channels).
        """
        own = self._seconds / (self._seconds + _SECONDS_OF_PRIOR)
        means = prior + own[:, None] * (self._means - prior)
        return means.astype(np.float32)[self._video_of_row]
