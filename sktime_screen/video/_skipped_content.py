"""What a video's file holds that FFmpeg passes over."""

import mmap
import os
import re
import struct

# How another file begins: where one was written after the end of a video.
_BEGINNINGS = re.compile(
    rb"\x1aE\xdf\xa3.{1,64}(?:webm|matroska)"
    rb"|\0\0..ftyp[ -~]{4}"
    rb"|FLV\x01[\x01\x04\x05]\0\0\0\x09\0\0\0\0"
    rb"|RIFF....AVI LIST",
    re.DOTALL,
)


def find_appended_video(path, end):
    """Tell of another video in the file, after the last packet of the one that is read."""
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
        f"another video of {left:,} bytes begins after its end and is not measured: split or join "
        f"them with 'ffmpeg -f concat' first"
    ]


def find_edit_list_pauses(path):
    """Tell of pauses in the edit list of an MP4 file, which FFmpeg fills with other images."""
    size = os.path.getsize(path)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        begin, end = _find_box(content, b"moov", size)
        while (begin := content.find(b"elst", begin, end)) >= 0:
            begin += 4
            version, count = content[begin : begin + 1], content[begin + 4 : begin + 8]
            row = struct.Struct(">qq4x" if version == b"\1" else ">Ii4x")
            rows = content[
                begin + 8 : min(begin + 8 + int.from_bytes(count, "big") * row.size, end)
            ]
            begins = [
                row.unpack_from(rows, at)[1] for at in range(0, len(rows) - row.size + 1, row.size)
            ]
            if -1 in begins[1:]:
                return [
                    "its edit list pauses midway, where nothing is on screen, and other images "
                    "are shown there: re-encode it with the program that it was edited with"
                ]
    return []


def _find_box(content, kind, end):
    """Return where the first box of a kind begins and ends."""
    begin = 0
    while begin + 16 <= end:
        size, found, large = struct.unpack(">I4sQ", content[begin : begin + 16])
        size = max(large if size == 1 else size or end, 8)
        if found == kind:
            return begin, min(begin + size, end)
        begin += size
    return end, end
