"""What of a sequence's features is in a store, and what comes there."""

import numpy as np

from ..video import PictureFiles, picture_keys
from ._batches import rows_by_film
from ._store import row_keys


class StoredFrames:
    """The rows of a store that belong to the frames of a sequence.

    Parameters
    ----------
    store : FeatureStore
        The store.
    network : str
        Everything about the network that its features depend on.
    frames : FrameSequence
        The pictures.
    failures : dict
        Told what is wrong with a film, by ``video``.
    """

    def __init__(self, store, network, frames, failures):
        self._store = store
        self._network = network
        self._frames = frames
        self._failures = failures
        self._files = PictureFiles(frames)
        self._keys = np.full(len(frames), None, object)

    def fill(self, features, rows) -> np.ndarray:
        """Copy what is stored into a table.

        Parameters
        ----------
        features : ndarray of shape (n_frames, n_features)
            Filled where a row is found.
        rows : ndarray of int
            The rows that are wanted.

        Returns
        -------
        ndarray of int
            Those that have to be computed; none of films that failed.
        """
        for video, of_film in rows_by_film(self._frames.table, rows).items():
            try:
                self._files.remember(of_film)
                keys = row_keys(picture_keys(self._frames[of_film]), self._network)
            except Exception as error:
                self._failures[video] = error
                continue
            if self.are_unchanged(video, of_film):
                self._keys[of_film] = np.array(keys, object)
        stored = self._store.fill(features, self._keys.tolist())
        return rows[[self._keys[row] is not None and not stored[row] for row in rows]]

    def put(self, features, rows) -> None:
        """Store rows, but for those of films that changed since ``fill``.

        Parameters
        ----------
        features : ndarray of shape (n_frames, n_features)
            What was computed.
        rows : ndarray of int
            Which of its rows are new.
        """
        for video, of_film in rows_by_film(self._frames.table, rows).items():
            if self.are_unchanged(video, of_film):
                keys = self._keys[of_film].tolist()
                self._store.put(keys, features[of_film], self._network, str(video))

    def are_unchanged(self, video, rows) -> bool:
        """Tell whether the files of rows are still what they were; if not, the film failed.

        Parameters
        ----------
        video : str
            The film.
        rows : ndarray of int
            Rows of it.

        Returns
        -------
        bool
            Whether features that were computed by now are of these files.
        """
        change = self._files.find_change(rows)
        if change is not None:
            self._failures[video] = change
        return change is None
