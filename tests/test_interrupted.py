"""Ctrl-C while modules load: a line, no traceback, and 130 as from any program."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys
module = sys.argv.pop(1)
class Pressed:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
# Where tests run in the background, Ctrl-C is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Pressed())
from sktime_screen.cli import main
main()
"""


@pytest.mark.parametrize(
    "module", ["typer", "rich.console", "pandas", "sktime_screen.video._demuxing"]
)
def test_ctrl_c_while_modules_load(module, tmp_path):
    words = [module, "frames", tmp_path / "none.mp4", "--folder", tmp_path / "images"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped\n")
