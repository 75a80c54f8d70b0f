"""Write frames of videos as images, with a CSV file to fill in."""

import os
import warnings

import cv2
import numpy as np
import pandas as pd

from .._atomic_files import write_atomically
from .._defaults import SAMPLING_RATE
from .._names import escape_path
from .._progress import show_progress
from ..video import TIME_TOLERANCE, FrameSequence, VideoError, VideoFrameSampler, digest_file
from ._file_lookup import make_relative
from ._text_table import read_table, write_table
from ._time_parsing import read_time, read_times

_COLUMNS = ["video", "time", "duration", "image"]
# The number of images in memory at a time; whole images of videos are large.
_BATCH_SIZE = 4


def extract_frames(
    videos,
    folder,
    *,
    rate=SAMPLING_RATE,
    characters=(),
    on_error="raise",
    image_format="jpg",
    verbose=False,
) -> pd.DataFrame:
    """Write frames of videos as images, with a CSV file to fill in.

    Use it for labelling in a program that needs images. The file ``labels.csv`` in the folder has
    the columns ``video,time,duration,image``, one row per image, and an empty column for each
    character. Fill it in and load it with `load_label_csv`. If you fill in only some of the rows,
    pass ``missing="drop"`` there.

    You can call the function again, for example after an interruption. It then writes only what
    is missing, and keeps the labels that were filled in.

    Parameters
    ----------
    videos : path or list of paths
        The videos.
    folder : str or path
        The folder to write to. It is created if it does not exist.
    rate : float or None, default=1.0
        The rate (frames per second) at which to sample the videos. None takes every frame.
    characters : list of str, optional
        The names of the characters, each of which gets a column to fill in with 0 and 1. Without
        names, there is one column ``label`` for one class per frame.
    on_error : {"raise", "warn", "skip"}, default="raise"
        What to do with a video that cannot be read: raise, or leave it out with or without a
        warning.
    image_format : {"jpg", "png"}, default="jpg"
        The format of the images. JPEG files are smaller. PNG files keep every pixel.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        The frame table of the images: ``video``, ``time`` (s), ``duration`` (s) and ``image``.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, VideoError
        If a video does not exist or cannot be read and ``on_error="raise"``. The message names
        the video.
    OSError
        If an image or the CSV file cannot be written. No file is left half written.
    ValueError
        If no video was passed or none can be read, or a parameter is wrong. If the folder has a
        CSV file with other columns, or one of another video with the same name.

    See Also
    --------
    load_label_csv : Load the labels.
    load_frame_folder : Load images that were sorted into folders instead.

    Notes
    -----
    The name of an image consists of the name of its video, the start of a digest of the content
    of the video, and its time in seconds. Images of two videos with the same name thus have
    different names.

    Examples
    --------
    >>> from sktime_screen import extract_frames
    >>> X = extract_frames(
    ...     ["video.mp4"], "images", rate=1, characters=["tom", "jerry"]
    ... )  # doctest: +SKIP
    """
    if on_error not in ("raise", "warn", "skip"):
        raise ValueError(f"on_error={on_error!r}: expected 'raise', 'warn' or 'skip'.")
    if image_format not in ("jpg", "png"):
        raise ValueError(f"image_format={image_format!r}: expected 'jpg' or 'png'.")
    folder = os.fspath(folder)
    videos = [videos] if isinstance(videos, (str, os.PathLike)) else list(videos)
    listing = os.path.join(folder, "labels.csv")
    lines = _read_lines(listing, _name_columns(characters))
    os.makedirs(folder, exist_ok=True)
    sampler = VideoFrameSampler(rate=rate)
    tables = []
    for video in map(os.fspath, videos):
        try:
            table = sampler.sample(video)
            table["image"] = _name_images(table, video, folder, image_format)
        except (OSError, VideoError) as error:
            _handle_error(error, on_error)
            continue
        try:
            _write_images(table, image_format, verbose)
        except VideoError as error:
            _handle_error(error, on_error)
            continue
        tables.append(table)
        lines = _add_lines(lines, table, folder)
        write_table(listing, lines)
    if not tables:
        names = ", ".join(
            [*(repr(os.fspath(video)) for video in videos[:3]), *["..."] * (len(videos) > 3)]
        )
        raise ValueError(f"No video can be read: {names}.")
    return pd.concat(tables, ignore_index=True)


def _name_columns(characters):
    columns = [characters] if isinstance(characters, str) else list(map(str, characters))
    columns = columns or ["label"]
    wrong = [name for name in columns if columns.count(name) > 1 or name in _COLUMNS or not name]
    if wrong:
        raise ValueError(
            f"characters: {wrong[0]!r} is empty, repeated or the name of another column. Rename it."
        )
    return columns


def _read_lines(listing, labels):
    """Return the lines of an existing CSV file as text, with their labels."""
    if not os.path.exists(listing):
        return pd.DataFrame(columns=[*_COLUMNS, *labels], dtype=str)
    lines = read_table(listing).fillna("")
    if set(lines.columns) != {*_COLUMNS, *labels}:
        raise ValueError(
            f"{listing!r} already exists with the columns {list(lines.columns)}; expected "
            f"{[*_COLUMNS, *labels]}. Pass the same characters, or move the file."
        )
    for name in ("time", "duration"):
        read_times(listing, lines[name])
    return lines


def _add_lines(lines, table, folder):
    """Add the missing lines of a frame table, and sort by video and time."""
    new = table.assign(
        video=[escape_path(make_relative(video, folder)) for video in table["video"]],
        image=[escape_path(os.path.basename(image)) for image in table["image"]],
    )
    other = lines["video"].isin(new["video"]) & ~_get_prefixes(lines).isin(_get_prefixes(new))
    if other.any():
        raise ValueError(
            f"{lines['image'][other].iloc[0]!r} in {folder!r} was taken from another video of the "
            f"name {lines['video'][other].iloc[0]!r}. Move labels.csv, or use another folder."
        )
    new = new[~new["image"].isin(lines["image"])].astype(str)
    lines = pd.concat([lines, new], ignore_index=True).fillna("")
    times, durations = (lines[name].map(read_time) for name in ("time", "duration"))
    order = np.lexsort((times, lines["video"].factorize()[0]))
    lines, times, durations = lines.iloc[order], times.iloc[order], durations.iloc[order]
    # Frames of an earlier call at a lower rate now end at the next frame.
    left = times.groupby(lines["video"]).shift(-1) - times
    shorter = (left > TIME_TOLERANCE) & (left < durations - TIME_TOLERANCE)
    return lines.assign(duration=lines["duration"].mask(shorter, left.round(6).astype(str)))


def _get_prefixes(lines):
    """Return the part of each image name that identifies the video: its name and digest."""
    return lines["image"].str.rsplit("_", n=1).str[0]


def _name_images(table, video, folder, image_format):
    stem = f"{os.path.splitext(os.path.basename(video))[0]}_{digest_file(video).hex()[:8]}"
    names = [f"{stem}_{time:09.3f}.{image_format}" for time in table["time"]]
    return [os.path.join(folder, name) for name in names]


def _write_images(table, image_format, verbose):
    exists = table["image"].map(os.path.exists)
    missing = table[~exists]
    paths = missing["image"].to_numpy()
    name = os.path.basename(table["video"].iloc[0])
    with show_progress(name, len(table), verbose) as advance:
        advance(int(exists.sum()))
        for row, image in _decode(missing[["video", "time", "duration"]]):
            _, encoded = cv2.imencode(f".{image_format}", image[..., ::-1])
            with write_atomically(paths[row]) as unfinished:
                unfinished.write_bytes(encoded)
            advance(1)


def _decode(table):
    """Yield (row, image); an error of the video is a VideoError, other than one of writing."""
    try:
        for rows, images in FrameSequence(table).iter_batches(_BATCH_SIZE):
            yield from zip(rows, images, strict=True)
    except OSError as error:
        raise VideoError(f"{table['video'].iloc[0]!r} can no longer be read: {error}") from error


def _handle_error(error, on_error):
    if on_error == "raise":
        raise error
    if on_error == "warn":
        warnings.warn(f"Left out: {error}", RuntimeWarning, stacklevel=3)
