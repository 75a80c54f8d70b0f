"""What of a sequence's features is in a store, and what comes there."""

import os
import platform
import warnings
from contextlib import suppress

import numpy as np

from .._parallel import find_folder_here
from ..video import ImageFiles, VideoError, compute_image_keys
from ._batches import split_rows_by_video
from ._quantization import dequantize, get_packed_width
from ._store import FeatureStore, compute_row_keys

_ROWS_AT_ONCE = 256


def as_store(memory):
    """Turn what ``memory=`` takes into a store."""
    if memory is None or isinstance(memory, FeatureStore):
        return memory
    if isinstance(memory, (str, os.PathLike)):
        return FeatureStore(memory)
    if memory.location is None:
        return None
    return FeatureStore(os.path.join(memory.location, "sktime_screen"))


def find_store_here(memory):
    """Turn what ``memory=`` takes into a store, or None where this machine has no such folder."""
    store = as_store(memory)
    if store is None:
        return None
    folder = find_folder_here(store.folder)
    if folder == store.folder:
        return store
    if folder is None:
        warnings.warn(
            f"There is no folder {store.folder!r} on the machine {platform.node()!r}: features "
            f"that it computes are not stored. To keep them on its disk, make the folder there.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return FeatureStore(folder, store.max_bytes)


def make_store_folder(memory) -> None:
    """Make the folder of a store, by which other processes know that they share this disk."""
    store = as_store(memory)
    if store is not None:
        # Where it cannot be made there is none to share.
        with suppress(OSError):
            os.makedirs(store.folder, exist_ok=True)


class StoredFrames:
    """The rows of a store that belong to the frames of a sequence."""

    def __init__(self, store, network, frames, failures, quantized):
        self._store = store
        self._quantized = quantized
        self._network = network
        self._frames = frames
        self._failures = failures
        self._files = ImageFiles(frames)
        self._unwritten = []
        self._keys = np.full(len(frames), None, object)

    def fill(self, features, rows) -> np.ndarray:
        """Copy what is stored into a table.

        Shapes: ``features`` (n_frames, n_features).
        """
        for video, of_video in split_rows_by_video(self._frames.table, rows).items():
            try:
                self._files.remember(of_video)
                keys = compute_row_keys(compute_image_keys(self._frames[of_video]), self._network)
            except Exception as error:
                self._failures[video] = error
                continue
            if self.are_unchanged(video, of_video):
                self._keys[of_video] = np.array(keys, object)
        stored = (self._fill_quantized if self._quantized else self._store.fill)(
            features, self._keys.tolist()
        )
        return rows[[self._keys[row] is not None and not stored[row] for row in rows]]

    def _fill_quantized(self, features, keys):
        found = np.zeros(len(features), bool)
        for start in range(0, len(features), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            packed = np.empty((len(keys[part]), get_packed_width(features.shape[1])), np.int8)
            found[part] = self._store.fill(packed, keys[part])
            features[part][found[part]] = dequantize(packed[found[part]])
        return found

    def put(self, values, rows, at_once) -> None:
        """Take rows, and store them when there are `at_once`; see ``flush``.

        Shapes: ``values`` (n, n_features), or as of `quantize`; ``rows`` (n,), their numbers.
        """
        # Each write costs milliseconds, and an engine hands over a few rows at once.
        self._unwritten.append((values, rows))
        if sum(len(rows) for _, rows in self._unwritten) >= at_once:
            self.flush()

    def receive(self, values, rows, image_keys, network) -> None:
        """Store rows of a video that another process computed, in `network` as it was there.

        Raises `VideoError` if that process read another file.
        """
        video = self._frames.table["video"].iloc[rows[0]]
        if compute_row_keys(image_keys, self._network) != self._keys[rows].tolist():
            raise VideoError(
                f"{video!r} is not the same file on the machine that computed its features as "
                f"here: what came back is not kept. Copy the file, and run this again."
            )
        self._store.put(compute_row_keys(image_keys, network), values, network, str(video))

    def flush(self) -> None:
        """Store what was taken, but for rows of videos that changed since ``fill``."""
        if not self._unwritten:
            return
        values, rows = (np.concatenate(parts) for parts in zip(*self._unwritten, strict=True))
        self._unwritten.clear()
        for video, of_video in split_rows_by_video(self._frames.table, rows).items():
            if self.are_unchanged(video, of_video):
                keys = self._keys[of_video].tolist()
                self._store.put(keys, values[np.isin(rows, of_video)], self._network, str(video))

    def are_unchanged(self, video, rows) -> bool:
        """Tell whether the files of rows are still what they were; if not, the video failed."""
        change = self._files.find_change(rows)
        if change is not None:
            self._failures[video] = change
        return change is None


def explain_failures(failures, store, n_videos):
    """Return the error of the first video that failed, with a note on it and on all the others."""
    (video, error), *others = failures.items()
    if n_videos > 1:
        kept = "" if store is None else f"; the features of all the others are in {store.folder!r}"
        error.add_note(f"This was {video!r}, {len(failures)} of {n_videos} videos failed{kept}.")
    for other, its_error in others:
        error.add_note(f"{other!r} failed as well: {its_error}")
    return error
