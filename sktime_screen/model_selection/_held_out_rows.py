"""Rows held out of a fit: by block of time where the rows are frames, stratified always."""

from math import ceil
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils.metadata_routing import get_routing_for_object

from ..video import is_frame_index
from ._stratified_group_kfold import count_labels, deal_groups
from ._time_blocks import make_time_blocks


def hold_out_rows(X, targets, fraction, generator):
    """Choose the rows to validate on.

    Shapes: ``targets`` (n, n_outputs) -> bool (n,).
    """
    blocks = _assign_blocks(X, n_blocks=ceil(2 / min(fraction, 1 - fraction)))
    held_out = _split_blocks(blocks, targets, [1 - fraction, fraction], generator) == 1
    if not held_out.any():
        raise ValueError(
            f"validation_fraction={fraction} of {len(held_out)} rows leaves none to validate on:"
            " label more rows, choose a larger fraction, or set it to None."
        )
    return held_out


def make_cross_fitting_splits(X, y, targets, cv, generator):
    """List the row numbers to train on and to predict, each row predicted once.

    Shapes: ``targets`` (n, n_outputs) -> a list of (n_train,), (n_test,).
    """
    if isinstance(cv, Integral):
        parts = _assign_parts(X, targets, cv, generator)
        return [(np.flatnonzero(parts != k), np.flatnonzero(parts == k)) for k in np.unique(parts)]
    if hasattr(cv, "split"):
        groups = None
        if get_routing_for_object(cv).consumes("split", ["groups"]):
            groups = _number_whole_videos(X, targets)
            if groups is None:
                groups = _assign_blocks(X, n_blocks=2 * getattr(cv, "n_splits", 5))
        cv = cv.split(X, y, groups)
    return _check_splits(list(cv), X, len(targets))


def _check_splits(splits, X, n_rows):
    """Return splits as row numbers, if each row is predicted once and from others."""
    rows = np.arange(n_rows)
    try:
        splits = [(rows[np.asarray(train)], rows[np.asarray(test)]) for train, test in splits]
    except (IndexError, TypeError, ValueError) as error:
        raise ValueError(
            f"cv: pairs of row numbers (train, test) are expected, for {n_rows} rows: {error}"
        ) from error
    times = np.bincount(np.concatenate([rows[:0], *(test for _, test in splits)]), minlength=n_rows)
    if (times != 1).any():
        raise ValueError(
            f"cv: {len(splits)} splits test {(times == 0).sum()} of {n_rows} rows never and "
            f"{(times > 1).sum()} more than once: each row must be tested once, as by KFold or "
            f"GroupKFold."
        )
    # A sampler that balances classes repeats frames.
    index = getattr(X, "index", None)
    frames = index.factorize()[0] if is_frame_index(index) else rows
    for number, (train, test) in enumerate(splits):
        n_known = np.isin(test, train).sum() or np.isin(frames[test], frames[train]).sum()
        if n_known or not len(train):
            raise ValueError(
                f"cv: split {number} trains on {len(train)} rows, {n_known} of the {len(test)} "
                f"tested ones among them or copies of those: rows of other frames are needed."
            )
    return splits


def _assign_parts(X, targets, n_parts, generator):
    """Deal rows out to parts of equal size.

    Returns (n,).
    """
    videos = _number_whole_videos(X, targets)
    if videos is not None:
        blocks, n_parts = videos, min(n_parts, videos.max() + 1)
    else:
        blocks = _assign_blocks(X, n_blocks=2 * n_parts)
    parts = _split_blocks(blocks, targets, np.full(n_parts, 1 / n_parts), generator)
    if (parts == parts[0]).all():
        raise ValueError(
            f"{len(parts)} rows cannot be dealt out to parts for cv: every class has to be "
            f"in two stretches of video at least. Label more frames, or set cv=None."
        )
    return parts


def _number_whole_videos(X, targets):
    """Number the videos of rows; None where parts cannot be made of whole videos."""
    if not is_frame_index(getattr(X, "index", None)):
        return None
    videos = X.index.get_level_values("video").factorize()[0]
    counts = count_labels(videos, targets)
    enough = len(counts) > 2 and ((counts > 0).sum(axis=0) != 1).all()
    return videos if enough else None


def _assign_blocks(X, n_blocks):
    """Number the blocks of rows that must not be separated; without times, those that are equal."""
    if not is_frame_index(getattr(X, "index", None)):
        # Samplers that balance classes repeat rows, which would be held out and known as well.
        rows = [hash(row.tobytes()) for row in np.ascontiguousarray(X)]
        return pd.factorize(np.array(rows))[0]
    # Neighbouring frames look alike: split at random, the held-out rows would be known already.
    return make_time_blocks(X, n_blocks)


def _split_blocks(blocks, targets, shares, generator):
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
