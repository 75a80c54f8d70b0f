import tempfile
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pandas as pd
import pytest

from sktime_screen.datasets import _cartoon, make_cartoon_film
from sktime_screen.datasets._shots import Actor, Camera, Cover, Move, Place, Shot
from sktime_screen.datasets._stage import Stage

SMALL = {"size": (90, 160), "fps": 12}


def _frames(path):
    with av.open(path) as container:
        return [
            (frame.pts * frame.time_base, frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]


@pytest.fixture(scope="module")
def minute(tmp_path_factory):
    path = tmp_path_factory.mktemp("minute") / "film.mp4"
    return path, make_cartoon_film(path, size=(90, 160))


def test_truth_is_a_table_of_every_frame(minute):
    path, truth = minute
    assert list(truth.columns) == ["video", "time", "duration", "cat", "mouse"]
    assert len(truth) == 60 * 24
    assert set(truth["video"]) == {str(path)}
    assert truth["duration"].sum() == pytest.approx(60.0)
    assert truth["time"].iloc[-1] + truth["duration"].iloc[-1] == pytest.approx(60.0)
    for character in ("cat", "mouse"):
        assert pd.api.types.is_integer_dtype(truth[character])
        assert set(truth[character]) == {0, 1}


@pytest.mark.parametrize("fps", [24, 25.0, Fraction(30000, 1001), 24000 / 1001])
def test_file_holds_the_frames_of_the_truth_at_exactly_their_times(tmp_path, fps):
    path = tmp_path / "film.mp4"
    truth = make_cartoon_film(path, 2, size=(48, 64), fps=fps)
    rate = Fraction(fps).limit_denominator(1001)
    frames = _frames(path)
    assert len(frames) == len(truth) == round(2 * rate)
    assert [time for time, _ in frames] == [number / rate for number in range(len(frames))]
    assert [float(time) for time, _ in frames] == truth["time"].tolist()
    assert truth["duration"].unique().tolist() == [float(1 / rate)]
    with av.open(path) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == rate
        assert stream.codec_context.name in ("h264", "mpeg4")
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.height, stream.width) == (48, 64)
        assert "mp4" in container.format.name


def test_without_an_encoder_for_h264_it_is_mpeg4(tmp_path, monkeypatch):
    monkeypatch.setattr(_cartoon.av, "codecs_available", {"mpeg4"})
    truth = make_cartoon_film(tmp_path / "film.mp4", 1, **SMALL)
    with av.open(tmp_path / "film.mp4") as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
        assert len(list(container.decode(video=0))) == len(truth)


def test_equal_seeds_draw_equal_films_and_others_do_not(tmp_path):
    first, again, other = (
        make_cartoon_film(tmp_path / f"{name}.mp4", 3, seed, **SMALL)
        for name, seed in (("first", 5), ("again", 5), ("other", 6))
    )
    pd.testing.assert_frame_equal(first.drop(columns="video"), again.drop(columns="video"))
    assert (tmp_path / "first.mp4").read_bytes() == (tmp_path / "again.mp4").read_bytes()
    assert not first[["cat", "mouse"]].equals(other[["cat", "mouse"]])
    pairs = zip(_frames(tmp_path / "first.mp4"), _frames(tmp_path / "other.mp4"), strict=True)
    assert np.median([np.abs(a.astype(int) - b).mean() for (_, a), (_, b) in pairs]) > 20


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_minute_has_both_alone_together_and_absent(tmp_path, minute, seed):
    truth = (
        minute[1] if seed == 0 else make_cartoon_film(tmp_path / "f.mp4", 60, seed, size=(36, 64))
    )
    shares = (truth["cat"] + 2 * truth["mouse"]).value_counts(normalize=True)
    assert set(shares.index) == {0, 1, 2, 3}
    assert shares.between(0.08, 0.6).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_film_of_seconds_has_both_characters_and_cuts(tmp_path, seed):
    truth = make_cartoon_film(tmp_path / "film.mp4", 4, seed, **SMALL)
    assert {(0, 0), (0, 1), (1, 0), (1, 1)} == set(
        truth[["cat", "mouse"]].itertuples(index=False, name=None)
    )


def test_shots_last_one_and_a_half_to_six_seconds(minute):
    pictures = [picture.astype(int) for _, picture in _frames(minute[0])]
    change = [np.abs(b - a).mean() for a, b in pairwise(pictures)]
    cuts = np.flatnonzero(np.array(change) > 18) + 1
    lengths = np.diff([0, *cuts, len(pictures)]) / 24
    assert 10 <= len(lengths) <= 40
    assert lengths.min() >= 1.5
    assert lengths.max() <= 6.5  # two shots that look alike may pass for one
    assert len(set(lengths)) > 5


def _shot(*actors, covers=(), window=(0.0, 80.0, 60.0)):
    place = Place("garden", 1, (1.0, 1.0, 1.0))
    return Shot(1, place, Camera(window, window), actors, covers)


def _standing(name, pose, x, y=95.0):
    return Actor(name, 0.7, (Move(1.0, pose, (x, y), (x, y), False),))


def _seen(shot):
    return Stage(shot, (180, 320), 24).frame(0)[1]


def test_a_character_in_full_view_is_seen_whole():
    seen = _seen(_shot(_standing("cat", "sit", 0)))
    assert set(seen) == {"cat"}
    visible, drawn = seen["cat"]
    assert visible == pytest.approx(drawn, rel=0.02)
    assert visible > 0.02 * 180 * 320


def test_what_lies_outside_the_picture_is_not_seen():
    half_width = 60 / 180 * 320 / 2
    visible, drawn = _seen(_shot(_standing("cat", "sit", half_width)))["cat"]
    assert 0.3 < visible / drawn < 0.65
    assert _seen(_shot(_standing("cat", "sit", half_width + 40)))["cat"][0] == 0


def test_furniture_and_who_stands_in_front_hide_a_character():
    mouse, cat = _standing("mouse", "stand", 0, 94.0), _standing("cat", "sit", 0, 96.0)
    cover = Cover("sofa", 0.0, 98.0, 1.0, 3)
    alone = _seen(_shot(mouse))["mouse"]
    behind_cat = _seen(_shot(mouse, cat))["mouse"]
    behind_sofa = _seen(_shot(mouse, covers=(cover,)))["mouse"]
    assert alone[1] == behind_cat[1] == behind_sofa[1]
    assert 0 < behind_cat[0] < 0.5 * alone[0]
    assert behind_sofa[0] < 0.05 * alone[0]


def test_creatures_are_no_characters():
    picture, seen = Stage(_shot(_standing("bird", "fly", 0)), (180, 320), 24).frame(0)
    empty, _ = Stage(_shot(), (180, 320), 24).frame(0)
    assert seen == {}
    assert (picture != empty).any()


def test_the_truth_is_a_quarter_of_the_character_and_a_thousandth_of_the_picture(
    tmp_path, monkeypatch
):
    seen = iter([(300, 1000), (249, 1000), (250, 1000), (14, 14), (15, 15)] + 10 * [(0, 100)])
    monkeypatch.setattr(
        Stage,
        "frame",
        lambda self, number: (np.zeros((100, 150, 3), np.uint8), {"cat": next(seen)}),
    )
    truth = make_cartoon_film(tmp_path / "film.mp4", 0.5, size=(100, 150), fps=12)
    assert truth["cat"].tolist() == [1, 0, 1, 0, 1, 0]
    assert not truth["mouse"].any()


def test_nothing_is_left_of_a_film_that_failed_halfway(tmp_path, monkeypatch):
    draw = Stage.frame

    def draw_some(self, number):
        if number == 3:
            raise RuntimeError("out of ink")
        return draw(self, number)

    monkeypatch.setattr(Stage, "frame", draw_some)
    kept = tmp_path / "film.mp4"
    kept.write_bytes(b"what was there before")
    with pytest.raises(RuntimeError, match="out of ink"):
        make_cartoon_film(kept, 2, **SMALL)
    assert kept.read_bytes() == b"what was there before"
    assert list(tmp_path.iterdir()) == [kept]


def test_an_older_film_is_replaced(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"what was there before")
    truth = make_cartoon_film(str(path), 1, **SMALL)
    assert len(_frames(path)) == len(truth) == 12
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seconds": 0}, "seconds must be a number above 0, got 0"),
        ({"seconds": float("nan")}, "seconds must be a number above 0"),
        ({"seconds": "ten"}, "seconds must be a number above 0, got 'ten'"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"seed": None}, "seed must be an integer"),
        ({"fps": 0}, "fps must be a number of frames a second above 0, got 0"),
        ({"size": (90, 161)}, r"two even integers of at least 32 .*got \(90, 161\)"),
        ({"size": (16, 160)}, "two even integers of at least 32"),
        ({"size": 224}, r"size must be \(height, width\)"),
    ],
)
def test_parameters_out_of_range(tmp_path, parameters, message):
    with pytest.raises(ValueError, match=message):
        make_cartoon_film(tmp_path / "film.mp4", **{"seconds": 1, **SMALL, **parameters})
    assert list(tmp_path.iterdir()) == []


def test_paths_that_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"must end in \.mp4, got 'film\.avi'"):
        make_cartoon_film("film.avi", 1, **SMALL)
    with pytest.raises(FileNotFoundError, match=r"no folder .*absent"):
        make_cartoon_film(tmp_path / "absent" / "film.mp4", 1, **SMALL)
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(IsADirectoryError, match=r"folder\.mp4: it is a folder"):
        make_cartoon_film(tmp_path / "folder.mp4", 1, **SMALL)

    def refuse(**kwargs):
        raise PermissionError(13, "Permission denied", kwargs["dir"])

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(PermissionError, match=r"Cannot write .*film\.mp4: Permission denied"):
        make_cartoon_film(tmp_path / "film.mp4", 1, **SMALL)


@pytest.mark.parametrize("size", [(160, 90), (64, 64), (32, 320)])
def test_any_shape_of_picture(tmp_path, size):
    truth = make_cartoon_film(tmp_path / "film.mp4", 4, 3, size=size, fps=12)
    assert truth[["cat", "mouse"]].any().all()
    for _, picture in _frames(tmp_path / "film.mp4"):
        assert picture.shape == (*size, 3)
        # Nothing is left unpainted: no picture has a black margin.
        edges = [picture[0], picture[-1], picture[:, 0], picture[:, -1]]
        assert min(edge.max(axis=1).mean() for edge in edges) > 25
