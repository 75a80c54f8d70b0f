import numpy as np
import pandas as pd
import pytest

from sktime_screen import ScreenTimeAggregator
from sktime_screen.datasets import make_cartoon_video
from sktime_screen.model_selection import shot_groups
from sktime_screen.screentime._smoothing import find_viterbi_path, smooth_by_shot
from sktime_screen.video import VideoFrameSampler, make_frame_index


def index_of(times, video="a", duration=1.0):
    return pd.MultiIndex.from_arrays(
        [np.broadcast_to(video, len(times)), np.asarray(times, float), [duration] * len(times)],
        names=["video", "time", "duration"],
    )


def two(present):
    present = np.asarray(present, dtype=np.float64)
    return np.stack([1 - present, present], axis=1)


def by_trial(scores, times, window):
    """Try every sequence."""
    n_frames, n_classes = scores.shape
    stay = np.exp(-np.diff(times) / window)
    best, path = -np.inf, None
    for codes in np.ndindex(*[n_classes] * n_frames):
        same = np.equal(codes[1:], codes[:-1])
        changes = np.where(same, stay + (1 - stay) / n_classes, (1 - stay) / n_classes)
        total = scores[np.arange(n_frames), codes].sum() + np.log(changes).sum()
        if total > best:
            best, path = total, codes
    return list(path)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_viterbi_finds_the_best_of_all_paths(n_classes, seed):
    rng = np.random.default_rng(seed)
    scores = np.log(rng.dirichlet(np.ones(n_classes), 7))
    times = np.cumsum(rng.uniform(0.8, 1.2, 7))
    path = find_viterbi_path(scores, index_of(times), window=2.0)
    assert path.tolist() == by_trial(scores, times, 2.0)


def test_viterbi_on_paper():
    """One doubtful frame among sure ones is outvoted; a sure one is not."""
    # Two changes cost 2 x 0.77 = 2 log((1 + e^-1) / (1 - e^-1)); odds of 0.6 gain 0.41, of 0.9 2.2.
    index = index_of(range(3))
    assert find_viterbi_path(np.log(two([0.1, 0.6, 0.1])), index, 1.0).tolist() == [0, 0, 0]
    assert find_viterbi_path(np.log(two([0.1, 0.9, 0.1])), index, 1.0).tolist() == [0, 1, 0]


def test_viterbi_never_crosses_videos_or_gaps():
    scores = np.log(two([0.1, 0.1, 0.6]))
    for index in [
        index_of([0, 1, 60]),
        index_of([0, 1]).append(index_of([2], video="b")),
    ]:
        assert find_viterbi_path(scores, index, 5.0).tolist() == [0, 0, 1]


def test_viterbi_of_repeated_rows():
    scores = np.log(two([0.1, 0.1, 0.1, 0.9, 0.9]))
    path = find_viterbi_path(scores, index_of([0, 0, 1, 2, 2]), 0.1)
    assert path.tolist() == [0, 0, 0, 1, 1]


@pytest.fixture(scope="module")
def cartoon(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("video") / "video.mp4")
    make_cartoon_video(path, seconds=20, size=(180, 320))
    return VideoFrameSampler(rate=2).sample(path)


def test_frames_of_a_shot_share_their_mean(cartoon):
    rng = np.random.default_rng(0)
    probabilities = rng.random((len(cartoon), 2))
    shots = shot_groups(cartoon)
    assert len(np.unique(shots)) > 2
    smoothed = smooth_by_shot(probabilities, make_frame_index(cartoon))
    for shot in np.unique(shots):
        durations = cartoon["duration"].to_numpy()[shots == shot]
        mean = np.average(probabilities[shots == shot], axis=0, weights=durations)
        np.testing.assert_allclose(smoothed[shots == shot], np.tile(mean, (len(durations), 1)))


@pytest.mark.parametrize("smoothing", ["median", "shot", "viterbi"])
@pytest.mark.parametrize("correction", [None, "calibrated", "averaged", "acc", "pacc", "em"])
def test_seconds_add_up_to_the_video_whatever_is_done(cartoon, smoothing, correction):
    cartoon = cartoon[:20]
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        rng.dirichlet(np.ones(3), len(cartoon)),
        index=make_frame_index(cartoon),
        columns=["cat", "mouse", "nobody"],
    )
    y = rng.choice(["cat", "mouse", "nobody"], len(X))
    aggregator = ScreenTimeAggregator(smoothing=smoothing, correction=correction).fit(X, y)
    seconds = aggregator.transform(X)
    assert seconds.to_numpy().sum() == pytest.approx(cartoon["duration"].sum(), abs=1e-9)
    shares = aggregator.predict_proba(X).sum(axis=1)
    np.testing.assert_allclose(shares, 1)


def test_corrected_shares_survive_smoothing():
    """Correction comes first: smoothing may move who is shown when, but hardly for how long."""
    rng = np.random.default_rng(1)
    truth = np.tile(np.repeat([[0, 1], [1, 1], [0, 0], [0, 1]], 20, axis=0), (6, 1))
    values = np.clip(rng.normal(0.3 + 0.4 * truth, 0.15), 0.01, 0.99)
    table = pd.DataFrame({"video": "a.mp4", "time": np.arange(len(truth)) / 4, "duration": 0.25})
    X = pd.DataFrame(values, index=make_frame_index(table), columns=["cat", "mouse"])
    y = pd.DataFrame(truth, columns=["cat", "mouse"])
    seconds = [
        ScreenTimeAggregator(correction="calibrated", smoothing=smoothing, window=1.0)
        .fit(X, y)
        .transform(X)
        .iloc[0]
        for smoothing in (None, "median", "viterbi")
    ]
    for smoothed in seconds[1:]:
        np.testing.assert_allclose(smoothed, seconds[0], atol=1.0)


@pytest.mark.parametrize("smoothing", ["median", "shot", "viterbi"])
def test_frames_that_come_twice_count_once(cartoon, smoothing):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.random((len(cartoon), 2)), index=make_frame_index(cartoon))
    y = rng.integers(0, 2, X.shape)
    aggregator = ScreenTimeAggregator(smoothing=smoothing, correction="calibrated").fit(X, y)
    rows = rng.permutation(np.append(np.arange(len(X)), rng.integers(0, len(X), len(X))))
    np.testing.assert_array_equal(aggregator.predict(X.iloc[rows]), aggregator.predict(X)[rows])
