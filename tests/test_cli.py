import html
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import QUICK_OPTIONS, quick_pipeline
from rich.console import Console
from typer.testing import CliRunner

from sktime_screen import (
    FeatureStore,
    ScreenTimeAggregator,
    VideoFrameSampler,
    load_cvat,
    load_eaf,
    load_label_csv,
    recommended_pipeline,
    save_label_csv,
)
from sktime_screen.cli import _ask, _model, app, run_demo
from sktime_screen.cli._model import load_model, save_model
from sktime_screen.cli._next_command import list_training_options
from sktime_screen.datasets import make_cartoon_video
from sktime_screen.model_selection import _cross_validation
from sktime_screen.screentime import _video_predictions
from sktime_screen.video import make_frame_index

pytestmark = pytest.mark.usefixtures("quick_training")


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def labels_at(truth, table):
    rows = truth["time"].searchsorted(table["time"] + 1e-6, side="right") - 1
    return truth[["cat", "mouse"]].iloc[rows].reset_index(drop=True)


@pytest.fixture(scope="module")
def work(tmp_path_factory, quick_training):
    """A folder with two videos, their labels, and a model that learned from the first."""
    folder = tmp_path_factory.mktemp("cli")
    for seed, name in enumerate(["one", "two"]):
        video = str(folder / f"{name}.mp4")
        truth = make_cartoon_video(video, seconds=12, seed=seed, size=(180, 320), fps=12)
        table = VideoFrameSampler(rate=2).sample(video)
        save_label_csv(folder / f"{name}.csv", table, labels_at(truth, table))
    words = [*QUICK_OPTIONS, *memory_of(folder)]
    done = run("train", folder / "one.csv", "--model", folder / "model", *words)
    assert done.exit_code == 0, done.output
    (folder / "said").write_text(done.output)
    return folder


def memory_of(folder):
    return "--rate", 2, "--cache-dir", folder / "features"


def measured(folder, *words):
    return run("measure", *words, "--model", folder / "model", "--cache-dir", folder / "features")


@pytest.mark.slow
def test_demo(tmp_path, capsys, monkeypatch):
    small = quick_pipeline.keywords
    monkeypatch.setattr(
        "sktime_screen.recipes.recommended_pipeline",
        lambda **options: quick_pipeline(**options | small),
    )
    results = run_demo(tmp_path / "demo", 20, Console(width=100))
    said = capsys.readouterr().out
    assert results.index.tolist() == ["cat", "mouse"]
    assert results["true"].between(1, 19).all()
    np.testing.assert_allclose(results["error"], results["measured"] - results["true"])
    assert results["error"].abs().max() < 8
    for word in ["cat", "mouse", "measured (s)", "true (s)", "timeline.png", "done in"]:
        assert word in said
    assert (results["low"] < results["high"]).all()
    videos = ["test.mp4", *(f"train_{number}.mp4" for number in range(1, 7))]
    written = sorted(["report.html", "timeline.png", *videos])
    assert sorted(os.listdir(tmp_path / "demo")) == written


def test_errors_are_one_line_and_an_exit_code(tmp_path):
    (tmp_path / "file").touch()
    command = [sys.executable, "-m", "sktime_screen.cli", "demo", "--folder", tmp_path / "file"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"error: File exists: .*file'\n", done.stderr)
    done = subprocess.run([*command, "--debug"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    "command", ["", "demo", "frames", "label", "train", "measure", "evaluate", "cast", "cache"]
)
def test_help_fits_a_narrow_terminal(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    done = run(*command.split(), "--help")
    assert done.exit_code == 0
    assert max(map(len, done.output.splitlines())) <= 80
    # What is typed, and not its type in Python.
    for word in ("bool", "path", "str", "float range", "int range", "list[Path]"):
        assert f"<{word}>" not in done.output
    # What a command does is not cut off.
    assert "..." not in done.output.partition("Commands:")[2]


@pytest.mark.parametrize(
    "words", [["label", "--characters", "cat", "video.mp4"], ["train", "--model", "model"]]
)
def test_a_video_after_the_words_of_an_option_is_said_to_be_taken(words):
    done = run(*words)
    assert done.exit_code == 2
    assert "Missing argument" in done.output
    assert ("Write it before --characters" in done.output) == ("--characters" in words)


def test_help_says_what_a_model_file_is():
    done = run("--help")
    assert done.exit_code == 0
    for command in ["demo", "frames", "label", "train", "measure", "evaluate", "cache", "pickles"]:
        assert command in done.output


def test_frames_are_images_and_a_csv_to_fill_in(work, tmp_path):
    words = ["--folder", tmp_path / "images", "--characters", "cat", "mouse"]
    done = run("frames", work / "one.mp4", tmp_path / "gone.mp4", *words)
    assert done.exit_code == 1
    assert "gone.mp4" in done.output
    lines = pd.read_csv(tmp_path / "images" / "labels.csv")
    assert lines.columns.tolist() == ["video", "time", "duration", "image", "cat", "mouse"]
    assert len(lines) == 12
    assert all((tmp_path / "images" / name).exists() for name in lines["image"])
    assert run("frames", work / "one.mp4", *words, "--quiet").output == ""


def test_label_writes_a_page_of_some_frames(work, tmp_path):
    page = tmp_path / "page.html"
    words = ["--output", page, *QUICK_OPTIONS, *memory_of(work)]
    done = run("label", work / "two.mp4", "--characters", "cat", "big mouse", "--number", 5, *words)
    assert done.exit_code == 0, done.output
    html = page.read_text()
    assert html.count('id="image-') == 5
    assert "big mouse" in html
    assert "suggested" not in frames_of(html)[0]


def frames_of(html):
    found = re.search(r"<script[^>]*application/json[^>]*>(.*?)</script>", html, re.DOTALL)
    return json.loads(found[1])["frames"]


def test_label_with_a_model_suggests(work, tmp_path):
    page = tmp_path / "page.html"
    words = ["--model", work / "model", "--output", page, *memory_of(work), "--strategy"]
    done = run("label", work / "two.mp4", *words, "uncertain", "--number", 4)
    assert done.exit_code == 0, done.output
    frames = frames_of(page.read_text())
    fitted = joblib.load(work / "model")
    two = VideoFrameSampler(rate=2).sample(str(work / "two.mp4"))
    expected = fitted[:-1].transform(two).to_numpy()
    assert len(frames) == 4
    for frame in frames:
        row = np.flatnonzero(np.isclose(two["time"], frame["time"]))[0]
        assert frame["percent"] == np.rint(100 * expected[row]).tolist()


def test_label_with_a_model_looks_as_the_model_does(work, tmp_path, computed):
    words = ["--model", work / "model", "--rate", 2, "--no-cache", "--strategy", "uncertain"]
    done = run("label", work / "two.mp4", *words, "--output", tmp_path / "page.html")
    assert done.exit_code == 0, done.output
    assert sum(computed) == 2 * 24


def test_features_are_kept_in_the_users_cache_and_a_command_says_so(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["label", work / "two.mp4", "--characters", "cat", "--strategy", "all"]
    done = run(*words, "--output", "page.html")
    folder = os.path.join(os.environ["SKTIME_SCREEN_HOME"], "features")
    assert done.output.startswith(f"Features are kept in '{folder}', ")
    assert os.listdir(tmp_path) == ["page.html"]
    done = run(*words, "--output", "page.html", "--cache-dir", work / "features")
    size = (work / "features" / "features.sqlite").stat().st_size / 1e6
    said = re.match(r"Features are kept in '(.*)', ([\d,]+) MB so far\n", done.output).groups()
    assert (said[0], abs(float(said[1]) - size) <= 1) == (str(work / "features"), True)
    assert "Features" not in run(*words, "--output", "page.html", "--no-cache").output
    assert "Features" not in run(*words, "--output", "page.html", "--quiet").output
    assert "SKTIME_SCREEN_HOME" in run("label", "--help").output


def test_label_says_what_to_do_with_the_labels(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["label", work / "two.mp4", "--rate", 2, "--output", "page.html"]
    words += ["--cache-dir", work / "features"]
    # No features are needed for all frames.
    done = run(*words, "--characters", "cat", "--strategy", "all")
    assert done.output.endswith("train page.csv --rate 2 --model screen_time.joblib\n")
    network = ["--head", "dense", "--image-size", "64", "96", "--backbone", "efficientnet_lite2"]
    done = run(*words, "--characters", "cat", "--strategy", "all", *network)
    said = f"train page.csv --rate 2 {' '.join(network)} --model screen_time.joblib"
    assert " ".join(done.output.split()).endswith(said)
    X, y = load_label_csv(work / "two.csv")
    save_label_csv("some.csv", X.iloc[:20], y.iloc[:20])
    words += ["--number", 4, "--model", work / "model", "--strategy"]
    done = run(*words, "uncertain", "--labels", "some.csv")
    said = f"train some.csv page.csv --rate 2 {' '.join(QUICK_OPTIONS)} --model {work}/model"
    assert " ".join(done.output.split()).endswith(said)
    measure = f"measure {work}/two.mp4 --model {work}/model --labels page.csv"
    done = run(*words, "random")
    assert done.output.endswith(f"{measure}\n")
    # The model remembers the labels it has learned from.
    done = run(*words, "uncertain")
    assert done.output.endswith(f"{measure} --save-model {work}/model\n")
    done = run("label", work / "one.mp4", *words[2:], "uncertain")
    assert (done.exit_code, "nothing is left to label" in done.output) == (1, True)


def test_label_repeats_how_the_model_was_trained():
    model = recommended_pipeline(rate=2, head="dense", background="none")
    options = ["--rate", "2", "--head", "dense", "--background", "none"]
    assert list_training_options(model, 1, True, None, None) == options


def test_label_leaves_out_what_is_labelled(work, tmp_path):
    X, y = load_label_csv(work / "two.csv")
    save_label_csv(tmp_path / "some.csv", X.iloc[:20], y.iloc[:20])
    page = tmp_path / "page.html"
    words = ["--characters", "cat", "--labels", tmp_path / "some.csv", "--output", page]
    for strategy in ("diverse", "all"):
        options = [*memory_of(work), *QUICK_OPTIONS, "--strategy", strategy]
        done = run("label", work / "two.mp4", *words, *options)
        assert done.exit_code == 0, done.output
        assert [frame["time"] for frame in frames_of(page.read_text())] == X["time"][20:].tolist()
    # Of labels of other videos as well.
    done = run("label", work / "one.mp4", *words, *options)
    assert len(frames_of(page.read_text())) == 24
    save_label_csv(tmp_path / "some.csv", X, y)
    done = run("label", work / "two.mp4", *words, *options)
    assert (done.exit_code, "nothing is left to label" in done.output) == (1, True)


def test_label_leaves_earlier_pages_alone(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["label", work / "two.mp4", "--characters", "cat", "--number", 4, *memory_of(work)]
    pages = [["label.html"], ["label-2.html", "label.html"]]
    for expected in pages:
        done = run(*words, "--strategy", "random")
        assert done.exit_code == 0, done.output
        assert sorted(os.listdir()) == expected
    (tmp_path / "label-3.csv").touch()
    assert "label-4.html" in run(*words, "--strategy", "random").output


def test_label_says_what_is_missing(work, tmp_path):
    done = run("label", work / "two.mp4")
    assert (done.exit_code, "--characters" in done.output) == (2, True)
    done = run("label", work / "two.mp4", "--characters", "cat", "--strategy", "uncertain")
    assert (done.exit_code, "--model" in done.output) == (2, True)
    done = run("label", work / "two.mp4", "--characters", "cat", "--output", tmp_path / "no" / "p")
    assert (done.exit_code, "there is no folder" in done.output) == (1, True)
    words = ["label", work / "two.mp4", "--model", work / "model"]
    done = run(*words, "--characters", "dog")
    assert (done.exit_code, "--characters" in done.output) == (2, True)
    done = run(*words, "--rate", 1, "--strategy", "random")
    assert (done.exit_code, "--rate" in done.output) == (2, True)


def test_train_writes_a_pipeline_and_what_to_expect(work):
    said = (work / "said").read_text()
    for word in ["24 labelled frames", "time blocks", "shuffled", "overall", "frames right"]:
        assert word in said
    assert "On another video the model is right less often" in said
    assert "--ask 10" in said
    fitted = joblib.load(work / "model")
    assert fitted[0].rate == 2
    assert fitted[2].memory is None
    assert fitted[-1].class_names_.tolist() == ["cat", "mouse"]
    assert set(fitted.made_with_["validation"]["split"]) == {"time blocks", "shuffled"}
    assert not [name for name in os.listdir(work) if name.startswith(".writing")]


@pytest.mark.parametrize("folds", [0, 1])
def test_train_writes_the_model_before_it_is_validated(work, tmp_path, monkeypatch, folds):
    measure, measured = _cross_validation.evaluate_frames, []

    def interrupt(*args):
        if len(measured) == folds:
            raise KeyboardInterrupt
        measured.append(measure(*args))
        return measured[-1]

    monkeypatch.setattr(_cross_validation, "evaluate_frames", interrupt)
    words = [*QUICK_OPTIONS, *memory_of(work)]
    done = run("train", work / "one.csv", "--model", tmp_path / "model", *words)
    assert done.exit_code == (0 if folds else 130), done.output
    assert done.output.index("Training") < done.output.index("Validating")
    fitted = joblib.load(tmp_path / "model")
    assert fitted[-1].class_names_.tolist() == ["cat", "mouse"]
    figures = fitted.made_with_["validation"]
    assert (figures is not None) == bool(folds)
    if folds:
        assert figures["folds"].tolist() == [1, 1, 1]
        assert "stopped after 1 of 10 folds" in done.output


def test_a_model_of_skops(work, tmp_path):
    pytest.importorskip("skops")
    fitted = load_model(work / "model")
    path = tmp_path / "model.skops"
    learned = _model.get_learned(path, fitted)
    save_model(path, fitted, fitted.made_with_["validation"], learned=learned)
    for name in ("validation", "learned_frames", "learned_labels"):
        pd.testing.assert_frame_equal(
            load_model(path).made_with_[name], joblib.load(work / "model").made_with_[name]
        )
        pd.testing.assert_frame_equal(fitted.made_with_[name], load_model(path).made_with_[name])
    # Quietly: how long it took is not the same twice.
    words = ["measure", work / "two.mp4", "--quiet", "--cache-dir", work / "features", "--model"]
    done = run(*words, path)
    assert done.exit_code == 0, done.output
    assert done.output == run(*words, work / "model").output


def save_classes(path, X, y):
    classes = y["cat"].map({1: "cat", 0: "none"}).mask((y["cat"] == 0) & (y["mouse"] == 1), "mouse")
    save_label_csv(path, X, classes)


def test_a_model_of_classes_learns_more(work, tmp_path):
    for name in ("one", "two"):
        save_classes(tmp_path / f"{name}.csv", *load_label_csv(work / f"{name}.csv"))
    words = [*QUICK_OPTIONS, *memory_of(work), "--model", tmp_path / "model"]
    done = run("train", tmp_path / "one.csv", *words, "--background", "none", "--no-validation")
    assert done.exit_code == 0, done.output
    words = ["--labels", tmp_path / "two.csv", "--save-model", tmp_path / "new", *words[-2:]]
    done = run("measure", work / "two.mp4", *words, "--cache-dir", work / "features")
    assert done.exit_code == 0, done.output
    _, labels = _model.get_learned("new", load_model(tmp_path / "new"))
    assert len(labels) == 48
    assert set(labels) == {"cat", "mouse", "none"}


def test_train_on_labels_that_are_incomplete(work, tmp_path):
    X, y = load_label_csv(work / "one.csv")
    save_classes(tmp_path / "classes.csv", X, y)
    text = (work / "one.csv").read_text().splitlines()
    empty = [line if number % 2 else line[:-1] for number, line in enumerate(text)]
    (work / "empty.csv").write_text("\n".join([text[0], *empty[1:]]))
    words = [*QUICK_OPTIONS, *memory_of(work), "--model", tmp_path / "model"]
    options = {"classes.csv": ["--background", "none"], "empty.csv": []}
    for folder, (name, option) in zip([tmp_path, work], options.items(), strict=True):
        done = run("train", folder / name, *words, *option, "--incomplete")
        assert done.exit_code == 0, done.output
        assert "No validation, but the model is trained" in done.output
        assert "frames lack labels of some characters" in done.output
        assert load_model(tmp_path / "model")[-1].class_names_.tolist() == ["cat", "mouse"]
        done = run("measure", work / "two.mp4", *words[-2:], "--cache-dir", work / "features")
        assert (done.exit_code, "No intervals" in done.output) == (0, True)
    done = run("train", work / "empty.csv", *words)
    assert (done.exit_code, "line 3: 'mouse' is empty" in done.output) == (1, True)


def test_train_leaves_no_model_after_an_error(tmp_path):
    (tmp_path / "labels.csv").write_text("video,time,tom\nvideo.mp4,0.0,1\n")
    done = run("train", tmp_path / "labels.csv", "--model", tmp_path / "model", "--no-cache")
    assert done.exit_code == 1
    assert re.fullmatch(r"error: .*'video.mp4', which is not in .*\n", done.output)
    done = run("train", tmp_path / "none.csv", "--model", tmp_path / "model", "--no-cache")
    assert done.exit_code == 1
    assert re.fullmatch(r"error: No such file .*none.csv'.*folder for downloads\.\n", done.output)
    assert os.listdir(tmp_path) == ["labels.csv"]


def test_characters_have_to_be_the_same_in_all_files(work, tmp_path):
    X, y = load_label_csv(work / "two.csv")
    save_label_csv(tmp_path / "dog.csv", X, y.rename(columns={"cat": "dog"}))
    words = ["--model", tmp_path / "model", *memory_of(work)]
    done = run("train", work / "one.csv", tmp_path / "dog.csv", *words)
    assert done.exit_code == 1
    assert "dog.csv" in done.output
    done = run("evaluate", tmp_path / "dog.csv", "--model", work / "model", *memory_of(work))
    assert done.exit_code == 1
    assert "of ['dog', 'mouse'], but the model knows ['cat', 'mouse']" in done.output


def test_one_column_of_0_and_1_is_a_character_with_a_name(work, tmp_path):
    X, y = load_label_csv(work / "one.csv")
    save_label_csv(tmp_path / "cat.csv", X, y[["cat"]])
    model = tmp_path / "model"
    words = ["--model", model, "--no-validation", *memory_of(work)]
    done = run("train", tmp_path / "cat.csv", *QUICK_OPTIONS, *words)
    assert done.exit_code == 0, done.output
    assert load_model(model)[-1].get_feature_names_out().tolist() == ["cat"]
    assert load_model(model)[1].size == (128, 224)
    assert run("evaluate", tmp_path / "cat.csv", *words[:2], *memory_of(work)).exit_code == 0


def test_a_model_is_written_whole_or_not_at_all(work, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"what was there")
    fitted = joblib.load(work / "model")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match=r"Cannot write .*model"):
            save_model(path, fitted)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"what was there"
    assert os.listdir(tmp_path) == ["model"]


def test_measure_writes_what_is_asked_for(work, tmp_path):
    pytest.importorskip("pympi")
    kinds = {"report": "html", "csv": "csv", "json": "json", "subtitles": "srt", "eaf": "eaf"}
    kinds |= {"cvat": "xml", "label-studio": "ls.json"}
    words = [
        word for kind, end in kinds.items() for word in (f"--{kind}", tmp_path / f"video.{end}")
    ]
    done = measured(work, work / "two.mp4", *words)
    assert done.exit_code == 0, done.output
    fitted = joblib.load(work / "model")
    expected = fitted[-1].estimate(fitted[:-1].transform([str(work / "two.mp4")]))
    table = pd.read_csv(tmp_path / "video.csv")
    np.testing.assert_allclose(table["seconds"], expected["seconds"], rtol=0, atol=5.1e-4)
    for row in expected.itertuples():
        assert re.search(
            rf"{row.character} .* {row.seconds:.1f} .* {row.appearances} ", done.output
        )
    assert json.loads((tmp_path / "video.json").read_text())["videos"][0]["name"].endswith(
        "two.mp4"
    )
    assert " --> " in (tmp_path / "video.srt").read_text()
    report = (tmp_path / "video.html").read_text()
    told = html.unescape(re.search("as well, run <code>(.*)</code>", report)[1])
    words = ["--rate", "2", *QUICK_OPTIONS, "--model", str(work / "model")]
    files = [str(work / "one.csv"), "video-labels.csv"]
    assert shlex.split(told) == ["sktime-screen", "train", *files, *words]
    assert "KerasFeatureMapClassifier" in report
    assert "time blocks" in report
    assert sorted(os.listdir(tmp_path)) == sorted(f"video.{end}" for end in kinds.values())
    expected = fitted.predict([str(work / "two.mp4")])
    for load, name in [(load_eaf, "eaf"), (load_cvat, "xml")]:
        X, y = load(tmp_path / f"video.{name}", rate=2)
        assert os.path.samefile(X["video"].unique().item(), work / "two.mp4")
        seen = y.reindex(columns=fitted[-1].class_names_, fill_value=0)
        np.testing.assert_array_equal(seen, expected)
    task = json.loads((tmp_path / "video.ls.json").read_text())[0]
    assert (task["data"]["fps"], list(task)) == (12, ["data", "predictions"])


def test_a_folder_of_videos_and_folders_of_results(work, tmp_path):
    season = tmp_path / "season"
    (season / "other").mkdir(parents=True)
    for name in ("b.mp4", "a.MP4", "other/a.mkv"):
        (season / name).write_bytes((work / "two.mp4").read_bytes())
    (season / "notes.txt").touch()
    words = ["--subtitles", tmp_path / "shown", "--csv", tmp_path / "s.csv", "--quiet"]
    done = measured(work, season, season / "other" / "a.mkv", *words)
    assert done.exit_code == 0, done.output
    measured_videos = pd.read_csv(tmp_path / "s.csv")["video"].unique().tolist()
    assert measured_videos == [str(season / name) for name in ("a.MP4", "b.mp4", "other/a.mkv")]
    # Two are called alike.
    written = sorted(os.listdir(tmp_path / "shown"))
    assert written == ["a.MP4.vtt", "b.mp4.vtt", "other_a.mkv.vtt"]
    written = pd.read_csv(tmp_path / "s.csv", dtype=str)["share"]
    assert written.str.len().max() <= len("0.12345")

    (tmp_path / "empty").mkdir()
    done = measured(work, tmp_path / "empty")
    assert (done.exit_code, "has the ending of a video" in done.output) == (2, True)
    done = measured(work, work / "two.mp4", "--csv", tmp_path / "s.xlsx")
    assert (done.exit_code, "name a .csv file" in done.output) == (2, True)


def test_a_long_video_is_measured_in_parts(work, tmp_path, monkeypatch):
    seconds = []
    for at_once in (1000, 7):
        monkeypatch.setattr(_video_predictions, "_FRAMES_AT_ONCE", at_once)
        done = measured(work, work / "two.mp4", "--csv", tmp_path / "s.csv", "--quiet")
        assert done.exit_code == 0, done.output
        seconds.append(pd.read_csv(tmp_path / "s.csv"))
    # Frames are judged by those of their part, which need not be the same.
    for column in ("video", "character"):
        assert seconds[0][column].equals(seconds[1][column])
    np.testing.assert_allclose(seconds[0]["seconds"], seconds[1]["seconds"], atol=2)


def test_a_video_that_goes_away_does_not_lose_the_others(work, tmp_path, monkeypatch):
    gone = tmp_path / "gone.mp4"
    gone.write_bytes((work / "two.mp4").read_bytes())
    put = FeatureStore.put

    def put_and_remove(self, *args):
        put(self, *args)
        gone.unlink(missing_ok=True)

    monkeypatch.setattr(FeatureStore, "put", put_and_remove)
    words = ["--model", work / "model", "--cache-dir", tmp_path / "m"]
    words += ["--csv", tmp_path / "table.csv", "--report", tmp_path / "report.html"]
    done = run("measure", work / "one.mp4", gone, work / "two.mp4", *words)
    assert done.exit_code == 1
    told = f"Left out: No such video: '{gone}'"
    assert done.output.count(told) == 2  # when it fails, and again under the seconds
    assert told in html.unescape((tmp_path / "report.html").read_text())
    videos = pd.read_csv(tmp_path / "table.csv")["video"].unique()
    assert videos.tolist() == [str(work / "one.mp4"), str(work / "two.mp4")]


def test_an_output_that_cannot_be_written_is_said_before_measuring(work, tmp_path):
    done = measured(work, work / "two.mp4", "--report", tmp_path / "no" / "report.html")
    assert done.exit_code == 1
    assert re.fullmatch(r"error: Cannot write .*report.html: there is no folder.*\n", done.output)
    done = measured(work, work / "one.mp4", work / "two.mp4", "--subtitles", tmp_path / "a.srt")
    assert done.exit_code == 2
    done = run("measure", "none.mp4", "--model", "none", "--subtitles", tmp_path / "a.txt")
    assert (done.exit_code, "a.txt': the ending sets the format" in done.output) == (1, True)
    (tmp_path / "file").touch()
    words = ["--model", work / "model", "--cache-dir", tmp_path / "file"]
    done = run("measure", work / "two.mp4", *words)
    assert (done.exit_code, "or add --no-cache" in done.output) == (1, True)


def test_models_of_other_versions_and_other_files(work, tmp_path, monkeypatch):
    other = tmp_path / "other"
    monkeypatch.setattr(_model, "find_versions", lambda: {"sktime_screen": "0.1.0"})
    save_model(other, joblib.load(work / "model"))
    assert load_model(other).made_with_["versions"] == "sktime_screen==0.1.0"
    monkeypatch.setattr(_model, "__version__", "0.2.0")
    with pytest.warns(UserWarning, match=r"made with sktime_screen 0\.1\.0, and 0\.2\.0 is"):
        load_model(other)
    renamed = other.read_bytes().replace(b"ScreenTimeAggregator", b"ScreenTimeCalculator")
    other.write_bytes(renamed)
    with pytest.raises(
        ValueError, match=r"sktime_screen 0\.1\.0, and the installed 0\.2\.0 cannot"
    ):
        load_model(other)
    other.write_bytes(b"no pickle")
    done = run("measure", work / "two.mp4", "--model", other)
    assert (done.exit_code, "cannot be read as a model" in done.output) == (1, True)
    joblib.dump({}, other)
    with pytest.raises(ValueError, match="ScreenTimeAggregator at its end"):
        load_model(other)
    with pytest.raises(FileNotFoundError, match="No such model"):
        load_model(tmp_path / "none")


def test_labels_of_a_random_sample_correct_seconds(work, tmp_path, monkeypatch):
    given, estimate = [], ScreenTimeAggregator.estimate

    def spied(self, X, *, cross_fitted, **options):
        given.append((X, cross_fitted))
        return estimate(self, X, cross_fitted=cross_fitted, **options)

    monkeypatch.setattr(ScreenTimeAggregator, "estimate", spied)
    X, y = load_label_csv(work / "two.csv")
    sample = tmp_path / "sample.csv"
    save_label_csv(sample, X.assign(inclusion=1.0, stratum=0), y)
    done = measured(work, work / "two.mp4", "--csv", tmp_path / "a.csv", "--labels", sample)
    assert done.exit_code == 0, done.output
    seconds = pd.read_csv(tmp_path / "a.csv").set_index("character")["seconds"]
    # All frames are labelled: nothing is left to guess.
    for name in ["cat", "mouse"]:
        assert seconds[name] == pytest.approx((y[name] * X["duration"]).sum(), abs=1e-6)
    # The model has learned from none of these, and is asked in both ways all the same.
    probabilities, cross_fitted = given[0]
    pd.testing.assert_frame_equal(cross_fitted, probabilities, check_exact=False)
    done = measured(work, work / "one.mp4", "--labels", sample)
    assert done.exit_code == 1
    assert re.search(r"has no labels of '.*one\.mp4', only of", done.output)


def some_labels(work, path, rows, **columns):
    X, y = load_label_csv(work / "two.csv")
    save_label_csv(path, X.iloc[rows].assign(**columns), y.iloc[rows])
    return path


def test_measure_asks_for_frames_and_learns_their_labels(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = measured(work, work / "two.mp4", "--ask", 4)
    assert done.exit_code == 0, done.output
    asked = frames_of((tmp_path / "two.html").read_text())
    assert len(asked) == 4
    assert all("suggested" in frame for frame in asked)
    model = f"{work}/model"
    command = f"measure {work}/two.mp4 --model {model} --labels two.csv --save-model {model}\n"
    assert done.output.endswith(command)
    X, _ = load_label_csv(work / "two.csv")
    rows = np.flatnonzero(X["time"].isin([frame["time"] for frame in asked]))
    some_labels(work, "two.csv", rows)
    done = measured(work, work / "two.mp4", "--labels", "two.csv", "--save-model", "new")
    assert done.exit_code == 0, done.output
    # The model that learns everything at once.
    words = [*QUICK_OPTIONS, *memory_of(work), "--no-validation", "--model"]
    assert run("train", work / "one.csv", "two.csv", *words, "both").exit_code == 0
    probabilities = [
        load_model(tmp_path / name)[:-1].transform([str(work / "two.mp4")])
        for name in ("new", "both")
    ]
    pd.testing.assert_frame_equal(*probabilities)
    before = load_model(work / "model")[:-1].transform([str(work / "two.mp4")])
    assert np.abs(probabilities[0] - before).to_numpy().max() > 0.01
    # It remembers what it has learned, and asks for others.
    frames, labels = _model.get_learned("new", load_model(tmp_path / "new"))
    assert len(frames) == len(labels) == 28
    files = load_model(tmp_path / "new").made_with_["labels"]
    assert files == [str(work / "one.csv"), str(tmp_path / "two.csv")]
    assert set(frames["video"]) == {
        os.path.realpath(work / f"{name}.mp4") for name in ["one", "two"]
    }
    words = ["--model", "new", "--cache-dir", work / "features", "--ask", 4]
    done = run("measure", work / "two.mp4", *words)
    again = frames_of((tmp_path / "two-2.html").read_text())
    assert not {frame["time"] for frame in asked} & {frame["time"] for frame in again}
    done = run("measure", work / "one.mp4", *words)
    assert "Every frame is labelled" in done.output


def test_measure_asks_for_what_no_learned_frame_shows(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(work / "two.mp4", "seen.mp4")
    X, y = load_label_csv(work / "two.csv")
    unseen = [5, 12, 20]
    # As if the model had learned the same frames of another video.
    learned = X.assign(video=str(tmp_path / "seen.mp4")).drop(unseen), y.drop(unseen)
    save_model(tmp_path / "model", load_model(work / "model"), learned=learned)
    words = ["--model", "model", "--cache-dir", work / "features", "--ask", 3]
    done = run("measure", work / "two.mp4", *words)
    assert done.exit_code == 0, done.output
    asked = frames_of((tmp_path / "two.html").read_text())
    assert sorted(frame["time"] for frame in asked) == X["time"][unseen].tolist()


class KnownModel:
    """What asks for frames sees of a model: features, probabilities and learned frames."""

    def __init__(self, features, learned):
        self.features, self.made_with_ = features, {"learned_frames": learned}

    def __getitem__(self, part):
        return self.features if isinstance(part, slice) else self

    def predict_proba(self, probabilities):
        return probabilities.to_numpy()


@pytest.mark.parametrize(
    ("covers", "expected"),
    [
        # The frame that is doubted most. One class out of three is a narrow choice there.
        ("gone.mp4", 2),
        # The one of the others whose two best classes are nearest.
        ("seen.mp4", 0),
    ],
)
def test_frames_like_learned_ones_of_other_videos_are_not_asked_for(tmp_path, covers, expected):
    (tmp_path / "seen.mp4").touch()
    table = pd.DataFrame({"video": "a.mp4", "time": np.arange(4.0), "duration": 1.0})
    learned = table[2:].assign(video=str(tmp_path / covers), inclusion=np.nan)
    index = make_frame_index(pd.concat([table, learned]))
    features = pd.DataFrame(np.eye(4)[[0, 1, 2, 3, 2, 3]], index)
    doubts = [[0.45, 0.4, 0.15], [0.5, 0.3, 0.2], [0.5, 0.5, 0.0], [0.48, 0.51, 0.01]]
    model = KnownModel(features, learned)
    chosen = _ask._choose(table, 1, model, pd.DataFrame(doubts, index[:4]))
    assert chosen.index.tolist() == [expected]


def test_measure_without_keeping_the_model_repeats_the_labels(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    some_labels(work, "a.csv", [3, 9])
    some_labels(work, "b.csv", range(24), inclusion=1.0)
    done = measured(work, work / "two.mp4", "--labels", "a.csv", "--ask", 2)
    assert "--labels a.csv two.csv --save-model" in done.output
    # Chosen labels are learned, and those of a random sample correct the seconds.
    words = ["--labels", "b.csv", "--csv", "s.csv", "--save-model", "new"]
    done = measured(work, work / "two.mp4", *words)
    assert (done.exit_code, "new was not written: these labels" in done.output) == (0, True)
    assert not (tmp_path / "new").exists()
    done = measured(work, work / "two.mp4", "--save-model", "new")
    assert (done.exit_code, "add --labels" in done.output) == (2, True)


def test_labels_replace_those_of_the_same_frame(work, tmp_path):
    X, y = load_label_csv(work / "one.csv")
    fitted = load_model(work / "model")
    learned = _model.learn_more("model", fitted, X[3:5], 1 - y[3:5])
    frames, labels = _model.get_learned("model", learned)
    assert len(frames) == len(X)
    expected = y.copy()
    expected[3:5] = 1 - y[3:5]
    order = frames["time"].argsort()
    np.testing.assert_array_equal(labels.iloc[order], expected)


def test_a_model_that_does_not_tell_its_labels_cannot_learn_more(work, tmp_path):
    fitted = joblib.load(work / "model")
    del fitted.made_with_
    joblib.dump(fitted, tmp_path / "model")
    words = ["--model", tmp_path / "model", "--cache-dir", work / "features"]
    for option in (["--ask", 3], ["--labels", some_labels(work, tmp_path / "a.csv", [3, 9])]):
        done = run("measure", work / "two.mp4", *words, *option)
        assert (done.exit_code, "does not tell which labels" in done.output) == (1, True)


def test_a_model_whose_videos_are_gone_cannot_learn_more(work, tmp_path):
    fitted = load_model(work / "model")
    X, y = _model.get_learned("model", fitted)
    gone = X.assign(video=str(tmp_path / "gone.mp4"))
    save_model(tmp_path / "model", fitted, learned=(gone, y))
    words = ["--model", tmp_path / "model", "--cache-dir", work / "features", "--labels"]
    done = run("measure", work / "two.mp4", *words, some_labels(work, tmp_path / "a.csv", [3, 9]))
    assert done.exit_code == 1
    assert "gone.mp4" in done.output
    assert "can only learn more where it is" in done.output


def test_labels_of_videos_that_are_gone_do_not_lose_the_others(work, tmp_path):
    X, y = load_label_csv(work / "two.csv")
    (tmp_path / "broken.mp4").write_text("no video")
    others = [X.assign(video=str(tmp_path / name)) for name in ("broken.mp4", "gone.mp4")]
    sample = pd.concat([X, *others]).assign(inclusion=1.0).join(y)
    sample.to_csv(tmp_path / "sample.csv", index=False)
    words = ["--csv", tmp_path / "a.csv", "--labels", tmp_path / "sample.csv"]
    done = measured(work, work / "two.mp4", tmp_path / "broken.mp4", *words)
    assert (done.exit_code, "Left out" in done.output) == (1, True)
    seconds = pd.read_csv(tmp_path / "a.csv").set_index("character")["seconds"]
    assert seconds["cat"] == pytest.approx((y["cat"] * X["duration"]).sum(), abs=1e-6)


def test_what_is_read_is_not_written_over(work, tmp_path, monkeypatch):
    monkeypatch.chdir(work)
    video, labels = work / "two.mp4", work / "two.csv"
    before = video.read_bytes(), labels.read_bytes(), (work / "model").read_bytes()
    for words in (
        ["measure", video, "--model", "model", "--csv", "two.mp4"],
        ["measure", video, "--model", "model", "--labels", labels, "--csv", labels],
        ["measure", video, "--model", "model", "--json", "model"],
        ["measure", video, "--model", "model", "--json", tmp_path / "a", "--csv", tmp_path / "a"],
        ["label", video, "--characters", "cat", "--output", "./two.mp4"],
        ["train", labels, "--model", labels],
    ):
        done = run(*words)
        assert (done.exit_code, "error: Cannot write" in done.output) == (1, True), words
    assert before == (video.read_bytes(), labels.read_bytes(), (work / "model").read_bytes())


def test_labels_of_a_frame_in_two_files(work, tmp_path):
    X, y = load_label_csv(work / "two.csv")
    save_label_csv(tmp_path / "same.csv", X.iloc[:5], y.iloc[:5])
    done = run("evaluate", work / "two.csv", tmp_path / "same.csv", "--model", work / "model",
               *memory_of(work))  # fmt: skip
    assert f"against {len(X)} labelled frames" in done.output
    save_label_csv(tmp_path / "same.csv", X.iloc[:5], 1 - y.iloc[:5])
    words = ["--model", tmp_path / "model", *memory_of(work)]
    done = run("train", work / "two.csv", tmp_path / "same.csv", *words)
    assert (done.exit_code, "has labels that differ" in done.output) == (1, True)


def test_a_video_named_twice_is_measured_once(work, tmp_path, monkeypatch):
    monkeypatch.chdir(work)
    done = measured(work, "two.mp4", work / "two.mp4", "--csv", tmp_path / "a.csv")
    assert done.exit_code == 0, done.output
    assert len(pd.read_csv(tmp_path / "a.csv")) == 2


def test_a_model_that_lacks_a_parameter_of_today_is_told_of(work, tmp_path):
    model = load_model(work / "model")
    del model["pretrainedcnnfeatures"].preprocessing
    joblib.dump(model, tmp_path / "old.joblib")
    done = run("measure", work / "one.mp4", "--model", tmp_path / "old.joblib")
    assert done.exit_code == 1
    assert re.search(
        r"old\.joblib' was made with an older .*'preprocessing'.*train it", done.output
    )


def test_evaluate_a_model(work):
    words = ["--model", work / "model", *memory_of(work), "--quiet"]
    done = run("evaluate", work / "two.csv", *words)
    assert done.exit_code == 0, done.output
    assert "warning" not in done.output
    X, y = load_label_csv(work / "two.csv")
    right = (joblib.load(work / "model").predict(X) == y.to_numpy()).mean(axis=0)
    for name, share in zip(y.columns, right, strict=True):
        assert re.search(rf"{name} .* {100 * share:.1f} ", done.output)
    done = run("evaluate", work / "one.csv", *words)
    assert "learned from 24 of these 24 frames" in done.output


@pytest.mark.parametrize(
    ("command", "options", "named"),
    [
        ("evaluate one.csv --model model", "--head dense", "--head"),
        ("evaluate one.csv --model model", "--backbone vgg16", "--backbone"),
        ("evaluate one.csv --model model", "--image-size 64 64", "--image-size"),
        ("evaluate one.csv --model model", "--portraits cast", "--portraits"),
        ("evaluate one.csv --model model", "--background nobody", "--background"),
        ("evaluate one.csv --model model", "--seed 0", "--seed"),
        ("label one.mp4 --model model", "--head map", "--head"),
        ("label one.mp4 --model model", "--backbone vgg16", "--backbone"),
        ("label one.mp4 --model model", "--image-size 64 64", "--image-size"),
        ("label one.mp4 --characters cat --strategy all", "--number 5", "--number"),
        ("measure one.mp4 --model model", "--rate 1", "--rate"),
    ],
)
def test_options_that_would_make_no_difference_are_refused(
    work, monkeypatch, command, options, named
):
    monkeypatch.chdir(work)
    done = run(*command.split(), *options.split())
    assert done.exit_code == 2
    assert re.search(rf"Invalid value for '?{named}'?", done.output), done.output


def test_evaluate_labels_without_a_model(work):
    words = ["--head", "dense", "--image-size", 64, 96, *memory_of(work), "--quiet"]
    done = run("evaluate", work / "one.csv", work / "two.csv", *words)
    assert done.exit_code == 0, done.output
    assert "videos" in done.output
    assert "shuffled" in done.output
    assert "On another video" not in done.output


INTERRUPTED = """
import os, signal, sys
from sktime_screen import FeatureStore
from sktime_screen.cli import main
put = FeatureStore.put
def interrupted(self, *args):
    put(self, *args)
    os.kill(os.getpid(), signal.SIGINT)
FeatureStore.put = interrupted
# Where tests run in the background, Ctrl-C is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[0] = "sktime-screen"
main()
"""


def test_ctrl_c_ends_cleanly_and_the_work_is_kept(work, tmp_path, computed):
    words = [
        "train",
        work / "one.csv",
        "--model",
        tmp_path / "model",
        "--cache-dir",
        tmp_path / "m",
    ]
    words = [*map(str, [*words, *QUICK_OPTIONS]), "--no-validation", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *words], capture_output=True, text=True
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr.startswith("stopped\n")
    assert f"kept in '{tmp_path / 'm'}'" in done.stderr
    assert "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == ["m"]
    kept = len(FeatureStore(tmp_path / "m"))
    assert 0 < kept <= 24
    assert run(*words).exit_code == 0
    assert sum(computed) == 24 - kept


def test_label_serves_the_page(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = []

    def serve(server):
        seen.append((server.url, server.target, len(server.table)))
        raise KeyboardInterrupt

    monkeypatch.setattr("sktime_screen.labels.LabelServer.serve_forever", serve)
    words = ["--strategy", "blocks", "--number", 4, "--serve"]
    words = ["label", work / "two.mp4", "--characters", "cat", *words]
    done = run(*words, "--quiet")
    assert done.exit_code == 0, done.output
    [(url, path, count)] = seen
    assert (str(path), count) == ("label.csv", 4)
    assert f"Open {url}\n" in done.output
    assert os.listdir(tmp_path) == []
    assert "No frame was labelled." in run(*words).output
    X = VideoFrameSampler(rate=1).sample(str(work / "two.mp4"))
    (tmp_path / "label.csv").write_text(f"video,time,cat\n{X['video'][0]},{X['time'][0]},1\n")
    told = run(*words, "--output", "label.csv", "--number", 12).output
    assert told.endswith("\nsktime-screen train label.csv --model screen_time.joblib\n")
