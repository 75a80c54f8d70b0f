"""Films, opened and shown; with ``_decoding``, all that knows the decoder (PyAV, that is FFmpeg).

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
from av.video.reformatter import Interpolation, VideoReformatter

from ._nal import disposable_tester
from ._timeline import Timeline


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
    if film_stream(container) is None:
        kinds = sorted({stream.type for stream in container.streams}) or ["no streams"]
        container.close()
        raise VideoError(f"{path!r} has no pictures, only {', '.join(kinds)}: a film is expected.")
    return container


def film_stream(container):
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
        stream = film_stream(container)
        is_disposable = disposable_tester(stream.codec.name, stream.codec_context.extradata)
        rows = []
        untimed = False
        try:
            for packet in container.demux(stream):
                if packet.size == 0 or packet.is_corrupt:
                    continue
                untimed = untimed or packet.pts is None
                disposable = is_disposable is not None and is_disposable(packet)
                rows.append(
                    (
                        packet.pts,
                        packet.duration,
                        packet.is_keyframe,
                        packet.is_discard,
                        disposable,
                    )
                )
        except av.FFmpegError as error:
            warn_damaged(path, f"reading stopped after {len(rows)} packets ({error.strerror})")
        rate = stream.average_rate or stream.guessed_rate
        time_base = stream.time_base
        if untimed:
            rows = _rows_by_decoding(path, rate)
    if not rows:
        raise VideoError(f"{path!r} holds no frame: it may have been cut off while being written.")
    columns = (np.array(column) for column in zip(*rows, strict=True))
    return _timeline(*columns, time_base, rate)


def _rows_by_decoding(path, rate):
    # Raw streams and some AVI files have no presentation times: the decoder has to be asked, and
    # decoding always begins at the beginning.
    with open_film(path) as container:
        stream = film_stream(container)
        step = round(1 / (rate * stream.time_base)) if rate else 1
        rows = []
        for number, frame in enumerate(decoded(container.demux(stream), stream)):
            pts = number * step if frame.pts is None else frame.pts
            rows.append((pts, frame.duration or step, number == 0, False, False))
    return rows


def _timeline(pts, durations, keys, discards, disposable, time_base, rate):
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
        disposable=disposable,
    )


def _picture_size(path):
    with open_film(path) as container:
        stream = film_stream(container)
        for frame in decoded(container.demux(stream), stream):
            return Projector(stream.sample_aspect_ratio).picture(frame).shape[:2]
    raise VideoError(f"{path!r}: no frame of it can be decoded.")


def warn_damaged(path, what):
    warnings.warn(f"{path!r} is damaged: {what}.", RuntimeWarning, stacklevel=3)


def decoded(packets, stream):
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


_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
# Without the second and third flag FFmpeg's scaler rounds down and drops half of the colour: 1.5
# levels too dark and 1.7 off instead of 0.3, for a quarter less time.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_SCALERS = {
    "area": Interpolation.AREA | _EXACT,
    "linear": Interpolation.BILINEAR | _EXACT,
    "cubic": Interpolation.BICUBIC | _EXACT,
    "lanczos": Interpolation.LANCZOS | _EXACT,
    "nearest": Interpolation.POINT | _EXACT,
}


class Projector:
    """Turns decoded frames into the RGB pictures that a viewer sees.

    Scaling goes straight from the film's own colour planes to the size wanted, which is both faster
    and closer to the exact average than to convert whole pictures first.

    Parameters
    ----------
    pixel_aspect : fractions.Fraction or None
        Width of a pixel over its height.
    size : tuple of int or None
        Height and width of the pictures; None shows them as filmed, with square pixels.
    interpolation : str
        One of "area", "linear", "cubic", "lanczos" and "nearest".
    """

    def __init__(self, pixel_aspect, size=None, interpolation="area"):
        self.pixel_aspect = pixel_aspect or 1
        self.size = size
        self.scaler = _SCALERS[interpolation]
        self.reformatter = VideoReformatter()

    def picture(self, frame):
        """Return the picture of a frame, an array of shape (height, width, 3), uint8."""
        turn = _TURNS.get(round(frame.rotation) % 360)
        on_its_side = turn in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE)
        if self.size is None:
            height, width = frame.height, round(frame.width * self.pixel_aspect)
        else:
            height, width = self.size[::-1] if on_its_side else self.size
        shown = self.reformatter.reformat(
            frame,
            width,
            height,
            "rgb24",
            interpolation=self.scaler,
            src_color_range=frame.color_range or None,
            threads=1,
        )
        picture = shown.to_ndarray()
        return picture if turn is None else cv2.rotate(picture, turn)
