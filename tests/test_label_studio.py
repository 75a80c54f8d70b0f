import json

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import draw_code, few_examples, read_code
from hypothesis import given
from hypothesis import strategies as st

from sktime_screen import VideoFrameSampler, load_label_studio, save_label_studio
from sktime_screen.video import FrameSequence, check_frame_table

# As Label Studio 1.x exports tasks. In HumanSignal/label-studio-converter, the fields are those of
# tests/data/test_export_csv/csv_test.json and tests/pathtrack/ls-video.json; the results are those
# of label_studio_ml/examples/yolo/tests/test_timeline_labels_1.json in
# HumanSignal/label-studio-ml-backend. Uploaded files get eight hexadecimal digits before the name.
VIDEO_TASK = {
    "id": 28,
    "annotations": [
        {
            "id": 7,
            "completed_by": 1,
            "result": [
                {
                    "id": "oF3Xw",
                    "type": "timelinelabels",
                    "value": {"ranges": [{"end": 48, "start": 25}], "timelinelabels": ["tom"]},
                    "origin": "manual",
                    "to_name": "video",
                    "from_name": "videoLabels",
                },
                {
                    "id": "M-XUI",
                    "type": "timelinelabels",
                    "value": {
                        "ranges": [{"end": 97, "start": 37}],
                        "timelinelabels": ["jerry", "a friend"],
                    },
                    "origin": "prediction-changed",
                    "to_name": "video",
                    "from_name": "videoLabels",
                },
            ],
            "was_cancelled": False,
            "ground_truth": False,
            "created_at": "2021-11-22T18:30:13.356739Z",
            "updated_at": "2021-11-22T18:30:13.356767Z",
            "lead_time": 269.191,
            "prediction": {},
            "result_count": 0,
            "task": 28,
            "parent_prediction": None,
            "parent_annotation": None,
        }
    ],
    "file_upload": "1fd99634-video.mp4",
    "drafts": [],
    "predictions": [],
    "data": {"video": "/data/upload/8/1fd99634-video.mp4"},
    "meta": {},
    "created_at": "2021-11-22T18:29:13.356739Z",
    "updated_at": "2021-11-22T18:30:13.356767Z",
    "inner_id": 1,
    "total_annotations": 1,
    "cancelled_annotations": 0,
    "total_predictions": 0,
    "comment_count": 0,
    "unresolved_comment_count": 0,
    "last_comment_updated_at": None,
    "project": 8,
    "updated_by": 11,
    "comment_authors": [],
}


def image_task(number, image, choices, **data):
    result = {
        "value": {"choices": choices},
        "id": "9m5j0VqiQB",
        "from_name": "choice",
        "to_name": "image",
        "type": "choices",
        "origin": "manual",
    }
    return {
        "id": number,
        "annotations": [
            {"id": number, "result": [result] if choices else [], "was_cancelled": False}
        ],
        "data": {"image": image, **data},
    }


def changed(task, **annotation):
    """Return the task with other fields in its annotation."""
    return {**task, "annotations": [{**task["annotations"][0], **annotation}]}


def write(folder, tasks):
    path = folder / "project-8.json"
    path.write_text(json.dumps(tasks))
    return path


def test_a_video_with_timeline_labels(folder):
    X, y = load_label_studio(write(folder, [VIDEO_TASK]), rate=2)
    check_frame_table(X)
    assert X["video"].unique().tolist() == [str(folder / "video.mp4")]
    np.testing.assert_array_equal(X["time"], np.arange(20) / 2)
    assert list(y.columns) == ["tom", "jerry", "a friend"]
    # Frames 25 to 48 of 24 a second are the second second; 37 to 97 end just after 4 s.
    assert X["time"][y["tom"] == 1].tolist() == [1.0, 1.5]
    assert X["time"][y["jerry"] == 1].tolist() == [1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    assert y["jerry"].equals(y["a friend"].rename("jerry"))


def test_frames_are_counted_by_the_frame_rate_of_the_project(folder):
    path = write(folder, [VIDEO_TASK])
    _, y = load_label_studio(path, frame_rate=12)
    assert np.flatnonzero(y["tom"]).tolist() == [2, 3]
    with_rate = {**VIDEO_TASK, "data": {**VIDEO_TASK["data"], "fps": "48"}}
    _, y = load_label_studio(write(folder, [with_rate]), rate=2)
    assert np.flatnonzero(y["tom"]).tolist() == [1]


def test_unfinished_skipped_and_overruled_annotations_are_left_out(folder, other_video):
    (folder / "other.mp4").symlink_to(other_video)
    other = {**VIDEO_TASK, "id": 29, "data": {"video": "https://x.org/videos/other.mp4?x=1"}}
    skipped = changed(other, was_cancelled=True)
    unlabelled = {**other, "annotations": []}
    for left_out in [skipped, unlabelled]:
        X, _ = load_label_studio(write(folder, [VIDEO_TASK, left_out]))
        assert len(X) == 10
    nobody = changed(other, result=[])
    X, y = load_label_studio(write(folder, [VIDEO_TASK, nobody]))
    assert len(X) == 14
    assert y[10:].to_numpy().sum() == 0
    wrong = changed(VIDEO_TASK, result=[])["annotations"][0]
    right = changed(VIDEO_TASK, ground_truth=True)["annotations"][0]
    _, y = load_label_studio(write(folder, [{**VIDEO_TASK, "annotations": [wrong, right]}]))
    assert y["tom"].sum() == 1


def test_images_with_choices(folder):
    for k in range(3):
        cv2.imwrite(str(folder / f"frame {k}.png"), draw_code(k))
    tasks = [
        image_task(1, "/data/upload/3/5a6b7c8d-frame%202.png", ["tom", "jerry"]),
        image_task(2, "/data/local-files/?d=frames/frame%200.png", []),
        image_task(3, "frame 1.png", ["jerry"]),
    ]
    X, y = load_label_studio(write(folder, tasks), rate=2)
    assert [read_code(image) for image in np.asarray(FrameSequence(X))] == [2, 0, 1]
    np.testing.assert_array_equal(X["time"], [0, 0.5, 1])
    assert y.to_dict("list") == {"tom": [1, 0, 0], "jerry": [1, 0, 1]}


def test_images_of_a_video_that_is_there(folder):
    cv2.imwrite(str(folder / "a.png"), draw_code(5))
    # As tasks are after a CSV was imported: numbers are text.
    about = {"video": "video.mp4", "time": "3.0", "duration": "0.5"}
    X, y = load_label_studio(write(folder, [image_task(1, "a.png", ["tom"], **about)]))
    assert X.to_dict("list") == {
        "video": [str(folder / "video.mp4")],
        "time": [3.0],
        "duration": [0.5],
    }
    assert y["tom"].tolist() == [1]


@pytest.mark.parametrize(
    ("tasks", "error", "message"),
    [
        ([{"id": 1, "video": "video.mp4"}], ValueError, "export as 'JSON', not 'JSON-MIN'"),
        ([{**VIDEO_TASK, "annotations": []}], ValueError, "has no labelled task"),
        ([changed(VIDEO_TASK, result=[])], ValueError, "expected timelinelabels or choices"),
        (
            [{**VIDEO_TASK, "data": {"video": "lost.mp4"}}],
            FileNotFoundError,
            r"task 28: the video 'lost\.mp4'.*folder=",
        ),
        (
            [{**VIDEO_TASK, "annotations": [*VIDEO_TASK["annotations"], {"result": []}]}],
            ValueError,
            "task 28 has 2 annotations that differ",
        ),
        (
            [{**VIDEO_TASK, "data": {"video": "video.mp4", "fps": 1}}],
            ValueError,
            "task 28, 'tom', frames 25 to 48 at 1 fps.*lasts 10.000 s",
        ),
        ([image_task(4, "video.mp4", ["tom"])], ValueError, "task 4.*not an image"),
        (
            [VIDEO_TASK, image_task(4, "a.png", ["tom"])],
            ValueError,
            "task 4 has choices, but other tasks have timelinelabels",
        ),
        (
            [image_task(4, "a.png", ["tom"]), image_task(5, "a.png", ["jerry"])],
            ValueError,
            "task 5.*other labels in another task",
        ),
    ],
)
def test_bad_exports(folder, tasks, error, message):
    cv2.imwrite(str(folder / "a.png"), draw_code(5))
    with pytest.raises(error, match=message):
        load_label_studio(write(folder, tasks))


def of_value(value, kind="timelinelabels"):
    """The video's task with another value in its only result."""
    return changed(VIDEO_TASK, result=[{"type": kind, "value": value}])


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({**VIDEO_TASK, "annotations": 3}, "'annotations' is missing or not a list"),
        ({**VIDEO_TASK, "annotations": [None]}, "'annotations' is missing or not an object"),
        ({**VIDEO_TASK, "data": []}, "'data' is missing or not an object"),
        ({**VIDEO_TASK, "data": {"video": 3}}, "'video' is missing or not text"),
        ({**VIDEO_TASK, "data": {"video": "video.mp4", "fps": "fast"}}, "'fps': 'fast' is not"),
        (
            {**VIDEO_TASK, "data": {"video": "video.mp4", "fps": -2}},
            "'fps' is -2; expected more",
        ),
        (changed(VIDEO_TASK, result={"a": 1}), "'result' is missing or not a list"),
        (changed(VIDEO_TASK, result=["tom"]), "'result' is missing or not an object"),
        (changed(VIDEO_TASK, result=[{"value": {}}]), "'type' is missing or not text"),
        (of_value(None), "'value' is missing or not an object"),
        (of_value({"ranges": [3]}), "'ranges' is missing or not an object"),
        (
            of_value({"ranges": [{"start": 1}], "timelinelabels": ["tom"]}),
            "'end' is missing or not a whole number",
        ),
        (
            of_value({"ranges": [{"start": "1", "end": 2}], "timelinelabels": ["tom"]}),
            "'start' is missing or not a whole number",
        ),
        (
            of_value({"ranges": [{"start": 1, "end": 10**400}], "timelinelabels": ["tom"]}),
            "'end' is too large",
        ),
        (
            of_value({"ranges": [{"start": 1, "end": 2}], "timelinelabels": "tom"}),
            "'timelinelabels' is missing or not a list",
        ),
        (
            of_value({"ranges": [{"start": 1, "end": 2}], "timelinelabels": [7]}),
            "'timelinelabels' is missing or not text",
        ),
        (image_task(28, "a.png", "tom"), "'choices' is missing or not a list"),
        (image_task(28, "a.png", ["tom"], video=1, time=1), "'video' is missing or not text"),
        (
            image_task(28, "a.png", ["tom"], video="video.mp4", time=1, duration=-1),
            "'duration' is -1; expected more than 0",
        ),
    ],
)
def test_malformed_tasks_are_named(folder, task, message):
    cv2.imwrite(str(folder / "a.png"), draw_code(5))
    with pytest.raises(ValueError, match=f"task 28.*{message}"):
        load_label_studio(write(folder, [task]))


def test_json_that_is_nested_too_deeply(folder):
    path = folder / "deep.json"
    for deep in ["[" * 100_000 + "]" * 100_000, "[" * 900 + "]" * 900]:
        path.write_text(f'[{{"id": {deep}, "data": {deep}, "annotations": {deep}}}]')
        with pytest.raises(ValueError, match=r"deep\.json'(, task no\. 1|, but| is not JSON)"):
            load_label_studio(path)


def test_predictions_that_were_written_are_read(folder):
    X = VideoFrameSampler(rate=1).sample(str(folder / "video.mp4"))
    y = pd.DataFrame({"tom": [0, 1, 1, 0, 0, 0, 0, 0, 0, 1]})
    path = folder / "tasks.json"
    save_label_studio(path, X, y, predictions=True)
    X_back, y_back = load_label_studio(path)
    pd.testing.assert_frame_equal(X_back, X)
    pd.testing.assert_frame_equal(y_back, y)
    # In an export, what nobody has submitted is not labelled.
    tasks = [{**task, "annotations": []} for task in json.loads(path.read_text())]
    with pytest.raises(ValueError, match="has no labelled task"):
        load_label_studio(write(folder, tasks))
    names = [str(folder / f"frame{k}.png") for k in range(2)]
    for k, name in enumerate(names):
        cv2.imwrite(name, draw_code(k))
    X = pd.DataFrame({"video": "lost.mp4", "time": [0.0, 1], "duration": 1.0, "image": names})
    save_label_studio(path, X, ["tom", "jerry"], predictions=True)
    assert load_label_studio(path)[1].to_dict("list") == {"tom": [1, 0], "jerry": [0, 1]}


def test_what_was_drawn_or_begun_and_not_labelled_is_left_out(folder):
    drawn = {"type": "timelinelabels", "value": {"ranges": [{"start": 1, "end": 2}]}}
    results = VIDEO_TASK["annotations"][0]["result"]
    begun = {**VIDEO_TASK, "id": 29, "annotations": None}
    path = write(folder, [changed(VIDEO_TASK, result=[drawn, *results]), begun])
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8-sig") as file:
        file.write(text)
    _, y = load_label_studio(path)
    expected = load_label_studio(write(folder, [VIDEO_TASK]))[1]
    pd.testing.assert_frame_equal(y, expected)


def test_files_that_are_not_json(folder):
    path = folder / "export.csv"
    path.write_text("video,label\n")
    with pytest.raises(ValueError, match="is not JSON"):
        load_label_studio(path)


def test_written_tasks(folder):
    X = VideoFrameSampler(rate=1).sample(str(folder / "video.mp4"))
    y = pd.DataFrame({"tom": [0, 1, 1, 0, 0, 0, 0, 0, 0, 1], "jerry": 0})
    path = folder / "tasks.json"
    prefix = "/data/local-files/?d=videos/"
    save_label_studio(path, X, y, predictions=True, prefix=prefix, from_name="who")
    (task,) = json.loads(path.read_text())
    assert task["data"] == {"video": prefix + "video.mp4", "fps": 24.0}
    (prediction,) = task["predictions"]
    assert [result["value"] for result in prediction["result"]] == [
        {"ranges": [{"start": 25, "end": 72}], "timelinelabels": ["tom"]},
        {"ranges": [{"start": 217, "end": 240}], "timelinelabels": ["tom"]},
    ]
    assert {(each["from_name"], each["to_name"]) for each in prediction["result"]} == {
        ("who", "video")
    }
    assert len({each["id"] for each in prediction["result"]}) == 2
    assert [each.name for each in folder.iterdir() if "tmp" in each.name] == []


def test_what_cannot_be_written(folder):
    X = VideoFrameSampler(rate=1).sample(str(folder / "video.mp4"))
    y = pd.DataFrame({"tom": np.arange(10) % 2})
    with pytest.raises(ValueError, match=r"mp4' has no labelled frame from 3.000 to 4.000 s"):
        save_label_studio(folder / "x.json", X.drop(3), y.drop(3))
    with pytest.raises(ValueError, match="10 frames but 9 labels"):
        save_label_studio(folder / "x.json", X, y[1:])
    with pytest.raises(ValueError, match="needs the names of the characters"):
        save_label_studio(folder / "x.json", X, np.eye(10, 2, dtype=int))
    with pytest.raises(ValueError, match="y holds 2 for 'tom' in row 4"):
        save_label_studio(folder / "x.json", X, y.assign(tom=[0] * 4 + [2] * 6))
    fine = VideoFrameSampler(rate=2).sample(str(folder / "video.mp4"))
    with pytest.raises(ValueError, match=r"0\.500 s, which frame_rate=1 .*cannot tell apart"):
        save_label_studio(folder / "x.json", fine, ["tom"] * 20, frame_rate=1)
    with pytest.raises(FileNotFoundError, match=r"nowhere/x\.json"):
        save_label_studio(folder / "nowhere" / "x.json", X, y)
    assert not (folder / "x.json").exists()


@few_examples
@given(
    rate=st.sampled_from([1, 3, 7.5, 24]),
    frame_rate=st.sampled_from([24.0, 25.0, 29.97, 60.0]),
    names=st.lists(st.text(min_size=1), min_size=1, max_size=3, unique=True),
    seed=st.integers(0, 2**32 - 1),
)
def test_videos_come_back(folder, other_video, rate, frame_rate, names, seed):
    if not (folder / "other.mp4").exists():
        (folder / "other.mp4").symlink_to(other_video)
    videos = [str(folder / "other.mp4"), str(folder / "video.mp4")]
    X = VideoFrameSampler(rate=rate).sample(videos)
    values = np.random.default_rng(seed).integers(0, 2, (len(X), len(names)))
    # A character whom nobody sees is not in an export.
    values[0] = 1
    y = pd.DataFrame(values, columns=names)
    save_label_studio(folder / "back.json", X, y, frame_rate=max(frame_rate, 25.0))
    X_back, y_back = load_label_studio(folder / "back.json", rate=rate)
    pd.testing.assert_frame_equal(X_back, X)
    pd.testing.assert_frame_equal(y_back[names], y, check_dtype=False)


def test_images_come_back(folder):
    names = [str(folder / f"frame{k}.png") for k in range(4)]
    for k, name in enumerate(names):
        cv2.imwrite(name, draw_code(k))
    X = pd.DataFrame({"video": "lost.mp4", "time": [0.0, 1, 5, 6], "duration": 1.0, "image": names})
    y = pd.DataFrame({"tom": [1, 0, 1, 0], "<b>&'\"": [1, 1, 0, 0]})
    save_label_studio(folder / "back.json", X, y)
    X_back, y_back = load_label_studio(folder / "back.json")
    pd.testing.assert_frame_equal(X_back[X.columns], X)
    pd.testing.assert_frame_equal(y_back, y)
