"""TimelineDisplay: who was on screen when."""

import numpy as np
import pandas as pd

from ..frames import is_frame_index
from ..frames._indicators import aligned_indicators, indicator_table


class TimelineDisplay:
    """Plot when each character is on screen, a row a character.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    index : pandas.MultiIndex
        The frame index of one film's frames.
    shown : pandas.DataFrame of shape (n_frames, n_characters)
        True where the character is predicted on screen.
    truth : pandas.DataFrame of shape (n_frames, n_characters), optional
        The same, as labelled.

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
    ...     [("film.mp4", 0.0, 1.0), ("film.mp4", 1.0, 1.0)], names=["video", "time", "duration"]
    ... )
    >>> display = TimelineDisplay.from_predictions(index, ["tom", "jerry"])
    >>> display.shown["tom"].tolist()
    [True, False]
    """

    def __init__(self, index, shown, truth=None):
        self.index = index
        self.shown = shown
        self.truth = truth

    @classmethod
    def from_estimator(cls, pipeline, X, y=None, *, ax=None):
        """Plot what a fitted pipeline sees in a film.

        Parameters
        ----------
        pipeline : sklearn.pipeline.Pipeline
            Fitted, with a ScreenTimeAggregator at its end.
        X : path or pandas.DataFrame
            One film, or its frame table.
        y : array-like of shape (n_frames,) or (n_frames, n_characters), optional
            Labels of the rows of ``X``, drawn beside the predictions.
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        TimelineDisplay
            The plotted display.
        """
        probabilities = pipeline[:-1].transform(X)
        aggregator = pipeline[-1]
        predicted = aggregator.predict(probabilities)
        if aggregator.multilabel_:
            predicted = pd.DataFrame(predicted, columns=aggregator.class_names_)
        return cls.from_predictions(
            probabilities.index, predicted, y, background=aggregator.background, ax=ax
        )

    @classmethod
    def from_predictions(cls, index, y_pred, y_true=None, *, background=None, ax=None):
        """Plot predictions that are there already.

        Parameters
        ----------
        index : pandas.MultiIndex
            The frame index of one film's frames.
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
            If the index is no frame index, or is of several films, or labels and predictions do
            not fit together.
        """
        if not is_frame_index(index):
            raise ValueError("A frame index (video, time, duration) is expected.")
        films = index.unique("video")
        if len(films) != 1:
            raise ValueError(f"A timeline shows one film; the frames are of {len(films)}.")
        if y_true is None:
            shown, truth = indicator_table(y_pred, background=background), None
        else:
            truth, shown = aligned_indicators(y_true, y_pred, background=background)
        return cls(index, shown, truth).plot(ax=ax)

    def plot(self, ax=None):
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

        characters = list(self.shown.columns)
        if ax is None:
            _, ax = plt.subplots(figsize=(10, 1.2 + 0.7 * len(characters)), layout="constrained")
        for row, character in enumerate(characters):
            color = f"C{row % 10}"
            top = 0.4 if self.truth is None else 0.0
            ax.broken_barh(
                self._spans(self.shown[character]), (row - 0.4, 0.4 + top), facecolors=color
            )
            if self.truth is not None:
                ax.broken_barh(
                    self._spans(self.truth[character]), (row, 0.4), facecolors=color, alpha=0.35
                )
        ax.set_yticks(range(len(characters)), [str(name) for name in characters])
        ax.set_ylim(len(characters) - 0.4, -0.6)
        times = self.index.get_level_values("time")
        ax.set_xlim(times.min(), (times + self.index.get_level_values("duration")).max())
        ax.set_xlabel("time in seconds")
        ax.set_title(
            "Who is on screen" + ("" if self.truth is None else " (dark: measured, pale: true)")
        )
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _spans(self, shown):
        """Return (start, length) of the stretches in which a character is shown."""
        times = self.index.get_level_values("time").to_numpy(dtype=np.float64)
        ends = times + self.index.get_level_values("duration").to_numpy(dtype=np.float64)
        rows = np.argsort(times, kind="stable")
        spans = []
        for row in rows[np.asarray(shown, dtype=bool)[rows]]:
            if spans and times[row] <= spans[-1][1] + 1e-6:
                spans[-1][1] = ends[row]
            else:
                spans.append([times[row], ends[row]])
        return [(start, end - start) for start, end in spans]
