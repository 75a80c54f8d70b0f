from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from sktime_screen import ImageResizer, VideoFrameSampler
from sktime_screen.frames._placement import WHOLE, place, without_bars


def picture(height, width, bars=(0, 0, 0, 0), seed=0):
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
    noisy = [picture(200, 400, bars, seed) + np.uint8(6) * (seed % 2) for seed in range(4)]
    assert without_bars(noisy) == pytest.approx(box)


def test_a_dark_scene_is_no_bar():
    dark = picture(200, 400)
    dark[:100] = 0
    assert without_bars([dark, picture(200, 400)]) == WHOLE
    assert without_bars([np.zeros((50, 50, 3), np.uint8)]) == WHOLE


def test_films_with_and_without_bars_look_alike(tmp_path):
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
