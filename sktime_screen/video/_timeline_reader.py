"""When each frame of a video is shown, from its packets.

Times are seconds on the clock that a player shows, taken from the presentation timestamps of the
packets; counts and rates written in a file's header are never trusted.
"""

import warnings
from collections import deque, namedtuple
from fractions import Fraction
from itertools import chain

import av
import numpy as np

from ._container import (
    VideoError,
    find_video_stream,
    open_video,
    parse_clock_time,
    warn_of_other_videos,
)
from ._demuxing import (
    cache_by_file_state,
    decode_packets,
    read_intact_packets,
    read_packets,
    warn_damaged,
)
from ._discontinuities import JUMP, unroll
from ._nal_units import EXACT_KEYS, make_packet_reader
from ._skipped_content import find_appended_video, find_edit_list_pauses
from ._timeline import Timeline

# What the header promises beyond the last frame is missing from here on, in seconds.
_NOT_MISSED = 0.5
# A recording without images for longer than this, and than so many frames, was interrupted.
_GAP, _GAP_STEPS = 1.0, 10
_FURTHEST = 2**60
# Sound is looked at from so many packets of images on before a gap.
_INTERLEAVED = 4
# In a damaged recording at most this share of the packets has no time.
_FEW = 0.1
# FFmpeg guesses decoding times where these formats have none.
_WITHOUT_DTS = ("matroska", "ogg")
# These have no room for the times of frames that are shown in another order than they are decoded.
_DECODING_ORDER = ("avi", "asf")

_Packets = namedtuple("_Packets", "pts dts durations pos keys disposable discarded corrupt")


def read_timeline(path) -> Timeline:
    """Read when each frame of a video is shown, by walking its packets."""
    return cache_by_file_state(_read_timeline, path)


def _read_timeline(path):
    troubles, remarks = [], []
    with open_video(path) as container:
        stream = find_video_stream(container)
        warn_of_other_videos(container, path)
        packets, end = _read_packets(container, stream, path, troubles)
        if not len(packets.pts):
            raise VideoError(
                f"{path!r} holds no frame: it may have been cut off while being written."
            )
        whole = ~packets.corrupt
        if not whole.any():
            raise VideoError(f"{path!r} is damaged: none of its frames is complete.")
        unrolled = None
        if None not in packets.pts:
            unrolled, jumps = _unroll_packets(container, stream, packets, path)
        zero = _find_clock_zero(container, stream, packets)
        if unrolled is None or _is_made_up(unrolled[whole], container.format.name, stream):
            timeline = _decode_timeline(path, int(whole.sum()), zero, remarks)
        else:
            timeline = _make_timeline(unrolled, packets, zero, stream)
            remarks += _describe_jumps(jumps, timeline, unrolled[timeline.packets[0]])
            missing = _describe_missing(container, stream, unrolled, packets, timeline)
            if missing:
                troubles.append(missing)
        if _may_jump(container):
            remarks += _describe_gaps(timeline)
        if "mp4" in container.format.name:
            remarks += find_edit_list_pauses(path)
    if not whole.all():
        troubles.append(f"{np.sum(~whole)} frame(s) are incomplete and left out")
    if troubles:
        warn_damaged(path, "; ".join(troubles))
    remarks += find_appended_video(path, end)
    if remarks:
        warnings.warn(f"{path!r}: {'; '.join(remarks)}.", RuntimeWarning, stacklevel=2)
    return timeline


def _read_packets(container, stream, path, troubles):
    """Return what is known of the packets, in decoding order, and where the last one ends."""
    look_at = make_packet_reader(stream.codec.name, stream.codec_context.extradata)
    rows, end = [], 0
    for packet in read_packets(container, stream, path, troubles):
        position = -1 if packet.pos is None else packet.pos
        end = max(end, position + packet.size)
        rows.append(
            (
                packet.pts,
                packet.dts,
                packet.duration or 0,
                position,
                *look_at(packet),
                packet.is_discard,
                packet.is_corrupt,
            )
        )
    columns = zip(*rows, strict=True) if rows else [()] * len(_Packets._fields)
    packets = _Packets(*map(np.array, columns))
    if _may_jump(container) and None in packets.pts:
        packets = _mark_without_time(packets)
    return packets, end


def _mark_without_time(packets):
    """Take the few packets without a time, at a gap in reception, for incomplete ones."""
    without = packets.pts == None  # noqa: E711
    if np.mean(without) > _FEW or without[0]:
        return packets
    last = np.maximum.accumulate(np.where(without, 0, np.arange(len(without))))
    return packets._replace(
        pts=packets.pts[last].astype(np.int64), corrupt=packets.corrupt | without
    )


def _may_jump(container):
    """Tell whether the format is one whose clock may jump forward, as broadcasts do."""
    jumps = container.format.flags & av.format.Flags.ts_discont.value
    return bool(jumps) and not container.format.name.startswith(_WITHOUT_DTS)


def _unroll_packets(container, stream, packets, path):
    """Return the packets' times on a clock that goes on, and where it jumped."""
    dts = packets.dts.astype(np.float64)
    if container.format.name.startswith(_WITHOUT_DTS):
        dts[:] = np.nan
    # Times of damaged packets have to fit sums.
    pts = np.clip(packets.pts, -_FURTHEST, _FURTHEST)
    durations = np.clip(packets.durations, 0, _FURTHEST >> 20)
    columns = (pts, dts, durations, packets.keys, ~packets.discarded)
    options = {
        "time_base": stream.time_base,
        "may_jump": _may_jump(container),
        "exact_keys": stream.codec.name in EXACT_KEYS or not stream.codec_context.reorder_depth,
        "has_edits": "mp4" in container.format.name,
    }
    pts, jumps = unroll(*columns, **options)
    forward = {jump.packet for jump in jumps if jump.forward}
    if forward and container.streams.audio:
        # Where the sound goes on, only the images were interrupted.
        steady = _find_steady_sound(path, forward)
        pts, jumps = unroll(*columns, steady=steady, **options)
    return pts, jumps


def _find_steady_sound(path, numbers):
    """Return the packets of images, out of some, up to which the sound goes on."""
    # A packet of images is handed out after sound that follows it in the file.
    steady, before, number, recent = set(), None, -1, deque([[]], maxlen=_INTERLEAVED)
    with open_video(path) as container:
        images = find_video_stream(container)
        for packet in read_packets(container, [images, container.streams.audio[0]], path):
            if packet.stream.index == images.index:
                number += 1
                steps = list(chain(*recent))
                if number in numbers and sum(steps) > JUMP / 2 and max(map(abs, steps)) < JUMP / 2:
                    steady.add(number)
                recent.append([])
            elif packet.dts is not None:
                now = float(packet.dts * packet.time_base)
                recent[-1].append(0 if before is None else now - before)
                before = now
    return steady


def _describe_jumps(jumps, timeline, first):
    if not jumps:
        return []
    _, _, seconds, tick = jumps[0]
    at = timeline.seconds(tick - first)
    more = f", the first of {len(jumps)} jumps" if len(jumps) > 1 else ""
    return [
        f"its clock jumps by {seconds:+,.1f} s at {at:,.1f} s{more}: it may be several recordings "
        f"in one, and is measured as if each began where the one before ends"
    ]


def _describe_gaps(timeline):
    """Tell where a recording was interrupted."""
    steps = np.diff(timeline.times)
    if not len(steps):
        return []
    gaps = np.flatnonzero(steps > max(_GAP, _GAP_STEPS * np.median(steps)))
    if not len(gaps):
        return []
    first = gaps[0]
    more = f" ({len(gaps)} such gaps, {steps[gaps].sum():,.1f} s)" if len(gaps) > 1 else ""
    return [
        f"it has no images from {timeline.times[first]:,.1f} to "
        f"{timeline.times[first + 1]:,.1f} s{more}, the last one before stands in"
    ]


def _is_made_up(pts, container, stream):
    """Tell whether presentation times are not from the file but from FFmpeg, and wrong."""
    if container in _DECODING_ORDER:
        # For MPEG-4 FFmpeg works out the times of reordered frames.
        return stream.codec_context.reorder_depth > 0 and stream.codec.name != "mpeg4"
    # In a program stream several frames may share one time stamp.
    return container == "mpeg" and len(np.unique(pts)) < len(pts)


def _find_clock_zero(container, stream, packets):
    """Return the time in the file at which a player's clock begins: with images or sound, s."""
    if container.start_time is None:
        return None
    zero = Fraction(container.start_time, av.time_base)
    begins = [
        stream.start_time * Fraction(stream.time_base)
        for stream in container.streams
        if stream.start_time is not None and stream.time_base
    ]
    # FFmpeg rounds to microseconds.
    exact = [begin for begin in begins if abs(begin - zero) * av.time_base <= 1]
    zero = min(exact, default=zero)
    pts, dts = packets.pts[0], packets.dts[0]
    if container.format.name in _DECODING_ORDER and None not in (pts, dts):
        # FFmpeg adds a delay of its own.
        zero += (pts - dts) * Fraction(stream.time_base)
    return zero


def _compute_begin(first, zero):
    """Return when the first image is shown, on the clock that a player shows."""
    return Fraction(0) if zero is None else max(Fraction(first) - zero, Fraction(0))


def _get_rate(stream):
    return stream.average_rate or stream.guessed_rate or 25


def _describe_missing(container, stream, pts, packets, timeline):
    """Say how much of a video that was cut short is missing, as far as its header tells."""
    pts, durations = pts[~packets.corrupt], packets.durations[~packets.corrupt]
    begin = int(pts.min())
    if "mp4" in container.format.name:
        promised = (stream.duration or 0) * stream.time_base
        if packets.discarded.any():
            # An edit list of several parts counts from zero.
            begin = min(begin, 0)
    elif container.format.name == "avi":
        # Its duration FFmpeg reckons from what is there.
        promised = stream.frames / _get_rate(stream)
    elif "matroska" in container.format.name:
        promised = parse_clock_time(stream.metadata.get("DURATION", ""))
        if not promised and len(container.streams) == 1:
            promised = Fraction(container.duration or 0, av.time_base)
        # Matroska counts from zero, wherever the video begins.
        begin = min(begin, 0)
    else:
        return None
    held = (int(pts.max()) + int(durations[pts.argmax()]) - begin) * stream.time_base
    gap = np.median(np.diff(timeline.times)) if len(timeline) > 1 else 0
    if promised - held <= max(_NOT_MISSED, 2 * gap):
        return None
    return (
        f"it ends {float(promised - held):.1f} s early, its header promises {float(promised):.1f} s"
    )


def _decode_timeline(path, n_packets, zero, remarks):
    # Raw streams and some AVI files have no presentation times: the decoder has to be asked for
    # their order, and decoding always begins at the beginning.
    with open_video(path) as container:
        stream = find_video_stream(container)
        stream.thread_type = "AUTO"
        pts = [
            frame.pts
            for frame in decode_packets(
                read_intact_packets(container, stream, path), stream.codec_context
            )
        ]
        rate, time_base = _get_rate(stream), Fraction(stream.time_base)
        may_jump = _may_jump(container)
    if not pts:
        raise VideoError(f"{path!r}: no frame of it can be decoded.")
    step = max(1, round(1 / (rate * time_base)))
    ticks, begin, contradicts = step * np.arange(len(pts)), Fraction(0), True
    if None not in pts:
        begin = _compute_begin(min(pts) * time_base, zero)
        if may_jump:
            pts, _ = unroll(
                np.array(pts),
                np.array(pts, np.float64),
                np.full(len(pts), step),
                np.zeros(len(pts), bool),
                np.ones(len(pts), bool),
                time_base=time_base,
                may_jump=True,
                exact_keys=False,
                has_edits=False,
            )
        own = np.unique(pts)
        if len(own) == len(pts):
            ticks = own - own[0]
        contradicts = abs(int(own[-1] - own[0] - ticks[-1])) * time_base > _GAP
    if may_jump and contradicts:
        remarks.append(
            f"its times contradict each other, {len(pts)} frames at {float(rate):.4g} a second are "
            f"assumed"
        )
    return Timeline(
        ticks=ticks,
        end=int(ticks[-1]) + step,
        begin=begin,
        time_base=time_base,
        packets=np.full(len(pts), n_packets - 1),
        starts=np.zeros(len(pts), int),
        packet_pts=None,
        packet_pos=np.full(n_packets, -1),
        disposable=np.zeros(n_packets, bool),
    )


def _make_timeline(pts, packets, zero, stream):
    """Make the timeline of packets, given their times on a clock that goes on."""
    time_base = Fraction(stream.time_base)
    keys = packets.keys.copy()
    keys[0] = True
    # What is incomplete is decoded for the sake of others, but not shown.
    shown = np.flatnonzero(~packets.corrupt & ~packets.discarded)
    if not len(shown):
        shown = np.flatnonzero(~packets.corrupt)
    _, first = np.unique(pts[shown], return_index=True)
    frames = shown[first]
    ticks = pts[frames]
    last = int(packets.durations[frames[-1]])
    if last <= 0:
        gaps = np.diff(ticks)
        last = int(np.median(gaps)) if len(gaps) else round(1 / (_get_rate(stream) * time_base))
    # Images that are shown before the key frame they follow in the file lean on the group before.
    key_packets = np.flatnonzero(keys)
    group = np.searchsorted(key_packets, frames, side="right") - 1
    leading = (pts[key_packets[group]] > ticks) & (group > 0)
    starts = key_packets[group - leading]
    return Timeline(
        ticks=ticks - ticks[0],
        end=int(ticks[-1] - ticks[0]) + max(last, 1),
        begin=_compute_begin(int(ticks[0]) * time_base, zero),
        time_base=time_base,
        packets=frames,
        starts=starts,
        packet_pts=packets.pts,
        packet_pos=packets.pos,
        disposable=packets.disposable,
    )
