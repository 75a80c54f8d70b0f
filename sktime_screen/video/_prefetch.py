"""Running a generator ahead of its reader."""

from contextlib import closing
from queue import Empty, Full, Queue
from threading import Event, Thread


def prefetch(source, depth):
    """Run a generator in a thread of its own, from when the first item is asked for."""
    with closing(Prefetcher(source, depth)) as items:
        yield from items


class Prefetcher:
    """A generator at work in a thread of its own from now on, until it is closed."""

    def __init__(self, source, depth):
        self._items = Queue(maxsize=depth)
        self._abandoned = Event()
        self._finished = object()
        self._worker = Thread(
            target=self._run, args=(source,), name="sktime_screen-ahead", daemon=True
        )
        self._worker.start()

    def __iter__(self):
        return self

    def __next__(self):
        if self._abandoned.is_set():
            raise StopIteration
        item, error = self._items.get()
        if error is None and item is not self._finished:
            return item
        self.close()
        raise error or StopIteration

    def close(self):
        """End the thread; what it has made ready is dropped."""
        self._abandoned.set()
        # Whoever waits to hand an item over is let go at once.
        while True:
            try:
                self._items.get_nowait()
            except Empty:
                break
        self._worker.join()

    def _run(self, source):
        try:
            for item in source:
                if not self._put((item, None)):
                    return
            self._put((self._finished, None))
        except BaseException as error:
            self._put((None, error))
        finally:
            source.close()

    def _put(self, item):
        while not self._abandoned.is_set():
            try:
                self._items.put(item, timeout=0.1)
                return True
            except Full:
                continue
        return False
