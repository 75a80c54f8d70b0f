import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from sktime_screen import (
    FeatureStore,
    ImageResizer,
    KerasDenseClassifier,
    PretrainedCNNFeatures,
    ScreenTimeAggregator,
    VideoFrameSampler,
)


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


def sequence(video, size=(32, 32), rate=2, **options):
    return ImageResizer(size, **options).transform(VideoFrameSampler(rate=rate).transform(video))


def features(images, memory, **options):
    return PretrainedCNNFeatures(memory=memory, batch_size=8, **options).fit_transform(images)


def test_rows_come_back(store):
    rows = np.random.default_rng(0).normal(size=(1200, 3)).astype(np.float32)
    keys = [str(k).encode() for k in range(1200)]
    store.put(keys, rows, "network", "video.mp4")
    back = np.zeros((3, 3), np.float32)
    found = store.fill(back, [b"7", b"no", b"1199"])
    assert found.tolist() == [True, False, True]
    np.testing.assert_array_equal(back, [rows[7], [0, 0, 0], rows[1199]])
    many = np.zeros_like(rows)
    assert store.fill(many, keys).all()
    np.testing.assert_array_equal(many, rows)


def test_contents_and_clear(store):
    store.put([b"a", b"b"], np.ones((2, 4), np.float32), "vgg16", "one.mp4")
    store.put([b"c"], np.ones((1, 4), np.float32), "vgg16", "two.mp4")
    contents = store.contents()
    assert contents["frames"].to_dict() == {("vgg16", "one.mp4"): 2, ("vgg16", "two.mp4"): 1}
    assert contents["bytes"].tolist() == [32, 16]
    assert len(store) == 3
    store.clear()
    assert len(store) == 0
    assert store.contents().empty


def test_the_rows_not_used_for_longest_make_room(tmp_path):
    store = FeatureStore(tmp_path, max_bytes=4 * 16)
    for key in [b"a", b"b", b"c", b"d"]:
        store.put([key], np.ones((1, 4), np.float32), "n", "v")
    store.fill(np.empty((1, 4), np.float32), [b"a"])
    store.put([b"e", b"f"], np.ones((2, 4), np.float32), "n", "v")
    found = store.fill(np.empty((6, 4), np.float32), [b"a", b"b", b"c", b"d", b"e", b"f"])
    assert found.tolist() == [True, False, False, True, True, True]


def test_each_frame_is_computed_once(video, store, decoded):
    first = features(sequence(video), store)
    assert sum(decoded) == 20
    again = features(sequence(video), store)
    assert sum(decoded) == 20
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(first, features(sequence(video), None))
    decoded.clear()
    # Of four frames a second, every other one is there.
    more = features(sequence(video, rate=4), store)
    assert sum(decoded) == 20
    np.testing.assert_array_equal(more.iloc[::2], first)


def test_a_moved_video_is_found_and_a_changed_one_is_not(
    video, other_video, store, decoded, tmp_path
):
    first = features(sequence(video), store)
    moved = str(tmp_path / "renamed.mp4")
    shutil.copy(video, moved)
    decoded.clear()
    np.testing.assert_array_equal(features(sequence(moved), store), first)
    assert not decoded
    times = os.stat(moved)
    shutil.copy(other_video, moved)
    os.utime(moved, ns=(times.st_atime_ns, times.st_mtime_ns))
    features(sequence(moved), store)
    assert sum(decoded) == 8


@pytest.mark.parametrize(
    ("resizing", "network"),
    [
        ({"interpolation": "linear"}, {}),
        ({"aspect": "pad"}, {}),
        ({"crop_bars": True}, {}),
        ({"size": (40, 32)}, {}),
        ({}, {"pooling": "max"}),
        ({}, {"pooling": ("avg", "max")}),
        ({}, {"weights": None}),
        ({}, {"backbone": "mobilenet_v2", "weights": None}),
    ],
    ids=str,
)
def test_whatever_decides_a_feature_is_in_its_key(video, store, decoded, tiny, resizing, network):
    features(sequence(video), store)
    decoded.clear()
    changed = features(sequence(video, **resizing), store, **network)
    assert sum(decoded) == 20
    pd.testing.assert_frame_equal(changed, features(sequence(video, **resizing), None, **network))


def test_a_models_weights_are_in_the_key(video, store):
    model = keras.Sequential(
        [keras.Input((32, 32, 3)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()]
    )
    first = features(sequence(video), store, backbone=model)
    other = keras.models.clone_model(model)
    other.set_weights([weight + 1 for weight in model.get_weights()])
    second = features(sequence(video), store, backbone=other)
    assert not np.allclose(first, second)
    pd.testing.assert_frame_equal(second, features(sequence(video), None, backbone=other))


def test_a_grid_search_computes_each_frame_once(video, store, decoded, computed):
    X = VideoFrameSampler(rate=2).sample(video)
    pipeline = make_pipeline(
        VideoFrameSampler(),
        ImageResizer((32, 32)),
        PretrainedCNNFeatures(memory=store),
        KerasDenseClassifier((4,), epochs=1, random_state=0),
        ScreenTimeAggregator(),
    )
    grid = {
        "kerasdenseclassifier__dropout": [0.1, 0.2, 0.3, 0.4],
        "screentimeaggregator__threshold": [0.4, 0.5],
    }
    search = GridSearchCV(pipeline, grid, cv=KFold(5, shuffle=True, random_state=0))
    search.fit(X, np.arange(20) % 2)
    assert len(search.cv_results_["params"]) == 8
    assert sum(decoded) == 20
    assert sum(computed) == 20


def test_a_grid_of_poolings(video, store, tiny):
    X = VideoFrameSampler(rate=2).sample(video)
    pipeline = make_pipeline(
        VideoFrameSampler(),
        ImageResizer((32, 32)),
        PretrainedCNNFeatures(memory=store),
        LogisticRegression(max_iter=20),
    )
    grid = {"pretrainedcnnfeatures__pooling": ["avg", ("avg", "max"), ["max", None]]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, np.arange(20) % 2)
    assert search.cv_results_["params"][1] == {"pretrainedcnnfeatures__pooling": ("avg", "max")}
    assert len(store) == 3 * 20


def test_joblib_memory_and_paths_are_taken(video, tmp_path):
    expected = features(sequence(video), None)
    for memory in [tmp_path / "a", str(tmp_path / "b"), joblib.Memory(tmp_path / "c", verbose=0)]:
        pd.testing.assert_frame_equal(features(sequence(video), memory), expected)
    assert len(FeatureStore(tmp_path / "a")) == 20
    assert len(FeatureStore(tmp_path / "c" / "sktime_screen")) == 20
    features(sequence(video), joblib.Memory(None))


WRITER = """
import sys
import numpy as np
from sktime_screen import FeatureStore
store, name = FeatureStore(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
for number in range(int(sys.argv[3])):
    keys = [f"{name}-{number}-{row}".encode() for row in range(8)]
    store.put(keys, np.full((8, 1000), number, np.float32), "n", name)
    print(number, flush=True)
"""


def test_two_processes_write_at_once(store):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, store.folder, name, "40"], stdout=subprocess.DEVNULL
        )
        for name in "ab"
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert store.contents()["frames"].tolist() == [320, 320]


EXTRACTOR = """
import sys
import numpy as np
from sktime_screen import ImageResizer, PretrainedCNNFeatures, VideoFrameSampler
video, folder, result = sys.argv[1:]
frames = ImageResizer((32, 32)).transform(VideoFrameSampler(rate=None).transform(video))
features = PretrainedCNNFeatures(memory=folder, batch_size=8)
np.save(result, features.fit_transform(frames).to_numpy())
"""


def test_two_processes_compute_the_same_video_at_once(video, store, tmp_path):
    alone = features(sequence(video, rate=None), None)
    results = [tmp_path / "a.npy", tmp_path / "b.npy"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", EXTRACTOR, video, store.folder, result],
            stderr=subprocess.PIPE,
            text=True,
        )
        for result in results
    ]
    for process in processes:
        _, said = process.communicate()
        assert (process.returncode, said) == (0, "")
    for result in results:
        np.testing.assert_array_equal(np.load(result), alone)
    np.testing.assert_array_equal(features(sequence(video, rate=None), store), alone)
    assert len(store) == 240


def test_a_killed_process_loses_at_most_the_batch_in_flight(store):
    for attempt in range(4):
        name = f"run{attempt}"
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, store.folder, name, "100000"],
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout.readline() == "ready\n"
            said = [int(writer.stdout.readline())]
            time.sleep(0.07 * attempt)
            writer.send_signal(signal.SIGKILL)
            said += [int(line) for line in writer.stdout.read().split()]
        keys = [f"{name}-{number}-{row}".encode() for number in said for row in range(8)]
        rows = np.zeros((len(keys), 1000), np.float32)
        assert store.fill(rows, keys).all()
        np.testing.assert_array_equal(rows, np.repeat(said, 8)[:, None] * np.ones(1000))
    path = os.path.join(store.folder, "features.sqlite")
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    frames = store.contents()["frames"]
    assert (frames % 8 == 0).all()


@pytest.mark.parametrize("max_bytes", [-1, "1GB", float("nan")])
def test_limits_that_are_none(tmp_path, max_bytes):
    with pytest.raises(ValueError, match="a number of bytes"):
        FeatureStore(tmp_path, max_bytes)
