import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import draw_code, read_code

from sktime_screen import FrameSequence, load_frame_folder, load_label_csv
from sktime_screen.frames import check_frame_table


@pytest.fixture
def folder(tmp_path, film):
    (tmp_path / "film.mp4").symlink_to(film)
    return tmp_path


def write(folder, text):
    path = folder / "labels.csv"
    path.write_text(text)
    return path


def test_pictures_taken_from_a_film(folder):
    rows = "".join(f"frame{k}.jpg,{k % 3}\n" for k in range(10))
    X, y = load_label_csv(write(folder, "Image_ID,Class\n" + rows), video="film.mp4", rate=1)
    check_frame_table(X)
    assert X["video"].tolist() == [str(folder / "film.mp4")] * 10
    np.testing.assert_array_equal(X["time"], np.arange(10.0))
    assert y.tolist() == [k % 3 for k in range(10)]
    assert read_code(FrameSequence(X)[7]) == 7 * 24


def test_pictures_beside_the_csv(folder):
    for k in range(3):
        cv2.imwrite(str(folder / f"frame{k}.png"), draw_code(k))
    X, y = load_label_csv(
        write(folder, "Image_ID,Class\nframe2.png,tom\nframe0.png,jerry\nframe1.png,tom\n"), rate=2
    )
    assert [read_code(picture) for picture in np.asarray(FrameSequence(X))] == [2, 0, 1]
    np.testing.assert_array_equal(X["time"], [0, 0.5, 1])
    assert y.tolist() == ["tom", "jerry", "tom"]


def test_a_column_a_character(folder, other_film):
    (folder / "other.mp4").symlink_to(other_film)
    path = write(
        folder,
        "video,time,tom,jerry\nfilm.mp4,0,1,0\nfilm.mp4,1,1,1\nfilm.mp4,2,0,0\nfilm.mp4,9,0,1\n"
        "other.mp4,1.5,0,1\n",
    )
    X, y = load_label_csv(path)
    assert list(y.columns) == ["tom", "jerry"]
    assert y.to_numpy().tolist() == [[1, 0], [1, 1], [0, 0], [0, 1], [0, 1]]
    # Until the next label, but no longer than the usual distance in the film.
    assert X["duration"].tolist() == [1, 1, 1, 1, 1]
    X, y = load_label_csv(path, video="other.mp4")
    assert X["time"].tolist() == [1.5]
    assert y["jerry"].tolist() == [1]
    assert X.index.equals(y.index)


def test_durations_in_the_csv_are_kept(folder):
    path = write(folder, "video,time,duration,tom\nfilm.mp4,0,0.5,1\nfilm.mp4,4,0.25,0\n")
    X, y = load_label_csv(path)
    assert X["duration"].tolist() == [0.5, 0.25]
    assert y.name == "tom"
    assert y.tolist() == [1, 0]


def test_a_column_of_classes(folder):
    path = write(folder, "video,time,who\nfilm.mp4,0,tom\nfilm.mp4,2.5,neither\n")
    X, y = load_label_csv(path)
    assert y.tolist() == ["tom", "neither"]
    assert X["duration"].tolist() == [2.5, 2.5]


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        ("", {}, ValueError, "is empty"),
        ("Image_ID,Class\n", {}, ValueError, "no labels"),
        ("a,b\n1,2\n", {}, ValueError, r"\['a', 'b'\]; expected 'Image_ID' and 'Class'"),
        ("Image_ID,Class\nx.jpg,1\n", {}, FileNotFoundError, r"x\.jpg.*pass video= and rate="),
        ("Image_ID,Class\nx.jpg,1\n", {"video": "film.mp4"}, ValueError, "rate is missing"),
        (
            "Image_ID,Class\nx.jpg,1\n",
            {"video": "film.mp4", "rate": 1},
            ValueError,
            "labels 1 pictures.*gives 10 frames",
        ),
        ("Image_ID,Class\nx.jpg,\n", {}, ValueError, "line 2: 'Class' is empty"),
        ("video,time,tom\nnone.mp4,0,1\n", {}, FileNotFoundError, r"none\.mp4.*beside"),
        ("video,time\nfilm.mp4,0\n", {}, ValueError, "no column of labels"),
        ("video,time,tom\nfilm.mp4,soon,1\n", {}, ValueError, "line 2: 'time' is empty or unread"),
        ("video,time,a,b\nfilm.mp4,0,1,7\n", {}, ValueError, "line 2: 'b' is 7"),
        ("video,time,a\nfilm.mp4,0,1\n", {"video": "b.mp4"}, ValueError, r"no labels of 'b\.mp4'"),
    ],
)
def test_bad_label_files(folder, text, options, error, message):
    with pytest.raises(error, match=message):
        load_label_csv(write(folder, text), **options)


def test_missing_label_file():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv"):
        load_label_csv("nowhere.csv")


def test_class_folders(tmp_path):
    for k in [0, 2, 9, 10]:
        name = tmp_path / ("tom" if k % 2 else "jerry")
        name.mkdir(exist_ok=True)
        cv2.imwrite(str(name / f"frame{k}.jpg"), draw_code(k))
    X, y = load_frame_folder(tmp_path, rate=4)
    assert [read_code(picture) for picture in np.asarray(FrameSequence(X))] == [0, 2, 9, 10]
    assert y.tolist() == ["jerry", "jerry", "tom", "jerry"]
    np.testing.assert_array_equal(X["time"], [0, 0.25, 0.5, 0.75])
    assert isinstance(y, pd.Series)


def test_bad_class_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such folder"):
        load_frame_folder(tmp_path / "none")
    with pytest.raises(ValueError, match="no class folders"):
        load_frame_folder(tmp_path)
    (tmp_path / "tom").mkdir()
    with pytest.raises(ValueError, match="tom' has no pictures"):
        load_frame_folder(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        load_frame_folder(tmp_path / "file")
