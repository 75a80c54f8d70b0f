"""MisclassifiedFramesDisplay: show the frames that a pipeline gets wrong."""

from typing import Self

import numpy as np
import pandas as pd

from .._names import escape_controls
from .._targets import as_table, read_known_labels
from ..video import as_frame_index, iter_images
from ._pipeline_parts import find_classifier
from ._uncertain_frames import select_apart

_COLUMNS = 4
_WIDTH = 320


class MisclassifiedFramesDisplay:
    """The frames that a pipeline gets wrong, the most confident mistakes first.

    They show what a pipeline takes for what, and which labels to check: a mistake that it is sure
    of is often a wrong label. Use :meth:`from_estimator` to create a display.

    Parameters
    ----------
    frames : pandas.DataFrame
        One row per mistake, sorted by falling ``confidence`` (the probability of what was
        predicted): ``video``, ``time`` (s), ``duration`` (s), ``true``, ``predicted``, and for
        labels in a table ``character``; ``true`` and ``predicted`` are then 0 or 1. Frames of
        images have ``image`` too.
    n_labels : int
        The number of labels that were compared.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes
        The axes of the last plot, one per image.
    figure_ : matplotlib.figure.Figure
        The figure of the last plot.

    See Also
    --------
    ScreenTimeReport : Shows the frames that a pipeline is least sure about, without labels.

    Examples
    --------
    >>> from sktime_screen import MisclassifiedFramesDisplay
    >>> display = MisclassifiedFramesDisplay.from_estimator(pipeline, X, y)  # doctest: +SKIP
    >>> display.frames.head()  # doctest: +SKIP
    """

    def __init__(self, frames, n_labels) -> None:
        self.frames = frames
        self.n_labels = n_labels

    @classmethod
    def from_estimator(cls, estimator, X, y, *, n_frames=12) -> Self:
        """Predict labelled frames with a fitted pipeline and show its mistakes.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier of frames, a pipeline that ends in one, such as
            ScreenTimeAggregator, or a fitted search over one.
        X : pandas.DataFrame
            The input of the estimator: a frame table, or features with a frame index. Do not pass
            the frames that the estimator was fitted to: it gets few of these wrong.
        y : array-like of shape (n_frames,) or (n_frames, n_characters)
            The labels of ``X``.
        n_frames : int, default=12
            The largest number of images to show.

        Returns
        -------
        MisclassifiedFramesDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If the frames have no times, or the labels do not match the estimator.
        VideoError
            If an image cannot be read.
        """
        _, names = find_classifier(estimator)
        index = as_frame_index(X)
        frames = index.to_frame(index=False)
        table = as_table(X)
        if table is not None and "image" in table:
            frames["image"] = table["image"].to_numpy()
        predicted = np.asarray(estimator.predict(X))
        probabilities = np.asarray(estimator.predict_proba(X), dtype=np.float64)
        true = np.asarray(read_known_labels(y, names, predicted.ndim == 2))
        mistakes = _find_mistakes(frames, names, true, predicted, probabilities)
        return cls(mistakes, true.size).plot(n_frames=n_frames)

    def plot(self, *, n_frames=12) -> Self:
        """Draw the images of the most confident mistakes that lie apart in time.

        Parameters
        ----------
        n_frames : int, default=12
            The largest number of images to show.

        Returns
        -------
        MisclassifiedFramesDisplay
            The display.

        Raises
        ------
        VideoError
            If an image cannot be read.
        """
        import matplotlib.pyplot as plt

        confidence = self.frames["confidence"].to_numpy()
        shown = self.frames.iloc[select_apart(self.frames, confidence, n_frames)]
        n_rows = max(1, -(-len(shown) // _COLUMNS))
        self.figure_, self.axes_ = plt.subplots(
            n_rows,
            _COLUMNS,
            figsize=(3 * _COLUMNS, 2.4 * n_rows),
            layout="constrained",
            squeeze=False,
        )
        self.axes_ = self.axes_.ravel()
        for ax in self.axes_:
            ax.axis("off")
        for ax, (_, frame) in zip(self.axes_, shown.iterrows(), strict=False):
            ((_, image),) = iter_images(pd.DataFrame([frame]), _WIDTH)
            ax.imshow(image)
            # A dollar sign would begin a formula.
            what = escape_controls(_describe(frame)).replace("$", r"\$")
            ax.set_title(f"{what}\nat {frame['time']:.1f} s", fontsize="small")
        self.figure_.suptitle(f"{len(self.frames)} of {self.n_labels} labels wrong")
        return self


def _find_mistakes(frames, names, true, predicted, probabilities):
    """Return a row for each wrong label: of each class, or of each character."""
    if true.ndim == 1:
        rows = np.flatnonzero(true != predicted)
        of_class = {name: number for number, name in enumerate(np.asarray(names).tolist())}
        columns = [of_class[name] for name in predicted[rows].tolist()]
        mistakes = frames.iloc[rows].assign(true=true[rows], predicted=predicted[rows])
        confidence = probabilities[rows, columns]
    else:
        rows, columns = np.nonzero(true != predicted)
        seen = predicted[rows, columns].astype(int)
        mistakes = frames.iloc[rows].assign(
            character=np.asarray(names)[columns], true=1 - seen, predicted=seen
        )
        confidence = np.abs(1 - seen - probabilities[rows, columns])
    mistakes = mistakes.assign(confidence=confidence)
    return mistakes.sort_values("confidence", ascending=False, kind="stable", ignore_index=True)


def _describe(frame):
    """Say what is wrong."""
    if "character" not in frame:
        return f"{frame['predicted']} {frame['confidence']:.0%}, is {frame['true']}"
    what = "seen" if frame["predicted"] else "missed"
    return f"{frame['character']} {what} {frame['confidence']:.0%}"
