"""Labels of frames as a table of booleans, a column a character, whatever form they came in."""

import numpy as np
import pandas as pd


def indicator_table(y, *, background=None):
    """Tell for every frame and character whether the character is on screen.

    Shapes: ``y`` (n_frames,) or (n_frames, n_characters) -> bool (n_frames, n_characters).
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

    Shapes: ``y_true, y_pred`` (n_frames,) or (n_frames, n_characters) -> ``true, predicted`` bool
    (n_frames, n_characters).
    """
    true = indicator_table(y_true, background=background)
    predicted = indicator_table(y_pred, background=background)
    if len(true) != len(predicted):
        raise ValueError(f"Labels of {len(true)} frames and predictions of {len(predicted)}.")
    true, predicted = aligned_characters(true, predicted, y_true, y_pred)
    return true.astype(bool), predicted.astype(bool)


def aligned_characters(true, predicted, y_true, y_pred):
    """Bring two tables to the same columns."""
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
