"""From a folder of portraits to seconds, without a label."""

import json
from fractions import Fraction

import av
import cv2
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from typer.testing import CliRunner

from sktime_screen import (
    ScreenTimeAggregator,
    VideoFrameSampler,
    recommended_pipeline,
    save_label_csv,
)
from sktime_screen.cli import app
from sktime_screen.features import name_face_columns, pack_faces

LOOKS = np.eye(4, 16)
COLOURS = {"monica": (200, 0, 0), "ross": (0, 200, 0), "stranger": (0, 0, 200)}
SHOWN = ["ross", "ross", "stranger", "", "monica", "monica", "monica", "stranger"]


class ColourFaces(TransformerMixin, BaseEstimator):
    """Sees a face where an image is not black, whose vector is that of its colour."""

    def __init__(self, memory=None, verbose=0):
        self.memory = memory
        self.verbose = verbose

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        shape = len(X), 1
        embeddings, boxes, scores = np.zeros((*shape, 16)), np.zeros((*shape, 4)), np.zeros(shape)
        for rows, images in X.iter_batches(1):
            colour = images[0].mean(axis=(0, 1))
            if colour.max() > 50:
                embeddings[rows[0], 0] = LOOKS[colour.argmax()]
                boxes[rows[0], 0] = [0.2, 0.2, 0.6, 0.6]
                scores[rows[0], 0] = 0.9
        columns = name_face_columns(1, 16)
        return pd.DataFrame(pack_faces(embeddings, boxes, scores), index=X.index, columns=columns)


@pytest.fixture(autouse=True)
def _faces(monkeypatch):
    monkeypatch.setattr("sktime_screen.recipes.FaceFeatures", ColourFaces)


@pytest.fixture
def cast(tmp_path):
    for name in ("monica", "ross"):
        (tmp_path / "cast" / name).mkdir(parents=True)
        image = np.full((32, 32, 3), COLOURS[name][::-1], np.uint8)
        cv2.imwrite(str(tmp_path / "cast" / name / "1.png"), image)
    return tmp_path / "cast"


@pytest.fixture
def video(tmp_path):
    path = str(tmp_path / "video.mp4")
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number, name in enumerate(SHOWN):
            image = np.full((48, 64, 3), COLOURS.get(name, (0, 0, 0)), np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_videos_are_measured_from_portraits_alone(cast, video):
    pipeline = recommended_pipeline(head="faces", portraits=cast).fit([video])
    seconds = pipeline.transform([video])
    assert seconds.columns.tolist() == ["monica", "ross"]
    assert seconds.to_numpy().tolist() == [[3, 2]]
    table = VideoFrameSampler(rate=1).sample(video)
    truth = pd.DataFrame({name: [int(who == name) for who in SHOWN] for name in ("ross", "monica")})
    assert pipeline.score(table, truth) == 1


def test_the_command_measures_from_portraits(cast, video, tmp_path):
    report, seconds = tmp_path / "report.html", tmp_path / "seconds.csv"
    done = run("measure", video, "--portraits", cast, "--csv", seconds, "--report", report,
               "--json", tmp_path / "a.json", "--no-cache")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "biometric" in done.output
    assert "No intervals: no label has tested these predictions" in done.output
    assert "intervals of" not in done.output
    told = "People without a portrait show their faces for 2.0 s"
    assert told in done.output
    assert told in report.read_text()
    page = report.read_text().partition('id="faces"')[2]
    assert page.index("monica") < page.index("ross") < page.index("Unknown people")
    assert "Seen for 2.0 s" in page
    assert page.count('<figure class="face">') == 4
    table = pd.read_csv(seconds).set_index("character")
    assert table["seconds"].to_dict() == {"monica": 3, "ross": 2}
    assert table["basis"].tolist() == ["no labels"] * 2
    assert table["low"].isna().all()
    assert "basis: not tested by labels" in report.read_text()
    assert json.loads((tmp_path / "a.json").read_text())


def test_small_faces_are_told_of_in_the_report(cast, video, tmp_path, monkeypatch):
    monkeypatch.setattr("sktime_screen.features._small_faces._FEWEST", 5)
    report = tmp_path / "report.html"
    done = run("measure", video, "--portraits", cast, "--report", report, "--no-cache")
    assert done.exit_code == 0, done.output
    told = "lower than 40 pixels (half of them than 19)"
    assert done.output.count(told) == 1
    assert told in report.read_text()


def test_labels_of_a_sample_test_what_portraits_say(cast, video, tmp_path):
    table = VideoFrameSampler(rate=1).sample(video).assign(inclusion=1.0)
    truth = pd.DataFrame({name: [int(who == name) for who in SHOWN] for name in ("ross", "monica")})
    truth.loc[2, "monica"] = 1  # who was taken for a stranger
    save_label_csv(tmp_path / "sample.csv", table, truth)
    words = "--portraits", cast, "--labels", tmp_path / "sample.csv", "--csv", tmp_path / "a.csv"
    done = run("measure", video, *words, "--no-cache")
    assert done.exit_code == 0, done.output
    found = pd.read_csv(tmp_path / "a.csv").set_index("character")
    assert found["basis"].tolist() == ["labels"] * 2
    assert found["seconds"].to_dict() == pytest.approx({"monica": 4, "ross": 2})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "give either a model that `train` wrote, or --portraits"),
        (["--model", "m", "--portraits", "cast"], "give either a model"),
        (["--model", "m", "--rate", "2"], "samples at its own rate"),
        (["--portraits", "gone"], "No such folder: 'gone'"),
    ],
)
def test_what_cannot_be_measured_is_told(video, words, told):
    done = run("measure", video, *words, "--no-cache")
    assert done.exit_code
    assert told in " ".join(done.output.replace("│", " ").split())


def test_without_labels_nothing_is_corrected():
    index = pd.MultiIndex.from_arrays(
        [["a.mp4"] * 3, [0.0, 1.0, 2.0], [1.0] * 3], names=["video", "time", "duration"]
    )
    X = pd.DataFrame({"tom": [0.9, 0.4, 0.8], "jerry": [0.1, 0.6, 0.2]}, index=index)
    aggregator = ScreenTimeAggregator().fit(X)
    assert aggregator.correction_ is None
    assert aggregator.class_names_.tolist() == ["tom", "jerry"]
    assert aggregator.transform(X).to_numpy().tolist() == [[2, 1]]
    with pytest.warns(UserWarning, match="no label has tested"):
        table = aggregator.estimate(X)
    assert table["basis"].tolist() == ["no labels"] * 2
    with pytest.raises(ValueError, match="characters from the columns"):
        ScreenTimeAggregator(frame_duration=1).fit(X.to_numpy())
    with pytest.raises(ValueError, match="'pacc' learns from labels"):
        ScreenTimeAggregator(correction="pacc").fit(X)
