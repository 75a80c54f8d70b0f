from fractions import Fraction

import av
import numpy as np
import pytest
from conftest import draw_code, read_code, write_coded_video

from sktime_screen import VideoFrameSampler
from sktime_screen.video import VideoError
from sktime_screen.video._decoding import read_images
from sktime_screen.video._demuxing import read_image_size
from sktime_screen.video._timeline_reader import read_timeline


def codes(path, times, **options):
    return [read_code(image) for image in read_images(path, times, **options)]


def test_one_frame_a_second_at_24(video):
    table = VideoFrameSampler(rate=1).sample(video)
    np.testing.assert_array_equal(table["time"], np.arange(10.0))
    np.testing.assert_array_equal(table["duration"], np.ones(10))
    assert codes(video, table["time"].to_numpy()) == list(range(0, 240, 24))


@pytest.mark.parametrize(
    "fps", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25), Fraction(60)], ids=str
)
@pytest.mark.parametrize("rate", [1, 2.5, 7])
def test_the_frame_on_screen_at_each_moment(tmp_path, fps, rate):
    path = write_coded_video(tmp_path / "f.mp4", range(150), 1 / fps, b_frames=2, gop=30)
    table = VideoFrameSampler(rate=rate).sample(path)
    expected = [int(Fraction(k) / Fraction(str(rate)) * fps) for k in range(1000)]
    expected = [number for number in expected if number < 150]
    assert codes(path, table["time"].to_numpy()) == expected
    np.testing.assert_allclose(table["time"], [float(n / fps) for n in expected], atol=1e-9)
    assert table["duration"].sum() == pytest.approx(float(150 / fps), abs=1e-9)


def test_variable_frame_rate(tmp_path):
    # Slow for four seconds, fast for two: counting frames would be wrong by seconds.
    ticks = np.concatenate([np.arange(0, 4000, 200), np.arange(4000, 6000, 20)])
    path = write_coded_video(tmp_path / "vfr.mkv", ticks, Fraction(1, 1000))
    table = VideoFrameSampler(rate=1).sample(path)
    np.testing.assert_allclose(table["time"], np.arange(6.0), atol=1e-9)
    assert codes(path, table["time"].to_numpy()) == [0, 5, 10, 15, 20, 70]
    every = VideoFrameSampler(rate=None).sample(path)
    assert len(every) == len(ticks)
    np.testing.assert_allclose(every["duration"][:20], 0.2, atol=1e-9)


def test_every_frame(video):
    table = VideoFrameSampler(rate=None).sample(video)
    assert len(table) == 240
    assert codes(video, table["time"].to_numpy()) == list(range(240))
    assert table["duration"].sum() == pytest.approx(10.0)


def test_a_rate_above_the_videos_own_takes_each_frame_once(other_video):
    table = VideoFrameSampler(rate=60).sample(other_video)
    assert len(table) == 100
    assert table["duration"].sum() == pytest.approx(4.0)


def test_times_count_from_the_first_image(tmp_path):
    path = write_coded_video(
        tmp_path / "late.mkv", np.arange(50) * 40 + 1400, Fraction(1, 1000), rate=25
    )
    timeline = read_timeline(path)
    assert timeline.times[0] == 0
    assert timeline.length == pytest.approx(2.0)
    assert codes(path, [0.0, 1.0]) == [0, 25]


def test_start_and_stop(video):
    table = VideoFrameSampler(rate=2, start=1.25, stop=3.0).sample(video)
    np.testing.assert_allclose(table["time"], [1.25, 1.75, 2.25, 2.75])
    np.testing.assert_allclose(table["duration"], [0.5, 0.5, 0.5, 0.25])


def test_videos_without_a_frame_between_start_and_stop_are_named(video, other_video):
    with pytest.raises(ValueError, match=r"start=10, stop=5: stop has to be the later"):
        VideoFrameSampler(start=10, stop=5).sample(video)
    ends = [read_timeline(path).length for path in (video, other_video)]
    longer = video if ends[0] > ends[1] else other_video
    with pytest.warns(RuntimeWarning, match="has no frame between start="):
        table = VideoFrameSampler(start=min(ends) + 0.1).sample([video, other_video])
    assert table["video"].unique().tolist() == [longer]
    with (
        pytest.warns(RuntimeWarning, match="has no frame between start="),
        pytest.raises(ValueError, match=r"^No video can be read in these limits: "),
    ):
        VideoFrameSampler(start=max(ends)).sample(longer)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mjpeg"])
def test_far_apart_times_are_decoded_from_the_key_frame_before(tmp_path, codec):
    options = {"pix_fmt": "yuvj420p"} if codec == "mjpeg" else None
    path = str(tmp_path / "long.mkv")
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = 96, 64
        stream.pix_fmt = (options or {}).get("pix_fmt", "yuv420p")
        stream.codec_context.gop_size = 50
        stream.bit_rate = 2_000_000
        for number in range(1500):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(draw_code(number), "rgb24")))
        container.mux(stream.encode())
    wanted = [3, 4, 700, 1203, 1499]
    assert codes(path, [(n + 0.01) / 25 for n in wanted]) == wanted


def test_a_time_rounded_to_milliseconds_means_its_frame(tmp_path):
    path = write_coded_video(tmp_path / "ntsc.mp4", range(60), Fraction(1001, 24000))
    times = read_timeline(path).times
    assert codes(path, np.round(times, 3)) == list(range(60))


def test_repeated_times_give_the_same_image(video):
    assert codes(video, [1.0, 1.0, 1.01]) == [24, 24, 24]


def test_beyond_the_video(video):
    with pytest.raises(ValueError, match=r"no frame at 12\.000 s .*video\.mp4.*10\.000 s long"):
        list(read_images(video, [1.0, 12.0]))


def test_a_video_cut_short_gives_the_frames_it_holds(tmp_path, video):
    whole = write_coded_video(
        tmp_path / "whole.mp4",
        range(240),
        Fraction(1, 24),
        options={"movflags": "+frag_keyframe+empty_moov"},
    )
    data = (tmp_path / "whole.mp4").read_bytes()
    cut = tmp_path / "cut.mkv"
    with av.open(whole) as source, av.open(str(cut), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = cut.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    with pytest.warns(RuntimeWarning, match=r"cut\.mkv.*its header promises 10\.0 s"):
        timeline = read_timeline(str(cut))
    assert 60 < len(timeline) < 180
    assert codes(str(cut), timeline.times[:50]) == list(range(50))


def test_rotation_and_pixel_aspect(tmp_path):
    path = str(tmp_path / "wide.mkv")
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for number in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(draw_code(number), "rgb24")))
        container.mux(stream.encode())
    assert read_image_size(path) == (64, 128)


def test_what_is_no_video(tmp_path, sound_only):
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(FileNotFoundError, match=r"nowhere\.mp4"):
        VideoFrameSampler().sample("nowhere.mp4")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        VideoFrameSampler().sample(tmp_path)
    for path in [text, empty]:
        with pytest.raises(VideoError, match=f"{path.name}.*cannot be read as a video"):
            VideoFrameSampler().sample(path)
    with pytest.raises(VideoError, match=r"sound\.mp4.*no images, only audio"):
        VideoFrameSampler().sample(sound_only)
