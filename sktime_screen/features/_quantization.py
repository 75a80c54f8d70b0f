"""Features rounded to whole multiples of a step, a byte each."""

import numpy as np

_LARGEST_LEVEL = 127
_STEP_BYTES = np.dtype(np.float32).itemsize


def quantize(features, step):
    """Round each row to multiples of `step` of its standard deviations, or a 127th of its largest.

    Shapes: ``features`` (n, n_features) -> (n, n_features + 4), int8: levels, and in the last four
    bytes the row's step.
    """
    features = np.asarray(features, np.float32)
    # A row that is not finite stays so: its step is not a number.
    with np.errstate(invalid="ignore"):
        steps = np.maximum(
            step * features.std(axis=1), np.abs(features).max(axis=1) / _LARGEST_LEVEL
        )
        levels = np.rint(features / np.where(steps > 0, steps, 1)[:, None])
    packed = np.empty((len(features), get_packed_width(features.shape[1])), np.int8)
    packed[:, :-_STEP_BYTES] = np.where(np.isfinite(levels), levels, 0)
    packed[:, -_STEP_BYTES:] = steps.astype(np.float32)[:, None].view(np.int8)
    return packed


def dequantize(packed):
    """Turn what `quantize` gave into features, float32."""
    steps = np.ascontiguousarray(packed[:, -_STEP_BYTES:]).view(np.float32)
    return packed[:, :-_STEP_BYTES] * steps


def get_packed_width(n_features):
    """Return how many bytes a row of `quantize` has."""
    return n_features + _STEP_BYTES
