"""The least certain frames of a report are labelled in it."""

import numpy as np
import pandas as pd
import pytest
from conftest import on_a_phone
from page_driver import Driver
from sklearn.pipeline import Pipeline

from sktime_screen import (
    ScreenTimeAggregator,
    ScreenTimeReport,
    VideoFrameSampler,
    load_label_csv,
)
from sktime_screen.video import make_frame_index

pytestmark = pytest.mark.filterwarnings("ignore:No interval for")


def report_on(X, values, y, columns, next_command=None, **options):
    """A report on frames whose probabilities and labels are known."""
    index = make_frame_index(X)
    probabilities = pd.DataFrame(values, index, columns)
    probabilities.attrs["out_of_sample"] = True
    aggregator = ScreenTimeAggregator(correction=None, **options).fit(probabilities, y)
    return ScreenTimeReport(
        aggregator.estimate(probabilities, random_state=0),
        aggregator.appearances(probabilities),
        aggregator.co_appearances(probabilities),
        probabilities=probabilities,
        pipeline=Pipeline([("aggregator", aggregator)]),
        next_command=next_command,
    )


@pytest.fixture
def frames(video):
    """Twenty frames of one video."""
    return VideoFrameSampler(rate=2).sample(video)


@pytest.fixture
def report(frames):
    """A report on two characters, of which one has a low threshold for being there."""
    tom, jerry = np.linspace(0.95, 0.05, 20), np.full(20, 0.1)
    values = np.stack([tom, jerry], axis=1)
    y = pd.DataFrame({"tom": tom > 0.5, "jerry": np.arange(20) == 3}).astype(int)
    command = "sktime-screen train a.csv 'the report-labels.csv' --model m"
    return report_on(frames, values, y, ["tom", "jerry"], command, threshold=0.3)


@pytest.fixture
def browser(chromium):
    yield Driver(chromium)
    chromium.execute_script("localStorage.clear()")
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_frames_are_labelled_by_the_keys_of_the_page(browser, report, frames, tmp_path):
    path = tmp_path / "the report.html"
    report.save(path)
    browser.open(path)
    shown = browser.script("return reviewed.frames.map((frame) => frame.time)")
    assert 4 <= len(shown) <= 8
    # What was predicted is suggested, with the threshold of the model.
    tom = np.linspace(0.95, 0.05, 20)[frames["time"].searchsorted(shown)]
    assert browser.cards == ["suggested: tom" if p >= 0.3 else "suggested: Nobody" for p in tom]
    assert browser.find("#review ~ .note code").text == report.next_command
    assert not browser.find(".instead").is_displayed()
    # Keys count where frames are labelled, and nowhere else.
    browser.press("1", "0", "enter")
    assert browser.states == [None] * len(shown)
    browser.find(".card").click()
    browser.press("2", "right", "0", "right", "enter")
    first = [0, 1] if tom[0] >= 0.3 else [1]
    assert browser.states[:4] == [first, [], [0] if tom[2] >= 0.3 else [], None]
    X, y = load_label_csv(browser.save(tmp_path, "the report-labels.csv"))
    order = np.argsort(shown[:3])
    pd.testing.assert_frame_equal(
        X, frames.set_index("time", drop=False).loc[np.sort(shown[:3])].reset_index(drop=True)
    )
    wanted = np.array([[tom[0] >= 0.3, True], [False, False], [tom[2] >= 0.3, False]])
    np.testing.assert_array_equal(y[["tom", "jerry"]], wanted[order].astype(int))
    # The work is kept, as that of the labelling page.
    browser.open(path)
    assert browser.states[:4] == [first, [], [0] if tom[2] >= 0.3 else [], None]


def test_one_class_a_frame(browser, frames, tmp_path):
    values = np.full((20, 3), 0.05)
    values[np.arange(20), np.arange(20) % 3] = 0.9
    names = np.array(["jerry", "nobody", "tom"])
    y = names[np.arange(20) % 3]
    report_on(frames, values, y, names, background="nobody").save(tmp_path / "a.html")
    browser.open(tmp_path / "a.html")
    shown = browser.script("return reviewed.frames.map((frame) => frame.time)")
    answers = y[frames["time"].searchsorted(shown)]
    assert browser.cards == [f"suggested: {name}" for name in answers]
    browser.find(".card").click()
    browser.press("2", "0")
    _, y = load_label_csv(browser.save(tmp_path, "a-labels.csv"))
    assert y[np.argsort(np.argsort(shown[:2]))].tolist() == ["tom", "nobody"]


def test_the_page_scrolls_over_the_image_and_fits_a_phone(browser, report, tmp_path):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    report.save(tmp_path / "a.html")
    browser.open(tmp_path / "a.html")
    viewer = browser.find(".viewer")
    browser.script("arguments[0].scrollIntoView({block: 'center'})", viewer)
    before = browser.script("return scrollY")
    wheel = ScrollOrigin.from_element(viewer)
    ActionChains(browser.chromium).scroll_from_origin(wheel, 0, -200).perform()
    browser.wait(lambda: browser.script("return scrollY") < before)
    assert browser.scale == (1, (0, 0))
    with on_a_phone(browser.chromium):
        assert browser.script("return document.documentElement.scrollWidth") == 390


def test_on_paper_and_without_images_frames_are_a_list(browser, report, tmp_path):
    report.save(tmp_path / "a.html")
    browser.open(tmp_path / "a.html")
    browser.chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.find(".instead").is_displayed()
        assert not browser.find("#review").is_displayed()
    finally:
        browser.chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    report.max_thumbnails = 0
    html = report.to_html()
    assert "Least certain frames" in html
    assert "review-data" not in html
