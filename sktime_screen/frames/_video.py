"""Films: the only module that knows a decoder (PyAV, that is FFmpeg).

Times here are seconds since the film's first picture, taken from the presentation timestamps of the
packets; counts and rates written in a file's header are never trusted.
"""

import os
import warnings
from fractions import Fraction
from functools import lru_cache

import av
import cv2
import numpy as np

from ._timeline import TIME_TOLERANCE, Timeline

# Up to this many packets that nobody asked for are decoded rather than draining the decoder, and
# up to this many are read past rather than seeking.
_NOT_WORTH_DRAINING = 16
_NOT_WORTH_SEEKING = 300


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
        container = av.open(path)
    except av.FFmpegError as error:
        raise VideoError(
            f"{path!r} cannot be read as a video ({error.strerror}): is it a complete film file?"
        ) from error
    if _film_stream(container) is None:
        kinds = sorted({stream.type for stream in container.streams}) or ["no streams"]
        container.close()
        raise VideoError(f"{path!r} has no pictures, only {', '.join(kinds)}: a film is expected.")
    return container


def _film_stream(container):
    # Cover art is stored as a picture track of one frame.
    films = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    return films[0] if films else None


def read_timeline(path):
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
        status = os.stat(path)
    except OSError:
        return function(path)
    return _cached(function, path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=128)
def _cached(function, path, _changed, _bytes):
    return function(path)


def _read_timeline(path):
    with open_film(path) as container:
        stream = _film_stream(container)
        rows = []
        untimed = False
        try:
            for packet in container.demux(stream):
                if packet.size == 0 or packet.is_corrupt:
                    continue
                untimed = untimed or packet.pts is None
                rows.append((packet.pts, packet.duration, packet.is_keyframe, packet.is_discard))
        except av.FFmpegError as error:
            _warn_damaged(path, f"reading stopped after {len(rows)} packets ({error.strerror})")
        rate = stream.average_rate or stream.guessed_rate
        time_base = stream.time_base
        if untimed:
            rows = _rows_by_decoding(path, rate)
    if not rows:
        raise VideoError(f"{path!r} holds no frame: it may have been cut off while being written.")
    pts, durations, keys, discards = (np.array(column) for column in zip(*rows, strict=True))
    return _timeline(pts, durations, keys, discards, time_base, rate)


def _rows_by_decoding(path, rate):
    # Raw streams and some AVI files have no presentation times: the decoder has to be asked, and
    # decoding always begins at the beginning.
    with open_film(path) as container:
        stream = _film_stream(container)
        step = round(1 / (rate * stream.time_base)) if rate else 1
        rows = []
        for number, frame in enumerate(_decoded(container.demux(stream), stream)):
            pts = number * step if frame.pts is None else frame.pts
            rows.append((pts, frame.duration or step, number == 0, False))
    return rows


def _timeline(pts, durations, keys, discards, time_base, rate):
    keys = keys.astype(bool)
    keys[0] = True
    shown = np.flatnonzero(~discards.astype(bool))
    if not len(shown):
        shown = np.arange(len(pts))
    _, first = np.unique(pts[shown], return_index=True)
    packets = shown[first]
    ticks = pts[packets]
    last = int(durations[packets[-1]] or 0)
    if last <= 0:
        gaps = np.diff(ticks)
        last = int(np.median(gaps)) if len(gaps) else round(1 / ((rate or 25) * time_base))
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
    )


def _picture_size(path):
    with open_film(path) as container:
        stream = _film_stream(container)
        for frame in _decoded(container.demux(stream), stream):
            return _as_shown(frame, stream.sample_aspect_ratio).shape[:2]
    raise VideoError(f"{path!r}: no frame of it can be decoded.")


def read_pictures(path, times, size=None, interpolation=cv2.INTER_AREA):
    """Decode the pictures of a film that are on screen at the given times.

    Parameters
    ----------
    path : str
        Path of the film.
    times : ndarray of shape (n,)
        Increasing times in seconds.
    size : tuple of int, optional
        Height and width to resize each picture to.
    interpolation : int
        OpenCV's interpolation flag, used with ``size``.

    Yields
    ------
    ndarray of shape (height, width, 3), uint8
        RGB pictures, one a time, in the order of the times. Where a frame cannot be decoded the
        one before it stands in, as in a player, and a warning says how often.

    Raises
    ------
    ValueError
        If a time lies beyond the film.
    VideoError
        If nothing can be decoded.
    """
    timeline = read_timeline(path)
    times = np.asarray(times, dtype=np.float64)
    if len(times) and times[-1] > timeline.length + TIME_TOLERANCE:
        raise ValueError(
            f"{times[-1]:.3f} s is asked of {path!r}, which is {timeline.length:.3f} s long: do "
            f"the times belong to another film?"
        )
    wanted, repeats = np.unique(timeline.shown_at(times), return_counts=True)
    frames = _wanted_frames(path, timeline, wanted)
    picture, frame, lost = None, next(frames, None), 0
    if frame is None and len(wanted):
        raise VideoError(f"{path!r}: no frame of it can be decoded.")
    for position, repeat in zip(wanted, repeats, strict=True):
        if frame is not None and (frame[0] <= position or picture is None):
            lost += frame[0] != position
            picture = _as_shown(*frame[1:], size, interpolation)
            frame = next(frames, None)
        else:
            lost += 1
        for _ in range(repeat):
            yield picture
    if lost:
        _warn_damaged(path, f"{lost} of {len(wanted)} frames could not be decoded")


def _warn_damaged(path, what):
    warnings.warn(f"{path!r} is damaged: {what}.", RuntimeWarning, stacklevel=3)


def _wanted_frames(path, timeline, wanted):
    """Yield (position, frame, pixel aspect), decoding no group of pictures unless one is wanted."""
    position_of = {int(timeline.packet_pts[timeline.packets[i]]): int(i) for i in wanted}
    with open_film(path) as container:
        stream = _film_stream(container)
        stream.thread_type = "AUTO"
        source = _PacketSource(container, stream, timeline.packet_pts)
        for start, stop in _stretches(timeline, wanted):
            stream.codec_context.flush_buffers()
            for frame in _decoded(source.packets(start, stop), stream):
                position = position_of.pop(frame.pts, None)
                if position is not None:
                    yield position, frame, stream.sample_aspect_ratio


def _stretches(timeline, wanted):
    """Return the runs of packets, as (first, last + 1), that hold all that the wanted need."""
    order = np.argsort(timeline.packets[wanted], kind="stable")
    runs = []
    for start, packet in zip(
        timeline.starts[wanted][order], timeline.packets[wanted][order], strict=True
    ):
        if runs and start <= runs[-1][1] + _NOT_WORTH_DRAINING:
            runs[-1][1] = max(runs[-1][1], int(packet) + 1)
        else:
            runs.append([int(start), int(packet) + 1])
    return runs


class _PacketSource:
    """Hands out runs of a film's packets, seeking over long stretches that nobody wants."""

    def __init__(self, container, stream, packet_pts):
        self.container = container
        self.stream = stream
        self.packet_pts = packet_pts
        self.rewind()

    def rewind(self):
        self.demuxed = self.container.demux(self.stream)
        self.position = 0

    def packets(self, start, stop):
        if start - self.position > _NOT_WORTH_SEEKING:
            self.seek(start)
        for packet in self.demuxed:
            if packet.size == 0 or packet.is_corrupt:
                continue
            position, self.position = self.position, self.position + 1
            if position >= start:
                yield packet
            if position + 1 >= stop:
                return

    def seek(self, start):
        target = int(self.packet_pts[start])
        try:
            self.container.seek(target, stream=self.stream)
            self.demuxed = self.container.demux(self.stream)
            for packet in self.demuxed:
                landed = np.flatnonzero(self.packet_pts[: start + 1] == packet.pts)
                if packet.size and len(landed):
                    self.demuxed = _put_back(packet, self.demuxed)
                    self.position = int(landed[-1])
                    return
                break
        except av.FFmpegError:
            pass
        # A container without a usable index: read it from the beginning.
        self.container.seek(0, stream=self.stream)
        self.rewind()


def _put_back(packet, packets):
    yield packet
    yield from packets


def _decoded(packets, stream):
    """Decode packets and drain the decoder; packets it rejects are left out."""
    context = stream.codec_context
    for packet in packets:
        if packet.size == 0:
            continue
        try:
            yield from context.decode(packet)
        except av.FFmpegError:
            continue
    try:
        yield from context.decode(None)
    except av.FFmpegError:
        return


_QUARTER_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}


def _as_shown(frame, aspect, size=None, interpolation=cv2.INTER_AREA):
    """Turn a decoded frame into the RGB picture a viewer sees."""
    picture = frame.to_ndarray(format="rgb24")
    turn = _QUARTER_TURNS.get(round(frame.rotation) % 360)
    if turn is not None:
        picture = cv2.rotate(picture, turn)
    if size is None:
        size = picture.shape[:2]
        if aspect and aspect != 1:
            height, width = size
            turned = turn in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE)
            size = (round(height * aspect), width) if turned else (height, round(width * aspect))
    if size != picture.shape[:2]:
        picture = cv2.resize(picture, (size[1], size[0]), interpolation=interpolation)
    return picture
