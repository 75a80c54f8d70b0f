import pickle
from fractions import Fraction
from pathlib import Path

import av
import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import quick_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sktime_screen import (
    ImageResizer,
    KerasDenseClassifier,
    PretrainedCNNFeatures,
    TrainingHistoryDisplay,
    VideoClassifier,
    VideoFrameSampler,
    load_ucf101,
    recommended_pipeline,
)
from sktime_screen.classify import _video_classifier
from sktime_screen.features import _frame_features
from sktime_screen.video import VideoError

COLORS = {"Archery": (200, 60, 60), "Bowling": (60, 200, 60), "Diving": (60, 60, 200)}
GROUPS = 4


def write_video(path, color, seconds, seed=0):
    """Write a video of a coloured square that moves, coded as UCF101's videos are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y, background = np.random.default_rng(seed).integers(10, 30, size=3)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.bit_rate = 1_000_000
        for number in range(round(25 * seconds)):
            image = np.full((48, 64, 3), background, np.uint8)
            left = (x + number) % 40
            image[y - 10 : y + 14, left : left + 24] = color
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Twelve short videos of three classes in the layout of UCF101; the last group is the test."""
    root = tmp_path_factory.mktemp("ucf")
    lists = {"train": [], "test": []}
    for number, (name, color) in enumerate(COLORS.items(), start=1):
        for group in range(1, GROUPS + 1):
            video = f"{name}/v_{name}_g{group:02d}_c01.avi"
            write_video(root / "UCF-101" / video, color, 1 + 0.2 * group, seed=10 * number + group)
            if group < GROUPS:
                lists["train"].append(f"{video} {number}")
            else:
                lists["test"].append(video)
    folder = root / "ucfTrainTestlist"
    folder.mkdir()
    classes = [f"{number} {name}" for number, name in enumerate(COLORS, start=1)]
    (folder / "classInd.txt").write_text("\n".join(classes))
    for subset, lines in lists.items():
        (folder / f"{subset}list01.txt").write_text("\n".join(lines))
    return root


@pytest.fixture(scope="module")
def train(root):
    return load_ucf101(root, split=1, subset="train")


@pytest.fixture(scope="module")
def test(root):
    return load_ucf101(root, split=1, subset="test")


def mean_colors(images):
    return np.asarray(images).mean(axis=(1, 2)) / 255


def frame_classifier():
    return make_pipeline(
        VideoFrameSampler(),
        ImageResizer((8, 8)),
        FunctionTransformer(mean_colors),
        LogisticRegression(C=100),
    )


class Votes(ClassifierMixin, BaseEstimator):
    """A classifier of frames that knows the probabilities of the classes in each second."""

    def __init__(self, script):
        self.script = script

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.labels_ = y
        self.frames_ = X
        return self

    def predict(self, X):
        return self.classes_[self.probabilities(X).argmax(axis=1)]

    def probabilities(self, X):
        return np.array(self.script)[X["time"].astype(int)]


class Scripted(Votes):
    """The same, and it tells them."""

    def predict_proba(self, X):
        return self.probabilities(X)


def scripted(video, script, voting="hard", kind=Scripted):
    return VideoClassifier(kind(script), voting=voting).fit([video, video], ["a", "b"])


@pytest.fixture(scope="module")
def three_seconds(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("videos") / "three.avi", (200, 60, 60), 3)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A video of 1.2 seconds: the frame at 0 stands for 1 s, that at 1 s for 0.2 s."""
    return write_video(tmp_path_factory.mktemp("videos") / "short.avi", (200, 60, 60), 1.2)


@pytest.fixture(scope="module")
def two_seconds(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("videos") / "two.avi", (200, 60, 60), 2)


@pytest.mark.parametrize("voting", ["hard", "soft"])
def test_classes_of_videos_that_were_not_seen(train, test, voting):
    classifier = VideoClassifier(frame_classifier(), rate=5, voting=voting).fit(*train)
    assert is_classifier(classifier)
    assert classifier.classes_.tolist() == list(COLORS)
    assert classifier.predict(test[0]).tolist() == test[1].tolist()
    assert classifier.score(*test) == 1.0
    probabilities = classifier.predict_proba(test[0])
    assert probabilities.shape == (3, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.diagonal() > 0.5).all()


def test_a_head_on_pretrained_features(train, test):
    frames = make_pipeline(
        VideoFrameSampler(),
        ImageResizer((64, 64)),
        PretrainedCNNFeatures("efficientnet_lite0"),
        KerasDenseClassifier((16,), epochs=40, random_state=0),
    )
    classifier = VideoClassifier(frames, rate=2).fit(*train)
    assert classifier.score(*test) == 1.0
    history = TrainingHistoryDisplay.from_estimator(classifier).history
    assert len(history["loss"]) == 40


def test_the_recommended_pipeline_without_its_end(train, test, quick_training):
    classifier = VideoClassifier(quick_pipeline(random_state=0)[:-1]).fit(*train)
    assert classifier.score(*test) == 1.0


@pytest.mark.parametrize("voting", ["hard", "soft"])
def test_videos_are_shared_out_by_joblib(train, test, tiny, voting, monkeypatch):
    features = PretrainedCNNFeatures(tiny.name, weights=None, precision="float32")
    head = LogisticRegression()
    frames = make_pipeline(VideoFrameSampler(), ImageResizer((32, 32)), features, head)
    classifier = VideoClassifier(frames, voting=voting).fit(*train)
    videos = [*test[0], test[0][0]]
    expected = classifier.predict_proba(videos)
    sent = []

    def share_out(work, tool, tasks, n_jobs):
        for name, argument in tasks.items():
            sent.append((name, pickle.loads(pickle.dumps(work(tool, argument)))))
            yield *sent[-1], None

    monkeypatch.setattr(_frame_features, "share_out", share_out)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        np.testing.assert_allclose(classifier.predict_proba(videos), expected)
    # Only the vote of each video comes back.
    assert [(name, vote.shape) for name, vote in sent] == [(name, (3,)) for name in test[0]]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_all_videos_that_fail_are_named(train, test, tmp_path, n_jobs):
    classifier = VideoClassifier(frame_classifier()).fit(*train)
    gone = [str(tmp_path / name) for name in ("one.mp4", "two.mp4")]
    with (
        joblib.parallel_config(backend="threading", n_jobs=n_jobs),
        pytest.raises(FileNotFoundError, match=r"one\.mp4") as raised,
    ):
        classifier.predict([test[0][0], *gone])
    if n_jobs == 2:
        notes = "\n".join(raised.value.__notes__)
        assert f"This was '{gone[0]}', 2 of 3 videos failed.\n'{gone[1]}' failed as well" in notes


@pytest.mark.parametrize("voting", ["hard", "soft"])
def test_few_frames_are_looked_at_at_once(train, test, voting, monkeypatch):
    classifier = VideoClassifier(frame_classifier(), rate=5, voting=voting).fit(*train)
    videos = [*test[0], *train[0]]
    expected = classifier.predict_proba(videos)
    looked_at = []
    transform = VideoFrameSampler.transform

    def count(self, X):
        looked_at.append(len(X))
        return transform(self, X)

    monkeypatch.setattr(VideoFrameSampler, "transform", count)
    monkeypatch.setattr(_video_classifier, "_FRAMES_AT_ONCE", 20)
    np.testing.assert_allclose(classifier.predict_proba(videos), expected)
    assert len(looked_at) > 3
    assert max(looked_at) < 20 + 9  # and one video of 1.8 s


def test_each_frame_is_trained_on_with_the_class_of_its_video(short, three_seconds):
    classifier = VideoClassifier(Scripted([]), rate=1).fit([three_seconds, short], ["x", "w"])
    inner = classifier.estimator_
    assert inner.labels_.tolist() == ["x", "x", "x", "w", "w"]
    assert inner.frames_["video"].tolist() == [three_seconds] * 3 + [short] * 2
    np.testing.assert_allclose(inner.frames_["duration"], [1, 1, 1, 1, 0.2])
    assert not hasattr(classifier.estimator, "classes_")


def test_hard_and_soft_voting_differ(three_seconds):
    script = [[0.6, 0.4], [0.55, 0.45], [0.1, 0.9]]
    hard, soft = (scripted(three_seconds, script, voting) for voting in ("hard", "soft"))
    assert hard.predict([three_seconds]).tolist() == ["a"]
    np.testing.assert_allclose(hard.predict_proba([three_seconds]), [[2 / 3, 1 / 3]])
    assert soft.predict(three_seconds).tolist() == ["b"]
    np.testing.assert_allclose(soft.predict_proba(three_seconds), [[1.25 / 3, 1.75 / 3]])


def test_frames_count_by_their_duration(short):
    script = [[0.45, 0.55], [0.9, 0.1]]
    hard, soft = (scripted(short, script, voting) for voting in ("hard", "soft"))
    assert hard.predict([short]).tolist() == ["b"]
    np.testing.assert_allclose(hard.predict_proba([short]), [[1 / 6, 5 / 6]])
    np.testing.assert_allclose(soft.predict_proba([short]), [[0.63 / 1.2, 0.57 / 1.2]])


@pytest.mark.parametrize(
    ("script", "kind", "expected"),
    [
        ([[0.45, 0.55], [0.9, 0.1]], Scripted, [0.675, 0.325]),
        ([[0.1, 0.9], [0.55, 0.45]], Scripted, [0.325, 0.675]),
        ([[0.1, 0.9], [0.55, 0.45]], Votes, [0.5, 0.5]),
    ],
    ids=["probability, a", "probability, b", "order of the classes"],
)
def test_ties(two_seconds, script, kind, expected):
    classifier = scripted(two_seconds, script, kind=kind)
    np.testing.assert_allclose(classifier.predict_proba([two_seconds]), [expected])
    assert classifier.predict([two_seconds]).tolist() == ["ab"[np.argmax(expected)]]


def test_less_than_half_a_frame_decides_nothing(two_seconds, tmp_path):
    longer = write_video(tmp_path / "longer.avi", (200, 60, 60), 2.04)
    script = [[0.1, 0.9, 0], [0.55, 0.45, 0], [0.55, 0.45, 0]]
    classifier = VideoClassifier(Scripted(script), voting="hard")
    classifier.fit([two_seconds] * 3, ["a", "b", "c"])
    # a is predicted for 1.04 s and b for 1 s.
    mean = (0.1 + 0.55 + 0.04 * 0.55) / 2.04
    np.testing.assert_allclose(classifier.predict_proba([longer]), [[mean, 1 - mean, 0]])
    assert classifier.predict([longer]).tolist() == ["b"]


def test_classes_that_are_behind_keep_their_share(tmp_path):
    video = write_video(tmp_path / "five.avi", (200, 60, 60), 5)
    script = [[0.6, 0.4, 0]] * 2 + [[0.1, 0.9, 0]] * 2 + [[0, 0.3, 0.7]]
    classifier = VideoClassifier(Scripted(script), voting="hard").fit([video] * 3, ["a", "b", "c"])
    expected = [0.8 * 1.4 / 4.3, 0.8 * 2.9 / 4.3, 0.2]
    np.testing.assert_allclose(classifier.predict_proba([video]), [expected])


def test_only_tied_videos_are_decided_by_probability(two_seconds, three_seconds):
    script = [[0.4, 0.6], [0.55, 0.45], [0.55, 0.45]]
    classifier = scripted(two_seconds, script)
    # Two votes of three for a, although b is more probable on average; then a tie, which b wins.
    videos = [three_seconds, two_seconds, three_seconds]
    assert classifier.predict(videos).tolist() == ["a", "b", "a"]


def column(videos):
    return np.array(videos)[:, None]


def as_paths(videos):
    return [Path(video) for video in videos]


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, column, as_paths])
def test_splits_are_of_videos(train, kind):
    videos, y = train
    classifier = VideoClassifier(frame_classifier(), rate=2)
    scores = cross_val_score(
        classifier, kind(videos.tolist()), y, cv=StratifiedKFold(3), error_score="raise"
    )
    assert scores.tolist() == [1.0, 1.0, 1.0]


def test_a_search_over_nested_parameters(train, test):
    classifier = VideoClassifier(frame_classifier())
    grid = {
        "estimator__logisticregression__C": [1e-6, 100],
        "voting": ["hard", "soft"],
        "rate": [1, None],
    }
    search = GridSearchCV(
        classifier, grid, cv=StratifiedKFold(3), scoring="neg_log_loss", error_score="raise"
    )
    search.fit(*train)
    assert search.best_params_["estimator__logisticregression__C"] == 100
    assert search.score(*test) > -0.1
    results = pd.DataFrame(search.cv_results_)
    shrunk = results["param_estimator__logisticregression__C"] == 1e-6
    soft = results["param_voting"] == "soft"
    # A classifier of frames that learned nothing gives all three classes a third.
    np.testing.assert_allclose(results.loc[shrunk & soft, "mean_test_score"], -np.log(3), atol=1e-3)


def test_cross_validated_probabilities(train):
    classifier = VideoClassifier(frame_classifier(), rate=2, voting="soft")
    probabilities = cross_val_predict(classifier, *train, cv=3, method="predict_proba")
    assert np.array(list(COLORS))[probabilities.argmax(axis=1)].tolist() == train[1].tolist()


def test_integer_classes(train, test):
    codes = {name: code for code, name in enumerate(COLORS, start=7)}
    y = [codes[name] for name in train[1]]
    classifier = VideoClassifier(frame_classifier()).fit(train[0], y)
    assert classifier.predict(test[0]).tolist() == [7, 8, 9]


def test_refuses(train):
    videos, y = train
    classifier = VideoClassifier(frame_classifier())
    with pytest.raises(ValueError, match="9 videos but 8 classes"):
        classifier.fit(videos, y[:8])
    with pytest.raises(ValueError, match="No video was given"):
        classifier.fit([], [])
    with pytest.raises(ValueError, match="the first is row 1"):
        classifier.fit(videos[:3], ["a", None, "b"])
    with pytest.raises(ValueError, match=r"shape \(9, 3\): VideoClassifier gives each video one"):
        classifier.fit(videos, pd.get_dummies(y))
    with pytest.raises(ValueError, match=r"shape \(18, 3\): a list of paths"):
        classifier.fit(VideoFrameSampler().sample(videos), y)
    with pytest.raises(ValueError, match="'voting' parameter"):
        clone(classifier).set_params(voting="loud").fit(videos, y)
    with pytest.raises(ValueError, match="and Votes has no predict_proba"):
        VideoClassifier(Votes([])).fit(videos, y)


@pytest.mark.parametrize("search", [False, True])
def test_what_counts_seconds_is_refused(train, search):
    frames = recommended_pipeline()
    if search:
        frames = GridSearchCV(frames, {"labelspreadingclassifier__strength": [0, 1]})
    with pytest.raises(ValueError, match=r"ends in a ScreenTimeAggregator.*pipeline\[:-1\]"):
        VideoClassifier(frames).fit(*train)


@pytest.mark.parametrize("method", ["fit", "predict"])
def test_a_video_that_cannot_be_read_is_named(train, tmp_path, method):
    videos, y = train
    classifier = VideoClassifier(frame_classifier()).fit(videos, y)
    broken = tmp_path / "broken.avi"
    broken.write_bytes(b"this is no video")
    labels = [y] if method == "fit" else []
    with pytest.raises(VideoError, match=r"broken\.avi"):
        getattr(classifier, method)([*videos[:8], broken], *labels)
    with pytest.raises(FileNotFoundError, match=r"gone\.avi"):
        getattr(classifier, method)([*videos[:8], tmp_path / "gone.avi"], *labels)
