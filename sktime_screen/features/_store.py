"""FeatureStore: features on disk, so that those of a frame are computed once."""

import errno
import hashlib
import os
import sqlite3
import time
import warnings
import zlib
from contextlib import closing, contextmanager, suppress
from numbers import Real
from pathlib import Path

import numpy as np
import pandas as pd

_KEYS_A_QUERY = 500
_WAIT = 60.0
# A store of another version is emptied: its rows are not checked, or not as here.
_VERSION = 2
_SCHEMA = (
    "DROP TABLE IF EXISTS features",
    "DROP TABLE IF EXISTS sources",
    "CREATE TABLE sources ("
    "id INTEGER PRIMARY KEY, network TEXT, video TEXT, UNIQUE (network, video))",
    "CREATE TABLE features (key BLOB PRIMARY KEY,"
    " source INTEGER, used REAL, bytes INTEGER, checksum INTEGER, vector BLOB)",
    "CREATE INDEX by_use ON features (used, bytes)",
    f"PRAGMA user_version = {_VERSION}",
)


class FeatureStore:
    """Features of frames on disk, one row a frame.

    The store finds a row by the content of the video's file, the frame, the resizing, and the
    network with its weights, pooling and precision. If one of these changes, the row is computed
    again. If the video is moved or renamed, the row is found. Several processes may use a store at
    once. A process that is killed loses at most its current batch. Each row has a checksum: a row
    that was damaged on the disk counts as missing, and is computed and stored again. If nothing
    can be written, on a full disk or in a read-only folder, stored rows are still read.

    Parameters
    ----------
    folder : str or path
        The folder of the store, created at first use. It should be on a local disk: SQLite's locks
        do not work on every network file system.
    max_bytes : int, optional
        Largest size of the stored features. Above it, the rows not used for longest are deleted.
        Unlimited by default.

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
    ...     store.put([b"a", b"b"], np.eye(2, dtype=np.float32), "network", "video.mp4")
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
        with self._reading() as database:
            return database.execute("SELECT COUNT(*) FROM features").fetchone()[0]

    def fill(self, features, keys) -> np.ndarray:
        """Copy the rows that are stored into a table.

        Parameters
        ----------
        features : ndarray of shape (n, n_features), float32, float16 or int8
            Filled where a row is found. Its type must be the one stored under these keys.
        keys : list of bytes
            The key of each row.

        Returns
        -------
        ndarray of shape (n,), bool
            Which rows were found.

        Raises
        ------
        OSError
            If the store cannot be opened, or if more than its rows is damaged.
        """
        rows_of: dict[bytes, list[int]] = {}
        for row, key in enumerate(keys):
            rows_of.setdefault(key, []).append(row)
        found = np.zeros(len(keys), bool)
        wanted = list(rows_of)
        parts = [wanted[n : n + _KEYS_A_QUERY] for n in range(0, len(wanted), _KEYS_A_QUERY)]
        with self._reading() as database:
            for part in parts:
                rows = f"SELECT key, checksum, vector FROM features WHERE {_match_any(part)}"
                for key, checksum, vector in database.execute(rows, part):
                    # Where a disk or a copy of the file is bad, anything may stand in a row.
                    if not isinstance(vector, bytes) or key not in rows_of:
                        continue
                    if checksum != _compute_checksum(key, vector):
                        continue
                    values = _unpack(vector, features[0])
                    if values is not None:
                        features[rows_of[key]] = values
                        found[rows_of[key]] = True
            if self.max_bytes is not None:
                # What cannot be written to can be read all the same.
                with suppress(sqlite3.Error), database:
                    for part in parts:
                        used = f"UPDATE features SET used = ? WHERE {_match_any(part)}"
                        database.execute(used, [time.time(), *part])
        return found

    def put(self, keys, features, network, video) -> None:
        """Store rows; warn if they cannot be written.

        Parameters
        ----------
        keys : list of bytes
            The key of each row.
        features : ndarray of shape (n, n_features), float32, float16 or int8
            The rows. Those of int8 are compressed.
        network, video : str
            What they came from, for :meth:`contents`.
        """
        kept = np.asarray(features).dtype in (np.float16, np.int8)
        vectors = np.ascontiguousarray(features, None if kept else np.float32)
        # The name of a file need not be text.
        source = (network, video.encode(errors="backslashreplace").decode())
        try:
            with closing(_connect(self._path)) as database, database:
                database.execute(
                    "INSERT OR IGNORE INTO sources (network, video) VALUES (?, ?)", source
                )
                (number,) = database.execute(
                    "SELECT id FROM sources WHERE network = ? AND video = ?", source
                ).fetchone()
                now = time.time()
                contents = [_pack(vector) for vector in vectors]
                database.executemany(
                    "INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        (key, number, now, len(content), _compute_checksum(key, content), content)
                        for key, content in zip(keys, contents, strict=True)
                    ],
                )
                self._evict(database)
        except (OSError, sqlite3.Error) as error:
            warnings.warn(
                f"{len(keys)} features could not be stored in {self.folder!r} ({error}); they "
                f"will be computed again.",
                RuntimeWarning,
                stacklevel=2,
            )

    def _evict(self, database):
        if self.max_bytes is None:
            return
        size = "IFNULL(CAST(bytes AS INTEGER), 0)"  # whatever damage has made of it
        (total,) = database.execute(f"SELECT TOTAL({size}) FROM features").fetchone()
        dropped = []
        oldest = f"SELECT rowid, {size} FROM features ORDER BY used, rowid"
        with closing(database.execute(oldest)) as rows:
            while total > self.max_bytes:
                row, row_size = next(rows)
                dropped.append((row,))
                total -= row_size
        database.executemany("DELETE FROM features WHERE rowid = ?", dropped)

    def contents(self) -> pd.DataFrame:
        """List what is stored.

        Returns
        -------
        pandas.DataFrame
            The columns ``frames``, ``bytes`` and ``last_used`` (without ``max_bytes``, when they
            were stored), by ``network`` and ``video`` (its path when the rows were stored).
        """
        with self._reading() as database:
            database.text_factory = lambda text: text.decode(errors="replace")
            rows = database.execute(
                "SELECT network, video, COUNT(*), SUM(bytes), MAX(used) FROM features"
                " JOIN sources ON sources.id = features.source GROUP BY source"
            ).fetchall()
        table = pd.DataFrame(rows, columns=["network", "video", "frames", "bytes", "last_used"])
        table["last_used"] = pd.to_datetime(table["last_used"], unit="s", errors="coerce")
        return table.set_index(["network", "video"])

    def clear(self, kind=None) -> None:
        """Drop what is stored and give the disk space back.

        Parameters
        ----------
        kind : str, optional
            What to drop: "faces", the vectors of :class:`FaceFeatures`, or the features of a
            backbone by its name, in general all whose ``network`` in :meth:`contents` begins with
            this word. By default everything.

        Raises
        ------
        OSError
            If features of one kind cannot be dropped, such as on a full disk.
        """
        try:
            with closing(_connect(self._path)) as database:
                # What is dropped is overwritten, too, and not only forgotten.
                database.execute("PRAGMA secure_delete = ON")
                with database:
                    if kind is None:
                        database.execute("DELETE FROM features")
                        database.execute("DELETE FROM sources")
                    else:
                        _drop_kind(database, kind)
                database.execute("VACUUM")
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (OSError, sqlite3.Error) as error:
            if kind is not None:
                raise OSError(
                    f"The features of {kind!r} in {self.folder!r} cannot be dropped ({error}). "
                    f"clear() without a kind drops all features, and needs no space."
                ) from error
            # A full disk has no room for what is done step by step.
            for ending in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.remove(self._path + ending)

    @property
    def _path(self):
        return os.path.join(self.folder, "features.sqlite")

    @contextmanager
    def _reading(self):
        """Yield a connection, to what can be read where nothing can be written."""
        try:
            with closing(_connect_to_read(self._path)) as database:
                yield database
        except (OSError, sqlite3.Error) as error:
            raise OSError(
                f"The feature store {self.folder!r} cannot be opened: {error}. A folder that can "
                f"be written to is expected; a damaged store can be deleted, its features will be "
                f"computed again."
            ) from error


def _drop_kind(database, kind):
    found = "network = :kind OR substr(network, 1, length(:kind) + 1) = :kind || ' '"
    sources = f"SELECT id FROM sources WHERE {found}"
    database.execute(f"DELETE FROM features WHERE source IN ({sources})", {"kind": kind})
    database.execute(f"DELETE FROM sources WHERE {found}", {"kind": kind})


def _match_any(keys):
    return f"key IN ({','.join('?' * len(keys))})"


def _compute_checksum(key, vector):
    return zlib.crc32(vector, zlib.crc32(key))


def _pack(vector):
    """Return the bytes of a row as they are stored."""
    if vector.dtype != np.int8:
        return vector.tobytes()
    # Levels of features hardly ever repeat each other, they are only not equally frequent: Huffman
    # codes alone take as little room as a search for repetitions, in a tenth of the time.
    packer = zlib.compressobj(level=1, strategy=zlib.Z_HUFFMAN_ONLY)
    return packer.compress(vector.tobytes()) + packer.flush()


def _unpack(content, like):
    """Return the row that was stored; None where that is none of the type and size of another."""
    if like.dtype == np.int8:
        try:
            content = zlib.decompressobj().decompress(content, like.nbytes + 1)
        except zlib.error:
            return None
    return np.frombuffer(content, like.dtype) if len(content) == like.nbytes else None


def _connect(path):
    """Return a connection for one use: it may not be shared between threads or across a fork."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            database = sqlite3.connect(path, timeout=_WAIT)
        except sqlite3.OperationalError:
            _raise_reason(path)
            raise
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            if _read_version(database) != _VERSION:
                _create_tables(database)
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


def _raise_reason(path):
    """Raise why a file cannot be opened, which SQLite does not tell."""
    # A file that is there is not opened: closing it again would end the locks that connections of
    # this process have on it, and with them what keeps the store whole.
    if not os.path.exists(path):
        with open(path, "xb"):
            pass
    elif not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def _read_version(database):
    return database.execute("PRAGMA user_version").fetchone()[0]


def _create_tables(database):
    with database:
        database.execute("BEGIN IMMEDIATE")
        # Another process may have been first.
        if _read_version(database) != _VERSION:
            for statement in _SCHEMA:
                database.execute(statement)


def _connect_to_read(path):
    """Return a connection for one use, that can only read where nothing can be written."""
    try:
        return _connect(path)
    except (OSError, sqlite3.Error) as error:
        is_empty = _is_disk_full(error)
        # Beside the file SQLite needs one that processes share, unless nobody changes anything.
        for mode in ("mode=ro", "mode=ro&immutable=1"):
            with suppress(sqlite3.Error):
                uri = f"{Path(path).absolute().as_uri()}?{mode}"
                database = sqlite3.connect(uri, timeout=_WAIT, uri=True)
                try:
                    if _read_version(database) == _VERSION:
                        return database
                    is_empty = True
                except sqlite3.Error:
                    pass
                database.close()
        if not is_empty:
            raise
    database = sqlite3.connect(":memory:")
    _create_tables(database)
    return database


def _is_disk_full(error):
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    # What went wrong, without what was being done.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def compute_row_keys(image_keys, network):
    """Return the keys of rows from those of their images and the identity of the network."""
    suffix = network.encode()
    return [hashlib.blake2b(key + suffix, digest_size=16).digest() for key in image_keys]
