"""Channels of feature maps, centred and projected to the directions in which positions differ."""

import numpy as np

from .._keras import load_keras
from ._backend_compilers import as_array

# So many positions tell the directions as well as all of them.
_POSITIONS_SEEN = 16_384
_ROUNDS = 5
_ROWS_AT_ONCE = 64
# How much colours differ from position to position, in standard deviations of other channels.
_COLORS_WEIGHT = 2.0


def find_projection(maps, n_positions, n_components, n_colors):
    """Return directions, the same for the same maps; None where all channels stay as they are.

    Those of channels are orthonormal. Colours, the last channels, are not mixed with these and
    count more.

    Shapes: ``maps`` (n, n_positions * n_channels) -> float32 (n_channels, n_components + n_colors).
    """
    positions = maps.reshape(len(maps) * n_positions, -1)
    n_channels = positions.shape[1] - n_colors
    keeps_all = n_components is None or n_channels <= n_components
    if keeps_all and not n_colors:
        return None
    generator = np.random.default_rng(0)
    if len(positions) > _POSITIONS_SEEN:
        positions = positions[
            np.sort(generator.choice(len(positions), _POSITIONS_SEEN, replace=False))
        ]
    # Keras's products, as NumPy's wait for each other where other processes work.
    ops = load_keras().ops
    positions = positions.astype(np.float32)
    positions, colors = positions[:, :n_channels], positions[:, n_channels:]
    if keeps_all:
        return _put_beside(np.eye(n_channels, dtype=np.float32), positions, colors)
    moments = ops.matmul(positions.T, positions)
    directions = generator.normal(size=(n_channels, n_components)).astype(np.float32)
    for _ in range(_ROUNDS):
        directions, _ = ops.qr(ops.matmul(moments, directions))
    # Turned at random: a network learns worse from columns of which the first vary a hundred times
    # as much as the last.
    turn, _ = ops.qr(generator.normal(size=(n_components,) * 2).astype(np.float32))
    directions = as_array(ops.matmul(directions, turn))
    return _put_beside(directions, as_array(ops.matmul(positions, directions)), colors)


def _put_beside(directions, projected, colors):
    """Return directions of channels and, so that they differ as much as told, of colours."""
    variances = [values.var(axis=0).mean() if values.size else 0 for values in (projected, colors)]
    weight = _COLORS_WEIGHT * np.sqrt(variances[0] / variances[1]) if variances[1] else 1.0
    n_channels, n_components = directions.shape
    n_colors = colors.shape[1]
    both = np.zeros((n_channels + n_colors, n_components + n_colors), np.float32)
    both[:n_channels, :n_components] = directions
    both[n_channels:, n_components:] = weight * np.eye(n_colors)
    return both


def project(maps, n_positions, projection=None, offsets=None):
    """Centre and project the channels at each position, as far as told to.

    Shapes: ``maps`` (n, n_positions * n_channels), ``projection`` (n_channels, n_components),
    ``offsets`` (n, n_channels) -> (n, n_positions * n_components), of the same type as the maps.
    """
    n_columns = maps.shape[1] if projection is None else n_positions * projection.shape[1]
    projected = np.empty((len(maps), n_columns), maps.dtype)
    start = 0
    for part in project_batches(maps, n_positions, projection, offsets):
        projected[start : start + len(part)] = part
        start += len(part)
    return projected


def project_batches(maps, n_positions, projection=None, offsets=None, rows=None):
    """Centre and project the channels at each position, some maps at a time, in float32.

    ``rows`` (n_rows,) tells which maps; None is all of them.
    """
    n_channels = maps.shape[1] // n_positions
    for start in range(0, len(maps if rows is None else rows), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        part = part if rows is None else rows[part]
        batch = maps[part].reshape(-1, n_positions, n_channels)
        batch = _project_positions(
            batch, projection, None if offsets is None else offsets[part, None]
        )
        yield batch.reshape(len(batch), -1)


def project_positions(maps, n_positions, projection=None, offsets=None, rows=None):
    """Centre and project some positions of some maps, in float32.

    Shapes: ``rows`` (n_rows,) -> (n, n_components).
    """
    n = len(rows) * n_positions
    seen = np.arange(n)
    if n > _POSITIONS_SEEN:
        seen = np.sort(np.random.default_rng(0).choice(n, _POSITIONS_SEEN, replace=False))
    rows, places = rows[seen // n_positions], seen % n_positions
    n_channels = maps.shape[1] // n_positions
    columns = places[:, None] * n_channels + np.arange(n_channels)
    positions = maps[rows[:, None], columns]
    return _project_positions(positions, projection, None if offsets is None else offsets[rows])


def _project_positions(positions, projection, offsets):
    """Centre and project positions: (..., n_channels) -> float32 (..., n_components)."""
    positions = positions.astype(np.float32, copy=False)
    if offsets is not None:
        positions = positions - offsets
    if projection is None:
        return positions
    flat = positions.reshape(-1, positions.shape[-1])
    projected = as_array(load_keras().ops.matmul(flat, projection))
    return projected.reshape(*positions.shape[:-1], -1)
