"""TrainingHistoryDisplay: how a training went, epoch by epoch."""

from typing import Self

import numpy as np


class TrainingHistoryDisplay:
    """Plot accuracy and loss by epoch, of training and validation rows.

    Use :meth:`from_estimator` to make one of something fitted.

    Parameters
    ----------
    history : dict of list of float
        By epoch "accuracy" and "loss" and, where there were validation rows, "val_accuracy" and
        "val_loss", as :class:`KerasDenseClassifier` has it in ``history_``.
    best_epoch : int, optional
        The epoch, from 1, whose weights were kept; it is marked.

    Attributes
    ----------
    axes_ : ndarray of shape (2,)
        The axes of the last plot: accuracy and loss.
    figure_ : matplotlib.figure.Figure
        The figure of the last plot.

    Examples
    --------
    >>> from sktime_screen import TrainingHistoryDisplay
    >>> history = {"accuracy": [0.5, 0.8, 0.9], "loss": [0.9, 0.4, 0.2]}
    >>> display = TrainingHistoryDisplay(history, best_epoch=3).plot()
    >>> display.axes_[1].get_ylabel()
    'loss'
    """

    def __init__(self, history, best_epoch=None) -> None:
        self.history = history
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(cls, estimator, *, ax=None) -> Self:
        """Plot the training of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted :class:`KerasDenseClassifier`, or a pipeline, search or
            :class:`VideoClassifier` with exactly one in it.
        ax : sequence of two matplotlib.axes.Axes, optional
            Where to draw accuracy and loss; by default a new figure.

        Returns
        -------
        TrainingHistoryDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If nothing in the estimator has a history of its training, or several steps have.
        """
        trained = _with_history(estimator)
        if len(trained) != 1:
            found = ", ".join(type(step).__name__ for step in trained) or "nothing"
            raise ValueError(
                f"One training is plotted, and in this {type(estimator).__name__} {found} has a "
                f"history_: pass a fitted KerasDenseClassifier, or a pipeline or search that was "
                f"fitted with one in it."
            )
        return cls(trained[0].history_, trained[0].best_epoch_).plot(ax=ax)

    def plot(self, ax=None) -> Self:
        """Draw the history.

        Parameters
        ----------
        ax : sequence of two matplotlib.axes.Axes, optional
            Where to draw accuracy and loss; by default a new figure.

        Returns
        -------
        TrainingHistoryDisplay
            The display.

        Raises
        ------
        ValueError
            If ``ax`` is not two axes, or the history lacks accuracy or loss.
        """
        import matplotlib.pyplot as plt

        missing = [name for name in ("accuracy", "loss") if name not in self.history]
        if missing:
            raise ValueError(
                f"The history has {list(self.history)}, but no {' and no '.join(missing)}."
            )
        if ax is None:
            _, ax = plt.subplots(2, sharex=True, figsize=(7, 6), layout="constrained")
        axes = np.ravel(ax)
        if len(axes) != 2:
            raise ValueError(f"Two axes are needed, for accuracy and loss; ax has {len(axes)}.")
        for axis, name in zip(axes, ("accuracy", "loss"), strict=True):
            self._draw(axis, name)
        axes[0].legend()
        axes[1].set_xlabel("epoch")
        self.axes_ = axes
        self.figure_ = axes[0].figure
        return self

    def _draw(self, axis, name):
        from matplotlib.ticker import MaxNLocator

        epochs = np.arange(1, len(self.history[name]) + 1)
        # A training of one epoch would be a line without a length.
        style = {"marker": "o", "markersize": 3}
        axis.plot(epochs, self.history[name], label="training", **style)
        if f"val_{name}" in self.history:
            axis.plot(epochs, self.history[f"val_{name}"], "--", label="validation", **style)
        if self.best_epoch is not None:
            axis.axvline(
                self.best_epoch, color="0.5", linestyle=":", label=f"kept: epoch {self.best_epoch}"
            )
        axis.set_ylabel(name)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def _with_history(estimator):
    """Return what was trained by epochs in an estimator, through the ones that wrap another."""
    if hasattr(estimator, "history_"):
        return [estimator]
    for name in ("best_estimator_", "estimator_"):
        if hasattr(estimator, name):
            return _with_history(getattr(estimator, name))
    steps = getattr(estimator, "steps", [])
    return [found for _, step in steps for found in _with_history(step)]
