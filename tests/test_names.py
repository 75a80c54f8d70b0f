"""Names that would do harm where they are read: in spreadsheets, on screens, in markup."""

import csv
import json
import warnings
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from conftest import few_examples
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from test_exports import appearances_of
from test_label_page import written
from test_report import Page, downloads, tables

from sktime_screen import (
    ScreenTimeReport,
    VideoFrameSampler,
    extract_frames,
    load_label_csv,
    save_label_csv,
    save_label_page,
    save_subtitles,
)
from sktime_screen._names import escape_controls, escape_formula, unescape_formula
from sktime_screen._progress import show_progress
from sktime_screen.cli import _console
from sktime_screen.cli._demo import _as_table
from sktime_screen.labels import write_table

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-tom", "@SUM(A1)", "\ttom", "\rtom", "'=1", "\uff1d1"]
HOSTILE = "tom\u202egpj\x1b[31m\nred"
SEEN = "tom\\u202egpj\\x1b[31m\\nred"


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-tom", "'-tom"),
        ("@tom", "'@tom"),
        ("\t=1", "'\t=1"),
        ("\rtom", "'\rtom"),
        ("'=1", "''=1"),
        ("\uff1d1", "'\uff1d1"),
        ("-1.5", "-1.5"),
        ("+1e5", "+1e5"),
        ("-1.5.2", "'-1.5.2"),
        ("'tom", "'tom"),
        ("tom=1", "tom=1"),
        (-1.5, -1.5),
        (None, None),
    ],
)
def test_cells(name, cell):
    assert escape_formula(name) == cell
    if isinstance(name, str):
        assert unescape_formula(cell) == name


@given(st.text(st.sampled_from("'=+-@\t\r\n1.eEtom\uff1d")))
def test_every_name_comes_back(name):
    assert unescape_formula(escape_formula(name)) == name


def test_tables_of_results(tmp_path):
    path = tmp_path / "table.csv"
    index = pd.MultiIndex.from_tuples([("-video.mp4", "@tom")], names=["video", "character"])
    write_table(path, pd.DataFrame({"=tom": [-1.5], "jerry": [0.1]}, index=index))
    assert path.read_bytes() == b"video,character,'=tom,jerry\r\n'-video.mp4,'@tom,-1.5,0.1\r\n"
    # Appearances are read again as labels, whatever the characters are called.
    rows = appearances_of(*(("a.mp4", name, 0.0, 1.0, 0.5) for name in FORMULAS))
    write_table(path, rows)
    assert all(f"'{name}" in path.read_bytes().decode() for name in FORMULAS)
    # An index may have the name of a column.
    index = pd.Index(["a.mp4"], name="video")
    write_table(path, pd.DataFrame({"video": [1.0]}, index=index))
    assert path.read_text() == "video,video\na.mp4,1.0\n"


@pytest.mark.parametrize("video_name", ["=video.mp4", "-video.mp4"])
def test_labels_come_back(tmp_path, video, video_name, monkeypatch):
    (tmp_path / video_name).symlink_to(video)
    monkeypatch.chdir(tmp_path)
    X = VideoFrameSampler(rate=1).sample(video_name)[: len(FORMULAS)]
    y = pd.DataFrame(np.eye(len(FORMULAS), dtype=np.int64), columns=FORMULAS)
    save_label_csv("labels.csv", X, y)
    with open("labels.csv", encoding="utf-8", newline="") as file:
        head, first, *_ = csv.reader(file)
    assert head == ["video", "time", "duration", *(f"'{name}" for name in FORMULAS)]
    assert first[:3] == [f"'{video_name}", "0.0", "1.0"]
    X_back, y_back = load_label_csv("labels.csv")
    pd.testing.assert_frame_equal(X_back, X)
    pd.testing.assert_frame_equal(y_back, y)
    save_label_csv("labels.csv", X, FORMULAS)
    assert load_label_csv("labels.csv")[1].tolist() == FORMULAS
    save_label_csv("labels.csv", X, [-1, 1] * 4)
    assert load_label_csv("labels.csv")[1].tolist() == [-1, 1] * 4
    extract_frames(video_name, "images", rate=0.1, characters=["=tom"])
    assert "'=tom" in (tmp_path / "images" / "labels.csv").read_text()
    assert len(extract_frames(video_name, "images", rate=0.2, characters=["=tom"])) == 2


def test_the_label_page(tmp_path, video):
    X = VideoFrameSampler(rate=0.2).sample(video)
    page = tmp_path / "page.html"
    save_label_page(page, X, ["=tom", HOSTILE])
    data = written(page).data
    assert data["characters"] == ["=tom", SEEN]
    lines = [data["csv"]["head"], *(frame["row"] + ",1,0" for frame in data["frames"])]
    (tmp_path / "labels.csv").write_bytes("\n".join(lines).encode())
    y = load_label_csv(tmp_path / "labels.csv")[1]
    assert y.to_dict("list") == {"=tom": [1, 1], HOSTILE: [0, 0]}
    save_label_page(page, X, ["=tom", "tom\rjerry"], multilabel=False)
    assert written(page).data["csv"]["values"] == ["'=tom", '"tom\rjerry"']


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        (HOSTILE, SEEN),
        ("\u2066a\u2069\u200e\u200f\u061c", "\\u2066a\\u2069\\u200e\\u200f\\u061c"),
        ("a\u2028b\x85\x7f\x00", "a\\u2028b\\x85\\x7f\\x00"),
        ("caf\udce9.mp4", "caf\\udce9.mp4"),
        # What languages and emoji need stays.
        ("J\u00e9r\u00f4me \u05d3\u05d5\u05d3 \u0645\u06cc\u200c\u062e", None),
        ("\U0001f469\u200d\U0001f4bb \\n", None),
        (7, "7"),
    ],
)
def test_names_as_they_are_shown(name, seen):
    assert escape_controls(name) == (name if seen is None else seen)


def test_subtitles(tmp_path):
    rows = appearances_of(("a", HOSTILE, 0.0, 1.0, 0.5))
    save_subtitles(tmp_path / "video.vtt", rows)
    assert (tmp_path / "video.vtt").read_text().splitlines()[3] == SEEN
    save_subtitles(tmp_path / "video.srt", rows)
    assert (tmp_path / "video.srt").read_text().splitlines()[2] == SEEN


def test_the_report():
    html = ScreenTimeReport(*tables(f"{HOSTILE}.mp4", HOSTILE), title=HOSTILE).to_html()
    assert "\u202e" not in html
    assert "\x1b" not in html
    page = Page(html)
    bars = page.all("rect", **{"class": "appearance"})
    assert bars[0]["data-who"] == SEEN
    assert f"{SEEN}.mp4" in page.text
    # The data is not for reading on a page, and stays as it is.
    found = downloads(page)
    assert HOSTILE in pd.read_csv(StringIO(found["screen_time.csv"]))["character"].tolist()
    assert json.loads(found["screen_time.json"])["videos"][0]["characters"][0]["name"] == HOSTILE


@pytest.fixture
def terminal(monkeypatch):
    """What is printed to a terminal with colours."""
    console = Console(file=StringIO(), force_terminal=True, width=200, color_system="truecolor")
    monkeypatch.setattr(_console, "ERRORS", console)
    return console


MARKUP = "[red]x[/red] :cat: [/] {task.total}.mp4"


def test_the_terminal(terminal):
    estimate, *_ = tables(f"{MARKUP}{HOSTILE}", f"{MARKUP}{HOSTILE}")
    terminal.print(_console.seconds_table(estimate, f"of {MARKUP}{HOSTILE}"))
    figures = pd.DataFrame(
        0.5,
        index=[0],
        columns=["frames_right", "average_precision", "seconds_error", "share_error", "overlap"],
    )
    figures = figures.assign(character=MARKUP, split=MARKUP)
    terminal.print(_console.figures_table(figures, f"{MARKUP} against 3"))
    compared = pd.DataFrame(
        1.0, index=[MARKUP], columns=["measured", "low", "high", "true", "error"]
    )
    terminal.print(_as_table(compared, MARKUP))
    _console.Steps(terminal, quiet=False).say(f"Video 1: {MARKUP}{HOSTILE}")
    _console.say_error(ValueError(f"{MARKUP}{HOSTILE}"))
    with warnings.catch_warnings(record=True):
        _console.say_warning(f"{MARKUP}{HOSTILE}", UserWarning, "", 0)
    said = terminal.file.getvalue()
    assert said.count(MARKUP) == 12
    assert said.count("\\u202egpj") == 7
    assert "\u202e" not in said
    # Colours of our own, and none of a name.
    assert "\x1b[31m\n" not in said
    assert "gpj\x1b[31m" not in said


def test_progress(capsys):
    with show_progress(f"{MARKUP}{HOSTILE}", 3, verbose=True) as advance:
        advance(3)
    said = capsys.readouterr().err
    assert MARKUP in said
    assert "\u202e" not in said


@few_examples
@given(st.lists(st.text(st.sampled_from("'=-@+1\ttom,;\" "), min_size=1), min_size=2, unique=True))
def test_round_trip_through_label_csv(tmp_path, video, names):
    names = [f"{name}." for name in names]
    if any(name != name.strip() for name in names):
        return
    X = pd.DataFrame({"video": video, "time": np.arange(2.0), "duration": 1.0})
    y = pd.DataFrame(1, index=range(2), columns=names)
    save_label_csv(tmp_path / "labels.csv", X, y)
    assert load_label_csv(tmp_path / "labels.csv")[1].columns.tolist() == names
