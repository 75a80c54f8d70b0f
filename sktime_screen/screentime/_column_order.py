"""Whether columns of probabilities that are not called by the classes are in another order."""

import re
import warnings

import numpy as np
from scipy.optimize import linear_sum_assignment

from .._targets import as_table

# Mean correlations of labels with their columns: from such, and up to such, another order is meant.
_ALIKE, _UNLIKE = 0.5, 0.25
# Fewer frames agree with any order by chance.
_ENOUGH = 30


def check_column_order(X, probabilities, truth, names) -> None:
    """Raise if names of columns, and warn if labels, speak for another order than that of classes.

    Shapes: ``probabilities`` (n_frames, n_classes), ``truth`` (n_frames, n_classes).
    """
    named = _find_order_of_names(X, names)
    if named is not None:
        raise ValueError(
            f"The columns of X are {list(as_table(X).columns)}, but the classes are "
            f"{list(names)}, in this order. Call the columns by the classes: X.columns = "
            f"{[names[number] for number in named]}."
        )
    known = ~np.isnan(truth.astype(np.float64)).any(axis=1)
    if known.sum() < _ENOUGH:
        return
    likeness = _correlate(truth[known].astype(np.float64), probabilities[known].astype(np.float64))
    _, order = linear_sum_assignment(-likeness)
    best = likeness[np.arange(len(order)), order].mean()
    if best >= _ALIKE and np.diag(likeness).mean() <= _UNLIKE:
        meant = [names[number] for number in np.argsort(order)]
        warnings.warn(
            f"The labels agree with the probabilities if the columns of X are {meant}, and hardly "
            f"if they are {list(names)}, as they are taken to be. If your classifier has another "
            f"order of classes, give a table whose columns are called by them.",
            stacklevel=4,
        )


def _find_order_of_names(X, names):
    """Return the numbers of the classes in the names of columns; None where these are in order."""
    table = as_table(X)
    columns = [] if table is None else table.columns
    words, wanted = (
        [set(re.findall(r"[^\W_]+", str(name).casefold())) for name in found]
        for found in (columns, names)
    )
    found = [[number for number, name in enumerate(wanted) if name and name <= of] for of in words]
    order = [number for numbers in found for number in numbers]
    unclear = any(len(numbers) != 1 for numbers in found) or len(set(order)) != len(names)
    return None if unclear or order == sorted(order) else order


def _correlate(labels, values):
    """Return the correlation of each column of labels with each of values; 0 of constant ones."""
    labels, values = (table - table.mean(axis=0) for table in (labels, values))
    lengths = np.outer(np.linalg.norm(labels, axis=0), np.linalg.norm(values, axis=0))
    products = labels.T @ values
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 1e-9)
