import tempfile
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pandas as pd
import pytest

from sktime_screen.datasets import _cartoon, make_cartoon_video
from sktime_screen.datasets._drawings import PLACES, Actor, Shot, draw_frames

SMALL = {"size": (90, 160), "fps": 12}


def _frames(path):
    with av.open(path) as container:
        return [
            (frame.pts * frame.time_base, frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]


@pytest.fixture(scope="module")
def minute(tmp_path_factory):
    path = tmp_path_factory.mktemp("minute") / "video.mp4"
    return path, make_cartoon_video(path, size=(90, 160))


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
    path = tmp_path / "video.mp4"
    truth = make_cartoon_video(path, 2, size=(48, 64), fps=fps)
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
    truth = make_cartoon_video(tmp_path / "video.mp4", 1, **SMALL)
    with av.open(tmp_path / "video.mp4") as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
        assert len(list(container.decode(video=0))) == len(truth)


def test_equal_seeds_draw_equal_videos_and_others_do_not(tmp_path):
    first, again, other = (
        make_cartoon_video(tmp_path / f"{name}.mp4", 3, seed, **SMALL)
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
        minute[1] if seed == 0 else make_cartoon_video(tmp_path / "f.mp4", 60, seed, size=(36, 64))
    )
    shares = (truth["cat"] + 2 * truth["mouse"]).value_counts(normalize=True)
    assert set(shares.index) == {0, 1, 2, 3}
    assert shares.between(0.08, 0.6).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_video_of_seconds_has_both_characters_and_cuts(tmp_path, seed):
    truth = make_cartoon_video(tmp_path / "video.mp4", 4, seed, **SMALL)
    assert {(0, 0), (0, 1), (1, 0), (1, 1)} == set(
        truth[["cat", "mouse"]].itertuples(index=False, name=None)
    )


def test_shots_last_one_and_a_half_to_six_seconds(minute):
    images = [image.astype(int) for _, image in _frames(minute[0])]
    change = [np.abs(b - a).mean() for a, b in pairwise(images)]
    cuts = np.flatnonzero(np.array(change) > 38) + 1
    lengths = np.diff([0, *cuts, len(images)]) / 24
    assert 10 <= len(lengths) <= 40
    assert lengths.min() >= 1.5
    assert lengths.max() <= 6.0
    assert len(set(lengths)) > 5


def _drawn(*actors, left=-53.0, pan=0.0, n_frames=1):
    shot = Shot(n_frames, ("garden", 1), left, 50.0, 60.0, pan, actors)
    return list(draw_frames(shot, (180, 320), Fraction(24)))


def _standing(name, rest="front", x=0.0, y=95.0, size=0.7):
    return Actor(name, size, (0,), (x,), (y,), rest)


def _seen(*actors):
    return _drawn(*actors)[0][1]


def test_a_character_in_full_view_is_seen_whole():
    visible, drawn = _seen(_standing("cat"))["cat"]
    assert visible == drawn
    assert visible > 0.02 * 180 * 320


def test_what_lies_outside_the_image_is_not_seen():
    right = -53.0 + 60 * 320 / 180
    visible, drawn = _seen(_standing("cat", x=right))["cat"]
    assert 0.3 < visible / drawn < 0.65
    assert _seen(_standing("cat", x=right + 40))["cat"] == (0, drawn)


def test_who_stands_lower_hides_a_character():
    mouse, cat = _standing("mouse", y=94.0), _standing("cat", y=96.0)
    alone = _seen(mouse)["mouse"]
    behind_cat = _seen(cat, mouse)["mouse"]
    behind_crate = _seen(_standing("crate", y=98.0, size=1.2), mouse)["mouse"]
    assert alone[1] == behind_cat[1] == behind_crate[1]
    assert 0 < behind_cat[0] < 0.5 * alone[0]
    assert behind_crate[0] < 0.05 * alone[0]


def test_other_creatures_are_drawn_and_are_no_characters(tmp_path, monkeypatch):
    (image, seen), (empty, _) = _drawn(_standing("bird"))[0], _drawn()[0]
    assert (image != empty).any()
    monkeypatch.setattr(_cartoon, "plan_shots", lambda *_: [None])
    monkeypatch.setattr(_cartoon, "draw_frames", lambda *_: [(image, seen)] * 2)
    truth = make_cartoon_video(tmp_path / "video.mp4", 0.1, size=(180, 320), fps=20)
    assert list(truth.columns[3:]) == ["cat", "mouse"]
    assert not truth[["cat", "mouse"]].any(axis=None)


def test_a_moving_camera_shows_other_parts_of_the_same_place():
    still = [image for image, _ in _drawn(n_frames=24)]
    there = [image for image, _ in _drawn(n_frames=24, pan=9.0)]
    back = [image for image, _ in _drawn(n_frames=24, left=-44.0, pan=-9.0)]
    assert (still[0] == still[-1]).all()
    # Nine units are 27 pixels, as 60 units are 180; the last drawing was begun at 22 of 24 frames.
    np.testing.assert_array_equal(there[-1][:, :-25], there[0][:, 25:])
    np.testing.assert_array_equal(back[0][:, :-27], there[0][:, 27:])


def test_drawings_are_held_for_a_twelfth_of_a_second():
    walking = Actor("mouse", 0.7, (0, 1), (-30.0, 30.0), (95.0, 95.0))
    images = [image for image, _ in _drawn(walking, n_frames=24)]
    changes = [bool((a != b).any()) for a, b in pairwise(images)]
    assert changes == [False, True] * 11 + [False]


@pytest.mark.parametrize("place", PLACES)
def test_a_place_looks_the_same_again_and_other_seeds_differ(place):
    first, again, other = (
        next(draw_frames(Shot(1, (place, seed), -53.0, 20.0, 80.0, 0.0, ()), (90, 160), 24))[0]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 2


def test_the_truth_is_a_quarter_of_the_character_and_a_thousandth_of_the_image(
    tmp_path, monkeypatch
):
    seen = [(300, 1000), (249, 1000), (250, 1000), (14, 14), (15, 15), (0, 100)]
    black = np.zeros((100, 150, 3), np.uint8)
    monkeypatch.setattr(_cartoon, "draw_frames", lambda *_: [(black, {"cat": n}) for n in seen])
    monkeypatch.setattr(_cartoon, "plan_shots", lambda *_: [None])
    truth = make_cartoon_video(tmp_path / "video.mp4", 0.5, size=(100, 150), fps=12)
    assert truth["cat"].tolist() == [1, 0, 1, 0, 1, 0]
    assert not truth["mouse"].any()


def test_nothing_is_left_of_a_video_that_failed_halfway(tmp_path, monkeypatch):
    def draw_some(shot, size, rate):
        yield from list(draw_frames(shot, size, rate))[:3]
        raise RuntimeError("out of ink")

    monkeypatch.setattr(_cartoon, "draw_frames", draw_some)
    kept = tmp_path / "video.mp4"
    kept.write_bytes(b"what was there before")
    with pytest.raises(RuntimeError, match="out of ink"):
        make_cartoon_video(kept, 2, **SMALL)
    assert kept.read_bytes() == b"what was there before"
    assert list(tmp_path.iterdir()) == [kept]


def test_an_older_video_is_replaced(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(b"what was there before")
    truth = make_cartoon_video(str(path), 1, **SMALL)
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
        make_cartoon_video(tmp_path / "video.mp4", **{"seconds": 1, **SMALL, **parameters})
    assert list(tmp_path.iterdir()) == []


def test_paths_that_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"must end in \.mp4, got 'video\.avi'"):
        make_cartoon_video("video.avi", 1, **SMALL)
    with pytest.raises(FileNotFoundError, match=r"no folder .*absent"):
        make_cartoon_video(tmp_path / "absent" / "video.mp4", 1, **SMALL)
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(IsADirectoryError, match=r"folder\.mp4: it is a folder"):
        make_cartoon_video(tmp_path / "folder.mp4", 1, **SMALL)

    def refuse(**kwargs):
        raise PermissionError(13, "Permission denied", kwargs["dir"])

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(PermissionError, match=r"Cannot write .*video\.mp4: Permission denied"):
        make_cartoon_video(tmp_path / "video.mp4", 1, **SMALL)


@pytest.mark.parametrize("size", [(160, 90), (64, 64), (32, 320)])
def test_any_shape_of_image(tmp_path, size):
    truth = make_cartoon_video(tmp_path / "video.mp4", 4, 3, size=size, fps=12)
    assert truth[["cat", "mouse"]].any().all()
    for _, image in _frames(tmp_path / "video.mp4"):
        assert image.shape == (*size, 3)
        # Nothing is left unpainted: no image has a black margin.
        edges = [image[0], image[-1], image[:, 0], image[:, -1]]
        assert min(edge.max(axis=1).mean() for edge in edges) > 15
