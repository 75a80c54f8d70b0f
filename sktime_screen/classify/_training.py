"""The course of a training: epochs, what is watched, when to stop and which weights to keep."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ._network import iter_blocks, widen

# By how much the loss falls in a step of full size, at least, in a training that has not converged.
_GAIN = 0.001
# The share that `early_stopping` alone holds out.
_HELD_OUT = 0.1


@dataclass
class Rows:
    """Some rows of a data set, without a copy of them."""

    X: np.ndarray  # or a sparse matrix, by row
    Y: np.ndarray
    W: np.ndarray
    positions: np.ndarray

    def only(self, keep):
        """Give a part of these rows."""
        return replace(self, positions=self.positions[keep])

    def blocks(self):
        """Yield the features of some rows at a time, and how much each of them counts.

        Shapes: float32 (m, n_features), (m,).
        """
        for rows in iter_blocks(self.X, self.positions):
            yield widen(self.X[rows]), self.W[rows].mean(axis=1)


@dataclass(frozen=True)
class Stopping:
    """What to watch in a training, and when it is over."""

    monitor: str | None = None
    patience: int | None = None
    target_accuracy: float | None = None

    @classmethod
    def of(cls, classifier, *, validates):
        """Return what the parameters of a classifier say, and decide what "auto" means."""
        monitor = classifier.monitor
        if monitor == "auto":
            monitor = "val_loss" if validates else None
        elif monitor.startswith("val_") and not validates:
            raise ValueError(
                f"monitor={monitor!r} needs rows to validate on: set validation_fraction, or pass"
                " validation_data to fit."
            )
        patience = classifier.patience if classifier.early_stopping else None
        return cls(monitor, patience, classifier.target_accuracy)


def check_validation_data(validation_data):
    """Refuse what is no features with their labels."""
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
        raise ValueError(
            f"validation_data is a {type(validation_data).__name__}, expected (X, y) or"
            f" (X, y, sample_weight): to hold out rows of X itself, set validation_fraction."
        )


def choose_held_out_share(classifier):
    """Tell what share of the rows is held out; None holds out none."""
    watched = classifier.monitor not in ("loss", "accuracy")
    if classifier.validation_fraction is None and classifier.early_stopping and watched:
        return _HELD_OUT
    return classifier.validation_fraction


def warn_if_improving(losses, rates, steps_per_epoch):
    """Warn where the last quarter of a training was still much better than the one before.

    Shapes: ``losses`` and ``rates`` (n_epochs,).
    """
    quarter = max(1, len(losses) // 4)
    if len(losses) < 2:
        return
    gain = np.mean(losses[-2 * quarter : -quarter]) - np.mean(losses[-quarter:])
    # Small steps gain little, however far there is to go.
    full_epochs = np.sum(rates[-quarter - quarter // 2 :][:quarter]) / np.max(rates)
    if gain > _GAIN * full_epochs * steps_per_epoch:
        warnings.warn(
            f"The loss was still falling, to {losses[-1]:.3g}, when the training ended after"
            f" {len(losses)} epochs: raise epochs or learning_rate.",
            ConvergenceWarning,
            stacklevel=3,
        )


def make_learning_rates(learning_rate, schedule, epochs):
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
