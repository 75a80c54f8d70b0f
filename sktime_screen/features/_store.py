"""FeatureStore: features on disk, so that those of a frame are computed once."""

import hashlib
import os
import sqlite3
import time
import warnings
from contextlib import contextmanager, suppress
from numbers import Real

import numpy as np
import pandas as pd

_KEYS_A_QUERY = 500
_WAIT = 60.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources (
    id INTEGER PRIMARY KEY, network TEXT, video TEXT, UNIQUE (network, video)
);
CREATE TABLE IF NOT EXISTS features (
    key BLOB PRIMARY KEY, source INTEGER, used REAL, bytes INTEGER, vector BLOB
);
CREATE INDEX IF NOT EXISTS by_use ON features (used, bytes);
"""


class FeatureStore:
    """Features of frames on disk, one row a frame.

    A row is found by the content of the film's file, the frame, how the picture is resized, and
    the network with its weights, pooling and precision: change any, and it is computed anew; move
    or rename the film, and it is found again. Several processes may use a store at once, and a
    process that is killed loses the batch in flight at most.

    Parameters
    ----------
    folder : str or path
        Where the store is; made at first use. It should be on a local disk: SQLite's locks do not
        work over every network file system.
    max_bytes : int, optional
        Size of the stored vectors above which the rows not used for longest are dropped; unlimited
        by default.

    See Also
    --------
    PretrainedCNNFeatures : ``memory=`` takes a store, or the path of its folder.

    Notes
    -----
    The store is an SQLite database in write-ahead mode; nothing in it is executed when it is read.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sktime_screen import FeatureStore
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = FeatureStore(folder)
    ...     store.put([b"a", b"b"], np.eye(2, dtype=np.float32), "network", "film.mp4")
    ...     len(store)
    2
    """

    def __init__(self, folder, max_bytes=None) -> None:
        if max_bytes is not None and not (isinstance(max_bytes, Real) and float(max_bytes) >= 0):
            raise ValueError(f"max_bytes={max_bytes!r}: a number of bytes, or None, is expected.")
        self.folder = os.fspath(folder)
        self.max_bytes = max_bytes

    def __repr__(self):
        return f"FeatureStore({self.folder!r}, max_bytes={self.max_bytes!r})"

    def __len__(self) -> int:
        with self._open() as database:
            return database.execute("SELECT COUNT(*) FROM features").fetchone()[0]

    def fill(self, features, keys) -> np.ndarray:
        """Copy the rows that are stored into a table.

        Parameters
        ----------
        features : ndarray of shape (n, n_features), float32 or float16
            Filled where a row is found; of the type that was stored under these keys.
        keys : list of bytes
            The key of each row.

        Returns
        -------
        ndarray of shape (n,), bool
            Which rows were found.

        Raises
        ------
        OSError
            If the store cannot be opened or is damaged.
        """
        rows_of: dict[bytes, list[int]] = {}
        for row, key in enumerate(keys):
            rows_of.setdefault(key, []).append(row)
        found = np.zeros(len(keys), bool)
        wanted = list(rows_of)
        with self._open() as database:
            for begin in range(0, len(wanted), _KEYS_A_QUERY):
                some = wanted[begin : begin + _KEYS_A_QUERY]
                marks = ",".join("?" * len(some))
                for key, vector in self._rows(database, some):
                    vector = np.frombuffer(vector, features.dtype)
                    if len(vector) == features.shape[1]:
                        features[rows_of[key]] = vector
                        found[rows_of[key]] = True
                if self.max_bytes is not None:
                    used = f"UPDATE features SET used = ? WHERE key IN ({marks})"
                    # On a full disk rows can be read all the same.
                    with suppress(sqlite3.OperationalError):
                        database.execute(used, [time.time(), *some])
        return found

    def _rows(self, database, keys):
        marks = ",".join("?" * len(keys))
        query = f"SELECT key, vector FROM features WHERE key IN ({marks})"
        try:
            return database.execute(query, keys).fetchall()
        except sqlite3.DatabaseError as error:
            raise OSError(
                f"The feature store {self.folder!r} cannot be read: {error}. A damaged store can "
                f"be deleted, its features will be computed again."
            ) from error

    def put(self, keys, features, network, video) -> None:
        """Store rows; what cannot be written is warned about and left out.

        Parameters
        ----------
        keys : list of bytes
            The key of each row.
        features : ndarray of shape (n, n_features), float32 or float16
            The rows.
        network, video : str
            What they came from, for :meth:`contents`.
        """
        half = np.asarray(features).dtype == np.float16
        vectors = np.ascontiguousarray(features, np.float16 if half else np.float32)
        try:
            with self._open() as database:
                source = (network, video)
                database.execute(
                    "INSERT OR IGNORE INTO sources (network, video) VALUES (?, ?)", source
                )
                (number,) = database.execute(
                    "SELECT id FROM sources WHERE network = ? AND video = ?", source
                ).fetchone()
                now = time.time()
                database.executemany(
                    "INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?, ?)",
                    [
                        (key, number, now, vector.nbytes, vector.tobytes())
                        for key, vector in zip(keys, vectors, strict=True)
                    ],
                )
                self._evict(database)
        except sqlite3.Error as error:
            warnings.warn(
                f"{len(keys)} features could not be stored in {self.folder!r} ({error}); they "
                f"will be computed again.",
                RuntimeWarning,
                stacklevel=2,
            )

    def _evict(self, database):
        if self.max_bytes is None:
            return
        (size,) = database.execute("SELECT TOTAL(bytes) FROM features").fetchone()
        oldest = database.execute("SELECT rowid, bytes FROM features ORDER BY used, rowid")
        dropped = []
        while size > self.max_bytes:
            row, row_size = oldest.fetchone()
            dropped.append((row,))
            size -= row_size
        oldest.close()
        database.executemany("DELETE FROM features WHERE rowid = ?", dropped)

    def contents(self) -> pd.DataFrame:
        """Tell what is stored.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``network`` and ``video`` (as it was called when its frames were stored):
            ``frames``, ``bytes`` and ``last_used``, which without ``max_bytes`` is when they were
            stored.
        """
        with self._open() as database:
            rows = database.execute(
                "SELECT network, video, COUNT(*), SUM(bytes), MAX(used) FROM features"
                " JOIN sources ON sources.id = features.source GROUP BY source"
            ).fetchall()
        table = pd.DataFrame(rows, columns=["network", "video", "frames", "bytes", "last_used"])
        table["last_used"] = pd.to_datetime(table["last_used"], unit="s")
        return table.set_index(["network", "video"])

    def clear(self) -> None:
        """Drop everything that is stored and give the disk space back."""
        try:
            with self._open() as database:
                database.execute("DELETE FROM features")
                database.execute("DELETE FROM sources")
            with self._open() as database:
                database.commit()
                database.execute("VACUUM")
        except (OSError, sqlite3.OperationalError):
            # A full disk has no room for what is done step by step.
            for ending in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.remove(os.path.join(self.folder, "features.sqlite" + ending))

    @contextmanager
    def _open(self):
        """Yield a connection; what is done with it is committed at the end, whole or not at all."""
        # A connection for each use: it may not be shared between threads or across a fork.
        path = os.path.join(self.folder, "features.sqlite")
        try:
            os.makedirs(self.folder, exist_ok=True)
            database = _connected(path)
        except (OSError, sqlite3.Error) as error:
            raise OSError(
                f"The feature store {self.folder!r} cannot be opened: {error}. A folder that can "
                f"be written to is expected; a damaged store can be deleted, its features will be "
                f"computed again."
            ) from error
        try:
            with database:
                yield database
        finally:
            database.close()


def _connected(path):
    deadline = time.monotonic() + _WAIT
    while True:
        database = sqlite3.connect(path, timeout=_WAIT)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.executescript(_SCHEMA)
            return database
        except sqlite3.OperationalError as error:
            database.close()
            # Changing the journal mode does not wait for other processes that do the same.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        except sqlite3.Error:
            database.close()
            raise


def as_store(memory):
    """Turn what ``memory=`` takes into a store.

    Parameters
    ----------
    memory : None, str, path-like, joblib.Memory or FeatureStore
        A store, its folder, or a joblib memory, in whose folder it is made.

    Returns
    -------
    FeatureStore or None
        None where nothing is to be stored.
    """
    if memory is None or isinstance(memory, FeatureStore):
        return memory
    if isinstance(memory, (str, os.PathLike)):
        return FeatureStore(memory)
    if memory.location is None:
        return None
    return FeatureStore(os.path.join(memory.location, "sktime_screen"))


def row_keys(picture_keys, network):
    """Return the keys of rows from those of their pictures and the identity of the network.

    Parameters
    ----------
    picture_keys : list of bytes
        See ``frames.picture_keys``.
    network : str
        Everything about the network that its features depend on.

    Returns
    -------
    list of bytes
        16 bytes a row.
    """
    suffix = network.encode()
    return [hashlib.blake2b(key + suffix, digest_size=16).digest() for key in picture_keys]
