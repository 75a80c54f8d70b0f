import numpy as np
import pandas as pd
import pytest
from conftest import index_of

from sktime_screen.model_selection._held_out_rows import held_out_rows, parts_of_rows


def frames(seconds_by_video):
    index = index_of([(v, float(t), 1.0) for v, n in seconds_by_video.items() for t in range(n)])
    return pd.DataFrame(np.zeros((len(index), 1), np.float32), index=index)


def targets_of(codes):
    return np.eye(max(codes) + 1, dtype=np.float32)[codes]


def test_rows_without_times_are_held_out_by_class():
    targets = targets_of(np.repeat([0, 1, 2], [100, 50, 10]))
    held_out = held_out_rows(np.arange(160)[:, None], targets, 0.2, np.random.default_rng(0))
    np.testing.assert_array_equal(targets[held_out].sum(axis=0), [20, 10, 2])


def test_frames_are_held_out_in_stretches_of_30_seconds():
    X = frames({"a.mp4": 300, "b.mp4": 300})
    targets = targets_of(np.tile(np.repeat([0, 1], 15), 20))
    held_out = held_out_rows(X, targets, 0.2, np.random.default_rng(0)).reshape(20, 30)
    by_block = held_out.all(axis=1)
    np.testing.assert_array_equal(by_block, held_out.any(axis=1))
    assert by_block.sum() == 4


def test_a_short_video_has_shorter_stretches():
    X = frames({"a.mp4": 40})
    targets = targets_of(np.tile([0, 1], 20))
    held_out = held_out_rows(X, targets, 0.2, np.random.default_rng(0))
    assert 4 <= held_out.sum() <= 12
    assert np.count_nonzero(np.diff(held_out.astype(int))) <= 4


def test_the_only_stretch_with_a_class_is_not_held_out():
    X = frames({"a.mp4": 300})
    targets = targets_of(np.repeat([0, 1, 0], [150, 30, 120]))
    for seed in range(20):
        held_out = held_out_rows(X, targets, 0.4, np.random.default_rng(seed))
        assert not held_out[150:180].any()


def test_held_out_rows_depend_on_the_generator_only():
    X = frames({"a.mp4": 600})
    targets = targets_of(np.tile([0, 1], 300))
    one, same, other = (
        held_out_rows(X, targets, 0.2, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_nothing_to_hold_out():
    targets = np.array([[0], [1], [1]], np.float32)
    with pytest.raises(ValueError, match="of 3 rows leaves none to validate on"):
        held_out_rows(np.zeros((3, 1)), targets, 0.01, np.random.default_rng(0))


def test_parts_are_equal_and_keep_stretches_whole():
    X = frames({"a.mp4": 300, "b.mp4": 300})
    targets = targets_of(np.tile(np.repeat([0, 1], 30), 10))
    parts = parts_of_rows(X, targets, 5, np.random.default_rng(0)).reshape(20, 30)
    assert (parts == parts[:, :1]).all()
    np.testing.assert_array_equal(np.bincount(parts[:, 0]), 4)
    np.testing.assert_array_equal(np.bincount(parts[::2, 0]), 2)
