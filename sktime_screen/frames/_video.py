"""Films, opened and shown; with ``_decoding``, all that knows the decoder (PyAV, that is FFmpeg).

Times here are seconds since the film's first picture, taken from the presentation timestamps of the
packets; counts and rates written in a file's header are never trusted.
"""

import warnings
from contextlib import closing
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np

from ._container import VideoError, film_stream, open_film, seconds_of, warn_of_other_films
from ._file_state import file_state
from ._nal import packet_reader
from ._projector import Projector
from ._timeline import Timeline

# What the header promises beyond the last frame is missing from here on, in seconds.
_NOT_MISSED = 0.5
# So many failures in a row, and the rest of a file is given up.
_PATIENCE = 16
# So many empty packets in a row are no progress; some recorders write one for a repeated frame.
_IDLE = 100_000


def read_timeline(path) -> Timeline:
    """Read when each frame of a film is shown, by walking its packets.

    Parameters
    ----------
    path : str
        Path of the film.

    Returns
    -------
    Timeline
        Kept for the next call while the file does not change.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, VideoError
        If the file is missing, unreadable or holds no frame.
    """
    return _remembered(_read_timeline, path)


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
    return _remembered(_picture_size, path)


def _remembered(function, path):
    try:
        state = file_state(path)
    except OSError:
        return function(path)
    return _cached(function, path, state)


@lru_cache(maxsize=128)
def _cached(function, path, _state):
    return function(path)


def _read_timeline(path):
    troubles = []
    with open_film(path) as container:
        stream = film_stream(container)
        warn_of_other_films(container, path)
        look_at = packet_reader(stream.codec.name, stream.codec_context.extradata)
        rows = []
        incomplete = 0
        for packet in film_packets(container, stream, path, troubles):
            if packet.is_corrupt:
                incomplete += 1
                continue
            is_key, is_disposable = look_at(packet)
            rows.append(
                (
                    packet.pts,
                    packet.duration or 0,
                    -1 if packet.pos is None else packet.pos,
                    is_key,
                    packet.is_discard,
                    is_disposable,
                )
            )
        if not rows:
            raise VideoError(
                f"{path!r} holds no frame: it may have been cut off while being written."
            )
        pts, *others = (np.array(column) for column in zip(*rows, strict=True))
        if _is_made_up(pts, container.format.name, stream):
            timeline = _timeline_by_decoding(path, len(pts))
        else:
            timeline = _timeline(pts, *others, stream.time_base, _rate(stream))
            missing = _missing(container, stream, pts, others[0], timeline)
            if missing:
                troubles.append(missing)
    if incomplete:
        troubles.append(f"{incomplete} frame(s) are incomplete and left out")
    if troubles:
        warn_damaged(path, "; ".join(troubles))
    return timeline


def _is_made_up(pts, container, stream):
    """Tell whether presentation times are not from the file but from FFmpeg, and wrong."""
    if None in pts:
        return True
    if container == "avi":
        # It has no room for the times of reordered frames, but for MPEG-4 FFmpeg works them out.
        return stream.codec_context.reorder_depth > 0 and stream.codec.name != "mpeg4"
    # In a program stream several frames may share one time stamp.
    return container == "mpeg" and len(np.unique(pts)) < len(pts)


def _rate(stream):
    return stream.average_rate or stream.guessed_rate or 25


def _missing(container, stream, pts, durations, timeline):
    """Say how much of a film that was cut short is missing, as far as its header tells."""
    begin = int(pts.min())
    if "mp4" in container.format.name:
        promised = (stream.duration or 0) * stream.time_base
    elif container.format.name == "avi":
        # Its duration FFmpeg reckons from what is there.
        promised = stream.frames / _rate(stream)
    elif "matroska" in container.format.name:
        promised = seconds_of(stream.metadata.get("DURATION", ""))
        if not promised and len(container.streams) == 1:
            promised = Fraction(container.duration or 0, av.time_base)
        # Matroska counts from zero, wherever the film begins.
        begin = min(begin, 0)
    else:
        return None
    held = (int(pts.max()) + int(durations[pts.argmax()]) - begin) * stream.time_base
    gap = np.median(timeline.seconds(np.diff(timeline.ticks))) if len(timeline) > 1 else 0
    if promised - held <= max(_NOT_MISSED, 2 * gap):
        return None
    return (
        f"it ends {float(promised - held):.1f} s early, its header promises {float(promised):.1f} s"
    )


def _timeline_by_decoding(path, n_packets):
    # Raw streams and some AVI files have no presentation times: the decoder has to be asked for
    # their order, and decoding always begins at the beginning.
    with open_film(path) as container:
        stream = film_stream(container)
        stream.thread_type = "AUTO"
        pts = [
            frame.pts
            for frame in decoded(sound_packets(container, stream, path), stream.codec_context)
        ]
        rate, time_base = _rate(stream), Fraction(stream.time_base)
    if not pts:
        raise VideoError(f"{path!r}: no frame of it can be decoded.")
    step = max(1, round(1 / (rate * time_base)))
    ticks = np.unique([-1 if tick is None else tick for tick in pts])
    if len(ticks) < len(pts) or None in pts:
        ticks = step * np.arange(len(pts))
    ticks = ticks - ticks[0]
    return Timeline(
        ticks=ticks,
        end=int(ticks[-1]) + step,
        time_base=time_base,
        packets=np.full(len(pts), n_packets - 1),
        starts=np.zeros(len(pts), int),
        packet_pts=None,
        packet_pos=np.full(n_packets, -1),
        disposable=np.zeros(n_packets, bool),
    )


def _timeline(pts, durations, pos, keys, discards, disposable, time_base, rate):
    pts = pts.astype(np.int64)
    keys[0] = True
    shown = np.flatnonzero(~discards)
    if not len(shown):
        shown = np.arange(len(pts))
    _, first = np.unique(pts[shown], return_index=True)
    packets = shown[first]
    ticks = pts[packets]
    last = int(durations[packets[-1]])
    if last <= 0:
        gaps = np.diff(ticks)
        last = int(np.median(gaps)) if len(gaps) else round(1 / (rate * time_base))
    # Pictures that are shown before the key frame they follow in the file lean on the group before.
    key_packets = np.flatnonzero(keys)
    group = np.searchsorted(key_packets, packets, side="right") - 1
    leading = (pts[key_packets[group]] > ticks) & (group > 0)
    starts = key_packets[group - leading]
    return Timeline(
        ticks=ticks - ticks[0],
        end=int(ticks[-1] - ticks[0]) + max(last, 1),
        time_base=Fraction(time_base),
        packets=packets,
        starts=starts,
        packet_pts=pts,
        packet_pos=pos,
        disposable=disposable,
    )


def _picture_size(path):
    with open_film(path) as container:
        stream = film_stream(container)
        packets = sound_packets(container, stream, path)
        with closing(decoded(packets, stream.codec_context)) as frames:
            for frame in frames:
                return Projector(stream).picture(frame).shape[:2]
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
