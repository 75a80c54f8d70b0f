"""What tells one image of one video from every other, wherever the video lies."""

import hashlib
from functools import lru_cache

import numpy as np

from ._container import VideoError
from ._file_state import read_file_state
from ._timeline_reader import read_timeline

# To be raised when the same video gives other pixels than before: the scaler or its flags changed.
_PIXELS = 2


def compute_image_keys(frames) -> list[bytes]:
    """Return a key for each image of a sequence.

    Equal keys mean equal pixels: a key is made from the content of the video's or image's file,
    the frame that is on screen at the row's time, and how it is resized. Paths and modification
    times have no part in it, so a video may be moved or renamed, and a changed one is never taken
    for what it was.
    """
    settings = repr(
        (_PIXELS, frames.size, frames.interpolation, frames.aspect, frames.crop_bars)
    ).encode()
    videos = frames.table["video"].to_numpy()
    keys = [b""] * len(frames)
    for video in frames.table["video"].unique():
        rows = np.flatnonzero(videos == video)
        if "image" in frames.table:
            images = frames.table["image"].to_numpy()[rows]
            contents = [digest_file(image) for image in images]
            if frames.crop_bars:
                # Bars are found from all images of a video together.
                all_images = _combine_digests(*sorted(set(contents)))
                contents = [_combine_digests(all_images, content) for content in contents]
            numbers = np.zeros(len(rows), int)
        else:
            contents = [digest_file(video)] * len(rows)
            numbers = read_timeline(video).find_frames_at(frames.table["time"].to_numpy()[rows])
        for row, content, number in zip(rows, contents, numbers, strict=True):
            keys[row] = _combine_digests(settings, content, int(number).to_bytes(8, "big"))
    return keys


def digest_file(path) -> bytes:
    """Return a digest of a file's content, remembered while the file does not change."""
    return _digest_content(path, read_file_state(path))


@lru_cache(maxsize=65536)
def _digest_content(path, _state):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()


def digest_files(paths) -> bytes:
    """Return a digest of the contents of files, some of which may be missing."""
    digests = []
    for path in paths:
        try:
            digests.append(digest_file(path))
        except OSError:
            digests.append(bytes(16))
    return _combine_digests(*digests)


class ImageFiles:
    """The files that the images of a sequence are in, and whether they stay what they are."""

    def __init__(self, frames):
        self._videos = frames.table["video"].to_numpy()
        self._paths = frames.table["image" if "image" in frames.table else "video"].to_numpy()
        # Bars are found from all images of a video together.
        self._belong_together = frames.crop_bars
        self._found = {}

    def remember(self, rows) -> None:
        """Note what the files are now."""
        for path in np.unique(self._paths[rows]):
            # In this order: what changes in between is seen later.
            self._found[path] = read_file_state(path), digest_file(path)

    def find_change(self, rows) -> Exception | None:
        """Tell whether the files are still what they were."""
        if self._belong_together:
            rows = self._videos == self._videos[rows[0]]
        for path in np.unique(self._paths[rows]):
            state, digest = self._found[path]
            try:
                now = read_file_state(path)
                if now != state and digest_file(path) != digest:
                    return VideoError(
                        f"{path!r} changed while it was read. What was read since is not kept: "
                        f"run this again when nothing writes to it."
                    )
            except OSError as error:
                return error
            self._found[path] = now, digest
        return None


def _combine_digests(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=16).digest()
