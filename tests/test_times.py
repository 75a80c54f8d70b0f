"""Times are those of a player: clocks that jump, edit lists, videos in a row, late images."""

import json
import struct
import warnings
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from conftest import index_of, read_code, write_coded_video

from sktime_screen import (
    ScreenTimeAggregator,
    VideoFrameSampler,
    load_eaf,
    load_label_csv,
    load_label_studio,
    save_eaf,
    save_subtitles,
)
from sktime_screen.video import FrameSequence
from sktime_screen.video._decoding import read_images
from sktime_screen.video._identity import compute_image_keys
from sktime_screen.video._timeline_reader import read_timeline

FPS = Fraction(25)
QUICK = {"preset": "ultrafast"}


def written(path, count=30, codec="libx264", first=0, **options):
    """A video of 25 images a second that show numbers from ``first`` on, with B-frames."""
    options = {"b_frames": 2, "options": QUICK if codec == "libx264" else {}, **options}
    return Path(write_coded_video(path, range(count), 1 / FPS, codec=codec, first=first, **options))


def copied(source, target, shift=0.0, sound=None, muxer=None):
    """Copy the images of a video so much later (s), beside sound from 0 to ``sound`` (s)."""
    with (
        av.open(str(source)) as video,
        av.open(str(target), "w", options=muxer or {}) as container,
    ):
        copy = container.add_stream_from_template(video.streams.video[0])
        packets = []
        if sound:
            kind = "mp2" if target.suffix == ".mpg" else "aac"
            track = container.add_stream(kind, rate=48000, layout="stereo")
            size = track.codec_context.frame_size or 1024
            for tick in range(0, round(sound * 48000), size):
                frame = av.AudioFrame.from_ndarray(
                    np.zeros((2, size), np.float32), "fltp", "stereo"
                )
                frame.sample_rate, frame.pts = 48000, tick
                packets += track.encode(frame)
            packets += track.encode()
        for packet in video.demux(video=0):
            if packet.size:
                packet.stream = copy
                packet.pts += round(shift / packet.time_base)
                packet.dts += round(shift / packet.time_base)
                packets.append(packet)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return target


def sampled(path, rate=None):
    """Codes and times of the sampled images, when the video is over, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = VideoFrameSampler(rate).sample(path)
        codes = [read_code(image) for image in np.asarray(FrameSequence(table))]
    end = table["time"].iloc[-1] + table["duration"].iloc[-1]
    assert table["duration"].sum() == pytest.approx(end - table["time"].iloc[0])
    return codes, table["time"].to_numpy(), end, [str(warning.message) for warning in caught]


def joined(tmp_path, *parts):
    path = tmp_path / f"joined{''.join(parts[0].suffixes)}"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


# Container, codec, and of the first video the image that looks torn where the second begins, since
# the counters of packets start again.
AGAIN = [
    ("ts", "libx264", [29]),
    ("ts", "mpeg2video", [29]),
    ("mpg", "mpeg2video", []),
    ("mkv", "libx264", []),
    ("mkv", "mpeg2video", []),
    ("webm", "libvpx", []),
    ("flv", "libx264", []),
]


@pytest.mark.parametrize(("suffix", "codec", "torn"), AGAIN)
def test_a_clock_that_starts_again_goes_on(tmp_path, suffix, codec, torn):
    one = written(tmp_path / f"one.{suffix}", codec=codec)
    two = written(tmp_path / f"two.{suffix}", 40, codec, first=500)
    if suffix == "flv":  # as a recorder goes on, without another header
        two.write_bytes(two.read_bytes()[13:])
    codes, times, end, told = sampled(joined(tmp_path, one, two))
    expected = [*range(30), *range(500, 540)]
    assert [code for code in expected if code not in codes] == torn
    assert codes == [code for code in expected if code not in torn]
    shown = [code if code < 500 else code - 470 for code in codes]
    # FFmpeg is a frame off at the end of a program stream.
    np.testing.assert_allclose(times, np.array(shown) / 25, atol=0.041 if suffix == "mpg" else 2e-3)
    assert end == pytest.approx(70 / 25, abs=0.041 if suffix == "mpg" else 2e-3)
    assert any("clock jumps by -1.2 s at 1.2 s" in message for message in told)


@pytest.mark.parametrize("seconds", [3600, 17.3, 0.66, -1.06, -4000])
def test_a_clock_that_jumps_goes_on(tmp_path, seconds):
    one = copied(written(tmp_path / "1.mp4"), tmp_path / "one.ts", shift=5 + max(0, -seconds))
    two = written(tmp_path / "2.mp4", 40, first=500)
    two = copied(two, tmp_path / "two.ts", shift=6.2 + seconds + max(0, -seconds))
    codes, times, end, told = sampled(joined(tmp_path, one, two))
    assert codes[-40:] == [*range(500, 540)]
    assert codes[:-40] == [*range(29)]
    # A jump of less than 10 s forward is a gap in reception, in which the clock went on.
    gap = seconds if 0 < seconds < 10 else 0
    begin = 1.2 + gap
    np.testing.assert_allclose(times[-40:], begin + np.arange(40) / 25, atol=1e-4)
    assert end == pytest.approx(begin + 1.6, abs=1e-4)
    assert any("clock jumps" in message for message in told) == (gap == 0)
    sparse = sampled(tmp_path / "joined.ts", rate=4)
    assert sparse[0] == [codes[np.searchsorted(times, time, "right") - 1] for time in sparse[1]]


def test_a_clock_that_wraps_is_not_told_of(tmp_path):
    # The clock of a transport stream has 33 bits at 90 kHz.
    path = copied(written(tmp_path / "1.mp4"), tmp_path / "wraps.ts", shift=2**33 / 90000 - 2.2)
    codes, times, end, told = sampled(path)
    assert codes == list(range(30))
    np.testing.assert_allclose(times, np.arange(30) / 25, atol=1e-4)
    assert (end, told) == (pytest.approx(1.2, abs=1e-4), [])


def test_a_gap_in_reception_stays_one_and_is_told(tmp_path):
    whole = written(tmp_path / "1.ts", 150).read_bytes()
    packets = [whole[at : at + 188] for at in range(0, len(whole), 188)]
    path = tmp_path / "gap.ts"
    path.write_bytes(b"".join(packets[: len(packets) // 4] + packets[len(packets) // 2 :]))
    codes, times, end, told = sampled(path)
    assert end == pytest.approx(6, abs=1e-4)
    assert 0 < len(codes) < 120
    wrong = np.flatnonzero(np.array(codes) != np.round(times * 25))
    # Those that lean on what is lost, up to the next key frame, cannot be right.
    assert np.ptp(wrong) < 12
    assert np.diff(times).max() > 1
    assert any("it has no images from" in message for message in told)


def test_images_that_are_missing_while_the_sound_goes_on(tmp_path):
    ticks = [*range(30), *range(400, 430)]
    for b_frames in (0, 2):
        video = tmp_path / "1.mp4"
        write_coded_video(video, ticks, 1 / FPS, b_frames=b_frames, options=QUICK)
        codes, times, end, told = sampled(copied(video, tmp_path / f"{b_frames}.ts", 1, sound=20))
        assert codes == list(range(60))
        np.testing.assert_allclose(np.diff(times), np.diff(ticks) / 25, atol=1e-4)
        (message,) = told
        assert "it has no images from 2.2 to 17.0 s" in message
    # Without sound nobody can tell that from a clock that jumps.
    write_coded_video(video, ticks, 1 / FPS, options=QUICK)
    codes, times, end, told = sampled(copied(video, tmp_path / "silent.ts", 1))
    assert codes == list(range(60))
    assert end == pytest.approx(60 / 25, abs=1e-4)
    assert "clock jumps by +14.8 s at 1.2 s" in told[0]


def test_a_video_of_few_images_has_no_jumps(tmp_path):
    slow = written(tmp_path / "1.mp4", 1)
    write_coded_video(slow, range(0, 12 * 25 * 8, 12 * 25), 1 / FPS, options=QUICK)
    for suffix in ("ts", "mkv", "mp4"):
        codes, times, _, told = sampled(copied(slow, tmp_path / f"slow.{suffix}"))
        assert (codes, told) == (list(range(8)), [])
        np.testing.assert_allclose(times, np.arange(8) * 12, atol=2e-3)


def edited(source, target, edits):
    """Give the images of an MP4 file another edit list: (duration in ms, begin in ticks)."""
    data = bytearray(source.read_bytes())

    def boxes(begin, end):
        while begin < end:
            size, kind = struct.unpack(">I4s", data[begin : begin + 8])
            yield kind, (begin, size)
            begin += size

    video = dict(boxes(0, len(data)))[b"moov"]
    track = dict(boxes(video[0] + 8, sum(video)))[b"trak"]
    begin, size = dict(boxes(track[0] + 8, sum(track)))[b"edts"]
    rows = b"".join(struct.pack(">IiI", length, start, 1 << 16) for length, start in edits)
    new = struct.pack(">I4sI4sII", 24 + len(rows), b"edts", 16 + len(rows), b"elst", 0, len(edits))
    data[begin : begin + size] = new + rows
    for at, before in (video, track):
        struct.pack_into(">I", data, at, before + len(new + rows) - size)
    target.write_bytes(data)
    return target


EDITS = {
    "three parts": [(520, 5), (520, 40), (800, 90)],
    "back": [(800, 90), (800, 30)],
    "twice": [(400, 30), (520, 90), (400, 30)],
    "late": [(1500, None), (800, 30), (400, 90)],
}


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("b_frames", [0, 2])
def test_edit_lists_of_several_parts(tmp_path, edits, b_frames):
    source = written(tmp_path / "1.mp4", 120, b_frames=b_frames)
    with av.open(str(source)) as video:
        stream = video.streams.video[0]
        first = next(video.demux(stream))
        delay, frame = first.pts - first.dts, round(1 / FPS / stream.time_base)
    rows = [(ms, -1 if n is None else delay + n * frame) for ms, n in edits]
    codes, times, _, told = sampled(edited(source, tmp_path / "2.mp4", rows))
    expected, begin = [], 0
    for ms, number in edits:
        if number is not None:
            expected += [(begin / 1000 + k / 25, number + k) for k in range(ms // 40)]
        begin += ms
    # Without sound the clock of a video begins with its images. FFmpeg places the parts to within
    # a frame where images are reordered, and may give two images one time.
    assert codes == [number for _, number in expected]
    right = np.array([time for time, _ in expected]) - expected[0][0]
    np.testing.assert_allclose(times, right, atol=0.041 if b_frames else 1e-4)
    assert np.diff(times).min() > 0.039
    assert not told
    for at in range(0, len(codes), 7):
        (image,) = read_images(tmp_path / "2.mp4", times[[at]])
        assert read_code(image) == codes[at]


def test_a_pause_in_an_edit_list_is_told(tmp_path):
    source = written(tmp_path / "1.mp4", 60, b_frames=0)
    path = edited(source, tmp_path / "2.mp4", [(800, 0), (1000, -1), (400, 512 * 30)])
    assert "its edit list pauses midway" in sampled(path)[3][0]


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp4", "libx264"), ("flv", "libx264"), ("mov", "mpeg4")]
)
def test_a_second_video_that_is_not_read_is_told(tmp_path, suffix, codec):
    parts = [written(tmp_path / f"{n}.{suffix}", 30, codec, first=500 * n) for n in range(2)]
    codes, _, end, told = sampled(joined(tmp_path, *parts))
    assert codes == list(range(30))
    assert end == pytest.approx(1.2, abs=2e-3)
    (message,) = told
    assert f"another video of {parts[1].stat().st_size:,} bytes begins after its end" in message
    assert sampled(parts[0])[3] == []


def test_a_fragmented_video_twice_is_told(tmp_path):
    source = written(tmp_path / "1.mp4")
    parts = [
        copied(source, tmp_path / f"{n}.frag.mp4", muxer={"movflags": "frag_keyframe+empty_moov"})
        for n in range(2)
    ]
    codes, times, _, told = sampled(joined(tmp_path, *parts))
    # FFmpeg leaves out the first fragment of the second.
    assert codes == [*range(30), *range(12, 30)]
    assert np.all(np.diff(times) > 0.03)
    assert "clock jumps" in told[0]


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    """Images from 1.6 to 5.6 s, with sound from 0 on."""
    folder = tmp_path_factory.mktemp("late")
    return str(copied(written(folder / "1.mp4", 100), folder / "late.mp4", 1.6, sound=5))


# In a program stream FFmpeg writes sound half a second early.
@pytest.mark.parametrize(
    ("suffix", "begin"),
    [("mp4", 1.5), ("mov", 1.5), ("mkv", 1.5), ("ts", 1.5), ("flv", 1.5), ("mpg", 2.0)],
)
def test_images_after_the_sound_have_the_times_of_a_player(tmp_path, suffix, begin):
    codec = "mpeg2video" if suffix == "mpg" else "libx264"
    source = written(tmp_path / f"1.{'mpg' if suffix == 'mpg' else 'mp4'}", 60, codec)
    path = copied(source, tmp_path / f"late.{suffix}", 1.5, sound=4)
    codes, times, end, told = sampled(path)
    assert codes == list(range(60))
    # The delay of the sound's codec comes on top.
    assert -0.01 < times[0] - begin < 0.09
    np.testing.assert_allclose(np.diff(times), 0.04, atol=2e-3)
    assert end == pytest.approx(times[0] + 2.4, abs=2e-3)
    assert told == []
    codes, sparse, _, _ = sampled(path, rate=2)
    # Nothing is on screen at 0, 0.5 and 1 s; the first image stands until the next moment.
    assert sparse[0] == times[0]
    moments = np.arange(np.ceil(times[0] * 2), np.ceil(end * 2)) / 2
    late_by = moments - sparse[-len(moments) :]
    assert np.all((late_by > -1e-3) & (late_by < 0.041))


def test_sampling_of_images_after_the_sound(late):
    table = VideoFrameSampler(rate=1).sample(late)
    assert table["time"].tolist() == [1.6, 2, 3, 4, 5]
    assert table["duration"].tolist() == pytest.approx([0.4, 1, 1, 1, 0.6])
    assert read_timeline(late).length == 5.6
    for rate in (0.1, 1, 3, 25, None):
        assert VideoFrameSampler(rate).sample(late)["duration"].sum() == pytest.approx(4)
    table = VideoFrameSampler(rate=1, start=1.25, stop=3.5).sample(late)
    assert table["time"].tolist() == [1.6, 2.24, 3.24]
    assert table["duration"].tolist() == pytest.approx([0.64, 1, 0.26])
    with (
        pytest.warns(RuntimeWarning, match="no frame between"),
        pytest.raises(ValueError, match=r"No video can be read in these limits: .*late\.mp4"),
    ):
        VideoFrameSampler(rate=1, stop=1.5).sample(late)


def test_a_time_before_the_first_image_shows_nothing(late, tmp_path):
    with pytest.raises(ValueError, match=r"no frame at 0\.900 s .*first image .* 1\.600 s"):
        list(read_images(late, [0.9, 2.0]))
    # As in a player, which shows the first image as soon as it can.
    assert [read_code(image) for image in read_images(late, [1.2, 1.6])] == [0, 0]
    (tmp_path / "labels.csv").write_text(f"video,time,who\n{late},0.9,tom\n{late},2.0,tom\n")
    with pytest.raises(ValueError, match=r"line 2: time 0.9 s is outside .* from 1.600 to 5.600"):
        load_label_csv(tmp_path / "labels.csv")


def test_keys_of_the_store_name_the_frame(late):
    sequence = FrameSequence(VideoFrameSampler(rate=None).sample(late))
    keys = compute_image_keys(sequence)
    assert len(set(keys)) == 100
    sparse = VideoFrameSampler(rate=5).sample(late)
    assert compute_image_keys(FrameSequence(sparse)) == [
        keys[round((time - 1.6) * 25)] for time in sparse["time"]
    ]


def test_labels_by_interval_mean_the_frames_that_a_player_shows(late, tmp_path):
    # From 2.6 to 3.6 s, that is images 25 to 49.
    csv = tmp_path / "labels.csv"
    csv.write_text(f"video,start,end,label\n{late},2.6,3.6,tom\n")
    _, y = load_label_csv(csv, rate=25)
    assert np.flatnonzero(y["tom"]).tolist() == list(range(25, 50))
    task = {
        "id": 1,
        "data": {"video": late, "fps": 25},
        "annotations": [
            {
                "result": [
                    {
                        "type": "timelinelabels",
                        # Label Studio counts frames from 1, at the rate times its own clock.
                        "value": {
                            "ranges": [{"start": 66, "end": 90}],
                            "timelinelabels": ["tom"],
                        },
                    }
                ]
            }
        ],
    }
    (tmp_path / "tasks.json").write_text(json.dumps([task]))
    _, y = load_label_studio(tmp_path / "tasks.json", rate=25)
    assert np.flatnonzero(y["tom"]).tolist() == list(range(25, 50))


def test_elan_gets_and_gives_the_times_of_a_player(late, tmp_path):
    pytest.importorskip("pympi")
    X = VideoFrameSampler(rate=25).sample(late)
    y = pd.DataFrame({"tom": [0] * 25 + [1] * 25 + [0] * 50})
    save_eaf(tmp_path / "late.eaf", X, y)
    slots = (tmp_path / "late.eaf").read_text()
    assert 'TIME_VALUE="2600"' in slots
    assert 'TIME_VALUE="3600"' in slots
    _, again = load_eaf(tmp_path / "late.eaf", video=late, rate=25)
    assert np.flatnonzero(again["tom"]).tolist() == list(range(25, 50))


def test_subtitles_come_when_a_player_shows_the_images(late, tmp_path):
    X = VideoFrameSampler(rate=5).sample(late)
    sure = pd.DataFrame(
        {"tom": [0.1] * 5 + [0.9] * 5 + [0.1] * 10},
        index=index_of(X[["video", "time", "duration"]].itertuples(index=False, name=None)),
    )
    sure["nobody"] = 1 - sure["tom"]
    labels = sure["tom"].map(lambda p: "tom" if p > 0.5 else "nobody")
    aggregator = ScreenTimeAggregator(background="nobody").fit(sure, labels)
    appearances = aggregator.appearances(sure)
    assert appearances[["start", "end"]].to_numpy().tolist() == [[2.6, 3.6]]
    assert aggregator.transform(sure)["tom"].tolist() == [1.0]
    save_subtitles(tmp_path / "late.vtt", appearances)
    assert "00:00:02.600 --> 00:00:03.600\ntom" in (tmp_path / "late.vtt").read_text()
    save_subtitles(tmp_path / "late.srt", appearances)
    assert "00:00:02,600 --> 00:00:03,600\ntom" in (tmp_path / "late.srt").read_text()
