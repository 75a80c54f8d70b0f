"""The command line: ``sktime-screen``."""

import sys

try:
    from ._app import app, main
    from ._demo import run_demo
except KeyboardInterrupt:
    # Before `main` nobody is there to catch it.
    print("stopped", file=sys.stderr)
    sys.exit(130)

__all__ = ["app", "main", "run_demo"]
