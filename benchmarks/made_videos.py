"""Videos of every kind that people have, for ``worldwide.py``: made by PyAV, images numbered."""

import struct
from fractions import Fraction

import av
import numpy as np

HEIGHT, WIDTH = 64, 96
FPS = Fraction(25)

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
OPEN_GOP = {"x264-params": "open-gop=1:scenecut=0"}


def draw(number, turned=0):
    """Return an image in which 12 squares spell a number."""
    bits = (number >> np.arange(12) & 1).reshape(3, 4).astype(np.uint8) * 255
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    side = HEIGHT // 3
    image[: 3 * side, :] = bits.repeat(side, 0).repeat(WIDTH // 4, 1)
    return np.ascontiguousarray(np.rot90(np.stack([image] * 3, -1), -turned // 90))


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
    """Write a video of numbered images.

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


def copied(source, target, shift=0, of_images=0, muxer=None):
    """Copy the packets of a video to another file: all, or its images, so much later (s)."""
    with (
        av.open(str(source)) as video,
        av.open(str(target), "w", options=muxer or {}) as container,
    ):
        tracks = {
            stream.index: container.add_stream_from_template(stream) for stream in video.streams
        }
        for packet in video.demux():
            if not packet.size:
                continue
            images = packet.stream.type == "video"
            later = round((shift + of_images * images) / packet.time_base)
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
    """Give an MP4 file's images another edit list: (duration in ms, begin in ticks or -1)."""
    data = bytearray(source.read_bytes())

    def inside(box, kind):
        inner = {name: place for name, *place in reversed([*boxes(data, box[0] + 8, sum(box))])}
        return inner.get(kind)

    video = next((at, size) for kind, at, size in boxes(data, 0, len(data)) if kind == b"moov")
    track = inside(video, b"trak")
    old = inside(track, b"edts") or (inside(track, b"mdia")[0], 0)
    rows = b"".join(struct.pack(">IiI", length, begin, 1 << 16) for length, begin in edits)
    new = struct.pack(">I4sI4sII", 24 + len(rows), b"edts", 16 + len(rows), b"elst", 0, len(edits))
    data[old[0] : sum(old)] = new + rows
    for at, size in (video, track):
        struct.pack_into(">I", data, at, size + len(new + rows) - old[1])
    target.write_bytes(data)
    return target


def meant(edits, first, frame):
    """Return the time and the number of each image that an edit list means to show."""
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
    """Every codec in every container, with and without sound and reordered images."""
    for suffix, codecs in CONTAINERS.items():
        for codec in codecs:
            reorders = CODECS[codec][2] > 0
            for b_frames in (0, 2) if reorders else (0,):
                path = folder / f"plain_{codec.replace(' ', '_')}_{b_frames}.{suffix}"
                with_sound = suffix in SOUND and (b_frames or not reorders)
                sound = (SOUND[suffix], 0, 6) if with_sound else None
                yield suffix, write(path, codec, b_frames=b_frames, sound=sound)


def groups(folder):
    """Open groups, one key frame only, and nothing but key frames."""
    for suffix in ("mp4", "mkv", "ts", "flv", "mpg"):
        for gop, options in ((12, OPEN_GOP), (250, None), (1, None)):
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
        codec, path = "vp8" if suffix == "webm" else "h264", folder / f"variable.{suffix}"
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
    """Images that begin after the sound, or the sound after them, or both after zero."""
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
                yield "late images", copied(source, path, of_images=1.5, muxer=muxer)
                path = folder / f"late_little_{until}_{b_frames}.{suffix}"
                yield "late images", copied(source, path, of_images=0.32, muxer=muxer)
        path = folder / f"late_sound.{suffix}"
        yield "late sound", write(path, codec, sound=(SOUND[suffix], 1.5, 6))
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
            with av.open(str(source)) as video:
                stream = video.streams.video[0]
                frame = round(1 / FPS / stream.time_base)
                packets = [packet for packet in video.demux(stream) if packet.size]
            # The edit list begins at the first image, which has this time in the track.
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
