"""Weights of classes, as factors of the rows."""

import warnings

import numpy as np


def compute_class_factors(codes, names, class_weight, row_weights):
    """Give each row the factor of its class.

    Shapes: ``codes`` int (n,), ``row_weights`` (n,) -> float64 (n,).
    """
    if class_weight == "balanced":
        return _balancing(codes, len(names), row_weights)[codes]
    if not isinstance(class_weight, dict):
        raise ValueError(
            f"class_weight={class_weight!r}: with one class a row, 'balanced' or a dict of weights"
            f" by class is expected; a list has an entry for each column of a table."
        )
    unknown = [name for name in class_weight if name not in names]
    if unknown:
        # No error: a fold of a search may lack a rare class.
        warnings.warn(
            f"class_weight names {unknown}, but the classes are {names}: these weights have no"
            f" effect.",
            UserWarning,
            stacklevel=2,
        )
    return np.array([float(class_weight.get(name, 1)) for name in names])[codes]


def compute_label_factors(table, names, class_weight, row_weights):
    """Give each row and label of a table its factor, 1 where a label is missing.

    Shapes: ``table`` 0, 1 or NaN (n, n_labels), ``row_weights`` (n,) -> float64 (n, n_labels).
    """
    columns = []
    for column, weight in zip(table.T, _by_label(names, class_weight), strict=True):
        if weight is None:
            weight = {}
        elif np.isscalar(weight) and weight != "balanced":
            weight = {1: weight}
        known = ~np.isnan(column)
        factors = np.ones(len(column))
        factors[known] = compute_class_factors(
            column[known].astype(np.int64), [0, 1], weight, row_weights[known]
        )
        columns.append(factors)
    return np.column_stack(columns)


def _by_label(names, class_weight):
    if class_weight == "balanced":
        return ["balanced"] * len(names)
    if isinstance(class_weight, list):
        if len(class_weight) != len(names):
            raise ValueError(
                f"class_weight has {len(class_weight)} entries, but y has the {len(names)} label"
                f" columns {names}: give one for each."
            )
        return class_weight
    unknown = [name for name in class_weight if name not in names]
    if unknown:
        raise ValueError(f"class_weight names the labels {unknown}, but y has {names}.")
    return [class_weight.get(name) for name in names]


def _balancing(codes, n_classes, row_weights):
    """Give the classes factors that make their rows weigh the same in sum: (n_classes,)."""
    totals = np.bincount(codes, row_weights, minlength=n_classes)
    present = totals > 0
    factors = np.ones(n_classes)
    factors[present] = totals.sum() / (present.sum() * totals[present])
    return factors


def asks_for_balance(class_weight):
    """Tell whether any class or label is to be balanced."""
    if isinstance(class_weight, dict):
        class_weight = list(class_weight.values())
    return class_weight == "balanced" or "balanced" in (class_weight or [])
