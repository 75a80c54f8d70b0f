"""The course of a training: epochs, what is watched, when to stop and which weights to keep."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass
class Rows:
    """Some rows of a data set, without a copy of them."""

    X: np.ndarray
    Y: np.ndarray
    W: np.ndarray
    positions: np.ndarray

    def only(self, keep):
        """Give a part of these rows."""
        return replace(self, positions=self.positions[keep])


@dataclass(frozen=True)
class Stopping:
    """What to watch in a training, and when it is over."""

    monitor: str | None = None
    patience: int | None = None
    target_accuracy: float | None = None

    @classmethod
    def from_settings(cls, monitor, patience, target_accuracy, validates):
        """Decide what "auto" means."""
        if monitor == "auto":
            without = None if patience is None else "loss"
            monitor = "val_loss" if validates else without
        elif monitor.startswith("val_") and not validates:
            raise ValueError(
                f"monitor={monitor!r} needs rows to validate on: set validation_fraction, or pass"
                " validation_data to fit."
            )
        return cls(monitor, patience, target_accuracy)


def rates_by_epoch(learning_rate, schedule, epochs):
    """Give the step size of each epoch.

    Returns (epochs,).
    """
    if schedule == "constant":
        return np.full(epochs, learning_rate)
    middles = (np.arange(epochs) + 0.5) / epochs
    return learning_rate * (1 + np.cos(np.pi * middles)) / 2


def run_epochs(
    network,
    train,
    validation=None,
    *,
    learning_rates,
    generator,
    history,
    stopping=Stopping(),
    verbose=0,
    tasks=None,
    **options,
):
    """Train a loaded network, and keep the best of its weights."""
    best_value, best_epoch, best_weights = np.inf, None, None
    for learning_rate in learning_rates:
        if tasks is not None:
            tasks.begin_epoch()
        rows = generator.permutation(train.positions)
        loss, accuracy = network.train_epoch(
            train.X,
            train.Y,
            train.W,
            rows,
            learning_rate=learning_rate,
            generator=generator,
            **options,
        )
        history.setdefault("learning_rate", []).append(float(learning_rate))
        measured = {"loss": loss, "accuracy": accuracy}
        if validation is not None:
            loss, accuracy = network.evaluate(
                validation.X, validation.Y, validation.W, validation.positions
            )
            measured |= {"val_loss": loss, "val_accuracy": accuracy}
        for name, value in measured.items():
            history.setdefault(name, []).append(value)
        epoch = len(history["loss"])
        if verbose:
            print(f"Epoch {epoch}: " + ", ".join(f"{k} {v:.4f}" for k, v in measured.items()))
        if not np.isfinite(list(measured.values())).all():
            raise ValueError(
                f"The loss became {measured['loss']} in epoch {epoch}: lower the learning_rate,"
                f" now {learning_rate:g}, or scale the features."
            )

        reached = stopping.target_accuracy is not None and accuracy >= stopping.target_accuracy
        if stopping.monitor is None or reached:
            best_epoch, best_weights = epoch, None
        else:
            value = measured[stopping.monitor]
            value = -value if stopping.monitor.endswith("accuracy") else value
            if value < best_value:
                best_value, best_epoch, best_weights = value, epoch, network.weights()
        stopped = tasks is not None and tasks.end_epoch(network.weights)
        if (
            reached
            or stopped
            or (stopping.patience is not None and epoch - best_epoch >= stopping.patience)
        ):
            break
    return best_weights or network.weights(), best_epoch
