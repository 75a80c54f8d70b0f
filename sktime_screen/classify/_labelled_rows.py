"""What a classifier that carries labels on keeps of the rows it was fitted on."""

from typing import NamedTuple

import numpy as np


class LabelledRows(NamedTuple):
    """The rows of ``fit``: arrays only, so that model files can be read without running code.

    - ``looks`` (n, n_columns): their features, or a projection of these.
    - ``targets`` (n, n_outputs): their labels, zeros and ones.
    - ``videos, times`` (n,): absolute paths, and seconds, where rows have a frame index.
    """

    looks: np.ndarray
    targets: np.ndarray
    videos: np.ndarray | None
    times: np.ndarray | None

    def rows(self, rows):
        """Return some of the rows, given by number."""
        return LabelledRows(*(None if values is None else values[rows] for values in self))
