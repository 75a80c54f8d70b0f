"""How uncertain a predicted frame is: what is shown, suggested and labelled first."""

import numpy as np


def find_uncertainty(probabilities, *, exclusive, threshold=0.5):
    """Tell how near each frame is to another prediction, from 0 to 1, and of which column that is.

    It is 1 at the threshold and where two exclusive classes are equally probable (one minus their
    margin, which active learning goes by).

    Shapes: ``probabilities`` (n_frames, n_columns) -> float64 (n_frames,), int64 (n_frames,).
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if exclusive and p.shape[1] != 2:
        best, second = -np.sort(-np.pad(p, ((0, 0), (0, 1))), axis=1)[:, :2].T
        return 1 - (best - second), p.argmax(axis=1)
    by_column = 1 - np.abs(p - threshold) / max(threshold, 1 - threshold)
    if exclusive:
        return by_column[:, 1], (p[:, 1] >= threshold).astype(np.int64)
    column = by_column.argmax(axis=1)
    return by_column[np.arange(len(p)), column], column
