"""A feature store on a full disk, in a folder that takes no files, or damaged: never wrong rows."""

import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest

from sktime_screen import FeatureStore, ImageResizer, PretrainedCNNFeatures, VideoFrameSampler
from sktime_screen.features import _store

KEYS = [number.to_bytes(16, "big") for number in range(1, 25)]
ROWS = np.random.default_rng(0).normal(size=(24, 400)).astype(np.float32)


def filled(folder, **options):
    store = FeatureStore(folder, **options)
    store.put(KEYS, ROWS, "network", "video.mp4")
    return store


def read(store):
    rows = np.full_like(ROWS, -1)
    return rows, store.fill(rows, KEYS)


def features(video, memory):
    frames = ImageResizer((64, 64)).transform(VideoFrameSampler(rate=2).transform(video))
    transformer = PretrainedCNNFeatures(memory=memory, batch_size=8, weights=None, pooling=None)
    return transformer.fit_transform(frames)


@contextmanager
def full_disk(n_bytes=0):
    """No file may grow beyond some bytes."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("max_bytes", [None, 1e6])
def test_a_full_disk_can_be_read_and_cleared(tmp_path, max_bytes):
    store = filled(tmp_path, max_bytes=max_bytes)
    # Nobody has it open: what processes share has to be made anew.
    assert os.listdir(tmp_path) == ["features.sqlite"]
    with full_disk():
        rows, found = read(store)
        assert (len(store), store.contents()["frames"].sum()) == (24, 24)
        store.clear()
    assert found.all()
    np.testing.assert_array_equal(rows, ROWS)
    assert len(store) == 0


@pytest.mark.parametrize("n_bytes", [0, 4096, 40_000])
def test_a_full_disk_costs_the_storing_only(tmp_path, video, tiny, n_bytes):
    expected = features(video, None)
    store = FeatureStore(tmp_path / "features")
    with (
        full_disk(n_bytes),
        pytest.warns(RuntimeWarning, match="could not be stored in .*features"),
    ):
        pd.testing.assert_frame_equal(features(video, store), expected)
    pd.testing.assert_frame_equal(features(video, store), expected)
    assert len(store) == 20


def test_a_disk_that_fills_up_keeps_what_is_there(tmp_path):
    store = filled(tmp_path)
    with full_disk(), pytest.warns(RuntimeWarning, match="2 features could not be stored"):
        store.put([b"a", b"b"], ROWS[:2], "network", "video.mp4")
    rows, found = read(store)
    assert found.all()
    np.testing.assert_array_equal(rows, ROWS)


@contextmanager
def unwritable(monkeypatch, folder):
    """A folder that takes no files, also for root, whom permissions do not keep out."""
    connect = sqlite3.connect

    def refusing(name, *args, **options):
        # Where nothing can be made beside the file, only one who expects no change can read it.
        file = f"{name}" if options.get("uri") else f"file:{quote(str(name))}?mode=rw"
        if "immutable" not in file and ":memory:" not in file:
            file = file.replace("features.sqlite", "missing")
        return connect(file, *args, **{**options, "uri": True})

    before = folder.stat().st_mode
    folder.chmod(0o500)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", refusing)
        yield
    folder.chmod(before)


def test_a_store_in_a_folder_that_takes_no_files_is_read(tmp_path, monkeypatch):
    folder = tmp_path / "50% of #1?"
    store = filled(folder)
    with unwritable(monkeypatch, folder):
        rows, found = read(store)
        with pytest.warns(RuntimeWarning, match="could not be stored"):
            store.put([b"a"], ROWS[:1], "network", "video.mp4")
    assert found.all()
    np.testing.assert_array_equal(rows, ROWS)


def test_a_place_that_cannot_be_used(tmp_path, video, tiny):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"feature store .*file.*cannot be opened"):
        features(video, tmp_path / "file")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "features.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(OSError, match="damaged store can be deleted"):
        features(video, damaged)


def test_a_damaged_store_is_named(tmp_path):
    store = FeatureStore(tmp_path / "store")
    keys = [str(number).encode() for number in range(200)]
    store.put(keys, np.ones((200, 300), np.float32), "network", "video.mp4")
    path = tmp_path / "store" / "features.sqlite"
    content = path.read_bytes()
    path.write_bytes(content[:16384] + b"x" * (len(content) - 16384))
    for look in (
        lambda: store.fill(np.zeros((200, 300), np.float32), keys),
        store.contents,
        lambda: len(store),
    ):
        with pytest.raises(OSError, match="a damaged store can be deleted"):
            look()
    store.clear()
    assert len(store) == 0


def test_a_flipped_bit_gives_no_other_features(tmp_path):
    filled(tmp_path / "whole")
    whole = (tmp_path / "whole" / "features.sqlite").read_bytes()
    generator = np.random.default_rng(0)
    store = FeatureStore(tmp_path / "damaged")
    os.mkdir(store.folder)
    missing = named = refused = 0
    for position in generator.choice(len(whole), 60, replace=False):
        content = bytearray(whole)
        content[position] ^= 1 << int(generator.integers(8))
        (tmp_path / "damaged" / "features.sqlite").write_bytes(content)
        for ending in ("-wal", "-shm"):
            (tmp_path / "damaged" / f"features.sqlite{ending}").unlink(missing_ok=True)
        try:
            rows, found = read(store)
        except OSError as error:
            refused += 1
            named += "damaged store can be deleted" in str(error)
            continue
        np.testing.assert_array_equal(rows[found], ROWS[found])
        missing += not found.all()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            store.put(KEYS, ROWS, "network", "video.mp4")
        if not told:
            rows, found = read(store)
            np.testing.assert_array_equal(rows[found], ROWS[found])
    assert named == refused
    assert missing > 25


@pytest.mark.parametrize(
    "change",
    [
        "vector = NULL",
        "vector = 'text'",
        "vector = 7",
        "vector = substr(vector, 3)",
        "vector = substr(vector, 5)",
        "vector = zeroblob(1600)",
        "vector = (SELECT vector FROM features ORDER BY key DESC LIMIT 1)",
        "checksum = NULL",
        "checksum = 'text'",
    ],
)
def test_a_bad_row_is_missing_and_replaced(tmp_path, change):
    store = filled(tmp_path, max_bytes=24 * 1600)
    with closing(sqlite3.connect(tmp_path / "features.sqlite")) as database, database:
        database.execute(f"UPDATE features SET {change}, bytes = 'many' WHERE key < ?", [KEYS[3]])
        database.execute(
            "UPDATE features SET used = 'never', bytes = NULL WHERE key = ?", KEYS[4:5]
        )
        database.execute("UPDATE sources SET video = CAST(x'ff41' AS TEXT)")
    rows, found = read(store)
    assert found.tolist() == [False] * 3 + [True] * 21
    np.testing.assert_array_equal(rows[3:], ROWS[3:])
    assert (rows[:3] == -1).all()
    assert store.contents()["frames"].tolist() == [24]
    store.put(KEYS[:3], ROWS[:3], "network", "video.mp4")
    rows, found = read(store)
    assert found.all()
    np.testing.assert_array_equal(rows, ROWS)


def test_rows_without_checksums_are_dropped(tmp_path):
    with closing(sqlite3.connect(tmp_path / "features.sqlite")) as database, database:
        database.execute("CREATE TABLE sources (id INTEGER PRIMARY KEY, network TEXT, video TEXT)")
        database.execute(
            "CREATE TABLE features (key BLOB, source INTEGER, used REAL, bytes INTEGER, vector)"
        )
        database.execute("INSERT INTO features VALUES (?, 1, 1.0, 4, ?)", [KEYS[0], b"wrong"])
    old = tmp_path / "old"
    old.mkdir()
    shutil.copy(tmp_path / "features.sqlite", old)
    store = FeatureStore(old)
    with full_disk():
        assert not read(store)[1].any()
    assert len(store) == 0
    filled(old)
    assert read(store)[1].all()


def test_names_that_are_no_text(tmp_path):
    store = FeatureStore(tmp_path)
    store.put(KEYS, ROWS, "network", os.fsdecode(b"caf\xe9.mp4"))
    assert store.contents().index.tolist() == [("network", r"caf\udce9.mp4")]


def test_another_process_makes_it_first(tmp_path, monkeypatch):
    path = tmp_path / "features.sqlite"
    create_tables = _store._create_tables

    def late(database):
        monkeypatch.setattr(_store, "_create_tables", create_tables)
        filled(tmp_path)
        create_tables(database)

    monkeypatch.setattr(_store, "_create_tables", late)
    with closing(_store._connect(str(path))):
        assert read(FeatureStore(tmp_path))[1].all()


def test_what_one_connection_does_leaves_the_locks_of_others(tmp_path):
    store = FeatureStore(tmp_path)
    store.put([b"a"], np.ones((1, 2), np.float32), "network", "video.mp4")
    path = tmp_path / "features.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("SELECT COUNT(*) FROM features").fetchone()
        store.put([b"b"], np.ones((1, 2), np.float32), "network", "video.mp4")
        # The last connection takes the log of changes away; another process must not take itself
        # for the last while this one is at work.
        program = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute(sys.argv[2])"
        query = "SELECT COUNT(*) FROM features"
        subprocess.run([sys.executable, "-c", f"{program}; d.close()", path, query], check=True)
        assert Path(f"{path}-wal").exists()
        assert other.execute("SELECT COUNT(*) FROM features").fetchone() == (2,)
