"""Shots: where a video cuts from one camera to another."""

import numpy as np

from ..video import FrameSequence, VideoFrameSampler

_THUMBNAIL = (36, 64)
_LEVELS = 6
# In levels of 255, on average: a fade moves a whole image from one histogram bin to the next.
_LEAST_CHANGE = 8
_QUARTERS = [
    (rows, columns)
    for rows in (slice(0, 18), slice(18, 36))
    for columns in (slice(0, 32), slice(32, 64))
]


def shot_boundaries(video, *, rate=None, threshold=0.4) -> np.ndarray:
    """Find the times at which the shots of a video begin.

    Parameters
    ----------
    video : str or path
        The video.
    rate : float, optional
        Frames a second to sample; by default every frame. A cut is found at the next sampled frame.
    threshold : float, default=0.4
        Share of the colours, from 0 to 1, that have to change between neighbouring frames.

    Returns
    -------
    ndarray of shape (n_shots,)
        Times in seconds. The first is that of the video's first frame.

    See Also
    --------
    shot_groups : The shot of each row of a frame table, for splits.

    Notes
    -----
    Neighbouring frames are compared by the histograms of their colours in each quarter of the
    image, which change little when things or the camera move (histogram intersection: Swain and
    Ballard, "Color indexing", International Journal of Computer Vision 7, 1991). Dissolves and
    fades are not detected.
    """
    table = VideoFrameSampler(rate=rate).sample(video)
    begins = np.diff(shot_groups(table, threshold=threshold), prepend=-1) > 0
    return table["time"].to_numpy()[begins]


def shot_groups(table, *, threshold=0.4) -> np.ndarray:
    """Number the shots of the frames of a frame table.

    Frames of one shot look alike. Pass the numbers as ``groups`` to a splitter, so that it does not
    test on near copies of training frames.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame table. The frames of each video are compared in the order of time.
    threshold : float, default=0.4
        Share of the colours, from 0 to 1, that have to change between neighbouring frames.

    Returns
    -------
    ndarray of shape (n_frames,), int64
        The number of each row's shot, different for every shot of every video.

    Raises
    ------
    FileNotFoundError, VideoError
        If a video is missing or unreadable.
    """
    frames = FrameSequence(table, _THUMBNAIL)
    videos = frames.table["video"].factorize()[0]
    groups = np.empty(len(frames), np.int64)
    shot, video = -1, None
    last = last_colours = np.empty(0)  # of no video yet
    for rows, images in frames.iter_batches(64):
        for row, image in zip(rows, images.astype(np.int64), strict=True):
            colours = _colours(image)
            if videos[row] != video or (
                1 - np.minimum(colours, last_colours).sum() > threshold
                and np.abs(image - last).mean() > _LEAST_CHANGE
            ):
                shot += 1
            groups[row] = shot
            video, last, last_colours = videos[row], image, colours
    return groups


def _colours(image):
    """Return the shares of colours in the quarters of an image; they sum to one."""
    levels = image * _LEVELS // 256
    codes = (levels[..., 0] * _LEVELS + levels[..., 1]) * _LEVELS + levels[..., 2]
    counts = [np.bincount(codes[part].ravel(), minlength=_LEVELS**3) for part in _QUARTERS]
    return np.concatenate(counts) / codes.size
