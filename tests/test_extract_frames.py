import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import read_code

from sktime_screen import extract_frames, load_label_csv
from sktime_screen.video import FrameSequence, VideoError, check_frame_table
from sktime_screen.video._image import read_image


@pytest.fixture
def videos(tmp_path, video, other_video):
    (tmp_path / "video.mp4").symlink_to(video)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "video.mp4").symlink_to(other_video)
    return [str(tmp_path / "video.mp4"), str(tmp_path / "b" / "video.mp4")]


def fill_in(folder, fill):
    """Fill in the CSV as a user does, and return it."""
    path = os.path.join(folder, "labels.csv")
    lines = pd.read_csv(path, dtype=str, keep_default_na=False)
    fill(lines)
    lines.to_csv(path, index=False)
    return path


def test_images_lead_back_to_video_and_time(tmp_path, videos):
    folder = tmp_path / "images"
    X = extract_frames(videos, folder, rate=0.5, characters=["tom", "jerry"])
    check_frame_table(X)
    assert [read_code(read_image(path)) for path in X["image"]] == [0, 48, 96, 144, 192, 0, 50]
    assert sorted(os.listdir(folder)) == sorted([*map(os.path.basename, X["image"]), "labels.csv"])
    lines = (folder / "labels.csv").read_text().splitlines()
    assert lines[0] == "video,time,duration,image,tom,jerry"
    assert lines[2] == f"../video.mp4,2.0,2.0,{os.path.basename(X['image'][1])},,"
    assert X["image"][1].endswith("_00002.000.jpg")

    def fill(lines):
        lines.loc[[1, 5], "tom"] = "1"
        lines.loc[[1, 5], "jerry"] = "0"

    labelled, y = load_label_csv(fill_in(folder, fill), missing="drop")
    assert y.to_dict("list") == {"tom": [1, 1], "jerry": [0, 0]}
    assert labelled["time"].tolist() == [2.0, 0.0]
    assert [os.path.samefile(*pair) for pair in zip(labelled["video"], videos, strict=True)] == [
        True,
        True,
    ]
    np.testing.assert_array_equal(
        [read_code(p) for p in np.asarray(FrameSequence(labelled))], [48, 0]
    )


def test_called_again_it_keeps_images_and_labels(tmp_path, videos):
    folder = tmp_path / "images"
    X = extract_frames(videos[0], folder, rate=0.5)
    kept, lost = X["image"][0], X["image"][3]
    Path(kept).write_bytes(b"not touched")
    os.remove(lost)
    fill_in(folder, lambda lines: lines.__setitem__("label", "tom"))
    before = (folder / "labels.csv").read_text()
    again = extract_frames(videos[0], folder, rate=0.5)
    pd.testing.assert_frame_equal(again, X)
    assert Path(kept).read_bytes() == b"not touched"
    assert read_code(read_image(lost)) == 144
    assert (folder / "labels.csv").read_text() == before
    extract_frames(videos, folder, rate=1)
    lines = pd.read_csv(folder / "labels.csv", keep_default_na=False)
    assert lines["time"].tolist() == [*range(10), *range(4)]
    assert lines["label"].tolist() == ["tom", ""] * 5 + [""] * 4


def test_at_a_higher_rate_frames_stand_until_the_next_one(tmp_path, videos):
    for rate in (0.5, 1):
        extract_frames(videos, tmp_path / "images", rate=rate)
    lines = pd.read_csv(tmp_path / "images" / "labels.csv")
    assert lines["duration"].tolist() == [1.0] * len(lines)
    expected = extract_frames(videos, tmp_path / "others", rate=1)
    assert lines["time"].tolist() == pytest.approx(expected["time"].tolist())


def test_another_video_of_the_same_name_is_refused(tmp_path, video, other_video):
    path = tmp_path / "video.mp4"
    shutil.copy(video, path)
    extract_frames(path, tmp_path / "images", characters=["tom"])
    before = (tmp_path / "images" / "labels.csv").read_text()
    shutil.copy(other_video, path)
    with pytest.raises(ValueError, match="taken from another video of the name"):
        extract_frames(path, tmp_path / "images", characters=["tom"])
    assert (tmp_path / "images" / "labels.csv").read_text() == before


def test_lines_of_another_format_leave_durations_alone(tmp_path, videos):
    for image_format in ("jpg", "png"):
        extract_frames(videos, tmp_path / "images", image_format=image_format)
    assert (pd.read_csv(tmp_path / "images" / "labels.csv")["duration"] == 1).all()


def test_a_spreadsheet_may_write_semicolons(tmp_path, videos):
    folder = tmp_path / "images"
    extract_frames(videos[0], folder, rate=0.5)
    path = folder / "labels.csv"
    text = path.read_text().replace(",", ";").replace("2.0", "2,0")
    path.write_text(text.replace("00004.000.jpg;", "00004.000.jpg;tom"))
    extract_frames(videos[0], folder, rate=1)
    X, y = load_label_csv(path, missing="drop")
    assert X["time"].tolist() == [4]
    assert y.tolist() == ["tom"]


def test_an_interruption_leaves_whole_images(tmp_path, videos, monkeypatch):
    folder = tmp_path / "images"
    replace, done = os.replace, []

    def interrupt(source, target):
        done.append(target)
        if len(done) == 4:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        extract_frames(videos, folder)
    assert sorted(os.listdir(folder)) == sorted(map(os.path.basename, done[:3]))
    monkeypatch.undo()
    X = extract_frames(videos, folder)
    assert [read_code(read_image(path)) for path in X["image"][:10]] == [24 * k for k in range(10)]


def test_png_keeps_every_pixel(tmp_path, videos):
    X = extract_frames(videos[0], tmp_path / "images", rate=0.2, image_format="png")
    images = FrameSequence(X.drop(columns="image"))
    np.testing.assert_array_equal(np.asarray(FrameSequence(X)), np.asarray(images))


def test_a_bad_video_does_not_lose_the_others(tmp_path, videos, sound_only):
    given = [videos[0], sound_only, str(tmp_path / "none.mp4"), videos[1]]
    with pytest.raises(VideoError, match=r"sound\.mp4"):
        extract_frames(given, tmp_path / "a")
    with pytest.warns(RuntimeWarning) as warned:
        X = extract_frames(given, tmp_path / "b", on_error="warn")
    assert [
        word in str(one.message) for word, one in zip(["sound", "none"], warned, strict=True)
    ] == [
        True,
        True,
    ]
    assert X["video"].unique().tolist() == videos
    assert len(pd.read_csv(tmp_path / "b" / "labels.csv")) == 14
    assert len(extract_frames(given, tmp_path / "b", on_error="skip")) == 14
    with pytest.raises(ValueError, match=r"^No video can be read: "):
        extract_frames([sound_only], tmp_path / "c", on_error="skip")
    with pytest.raises(FileNotFoundError):
        extract_frames(given[2], tmp_path / "c")


def test_a_full_disk_is_not_a_bad_video(tmp_path, videos, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"Cannot write .*video_.*\.jpg: No space left on device"):
        extract_frames(videos, tmp_path / "a", on_error="skip")
    assert os.listdir(tmp_path / "a") == []


def test_bad_arguments(tmp_path, videos):
    for options, message in [
        ({"on_error": "ignore"}, "on_error='ignore'"),
        ({"image_format": "gif"}, "image_format='gif'"),
        ({"characters": ["tom", "tom"]}, "'tom' is empty, repeated"),
        ({"characters": ["time"]}, "'time' is empty, repeated or the name of another column"),
        ({"rate": 0}, "rate"),
    ]:
        with pytest.raises(ValueError, match=message):
            extract_frames(videos, tmp_path / "a", **options)
    extract_frames(videos[0], tmp_path / "a", characters="tom")
    with pytest.raises(ValueError, match=r"labels\.csv' already exists with the columns .*'tom'"):
        extract_frames(videos[0], tmp_path / "a")


def test_progress_is_shown(tmp_path, videos, capsys):
    extract_frames(videos[0], tmp_path / "a", verbose=True)
    assert "video.mp4" in capsys.readouterr().err
