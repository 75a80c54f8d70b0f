"""A path is one file: no address, no playlist, no pipe, and nothing beside it is opened."""

import os
import shutil
import socket
from pathlib import Path

import av
import pytest
from conftest import read_code

from sktime_screen import VideoFrameSampler, load_label_csv
from sktime_screen.video import FrameSequence, VideoError


def sample(path):
    return VideoFrameSampler(rate=1).sample(path)


@pytest.mark.parametrize(
    "name",
    [
        "12:30.mp4",
        "Alien: Covenant.mp4",
        "data:x.mp4",
        "pipe:0",
        "concat:a|b",
        "file:x.mp4",
        "-.mp4",
    ],
)
def test_a_name_is_never_an_address(tmp_path, monkeypatch, video, name):
    monkeypatch.chdir(tmp_path)
    shutil.copy(video, name)
    frames = FrameSequence(sample(name))
    assert [read_code(image) for image in frames[:2]] == [0, 24]


@pytest.fixture
def server():
    """A server that nobody shall ask for anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.parametrize("protocol", ["http", "rtmp", "tcp"])
def test_labels_ask_no_server(tmp_path, monkeypatch, video, server, protocol):
    monkeypatch.chdir(tmp_path)
    url = f"{protocol}://127.0.0.1:{server.getsockname()[1]}/video.mp4"
    labels = tmp_path / "labels.csv"
    labels.write_text(f"video,time,label\n{url},0,tom\n{url},1,jerry\n")
    with pytest.raises(FileNotFoundError, match=r"which is not in .* beside the labels"):
        load_label_csv(labels)
    target = Path(url)
    target.parent.mkdir(parents=True)
    shutil.copy(video, target)
    table, y = load_label_csv("labels.csv")
    assert y.tolist() == ["tom", "jerry"]
    assert [read_code(image) for image in FrameSequence(table)] == [0, 24]


@pytest.mark.parametrize("url", ["https://example.org/video.mp4", "rtsp://camera/1"])
def test_an_address_is_refused_with_what_to_do(url):
    with pytest.raises(VideoError, match="is an address, not a file: download the video first"):
        sample(url)


@pytest.mark.parametrize("name", ["frame_%05d.png", "%d.jpg", "season1/*.mp4"])
def test_a_pattern_is_refused_with_what_to_do(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"pattern for many files.*load_frame_folder"):
        sample(name)


def test_what_is_no_file_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.mp4")
    with pytest.raises(VideoError, match=r"pipe\.mp4' is a pipe, not a video.*save"):
        sample("pipe.mp4")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.mp4")
        with pytest.raises(VideoError, match="is a socket, not a video"):
            sample("socket.mp4")
    with pytest.raises(VideoError, match="is a device, not a video"):
        sample("/dev/zero")


PLAYLISTS = {
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{0}\n#EXT-X-ENDLIST\n",
    "list.m3u": "\ufeff#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{0}\n#EXT-X-ENDLIST\n",
    "list.ffconcat": "ffconcat version 1.0\nfile {0}\n",
    "list.mp4": "ffconcat version 1.0\nfile {0}\n",
    "list.mpd": "<?xml version='1.0'?>\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{0}"
    "</BaseURL></MPD>",
    "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns={0}\nm=video 5004 RTP/AVP 96\n",
    "list.asx": "<ASX version='3.0'><entry><ref href='{0}'/></entry></ASX>",
    "list.pls": "[playlist]\nFile1={0}\n",
    "list.xspf": "<?xml version='1.0'?><playlist><location>{0}</location></playlist>",
    "list.idx": "# VobSub index file, v7\nid: en, index: 0\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_is_refused_and_what_it_names_stays_closed(tmp_path, name):
    # Whoever opens the segment waits for ever.
    os.mkfifo(tmp_path / "segment.ts")
    (tmp_path / name).write_text(PLAYLISTS[name].format("segment.ts"))
    with pytest.raises(VideoError, match=f"{name}' is a playlist.*ffmpeg -i {name} -c copy"):
        sample(tmp_path / name)


def test_a_pattern_that_is_a_file_opens_no_other(tmp_path):
    for name in ("frame_%d.png", "frame_0.png", "frame_1.png"):
        with av.open(f"file:{tmp_path / 'x.png'}", "w", format="image2") as container:
            stream = container.add_stream("png", rate=1)
            stream.width = stream.height = 16
            stream.pix_fmt = "rgb24"
            container.mux(stream.encode(av.VideoFrame(16, 16, "rgb24")))
            container.mux(stream.encode())
        (tmp_path / "x.png").rename(tmp_path / name)
    with pytest.raises(VideoError, match=r"frame_%d\.png"):
        sample(tmp_path / "frame_%d.png")
