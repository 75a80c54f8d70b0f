"""What the package gives back has types, and a user's type checker accepts them."""

import inspect
import re
from pathlib import Path

import pytest
from mypy import api

import sktime_screen

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Run mypy with the project's settings; returns what it complains of."""
    given = [
        "--config-file",
        ROOT / "pyproject.toml",
        "--cache-dir",
        tmp_path_factory.mktemp("mypy"),
    ]

    def run(*arguments):
        report, trouble, _ = api.run([str(each) for each in (*given, *arguments)])
        return [line for line in (report + trouble).splitlines() if not line.startswith("Success")]

    return run


def test_the_package(check):
    assert check(ROOT / "sktime_screen") == []


def test_a_strict_user(check, tmp_path):
    script = tmp_path / "script.py"
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    script.write_text("\n".join([*blocks, "time_blocks()", "len(time_blocks(X))"]))
    found = check("--strict", "--follow-imports", "silent", script)
    # README's own lines are right; of the two that are added, the first is not.
    assert len(found) == 2, found
    assert 'Missing positional argument "frames"' in found[0]


@pytest.mark.parametrize("name", sktime_screen.__all__)
def test_what_is_given_back_has_a_type(name):
    thing = getattr(sktime_screen, name)
    if inspect.ismodule(thing):
        things = [getattr(thing, each) for each in thing.__all__]
    elif inspect.isclass(thing):
        things = [
            getattr(thing, method)
            for method, _ in inspect.getmembers(thing, inspect.isroutine)
            if any(method in vars(c) for c in thing.__mro__ if c.__module__.startswith("sktime"))
            and (method[0] != "_" or method == "__init__")
        ]
    else:
        things = [thing]
    untyped = [
        each.__name__
        for each in things
        if inspect.signature(each).return_annotation is inspect.Signature.empty
    ]
    assert untyped == []
