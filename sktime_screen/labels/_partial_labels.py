"""Turn classes into what they say of each character, where a frame can show several."""

import numpy as np
import pandas as pd

from .._targets import read_labels


def make_partial_labels(y, *, background=None) -> pd.DataFrame:
    """Turn one class a frame into a table that leaves open who else is on screen.

    Use it if characters share the screen, but each frame was given one class only, as in many
    tutorials. A frame of the class "tom" then shows Tom, and whether it shows Jerry is not known. A
    frame of the background shows nobody.

    Parameters
    ----------
    y : array-like of shape (n_frames,)
        The class of each frame.
    background : str or int, optional
        The class that means nobody. Without one, every frame shows somebody.

    Returns
    -------
    pandas.DataFrame of float64, shape (n_frames, n_characters)
        A column for each class but the background, in sorted order: 1 where the frame has the
        class, 0 in frames of the background, and NaN elsewhere.

    Raises
    ------
    ValueError
        If labels are missing, are a table already, or none is the background.

    See Also
    --------
    KerasDenseClassifier : Learns from tables with NaN, as do the other heads.

    Notes
    -----
    Such labels say who is there, and hardly ever who is not. Classifiers that were told nothing
    else would see everybody everywhere, so the heads take missing labels as 0 with a tenth of the
    weight, if labels of the partly labelled frames are all 1 ("weak negatives" [1]_).

    References
    ----------
    .. [1] E. Cole, O. Mac Aodha, T. Lorieul, P. Perona, D. Morris and N. Jojic, "Multi-label
           learning from single positive labels", CVPR 2021.

    Examples
    --------
    >>> from sktime_screen import make_partial_labels
    >>> make_partial_labels(["tom", "nobody", "jerry"], background="nobody")
       jerry  tom
    0    NaN  1.0
    1    0.0  0.0
    2    1.0  NaN
    """
    labels = read_labels(y)
    if isinstance(labels, pd.DataFrame):
        raise ValueError(
            f"y is a table with the columns {labels.columns.tolist()}, expected one class a frame: "
            f"in a table, write NaN for what is not known."
        )
    classes = np.unique(labels).tolist()
    if background is not None and background not in classes:
        raise ValueError(f"background={background!r} is none of the classes {classes}.")
    characters = [name for name in classes if name != background]
    shown = labels[:, None] == np.array(characters)
    known = shown | (labels == background)[:, None] if background is not None else shown
    index = y.index if isinstance(y, pd.Series) else None
    return pd.DataFrame(np.where(known, shown, np.nan), index=index, columns=characters)
