"""Many videos at once: shared out by joblib, and what becomes of those that fail."""

import contextlib
import os
import shutil
import signal

import joblib
import numpy as np
import pandas as pd
import pytest

from sktime_screen import FeatureStore, ImageResizer, PretrainedCNNFeatures, VideoFrameSampler
from sktime_screen._parallel import share_out
from sktime_screen.features import _networks


@pytest.fixture
def videos(video, other_video, tmp_path):
    """Four videos, of which two have the same images."""
    paths = [str(tmp_path / f"{number}.mp4") for number in range(4)]
    for source, path in zip([video, other_video, video, other_video], paths, strict=True):
        shutil.copy(source, path)
    with open(paths[2], "ab") as file:
        file.write(bytes(8))
    return paths[:3]


def images(videos):
    return ImageResizer((32, 32)).transform(VideoFrameSampler(rate=2).transform(videos))


@pytest.fixture(autouse=True)
def quick(tiny):
    """The processes of a cluster do not know the tiny network, but find it converted."""


def features(frames, **options):
    settings = {"backbone": "tiny", "weights": None, "precision": "float32", **options}
    return PretrainedCNNFeatures(**settings).fit_transform(frames)


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


@pytest.mark.parametrize("with_store", [True, False])
def test_videos_shared_out_give_the_same(videos, store, with_store):
    frames = images(videos)[np.random.default_rng(0).permutation(48)]
    expected = features(frames)
    memory = store if with_store else None
    with joblib.parallel_config(backend="threading", n_jobs=3):
        found = features(frames, memory=memory)
    pd.testing.assert_frame_equal(found, expected, atol=1e-5)
    with joblib.parallel_config(backend="threading"):
        again = features(frames, memory=memory, n_jobs=2)
    pd.testing.assert_frame_equal(again, found, atol=1e-5)
    assert len(store) == 48 * with_store


def test_nothing_is_shared_out_where_all_is_stored(videos, store, monkeypatch):
    expected = features(images(videos), memory=store)
    monkeypatch.setattr(joblib, "Parallel", lambda *args, **kwargs: pytest.fail("shared out"))
    pd.testing.assert_frame_equal(features(images(videos), memory=store, n_jobs=2), expected)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_video_that_fails_does_not_lose_the_others(videos, store, n_jobs):
    frames = images(videos)
    expected = features(frames)
    os.remove(videos[1])
    shared_out = joblib.parallel_config(backend="threading", n_jobs=n_jobs)
    with shared_out, pytest.raises(FileNotFoundError) as raised:
        features(frames, memory=store)
    told = str(raised.value) + "".join(raised.value.__notes__)
    assert f"{videos[1]!r}, 1 of 3 videos failed" in told
    assert store.folder in told
    assert len(store) == 40
    others = images([videos[2], videos[0]])
    found = features(others, memory=store)
    wanted = pd.concat([expected[28:], expected[:20]])
    pd.testing.assert_frame_equal(found, wanted, atol=1e-5)


def test_videos_that_fail_while_they_are_decoded(videos, store, monkeypatch):
    frames = images(videos)
    expected = features(frames)
    whole = type(frames)._read_video_images

    def failing(self, rows):
        for number, image in enumerate(whole(self, rows)):
            if number == 5 and self.table["video"].iloc[rows[0]] in videos[:2]:
                raise ValueError(f"no frame {number}")
            yield image

    monkeypatch.setattr(type(frames), "_read_video_images", failing)
    with pytest.raises(ValueError, match="no frame 5") as raised:
        features(frames, memory=store)
    first, second = raised.value.__notes__
    assert f"{videos[0]!r}, 2 of 3 videos failed" in first
    assert second == f"{videos[1]!r} failed as well: no frame 5"
    assert len(store) == 5 + 5 + 20
    with pytest.raises(ValueError, match="no frame 5"):
        features(frames, n_jobs=1)
    monkeypatch.undo()
    pd.testing.assert_frame_equal(features(frames, memory=store), expected, atol=1e-5)


def networks_in_use():
    return len(_networks._networks)


def test_a_dask_cluster(videos, store, computed, tmp_path):
    distributed = pytest.importorskip("distributed")
    frames = images(videos)
    expected = features(frames)
    computed.clear()

    tasks = {str(number): number for number in range(4)}

    def double(number, other):
        if other == 2 and not os.path.exists(tmp_path / "killed"):
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number * other

    def read_on_one(number, other):
        with contextlib.suppress(FileExistsError):
            os.symlink(str(os.getpid()), tmp_path / "lacking")
        if other == 3 or os.readlink(tmp_path / "lacking") == str(os.getpid()):
            raise FileNotFoundError(f"no video {other}")
        return number * other

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        found = features(frames, memory=store)
        assert max(client.run(networks_in_use).values()) == 1
        os.remove(videos[1])
        with pytest.raises(FileNotFoundError) as raised:
            features(frames, memory=tmp_path / "other")
        read = {name: answer for name, *answer in share_out(read_on_one, 2, tasks)}
        # That a task is given up when its worker dies, as by default when four have died.
        client.run_on_scheduler(
            lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0)
        )
        doubled = list(share_out(double, 2, tasks))
    assert not computed
    pd.testing.assert_frame_equal(found, expected, atol=1e-5)
    assert f"{videos[1]!r}, 1 of 3 videos failed" in raised.value.__notes__[0]
    assert len(store) == 48
    assert len(FeatureStore(tmp_path / "other")) == 40
    assert str(read.pop("3")[1]) == "no video 3"
    assert read == {str(number): [2 * number, None] for number in range(3)}
    assert sorted(doubled) == [(str(number), 2 * number, None) for number in range(4)]
