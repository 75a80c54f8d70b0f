"""What the transformers share that turn frames into rows of numbers: storing, sharing, showing."""

import copy
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from .._parallel import is_shared_out, share_out
from .._progress import show_progress
from ..video import FrameSequence, ImageFiles, compute_image_keys
from ._batches import find_distinct_frames, split_into_batches, split_rows_by_video
from ._quantization import dequantize, get_packed_width, quantize
from ._stored_frames import StoredFrames, explain_failures, find_store_here, make_store_folder
from ._unchanged_frames import decode_changed


class FrameFeatures(TransformerMixin, BaseEstimator):
    """Base of transformers that give a row of features for each image, and keep what they gave.

    Subclasses have the parameters ``memory``, ``n_jobs`` and ``verbose``, and after ``fit``
    ``n_features_out_``.
    """

    # Parameters of a subclass, or as they are here.
    batch_size: Any = "auto"
    dtype = "float32"
    quantization_step: Any = None
    reuse_within: Any = None

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
        store = find_store_here(self.memory)
        failures = None if store is None else {}
        stored, missing = self._fill_stored(network, features, frames, rows, store, failures)
        videos = split_rows_by_video(frames.table, missing)
        if len(videos) > 1 and is_shared_out(self.n_jobs):
            self._compute_in_parallel(features, frames, videos, failures, stored)
        else:
            self._compute_missing(network, features, frames, missing, failures, stored, len(rows))
        if failures:
            raise explain_failures(failures, store, frames.table["video"].nunique())

    def _fill_stored(self, network, features, frames, rows, store, failures):
        """Fill the rows that are stored; return what is stored of frames, and the missing rows."""
        if store is None:
            return None, rows
        identity = self._identify(network, frames)
        stored = StoredFrames(store, identity, frames, failures, self.quantization_step is not None)
        return stored, stored.fill(features, rows)

    def _compute_missing(self, network, features, frames, rows, failures, stored, total):
        if len(rows):
            same = {}
            batches = self._decode_distinct(network, frames, rows, failures, same)
            self._compute(network, features, batches, total, total - len(rows), stored, same)

    def _reuses(self, frames):
        # Images in files have no frames between them that would tell.
        return self.reuse_within is not None and "image" not in frames.table

    def _identify(self, network, frames):
        """Return everything that the rows of images depend on beside these, as text."""
        identity = network.identity
        if self.dtype != "float32":
            identity += f" {self.dtype}"
        if self.quantization_step is not None:
            identity += f" in steps of {float(self.quantization_step)}"
        if self._reuses(frames):
            identity += f" reused within {float(self.reuse_within)}"
        return identity

    def _decode_distinct(self, network, frames, rows, failures, same):
        """Decode what has to be computed; rows that are to be like others come into `same`."""
        if not self._reuses(frames):
            return self._decode(network, frames, rows, failures)
        at_once = self._choose_batch_size(network)
        return decode_changed(frames, rows, self.reuse_within, at_once, failures, same)

    def _compute_in_parallel(self, features, frames, videos, failures, stored):
        """Fill rows video by video, wherever joblib has them computed; store them here."""
        alone = copy.copy(self)
        alone.n_jobs, alone.verbose, alone.memory = None, False, None
        work = partial(_compute_video, to_store=stored is not None)
        tasks = {video: _describe(frames[rows]) for video, rows in videos.items()}
        with show_progress("Features", sum(map(len, videos.values())), self.verbose) as advance:
            for video, found, error in share_out(work, alone, tasks, self.n_jobs):
                rows = videos[video]
                try:
                    if error is not None:
                        raise error
                    values, *origin = found
                    if stored is not None and stored.are_unchanged(video, rows):
                        stored.receive(values, rows, *origin)
                except Exception as failure:
                    if failures is None:
                        raise
                    failures[video] = failure
                    continue
                features[rows] = values if self.quantization_step is None else dequantize(values)
                advance(len(rows))

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


def find_frame_features(step) -> list[FrameFeatures]:
    """Return what computes features of frames in a step of a pipeline: the step, or its parts."""
    parts = step, getattr(step, "images_", None), getattr(step, "faces_", None)
    return [part for part in parts if isinstance(part, FrameFeatures)]


def share_out_videos(work, tool, pipeline, videos) -> Iterator | None:
    """Do as `share_out` with ``work(tool, video)``, whose features a pipeline computes.

    None if joblib has this process do it itself.
    """
    steps = getattr(getattr(pipeline, "best_estimator_", pipeline), "steps", ())
    parts = [part for _, step in steps for part in find_frame_features(step)]
    n_jobs = next((part.n_jobs for part in parts), None)
    if len(videos) < 2 or not is_shared_out(n_jobs):
        return None
    for part in parts:
        make_store_folder(part.memory)
    verbose = any(part.verbose for part in parts)
    return _share_out_shown(work, tool, {video: video for video in videos}, n_jobs, verbose)


def _share_out_shown(work, tool, tasks, n_jobs, verbose):
    with show_progress("Videos", len(tasks), verbose, "videos") as advance:
        for result in share_out(work, tool, tasks, n_jobs):
            yield result
            advance(1)


def _describe(frames):
    """Return what makes a sequence, to be sent without reading its videos as a pickle does."""
    return {
        name: getattr(frames, name)
        for name in ("table", "size", "interpolation", "aspect", "crop_bars")
    }


def _compute_video(transformer, described, to_store):
    """Return features, as `quantize` gives them if they are; to store them also what they are of.

    That is the keys of the images and the identity of the network.
    """
    frames = FrameSequence(**described)
    rows = np.arange(len(frames))
    network = transformer._load_network()
    origin = ()
    if to_store:
        files = ImageFiles(frames)
        files.remember(rows)
        origin = compute_image_keys(frames), transformer._identify(network, frames)
    step, width = transformer.quantization_step, transformer.n_features_out_
    if step is None:
        values = np.empty((len(frames), width), transformer.dtype)
    else:
        values = np.empty((len(frames), get_packed_width(width)), np.int8)

    same = {}

    def receive(computed, features):
        values[computed] = features if step is None else quantize(features, step)
        for row in computed:
            values[same.pop(row, [])] = values[row]

    batches = transformer._decode_distinct(network, frames, rows, None, same)
    network.run(batches, transformer.batch_size, receive)
    if to_store and (change := files.find_change(rows)) is not None:
        raise change
    return values, *origin
