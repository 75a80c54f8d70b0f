"""Labels of any form as a 0/1 column a character."""

import numpy as np
import pandas as pd

from .._targets import indicator_table

CLASS_COLUMNS = ("Class", "class", "label", "character")
# How a frame came to be labelled, which estimates from samples need to know.
SAMPLING_COLUMNS = ("stratum", "inclusion")
FRAME_COLUMNS = ("video", "time", "duration", "image", *SAMPLING_COLUMNS)


def label_table(X, y):
    """Return labels as a table of as many rows as there are frames.

    Shapes: ``y`` (n_frames,).
    """
    if not isinstance(y, (pd.DataFrame, pd.Series)):
        y = np.asarray(y)
        if y.ndim != 1:
            raise ValueError(
                "A table of labels needs the names of the characters: "
                "pandas.DataFrame(y, columns=[...])."
            )
        y = pd.Series(y, name="label")
    if len(y) != len(X):
        raise ValueError(f"{len(X)} frames but {len(y)} labels: one label a frame is expected.")
    if isinstance(y, pd.Series):
        return y.rename("label" if y.name is None else y.name).reset_index(drop=True).to_frame()
    return indicator_table(y).astype(np.int64)


def indicators(X, y):
    """Return labels as 0/1 indicators with a column a character.

    Shapes: ``y`` (n_frames,).
    """
    table = label_table(X, y)
    if isinstance(y, pd.DataFrame) or _is_indicator(table):
        return table.rename(columns=str)
    return pd.get_dummies(table.iloc[:, 0].astype(str), dtype=np.int64)


def as_classes(names):
    """Return classes as numbers where those are written just like the names, else the names."""
    numbers = pd.to_numeric(names, errors="coerce")
    # What has fractions is no class to scikit-learn.
    if (numbers % 1 == 0).all() and (numbers.astype(str) == names).all():
        return numbers
    return names


def _is_indicator(table):
    return table.columns[0] not in CLASS_COLUMNS and table.isin([0, 1]).to_numpy().all()
