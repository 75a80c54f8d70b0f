import numpy as np
import pandas as pd
import pytest
from conftest import index_of
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut, StratifiedKFold

from sktime_screen import MultilabelStratifiedGroupKFold
from sktime_screen.model_selection import hold_out_rows, make_cross_fitting_splits
from sktime_screen.model_selection._cross_fitting import _assign_parts


def frames(seconds_by_video):
    index = index_of([(v, float(t), 1.0) for v, n in seconds_by_video.items() for t in range(n)])
    return pd.DataFrame(np.zeros((len(index), 1), np.float32), index=index)


def targets_of(codes):
    return np.eye(max(codes) + 1, dtype=np.float32)[codes]


def test_rows_without_times_are_held_out_by_class():
    targets = targets_of(np.repeat([0, 1, 2], [100, 50, 10]))
    held_out = hold_out_rows(np.arange(160)[:, None], targets, 0.2, np.random.default_rng(0))
    np.testing.assert_array_equal(targets[held_out].sum(axis=0), [20, 10, 2])


def test_frames_are_held_out_in_stretches_of_30_seconds():
    X = frames({"a.mp4": 300, "b.mp4": 300})
    targets = targets_of(np.tile(np.repeat([0, 1], 15), 20))
    held_out = hold_out_rows(X, targets, 0.2, np.random.default_rng(0)).reshape(20, 30)
    by_block = held_out.all(axis=1)
    np.testing.assert_array_equal(by_block, held_out.any(axis=1))
    assert by_block.sum() == 4


def test_a_short_video_has_shorter_stretches():
    X = frames({"a.mp4": 40})
    targets = targets_of(np.tile([0, 1], 20))
    held_out = hold_out_rows(X, targets, 0.2, np.random.default_rng(0))
    assert 4 <= held_out.sum() <= 12
    assert np.count_nonzero(np.diff(held_out.astype(int))) <= 4


def test_the_only_stretch_with_a_class_is_not_held_out():
    X = frames({"a.mp4": 300})
    targets = targets_of(np.repeat([0, 1, 0], [150, 30, 120]))
    for seed in range(20):
        held_out = hold_out_rows(X, targets, 0.4, np.random.default_rng(seed))
        assert not held_out[150:180].any()


def test_held_out_rows_depend_on_the_generator_only():
    X = frames({"a.mp4": 600})
    targets = targets_of(np.tile([0, 1], 300))
    one, same, other = (
        hold_out_rows(X, targets, 0.2, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_nothing_to_hold_out():
    targets = np.array([[0], [1], [1]], np.float32)
    with pytest.raises(ValueError, match="of 3 rows leaves none to validate on"):
        hold_out_rows(np.zeros((3, 1)), targets, 0.01, np.random.default_rng(0))


def test_parts_are_equal_and_keep_stretches_whole():
    X = frames({"a.mp4": 300, "b.mp4": 300})
    targets = targets_of(np.tile(np.repeat([0, 1], 30), 10))
    parts = _assign_parts(X, targets, 5, np.random.default_rng(0)).reshape(20, 30)
    assert (parts == parts[:, :1]).all()
    np.testing.assert_array_equal(np.bincount(parts[:, 0]), 4)
    np.testing.assert_array_equal(np.bincount(parts[::2, 0]), 2)


def splits_of(X, y, cv):
    return make_cross_fitting_splits(X, y, targets_of(y), cv, np.random.default_rng(0))


def as_lists(splits):
    return [(list(train), list(test)) for train, test in splits]


@pytest.mark.parametrize(
    ("seconds", "units"),
    [
        # Whole videos where there are three, else blocks of 30 seconds.
        ({"a.mp4": 60, "b.mp4": 60, "c.mp4": 60}, np.repeat([0, 1, 2], 60)),
        ({"a.mp4": 120, "b.mp4": 60}, np.repeat(np.arange(6), 30)),
    ],
)
@pytest.mark.parametrize("cv", [3, GroupKFold(3), MultilabelStratifiedGroupKFold(3)])
def test_a_splitter_that_asks_for_groups_gets_those_of_a_number(seconds, units, cv):
    y = np.tile([0, 1], 90)
    splits = splits_of(frames(seconds), y, cv)
    assert len(splits) == 3
    for train, test in splits:
        assert not set(units[train]) & set(units[test])
        assert len(test) == 60
    np.testing.assert_array_equal(np.sort(np.concatenate([test for _, test in splits])), range(180))


def test_a_splitter_or_its_splits_are_taken_as_they_are():
    X, y = frames({"a.mp4": 60}), np.tile([0, 1], 30)
    for cv in (KFold(3), StratifiedKFold(3, shuffle=True, random_state=0)):
        expected = list(cv.split(X, y))
        masks = [tuple(np.isin(range(60), rows) for rows in split) for split in expected]
        for given in (cv, expected, iter(expected), masks):
            assert as_lists(splits_of(X, y, given)) == as_lists(expected)
    # What is left out between train and test is not trained on.
    gaps = [(range(20, 60), range(15)), (range(10), range(15, 60))]
    assert as_lists(splits_of(X, y, gaps)) == as_lists(gaps)
    assert len(splits_of(frames({f"{k}.mp4": 10 for k in range(6)}), y, LeaveOneGroupOut())) == 6


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([], "0 splits test 60 of 60 rows never"),
        ([(range(30, 60), range(30))], "1 splits test 30 of 60 rows never and 0 more than once"),
        ([(range(30, 60), range(30)), (range(20), range(20, 60))], "10 more than once"),
        ([(range(60), range(60))], "split 0 trains on 60 rows, 60 of the 60 tested"),
        ([(range(30, 60), range(30)), (np.arange(0), range(30, 60))], "split 1 trains on 0 rows"),
        ([(range(30, 60), range(30)), (range(30), [60])], "row numbers .* for 60 rows"),
        ([range(60)], "row numbers"),
        (KFold(60), "copies"),
    ],
)
def test_splits_that_do_not_predict_each_row_once_from_others(cv, message):
    X = frames({"a.mp4": 30})
    # Each frame twice, as a sampler that balances classes repeats them.
    X = pd.concat([X, X]) if isinstance(cv, KFold) else frames({"a.mp4": 60})
    with pytest.raises(ValueError, match=f"^cv: .*{message}"):
        splits_of(X, np.tile([0, 1], 30), cv)
