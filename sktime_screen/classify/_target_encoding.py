"""What labels mean to a network: their encoding, their weights and the way back."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from scipy.special import expit, softmax
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from ._class_weights import class_factors, label_factors


def read_labels(y):
    """Bring labels into one of two forms.

    Returns (n,).
    """
    if y is None:
        raise ValueError("The classifier requires y to be passed, but the target y is None.")
    is_frame = isinstance(y, pd.DataFrame)
    if is_frame and y.columns.has_duplicates:
        raise ValueError(f"y has two columns of one name: {y.columns.tolist()}.")
    values = y.toarray() if issparse(y) else np.asarray(y)
    # As objects: among strings of an array NaN would be one.
    missing = pd.isna(values if issparse(y) else np.asarray(y, dtype=object))
    if missing.any():
        rows = np.flatnonzero(missing.reshape(len(values), -1).any(axis=1))
        raise ValueError(
            f"y contains NaN or None: {len(rows)} of {len(values)} rows have no label, the first"
            f" is row {rows[0]}. Label these rows or leave them out."
        )
    indicators = np.isin(values, [0, 1]) if values.ndim == 2 else np.zeros(0, bool)
    if values.ndim == 2 and (values.shape[1] > 1 or (is_frame and indicators.all())):
        if not indicators.all():
            raise ValueError(
                "Unknown label type: a table of labels has a column of 0 and 1 for each label,"
                f" but y of shape {values.shape} holds {values[~indicators].tolist()[0]!r}."
            )
        return pd.DataFrame(values.astype(int), columns=y.columns if is_frame else None)
    values = column_or_1d(values, warn=True)
    check_classification_targets(values)
    return values


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
        exclusive = not multilabel and len(known) > 2
        if exclusive and loss == "binary_crossentropy":
            raise ValueError(
                "loss='binary_crossentropy' is for two classes or for a table of labels, but y"
                f" has {len(known)} classes: use loss='auto'."
            )
        softmax = exclusive if loss == "auto" else loss == "categorical_crossentropy"
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

    def encode(self, labels):
        """Turn labels into targets.

        Returns float32 (n, n_outputs).
        """
        known = self.classes.tolist()
        is_table = isinstance(labels, pd.DataFrame)
        if is_table != self.multilabel:
            kinds = ("one class a row", "a table with a 0/1 column a label")
            raise ValueError(f"y holds {kinds[is_table]}, expected {kinds[self.multilabel]}.")
        if is_table:
            found = labels.columns.tolist()
            from_array = isinstance(labels.columns, pd.RangeIndex)
            if len(found) != len(known) or not (from_array or found == known):
                raise ValueError(f"y has the label columns {found}, expected {known}.")
            return labels.to_numpy(np.float32)
        unknown = sorted(set(labels.tolist()) - set(known))
        if unknown:
            raise ValueError(f"y holds the classes {unknown}, but the known ones are {known}.")
        codes = np.searchsorted(self.classes, labels)
        if self.softmax:
            return np.eye(len(known), dtype=np.float32)[codes]
        return codes[:, None].astype(np.float32)

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

    def weights(self, labels, class_weight=None, sample_weight=None):
        """Fold the weights of classes and of rows into the weights of the losses.

        Shapes: ``sample_weight`` (n,) -> float32 (n, 1) or (n, n_labels).
        """
        rows = np.ones(len(labels)) if sample_weight is None else np.float64(sample_weight)
        known = self.classes.tolist()
        if class_weight is None:
            weights = rows[:, None]
        elif self.multilabel and not self.softmax:
            factors = label_factors(labels.to_numpy(), known, class_weight, rows)
            weights = factors * rows[:, None]
        else:
            found = self.encode(labels)
            codes = found.argmax(axis=1) if self.softmax else found[:, 0].astype(int)
            weights = (class_factors(codes, known, class_weight, rows) * rows)[:, None]
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
            raise ValueError(
                f"class_weight={class_weight!r}, with sample_weight, leaves no row to learn from, "
                f"or makes weights below 0, infinite or not a number."
            )
        return weights.astype(np.float32)
