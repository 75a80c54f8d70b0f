"""What labels are: one class a row, or a table with a 0/1 column a character.

Every estimator, metric, splitter, writer and plot reads labels here, whatever form they come in:

- A list, an array or a Series of a table library is one class a row; so is an array of one column,
  as scikit-learn has it, with its warning.
- An array of several columns, a sparse matrix and a table are a column a character; a table of
  one column is a character where it holds 0 and 1, and classes otherwise.
- What is known already decides on a single column: beside a table it is a character.
- A table is partly labelled where NaN or None stand for characters of a row that nobody looked for.
  Only who says so gets such tables; to all others they are rows without a label.
- Columns are matched by name, numbers and strings being the same; columns of an array, which are
  called 0, 1, ..., are matched by place.
"""

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets


def as_table(y):
    """Bring tables of any library, and sparse matrices, to pandas; None for what is no table."""
    if isinstance(y, pd.DataFrame):
        return y
    if issparse(y):
        return pd.DataFrame(y.toarray())
    names = getattr(y, "column_names", getattr(y, "columns", None))  # the first are of pyarrow
    return None if names is None else pd.DataFrame({name: np.asarray(y[name]) for name in names})


def read_labels(y, *, multilabel=None, name="y", partly=False):
    """Read labels, all of which have to be there, or with `partly` one a row at least.

    Shapes: ``y`` (n,) -> ndarray (n,); (n, n_characters) -> DataFrame of int64
    (n, n_characters), of float64 if labels are missing. `multilabel` decides what a single column
    is.
    """
    labelled, labels = read_labelled(y, multilabel=multilabel, name=name, partly=partly)
    if not labelled.all():
        rows = np.flatnonzero(~labelled)
        found = "no label"
        if read_labelled(y, multilabel=multilabel, name=name, partly=True)[0].all():
            found = "labels of some characters only"
        raise ValueError(
            f"{name} contains NaN or None: {len(rows)} of {len(labelled)} rows have {found}, the "
            f"first is row {rows[0]}. Label these rows or leave them out."
        )
    return labels


def read_labelled(y, *, multilabel=None, name="y", partly=False):
    """Tell which rows have labels, with `partly` one at least, and read these.

    Shapes: ``y`` (n,) or (n, n_characters) -> bool (n,) and as of `read_labels`.
    """
    if y is None:
        raise ValueError(
            f"The classifier requires {name} to be passed, but the target {name} is None."
        )
    table = as_table(y)
    given = y if table is None else table
    values = np.asarray(given)
    if values.ndim not in (1, 2):
        raise ValueError(f"{name} is one class a row or a table with a 0/1 column a character: {y}")
    # As objects: among strings of an array NaN would be one.
    objects = np.asarray(given, dtype=object)
    missing = pd.isna(objects)
    by_row = missing.reshape(len(values), -1)
    labelled = ~(by_row.all(axis=1) if partly else by_row.any(axis=1))
    values = objects[labelled] if missing.any() else values
    if values.ndim == 2 and _has_characters(values, table, multilabel):
        names = None if table is None else table.columns
        return labelled, _check_table(values, names, np.flatnonzero(labelled), name)
    values = column_or_1d(values, warn=True)
    if values.dtype.kind in "OU":
        _refuse_mixed(objects.ravel()[labelled], np.flatnonzero(labelled), name)
    if values.dtype == object:
        values = np.asarray(pd.Series(values).infer_objects())
    if missing.any() and values.dtype.kind == "f" and (values % 1 == 0).all():
        values = values.astype(np.int64)  # NaN made them floats
    check_classification_targets(values)
    return labelled, values


def _has_characters(values, table, multilabel):
    if values.shape[1] != 1 or multilabel is not None:
        return values.shape[1] != 1 or multilabel
    return table is not None and bool(np.isin(values, [0, 1]).all())


def _refuse_mixed(classes, rows, name):
    """Refuse names among numbers, which NumPy would take for names: 1 and "1" are two classes."""
    are_names = np.array([isinstance(label, str) for label in classes], dtype=bool)
    if are_names.any() and not are_names.all():
        of_name, of_number = are_names.argmax(), are_names.argmin()
        raise ValueError(
            f"{name} holds both names and numbers, such as {classes[of_name]!r} in row "
            f"{rows[of_name]} and {classes[of_number]!r} in row {rows[of_number]}: classes are "
            f"either all strings or all numbers. Give each class a name, or each a number."
        )


def _check_table(values, names, rows, name):
    if names is not None and names.map(str).has_duplicates:
        raise ValueError(f"{name} has two columns of one name: {names.tolist()}.")
    missing = pd.isna(values)
    strange = ~np.isin(values, [0, 1]) & ~missing
    if strange.any():
        row, column = np.argwhere(strange)[0].tolist()
        named = column if names is None else names.tolist()[column]
        raise ValueError(
            f"Unknown label type: {name} holds {values[row].tolist()[column]!r} for "
            f"{named!r} in row {rows[row]}; 0 and 1 are expected, for who is not and who is on "
            f"screen."
        )
    if missing.any():
        return pd.DataFrame(np.where(missing, np.nan, values).astype(np.float64), columns=names)
    return pd.DataFrame(values.astype(np.int64), columns=names)


def read_known_labels(y, names, multilabel, *, partly=False):
    """Read labels of known classes, or of known characters and then in their order."""
    labels = read_labels(y, multilabel=multilabel, partly=partly)
    known = np.asarray(names).tolist()
    is_table = isinstance(labels, pd.DataFrame)
    if is_table != multilabel:
        kinds = "one class a row", "a table with a 0/1 column for each of {}"
        found = labels.columns.tolist() if is_table else None
        raise ValueError(
            f"y holds {kinds[is_table].format(found)}, expected {kinds[multilabel].format(known)}."
        )
    if is_table:
        return align_columns(labels, known, "y").set_axis(known, axis=1)
    unknown = sorted(set(labels.tolist()) - set(known), key=str)
    if unknown:
        raise ValueError(f"y holds the classes {unknown}, but the known ones are {known}.")
    return labels


def align_columns(table, names, what):
    """Bring columns into the order of the names: by name, or by place where there are none."""
    found, known = list(map(str, table.columns)), list(map(str, names))
    if sorted(found) == sorted(known):
        return table.iloc[:, [found.index(name) for name in known]]
    if len(found) != len(known) or not (_are_numbers(found) or _are_numbers(known)):
        raise ValueError(
            f"The columns of {what} are {table.columns.tolist()}, expected {list(names)}: the same "
            f"names in any order, or an array with its columns in this order."
        )
    return table


def _are_numbers(names):
    return names == list(map(str, range(len(names))))


def encode_labels(labels, names):
    """Tell for every row and class whether it is the row's.

    Shapes: ``labels`` as of `read_known_labels`, ``names`` (n_classes,) -> bool (n, n_classes), or
    float64 with NaN where labels are missing.
    """
    if isinstance(labels, pd.DataFrame):
        return labels.to_numpy(np.float64 if labels.isna().to_numpy().any() else bool)
    return labels[:, None] == np.asarray(names)


def indicator_table(y, *, background=None, partly=False):
    """Tell for every frame and character whether the character is on screen.

    Shapes: ``y`` (n_frames,) or (n_frames, n_characters) -> bool (n_frames, n_characters), or
    float64 with NaN where labels are missing, which `partly` allows.
    """
    labels = read_labels(y, partly=partly)
    if isinstance(labels, pd.DataFrame):
        return labels if labels.isna().to_numpy().any() else labels.astype(bool)
    names = [name for name in np.unique(labels).tolist() if name != background]
    return pd.DataFrame({name: labels == name for name in names}, index=range(len(labels)))


def read_together(y_true, y_pred, *, are_seconds=lambda y: False):
    """Read labels and predictions; seconds stay as they are.

    An array of one column, as predicted of one character, is a table where it stands beside one.
    """
    pair = {"y_true": y_true, "y_pred": y_pred}
    tables = {name: as_table(y) for name, y in pair.items()}
    if any(np.shape(table)[1:] == (1,) for table in tables.values()):
        for name, y in pair.items():
            if tables[name] is None and np.ndim(y) == 2:
                pair[name] = pd.DataFrame(np.asarray(y))
    return [y if are_seconds(y) else read_labels(y, name=name) for name, y in pair.items()]


def align_indicators(y_true, y_pred, *, background=None):
    """Bring labels and predictions into tables with the same columns.

    Shapes: ``y_true, y_pred`` (n_frames,) or (n_frames, n_characters) -> ``true, predicted`` bool
    (n_frames, n_characters).
    """
    labels = read_together(y_true, y_pred)
    if len(labels[0]) != len(labels[1]):
        raise ValueError(f"Labels of {len(labels[0])} frames and predictions of {len(labels[1])}.")
    tables = (indicator_table(of_one, background=background) for of_one in labels)
    true, predicted = align_characters(*tables, *labels)
    return true.astype(bool), predicted.astype(bool)


def align_characters(true, predicted, y_true, y_pred):
    """Bring two tables to the same columns, which those of classes need not have before."""
    is_table, is_predicted_table = y_true.ndim == 2, y_pred.ndim == 2
    if is_table and is_predicted_table:
        predicted = align_columns(predicted, true.columns.tolist(), "the predictions")
        names = (predicted if _are_numbers(list(map(str, true.columns))) else true).columns
        return true.set_axis(names, axis=1), predicted.set_axis(names, axis=1)
    spelled = {str(name): name for name in true.columns}
    predicted = predicted.rename(columns=lambda name: spelled.get(str(name), name))
    if is_table != is_predicted_table:
        classes, table = (predicted, true) if is_table else (true, predicted)
        found, known = classes.columns.tolist(), table.columns.tolist()
        if found and set(found) <= {0, 1} and not set(found) & set(known):
            raise ValueError(
                f"y_true and y_pred are the classes {found} and a table of {known}, one each: for "
                f"0 and 1 of one character, give a table with a column of its name."
            )
    characters = true.columns.union(predicted.columns, sort=False)
    return (
        true.reindex(columns=characters, fill_value=0),
        predicted.reindex(columns=characters, fill_value=0),
    )


class ScoreByNameMixin(ClassifierMixin):
    """Scores of classifiers whose tables of labels are matched by name."""

    def score(self, X, y, sample_weight=None) -> float:
        """Return the accuracy: the share of rows of which all labels are right.

        Parameters
        ----------
        X : array-like, DataFrame or FrameSequence
            What `predict` takes.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            Labels; columns with names in any order.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        float
            From 0 to 1.
        """
        if np.ndim(self.classes_) == 2:
            y = read_known_labels(y, self.class_names_, multilabel=True)
        return super().score(X, y, sample_weight)
