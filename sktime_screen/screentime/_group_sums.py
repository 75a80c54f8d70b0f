"""Sums of the rows of each group."""

import numpy as np


def sum_groups(groups, values):
    """Add up the rows of each group.

    Shapes: ``groups`` int (n,), ``values`` (n, n_columns) -> (n_groups, n_columns).
    """
    return np.stack([np.bincount(groups, column) for column in values.T], axis=1)
