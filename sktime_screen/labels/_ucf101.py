"""Load videos and classes in the layout of UCF101."""

import os

import numpy as np


def load_ucf101(path, *, split=1, subset="train") -> tuple[np.ndarray, np.ndarray]:
    """Load a train or test list of UCF101, or of a data set with the same layout.

    The lists are in ``path/ucfTrainTestlist`` or ``path``: ``classInd.txt`` has lines such as
    "1 ApplyEyeMakeup", ``trainlist01.txt`` has lines such as
    "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1", and ``testlist01.txt`` has the same, usually
    without the number. The videos are in ``path/UCF-101`` or ``path``, in one folder per class.

    Parameters
    ----------
    path : str or path
        The folder of the data set.
    split : int, default=1
        The number of the split. UCF101 has 1, 2 and 3.
    subset : {"train", "test"}, default="train"
        The list of the split to load.

    Returns
    -------
    videos : ndarray of str, shape (n_videos,)
        The paths of the videos, in the order of the list.
    y : ndarray of str, shape (n_videos,)
        The class of each video.

    Raises
    ------
    FileNotFoundError
        If a list or a video does not exist.
    ValueError
        If a list is empty, or a line cannot be read, names an unknown class, or has the number of
        another class. The message names the file and the line.

    See Also
    --------
    VideoClassifier : Predict one class per video.

    Notes
    -----
    Clips of one group ("g08") are cut from one video. The lists keep groups together. A split of
    your own should do the same.

    References
    ----------
    K. Soomro, A. R. Zamir and M. Shah, "UCF101: A dataset of 101 human actions classes from videos
    in the wild", CRCV-TR-12-01, 2012.

    Examples
    --------
    >>> from sktime_screen import load_ucf101
    >>> videos, y = load_ucf101("ucf101", split=1, subset="train")  # doctest: +SKIP
    """
    path = os.fspath(path)
    if subset not in ("train", "test"):
        raise ValueError(f"subset={subset!r}: expected 'train' or 'test'.")
    numbers = _read_class_numbers(_find_list(path, "classInd.txt"))
    list_file = _find_list(path, f"{subset}list{split:02d}.txt")
    folder = os.path.join(path, "UCF-101")
    folder = folder if os.path.isdir(folder) else path
    videos, y = [], []
    for where, fields in _read_lines(list_file):
        name = _check_class(where, fields, numbers)
        video = os.path.join(folder, *fields[0].split("/"))
        if not os.path.isfile(video):
            raise FileNotFoundError(f"{where}: the video {video!r} does not exist.")
        videos.append(video)
        y.append(name)
    return np.array(videos), np.array(y)


def _find_list(path, name):
    folders = [os.path.join(path, "ucfTrainTestlist"), path]
    for folder in folders:
        if os.path.isfile(os.path.join(folder, name)):
            return os.path.join(folder, name)
    raise FileNotFoundError(
        f"{name!r} is neither in {folders[0]!r} nor in {path!r}. Pass the folder that holds "
        f"'UCF-101' and 'ucfTrainTestlist'."
    )


def _read_lines(path):
    """Return ("'path', line number", fields) of the lines that are not blank."""
    with open(path, encoding="utf-8") as file:
        lines = [
            (f"{path!r}, line {number}", line.split())
            for number, line in enumerate(file, start=1)
            if line.strip()
        ]
    if not lines:
        raise ValueError(f"{path!r} is empty.")
    return lines


def _read_class_numbers(path):
    numbers = {}
    for where, fields in _read_lines(path):
        if len(fields) != 2 or not fields[0].isdecimal():
            raise ValueError(f"{where}: expected a number and a class, not {' '.join(fields)!r}.")
        numbers[fields[1]] = int(fields[0])
    return numbers


def _check_class(where, fields, numbers):
    """Return the class in a line of a list; raise if the list of classes differs."""
    name, slash, _ = fields[0].partition("/")
    if not slash or len(fields) > 2:
        raise ValueError(
            f"{where}: expected 'Class/video.avi', with or without the number of the class, not "
            f"{' '.join(fields)!r}."
        )
    if name not in numbers:
        raise ValueError(f"{where}: the class {name!r} is not in classInd.txt.")
    if len(fields) == 2 and fields[1] != str(numbers[name]):
        raise ValueError(
            f"{where}: {name!r} is number {numbers[name]} in classInd.txt, not {fields[1]}."
        )
    return name
