"""ScreenTimeDisplay: plot the screen time of each character."""

from typing import Self

import numpy as np

from .._defaults import CONFIDENCE_LEVEL
from ..export import check_columns, shorten_video_names
from ._pipeline_parts import measure

_NEEDED = ("video", "character", "seconds", "low", "high")


class ScreenTimeDisplay:
    """Bar plot of the screen time of each character with its interval.

    Bars of several videos are next to each other. Use :meth:`from_estimator` or
    :meth:`from_predictions` to create a display.

    Parameters
    ----------
    estimate : pandas.DataFrame
        The table that :meth:`ScreenTimeAggregator.estimate` returns. The plot uses its columns
        ``video``, ``character``, ``seconds``, ``low`` and ``high``. Without an interval, ``low``
        and ``high`` are NaN.
    truth : pandas.DataFrame of shape (n_videos, n_characters), optional
        The true seconds, with one row per video and one column per character.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes of the last plot.
    figure_ : matplotlib.figure.Figure
        The figure of the last plot.

    See Also
    --------
    TimelineDisplay : Plot when each character is on screen.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktime_screen import ScreenTimeDisplay
    >>> estimate = pd.DataFrame(
    ...     {"video": "video.mp4", "character": ["tom", "jerry"], "seconds": [12.0, 7.5],
    ...      "low": [10.0, 6.0], "high": [15.0, 8.0]}
    ... )
    >>> display = ScreenTimeDisplay.from_predictions(estimate)
    >>> [float(bar.get_height()) for bar in display.ax_.patches]
    [12.0, 7.5]
    """

    def __init__(self, estimate, truth=None) -> None:
        self.estimate = estimate
        self.truth = truth

    @classmethod
    def from_estimator(
        cls,
        pipeline,
        X,
        *,
        labelled=None,
        confidence_level=CONFIDENCE_LEVEL,
        random_state=None,
        truth=None,
        ax=None,
    ) -> Self:
        """Measure videos with a fitted pipeline and plot the screen time.

        Of several videos, those that fail are left out, with a warning and a note in the ``attrs``
        of the ``estimate``.

        Parameters
        ----------
        pipeline : sklearn.pipeline.Pipeline
            A fitted pipeline that ends in a ScreenTimeAggregator.
        X : path, list of paths or pandas.DataFrame
            The videos, or a frame table.
        labelled : tuple of (pandas.DataFrame, array-like), optional
            Labelled frames of the videos, as :meth:`ScreenTimeAggregator.estimate` takes them.
        confidence_level : float, default=0.9
            The nominal coverage of the intervals.
        random_state : int, RandomState instance or None, default=None
            Controls the resampling behind the intervals. Pass an int for repeatable intervals.
        truth : pandas.DataFrame of shape (n_videos, n_characters), optional
            The true seconds, which the plot marks for comparison.
        ax : matplotlib.axes.Axes, optional
            The axes to draw on. By default, a new figure is created.

        Returns
        -------
        ScreenTimeDisplay
            The plotted display.

        Raises
        ------
        TypeError
            If the pipeline does not end in a ScreenTimeAggregator.
        FileNotFoundError, VideoError
            If no video can be measured.
        """
        _, estimate, _ = measure(
            pipeline,
            X,
            labelled=labelled,
            confidence_level=confidence_level,
            random_state=random_state,
        )
        return cls.from_predictions(estimate, truth, ax=ax)

    @classmethod
    def from_predictions(cls, estimate, truth=None, *, ax=None) -> Self:
        """Plot the screen time in a table.

        Parameters
        ----------
        estimate : pandas.DataFrame
            The table that :meth:`ScreenTimeAggregator.estimate` returns.
        truth : pandas.DataFrame of shape (n_videos, n_characters), optional
            The true seconds, which the plot marks for comparison.
        ax : matplotlib.axes.Axes, optional
            The axes to draw on. By default, a new figure is created.

        Returns
        -------
        ScreenTimeDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If the table lacks columns or rows.
        """
        check_columns(estimate, _NEEDED, "estimate")
        if not len(estimate):
            raise ValueError("estimate has no rows, so there is nothing to plot.")
        return cls(estimate, truth).plot(ax=ax)

    def plot(self, ax=None) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            The axes to draw on. By default, a new figure is created.

        Returns
        -------
        ScreenTimeDisplay
            The display.
        """
        import matplotlib.pyplot as plt

        names = shorten_video_names(self.estimate["video"].unique())
        characters = list(self.estimate["character"].unique())
        if ax is None:
            wide = max(5, 1.5 + 0.45 * len(names) * len(characters))
            _, ax = plt.subplots(figsize=(min(wide, 16), 4), layout="constrained")
        width = 0.8 / len(names)
        for number, (video, name) in enumerate(names.items()):
            rows = self.estimate[self.estimate["video"] == video].set_index("character")
            rows = rows.reindex(characters)
            positions = np.arange(len(characters)) + (number + 0.5) * width - 0.4
            self._draw_video(ax, positions, width, video, name, rows)
        if self.truth is not None:
            ax.plot([], [], "k_", markersize=12, label="true")
        if len(names) > 1 or self.truth is not None:
            ax.legend()
        else:
            ax.set_title(next(iter(names.values())))
        ax.set_xticks(range(len(characters)), [str(character) for character in characters])
        ax.set_ylabel("seconds on screen")
        ax.set_ylim(bottom=0)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _draw_video(self, ax, positions, width, video, name, rows):
        seconds = rows["seconds"].to_numpy(dtype=np.float64)
        ax.bar(positions, seconds, 0.92 * width, label=name)
        low, high = rows["low"].to_numpy(np.float64), rows["high"].to_numpy(np.float64)
        # Not error bars around the seconds, since an interval need not contain the estimate.
        known = np.isfinite(low) & np.isfinite(high)
        ax.vlines(positions[known], low[known], high[known], colors="0.25")
        ax.plot(np.tile(positions[known], 2), [*low[known], *high[known]], "_", color="0.25")
        if self.truth is not None and video in self.truth.index:
            true = self.truth.loc[video].reindex(rows.index)
            ax.plot(positions, true.to_numpy(np.float64), "k_", markersize=12, markeredgewidth=2)
