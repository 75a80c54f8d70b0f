import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import draw_code, on_a_phone, requested
from page_driver import Driver

from sktime_screen import VideoFrameSampler, load_label_csv, save_label_page


@pytest.fixture
def browser(chromium):
    """The browser, of which a test leaves nothing in the local storage."""
    yield Driver(chromium)
    chromium.execute_script("localStorage.clear()")
    # Nothing but complaints of the console would tell of a script that failed.
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_twenty_frames_by_keyboard(browser, frames, target):
    # As a choice of frames comes: in any order. The CSV is in the order of time.
    mixed = np.random.default_rng(1).permutation(20)
    save_label_page(target, frames.iloc[mixed], ["tom", "jerry"])
    browser.open(target)
    wanted = np.random.default_rng(0).integers(0, 2, (20, 2))
    for tom, jerry in wanted[mixed]:
        browser.press(*(["1"] * tom + ["2"] * jerry or ["0"]), "right")
    assert browser.find("#count").text == "20 of 20 labelled"
    X, y = load_label_csv(browser.save(target.parent))
    pd.testing.assert_frame_equal(X, frames)
    assert list(y.columns) == ["tom", "jerry"]
    np.testing.assert_array_equal(y, wanted)


def test_reload_keeps_the_work(browser, frames, target):
    save_label_page(target, frames, ["tom", "jerry"])
    browser.open(target)
    browser.press("1", "right", "2", "right", "0", "right", "1", "2", "1")
    before = browser.states
    assert before[:5] == [[0], [1], [], [1], None]
    browser.open(target)
    assert browser.states == before
    assert browser.current == (4, "labelled: jerry")
    # Written again with predictions: still the same frames.
    save_label_page(target, frames, ["tom", "jerry"], probabilities=np.full((20, 2), 0.2))
    browser.open(target)
    assert browser.states == before
    # Other classes, or other labels to begin with, are other work.
    save_label_page(target, frames, ["tom", "spike"])
    browser.open(target)
    assert browser.states == [None] * 20
    save_label_page(target, frames, ["tom", "jerry"], labels=["tom"] * 20)
    browser.open(target)
    assert browser.states == [[0]] * 20


def test_nobody_is_not_the_same_as_not_labelled(browser, frames, target):
    frames["stratum"] = 7
    frames["inclusion"] = np.linspace(0.1, 0.3, 20)
    save_label_page(target, frames, ["tom", "jerry"])
    browser.open(target)
    assert browser.current == (1, "not labelled")
    browser.press("0")
    assert browser.current == (1, "labelled: nobody")
    browser.press("right", "1", "1")
    assert browser.current == (2, "not labelled")
    browser.press("right", "2", "right", "1", "back")
    assert browser.current == (4, "not labelled")
    saved = pd.read_csv(browser.save(target.parent))
    head = ["video", "time", "duration", "stratum", "inclusion", "tom", "jerry"]
    assert list(saved.columns) == head
    pd.testing.assert_frame_equal(saved[head[:5]], frames.iloc[[0, 2]].reset_index(drop=True))
    assert saved[["tom", "jerry"]].to_numpy().tolist() == [[0, 0], [0, 1]]


def test_shift_takes_a_range_and_undo_takes_back(browser, frames, target):
    save_label_page(target, frames, ["tom", "jerry"])
    browser.open(target)
    browser.press("right", "2")
    browser.press("right", "right", "right", shift=True)
    assert browser.current[1] == "4 frames selected"
    browser.press("1")
    assert browser.states[:6] == [None, [0, 1], [0], [0], [0], None]
    browser.press("1")
    assert browser.states[:6] == [None, [1], None, None, None, None]
    browser.press("z", "z", control=True)
    assert browser.states[:6] == [None, [1], None, None, None, None]
    browser.press("y", control=True)
    assert browser.states[:6] == [None, [0, 1], [0], [0], [0], None]
    browser.press("u", "u")
    assert browser.states == [None] * 20
    browser.press("u")
    assert browser.states == [None] * 20
    browser.press("a", control=True)
    browser.press("0")
    assert browser.states == [[]] * 20
    browser.press("home")
    browser.press("end", shift=True)
    browser.press("back")
    assert browser.states == [None] * 20


def test_one_class_a_frame(browser, frames, target):
    X = frames[:5]
    save_label_page(target, X, ["tom, the cat", "jerry"], multilabel=False, background="nobody")
    browser.open(target)
    browser.press("1", "2", "0", "1", "1")
    browser.press("left", "2")
    assert browser.find("#count").text == "5 of 5 labelled"
    loaded, y = load_label_csv(browser.save(target.parent))
    pd.testing.assert_frame_equal(loaded, X)
    assert y.tolist() == ["tom, the cat", "jerry", "nobody", "jerry", "tom, the cat"]
    assert y.name == "label"


def test_images_instead_of_a_video(browser, tmp_path, target):
    images = [str(tmp_path / f'{k}, "x".png') for k in range(3)]
    for k, image in enumerate(images):
        cv2.imwrite(image, draw_code(k))
    X = pd.DataFrame(
        {"video": "video", "time": [0.0, 0.1, 0.3], "duration": [0.1, 0.2, 0.3], "image": images}
    )
    save_label_page(target, X, ["tom", "jerry"])
    browser.open(target)
    browser.press("1", "right", "right", "2")
    loaded, y = load_label_csv(browser.save(target.parent))
    pd.testing.assert_frame_equal(loaded, X.iloc[[0, 2]].reset_index(drop=True))
    assert y.to_numpy().tolist() == [[1, 0], [0, 1]]


def test_suggestions_count_when_confirmed(browser, frames, target):
    X = frames[:4]
    shares = [[0.95, 0.02], [0.6, 0.9], [0.03, 0.01], [0.1, 0.55]]
    save_label_page(target, X, ["tom", "jerry"], probabilities=shares)
    browser.open(target)
    assert browser.cards == [
        "suggested: jerry", "suggested: tom, jerry", "suggested: tom", "suggested: Nobody",
    ]  # fmt: skip
    assert browser.find("#save").get_property("disabled")
    browser.press("enter", "1")
    assert browser.states == [None, [1], None, [1]]
    browser.press("enter")
    assert browser.current == (3, "suggested: tom")
    # The only character that was suggested is not there: a question again, not an answer.
    browser.press("1")
    assert browser.current == (3, "not labelled")
    browser.press("end", "enter")
    assert browser.states == [None, [1], [], [1]]
    X_saved, y = load_label_csv(browser.save(target.parent))
    assert X_saved["time"].tolist() == X["time"].iloc[1:].tolist()
    assert y.to_numpy().tolist() == [[0, 1], [0, 0], [0, 1]]


def test_hostile_names_do_no_harm(browser, video, tmp_path, target):
    path = tmp_path / "a 'b', \"c\" <img src=x onerror=alert(2)>.mp4"
    shutil.copy(video, path)
    classes = ["<script>alert(1)</script>", 'Tom "T", Jr.', "</script><script>alert(3)</script>"]
    X = VideoFrameSampler(rate=0.5).sample(str(path))
    save_label_page(target, X, classes)
    browser.open(target)
    browser.press("1", "right", "2", "3", "right", "0")
    shown = [name.text for name in browser.chromium.find_elements("css selector", ".name")]
    assert shown == [*classes, "Nobody"]
    assert browser.current == (3, "labelled: nobody")
    loaded, y = load_label_csv(browser.save(target.parent))
    pd.testing.assert_frame_equal(loaded, X[:3])
    assert list(y.columns) == classes
    assert y.to_numpy().tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    # An alert would have made every command since fail.
    assert browser.script("return document.querySelectorAll('script:not([type])').length") == 11


KEPT = "JSON.parse(localStorage.getItem(workbench.store.key)).states"


def test_two_tabs_share_the_work(browser, frames, target):
    save_label_page(target, frames, ["tom", "jerry"])
    browser.open(target)
    browser.press("1")
    first = browser.chromium.current_window_handle
    browser.chromium.switch_to.new_window("tab")
    second = browser.chromium.current_window_handle
    try:
        browser.open(target)
        browser.press("right", "2")
        browser.wait(lambda: browser.states[1] == [1])
        browser.chromium.switch_to.window(first)
        # What another tab wrote comes some time later, and so does the event that tells of it.
        browser.wait(lambda: browser.script(f"return {KEPT}[1]") == [1])
        browser.press("end", "0")
    finally:
        browser.chromium.switch_to.window(second)
        browser.chromium.close()
        browser.chromium.switch_to.window(first)
    assert browser.states == [[0], [1], *[None] * 17, []]
    assert browser.find("#count").text == "3 of 20 labelled"
    browser.open(target)
    assert browser.states == [[0], [1], *[None] * 17, []]


@pytest.mark.parametrize("event", ["storage", "focus", "keydown", "pointerdown"])
def test_a_tab_looks_for_the_work_of_others(browser, frames, target, event):
    save_label_page(target, frames, ["tom", "jerry"])
    browser.open(target)
    browser.press("1")
    # No event tells a tab of what it has written itself: as if it had slept through another's.
    browser.script(
        f"const states = {KEPT};"
        "states[1] = [1];"
        "const work = JSON.parse(localStorage.getItem(workbench.store.key));"
        "localStorage.setItem(workbench.store.key, JSON.stringify({ ...work, states }));"
    )
    assert browser.states[:3] == [[0], None, None]
    browser.script(f"document.body.dispatchEvent(new Event('{event}'))")
    assert browser.states[:3] == [[0], [1], None]


def test_no_request_leaves_the_page(browser, frames, target):
    save_label_page(target, frames, ["tom", "jerry"])
    browser.chromium.get_log("performance")
    browser.open(target)
    browser.press("1", "end", "2")
    browser.save(target.parent)
    asked = requested(browser.chromium)
    assert target.as_uri() in asked
    assert {url.split(":")[0] for url in asked} <= {"file", "data", "blob"}
    assert {url for url in asked if url.startswith("file")} == {target.as_uri()}
    refused = browser.chromium.execute_async_script(
        "const done = arguments[0];"
        "addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective));"
        "new Image().src = 'http://127.0.0.1:9/x.png';"
    )
    assert refused == "img-src"
    browser.chromium.get_log("browser")


def test_a_thousand_frames_are_not_all_in_the_document(browser, video, target):
    every = VideoFrameSampler(rate=None).sample(video)
    X = pd.concat([every] * 5, ignore_index=True)[:1000]
    save_label_page(target, X, ["tom", "jerry"])
    browser.open(target)
    assert 0 < len(browser.cards) < 100
    browser.press("1", "end", "2")
    assert browser.current == (1000, "labelled: jerry")
    assert 0 < len(browser.cards) < 100
    assert browser.cards[-1] == "labelled: jerry"
    active = browser.find("#grid").get_attribute("aria-activedescendant")
    card = browser.find(f"#{active}")
    assert card.is_displayed()
    assert card.get_attribute("aria-posinset") == "1000"
    assert card.get_attribute("aria-selected") == "true"
    browser.press("home")
    browser.press("end", shift=True)
    browser.press("1")
    assert browser.states == [[0]] * 999 + [[0, 1]]


def test_where_nothing_can_be_kept_the_page_says_so(browser, frames, target):
    save_label_page(target, frames, ["tom"])
    refuse = "Storage.prototype.setItem = () => { throw new DOMException('', 'SecurityError') }"
    added = browser.chromium.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": refuse}
    )
    try:
        browser.open(target)
        assert "Save the CSV file before you close" in browser.find("#not-stored").text
        browser.press("1")
        _, y = load_label_csv(browser.save(target.parent))
        assert y["tom"].tolist() == [1]
    finally:
        browser.chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    browser.open(target)
    assert not browser.find("#not-stored").is_displayed()


def test_by_touch_on_a_phone(browser, frames, target):
    save_label_page(target, frames, ["tom", "jerry"])
    with on_a_phone(browser.chromium):
        browser.open(target)
        assert browser.script("return document.documentElement.scrollWidth") == 390
        for button in browser.chromium.find_elements("css selector", "#panel button"):
            assert button.size["height"] >= 44
        browser.find(".character").click()
        browser.find("#range").click()
        browser.find("#frame-3").click()
        browser.find(".character.nobody").click()
        browser.find("#range").click()
        browser.find("#frame-4").click()
        browser.find(".character:nth-child(2)").click()
        browser.find("#undo").click()
        assert browser.states[:6] == [[], [], [], [], None, None]
        # Fingers have no keys: help is about touch.
        browser.find("#panel").click()
        browser.find("[data-action=help]").click()
        assert "Swipe" in browser.find("#help-dialog").text
        # It begins with its beginning, and not with the button at its end.
        assert browser.script("return document.activeElement.id") == "help-title"
        assert browser.script("return document.getElementById('help-dialog').scrollTop") == 0


def test_a_name_is_not_broken_on_a_phone(browser, frames, target):
    save_label_page(target, frames, ["tom", "mouse"], probabilities=np.full((len(frames), 2), 0.58))
    with on_a_phone(browser.chromium):
        browser.open(target)
        name, percent = browser.script(
            "return ['name', 'percent'].map((each) => "
            "document.querySelector(`.character:nth-child(2) .${each}`).offsetHeight)"
        )
        assert name < 2 * percent


def test_fingers_swipe_and_enlarge(browser, frames, target):
    save_label_page(target, frames, ["tom", "jerry"])
    with on_a_phone(browser.chromium):
        browser.open(target)
        browser.touch([(40, 0)], [(-30, 5)])
        browser.touch([(40, 0)], [(-30, 5)])
        assert browser.current[0] == 3
        browser.touch([(-40, 0)], [(30, 5)])
        browser.touch([(0, 0)], [(20, 0)])
        browser.touch([(0, -40)], [(0, 40)])
        assert browser.current[0] == 2
        browser.touch([(-20, 0), (20, 0)], [(-60, 0), (60, 0)])
        assert browser.scale[0] == pytest.approx(3, rel=0.1)
        before = browser.scale[1][0]
        browser.touch([(60, 0)], [(-60, 0)])
        assert browser.current[0] == 2
        assert browser.scale[1][0] == pytest.approx(before - 120, abs=1)


def test_no_label_is_out_of_sight_on_a_phone_held_sideways(browser, frames, target):
    names = [
        "tom",
        "jerry",
        "a name that is far too long for any button",
        "x" * 60,
        "spike",
        "tyke",
    ]
    save_label_page(target, frames, names)
    with on_a_phone(browser.chromium, 844, 390):
        browser.open(target)
        assert browser.script("return document.documentElement.scrollWidth") == 844
        for button in browser.chromium.find_elements("css selector", "#panel button"):
            box = button.rect
            assert box["x"] + box["width"] <= 844
            assert 0 <= box["y"] <= box["y"] + box["height"] <= 390
        assert browser.find(".character:nth-child(4)").get_attribute("title") == "x" * 60


def test_images_are_large_beside_small_ones(browser, tmp_path, target):
    image = str(tmp_path / "1.png")
    cv2.imwrite(image, draw_code(7, 1080, 1920))
    X = pd.DataFrame({"video": "video", "time": [0.0], "duration": 1.0, "image": [image]})
    save_label_page(target, X, ["tom"])
    browser.open(target)
    widths = "return [...document.querySelectorAll(arguments[0])].map((i) => i.naturalWidth)"
    browser.wait(lambda: browser.script(widths, ".viewer img") == [1280])
    browser.wait(lambda: browser.script(widths, ".card img") == [240])


def test_enlarge_around_the_pointer(browser, frames, target):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    save_label_page(target, frames, ["tom"])
    browser.open(target)
    viewer = browser.find(".viewer")
    middle = viewer.size["width"] / 2, viewer.size["height"] / 2
    ActionChains(browser.chromium).double_click(viewer).perform()
    # What was under the pointer is still there.
    assert browser.scale[0] == 3
    assert browser.scale[1] == pytest.approx((-2 * middle[0], -2 * middle[1]), abs=2)
    drag = ActionChains(browser.chromium).click_and_hold(viewer).move_by_offset(60, 30).release()
    drag.perform()
    assert browser.scale[1] == pytest.approx((60 - 2 * middle[0], 30 - 2 * middle[1]), abs=2)
    ActionChains(browser.chromium).double_click(viewer).perform()
    assert browser.scale == (1, (0, 0))
    wheel = ScrollOrigin.from_element(viewer, int(-middle[0]) + 2, 0)
    ActionChains(browser.chromium).scroll_from_origin(wheel, 0, -300).perform()
    browser.wait(lambda: browser.scale[0] > 2)
    assert browser.scale[1][0] == pytest.approx(0, abs=8)
    # Another frame is shown whole; the image never shrinks.
    browser.press("right")
    assert browser.scale == (1, (0, 0))
    browser.press("+", "+")
    assert browser.scale[0] == pytest.approx(2.25)
    browser.press("-", "-", "-")
    assert browser.scale == (1, (0, 0))
    browser.press("+", "escape")
    assert browser.scale == (1, (0, 0))
    assert browser.current == (2, "not labelled")


SHOWN = """
const canvas = document.createElement("canvas");
return [...document.querySelectorAll(".moment > div:not(.absent)")].map((cell) => {
  const image = cell.querySelector("img");
  const place = new DOMMatrix(getComputedStyle(image).transform).f / image.height;
  const count = image.dataset.count;
  const [width, height] = [image.naturalWidth, image.naturalHeight / count];
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, Math.round(place * count) * height);
  return [...Array(12).keys()].reduce((code, bit) => {
    const [x, y] = [((bit % 4) + 0.5) * width / 4, (Math.floor(bit / 4) + 0.5) * height / 3];
    return code | ((context.getImageData(x, y, 1, 1).data[0] > 127) << bit);
  }, 0);
});
"""


def test_before_and_after_on_a_key(browser, frames, target):
    save_label_page(target, frames[frames["time"].isin([0.0, 5.0])], ["tom"])
    browser.open(target)
    assert not browser.find(".moment").is_displayed()
    browser.press("right", ".")
    browser.wait(lambda: browser.find(".moment").is_displayed())
    loop = set()

    def see_all():
        shown = browser.script(SHOWN)
        assert [*shown[:2], *shown[3:]] == [72, 96, 144, 168]
        loop.add(shown[2])
        return len(loop) == 7

    browser.wait(see_all)
    assert loop == {96, 103, 112, 120, 127, 136, 144}
    # Before the video there is nothing.
    browser.press("left")
    assert len(browser.script(SHOWN)) == 3
    browser.press(".")
    assert not browser.find(".moment").is_displayed()


def test_before_and_after_from_the_other_frames_of_the_page(browser, tmp_path, target):
    X = pd.DataFrame({"video": "video", "time": [0.0, 1.1, 2.0, 5.0], "duration": 1.0})
    X["image"] = [str(tmp_path / f"{k}.png") for k in range(4)]
    for k, image in enumerate(X["image"]):
        cv2.imwrite(image, draw_code(k))
    save_label_page(target, X.iloc[[2, 0, 3, 1]], ["tom"])
    browser.open(target)
    browser.press(".")
    browser.wait(lambda: browser.script(SHOWN)[:2] == [0, 1])
    browser.press("end")
    browser.wait(lambda: 0 in browser.script(SHOWN)[:1])


def test_lists_of_frames(browser, frames, target):
    X = frames[:6]
    shares = [[0.9, 0.1], [0.1, 0.9], [0.55, 0.1], [0.8, 0.8], [0.1, 0.1], [0.3, 0.1]]
    save_label_page(target, X, ["tom", "jerry"], probabilities=shares)
    browser.open(target)
    browser.press("1", "right", "0")
    assert browser.states == [None, None, None, None, None, []]
    browser.choose("#show", "tom (2)")
    assert browser.cards == ["suggested: tom, jerry", "suggested: tom"]
    browser.choose("#order", "first to last")
    assert browser.cards == ["suggested: tom", "suggested: tom, jerry"]
    assert browser.find("#panel .number").text == "2 of 2"
    # A frame stays while it is labelled, and goes when the list is made again.
    browser.press("home", "1", "2", "right", "enter")
    assert browser.cards == ["labelled: jerry", "labelled: tom, jerry"]
    browser.find("#update-list").click()
    assert browser.cards == ["labelled: tom, jerry"]
    assert not browser.find("#update-list").is_displayed()
    # What is undone is shown, whatever the list.
    browser.press("u", "u")
    assert len(browser.cards) == 6
    assert browser.current == (1, "not labelled")
    browser.choose("#show", "not labelled (5)")
    assert len(browser.cards) == 5
    browser.press("a", control=True)
    browser.press("0")
    browser.find("#update-list").click()
    assert browser.cards == ["labelled: Nobody"] * 6
