import os
import re
import warnings
from io import BytesIO

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler

from sktime_screen import (
    KerasDenseClassifier,
    LabelSpreadingClassifier,
    ScreenTimeAggregator,
    suggest_frames,
)
from sktime_screen.video import is_frame_index, make_frame_index


def probabilities(video, truth, seed):
    """Probabilities of a classifier that errs in a frame out of six, scene after scene."""
    rng = np.random.default_rng(seed)
    wrong = np.repeat(rng.random(-(-len(truth) // 5)) < 1 / 6, 5)[: len(truth)]
    shown = np.where(wrong, 1 - truth, truth)
    index = pd.MultiIndex.from_arrays(
        [[video] * len(truth), np.arange(len(truth)) * 2.0, np.full(len(truth), 2.0)],
        names=["video", "time", "duration"],
    )
    values = np.clip(shown * 0.6 + 0.2 + rng.normal(0, 0.05, len(truth)), 0.01, 0.99)
    return pd.DataFrame({"no": 1 - values, "tom": values}, index=index)


def scenes(n_frames, share, seed):
    rng = np.random.default_rng(seed)
    return np.repeat(rng.random(n_frames // 10) < share, 10).astype(int)


@pytest.fixture(scope="module")
def measured():
    """An aggregator with calibration frames of three videos, and a video to measure."""
    truths = [scenes(300, 0.5, seed) for seed in range(3)]
    X = pd.concat([probabilities(f"{k}.mp4", truth, k) for k, truth in enumerate(truths)])
    X.attrs["out_of_sample"] = True
    y = np.where(np.concatenate(truths), "tom", "no")
    aggregator = ScreenTimeAggregator(background="no").fit(X, y)
    truth = scenes(400, 0.3, 9)
    return aggregator, probabilities("new.mp4", truth, 9), truth


def test_estimates_are_tidy_and_agree_with_the_seconds(measured):
    aggregator, video, truth = measured
    assert aggregator.correction_ == "calibrated"
    table = aggregator.estimate(video, n_resamples=200, random_state=0)
    assert table.columns.tolist() == [
        "video", "character", "seconds", "share", "low", "high", "appearances",
        "first_seen", "last_seen", "confidence", "basis", "novelty",
    ]  # fmt: skip
    row = table.iloc[0]
    assert (row["video"], row["character"], len(table)) == ("new.mp4", "tom", 1)
    assert row["basis"] == "calibrated"
    assert row["seconds"] == aggregator.transform(video).loc["new.mp4", "tom"]
    assert row["share"] == pytest.approx(row["seconds"] / 800)
    assert row["low"] < 2 * truth.sum() < row["high"]
    assert 0 < row["low"] < row["high"] < 800
    appearances = aggregator.appearances(video)
    assert row["appearances"] == len(appearances)
    assert row["first_seen"] == appearances["start"].min()
    assert row["last_seen"] == appearances["end"].max()
    again = aggregator.estimate(video, n_resamples=200, random_state=0)
    pd.testing.assert_frame_equal(table, again)


def test_intervals_are_asked_for(measured):
    aggregator, video, _ = measured
    widths = {}
    for level in (0.5, 0.9):
        for seed in (0, 1):
            row = aggregator.estimate(
                video, confidence_level=level, n_resamples=200, random_state=seed
            ).iloc[0]
            widths[level, seed] = row["high"] - row["low"]
    assert max(widths[0.5, seed] for seed in (0, 1)) < min(widths[0.9, seed] for seed in (0, 1))
    assert widths[0.9, 0] != widths[0.9, 1]
    table, y, _ = sample(video, np.zeros(len(video), int), 60)
    for wrong in ({"confidence_level": 1.0}, {"n_resamples": 0}, {"random_state": "a"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            aggregator.estimate(video, labelled=(table, y), **wrong)


def sample(video, truth, n, seed=0):
    rows = np.sort(np.random.default_rng(seed).choice(len(video), n, replace=False))
    table = video.index[rows].to_frame(index=False)
    table["inclusion"] = n / len(video)
    return table, np.where(truth[rows], "tom", "no"), rows


def test_the_table_says_what_intervals_suppose(measured):
    aggregator, video, truth = measured
    table, y, _ = sample(video, truth, 60)
    guessed = aggregator.estimate(video, confidence_level=0.8, n_resamples=50).attrs["intervals"]
    assert guessed.startswith(
        "Intervals hold in 80 % of videos, if these are like the labelled ones: char"
    )
    assert "--strategy blocks" in guessed
    known = aggregator.estimate(video, labelled=(table, y), confidence_level=0.8)
    said = "Intervals from labels of the video itself hold in 80 % of random samples"
    assert known.attrs["intervals"].startswith(said)
    other = probabilities("other.mp4", truth, 3)
    both = aggregator.estimate(pd.concat([video, other]), (table, y), n_resamples=50)
    assert guessed.replace("80", "90") in both.attrs["intervals"]
    assert said.replace("80", "90") in both.attrs["intervals"]


def test_one_labelled_video_is_said_not_to_tell_how_videos_differ(measured):
    _, video, truth = measured
    said = "Only one video is labelled"
    video = video.copy()
    video.attrs["out_of_sample"] = True
    aggregator = ScreenTimeAggregator(background="no").fit(video, np.where(truth, "tom", "no"))
    other = probabilities("other.mp4", truth, 3)
    for X, expected in [(video, False), (other, True), (pd.concat([video, other]), True)]:
        assert (said in aggregator.estimate(X, n_resamples=50).attrs["intervals"]) == expected
    table, y, _ = sample(other, truth, 60)
    assert said not in aggregator.estimate(other, (table, y)).attrs["intervals"]
    assert said not in measured[0].estimate(other, n_resamples=50).attrs["intervals"]


def test_a_share_unlike_those_of_the_labelled_videos_is_warned_of(measured):
    aggregator, _, _ = measured
    usual = probabilities("usual.mp4", scenes(400, 0.5, 4), 4)
    often, always = (
        probabilities(f"{name}.mp4", np.ones(400, int), 5) for name in ("often", "always")
    )
    assert not aggregator.estimate(usual, n_resamples=200, random_state=0).attrs["notes"]
    with pytest.warns(UserWarning, match="'tom' seems to be on screen for"):
        table = aggregator.estimate(pd.concat([often, usual]), n_resamples=200, random_state=0)
    (note,) = table.attrs["notes"]
    found, low, high = (int(each) for each in re.findall(r"(\d+)(?= %| to \d+ %)", note))
    (correction,) = aggregator._corrections
    _, values = correction.shares(often.to_numpy(), often.to_numpy() > 0.5, np.ones(400))
    assert found == round(100 * values[:, 1].mean())
    learned = np.array(
        [aggregator._calibration.probabilities[k * 300 : (k + 1) * 300, 1].mean() for k in range(3)]
    )
    assert 0 <= low < 100 * learned.min()
    assert 100 * learned.max() < high < found
    assert "'often.mp4'" in note
    assert "more" not in note
    with pytest.warns(UserWarning, match="too often or too seldom in 1 more"):
        aggregator.estimate(pd.concat([often, usual, always]), n_resamples=200, random_state=0)
    # What a sample of the video's own labels says supposes no shares.
    known, y, _ = sample(often, np.ones(400, int), 40)
    assert not aggregator.estimate(often, (known, y)).attrs["notes"]


@pytest.mark.parametrize(("share", "least", "most"), [(0.5, 0, 3), (0.05, 15, 20)])
def test_how_often_shares_are_called_unusual(share, least, most):
    """Of twenty videos with the share of the four labelled ones, and with another."""
    truths = [scenes(400, 0.5, seed) for seed in range(4)]
    X = pd.concat([probabilities(f"{k}.mp4", truth, k) for k, truth in enumerate(truths)])
    X.attrs["out_of_sample"] = True
    y = np.where(np.concatenate(truths), "tom", "no")
    aggregator = ScreenTimeAggregator(background="no").fit(X, y)
    videos = [probabilities(f"v{k}.mp4", scenes(400, share, k), k) for k in range(10, 30)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = [aggregator.estimate(video, n_resamples=100, random_state=0) for video in videos]
    assert least <= sum(bool(table.attrs["notes"]) for table in tables) <= most


def test_limits_hardly_move_with_the_seed(measured):
    aggregator, video, _ = measured
    limits = [
        aggregator.estimate(video, random_state=seed)[["low", "high"]].to_numpy()[0]
        for seed in range(8)
    ]
    # Of 460 s; three videos leave two degrees of freedom.
    assert np.std(limits, axis=0).max() < 12


def test_labels_of_the_video_make_the_interval_sure(measured):
    aggregator, video, truth = measured
    table, y, _ = sample(video, truth, 60)
    known = aggregator.estimate(video, labelled=(table, y)).iloc[0]
    guessed = aggregator.estimate(video).iloc[0]
    assert known["low"] < 2 * truth.sum() < known["high"]
    assert known["high"] - known["low"] < guessed["high"] - guessed["low"]
    assert known["appearances"] == guessed["appearances"]
    assert known["basis"] == "labels"


def test_all_frames_labelled_leave_no_doubt(measured):
    aggregator, video, truth = measured
    table, y, _ = sample(video, truth, len(video))
    row = aggregator.estimate(video, labelled=(table, y)).iloc[0]
    assert row[["seconds", "low", "high"]].tolist() == pytest.approx([2.0 * truth.sum()] * 3)


def test_strata_come_with_the_whole_video(measured):
    aggregator, video, truth = measured
    table = video.index.to_frame(index=False)
    table["stratum"] = np.arange(len(table)) // 40
    rng = np.random.default_rng(2)
    drawn = np.concatenate([rng.choice(40, 6, replace=False) + 40 * k for k in range(10)])
    table["inclusion"] = 6 / 40
    y = np.full(len(table), None)
    y[drawn] = np.where(truth[drawn], "tom", "no")
    row = aggregator.estimate(video, labelled=(table, y)).iloc[0]
    plain = aggregator.estimate(video, labelled=(table.drop(columns="stratum"), y)).iloc[0]
    assert row["low"] < 2 * truth.sum() < row["high"]
    assert row["low"] != plain["low"]


def test_stretches_of_time_are_known_from_their_frames(measured):
    aggregator, video, truth = measured
    frames = video.index.to_frame(index=False)
    chosen = suggest_frames(frames, 60, "blocks", random_state=0)
    y = np.where(truth[chosen.index], "tom", "no")
    row = aggregator.estimate(video, labelled=(chosen, y)).iloc[0]
    of_chosen = dict(zip(chosen.index, y, strict=True))
    of_all = [of_chosen.get(number) for number in frames.index]
    sizes = (2 / chosen.groupby("stratum")["inclusion"].first()).round().astype(int)
    frames = frames.assign(
        stratum=np.repeat(sizes.index, sizes), inclusion=np.repeat(2 / sizes.to_numpy(), sizes)
    )
    whole = aggregator.estimate(video, labelled=(frames, np.array(of_all, object))).iloc[0]
    assert row[["seconds", "low", "high"]].tolist() == whole[["seconds", "low", "high"]].tolist()
    # Of other groups a sample tells nothing about the frames that were not drawn.
    other = chosen.assign(stratum=np.arange(60) % 30)
    plain = chosen.drop(columns="stratum")
    first, second = (
        aggregator.estimate(video, labelled=(table, y)).iloc[0] for table in (other, plain)
    )
    assert first[["seconds", "low", "high"]].tolist() == second[["seconds", "low", "high"]].tolist()
    assert row["low"] != second["low"]


def test_why_there_is_no_interval_is_noted(measured):
    aggregator, video, truth = measured
    assert aggregator.estimate(video).attrs["notes"] == []
    y = np.where(truth, "tom", "no")
    short = ScreenTimeAggregator(background="no").fit(video.iloc[:10], [*y[:9], "tom"])
    without_times = ScreenTimeAggregator(background="no").fit(video.to_numpy(), y)
    for one, reason in [(short, "No interval for 'new.mp4'"), (without_times, "a frame index")]:
        with pytest.warns(UserWarning, match=reason):
            table = one.estimate(video)
        assert len(table.attrs["notes"]) == 1
        assert reason in table.attrs["notes"][0]
        assert table[["low", "high"]].isna().all(axis=None)


def test_videos_without_labels_keep_the_other_interval(measured):
    aggregator, video, truth = measured
    table, y, _ = sample(video, truth, 60)
    other = probabilities("other.mp4", truth, 5)
    both = aggregator.estimate(pd.concat([video, other]), labelled=(table, y))
    assert both["video"].tolist() == ["new.mp4", "other.mp4"]
    alone = aggregator.estimate(video, labelled=(table, y))
    assert both.loc[0, ["low", "high"]].tolist() == alone.loc[0, ["low", "high"]].tolist()
    assert both.loc[1, "low"] < both.loc[1, "seconds"] < both.loc[1, "high"]


def test_frames_chosen_by_hand_are_refused(measured):
    aggregator, video, truth = measured
    table, y, _ = sample(video, truth, 60)
    for bad in (table.drop(columns="inclusion"), table.assign(inclusion=np.nan)):
        with pytest.raises(ValueError, match="drawn at random"):
            aggregator.estimate(video, labelled=(bad, y))
    with pytest.raises(ValueError, match=r"at 7\.5 s of 'new\.mp4'"):
        aggregator.estimate(video, labelled=(table.assign(time=7.5), y))


def test_labels_that_were_learned_from_need_cross_fitting(measured):
    _, video, truth = measured
    table, y, rows = sample(video, truth, 60)
    known = video.iloc[rows].copy()
    known.attrs["out_of_sample"] = False
    aggregator = ScreenTimeAggregator(background="no").fit(known, y)
    with pytest.raises(ValueError, match="learned from 60 of the 60 labelled frames"):
        aggregator.estimate(video, labelled=(table, y))
    with pytest.warns(UserWarning, match="too narrow") as warned:
        both = aggregator.estimate(pd.concat([video, probabilities("other.mp4", truth, 5)]))
    assert both.attrs["notes"] == [str(warned[0].message)]
    assert warned[0].filename == __file__

    unseen = known.copy()
    unseen["tom"] = 1 - unseen["tom"]
    unseen["no"] = 1 - unseen["no"]
    unseen.attrs["out_of_sample"] = True
    known.attrs["out_of_sample"] = True
    worse = ScreenTimeAggregator(background="no", correction=None).fit(unseen, y)
    better = ScreenTimeAggregator(background="no", correction=None).fit(known.iloc[:0:-1], y[:0:-1])
    widths = [
        float((row := one.estimate(video, labelled=(table, y)).iloc[0])["high"] - row["low"])
        for one in (worse, better)
    ]
    assert widths[0] > widths[1]


def test_labels_learned_from_by_a_head_that_judges_frames_together(measured):
    _, video, truth = measured
    table, y, rows = sample(video, truth, 60)
    known = video.iloc[rows].copy()
    known.attrs.update(out_of_sample=True, transductive=True)
    aggregator = ScreenTimeAggregator(background="no", correction=None).fit(known, y)
    turned = video[::-1].set_axis(video.index)
    columns = ["seconds", "low", "high"]
    alone, same = (aggregator.estimate(each, labelled=(table, y)) for each in (video, turned))
    np.testing.assert_array_equal(alone[columns], same[columns])
    with_video = aggregator.estimate(turned, labelled=(table, y), cross_fitted=video)
    fresh = ScreenTimeAggregator(background="no", correction=None).fit(
        known.set_axis(known.index.set_levels(["other.mp4"], level="video")), y
    )
    expected = fresh.estimate(video, labelled=(table, y))
    np.testing.assert_allclose(with_video[columns], expected[columns])
    assert (with_video["high"] - with_video["low"] < alone["high"] - alone["low"]).all()
    with pytest.raises(ValueError, match="cross_fitted has other rows than X"):
        aggregator.estimate(video, labelled=(table, y), cross_fitted=video[::-1])


def test_the_head_says_whether_it_had_seen_the_frames():
    rng = np.random.default_rng(0)
    index = probabilities("a.mp4", scenes(80, 0.5, 0), 0).index
    X = pd.DataFrame(rng.normal(size=(80, 4)), index=index)
    y = np.where(X[0] > 0, "tom", "no")
    for cv, correction in [(None, None), (3, "calibrated")]:
        head = KerasDenseClassifier(epochs=2, cv=cv, random_state=0)
        aggregator = ScreenTimeAggregator().fit(head.fit_transform(X, y), y)
        assert aggregator.correction_ == correction
    seen = KerasDenseClassifier(epochs=2, random_state=0).fit_transform(X, y)
    with pytest.warns(UserWarning, match="too optimistic"):
        ScreenTimeAggregator(correction="em").fit(seen, y)


def swapped(table, other):
    """Half of a table, and half of one that says something else."""
    other = other.copy()
    other.attrs["out_of_sample"] = False
    return pd.concat([table[:40], other[40:]])


def reloaded(table):
    file = BytesIO()
    joblib.dump(table, file)
    file.seek(0)
    return joblib.load(file)


STEPS = {
    "nothing": lambda X, y: (X, y),
    "concat": lambda X, y: (pd.concat([X[:40], X[40:]]), y),
    "concat of others": lambda X, y: (swapped(X, X), y),
    "scaler": (MinMaxScaler(),),
    "function": (FunctionTransformer(np.sqrt),),
    "function of names": (FunctionTransformer(np.sqrt, feature_names_out="one-to-one"),),
    "union": (FeatureUnion([("all", "passthrough")]),),
    "column transformer": (ColumnTransformer([("all", "passthrough", ["no", "tom"])]),),
    "undersampler": RandomUnderSampler(random_state=0).fit_resample,
    "oversampler": RandomOverSampler(random_state=0).fit_resample,
    "smote": SMOTE(random_state=0).fit_resample,
    "joblib": lambda X, y: (reloaded(X), y),
    "array": lambda X, y: (X.to_numpy(), y),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_between_classifier_and_aggregator_keeps_the_correction_or_is_warned_of(name):
    truth = scenes(80, 0.4, 0)
    X = probabilities("a.mp4", truth, 0)
    X.attrs["out_of_sample"] = True
    y = np.where(truth, "tom", "no")
    step = STEPS[name]
    if isinstance(step, tuple):
        X = step[0].set_output(transform="pandas").fit_transform(X)
    else:
        X, y = step(X, y)
    aggregator = ScreenTimeAggregator()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Roots of probabilities and scaled ones are none.
        warnings.filterwarnings("ignore", "Probabilities of the classes")
        aggregator.fit(X, y)
    warned = ["X does not say whether" in str(each.message) for each in caught]
    assert (aggregator.correction_, warned) in [("calibrated", []), (None, [True])]
    if name in ("nothing", "joblib"):
        assert aggregator.correction_ == "calibrated"
    if name in ("scaler", "concat of others", "array"):
        assert caught[0].filename == __file__
    if warned and is_frame_index(getattr(X, "index", None)):
        with pytest.warns(UserWarning, match="too narrow if the classifier had seen"):
            aggregator.estimate(probabilities("new.mp4", truth, 1))


def test_the_word_of_the_classifier_passes_through_a_pipeline():
    truth = scenes(80, 0.4, 0)
    X = probabilities("a.mp4", truth, 0)
    steps = [LabelSpreadingClassifier(LogisticRegression(), cv=2), ScreenTimeAggregator()]
    pipeline = make_pipeline(*steps).set_output(transform="pandas")
    assert pipeline.fit(X, truth)[-1].correction_ == "calibrated"
    scaled = make_pipeline(steps[0], MinMaxScaler(), steps[1]).set_output(transform="pandas")
    with pytest.warns(UserWarning, match="corrects nothing"):
        assert scaled.fit(X, truth)[-1].correction_ is None
    # Who says it is asked no more.
    for correction in ("calibrated", None):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            scaled.set_params(screentimeaggregator__correction=correction).fit(X, truth)
        assert scaled[-1].correction_ == correction


@pytest.fixture(scope="module")
def two():
    """An aggregator of two characters, a video's probabilities, and labels of all its frames."""
    y = pd.DataFrame({"tom": scenes(300, 0.5, 0), "jerry": scenes(300, 0.2, 1)})
    X = pd.concat([probabilities("video.mp4", y[name].to_numpy(), 3)["tom"] for name in y], axis=1)
    X.columns = y.columns
    X.attrs["out_of_sample"] = True
    return ScreenTimeAggregator().fit(X, y), X, y


def test_columns_of_labels_are_found_by_name(two):
    aggregator, X, y = two
    table = X.index.to_frame(index=False).assign(inclusion=1.0)
    expected = aggregator.estimate(X, labelled=(table, y))
    swapped = aggregator.estimate(X, labelled=(table, y[["jerry", "tom"]]))
    pd.testing.assert_frame_equal(swapped, expected)
    assert expected["seconds"].tolist() == pytest.approx([2.0 * y[name].sum() for name in y])
    unnamed = aggregator.estimate(X, labelled=(table, y.to_numpy()))
    pd.testing.assert_frame_equal(unnamed, expected)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (lambda y: y.rename(columns={"tom": "spike"}), r"expected \['tom', 'jerry'\]"),
        (lambda y: y.astype(str), "y holds '[01]' for 'tom' in row 0; 0 and 1"),
        (lambda y: y * 2, "y holds 2 for 'tom' in row 10; 0 and 1"),
        (lambda y: y["tom"], "a 0/1 column for each"),
        (lambda y: y.assign(spike=0), r"expected \['tom', 'jerry'\]"),
    ],
)
def test_labels_that_were_not_learned(two, labels, message):
    aggregator, X, y = two
    table = X.index.to_frame(index=False).assign(inclusion=1.0)
    with pytest.raises(ValueError, match=message):
        aggregator.estimate(X, labelled=(table, labels(y)))


def test_classes_that_were_not_learned(measured):
    aggregator, video, truth = measured
    table, y, _ = sample(video, truth, 60)
    with pytest.raises(ValueError, match=r"holds the classes \['Tom'\]"):
        aggregator.estimate(video, labelled=(table, np.where(y == "tom", "Tom", y)))
    with pytest.raises(TypeError, match="a tuple is expected"):
        aggregator.estimate(video, labelled=table)
    with pytest.raises(ValueError, match=r"lacks \['video'\]"):
        aggregator.estimate(video, labelled=(table.drop(columns="video"), y))


def test_videos_are_the_same_however_their_paths_are_spelled(measured):
    aggregator, video, truth = measured
    table, y, _ = sample(video, truth, 60)
    expected = aggregator.estimate(video, labelled=(table, y))
    for spelled in ("./new.mp4", os.path.abspath("new.mp4")):
        same = aggregator.estimate(video, labelled=(table.assign(video=spelled), y))
        pd.testing.assert_frame_equal(same, expected)
    with pytest.raises(ValueError, match=r"None of the labelled .* they are of '.*, measured is '"):
        aggregator.estimate(video, labelled=(table.assign(video="other.mp4"), y))
    learned = probabilities("./0.mp4", scenes(300, 0.5, 0), 0)
    aggregator = ScreenTimeAggregator(background="no").fit(
        learned.set_axis(
            make_frame_index(learned.index.to_frame(index=False).assign(video="0.mp4"))
        ),
        np.where(scenes(300, 0.5, 0), "tom", "no"),
    )
    table, y, _ = sample(learned, scenes(300, 0.5, 0), 60)
    with pytest.raises(ValueError, match="has learned from 60 of the 60"):
        aggregator.estimate(learned, labelled=(table, y))


def test_a_part_of_a_sample_is_no_sample(measured):
    aggregator, video, truth = measured
    table, y, _ = sample(video, truth, 60)
    with pytest.raises(ValueError, match=r"The 20 labelled frames .* stand for 133 of its 400"):
        aggregator.estimate(video, labelled=(table[:20], y[:20]))


def season(seed, n_videos=20, seconds=30):
    """Short episodes, Jerry in some: what a head says of him is weak and differs by episode."""
    rng = np.random.default_rng(seed)
    names = np.repeat([f"S01E{number:02d}.mp4" for number in range(1, n_videos + 1)], seconds)
    times = np.tile(np.arange(float(seconds)), n_videos)
    index = make_frame_index(pd.DataFrame({"video": names, "time": times, "duration": 1.0}))
    shares = rng.uniform(0, 1, n_videos).repeat(seconds)
    jerry = (rng.random(len(index)) < shares).astype(int)
    tom = np.repeat(rng.random(len(index) // 5) < 0.5, 5).astype(int)
    said = pd.DataFrame(index=index)
    said["tom"] = np.where(tom, 0.9, 0.1)
    said["jerry"] = np.linspace(0.04, 0.64, n_videos).repeat(seconds)
    said["jerry"] += rng.uniform(-0.03, 0.03, len(index))
    return said, pd.DataFrame({"tom": tom, "jerry": jerry}, index=index)


def test_classes_are_named_as_in_the_labels():
    said, shown = season(seed=0)
    classes = 1 + shown["jerry"].to_numpy()
    blind = np.random.default_rng(1).random((len(said), 2))
    blind = pd.DataFrame(blind / blind.sum(axis=1, keepdims=True), said.index, [1, 2])
    blind.attrs["out_of_sample"] = True
    aggregator = ScreenTimeAggregator(background=1).fit(blind, classes)
    with pytest.warns(
        UserWarning, match="These labels do not tell 2 from the rest: held-out frames"
    ):
        aggregator.estimate(blind, n_resamples=50)


@pytest.mark.parametrize("correction", ["auto", "averaged", "acc", "pacc", "em"])
def test_a_head_that_cannot_tell_a_character_gives_no_constant(correction):
    said, shown = season(seed=0)
    first_four = said.index.get_level_values("video") <= "S01E04.mp4"
    known = said[first_four].copy()
    # Held out, its probabilities go with nothing.
    known["jerry"] = np.random.default_rng(1).permutation(known["jerry"])
    known.attrs["out_of_sample"] = True
    aggregator = ScreenTimeAggregator(correction=correction)
    aggregator.fit(known, shown[first_four])
    with pytest.warns(UserWarning, match=r"do not tell 'jerry'.*more frames of 'S01E1\d.mp4'"):
        table = aggregator.estimate(said, n_resamples=50, random_state=0).set_index(
            ["character", "video"]
        )
    assert len(table.attrs["notes"]) == 1
    means = said["jerry"].groupby(level="video").sum()
    seconds = table.loc["jerry", "seconds"]
    np.testing.assert_allclose(seconds, means[seconds.index], atol=3)
    assert (table.loc["jerry", "basis"] == "mean probability").all()
    right = "calibrated" if correction == "auto" else correction
    assert (table.loc["tom", "basis"] == right).all()
    true = shown["tom"].groupby(level="video").sum()
    np.testing.assert_allclose(table.loc["tom", "seconds"], true[seconds.index], atol=3)


def test_without_a_correction_seconds_are_counted():
    said, shown = season(seed=0, n_videos=3)
    aggregator = ScreenTimeAggregator(correction=None).fit(said, shown)
    assert aggregator.correction_ is None
    table = aggregator.estimate(said, n_resamples=50)
    assert (table["basis"] == "count").all()
    counted = (said >= 0.5).groupby(level="video").sum().to_numpy().ravel()
    assert table["seconds"].tolist() == counted.tolist()


def test_an_interval_does_not_depend_on_the_videos_beside(measured):
    aggregator, video, _ = measured
    other = probabilities("other.mp4", scenes(200, 0.5, 3), 3)
    alone = aggregator.estimate(video, n_resamples=200, random_state=0)
    for together in ([other, video], [video, other]):
        table = aggregator.estimate(pd.concat(together), n_resamples=200, random_state=0)
        pd.testing.assert_frame_equal(
            table[table["video"] == "new.mp4"].reset_index(drop=True), alone
        )


@pytest.mark.parametrize(("n_own", "rests_on_own"), [(10, False), (40, True)])
def test_few_labels_of_a_video_are_no_measure_of_its_errors(n_own, rests_on_own):
    # The head errs in none of the frames of the labelled video, and in all that it asked about.
    truth = scenes(300, 0.5, 0)
    others = probabilities("0.mp4", truth, 0)
    others["tom"] = 0.1 + 0.8 * truth
    video = probabilities("new.mp4", np.zeros(400, int), 1).assign(tom=0.9)
    own = video.iloc[:: 400 // n_own]
    X = pd.concat([others, own])
    X.attrs["out_of_sample"] = True
    y = np.append(truth, np.zeros(len(own), int))
    aggregator = ScreenTimeAggregator(correction=None).fit(X[["tom"]], pd.DataFrame({"tom": y}))
    row = aggregator.estimate(video[["tom"]], random_state=0).iloc[0]
    assert row["seconds"] == 800
    # As far as its own frames tell, all is wrong; the other video says that all is right.
    assert (row["high"] < 400) == rests_on_own
    assert row["low"] < 400
