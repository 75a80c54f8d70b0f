"""Classes: what columns of probabilities stand for, and the way from labels to them and back."""

import warnings

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils.validation import check_array

from .._targets import align_columns, as_table, encode_labels, read_known_labels, read_labels

# By how much sums and means of probabilities may leave their range.
_ROUNDING = 1e-5
# Sums of classes may do so by more, as medians over time and mixtures of models are.
_OFF_ONE = 0.1


class Classes:
    """The classes of a frame, exclusive or not.

    Shapes: ``y`` (n_frames,) or (n_frames, n_characters).

    - ``names`` (n_classes,): the classes, or the names of the columns.
    - ``multilabel``: whether several can be on screen at once.
    - ``background``: the number of the class that means nobody. None, with a warning, where no
      frame shows it.
    """

    def __init__(self, y, background):
        labels = read_labels(y, partly=True)
        self.multilabel = isinstance(labels, pd.DataFrame)
        self.names = np.asarray(labels.columns) if self.multilabel else np.unique(labels)
        if len(self.names) == 1 and not self.multilabel:
            warnings.warn(
                f"y has the one class {self.names.tolist()[0]!r}, which every frame is then taken "
                f"to show. Label frames without it as well, or give a 0/1 column of this name.",
                stacklevel=5,
            )
        self.background = None if background is None else self._number(background)

    def _number(self, background):
        if self.multilabel:
            raise ValueError(
                f"background={background!r}: with a column of labels for each character, "
                f"nobody is a row of zeros and no class of its own. Leave background at None."
            )
        if background not in self.names.tolist():
            # No error: of some folds of a cross-validation every frame shows somebody.
            warnings.warn(
                f"background={background!r} is none of the classes {self.names.tolist()}: somebody "
                f"is taken to be in every frame. Right in a fold without empty frames; else, "
                f"correct the name.",
                stacklevel=5,
            )
            return None
        return self.names.tolist().index(background)

    @property
    def kept(self):
        """Which classes are reported, ndarray of bool of shape (n_classes,)."""
        return np.arange(len(self.names)) != (-1 if self.background is None else self.background)

    def scikit_learn_classes(self):
        """Return what ``classes_`` has to be for the scorers of scikit-learn.

        Returns (n_classes,), or (n_characters, 2).
        """
        return np.tile([0, 1], (len(self.names), 1)) if self.multilabel else self.names

    def indicators(self, y, *, partly=False):
        """Turn labels into a table.

        Shapes: ``y`` (n_frames,) or (n_frames, n_characters) -> bool (n_frames, n_classes), or
        float64 with NaN where labels are missing, which `partly` allows.
        """
        labels = read_known_labels(y, self.names, self.multilabel, partly=partly)
        return encode_labels(labels, self.names)

    def labels(self, predicted):
        """Turn a table into labels.

        Shapes: ``predicted`` (n_frames, n_classes) -> (n_frames,) or (n_frames, n_characters).
        """
        return (
            predicted.astype(np.int64) if self.multilabel else self.names[predicted.argmax(axis=1)]
        )

    def are_named_in(self, X):
        """Tell whether columns are called by classes; scikit-learn's steps give other names."""
        table = None if issparse(X) else as_table(X)
        names = set(map(str, self.names))
        return table is not None and not names.isdisjoint(map(str, table.columns))

    def probabilities(self, X):
        """Return probabilities as an array with the columns in the order of the classes.

        Shapes: ``X`` (n_frames, n_classes) -> (n_frames, n_classes).
        """
        if self.are_named_in(X):
            X = align_columns(as_table(X), self.names.tolist(), "probabilities")
        values = check_array(X, dtype=[np.float64, np.float32], input_name="X")
        if values.shape[1] != len(self.names):
            raise ValueError(
                f"{values.shape[1]} columns of probabilities for the {len(self.names)} "
                f"classes {self.names.tolist()}: ScreenTimeAggregator stands after a "
                f"classifier's probabilities, one column a class."
            )
        strange = (values < -_ROUNDING) | (values > 1 + _ROUNDING)
        if strange.any():
            row, column = np.argwhere(strange)[0]
            raise ValueError(
                f"X holds {values[row, column]:g} in row {row} of {self.names.tolist()[column]!r}: "
                f"probabilities from 0 to 1 are expected, as predict_proba and transform of a "
                f"classifier give them, and no logits of a decision_function."
            )
        self._warn_of_sums(values)
        return values

    def _warn_of_sums(self, values):
        """Warn where probabilities of exclusive classes do not share out a frame."""
        sums = values.sum(axis=1)
        if not self.multilabel and len(self.names) > 1 and (np.abs(sums - 1) > _OFF_ONE).any():
            warnings.warn(
                f"Probabilities of the classes {self.names.tolist()}, of which a frame has one, "
                f"sum to {sums.min():.3g} to {sums.max():.3g} in a row instead of 1. Divide rows "
                f"by their sums, or, if several can be on screen at once, give a 0/1 column of "
                f"labels for each.",
                stacklevel=5,
            )
