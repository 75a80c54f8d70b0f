"""Rows held out of a fit: by block of time where the rows are frames, stratified always."""

from itertools import pairwise
from math import ceil

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, issparse
from sklearn.utils.validation import check_consistent_length

from ..video import is_frame_index
from ._stratified_group_kfold import count_labels, deal_groups
from ._time_blocks import make_time_blocks


def hold_out_rows(X, targets, fraction, generator, groups=None):
    """Choose the rows to validate on.

    Shapes: ``targets`` (n, n_outputs), ``groups`` (n,) -> bool (n,).
    """
    blocks = number_groups(X, groups)
    if blocks is None:
        blocks = assign_blocks(X, n_blocks=ceil(2 / min(fraction, 1 - fraction)))
    held_out = split_blocks(blocks, targets, [1 - fraction, fraction], generator) == 1
    if not held_out.any():
        raise ValueError(
            f"validation_fraction={fraction} of {len(held_out)} rows leaves none to validate on:"
            " label more rows, choose a larger fraction, or set it to None."
        )
    return held_out


def number_groups(X, groups):
    """Number the groups that rows were said to be of: (n,); None where nothing was said."""
    if groups is None:
        return None
    check_consistent_length(X, groups)
    # Rows whose group is missing are a group: nothing says that they may be separated.
    return pd.factorize(np.asarray(groups), use_na_sentinel=False)[0]


def assign_blocks(X, n_blocks):
    """Number the blocks of rows that must not be separated; without times, those that are equal."""
    if not is_frame_index(getattr(X, "index", None)):
        # Samplers that balance classes repeat rows, which would be held out and known as well.
        return pd.factorize(np.array([hash(row) for row in _iter_row_bytes(X)]))[0]
    # Neighbouring frames look alike: split at random, the held-out rows would be known already.
    return make_time_blocks(X, n_blocks)


def _iter_row_bytes(X):
    """Yield what is the same for equal rows of an array or a sparse matrix."""
    if not issparse(X):
        yield from (row.tobytes() for row in np.ascontiguousarray(X))
        return
    X = csr_array(X, copy=True)
    X.sum_duplicates()
    X.eliminate_zeros()
    for start, stop in pairwise(X.indptr):
        yield X.indices[start:stop].tobytes(), X.data[start:stop].tobytes()


def split_blocks(blocks, targets, shares, generator):
    """Deal blocks out to parts, so that each part gets its share of every class.

    Shapes: ``blocks`` (n,), ``targets`` (n, n_outputs) -> (n,).
    """
    order = generator.permutation(blocks.max() + 1)
    part_of_block = deal_groups(blocks, targets, np.asarray(shares), order)
    counts = count_labels(blocks, targets)
    for column in range(counts.shape[1]):
        holders = np.flatnonzero(counts[:, column])
        if (part_of_block[holders] != 0).all():
            part_of_block[holders[counts[holders, 0].argmin()]] = 0
    return part_of_block[blocks]
