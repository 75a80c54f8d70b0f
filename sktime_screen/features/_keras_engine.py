"""Runs a network with Keras: batches in flight, as large as the device likes them."""

from collections import deque
from threading import Lock
from time import perf_counter

import numpy as np

from ._keras_runners import is_out_of_memory

# One is on its way, one computes and one comes back.
_IN_FLIGHT = 3
# With batch_size="auto": the size without a GPU; with one the first size, and how many images,
# and bytes of them, there are in a batch at most.
_CPU_BATCH = 32
_FIRST_BATCH = 128
_MAX_BATCH, _MAX_BATCH_BYTES = 1024, 2**27
# A larger batch has to be so much faster to be worth its memory, over so many batches.
_MIN_SPEEDUP, _MEASURED_BATCHES = 1.05, 8


def largest_batch(image_size, *, gpu):
    """Return the most images in a batch where the user leaves it to the engine."""
    if not gpu:
        return _CPU_BATCH
    height, width = image_size
    fit = max(1, _MAX_BATCH_BYTES // (3 * height * width))
    return min(_MAX_BATCH, 1 << (fit.bit_length() - 1))


class BatchSize:
    """How many images a device takes at once: grown while that pays, halved where memory ends.

    On most backends each size is compiled anew, which takes longer than a short video: a larger one
    is tried only after as much time as the last took to begin was spent computing with it.

    - ``size``: the size of the moment.
    - ``limit``: the largest that the memory is known to hold, or infinity.
    - ``settled``: whether it grows no more.
    """

    def __init__(self, largest):
        self.size = min(_FIRST_BATCH, largest)
        self.limit = np.inf
        self.settled = self.size == largest
        self._largest = largest
        self._before = (0, 0.0)  # size and rate
        self._lock = Lock()
        self._start_measuring()

    def _start_measuring(self):
        self._begun = False
        self._begin_seconds = self._seconds = 0.0
        self._images = 0

    def record(self, size, seconds):
        """Learn from a batch that was fetched."""
        with self._lock:
            if self.settled:
                return
            if not self._begun:
                # Batches sent before the size changed come first.
                self._begun = size == self.size
                self._begin_seconds += seconds
                return
            if size != self.size:
                return
            self._images += size
            self._seconds += seconds
            if self._seconds < self._begin_seconds or self._images < _MEASURED_BATCHES * self.size:
                return
            rate = self._images / self._seconds
            size_before, rate_before = self._before
            if rate < _MIN_SPEEDUP * rate_before:
                self.size = size_before
                self.settled = True
            elif self.size == self._largest:
                self.settled = True
            else:
                self._before = self.size, rate
                self.size *= 2
                self._start_measuring()

    def halve(self, size):
        """Learn that the memory does not hold a batch."""
        with self._lock:
            self.limit = min(self.limit, size // 2)
            self.size = min(self.size, self.limit)
            self.settled = True


class KerasEngine:
    """Runs a network with Keras, on whatever backend and device Keras uses."""

    def __init__(self, runner, largest):
        self._runner = runner
        self._batch_size = BatchSize(largest)

    def run(self, batches, batch_size, store):
        """Compute the features of many batches."""
        queue = _BatchQueue(self._runner, self._batch_size, batch_size, store)
        waiting_since = perf_counter()
        for rows, images in batches:
            queue.since += perf_counter() - waiting_since
            queue.compute(rows, images)
            waiting_since = perf_counter()
        queue.since += perf_counter() - waiting_since
        queue.drain()


class _BatchQueue:
    """The batches of one run that were sent and not yet fetched.

    ``since`` is when the last one was fetched, moved on by what was waited for images.
    """

    def __init__(self, runner, auto, requested, store):
        self._runner = runner
        self._auto = auto
        self._requested = requested
        self._store = store
        self._sent = deque()
        self._whole_seen = False
        self.since = perf_counter()

    @property
    def _size(self):
        return (
            self._auto.size if self._requested == "auto" else min(self._requested, self._auto.limit)
        )

    def compute(self, rows, images):
        """Send images, in parts, and fetch what was sent before."""
        start = 0
        while start < len(rows):
            if len(self._sent) == _IN_FLIGHT:
                self._fetch()
            part = slice(start, start + self._size)
            self._send(rows[part], images[part])
            start = part.stop

    def drain(self):
        """Fetch all that was sent."""
        while self._sent:
            self._fetch()

    def _send(self, rows, images):
        size = self._choose_padded_size(len(rows))
        sent = self._attempt(rows, images, size, self._runner.send, _pad(images, size))
        if sent is not None:
            self._sent.append((rows, images, size, sent))

    def _fetch(self):
        rows, images, size, sent = self._sent.popleft()
        features = self._attempt(rows, images, size, self._runner.fetch, sent)
        if features is not None:
            self._store(rows, features[: len(rows)])
            now = perf_counter()
            if self._requested == "auto":
                self._auto.record(size, now - self.since)
            self.since = now

    def _attempt(self, rows, images, size, action, argument):
        """Return what sending or fetching gives; None where it took smaller batches to do it."""
        try:
            return action(argument)
        except Exception as error:
            if size == 1 or not is_out_of_memory(error):
                raise
        # Only here, where the error no longer holds on to what is in the memory.
        del argument
        self._auto.halve(size)
        self.drain()
        self.compute(rows, images)
        self.drain()
        return None

    def _choose_padded_size(self, n):
        """Return the size that a batch is filled up to, of which there are few to compile for."""
        if self._runner.any_size:
            return n
        self._whole_seen |= n == self._size
        # Where there were whole ones, that is compiled for; otherwise less than half is wasted.
        return self._size if self._whole_seen else min(self._size, 1 << (n - 1).bit_length())


def _pad(images, size):
    if len(images) == size:
        return images
    filled = np.zeros((size, *images.shape[1:]), images.dtype)
    filled[: len(images)] = images
    return filled
