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


def load_keras():
    """Import Keras, quietly, with TensorFlow as the backend unless the user chose another."""
    if "keras" in sys.modules:
        return sys.modules["keras"]
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _without_chatter():
        import keras

        keras.ops.zeros(1)  # the devices are looked for, and reported on, at the first tensor
    return keras


def get_keras_backend():
    """Return the backend that Keras runs on, or will run on once it is loaded."""
    if "keras" in sys.modules:
        return sys.modules["keras"].backend.backend()
    return os.environ.get("KERAS_BACKEND", "tensorflow")


def get_keras_home():
    """Return the folder in which Keras keeps what it downloads."""
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
