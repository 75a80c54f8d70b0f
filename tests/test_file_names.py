"""Names of files that are not UTF-8, or that another system wrote in its own way."""

import json
import os
import shutil
import sys
import unicodedata

import numpy as np
import pandas as pd
import pytest
from conftest import read_code

from sktime_screen import (
    ScreenTimeReport,
    VideoFrameSampler,
    extract_frames,
    load_cvat,
    load_eaf,
    load_label_csv,
    load_label_studio,
    save_cvat,
    save_eaf,
    save_label_csv,
    save_label_page,
    save_label_studio,
    save_subtitles,
)
from sktime_screen.labels import write_table
from sktime_screen.video import FrameSequence

NOT_UTF8 = os.fsdecode(b"caf\xe9 \xff.mp4") if sys.platform == "linux" else "café.mp4"
SHOWN = NOT_UTF8.encode(errors="backslashreplace").decode()


@pytest.fixture
def odd_video(tmp_path, video):
    """A video whose name is not UTF-8, in a folder of that kind."""
    folder = tmp_path / NOT_UTF8.removesuffix(".mp4")
    folder.mkdir()
    return shutil.copy(video, os.fspath(folder / NOT_UTF8))


@pytest.fixture
def labelled(odd_video):
    table = VideoFrameSampler(rate=1).sample(odd_video)
    return table, pd.DataFrame({"tom": [1, 0] * 5, "jerry": [0, 1] * 5})


def check_labels(read, labelled, path):
    table, y = read
    pd.testing.assert_frame_equal(y, labelled[1][y.columns.tolist()], check_dtype=False)
    assert {os.path.realpath(video) for video in table["video"]} == {os.path.realpath(path)}
    assert [read_code(image) for image in FrameSequence(table)[:2]] == [0, 24]


def test_labels_of_a_name_that_is_not_utf8(tmp_path, odd_video, labelled):
    save_label_csv(tmp_path / "labels.csv", *labelled)
    assert SHOWN in (tmp_path / "labels.csv").read_text(encoding="utf-8")
    check_labels(load_label_csv(tmp_path / "labels.csv"), labelled, odd_video)
    check_labels(load_label_csv(tmp_path / "labels.csv", video=odd_video), labelled, odd_video)
    save_label_studio(tmp_path / "tasks.json", *labelled, frame_rate=24)
    json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    check_labels(load_label_studio(tmp_path / "tasks.json", rate=1), labelled, odd_video)
    beside = os.path.dirname(odd_video)
    save_label_studio(tmp_path / "served.json", *labelled, frame_rate=24, prefix="/data/?d=x/")
    served = load_label_studio(tmp_path / "served.json", rate=1, folder=beside)
    check_labels(served, labelled, odd_video)


def test_elan_of_a_name_that_is_not_utf8(tmp_path, odd_video, labelled):
    pytest.importorskip("pympi")
    save_eaf(tmp_path / "video.eaf", *labelled)
    check_labels(load_eaf(tmp_path / "video.eaf", rate=1), labelled, odd_video)
    os.makedirs(tmp_path / "elsewhere")
    moved = shutil.move(tmp_path / "video.eaf", tmp_path / "elsewhere")
    check_labels(load_eaf(moved, rate=1), labelled, odd_video)


def test_cvat_of_a_name_that_is_not_utf8(tmp_path, odd_video, labelled):
    save_cvat(tmp_path / "video.xml", *labelled)
    check_labels(load_cvat(tmp_path / "video.xml", rate=1), labelled, odd_video)


def test_all_that_is_written_of_a_name_that_is_not_utf8(tmp_path, odd_video, labelled):
    estimate = pd.DataFrame(
        [(odd_video, "tom", 2.0, 0.2, np.nan, np.nan, 1, 1.0, 3.0, 0.9, "count")],
        columns=[
            "video", "character", "seconds", "share", "low", "high", "appearances", "first_seen",
            "last_seen", "confidence", "basis",
        ],
    )  # fmt: skip
    appearances = pd.DataFrame(
        [(odd_video, "tom", 1.0, 3.0, 2.0, 0.9, 1.5)],
        columns=["video", "character", "start", "end", "duration", "confidence", "peak_time"],
    )
    together = pd.DataFrame(
        [[2.0]],
        index=pd.MultiIndex.from_tuples([(odd_video, "tom")], names=["video", "character"]),
        columns=["tom"],
    )
    write_table(tmp_path / "table.csv", estimate)
    ScreenTimeReport(estimate, appearances, None).save_json(tmp_path / "table.json")
    save_subtitles(tmp_path / "table.vtt", appearances)
    save_subtitles(tmp_path / "table.srt", appearances)
    ScreenTimeReport(estimate, appearances, together).save(tmp_path / "report.html")
    save_label_page(tmp_path / "page.html", labelled[0], ["tom", "jerry"])
    for name in ("table.csv", "table.json", "report.html", "page.html"):
        assert SHOWN in (tmp_path / name).read_text(encoding="utf-8").replace("\\\\", "\\"), name
    # A browser could not save it otherwise.
    assert SHOWN.replace("\\", "\\\\") in (tmp_path / "page.html").read_text(encoding="utf-8")
    # Where images are, the video was opened.
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count("data:image/webp") == 2
    named = json.loads((tmp_path / "table.json").read_text(encoding="utf-8"))["videos"][0]["name"]
    assert named.endswith(NOT_UTF8)


def test_images_of_a_name_that_is_not_utf8(tmp_path, odd_video):
    table = extract_frames(odd_video, tmp_path / "images", rate=0.5)
    listing = tmp_path / "images" / "labels.csv"
    filled = pd.read_csv(listing, dtype=str).assign(label=["tom", "jerry"] * 2 + ["tom"])
    filled.to_csv(listing, index=False)
    for _ in range(2):
        extract_frames(odd_video, tmp_path / "images", rate=0.5)
        read, y = load_label_csv(listing)
        assert y.tolist() == ["tom", "jerry", "tom", "jerry", "tom"]
        assert [read_code(image) for image in FrameSequence(read)] == list(range(0, 240, 48))
    os.remove(odd_video)
    read, _ = load_label_csv(listing)
    assert read["image"].map(os.path.realpath).tolist() == [
        os.path.realpath(image) for image in table["image"]
    ]


@pytest.mark.parametrize(
    ("there", "written"),
    [
        (unicodedata.normalize("NFC", "Amélie.mp4"), unicodedata.normalize("NFD", "Amélie.mp4")),
        (unicodedata.normalize("NFD", "Amélie.mp4"), unicodedata.normalize("NFC", "Amélie.mp4")),
        ("season/video.mp4", "season\\video.mp4"),
        ("season/video.mp4", ".\\season\\video.mp4"),
        ("a\\b.mp4", "a\\b.mp4"),
        (
            unicodedata.normalize("NFC", "söason/é.mp4"),
            unicodedata.normalize("NFD", "söason\\é.mp4"),
        ),
    ],
)
def test_a_path_as_another_system_writes_it(tmp_path, video, there, written, recwarn):
    target = tmp_path / there
    target.parent.mkdir(exist_ok=True)
    shutil.copy(video, target)
    labels = tmp_path / "labels.csv"
    labels.write_text(f"video,time,label\n{written},0,tom\n{written},1,jerry\n", encoding="utf-8")
    for video in (None, written, there):
        table, y = load_label_csv(labels, video=video)
        assert set(table["video"].map(os.path.normpath)) == {os.fspath(target)}
        assert y.tolist() == ["tom", "jerry"]
    labels.write_text(f"video,start,end,label\n{written},0,2,tom\n", encoding="utf-8")
    table, y = load_label_csv(labels)
    assert set(table["video"].map(os.path.normpath)) == {os.fspath(target)}
    assert not recwarn.list


@pytest.mark.parametrize(
    "written",
    [
        "C:\\Users\\ann\\cartoons\\video.mp4",
        "D:/video.mp4",
        "\\\\server\\video.mp4",
        "/home/a/video.mp4",
    ],
)
def test_a_path_of_another_computer(tmp_path, video, written):
    labels = tmp_path / "labels.csv"
    labels.write_text(f"video,time,label\n{written},0,tom\n", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"not in .*'video\.mp4' is not there either"):
        load_label_csv(labels)
    shutil.copy(video, tmp_path / "video.mp4")
    with pytest.warns(RuntimeWarning, match=r"does not exist; using '.*video\.mp4' instead"):
        table, _ = load_label_csv(labels)
    assert table["video"].tolist() == [str(tmp_path / "video.mp4")]
    if "cartoons" in written:
        (tmp_path / "cartoons").mkdir()
        shutil.copy(video, tmp_path / "cartoons")
        with pytest.warns(RuntimeWarning, match="does not exist; using"):
            table, _ = load_label_csv(labels)
        assert table["video"].tolist() == [str(tmp_path / "cartoons" / "video.mp4")]
