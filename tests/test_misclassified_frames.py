from fractions import Fraction

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import index_of, read_code, write_coded_video
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import make_pipeline

from sktime_screen import MisclassifiedFramesDisplay, VideoFrameSampler

mpl.use("agg")


class Given(ClassifierMixin, BaseEstimator):
    """Predict what it was given, whatever the features."""

    def __init__(self, probabilities, classes, multilabel=False):
        self.probabilities = probabilities
        self.classes = classes
        self.multilabel = multilabel

    def fit(self, X=None, y=None):
        self.classes_ = np.asarray(self.classes)
        return self

    def predict_proba(self, X):
        return np.asarray(self.probabilities, float)

    def predict(self, X):
        values = self.predict_proba(X)
        return (values > 0.5).astype(int) if self.multilabel else self.classes_[values.argmax(1)]


@pytest.fixture
def video(tmp_path):
    return write_coded_video(tmp_path / "video.mp4", range(100), Fraction(1, 10))


def shown(display):
    axes = [ax for ax in display.axes_ if ax.images]
    return [(ax.get_title(), read_code(np.asarray(ax.images[0].get_array()))) for ax in axes]


def test_classes(video):
    table = VideoFrameSampler(rate=0.5).sample(video)
    classifier = Given(
        [[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.0, 0.9], [0.3, 0.6, 0.1], [0.8, 0.1, 0.1]],
        ["$x", "jerry", "tom"],
    )
    pipeline = make_pipeline(classifier.fit())
    display = MisclassifiedFramesDisplay.from_estimator(
        pipeline, table, ["$x", "tom", "$x", "jerry", "tom"]
    )
    frames = display.frames
    assert frames["time"].tolist() == [4.0, 8.0, 2.0]
    assert frames["true"].tolist() == ["$x", "tom", "tom"]
    assert frames["predicted"].tolist() == ["tom", "$x", "jerry"]
    assert frames["confidence"].tolist() == [0.9, 0.8, 0.7]
    assert shown(display) == [
        ("tom 90%, is \\$x\nat 4.0 s", 40),
        ("\\$x 80%, is tom\nat 8.0 s", 80),
        ("jerry 70%, is tom\nat 2.0 s", 20),
    ]
    assert display.figure_.get_suptitle() == "3 of 5 labels wrong"


def test_a_table_by_name_and_features_of_a_video(video):
    features = pd.DataFrame(
        {"x": [0.0, 0, 0]}, index_of([(video, t, 1.0) for t in (1.0, 2.0, 3.0)])
    )
    classifier = Given([[0.9, 0.2], [0.6, 0.7], [0.1, 0.5]], ["tom", "jerry"], multilabel=True)
    y = pd.DataFrame({"jerry": [1, 1, 0], "tom": [0, 1, 0]})
    display = MisclassifiedFramesDisplay.from_estimator(classifier.fit(), features, y)
    assert display.frames[["time", "character", "true", "predicted"]].to_numpy().tolist() == [
        [1.0, "tom", 0, 1],
        [1.0, "jerry", 1, 0],
    ]
    np.testing.assert_allclose(display.frames["confidence"], [0.9, 0.8])
    # Both are of one frame, which is shown once.
    assert shown(display) == [("tom seen 90%\nat 1.0 s", 10)]
    assert display.figure_.get_suptitle() == "2 of 6 labels wrong"


def test_neighbours_are_passed_over_and_nothing_wrong_is_no_error(video):
    table = VideoFrameSampler(rate=10).sample(video)
    wrong = np.isin(np.arange(100), [10, 11, 12, 60])
    truth = np.where(wrong, "jerry", "tom")
    sure = np.where(np.arange(100) == 11, 0.99, 0.9)
    classifier = Given(np.stack([1 - sure, sure], 1), ["jerry", "tom"]).fit()
    display = MisclassifiedFramesDisplay.from_estimator(classifier, table, truth, n_frames=2)
    assert [code for _, code in shown(display)] == [11, 60]
    assert len(display.frames) == 4
    display = MisclassifiedFramesDisplay.from_estimator(classifier, table, ["tom"] * 100)
    assert display.frames.empty
    assert not shown(display)


def test_refuses(video):
    classifier = Given([[0.9, 0.1]], ["jerry", "tom"]).fit()
    with pytest.raises(ValueError, match="no times of frames"):
        MisclassifiedFramesDisplay.from_estimator(classifier, np.zeros((1, 2)), ["tom"])
