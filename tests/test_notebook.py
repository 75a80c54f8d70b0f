"""What a notebook shows of objects at the end of a cell."""

import base64
import re
from fractions import Fraction

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import read_code, write_coded_video

from sktime_screen import ImageResizer, ScreenTimeReport, VideoFrameSampler, _progress


def read_images(html):
    """Return the images in a piece of a page."""
    found = re.findall(r"data:image/webp;base64,([^\"]+)", html)
    encoded = [np.frombuffer(base64.b64decode(uri), np.uint8) for uri in found]
    return [cv2.imdecode(image, cv2.IMREAD_COLOR)[..., ::-1] for image in encoded]


def test_a_sequence_shows_some_of_its_images(tmp_path):
    video = write_coded_video(tmp_path / "<b>.mp4", range(24), Fraction(1, 2))
    frames = VideoFrameSampler(rate=2).transform([video])
    html = frames._repr_html_()
    assert "24 frames of 1 video" in html
    images = read_images(html)
    assert [read_code(image) for image in images] == [0, 5, 9, 14, 18, 23]
    assert re.findall(r"<figcaption>(.+?) s<", html) == ["0.0", "2.5", "4.5", "7.0", "9.0", "11.5"]
    # As the steps make them, and small.
    assert images[0].shape == (64, 96, 3)
    large = ImageResizer((400, 600)).transform(frames[:2])._repr_html_()
    assert [image.shape for image in read_images(large)] == [(120, 180, 3)] * 2
    assert len(frames[:0]._repr_html_()) < 100
    (tmp_path / "<b>.mp4").unlink()
    gone = frames._repr_html_()
    assert "No such video" in gone
    assert "<b>" not in gone


def make_report(n_videos, character="tom"):
    videos = [f"{number}.mp4" for number in range(n_videos)]
    estimate = pd.DataFrame(
        {"video": videos, "character": character, "seconds": 4.0, "share": 0.4, "low": 2.0,
         "high": 5.5, "appearances": 2, "first_seen": 1.0, "last_seen": 10.0, "confidence": 0.9,
         "basis": "averaged"}
    )  # fmt: skip
    estimate.loc[0, ["low", "high"]] = np.nan
    appearances = pd.DataFrame(
        {"video": videos[0], "character": character, "start": [1.0, 8.0], "end": [3.0, 10.0],
         "duration": 2.0, "confidence": 0.9, "peak_time": [2.0, 9.0]}
    )  # fmt: skip
    rows = pd.MultiIndex.from_product([videos, [character]], names=["video", "character"])
    together = pd.DataFrame(0.0, rows, [character])
    return ScreenTimeReport(estimate, appearances, together)


def test_a_report_shows_seconds_and_timelines():
    html = make_report(2, "<script>")._repr_html_()
    assert "<script>" not in html
    first, second = re.findall(r"<tr><td>(.*?)</tr>", html)
    assert (
        re.sub(r"<[^>]+>", "|", first)
        .replace("||", "|")
        .startswith("0.mp4|&lt;script&gt;|4.0 s|-|40 %|")
    )
    assert "2.0 s to 5.5 s" in second
    # From 1 to 3 and from 8 to 10 of 10 s.
    assert 'd="M100.0 0h200.0v10h-200.0zM800.0 0h200.0v10h-200.0z"' in first
    assert 'd=""' in second


def test_a_report_of_a_season_stays_small_in_a_notebook():
    html = make_report(500)._repr_html_()
    assert html.count("<tr>") == 1 + 40
    assert "460 more rows" in html
    assert len(html) < 20_000


@pytest.mark.parametrize("method", ["to_html", "_repr_html_"])
def test_both_show_the_same_seconds(method):
    assert "4.0 s" in getattr(make_report(1), method)()


def test_progress_shows_without_widgets(monkeypatch, capsys):
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr(_progress, "find_spec", lambda name: None)
    with _progress.show_progress("Features", 3, verbose=True) as advance:
        advance(3)
    told = capsys.readouterr().err
    assert "3/3 frames" in told.rpartition("\r")[2]
    assert "ipywidgets" not in told
