"""Groups of frames dealt out to parts, so that each part gets its share of every character."""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils import check_random_state, column_or_1d

from .._targets import indicator_table


class MultilabelStratifiedGroupKFold(StratifiedGroupKFold):
    """Split groups into folds with their share of every character.

    Takes 0/1 tables too, since characters share the screen; scikit-learn's ``StratifiedGroupKFold``
    takes one class a frame only. Groups, such as `time_blocks`, `shot_groups` or videos, are never
    separated.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, 2 or more.
    shuffle : bool, default=False
        Whether to shuffle groups that are alike.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.

    See Also
    --------
    time_blocks : Groups of neighbouring frames.
    shot_groups : Groups that end where the video cuts.

    Notes
    -----
    ``split(X, y, groups)`` takes ``y`` as one class a frame or as a 0/1 table, and needs
    ``groups``. If frames are independent, pass ``numpy.arange(len(X))``. It raises ``ValueError``
    for fewer groups than folds.

    Groups with many frames or rare characters are assigned first. Each goes to the fold that it
    brings nearest to its due number of frames with and without every character. Sechidis,
    Tsoumakas and Vlahavas, "On the stratification of multi-label data", ECML PKDD 2011, assign
    single rows, the rarest label first. For groups, that leaves folds less alike.

    Examples
    --------
    >>> import numpy as np
    >>> from sktime_screen import MultilabelStratifiedGroupKFold
    >>> y = np.repeat([[1, 1], [0, 0], [1, 1], [0, 0]], 2, axis=0)
    >>> groups = np.repeat([0, 1, 2, 3], 2)
    >>> for _, test in MultilabelStratifiedGroupKFold(2).split(y, y, groups):
    ...     print(groups[test], y[test, 0])
    [0 0 3 3] [1 1 0 0]
    [1 1 2 2] [0 0 1 1]
    """

    def _iter_test_masks(self, X, y, groups):
        if groups is None:
            raise ValueError(
                "No groups: give split, or the search that splits, groups=time_blocks(X) or "
                "shot_groups(X); frames that stand alone are numpy.arange(len(X))."
            )
        found, group_of_row = np.unique(column_or_1d(groups), return_inverse=True)
        if len(found) < self.n_splits:
            raise ValueError(
                f"n_splits={self.n_splits} folds of {len(found)} groups: give more groups "
                f"(shorter blocks, shots) or ask for fewer folds."
            )
        shares = np.full(self.n_splits, 1 / self.n_splits)
        order = np.arange(len(found))
        if self.shuffle:
            check_random_state(self.random_state).shuffle(order)
        fold_of_group = deal_groups(group_of_row, indicator_table(y, partly=True), shares, order)
        for fold in range(self.n_splits):
            yield fold_of_group[group_of_row] == fold


def deal_groups(group_of_row, targets, shares, order):
    """Deal groups of rows out to parts.

    Shapes: ``group_of_row`` (n,), ``targets`` (n, n_labels), ``shares`` (n_parts,), ``order``
    (n_groups,) -> (n_groups,).
    """
    counts = count_labels(group_of_row, targets)
    due = np.outer(shares, counts.sum(axis=0))
    # How far a group can throw a part off: many rows, or a rare label.
    weight = (counts**2 / counts.sum(axis=0)).sum(axis=1)
    part_of_group = np.zeros(len(counts), int)
    got = np.zeros_like(due)
    for group in order[np.argsort(-weight[order], kind="stable")]:
        count = counts[group]
        # By how much the squared distance to what is due grows, in parts of what is due.
        cost = (((2 * (got - due) + count) * count) / due).sum(axis=1)
        part_of_group[group] = cost.argmin()
        got[part_of_group[group]] += count
    return part_of_group


def count_labels(group_of_row, targets):
    """Count the rows of groups: all, with and without each label; NaN is neither.

    Shapes: ``group_of_row`` (n,), ``targets`` (n, n_labels) -> (n_groups, n_counts).
    """
    targets = np.asarray(targets, np.float64)
    counted = np.hstack([np.ones((len(targets), 1)), targets == 1, targets == 0])
    counts = np.zeros((group_of_row.max() + 1, counted.shape[1]))
    np.add.at(counts, group_of_row, counted)
    return counts[:, counts.any(axis=0)]
