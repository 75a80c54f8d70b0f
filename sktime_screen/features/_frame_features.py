"""What the transformers share that turn frames into rows of numbers: storing, sharing, showing."""

import copy
from abc import abstractmethod
from contextlib import contextmanager
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from .._progress import show_progress
from ..video import FrameSequence
from ._batches import decode_changed, find_distinct_frames, split_into_batches, split_rows_by_video
from ._quantization import dequantize, quantize
from ._store import as_store
from ._stored_frames import StoredFrames, explain_failures


class FrameFeatures(TransformerMixin, BaseEstimator):
    """Base of transformers that give a row of features for each image, and keep what they gave.

    Subclasses have the parameters ``memory``, ``n_jobs`` and ``verbose``, and after ``fit``
    ``n_features_out_``.
    """

    # Parameters of a subclass, or as they are here.
    batch_size: Any = "auto"
    dtype = "float32"
    quantization_step: Any = None
    reuse_unchanged = False

    @abstractmethod
    def _check_images(self, X):
        """Return images as they are looked at, checked to be like those of ``fit``."""

    @abstractmethod
    def _make_table(self, network, images, features):
        """Return what ``transform`` does of computed features."""

    @abstractmethod
    def _load_network(self):
        """Return what has an ``identity`` and a ``largest_batch``, and ``run``s over images."""

    @abstractmethod
    def _decode(self, network, frames, rows, failures):
        """Yield the rows and the images of batches."""

    def _compute_features(self, network, images) -> np.ndarray:
        """Return the features of images, those of frames that come several times computed once."""
        features = np.empty((len(images), self.n_features_out_), self.dtype)
        if not isinstance(images, FrameSequence):
            batches = split_into_batches(images, self._choose_batch_size(network))
            self._compute(network, features, batches, len(images))
            return features
        first, source = find_distinct_frames(images.table)
        self._compute_frames(network, features, images, first)
        self._repeat(network, features, source)
        return features

    def _repeat(self, network, features, source):
        """Copy the rows of frames that come several times."""
        repeated = np.flatnonzero(source != np.arange(len(source)))
        # In parts, as all at once would take the room of these rows a second time.
        at_once = self._choose_batch_size(network)
        for start in range(0, len(repeated), at_once):
            rows = repeated[start : start + at_once]
            features[rows] = features[source[rows]]

    def _choose_batch_size(self, network):
        """Return how many images are decoded at a time; the engine may part them."""
        return network.largest_batch if self.batch_size == "auto" else self.batch_size

    def _compute_frames(self, network, features, frames, rows):
        """Fill some rows, with features that are stored where there are any."""
        store = as_store(self.memory)
        failures = None if store is None else {}
        stored, missing = self._fill_stored(network, features, frames, rows, store, failures)
        videos = split_rows_by_video(frames.table, missing)
        if len(videos) > 1 and joblib.effective_n_jobs(self.n_jobs) > 1:
            self._compute_in_parallel(features, frames, videos, failures, stored)
        else:
            self._compute_missing(network, features, frames, missing, failures, stored, len(rows))
        if failures:
            raise explain_failures(failures, store, frames.table["video"].nunique())

    def _fill_stored(self, network, features, frames, rows, store, failures):
        """Fill the rows that are stored; return what is stored of frames, and the missing rows."""
        if store is None:
            return None, rows
        identity = network.identity
        if self.dtype != "float32":
            identity += f" {self.dtype}"
        if self.quantization_step is not None:
            identity += f" in steps of {float(self.quantization_step)}"
        if self._reuses(frames):
            identity += " of unchanged frames reused"
        stored = StoredFrames(store, identity, frames, failures, self.quantization_step is not None)
        return stored, stored.fill(features, rows)

    def _reuses(self, frames):
        # Images in files have no frames between them that would tell.
        return self.reuse_unchanged and "image" not in frames.table

    def _compute_missing(self, network, features, frames, rows, failures, stored, total):
        if not len(rows):
            return
        same = {}
        if self._reuses(frames):
            at_once = self._choose_batch_size(network)
            batches = decode_changed(frames, rows, at_once, failures, same)
        else:
            batches = self._decode(network, frames, rows, failures)
        self._compute(network, features, batches, total, total - len(rows), stored, same)

    def _compute_in_parallel(self, features, frames, videos, failures, stored):
        """Fill rows video by video, wherever joblib has them computed."""
        alone = copy.copy(self)
        alone.n_jobs, alone.verbose = None, False
        tasks = [
            joblib.delayed(_compute_video)(alone, video, frames[rows], failures is not None)
            for video, rows in videos.items()
        ]
        parallel = joblib.Parallel(self.n_jobs, return_as="generator_unordered")
        with show_progress("Features", sum(map(len, videos.values())), self.verbose) as advance:
            for video, values, error in parallel(tasks):
                if error is not None:
                    failures[video] = error
                elif stored is None or stored.are_unchanged(video, videos[video]):
                    features[videos[video]] = values
                advance(len(videos[video]))

    def _compute(self, network, features, batches, total, done=0, stored=None, same=None):
        with show_progress("Features", total, self.verbose) as advance:
            advance(done)
            with self._receive(network, features, stored, advance, same) as receive:
                network.run(batches, self.batch_size, receive)

    @contextmanager
    def _receive(self, network, features, stored, advance, same=None):
        """Give a function that takes rows as they were computed, and stores them."""
        at_once = self._choose_batch_size(network)

        def receive(rows, values):
            if self.quantization_step is None:
                features[rows] = values
                values = features[rows]
            else:
                values = quantize(values, self.quantization_step)
                features[rows] = dequantize(values)
            if stored:
                stored.put(values, rows, at_once)
            advance(len(rows))
            for row, value in zip(rows, values, strict=True):
                copies = same.pop(row, ()) if same else ()
                if len(copies):
                    features[copies] = features[row]
                    if stored:
                        repeated = np.broadcast_to(value, (len(copies), len(value)))
                        stored.put(repeated, copies, at_once)
                    advance(len(copies))

        try:
            yield receive
        finally:
            if stored:
                stored.flush()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _compute_video(transformer, video, frames, catch):
    """Return a video, its features, and where errors are caught what was raised instead."""
    features = np.empty((len(frames), transformer.n_features_out_), transformer.dtype)
    try:
        network = transformer._load_network()
        transformer._compute_frames(network, features, frames, np.arange(len(frames)))
    except Exception as error:
        if not catch:
            raise
        return video, None, error
    return video, features, None
