"""Blocks of time: stretches of video whose frames belong together in a split."""

import numpy as np
import pandas as pd

from ..video import as_frame_index

# Frames within so many seconds look alike and are wrong together: about a scene of a cartoon.
_BLOCK_SECONDS = 30.0
_SHORTEST_BLOCK_SECONDS = 1.0


def time_blocks(frames, length=_BLOCK_SECONDS) -> np.ndarray:
    """Number the blocks of time of the frames of videos.

    Neighbouring frames look alike. Pass the numbers as ``groups`` to
    `MultilabelStratifiedGroupKFold` or ``StratifiedGroupKFold``, so that they do not test on near
    copies of training frames. Blocks need no images, whereas `shot_groups` reads the video to find
    its cuts.

    Parameters
    ----------
    frames : pandas.DataFrame, FrameSequence or pandas.MultiIndex
        A frame table, something with a frame index, or the index itself.
    length : float, default=30.0
        Length of a block in seconds.

    Returns
    -------
    ndarray of shape (n_frames,), int64
        The number of each frame's block, from 0 in the order of the videos and of time, different
        for every block of every video. A frame belongs to the block in which it begins.

    Raises
    ------
    ValueError
        If ``length`` is not a positive number of seconds, or the frames have no times.

    See Also
    --------
    shot_groups : Groups that end where the video cuts.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktime_screen import time_blocks
    >>> table = pd.DataFrame({"video": "a.mp4", "time": [0, 29.5, 30, 70], "duration": 0.5})
    >>> time_blocks(table)
    array([0, 0, 1, 2])
    """
    if not 0 < length < np.inf:
        raise ValueError(f"length={length!r}: blocks have a positive number of seconds.")
    index = as_frame_index(frames)
    video = index.get_level_values("video").factorize()[0]
    time = index.get_level_values("time").to_numpy(np.float64)
    # A time such as 3 * 0.1 that misses the beginning of its block by rounding is still in it.
    block = np.floor(time / length + 1e-9)
    return pd.MultiIndex.from_arrays([video, block]).factorize(sort=True)[0].astype(np.int64)


def make_time_blocks(frames, n_blocks):
    """Number blocks of 30 seconds, or of less where these are too few.

    Returns int64 (n_frames,).
    """
    length = _BLOCK_SECONDS
    while True:
        blocks = time_blocks(frames, length)
        if blocks.max() + 1 >= n_blocks or length / 2 < _SHORTEST_BLOCK_SECONDS:
            return blocks
        length /= 2
