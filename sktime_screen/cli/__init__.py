"""The command line: ``sktime-screen``."""

from ._app import app, main
from ._demo import run_demo

__all__ = ["app", "main", "run_demo"]
