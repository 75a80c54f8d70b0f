"""Write labels and predictions as CSV."""

import os

import numpy as np

from ..labels import FRAME_COLUMNS, label_table, make_relative, write_table
from ..video import check_frame_table


def save_label_csv(path, X, y) -> None:
    """Write labels of frames to a CSV file.

    `load_label_csv` reads the file, and so does any spreadsheet.

    Parameters
    ----------
    path : str or path
        The CSV file to write. An existing file is replaced.
    X : pandas.DataFrame
        The frame table.
    y : array-like of shape (n_frames,) or pandas.DataFrame of shape (n_frames, n_characters)
        Labels or predictions: one class per frame, or a table with a 0/1 column per character.

    Raises
    ------
    OSError
        If the file cannot be written. A file that existed before is then unchanged.
    ValueError
        If ``X`` and ``y`` differ in length, or a character has the name of a column of the frame
        table.

    See Also
    --------
    load_label_csv : Load the file.
    save_cvat : Write labels to correct in CVAT.
    save_eaf : Write labels to correct in ELAN.
    save_label_studio : Write labels to correct in Label Studio.

    Notes
    -----
    Rows are sorted by video and time. Paths of videos and images are relative to the folder of the
    file, so that you can move everything together.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from sktime_screen import save_label_csv
    >>> X = pd.DataFrame({"video": "video.mp4", "time": [0.0, 1.0], "duration": 1.0})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_label_csv(f"{folder}/labels.csv", X, ["tom", "jerry"])
    ...     print(open(f"{folder}/labels.csv").read())
    video,time,duration,label
    video.mp4,0.0,1.0,tom
    video.mp4,1.0,1.0,jerry
    <BLANKLINE>
    """
    path = os.fspath(path)
    labels = label_table(X, y)
    table = check_frame_table(X).reset_index(drop=True)
    table = table[[c for c in FRAME_COLUMNS if c in table]]
    taken = set(labels.columns) & {*FRAME_COLUMNS, "start", "end"}
    if taken:
        raise ValueError(
            f"{sorted(taken)} cannot be names of characters, since the CSV file has columns of "
            f"these names. Rename the characters."
        )
    folder = os.path.dirname(path)
    for name in table.columns.intersection(["video", "image"]):
        relative = {file: make_relative(file, folder) for file in table[name].unique()}
        table[name] = table[name].map(relative)
    videos, _ = table["video"].factorize()
    rows = table.join(labels).iloc[np.lexsort((table["time"], videos))]
    write_table(path, rows)
