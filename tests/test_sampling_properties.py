"""Sampled frames of videos of every kind of frame rate, against a plain reckoning in fractions.

The images carry a code that proves which frame of the source each of them is.
"""

import itertools
import tempfile
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import pytest
from conftest import read_code, write_coded_video
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sktime_screen import VideoFrameSampler
from sktime_screen.video._timeline_reader import read_timeline

CONSTANT = [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25), Fraction(60), Fraction(10)]
MILLISECOND = Fraction(1, 1000)  # the tick of videos of variable frame rate
RATES = [None, "0.5", "1", "2", "3", "7.3", "12.5", "29.97", "100"]

careful = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def videos(draw):
    """Presentation times in ticks from 0, the tick in seconds, and how to encode the video."""
    n_frames = draw(st.integers(1, 90))
    fps = draw(st.sampled_from([*CONSTANT, "variable"]))
    if fps == "variable":
        time_base = MILLISECOND
        gaps = draw(st.lists(st.integers(5, 400), min_size=n_frames - 1, max_size=n_frames - 1))
        ticks = np.cumsum([0, *gaps])
    else:
        time_base = 1 / fps
        ticks = np.arange(n_frames)
    how = {
        "gop": draw(st.sampled_from([1, 7, 12, 30, 250])),
        "b_frames": draw(st.integers(0, 4)),
        "options": {"x264-params": f"open-gop={draw(st.integers(0, 1))}", "preset": "veryfast"},
    }
    return ticks, time_base, draw(st.sampled_from([0, 0, 1, 40])), how


def write(video, folder):
    ticks, time_base, offset, how = video
    return write_coded_video(Path(folder) / "video.mp4", ticks + offset, time_base, **how)


def reckon(times, end, rate, start, stop):
    """Numbers, times and durations of the frames on screen at start + k / rate."""
    begin = Fraction(start or 0)
    end = min(end, Fraction(stop)) if stop is not None else end
    if begin >= end:
        return [], [], []
    if rate is None:
        moments = [begin, *(time for time in times if begin < time < end)]
    else:
        moments = [begin + k / Fraction(rate) for k in range(ceil((end - begin) * Fraction(rate)))]
    numbers = sorted({max(n for n, time in enumerate(times) if time <= m) for m in moments})
    bounds = [*(max(times[number], begin) for number in numbers), end]
    durations = [after - before for before, after in itertools.pairwise(bounds)]
    return numbers, [times[number] for number in numbers], durations


seconds = st.one_of(st.none(), st.integers(1, 400).map(lambda hundredths: hundredths / 100))


@pytest.mark.filterwarnings("ignore:Left out")
@careful
@given(videos(), st.sampled_from(RATES), seconds, seconds)
def test_sampled_frames_are_those_on_screen(video, rate, start, stop):
    with tempfile.TemporaryDirectory() as folder:
        path = write(video, folder)
        ticks, time_base, _, _ = video
        times = [int(tick) * time_base for tick in ticks]
        length = Fraction(read_timeline(path).length).limit_denominator(10**6)
        if time_base != MILLISECOND:  # else only the encoder knows how long the last frame stands
            assert abs(length - times[-1] - time_base) < Fraction(1, 10**6)
        assert length > times[-1]
        sampler = VideoFrameSampler(None if rate is None else float(rate), start=start, stop=stop)
        bounds = [None if bound is None else str(bound) for bound in (start, stop)]
        numbers, begins, durations = reckon(times, length, rate, *bounds)
        if not numbers:
            with pytest.raises(ValueError, match="stop"):
                sampler.sample(path)
            return
        table = sampler.sample(path)
        np.testing.assert_allclose(table["time"], np.array(begins, float), atol=1e-6)
        np.testing.assert_allclose(table["duration"], np.array(durations, float), atol=2e-6)
        images = np.asarray(sampler.transform(table))
        assert [read_code(image) for image in images] == numbers


@careful
@given(videos(), st.randoms(use_true_random=False))
def test_rows_in_any_order_give_the_images_of_a_sequential_reading(video, random):
    with tempfile.TemporaryDirectory() as folder:
        sampler = VideoFrameSampler(None)
        sequence = sampler.transform(write(video, folder))
        whole = np.asarray(sequence)
        n_frames = len(video[0])
        assert [read_code(image) for image in whole] == list(range(n_frames))
        rows = random.choices(range(n_frames), k=random.randint(1, 2 * n_frames))
        np.testing.assert_array_equal(np.asarray(sequence[rows]), whole[rows])
        first = random.randrange(n_frames)
        part = slice(first, None, random.randint(1, 9))
        np.testing.assert_array_equal(np.asarray(sequence[part]), whole[part])
        backwards = slice(None, None, -1)
        np.testing.assert_array_equal(np.asarray(sequence[backwards]), whole[backwards])
