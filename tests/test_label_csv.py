import functools
from fractions import Fraction

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import draw_code, few_examples, read_code, write_coded_video
from hypothesis import given
from hypothesis import strategies as st

from sktime_screen import VideoFrameSampler, load_label_csv, save_label_csv
from sktime_screen.video import FrameSequence, check_frame_table


def write(folder, text):
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_images_taken_from_a_video(folder):
    rows = "".join(f"frame{k}.jpg,{k % 3}\n" for k in range(10))
    X, y = load_label_csv(write(folder, "Image_ID,Class\n" + rows), video="video.mp4", rate=1)
    check_frame_table(X)
    assert X["video"].tolist() == [str(folder / "video.mp4")] * 10
    np.testing.assert_array_equal(X["time"], np.arange(10.0))
    assert y.tolist() == [k % 3 for k in range(10)]
    assert read_code(FrameSequence(X)[7]) == 7 * 24


def test_images_beside_the_csv(folder):
    for k in range(3):
        cv2.imwrite(str(folder / f"frame{k}.png"), draw_code(k))
    X, y = load_label_csv(
        write(folder, "Image_ID,Class\nframe2.png,tom\nframe0.png,jerry\nframe1.png,tom\n"), rate=2
    )
    assert [read_code(image) for image in np.asarray(FrameSequence(X))] == [2, 0, 1]
    np.testing.assert_array_equal(X["time"], [0, 0.5, 1])
    assert y.tolist() == ["tom", "jerry", "tom"]


def test_a_column_a_character(folder, other_video):
    (folder / "other.mp4").symlink_to(other_video)
    path = write(
        folder,
        "video,time,tom,jerry\nvideo.mp4,0,1,0\nvideo.mp4,1,1,1\nvideo.mp4,2,0,0\nvideo.mp4,9,0,1\n"
        "other.mp4,1.5,0,1\n",
    )
    X, y = load_label_csv(path)
    assert list(y.columns) == ["tom", "jerry"]
    assert y.to_numpy().tolist() == [[1, 0], [1, 1], [0, 0], [0, 1], [0, 1]]
    # Until the next label, but no longer than the usual distance in the video.
    assert X["duration"].tolist() == [1, 1, 1, 1, 1]
    X, y = load_label_csv(path, video="other.mp4")
    assert X["time"].tolist() == [1.5]
    assert y["jerry"].tolist() == [1]
    assert X.index.equals(y.index)


def test_durations_in_the_csv_are_kept(folder):
    path = write(folder, "video,time,duration,tom\nvideo.mp4,0,0.5,1\nvideo.mp4,4,0.25,0\n")
    X, y = load_label_csv(path)
    assert X["duration"].tolist() == [0.5, 0.25]
    assert y.to_dict("list") == {"tom": [1, 0]}


def test_a_column_of_classes(folder):
    path = write(folder, "video,time,who\nvideo.mp4,0,tom\nvideo.mp4,2.5,neither\n")
    X, y = load_label_csv(path)
    assert y.tolist() == ["tom", "neither"]
    assert X["duration"].tolist() == [2.5, 2.5]


def test_intervals(folder, other_video):
    (folder / "other.mp4").symlink_to(other_video)
    path = write(
        folder,
        "video,start,end,label\n"
        "video.mp4,6,8.5,jerry\nvideo.mp4,1,3,tom\nvideo.mp4,2.5,7,jerry\nvideo.mp4,4.1,4.9,tom\n"
        "other.mp4,3,4.5,tom\n",
    )
    X, y = load_label_csv(path)
    check_frame_table(X)
    assert list(y.columns) == ["jerry", "tom"]
    in_video = X["video"] == str(folder / "video.mp4")
    # From the start of an interval up to its end; one between two frames is on none of them.
    assert X["time"][in_video & (y["tom"] == 1)].tolist() == [1.0, 2.0]
    assert X["time"][in_video & (y["jerry"] == 1)].tolist() == [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    assert X["time"][~in_video & (y["tom"] == 1)].tolist() == [3.0]
    X, y = load_label_csv(path, video="other.mp4", rate=4)
    assert X["time"][y["tom"] == 1].tolist() == [3.0, 3.24, 3.48, 3.72]
    assert list(y.columns) == ["tom"]


def test_intervals_of_appearances(folder):
    path = write(
        folder,
        "video,character,start,end,duration,confidence,peak_time\n"
        "video.mp4,tom,0.0,2.0,2.0,0.9,1.0\n",
    )
    _, y = load_label_csv(path)
    assert y["tom"].tolist() == [1, 1] + [0] * 8


def test_interval_bounds_rounded_to_milliseconds(folder):
    _, y = load_label_csv(
        write(folder, "video,start,end,label\nvideo.mp4,0.042,0.083,tom\n"), rate=24
    )
    assert np.flatnonzero(y["tom"]).tolist() == [1]


def test_only_some_frames_are_labelled(folder):
    rows = "video,time,tom,jerry\nvideo.mp4,0,1,0\nvideo.mp4,1,,\n\nvideo.mp4,2,0,1\n"
    with pytest.raises(ValueError, match=r"line 3: 'tom' is empty \(1 lines.*missing='drop'"):
        load_label_csv(write(folder, rows))
    X, y = load_label_csv(write(folder, rows), missing="drop")
    assert X["time"].tolist() == [0, 2]
    assert y.to_dict("list") == {"tom": [1, 0], "jerry": [0, 1]}
    assert y.index.tolist() == [0, 1]
    with pytest.raises(ValueError, match="line 4: 'jerry' is empty, but other characters"):
        load_label_csv(write(folder, rows.replace(",,\n\n", ",0,1\n").replace("2,0,1", "2,0,")))
    with pytest.raises(ValueError, match="no label in any of its 1 lines"):
        load_label_csv(write(folder, "video,time,who\nvideo.mp4,1,\n"), missing="drop")
    with pytest.raises(ValueError, match="missing='ignore'"):
        load_label_csv("labels.csv", missing="ignore")


def test_only_some_images_are_labelled(folder):
    rows = "".join(f"frame{k}.jpg,{'' if k % 2 else k}\n" for k in range(10))
    path = write(folder, "Image_ID,Class\n" + rows)
    X, y = load_label_csv(path, video="video.mp4", rate=1, missing="drop")
    assert X["time"].tolist() == y.tolist() == [0, 2, 4, 6, 8]
    assert y.dtype == np.int64
    # The file has only the images that were labelled: their names say which.
    path = write(folder, "Image_ID,Class\nframe3.jpg,tom\nframe9.jpg,jerry\n")
    X, y = load_label_csv(path, video="video.mp4", rate=1)
    assert X["time"].tolist() == [3, 9]
    assert y.tolist() == ["tom", "jerry"]


def test_images_with_a_column_a_character(folder):
    rows = "".join(f"frame{k}.jpg,{k % 2},TRUE,{k // 5}\n" for k in range(10))
    path = write(folder, "Image_ID,tom,jerry,spike\n" + rows)
    _, y = load_label_csv(path, video="video.mp4", rate=1)
    assert y.sum().to_dict() == {"tom": 5, "jerry": 10, "spike": 5}


def test_names_of_classes_are_kept_as_they_are(folder):
    # What Excel writes begins with a mark, and pandas takes None and NA for nothing.
    path = write(folder, "\ufeffvideo, time ,who\nvideo.mp4,0,None\nvideo.mp4,1, NA \n")
    _, y = load_label_csv(path)
    assert y.tolist() == ["None", "NA"]


@pytest.mark.parametrize("words", [("yes", "no"), ("Y", "N"), ("True", "FALSE"), ("1.0", "0.0")])
def test_words_for_yes_and_no_are_a_character_not_two_classes(folder, words):
    rows = "video,time,tom\nvideo.mp4,0,{}\nvideo.mp4,1,{}\n".format(*words)
    _, y = load_label_csv(write(folder, rows))
    assert y.to_dict("list") == {"tom": [1, 0]}


def test_semicolons_and_decimal_commas(folder):
    path = write(folder, "video;time;tom;\nvideo.mp4;0,5;1;\nvideo.mp4;2;0;\n")
    X, y = load_label_csv(path)
    assert X["time"].tolist() == [0.5, 2]
    assert y["tom"].tolist() == [1, 0]


def test_the_same_frame_twice(folder):
    path = write(folder, "video,time,who\nvideo.mp4,0,tom\nvideo.mp4,1,tom\nvideo.mp4,1.0,tom\n")
    X, _ = load_label_csv(path)
    assert X["time"].tolist() == [0, 1]


def test_images_where_the_video_is_not(folder):
    cv2.imwrite(str(folder / "a.png"), draw_code(7))
    text = "video,time,duration,image,tom\n{},3,0.5,a.png,1\n"
    X, _ = load_label_csv(write(folder, text.format("video.mp4")))
    assert list(X.columns) == ["video", "time", "duration"]
    assert read_code(FrameSequence(X)[0]) == 3 * 24
    X, _ = load_label_csv(write(folder, text.format("gone.mp4")))
    check_frame_table(X)
    assert X["video"].tolist() == ["gone.mp4"]
    assert read_code(FrameSequence(X)[0]) == 7


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        ("", {}, ValueError, "is empty"),
        ("Image_ID,Class\n", {}, ValueError, "no rows"),
        ("a,b\n1,2\n", {}, ValueError, r"\['a', 'b'\]; expected 'Image_ID' and 'Class'"),
        ("Image_ID,Class\nx.jpg,1\n", {}, FileNotFoundError, r"x\.jpg.*pass video= and rate="),
        ("Image_ID,Class\nx.jpg,1\n", {"video": "video.mp4"}, ValueError, "rate is missing"),
        (
            "Image_ID,Class\nx.jpg,1\n",
            {"video": "video.mp4", "rate": 1},
            ValueError,
            "labels 1 images.*has 10 frames",
        ),
        ("Image_ID,Class\nx.jpg,\n", {}, ValueError, "line 2: 'Class' is empty"),
        (
            "video,time,tom\nnone.mp4,0,1\n",
            {},
            FileNotFoundError,
            r"none\.mp4', which is not in '.*' or '.*'\. Put",
        ),
        ("video,time\nvideo.mp4,0\n", {}, ValueError, "no column of labels"),
        (
            "video,time,tom\nvideo.mp4,soon,1\n",
            {},
            ValueError,
            "line 2: 'time': 'soon' is not a time",
        ),
        ("video,time,a,b\nvideo.mp4,0,1,7\n", {}, ValueError, "line 2: 'b' is '7'"),
        (
            "video,time,a,b\nvideo.mp4,0,1,1\nvideo.mp4,1,x,0\n",
            {},
            ValueError,
            "line 3: 'a' is 'x'",
        ),
        ("video,time,a\nvideo.mp4,0,1\n", {"video": "b.mp4"}, ValueError, r"no labels of 'b\.mp4'"),
        (
            "video,time,a\nvideo.mp4,5,1\n\nvideo.mp4,4,1\n",
            {},
            ValueError,
            "line 4: time 4.0 s comes after 5.0 s",
        ),
        (
            "video,time,a\nvideo.mp4,1,x\nvideo.mp4,10,x\n",
            {},
            ValueError,
            r"line 3: time 10.0 s is outside .*\.mp4', which shows frames from 0.000 to 10.000 s",
        ),
        ("video,time,a\nvideo.mp4,-1,x\n", {}, ValueError, "line 2: time -1.0 s is outside"),
        (
            "video,time,a\nvideo.mp4,1,x\nvideo.mp4,2,x\nvideo.mp4,2.0,y\n",
            {},
            ValueError,
            r"line 4: 2\.0 is the same frame of 'video\.mp4' as 2 on line 3, but has other labels",
        ),
        (
            "Image_ID,Class\na.jpg,1\na.jpg,2\n",
            {"video": "video.mp4", "rate": 1},
            ValueError,
            r"line 3: a\.jpg has other labels than on line 2",
        ),
        (
            "Image_ID,Class\n" + "".join(f"{k}.jpg,1\n" for k in (0, 1, 2, 5, 4, 3, 6, 7, 8, 9)),
            {"video": "video.mp4", "rate": 1},
            ValueError,
            r"line 6: '4\.jpg' comes after '5\.jpg'",
        ),
        (
            "video,time,note,a\nvideo.mp4,1,blurred,1\n",
            {},
            ValueError,
            "line 2: 'note' is 'blurred'; with several",
        ),
        (
            "video,start,end,label,colour\nvideo.mp4,1,2,a,red\n",
            {},
            ValueError,
            r"\['colour'\] are unknown",
        ),
        (
            ",video,time,tom\n0,video.mp4,0,1\n1,video.mp4,1,0\n",
            {},
            ValueError,
            "column 1 has no name.*index=False",
        ),
        ("video,start,end\nvideo.mp4,1,2\n", {}, ValueError, "intervals need .* 'label'"),
        ("video,start,end,label\nvideo.mp4,1,2,\n", {}, ValueError, "line 2: 'label' is empty"),
        ("video,start,end,label\nvideo.mp4,2,1,a\n", {}, ValueError, "line 2: the interval starts"),
        (
            "video,start,end,label\nvideo.mp4,1,2,a\nvideo.mp4,9,12,a\n",
            {},
            ValueError,
            "line 3: the interval from 9.0 to 12.0 s is outside",
        ),
        (
            "video,start,end,label\nb.mp4,1,2,a\n",
            {},
            FileNotFoundError,
            r"b\.mp4', which is not in '.*' or '.*'\. Put",
        ),
    ],
)
def test_bad_label_files(folder, text, options, error, message):
    with pytest.raises(error, match=message):
        load_label_csv(write(folder, text), **options)


def test_labels_of_some_videos(folder):
    text = "video,time,tom\nvideo.mp4,0,1\nvideo.mp4,1,0\nbroken.mp4,0,1\ngone.mp4,0,1\n"
    (folder / "broken.mp4").write_text("no video")
    X, y = load_label_csv(write(folder, text), video=["video.mp4", folder / "another.mp4"])
    assert X["time"].tolist() == [0, 1]
    assert y["tom"].tolist() == [1, 0]
    with pytest.raises(ValueError, match=r"no labels of 'a\.mp4', 'b\.mp4', only of"):
        load_label_csv(write(folder, text), video=["a.mp4", "b.mp4"])
    with pytest.raises(ValueError, match=r"labels images.*Pass the one video"):
        load_label_csv(write(folder, "Image_ID,Class\nx.jpg,tom\n"), video=["video.mp4"])


def test_missing_label_file():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv"):
        load_label_csv("nowhere.csv")


def test_written_labels_move_with_their_videos(folder):
    videos = folder / "videos"
    (folder / "labels").mkdir()
    videos.mkdir()
    (folder / "video.mp4").rename(videos / "video.mp4")
    X = VideoFrameSampler(rate=1).sample(str(videos / "video.mp4"))
    shuffled = X.sample(frac=1, random_state=0)
    save_label_csv(
        folder / "labels" / "a.csv", shuffled, [f"{time:g}" for time in shuffled["time"]]
    )
    lines = (folder / "labels" / "a.csv").read_text().splitlines()
    assert lines[:3] == [
        "video,time,duration,label",
        "../videos/video.mp4,0.0,1.0,0",
        "../videos/video.mp4,1.0,1.0,1",
    ]
    folder.rename(folder.parent / "moved")
    X_back, y = load_label_csv(folder.parent / "moved" / "labels" / "a.csv")
    assert y.tolist() == X_back["time"].tolist() == X["time"].tolist()


def test_what_cannot_be_written(folder):
    X = VideoFrameSampler(rate=1).sample(str(folder / "video.mp4"))
    path = write(folder, "kept")
    with pytest.raises(ValueError, match=r"\['time'\] cannot be names"):
        save_label_csv(path, X, pd.DataFrame({"time": [0] * 10, "tom": [1] * 10}))
    with pytest.raises(ValueError, match="10 frames but 3 labels"):
        save_label_csv(path, X, ["tom"] * 3)
    with pytest.raises(
        FileNotFoundError, match=r"Cannot write .*nowhere/x\.csv: there is no folder"
    ):
        save_label_csv(folder / "nowhere" / "x.csv", X, ["tom"] * 10)
    assert path.read_text() == "kept"


names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1).filter(
    lambda name: name not in {"video", "time", "duration", "image", "start", "end"}
)


@few_examples
@given(
    rate=st.sampled_from([1, 7.5, 24]),
    characters=st.lists(names, min_size=2, max_size=4, unique=True),
    seed=st.integers(0, 2**32 - 1),
)
def test_labels_come_back(folder, other_video, rate, characters, seed):
    if not (folder / "other.mp4").exists():
        (folder / "other.mp4").symlink_to(other_video)
    videos = [str(folder / "other.mp4"), str(folder / "video.mp4")]
    X = VideoFrameSampler(rate=rate).sample(videos)
    rng = np.random.default_rng(seed)
    some = np.sort(rng.choice(len(X), len(X) // 2, replace=False))
    X = X.iloc[some].reset_index(drop=True)
    y = pd.DataFrame(rng.integers(0, 2, (len(X), len(characters))), columns=characters)
    save_label_csv(folder / "back.csv", X, y)
    X_back, y_back = load_label_csv(folder / "back.csv")
    pd.testing.assert_frame_equal(X_back, X)
    pd.testing.assert_frame_equal(y_back, y)
    classes = rng.choice([f"a {name}" for name in characters], len(X))
    save_label_csv(folder / "back.csv", X, classes)
    _, y_back = load_label_csv(folder / "back.csv")
    assert y_back.tolist() == classes.tolist()


NUMBERED = {
    "frame{}.jpg": range(0, 500, 25),
    "episode7_{}ms.png": range(0, 20000, 1000),
    "shot_{}.000.jpg": range(20),
    "{}.jpg": [30 * second // 1 + second % 2 for second in range(1, 21)],  # rounded at 29.97 fps
}


@pytest.mark.parametrize("form", NUMBERED)
def test_images_of_a_video_that_are_not_in_its_order(folder, form):
    names = [form.format(number) for number in NUMBERED[form]]
    video = write_coded_video(folder / "twenty.mkv", range(20), Fraction(1))
    lines = [f"{name},{number}" for number, name in enumerate(names)]
    load = functools.partial(load_label_csv, video=video, rate=1)
    X, y = load(write(folder, "\n".join(["Image_ID,Class", *lines])))
    assert (X["time"] == y).all()
    for order in (sorted(lines), lines[::-1], [*lines[:3], lines[9], *lines[3:9], *lines[10:]]):
        if order != lines:
            with pytest.raises(ValueError, match="Sort the lines in the order of the video"):
                load(write(folder, "\n".join(["Image_ID,Class", *order])))


def test_image_names_of_any_numbers_stay_in_the_order_of_the_file(folder):
    video = write_coded_video(folder / "five.mkv", range(5), Fraction(1))
    for names in (["9", "3", "4871", "5", "17"], ["a1", "b0", "c9", "d2", "e1"]):
        lines = [f"{name}.jpg,{number}" for number, name in enumerate(names)]
        X, y = load_label_csv(
            write(folder, "\n".join(["Image_ID,Class", *lines])), video=video, rate=1
        )
        assert (X["time"] == y).all()


def test_frames_of_intervals_without_a_label_are_not_without_characters(folder):
    text = "video,start,end,label\nvideo.mp4,0,2,tom\nvideo.mp4,1,3,\nvideo.mp4,4,5,jerry\n"
    X, y = load_label_csv(write(folder, text), missing="drop")
    assert X["time"].tolist()[:3] == [0, 3, 4]
    assert y[:3].to_dict("list") == {"tom": [1, 0, 0], "jerry": [0, 0, 1]}
    with pytest.raises(ValueError, match=r"line 3.*missing='drop'"):
        load_label_csv(write(folder, text))
    text = "video,start,end,label\nvideo.mp4,0,2,tom\nvideo.mp4,0,10,\n"
    with pytest.raises(ValueError, match="every frame is in an interval without a label"):
        load_label_csv(write(folder, text), missing="drop")


@pytest.mark.parametrize("mark", ["?", "NA", "nan", "-", "Unknown"])
def test_marks_beside_0_and_1_are_no_classes(folder, mark):
    for zero, one in (("0", "1"), ("no", "yes")):
        text = f"video;time;tom\nvideo.mp4;0;{one}\nvideo.mp4;1;{mark}\nvideo.mp4;2;{zero}\n"
        with pytest.raises(ValueError, match=r"line 3: 'tom' is '.*a cell is empty where"):
            load_label_csv(write(folder, text))
    text = "video;time;tom\nvideo.mp4;0;1,0\nvideo.mp4;1;0,0\n"
    assert load_label_csv(write(folder, text))[1].to_dict("list") == {"tom": [1, 0]}
    # Names of classes may be anything, where they are none of these.
    text = f"video;time;who\nvideo.mp4;0;tom\nvideo.mp4;1;{mark}\nvideo.mp4;2;no\n"
    assert load_label_csv(write(folder, text))[1].tolist() == ["tom", mark, "no"]
