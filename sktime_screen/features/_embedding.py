"""What frames look like in few numbers, to tell which of them look alike."""

import math
import re
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize
from sklearn.random_projection import SparseRandomProjection

# Enough to tell the scenes of a video apart; more makes the search for neighbours slow.
_DIMENSIONS = 100
# More features than the first number, those of maps, are projected to the second: distances stay.
_MOST_FEATURES, _PROJECTED = 4096, 512
# A map is averaged over so many parts of the image's height and width.
_PARTS_OF_MAP = (3, 4)
_ROWS_AT_ONCE = 64


def find_map_size(features):
    """Return height and width of the map that a row is, or None where the table does not tell."""
    shape = getattr(features, "attrs", {}).get("map_shape")
    if shape is None:
        return None
    # A step that chose or reordered columns may have handed on what was said of all of them.
    numbers, expected = features.columns, range(math.prod(shape))
    if not numbers.equals(pd.RangeIndex(len(expected))):
        named = [re.search(r"\d*$", str(name))[0] for name in numbers]
        if named != [str(number) for number in expected]:
            return None
    return tuple(shape[:2])


def find_n_colors(features):
    """Return how many channels of the maps in a table, the last, are colours."""
    return features.attrs.get("map_colors", 0) if find_map_size(features) else 0


def project_features(values, map_size=None):
    """Return features whose distances are those of the given ones, about, in few columns.

    Shapes: ``values`` (n, n_features) -> (n, n_columns).
    """
    if map_size is None and values.shape[1] <= _MOST_FEATURES:
        return values
    # In parts, as features of many columns are large.
    parts = (values[k : k + _ROWS_AT_ONCE] for k in range(0, len(values), _ROWS_AT_ONCE))
    if map_size is not None:
        parts = (_average_parts(part, map_size) for part in parts)
    return np.concatenate([_project_randomly(part) for part in parts])


def _average_parts(maps, map_size):
    maps = maps.reshape(len(maps), *map_size, -1)
    heights, widths = (
        np.linspace(0, size, min(size, parts) + 1).round().astype(int)
        for size, parts in zip(map_size, _PARTS_OF_MAP, strict=True)
    )
    return np.concatenate(
        [
            maps[:, top:bottom, left:right].mean(axis=(1, 2), dtype=np.float32)
            for top, bottom in pairwise(heights)
            for left, right in pairwise(widths)
        ],
        axis=1,
    )


def _project_randomly(values):
    if values.shape[1] <= _MOST_FEATURES:
        return values
    return _make_projection(values.shape[1]).transform(values).astype(np.float32)


@lru_cache(maxsize=2)
def _make_projection(n_features):
    return SparseRandomProjection(_PROJECTED, random_state=0).fit(
        np.zeros((1, n_features), np.float32)
    )


def embed_frames(features):
    """Return points that lie near each other where frames look alike.

    Shapes: ``features`` (n, n_columns) -> (n, n_dimensions).
    """
    points = normalize(features - features.mean(axis=0))
    dimensions = min(_DIMENSIONS, *points.shape)
    if len(points) > 1 and dimensions < points.shape[1]:
        points = PCA(dimensions, svd_solver="randomized", random_state=0).fit_transform(points)
    return points
