"""What labels mean to a network: their encoding, their weights and the way back."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit, softmax
from sklearn.preprocessing import LabelEncoder

from .._targets import encode_labels, read_known_labels
from ._class_weights import compute_class_factors, compute_label_factors

# How much a missing label counts as 0 where labels only ever say who is there. Not at all, and
# whoever nobody looked for would be everywhere: no label says otherwise.
_WEIGHT_OF_UNNAMED = 0.1


class TargetEncoding:
    """How labels become the targets of a network, and logits become labels again."""

    def __init__(self, classes, multilabel, softmax):
        self.classes = classes
        self.multilabel = multilabel
        self.softmax = softmax

    @classmethod
    def from_labels(cls, labels, loss="auto", classes=None):
        """Find the encoding that suits some labels."""
        multilabel = isinstance(labels, pd.DataFrame)
        if multilabel:
            known = np.asarray(labels.columns if classes is None else classes)
        else:
            known = LabelEncoder().fit(labels if classes is None else classes).classes_
            if len(known) < 2:
                raise ValueError(
                    "A classifier needs at least two classes, but y has one class: found only"
                    f" {known.tolist()[0]!r}."
                )
        if len(known) == 1 and loss == "categorical_crossentropy":
            raise ValueError(
                "loss='categorical_crossentropy' is for two classes or labels and more, but y has"
                f" one label: found only {known.tolist()[0]!r}. Use loss='auto'."
            )
        exclusive = not multilabel and len(known) > 2
        if exclusive and loss == "binary_crossentropy":
            raise ValueError(
                "loss='binary_crossentropy' is for two classes or for a table of labels, but y"
                f" has {len(known)} classes: use loss='auto'."
            )
        softmax = exclusive if loss == "auto" else loss == "categorical_crossentropy"
        if multilabel:
            _check_known(labels, softmax, classes)
        return cls(known, multilabel, softmax)

    @property
    def n_outputs(self):
        """Units of the network's last layer."""
        return len(self.classes) if self.multilabel or self.softmax else 1

    def scikit_learn_classes(self):
        """Return what `classes_` has to be for the scorers of scikit-learn.

        Returns (n_classes,), or (n_labels, 2).
        """
        return np.tile([0, 1], (len(self.classes), 1)) if self.multilabel else self.classes

    def check_announced(self, classes):
        """Refuse other classes than those that are known."""
        found = np.asarray(classes) if self.multilabel else np.unique(classes)
        if found.tolist() != self.classes.tolist():
            raise ValueError(
                f"classes={found.tolist()}, but those of the first call were"
                f" {self.classes.tolist()}: all classes have to be known from the beginning."
            )

    def read(self, y):
        """Read labels that are to be encoded, columns in the order of the classes."""
        return read_known_labels(y, self.classes, self.multilabel, partly=True)

    def encode(self, labels):
        """Turn labels into targets.

        Returns float32 (n, n_outputs), NaN where labels are missing.
        """
        targets = encode_labels(self.read(labels), self.classes).astype(np.float32)
        return targets if self.multilabel or self.softmax else targets[:, 1:]

    def decode(self, logits):
        """Turn logits into labels.

        Shapes: ``logits`` (n, n_outputs).
        """
        if self.softmax:
            codes = logits.argmax(axis=1)
            if self.multilabel:
                return np.eye(len(self.classes), dtype=int)[codes]
            return self.classes[codes]
        on = (logits > 0).astype(int)
        return on if self.multilabel else self.classes[on[:, 0]]

    def probabilities(self, logits):
        """Turn logits into probabilities.

        Shapes: ``logits`` (n, n_outputs) -> float64 (n, n_classes).
        """
        # In single precision sure frames would all become 1.0, and rows would not sum to one.
        logits = logits.astype(np.float64)
        if self.softmax:
            return softmax(logits, axis=1)
        if self.multilabel:
            return expit(logits)
        return np.hstack([expit(-logits), expit(logits)])

    def outputs(self, probabilities, classes):
        """Bring probabilities of some of the classes, one class a row, to a column an output.

        Shapes: ``probabilities`` (n, len(classes)) -> float64 (n, n_outputs).
        """
        outputs = np.zeros((len(probabilities), len(self.classes)))
        outputs[:, np.searchsorted(self.classes, classes)] = probabilities
        return outputs[:, -self.n_outputs :]

    def logits(self, outputs):
        """Turn probabilities into logits, all finite.

        Shapes: ``outputs`` (n, n_outputs) -> float64 (n, n_outputs).
        """
        least, most = np.finfo(np.float64).tiny, 1 - np.finfo(np.float64).epsneg
        outputs = np.clip(outputs, least, most, dtype=np.float64)
        return np.log(outputs) if self.softmax else logit(outputs)

    def weights(self, labels, class_weight=None, sample_weight=None):
        """Fold the weights of classes, rows and missing labels into the weights of the losses.

        Shapes: ``sample_weight`` (n,) -> float32 (n, 1) or (n, n_labels).
        """
        rows = np.ones(len(labels)) if sample_weight is None else np.float64(sample_weight)
        known = self.classes.tolist()
        if class_weight is None:
            weights = rows[:, None]
        elif self.multilabel and not self.softmax:
            factors = compute_label_factors(labels.to_numpy(), known, class_weight, rows)
            weights = factors * rows[:, None]
        else:
            found = self.encode(labels)
            codes = found.argmax(axis=1) if self.softmax else found[:, 0].astype(int)
            weights = (compute_class_factors(codes, known, class_weight, rows) * rows)[:, None]
        if self.multilabel and labels.isna().to_numpy().any():
            weights = weights * _weigh_missing(labels)
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
            raise ValueError(
                f"class_weight={class_weight!r}, with sample_weight, leaves no row to learn from, "
                f"or makes weights below 0, infinite or not a number."
            )
        return weights.astype(np.float32)


def _check_known(table, softmax, classes):
    """Refuse tables whose missing labels leave nothing to learn from."""
    missing = table.isna()
    if softmax and missing.to_numpy().any():
        raise ValueError(
            "loss='categorical_crossentropy' compares the characters of a frame and needs labels of"
            " all of them, but y holds NaN: use loss='auto'."
        )
    unknown = table.columns[missing.all()].tolist()
    # Where classes are announced, other rows come later.
    if unknown and classes is None:
        raise ValueError(
            f"y holds no label of {unknown}, only NaN: label some frames, or leave out the column."
        )


def _weigh_missing(table):
    """Return the weights of labels, those that are missing taken as 0: (n, n_labels)."""
    missing = table.isna()
    only_present = not (table[missing.any(axis=1)] == 0).to_numpy().any()
    return np.where(missing, _WEIGHT_OF_UNNAMED if only_present else 0.0, 1.0)
