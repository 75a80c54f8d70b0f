import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from sktime_screen import (
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
    ScreenTimeAggregator,
    ScreenTimeReport,
)
from sktime_screen.classify._labelled_rows import LabelledRows
from sktime_screen.classify._novelty import compute_novelty


def rows(embeddings, video="a.mp4", times=None):
    """Features with a frame index."""
    times = np.arange(float(len(embeddings))) if times is None else times
    index = pd.MultiIndex.from_arrays(
        [[video] * len(embeddings), times, np.ones(len(embeddings))],
        names=["video", "time", "duration"],
    )
    return pd.DataFrame(np.asarray(embeddings, np.float32), index=index).add_prefix("f")


def directions(degrees):
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def novelty(labelled, X):
    videos, times = (labelled.index.get_level_values(name) for name in ("video", "time"))
    known = LabelledRows(labelled.to_numpy(), None, videos.to_numpy(str), times.to_numpy())
    return pd.Series(compute_novelty(X.to_numpy(), known), X.index)


def test_the_limit_is_that_of_one_more_video():
    """Of four videos, each of one look, 10, 10, 20 and 40 degrees from the nearest other."""
    videos = zip("abcd", [0, 10, 30, 70], strict=True)
    labelled = pd.concat([rows(directions([angle] * 3), name) for name, angle in videos])
    apart = 1 - np.cos(np.radians([10, 10, 20, 40]))
    limit = apart.mean() + stats.t.ppf(0.95, 3) * np.sqrt(apart.var(ddof=1) * (1 + 1 / 4))
    found = novelty(labelled, rows(directions([100, 0, -20]), "new.mp4"))
    expected = (1 - np.cos(np.radians([30, 0, 20]))) / limit
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_blocks_of_a_video_make_its_mean_unsure():
    """Three videos at the same distance on the whole, their blocks of 30 s at two."""
    angles = {"a": [0, 0], "b": [10, 40], "c": [130, 100]}
    labelled = pd.concat(
        [rows(directions(two), name, times=[0.0, 40.0]) for name, two in angles.items()]
    )
    blocks = 1 - np.cos(np.radians([[10, 10], [10, 40], [90, 60]]))
    means, within = blocks.mean(axis=1), blocks.var(axis=1, ddof=1).mean()
    between = max(means.var(ddof=1) - within / 2, 0)
    spread = np.sqrt(between * (1 + 1 / 3) + within / 2)
    limit = means.mean() + stats.t.ppf(0.95, 2) * spread
    found = novelty(labelled, rows(directions([-90]), "new.mp4"))
    np.testing.assert_allclose(found, 1 / limit, rtol=1e-5)


def test_of_one_video_quarters_stand_for_videos():
    one = rows(directions([0, 10, 30, 70]), times=[0.0, 100.0, 200.0, 300.0])
    four = pd.concat(
        [
            rows(directions([angle]), name)
            for name, angle in zip("abcd", [0, 10, 30, 70], strict=True)
        ]
    )
    X = rows(directions([100, 0]), "new.mp4")
    np.testing.assert_allclose(novelty(one, X), novelty(four, X))


def kind(seed, direction, video, n_frames=60):
    """A video of scenes: looks around a direction of its kind, with the video's own shift."""
    rng = np.random.default_rng(seed)
    shift = direction + rng.normal(0, 0.3, 30)
    scenes = shift + rng.normal(0, 0.5, (n_frames // 6, 30)).repeat(6, axis=0)
    return rows(scenes + rng.normal(0, 0.2, scenes.shape), video)


@pytest.mark.parametrize("n_videos", [4, 10])
def test_few_videos_of_the_kind_are_unusual_and_those_of_another_are(n_videos):
    first, second = np.eye(30)[:2] * 3
    above, other = [], []
    for task in range(10):
        labelled = pd.concat(
            [kind(100 * task + k, first, f"{k}.mp4").iloc[::4] for k in range(n_videos)]
        )
        new = [kind(9000 + 10 * task + k, first, f"new {k}.mp4") for k in range(6)]
        means = novelty(labelled, pd.concat(new)).groupby(level="video").mean()
        above += (means > 1).tolist()
        other.append(novelty(labelled, kind(7000 + task, second, "other.mp4")).mean() > 1)
    assert np.mean(above) < 0.08
    assert np.mean(other) > 0.9


@pytest.mark.parametrize("labelled", ["one moment", "no index"])
def test_where_nothing_is_known_of_what_is_usual(labelled):
    known, X = rows(directions([0, 10, 20, 30]), times=np.zeros(4)), rows(directions([0, 50]))
    known = known if labelled == "one moment" else known.reset_index(drop=True)
    spreading = LabelSpreadingClassifier(LogisticRegression()).fit(known, [0, 1, 0, 1])
    assert spreading.novelty(X).isna().all()
    with pytest.raises(ValueError, match="frame index"):
        spreading.novelty(X.reset_index(drop=True))


def test_a_head_of_averaged_features_tells_it_too():
    labelled = pd.concat([kind(k, np.eye(30)[0] * 2, f"{k}.mp4") for k in range(3)])
    X = kind(8, np.eye(30)[1], "new.mp4")
    y = (labelled["f3"] > 0).astype(int)
    dense = KerasDenseClassifier(epochs=1, hidden_layer_sizes=())
    with pytest.raises(AttributeError):
        dense.novelty(X)
    np.testing.assert_allclose(dense.fit(labelled, y).novelty(X), novelty(labelled, X), rtol=0.01)
    assert not hasattr(KerasFeatureMapClassifier((1, 1), epochs=1).fit(labelled, y), "novelty")


@pytest.fixture(scope="module")
def season():
    """A pipeline that learned from four videos, the fifth of them, and a video of another kind."""
    videos = [kind(k, np.eye(30)[0] * 2, f"{k}.mp4") for k in range(5)]
    other = kind(9, np.eye(30)[1] * 2, "other.mp4")
    X = pd.concat(videos[:4])
    y = pd.DataFrame({"tom": (X["f3"] > 0).astype(int), "jerry": (X["f4"] > 0).astype(int)})
    pipeline = make_pipeline(
        LabelSpreadingClassifier(OneVsRestClassifier(LogisticRegression()), cv=3, random_state=0),
        ScreenTimeAggregator(),
    )
    return pipeline.fit(X, y), videos[4], other


@pytest.mark.filterwarnings("ignore:These labels do not tell")
def test_a_video_unlike_those_learned_from_is_flagged(season):
    pipeline, same, other = season
    X = pd.concat([same, other])
    probabilities = pipeline[0].transform(X)
    told = pipeline[0].novelty(X)
    with pytest.warns(UserWarning, match=r"'other.mp4' looks unlike .* label some frames of it"):
        table = pipeline[1].estimate(probabilities, novelty=told, random_state=0)
    assert len(table.attrs["notes"]) == 1
    means = told.groupby(level="video").mean()
    expected = means[["4.mp4", "4.mp4", "other.mp4", "other.mp4"]]
    assert table["novelty"].tolist() == pytest.approx(expected.tolist())
    assert means["4.mp4"] < 1 < means["other.mp4"]
    without = pipeline[1].estimate(probabilities, random_state=0)
    assert without["novelty"].isna().all()
    pd.testing.assert_frame_equal(
        table.drop(columns="novelty"), without.drop(columns="novelty"), check_flags=False
    )
    with pytest.raises(ValueError, match="novelty has other rows"):
        pipeline[1].estimate(probabilities, novelty=told[::-1])


def test_labels_of_the_video_itself_need_no_likeness(season):
    pipeline, _, other = season
    labelled = other.index[::3].to_frame(index=False).assign(inclusion=1 / 3)
    y = pd.DataFrame({"tom": 1, "jerry": 0}, index=range(20))
    probabilities, told = pipeline[0].transform(other), pipeline[0].novelty(other)
    table = pipeline[1].estimate(probabilities, (labelled, y), novelty=told, random_state=0)
    assert table.attrs["notes"] == []
    assert table["basis"].tolist() == ["labels"] * 2


@pytest.mark.filterwarnings("ignore:These labels do not tell", "ignore:'other.mp4' looks unlike")
def test_the_report_tells_it(season):
    pipeline, _, other = season
    report = ScreenTimeReport.from_estimator(pipeline, other, random_state=0, max_thumbnails=0)
    assert "&#39;other.mp4&#39; looks unlike the labelled videos" in report.to_html()
