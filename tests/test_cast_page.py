"""The people of a video, and the page on which they are named."""

import io
import json
import re
import zipfile
from base64 import b64decode
from fractions import Fraction

import av
import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import downloaded
from sklearn.preprocessing import normalize

from sktime_screen import VideoFrameSampler, save_cast_page
from sktime_screen.features import name_face_columns, pack_faces
from sktime_screen.labels import _people
from sktime_screen.labels._people import find_people

N_DIMENSIONS = 16
LOOKS = np.eye(4, N_DIMENSIONS)
COLOURS = [(220, 30, 30), (30, 220, 30), (30, 30, 220)]
# Who is in the left and in the right half of each second.
SHOWN = [(0, None), (0, None), (0, 1), (None, 1), (None, None), (1, 2), (0, 2), (0, None)]


def make_faces(index, noise=0.02):
    """Return the table of faces; each of one has its own size."""
    generator = np.random.default_rng(0)
    shape = len(SHOWN), 2
    embeddings, boxes, scores = (
        np.zeros((*shape, N_DIMENSIONS)),
        np.zeros((*shape, 4)),
        np.zeros(shape),
    )
    for row, places in enumerate(SHOWN):
        for number, person in enumerate(who for who in places if who is not None):
            left = 0.5 * list(places).index(person)
            look = LOOKS[person] + noise * generator.normal(size=N_DIMENSIONS)
            embeddings[row, number] = normalize(look[None])[0]
            height = 0.3 + 0.01 * row
            boxes[row, number] = [left + 0.15, 0.3, left + 0.35, 0.3 + height]
            scores[row, number] = 0.9
    columns = name_face_columns(2, N_DIMENSIONS)
    return pd.DataFrame(pack_faces(embeddings, boxes, scores), index=index, columns=columns)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("cast") / "video.mp4")
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number, places in enumerate(SHOWN):
            image = np.zeros((180, 320, 3), np.uint8)
            for half, person in enumerate(places):
                if person is not None:
                    image[:, 160 * half : 160 * (half + 1)] = COLOURS[person]
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def page(video, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "cast.html"
    table = VideoFrameSampler(rate=1).sample(video)
    index = pd.MultiIndex.from_frame(table[["video", "time", "duration"]])
    save_cast_page(path, table, make_faces(index))
    return path


def test_faces_are_grouped_by_whose_they_are():
    index = pd.MultiIndex.from_arrays(
        [["a.mp4"] * 8, np.arange(8) * 2.0, np.full(8, 2.0)], names=["video", "time", "duration"]
    )
    people = find_people(make_faces(index))
    assert [person.seconds for person in people] == [10, 6, 4]
    rows = [[row for row, _ in person.pictures] for person in people]
    # The last of the second track, the last of the first, and then what is left, the largest first.
    assert rows == [[7, 2, 6, 1, 0], [5, 3, 2], [6, 5]]
    assert people[0].pictures[1] == (2, 0)
    assert people[1].pictures[2] == (2, 1)


def test_two_in_one_frame_are_two_people():
    """Twins, whom nothing but that tells apart."""
    faces = make_faces(None)
    columns = [name for name in faces if name.startswith("face1_embedding")]
    others = [name.replace("face1", "face0") for name in columns]
    faces.loc[2, columns] = faces.loc[2, others].to_numpy()
    together = find_people(faces.loc[[2]])
    assert [len(person.pictures) for person in together] == [1, 1]


def test_of_long_videos_most_tracks_join_the_best_ones(monkeypatch):
    faces = make_faces(None)
    expected = find_people(faces)
    monkeypatch.setattr(_people, "_MOST_TRACKS", 9)
    assert [person.seconds for person in find_people(faces)] == [
        person.seconds for person in expected
    ]


def test_without_faces_there_is_nobody(tmp_path, video):
    table = VideoFrameSampler(rate=1).sample(video)
    nobody = make_faces(None) * 0
    assert find_people(nobody) == []
    with pytest.raises(ValueError, match=r"No face was found in the 8 frames of '.*video.mp4'"):
        save_cast_page(tmp_path / "cast.html", table, nobody)
    with pytest.raises(ValueError, match="other rows than X"):
        save_cast_page(tmp_path / "cast.html", table, make_faces(None)[1:])
    assert not list(tmp_path.iterdir())


def read_image(uri):
    encoded = np.frombuffer(b64decode(uri.partition(",")[2]), np.uint8)
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1]


def test_portraits_are_cut_out_with_room_but_without_others(page):
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', page.read_text())
    people = json.loads(data[1])["people"]
    assert [person["seconds"] for person in people] == [5, 3, 2]
    for person, colour in zip(people, COLOURS, strict=True):
        for picture in person["pictures"]:
            image = read_image(picture["image"])
            assert max(image.shape) == 160
            middle = image[40:-40, 40:-40].mean(axis=(0, 1))
            np.testing.assert_allclose(middle, colour, atol=12)
    # Alone, with 0.6 of the height on each side; with a neighbour, with less.
    alone, beside = (people[0]["pictures"][number]["image"] for number in (0, 1))
    heights = [read_image(uri).shape[0] for uri in (alone, beside)]
    assert heights[0] / read_image(alone).shape[1] == pytest.approx(
        0.37 * 2.2 * 180 / (0.2 * 320 + 1.2 * 0.37 * 180), rel=0.1
    )
    assert people[0]["pictures"][0]["time"] == 7


def test_names_make_folders_of_portraits(page, chromium, tmp_path):
    chromium.get(page.as_uri())
    find = chromium.find_elements
    inputs = find("css selector", ".person input")
    assert len(inputs) == 3
    save = find("id", "save")[0]
    assert not save.is_enabled()
    inputs[0].send_keys("Ross: the 1st/")
    inputs[2].send_keys("ross ")
    # Of the second person one picture is another's, and one is nobody's.
    second = find("css selector", ".person")[1]
    pictures = second.find_elements("css selector", ".picture")
    pictures[0].click()
    second.find_element("css selector", ".split").click()
    chromium.switch_to.active_element.send_keys("ross")
    second.find_elements("css selector", ".picture")[0].click()
    second.find_element("css selector", ".remove").click()
    assert len(second.find_elements("css selector", ".picture")) == 1
    with downloaded(chromium, tmp_path / "cast.zip") as path:
        save.click()
    chromium.execute_script("scrollTo(0, document.body.scrollHeight)")
    said = find("id", "said")[0]
    assert said.text.startswith("Saved cast.zip. Next: sktime-screen measure")
    assert 0 <= chromium.execute_script("return arguments[0].getBoundingClientRect().y", said) < 100
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            *(f"Ross the 1st/{number}.webp" for number in range(1, 6)),
            *(f"ross/{number}.webp" for number in range(1, 4)),
        ]
        image = cv2.imdecode(np.frombuffer(archive.read("ross/1.webp"), np.uint8), 1)
    np.testing.assert_allclose(image[60:-60, 60:-60].mean(axis=(0, 1))[::-1], COLOURS[1], atol=12)
    errors = [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []
