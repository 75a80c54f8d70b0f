import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from sktime_screen import (
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
    ScreenTimeAggregator,
)
from sktime_screen.classify import LabelledRows
from sktime_screen.classify._prior_shift import compute_prior_shift


def video(name="video.mp4", n_shots=12, seconds=10, rate=1, seed=0):
    """Return features and truth of a video of shots, each of one look, with or without tom, jerry.

    What a shot looks like says nothing about who is in it.
    """
    generator = np.random.default_rng(seed)
    shot = np.repeat(np.arange(n_shots), seconds * rate)
    embeddings = generator.normal(size=(n_shots, 20))
    truth = np.column_stack([shot % 2, shot // 2 % 2])
    times = np.arange(len(shot)) / rate
    index = pd.MultiIndex.from_arrays(
        [[name] * len(shot), times, np.full(len(shot), 1 / rate)],
        names=["video", "time", "duration"],
    )
    features = embeddings[shot] + 0.1 * generator.normal(size=(len(shot), 20))
    return pd.DataFrame(features, index=index).add_prefix("f"), pd.DataFrame(
        truth, columns=["tom", "jerry"]
    )


def linear():
    return OneVsRestClassifier(LogisticRegression())


class Undecided(LogisticRegression):
    """Half and half for every character."""

    def fit(self, X, y):
        self.classes_ = np.arange(y.shape[1])
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 0.5)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def test_a_label_is_carried_through_its_shot():
    X, y = video()
    labelled = np.arange(3, 120, 10)
    spreading = LabelSpreadingClassifier(Undecided()).fit(X.iloc[labelled], y.iloc[labelled])
    assert (spreading.predict(X) == y.to_numpy()).all()
    # Labels of frames that are not among those asked about count as well.
    rest = np.setdiff1d(np.arange(120), labelled)
    assert (spreading.predict(X.iloc[rest]) == y.to_numpy()[rest]).all()


def test_labelled_frames_keep_their_labels():
    X, y = video()
    wrong = 1 - y.iloc[[5, 25]]
    spreading = LabelSpreadingClassifier(Undecided()).fit(
        X.iloc[[5, 25, 45]], pd.concat([wrong, y.iloc[[45]]])
    )
    probabilities = spreading.predict_proba(X)
    assert (abs(probabilities[[5, 25]] - wrong) < 0.1).all().all()


def test_frames_drawn_several_times_count_once():
    X, y = video()
    labelled = np.arange(3, 120, 10)
    often = np.repeat(labelled, 20)
    once, oversampled = (
        LabelSpreadingClassifier(Undecided()).fit(X.iloc[rows], y.iloc[rows])
        for rows in (labelled, often)
    )
    for asked in (X, X.drop(X.index[labelled])):
        expected = once.predict_proba(asked)
        np.testing.assert_allclose(oversampled.predict_proba(asked), expected, atol=1e-5)


def test_what_flows_is_what_the_equations_say():
    index = pd.MultiIndex.from_arrays(
        [["a"] * 3, [0.0, 1.0, 2.0], [1.0] * 3], names=["video", "time", "duration"]
    )
    X = pd.DataFrame([[0.0, 1], [1, 0], [0, 1]], index=index)

    class Told(LogisticRegression):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict_proba(self, X):
            p = np.array([0.9, 0.2, 0.9])
            return np.column_stack([1 - p, p])

    training = X.iloc[:2].set_axis(
        pd.MultiIndex.from_arrays([["b"] * 2, [0.0, 1.0], [1.0] * 2], names=index.names)
    )
    spreading = LabelSpreadingClassifier(Told(), n_neighbors=1).fit(training, [0, 1])
    # Time ties neighbours by exp(-1/2); looks tie frames 0 and 2, which are the same, by 0.2, and
    # frame 1 to frame 0, the first of those as far, by 0.2 exp(-d²/(s s')) with s' nearly 0.
    time, embeddings = np.exp(-0.5), 0.2
    ties = np.array([[0, time, embeddings], [time, 0, time], [embeddings, time, 0]])
    system = np.eye(3) + np.diag(ties.sum(axis=0)) - ties
    expected = np.linalg.solve(system, logit([0.9, 0.2, 0.9]))
    np.testing.assert_allclose(spreading.decision_function(X), expected, atol=1e-5)


def test_no_strength_leaves_probabilities_alone():
    X, y = video()
    head = linear().fit(X.iloc[::10], y.iloc[::10])
    spreading = LabelSpreadingClassifier(linear(), strength=0).fit(X.iloc[::10], y.iloc[::10])
    rest = np.arange(120) % 10 != 0
    np.testing.assert_allclose(
        spreading.predict_proba(X)[rest], head.predict_proba(X)[rest], atol=1e-5
    )


class Shares(LogisticRegression):
    """The shares of the classes among the labels, for every frame."""

    def fit(self, X, y):
        table = isinstance(y, pd.DataFrame)
        self.classes_ = np.unique(y)
        self.shares_ = y.mean() if table else [np.mean(y == each) for each in self.classes_]
        return self

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))


def test_labels_of_a_video_say_little_of_shares_in_others():
    X, _ = video()
    other, _ = video("other.mp4", seed=1)
    third, _ = video("third.mp4", seed=2)
    fifths = np.arange(120) % 5
    y = pd.DataFrame({"tom": fifths < 2, "rare": fifths < 1, "spike": False}).astype(int)
    spreading = LabelSpreadingClassifier(Shares(), strength=0, prior_strength=2)
    one = spreading.fit(X.iloc[:100], y.iloc[:100])
    # Two fifths in one video, a half in two more; but a video with labels keeps its share.
    for frames, expected in ((other, (0.4 + 1) / 3), (X.iloc[100:], 0.4)):
        np.testing.assert_allclose(one.transform(frames)["tom"], expected, atol=1e-6)
    # Odds of one to four at most double.
    np.testing.assert_allclose(one.transform(other)["rare"], 1 / 3, atol=1e-6)
    # Of whom no label is there, nothing is known to move.
    assert (one.transform(other)["spike"] < 0.01).all()
    two = clone(spreading).fit(pd.concat([X, third]), pd.concat([y, y]))
    np.testing.assert_allclose(two.transform(other)["tom"], (2 * 0.4 + 1) / 4, atol=1e-6)
    still = clone(spreading).set_params(prior_strength=0).fit(X, y)
    np.testing.assert_allclose(still.transform(other)["tom"], 0.4, atol=1e-6)
    names = np.array(["jerry", "neither", "neither", "tom", "neither"])[np.arange(120) % 5]
    for labels, expected in (
        (names, [(0.2 + 2 / 3) / 3, (0.6 + 2 / 3) / 3, (0.2 + 2 / 3) / 3]),
        (np.where(fifths < 2, "tom", "jerry"), [(0.6 + 1) / 3, (0.4 + 1) / 3]),
    ):
        found = clone(spreading).fit(X, labels).predict_proba(other)
        np.testing.assert_allclose(found, np.tile(expected, (120, 1)), atol=1e-6)


def test_missing_labels_say_nothing_of_shares():
    targets = np.array([[1, 0], [0, np.nan], [0, np.nan], [0, 1], [np.nan, 1], [np.nan, 1]])
    videos = np.array(["a", "a", "a", "a", "b", "b"])
    labelled = LabelledRows(np.zeros((6, 1)), targets, videos, np.arange(6.0))
    # A quarter of four labels of one video, whose odds double; three quarters of four of two.
    expected = np.array([np.log(2), logit((2 * 0.75 + 1) / 4) - logit(0.75)])
    np.testing.assert_allclose(compute_prior_shift(labelled, 2, softmax=False), expected)
    labelled.targets[:, 1] = np.nan
    np.testing.assert_allclose(compute_prior_shift(labelled, 2, softmax=False), [expected[0], 0])


def test_videos_do_not_touch():
    X, y = video()
    other, _ = video("other.mp4", seed=1)
    spreading = LabelSpreadingClassifier(linear()).fit(X.iloc[::10], y.iloc[::10])
    together = spreading.transform(pd.concat([other, X]).sample(frac=1, random_state=0))
    for alone in (X, other):
        np.testing.assert_allclose(together.loc[alone.index], spreading.transform(alone), atol=1e-4)


def test_more_frames_a_second_carry_labels_as_far():
    probabilities = []
    for rate in (1, 4):
        X, y = video(rate=rate, n_shots=2)
        spreading = LabelSpreadingClassifier(Undecided(), n_neighbors=1)
        spreading.fit(X.iloc[[0, -1]], y.iloc[[0, -1]])
        probabilities.append(
            spreading.transform(X.add_prefix("")).loc[("video.mp4", 14.0), "tom"].item()
        )
    assert abs(probabilities[0] - probabilities[1]) < 0.1


def test_tables_of_classes_and_of_forests():
    X, y = video()
    names = np.array(["neither", "tom", "jerry", "both"])[y["tom"] + 2 * y["jerry"]]
    spreading = LabelSpreadingClassifier(LogisticRegression()).fit(X.iloc[::10], names[::10])
    assert (spreading.predict(X) == names).all()
    table = spreading.transform(X)
    assert table.columns.tolist() == ["both", "jerry", "neither", "tom"]
    assert table.index.equals(X.index)
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-5)

    alone = y.assign(spike=0)
    forest = RandomForestClassifier(20, random_state=0)
    spreading = LabelSpreadingClassifier(forest).fit(X.iloc[::10], alone.iloc[::10])
    assert (spreading.predict(X) == alone.to_numpy()).mean() > 0.95
    assert spreading.transform(X)["spike"].max() < 0.01


def test_a_video_in_seconds():
    X, y = video()
    pipeline = make_pipeline(
        LabelSpreadingClassifier(KerasDenseClassifier(random_state=0)), ScreenTimeAggregator()
    ).fit(X.iloc[::10], y.iloc[::10])
    assert pipeline.transform(X).loc["video.mp4"].tolist() == [60, 60]
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict_proba(X), pipeline.predict_proba(X))


def test_rows_that_were_learned_from_are_told_what_the_others_know():
    # Who is in a shot cannot be seen from other shots: only those that look alike tell.
    X, y = video(n_shots=36, seconds=10)
    X.iloc[240:] = X.iloc[:120].to_numpy()
    spreading = LabelSpreadingClassifier(linear(), cv=4, random_state=0)
    inside = spreading.set_params(cv=None).fit_transform(X, y)
    outside = spreading.set_params(cv=4).fit_transform(X, y)
    assert inside.attrs["out_of_sample"] is False
    assert outside.attrs["out_of_sample"] is True
    truth = y.to_numpy(bool)
    assert ((inside.to_numpy() > 0.5) == truth).all()
    right = ((outside.to_numpy() > 0.5) == truth).mean(axis=1)
    known = np.r_[0:120, 240:360]
    assert right[120:240].mean() < 0.7
    assert right[known].mean() > 0.9
    pd.testing.assert_frame_equal(outside, clone(spreading).fit_transform(X, y))


def test_cross_fit_knows_only_the_rows_that_a_split_trains_on():
    X, y = video(n_shots=12)
    halves = [(np.arange(70, 120), np.arange(60)), (np.arange(50), np.arange(60, 120))]
    spreading = LabelSpreadingClassifier(linear(), cv=halves)
    found = spreading.fit_transform(X, y)
    for train, test in halves:
        alone = LabelSpreadingClassifier(linear()).fit(X.iloc[train], y.iloc[train])
        pd.testing.assert_frame_equal(found.iloc[test], alone.transform(X.iloc[test]))
    first = halves[0][1]
    pd.testing.assert_frame_equal(
        spreading.transform_cross_fitted(X.iloc[first]), found.iloc[first]
    )
    grouped = clone(spreading).set_params(cv=GroupKFold(3)).fit_transform(X, y)
    assert grouped.attrs["out_of_sample"] is True


def test_each_frame_judged_without_the_labels_near_it():
    X, y = video(n_shots=36)
    other, _ = video("other.mp4", seed=1)
    labelled = np.arange(3, 360, 10)
    spreading = LabelSpreadingClassifier(Undecided(), cv=3, random_state=0)
    spreading.fit(X.iloc[labelled], y.iloc[labelled])
    assert not hasattr(spreading, "transform_cross_fitted")
    at_fit = spreading.fit_transform(X.iloc[labelled], y.iloc[labelled])
    # Each shot has one label: with it all is known, and without it nothing.
    assert (spreading.predict(X) == y.to_numpy()).all()
    unseen = spreading.transform_cross_fitted(X)
    assert unseen.index.equals(X.index)
    np.testing.assert_allclose(unseen.iloc[labelled], 0.5, atol=0.35)
    np.testing.assert_allclose(at_fit, 0.5, atol=0.35)
    pd.testing.assert_frame_equal(
        spreading.transform_cross_fitted(other), spreading.transform(other)
    )
    with pytest.raises(ValueError, match="frame index"):
        spreading.transform_cross_fitted(X.to_numpy())


def test_a_class_of_one_part_only():
    X, _ = video(n_shots=4, seconds=40)
    names = np.where(np.arange(160) < 40, "spike", np.where(np.arange(160) % 2, "tom", "jerry"))
    for labels in (names, np.where(names == "spike", "spike", "tom")):
        spreading = LabelSpreadingClassifier(LogisticRegression(), cv=2, random_state=0)
        table = spreading.fit_transform(X, labels)
        assert table.columns.tolist() == sorted(set(labels))
        np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-5)


def test_maps_are_kept_in_project_features():
    X, y = video(n_shots=36)
    noise = np.random.default_rng(0).normal(size=(20, 5000)).astype(np.float32)
    maps = (X @ noise).astype(np.float16).add_prefix("m")
    labelled = np.arange(3, 360, 10)
    spreading = LabelSpreadingClassifier(Undecided()).fit(maps.iloc[labelled], y.iloc[labelled])
    assert (spreading.predict(maps) == y.to_numpy()).all()
    assert len(pickle.dumps(spreading)) < 36 * 5000


def test_places_are_explained_by_the_estimator():
    X, y = video()
    spreading = LabelSpreadingClassifier(
        KerasFeatureMapClassifier((2, 2), epochs=1, random_state=0)
    )
    assert hasattr(spreading, "class_heatmaps")
    heat = spreading.fit(X, y).class_heatmaps(X)
    np.testing.assert_array_equal(heat, spreading.estimator_.class_heatmaps(X))
    assert not hasattr(LabelSpreadingClassifier(), "class_heatmaps")


def test_frames_asked_about_twice_are_one_neighbour():
    X, y = video()
    classifier = LabelSpreadingClassifier(OneVsRestClassifier(LogisticRegression())).fit(
        X.iloc[::7], y.iloc[::7]
    )
    rows = np.random.default_rng(0).permutation(np.append(np.arange(len(X)), np.arange(40)))
    np.testing.assert_allclose(
        classifier.predict_proba(X.iloc[rows]), classifier.predict_proba(X)[rows], atol=1e-6
    )
