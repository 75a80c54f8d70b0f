"""Videos and classes in the layout of UCF101."""

import os

import numpy as np


def load_ucf101(root, split=1, subset="train") -> tuple[np.ndarray, np.ndarray]:
    """Load a train or test list of UCF101, or of videos laid out like it.

    Expected are ``classInd.txt`` ("1 ApplyEyeMakeup" a line), ``trainlist01.txt``
    ("ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1") and ``testlist01.txt`` (the same, usually
    without the number) in ``root/ucfTrainTestlist`` or ``root``, and the videos in ``root/UCF-101``
    or ``root``, in a folder a class.

    Parameters
    ----------
    root : str or path
        The folder of the data set.
    split : int, default=1
        The number of the list. UCF101 has 1, 2 and 3.
    subset : {"train", "test"}, default="train"
        Which of the two lists of the split.

    Returns
    -------
    videos : ndarray of str, shape (n_videos,)
        Paths of the videos, in the order of the list.
    y : ndarray of str, shape (n_videos,)
        The name of the class of each video.

    Raises
    ------
    FileNotFoundError
        If a list or a video is missing.
    ValueError
        If a line cannot be understood, names an unknown class or a number that is not its class's,
        or a list is empty; the message names file and line.

    See Also
    --------
    VideoClassifier : One class a video, from the frames in it.

    Notes
    -----
    Clips of one group ("g08") are cut from one video. The lists keep groups together; a split of
    your own should do so too.

    References
    ----------
    K. Soomro, A. R. Zamir and M. Shah, "UCF101: A dataset of 101 human actions classes from videos
    in the wild", CRCV-TR-12-01, 2012.

    Examples
    --------
    >>> from sktime_screen import load_ucf101
    >>> videos, y = load_ucf101("ucf101", split=1, subset="train")  # doctest: +SKIP
    """
    root = os.fspath(root)
    if subset not in ("train", "test"):
        raise ValueError(f"subset={subset!r}: expected 'train' or 'test'.")
    numbers = _class_numbers(_list_file(root, "classInd.txt"))
    list_file = _list_file(root, f"{subset}list{split:02d}.txt")
    folder = os.path.join(root, "UCF-101")
    folder = folder if os.path.isdir(folder) else root
    videos, y = [], []
    for where, fields in _lines(list_file):
        name = _class_of(where, fields, numbers)
        video = os.path.join(folder, *fields[0].split("/"))
        if not os.path.isfile(video):
            raise FileNotFoundError(f"{where}: there is no video {video!r}.")
        videos.append(video)
        y.append(name)
    return np.array(videos), np.array(y)


def _list_file(root, name):
    folders = [os.path.join(root, "ucfTrainTestlist"), root]
    for folder in folders:
        if os.path.isfile(os.path.join(folder, name)):
            return os.path.join(folder, name)
    raise FileNotFoundError(
        f"{name!r} is neither in {folders[0]!r} nor in {root!r}: root is the folder that holds "
        f"'UCF-101' and 'ucfTrainTestlist'."
    )


def _lines(path):
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


def _class_numbers(path):
    numbers = {}
    for where, fields in _lines(path):
        if len(fields) != 2 or not fields[0].isdecimal():
            raise ValueError(f"{where}: expected a number and a class, not {' '.join(fields)!r}.")
        numbers[fields[1]] = int(fields[0])
    return numbers


def _class_of(where, fields, numbers):
    """Return the class in a line of a list, checked against the list of classes."""
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
