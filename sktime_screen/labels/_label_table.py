"""Labels of any form as a 0/1 column a character."""

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from .._targets import as_table, indicator_table, read_labels

CLASS_COLUMNS = ("Class", "class", "label", "character")
# How a frame came to be labelled, which estimates from samples need to know.
SAMPLING_COLUMNS = ("stratum", "inclusion")
FRAME_COLUMNS = ("video", "time", "duration", "image", *SAMPLING_COLUMNS)


def label_table(X, y):
    """Return labels as a table: a column of classes, or a 0/1 column a character.

    Shapes: ``y`` (n_frames,) or (n_frames, n_characters) -> (n_frames, n_columns).
    """
    labels = _labels_of_frames(X, y)
    if isinstance(labels, np.ndarray):
        # By another name 0 and 1 would be read as those of a character.
        name = getattr(y, "name", None)
        return pd.DataFrame({name if name in CLASS_COLUMNS else "label": labels})
    if labels.columns.isin(CLASS_COLUMNS).all():
        raise ValueError(
            f"A single character cannot be called {labels.columns[0]!r}: in a CSV that is a column "
            f"of classes."
        )
    return labels


def indicators(X, y):
    """Return labels as 0/1 indicators with a column a character.

    Shapes: ``y`` (n_frames,) or (n_frames, n_characters) -> (n_frames, n_characters).
    """
    return indicator_table(_labels_of_frames(X, y)).astype(np.int64).rename(columns=str)


def _labels_of_frames(X, y):
    table = as_table(y)
    # Numbers under the name of a character are its labels, right or wrong, and no classes.
    is_character = table is not None and not table.columns.isin(CLASS_COLUMNS).any()
    is_character = is_character and all(map(is_numeric_dtype, table.dtypes))
    labels = read_labels(y, multilabel=True if is_character else None)
    if len(labels) != len(X):
        raise ValueError(f"{len(X)} frames but {len(labels)} labels: one a frame is expected.")
    if isinstance(labels, pd.DataFrame) and isinstance(labels.columns, pd.RangeIndex):
        raise ValueError(
            "A table of labels needs the names of the characters: "
            "pandas.DataFrame(y, columns=[...])."
        )
    return labels


def convert_classes(names):
    """Return classes as numbers where those are written just like the names, else the names."""
    numbers = pd.to_numeric(names, errors="coerce")
    # What has fractions is no class to scikit-learn.
    if (numbers % 1 == 0).all() and (numbers.astype(str) == names).all():
        return numbers
    return names
