from fractions import Fraction

import numpy as np
import pytest
from conftest import write_coded_video

from sktime_screen import extract_frames, load_label_csv, load_label_studio
from sktime_screen.labels._time_parsing import read_time


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    """Seventy seconds at a frame a second."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    return write_coded_video(path, range(70), Fraction(1))


@pytest.fixture
def folder(tmp_path, video, long_video):
    (tmp_path / "video.mp4").symlink_to(video)
    (tmp_path / "long.mp4").symlink_to(long_video)
    return tmp_path


def write(folder, text):
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90.5", 90.5),
        ("90,5", 90.5),
        (".5", 0.5),
        ("-1", -1.0),
        ("1e-05", 1e-5),
        ("90s", 90.0),
        ("90.25 s", 90.25),
        ("1m30s", 90.0),
        ("1h 2m 3,5s", 3723.5),
        ("2 min", 120.0),
        ("01:30", 90.0),
        ("1:30.5", 90.5),
        ("00:01:30", 90.0),
        ("00:01:30,500", 90.5),
        ("1:01:30.25", 3690.25),
        ("75:00", 4500.0),
        (" 0:00:01.04\t", 1.04),
    ],
)
def test_forms_of_times(text, seconds):
    assert read_time(text) == seconds


@pytest.mark.parametrize(
    ("text", "rate", "seconds"),
    [
        ("00:01:30:12", 25, 90.48),
        ("00:01:30:12", 24, 90.5),
        # Timecode at 23.976 and 29.97 counts 24 and 30 to a second, which then takes 1.001 s.
        ("01:00:00:00", 23.976, 3603.6),
        ("01:00:00:00", 29.97, 3603.6),
        ("01:00:00:00", 30000 / 1001, 3603.6),
        # Drop-frame leaves out two numbers a minute, but for every tenth: an hour is 3.6 ms off.
        ("01:00:00;00", 29.97, 107892 * 1001 / 30000),
        ("00:00:59;29", 29.97, 1799 * 1001 / 30000),
        ("00:01:00;02", 29.97, 1800 * 1001 / 30000),
        ("00;10;00;00", 29.97, 17982 * 1001 / 30000),
        ("00:01:00;04", 59.94, 3600 * 1001 / 60000),
    ],
)
def test_timecode(text, rate, seconds):
    assert read_time(text, lambda: rate) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "rate", "message"),
    [
        ("soon", None, "'soon' is not a time. Write seconds"),
        ("1:5", None, "'1:5' is not a time"),
        ("1:75", None, "'1:75' is not a time"),
        ("1:60:00", None, "'1:60:00' is not a time"),
        ("00:01:30 AM", None, "is not a time"),
        ("٣", None, "is not a time"),
        ("", None, "'' is not a time"),
        ("00:01:30:12", None, "counts frames"),
        ("00:01:30:25", 25, "not a timecode at 25 frames per second"),
        ("00:61:30:00", 25, "not a timecode"),
        ("00:01:30;12", 25, "drop-frame timecode, which is for 29.97 and 59.94"),
        ("00:01:30;12", 30, "drop-frame timecode, which is for"),
        ("00:01:00;01", 29.97, "does not exist"),
    ],
)
def test_what_is_not_a_time(text, rate, message):
    with pytest.raises(ValueError, match=message):
        read_time(text, None if rate is None else lambda: rate)


def test_times_in_a_table(folder):
    X, y = load_label_csv(
        write(
            folder,
            "video,time,duration,who\n"
            'video.mp4,00:00:00,1s,a\nvideo.mp4,"00:00:01,500",1s,b\nvideo.mp4,2s,1.0,c\n'
            "video.mp4,00:00:03:12,00:00:01:00,d\n",
        )
    )
    assert X["time"].tolist() == [0, 1.5, 2, 3.5]
    assert X["duration"].tolist() == [1, 1, 1, 1]
    assert y.tolist() == ["a", "b", "c", "d"]
    # The video has 24 frames a second; the numbers may be of a file of 25.
    rows = "video,time,who\nvideo.mp4,00:00:03:12,d\n"
    assert load_label_csv(write(folder, rows), frame_rate=25)[0]["time"].tolist() == [3.48]
    rows = "video,start,end,label\nvideo.mp4,0:02,00:00:04:12,tom\n"
    assert np.flatnonzero(load_label_csv(write(folder, rows))[1]["tom"]).tolist() == [2, 3, 4]


def test_timecode_of_a_video_whose_frames_differ(folder):
    write_coded_video(folder / "odd.mp4", [0, 1, 2, 5, 6], Fraction(1, 10))
    path = write(folder, "video,time,who\nodd.mp4,00:00:00:02,tom\n")
    with pytest.raises(ValueError, match=r"line 2: 'time': .*odd\.mp4' has a variable frame rate"):
        load_label_csv(path)
    assert load_label_csv(path, frame_rate=10)[0]["time"].tolist() == [0.2]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("video,time,who\nvideo.mp4,0,a\nvideo.mp4,1:5,b\n", "line 3: 'time': '1:5' is not a time"),
        ("video,start,end,label\nvideo.mp4,0,1:60,a\n", "line 2: 'end': '1:60' is not a time"),
        (
            "video,time,duration,who\nvideo.mp4,0,-5,a\n",
            "line 2: 'duration' is -5 s; expected more",
        ),
        ("video,time,duration,who\nvideo.mp4,0,0,a\n", "line 2: 'duration' is 0 s"),
        (
            "video,time,inclusion,who\nvideo.mp4,0,1,a\nvideo.mp4,1,-3,a\n",
            "line 3: 'inclusion' is -3",
        ),
        ("video,time,inclusion,who\nvideo.mp4,0,1.5,a\n", "line 2: 'inclusion' is 1.5"),
        ('video,time,who\nvideo.mp4,"1,234",a\n', "line 2: 'time': the comma in '1,234' can mark"),
    ],
)
def test_lines_with_times_that_are_wrong(folder, rows, message):
    with pytest.raises(ValueError, match=message):
        load_label_csv(write(folder, rows))


def test_decimal_commas_in_semicolons(folder):
    X, _ = load_label_csv(write(folder, "video;time;who\nvideo.mp4;1,234;a\n"))
    assert X["time"].tolist() == [1.234]


def test_fractions_of_a_day_are_refused(folder):
    # What Excel holds for 10, 20 and 60 seconds.
    text = "video,time,who\n" + "".join(
        f"long.mp4,{second / 86400},{who}\n" for second, who in [(10, "a"), (20, "b"), (60, "a")]
    )
    message = r"long\.mp4': all times are within the first second of a video of 70 s.*fractions"
    with pytest.raises(ValueError, match=message):
        load_label_csv(write(folder, text))
    rows = f"video,start,end,label\nlong.mp4,{10 / 86400},{60 / 86400},tom\n"
    with pytest.raises(ValueError, match=message):
        load_label_csv(write(folder, rows))
    # Seconds that say so are believed, and so are those of a short video.
    rows = f"video,time,who\nlong.mp4,{10 / 86400:f}s,a\nvideo.mp4,0.0001,b\n"
    assert len(load_label_csv(write(folder, rows))[0]) == 2


def test_times_in_the_first_second_only(folder):
    rows = "video,start,end,label\nlong.mp4,0.1,0.4,tom\nlong.mp4,0.5,0.9,jerry\n"
    with pytest.warns(UserWarning, match=r"all times are within the first second.* are seconds"):
        load_label_csv(write(folder, rows))


def test_times_in_other_readers(folder):
    lines = write(folder, "").parent / "labels.csv"
    lines.unlink()
    extract_frames(folder / "video.mp4", folder, rate=0.25)
    text = lines.read_text().replace(",4.0,", ",00:00:04,")
    assert "00:00:04" in text
    lines.write_text(text)
    extract_frames(folder / "video.mp4", folder, rate=0.5)
    X, _ = load_label_csv(write(folder, lines.read_text().replace(".jpg,", ".jpg,tom")))
    assert X["time"].tolist() == [0, 2, 4, 6, 8]
    assert X["duration"].tolist() == [2, 2, 2, 2, 2]
    lines.write_text(text.replace("00:00:04", "later"))
    with pytest.raises(ValueError, match=r"labels\.csv', line 3: 'time': 'later' is not a time"):
        extract_frames(folder / "video.mp4", folder, rate=0.5)
    name = next(folder.glob("*.jpg")).name
    task = (
        '{"id": 3, "data": {"image": "%s", "video": "video.mp4", "time": "%s"}, "annotations":'
        ' [{"result": [{"type": "choices", "value": {"choices": ["tom"]}}]}]}'
    )
    path = folder / "tasks.json"
    path.write_text(task % (name, "0:04.5"))
    assert load_label_studio(path)[0]["time"].tolist() == [4.5]
    path.write_text(task % (name, "later"))
    with pytest.raises(ValueError, match=r"task 3: 'time': 'later' is not a time"):
        load_label_studio(path)
    path.write_text(task % (name, "11"))
    with pytest.raises(ValueError, match=r"task 3: time 11.0 s is outside .*video\.mp4'"):
        load_label_studio(path)
