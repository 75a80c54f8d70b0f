"""Films, opened and shown: with ``_timeline_reader`` and ``_decoding`` all that knows the decoder.

That is PyAV, which is FFmpeg.
"""

import os
import warnings
from contextlib import closing
from functools import lru_cache

import av

from ._projector import Projector

# Titles and the like are not always UTF-8: PyAV 19 takes them as they are, 18 has to be told.
_TOLERANT = {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}
# So many failures in a row, and the rest of a file is given up.
_PATIENCE = 16
# So many empty packets in a row are no progress; some recorders write one for a repeated frame.
_IDLE = 100_000


class VideoError(ValueError):
    """A file that cannot be read as a film; the message names it and says why."""


def check_file(path):
    """Check that there is a file to open.

    Parameters
    ----------
    path : str
        Path of a film.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If there is no such file.
    """
    if not os.path.exists(path):
        raise FileNotFoundError(f"No such video: {path!r} (looked in {os.getcwd()!r}).")
    if os.path.isdir(path):
        raise IsADirectoryError(
            f"{path!r} is a folder, not a video: pass the films in it as a list of paths, or use "
            f"load_frame_folder for class folders of pictures."
        )


def open_film(path):
    """Open a film for reading.

    Parameters
    ----------
    path : str
        Path of the film.

    Returns
    -------
    av.container.InputContainer
        To be closed by the caller; ``streams.video`` has at least one film stream.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If there is no such file.
    VideoError
        If the file is no film, or has no picture track.
    """
    check_file(path)
    try:
        container = av.open(path, **_TOLERANT)
    except av.FFmpegError as error:
        raise VideoError(
            f"{path!r} cannot be read as a video ({error.strerror}): is it a complete film file?"
        ) from error
    film = film_stream(container)
    if film is None:
        kinds = sorted({stream.type for stream in container.streams}) or ["no streams"]
        container.close()
        raise VideoError(f"{path!r} has no pictures, only {', '.join(kinds)}: a film is expected.")
    if film.codec_context is None:
        container.close()
        raise VideoError(
            f"{path!r} is damaged, or its pictures are in a format that FFmpeg cannot decode: if "
            f"it plays elsewhere, export it from there as H.264."
        )
    return container


def film_stream(container):
    # Cover art is stored as a picture track of one frame.
    films = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    return films[0] if films else None


def picture_size(path):
    """Return the height and width in pixels at which a film is shown.

    Parameters
    ----------
    path : str
        Path of the film.

    Returns
    -------
    tuple of int
        Height and width, after rotation and with square pixels.
    """
    return remembered(_picture_size, path)


def remembered(function, path):
    try:
        status = os.stat(path)
    except OSError:
        return function(path)
    return _cached(function, path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=128)
def _cached(function, path, _changed, _bytes):
    return function(path)


def _picture_size(path):
    with open_film(path) as container:
        stream = film_stream(container)
        packets = sound_packets(container, stream, path)
        with closing(decoded(packets, stream.codec_context)) as frames:
            for frame in frames:
                return Projector(stream.sample_aspect_ratio).picture(frame).shape[:2]
    raise VideoError(f"{path!r}: no frame of it can be decoded.")


def warn_damaged(path, what):
    warnings.warn(f"{path!r} is damaged: {what}.", RuntimeWarning, stacklevel=3)


def film_packets(container, stream, path, troubles=None):
    """Read the packets of a film's pictures, over places that cannot be read.

    Parameters
    ----------
    container, stream
        An open film and its picture track.
    path : str
        Named in errors.
    troubles : list, optional
        Told of what could not be read.

    Yields
    ------
    av.Packet
        None of them empty.

    Raises
    ------
    VideoError
        If reading makes no progress.
    """
    idle = failures = 0
    while failures < _PATIENCE:
        try:
            for packet in container.demux(stream):
                if packet.size:
                    idle = failures = 0
                    yield packet
                    continue
                idle += 1
                if idle > _IDLE:
                    raise VideoError(
                        f"{path!r} is damaged: reading it makes no progress. Re-encoding it, with "
                        f"ffmpeg for example, may rescue what it holds."
                    )
            return
        except IndexError:
            # At the end, PyAV trips over tracks that only appeared midway.
            return
        except av.FFmpegError as error:
            failures += 1
            if troubles is not None and failures == 1:
                troubles.append(f"a part cannot be read ({error.strerror})")


def sound_packets(container, stream, path):
    """Read the packets that arrived whole."""
    return (packet for packet in film_packets(container, stream, path) if not packet.is_corrupt)


def decoded(packets, context):
    """Decode packets and drain the decoder; packets it rejects are left out.

    In the end, also when that comes early, the decoder is idle and ready for another place.
    """
    try:
        for packet in packets:
            try:
                yield from context.decode(packet)
            except av.FFmpegError:
                continue
        try:
            yield from context.decode(None)
        except av.FFmpegError:
            return
    finally:
        # PyAV frees a decoder while it holds Python's lock, for which threads of the decoder that
        # are still at work may wait to report an error: for ever.
        context.flush_buffers()
