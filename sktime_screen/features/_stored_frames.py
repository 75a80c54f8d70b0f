"""What of a sequence's features is in a store, and what comes there."""

import numpy as np

from ..video import ImageFiles, compute_image_keys
from ._batches import split_rows_by_video
from ._store import row_keys


class StoredFrames:
    """The rows of a store that belong to the frames of a sequence."""

    def __init__(self, store, network, frames, failures):
        self._store = store
        self._network = network
        self._frames = frames
        self._failures = failures
        self._files = ImageFiles(frames)
        self._keys = np.full(len(frames), None, object)

    def fill(self, features, rows) -> np.ndarray:
        """Copy what is stored into a table.

        Shapes: ``features`` (n_frames, n_features).
        """
        for video, of_video in split_rows_by_video(self._frames.table, rows).items():
            try:
                self._files.remember(of_video)
                keys = row_keys(compute_image_keys(self._frames[of_video]), self._network)
            except Exception as error:
                self._failures[video] = error
                continue
            if self.are_unchanged(video, of_video):
                self._keys[of_video] = np.array(keys, object)
        stored = self._store.fill(features, self._keys.tolist())
        return rows[[self._keys[row] is not None and not stored[row] for row in rows]]

    def put(self, features, rows) -> None:
        """Store rows, but for those of videos that changed since ``fill``.

        Shapes: ``features`` (n_frames, n_features).
        """
        for video, of_video in split_rows_by_video(self._frames.table, rows).items():
            if self.are_unchanged(video, of_video):
                keys = self._keys[of_video].tolist()
                self._store.put(keys, features[of_video], self._network, str(video))

    def are_unchanged(self, video, rows) -> bool:
        """Tell whether the files of rows are still what they were; if not, the video failed."""
        change = self._files.find_change(rows)
        if change is not None:
            self._failures[video] = change
        return change is None
