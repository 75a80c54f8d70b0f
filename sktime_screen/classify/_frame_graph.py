"""Which frames of a video are tied, as they look alike or follow each other, and what spreads."""

import numpy as np
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import cg
from sklearn.neighbors import NearestNeighbors

# Of a frame's duration: what comes later than this is not the next frame.
_LONGEST_STEP = 1.5
# Neighbours in time are surer of being alike than frames that look alike.
_SIMILARITY_WEIGHT = 0.1


def tie_frames(points, seconds, times, durations, n_neighbors):
    """Return how strongly frames are tied, (n, n); the first ``len(times)`` have times, if any.

    Shapes: ``points`` (n, n_dimensions), ``seconds`` (n,), ``times, durations`` (m,) or None.
    """
    edges = _SIMILARITY_WEIGHT * build_similarity_edges(points, seconds, n_neighbors)
    if times is None:
        return edges
    return edges + build_temporal_edges(points, times, durations)


def spread_over(edges, start, weights):
    """Spread values over ties, as far from the start as weights allow.

    Shapes: ``edges`` (n, n), ``start, weights`` (n, n_columns) -> (n, n_columns).
    """
    laplacian = diags_array(edges.sum(axis=1)) - edges
    columns = [
        cg((diags_array(own) + laplacian).tocsr(), own * column, x0=column, rtol=1e-6)[0]
        for own, column in zip(weights.T, start.T, strict=True)
    ]
    return np.column_stack(columns)


def build_similarity_edges(points, seconds, n_neighbors):
    """Tie each frame to those that look most alike, on the scale of how far these are.

    Shapes: ``points`` (n, n_dimensions), ``seconds`` (n,) -> (n, n).
    """
    n_neighbors = min(n_neighbors, len(points) - 1)
    if n_neighbors < 1:
        return coo_array((len(points), len(points)))
    distances, neighbors = (
        NearestNeighbors(n_neighbors=n_neighbors).fit(points).kneighbors(return_distance=True)
    )
    scale = np.maximum(np.median(distances, axis=1), 1e-6)
    rows = np.repeat(np.arange(len(points)), n_neighbors)
    others = neighbors.ravel()
    weights = np.exp(-(distances.ravel() ** 2) / (scale[rows] * scale[others]))
    weights *= np.sqrt(seconds[rows] * seconds[others])
    edges = coo_array((weights, (rows, others)), shape=(len(points), len(points))).tocsr()
    return edges.maximum(edges.T)


def build_temporal_edges(points, times, durations):
    """Tie each frame to the next, the less the more the image changes between them.

    Shapes: ``points`` (n + m, n_dimensions), ``times, durations`` (n,) -> (n + m, n + m).
    """
    order = np.argsort(times, kind="stable")
    before, after = order[:-1], order[1:]
    steps = times[after] - times[before]
    follows = (steps > 0) & (steps <= _LONGEST_STEP * durations[before])
    before, after, steps = before[follows], after[follows], steps[follows]
    changes = ((points[before] - points[after]) ** 2).sum(axis=1)
    usual = max(np.median(changes), 1e-12) if len(changes) else 1.0
    # Per second, so that more frames a second do not carry labels any further.
    weights = np.exp(-changes / (2 * usual)) / steps
    edges = coo_array((weights, (before, after)), shape=(len(points), len(points))).tocsr()
    return edges + edges.T
