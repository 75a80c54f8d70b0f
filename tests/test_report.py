import base64
import gzip
import json
import re
from html.parser import HTMLParser
from io import StringIO
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import downloaded, draw_code, index_of, on_a_phone, read_code, requested
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sktime_screen import (
    LabelSpreadingClassifier,
    PretrainedCNNFeatures,
    ScreenTimeAggregator,
    ScreenTimeReport,
    VideoFrameSampler,
)

EVIL = "<script>alert(1)</script>"


def tables(video="video.mp4", first="tom", second="jerry"):
    """Tables of a video of 10 s, as the aggregator makes them."""
    appearances = pd.DataFrame(
        [
            (video, first, 1.0, 3.0, 2.0, 0.9, 1.5),
            (video, first, 6.0, 7.0, 1.0, 0.6, 6.0),
            (video, second, 2.0, 4.5, 2.5, 0.8, 4.0),
        ],
        columns=["video", "character", "start", "end", "duration", "confidence", "peak_time"],
    )
    estimate = pd.DataFrame(
        [
            (video, first, 3.0, 0.3, 2.5, 4.0, 2, 1.0, 7.0, 0.8, "labels"),
            (video, second, 2.5, 0.25, np.nan, np.nan, 1, 2.0, 4.5, 0.8, "calibrated"),
        ],
        columns=[
            "video", "character", "seconds", "share", "low", "high", "appearances", "first_seen",
            "last_seen", "confidence", "basis",
        ],
    )  # fmt: skip
    together = pd.DataFrame(
        [[3.0, 1.0], [1.0, 2.5]],
        index=pd.MultiIndex.from_product([[video], [first, second]], names=["video", "character"]),
        columns=[first, second],
    )
    return estimate, appearances, together


def season():
    """Tables of two videos."""
    both = zip(tables("s/1.mp4"), tables("s/2.mp4"), strict=True)
    estimate, appearances, together = (pd.concat(pair) for pair in both)
    return estimate.reset_index(drop=True), appearances.reset_index(drop=True), together


class Page(HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag, **wanted):
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and all(attributes.get(key) == wanted[key] for key in wanted)
        ]


def unpack(packed):
    return gzip.decompress(base64.b64decode(packed)).decode()


def sections(page):
    """The folded parts of a report of several videos."""
    return [Page(unpack(part["data-packed"])) for part in page.all("template")]


def downloads(page):
    links = [
        link for part in (page, *sections(page)) for link in part.all("a") if "download" in link
    ]
    return {
        link["download"]: unpack(link["data-packed"])
        if "data-packed" in link
        else base64.b64decode(link["href"].partition(",")[2]).decode()
        for link in links
    }


def percent(text):
    return float(text.removesuffix("%"))


def test_appearances_lie_where_they_belong_on_the_timeline():
    page = Page(ScreenTimeReport(*tables()).to_html())
    bars = page.all("rect", **{"class": "appearance"})
    assert [(percent(bar["x"]), percent(bar["width"])) for bar in bars] == [
        (10, 20),
        (60, 10),
        (20, 25),
    ]
    assert bars[0]["aria-label"] == "tom, 0:01 to 0:03, confidence 90 %"
    assert [bar["y"] for bar in bars] == ["5", "5", "39"]


def test_bars_and_intervals_are_to_one_scale():
    html = ScreenTimeReport(*tables()).to_html()
    page = Page(html)
    fills = [percent(bar["width"]) for bar in page.all("rect", **{"class": "fill"})]
    # The longest is the interval's upper end, 4 s.
    assert fills == pytest.approx([73.5, 61.25])
    lines = page.all("line", **{"class": "interval"})
    assert [(percent(line["x1"]), percent(line["x2"])) for line in lines] == [
        (61.25, 98),
        (61.25, 61.25),
        (98, 98),
    ]
    assert "2.5 s to 4.0 s" in page.text


def test_downloads_equal_the_tables(tmp_path):
    estimate, appearances, together = season()
    found = downloads(Page(ScreenTimeReport(estimate, appearances, together).to_html()))
    read = {name: pd.read_csv(StringIO(text)) for name, text in found.items() if ".csv" in name}
    pd.testing.assert_frame_equal(read["screen_time.csv"], estimate)
    pd.testing.assert_frame_equal(read["appearances.csv"], appearances)
    pd.testing.assert_frame_equal(
        read["co_appearances.csv"].set_index(["video", "character"]), together
    )
    path = tmp_path / "screen_time.json"
    ScreenTimeReport(estimate, appearances, together).save_json(path)
    assert found["screen_time.json"] == path.read_text()
    assert found["2.mp4.vtt"].startswith("WEBVTT\n\n00:00:01.000 --> 00:00:03.000\ntom\n")


def test_a_season_has_totals_and_a_timeline_for_each_video():
    page = Page(ScreenTimeReport(*season()).to_html())
    # tom in both videos, and together with himself
    assert page.text.count("6.0 s") == 2
    # The interval of a total needs that of each video, which jerry lacks.
    assert "6.0 s5.0 s to 8.0 s" in page.text
    assert page.text.count(" s to ") == 1
    assert [len(part.all("svg", **{"class": "rows"})) for part in sections(page)] == [1, 1]
    assert ["2.5 s to 4.0 s" in part.text for part in sections(page)] == [True, True]
    # Of the first video: tom from 1 to 3 and from 6 to 7 s of 10, jerry from 2 to 4.5.
    strips = [path["d"] for path in page.all("path", fill="currentColor")]
    assert strips[:2] == [
        "M100.0 0h200.0v10h-200.0zM600.0 0h100.0v10h-100.0z",
        "M200.0 0h250.0v10h-250.0z",
    ]
    # The highest of all is the upper end of tom's interval, 0.4 of the video.
    curves = [path["d"] for path in page.all("path", **{"class": "curve"})]
    assert curves == ["M0.0 50.0L1000.0 50.0", "M0.0 75.0L1000.0 75.0"]
    bands = [path["d"] for path in page.all("path", **{"class": "band"})]
    assert bands == ["M0.0 75.0L1000.0 75.0L1000.0 0.0L0.0 0.0", ""]


def test_a_long_season_is_a_small_page():
    pairs = [tables(f"s/{number}.mp4") for number in range(60)]
    html = ScreenTimeReport(*(pd.concat(part) for part in zip(*pairs, strict=True))).to_html()
    assert len(Page(html).all("details", **{"class": "video"})) == 60
    assert len(html) < 250_000


def test_long_times_are_in_minutes_and_hours():
    estimate, appearances, together = season()
    longer = estimate.assign(seconds=[3599.6, 61.0, 120.0, 7.0], low=np.nan, high=np.nan)
    text = Page(ScreenTimeReport(longer, appearances, together).to_html()).text
    assert "1:00:00 min" not in text
    for told in ("1:02:00 h", "1:08 min", "2:00 min", "0:07 min"):
        assert told in text


def test_names_and_paths_are_escaped():
    video = """a/"it's" <b>&amp;.mp4"""
    html = ScreenTimeReport(
        *tables(video, EVIL), title="</title><script>", validation={EVIL: "<i>"}
    ).to_html()
    assert EVIL not in html
    page = Page(html)
    assert len(page.all("script")) == 2
    assert page.all("b") == page.all("i") == []
    assert page.all("rect", **{"data-who": EVIL})
    assert video in page.text
    assert json.loads(downloads(page)["screen_time.json"])["videos"][0]["name"] == video


def test_nothing_is_loaded_and_only_the_own_script_runs():
    page = Page(ScreenTimeReport(*tables()).to_html())
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "unsafe" not in policy
    for _, attributes in page.elements:
        assert "style" not in attributes
        assert "src" not in attributes or attributes["src"].startswith("data:")
        assert attributes.get("href", "#").startswith(("#", "data:"))


def test_steps_versions_and_validation_are_told():
    pipeline = Pipeline(
        [("sampler", VideoFrameSampler(rate=2)), ("aggregator", ScreenTimeAggregator(window=7))]
    )
    features = PretrainedCNNFeatures(memory="/home/ann/features", n_jobs=2, batch_size=7)
    pipeline.steps.insert(1, ("features", features))
    scores = pd.DataFrame({"f1": [0.91234, 0.5]}, index=["tom", "jerry"])
    page = Page(ScreenTimeReport(*tables(), pipeline=pipeline, validation=scores).to_html())
    for told in ("VideoFrameSampler", "rate=2", "window=7", "0.912", "numpy " + np.__version__):
        assert told in page.text
    # What changes no result, and tells of the machine, is left out.
    assert "batch_size=7" in page.text
    assert not re.search(r"ann|n_jobs|verbose", page.text)
    figures = {"accuracy": 0.93217, "videos": 3}
    text = Page(ScreenTimeReport(*tables(), validation=figures).to_html()).text
    assert "accuracy0.932" in text
    assert "videos3" in text


def test_what_is_to_be_known_of_intervals_is_told():
    estimate, appearances, together = tables()
    estimate.attrs["notes"] = ["Intervals are too narrow: <b>.", "No interval for 'video.mp4'."]
    page = Page(ScreenTimeReport(estimate, appearances, together, max_thumbnails=0).to_html())
    assert len(page.all("p", **{"class": "warning"})) == 2
    for note in estimate.attrs["notes"]:
        assert note in page.text
    estimate.attrs["intervals"] = "Label more: `sktime-screen label <b>`."
    page = Page(ScreenTimeReport(estimate, appearances, together, max_thumbnails=0).to_html())
    assert "Label more: sktime-screen label <b>." in page.text
    assert page.all("code")
    del estimate.attrs["notes"]
    page = Page(ScreenTimeReport(estimate, appearances, together, max_thumbnails=0).to_html())
    assert not page.all("p", **{"class": "warning"})


def test_a_video_that_is_gone_costs_its_images_only():
    html = ScreenTimeReport(*tables("gone.mp4")).to_html()
    page = Page(html)
    assert page.all("img") == [{"alt": ""}]
    assert "Images are missing: " in page.text
    assert "gone.mp4" in page.text
    parts = zip(*(tables(f"gone{number}.mp4") for number in range(9)), strict=True)
    text = Page(ScreenTimeReport(*map(pd.concat, parts)).to_html()).text
    assert text.count("Images are missing: ") == 3
    assert "Images of 6 more videos are missing." in text


@pytest.mark.parametrize(
    ("basis", "said"),
    [
        ("labels", "labels of this video"),
        ("count", "predictions, not corrected"),
        ("averaged", "corrected with held-out frames (averaged)"),
        ("mean probability", "mean probability, not corrected"),
        ("no labels", "not tested by labels"),
    ],
)
def test_what_seconds_rest_on_is_told_in_words(basis, said):
    estimate, appearances, together = tables()
    estimate["basis"] = basis
    html = ScreenTimeReport(estimate, appearances, together, max_thumbnails=0).to_html()
    assert html.count(f"basis: {said}<") == 2


def test_images_are_of_the_surest_moments(video):
    page = Page(ScreenTimeReport(*tables(video)).to_html())
    images = {image["alt"]: image for image in page.all("img") if image["alt"]}
    # 24 frames a second, and each shows its number.
    assert read_code(decoded(images["video.mp4 at 0:04"]["src"])) == 96
    assert read_code(decoded(images["video.mp4 at 0:01.5"]["src"])) == 36
    assert len(images) == 3
    bars = page.all("rect", **{"class": "appearance"})
    shown = json.loads(page.text[page.text.index('["data:image') :].splitlines()[0])
    assert [read_code(decoded(shown[int(bar["data-image"])])) for bar in bars] == [36, 144, 96]


def test_images_are_bounded(video):
    page = Page(ScreenTimeReport(*tables(video), max_thumbnails=1).to_html())
    assert len([image for image in page.all("img") if image["alt"]]) == 1
    assert len([1 for bar in page.all("rect") if "data-image" in bar]) == 1
    none = Page(ScreenTimeReport(*tables(video), max_thumbnails=0).to_html())
    assert none.all("img") == [{"alt": ""}]
    assert "Images are missing" not in none.text


def test_images_from_files(tmp_path):
    images = pd.DataFrame({"video": "frames", "time": [1.5, 4.0], "duration": 0.5})
    images["image"] = [str(tmp_path / "1.png"), str(tmp_path / "2.png")]
    for number, path in enumerate(images["image"], start=5):
        cv2.imwrite(path, draw_code(number))
    page = Page(ScreenTimeReport(*tables("frames"), images=images).to_html())
    images = {image["alt"]: image for image in page.all("img") if image["alt"]}
    assert {alt: read_code(decoded(shown["src"])) for alt, shown in images.items()} == {
        "frames at 0:01.5": 5,
        "frames at 0:04": 6,
    }


def decoded(uri):
    data = np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8)
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def doubtful_of(aggregator, values, y, columns):
    index = index_of([("a", t, 1.0) for t in range(len(values))])
    probabilities = pd.DataFrame(values, index=index, columns=columns)
    pipeline = Pipeline([("aggregator", aggregator.fit(probabilities, y))])
    report = ScreenTimeReport(
        *tables("a"), probabilities=probabilities, pipeline=pipeline, max_thumbnails=0
    )
    return report.to_html()


def captions(html):
    start = html.index("Least certain frames")
    part = html[start : html.index("</section>", start)]
    page = Page(part.replace("</figcaption>", "|"))
    return [line.strip() for line in page.text.split("\n") if line.strip().endswith("|")]


def test_doubtful_frames_are_nearest_to_the_threshold():
    values = np.array([[0.95, 0.1], [0.9, 0.35], [0.2, 0.9], [0.28, 0.9]])
    y = pd.DataFrame([[1, 0], [1, 1], [0, 1], [1, 1]], columns=["tom", "jerry"])
    found = captions(doubtful_of(ScreenTimeAggregator(threshold=0.3), values, y, y.columns))
    assert found[:2] == ["tom 28 % at 0:03|", "jerry 35 % at 0:01|"]


def test_doubtful_frames_of_exclusive_classes():
    values = np.array([[0.5, 0.3, 0.2], [0.4, 0.41, 0.19], [0.1, 0.1, 0.8]])
    found = captions(doubtful_of(ScreenTimeAggregator(), values, ["a", "b", "c"], ["a", "b", "c"]))
    assert found == ["b 41 % at 0:01|", "a 50 % at 0:00|", "c 80 % at 0:02|"]
    two = np.array([[0.9, 0.1], [0.45, 0.55]])
    found = captions(doubtful_of(ScreenTimeAggregator(), two, ["a", "b"], ["a", "b"]))
    assert found == ["b 55 % at 0:01|", "a 90 % at 0:00|"]


def test_neighbours_of_a_doubtful_frame_are_passed_over():
    values = np.full((100, 1), 0.9)
    values[50:52] = 0.5
    y = pd.DataFrame({"tom": np.arange(100) % 2, "jerry": 0})
    values = np.hstack([values, np.zeros((100, 1))])
    found = captions(doubtful_of(ScreenTimeAggregator(), values, y, y.columns))
    assert len(found) == 8
    assert found[0] == "tom 50 % at 0:50|"
    assert not any("0:51" in caption for caption in found)


def test_a_video_without_anybody():
    estimate, appearances, together = tables()
    estimate = estimate.assign(seconds=0.0, share=0.0, low=np.nan, high=np.nan, appearances=0)
    page = Page(ScreenTimeReport(estimate, appearances.iloc[:0], together * 0).to_html())
    assert "Nobody is on screen." in page.text
    assert "No two characters are ever on screen together." in page.text


class Measuring(ScreenTimeAggregator):
    """An aggregator whose answers are known, and which notes what it is asked."""

    def estimate(self, X, **given):
        self.asked_ = (X, given)
        return tables("a")[0]

    def appearances(self, X):
        return tables("a")[1]

    def co_appearances(self, X):
        return tables("a")[2]


def measuring():
    """A fitted pipeline, and the probabilities that it makes of any table."""
    index = index_of([("a", float(t), 1.0) for t in range(12)])
    probabilities = pd.DataFrame(
        np.linspace([0, 1], [1, 0], 12), index=index, columns=["tom", "jerry"]
    )
    labels = (probabilities > 0.5).astype(int)
    steps = [
        ("probabilities", FunctionTransformer(lambda X: probabilities)),
        ("aggregator", Measuring().fit(probabilities, labels)),
    ]
    return Pipeline(steps), probabilities


def test_from_estimator_measures_and_tells_how():
    pipeline, probabilities = measuring()
    given = {"labelled": "some", "confidence_level": 0.5, "random_state": 1}
    report = ScreenTimeReport.from_estimator(
        pipeline, ["a"], validation={"f1": 0.8}, title="The title", **given
    )
    assert pipeline[-1].asked_[0] is probabilities
    assert pipeline[-1].asked_[1] == given
    page = Page(report.to_html())
    # The video lasts 12 s, as the frames say, and not 10 s.
    bars = page.all("rect", **{"class": "appearance"})
    assert percent(bars[0]["x"]) == pytest.approx(100 / 12, abs=1e-3)
    for told in ("The title", "Measuring", "Least certain frames", "f10.8"):
        assert told in page.text


def test_a_head_that_knows_the_labels_of_the_video_is_asked_without_them():
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.integers(0, 2, 30), 10)
    table = pd.DataFrame({"video": "a.mp4", "time": np.arange(300.0), "duration": 1.0})
    X = pd.DataFrame(rng.normal(truth[:, None], 0.7, (300, 3)), pd.MultiIndex.from_frame(table))
    y = pd.DataFrame({"tom": truth, "jerry": 1 - truth})
    rows = np.sort(rng.choice(300, 60, replace=False))
    head = LabelSpreadingClassifier(cv=3, random_state=0)
    head.set_params(estimator=OneVsRestClassifier(LogisticRegression()))
    pipeline = make_pipeline(head, ScreenTimeAggregator()).fit(X.iloc[rows], y.iloc[rows])
    labelled = table.iloc[rows].assign(inclusion=0.2), y.iloc[rows]
    report = ScreenTimeReport.from_estimator(pipeline, X, labelled=labelled, random_state=0)
    given = head.transform(X), labelled
    unseen = pipeline[-1].estimate(*given, head.transform_cross_fitted(X), random_state=0)
    columns = ["seconds", "low", "high"]
    pd.testing.assert_frame_equal(report.estimate[columns], unseen[columns])
    alone = pipeline[-1].estimate(*given, random_state=0)
    assert (np.ptp(unseen[["low", "high"]], axis=1) < np.ptp(alone[["low", "high"]], axis=1)).all()


def test_from_estimator_takes_a_search_and_refuses_other_things():
    pipeline, probabilities = measuring()
    search = SimpleNamespace(best_estimator_=pipeline)
    ScreenTimeReport.from_estimator(search, ["a"])
    assert pipeline[-1].asked_[0] is probabilities
    for wrong in (pipeline[:-1], pipeline[-1]):
        with pytest.raises(TypeError, match="does not estimate screen time"):
            ScreenTimeReport.from_estimator(wrong, ["a"])


def test_from_estimator_shows_the_images_of_the_frame_table(tmp_path):
    pipeline, _ = measuring()
    X = pd.DataFrame({"video": "a", "time": np.arange(12.0), "duration": 1.0})
    X["image"] = str(tmp_path / "1.png")
    cv2.imwrite(str(tmp_path / "1.png"), draw_code(7))
    page = Page(ScreenTimeReport.from_estimator(pipeline, X).to_html())
    images = {image["alt"]: image for image in page.all("img") if image["alt"]}
    assert read_code(decoded(images["a at 0:04"]["src"])) == 7
    assert "a at 0:01.5" not in images  # there is no such frame


def test_refuses_other_tables():
    estimate, appearances, together = tables()
    with pytest.raises(ValueError, match=r"ScreenTimeAggregator\.appearances"):
        ScreenTimeReport(estimate, estimate, together).to_html()
    with pytest.raises(ValueError, match="no rows"):
        ScreenTimeReport(estimate.iloc[:0], appearances, together).to_html()


def test_save_keeps_what_was_there_where_it_fails(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("before")
    estimate, appearances, together = tables()
    with pytest.raises(ValueError, match="no rows"):
        ScreenTimeReport(estimate.iloc[:0], appearances, together).save(path)
    assert path.read_text() == "before"
    ScreenTimeReport(estimate, appearances, together).save(path)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.fixture
def opened(chromium, video, tmp_path):
    """A report with an evil name, opened from a path with quotes."""
    path = tmp_path / """it's "the" report.html"""
    report = ScreenTimeReport(*tables(video, EVIL))
    report.save(path)
    chromium.get_log("performance"), chromium.get_log("browser")
    chromium.get(path.as_uri())
    chromium.report = report
    return chromium


def test_browser_runs_nothing_of_others_and_asks_for_nothing(opened):
    from selenium.webdriver.support.expected_conditions import alert_is_present

    assert not alert_is_present()(opened)
    assert opened.get_log("browser") == []
    asked = requested(opened)
    assert asked
    foreign = [url for url in asked if url != opened.current_url and not url.startswith("data:")]
    assert foreign == []
    assert opened.execute_script("return document.body.scrollWidth <= innerWidth")


def card(browser):
    return browser.find_element("id", "card")


def test_browser_shows_an_appearance_under_the_pointer(opened):
    from selenium.webdriver import ActionChains

    bar = opened.find_elements("css selector", ".appearance")[1]
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", bar)
    ActionChains(opened).move_to_element(bar).perform()
    assert card(opened).is_displayed()
    assert card(opened).text.splitlines() == [EVIL, "0:06 to 0:07", "confidence 60 %"]
    image = card(opened).find_element("css selector", "img")
    assert image.is_displayed()
    assert image.get_property("naturalWidth") == 96  # as the video
    ActionChains(opened).move_to_element(opened.find_element("css selector", "h1")).perform()
    assert not card(opened).is_displayed()


def test_browser_moves_between_appearances_by_keys(opened):
    from selenium.webdriver.common.keys import Keys

    bars = opened.find_elements("css selector", ".appearance")
    opened.execute_script("arguments[0].focus()", bars[0])
    texts = []
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.HOME):
        opened.switch_to.active_element.send_keys(key)
        texts.append(card(opened).text.splitlines()[1])
    assert texts == [
        "0:06 to 0:07",
        "0:06 to 0:07",
        "0:02 to 0:04.5",
        "0:01 to 0:03",
        "0:01 to 0:03",
    ]
    opened.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not card(opened).is_displayed()


def test_browser_downloads_the_tables(opened, tmp_path):
    with downloaded(opened, tmp_path / "appearances.csv") as path:
        opened.find_element("link text", "appearances.csv").click()
    pd.testing.assert_frame_equal(pd.read_csv(path), opened.report.appearances)


def test_browser_zooms_and_fits_a_phone(opened):
    slider = opened.find_element("css selector", ".zoom input")
    opened.execute_script(
        "arguments[0].value = 4; arguments[0].dispatchEvent(new Event('input'))", slider
    )
    rows = opened.find_element("css selector", ".rows")
    around = opened.find_element("css selector", ".timeline .scroll")
    assert rows.size["width"] == pytest.approx(4 * around.size["width"], rel=0.01)
    with on_a_phone(opened):
        assert opened.execute_script("return document.documentElement.scrollWidth") == 390


@pytest.fixture
def opened_season(chromium, tmp_path):
    """A report of three videos in a browser."""
    pairs = [tables(f"s/{name}.mp4") for name in ("b", "a", "<i>")]
    estimate, appearances, together = (pd.concat(part) for part in zip(*pairs, strict=True))
    estimate["seconds"] = [3.0, 2.5, 1.0, 2.0, 2.0, 1.0]
    report = ScreenTimeReport(estimate.reset_index(drop=True), appearances, together)
    report.save(tmp_path / "season.html")
    chromium.get_log("browser")
    chromium.get((tmp_path / "season.html").as_uri())
    chromium.report = report
    return chromium


def find_texts(browser, selector):
    return [found.text for found in browser.find_elements("css selector", selector)]


def test_browser_sorts_and_filters_a_season(opened_season):
    names = "#season tbody th"
    first = ["b.mp4", "a.mp4", "<i>.mp4"]
    assert find_texts(opened_season, names) == first
    video, tom, jerry = opened_season.find_elements("css selector", "#season thead button")
    tom.click()
    assert find_texts(opened_season, names) == [first[0], first[2], first[1]]
    tom.click()
    assert find_texts(opened_season, names) == [first[1], first[2], first[0]]
    jerry.click()
    assert find_texts(opened_season, names)[0] == first[0]
    video.click()
    assert find_texts(opened_season, names) == first
    opened_season.find_element("id", "filter").send_keys("A.mp")
    assert [name for name in find_texts(opened_season, names) if name] == ["a.mp4"]
    assert opened_season.get_log("browser") == []


def test_browser_unfolds_a_video_of_a_season(opened_season):
    from selenium.webdriver import Keys
    from selenium.webdriver.support.wait import WebDriverWait

    assert not opened_season.find_elements("css selector", ".appearance")
    opened_season.find_element("link text", "a.mp4").click()
    bars = WebDriverWait(opened_season, 10).until(
        lambda browser: browser.find_elements("css selector", "#video-1 .appearance")
    )
    assert len(bars) == 3
    opened_season.execute_script("arguments[0].focus()", bars[0])
    opened_season.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert card(opened_season).text.splitlines()[1] == "0:06 to 0:07"
    # One zoom for each timeline.
    assert opened_season.find_element("css selector", "#video-1 .zoom").is_displayed()
    with on_a_phone(opened_season):
        assert opened_season.execute_script("return document.documentElement.scrollWidth") == 390
        # A name of some length takes two lines of its row.
        tall = (
            "document.querySelector('#season tbody th a').textContent = 'The.Cartoon.S01E01.mp4';"
        )
        tall += "return document.querySelector('#season tbody tr').offsetHeight"
        assert opened_season.execute_script(tall) < 60


def test_browser_downloads_and_copies_a_season(opened_season, tmp_path):
    with downloaded(opened_season, tmp_path / "appearances.csv") as path:
        opened_season.find_element("link text", "appearances.csv").click()
    pd.testing.assert_frame_equal(
        pd.read_csv(path), opened_season.report.appearances.reset_index(drop=True)
    )
    opened_season.find_element("id", "copy").click()
    assert opened_season.find_element("id", "copy").text == "Copied"
