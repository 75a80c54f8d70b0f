"""Load labels from class folders of images."""

import filecmp
import os
import re
from itertools import pairwise
from numbers import Real

import numpy as np
import pandas as pd

from .._defaults import SAMPLING_RATE
from ..video import list_class_images
from ._label_table import convert_classes


def load_frame_folder(path, *, rate=SAMPLING_RATE) -> tuple[pd.DataFrame, pd.Series]:
    """Load images that are sorted into one folder per class.

    Parameters
    ----------
    path : str or path
        The folder that holds the class folders: ``path/tom/frame0.jpg``,
        ``path/jerry/frame7.jpg``, ...
    rate : float, default=1.0
        The rate (frames per second) at which the images were taken. Each image stands for
        ``1 / rate`` seconds.

    Returns
    -------
    X : pandas.DataFrame
        The frame table. ``video`` is the folder and ``image`` the path of each image. ``time``
        and ``duration`` (s) follow from the rate and the order of the image names over all
        classes, in which ``frame10`` comes after ``frame9``.
    y : pandas.Series
        The class of each image, which is the name of its folder. Classes become numbers if all of
        them are whole numbers as Python writes them.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If the folder does not exist.
    ValueError
        If there are no class folders, a class folder has no images, an image is in two class
        folders, or the rate is not above 0.

    Examples
    --------
    >>> from sktime_screen import load_frame_folder
    >>> X, y = load_frame_folder("frames")  # doctest: +SKIP
    """
    if not (isinstance(rate, Real) and 0 < float(rate) < np.inf):
        raise ValueError(f"rate={rate!r}; expected frames per second, more than 0.")
    path = os.fspath(path)
    images = [(_make_sort_key(file), name, file) for name, file in list_class_images(path)]
    images.sort()
    _check_single_class(path, images)
    table = pd.DataFrame(
        {
            "video": path,
            "time": np.arange(len(images)) / rate,
            "duration": 1 / rate,
            "image": [os.path.join(path, name, file) for _, name, file in images],
        }
    )
    return table, convert_classes(pd.Series([name for _, name, _ in images], name="class"))


def _check_single_class(path, images):
    """Raise if the same image is in two class folders."""
    for (_, name, file), (_, other, next_file) in pairwise(images):
        paths = os.path.join(path, name, file), os.path.join(path, other, next_file)
        if file == next_file and filecmp.cmp(*paths, shallow=False):
            raise ValueError(
                f"{file!r} is in the class folders {name!r} and {other!r} of {path!r}. For several "
                f"characters per image, use extract_frames and fill in its CSV file."
            )


def _make_sort_key(name):
    """Return a key that sorts frame10 after frame9."""
    return [
        (1, int(part), "") if part.isdigit() else (0, 0, part.lower())
        for part in re.split(r"(\d+)", name)
        if part
    ]
