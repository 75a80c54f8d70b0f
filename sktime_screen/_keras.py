"""The one door to Keras: imported when it is first needed."""

import json
import os
import sys
from contextlib import nullcontext, suppress
from pathlib import Path

# The command line, whose process is its own, puts here what keeps TensorFlow's start-up messages
# back. A library leaves the error stream as it is.
startup_context = nullcontext
# The process in which Keras was first asked for.
_first_process: int | None = None


def refuse_forked_process():
    """Raise an error in a copy of a process that has used TensorFlow or JAX: it would hang."""
    global _first_process
    keras = sys.modules.get("keras")
    if _first_process is None or keras is None:
        _first_process = os.getpid()
    elif _first_process != os.getpid() and keras.backend.backend() != "torch":
        raise RuntimeError(
            f"Process {os.getpid()} is a fork of process {_first_process}, which has used Keras on"
            f" {keras.backend.backend()}: its networks would hang here. Use processes that are"
            f" started anew, such as those of joblib.parallel_config('loky'), its default, or of"
            f" multiprocessing.get_context('spawn')."
        )


def load_keras():
    """Import Keras on the backend that the user chose: TensorFlow if none."""
    refuse_forked_process()
    with nullcontext() if "keras" in sys.modules else startup_context():
        import keras
    return keras


def get_keras_backend():
    """Return the backend that Keras runs on, or will run on once it is loaded."""
    if "keras" in sys.modules:
        return load_keras().backend.backend()
    if backend := os.environ.get("KERAS_BACKEND"):
        return backend
    with suppress(OSError, ValueError, LookupError, TypeError):
        return json.loads(Path(get_keras_home(), "keras.json").read_text("utf-8"))["backend"]
    return "tensorflow"


def get_keras_home():
    """Return the folder in which Keras keeps its configuration and what it downloads."""
    if "KERAS_HOME" in os.environ:
        return os.path.expanduser(os.environ["KERAS_HOME"])
    home = os.path.expanduser("~")
    return os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".keras")
