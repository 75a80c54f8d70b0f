import numpy as np
import pandas as pd
import pytest
from conftest import index_of
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sktime_screen import (
    ScreenTimeAggregator,
    VideoFrameSampler,
    compare_pipelines,
    cross_validate_screen_time,
    time_blocks,
)
from sktime_screen.video import make_frame_index

# The tables here do not say whether a classifier had seen their frames.
pytestmark = pytest.mark.filterwarnings("ignore:correction='auto' corrects nothing")

MEASURES = ["frames_right", "average_precision", "seconds_error", "share_error", "overlap"]


class Nearest(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Say of a frame what the labels of the nearest feature seen in the fit were."""

    def fit(self, X, y):
        self.seen_, self.multilabel_ = np.ravel(X), np.ndim(y) == 2
        y = np.asarray(y)
        self.classes_ = np.unique(y)
        self.labels_ = y if self.multilabel_ else y[:, None] == self.classes_
        return self

    def transform(self, X):
        nearest = abs(np.ravel(X)[:, None] - self.seen_).argmin(axis=1)
        return pd.DataFrame(self.labels_[nearest].astype(float), index=X.index)

    def predict(self, X):
        return self.transform(X)


class CountingImages(TransformerMixin, BaseEstimator):
    """Turn images into their mean, and note how many were looked at."""

    looked_at = 0

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        type(self).looked_at += len(X)
        values = np.asarray(X, float).mean(axis=(1, 2, 3))
        return pd.DataFrame({"brightness": values}, index=X.index)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def pipeline(**params):
    return make_pipeline(Nearest(), ScreenTimeAggregator(**params))


def features_of(rows, values):
    return pd.DataFrame({"feature": np.asarray(values, float)}, index=index_of(rows))


def rows_of(report, split):
    return report[report["split"] == split].set_index("character")


def test_videos_are_left_out_and_measured_by_hand():
    # Video b looks as video a, but shows someone else in one of its frames; c is a single frame.
    X = features_of(
        [("a", 0.0, 2.0), ("a", 2.0, 8.0), ("b", 5.0, 1.0), ("b", 0.0, 1.0), ("b", 1.0, 2.0),
         ("c", 0.0, 4.0)],
        [0, 10, 10, 0, 1, 9],
    )  # fmt: skip
    y = ["tom", "jerry", "jerry", "tom", "jerry", "none"]
    report = cross_validate_screen_time(
        pipeline(background="none"), X, y, n_splits=2, random_state=0
    )
    assert list(report["split"].unique()) == ["videos", "shuffled"]
    assert list(report["character"]) == ["jerry", "tom", "overall"] * 2
    videos = rows_of(report, "videos")
    assert videos["folds"].tolist() == [3, 3, 3]
    # a from b and c: 0 is tom, 10 is jerry: all right. b from a and c: 0 and 1 are tom, 10 is
    # jerry: 2 of 3 s of jerry are missing and tom has 2 too many. c from a and b: jerry, not none.
    assert videos.loc["jerry", "frames_right"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert videos.loc["tom", "frames_right"] == pytest.approx((1 + 2 / 3 + 1) / 3)
    assert videos.loc["overall", "frames_right"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert videos.loc["jerry", "seconds_error"] == pytest.approx((0 + 2 + 4) / 3)
    assert videos.loc["tom", "seconds_error"] == pytest.approx((0 + 2 + 0) / 3)
    assert videos.loc["jerry", "share_error"] == pytest.approx((0 + 2 / 4 + 1) / 3)
    assert videos.loc["overall", "share_error"] == pytest.approx((0 + 1 / 2 + 1 / 2) / 3)
    assert videos.loc["jerry", "overlap"] == pytest.approx((1 + 1 / 3 + 0) / 3)
    # In c there is no tom, and none predicted.
    assert videos.loc["tom", "overlap"] == pytest.approx((1 + 1 / 3) / 2)
    assert videos.loc["jerry", "average_precision"] == pytest.approx(
        (1 + (0.5 * 1 + 0.5 * 2 / 3)) / 2
    )
    assert videos.loc["jerry", "share_error_std"] == pytest.approx(np.std([0, 0.5, 1], ddof=1))


@pytest.fixture
def one_video():
    """Five minutes in scenes of 20 s, each with a look of its own that only its frames share."""
    rng = np.random.default_rng(0)
    scene = np.arange(300) // 20
    X = features_of([("a", float(t), 1.0) for t in range(300)], scene + rng.normal(0, 0.01, 300))
    y = pd.DataFrame(rng.integers(0, 2, (15, 2))[scene], columns=["cat", "mouse"])
    return X, y


def test_shuffled_frames_promise_more_than_blocks(one_video):
    X, y = one_video
    report = cross_validate_screen_time(
        pipeline(), X, y, groups={"scenes": np.arange(300) // 20}, random_state=0
    )
    assert list(report["split"].unique()) == ["scenes", "shuffled"]
    assert list(report["character"]) == ["cat", "mouse", "overall"] * 2
    shuffled, scenes = rows_of(report, "shuffled"), rows_of(report, "scenes")
    for measure in ["frames_right", "average_precision", "overlap"]:
        assert (shuffled[measure] == 1).all()
        assert (scenes[measure] < 0.9).all()
    assert (shuffled["seconds_error"] == 0).all()
    assert (scenes["folds"] == 5).all()
    # Errors are brought to the length of the video.
    np.testing.assert_allclose(scenes["seconds_error"], 300 * scenes["share_error"])


class Interrupting(Nearest):
    """A classifier at whose n-th fit somebody presses Ctrl+C."""

    fits_left = 0

    def fit(self, X, y):
        if type(self).fits_left == 0:
            raise KeyboardInterrupt
        type(self).fits_left -= 1
        return super().fit(X, y)


def test_what_is_known_when_it_is_interrupted(one_video):
    X, y = one_video
    whole = cross_validate_screen_time(pipeline(), X, y, random_state=0)
    interrupted = make_pipeline(Interrupting(), ScreenTimeAggregator())
    Interrupting.fits_left = 7
    with pytest.warns(UserWarning, match="after 7 of 10 folds"):
        report = cross_validate_screen_time(interrupted, X, y, random_state=0)
    blocks, shuffled = (rows_of(report, split) for split in ("time blocks", "shuffled"))
    pd.testing.assert_frame_equal(blocks, rows_of(whole, "time blocks"))
    assert shuffled["folds"].tolist() == [2, 2, 2]
    Interrupting.fits_left = 0
    with pytest.raises(KeyboardInterrupt):
        cross_validate_screen_time(interrupted, X, y, random_state=0)


def test_folds_are_counted_while_they_run(one_video, capsys):
    cross_validate_screen_time(pipeline(), *one_video, random_state=0, verbose=True)
    shown = capsys.readouterr().err
    assert "Validation" in shown
    assert "10/10 folds" in shown
    cross_validate_screen_time(pipeline(), *one_video, random_state=0)
    assert capsys.readouterr().err == ""


def test_one_video_is_split_into_blocks_of_time(one_video):
    X, y = one_video
    default = cross_validate_screen_time(pipeline(), X, y, random_state=0)
    named = cross_validate_screen_time(
        pipeline(), X, y, groups={"time blocks": time_blocks(X)}, random_state=0
    )
    pd.testing.assert_frame_equal(default, named)
    unnamed = cross_validate_screen_time(pipeline(), X, y, groups=time_blocks(X), random_state=0)
    assert list(unnamed["split"].unique()) == ["groups", "shuffled"]
    short = cross_validate_screen_time(pipeline(), X[:40], y[:40], random_state=0)
    assert short["split"].iloc[0] == "time blocks"


def test_rows_in_any_order_and_twice(one_video):
    X, y = one_video
    rows = np.random.default_rng(0).permutation(np.r_[np.arange(300), np.arange(60)])
    report = cross_validate_screen_time(
        pipeline(),
        X.iloc[rows],
        y.iloc[rows].to_numpy(),
        groups=time_blocks(X)[rows],
        random_state=0,
    )
    assert report["character"].tolist() == [0, 1, "overall"] * 2
    assert (rows_of(report, "shuffled")["seconds_error"] == 0).all()
    assert report[MEASURES].notna().all(axis=None)


def test_a_character_of_one_fold_only():
    # Each video has somebody that the others do not know.
    X = features_of([(video, float(t), 1.0) for video in "ab" for t in range(4)], [0, 0, 1, 1] * 2)
    y = ["tom", "tom", "none", "none", "cat", "cat", "none", "none"]
    videos = rows_of(
        cross_validate_screen_time(pipeline(background="none"), X, y, n_splits=2, random_state=0),
        "videos",
    )
    assert videos.loc[["cat", "tom"], "frames_right"].tolist() == [0.5, 0.5]
    assert videos.loc[["cat", "tom"], "seconds_error"].tolist() == [2, 2]
    assert videos.loc[["cat", "tom"], "overlap"].tolist() == [0, 0]
    assert videos.loc["overall", "frames_right"] == 0.5


def test_images_are_looked_at_once(video):
    table = VideoFrameSampler(rate=2).sample(video)
    y = np.where(np.arange(20) % 3 == 0, "tom", "jerry")
    steps = make_pipeline(
        VideoFrameSampler(rate=2),
        CountingImages(),
        FunctionTransformer(),
        Nearest(),
        ScreenTimeAggregator(),
    )
    CountingImages.looked_at = 0
    report = cross_validate_screen_time(steps, table, y, n_splits=3, random_state=0)
    assert CountingImages.looked_at == 20
    assert report["folds"].tolist() == [3] * 6
    assert not hasattr(steps[3], "seen_")
    # The same from features with the frame index.
    values = CountingImages().transform(VideoFrameSampler(rate=2).transform(table))
    assert values.index.equals(make_frame_index(table))
    pd.testing.assert_frame_equal(
        cross_validate_screen_time(pipeline(), values, y, n_splits=3, random_state=0), report
    )


class OtherImages(CountingImages):
    """What cannot be told to be the same is looked at again."""

    def __init__(self, unlike=lambda: 0):
        self.unlike = unlike


@pytest.mark.parametrize(
    ("images", "expected"),
    [([CountingImages] * 3, 20), ([CountingImages, CountingImages, OtherImages], 40)]
    + [([OtherImages] * 2, 40)],
)
def test_images_are_looked_at_once_for_pipelines_that_begin_alike(video, images, expected):
    table = VideoFrameSampler(rate=2).sample(video)
    y = np.where(np.arange(20) % 3 == 0, "tom", "jerry")
    looking = {
        str(number): make_pipeline(
            VideoFrameSampler(rate=2), kind(), Nearest(), ScreenTimeAggregator(threshold=number / 9)
        )
        for number, kind in enumerate(images, 1)
    }
    CountingImages.looked_at = OtherImages.looked_at = 0
    compared = compare_pipelines(looking, table, y, n_splits=3, random_state=0)
    assert CountingImages.looked_at + OtherImages.looked_at == expected
    values = CountingImages().transform(VideoFrameSampler(rate=2).transform(table))
    apart = {name: each[2:] for name, each in looking.items()}
    pd.testing.assert_frame_equal(
        compare_pipelines(apart, values, y, n_splits=3, random_state=0), compared
    )


def test_refuses():
    X = features_of([("a", 0.0, 1.0)], [0])
    with pytest.raises(ValueError, match="ScreenTimeAggregator at its end"):
        cross_validate_screen_time(make_pipeline(Nearest()), X, ["tom"])
    with pytest.raises(ValueError, match="1 labelled frames are too few for 5 folds"):
        cross_validate_screen_time(pipeline(), X, ["tom"])
    with pytest.raises(ValueError, match="has no times"):
        cross_validate_screen_time(pipeline(), np.zeros((3, 1)), ["tom"] * 3)


def without_looks(X):
    return X * 0


def test_pipelines_are_compared_on_the_same_held_out_videos():
    X = features_of([(video, float(time), 1.0) for video in "abc" for time in range(4)], [0, 1] * 6)
    y = ["tom", "jerry"] * 4 + ["tom", "tom", "jerry", "jerry"]
    # Blind to the feature, it says of every frame what the first one was.
    blind = make_pipeline(FunctionTransformer(without_looks), Nearest(), ScreenTimeAggregator())
    compared = compare_pipelines({"looks": pipeline(), "blind": blind}, X, y, random_state=0)
    right = compared[compared["measure"] == "frames_right"].set_index("pipeline")
    # In a and b all are right by looks; in c, half.
    assert right.loc["looks", "value"] == pytest.approx((1 + 1 + 0.5) / 3)
    assert right.loc["looks", ["difference", "low", "high"]].tolist() == [0, 0, 0]
    assert right.loc["blind", "value"] == pytest.approx(0.5)
    differences = [-0.5, -0.5, 0]
    assert right.loc["blind", "difference"] == pytest.approx(np.mean(differences))
    # Nadeau and Bengio: a third of the variance, and the half that the tested are of the learned.
    margin = 2.919986 * np.std(differences, ddof=1) * np.sqrt(1 / 3 + 1 / 2)
    low, high = right.loc["blind", ["low", "high"]]
    assert (high - low) / 2 == pytest.approx(margin, rel=1e-5)
    assert compared["measure"].unique().tolist() == [
        name for name in MEASURES if name != "seconds_error"
    ]


def test_refuses_to_compare():
    X = features_of([("a", float(time), 1.0) for time in range(4)], [0, 1] * 2)
    with pytest.raises(ValueError, match="Two or more pipelines"):
        compare_pipelines({"one": pipeline()}, X, ["tom", "jerry"] * 2)
    with pytest.raises(ValueError, match="groups is a dict"):
        compare_pipelines(dict.fromkeys("ab", pipeline()), X, ["tom"] * 4, groups={"one": [0] * 4})
    with pytest.raises(ValueError, match="ScreenTimeAggregator at its end"):
        compare_pipelines({"one": pipeline(), "two": Nearest()}, X, ["tom"] * 4, n_splits=2)
