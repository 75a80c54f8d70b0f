"""The labelling page as it is served to the own computer."""

import http.client
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import read_code
from page_driver import Driver

from sktime_screen import VideoFrameSampler, load_label_csv
from sktime_screen.labels import LabelServer


@pytest.fixture
def frames(video):
    """Ten frames of one video."""
    return VideoFrameSampler(rate=1).sample(video)


@pytest.fixture
def server(frames, tmp_path):
    with LabelServer(tmp_path / "labels.csv", frames, ["tom", "jerry"]) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def ask(server, path, method="GET", body=None, **headers):
    """Return the status, the headers and the content of an answer; paths begin at the secret."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    secret = "" if path.startswith("/") else f"/{server.token}/"
    connection.request(
        method,
        secret + path,
        body,
        {name.replace("_", "-"): text for name, text in headers.items()},
    )
    answer = connection.getresponse()
    found = answer.status, answer.headers, answer.read()
    connection.close()
    return found


def test_only_this_computer_and_only_with_the_secret(server):
    assert server.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 32
    assert urlsplit(server.url).path == f"/{server.token}/"
    status, headers, page = ask(server, "")
    assert status == 200
    assert b"Who is on screen?" in page
    assert b"unsafe" not in page
    assert headers["Cache-Control"] == "no-store"
    for path in ("/", "//", "/image/0", f"/{'x' * 32}/", f"/{server.token}", "image/10", "video/1",
                 "image/x", "image/-1", "../labels.csv", "labels", "page/0"):  # fmt: skip
        assert ask(server, path)[0] == 404, path
    # Another name for this computer is that of a page which wants to read ours.
    assert ask(server, "", Host="evil.example")[0] == 404


def test_images_are_the_frames(server):
    def read(path):
        status, headers, content = ask(server, path)
        assert (status, headers["Content-Type"]) == (200, "image/webp")
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)

    assert [read_code(read(f"{kind}/5")) for kind in ("image", "thumbnail")] == [120, 120]
    assert [read_code(tile) for tile in np.split(read("moment/5"), 9)[:2]] == [72, 96]


def test_parts_of_the_video(server, video):
    content = Path(video).read_bytes()
    size = len(content)
    status, headers, found = ask(server, "video/0")
    assert (status, found, headers["Accept-Ranges"]) == (200, content, "bytes")
    assert headers["Content-Type"] == "video/mp4"
    for asked, first, last in [
        ("bytes=0-99", 0, 99), ("bytes=100-", 100, size - 1), ("bytes=-10", size - 10, size - 1),
        (f"bytes=5-{10 * size}", 5, size - 1),
    ]:  # fmt: skip
        status, headers, found = ask(server, "video/0", Range=asked)
        assert (status, found) == (206, content[first : last + 1])
        assert headers["Content-Range"] == f"bytes {first}-{last}/{size}"
    status, headers, found = ask(server, "video/0", Range=f"bytes={size}-")
    assert (status, headers["Content-Range"], found) == (416, f"bytes */{size}", b"")


def test_the_file_is_written_whole_and_only_by_the_page(server, tmp_path):
    path = tmp_path / "labels.csv"
    assert ask(server, "labels", "POST", "a,b", Content_Type="text/csv")[0] == 200
    assert path.read_bytes() == b"a,b"
    # What a form of another page could send.
    assert ask(server, "labels", "POST", "evil", Content_Type="text/plain")[0] == 404
    assert ask(server, f"/{'x' * 32}/labels", "POST", "evil", Content_Type="text/csv")[0] == 404
    assert ask(server, "image/0", "POST", "evil", Content_Type="text/csv")[0] == 404
    assert path.read_bytes() == b"a,b"
    path.unlink()
    path.mkdir()
    status, _, told = ask(server, "labels", "POST", "a,b", Content_Type="text/csv")
    assert status == 507
    assert b"is a folder" in told


def test_label_in_a_browser_and_go_on_later(chromium, server, frames, tmp_path):
    browser = Driver(chromium)
    chromium.get(server.url)
    path = tmp_path / "labels.csv"
    browser.press("1", "right", "0", "right", "2")
    browser.wait(lambda: path.exists() and path.read_text().count("\n") == 4)
    browser.wait(lambda: browser.find("#save").get_attribute("data-state") == "saved")
    browser.press(".")
    playing = (
        "const video = document.querySelector('video'); return [video.currentTime, video.error]"
    )
    browser.wait(lambda: 0 < browser.script(playing)[0] < 4.5)
    assert browser.script(playing)[1] is None
    browser.wait(lambda: browser.script("return document.querySelector('.viewer img').width") > 0)
    chromium.execute_script("localStorage.clear()")
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []
    chromium.get("about:blank")
    X, y = load_label_csv(path)
    pd.testing.assert_frame_equal(X, frames[:3])
    assert y.to_numpy().tolist() == [[1, 0], [0, 0], [0, 1]]
    with LabelServer(path, frames, ["tom", "jerry"]) as later:
        assert b'"label": [0]' in later.page
        assert later.page.count(b'"label": null') == 7
    with pytest.raises(ValueError, match=r"labels of other frames, .* at 2 s"):
        LabelServer(path, frames[:2], ["tom", "jerry"])


def test_one_class_a_frame_goes_on_later(frames, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("video,time,label\n" + f"{frames['video'][0]},1.0,tom\n")
    given = {"multilabel": False, "background": "nobody"}
    with LabelServer(path, frames, ["tom"], **given) as server:
        assert server.page.count(b'"label": [0]') == 1
    path.write_text("video,time,label\n")
    with LabelServer(path, frames, ["tom"], **given) as server:
        assert server.page.count(b'"label": null') == 10
