import numpy as np
import pytest

from sktime_screen.screentime._intervals import _Blocks, compute_seconds_interval


def calibration(rng, n_videos=1, n_blocks=40, length=10, video_effect=0.0, errors=(0.2, 0.4)):
    """Errors that a block's frames share, as do a video's: (errors, durations, blocks, videos)."""
    videos = np.repeat(np.arange(n_videos), n_blocks * length)
    blocks = np.arange(n_videos * n_blocks).repeat(length)
    common = rng.normal(0, video_effect, (n_videos, 1)) + np.zeros((1, len(errors)))
    off = rng.normal(0, errors, (n_videos * n_blocks, len(errors)))
    return off[blocks] + common[videos], np.ones(len(blocks)), blocks, videos


def test_interval_of_errors_that_blocks_share():
    """Of 400 s in 40 blocks of ten: the video's errors, and as much for the mean error's."""
    rng = np.random.default_rng(0)
    errors, durations, blocks, _ = calibration(rng)
    spread = np.sqrt(40 + 40) * 10 * errors[::10].std(axis=0, ddof=1)
    low, high = compute_seconds_interval(
        np.ones(400), np.full((400, 2), 0.5), errors, durations, blocks, random_state=0
    )
    np.testing.assert_allclose(high - low, 2 * 1.645 * spread, rtol=0.1)
    np.testing.assert_allclose((high + low) / 2, 200 - 400 * errors.mean(axis=0), atol=5)
    narrow = compute_seconds_interval(
        np.ones(400), np.full((400, 2), 0.5), errors, durations, np.arange(400), random_state=0
    )
    np.testing.assert_allclose(narrow[1] - narrow[0], (high - low) / np.sqrt(10), rtol=0.2)


def test_seconds_are_not_sure_where_no_error_was_seen():
    durations, shown = np.ones(400), np.repeat([[1, 0]], 400, axis=0)
    shown[200:] = 0
    few, many = (
        compute_seconds_interval(durations, shown, np.zeros((n, 2)), np.ones(n), np.arange(n) // 10)
        for n in (40, 4000)
    )
    assert few[0][0] < many[0][0] < 200 < many[1][0] < few[1][0]
    assert (few[0][1], many[0][1]) == (0, 0)
    assert 0 < many[1][1] < few[1][1] < 40


def test_limits_stay_within_the_video():
    rng = np.random.default_rng(0)
    errors, durations, blocks, _ = calibration(rng, errors=(3.0, 3.0))
    low, high = compute_seconds_interval(
        np.full(50, 0.5), np.tile([0.02, 0.98], (50, 1)), errors, durations, blocks, random_state=0
    )
    assert low[0] == 0
    assert high[1] == 25


def test_videos_are_drawn_and_then_their_blocks():
    """Videos that are off by -1 and 1 throughout: the mean of four varies as that of four draws."""
    videos, blocks = np.arange(4).repeat(20), np.arange(8).repeat(10)
    errors = np.array([-1.0, -1.0, 1.0, 1.0])[videos, None]
    calibration = _Blocks(errors, np.ones(80), blocks, videos)
    means = calibration.draw_means(2000, np.random.default_rng(0))
    assert means.std() == pytest.approx(1 / np.sqrt(4), rel=0.05)


def test_repeatable():
    rng = np.random.default_rng(0)
    given = (np.ones(40), np.full((40, 2), 0.5), *calibration(rng)[:3])
    np.testing.assert_array_equal(
        compute_seconds_interval(*given, random_state=3),
        compute_seconds_interval(*given, random_state=3),
    )


@pytest.mark.parametrize(
    ("n_videos", "n_blocks", "video_effect"),
    [(1, 40, 0.0), (6, 40, 0.1), (3, 2, 0.2), (6, 1, 0.2)],
)
def test_covers_the_truth(n_videos, n_blocks, video_effect):
    """Nominal 90 %, videos and blocks drawn anew each time."""
    rng = np.random.default_rng(5)
    covered, repeats = np.zeros(2), 150
    for _ in range(repeats):
        errors, durations, blocks, videos = calibration(
            rng, n_videos, n_blocks, video_effect=video_effect
        )
        new = calibration(rng, video_effect=video_effect)[0]
        truth = 200 - new.sum(axis=0)
        low, high = compute_seconds_interval(
            np.ones(400),
            np.full((400, 2), 0.5),
            errors,
            durations,
            blocks,
            videos=videos,
            n_resamples=200,
            random_state=rng,
        )
        covered += (low <= truth) & (truth <= high)
    # Where videos are one block each, what is due to blocks counts as due to videos.
    most = 0.99 if n_blocks == 1 else 0.97
    assert ((covered / repeats > 0.83) & (covered / repeats < most)).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"durations": [1.0]}, "2 rows of contributions"),
        ({"contributions": [0.5, np.nan]}, "finite"),
        ({"errors": np.zeros((4, 2))}, "2 columns of errors"),
        ({"blocks": [0, 0, 1]}, "4 rows"),
        ({"blocks": [0, 0, 0, 0]}, "two blocks or more"),
    ],
)
def test_refuses(changed, message):
    given = {
        "durations": [1.0, 1.0],
        "contributions": [0.5, 0.5],
        "errors": np.zeros(4),
        "error_durations": np.ones(4),
        "blocks": [0, 0, 1, 1],
    }
    with pytest.raises(ValueError, match=message):
        compute_seconds_interval(**(given | changed))
