"""Images of videos, and a CSV to fill in."""

import os
import warnings

import cv2
import numpy as np
import pandas as pd

from .._atomic_files import write_atomically
from .._names import escape_path
from .._progress import show_progress
from ..video import TIME_TOLERANCE, FrameSequence, VideoError, VideoFrameSampler, digest_file
from ._clock import read_time, read_times
from ._file_lookup import as_seen_from
from ._text_table import read_table, write_table

_COLUMNS = ["video", "time", "duration", "image"]
# Whole images of videos are large: these are all that is in memory at a time.
_IMAGES_AT_ONCE = 4


def extract_frames(
    videos,
    folder,
    rate=1.0,
    *,
    characters=(),
    on_error="raise",
    image_format="jpg",
    verbose=False,
) -> pd.DataFrame:
    """Write frames of videos as images, and a CSV file to fill in with labels.

    ``labels.csv`` in the folder has a line an image, ``video,time,duration,image`` and an empty
    column for each character. Filled in, it is read by ``load_label_csv``, with
    ``missing="drop"`` if only some of the lines are.

    Called again, for example after an interruption, it writes only what is not there: images are
    kept, and so are the labels that were filled in.

    Parameters
    ----------
    videos : path or list of paths
        Videos.
    folder : str or path
        Where to write; it is made if need be.
    rate : float or None, default=1.0
        Frames a second; None takes every frame.
    characters : list of str, optional
        Names for the columns, to be filled in with 0 and 1. Without, there is one column ``label``
        for a class a frame.
    on_error : {"raise", "warn", "skip"}, default="raise"
        What to do about a video that cannot be read: raise, leave it out with a warning, or leave
        it out.
    image_format : {"jpg", "png"}, default="jpg"
        JPEG is smaller, PNG keeps every pixel.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        The frame table of the images: ``video``, ``time``, ``duration`` and ``image``.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, VideoError
        If a video is missing or unreadable and ``on_error="raise"``; the message names it.
    OSError
        If an image or the CSV cannot be written; no file is ever half written.
    ValueError
        If no video was given or none can be read, a parameter is wrong, or there is a CSV with
        other columns, or of another video of the same name.

    See Also
    --------
    load_label_csv : Reads the labels.
    load_frame_folder : Reads the images when they were sorted into folders instead.

    Notes
    -----
    An image is called after its video, the beginning of a digest of the video's content, and its
    time in seconds: videos of the same name do not mix.

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
    lines = _lines(listing, _label_columns(characters))
    os.makedirs(folder, exist_ok=True)
    sampler = VideoFrameSampler(rate=rate)
    tables = []
    for video in map(os.fspath, videos):
        try:
            table = sampler.sample(video)
            table["image"] = _image_paths(table, video, folder, image_format)
        except (OSError, VideoError) as error:
            _leave_out(error, on_error)
            continue
        try:
            _write_images(table, image_format, verbose)
        except VideoError as error:
            _leave_out(error, on_error)
            continue
        tables.append(table)
        lines = _with_lines(lines, table, folder)
        write_table(listing, lines)
    if not tables:
        raise ValueError(f"None of the {len(videos)} videos can be read: {videos[:3]} ...")
    return pd.concat(tables, ignore_index=True)


def _label_columns(characters):
    columns = [characters] if isinstance(characters, str) else list(map(str, characters))
    columns = columns or ["label"]
    wrong = [name for name in columns if columns.count(name) > 1 or name in _COLUMNS or not name]
    if wrong:
        raise ValueError(f"characters: {wrong[0]!r} is empty, comes twice or is a column already.")
    return columns


def _lines(listing, labels):
    """Return the lines of a CSV that is there already, as text, with what was filled in."""
    if not os.path.exists(listing):
        return pd.DataFrame(columns=[*_COLUMNS, *labels], dtype=str)
    lines = read_table(listing).fillna("")
    if set(lines.columns) != {*_COLUMNS, *labels}:
        raise ValueError(
            f"{listing!r} is there with the columns {list(lines.columns)}, and "
            f"{[*_COLUMNS, *labels]} are wanted: pass its characters, or move it away."
        )
    for name in ("time", "duration"):
        read_times(listing, lines[name])
    return lines


def _with_lines(lines, table, folder):
    """Add the lines that are not there yet, in the order of video and time."""
    new = table.assign(
        video=[escape_path(as_seen_from(folder, video)) for video in table["video"]],
        image=[escape_path(os.path.basename(image)) for image in table["image"]],
    )
    other = lines["video"].isin(new["video"]) & ~_video_of(lines).isin(_video_of(new))
    if other.any():
        raise ValueError(
            f"{lines['image'][other].iloc[0]!r} in {folder!r} was taken from a video that was "
            f"called {lines['video'][other].iloc[0]!r} and is another one now: move labels.csv "
            f"away, or take another folder."
        )
    new = new[~new["image"].isin(lines["image"])].astype(str)
    lines = pd.concat([lines, new], ignore_index=True).fillna("")
    times, durations = (lines[name].map(read_time) for name in ("time", "duration"))
    order = np.lexsort((times, lines["video"].factorize()[0]))
    lines, times, durations = lines.iloc[order], times.iloc[order], durations.iloc[order]
    # Frames taken at a lower rate stand until the next one that has come in between.
    left = times.groupby(lines["video"]).shift(-1) - times
    shorter = (left > TIME_TOLERANCE) & (left < durations - TIME_TOLERANCE)
    return lines.assign(duration=lines["duration"].mask(shorter, left.round(6).astype(str)))


def _video_of(lines):
    """Return what tells videos apart in the names of images: their name and digest."""
    return lines["image"].str.rsplit("_", n=1).str[0]


def _image_paths(table, video, folder, image_format):
    stem = f"{os.path.splitext(os.path.basename(video))[0]}_{digest_file(video).hex()[:8]}"
    names = [f"{stem}_{time:09.3f}.{image_format}" for time in table["time"]]
    return [os.path.join(folder, name) for name in names]


def _write_images(table, image_format, verbose):
    there = table["image"].map(os.path.exists)
    wanted = table[~there]
    images = wanted["image"].to_numpy()
    name = os.path.basename(table["video"].iloc[0])
    with show_progress(name, len(table), verbose) as advance:
        advance(int(there.sum()))
        for row, image in _decoded(wanted[["video", "time", "duration"]]):
            _, encoded = cv2.imencode(f".{image_format}", image[..., ::-1])
            with write_atomically(images[row]) as unfinished:
                unfinished.write_bytes(encoded)
            advance(1)


def _decoded(table):
    """Yield (row, image); trouble with the video is a VideoError, unlike that of writing."""
    try:
        for rows, images in FrameSequence(table).iter_batches(_IMAGES_AT_ONCE):
            yield from zip(rows, images, strict=True)
    except OSError as error:
        raise VideoError(f"{table['video'].iloc[0]!r} cannot be read any more: {error}") from error


def _leave_out(error, on_error):
    if on_error == "raise":
        raise error
    if on_error == "warn":
        warnings.warn(f"Left out: {error}", RuntimeWarning, stacklevel=3)
