"""The parts of cross-fitting: each row is predicted by what learned from the others."""

from numbers import Integral

import numpy as np
from sklearn.utils.metadata_routing import get_routing_for_object

from ..video import is_frame_index
from ._held_out_rows import assign_blocks, number_groups, split_blocks
from ._stratified_group_kfold import count_labels


def make_cross_fitting_splits(X, y, targets, cv, generator, groups=None):
    """List the row numbers to train on and to predict, each row predicted once.

    Shapes: ``targets`` (n, n_outputs), ``groups`` (n,) -> a list of (n_train,), (n_test,).
    """
    groups = number_groups(X, groups)
    if isinstance(cv, Integral):
        parts = _assign_parts(X, targets, cv, generator, groups)
        return [(np.flatnonzero(parts != k), np.flatnonzero(parts == k)) for k in np.unique(parts)]
    if hasattr(cv, "split"):
        if groups is None and get_routing_for_object(cv).consumes("split", ["groups"]):
            groups = _number_whole_videos(X, targets)
            if groups is None:
                groups = assign_blocks(X, n_blocks=2 * getattr(cv, "n_splits", 5))
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


def _assign_parts(X, targets, n_parts, generator, groups=None):
    """Deal rows out to parts of equal size.

    Returns (n,).
    """
    blocks = _number_whole_videos(X, targets) if groups is None else groups
    if blocks is not None:
        n_parts = min(n_parts, blocks.max() + 1)
    else:
        blocks = assign_blocks(X, n_blocks=2 * n_parts)
    parts = split_blocks(blocks, targets, np.full(n_parts, 1 / n_parts), generator)
    if (parts == parts[0]).all():
        raise ValueError(
            f"{len(parts)} labelled rows are too few for cv: each class has to be in at least two "
            f"groups, or parts of a video. Label more frames, or set cv=None."
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
