import base64
import json
import re
import shutil
from html.parser import HTMLParser

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import downloaded, draw_code, on_a_phone, read_code, requested

from sktime_screen import VideoFrameSampler, load_label_csv, save_label_page


class Parts(HTMLParser):
    """The tags of a page with their attributes, and the text of its scripts."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts = [], {}
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.setdefault(len(self.tags) - 1, data)

    @property
    def data(self):
        """What the page knows about frames and classes."""
        place = next(k for k, (_, given) in enumerate(self.tags) if given.get("id") == "data")
        return json.loads(self.texts[place])


def written(path):
    return Parts(path.read_text(encoding="utf-8"))


def images(parts, kind="image"):
    """The images of a kind, in the order of the frames; None where a frame has none."""
    found = {
        given["id"]: parts.texts[place]
        for place, (_, given) in enumerate(parts.tags)
        if given.get("type") == "text/plain"
    }
    for row in range(len(parts.data["frames"])):
        start, _, encoded = found.get(f"{kind}-{row}", "").partition(",")
        assert start in ("data:image/webp;base64", "")
        data = np.frombuffer(base64.b64decode(encoded), np.uint8)
        yield cv2.imdecode(data, cv2.IMREAD_COLOR) if encoded else None


@pytest.fixture
def frames(video):
    """Twenty frames of one video."""
    return VideoFrameSampler(rate=2).sample(video)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "labels.html"


def test_images_are_the_frames(frames, other_video, target):
    both = pd.concat([frames, VideoFrameSampler(rate=1).sample(other_video)]).sample(
        frac=1, random_state=0
    )
    save_label_page(target, both, ["tom"])
    rate = both["video"].map({frames["video"].iloc[0]: 24, other_video: 25})
    shown = [read_code(image) for image in images(written(target))]
    assert shown == (both["time"] * rate).round().tolist()
    assert [path.name for path in target.parent.iterdir()] == ["labels.html"]


def test_images_are_not_enlarged_and_keep_their_shape(tmp_path, target):
    sizes = [(720, 1280), (900, 600), (90, 160)]
    for k, (height, width) in enumerate(sizes):
        cv2.imwrite(str(tmp_path / f"{k}.png"), draw_code(k, height, width))
    X = pd.DataFrame(
        {
            "video": "video",
            "time": [0.0, 1.0, 2.0],
            "duration": 1.0,
            "image": [str(tmp_path / f"{k}.png") for k in range(3)],
        }
    )
    save_label_page(target, X, ["tom"])
    found = list(images(written(target)))
    assert [image.shape[:2] for image in found] == [(720, 1280), (900, 600), (90, 160)]
    small = list(images(written(target), "thumbnail"))
    assert [image.shape[:2] for image in small] == [(135, 240), (360, 240), (90, 160)]
    for shown in (found, small):
        assert [read_code(image) for image in shown] == [0, 1, 2]


def test_the_page_loads_nothing(frames, target):
    save_label_page(target, frames, ["tom", "jerry"])
    html = target.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]+\.[a-z]|@import|url\(", html)
    parts = written(target)
    for tag, attributes in parts.tags:
        assert not {"src", "href", "srcset", "style"} & set(attributes), tag
        assert not any(name.startswith("on") for name in attributes), tag
    policy = next(
        given["content"]
        for tag, given in parts.tags
        if given.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert set(rules) == {
        "default-src", "img-src", "style-src", "script-src", "base-uri", "form-action",
    }  # fmt: skip
    assert "unsafe" not in policy


def test_names_are_escaped(tmp_path, video, target):
    hostile = "</script><script>alert(1)</script>"
    X = VideoFrameSampler(rate=1).sample(video)
    plain = len(re.findall("<script", html_of(X, ["tom"], target)))
    X["video"] = f"{tmp_path}/a'b\"<img src=x>.mp4"
    shutil.copy(video, X["video"][0])
    html = html_of(X, [hostile, "&amp;"], target)
    assert len(re.findall("<script", html)) == plain
    assert "<img src=x>" not in html
    assert written(target).data["characters"] == [hostile, "&amp;"]
    assert written(target).data["videos"] == ["a'b\"<img src=x>.mp4"]


def html_of(X, classes, target):
    save_label_page(target, X, classes)
    return target.read_text(encoding="utf-8")


def test_uncertainty_and_suggestions(frames, target):
    X = frames[:3]
    table = pd.DataFrame({"jerry": [0.5, 0.1, 0.7], "tom": [0.9, 0.0, 0.8]})
    save_label_page(target, X, ["tom", "jerry"], probabilities=table)
    found = written(target).data["frames"]
    assert [frame["suggested"] for frame in found] == [[0, 1], [], [0, 1]]
    assert [frame["uncertainty"] for frame in found] == pytest.approx([1, 0.2, 0.6])
    assert found[0]["percent"] == [90, 50]
    save_label_page(target, X, ["tom", "jerry"], multilabel=False, background="none",
        probabilities=[[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.2, 0.5, 0.3]],
    )  # fmt: skip
    found = written(target).data["frames"]
    assert [frame["suggested"] for frame in found] == [[0], [], [1]]
    assert [frame["uncertainty"] for frame in found] == pytest.approx([0.8, 0.3, 0.8])
    two = pd.DataFrame([[0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    save_label_page(target, X, ["tom"], probabilities=two)
    assert [frame["percent"] for frame in written(target).data["frames"]] == [[20], [70], [60]]


def test_labels_that_are_there_already(frames, target):
    X = frames[:3]

    def given(labels, classes=("tom", "jerry"), **options):
        save_label_page(target, X, classes, labels=labels, **options)
        return [frame["label"] for frame in written(target).data["frames"]]

    table = pd.DataFrame({"jerry": [1, None, 0], "tom": [1, None, 0]})
    assert given(table) == [[0, 1], None, []]
    assert given(pd.DataFrame({"jerry": [1, 0, None]})) == [[1], [], None]
    assert given(pd.Series([1, 2, None]), [1, 2]) == [[0], [1], None]
    assert given(["tom", None, "jerry"]) == [[0], None, [1]]
    assert given(["tom", None, "x"], multilabel=False, background="x") == [[0], None, []]
    assert given([1, 2, 0], [1, 2], multilabel=False, background=0) == [[0], [1], []]


@pytest.mark.parametrize(
    ("classes", "options", "message"),
    [
        ("tom", {}, r"is a str.*\['tom'\]"),
        ([], {}, "characters is empty"),
        (["tom", "tom"], {}, "has 'tom' 2 times"),
        (["tom", " "], {}, "has an empty name"),
        (["time"], {}, "'time' cannot be the name"),
        (["inclusion"], {}, "'inclusion' cannot be the name"),
        (["tom"], {"background": "none"}, "multilabel=False"),
        (["tom"], {"labels": ["tom"]}, "3 frames but 1 labels"),
        (["tom"], {"labels": ["tom", "jerry", None]}, r"\['jerry'\] are none of the classes"),
        (["tom"], {"labels": pd.DataFrame({"spike": [0, 1, 0]})}, r"\['spike'\] are none"),
        (["tom"], {"labels": pd.DataFrame({"tom": [0, 2, 0]})}, "holds 2 for 'tom' in row 1"),
        (
            ["tom"],
            {"labels": pd.DataFrame({"tom": [0, 1, 0]}), "multilabel": False},
            "one class a frame",
        ),
        (["tom"], {"probabilities": [[0.5]]}, r"shape \(1, 1\); expected \(3, 1\)"),
        (["tom"], {"probabilities": [[0.5], [1.5], [0]]}, "outside 0 to 1"),
        (["tom"], {"probabilities": [[0.5], [np.nan], [0]]}, "outside 0 to 1"),
        (
            ["tom"],
            {"probabilities": pd.DataFrame({"spike": [0, 0, 0]})},
            r"columns of probabilities are \['spike'\]",
        ),
    ],
)
def test_bad_input(frames, target, classes, options, message):
    with pytest.raises(ValueError, match=message):
        save_label_page(target, frames[:3], classes, **options)
    assert not target.exists()


def test_predictions_of_other_frames(frames, target):
    index = pd.MultiIndex.from_frame(frames[["video", "time", "duration"]])
    probabilities = pd.DataFrame({"tom": np.linspace(0, 1, 20)}, index=index)
    save_label_page(target, frames, ["tom"], probabilities=probabilities)
    with pytest.raises(ValueError, match="other frames than X"):
        save_label_page(target, frames, ["tom"], probabilities=probabilities[::-1])


def test_bad_targets(frames, tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        save_label_page(tmp_path, frames, ["tom"])
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        save_label_page(tmp_path / "nowhere" / "labels.html", frames, ["tom"])
    with pytest.raises(ValueError, match="X has no rows"):
        save_label_page(tmp_path / "labels.html", frames[:0], ["tom"])


# In a browser


@pytest.fixture
def browser(chromium):
    """The browser, of which a test leaves nothing in the local storage."""
    yield Driver(chromium)
    chromium.execute_script("localStorage.clear()")
    # Nothing but complaints of the console would tell of a script that failed.
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []


class Driver:
    """What a person sees and does on the page."""

    def __init__(self, chromium):
        self.chromium = chromium
        self.script = chromium.execute_script

    def open(self, path):
        self.chromium.get(path.as_uri())

    def press(self, *keys, shift=False, control=False):
        from selenium.webdriver import ActionChains, Keys

        names = {"left": Keys.ARROW_LEFT, "right": Keys.ARROW_RIGHT, "up": Keys.ARROW_UP,
                 "down": Keys.ARROW_DOWN, "enter": Keys.ENTER, "back": Keys.BACKSPACE,
                 "home": Keys.HOME, "end": Keys.END, "escape": Keys.ESCAPE}  # fmt: skip
        actions = ActionChains(self.chromium, duration=0)
        held = [Keys.SHIFT] * shift + [Keys.CONTROL] * control
        for key in held:
            actions.key_down(key)
        for key in keys:
            actions.send_keys(names.get(key, key))
        for key in held:
            actions.key_up(key)
        actions.perform()

    def wait(self, true):
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.chromium, 20, poll_frequency=0.05).until(lambda _: true())

    def find(self, selector):
        return self.chromium.find_element("css selector", selector)

    @property
    def current(self):
        """Number and label of the current frame."""
        number = int(self.find("#panel .number").text.split()[0])
        return number, self.find("#panel .state").text.lower()

    @property
    def cards(self):
        """The labels on the cards in the document, in their order."""
        labels = self.script(
            "return [...document.querySelectorAll('.card')]"
            ".sort((a, b) => a.dataset.place - b.dataset.place).map((c) => c.ariaLabel)"
        )
        found = [re.search("(?:, (labelled|suggested))?, [0-9:.]+: (.*)$", each) for each in labels]
        return [f"{each[1]}: {each[2]}" if each[1] else each[2] for each in found]

    @property
    def states(self):
        """For each frame the numbers of its characters, or None where it is not labelled."""
        states = self.script("return labels.states")
        return [state if isinstance(state, list) else None for state in states]

    def save(self, folder):
        """Save with the key for it and return the file."""
        with downloaded(self.chromium, folder / "labels.csv") as path:
            self.press("s", control=True)
        return path


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


KEPT = "JSON.parse(localStorage.getItem(store.key)).states"


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
        "const work = JSON.parse(localStorage.getItem(store.key));"
        "localStorage.setItem(store.key, JSON.stringify({ ...work, states }));"
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
