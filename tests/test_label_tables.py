"""Names and tables as people and programs write them."""

import codecs
import zipfile
from fractions import Fraction

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import draw_code, write_coded_video

from sktime_screen import (
    load_cvat,
    load_eaf,
    load_frame_folder,
    load_label_csv,
    load_label_studio,
    save_label_csv,
)
from sktime_screen.cli._label_files import load_labels


def write(folder, text, encoding="utf-8"):
    path = folder / "labels.csv"
    path.write_bytes(text.encode(encoding))
    return path


def classes_of(folder, *names):
    rows = "".join(f"video.mp4,{second},{name}\n" for second, name in enumerate(names))
    return load_label_csv(write(folder, "video,time,label\n" + rows))[1]


@pytest.mark.parametrize(
    "names",
    [
        ["007", "7"],
        ["1.10", "1.1"],
        ["1e5", "100000"],
        ["1", "1.0"],
        ["+1", "1"],
        ["1_000", "1000"],
        ["0x10", "16"],
        ["\u0661", "1"],  # an Arabic digit
        ["1.5", "2.5"],
        ["True", "true"],
        ["nan", "NaN", "NA", "None", "null", "<NA>", "inf"],
        ["nan", "1"],
    ],
)
def test_names_that_look_like_numbers_stay_names(folder, names):
    assert classes_of(folder, *names).tolist() == names
    for name in names:
        (folder / "images" / name).mkdir(parents=True)
        cv2.imwrite(str(folder / "images" / name / f"{name}.png"), draw_code(1))
    assert sorted(load_frame_folder(folder / "images")[1]) == sorted(names)
    rows = "".join(f"video.mp4,{start},{start + 1},{name}\n" for start, name in enumerate(names))
    _, y = load_label_csv(write(folder, "video,start,end,label\n" + rows))
    assert y.columns.tolist() == names
    assert y.to_numpy()[: len(names)].tolist() == np.eye(len(names), dtype=int).tolist()


def test_whole_numbers_are_numbers_in_every_reader(folder):
    y = classes_of(folder, "7", "-1", "0")
    assert y.tolist() == [7, -1, 0]
    assert y.dtype == np.int64
    for name in ["7", "-1", "0"]:
        (folder / "images" / name).mkdir(parents=True)
        cv2.imwrite(str(folder / "images" / name / f"{name}.png"), draw_code(1))
    y = load_frame_folder(folder / "images")[1]
    assert sorted(y.tolist()) == [-1, 0, 7]
    rows = "".join(f"frame{number}.jpg,{name}\n" for number, name in enumerate(["7", "007"]))
    path = write(folder, "Image_ID,Class\n" + rows)
    assert load_label_csv(path, video="video.mp4", rate=1)[1].tolist() == ["7", "007"]


def test_numbers_of_one_file_are_names_beside_those_of_another(folder):
    paths = [folder / "one.csv", folder / "two.csv"]
    for path, names, start in zip(paths, [["7", "8"], ["007", "8"]], [0, 2], strict=True):
        rows = "".join(f"video.mp4,{start + k},{name}\n" for k, name in enumerate(names))
        path.write_text("video,time,label\n" + rows)
    assert load_labels(paths)[1].tolist() == ["7", "8", "007", "8"]
    assert load_labels(paths[:1])[1].tolist() == [7, 8]


def test_the_same_frame_in_two_files(folder):
    paths = [folder / "one.csv", folder / "two.csv"]
    paths[0].write_text("video,time,label\nvideo.mp4,1.0,tom\n")
    paths[1].write_text("video,time,label\nvideo.mp4,1.03,tom\n")
    assert len(load_labels(paths)[0]) == 1
    paths[1].write_text("video,time,label\nvideo.mp4,1.03,jerry\n")
    with pytest.raises(ValueError, match=r"one\.csv.*two\.csv.* at 1\.03 s has labels that differ"):
        load_labels(paths)


def test_zeros_and_ones_in_several_spellings(folder):
    rows = "video,time,tom\nvideo.mp4,0,1.0\nvideo.mp4,1,FALSE\nvideo.mp4,2,1\nvideo.mp4,3,0\n"
    y = load_label_csv(write(folder, rows))[1]
    assert y.to_dict("list") == {"tom": [1, 0, 1, 0]}


def test_characters_called_nothing_come_back(folder):
    X = pd.DataFrame({"video": str(folder / "video.mp4"), "time": [0.0, 1, 2, 3], "duration": 1.0})
    names = ["NA", "None", "nan", "Unnamed: 4"]
    save_label_csv(folder / "back.csv", X, names)
    assert load_label_csv(folder / "back.csv")[1].tolist() == names
    y = pd.DataFrame(np.eye(4, dtype=np.int64), columns=names)
    save_label_csv(folder / "back.csv", X, y)
    pd.testing.assert_frame_equal(load_label_csv(folder / "back.csv")[1], y)


def test_two_times_of_one_frame(folder):
    write_coded_video(folder / "slow.mp4", range(40), Fraction(1, 10))
    rows = "video,time,who\nslow.mp4,0,tom\nslow.mp4,1.00,tom\n{},1.05,{}\nslow.mp4,2,tom\n"
    with pytest.raises(
        ValueError, match=r"line 4: 1\.05 is the same frame of 'slow\.mp4' as 1\.00 on line 3, but"
    ):
        load_label_csv(write(folder, rows.format("slow.mp4", "jerry")))
    # The same video, spelled in another way.
    with pytest.raises(ValueError, match=r"line 4: 1\.05 is the same frame"):
        load_label_csv(write(folder, rows.format("./slow.mp4", "jerry")))
    X, y = load_label_csv(write(folder, rows.format("slow.mp4", "tom")))
    assert X["time"].tolist() == [0, 1, 2]
    assert X["duration"].tolist() == [1, 1, 1]
    assert y.tolist() == ["tom"] * 3


def test_one_video_spelled_in_two_ways_is_one_video(folder):
    rows = "video,start,end,label\nvideo.mp4,0,2,tom\n./video.mp4,1,3,jerry\n"
    X, y = load_label_csv(write(folder, rows))
    assert X["video"].tolist() == [str(folder / "video.mp4")] * 10
    assert y[:4].to_dict("list") == {"tom": [1, 1, 0, 0], "jerry": [0, 1, 1, 0]}
    rows = "video,time,tom\nvideo.mp4,0,1\n./video.mp4,2,0\n"
    X, y = load_label_csv(write(folder, rows))
    assert X["video"].unique().tolist() == [str(folder / "video.mp4")]
    assert X["duration"].tolist() == [2, 2]


def test_two_images_of_one_frame_in_label_studio(folder):
    for name in "ab":
        cv2.imwrite(str(folder / f"{name}.png"), draw_code(1))
    tasks = [
        f'{{"id": {number}, "data": {{"image": "{name}.png", "video": "video.mp4", "time": {time}}}'
        ","
        f' "annotations": [{{"result": [{{"type": "choices", "value": {{"choices": ["{who}"]}}}}]'
        f"}}]}}"
        for number, name, time, who in [(1, "a", 1.0, "tom"), (2, "b", 1.03, "jerry")]
    ]
    path = folder / "tasks.json"
    path.write_text(f"[{','.join(tasks)}]")
    with pytest.raises(ValueError, match=r"task 2 has the same frame as .*task 1 with other"):
        load_label_studio(path)


ROWS = "video,time,Zoë,jerry\nvideo.mp4,0,1,0\nvideo.mp4,1.5,0,1\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ROWS, "utf-8-sig"),
        (ROWS, "utf-16"),
        (ROWS, "utf-16-le"),
        (codecs.BOM_UTF16_BE.decode("utf-16-be") + ROWS.replace(",", "\t"), "utf-16-be"),
        (ROWS.replace(",", "\t"), "utf-8"),
        (ROWS.replace(",", ";").replace("1.5", "1,5"), "utf-8"),
        ("sep=;\r\n" + ROWS.replace(",", ";").replace("\n", "\r\n"), "utf-8-sig"),
        ('"sep=\t"\n' + ROWS.replace(",", "\t"), "utf-8"),
        ("\n\n" + ROWS.replace("\n", "\r"), "utf-8"),
    ],
)
def test_tables_as_programs_write_them(folder, text, encoding):
    X, y = load_label_csv(write(folder, text, encoding))
    assert X["time"].tolist() == [0, 1.5]
    assert y.to_dict("list") == {"Zoë": [1, 0], "jerry": [0, 1]}


def test_windows_1252_is_a_guess(folder):
    with pytest.warns(UserWarning, match="read as Windows-1252. If 'Zoë' is wrong"):
        _, y = load_label_csv(write(folder, ROWS, "cp1252"))
    assert list(y.columns) == ["Zoë", "jerry"]
    path = folder / "labels.csv"
    for content in [b"video,time\nvideo.mp4,0,\x81", bytes(range(256)), b"\xff\xfe\x00"]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is not text in UTF-8, UTF-16 or Windows-1252"):
            load_label_csv(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("video,time,tom,tom\nvideo.mp4,0,1,0\n", "columns 3 and 4 are both named 'tom'"),
        ("video,time,a,b\nvideo.mp4,0,5,1,0\n", "line 2: 5 cells, but the header has 4"),
        ('video,time,a\n\n"x\ny",0,1\nvideo.mp4,0,5,1\n', "line 5: 4 cells, but the header has 3"),
        ('video,time,a\nvideo.mp4,0,"tom\n', "line 2: cannot be read as CSV: unexpected end"),
        ("\r\n", "is empty"),
        ("sep=;\n", "is empty"),
    ],
)
def test_tables_that_are_broken(folder, text, message):
    with pytest.raises(ValueError, match=message):
        load_label_csv(write(folder, text))


def test_a_character_called_tom_1(folder):
    y = load_label_csv(write(folder, "video,time,tom,tom.1\nvideo.mp4,0,1,0\n"))[1]
    assert y.to_dict("list") == {"tom": [1], "tom.1": [0]}


FORMATS = {
    "ELAN": ('<?xml version="1.0"?>\n<ANNOTATION_DOCUMENT AUTHOR="">', "ELAN: .*load_eaf"),
    "CVAT": ('<?xml version="1.0"?><annotations><version>1.1', "CVAT: .*load_cvat"),
    "HTML": ("<!doctype html>\n<html>", "web page: .*the CSV file that it saves"),
    "XML": ("<tt><body/></tt>", "an unknown kind: .*CVAT for video 1.1"),
    "JSON": ('[\n {"id": 1}]', "JSON: .*load_label_studio"),
    "COCO": ('{"images": [], "annotations": [], "categories": []}', "COCO.*load_cvat"),
    "WebVTT": ("WEBVTT\n\n00:01.000 --> 00:02.000\ntom", "subtitles.*video, start, end and label"),
    "SRT": ("1\n00:00:01,000 --> 00:00:02,000\ntom\n", "subtitles.*video, start, end and label"),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("load", "own"),
    [(load_label_csv, ""), (load_eaf, "ELAN"), (load_label_studio, "JSON"), (load_cvat, "CVAT")],
)
def test_files_of_another_format(folder, name, load, own):
    text, message = FORMATS[name]
    if name == own:
        return
    for encoding in ["utf-8-sig", "utf-16"]:
        with pytest.raises(ValueError, match=f"labels.csv' is .*{message}"):
            load(write(folder, text, encoding))


def test_workbooks_and_archives(folder):
    path = folder / "labels.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    with pytest.raises(ValueError, match="is a workbook: save the sheet as 'CSV UTF-8'"):
        load_label_csv(path)
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with pytest.raises(ValueError, match="is a workbook"):
        load_label_csv(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("annotations.xml", "")
    with pytest.raises(ValueError, match="is an archive: unpack it"):
        load_cvat(path)
