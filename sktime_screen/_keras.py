"""The one door to Keras: imported when first needed, without TensorFlow's start-up messages."""

import os
import re
import sys
import tempfile
from contextlib import contextmanager

# What TensorFlow and absl write to the C-level stderr while they start; everything else that is
# written meanwhile is passed on.
_CHATTER = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog"
    rb"|[IWE]\d{4} [\d:.]+\s+\d+ \S+\.cc:\d+\]"
    rb"|\d{4}-\d\d-\d\d [\d:.]+: [IWE] (tensorflow|external)"
    rb"|To enable the following instructions"
)


@contextmanager
def _without_chatter():
    # TF_CPP_MIN_LOG_LEVEL does not reach the messages logged before absl is initialised, so the
    # file descriptor itself has to be held back while the libraries load.
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, AttributeError, ValueError):
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not _CHATTER.match(line):
                    os.write(2, line)


# The process in which Keras was first asked for.
_first_process: int | None = None


def refuse_forked_process():
    """Raise an error in a copy of a process that has used TensorFlow or JAX: it would hang."""
    global _first_process
    if _first_process is None:
        _first_process = os.getpid()
    elif _first_process != os.getpid() and keras_backend() != "torch":
        raise RuntimeError(
            f"Process {os.getpid()} is a fork of process {_first_process}, which has used Keras on"
            f" {keras_backend()}: its networks would hang here for ever. Use processes that are"
            f" started anew, such as those of joblib's default backend,"
            f" joblib.parallel_config('loky'), or multiprocessing.get_context('spawn')."
        )


def load_keras():
    """Import Keras, quietly, with TensorFlow as the backend unless the user chose another."""
    refuse_forked_process()
    if "keras" in sys.modules:
        return sys.modules["keras"]
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _without_chatter():
        import keras

        keras.ops.zeros(1)  # the devices are looked for, and reported on, at the first tensor
    return keras


def keras_backend():
    """Return the backend that Keras runs on, or will run on once it is loaded."""
    if "keras" in sys.modules:
        return sys.modules["keras"].backend.backend()
    return os.environ.get("KERAS_BACKEND", "tensorflow")


def keras_home():
    """Return the folder in which Keras keeps what it downloads."""
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
