"""Images of a video at given times, decoding as little as possible.

Groups of images in which no frame is wanted are passed over, and within a group the frames after
the last wanted one and those that no other frame refers to. Groups are shared out to one decoder
for each core.
"""

from collections import deque, namedtuple
from contextlib import closing
from itertools import chain

import av
import joblib
import numpy as np

from ._container import VideoError, find_video_stream, make_decoder, open_video
from ._demuxing import decode_packets, read_intact_packets, read_packets, warn_damaged
from ._frame_converter import FrameConverter
from ._placement import WHOLE
from ._prefetch import Prefetcher
from ._timeline import TIME_TOLERANCE
from ._timeline_reader import read_timeline

# Up to this many packets that nobody asked for are read past rather than seeking.
_NOT_WORTH_SEEKING = 300
# A chunk of work for a decoder is at least this many packets: starting one costs a few frames.
_CHUNK = 48
_MOST_DECODERS = 8
# At places where a video is damaged, so many frames may come out too early.
_OUT_OF_ORDER = 16
# What one decoder may hold ready, in bytes of images.
_READY = 32 * 2**20

_Output = namedtuple("_Output", "size interpolation aspect box")


def read_images(path, times, size=None, interpolation="area", aspect="stretch", box=WHOLE):
    """Decode the images of a video that are on screen at the given times.

    Shapes: ``times`` (n,) -> uint8 (height, width, 3).
    """
    timeline = read_timeline(path)
    wanted, repeats = np.unique(find_shown_frames(path, timeline, times), return_counts=True)
    images = _read_wanted_images(path, timeline, wanted, _Output(size, interpolation, aspect, box))
    image, ready, lost = None, next(images, None), 0
    if ready is None and len(wanted):
        raise VideoError(f"{path!r}: no frame of it can be decoded.")
    for position, repeat in zip(wanted, repeats, strict=True):
        while ready is not None and ready[0] < position:
            ready = next(images, None)
        if ready is not None and ready[0] == position:
            image = ready[1]
            ready = next(images, None)
        else:
            lost += 1
        for _ in range(repeat):
            yield ready[1] if image is None else image
    if lost:
        warn_damaged(
            path, f"{lost} of {len(wanted)} frames could not be decoded, the one before stands in"
        )


def find_shown_frames(path, timeline, times):
    """Return the position of the frame on screen at each time (s) of a video."""
    times = np.asarray(times, dtype=np.float64)
    if len(times) and times.min() < timeline.earliest:
        raise ValueError(
            f"There is no frame at {times.min():.3f} s in {path!r}: its first image is shown at "
            f"{float(timeline.begin):.3f} s, after the sound has begun. Do the times count from "
            f"the first image? They must be those that a player shows."
        )
    if len(times) and times.max() > timeline.length + TIME_TOLERANCE:
        raise ValueError(
            f"There is no frame at {times.max():.3f} s in {path!r}, which is "
            f"{timeline.length:.3f} s long. Do the times belong to another video?"
        )
    return timeline.find_frames_at(times)


def _read_wanted_images(path, timeline, wanted, output):
    """Yield (position, image) of the wanted frames, in the order of time."""
    chunks = _make_chunks(timeline, wanted)
    decoders = max(1, min(joblib.cpu_count(), _MOST_DECODERS, len(chunks)))
    if decoders == 1:
        yield from filter(None, _decode(path, timeline, chunks, output, "AUTO"))
        return
    height, width = output.size or (1080, 1920)
    ready = max(4, _READY // (height * width * 3))
    readers = []
    try:
        for number in range(decoders):
            work = _decode(path, timeline, chunks[number::decoders], output, "NONE")
            readers.append(Prefetcher(work, ready))
        for number in range(len(chunks)):
            yield from iter(readers[number % decoders].__next__, None)
    finally:
        for reader in readers:
            reader.close()


def _make_chunks(timeline, wanted):
    """Share out the wanted frames: a list of lists of runs, each (start, stop, positions).

    A run is what a decoder needs from a key frame on: packets ``start`` to ``stop`` (excluded), to
    get the frames at ``positions``.
    """
    runs = []
    starts, packets = timeline.starts[wanted], timeline.packets[wanted]
    for which in np.lexsort((packets, starts)):
        start, stop, position = int(starts[which]), int(packets[which]) + 1, int(wanted[which])
        if runs and start < runs[-1][1]:
            runs[-1][1] = max(runs[-1][1], stop)
            runs[-1][2].append(position)
        else:
            runs.append([start, stop, [position]])
    chunks, size = [], _CHUNK
    for run in runs:
        if size >= _CHUNK:
            chunks.append([])
            size = 0
        chunks[-1].append(run)
        size += run[1] - run[0]
    return chunks


def _decode(path, timeline, chunks, output, thread_type):
    """Yield (position, image) for the frames of some chunks, and None after each chunk."""
    with closing(_PacketSource(path, timeline)) as source:
        stream = source.stream
        context = make_decoder(stream)
        context.thread_type = thread_type
        if thread_type == "NONE":
            context.thread_count = 1
        converter = FrameConverter(stream, *output)
        for chunk in chunks:
            for start, stop, positions in chunk:
                packets = source.packets(start, stop, positions)
                with closing(decode_packets(packets, context)) as frames:
                    for position, frame in _match_positions(frames, timeline, positions):
                        yield position, converter.convert(frame)
            yield None


def _match_positions(frames, timeline, positions):
    """Yield (position, frame) of the frames at some positions, in the order of time."""
    numbers = positions if timeline.packet_pts is None else timeline.packets[positions].tolist()
    position_of = dict(zip(numbers, positions, strict=True))
    due, early = deque(sorted(positions)), {}
    for number, frame in enumerate(frames):
        key = number if timeline.packet_pts is None else frame.pts
        if key in position_of:
            early[position_of.pop(key)] = frame
        while due and (due[0] in early or len(early) > _OUT_OF_ORDER):
            position = due.popleft()
            if position in early:
                yield position, early.pop(position)
        if not position_of:
            break
    for position in sorted(early):
        yield position, early[position]


class _PacketSource:
    """Hands out runs of a video's packets, seeking over long stretches that nobody wants."""

    def __init__(self, path, timeline):
        self.path = path
        self.timeline = timeline
        self.seekable = timeline.packet_pts is not None
        self._open()

    def _open(self):
        self.container = open_video(self.path)
        self._start_reading()
        self.position = 0

    def _start_reading(self):
        self.stream = find_video_stream(self.container)
        # Where frames are known by their number, those of incomplete packets are not among them.
        read = read_packets if self.timeline.packet_pts is not None else read_intact_packets
        self.ahead = read(self.container, self.stream, self.path)

    def close(self):
        self.container.close()

    def packets(self, start, stop, positions):
        """Yield the packets from ``start`` to ``stop`` (excluded) that some frames need."""
        timeline = self.timeline
        needed = ~timeline.disposable[start:stop]
        needed[timeline.packets[positions] - start] = True
        if self.seekable and start - self.position > _NOT_WORTH_SEEKING:
            self._seek(start)
        for packet in self.ahead:
            position, self.position = self.position, self.position + 1
            if position >= start and needed[position - start]:
                if timeline.packet_pts is not None:
                    # Times may come twice, and after seeking some containers tell others than
                    # before: the frame of a packet is known by the packet's number.
                    packet.pts = position
                yield packet
            if position + 1 >= stop:
                return

    def _seek(self, start):
        try:
            self.container.seek(int(self.timeline.packet_pts[start]), stream=self.stream)
            self._start_reading()
            packet = next(self.ahead, None)
        except av.FFmpegError:
            packet = None
        if packet is not None and packet.pos is not None:
            landed = np.flatnonzero(self.timeline.packet_pos[: start + 1] == packet.pos)
            if len(landed) == 1:
                self.ahead = chain([packet], self.ahead)
                self.position = int(landed[0])
                return
        # A container without a usable index is read through from the beginning, once.
        self.seekable = False
        self.container.close()
        self._open()
