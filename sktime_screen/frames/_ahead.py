"""Running a generator ahead of its reader."""

from queue import Empty, Full, Queue
from threading import Event, Thread


def read_ahead(source, depth):
    """Run a generator in a thread of its own.

    Parameters
    ----------
    source : generator
        What to run; it is closed at the end.
    depth : int
        How many items it may be ahead of the reader.

    Yields
    ------
    object
        The items of ``source``. What it raises is raised here. The thread ends with the iteration,
        also when that is abandoned.
    """
    items = Queue(maxsize=depth)
    abandoned = Event()
    finished = object()

    def hand_over(item):
        while not abandoned.is_set():
            try:
                items.put(item, timeout=0.1)
                return True
            except Full:
                continue
        return False

    def work():
        try:
            for item in source:
                if not hand_over((item, None)):
                    return
            hand_over((finished, None))
        except BaseException as error:
            hand_over((None, error))
        finally:
            source.close()

    worker = Thread(target=work, name="sktime_screen-ahead", daemon=True)
    worker.start()
    try:
        while True:
            item, error = items.get()
            if error is not None:
                raise error
            if item is finished:
                return
            yield item
    finally:
        abandoned.set()
        # Whoever waits to hand an item over is let go at once.
        while True:
            try:
                items.get_nowait()
            except Empty:
                break
        worker.join()
