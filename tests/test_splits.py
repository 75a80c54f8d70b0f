import numpy as np
import pandas as pd
import pytest
from conftest import index_of
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_val_score

from sktime_screen import MultilabelStratifiedGroupKFold, time_blocks
from sktime_screen.video import make_frame_index


def table_of(**sum_seconds_by_video):
    rows = [(video, float(t), 1.0) for video, n in sum_seconds_by_video.items() for t in range(n)]
    return pd.DataFrame(rows, columns=["video", "time", "duration"])


def test_blocks_are_of_one_video_and_one_stretch_of_time():
    table = table_of(b=70, a=31)
    expected = np.repeat([0, 1, 2, 3, 4], [30, 30, 10, 30, 1])
    np.testing.assert_array_equal(time_blocks(table), expected)
    np.testing.assert_array_equal(time_blocks(table, 35)[:71], np.repeat([0, 1, 2], [35, 35, 1]))


def test_blocks_follow_unsorted_and_repeated_rows():
    table = table_of(a=100, b=40).sample(200, replace=True, random_state=0)
    blocks = time_blocks(table)
    videos = (table["video"] == "b").to_numpy()
    parts = np.where(videos, 10, 0) + (table["time"] // 30).to_numpy()
    expected = pd.factorize(parts)[0]
    np.testing.assert_array_equal(pd.factorize(blocks)[0], expected)
    assert np.array_equal(np.unique(blocks), np.arange(len(np.unique(parts))))


def test_blocks_of_variable_durations_and_gaps():
    index = index_of([("a", 0.0, 29.9), ("a", 29.9, 5.0), ("a", 34.9, 0.1), ("a", 500.0, 1.0)])
    assert time_blocks(index).tolist() == [0, 0, 1, 2]
    assert time_blocks(index[:1]).tolist() == [0]
    assert time_blocks(index).dtype == np.int64


def test_a_time_just_below_by_rounding_is_in_the_block_it_begins():
    # 0.3 / 0.1 is a little less than 3.
    table = pd.DataFrame({"video": "a", "time": [0.2, 0.3], "duration": 0.1})
    assert time_blocks(table, 0.1).tolist() == [0, 1]


def test_blocks_of_whatever_has_a_frame_index():
    table = table_of(a=40)
    index = make_frame_index(table)
    features = pd.DataFrame(np.zeros((40, 2)), index=index)
    for frames in (index, features):
        np.testing.assert_array_equal(time_blocks(frames), time_blocks(table))


@pytest.mark.parametrize("length", [0, -1.0, np.nan, np.inf])
def test_refuses_lengths(length):
    with pytest.raises(ValueError, match="length="):
        time_blocks(table_of(a=3), length)


def test_refuses_rows_without_times():
    with pytest.raises(ValueError, match="ndarray has no times"):
        time_blocks(np.zeros((3, 2)))


def folds_of(splitter, y, groups):
    fold = np.full(len(y), -1)
    for number, (train, test) in enumerate(splitter.split(np.zeros(len(y)), y, groups)):
        assert not set(train) & set(test)
        assert len(train) + len(test) == len(y)
        assert (fold[test] == -1).all()
        fold[test] = number
    assert set(fold) == set(range(splitter.get_n_splits()))
    return fold


def random_labels(n_groups, seed):
    """Groups of unequal size, in each of which the labels are mostly the same."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), rng.integers(5, 40, n_groups))
    likely = rng.beta(0.3, [0.5, 1.0, 6.0], (n_groups, 3))
    y = rng.random((len(groups), 3)) < likely[groups]
    return pd.DataFrame(y.astype(int), columns=["tom", "jerry", "spike"]), groups


def test_groups_stay_whole_and_folds_are_alike():
    y, groups = random_labels(80, seed=0)
    fold = folds_of(MultilabelStratifiedGroupKFold(5, shuffle=True, random_state=0), y, groups)
    assert (pd.Series(fold).groupby(groups).nunique() == 1).all()
    counts = y.assign(rows=1).groupby(fold).sum()
    off = (counts / counts.mean() - 1).abs().max()
    assert off["rows"] < 0.05
    assert (off[["tom", "jerry"]] < 0.1).all()
    assert off["spike"] < 0.25
    by_chance = y.groupby(groups % 5).sum()
    assert ((by_chance / by_chance.mean() - 1).abs().max() > 2 * off[y.columns]).all()


def test_rare_labels_are_spread():
    # Six groups of 60 have the third label, one each; by chance a fold of three often had none.
    y = np.zeros((600, 3), int)
    groups = np.repeat(np.arange(60), 10)
    y[:, 0] = np.arange(600) % 2
    y[groups % 10 == 3, 2] = 1
    for seed in range(5):
        splitter = MultilabelStratifiedGroupKFold(3, shuffle=True, random_state=seed)
        fold = folds_of(splitter, y, groups)
        assert np.bincount(fold, y[:, 2]).tolist() == [20, 20, 20]
        assert np.bincount(fold).tolist() == [200, 200, 200]


def test_every_fold_has_a_group_even_where_labels_do_not_allow_for_alike_ones():
    y, groups = np.repeat([[1], [0]], 10, axis=0), np.repeat([0, 1], 10)
    assert folds_of(MultilabelStratifiedGroupKFold(2), y, groups).tolist() == [0] * 10 + [1] * 10


def test_one_class_a_frame_is_as_good_as_with_scikit_learn():
    y, groups = random_labels(60, seed=1)
    classes = np.select([y["tom"] == 1, y["jerry"] == 1], ["tom", "jerry"], "none")

    def worst(splitter):
        fold = folds_of(splitter, classes, groups)
        counts = pd.crosstab(fold, classes)
        return (abs(counts / counts.mean() - 1)).to_numpy().max()

    ours = worst(MultilabelStratifiedGroupKFold(4))
    assert ours < 0.15
    assert ours <= worst(StratifiedGroupKFold(4)) + 0.05


def test_shuffling_depends_on_the_seed_only():
    y, groups = np.tile([[1, 0], [0, 1], [1, 1]], (40, 1)), np.arange(120) // 3

    def folds(**params):
        return folds_of(MultilabelStratifiedGroupKFold(3, **params), y, groups)

    np.testing.assert_array_equal(folds(), folds())
    one = folds(shuffle=True, random_state=1)
    np.testing.assert_array_equal(one, folds(shuffle=True, random_state=1))
    assert (one != folds(shuffle=True, random_state=2)).any()


def test_groups_may_have_names():
    y = np.tile([[1, 0], [0, 1]], (6, 1))
    groups = np.repeat(["a.mp4", "b.mp4", "c.mp4"], 4)
    fold = folds_of(MultilabelStratifiedGroupKFold(3), y, groups)
    assert (pd.Series(groups).groupby(fold).nunique() == 1).all()


def test_refuses_splits():
    y = np.eye(2, dtype=int)
    splitter = MultilabelStratifiedGroupKFold(2)
    with pytest.raises(ValueError, match="time_blocks"):
        next(splitter.split(y, y))
    with pytest.raises(ValueError, match="of 1 groups"):
        next(splitter.split(y, y, [0, 0]))
    with pytest.raises(ValueError, match="n_splits=2 or more"):
        MultilabelStratifiedGroupKFold(1)


def test_works_where_scikit_learn_splits():
    y, groups = random_labels(30, seed=3)
    X = np.zeros((len(y), 1))
    splitter = MultilabelStratifiedGroupKFold(3, shuffle=True, random_state=0)
    dummy = DummyClassifier(strategy="prior")
    assert len(cross_val_score(dummy, X, y, groups=groups, cv=splitter)) == 3
    search = GridSearchCV(dummy, {"strategy": ["prior", "uniform"]}, cv=splitter)
    assert len(search.fit(X, y, groups=groups).cv_results_["params"]) == 2
    assert repr(splitter) == (
        "MultilabelStratifiedGroupKFold(n_splits=3, random_state=0, shuffle=True)"
    )
    assert splitter.get_metadata_routing().split.requests == {"groups": True}
    assert clone(search).cv.n_splits == 3
