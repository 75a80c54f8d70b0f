"""``sktime-screen cache``: which features are kept, and how they are removed."""

import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sktime_screen import FeatureStore
from sktime_screen.cli import _options, app


@pytest.fixture
def store(tmp_path):
    """Features of two videos, and of faces in one."""
    store = FeatureStore(tmp_path / "features")
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    store.put([b"a", b"b", b"c"], rows, "efficientnet_lite0_map abc float16", "1.mp4")
    store.put([b"d"], rows[:1], "efficientnet_lite0_map abc float16", "2.mp4")
    store.put([b"e", b"f"], rows[:2], "faces abc (6, 640)", "1.mp4")
    return store


def run(store, *words):
    return CliRunner().invoke(app, ["cache", "--cache-dir", store.folder, *words])


def test_kinds_are_listed(store):
    done = run(store)
    assert done.exit_code == 0
    rows = [line.split()[1:-1:2] for line in done.output.splitlines() if "│" in line]
    assert rows == [["efficientnet_lite0_map", "2", "4", "0.0"], ["faces", "1", "2", "0.0"]]


@pytest.mark.parametrize(
    ("kind", "left"), [("faces", 4), ("efficientnet_lite0_map", 2), ("all", 0)]
)
def test_features_of_a_kind_are_removed(store, kind, left):
    done = run(store, "--clear", kind)
    assert done.exit_code == 0
    assert f"Removed {kind}: {6 - left} frames" in done.output
    assert len(store) == left
    again = run(store, "--clear", kind)
    assert (again.exit_code == 0) == (kind in ("faces", "all"))
    assert "Removed faces: 0 frames" in again.output or kind != "faces"
    assert len(store) == left


def test_a_kind_that_is_not_there_removes_nothing(store):
    done = run(store, "--clear", "face")
    assert done.exit_code == 2
    assert "only efficientnet_lite0_map, faces" in " ".join(done.output.replace("│", " ").split())
    assert len(store) == 6


def test_a_folder_without_features_is_not_made(tmp_path):
    store = FeatureStore(tmp_path / "none")
    done = run(store, "--clear", "faces")
    assert done.exit_code == 0
    assert "No features are kept in" in done.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("is_default", [True, False])
def test_who_keeps_much_is_told_how_to_remove_it(store, is_default, monkeypatch):
    class Steps:
        said: list = []
        say = said.append

    if is_default:
        monkeypatch.setattr(_options, "CACHE_DIR", Path(store.folder))
    _options.find_feature_folder(store.folder, False, Steps)
    (kept,) = Steps.said
    monkeypatch.setattr(_options, "_LARGE", 1000)
    _options.find_feature_folder(store.folder, False, Steps)
    assert Steps.said[1] == kept
    command = shlex.split(Steps.said[2].split("`")[1])
    assert command[:4] == ["sktime-screen", "cache", "--clear", "all"]
    assert command[4:] == ([] if is_default else ["--cache-dir", store.folder])
    assert len(store) == 6
    assert run(store, *command[2:4]).exit_code == 0
    assert len(store) == 0
