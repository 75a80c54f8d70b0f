"""TimelineDisplay: who was on screen when."""

from typing import Self

import numpy as np
import pandas as pd

from .._targets import aligned_indicators, indicator_table
from ..screentime import appearance_table
from ..video import is_frame_index
from ._pipeline_parts import parts_of

# How opaque an appearance of no confidence is drawn.
_PALEST = 0.3


class TimelineDisplay:
    """Plot when each character is on screen, a row a character.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    appearances : pandas.DataFrame
        As :meth:`ScreenTimeAggregator.appearances` gives it, of one video; the lower the
        ``confidence``, the paler they are drawn.
    characters : list
        Who gets a row, on screen or not.
    limits : tuple of float
        Where the video begins and ends (s).
    truth : pandas.DataFrame, optional
        Appearances as labelled.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes of the last plot.
    figure_ : matplotlib.figure.Figure
        The figure of the last plot.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktime_screen import TimelineDisplay
    >>> index = pd.MultiIndex.from_tuples(
    ...     [("video.mp4", 0.0, 1.0), ("video.mp4", 1.0, 1.0)], names=["video", "time", "duration"]
    ... )
    >>> display = TimelineDisplay.from_predictions(index, ["tom", "jerry"])
    >>> display.appearances[["character", "start", "end"]].to_numpy().tolist()
    [['jerry', 1.0, 2.0], ['tom', 0.0, 1.0]]
    """

    def __init__(self, appearances, characters, limits, truth=None) -> None:
        self.appearances = appearances
        self.characters = characters
        self.limits = limits
        self.truth = truth

    @classmethod
    def from_estimator(cls, pipeline, X, y=None, *, ax=None) -> Self:
        """Plot what a fitted pipeline sees in a video.

        Parameters
        ----------
        pipeline : sklearn.pipeline.Pipeline
            Fitted, with a ScreenTimeAggregator at its end.
        X : path or pandas.DataFrame
            One video, or its frame table.
        y : array-like of shape (n_frames,) or (n_frames, n_characters), optional
            Labels of the rows of ``X``, drawn beside the predictions.
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        TimelineDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If it is several videos, or the labels do not fit.
        """
        first, aggregator = parts_of(pipeline)
        probabilities = first.transform(X)
        index = probabilities.index
        limits = _video_limits(index)
        names = [name for name in aggregator.class_names_ if name != aggregator.background]
        truth = None
        if y is not None:
            nobody = pd.DataFrame(0, index=range(len(index)), columns=names)
            labelled, _ = aligned_indicators(y, nobody, background=aggregator.background)
            names, truth = list(labelled.columns), _appearances(labelled, index)
        appearances = aggregator.appearances(probabilities)
        return cls(appearances, names, limits, truth).plot(ax=ax)

    @classmethod
    def from_predictions(cls, index, y_pred, y_true=None, *, background=None, ax=None) -> Self:
        """Plot predictions that are there already.

        Parameters
        ----------
        index : pandas.MultiIndex
            The frame index of one video's frames.
        y_pred : array-like of shape (n_frames,) or (n_frames, n_characters)
            Classes, or a 0/1 table with a column a character.
        y_true : array-like of the same shape, optional
            Labels.
        background : str or int, optional
            A class that means nobody and gets no row.
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        TimelineDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If the index is no frame index, or is of several videos, or labels and predictions do
            not fit together.
        """
        limits = _video_limits(index)
        truth = None
        if y_true is None:
            shown = indicator_table(y_pred, background=background)
        else:
            labelled, shown = aligned_indicators(y_true, y_pred, background=background)
            truth = _appearances(labelled, index)
        if len(shown) != len(index):
            raise ValueError(f"{len(shown)} predictions for {len(index)} frames of the index.")
        return cls(_appearances(shown, index), list(shown.columns), limits, truth).plot(ax=ax)

    def plot(self, ax=None) -> Self:
        """Draw the timeline.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        self
            The display.
        """
        import matplotlib.pyplot as plt
        from matplotlib.colors import to_rgba

        rows = len(self.characters)
        if ax is None:
            _, ax = plt.subplots(figsize=(10, 1.2 + 0.7 * rows), layout="constrained")
        height = 0.8 if self.truth is None else 0.5
        for row, character in enumerate(self.characters):
            found = _of(self.appearances, character)
            colors = [
                to_rgba(f"C{row % 10}", _PALEST + (1 - _PALEST) * c) for c in found["confidence"]
            ]
            ax.broken_barh(_spans(found), (row - 0.4, height), facecolors=colors)
            if self.truth is not None:
                spans = _spans(_of(self.truth, character))
                ax.broken_barh(spans, (row + 0.15, 0.25), facecolors="0.6")
        ax.set_yticks(range(rows), [str(name) for name in self.characters])
        ax.set_ylim(rows - 0.4, -0.6)
        ax.set_xlim(*self.limits)
        ax.set_xlabel("time in seconds")
        ax.set_title(
            "Who is on screen"
            + ("" if self.truth is None else " (in colour: measured, in grey: true)")
        )
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _video_limits(index):
    """Return where the one video of a frame index begins and ends."""
    if not is_frame_index(index):
        raise ValueError("A frame index (video, time, duration) is expected.")
    videos = index.unique("video")
    if len(videos) != 1:
        raise ValueError(f"A timeline shows one video; the frames are of {len(videos)}.")
    times = index.get_level_values("time")
    return times.min(), (times + index.get_level_values("duration")).max()


def _appearances(shown, index):
    values = shown.to_numpy(dtype=bool)
    return appearance_table(values, values.astype(np.float64), index, shown.columns)


def _of(appearances, character):
    return appearances[appearances["character"] == character]


def _spans(appearances):
    return list(zip(appearances["start"], appearances["end"] - appearances["start"], strict=True))
