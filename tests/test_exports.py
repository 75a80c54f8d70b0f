import csv
import html
import json
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sktime_screen import ScreenTimeReport, save_subtitles
from sktime_screen._names import escape_controls, unescape_formula
from sktime_screen.labels import write_table

COLUMNS = ["video", "character", "start", "end", "duration", "confidence", "peak_time"]


def appearances_of(*rows):
    """A table of appearances from (video, character, start, end, confidence)."""
    return pd.DataFrame(
        [
            (video, name, start, end, end - start, sure, start)
            for video, name, start, end, sure in rows
        ],
        columns=COLUMNS,
    )


@pytest.fixture
def appearances():
    return appearances_of(
        ("a.mp4", "tom", 1.0, 3.0, 0.9),
        ("a.mp4", "tom", 3661.9996, 3663.0, 0.7),
        ("a.mp4", "jerry", 2.0, 4.5, 0.8),
    )


@pytest.fixture
def estimate():
    return pd.DataFrame(
        [
            ("a.mp4", "tom", 3.0, 0.0008, 2.5, 4.0, 2, 1.0, 3663.0, 0.83, "labels"),
            ("a.mp4", "jerry", 2.5, 2.5 / 3750, np.nan, np.nan, 1, 2.0, 4.5, 0.8, "calibrated"),
            ("b.mp4", "tom", 0.0, 0.0, np.nan, np.nan, 0, np.nan, np.nan, np.nan, "count"),
            ("b.mp4", "jerry", 0.0, 0.0, np.nan, np.nan, 0, np.nan, np.nan, np.nan, "count"),
        ],
        columns=[
            "video", "character", "seconds", "share", "low", "high", "appearances", "first_seen",
            "last_seen", "confidence", "basis",
        ],
    )  # fmt: skip


def test_json_has_the_names_of_the_media_industry(tmp_path, estimate, appearances):
    path = tmp_path / "screen_time.json"
    ScreenTimeReport(estimate, appearances, None).save_json(path)
    first, second = json.loads(path.read_text(encoding="utf-8"))["videos"]
    assert first["name"] == "a.mp4"
    assert first["duration"] == {"time": "1:02:30.000", "seconds": 3750.0}
    tom, jerry = first["characters"]
    assert tom == {
        "name": "tom",
        "seenDuration": 3.0,
        "seenDurationRatio": 0.001,
        "seenDurationInterval": [2.5, 4.0],
        "confidence": 0.83,
        "basis": "labels",
        "appearances": [
            {
                "startTime": "0:00:01.000",
                "endTime": "0:00:03.000",
                "startSeconds": 1.0,
                "endSeconds": 3.0,
                "confidence": 0.9,
            },
            {
                "startTime": "1:01:02.000",
                "endTime": "1:01:03.000",
                "startSeconds": 3662.0,
                "endSeconds": 3663.0,
                "confidence": 0.7,
            },
        ],
    }
    assert jerry["seenDurationInterval"] is None
    assert second["duration"] is None
    assert [character["appearances"] for character in second["characters"]] == [[], []]
    assert second["characters"][0]["confidence"] is None


def test_csv_gives_the_table_back(tmp_path, estimate, appearances):
    path = tmp_path / "table.csv"
    write_table(path, estimate)
    pd.testing.assert_frame_equal(pd.read_csv(path), estimate)
    odd = appearances.assign(character=['"tom", \n=1+1', "Jérôme", "<b>"])
    write_table(path, odd)
    pd.testing.assert_frame_equal(pd.read_csv(path), odd)


def test_an_index_with_names_is_kept_in_the_csv(tmp_path):
    path = tmp_path / "together.csv"
    index = pd.MultiIndex.from_tuples([("a.mp4", "tom")], names=["video", "character"])
    write_table(path, pd.DataFrame({"tom": [1.0], "jerry": [0.5]}, index=index))
    assert path.read_bytes() == b"video,character,tom,jerry\r\na.mp4,tom,1.0,0.5\r\n"


def test_vtt_has_a_cue_for_each_appearance(tmp_path, appearances):
    path = tmp_path / "video.vtt"
    save_subtitles(path, appearances)
    assert path.read_bytes().decode() == (
        "WEBVTT\n\n"
        "00:00:01.000 --> 00:00:03.000\ntom\n\n"
        "00:00:02.000 --> 00:00:04.500\njerry\n\n"
        "01:01:02.000 --> 01:01:03.000\ntom\n"
    )


def test_srt_says_who_is_there_until_somebody_comes_or_goes(tmp_path, appearances):
    path = tmp_path / "video.srt"
    save_subtitles(path, appearances)
    assert path.read_bytes().decode() == (
        "1\n00:00:01,000 --> 00:00:02,000\ntom\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\ntom\njerry\n\n"
        "3\n00:00:03,000 --> 00:00:04,500\njerry\n\n"
        "4\n01:01:02,000 --> 01:01:03,000\ntom\n"
    )


@pytest.mark.parametrize(
    ("seconds", "timestamp"),
    [
        (0.0004, "00:00:00.000"),
        (59.9996, "00:01:00.000"),
        (3599.9994, "00:59:59.999"),
        (86400.0, "24:00:00.000"),
        (360000.5, "100:00:00.500"),
    ],
)
def test_times_are_rounded_across_the_hour(tmp_path, seconds, timestamp):
    path = tmp_path / "video.vtt"
    save_subtitles(path, appearances_of(("a", "tom", seconds, seconds + 1, 0.5)))
    assert path.read_text().splitlines()[2].startswith(f"{timestamp} --> ")


def test_names_cannot_break_out_of_a_cue(tmp_path):
    evil = "a & <b>\n\n00:00:09.000 --> 00:00:10.000\r\nno"
    rows = appearances_of(("a", evil, 0.0, 1.0, 0.5))
    save_subtitles(tmp_path / "video.vtt", rows)
    lines = (tmp_path / "video.vtt").read_bytes().decode().split("\n")
    assert lines[3] == r"a &amp; &lt;b&gt;\n\n00:00:09.000 --&gt; 00:00:10.000\r\nno"
    assert len(lines) == 5
    save_subtitles(tmp_path / "video.srt", rows)
    lines = (tmp_path / "video.srt").read_bytes().decode().split("\n")
    assert lines[2] == r"a & ‹b›\n\n00:00:09.000 --› 00:00:10.000\r\nno"  # noqa: RUF001
    assert len(lines) == 4


def test_what_rounds_to_nothing_is_no_cue(tmp_path):
    rows = appearances_of(("a", "tom", 0.0, 0.0004, 0.5))
    save_subtitles(tmp_path / "video.vtt", rows)
    save_subtitles(tmp_path / "video.srt", rows)
    assert (tmp_path / "video.vtt").read_text() == "WEBVTT\n"
    assert (tmp_path / "video.srt").read_text() == ""


@pytest.mark.parametrize("name", ["video.vtt", "video.srt"])
def test_subtitles_are_of_one_video(tmp_path, appearances, name):
    rows = appearances.assign(video=["a.mp4", "b.mp4", "b.mp4"])
    with pytest.raises(ValueError, match="are of 2"):
        save_subtitles(tmp_path / name, rows)
    assert os.listdir(tmp_path) == []


def test_the_ending_of_the_name_sets_the_format(tmp_path, appearances):
    save_subtitles(str(tmp_path / "VIDEO.VTT"), appearances)
    save_subtitles(tmp_path / "a.vtt.SRT", appearances)
    assert (tmp_path / "VIDEO.VTT").read_text().startswith("WEBVTT\n")
    assert (tmp_path / "a.vtt.SRT").read_text().startswith("1\n00:00:01,000 --> ")
    for name in ("video.txt", "video", "vtt", ".srt"):
        with pytest.raises(ValueError, match=rf"{name}'.*\.vtt for WebVTT or \.srt for SubRip"):
            save_subtitles(tmp_path / name, appearances)
    assert len(os.listdir(tmp_path)) == 2


def test_other_tables_are_refused(tmp_path, estimate, appearances):
    with pytest.raises(ValueError, match="'start', 'end', 'duration', 'peak_time'"):
        save_subtitles(tmp_path / "video.vtt", estimate)
    with pytest.raises(ValueError, match=r"ScreenTimeAggregator\.estimate"):
        ScreenTimeReport(appearances, appearances, None).save_json(tmp_path / "video.json")


def test_nothing_is_written_half(tmp_path, appearances, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"Cannot write .*table\.csv: No space left on device\."):
        write_table(path, appearances)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_where_nothing_can_be_written(tmp_path, appearances):
    with pytest.raises(FileNotFoundError, match="Cannot write"):
        write_table(tmp_path / "missing" / "table.csv", appearances)
    with pytest.raises(IsADirectoryError, match="Name a file in it"):
        write_table(tmp_path, appearances)


def test_round_trip_through_the_json(tmp_path, estimate, appearances):
    ScreenTimeReport(estimate, appearances, None).save_json(tmp_path / "screen_time.json")
    found = [
        (video["name"], character["name"], shown["startSeconds"], shown["endSeconds"])
        for video in json.loads((tmp_path / "screen_time.json").read_text())["videos"]
        for character in video["characters"]
        for shown in character["appearances"]
    ]
    wanted = appearances[["video", "character", "start", "end"]].round(3)
    assert found == list(wanted.itertuples(index=False, name=None))


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.integers(0, 40_000_000).map(lambda ms: ms / 1000)
found_in_a_video = st.lists(
    st.tuples(st.just("a"), names, moments, moments, st.floats(0, 1)).filter(lambda r: r[2] < r[3]),
    max_size=6,
)


def seconds_of(timestamp):
    hours, minutes, seconds = timestamp.split(":")
    return round(int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", ".")), 3)


def cues_of(text):
    """(start, end, lines) of the cues of WebVTT or SRT."""
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line]
        timing = next((row for row, line in enumerate(lines) if "-->" in line), None)
        if timing is not None:
            start, end = map(seconds_of, lines[timing].split(" --> "))
            yield start, end, lines[timing + 1 :]


@given(found_in_a_video)
@settings(deadline=None, max_examples=60)
def test_round_trip_through_vtt(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.vtt"
        save_subtitles(path, appearances_of(*rows))
        text = path.read_bytes().decode()
    found = [(start, end, html.unescape("".join(lines))) for start, end, lines in cues_of(text)]
    wanted = [
        (start, end, " ".join(escape_controls(name).split()))
        for _, name, start, end, _ in sorted(rows, key=lambda row: row[2])
    ]
    assert found == wanted


@given(found_in_a_video)
@settings(deadline=None, max_examples=60)
def test_subtitles_follow_each_other_and_last_as_long(rows):
    rows = [(video, "tom" * (1 + row % 2), *rest) for row, (video, _, *rest) in enumerate(rows)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.srt"
        save_subtitles(path, appearances_of(*rows))
        subtitles = list(cues_of(path.read_bytes().decode()))
    assert all(one[1] <= two[0] for one, two in pairwise(subtitles))
    for name in ("tom", "tomtom"):
        shown = [(start, end) for start, end, lines in subtitles if name in lines]
        inside = [(start, end) for _, other, start, end, _ in rows if other == name]
        for moment in sorted({moment for span in [*shown, *inside] for moment in span}):
            assert any(a <= moment < b for a, b in shown) == any(a <= moment < b for a, b in inside)


@given(found_in_a_video)
@settings(deadline=None, max_examples=60)
def test_round_trip_through_csv(rows):
    table = appearances_of(*rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, table)
        with path.open(encoding="utf-8", newline="") as file:
            header, *found = csv.reader(file)
    assert header == COLUMNS
    assert [(unescape_formula(row[1]), *map(float, row[2:])) for row in found] == [
        (row.character, *row[3:]) for row in table.itertuples()
    ]
