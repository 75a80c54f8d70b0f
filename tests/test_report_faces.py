"""The faces in a report: those that decided, and those of people whom nobody knows."""

from base64 import b64decode

import cv2
import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import normalize
from test_report import Page, tables

from sktime_screen import FaceAidedClassifier, FaceClassifier, ScreenTimeReport
from sktime_screen.features import name_face_columns, pack_faces
from sktime_screen.report import find_deciding_faces

N_DIMENSIONS = 32
LOOKS = np.linalg.qr(np.random.default_rng(0).normal(size=(N_DIMENSIONS, 6)))[0].T
# So unlike the person's portraits that the name is not quite sure.
DOUBTFUL = 10 + np.arange(6)


def look(person):
    if person in DOUBTFUL:
        return normalize((LOOKS[person - 10] + 2.2 * LOOKS[5])[None])[0]
    return LOOKS[person]


def make_table(frames, video="video.mp4"):
    """Return the faces of frames, each a list of (person, left, height), a second apart."""
    embeddings = np.zeros((len(frames), 2, N_DIMENSIONS))
    boxes, scores = np.zeros((len(frames), 2, 4)), np.zeros((len(frames), 2))
    for row, frame in enumerate(frames):
        for number, (person, left, height) in enumerate(frame):
            embeddings[row, number] = look(person)
            boxes[row, number] = [left, 0.2, left + 0.2, 0.2 + height]
            scores[row, number] = 0.9
    return pd.DataFrame(
        pack_faces(embeddings, boxes, scores),
        index=pd.MultiIndex.from_arrays(
            [[video] * len(frames), np.arange(len(frames)) * 1.0, np.ones(len(frames))],
            names=["video", "time", "duration"],
        ),
        columns=name_face_columns(2, N_DIMENSIONS),
    )


@pytest.fixture
def head(monkeypatch):
    """A classifier that knows two persons from one portrait each."""
    portraits = {"tom": LOOKS[[0]], "jerry": LOOKS[[1]]}
    monkeypatch.setattr(
        "sktime_screen.classify._face_classifier.read_portraits", lambda *_: portraits
    )
    return FaceClassifier("cast").fit(make_table([[(0, 0.1, 0.3)]]))


def test_each_face_has_its_track_and_probabilities(head):
    X = make_table([[(0, 0.1, 0.3), (1, 0.6, 0.3)], [(1, 0.6, 0.3)], []])
    tracks, probabilities = head.judge_faces(X)
    assert tracks[0, 1] == tracks[1, 0] >= 0
    assert tracks[0, 0] not in (-1, tracks[0, 1])
    assert tracks[1:, 1].tolist() == [-1, -1]
    assert (probabilities[0].round() == np.eye(2)).all()
    assert (probabilities[1, 0] > 0.9).tolist() == [False, True]
    assert not probabilities[tracks < 0].any()


def test_of_a_track_the_best_view_is_shown(head):
    X = make_table([[(0, 0.1, 0.3)], [(0, 0.1, 0.5)], [(0, 0.1, 0.4)], [], [(1, 0.6, 0.3)]])
    found = find_deciding_faces(head, X)
    assert found["character"].tolist() == ["tom", "jerry"]
    assert found["time"].tolist() == [1, 4]
    assert found["seconds"].tolist() == [3, 1]
    assert (found["probability"] > 0.9).all()
    np.testing.assert_allclose(found.loc[0, ["left", "bottom"]].tolist(), [0.1, 0.7], rtol=1e-5)
    alone = find_deciding_faces(head, X, background="jerry")
    # Who is nobody is a stranger.
    assert alone["character"].tolist()[:1] == ["tom"]
    assert alone["stranger"].tolist()[1:] == [0]


def test_the_longest_come_first_then_the_least_sure(head):
    """Tracks of tom, apart by a frame without faces and in other places: 7 s, 6 s, ... 1 s."""
    frames = []
    for number, length in enumerate(range(7, 0, -1)):
        person = DOUBTFUL[0] if length == 2 else 0
        frames += [[(person, 0.1 + 0.3 * (number % 2), 0.3)]] * length + [[]] * 4
    found = find_deciding_faces(head, make_table(frames))
    assert found["seconds"].tolist() == [7, 6, 5, 4, 2, 3]
    assert found["probability"].idxmin() == 4
    assert 0.5 < found["probability"].min() < 0.95 < found["probability"].drop(4).min()


def test_strangers_are_grouped_by_who_they_are(head):
    frames = [[(3, 0.1, 0.3)], [(3, 0.6, 0.3), (0, 0.1, 0.3)], [(4, 0.1, 0.3)], [(3, 0.1, 0.3)]]
    found = find_deciding_faces(head, make_table(frames))
    strangers = found[found["character"].isna()]
    assert strangers.groupby("stranger")["seconds"].first().tolist() == [3, 1]
    assert sorted(strangers.loc[strangers["stranger"] == 0, "time"]) == [0, 1, 3]
    assert strangers["probability"].isna().all()


def test_faces_that_count_nothing_are_not_shown(head):
    X = make_table([[(0, 0.1, 0.3)], [(3, 0.1, 0.3)]])
    joined = FaceAidedClassifier()
    joined.faces_, joined.class_names_ = head, head.class_names_
    joined._weights = np.array([[1, 0.4, 0], [1, 0, 0]])
    assert find_deciding_faces(joined, X)["character"].tolist()[0] == "tom"
    joined._weights = np.array([[1, 0, 0], [1, 0, 0]])
    assert find_deciding_faces(joined, X).empty


@pytest.fixture
def picture(tmp_path):
    """An image whose left half is red and whose right half is blue."""
    image = np.zeros((90, 160, 3), np.uint8)
    image[:, :80], image[:, 80:] = (0, 0, 200), (200, 0, 0)
    cv2.imwrite(str(tmp_path / "picture.png"), image)
    return str(tmp_path / "picture.png")


def report_of(faces, estimates, picture, **options):
    images = faces[["video", "time"]].drop_duplicates().assign(image=picture)
    return ScreenTimeReport(*estimates, faces=faces, images=images, **options).to_html()


def test_a_report_shows_faces_by_character_and_unknown_people(head, picture):
    frames = [[(0, 0.1, 0.3), (3, 0.6, 0.3)]] * 2 + [[(3, 0.6, 0.3)]]
    faces = find_deciding_faces(head, make_table(frames))
    html = report_of(faces, tables(), picture)
    page = Page(html)
    cut = page.all("figure", **{"class": "face"})
    assert len(cut) == 4
    uris = [image["src"] for image in page.all("img") if "A face in" in image.get("alt", "")]
    for uri, colour in zip(uris, [(200, 0, 0)] + [(0, 0, 200)] * 3, strict=True):
        encoded = np.frombuffer(b64decode(uri.partition(",")[2]), np.uint8)
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1]
        np.testing.assert_allclose(image.mean(axis=(0, 1)), colour, atol=30)
    for told in ("Unknown people", "Seen for 3.0 s", ", seen 2.0 s", "no vectors by which"):
        assert told in page.text
    assert page.all("a", href="#faces")
    for without in (
        report_of(faces, tables(), picture, max_thumbnails=0),
        ScreenTimeReport(*tables()).to_html(),
    ):
        assert 'id="faces"' not in without


def test_a_report_of_strangers_or_of_nobody(head, picture):
    faces = find_deciding_faces(head, make_table([[(3, 0.1, 0.3)]]))
    page = Page(report_of(faces, tables(), picture))
    assert len(page.all("figure", **{"class": "face"})) == 1
    nobody = find_deciding_faces(head, make_table([[]] * 3))
    assert nobody.empty
    assert 'id="faces"' not in ScreenTimeReport(*tables(), faces=nobody).to_html()
    both = pd.concat([faces, nobody, find_deciding_faces(head, make_table([[(1, 0.1, 0.3)]]))])
    page = Page(report_of(both, tables(), picture))
    assert len(page.all("figure", **{"class": "face"})) == 2


def test_a_video_that_is_gone_is_told(head):
    faces = find_deciding_faces(head, make_table([[(0, 0.1, 0.3)]], video="gone.mp4"))
    text = Page(ScreenTimeReport(*tables("gone.mp4"), faces=faces).to_html()).text
    assert text.count("Images are missing: ") == 1


def test_a_season_shows_a_few_faces_of_each_character(head, picture):
    frames = [[(who, 0.1 + 0.3 * k, 0.3)] for k in (0, 1) for who in (0, 1, 3, 4)]
    videos = [f"{number}.mp4" for number in range(40)]
    faces = pd.concat(
        [find_deciding_faces(head, make_table(frames, video)) for video in videos],
        ignore_index=True,
    )
    parts = zip(*(tables(video) for video in videos), strict=True)
    html = report_of(faces, [pd.concat(part) for part in parts], picture)
    page = Page(html)
    of_videos = [image["alt"] for image in page.all("img") if "A face in" in image.get("alt", "")]
    assert len(of_videos) == 2 * 12 + 12 * 2
    # Of tom, one of each of the first twelve videos.
    assert len({alt.split()[3] for alt in of_videos[:12]}) == 12
    assert len(html) < 500_000
