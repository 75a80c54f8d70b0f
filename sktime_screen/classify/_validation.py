"""Rows held out of a fit: by block of time where the rows are frames, stratified always."""

from math import ceil

import numpy as np
import pandas as pd

from ..frames import is_frame_index

# Neighbouring frames look alike: split at random, the held-out rows would be known already.
_BLOCK_SECONDS = 30.0
_SHORTEST_BLOCK_SECONDS = 1.0


def held_out_rows(X, targets, fraction, generator):
    """Choose the rows to validate on.

    Parameters
    ----------
    X : array-like or DataFrame
        Features.
    targets : ndarray of shape (n, n_outputs)
        Zeros and ones.
    fraction : float
        Share of the rows, in (0, 1).
    generator : numpy.random.Generator
        Decides between equals.

    Returns
    -------
    ndarray of bool, shape (n,)
        Whether a row is held out. Every class stays among the others.

    Raises
    ------
    ValueError
        If no row would be held out.
    """
    blocks = _blocks_of_rows(X, n_blocks=ceil(2 / min(fraction, 1 - fraction)))
    held_out = _split_blocks(blocks, targets, [1 - fraction, fraction], generator) == 1
    if not held_out.any():
        raise ValueError(
            f"validation_fraction={fraction} of {len(held_out)} rows leaves none to validate on:"
            " label more rows, choose a larger fraction, or set it to None."
        )
    return held_out


def parts_of_rows(X, targets, n_parts, generator):
    """Deal rows out to parts of equal size.

    Parameters
    ----------
    X, targets, generator
        As of `held_out_rows`.
    n_parts : int
        How many parts.

    Returns
    -------
    ndarray of int, shape (n,)
        The part of each row.
    """
    blocks = _blocks_of_rows(X, n_blocks=2 * n_parts)
    return _split_blocks(blocks, targets, np.full(n_parts, 1 / n_parts), generator)


def _blocks_of_rows(X, n_blocks):
    """Number the blocks of rows that must not be separated.

    Parameters
    ----------
    X : array-like or DataFrame
        Features. With a frame index, a block is a stretch of 30 seconds of a video, or less
        where this would give too few blocks.
    n_blocks : int
        How many blocks are wanted at least.

    Returns
    -------
    ndarray of int, shape (n,)
        The block of each row; without a frame index every row is its own.
    """
    if not is_frame_index(getattr(X, "index", None)):
        return np.arange(len(X))
    video = pd.factorize(X.index.get_level_values("video"))[0]
    time = X.index.get_level_values("time").to_numpy(np.float64)
    seconds = _BLOCK_SECONDS
    while True:
        stretches = pd.MultiIndex.from_arrays([video, np.floor(time / seconds)])
        blocks, found = pd.factorize(stretches)
        if len(found) >= n_blocks or seconds / 2 < _SHORTEST_BLOCK_SECONDS:
            return blocks
        seconds /= 2


def _split_blocks(blocks, targets, shares, generator):
    """Deal blocks out to parts, so that each part gets its share of every class.

    Blocks are dealt in random order, large ones first, each to the part whose counts it brings
    nearest to what that part is due.

    Parameters
    ----------
    blocks : ndarray of int, shape (n,)
        From `_blocks_of_rows`.
    targets : ndarray of shape (n, n_outputs)
        Zeros and ones.
    shares : sequence of float
        The share of each part; they sum to one.
    generator : numpy.random.Generator
        Decides between equals.

    Returns
    -------
    ndarray of int, shape (n,)
        The part of each row. The first part has every class, the others as far as possible.
    """
    counted = np.hstack([targets, 1 - targets])
    counts = np.zeros((blocks.max() + 1, counted.shape[1]))
    np.add.at(counts, blocks, counted)
    counts = counts[:, counts.any(axis=0)]
    due = np.outer(shares, counts.sum(axis=0))

    order = generator.permutation(len(counts))
    order = order[np.argsort(-counts.sum(axis=1)[order], kind="stable")]
    part_of_block = np.zeros(len(counts), int)
    got = np.zeros_like(due)
    for block in order:
        count = counts[block]
        cost = (((2 * (got - due) + count) * count) / due).sum(axis=1)
        part_of_block[block] = cost.argmin()
        got[part_of_block[block]] += count

    for column in range(counts.shape[1]):
        holders = np.flatnonzero(counts[:, column])
        if (part_of_block[holders] != 0).all():
            part_of_block[holders[counts[holders].sum(axis=1).argmin()]] = 0
    return part_of_block[blocks]
