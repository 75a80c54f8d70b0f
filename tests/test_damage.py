"""Damaged videos end in the frames they hold or an error that names them; nothing stays behind."""

import gc
import importlib.util
import os
import re
import threading
import warnings
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from conftest import read_code, write_coded_video

from sktime_screen import ImageResizer, VideoFrameSampler
from sktime_screen.video import VideoError, _demuxing
from sktime_screen.video._decoding import read_images
from sktime_screen.video._demuxing import read_packets
from sktime_screen.video._timeline_reader import read_timeline

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "damage.py"


def written(path, n_frames=120, **options):
    options = {"gop": 12, "b_frames": 2, **options}
    return write_coded_video(path, range(n_frames), Fraction(1, 24), **options)


def left_behind():
    gc.collect()
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    return descriptors, threading.active_count()


def sample_and_decode(path, rate=None):
    """Codes of the sampled frames, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frames = VideoFrameSampler(rate).transform(path)
        codes = [read_code(image) for image in np.asarray(frames)]
    return codes, [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("suffix", "options"),
    [("mkv", {}), ("mp4", {"movflags": "faststart"}), ("avi", {})],
)
def test_a_video_cut_short_says_how_much_is_missing(tmp_path, suffix, options):
    source = written(tmp_path / f"source.{suffix}", codec="mpeg4" if suffix == "avi" else "libx264")
    whole = tmp_path / f"whole2.{suffix}"
    with av.open(source) as video, av.open(str(whole), "w", options=options) as container:
        copy = container.add_stream_from_template(video.streams.video[0])
        for packet in video.demux(video=0):
            if packet.size:
                packet.stream = copy
                container.mux(packet)
    assert sample_and_decode(str(whole)) == (list(range(120)), [])
    cut = tmp_path / f"cut.{suffix}"
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) * 6 // 10])
    codes, told = sample_and_decode(str(cut))
    assert 30 < len(codes) < 100
    # Images at the cut may lean on some that are lost; no other may.
    assert codes[:-4] == list(range(len(codes) - 4))
    (message,) = told
    early, promised = map(float, re.search(r"([\d.]+) s early, .* ([\d.]+) s", message).groups())
    assert promised == pytest.approx(5, abs=0.1)
    assert early == pytest.approx(5 - read_timeline(str(cut)).length, abs=0.1)


def test_a_stretch_that_cannot_be_decoded_is_skipped_and_counted(tmp_path):
    path = Path(written(tmp_path / "video.mp4", gop=1, b_frames=0))
    with av.open(str(path)) as video:
        packets = [(p.pos, p.size) for p in video.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for begin, size in packets[50:60]:
        data[begin : begin + size] = bytes(size)
    path.write_bytes(data)
    codes, told = sample_and_decode(str(path))
    assert codes == [*range(50), *[49] * 10, *range(60, 120)]
    (message,) = told
    assert "10 of 120 frames could not be decoded" in message


def test_a_first_stretch_that_cannot_be_decoded_shows_the_first_frame_that_can(tmp_path):
    path = Path(written(tmp_path / "video.mp4", gop=1, b_frames=0))
    with av.open(str(path)) as video:
        packets = [(p.pos, p.size) for p in video.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for begin, size in packets[:3]:
        data[begin : begin + size] = bytes(size)
    path.write_bytes(data)
    with pytest.warns(RuntimeWarning, match="3 of 5 frames could not be decoded"):
        images = list(read_images(str(path), read_timeline(str(path)).times[:5]))
    assert [read_code(image) for image in images] == [3, 3, 3, 3, 4]


def test_reading_that_makes_no_progress_is_an_error(monkeypatch):
    class Packet:
        size = 0

    class Container:
        def demux(self, stream):
            while True:
                yield Packet()

    monkeypatch.setattr(_demuxing, "_MAX_EMPTY_PACKETS", 100)
    with pytest.raises(VideoError, match=r"stuck\.mp4.*no progress"):
        list(read_packets(Container(), None, "stuck.mp4"))


def test_a_part_that_cannot_be_read_is_told_and_the_rest_read():
    class Packet:
        size = 1

    class Container:
        turns = iter(range(100))

        def demux(self, stream):
            if next(self.turns) > 3:
                return
            yield Packet()
            raise av.error.InvalidDataError(1, "torn")

    troubles = []
    assert len(list(read_packets(Container(), None, "torn.mp4", troubles))) == 4
    assert troubles == ["a part cannot be read (torn)"] * 4


def test_titles_need_not_be_utf8(tmp_path):
    path = Path(written(tmp_path / "titled.mkv"))
    titled = tmp_path / "latin.mkv"
    with av.open(str(path)) as video, av.open(str(titled), "w") as container:
        container.metadata["title"] = "Ein xyz Video"
        copy = container.add_stream_from_template(video.streams.video[0])
        for packet in video.demux(video=0):
            if packet.size:
                packet.stream = copy
                container.mux(packet)
    titled.write_bytes(titled.read_bytes().replace(b"Ein xyz", b"Ein sch\xf6"[:7]))
    assert sample_and_decode(str(titled), rate=2)[0] == list(range(0, 120, 12))


def test_nothing_outlives_a_failed_or_abandoned_iteration(tmp_path, video):
    no_video = tmp_path / "text.mp4"
    no_video.write_text("not a video")
    empty = tmp_path / "cut.mp4"
    empty.write_bytes(Path(video).read_bytes()[:2000])
    frames = VideoFrameSampler(None).transform(video)
    next(iter(frames.iter_batches(2)))
    before = left_behind()
    for _ in range(3):
        for path in (no_video, empty):
            with pytest.raises(VideoError):
                VideoFrameSampler().sample(path)
        for _ in ImageResizer((20, 20)).transform(frames).iter_batches(2):
            break
        batches = frames.iter_batches(2)
        next(batches)
        batches.close()
        with pytest.raises(ValueError, match="There is no frame at"):
            list(read_images(video, [0.0, 99.0]))
        images = read_images(video, read_timeline(video).times)
        next(images)
        del images, batches
    assert left_behind() == before


@pytest.mark.skipif(not SCRIPT.exists(), reason="the benchmarks are not at hand")
def test_damaged_videos_end_in_frames_or_a_named_error(tmp_path):
    spec = importlib.util.spec_from_file_location("damage", SCRIPT)
    damage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(damage)
    names = ["mp4", "mkv", "ts", "avi", "gif"]
    videos = {}
    for name in names:
        whole = tmp_path / f"whole.{name}"
        damage.make_video(whole, *damage.VIDEOS[name], n_frames=24)
        videos[name] = whole.read_bytes()
    ends = []
    for variant in range(60):
        rng = np.random.default_rng(variant)
        name = names[variant % len(names)]
        path = tmp_path / f"{variant}.{name}"
        path.write_bytes(damage.damaged(videos[name], videos[names[variant % 3]], rng))
        outcome, details = damage.read(str(path), rate=[None, 5.0][variant % 2], abandon=False)
        assert outcome in ("frames", "named error"), f"{path}: {details}"
        ends.append(outcome)
    assert ends.count("frames") > 20
    assert ends.count("named error") > 5
