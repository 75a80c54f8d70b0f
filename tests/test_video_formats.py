"""Every usual codec and container: the right frames, at the right times, in the right colours."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from conftest import draw_code, read_code, write_coded_video

from sktime_screen import VideoFrameSampler
from sktime_screen.video import _decoding
from sktime_screen.video._container import find_video_stream
from sktime_screen.video._decoding import read_images
from sktime_screen.video._demuxing import read_image_size
from sktime_screen.video._frame_converter import FrameConverter
from sktime_screen.video._timeline_reader import read_timeline

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
}


def write_video(path, codec, pix_fmt, gop, b_frames, options, images, rate=FPS, **settings):
    """Write images as a video; ``settings`` are set on the encoder. Skips without encoder."""
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV was built without {codec}")
    movflags = {"movflags": "+frag_keyframe+empty_moov"} if "fragmented" in path.name else {}
    with av.open(str(path), "w", options=movflags) as container:
        stream = container.add_stream(codec, rate=rate)
        height, width = images[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        # On a busy machine libvpx's threads wait for each other for minutes.
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = b_frames
        if "crf" not in options:
            stream.bit_rate = 3_000_000
        stream.options = options
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        for image in images:
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


@pytest.fixture(scope="module", params=FORMATS.values(), ids=FORMATS.keys())
def made(request, tmp_path_factory):
    name = next(name for name, made in FORMATS.items() if made is request.param)
    suffix, *how = request.param
    path = tmp_path_factory.mktemp("made") / f"{name.replace(' ', '_').replace(':', '')}.{suffix}"
    return write_video(path, *how, [draw_code(number) for number in range(N_FRAMES)])


def codes(path, times, **options):
    return [read_code(image) for image in read_images(path, times, **options)]


def test_every_frame_at_its_time(made):
    table = VideoFrameSampler(rate=None).sample(made)
    expected = np.arange(N_FRAMES) / 25
    # Containers that count milliseconds, or 100ths of a second, cannot say it more exactly.
    np.testing.assert_allclose(table["time"], expected, atol=1e-6)
    np.testing.assert_allclose(table["duration"], 1 / 25, atol=1e-6)
    assert codes(made, table["time"].to_numpy()) == list(range(N_FRAMES))


def test_sparse_frames_are_those_of_a_full_decode(made, recwarn):
    times = read_timeline(made).times
    whole = list(read_images(made, times))
    with av.open(made) as container:
        stream = find_video_stream(container)
        converter = FrameConverter(stream)
        second_opinion = [converter.convert(frame) for frame in container.decode(stream)]
    np.testing.assert_array_equal(whole, second_opinion)
    rng = np.random.default_rng(0)
    choices = [[number] for number in range(N_FRAMES)]
    choices += [np.sort(rng.choice(N_FRAMES, size, False)) for size in (2, 3, 5, 9, 20)]
    for wanted in choices:
        images = list(read_images(made, times[wanted]))
        assert [read_code(image) for image in images] == list(wanted)
        np.testing.assert_array_equal(images, np.array(whole)[wanted])
    assert not recwarn.list


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt"),
    [
        ("mp4", "libx264", "yuv420p"),
        ("mkv", "libx264", "yuv444p10le"),
        ("mp4", "libx264", "yuv420p10le"),
        ("webm", "libvpx-vp9", "yuv420p"),
    ],
)
@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", ["BT.601", "BT.709"])
def test_colours_come_back(tmp_path, suffix, codec, pix_fmt, full, matrix):
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV was built without {codec}")
    red, blue, tag = {"BT.601": (0.299, 0.114, 6), "BT.709": (0.2126, 0.0722, 1)}[matrix]
    for number, colour in enumerate([(200, 40, 60), (30, 180, 90), (20, 60, 220), (250, 250, 250)]):
        r, g, b = np.array(colour) / 255
        luma = red * r + (1 - red - blue) * g + blue * b
        chroma = np.array([(b - luma) / (1 - blue), (r - luma) / (1 - red)]) / 2
        low, high, spread = (0, 255, 255) if full else (16, 235, 224)
        planes = np.array([low + (high - low) * luma, *(128 + spread * chroma)])
        deep = pix_fmt.endswith("10le")
        path = str(tmp_path / f"{number}.{suffix}")
        with av.open(path, "w") as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 96, 64, pix_fmt
            stream.options = {"crf": "4"}
            frame = av.VideoFrame(96, 64, pix_fmt)
            for plane, value in zip(frame.planes, planes, strict=True):
                level = round(value * 1023 / 255 if full else value * 4) if deep else round(value)
                np.frombuffer(plane, np.uint16 if deep else np.uint8)[:] = level
            for target in (stream.codec_context, frame):
                target.colorspace = tag
                target.color_range = 2 if full else 1
            container.mux(stream.encode(frame))
            container.mux(stream.encode())
        for size in (None, (32, 48)):
            image = next(read_images(path, [0.0], size))
            assert np.abs(image.astype(int) - colour).max() <= 2


def h264(path, n_frames=N_FRAMES, **settings):
    images = [draw_code(number) for number in range(n_frames)]
    return write_video(path, "libx264", "yuv420p", 10, 2, X264, images, **settings)


def copy_video(source, target, shift=0, prepare=None, interleave=None):
    """Copy the packets of a video, ``shift`` seconds later."""
    with av.open(source) as video, av.open(str(target), "w") as container:
        stream = video.streams.video[0]
        if prepare:
            prepare(container)
        copy = container.add_stream_from_template(stream)
        if interleave:
            interleave(container)
        for packet in video.demux(stream):
            if packet.size:
                packet.pts += round(shift / packet.time_base)
                packet.dts += round(shift / packet.time_base)
                packet.stream = copy
                container.mux(packet)
    return str(target)


def every_code(path):
    return codes(path, read_timeline(path).times)


@pytest.mark.parametrize("suffix", ["mkv", "ts", "mp4"])
def test_a_first_frame_that_is_not_at_zero(tmp_path, suffix):
    late = copy_video(h264(tmp_path / "whole.mp4"), tmp_path / f"late.{suffix}", shift=7)
    table = VideoFrameSampler(rate=5).sample(late)
    np.testing.assert_allclose(table["time"], np.arange(8) / 5, atol=1e-6)
    assert table["duration"].sum() == pytest.approx(1.6, abs=1e-6)
    assert codes(late, table["time"].to_numpy()) == list(range(0, 40, 5))


def test_frames_before_an_edit_list_begins_are_not_shown(tmp_path):
    # What "ffmpeg -ss 0.52 -c copy" makes: the key frame before is there but not shown.
    edited = copy_video(h264(tmp_path / "whole.mp4"), tmp_path / "edited.mp4", shift=-13 / 25)
    timeline = read_timeline(edited)
    assert len(timeline.packet_pts) > len(timeline)
    np.testing.assert_allclose(timeline.times, np.arange(27) / 25, atol=1e-9)
    assert every_code(edited) == list(range(13, 40))
    assert codes(edited, [0.0]) == [13]


@pytest.mark.parametrize("degrees", [90, 180, -90])
@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_rotation(tmp_path, degrees, suffix):
    path = tmp_path / f"turned.{suffix}"
    upright = draw_code(5)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.pix_fmt, stream.options = "yuv420p", X264
        stored = np.rot90(upright, -degrees // 90)
        stream.height, stream.width = stored.shape[:2]
        if not hasattr(stream, "set_display_rotation"):
            pytest.skip("this PyAV cannot write a rotation")
        stream.set_display_rotation(degrees)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(stored), "rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert read_image_size(str(path)) == (64, 96)
    image = next(read_images(str(path), [0.0]))
    assert np.abs(image.astype(int) - upright).mean() < 4
    assert codes(str(path), [0.0], size=(32, 50)) == [5]


def test_non_square_pixels(tmp_path):
    path = h264(tmp_path / "wide.mp4", sample_aspect_ratio=Fraction(4, 3))
    assert read_image_size(path) == (64, 128)
    assert next(read_images(path, [0.4])).shape == (64, 128, 3)
    assert every_code(path) == list(range(N_FRAMES))


def test_interlaced_frames_show_one_moment(tmp_path):
    # The lines between belong to a moment in which the image is black.
    images = [draw_code(number, 96, 96) for number in range(N_FRAMES)]
    for image in images:
        image[1::2] = 0
    options = {"crf": "4", "x264-params": "tff=1"}
    path = write_video(tmp_path / "fields.mp4", "libx264", "yuv420p", 12, 2, options, images)
    for size in (None, (33, 40)):
        shown = list(read_images(path, read_timeline(path).times, size))
        assert [read_code(image) for image in shown] == list(range(N_FRAMES))
        assert shown[7].max() > 230


def test_cover_art_and_a_second_video_stream_are_passed_over(tmp_path):
    whole = h264(tmp_path / "whole.mp4")
    with av.open(str(tmp_path / "cover.mp4"), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        first = container.add_stream("libx264", rate=25, options=X264)
        second = container.add_stream("libx264", rate=10, options=X264)
        for stream, shape in [(first, (64, 96)), (second, (80, 80))]:
            stream.height, stream.width = shape
            stream.pix_fmt = "yuv420p"
        grey = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 99, np.uint8), "rgb24")
        container.mux(cover.encode(grey))
        container.mux(cover.encode())
        for number in range(N_FRAMES):
            for stream, shown in [(first, number), (second, 4095)]:
                frame = av.VideoFrame.from_ndarray(
                    draw_code(shown, stream.height, stream.width), "rgb24"
                )
                container.mux(stream.encode(frame))
        for stream in (first, second):
            container.mux(stream.encode())
    with pytest.warns(RuntimeWarning, match="2 video tracks"):
        assert every_code(str(tmp_path / "cover.mp4")) == every_code(whole) == list(range(N_FRAMES))


# In a transport stream the delay of the sound's codec comes on top.
@pytest.mark.parametrize(
    ("suffix", "begin"), [("mp4", 1.2), ("mkv", 1.2), ("ts", 1.2 + 1024 / 44100)]
)
def test_sound_that_starts_earlier(tmp_path, suffix, begin):
    whole = h264(tmp_path / "whole.mp4")

    def add_sound(container):
        sound = container.add_stream("aac", rate=44100, layout="mono")
        for number in range(120):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 44100, 1024 * number
            container.mux(sound.encode(frame))
        container.mux(sound.encode())

    path = copy_video(whole, tmp_path / f"sound.{suffix}", shift=1.2, interleave=add_sound)
    times = read_timeline(path).times
    np.testing.assert_allclose(times, begin + np.arange(N_FRAMES) / 25, atol=2e-5)
    assert codes(path, times) == list(range(N_FRAMES))
    assert codes(path, times[[17, 31]]) == [17, 31]


@pytest.mark.parametrize("suffix", ["mp4", "h264", "ts"])
def test_dropped_packets_change_no_image(tmp_path, suffix, monkeypatch):
    path = h264(tmp_path / f"video.{suffix}", 60)
    timeline = read_timeline(path)
    assert suffix == "h264" or 10 < timeline.disposable.sum() < 45
    wanted = np.arange(0, 60, 7)
    dropping = list(read_images(path, timeline.times[wanted]))
    monkeypatch.setattr(_decoding, "read_timeline", lambda path: keep_all(timeline))
    np.testing.assert_array_equal(dropping, list(read_images(path, timeline.times[wanted])))


def keep_all(timeline):
    return replace(timeline, disposable=np.zeros_like(timeline.disposable))


@pytest.mark.parametrize("name", ["h264 B-frames", "h264 TS", "hevc", "mpeg4", "vp9", "gif"])
def test_seeking_changes_no_image(tmp_path, monkeypatch, name):
    suffix, *how = FORMATS[name]
    images = [draw_code(number) for number in range(120)]
    path = write_video(tmp_path / f"video.{suffix}", *how, images)
    times = read_timeline(path).times
    whole = np.array(list(read_images(path, times)))
    monkeypatch.setattr(_decoding, "_NOT_WORTH_SEEKING", 0)
    for wanted in ([5, 40, 41, 100], [119], [60, 61, 62], [0, 36, 72, 108]):
        shown = np.array(list(read_images(path, times[wanted])))
        np.testing.assert_array_equal(shown, whole[wanted])


def test_images_that_are_marked_as_key_frames_but_are_none(tmp_path):
    # Images after a change of scene are marked so, and in a video of codes each is another scene.
    path = write_coded_video(
        tmp_path / "marked.mp4", range(17), 1 / FPS, gop=250, options={"preset": "veryfast"}
    )
    with av.open(path) as container:
        marked = sum(packet.is_keyframe for packet in container.demux(video=0))
    timeline = read_timeline(path)
    if marked == 1:
        pytest.skip("this x264 marks no other image")
    assert len(np.unique(timeline.starts)) < marked
    for number in range(17):
        assert codes(path, timeline.times[[number]]) == [number]
