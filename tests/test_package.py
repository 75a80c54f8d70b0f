import ast
import importlib
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import av
import pytest

import sktime_screen
from sktime_screen._caches import get_cache_folder
from sktime_screen._keras import get_keras_backend

ROOT = Path(__file__).parent.parent


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )


def test_importing_the_package_or_its_command_line_imports_nothing_heavy():
    run(
        "import sys, sktime_screen, sktime_screen.cli\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'pandas', 'numpy', 'matplotlib', 'av', 'cv2'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )


def test_importing_all_rooms_does_not_import_tensorflow():
    run(
        "import sys\n"
        "from sktime_screen import *\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )


def test_the_library_leaves_the_error_stream_and_the_environment_alone(tmp_path, monkeypatch):
    (tmp_path / "keras.py").write_text("import os\nos.write(2, b'TensorFlow starts\\n')\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    done = run(
        "import os\n"
        "from sktime_screen._keras import load_keras\n"
        "before, stream = dict(os.environ), os.fstat(2)\n"
        "load_keras()\n"
        "assert (dict(os.environ), os.fstat(2)) == (before, stream)"
    )
    assert done.stderr == "TensorFlow starts\n"


def test_on_the_command_line_keras_starts_in_silence():
    done = run(
        "import os, sys\n"
        "from unittest import mock\n"
        "from sktime_screen.cli import _app\n"
        "with mock.patch.object(_app, 'app'):\n"
        "    _app.main()\n"
        "_app._keras.load_keras()"
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_only_start_up_messages_are_dropped():
    done = run(
        "import os\n"
        "from sktime_screen.cli._startup_messages import drop_startup_messages\n"
        "with drop_startup_messages():\n"
        "    os.write(2, b'I0000 00:00:17.5  23 port.cc:153] chatter\\nsomething real\\n')\n"
        "os.write(2, b'I0000 00:00:17.5  23 port.cc:153] later\\n')"
    )
    assert done.stderr == "something real\nI0000 00:00:17.5  23 port.cc:153] later\n"


@pytest.mark.parametrize(
    ("environment", "configuration", "backend"),
    [
        ({}, None, "tensorflow"),
        ({}, '{"backend": "jax"}', "jax"),
        ({"KERAS_BACKEND": "torch"}, '{"backend": "jax"}', "torch"),
        ({"KERAS_BACKEND": ""}, '{"backend": "jax"}', "jax"),
        ({}, "not JSON", "tensorflow"),
        ({}, '{"floatx": "float32"}', "tensorflow"),
    ],
)
def test_the_backend_is_that_of_the_user(
    tmp_path, monkeypatch, environment, configuration, backend
):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if configuration is not None:
        (tmp_path / "keras.json").write_text(configuration)
    assert get_keras_backend() == backend


def test_where_caches_are(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SKTIME_SCREEN_HOME", str(tmp_path / "here"))
    assert get_cache_folder("features") == tmp_path / "here" / "features"
    monkeypatch.setenv("SKTIME_SCREEN_HOME", "~/mine")
    assert get_cache_folder("networks") == tmp_path / "home" / "mine" / "networks"
    monkeypatch.setenv("SKTIME_SCREEN_HOME", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    found = get_cache_folder("features")
    assert found.name == "features"
    assert "sktime_screen" in found.parts
    if sys.platform == "linux":
        assert found == tmp_path / "xdg" / "sktime_screen" / "features"


def test_what_scikit_learn_keeps_private_comes_through_one_door():
    found = set()
    for path in (ROOT / "sktime_screen").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
                names = [*node.module.split("."), *(alias.name for alias in node.names)]
                found |= {path.name for name in names if name.startswith("_")}
    assert found == {"_sklearn.py"}


def test_public_names():
    assert sktime_screen.__all__ == sorted(sktime_screen.__all__)
    for name in sktime_screen.__all__:
        assert getattr(sktime_screen, name).__doc__
    with pytest.raises(AttributeError, match="no_such_name"):
        sktime_screen.no_such_name  # noqa: B018


def test_the_version_is_that_of_the_distribution():
    assert sktime_screen.__version__ == metadata.version("sktime_screen")
    assert f"version: {sktime_screen.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_versions_for_a_bug_report(capsys, monkeypatch):
    sktime_screen.show_versions()
    lines = dict(
        line.strip().split(": ", 1) for line in capsys.readouterr().out.splitlines() if ":" in line
    )
    assert lines["sktime_screen"] == sktime_screen.__version__
    assert lines["Python"].startswith(platform.python_version())
    assert lines["av"] == av.__version__
    assert lines["FFmpeg"] == av.ffmpeg_version_info
    assert lines["Keras backend"] == os.environ.get("KERAS_BACKEND", "tensorflow")
    # It tells of an installation that does not run, too.
    monkeypatch.setitem(sys.modules, "av", None)
    sktime_screen.show_versions()
    assert "FFmpeg: import of av halted" in capsys.readouterr().out


def test_every_python_that_is_promised_is_tested():
    promised = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', read("pyproject.toml"))
    assert re.search(r"PYTHONS:-(.*)}", read(".ci/run"))[1].split() == promised
    assert re.search(r"python: \[(.*)\]", read(".github/workflows/tests.yml"))[1].split(", ") == [
        f'"{version}"' for version in promised
    ]
    for version in promised:
        assert "av==" in read(f".ci/constraints-{version}.txt")


def read(name):
    return (ROOT / name).read_text()


def modules():
    return sorted((ROOT / "sktime_screen").rglob("*.py"))


def test_no_file_name_stands_for_two_things():
    names = [path.name for path in modules() if path.name != "__init__.py"]
    assert sorted(set(names)) == sorted(names)


def test_no_room_opens_the_private_modules_of_another():
    package = ROOT / "sktime_screen"
    for path in modules():
        room = path.relative_to(package).parts[:-1]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = room[: len(room) - node.level + 1]
                target = (*base, *(node.module or "").split("."))
                if target[0] and len(target) > 1 and (package / target[0]).is_dir():
                    assert target[:1] == room, f"{path} imports {'.'.join(target)}"


def test_benchmarks_and_examples_import_what_is_there():
    """What a script of hours imports from the package is known before it runs."""
    for script in [*ROOT.glob("benchmarks/*.py"), *ROOT.glob("examples/*.py")]:
        for node in ast.walk(ast.parse(script.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("sktime_screen"):
                module = importlib.import_module(node.module)
                for name in [alias.name for alias in node.names]:
                    assert hasattr(module, name), f"{script.name}: no {name} in {node.module}"
