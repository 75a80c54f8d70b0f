"""Every usual codec and container: the right frames, at the right times, in the right colours."""

import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from conftest import draw_code, read_code

from sktime_screen import VideoFrameSampler
from sktime_screen.frames._decoding import read_pictures
from sktime_screen.frames._nal import disposable_tester
from sktime_screen.frames._video import Projector, film_stream, picture_size, read_timeline

N_FRAMES = 40
FPS = Fraction(25)

X264 = {"crf": "12"}
OPEN_GOP = {"crf": "12", "x264-params": "open-gop=1:scenecut=0"}
NO_LOGS = "log-level=none"

# name: (container, codec, pixel format, key frame distance, B-frames, options)
FORMATS = {
    "h264": ("mp4", "libx264", "yuv420p", 12, 0, X264),
    "h264 B-frames": ("mp4", "libx264", "yuv420p", 12, 3, X264),
    "h264 B-pyramid": ("mkv", "libx264", "yuv420p", 250, 5, {**X264, "b-pyramid": "normal"}),
    "h264 open GOP": ("mp4", "libx264", "yuv420p", 10, 3, OPEN_GOP),
    "h264 open GOP mkv": ("mkv", "libx264", "yuv420p", 10, 3, OPEN_GOP),
    "h264 intra refresh": ("mp4", "libx264", "yuv420p", 10, 0, {**X264, "intra-refresh": "1"}),
    "h264 mov": ("mov", "libx264", "yuv420p", 12, 2, X264),
    "h264 flv": ("flv", "libx264", "yuv420p", 12, 2, X264),
    "h264 fragmented": ("mp4", "libx264", "yuv420p", 12, 2, X264),
    "h264 TS": ("ts", "libx264", "yuv420p", 12, 3, X264),
    "h264 raw": ("h264", "libx264", "yuv420p", 12, 3, X264),
    "h264 avi": ("avi", "libx264", "yuv420p", 12, 0, X264),
    "h264 avi B-frames": ("avi", "libx264", "yuv420p", 12, 2, X264),
    "h264 10-bit": ("mp4", "libx264", "yuv420p10le", 12, 2, X264),
    "h264 4:2:2": ("mp4", "libx264", "yuv422p", 12, 2, X264),
    "h264 4:4:4": ("mp4", "libx264", "yuv444p", 12, 2, X264),
    "h264 interlaced": ("mp4", "libx264", "yuv420p", 12, 2, {**X264, "x264-params": "tff=1"}),
    "hevc": ("mp4", "libx265", "yuv420p", 10, 3, {"crf": "12", "x265-params": NO_LOGS}),
    "hevc closed GOP": (
        "mkv",
        "libx265",
        "yuv420p",
        10,
        3,
        {"crf": "12", "x265-params": f"{NO_LOGS}:open-gop=0"},
    ),
    "hevc TS": ("ts", "libx265", "yuv420p", 10, 3, {"crf": "12", "x265-params": NO_LOGS}),
    "hevc raw": ("hevc", "libx265", "yuv420p", 10, 3, {"crf": "12", "x265-params": NO_LOGS}),
    "hevc 10-bit": ("mkv", "libx265", "yuv420p10le", 10, 3, {"x265-params": NO_LOGS}),
    "vp8": ("webm", "libvpx", "yuv420p", 12, 0, {"deadline": "realtime"}),
    "vp9": ("webm", "libvpx-vp9", "yuv420p", 12, 0, {"crf": "10", "auto-alt-ref": "1"}),
    "vp9 alpha": ("webm", "libvpx-vp9", "yuva420p", 12, 0, {"crf": "10"}),
    "av1": ("mkv", "libsvtav1", "yuv420p", 12, 0, {"crf": "20", "preset": "12"}),
    "av1 mp4": ("mp4", "libsvtav1", "yuv420p", 12, 0, {"crf": "20", "preset": "12"}),
    "mpeg4": ("mp4", "mpeg4", "yuv420p", 12, 2, {}),
    "mpeg4 avi": ("avi", "mpeg4", "yuv420p", 12, 0, {}),
    "mpeg4 avi B-frames": ("avi", "mpeg4", "yuv420p", 12, 2, {}),
    "mpeg2 TS": ("ts", "mpeg2video", "yuv420p", 12, 2, {}),
    "mpeg2 PS": ("mpg", "mpeg2video", "yuv420p", 12, 2, {}),
    "mpeg2 mkv": ("mkv", "mpeg2video", "yuv420p", 12, 2, {}),
    "mjpeg avi": ("avi", "mjpeg", "yuvj420p", 12, 0, {}),
    "mjpeg mov": ("mov", "mjpeg", "yuvj420p", 12, 0, {}),
    "prores 4:2:2": ("mov", "prores_ks", "yuv422p10le", 12, 0, {"profile": "hq"}),
    "prores alpha": ("mov", "prores_ks", "yuva444p10le", 12, 0, {"profile": "4444"}),
    "png alpha": ("mov", "png", "rgba", 12, 0, {}),
    "ffv1": ("mkv", "ffv1", "yuv420p", 12, 0, {}),
    "gif": ("gif", "gif", "rgb8", 12, 0, {}),
    "webp": ("webp", "libwebp_anim", "rgba", 12, 0, {}),
}


def write_film(path, codec, pix_fmt, gop, b_frames, options, pictures, rate=FPS, **settings):
    """Write pictures as a film; ``settings`` are set on the encoder. Skips without encoder."""
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV was built without {codec}")
    movflags = {"movflags": "+frag_keyframe+empty_moov"} if "fragmented" in path.name else {}
    with av.open(str(path), "w", options=movflags) as container:
        stream = container.add_stream(codec, rate=rate)
        height, width = pictures[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = b_frames
        stream.bit_rate = 3_000_000
        stream.options = options
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


@pytest.fixture(scope="module", params=FORMATS.values(), ids=FORMATS.keys())
def made(request, tmp_path_factory):
    name = next(name for name, made in FORMATS.items() if made is request.param)
    suffix, *how = request.param
    path = tmp_path_factory.mktemp("made") / f"{name.replace(' ', '_').replace(':', '')}.{suffix}"
    return write_film(path, *how, [draw_code(number) for number in range(N_FRAMES)])


def codes(path, times, **options):
    return [read_code(picture) for picture in read_pictures(path, times, **options)]


def test_every_frame_at_its_time(made):
    table = VideoFrameSampler(rate=None).sample(made)
    expected = np.arange(N_FRAMES) / 25
    # Containers that count milliseconds, or 100ths of a second, cannot say it more exactly.
    np.testing.assert_allclose(table["time"], expected, atol=1e-6)
    np.testing.assert_allclose(table["duration"], 1 / 25, atol=1e-6)
    assert codes(made, table["time"].to_numpy()) == list(range(N_FRAMES))


def test_sparse_frames_are_those_of_a_full_decode(made, recwarn):
    times = read_timeline(made).times
    whole = list(read_pictures(made, times))
    with av.open(made) as container:
        stream = film_stream(container)
        projector = Projector(stream.sample_aspect_ratio)
        second_opinion = [projector.picture(frame) for frame in container.decode(stream)]
    np.testing.assert_array_equal(whole, second_opinion)
    rng = np.random.default_rng(0)
    choices = [[number] for number in range(N_FRAMES)]
    choices += [np.sort(rng.choice(N_FRAMES, size, False)) for size in (2, 3, 5, 9, 20)]
    for wanted in choices:
        pictures = list(read_pictures(made, times[wanted]))
        assert [read_code(picture) for picture in pictures] == list(wanted)
        np.testing.assert_array_equal(pictures, np.array(whole)[wanted])
    assert not recwarn.list
