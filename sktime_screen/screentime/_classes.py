"""Classes: what columns of probabilities stand for, and the way from labels to them and back."""

import warnings

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array


class Classes:
    """The classes of a frame, exclusive or not.

    Shapes: ``y`` (n_frames,) or (n_frames, n_characters).

    - ``names`` (n_classes,): the classes, or the names of the columns.
    - ``multilabel``: whether several can be on screen at once.
    - ``named``: whether the columns of an indicator table had names.
    - ``background``: the number of the class that means nobody. None, with a warning, where no
      frame shows it.
    """

    def __init__(self, y, background):
        if y is None:
            raise ValueError("ScreenTimeAggregator learns from labels: y is None.")
        names = y.columns if isinstance(y, pd.DataFrame) else None
        y = y.toarray() if issparse(y) else y
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
        if y.ndim == 2 and y.dtype == object and np.isin(y, [0, 1]).all():
            y = y.astype(np.int64)  # of columns that are categories
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        # A table of one column is one character, as for the classifiers.
        one = names is not None and len(names) == 1 and bool(np.isin(y, [0, 1]).all())
        self.multilabel = one or kind.startswith("multilabel")
        self.named = names is not None and not isinstance(names, pd.RangeIndex)
        if self.multilabel:
            self.names = np.arange(y.shape[1]) if names is None else np.asarray(names)
        else:
            self.names = np.unique(y)
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

    def indicators(self, y):
        """Turn labels into a table.

        Shapes: ``y`` (n_frames,) or (n_frames, n_characters) -> bool (n_frames, n_classes).
        """
        return self._table(y) if self.multilabel else self._exclusive(y)

    def _table(self, y):
        known = self.names.tolist()
        if isinstance(y, pd.DataFrame) and self.named and not isinstance(y.columns, pd.RangeIndex):
            found = y.columns.tolist()
            if sorted(map(str, found)) != sorted(map(str, known)):
                raise ValueError(f"y has the label columns {found}, expected {known}.")
            y = y.iloc[:, y.columns.map(str).get_indexer([str(name) for name in known])]
        values = y.toarray() if issparse(y) else np.asarray(y)
        if values.ndim != 2 or values.shape[1] != len(known):
            raise ValueError(
                f"y has the shape {values.shape}; a table with a 0/1 column for each of {known} is "
                f"expected."
            )
        strange = ~np.isin(values, [0, 1])
        if strange.any():
            raise ValueError(
                f"y holds {values[strange].tolist()[0]!r}; 0 and 1 are expected, for who is not "
                f"and who is on screen."
            )
        return values.astype(bool)

    def _exclusive(self, y):
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            raise ValueError(
                f"y has {y.shape[1]} columns; one class a frame is expected, of "
                f"{self.names.tolist()}."
            )
        y = y.reshape(-1)
        unknown = set(y.tolist()) - set(self.names.tolist())
        if unknown:
            raise ValueError(
                f"y holds the classes {sorted(unknown, key=str)}, but the known ones are "
                f"{self.names.tolist()}."
            )
        return y[:, None] == self.names

    def labels(self, shown):
        """Turn a table into labels.

        Shapes: ``shown`` (n_frames, n_classes) -> (n_frames,) or (n_frames, n_characters).
        """
        return shown.astype(np.int64) if self.multilabel else self.names[shown.argmax(axis=1)]

    def probabilities(self, X):
        """Return probabilities as an array with the columns in the order of the classes.

        Shapes: ``X`` (n_frames, n_classes) -> (n_frames, n_classes).
        """
        if isinstance(X, pd.DataFrame):
            names = [str(name) for name in self.names]
            columns = X.columns.map(str)
            if set(names) == set(columns):
                X = X.iloc[:, columns.get_indexer(names)]
            elif set(names) & set(columns) and len(names) == len(columns):
                raise ValueError(
                    f"The columns of probabilities are {columns.tolist()}, the classes {names}: "
                    f"the same names are expected, or none of them where columns stand in the "
                    f"order of the classes."
                )
        values = check_array(X, dtype=[np.float64, np.float32], input_name="X")
        if values.shape[1] != len(self.names):
            raise ValueError(
                f"{values.shape[1]} columns of probabilities for the {len(self.names)} "
                f"classes {self.names.tolist()}: ScreenTimeAggregator stands after a "
                f"classifier's probabilities, one column a class."
            )
        return values
