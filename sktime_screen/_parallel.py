"""Work on many videos, shared out by joblib among processes or machines."""

import os
import pickle
import platform
import threading
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import joblib
import numpy as np
from joblib.parallel import get_active_backend

# Of backends that give back all results at once: so many tasks a process that few processes wait
# for the last of them, and so few that a process that dies costs little.
_TASKS_AT_ONCE = 8

_folder_of_asker: ContextVar[str | None] = ContextVar("folder_of_asker", default=None)
_received: dict[str, Any] = {}


def is_shared_out(n_jobs) -> bool:
    """Tell whether joblib has work done by others than this thread."""
    # Of Dask this waits for workers to come, and raises if there are none.
    return joblib.effective_n_jobs(n_jobs) > 1 or _get_dask_backend() is not None


def is_asked_by_another() -> bool:
    """Tell whether this is done for another process, which shows how far it has come."""
    return _folder_of_asker.get() is not None


def find_folder_here(folder) -> str | None:
    """Return a folder of the process that shares work out, or None if it is not on this machine."""
    asker = _folder_of_asker.get()
    if asker is None:
        return folder
    folder = os.path.join(asker, folder)
    return folder if os.path.isdir(folder) else None


def share_out(work, tool, tasks, n_jobs=None) -> Iterator[tuple[str, Any, Exception | None]]:
    """Yield (name, ``work(tool, argument)``, None) or (name, None, error) for each of ``tasks``.

    ``tasks`` is {name: argument}. The results come as they are ready. If a process dies, what was
    begun is done again, in smaller and smaller groups, until what kills processes is known.
    """
    groups = [list(tasks)]
    failed_alone: set[str] = set()
    while groups:
        names = groups.pop()
        if not get_active_backend()[0].supports_return_generator:
            size = _TASKS_AT_ONCE * joblib.effective_n_jobs(n_jobs)
            names, later = names[:size], names[size:]
            groups += [later] if later else []
        left = dict.fromkeys(names)
        begun: set[str] = set()
        results = _run_all(work, tool, {name: tasks[name] for name in names}, n_jobs, begun)
        for name, result, error, raised in results:
            if name is not None:
                del left[name]
                for warning in raised:
                    warnings.warn(warning, stacklevel=2)
                yield name, result, error
                continue
            suspects = [name for name in left if name in begun]
            others = [name for name in left if name not in begun]
            if not suspects:
                yield from ((name, None, error) for name in others)
                others = []
            elif len(suspects) == 1 and suspects[0] in failed_alone:
                yield suspects.pop(), None, error
            elif len(suspects) == 1:
                failed_alone.add(suspects[0])
            middle = (len(suspects) + 1) // 2
            groups += filter(None, (others, suspects[middle:], suspects[:middle]))


def _run_all(work, tool, tasks, n_jobs, begun):
    """Yield what `_run` returns for each task, and an error without a name if a process dies.

    ``begun`` is filled with the names of the tasks that were handed over.
    """
    backend, _ = get_active_backend()
    key = folder = None
    if not getattr(backend, "supports_sharedmem", False):
        # Pickled once, as an array, which joblib sends once to a process and not with each task.
        key, folder = uuid.uuid4().hex, os.getcwd()
        portable = joblib.wrap_non_picklable_objects(tool, keep_wrapper=False)
        tool = np.frombuffer(pickle.dumps(portable), np.uint8)
    try:
        if _get_dask_backend() is not None:
            begun.update(tasks)
            yield from _run_on_dask(backend, work, key, tool, tasks, folder)
            return

        def hand_over():
            for name, argument in tasks.items():
                begun.add(name)
                yield joblib.delayed(_run)(work, key, tool, name, argument, folder)

        way = "generator_unordered" if backend.supports_return_generator else "list"
        yield from joblib.Parallel(n_jobs, return_as=way)(hand_over())
    except Exception as error:
        # What the work raises is a result: this is of a process, or on the way to it.
        yield None, None, error, []


def _get_dask_backend():
    backend, _ = get_active_backend()
    return backend if hasattr(backend, "client") else None


def _run_on_dask(backend, work, key, tool, tasks, folder):
    """Yield what `_run` returns for each task, and raise at the end if Dask gave some up.

    joblib's own way waits forever for a task that Dask gave up, because workers died.
    """
    from distributed import as_completed

    client, given_up = backend.client, None
    lacking = {name: set() for name in tasks}

    def submit(*call, **options):
        return client.submit(*call, pure=False, **{**options, **backend.submit_kwargs})

    # What a task gives is made anew if the only worker that has it dies; what is scattered is not.
    tool = submit(np.asarray, tool)
    with backend.retrieval_context():
        ready = as_completed(
            [submit(_run, work, key, tool, *task, folder) for task in tasks.items()]
        )
        for future in ready:
            # Until here results wait at the workers: this process holds one at a time.
            try:
                result = future.result()
            except Exception as error:
                given_up = error
                continue
            name = result[0]
            if isinstance(result[2], FileNotFoundError):
                # Who lacks the videos is done with them sooner than anybody who reads them.
                here = set().union(*client.who_has(future).values())
                others = set(client.ncores()) - lacking[name] - here
                if others and not here <= lacking[name]:
                    lacking[name] |= here
                    call = _run, work, key, tool, name, tasks[name], folder
                    ready.add(submit(*call, workers=sorted(others), allow_other_workers=True))
                    continue
            future.release()
            yield result
    if given_up is not None:
        raise given_up


def _run(work, key, tool, name, argument, folder):
    """Return the name, the result, the error instead, and the warnings."""
    if key is None:
        try:
            return name, work(tool, argument), None, []
        except Exception as error:
            return name, None, error, []
    raised = []
    before = _folder_of_asker.set(folder)
    try:
        with _recorder.record(raised):
            return name, work(_receive(key, tool), argument), None, raised
    except Exception as error:
        error.add_note(f"This was on the machine {platform.node()!r}.")
        return name, None, _make_portable(error), raised
    finally:
        _folder_of_asker.reset(before)


def _receive(key, content):
    """Return what was sent, read once by this process."""
    found = _received.get(key)
    if found is None:
        found = pickle.loads(content)
        _received.clear()
        _received[key] = found
    return found


class _WarningRecorder:
    """Records the warnings of a process while any of its threads works for another process."""

    def __init__(self):
        self._lock = threading.Lock()
        self._n_working = 0

    @contextmanager
    def record(self, raised):
        """Add the warnings that are raised meanwhile to a list, instead of showing them here.

        Threads share what becomes of warnings, and have others decode for them: those that work at
        the same time all get the warnings of each other.
        """
        with self._lock:
            if not self._n_working:
                self._catching = warnings.catch_warnings(record=True)
                self._recorded = self._catching.__enter__()
            self._n_working += 1
            recorded, start = self._recorded, len(self._recorded)
        try:
            yield
        finally:
            with self._lock:
                raised += [_make_portable(each.message) for each in recorded[start:]]
                self._n_working -= 1
                if not self._n_working:
                    self._catching.__exit__(None, None, None)


_recorder = _WarningRecorder()


def _make_portable(error):
    """Return an error or a warning, or one like it where it cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        kind = RuntimeWarning if isinstance(error, Warning) else RuntimeError
        return kind(f"{type(error).__name__}: {error}")
    return error
