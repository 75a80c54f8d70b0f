import base64
import json
import re
import shutil
from html.parser import HTMLParser

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import draw_code, read_code

from sktime_screen import VideoFrameSampler, save_label_page
from sktime_screen.labels._frame_images import choose_widths


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
        assert not {"src", "srcset", "style"} & set(attributes), tag
        assert attributes.get("href", "data:,") == "data:,"
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
    # A frame with labels of some characters only is to be labelled.
    assert given(pd.DataFrame({"jerry": [1, 0, 1], "tom": [1, 0, None]})) == [[0, 1], [], None]
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


def test_many_frames_share_the_room_of_few():
    found = [choose_widths(n) for n in (1, 60, 240, 548, 960, 7200)]
    assert [(each.image, each.thumbnail, each.moment) for each in found] == [
        (1280, 240, 240), (1280, 240, 240), (640, 240, 120), (424, 240, None), (320, None, None),
        (320, None, None),
    ]  # fmt: skip
    pixels = [n * choose_widths(n).image ** 2 for n in (60, 100, 240, 548)]
    np.testing.assert_allclose(pixels, pixels[0], rtol=0.01)


def test_the_seconds_around_a_frame(frames, target):
    few = frames[frames["time"].isin([0.0, 5.0, 9.5])]
    save_label_page(target, few, ["tom"])
    parts = written(target)
    moments = [frame["moments"] for frame in parts.data["frames"]]
    thirds = [-2, -1, -0.67, -0.33, 0, 0.33, 0.67, 1, 2]
    assert moments == [thirds[4:], thirds, thirds[:6]]
    for stack, offsets, time in zip(images(parts, "moment"), moments, few["time"], strict=True):
        tiles = np.split(stack, len(offsets))
        # The frame on screen then, of 24 a second.
        expected = [int((time + offset) * 24 + 0.01) for offset in offsets]
        assert [read_code(tile) for tile in tiles] == expected


def test_an_image_that_is_missing_is_named(tmp_path, target):
    X = pd.DataFrame({"video": "video", "time": np.arange(60.0), "duration": 1.0})
    X["image"] = [str(tmp_path / f"{k}.png") for k in range(60)]
    for k, image in enumerate(X["image"]):
        cv2.imwrite(image, draw_code(k))
    (tmp_path / "31.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"31\.png"):
        save_label_page(target, X, ["tom"])
    assert not [*tmp_path.glob("*.html"), *tmp_path.glob(".writing*")]


@pytest.mark.parametrize("kind", ["video", "image"])
def test_what_a_browser_keeps_belongs_to_the_content_of_files(video, other_video, tmp_path, kind):
    file = tmp_path / ("a.mp4" if kind == "video" else "a.png")
    table = pd.DataFrame({"video": [str(file)], "time": 0.0, "duration": 1.0})
    contents = [(video, other_video), tuple(cv2.imencode(".png", draw_code(k))[1] for k in (1, 2))]
    if kind == "image":
        table["image"] = table["video"]

    def digest(content):
        if kind == "video":
            shutil.copy(content, file)
        else:
            file.write_bytes(content.tobytes())
        save_label_page(tmp_path / "page.html", table, ["tom"])
        return written(tmp_path / "page.html").data["digest"]

    one, other = contents[kind == "image"]
    before = digest(one)
    assert digest(other) != before
    # Written again it is the same, and labels are found.
    assert digest(one) == before
