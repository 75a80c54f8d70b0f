"""Make videos of every kind that people have, and compare what is read with FFmpeg's own decoding.

    python benchmarks/worldwide.py [--only WORD ...] [--reference ffmpeg|pyav] [--keep FOLDER] [-v]

Containers, codecs and traps: reordered and open groups of pictures, variable rates, pictures that
begin late, sound that does, clocks that wrap, jump and start again, gaps in reception, edit lists,
files written one after the other, turned, interlaced and deep pictures. Each picture carries its
number. Every file is sampled at 1, 4 and all frames a second, and each sample's picture and time
are compared with what the ``ffmpeg`` command decodes, or PyAV where that is not installed. A file
is *equal*, also where a warning says more; or it differs and is *told* of by a warning or an error
that names it; or it is silently WRONG: then the exit status is 1.
"""

import argparse
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings
from bisect import bisect_right
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pandas as pd

from sktime_screen import VideoError, VideoFrameSampler
from sktime_screen.frames import _video

HEIGHT, WIDTH = 64, 96
FPS = Fraction(25)
RATES = (1.0, 4.0, None)
# Containers count milliseconds or 100ths of a second, and versions of FFmpeg differ on when sound
# begins, by the delay of its codec.
CLOSE = 0.025

QUIET = {"x265-params": "log-level=none"}
# codec: (pixel format, most B-frames, options)
CODECS = {
    "h264": ("libx264", "yuv420p", 3, {"crf": "16", "preset": "veryfast"}),
    "h264 10 bit": ("libx264", "yuv420p10le", 2, {"crf": "16", "preset": "veryfast"}),
    "hevc": ("libx265", "yuv420p", 3, {"crf": "16", "preset": "ultrafast", **QUIET}),
    "hevc 10 bit": ("libx265", "yuv420p10le", 2, {"crf": "16", "preset": "ultrafast", **QUIET}),
    "mpeg1": ("mpeg1video", "yuv420p", 2, {}),
    "mpeg2": ("mpeg2video", "yuv420p", 2, {}),
    "mpeg4": ("mpeg4", "yuv420p", 2, {}),
    "flv1": ("flv", "yuv420p", 0, {}),
    "wmv2": ("wmv2", "yuv420p", 0, {}),
    "vp8": ("libvpx", "yuv420p", 0, {"deadline": "realtime"}),
    "vp8 hidden": ("libvpx", "yuv420p", 0, {"auto-alt-ref": "1", "lag-in-frames": "16"}),
    "vp9": ("libvpx-vp9", "yuv420p", 0, {"deadline": "realtime", "cpu-used": "8"}),
    "vp9 hidden": ("libvpx-vp9", "yuv420p", 0, {"auto-alt-ref": "1", "lag-in-frames": "16"}),
    "av1": ("libsvtav1", "yuv420p", 0, {"crf": "20", "preset": "12"}),
    "mjpeg": ("mjpeg", "yuvj420p", 0, {}),
    "prores": ("prores_ks", "yuv422p10le", 0, {}),
    "dnxhd": ("dnxhd", "yuv422p", 0, {"profile": "dnxhr_sq"}),
    "ffv1": ("ffv1", "yuv420p", 0, {}),
    "png": ("png", "rgb24", 0, {}),
    "gif": ("gif", "rgb8", 0, {}),
}
CONTAINERS = {
    "mp4": ["h264", "h264 10 bit", "hevc", "hevc 10 bit", "mpeg4", "vp9", "av1", "mjpeg"],
    "mov": ["h264", "hevc", "mpeg4", "mjpeg", "prores", "dnxhd", "png"],
    "fragmented.mp4": ["h264", "hevc", "vp9", "av1"],
    "mkv": ["h264", "hevc", "mpeg2", "mpeg4", "vp8 hidden", "vp9 hidden", "av1", "ffv1", "mjpeg"],
    "webm": ["vp8", "vp8 hidden", "vp9", "vp9 hidden", "av1"],
    "avi": ["h264", "mpeg4", "mjpeg", "ffv1"],
    "ts": ["h264", "h264 10 bit", "hevc", "mpeg1", "mpeg2", "mpeg4"],
    "mpg": ["mpeg1", "mpeg2", "h264"],
    "vob": ["mpeg2"],
    "flv": ["h264", "flv1"],
    "ogg": ["vp8"],
    "nut": ["h264", "mpeg4"],
    "asf": ["wmv2", "h264"],
    "3gp": ["h264", "mpeg4"],
    "gif": ["gif"],
    "h264": ["h264"],
}
SOUND = {
    "mp4": "aac",
    "mov": "aac",
    "fragmented.mp4": "aac",
    "mkv": "aac",
    "webm": "libopus",
    "avi": "libmp3lame",
    "ts": "aac",
    "mpg": "mp2",
    "vob": "mp2",
    "flv": "aac",
    "asf": "aac",
    "3gp": "aac",
    "nut": "aac",
}
OPEN_GOP = {"h264": {"x264-params": "open-gop=1:scenecut=0"}}


def draw(number, turned=0):
    """Return a picture in which 12 squares spell a number."""
    bits = (number >> np.arange(12) & 1).reshape(3, 4).astype(np.uint8) * 255
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    side = HEIGHT // 3
    picture[: 3 * side, :] = bits.repeat(side, 0).repeat(WIDTH // 4, 1)
    return np.ascontiguousarray(np.rot90(np.stack([picture] * 3, -1), -turned // 90))


def spelled(picture):
    """Return the number that ``draw`` put into a picture of any size."""
    height, width = picture.shape[:2]
    number = 0
    for bit in range(12):
        row, column = divmod(bit, 4)
        y, x = int((row + 0.5) * height / 3), int((column + 0.5) * width / 4)
        number |= int(picture[y, x].mean() > 127) << bit
    return number


def write(
    path,
    codec,
    *,
    count=150,
    first=0,
    rate=FPS,
    ticks=None,
    b_frames=0,
    gop=12,
    options=None,
    sound=None,
    turned=0,
    aspect=None,
    muxer=None,
):
    """Write a video of numbered pictures.

    ``ticks`` are their times in ms. ``sound`` is a codec, from when and until when, in seconds.
    """
    encoder, pix_fmt, most, codec_options = CODECS[codec]
    muxer = dict(muxer or {})
    if "fragmented" in path.name:
        muxer["movflags"] = "frag_keyframe+empty_moov"
    with av.open(str(path), "w", options=muxer) as container:
        base = Fraction(1, 1000) if ticks is not None else 1 / Fraction(rate)
        stream = container.add_stream(encoder, rate=rate)
        stream.height, stream.width = (WIDTH, HEIGHT) if turned % 180 else (HEIGHT, WIDTH)
        if codec == "dnxhd":
            stream.height, stream.width = 4 * HEIGHT, 4 * WIDTH
        stream.pix_fmt = pix_fmt
        context = stream.codec_context
        context.time_base, context.thread_count = base, 1
        if encoder not in ("ffv1", "png", "gif"):
            context.gop_size, context.max_b_frames = gop, min(b_frames, most)
        if "crf" not in codec_options:
            stream.bit_rate = 3_000_000
        stream.options = {**codec_options, **(options or {})}
        if turned:
            stream.set_display_rotation(turned)
        if aspect:
            context.sample_aspect_ratio = aspect
        track = sound and container.add_stream(sound[0], rate=48000, layout="stereo")
        packets = []
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(draw(first + number, turned), "rgb24")
            frame = frame.reformat(stream.width, stream.height, pix_fmt)
            frame.pts = number if ticks is None else int(ticks[number])
            frame.time_base = base
            packets += stream.encode(frame)
        packets += stream.encode()
        if track:
            size = track.codec_context.frame_size or 1024
            for begin in range(round(sound[1] * 48000), round(sound[2] * 48000), size):
                silence = np.zeros((2, size), np.float32)
                frame = av.AudioFrame.from_ndarray(silence, "fltp", "stereo")
                frame.sample_rate, frame.pts, frame.time_base = 48000, begin, Fraction(1, 48000)
                packets += track.encode(frame)
            packets += track.encode()
        packets.sort(key=lambda packet: packet.dts * packet.time_base)
        for packet in packets:
            container.mux(packet)
    return path


def copied(source, target, shift=0, of_pictures=0, muxer=None):
    """Copy the packets of a video to another file: all, or its pictures, so much later (s)."""
    with (
        av.open(str(source)) as film,
        av.open(str(target), "w", options=muxer or {}) as container,
    ):
        tracks = {
            stream.index: container.add_stream_from_template(stream) for stream in film.streams
        }
        for packet in film.demux():
            if not packet.size:
                continue
            pictures = packet.stream.type == "video"
            later = round((shift + of_pictures * pictures) / packet.time_base)
            packet.pts += later
            if packet.dts is not None:
                packet.dts += later
            packet.stream = tracks[packet.stream.index]
            container.mux(packet)
    return target


def joined(path, *parts):
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def boxes(data, begin, end):
    """Yield (kind, begin, size) of the boxes of an MP4 file, one after the other."""
    while begin + 8 <= end:
        size, kind = struct.unpack(">I4s", data[begin : begin + 8])
        yield kind, begin, size
        begin += size


def edited(source, target, edits):
    """Give an MP4 file's pictures another edit list: (duration in ms, begin in ticks or -1)."""
    data = bytearray(source.read_bytes())

    def inside(box, kind):
        return next(
            ((at, size) for name, at, size in boxes(data, box[0] + 8, sum(box)) if name == kind),
            None,
        )

    film = next((at, size) for kind, at, size in boxes(data, 0, len(data)) if kind == b"moov")
    track = inside(film, b"trak")
    old = inside(track, b"edts") or (inside(track, b"mdia")[0], 0)
    rows = b"".join(struct.pack(">IiI", length, begin, 1 << 16) for length, begin in edits)
    new = struct.pack(">I4sI4sII", 24 + len(rows), b"edts", 16 + len(rows), b"elst", 0, len(edits))
    data[old[0] : sum(old)] = new + rows
    for at, size in (film, track):
        struct.pack_into(">I", data, at, size + len(new + rows) - old[1])
    target.write_bytes(data)
    return target


def meant(edits, first, frame):
    """Return the time and the number of each picture that an edit list means to show."""
    found, begin = [], 0
    for length, at in edits:
        if at >= 0:
            number = (at - first) / frame
            found += [
                (begin / 1000 + k / float(FPS), round(number) + k)
                for k in range(round(length * FPS / 1000))
            ]
        begin += length
    return found


def without_packets(source, target, begin, end):
    """Leave out a stretch of a transport stream, given as shares of its length."""
    data = source.read_bytes()
    cells = [data[at : at + 188] for at in range(0, len(data), 188)]
    begin, end = round(begin * len(cells)), round(end * len(cells))
    target.write_bytes(b"".join(cells[:begin] + cells[end:]))
    return target


def plain(folder):
    """Every codec in every container, with and without sound and reordered pictures."""
    for suffix, codecs in CONTAINERS.items():
        for codec in codecs:
            name = codec.replace(" ", "_")
            for b_frames in (0, 2) if CODECS[codec][2] else (0,):
                sound = SOUND.get(suffix) and (SOUND[suffix], 0, 6)
                yield (
                    suffix,
                    write(
                        folder / f"plain_{name}_{b_frames}.{suffix}",
                        codec,
                        b_frames=b_frames,
                        sound=sound if b_frames or not CODECS[codec][2] else None,
                    ),
                )


def groups(folder):
    """Open groups, one key frame only, and nothing but key frames."""
    for suffix in ("mp4", "mkv", "ts", "flv", "mpg"):
        for gop, options in ((12, OPEN_GOP["h264"]), (250, None), (1, None)):
            path = folder / f"groups_{gop}_{bool(options)}.{suffix}"
            yield "groups", write(path, "h264", b_frames=3, gop=gop, options=options)
    for suffix in ("mp4", "mkv", "ts"):
        yield "groups", write(folder / f"groups_hevc.{suffix}", "hevc", b_frames=3, gop=10)
    for suffix in ("mkv", "ts", "mpg", "vob"):
        yield "groups", write(folder / f"groups_mpeg2.{suffix}", "mpeg2", b_frames=2, gop=5)


def rates(folder):
    """Other rates, and none that is constant."""
    rng = np.random.default_rng(0)
    gaps = np.concatenate([[0], rng.integers(15, 300, 99)])
    for suffix in ("mp4", "mkv", "webm", "mov", "flv", "fragmented.mp4", "ts"):
        codec = "vp8" if suffix == "webm" else "h264"
        path = folder / f"variable.{suffix}"
        yield "rates", write(path, codec, count=100, ticks=gaps.cumsum(), b_frames=2)
        for rate in (Fraction(24000, 1001), Fraction(30000, 1001), Fraction(5), Fraction(60)):
            path = folder / f"rate_{rate.numerator}.{suffix}"
            yield "rates", write(path, codec, rate=rate, b_frames=2)
    for suffix in ("mp4", "mkv", "ts", "avi", "flv", "mpg", "gif"):
        for count in (1, 2):
            path = folder / f"short_{count}.{suffix}"
            codec = {"gif": "gif", "avi": "mpeg4"}.get(suffix, "h264")
            yield "short", write(path, codec, count=count)


def late(folder):
    """Pictures that begin after the sound, or the sound after them, or both after zero."""
    for suffix in ("mp4", "mov", "mkv", "webm", "ts", "mpg", "vob", "flv", "fragmented.mp4", "avi"):
        codec = {"webm": "vp8", "vob": "mpeg2", "avi": "mpeg4", "mpg": "mpeg2"}.get(suffix, "h264")
        for begin, until in ((0, 6), (0, 3)):
            for b_frames in (0, 2):
                source = write(
                    folder / f"source.{suffix}",
                    codec,
                    b_frames=b_frames if suffix != "avi" else 0,
                    sound=(SOUND[suffix], begin, until),
                )
                muxer = {"movflags": "frag_keyframe+empty_moov"} if "frag" in suffix else {}
                path = folder / f"late_{until}_{b_frames}.{suffix}"
                yield "late pictures", copied(source, path, of_pictures=1.5, muxer=muxer)
                path = folder / f"late_little_{until}_{b_frames}.{suffix}"
                yield "late pictures", copied(source, path, of_pictures=0.32, muxer=muxer)
        source = write(folder / f"source.{suffix}", codec, sound=(SOUND[suffix], 1.5, 6))
        source.rename(folder / f"late_sound.{suffix}")
        yield "late sound", folder / f"late_sound.{suffix}"
        source = write(folder / f"source.{suffix}", codec)
        if suffix != "avi":
            yield "late start", copied(source, folder / f"late_start.{suffix}", shift=10)
        source.unlink()


def clocks(folder):
    """Clocks that wrap, start again, jump forward or back, and gaps in reception."""
    for suffix, codec in (("ts", "h264"), ("ts", "mpeg2"), ("mpg", "mpeg2"), ("ts", "hevc")):
        for b_frames in (0, 2):
            for sound in (None, (SOUND[suffix], 0, 6)):
                name = f"{codec}_{b_frames}_{bool(sound)}"
                one = write(
                    folder / f"source.{suffix}", codec, b_frames=b_frames, sound=sound, count=150
                )
                two = write(
                    folder / f"source2.{suffix}", codec, b_frames=b_frames, sound=sound, first=500
                )
                path = folder / f"again_{name}.{suffix}"
                yield "clock starts again", joined(path, one, two)
                for shift in (3600, 18.27, 4.73, 5000):
                    other = copied(two, folder / f"source3.{suffix}", shift=shift)
                    path = folder / f"jump_{shift}_{name}.{suffix}"
                    yield "clock jumps", joined(path, one, other)
                    if shift in (4.73, 5000):
                        path = folder / f"back_{shift}_{name}.{suffix}"
                        yield "clock jumps", joined(path, other, one)
                    other.unlink()
                if suffix == "ts":
                    path = folder / f"wrap_{name}.ts"
                    yield "clock wraps", copied(one, path, shift=95440)
                    path = folder / f"gap_{name}.ts"
                    yield "gap in reception", without_packets(one, path, 0.4, 0.7)
                    path = folder / f"midway_{name}.ts"
                    yield "begins midway", without_packets(one, path, 0.0, 0.07)
                one.unlink()
                two.unlink()


def edits(folder):
    """Edit lists: cut at the front, in parts, in another order, twice, with a pause."""
    for suffix, codec in (("mp4", "h264"), ("mov", "h264"), ("mp4", "hevc"), ("mp4", "mpeg4")):
        for b_frames in (0, 2):
            source = write(
                folder / f"source.{suffix}", codec, b_frames=b_frames, sound=("aac", 0, 6)
            )
            with av.open(str(source)) as film:
                stream = film.streams.video[0]
                frame = round(1 / FPS / stream.time_base)
                packets = [packet for packet in film.demux(stream) if packet.size]
            # The edit list begins at the first picture, which has this time in the track.
            delay = packets[0].pts - packets[0].dts

            def at(number, delay=delay, frame=frame):
                return delay + round(number * frame)

            lists = {
                "front": [(4000, at(30))],
                "between": [(4000, at(30.4))],
                "parts": [(1000, at(30)), (1000, at(100))],
                "uneven": [(1000, at(31.3)), (1010, at(103.15))],
                "three": [(520, at(5)), (520, at(40)), (1000, at(90))],
                "twice": [(1000, at(30)), (1000, at(100)), (1000, at(30))],
                "back": [(1000, at(100)), (1000, at(30))],
                "pause": [(1000, at(0)), (1500, -1), (1000, at(50))],
                "late": [(1500, -1), (4000, at(0))],
            }
            for name, rows in lists.items():
                path = folder / f"edit_{name}_{codec}_{b_frames}.{suffix}"
                yield f"edit list: {name}", edited(source, path, rows), meant(rows, at(0), frame)
            source.unlink()


def concatenations(folder):
    """Files written one after the other."""
    for suffix in (
        "webm",
        "mkv",
        "fragmented.mp4",
        "mp4",
        "flv",
        "avi",
        "ogg",
        "gif",
        "h264",
        "nut",
    ):
        codec = {"webm": "vp8", "ogg": "vp8", "gif": "gif", "avi": "mpeg4"}.get(suffix, "h264")
        for b_frames in (0, 2) if CODECS[codec][2] else (0,):
            for count in (150, 60):
                sound = SOUND.get(suffix) and (SOUND[suffix], 0, count / 25)
                one = write(
                    folder / f"source.{suffix}", codec, b_frames=b_frames, sound=sound, count=count
                )
                two = write(folder / f"source2.{suffix}", codec, b_frames=b_frames, sound=sound,
                            first=500)  # fmt: skip
                path = folder / f"joined_{b_frames}_{count}.{suffix}"
                yield f"joined {suffix}", joined(path, one, two)
                one.unlink()
                two.unlink()


def looks(folder):
    """Turned, interlaced, with other pixels."""
    for suffix in ("mp4", "mov", "mkv"):
        for turned in (90, 180, -90):
            path = folder / f"turned_{turned}.{suffix}"
            yield "looks", write(path, "h264", b_frames=2, turned=turned, count=60)
    for suffix in ("mp4", "mkv", "ts", "mpg"):
        path = folder / f"wide.{suffix}"
        yield "looks", write(path, "h264", count=60, b_frames=2, aspect=Fraction(4, 3))
        path = folder / f"fields.{suffix}"
        options = {"x264-params": "tff=1"}
        yield "looks", write(path, "h264", count=60, b_frames=2, options=options)


FAMILIES = (plain, groups, rates, late, clocks, edits, concatenations, looks)


def has_sound(path):
    try:
        with av.open(path) as film:
            return bool(film.streams.audio)
    except av.FFmpegError:
        return False


def ffmpeg_decodes(path):
    """Return the time and the number of each picture, as the ``ffmpeg`` command decodes them."""
    command = ["ffmpeg", "-nostdin", "-i", path]
    if has_sound(path):
        # Sound counts for when the file begins only where it is used.
        command += ["-map", "0:a:0", "-f", "null", "-"]
    command += ["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo"]
    command += ["-vf", f"showinfo,scale={WIDTH}:{HEIGHT}:flags=area,format=gray", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    times = [float(time) for time in re.findall(rb" pts_time:([-\d.e+]+)", done.stderr)]
    pictures = np.frombuffer(done.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH)
    return list(zip(times, map(spelled, pictures), strict=False))


def pyav_decodes(path):
    """The same by PyAV, plainly from the first packet to the last."""
    with av.open(path) as film:
        stream = film.streams.video[0]
        zero = (film.start_time or 0) / av.time_base
        found = []
        for frame in film.decode(stream):
            turned = round(frame.rotation) % 360 // 90
            picture = np.rot90(frame.to_ndarray(format="rgb24"), turned)
            found.append((float(frame.pts * frame.time_base) - zero, spelled(picture)))
    return found


def as_shown(path, found):
    """Mend times that FFmpeg only guesses."""
    if not found:
        return found
    if path.endswith((".avi", ".asf")):
        # These have the order of decoding alone, to which it adds a delay.
        delay = min(found[0][0], 0.1)
        return [(time - delay, number) for time, number in found]
    if path.endswith((".mpg", ".vob")) and any(
        not 0.5 < (after - before) * FPS < 1.5 for (before, _), (after, _) in pairwise(found)
    ):
        # Few pictures have a time, which FFmpeg gives to the wrong one.
        return [(found[0][0] + float(k / FPS), number) for k, (_, number) in enumerate(found)]
    return found


def ours(path, rate):
    """Return the time and the number of each sampled picture, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = VideoFrameSampler(rate).sample(path)
        pictures = np.asarray(VideoFrameSampler(rate).transform(table))
    told = [str(warning.message) for warning in caught]
    return list(zip(table["time"], map(spelled, pictures), strict=True)), table, told


def differences(found, table, rate, expected, close):
    """Return what is wrong with the sampled pictures; None if nothing is."""
    times = [time for time, _ in expected]
    if rate is None:
        if len(found) != len(expected):
            return f"{len(found)} frames, {len(expected)} expected"
        for (time, number), (right_time, right) in zip(found, expected, strict=True):
            if number != right or abs(time - right_time) > close:
                return f"picture {number} at {time:.3f} s, {right} at {right_time:.3f} s expected"
    end = float((table["time"] + table["duration"]).iloc[-1])
    if abs(end - times[-1] - (times[-1] - times[-2] if len(times) > 1 else end)) > 0.5:
        return f"it ends at {end:.3f} s, its last picture is shown from {times[-1]:.3f} s on"
    moments = np.arange(0, end, 1 / rate) if rate else []
    allowed = set()
    for moment in moments:
        first, last = (max(bisect_right(times, moment + by) - 1, 0) for by in (-close, close))
        near = set(range(first, last + 1))
        allowed |= near
        if moment < end - close and not any(
            abs(time - times[which]) <= close and number == expected[which][1]
            for which in near
            for time, number in found
        ):
            return f"at {moment:.3f} s not picture {expected[max(near)][1]}"
    for time, number in found if rate else []:
        if not any(
            abs(time - times[which]) <= close and number == expected[which][1] for which in allowed
        ):
            return f"picture {number} at {time:.3f} s is on screen at no moment"
    shown = end - float(table["time"].iloc[0])
    if abs(float(table["duration"].sum()) - shown) > 1e-6:
        return f"durations add up to {table['duration'].sum():.3f} s, {shown:.3f} s are shown"
    return None


def judge(path, decodes, truth=None):
    """Return "equal", "told" or "WRONG", and the details."""
    path = str(path)
    expected = as_shown(path, decodes(path))
    close = CLOSE
    if truth and any(after <= before for (before, _), (after, _) in pairwise(expected)):
        # FFmpeg lets the parts of an edit list overlap by the delay of reordered pictures.
        expected, close = truth, 0.1
    told, wrong = [], []
    for rate in RATES:
        _video._cached.cache_clear()  # so that it is told anew what is wrong with a file
        try:
            found, table, warned = ours(path, rate)
        except VideoError as error:
            return "told", str(error)
        told += warned
        problem = differences(found, table, rate, expected, close) if expected else "none expected"
        if problem:
            wrong.append(f"rate {rate}: {problem}")
    details = "; ".join([*wrong, *dict.fromkeys(told)])
    if not wrong:
        return "equal", details
    return ("told" if told else "WRONG"), details


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[""], help="files with this in their name")
    parser.add_argument("--reference", choices=["ffmpeg", "pyav"])
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what differs here")
    parser.add_argument("-v", "--verbose", action="store_true", help="details of each file")
    options = parser.parse_args()
    os.environ["SVT_LOG"] = "0"
    av.logging.set_level(av.logging.PANIC)
    if options.reference is None:
        options.reference = "ffmpeg" if shutil.which("ffmpeg") else "pyav"
    decodes = {"ffmpeg": ffmpeg_decodes, "pyav": pyav_decodes}[options.reference]
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    counts = defaultdict(lambda: dict.fromkeys(["files", "equal", "told", "WRONG"], 0))
    with tempfile.TemporaryDirectory() as folder:
        for family in FAMILIES:
            for kind, path, *truth in family(Path(folder)):
                if any(word in path.name for word in options.only):
                    outcome, details = judge(path, decodes, *truth)
                    counts[kind]["files"] += 1
                    counts[kind][outcome] += 1
                    if outcome == "WRONG" or options.verbose:
                        print(f"{path.name}: {outcome} {details}", file=sys.stderr)
                    if options.keep and outcome != "equal":
                        shutil.copy(path, options.keep)
                path.unlink()
    table = pd.DataFrame(counts).T
    table.loc["all"] = table.sum()
    print(f"compared with {options.reference}")
    print(table.to_string())
    sys.exit(bool(table.loc["all", "WRONG"]))


if __name__ == "__main__":
    main()
