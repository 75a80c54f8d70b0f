from fractions import Fraction

import av
import cv2
import numpy as np
import pandas as pd
import pytest

from sktime_screen import ImageResizer, VideoFrameSampler
from sktime_screen.video import FrameSequence, _sequence
from sktime_screen.video._black_bars import find_active_area
from sktime_screen.video._placement import WHOLE, place
from sktime_screen.video._sequence import find_video_box


def image(height, width, bars=(0, 0, 0, 0), seed=0):
    """Noise between black bars: top, bottom, left, right, in pixels."""
    top, bottom, left, right = bars
    canvas = np.zeros((height, width, 3), np.uint8)
    inner = (height - top - bottom, width - left - right, 3)
    noise = np.random.default_rng(seed).integers(60, 255, inner, dtype=np.uint8)
    canvas[top : height - bottom, left : width - right] = noise
    return canvas


def test_stretching_scales_each_side_by_itself():
    placement = place((360, 640), (224, 224), "stretch")
    assert placement.scaled == placement.kept == placement.canvas == (224, 224)
    assert placement.cut == (0, 0)


def test_padding_keeps_all_and_the_shape():
    placement = place((100, 200), (50, 50), "pad")
    assert placement.scaled == placement.kept == (25, 50)
    placed = placement.apply(np.full((25, 50, 3), 9, np.uint8))
    assert placed.shape == (50, 50, 3)
    assert placed[12:37].min() == 9
    assert placed[:12].max() == placed[37:].max() == 0


def test_cropping_keeps_the_middle():
    placement = place((100, 200), (50, 50), "crop")
    assert placement.scaled == (50, 100)
    assert placement.cut == (0, 25)
    columns = np.broadcast_to(np.arange(100, dtype=np.uint8)[None, :, None], (50, 100, 3))
    assert placement.apply(columns)[0, :, 0].tolist() == list(range(25, 75))


def test_a_box_is_what_fills_the_canvas():
    placement = place((100, 100), (50, 100), "stretch", (0.25, 0.75, 0.0, 1.0))
    assert placement.scaled == (100, 100)
    assert placement.cut == (25, 0)
    assert placement.kept == (50, 100)


@pytest.mark.parametrize(
    ("bars", "box"),
    [
        ((0, 0, 0, 0), WHOLE),
        ((24, 24, 0, 0), (0.12, 0.88, 0, 1)),
        ((0, 0, 50, 50), (0, 1, 0.125, 0.875)),
        ((20, 10, 40, 0), (0.1, 0.95, 0.1, 1)),
        ((1, 1, 2, 2), WHOLE),
        ((95, 95, 0, 0), WHOLE),
    ],
)
def test_bars_are_found(bars, box):
    noisy = [image(200, 400, bars, seed) + np.uint8(6) * (seed % 2) for seed in range(4)]
    assert find_active_area(noisy) == pytest.approx(box)


def test_a_dark_scene_is_no_bar():
    dark = image(200, 400)
    dark[:100] = 0
    assert find_active_area([dark, image(200, 400)]) == WHOLE
    assert find_active_area([np.zeros((50, 50, 3), np.uint8)]) == WHOLE


def test_videos_with_and_without_bars_look_alike(tmp_path):
    shown = {}
    for bars in (0, 30):
        path = str(tmp_path / f"{bars}.mp4")
        with av.open(path, "w") as container:
            stream = container.add_stream("libx264", rate=Fraction(10))
            stream.width, stream.height, stream.pix_fmt = 160, 120 + 2 * bars, "yuv420p"
            stream.options = {"crf": "10"}
            for number in range(30):
                canvas = np.zeros((120 + 2 * bars, 160, 3), np.uint8)
                blocks = np.random.default_rng(number).integers(50, 255, (6, 8, 3), np.uint8)
                canvas[bars : bars + 120] = cv2.resize(blocks, (160, 120))
                container.mux(stream.encode(av.VideoFrame.from_ndarray(canvas, "rgb24")))
            container.mux(stream.encode())
        frames = VideoFrameSampler(rate=5).transform(path)
        resizer = ImageResizer((60, 80), crop_bars=True)
        shown[bars] = np.asarray(resizer.transform(frames), float)
        assert shown[bars].shape == (15, 60, 80, 3)
        by_array = resizer.transform(np.asarray(frames)).astype(float)
        assert np.abs(by_array - shown[bars]).mean() < 3
    # The outermost rows mix with the bars, where the encoder blurred them.
    assert np.abs(shown[0] - shown[30])[:, 2:-2].mean() < 4
    plain = np.asarray(ImageResizer((60, 80)).transform(frames), float)
    assert np.abs(shown[0] - plain)[:, 2:-2].mean() > 30


def bright(height, width):
    """An image, red on the left, blue at the top and black in the middle."""
    canvas = np.full((height, width, 3), 200, np.uint8)
    canvas[:, : width // 6] = (200, 0, 0)
    canvas[: height // 6] = (0, 0, 200)
    canvas[height // 3 : height * 2 // 3, width // 3 : width * 2 // 3] = 0
    return canvas


def write_changing(path, *shapes, codec="libx264"):
    """Write a video of 10 frames of each (height, width, pixel aspect), one after the other."""
    data = b""
    for height, width, pixel_aspect in shapes:
        context = av.CodecContext.create(codec, "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base, context.framerate = Fraction(1, 10), Fraction(10)
        context.sample_aspect_ratio = pixel_aspect
        context.options = {"crf": "8"}
        context.bit_rate, context.gop_size = 4_000_000, 5
        frames = [av.VideoFrame.from_ndarray(bright(height, width), "rgb24") for _ in range(10)]
        for number, frame in enumerate(frames):
            frame.pts = number
        packets = [packet for frame in [*frames, None] for packet in context.encode(frame)]
        data += b"".join(map(bytes, packets))
    path.write_bytes(data)
    return str(path)


WIDE, TALL = (96, 160, Fraction(1)), (160, 96, Fraction(1))
ANAMORPHIC = (96, 160, Fraction(1, 2))
# MPEG-2 knows but a few shapes, of which one is 2.21 times as wide as high.
SCOPE = (96, 160, Fraction(221 * 96, 100 * 160))


@pytest.mark.parametrize("aspect", ["stretch", "pad", "crop"])
@pytest.mark.parametrize(
    ("codec", "suffix", "second"),
    [
        ("libx264", "h264", TALL),
        ("libx264", "h264", ANAMORPHIC),
        ("mpeg2video", "m2v", SCOPE),
    ],
    ids=["shape", "pixel aspect", "pixel aspect of MPEG-2"],
)
def test_each_frame_is_placed_by_its_own_shape(tmp_path, codec, suffix, second, aspect):
    path = write_changing(tmp_path / f"video.{suffix}", WIDE, second, WIDE, codec=codec)
    frames = VideoFrameSampler(rate=None).transform(path)
    assert len(frames) == 30
    resized = ImageResizer((48, 48), aspect=aspect).transform(frames)
    alone = {}
    for name, shape in (("first", WIDE), ("second", second)):
        one = write_changing(tmp_path / f"{name}.{suffix}", shape, codec=codec)
        video = VideoFrameSampler(rate=None).transform(one)
        alone[name] = ImageResizer((48, 48), aspect=aspect).transform(video)[9].astype(int)
    if aspect != "stretch":
        assert np.abs(alone["first"] - alone["second"]).mean() > 10
    for row, image in enumerate(np.asarray(resized)):
        expected = alone["second" if 10 <= row < 20 else "first"]
        assert np.abs(image - expected).mean() < 4, row
    for row in (3, 10, 14, 19, 20, 29):
        expected = alone["second" if 10 <= row < 20 else "first"]
        assert np.abs(resized[row] - expected).mean() < 4, row


def test_bars_are_looked_for_in_small_images(tmp_path, monkeypatch):
    shapes = []
    whole = _sequence.read_images

    def watched(path, times, size=None, *options):
        for shown in whole(path, times, size, *options):
            shapes.append(shown.shape[:2])
            yield shown

    monkeypatch.setattr(_sequence, "read_images", watched)
    path = str(tmp_path / "large.mkv")
    with av.open(path, "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 1920, 1600, "yuvj420p"
        for _ in range(2):
            shown = np.zeros((1600, 1920, 3), np.uint8)
            shown[236:1364] = cv2.resize(bright(60, 80), (1920, 1128))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, "rgb24")))
        container.mux(stream.encode())
    frames = VideoFrameSampler(rate=None).transform(path)
    cropped = np.asarray(ImageResizer((60, 80), crop_bars=True).transform(frames)).astype(int)
    assert max(shapes) == (256, 320)
    # A pixel of the result is 19 rows here, the bars are found to within that.
    assert np.abs(cropped - bright(60, 80)).mean() < 6
    assert find_video_box(path, (60, 80))[:2] == pytest.approx((0.1475, 0.8525), abs=1 / 256)
    # Images that were extracted differ in size.
    images = [str(tmp_path / f"{side}.png") for side in (120, 60)]
    for image, side in zip(images, (120, 60), strict=True):
        cv2.imwrite(image, np.pad(bright(side, side), [(side // 5,) * 2, (0, 0), (0, 0)]))
    table = pd.DataFrame({"video": "v", "time": [0.0, 1.0], "duration": 1.0, "image": images})
    shown = np.asarray(ImageResizer((30, 30), crop_bars=True).transform(FrameSequence(table)))
    assert shown[:, 15, 15].max() == 0
    assert shown[:, 1].max(axis=(1, 2)).min() > 180
