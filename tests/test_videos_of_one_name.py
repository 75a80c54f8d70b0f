"""Videos of one name in several folders: labels are those of the video that was asked for."""

import shutil
import warnings
from fractions import Fraction

import pandas as pd
import pytest
from conftest import write_coded_video
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sktime_screen import (
    ScreenTimeAggregator,
    ScreenTimeReport,
    VideoFrameSampler,
    load_cvat,
    load_eaf,
    load_label_csv,
    save_cvat,
    save_eaf,
)


@pytest.fixture
def seasons(tmp_path):
    """Two seasons, whose episode of one name lasts 3 and 5 s."""
    for season, n_seconds in (("s1", 3), ("s2", 5)):
        (tmp_path / season).mkdir()
        write_coded_video(tmp_path / season / "ep.mkv", range(n_seconds), Fraction(1))
    return tmp_path


def write(folder, text):
    path = folder / "labels.csv"
    path.write_text(text)
    return path


FRAMES = "video,time,tom\ns1/ep.mkv,0,1\ns1/ep.mkv,1,0\ns2/ep.mkv,0,0\ns2/ep.mkv,4,1\n"
INTERVALS = "video,start,end,label\ns1/ep.mkv,0,2,tom\ns2/ep.mkv,3,5,tom\n"


@pytest.mark.parametrize(("text", "seconds"), [(FRAMES, [0, 4]), (INTERVALS, range(5))])
def test_labels_of_the_video_asked_for(seasons, text, seconds):
    path, video = write(seasons, text), str(seasons / "s2" / "ep.mkv")
    for asked in (video, [video], "s2/ep.mkv", seasons / "s1" / ".." / "s2" / "ep.mkv"):
        X, y = load_label_csv(path, video=asked)
        assert X["video"].unique().tolist() == [video]
        assert X["time"].tolist() == list(seconds)
        assert y["tom"].tolist() == [int(second > 2) for second in seconds]
    both = [video, seasons / "s1" / "ep.mkv"]
    assert load_label_csv(path, video=both)[0]["video"].nunique() == 2
    of_first = "\n".join(line for line in text.splitlines() if "s2" not in line)
    with pytest.raises(ValueError, match=r"has no labels of '.*s2.ep\.mkv', only of \['s1/ep"):
        load_label_csv(write(seasons, of_first), video=video)


def test_a_copy_is_the_same_video(seasons):
    (seasons / "copies").mkdir()
    copy = shutil.copy(seasons / "s2" / "ep.mkv", seasons / "copies" / "ep.mkv")
    X, _ = load_label_csv(write(seasons, FRAMES), video=copy)
    assert X["time"].tolist() == [0, 4]


@pytest.mark.parametrize(
    ("save", "load", "name"), [(save_eaf, load_eaf, "x.eaf"), (save_cvat, load_cvat, "x.xml")]
)
def test_annotations_beside_another_video_of_the_name(seasons, save, load, name):
    video = seasons / "s1" / "ep.mkv"
    X = VideoFrameSampler().sample(video)
    save(seasons / "s2" / name, X, pd.DataFrame({"tom": [1, 0, 1]}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(load(seasons / "s2" / name)[0]) == 3
    video.rename(seasons / "s1" / "other.mkv")
    with pytest.warns(RuntimeWarning, match=r"s1/ep\.mkv' does not exist; using '.*s2.ep\.mkv'"):
        load(seasons / "s2" / name)


def test_the_absolute_path_of_elan_goes_before_the_name(seasons):
    X = VideoFrameSampler().sample(seasons / "s1" / "ep.mkv")
    save_eaf(seasons / "s1" / "x.eaf", X, pd.DataFrame({"tom": [1, 0, 1]}))
    text = (seasons / "s1" / "x.eaf").read_text().replace("./ep.mkv", "./videos/ep.mkv")
    (seasons / "s2" / "x.eaf").write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        X, y = load_eaf(seasons / "s2" / "x.eaf")
    assert X["video"].unique().tolist() == [str(seasons / "s1" / "ep.mkv")]
    assert y["tom"].tolist() == [1, 0, 1]


def test_a_video_named_twice_is_measured_once(seasons, monkeypatch):
    monkeypatch.chdir(seasons)
    (seasons / "link.mkv").symlink_to(seasons / "s1" / "ep.mkv")
    probabilities = FunctionTransformer(
        lambda X: pd.DataFrame({"tom": 0.9, "jerry": 0.2}, index=X.index)
    )
    pipeline = make_pipeline(
        VideoFrameSampler(), probabilities, ScreenTimeAggregator(correction=None)
    )
    X = VideoFrameSampler().sample("s1/ep.mkv")
    pipeline.fit(X, pd.DataFrame({"tom": [1, 1, 0], "jerry": [0, 1, 0]}))
    spelled = ["s1/ep.mkv", "./s1/ep.mkv", str(seasons / "s1" / "ep.mkv"), "link.mkv"]
    report = ScreenTimeReport.from_estimator(pipeline, [*spelled, "s2/ep.mkv"], random_state=0)
    seconds = report.estimate.query("character == 'tom'").set_index("video")["seconds"]
    assert seconds.to_dict() == {"s1/ep.mkv": 3.0, "s2/ep.mkv": 5.0}
