"""Small pictures of moments of films, as text that a page can hold."""

import base64

import cv2
import pandas as pd

from ..frames import FrameSequence, VideoError

_WIDTH = 224
_QUALITY = 72


def thumbnails(moments):
    """Decode moments of films and make them small.

    Parameters
    ----------
    moments : pandas.DataFrame
        ``video`` (path) and ``time`` (s), each pair once, and optionally ``image``, the path of a
        picture to take instead of the film's own.

    Returns
    -------
    pictures : dict of (str, float) to str
        Data URIs of JPEG pictures by video and time.
    problems : list of str
        Why films have none.
    """
    pictures, problems = {}, []
    for video, rows in moments.groupby("video", sort=False):
        rows = rows.reset_index(drop=True)
        try:
            pictures.update(_film_thumbnails(video, rows))
        except (OSError, ValueError, VideoError) as error:
            problems.append(str(error))
    return pictures, problems


def _film_thumbnails(video, rows):
    # What a frame stands for does not matter to its picture, but a frame table has to say it.
    frames = FrameSequence(rows.assign(duration=1.0))
    _, height, width, _ = frames.shape
    if height is None:
        height, width = 9, 16
    frames = frames.resize((max(1, round(_WIDTH * height / width)), _WIDTH))
    return {
        (video, float(rows["time"].iloc[row])): _data_uri(picture)
        for numbers, batch in frames.iter_batches()
        for row, picture in zip(numbers, batch, strict=True)
    }


def _data_uri(picture):
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data_uri("image/jpeg", encoded.tobytes())


def data_uri(kind, content):
    """Return bytes as a data URI.

    Parameters
    ----------
    kind : str
        Their media type.
    content : bytes
        What it holds.

    Returns
    -------
    str
        ``data:...;base64,...``
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def moments_of(*tables):
    """Join tables of moments, each moment once, in the order in which they come.

    Parameters
    ----------
    *tables : pandas.DataFrame
        With ``video`` and ``time``.

    Returns
    -------
    pandas.DataFrame
        ``video`` and ``time``.
    """
    joined = pd.concat([table[["video", "time"]] for table in tables], ignore_index=True)
    return joined.drop_duplicates(ignore_index=True)
