import numpy as np
import pandas as pd
import pytest

from sktime_screen import VideoFrameSampler, shot_groups
from sktime_screen.datasets import make_cartoon_video
from sktime_screen.datasets._cartoon import plan_shots
from sktime_screen.model_selection import shot_boundaries


@pytest.fixture(scope="module")
def cartoon(tmp_path_factory):
    """A video and the times of its cuts, as its script has them."""
    path = str(tmp_path_factory.mktemp("shots") / "video.mp4")
    make_cartoon_video(path, seconds=30, seed=2, size=(90, 160), fps=12)
    shots = plan_shots(np.random.default_rng(2), 360, 12.0, 160 / 90)
    return path, np.cumsum([0] + [shot.n_frames for shot in shots[:-1]]) / 12


def test_cuts_are_found_to_the_frame(cartoon):
    path, cuts = cartoon
    assert len(cuts) > 5
    np.testing.assert_allclose(shot_boundaries(path), cuts)


def test_cuts_are_found_among_sampled_frames(cartoon):
    path, cuts = cartoon
    found = shot_boundaries(path, rate=2)
    # Each cut is seen at the next sampled frame.
    np.testing.assert_allclose(found, np.unique(np.ceil(cuts * 2 - 1e-9) / 2))


def test_groups_follow_the_rows_and_tell_videos_apart(cartoon, video):
    path, cuts = cartoon
    table = VideoFrameSampler(rate=2).sample(path)
    groups = shot_groups(table)
    expected = np.searchsorted(cuts, table["time"] + 1e-9, side="right") - 1
    np.testing.assert_array_equal(pd.factorize(groups)[0], pd.factorize(expected)[0])
    shuffled = table.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(shot_groups(shuffled), groups[shuffled.index])
    both = pd.concat([table, VideoFrameSampler(rate=1).sample(video)])
    groups = shot_groups(both)
    assert not set(groups[: len(table)]) & set(groups[len(table) :])


def test_one_frame_is_one_shot(video):
    assert shot_groups(VideoFrameSampler(stop=0.5).sample(video)).tolist() == [0]
