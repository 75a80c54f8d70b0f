import subprocess
import sys

import sktime_screen


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )


def test_importing_the_package_does_not_import_tensorflow():
    run(
        "import sys, sktime_screen, sktime_screen.cli\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )


def test_keras_starts_without_chatter():
    done = run("from sktime_screen._keras import load_keras; load_keras()")
    assert (done.stdout, done.stderr) == ("", "")


def test_what_is_written_while_keras_loads_is_not_swallowed():
    done = run(
        "import os\n"
        "from sktime_screen._keras import _without_chatter\n"
        "with _without_chatter():\n"
        "    os.write(2, b'I0000 00:00:17.5  23 port.cc:153] chatter\\nsomething real\\n')\n"
    )
    assert done.stderr == "something real\n"


def test_public_names():
    assert sktime_screen.__all__ == sorted(sktime_screen.__all__)
    for name in sktime_screen.__all__:
        assert getattr(sktime_screen, name).__doc__
