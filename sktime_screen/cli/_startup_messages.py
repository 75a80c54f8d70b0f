"""Keeps TensorFlow's start-up messages off the screen."""

import os
import re
import sys
import tempfile
from contextlib import contextmanager

# What TensorFlow and absl write to the C-level stderr while they start; everything else that is
# written meanwhile is passed on.
_STARTUP_MESSAGE = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog"
    rb"|[IWE]\d{4} [\d:.]+\s+\d+ \S+\.cc:\d+\]"
    rb"|\d{4}-\d\d-\d\d [\d:.]+: [IWE] (tensorflow|external)"
    rb"|To enable the following instructions"
)


@contextmanager
def drop_startup_messages():
    """Hold the error stream back while Keras loads, and pass on what is not about that."""
    # TF_CPP_MIN_LOG_LEVEL does not reach the messages logged before absl is initialised: of nine
    # lines two stay away, so the file descriptor itself is held back.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
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
            if "keras" in sys.modules:
                # The devices are looked for, and reported on, at the first tensor.
                sys.modules["keras"].ops.zeros(1)
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not _STARTUP_MESSAGE.match(line):
                    os.write(2, line)
