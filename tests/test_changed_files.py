"""Files that change while they are read: what is of the new one is never taken for the old one."""

import os
import pickle
import shutil
import time

import av
import cv2
import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sktime_screen import FeatureStore, ImageResizer, PretrainedCNNFeatures, VideoFrameSampler
from sktime_screen.features import _networks
from sktime_screen.video import FrameSequence, VideoError, digest_file, read_timeline


@pytest.fixture(autouse=True)
def quick(tiny):
    """Which network it is does not matter."""


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


@pytest.fixture
def videos(video, other_video, tmp_path):
    """Two videos, and one to take the place of the first, with other images at its times."""
    first, second, other = (str(tmp_path / name) for name in ("1.mp4", "2.mp4", "other.mp4"))
    shutil.copy(video, first)
    shutil.copy(other_video, second)
    frames = np.random.default_rng(0).integers(0, 255, (240, 64, 96, 3), np.uint8)
    write_noise(other, frames)
    return first, second, other


def write_noise(path, frames):
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.options = {"crf": "40", "preset": "ultrafast"}
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def sequence(videos):
    return ImageResizer((32, 32)).transform(VideoFrameSampler(rate=4).transform(videos))


def features(frames, memory=None, **options):
    transformer = PretrainedCNNFeatures(
        "tiny", weights=None, batch_size=8, memory=memory, precision="float32", **options
    )
    return transformer.fit_transform(frames)


def in_place(new, old):
    with open(new, "rb") as source, open(old, "r+b") as target:
        target.truncate()
        shutil.copyfileobj(source, target)


def renamed(new, old):
    """With the time and, as far as can be had, the size of the old one."""
    before = os.stat(old)
    copy = old + ".copy"
    shutil.copy(new, copy)
    if os.path.getsize(copy) < before.st_size:
        os.truncate(copy, before.st_size)
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(copy, old)


def meanwhile(monkeypatch, after, do):
    """Do something when so many images went through the network."""
    run = _networks.Network.run

    def watched(self, batches, batch_size, store):
        done = 0

        def storing(rows, values):
            nonlocal done
            store(rows, values)
            if done < after <= done + len(rows):
                do()
            done += len(rows)

        run(self, batches, batch_size, storing)

    monkeypatch.setattr(_networks.Network, "run", watched)


@pytest.mark.parametrize("replace", [in_place, renamed])
@pytest.mark.parametrize("after", [1, 20])
def test_a_video_replaced_meanwhile_poisons_nothing(videos, store, monkeypatch, replace, after):
    first, second, other = videos
    shutil.copy(first, first + ".kept")
    frames = sequence([first, second])
    expected = features(frames)
    with monkeypatch.context() as patch:
        meanwhile(patch, after, lambda: replace(other, first))
        with pytest.raises(VideoError, match=r"1\.mp4' changed while it was read") as raised:
            features(frames, store)
    assert f"{first!r}, 1 of 2 videos failed" in raised.value.__notes__[0]
    # The untouched original, and the other video.
    shutil.copy(first + ".kept", first)
    assert 16 <= len(store) < 56
    pd.testing.assert_frame_equal(features(frames, store), expected, atol=1e-5)
    assert len(store) == 56


def test_a_video_replaced_while_others_are_read(videos, store, monkeypatch):
    first, second, other = videos
    frames = sequence([second, first])
    with monkeypatch.context() as patch:
        meanwhile(patch, 1, lambda: renamed(other, first))
        with pytest.raises(VideoError, match="changed while it was read"):
            features(frames, store)
    assert len(store) == 16
    pd.testing.assert_frame_equal(
        features(sequence([second, first]), store), features(sequence([second, first])), atol=1e-5
    )


def test_a_video_replaced_before_it_is_shared_out(videos, store):
    first, second, other = videos
    frames = sequence([first, second])
    features(frames[:1])
    fill = FeatureStore.fill

    with pytest.MonkeyPatch.context() as patch:

        def late(self, *args):
            patch.undo()
            found = fill(self, *args)
            renamed(other, first)
            return found

        patch.setattr(FeatureStore, "fill", late)
        with (
            joblib.parallel_config(backend="threading", n_jobs=2),
            pytest.raises(VideoError, match=r"1\.mp4' changed while it was read"),
        ):
            features(frames, store)


def test_what_leaves_the_content_is_no_change(videos, store, monkeypatch):
    first = videos[0]
    frames = sequence(first)
    expected = features(frames)

    def touch():
        os.utime(first)
        os.link(first, first + ".link")
        shutil.copy(first, first + ".copy")
        os.replace(first + ".copy", first)

    meanwhile(monkeypatch, 10, touch)
    pd.testing.assert_frame_equal(features(frames, store), expected, atol=1e-5)
    assert len(store) == 40


def test_a_video_that_is_gone(videos, store, monkeypatch):
    first, second, _ = videos
    frames = sequence([first, second])
    meanwhile(monkeypatch, 1, lambda: os.remove(first))
    with pytest.raises(FileNotFoundError, match=r"1\.mp4"):
        features(frames, store)
    assert 16 <= len(store) < 56


@pytest.mark.parametrize("crop_bars", [False, True])
def test_images_replaced_meanwhile(tmp_path, store, monkeypatch, crop_bars):
    images = np.random.default_rng(0).integers(20, 255, (17, 40, 40, 3), np.uint8)
    paths = [str(tmp_path / f"{number}.png") for number in range(16)]
    for path, image in zip(paths, images, strict=False):
        cv2.imwrite(path, image)
    cv2.imwrite(str(tmp_path / "other.png"), images[-1])
    table = pd.DataFrame({"video": "video", "time": np.arange(16.0), "duration": 1, "image": paths})
    frames = ImageResizer((32, 32), crop_bars=crop_bars).transform(FrameSequence(table))
    expected = features(frames)
    shutil.copy(paths[12], tmp_path / "kept.png")
    with monkeypatch.context() as patch:
        meanwhile(patch, 1, lambda: renamed(str(tmp_path / "other.png"), paths[12]))
        with pytest.raises(VideoError, match=r"12\.png' changed"):
            features(frames, store)
    assert len(store) == (0 if crop_bars else 8)
    shutil.copy(tmp_path / "kept.png", paths[12])
    pd.testing.assert_frame_equal(features(frames, store), expected, atol=1e-5)


def test_the_memory_of_a_pipeline(videos, tmp_path):
    first, _, other = videos
    X = VideoFrameSampler(rate=4).sample(first)
    y = np.arange(40) % 2
    steps = [
        VideoFrameSampler(),
        ImageResizer((32, 32)),
        PretrainedCNNFeatures("tiny", weights=None),
        LogisticRegression(max_iter=50),
    ]
    kept = make_pipeline(*steps, memory=str(tmp_path / "memory"))
    before = kept.fit(X, y)[-1].coef_
    renamed(other, first)
    after = kept.fit(X, y)[-1].coef_
    np.testing.assert_allclose(after, make_pipeline(*steps).fit(X, y)[-1].coef_, atol=1e-5)
    assert np.abs(after - before).max() > 0.01


@pytest.mark.parametrize("column", ["video", "image"])
def test_what_a_sequence_is_known_by(videos, column):
    first, _, other = videos
    table = pd.DataFrame({"video": [first, "video"], "time": 0.5, "duration": 1.0})
    if column == "image":
        table["image"] = [first, first]
    frames = FrameSequence(table, (32, 32), aspect="pad")
    known_by = joblib.hash(frames)
    os.utime(first)
    assert joblib.hash(FrameSequence(table, (32, 32), aspect="pad")) == known_by
    pickled = pickle.dumps(frames)
    renamed(other, first)
    assert joblib.hash(frames) != known_by
    os.remove(first)
    elsewhere = pickle.loads(pickle.dumps(pickle.loads(pickled)))
    assert vars(elsewhere).keys() == vars(frames).keys()
    pd.testing.assert_frame_equal(elsewhere.table, table)
    assert (elsewhere.size, elsewhere.aspect) == ((32, 32), "pad")


def test_the_same_size_and_time_in_one_process(videos):
    first, second, other = videos
    digest, length = digest_file(first), read_timeline(first).length
    for new in (other, second):
        time.sleep(0.02)  # clocks of file systems tick
        before = os.stat(first)
        shutil.copy(new, first)
        os.truncate(first, before.st_size)
        os.utime(first, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert os.stat(first).st_size == before.st_size
        assert digest_file(first) != digest
    assert read_timeline(first).length != length
