import os
import subprocess
import sys

import numpy as np
from rich.console import Console

from sktime_screen.cli import run_demo


def test_demo(tmp_path, capsys):
    results = run_demo(tmp_path / "demo", 20, Console(width=100))
    said = capsys.readouterr().out
    assert results.index.tolist() == ["cat", "mouse"]
    assert results["true"].between(1, 19).all()
    np.testing.assert_allclose(results["error"], results["measured"] - results["true"])
    assert results["error"].abs().max() < 8
    for word in ["cat", "mouse", "measured (s)", "true (s)", "timeline.png", "done in"]:
        assert word in said
    assert sorted(os.listdir(tmp_path / "demo")) == ["test.mp4", "timeline.png", "train.mp4"]


def test_errors_are_one_line_and_an_exit_code(tmp_path):
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "sktime_screen.cli", "demo", "--folder", str(tmp_path / "file")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "file" in done.stderr


def test_help():
    done = subprocess.run(
        [sys.executable, "-m", "sktime_screen.cli", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "demo" in done.stdout
