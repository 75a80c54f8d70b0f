"""VideoFrameSampler: which moments of a video are looked at."""

import os
import warnings
from numbers import Real
from typing import Self

import numpy as np
import pandas as pd

from .._defaults import SAMPLING_RATE
from .._sklearn import Interval, StrOptions, fit_context, num_samples
from .._targets import as_table
from ._container import VideoError, check_file
from ._demuxing import read_image_size
from ._frame_table import check_frame_table
from ._image_step import ImageStep
from ._sequence import FrameSequence
from ._timeline_reader import read_timeline

# Between the frames of a video and 1/rate, the median is off by half of itself at most.
_TOLERANCE = 1.6
# Videos have 7 frames a second or more.
_LONGEST_OF_VIDEOS = 0.15


class VideoFrameSampler(ImageStep):
    """Sample frames of videos by their presentation time.

    Takes the frames on screen at 0, 1/rate, 2/rate, ... seconds, so that each stands for an equal
    share of the video at any frame rate, constant or variable.

    Parameters
    ----------
    rate : float or None, default=1.0
        Frames a second to take; None takes every frame. A rate above the video's own takes every
        frame once.
    start, stop : float, optional
        The part of each video to sample, in seconds; by default all of it.
    on_error : {"raise", "warn", "skip"}, default="raise"
        What to do with a video that cannot be read: raise an error, leave it out with a warning,
        or leave it out silently.

    See Also
    --------
    ImageResizer : The step that usually comes next.
    load_label_csv : Frame tables with labels.

    Notes
    -----
    Times are those that a player shows. Time 0 is where the file begins, with its first image or
    its first sound. If the images begin after the sound, the first frame is sampled too, and
    nothing is counted before it. The duration of a frame lasts until the next sampled frame, or
    until the video ends. So durations add up to the time during which images are shown.

    Parameters apply to videos that are given as paths. The rows of a frame table are used as they
    are, and `fit` warns if they cannot have been sampled with `rate`, unless it is 1, or with
    `start` and `stop`.

    Examples
    --------
    >>> from sktime_screen import VideoFrameSampler
    >>> sampler = VideoFrameSampler(rate=2)
    >>> table = sampler.sample(["video.mp4"])  # doctest: +SKIP
    >>> frames = sampler.transform(table)  # doctest: +SKIP
    """

    _parameter_constraints = {
        "rate": [Interval(Real, 0, None, closed="neither"), None],
        "start": [Interval(Real, 0, None, closed="left"), None],
        "stop": [Interval(Real, 0, None, closed="neither"), None],
        "on_error": [StrOptions({"raise", "warn", "skip"})],
    }

    def __init__(self, rate=SAMPLING_RATE, *, start=None, stop=None, on_error="raise") -> None:
        self.rate = rate
        self.start = start
        self.stop = stop
        self.on_error = on_error

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Check the parameters, and that labels belong to frames.

        Parameters
        ----------
        X : DataFrame, path or list of paths
            A frame table, of pandas, polars or another library, or videos.
        y : array-like of shape (n_frames,) or (n_frames, n_characters), optional
            Labels. ``X`` must then be a frame table with one row a label.

        Returns
        -------
        self
            The sampler.

        Raises
        ------
        ValueError
            If labels come without a frame table, or not with one label a frame.
        """
        table = as_table(X)
        if table is not None:
            table = check_frame_table(table)
        elif isinstance(X, FrameSequence):
            table = X.table
        elif y is not None:
            _refuse_rows_without_names(X)
            raise ValueError(
                "Labels belong to frames, and videos were given: fit takes a frame table, as "
                "VideoFrameSampler(rate).sample(videos) or load_label_csv gives it."
            )
        if y is not None and num_samples(y) != len(X):
            raise ValueError(
                f"{len(X)} frames but {num_samples(y)} labels: one label a frame is expected."
            )
        if table is not None and len(table):
            self._warn_of_no_effect(table)
        return self

    def _warn_of_no_effect(self, table):
        """Warn of parameters by which the rows of a frame table cannot have been sampled."""
        times, durations = table["time"].to_numpy(), table["duration"].to_numpy()
        idle = []
        # Who leaves the default may mean other videos, to be measured later.
        if self.rate != 1.0 and not _can_be_of_rate(np.median(durations), self.rate):
            idle.append(f"rate={self.rate!r}")
        if self.start is not None and (times + durations <= self.start).any():
            idle.append(f"start={self.start!r}")
        if self.stop is not None and (times >= self.stop).any():
            idle.append(f"stop={self.stop!r}")
        if idle:
            warnings.warn(
                f"VideoFrameSampler({', '.join(idle)}) has no effect on a frame table, whose rows "
                f"are used as they are (here frames of {np.median(durations):g} s). It is for "
                f"videos that are given as paths. To compare values, as in a search, fit to a "
                f"table sampled with each.",
                stacklevel=4,
            )

    def sample(self, videos) -> pd.DataFrame:
        """Sample the frames of videos.

        Parameters
        ----------
        videos : path or list, array or Series of paths
            Videos.

        Returns
        -------
        pandas.DataFrame
            The frame table: ``video`` (path), ``time`` (presentation time, s) and ``duration`` (how
            long the frame counts, s), one video after the other, in the order of time.

        Raises
        ------
        FileNotFoundError, IsADirectoryError, VideoError
            If a video is missing or unreadable and ``on_error="raise"``; the message names it.
        ValueError
            If no video was given or can be read, or if a parameter is out of its range.
        """
        self._validate_params()
        if self.stop is not None and self.stop <= (self.start or 0):
            raise ValueError(f"start={self.start}, stop={self.stop}: stop has to be the later one.")
        paths = list_videos(videos)
        tables = []
        for path in paths:
            try:
                if self.on_error != "raise":
                    read_image_size(path)  # that packets are there does not say they can be decoded
                times, durations = read_timeline(path).sample(self.rate, self.start, self.stop)
            except (OSError, VideoError) as error:
                if self.on_error == "raise":
                    raise
                if self.on_error == "warn":
                    warnings.warn(f"Left out: {error}", RuntimeWarning, stacklevel=2)
                continue
            if not len(times):
                warnings.warn(
                    f"Left out: {path!r} has no frame between start={self.start} and "
                    f"stop={self.stop} s.",
                    RuntimeWarning,
                    stacklevel=2,
                )
                continue
            tables.append(pd.DataFrame({"video": path, "time": times, "duration": durations}))
        if not tables:
            names = ", ".join([*map(repr, paths[:3]), *["..."] * (len(paths) > 3)])
            limits = " in these limits" * (self.start is not None or self.stop is not None)
            raise ValueError(f"No video can be read{limits}: {names}.")
        return pd.concat(tables, ignore_index=True)

    def transform(self, X) -> FrameSequence:
        """Describe the frames as images to be decoded later.

        Parameters
        ----------
        X : DataFrame, path or list, array or Series of paths
            A frame table, of pandas, polars or another library, whose rows are kept one to one, or
            videos, which are sampled first.

        Returns
        -------
        FrameSequence
            Lazy images with their frame index.

        Raises
        ------
        FileNotFoundError, IsADirectoryError, VideoError
            If a video is missing or unreadable; the message names it.
        ValueError
            If the frame table lacks columns, or no video was given.
        """
        if isinstance(X, FrameSequence):
            return X
        if as_table(X) is None:
            return FrameSequence(self.sample(X))
        frames = FrameSequence(X)
        if "image" not in frames.table:
            for video in frames.table["video"].unique():
                check_file(video)
        return frames


def _can_be_of_rate(duration, rate):
    """Tell whether frames that mostly last so long (s) can have been sampled at a rate."""
    wanted = 0 if rate is None else 1 / rate
    if duration > _TOLERANCE * wanted:
        # A rate above the video's own takes every frame.
        return duration <= _LONGEST_OF_VIDEOS
    return duration > wanted / _TOLERANCE


def list_videos(videos) -> list[str]:
    """Return the paths of one or more videos as text."""
    if isinstance(videos, (str, os.PathLike)):
        return [os.fspath(videos)]
    if as_table(videos) is not None:
        raise ValueError(
            "A list of paths is expected, not a table: pass a frame table to "
            "VideoFrameSampler.transform."
        )
    _refuse_rows_without_names(videos)
    paths = np.asarray(videos, dtype=object).ravel().tolist()
    if not paths:
        raise ValueError("No video was given: the list is empty.")
    for path in paths:
        if not isinstance(path, (str, os.PathLike)):
            raise ValueError(
                f"{path!r} is not a path: videos are given as paths, or as a frame table with the "
                f"columns 'video', 'time' and 'duration'."
            )
    return [os.fspath(path) for path in paths]


def _refuse_rows_without_names(X):
    """Refuse what is left of a frame table where a step before has made an array of it."""
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.shape[1] > 1:
        raise ValueError(
            f"X is an array of the shape {X.shape}, expected a frame table with the columns "
            f"'video', 'time' and 'duration', or a list of videos. BaggingClassifier and others "
            f"that draw rows or columns make arrays of tables: put them inside the pipeline, "
            f"around the classifier of features and not around the video steps."
        )
