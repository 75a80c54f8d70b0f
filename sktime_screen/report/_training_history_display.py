"""TrainingHistoryDisplay: plot accuracy and loss of a training by epoch."""

from typing import Self

import numpy as np


class TrainingHistoryDisplay:
    """Plot of accuracy and loss by epoch, on training and validation data.

    Use :meth:`from_estimator` to create a display of a fitted estimator.

    Parameters
    ----------
    history : dict of list of float
        The attribute ``history_`` of :class:`KerasDenseClassifier`: "accuracy" and "loss" by epoch
        and, with validation data, "val_accuracy" and "val_loss".
    best_epoch : int, optional
        The epoch, from 1, whose weights were restored. The plot marks it.

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
            The axes for accuracy and loss. By default, a new figure is created.

        Returns
        -------
        TrainingHistoryDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If no step of the estimator has a training history, or several have.
        """
        trained = _find_trained(estimator)
        if len(trained) != 1:
            found = ", ".join(type(step).__name__ for step in trained) or "no step"
            raise ValueError(
                f"In this {type(estimator).__name__}, {found} has a history_; expected one step. "
                f"Pass a fitted KerasDenseClassifier, or a fitted pipeline or search with one."
            )
        return cls(trained[0].history_, trained[0].best_epoch_).plot(ax=ax)

    def plot(self, ax=None) -> Self:
        """Draw the history.

        Parameters
        ----------
        ax : sequence of two matplotlib.axes.Axes, optional
            The axes for accuracy and loss. By default, a new figure is created.

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
            raise ValueError(f"ax has {len(axes)} axes; expected two, for accuracy and loss.")
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
        # Markers, since a line of one epoch has no length.
        style = {"marker": "o", "markersize": 3}
        axis.plot(epochs, self.history[name], label="training", **style)
        if f"val_{name}" in self.history:
            axis.plot(epochs, self.history[f"val_{name}"], "--", label="validation", **style)
        if self.best_epoch is not None:
            label = f"restored: epoch {self.best_epoch}"
            axis.axvline(self.best_epoch, color="0.5", linestyle=":", label=label)
        axis.set_ylabel(name)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def _find_trained(estimator):
    """Return the parts of an estimator that have a training history."""
    if hasattr(estimator, "history_"):
        return [estimator]
    for name in ("best_estimator_", "estimator_"):
        if hasattr(estimator, name):
            return _find_trained(getattr(estimator, name))
    steps = getattr(estimator, "steps", [])
    return [found for _, step in steps for found in _find_trained(step)]
