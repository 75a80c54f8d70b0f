"""Labels from class folders of images."""

import filecmp
import os
import re
from itertools import pairwise
from numbers import Real

import numpy as np
import pandas as pd

from ._label_table import as_classes

IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")


def load_frame_folder(path, rate=1.0) -> tuple[pd.DataFrame, pd.Series]:
    """Load images that were sorted into one folder a class.

    Parameters
    ----------
    path : str or path
        The folder of the class folders: ``path/tom/frame0.jpg``, ``path/jerry/frame7.jpg``, ...
    rate : float, default=1.0
        Frames a second at which the images were taken; each stands for ``1 / rate`` seconds.

    Returns
    -------
    X : pandas.DataFrame
        The frame table: ``video`` is the folder, ``image`` the path of each image, ``time`` and
        ``duration`` (s) follow from the order of the images' names over all classes
        (``frame10`` after ``frame9``) and the rate.
    y : pandas.Series
        The class of each image: the name of its folder, as a number where all are whole ones
        as Python writes them.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If there is no such folder.
    ValueError
        If there are no class folders, one of them has no images, an image is in two of them, or
        the rate is not above 0.

    Examples
    --------
    >>> from sktime_screen import load_frame_folder
    >>> X, y = load_frame_folder("frames")  # doctest: +SKIP
    """
    if not (isinstance(rate, Real) and 0 < float(rate) < np.inf):
        raise ValueError(f"rate={rate!r}: frames a second, above 0, are expected.")
    path = os.fspath(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"No such folder: {path!r} (looked in {os.getcwd()!r}).")
    if not os.path.isdir(path):
        raise NotADirectoryError(f"{path!r} is a file; a folder of class folders is expected.")
    with os.scandir(path) as entries:
        classes = sorted(entry.name for entry in entries if entry.is_dir())
    classes = [name for name in classes if not name.startswith(".")]
    if not classes:
        raise ValueError(f"{path!r} has no class folders in it: expected one folder a class.")
    images = []
    for name in classes:
        files = [
            file
            for file in os.listdir(os.path.join(path, name))
            if file.lower().endswith(IMAGES) and not file.startswith(".")
        ]
        if not files:
            raise ValueError(
                f"The class folder {os.path.join(path, name)!r} has no images "
                f"({', '.join(IMAGES)})."
            )
        images += [(_natural_order(file), name, file) for file in files]
    images.sort()
    _check_once(path, images)
    table = pd.DataFrame(
        {
            "video": path,
            "time": np.arange(len(images)) / rate,
            "duration": 1 / rate,
            "image": [os.path.join(path, name, file) for _, name, file in images],
        }
    )
    return table, as_classes(pd.Series([name for _, name, _ in images], name="class"))


def _check_once(path, images):
    """Raise where the same image was sorted into two classes."""
    for (_, name, file), (_, other, again) in pairwise(images):
        paths = os.path.join(path, name, file), os.path.join(path, other, again)
        if file == again and filecmp.cmp(*paths, shallow=False):
            raise ValueError(
                f"{file!r} is in {name!r} and in {other!r} of {path!r}: a folder is one class. "
                f"For several characters on an image, label with extract_frames and a CSV file."
            )


def _natural_order(name):
    """Return a key that sorts frame10 after frame9."""
    return [
        (1, int(part), "") if part.isdigit() else (0, 0, part.lower())
        for part in re.split(r"(\d+)", name)
        if part
    ]
