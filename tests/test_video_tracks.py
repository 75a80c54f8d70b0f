"""Which track of a file is the video, and which files are none: still images and the like."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from conftest import draw_code, read_code, write_coded_video

from sktime_screen import VideoFrameSampler
from sktime_screen.video import VideoError
from sktime_screen.video._decoding import read_images
from sktime_screen.video._demuxing import read_image_size
from sktime_screen.video._timeline_reader import read_timeline

N_FRAMES = 30


def write_tracks(path, *tracks):
    """Write tracks of (codec, height, width, number of the first image, count, options)."""
    with av.open(str(path), "w") as container:
        streams = []
        for codec, height, width, *_, settings in tracks:
            stream = container.add_stream(codec, rate=10)
            stream.height, stream.width = height, width
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.codec_context.qmin = 1
            stream.options = {"crf": "12"}
            for name, value in settings.items():
                setattr(stream, name, value)
            streams.append(stream)
        packets = []
        for stream, (_, height, width, first, count, _) in zip(streams, tracks, strict=True):
            for number in range(first, first + count):
                image = av.VideoFrame.from_ndarray(draw_code(number, height, width), "rgb24")
                image.pts, image.time_base = number - first, Fraction(1, 10)
                packets += stream.encode(image)
            packets += stream.encode()
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return str(path)


def every_code(path):
    table = VideoFrameSampler(rate=None).sample(path)
    return [read_code(image) for image in read_images(path, table["time"].to_numpy())]


def video(first=0, count=N_FRAMES, shape=(96, 144), **settings):
    return ("libx264", *shape, first, count, settings)


def mjpeg(count, shape=(96, 144), **settings):
    return ("mjpeg", *shape, 4000, count, settings)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "ts"])
@pytest.mark.parametrize(
    "other",
    [
        mjpeg(1),
        mjpeg(N_FRAMES),
        mjpeg(N_FRAMES, (48, 64)),
        video(4000, N_FRAMES, (48, 64)),
        video(4000, 2),
        video(4000, 2, (192, 288)),
    ],
    ids=["cover", "mjpeg", "mjpeg preview", "preview", "clip", "large clip"],
)
def test_a_cover_or_preview_before_the_video(tmp_path, suffix, other, recwarn):
    if suffix == "ts" and other[0] == "mjpeg":
        pytest.skip("a transport stream has no MJPEG")
    path = write_tracks(tmp_path / f"video.{suffix}", other, video())
    assert every_code(path) == list(range(N_FRAMES))
    assert read_timeline(path).length == pytest.approx(N_FRAMES / 10)
    assert read_image_size(path) == (96, 144)
    assert not recwarn.list


def test_of_two_videos_the_default_is_read_and_a_warning_says_so(tmp_path):
    other = {"disposition": av.stream.Disposition(0)}
    default = {"disposition": av.stream.Disposition.default}
    path = write_tracks(
        tmp_path / "angles.mkv", video(4000, **other), video(0, shape=(80, 128), **default)
    )
    with pytest.warns(RuntimeWarning, match=r"2 video tracks: track 1 \(128x80\).*0 \(144x96\)"):
        assert every_code(path) == list(range(N_FRAMES))
    path = write_tracks(tmp_path / "sizes.ts", video(4000, shape=(80, 128)), video())
    with pytest.warns(RuntimeWarning, match=r"track 1 \(144x96\) is read.*-map 0:0 "):
        assert every_code(path) == list(range(N_FRAMES))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tiff", "jp2", "avif", "mp4"])
def test_a_still_image_is_no_video(tmp_path, suffix):
    path = str(tmp_path / f"still.{suffix}")
    if not cv2.haveImageWriter(f"still.{suffix.replace('mp4', 'jpg')}"):
        pytest.skip(f"this version of OpenCV writes no {suffix}")
    _, image = cv2.imencode(".jpg" if suffix == "mp4" else f".{suffix}", draw_code(5))
    image.tofile(path)
    wanted = rf"still\.{suffix}.*image, not a video.*column 'image' of a frame"
    with pytest.raises(VideoError, match=wanted):
        VideoFrameSampler().sample(path)


def moving(path, codec, pix_fmt):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=5)
        stream.width, stream.height, stream.pix_fmt = 96, 64, pix_fmt
        for number in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(draw_code(number), "rgb24")))
        container.mux(stream.encode())
    return str(path)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("video.avif", "libsvtav1", "yuv420p"),
        ("video.gif", "gif", "rgb8"),
        ("video.apng", "apng", "rgb24"),
        ("video.png", "apng", "rgb24"),
        ("video.webp", "libwebp_anim", "yuv420p"),
    ],
)
def test_images_that_move(tmp_path, name, codec, pix_fmt):
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV was built without {codec}")
    path = moving(tmp_path / (name if name != "video.png" else "video.apng"), codec, pix_fmt)
    if name == "video.png":
        path = str((tmp_path / "video.apng").rename(tmp_path / name))
    if codec == "libwebp_anim" and "webp_anim" not in av.formats_available:
        with pytest.raises(VideoError, match="if it moves, convert it first"):
            VideoFrameSampler().sample(path)
        return
    assert every_code(path) == list(range(10))
    np.testing.assert_allclose(read_timeline(path).times, np.arange(10) / 5, atol=1e-6)
    assert [read_code(image) for image in read_images(path, [0.6, 1.4])] == [3, 7]


def test_a_video_of_one_image_is_a_video(tmp_path):
    path = write_coded_video(tmp_path / "one.mp4", [0], Fraction(1, 10))
    assert every_code(path) == [0]
