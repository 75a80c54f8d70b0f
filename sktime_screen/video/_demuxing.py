"""Videos, opened and shown: with ``_timeline_reader`` and ``_decoding`` all that knows the decoder.

That is PyAV, which is FFmpeg.
"""

import warnings
from contextlib import closing
from functools import lru_cache

import av

from ._container import VideoError, find_video_stream, open_video
from ._file_state import read_file_state
from ._frame_converter import FrameConverter

# So many failures in a row, and the rest of a file is given up.
_MAX_FAILURES = 16
# So many empty packets in a row are no progress; some recorders write one for a repeated frame.
_MAX_EMPTY_PACKETS = 100_000


def read_image_size(path):
    """Return the height and width in pixels at which a video is shown."""
    return cache_by_file_state(_image_size, path)


def cache_by_file_state(function, path):
    try:
        state = read_file_state(path)
    except OSError:
        return function(path)
    return _cached(function, path, state)


@lru_cache(maxsize=128)
def _cached(function, path, _state):
    return function(path)


def _image_size(path):
    with open_video(path) as container:
        stream = find_video_stream(container)
        packets = read_intact_packets(container, stream, path)
        with closing(decode_packets(packets, stream.codec_context)) as frames:
            for frame in frames:
                return FrameConverter(stream).convert(frame).shape[:2]
    raise VideoError(f"{path!r}: no frame of it can be decoded.")


def warn_damaged(path, what):
    warnings.warn(f"{path!r} is damaged: {what}.", RuntimeWarning, stacklevel=3)


def read_packets(container, stream, path, troubles=None):
    """Read the packets of a video's images, over places that cannot be read."""
    idle = failures = 0
    while failures < _MAX_FAILURES:
        try:
            for packet in container.demux(stream):
                if packet.size:
                    idle = failures = 0
                    yield packet
                    continue
                idle += 1
                if idle > _MAX_EMPTY_PACKETS:
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


def read_intact_packets(container, stream, path):
    """Read the packets that arrived whole."""
    return (packet for packet in read_packets(container, stream, path) if not packet.is_corrupt)


def decode_packets(packets, context):
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
