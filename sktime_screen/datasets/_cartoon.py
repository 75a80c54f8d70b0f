"""The demo video: a cat and a mouse, drawn by the package, with known truth."""

import math
from collections import Counter
from fractions import Fraction
from numbers import Integral, Rational, Real
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd

from .._atomic_files import write_atomically
from ._drawings import PLACES, Actor, Shot, draw_frames

_TALL = {"cat": 50, "mouse": 36}  # units of the drawing


def make_cartoon_video(path, seconds=60.0, seed=0, *, size=(360, 640), fps=24) -> pd.DataFrame:
    """Draw a video with a cat and a mouse in it, and say who is on screen in every frame.

    The two are alone, together or absent, over changing places, with cuts, camera moves, things
    that hide them, and other creatures. Videos of different seeds have different places, shots and
    colours, but the same cat and mouse. Memory does not grow with the length of the video.

    Parameters
    ----------
    path : str or path-like
        The file to write, ending in ``.mp4``, or to replace, once all is written: H.264 (MPEG-4
        part 2 where PyAV has no encoder for it) in yuv420p, a key frame every two seconds.
    seconds : float, default=60.0
        Length of the video. Shots last 1.5 to 6 seconds, and less in a video of under half a
        minute.
    seed : int, default=0
        Everything about the video follows from it.
    size : tuple of int, default=(360, 640)
        Height and width of the image in pixels; even numbers of at least 32.
    fps : int, float or fractions.Fraction, default=24
        Frames a second; ``Fraction(30000, 1001)`` is exactly that.

    Returns
    -------
    DataFrame of shape (n_frames, 5)
        The truth, a row a frame: `video` (the path as given), `time` (s, when the frame is
        shown), `duration` (s), and `cat` and `mouse`, 1 where the character is on screen and 0
        where it is not. It is on screen when at least a quarter of what is drawn of it lies
        inside the image and is not hidden by something in front, and when this covers at least
        a thousandth of the image. This is measured on the drawing, pixel by pixel.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    OSError
        If the folder is missing or cannot be written in.

    Examples
    --------
    >>> import tempfile
    >>> from sktime_screen.datasets import make_cartoon_video
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     truth = make_cartoon_video(f"{folder}/video.mp4", 2, size=(90, 160), fps=12)
    >>> truth.shape
    (24, 5)
    """
    seconds, rate, size = _check(seconds, seed, size, fps)
    n_frames = max(1, round(Fraction(seconds) * rate))
    shots = plan_shots(np.random.default_rng(seed), n_frames, float(rate), size[1] / size[0])
    if Path(path).suffix.lower() != ".mp4":
        raise ValueError(f"The video is an MP4 file: path must end in .mp4, got {str(path)!r}.")
    with write_atomically(path) as unfinished:
        truth = pd.DataFrame(_video(unfinished, shots, size, rate), dtype=np.int64)
    times = np.arange(n_frames) * rate.denominator / rate.numerator
    moments = {"video": str(path), "time": times, "duration": float(1 / rate)}
    return pd.concat([pd.DataFrame(moments), truth], axis=1)


def _video(path, shots, size, rate):
    on_screen = []
    with av.open(path, "w", format="mp4") as container:
        has_h264 = "libx264" in av.codecs_available
        stream = container.add_stream("libx264" if has_h264 else "mpeg4", rate=rate)
        # What x264 writes depends on the number of threads, which must not depend on the machine,
        # and with mbtree differs from time to time.
        h264 = {"preset": "superfast", "crf": "22", "threads": "1", "mbtree": "0"}
        stream.options = h264 if has_h264 else {"qscale": "3"}
        (stream.height, stream.width), stream.pix_fmt = size, "yuv420p"
        stream.codec_context.time_base = 1 / rate
        stream.codec_context.gop_size = max(1, round(2 * rate))
        for image, seen in (frame for shot in shots for frame in draw_frames(shot, size, rate)):
            planes = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = len(on_screen), 1 / rate
            container.mux(stream.encode(frame))
            counts = {name: seen.get(name, (0, 1)) for name in _TALL}
            least = size[0] * size[1] / 1000
            on_screen.append({name: n >= max(least, of / 4) for name, (n, of) in counts.items()})
        container.mux(stream.encode(None))
    return on_screen


def _check(seconds, seed, size, fps):
    if not isinstance(seconds, Real) or not 0 < seconds < math.inf:
        raise ValueError(f"seconds must be a number above 0, got {seconds!r}.")
    if not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed must be an integer of at least 0, got {seed!r}.")
    if not isinstance(fps, Real) or not 0 < fps < math.inf:
        raise ValueError(f"fps must be a number of frames a second above 0, got {fps!r}.")
    lengths = tuple(size) if np.iterable(size) else ()
    if len(lengths) != 2 or any(not isinstance(n, Integral) or n < 32 or n % 2 for n in lengths):
        expected = "size must be (height, width) in pixels, two even integers of at least 32"
        raise ValueError(f"{expected} (yuv420p stores colour for 2 x 2 pixels), got {size!r}.")
    # A float that was meant as 24000/1001 becomes exactly that again.
    rate = fps if isinstance(fps, Rational) else float(fps)
    return float(seconds), Fraction(rate).limit_denominator(1001), tuple(map(int, lengths))


def plan_shots(rng, n_frames, fps, aspect):
    """Write the script of a video: a list of shots. `aspect` is the width over the height."""
    places = [(str(name), int(rng.integers(2**31))) for name in [*PLACES, *PLACES]]
    # A short video is cut faster, so that everything can happen in it.
    pace = fps * min(1.0, n_frames / fps / 30)
    shortest, longest = max(1, round(1.5 * pace)), max(1, round(6 * pace))
    shares = np.clip(rng.dirichlet((9, 9, 10, 6)), 0.14, None)
    given, times, shots = np.zeros(4), Counter(), []
    while n_frames:
        length = shortest + round((longest - shortest) * rng.beta(1.0, 3.2))
        length = n_frames if n_frames <= longest else min(length, n_frames - shortest)
        # The video has its own shares of who is there, and each shot goes where most is missing.
        missing = shares / shares.sum() * (given.sum() + length) - given
        cast = int(np.argmax(missing + rng.uniform(0, 0.5 * length, 4)))
        given[cast], n_frames = given[cast] + length, n_frames - length
        # Everybody comes to every place, and no place comes twice in a row.
        others = [place for place in places if not shots or place[0] != shots[-1].place[0]]
        order = {at: (times[at, cast], times[at], rng.random()) for at in others}
        place = min(others, key=order.get)
        times.update([place, (place, cast)])
        who = (("cat",), ("mouse",), ("cat", "mouse"), ())[cast]
        shots.append(_plan_shot(rng, place, length, length / fps, aspect, who))
    return shots


def _plan_shot(rng, place, n_frames, seconds, aspect, cast):
    ground = rng.uniform(76, 94)
    near = 0.62 + 0.02 * (ground - 76)  # who stands lower is nearer, and larger
    tall = near * max((_TALL[name] for name in cast), default=45)
    height = max(tall * (1.15 + 1.3 * rng.beta(1, 1.4)), 90 * near / aspect * (len(cast) == 2))
    height = min(height, 100, 210 / aspect)
    top = float(np.clip(ground - rng.uniform(0.4, 0.62) * tall - height / 2, 0, 100 - height))
    width = height * aspect
    pan = float(rng.choice([-1, 0, 0, 1]) * rng.uniform(0.06, 0.15) * width)
    left = rng.uniform(max(0, -pan) - 125, 125 - width - max(0, pan))
    side, actors = rng.choice([-1, 1]), []

    def put(name, size, x, y, times=(0,), rest="", flip=False):
        xs, ys = (tuple(np.broadcast_to(ends, len(times)).tolist()) for ends in (x, y))
        actors.append(Actor(str(name), size, times, xs, ys, str(rest), bool(flip)))

    for name in cast:
        side, spot = -side, rng.uniform(0.2, 0.3) if len(cast) == 2 else rng.uniform(0, 0.2)
        x, y = left + (width + pan) / 2 + side * spot * width, ground + rng.uniform(-2, 2)
        out = rng.choice([-1, 1]) * (0.75 * width + 30 * near)
        away = x - out, x + out
        begun, tall, way = seconds * rng.uniform(0.35, 0.6), near * _TALL[name], rng.random()
        times, rest = (0, begun, seconds), rng.choice(["front", "walk"])
        if way < 0.38:  # crosses, enters or leaves
            x = ((away[0], x, away[1]), (away[0], x, x), (x, x, away[1]))[rng.integers(3)]
        elif way < 0.48:  # comes up from behind something
            low, times = y + 0.5 * tall, (0, begun / 2, begun / 2 + 0.4, seconds)
            put(PLACES[place[0]][1][0], tall / 26, x, low + 3)
            y, rest = (low, low, y, y), "front"
        elif way < 0.7:
            cover = rng.choice(PLACES[place[0]][1])
            put(
                cover, 0.9 if cover == "post" else tall / 60, x + rng.uniform(-26, 26) * near, y + 3
            )
        put(name, near, x, y, times, rest, out < 0)
    if rng.random() < (0.25 if cast else 0.5):
        ends = rng.uniform(left, left + width, 2)
        put(rng.choice(["bird", "ball"]), near, ends, ground + rng.uniform(-5, 3), (0, seconds))
    return Shot(n_frames, place, left, top, height, pan, tuple(actors))
