"""What a film's file holds that FFmpeg passes over."""

import mmap
import os
import re
import struct

# How another file begins: where one was written after the end of a film.
_BEGINNINGS = re.compile(
    rb"\x1aE\xdf\xa3.{1,64}(?:webm|matroska)"
    rb"|\0\0..ftyp[ -~]{4}"
    rb"|FLV\x01[\x01\x04\x05]\0\0\0\x09\0\0\0\0"
    rb"|RIFF....AVI LIST",
    re.DOTALL,
)


def another_film(path, end):
    """Tell of another film in the file, after the last packet of the one that is read.

    Parameters
    ----------
    path : str
        Path of the film.
    end : int
        Where its last packet ends, in bytes.

    Returns
    -------
    list of str
        What to tell the user; empty where there is no other.
    """
    size = os.path.getsize(path)
    if end >= size:
        return []
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        begins = _BEGINNINGS.search(content, end)
        if begins is None:
            return []
        left = size - begins.start()
        # Else the pattern would hold on to the file.
        del begins
    return [
        f"another film of {left:,} bytes begins after its end and is not measured: split or join "
        f"them with 'ffmpeg -f concat' first"
    ]


def pauses(path):
    """Tell of pauses in the edit list of an MP4 file, which FFmpeg fills with other pictures.

    Parameters
    ----------
    path : str
        Path of the film.

    Returns
    -------
    list of str
        What to tell the user; empty where there are none.
    """
    with open(path, "rb") as file:
        header = _box(file, b"moov", os.path.getsize(path))
    for found in re.finditer(rb"elst([\0\x01])...(.{4})", header, re.DOTALL):
        row = "qq4x" if found[1] == b"\x01" else "Ii4x"
        count = int.from_bytes(found[2], "big")
        rows = header[found.end() : found.end() + count * struct.calcsize(">" + row)]
        if len(rows) == count * struct.calcsize(">" + row):
            begins = [begin for _, begin in struct.iter_unpack(">" + row, rows)]
            if -1 in begins[1:]:
                return [
                    "its edit list pauses midway, where nothing is on screen, and other pictures "
                    "are shown there: re-encode it with the program that it was edited with"
                ]
    return []


def _box(file, kind, end):
    """Return the first box of a kind; empty where there is none."""
    while file.tell() + 16 <= end:
        begin = file.tell()
        size, found, large = struct.unpack(">I4sQ", file.read(16))
        size = large if size == 1 else size or end - begin
        if found == kind:
            file.seek(begin)
            return file.read(size)
        file.seek(begin + max(size, 8))
    return b""
