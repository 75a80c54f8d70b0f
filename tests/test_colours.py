"""Colours as a viewer sees them: high dynamic range, wide gamut, odd matrices, transparency."""

import av
import cv2
import numpy as np
import pytest

from sktime_screen import ImageResizer
from sktime_screen.video import VideoError
from sktime_screen.video._decoding import read_images
from sktime_screen.video._image import read_image

COLOURS = [(200, 40, 60), (30, 180, 90), (20, 60, 220), (128, 128, 128), (226, 190, 60), (0, 0, 0)]
# Numbers of ITU-T H.273.
PQ, HLG, SDR_WIDE, BT2020, P3 = 16, 18, 14, 9, 12
# Linear light of BT.709 in other primaries, ITU-R BT.2087 and SMPTE EG 432-1.
TO = {
    BT2020: [(0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956)],
    P3: [(0.8225, 0.1774, 0.0001), (0.0332, 0.9669, 0.0), (0.0171, 0.0724, 0.9105)],
    1: np.eye(3),
}


def signal_of(nits, transfer):
    """What a camera or mastering room writes for light of so many cd/m2."""
    if transfer == PQ:
        power = (nits / 10_000) ** (2610 / 16384)
        return ((3424 + 18.8515625 * 4096 * power) / (4096 + 18.6875 * 4096 * power)) ** 78.84375
    if transfer == HLG:
        shown = nits / 1000
        luminance = shown @ [0.2627, 0.6780, 0.0593]
        scene = shown * max(luminance, 1e-9) ** ((1 - 1.2) / 1.2)
        high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        return np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)
    return (nits / 203) ** (1 / 2.4)


def write_colour(path, rgb, codec="libx265", pix_fmt="yuv420p10le", matrix=9, **tags):
    """Write a video of one colour; ``rgb`` are signals from 0 to 1, limited range."""
    red, blue = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}[matrix]
    luma = np.dot(rgb, [red, 1 - red - blue, blue])
    planes = [16 + 219 * luma] + [
        128 + 112 * (rgb[channel] - luma) / (1 - weight)
        for channel, weight in ((2, blue), (0, red))
    ]
    return write_planes(path, planes, codec, pix_fmt, colorspace=matrix, color_range=1, **tags)


def write_planes(path, planes, codec, pix_fmt, size=(64, 96), **tags):
    """Write a video whose planes have these levels of 255."""
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV was built without {codec}")
    height, width = size
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        if codec in ("libx264", "libx265"):
            # Of a single image x265 makes up the decoding time, unless nothing is reordered.
            stream.options = {"crf": "4", "bf": "0", "x265-params": "log-level=none:bframes=0"}
        frame = av.VideoFrame(width, height, pix_fmt)
        frame.pts = 0
        deep = "10le" in pix_fmt
        for plane, level in zip(frame.planes, planes, strict=True):
            values = np.frombuffer(plane, np.uint16 if deep else np.uint8)
            values[:] = np.round(np.multiply(level, 4 if deep else 1))
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)
            setattr(frame, name, value)
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


def shown(path, size=None):
    image = next(read_images(path, [0.0], size)).astype(int)
    assert np.ptp(image, axis=(0, 1)).max() <= 2
    return image.mean(axis=(0, 1))


@pytest.mark.parametrize(
    ("transfer", "primaries"),
    [(PQ, BT2020), (HLG, BT2020), (PQ, P3), (PQ, 1), (SDR_WIDE, BT2020), (1, P3)],
)
def test_high_dynamic_range_looks_as_on_an_ordinary_screen(tmp_path, transfer, primaries):
    for number, colour in enumerate(COLOURS):
        nits = TO[primaries] @ (np.array(colour) / 255) ** 2.4 * 203
        path = write_colour(
            tmp_path / f"{number}.mkv",
            signal_of(nits, transfer),
            color_trc=transfer,
            color_primaries=primaries,
        )
        for size in (None, (32, 48)):
            np.testing.assert_allclose(shown(path, size), colour, atol=5)


def test_what_is_brighter_than_white_keeps_its_order_and_hue(tmp_path):
    tags = {"color_trc": PQ, "color_primaries": BT2020}
    seen = []
    for nits in (100, 203, 300, 1000, 4000):
        signal = signal_of(np.full(3, nits), PQ)
        seen.append(shown(write_colour(tmp_path / f"{nits}.mkv", signal, **tags)))
    brightness = np.mean(seen, axis=1)
    assert (np.diff(brightness) >= 0).all()
    np.testing.assert_allclose(brightness[[0, 1, 3]], [190, 246, 255], atol=2)
    orange = np.array([1.0, 0.4, 0.05])
    signal = signal_of(TO[BT2020] @ orange * 800, PQ)
    lit = shown(write_colour(tmp_path / "lit.mkv", signal, **tags)) / 255
    np.testing.assert_allclose(lit / lit[0], orange ** (1 / 2.4), atol=0.02)


@pytest.mark.parametrize(
    ("size", "matrix"), [((576, 720), 5), ((720, 1280), 1), ((64, 1280), 1), ((608, 64), 1)]
)
def test_colours_of_unknown_making_are_those_of_their_size(tmp_path, size, matrix):
    red, blue = {1: (0.2126, 0.0722), 5: (0.299, 0.114)}[matrix]
    rgb = np.array([200, 40, 60]) / 255
    luma = rgb @ [red, 1 - red - blue, blue]
    planes = [
        16 + 219 * luma,
        128 + 112 * (rgb[2] - luma) / (1 - blue),
        128 + 112 * (rgb[0] - luma) / (1 - red),
    ]
    path = write_planes(tmp_path / "unknown.mp4", planes, "libx264", "yuv420p", size)
    np.testing.assert_allclose(shown(path, (16, 24)), 255 * rgb, atol=2)


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
def test_ycgco(tmp_path, full):
    r, g, b = np.array([200, 40, 60]) / 255
    levels = np.array([r / 4 + g / 2 + b / 4, -r / 4 + g / 2 - b / 4, r / 2 - b / 2])
    low, scale = (0, (255, 255, 255)) if full else (16, (219, 224, 224))
    planes = np.array([low, 128, 128]) + levels * scale
    path = write_planes(
        tmp_path / "ycgco.mp4",
        planes,
        "libx264",
        "yuv444p",
        colorspace=8,
        color_range=2 if full else 1,
    )
    for size in (None, (16, 24)):
        np.testing.assert_allclose(shown(path, size), [200, 40, 60], atol=2)


def test_tags_that_mean_nothing_are_passed_over(tmp_path):
    planes = [16 + 219 * 0.5, 128, 128]
    tags = {"colorspace": 3, "color_trc": 3, "color_primaries": 3}
    path = write_planes(tmp_path / "odd.mp4", planes, "libx264", "yuv420p", **tags)
    np.testing.assert_allclose(shown(path), 128, atol=1)


def test_colours_that_cannot_be_converted(tmp_path):
    path = write_planes(tmp_path / "odd.mp4", [128] * 3, "libx264", "yuv420p", colorspace=14)
    with pytest.raises(VideoError, match=r"odd\.mp4.*matrix 14 of H\.273.*export it"):
        shown(path)


def write_rgba(path, codec, pix_fmt, rgba):
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV was built without {codec}")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = rgba.shape[:2]
        stream.pix_fmt = pix_fmt
        stream.bit_rate, stream.codec_context.thread_count = 5_000_000, 1
        if codec.startswith("libvpx"):
            stream.options = {"auto-alt-ref": "0"}
        for _ in range(2):
            frame = av.VideoFrame.from_ndarray(rgba, "rgba").reformat(format=pix_fmt)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


TRANSPARENT = {
    "png": ("mov", "png", "rgba"),
    "qtrle": ("mov", "qtrle", "argb"),
    "prores": ("mov", "prores_ks", "yuva444p10le"),
    "ffv1": ("mkv", "ffv1", "yuva420p"),
    "vp8": ("webm", "libvpx", "yuva420p"),
    "vp9": ("webm", "libvpx-vp9", "yuva420p"),
    "apng": ("apng", "apng", "rgba"),
}


@pytest.mark.parametrize("name", TRANSPARENT)
def test_what_is_transparent_lies_over_black(tmp_path, name):
    suffix, codec, pix_fmt = TRANSPARENT[name]
    rgba = np.empty((64, 96, 4), np.uint8)
    rgba[:] = (200, 100, 60, 255)
    rgba[:, 32:64, 3] = 128
    rgba[:, 64:, 3] = 0
    path = write_rgba(tmp_path / f"video.{suffix}", codec, pix_fmt, rgba)
    for size in (None, (32, 48)):
        image = next(read_images(path, [0.0], size))
        sixth = image.shape[1] // 6
        for column, share in ((1, 1), (3, 128 / 255), (5, 0)):
            found = image[:, column * sixth].mean(axis=0)
            np.testing.assert_allclose(found, np.array([200, 100, 60]) * share, atol=4)
        # What is hidden does not show through where small images average.
        assert image[:, 4 * sixth + 2 :].max() <= 4


def test_images_and_arrays_that_are_transparent_lie_over_black(tmp_path):
    rgba = np.full((8, 12, 4), 255, np.uint8)
    rgba[..., :3] = (200, 100, 60)
    rgba[:, 4:8, 3], rgba[:, 8:, 3] = 128, 0
    expected = (rgba[..., :3] * (rgba[..., 3:] / 255)).round()
    (resized,) = ImageResizer((8, 12)).transform([rgba])
    np.testing.assert_allclose(resized, expected, atol=1)
    stored = rgba[..., [2, 1, 0, 3]]
    for name, image in [
        ("deep.png", stored.astype(np.uint16) * 257),
        ("video.png", stored),
        ("video.webp", stored),
        ("video.tiff", stored),
    ]:
        path = str(tmp_path / name)
        cv2.imwrite(path, image, [cv2.IMWRITE_WEBP_QUALITY, 101])
        np.testing.assert_allclose(read_image(path), expected, atol=1)
    cv2.imwrite(str(tmp_path / "opaque.png"), stored[..., :3])
    np.testing.assert_array_equal(read_image(str(tmp_path / "opaque.png")), rgba[..., :3])
