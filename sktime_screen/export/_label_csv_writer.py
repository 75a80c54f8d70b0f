"""Labels to CSV files."""

import os

import numpy as np

from ..labels import FRAME_COLUMNS, as_seen_from, label_table, write_table
from ..video import check_frame_table


def save_label_csv(path, X, y) -> None:
    """Write labels of frames to a CSV file that ``load_label_csv`` reads.

    Parameters
    ----------
    path : str or path
        The file to write; what is there is replaced.
    X : pandas.DataFrame
        The frame table.
    y : array-like of shape (n_frames,) or pandas.DataFrame
        One class a frame, or 0/1 indicators with a column a character: labels, or what a pipeline
        predicts.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is then still there.
    ValueError
        If there is not one label a frame, or a character has the name of a column of the frame
        table.

    See Also
    --------
    load_label_csv : Reads the file.
    save_eaf, save_label_studio : For correcting labels in ELAN and Label Studio.

    Notes
    -----
    Lines are in the order of video and time. Videos and images are named from the folder of the
    file, so that all can be moved together.

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
        raise ValueError(f"A character cannot be called {sorted(taken)}: these are columns.")
    folder = os.path.dirname(path)
    for name in table.columns.intersection(["video", "image"]):
        seen = {file: as_seen_from(folder, file) for file in table[name].unique()}
        table[name] = table[name].map(seen)
    videos, _ = table["video"].factorize()
    rows = table.join(labels).iloc[np.lexsort((table["time"], videos))]
    write_table(path, rows)
