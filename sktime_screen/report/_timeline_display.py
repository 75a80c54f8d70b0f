"""TimelineDisplay: plot when each character is on screen."""

from typing import Self

import numpy as np
import pandas as pd

from .._targets import align_indicators, indicator_table
from ..screentime import appearance_table
from ..video import is_frame_index
from ._pipeline_parts import split_pipeline

# The opacity of an appearance with a confidence of 0.
_MIN_OPACITY = 0.3


class TimelineDisplay:
    """Timeline of when each character is on screen.

    Each character has a row. Use :meth:`from_estimator` or :meth:`from_predictions` to create a
    display.

    Parameters
    ----------
    appearances : pandas.DataFrame
        The table that :meth:`ScreenTimeAggregator.appearances` returns for one video.
        Appearances with a low ``confidence`` are pale.
    characters : list
        The characters that get a row, even if they are never on screen.
    limits : tuple of float
        The start and the end of the video (s).
    truth : pandas.DataFrame, optional
        The true appearances.

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
        """Measure a video with a fitted pipeline and plot the timeline.

        Parameters
        ----------
        pipeline : sklearn.pipeline.Pipeline
            A fitted pipeline that ends in a ScreenTimeAggregator.
        X : path or pandas.DataFrame
            The video, or its frame table.
        y : array-like of shape (n_frames,) or (n_frames, n_characters), optional
            The labels of the frame table, which the plot shows for comparison.
        ax : matplotlib.axes.Axes, optional
            The axes to draw on. By default, a new figure is created.

        Returns
        -------
        TimelineDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If there are several videos, or the labels do not match the frames.
        """
        classifier, aggregator = split_pipeline(pipeline)
        probabilities = classifier.transform(X)
        index = probabilities.index
        limits = _find_limits(index)
        names = [name for name in aggregator.class_names_ if name != aggregator.background]
        truth = None
        if y is not None:
            nobody = pd.DataFrame(0, index=range(len(index)), columns=names)
            labelled, _ = align_indicators(y, nobody, background=aggregator.background)
            names, truth = list(labelled.columns), _find_appearances(labelled, index)
        appearances = aggregator.appearances(probabilities)
        return cls(appearances, names, limits, truth).plot(ax=ax)

    @classmethod
    def from_predictions(cls, index, y_pred, y_true=None, *, background=None, ax=None) -> Self:
        """Plot the timeline of predictions.

        Parameters
        ----------
        index : pandas.MultiIndex
            The frame index of the frames of one video.
        y_pred : array-like of shape (n_frames,) or (n_frames, n_characters)
            Predicted classes, or a table with a 0/1 column per character.
        y_true : array-like of the same shape, optional
            Labels, which the plot shows for comparison.
        background : str or int, optional
            The class that means that nobody is on screen. It gets no row.
        ax : matplotlib.axes.Axes, optional
            The axes to draw on. By default, a new figure is created.

        Returns
        -------
        TimelineDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If the index is not a frame index or has several videos, or labels and predictions do
            not match.
        """
        limits = _find_limits(index)
        truth = None
        if y_true is None:
            predicted = indicator_table(y_pred, background=background)
        else:
            labelled, predicted = align_indicators(y_true, y_pred, background=background)
            truth = _find_appearances(labelled, index)
        if len(predicted) != len(index):
            raise ValueError(f"y_pred has {len(predicted)} rows, but the index has {len(index)}.")
        appearances = _find_appearances(predicted, index)
        return cls(appearances, list(predicted.columns), limits, truth).plot(ax=ax)

    def plot(self, ax=None) -> Self:
        """Draw the timeline.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            The axes to draw on. By default, a new figure is created.

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
            appearances = _select(self.appearances, character)
            opacity = _MIN_OPACITY + (1 - _MIN_OPACITY) * appearances["confidence"]
            colors = [to_rgba(f"C{row % 10}", alpha) for alpha in opacity]
            ax.broken_barh(_list_spans(appearances), (row - 0.4, height), facecolors=colors)
            if self.truth is not None:
                spans = _list_spans(_select(self.truth, character))
                ax.broken_barh(spans, (row + 0.15, 0.25), facecolors="0.6")
        ax.set_yticks(range(rows), [str(name) for name in self.characters])
        ax.set_ylim(rows - 0.4, -0.6)
        ax.set_xlim(*self.limits)
        ax.set_xlabel("time (s)")
        ax.set_title(
            "Who is on screen" + ("" if self.truth is None else " (colour: predicted, grey: true)")
        )
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _find_limits(index):
    """Return the start and the end (s) of the one video of a frame index."""
    if not is_frame_index(index):
        raise ValueError("The index is not a frame index (video, time, duration).")
    videos = index.unique("video")
    if len(videos) != 1:
        raise ValueError(f"A timeline shows one video, but the frames are of {len(videos)}.")
    times = index.get_level_values("time")
    return times.min(), (times + index.get_level_values("duration")).max()


def _find_appearances(indicators, index):
    values = indicators.to_numpy(dtype=bool)
    return appearance_table(values, values.astype(np.float64), index, indicators.columns)


def _select(appearances, character):
    return appearances[appearances["character"] == character]


def _list_spans(appearances):
    return list(zip(appearances["start"], appearances["end"] - appearances["start"], strict=True))
