import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from sktime_screen import suggest_frames
from sktime_screen.labels import _suggestions
from sktime_screen.video import make_frame_index

STRATEGIES = ["diverse", "stratified", "uncertain", "blocks", "random"]


def scenes(sizes=(60, 30, 10), dimensions=8, seed=0):
    """Return a frame table, its features, and the scene of each frame; scenes come in turn."""
    scene = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    table = pd.DataFrame({"video": "video.mp4", "time": np.arange(len(scene)) * 0.5})
    table["duration"] = 0.5
    noise = np.random.default_rng(seed + 1).normal(size=(len(scene), dimensions))
    features = 10 * np.eye(dimensions)[scene] + 0.1 * noise
    return table, pd.DataFrame(features, index=make_frame_index(table)), scene


class Doubtful:
    """A classifier that is in doubt about some frames."""

    def __init__(self, doubtful):
        self.doubtful = doubtful

    def predict_proba(self, X):
        return np.where(self.doubtful[X.index], 0.5, 0.99)[:, None]


def test_each_scene_has_its_frame():
    table, features, scene = scenes()
    chosen = suggest_frames(table, 3, features=features)
    assert sorted(scene[chosen.index]) == [0, 1, 2]
    assert chosen["time"].is_monotonic_increasing
    pd.testing.assert_frame_equal(chosen, table.loc[chosen.index])


def test_scenes_with_labels_are_passed_over():
    table, features, scene = scenes()
    labelled = table[(scene == 0) | (scene == 2)].iloc[::5]
    chosen = suggest_frames(table, 1, features=features, labelled=labelled[["video", "time"]])
    assert scene[chosen.index] == [1]


@pytest.mark.parametrize("strategy", ["diverse", "uncertain"])
def test_labelled_frames_are_not_chosen_again(strategy):
    table, features, _ = scenes()
    labelled = table.iloc[:90].assign(time=lambda rows: rows["time"].round(3) + 0.0004)
    chosen = suggest_frames(
        table,
        10,
        strategy,
        features=features,
        estimator=Doubtful(np.ones(100, bool)),
        labelled=labelled,
        random_state=0,
    )
    assert chosen.index.tolist() == list(range(90, 100))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_same_number_gives_the_same_frames(strategy):
    table, features, _ = scenes()
    given = {"features": features, "estimator": Doubtful(np.ones(100, bool)), "random_state": 3}
    once, again = (suggest_frames(table, 12, strategy, **given) for _ in range(2))
    assert len(once) == 12
    pd.testing.assert_frame_equal(once, again)


def test_strata_are_drawn_with_the_probability_that_is_told():
    table, features, scene = scenes()
    times_chosen = np.zeros(len(table))
    for seed in range(400):
        chosen = suggest_frames(table, 3, "stratified", features=features, random_state=seed)
        sizes = np.array([60, 30, 10])[scene[chosen.index]]
        np.testing.assert_allclose(chosen["inclusion"], 1 / sizes)
        assert sorted(chosen["stratum"]) == [0, 1, 2]
        times_chosen[chosen.index] += 1
    for size in (60, 30, 10):
        of_scene = times_chosen[scene == [60, 30, 10].index(size)]
        # Four standard deviations of a binomial, and some for the largest of many.
        assert abs(of_scene - 400 / size).max() < 5 * np.sqrt(400 / size)


def test_shares_are_estimated_from_the_probabilities():
    table, features, _ = scenes((70, 20, 10))
    shown = np.arange(100) % 3 == 0
    estimates = []
    for seed in range(100):
        chosen = suggest_frames(table, 10, "stratified", features=features, random_state=seed)
        assert np.isclose((1 / chosen["inclusion"]).sum(), 100)
        estimates.append((shown[chosen.index] / chosen["inclusion"]).sum())
    assert abs(np.mean(estimates) - shown.sum()) < 4 * np.std(estimates) / 10


def test_two_frames_at_random_of_each_stretch_of_time():
    videos = pd.concat(
        pd.DataFrame({"video": name, "time": np.arange(size) * 0.5, "duration": 0.5})
        for name, size in [("b", 101), ("a", 37)]
    ).reset_index(drop=True)
    shuffled = videos.sample(frac=1, random_state=3)
    seen = np.zeros(len(videos))
    for seed in range(200):
        chosen = suggest_frames(shuffled, 25, "blocks", random_state=seed)
        assert np.isclose((1 / chosen["inclusion"]).sum(), len(videos))
        assert chosen["stratum"].value_counts().isin([2, 3]).all()
        for _, of_video in chosen.groupby("video"):
            in_time = of_video.sort_values("time")
            assert in_time["stratum"].is_monotonic_increasing
        seen[chosen.index] += 1
    expected = np.r_[np.full(101, 18 / 101), np.full(37, 7 / 37)]
    assert seen[:101].sum() / 200 == pytest.approx(expected[:101].sum(), abs=1)
    assert seen.min() > 0
    with pytest.raises(ValueError, match="at least two frames from each of the 2 videos"):
        suggest_frames(videos, 3, "blocks")


def test_random_frames_have_all_the_same_probability():
    table, _, _ = scenes()
    chosen = suggest_frames(table, 20, "random", random_state=0)
    assert chosen["inclusion"].tolist() == [20 / 100] * 20
    assert chosen["stratum"].tolist() == [0] * 20
    other = suggest_frames(table, 20, "random", random_state=1)
    assert chosen.index.tolist() != other.index.tolist()


@pytest.mark.parametrize("strategy", ["stratified", "blocks", "random"])
def test_a_sample_at_random_is_one_of_all_frames(strategy):
    table, features, _ = scenes()
    table.loc[50:, "video"] = "a_second.mp4"
    features.index = make_frame_index(table)
    chosen = suggest_frames(
        table, 20, strategy, features=features, labelled=table.iloc[:90], random_state=0
    )
    assert (1 / chosen["inclusion"]).sum() == pytest.approx(100)
    assert chosen.index.isin(range(90)).any()
    shuffled = table.sample(frac=1, random_state=3)
    again = suggest_frames(
        shuffled, 20, strategy, features=features, labelled=table.iloc[:90], random_state=0
    )
    assert again.index.tolist() == chosen.index.tolist()


def test_doubt_decides_but_no_two_alike_come_together():
    table, features, scene = scenes()
    doubtful = (scene == 1) | (scene == 2)
    chosen = suggest_frames(table, 2, "uncertain", features=features, estimator=Doubtful(doubtful))
    assert sorted(scene[chosen.index]) == [1, 2]


def test_doubt_of_forests_and_of_classes():
    table, features, scene = scenes()
    doubtful = np.where(scene == 1, 0.5, 0.99)
    both = np.column_stack([doubtful, 1 - doubtful])

    class Forest:
        def predict_proba(self, X):
            return [both, both]

    class Classes:
        def predict_proba(self, X):
            return both

    for estimator in (Forest(), Classes()):
        chosen = suggest_frames(table, 1, "uncertain", features=features, estimator=estimator)
        assert scene[chosen.index] == [1]


def test_doubt_from_a_table_of_probabilities():
    table, features, scene = scenes()
    probabilities = pd.DataFrame({"tom": np.where(scene == 1, 0.5, 0.99)}, index=features.index)
    way = {"strategy": "uncertain", "features": features}
    chosen = suggest_frames(table, 1, **way, estimator=probabilities[::-1])
    assert scene[chosen.index] == [1]
    with pytest.raises(ValueError, match=r"estimator lacks 2 of the 100 frames.*at 49\.0 s"):
        suggest_frames(table, 1, **way, estimator=probabilities[:-2])
    with pytest.raises(ValueError, match="estimator has no frame index"):
        suggest_frames(table, 1, **way, estimator=probabilities.reset_index(drop=True))


def test_frames_that_come_twice_are_chosen_once():
    table, features, _ = scenes((5, 5))
    twice = pd.concat([table, table], ignore_index=True)
    chosen = suggest_frames(twice, 10, features=features)
    assert not chosen.duplicated().any()
    with pytest.raises(ValueError, match="only 10 frames without"):
        suggest_frames(twice, 11, features=features)


def test_videos_come_one_after_the_other_and_the_index_is_kept():
    table, features, _ = scenes()
    table.loc[50:, "video"] = "a_second.mp4"
    features.index = make_frame_index(table)
    shuffled = table.sample(frac=1, random_state=0)
    chosen = suggest_frames(shuffled, 10, features=features)
    assert chosen["video"].nunique() == 2
    assert (chosen["video"].ne(chosen["video"].shift()).sum()) == 2
    for _, of_video in chosen.groupby("video"):
        assert of_video["time"].is_monotonic_increasing
    pd.testing.assert_frame_equal(chosen, table.loc[chosen.index])


def test_features_may_be_a_transformer():
    table, features, scene = scenes()

    class OfTable(StandardScaler):
        def fit(self, X, y=None):
            return super().fit(features.loc[make_frame_index(X)])

        def transform(self, X):
            return super().transform(features.loc[make_frame_index(X)])

    transformer = OfTable(with_std=False)
    for given in (transformer, OfTable(with_std=False).fit(table)):
        assert sorted(scene[suggest_frames(table, 3, features=given).index]) == [0, 1, 2]
    assert not hasattr(transformer, "mean_")


def test_of_a_map_counts_in_which_part_of_the_image_something_is():
    table, _, scene = scenes()
    generator = np.random.default_rng(0)
    maps = np.zeros((100, 6, 8, 2), np.float16)
    # At any of the four places of a part, of which a map of 6 x 8 has 3 x 4.
    rows, columns = (
        np.array(parts)[scene] * 2 + generator.integers(0, 2, 100)
        for parts in ([0, 1, 2], [0, 2, 1])
    )
    maps[np.arange(100), rows, columns] = 1.0
    features = pd.DataFrame(maps.reshape(100, -1), index=make_frame_index(table))

    def scenes_chosen():
        return sorted(scene[suggest_frames(table, 3, features=features).index])

    assert scenes_chosen() != [0, 1, 2]
    features.attrs["map_shape"] = (6, 8, 2)
    assert scenes_chosen() == [0, 1, 2]


def test_wide_features_are_compared_a_few_frames_at_a_time(monkeypatch):
    monkeypatch.setattr(_suggestions, "_BATCH_SIZE", 30)
    table, features, scene = scenes()
    wide = np.random.default_rng(1).normal(size=(8, 5000))
    asked = []

    class Wide(StandardScaler):
        def transform(self, X):
            asked.append(len(X))
            return features.loc[make_frame_index(X)].to_numpy() @ wide

    transformer = Wide().fit(features)
    assert sorted(scene[suggest_frames(table, 3, features=transformer).index]) == [0, 1, 2]
    assert asked == [30, 30, 30, 10]


def test_a_video_is_looked_at_once_a_second(video):
    chosen = suggest_frames(video, 10, "random")
    np.testing.assert_allclose(chosen["time"], np.arange(10))


def test_frames_that_all_look_the_same():
    table, features, _ = scenes()
    features[:] = 1.0
    assert len(suggest_frames(table, 7, features=features).index.unique()) == 7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strategy": "best"}, "'best'; expected one of"),
        ({"n": 0}, "n=0"),
        ({"n": 101}, "only 100 frames without"),
        ({"features": None}, "recommended_pipeline"),
        ({"strategy": "uncertain"}, "needs a classifier"),
        ({"features": pd.DataFrame(np.eye(100))}, "no frame index"),
        ({"labelled": pd.DataFrame({"video": ["video.mp4"]})}, "lacks .'time'."),
        ({"labelled": pd.DataFrame({"video": ["b.mp4"], "time": [0.0]})}, "b.mp4.*video.mp4"),
    ],
)
def test_what_cannot_be_is_named(changes, message):
    table, features, _ = scenes()
    with pytest.raises(ValueError, match=message):
        suggest_frames(**{"X": table, "n": 5, "features": features, **changes})


def test_a_frame_without_features_is_named():
    table, features, _ = scenes()
    with pytest.raises(ValueError, match=r"features lacks 1 of the 100 frames.*mp4' at 3\.5 s"):
        suggest_frames(table, 5, features=features.drop(index=features.index[7]))
