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

    Parameters
    ----------
    X : pandas.DataFrame
        A frame table.
    y : array-like of shape (n_frames,) or pandas.DataFrame
        One class a frame, or 0/1 indicators.

    Returns
    -------
    pandas.DataFrame
        The indicators as int64, or one column of classes; numbered rows.

    Raises
    ------
    ValueError
        If there is not one label a frame, or columns have no names or other values than 0 and 1.
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

    Parameters
    ----------
    X : pandas.DataFrame
        A frame table.
    y : array-like of shape (n_frames,) or pandas.DataFrame
        One class a frame, whose classes become the columns, or 0/1 indicators. A Series of 0 and 1
        with the name of a character is one column of indicators.

    Returns
    -------
    pandas.DataFrame
        int64, numbered rows, column names as strings.
    """
    table = label_table(X, y)
    if isinstance(y, pd.DataFrame) or _is_indicator(table):
        return table.rename(columns=str)
    return pd.get_dummies(table.iloc[:, 0].astype(str), dtype=np.int64)


def as_classes(names):
    """Return classes as numbers where those are written just like the names, else the names.

    Parameters
    ----------
    names : pandas.Series of str
        The class of each frame: 0 and 1, but also 007 and 7, which are two.

    Returns
    -------
    pandas.Series
        Whole numbers, or the same names.
    """
    numbers = pd.to_numeric(names, errors="coerce")
    # What has fractions is no class to scikit-learn.
    if (numbers % 1 == 0).all() and (numbers.astype(str) == names).all():
        return numbers
    return names


def _is_indicator(table):
    return table.columns[0] not in CLASS_COLUMNS and table.isin([0, 1]).to_numpy().all()
