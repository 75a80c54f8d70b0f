"""The demo film: a cat and a mouse, drawn by the package, with known truth."""

import math
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from numbers import Integral, Rational, Real
from pathlib import Path

import av
import numpy as np
import pandas as pd

from .._files import written_whole
from ._director import plan_shots
from ._shots import CHARACTERS
from ._stage import Stage

# A character is on screen when a quarter of what is drawn of it is seen, and no less than this
# share of the picture, which is 15 x 15 pixels of the default size.
_SEEN_OF_CHARACTER = 0.25
_SEEN_OF_PICTURE = 0.001


def make_cartoon_film(path, seconds=60.0, seed=0, *, size=(360, 640), fps=24) -> pd.DataFrame:
    """Draw a film with a cat and a mouse in it, and say who is on screen in every frame.

    The two are alone, together or absent, over changing places, with cuts, camera moves, furniture
    that hides them, and other creatures and things about. Films of different seeds have different
    places, shots and colours, but the same cat and mouse. The memory it takes does not grow with
    the length of the film.

    Parameters
    ----------
    path : str or path-like
        The file to write, ending in ``.mp4``; a file that is there already is replaced once the
        new one is complete.
    seconds : float, default=60.0
        Length of the film. Shots last 1.5 to 6 seconds, and less in a film shorter than half a
        minute, so that there is always something to see.
    seed : int, default=0
        Everything about the film follows from it.
    size : tuple of int, default=(360, 640)
        Height and width of the picture in pixels; even numbers of at least 32.
    fps : int, float or fractions.Fraction, default=24
        Frames a second; ``Fraction(30000, 1001)`` is exactly that.

    Returns
    -------
    DataFrame of shape (n_frames, 5)
        The truth, a row a frame: `video` (the path as given), `time` (s, when the frame is
        shown), `duration` (s), and `cat` and `mouse`, 1 where the character is on screen and 0
        where it is not. It is on screen when at least a quarter of what is drawn of it lies
        inside the picture and is not hidden by something in front, and when this covers at least
        a thousandth of the picture. This is measured on the drawing, pixel by pixel.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    OSError
        If the folder is missing or cannot be written in.

    Notes
    -----
    The video is H.264 (MPEG-4 part 2 where PyAV was built without an H.264 encoder) with a key
    frame every two seconds, in yuv420p.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sktime_screen.datasets import make_cartoon_film
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     truth = make_cartoon_film(Path(folder) / "film.mp4", 2, size=(90, 160), fps=12)
    >>> truth.shape
    (24, 5)
    >>> list(truth.columns)
    ['video', 'time', 'duration', 'cat', 'mouse']
    """
    seconds, rate, size = _checked(seconds, seed, size, fps)
    n_frames = max(1, round(Fraction(seconds) * rate))
    height, width = size
    shots = plan_shots(np.random.default_rng(seed), n_frames, float(rate), width / height)
    if Path(path).suffix.lower() != ".mp4":
        raise ValueError(f"The film is an MP4 file: path must end in .mp4, got {str(path)!r}.")
    with written_whole(path) as unfinished:
        on_screen = _film(unfinished, shots, size, rate)
    times = np.arange(n_frames)
    return pd.DataFrame(
        {
            "video": str(path),
            "time": times * rate.denominator / rate.numerator,
            "duration": float(1 / rate),
            **dict(zip(CHARACTERS, np.array(on_screen, dtype=np.int64).T, strict=True)),
        }
    )


def _film(path, shots, size, rate):
    height, width = size
    smallest = _SEEN_OF_PICTURE * height * width
    on_screen = []
    # One frame is encoded while the next is drawn.
    with av.open(path, "w", format="mp4") as container, ThreadPoolExecutor(1) as worker:
        stream = _add_stream(container, size, rate)

        def encode(picture, number):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))

        encoded = None
        for shot in shots:
            stage = Stage(shot, size, float(rate))
            for number in range(shot.n_frames):
                picture, seen = stage.frame(number)
                if encoded is not None:
                    encoded.result()
                encoded = worker.submit(encode, picture, len(on_screen))
                on_screen.append(
                    [
                        name in seen
                        and seen[name][0] >= max(smallest, _SEEN_OF_CHARACTER * seen[name][1])
                        for name in CHARACTERS
                    ]
                )
        encoded.result()
        container.mux(stream.encode(None))
    return on_screen


def _add_stream(container, size, rate):
    if "libx264" in av.codecs_available:
        stream = container.add_stream("libx264", rate=rate)
        # What x264 writes depends on the number of threads, which must not depend on the machine,
        # and with mbtree differs from time to time.
        stream.options = {"preset": "veryfast", "crf": "22", "threads": "1", "mbtree": "0"}
    else:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.options = {"qscale": "3"}
    stream.height, stream.width = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = 1 / rate
    stream.codec_context.gop_size = max(1, round(2 * rate))
    return stream


def _checked(seconds, seed, size, fps):
    if not isinstance(seconds, Real) or not 0 < seconds < math.inf:
        raise ValueError(f"seconds must be a number above 0, got {seconds!r}.")
    if not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed must be an integer of at least 0, got {seed!r}.")
    if not isinstance(fps, Real) or not 0 < fps < math.inf:
        raise ValueError(f"fps must be a number of frames a second above 0, got {fps!r}.")
    try:
        height, width = size
    except (TypeError, ValueError):
        height = width = None
    for length in (height, width):
        if not isinstance(length, Integral) or length < 32 or length % 2:
            raise ValueError(
                "size must be (height, width) in pixels, two even integers of at least 32 "
                f"(yuv420p stores colour for 2 x 2 pixels), got {size!r}."
            )
    # A float that was meant as 24000/1001 becomes exactly that again.
    rate = fps if isinstance(fps, Rational) else float(fps)
    return float(seconds), Fraction(rate).limit_denominator(1001), (int(height), int(width))
