"""Labels of frames as a table of booleans, a column a character, whatever form they came in."""

import numpy as np
import pandas as pd


def indicator_table(y, *, background=None):
    """Tell for every frame and character whether the character is on screen.

    Parameters
    ----------
    y : array-like of shape (n_frames,) or (n_frames, n_characters)
        The class of each frame, or a 0/1 table with a column a character.
    background : str or int, optional
        A class that means nobody and gets no column.

    Returns
    -------
    pandas.DataFrame of bool, shape (n_frames, n_characters)
        Rows are numbered from 0. Classes are in sorted order, columns of a table in theirs.

    Raises
    ------
    ValueError
        If labels have neither one nor two dimensions, or a table holds something other than 0
        and 1.
    """
    values = np.asarray(y)
    if values.ndim not in (1, 2):
        raise ValueError(f"Labels are one class a frame or a 0/1 table, not {y!r}.")
    if values.ndim == 2:
        wrong = ~np.isin(values, [0, 1])
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            name = getattr(y, "columns", range(values.shape[1]))[column]
            raise ValueError(
                f"Row {row} of the labels holds {values[row].tolist()[column]!r} for {name!r}; "
                f"with a column a character each is 0 or 1."
            )
        return pd.DataFrame(values.astype(bool), columns=getattr(y, "columns", None))
    return pd.DataFrame(
        {name: values == name for name in np.unique(values).tolist() if name != background},
        index=range(len(values)),
    )


def aligned_indicators(y_true, y_pred, *, background=None):
    """Bring labels and predictions into tables with the same columns.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,) or (n_frames, n_characters)
        Classes, or 0/1 tables; an array takes the names of the other's columns.
    background : str or int, optional
        A class that means nobody and gets no column.

    Returns
    -------
    true, predicted : pandas.DataFrame of bool, shape (n_frames, n_characters)
        A class that only one of them has is nowhere in the other.

    Raises
    ------
    ValueError
        If they differ in rows, or two tables in their characters.
    """
    true = indicator_table(y_true, background=background)
    predicted = indicator_table(y_pred, background=background)
    if len(true) != len(predicted):
        raise ValueError(f"Labels of {len(true)} frames and predictions of {len(predicted)}.")
    true, predicted = aligned_characters(true, predicted, y_true, y_pred)
    return true.astype(bool), predicted.astype(bool)


def aligned_characters(true, predicted, y_true, y_pred):
    """Bring two tables to the same columns.

    Parameters
    ----------
    true, predicted : pandas.DataFrame
        Tables with a column a character.
    y_true, y_pred : array-like
        What they were made of: the columns of an array take the names of the other table, and
        classes need not all occur.

    Returns
    -------
    true, predicted : pandas.DataFrame
        With zeros for characters that only the other one has.

    Raises
    ------
    ValueError
        If two tables differ in their characters.
    """
    if np.ndim(y_true) == np.ndim(y_pred) == 2:
        if true.shape[1] == predicted.shape[1]:
            if not hasattr(y_pred, "columns"):
                predicted = predicted.set_axis(true.columns, axis=1)
            elif not hasattr(y_true, "columns"):
                true = true.set_axis(predicted.columns, axis=1)
        if set(true.columns) != set(predicted.columns):
            raise ValueError(
                f"Labels of the characters {true.columns.tolist()} and predictions of "
                f"{predicted.columns.tolist()}: the same are expected."
            )
    characters = true.columns.union(predicted.columns, sort=False)
    return (
        true.reindex(columns=characters, fill_value=0),
        predicted.reindex(columns=characters, fill_value=0),
    )
