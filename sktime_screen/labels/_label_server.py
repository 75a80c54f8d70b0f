"""Serve the labelling page to a browser on this computer, with whole images and videos."""

import contextlib
import hmac
import mimetypes
import os
import re
import secrets
import sys
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Semaphore

import numpy as np
import pandas as pd

from .._atomic_files import check_target, write_text_atomically
from .._names import escape_path
from ..video import IMAGE_TYPE, check_frame_table, resolve_videos
from ._csv import load_label_csv
from ._frame_images import ImageWidths, add_images, iter_frame_images
from ._label_page import render_label_page
from ._label_page_data import describe_frames

_WIDTHS = {
    "image": ImageWidths(image=10_000, thumbnail=None, moment=None),
    "thumbnail": ImageWidths(image=240, thumbnail=None, moment=None),
    "moment": ImageWidths(image=240, thumbnail=None, moment=240),
}
_KEPT_IMAGES = 64
_DECODERS = 2
_CHUNK = 1 << 18
_LARGEST_FILE = 1 << 26


class LabelServer(ThreadingHTTPServer):
    """Serves the page of some frames at ``url``, and writes their labels to a CSV file.

    Only this computer can reach it, and only who knows the address, which holds a secret. Takes
    what `save_label_page` takes, with the CSV file as the path. Labels in an existing file are
    shown, and the file has to be of the same frames.
    """

    daemon_threads = True

    def __init__(
        self, path, X, characters, *, multilabel=True, background=None, probabilities=None
    ):
        self.target = check_target(path)
        self.table = check_frame_table(X)
        labels = _load_earlier(self.target, self.table)
        page = describe_frames(
            self.table, characters, multilabel, background, labels, probabilities, self.target.name
        )
        add_images(page, self.table, _WIDTHS["moment"])
        self.videos = [] if "image" in self.table else list(self.table["video"].unique())
        page["served"] = {"videos": len(self.videos)}
        self.moments = [frame["moments"] for frame in page["frames"]]
        self.page = escape_path("".join(render_label_page(page, [], served=True))).encode()
        self.token = secrets.token_urlsafe(24)
        self.read_image = lru_cache(_KEPT_IMAGES)(self._make_image)
        self._decoders = Semaphore(_DECODERS)
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = f"127.0.0.1:{self.server_port}"
        self.url = f"http://{self.host}/{self.token}/"

    def handle_error(self, request, client_address):
        """Say nothing of browsers that hang up, as they do when a video is skipped through."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def _make_image(self, kind, row):
        own = [self.moments[row] if kind == "moment" else []]
        one, wanted = self.table.iloc[[row]], "moment" if kind == "moment" else "image"
        with self._decoders:
            made = iter_frame_images(one, _WIDTHS[kind], own)
            return next((content for found, _, content in made if found == wanted), None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Print nothing: the terminal is the user's."""

    def do_GET(self):
        match self._find_parts():
            case [""]:
                self._send(self.server.page, "text/html; charset=utf-8")
            case [("image" | "thumbnail" | "moment") as kind, number] if number.isdecimal():
                self._send_image(kind, int(number))
            case ["video", number] if number.isdecimal():
                self._send_file(dict(enumerate(self.server.videos)).get(int(number)))
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        length = int(length) if length.isdecimal() else 0
        # A form of another page cannot send this type.
        is_csv = self.headers.get_content_type() == "text/csv"
        if self._find_parts() != ["labels"] or not is_csv or not 0 < length <= _LARGEST_FILE:
            self.close_connection = True
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        text = self.rfile.read(length).decode()
        try:
            write_text_atomically(self.server.target, text)
        except OSError as error:
            self._send(str(error).encode(), "text/plain", status=HTTPStatus.INSUFFICIENT_STORAGE)
        else:
            self._send(b"", "text/plain")

    def _find_parts(self):
        """Return the parts of the address after the secret, or None without it."""
        token, slash, rest = self.path.partition("?")[0].removeprefix("/").partition("/")
        known = hmac.compare_digest(token.encode(), self.server.token.encode())
        # Names that others have given to this computer are not taken.
        known = known and self.headers.get("Host") == self.server.host
        return rest.split("/") if slash and known else None

    def _send_image(self, kind, row):
        image = None
        if row < len(self.server.table):
            # A video may be gone by now.
            with contextlib.suppress(OSError, ValueError):
                image = self.server.read_image(kind, row)
        self._send(image, IMAGE_TYPE, "private, max-age=3600")

    def _send(self, content, kind, caching="no-store", status=HTTPStatus.OK):
        if content is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self._send_head(status, kind, len(content), {"Cache-Control": caching})
        self.wfile.write(content)

    def _send_head(self, status, kind, length, others):
        self.send_response(status)
        own = {"Content-Type": kind, "Content-Length": length, "X-Content-Type-Options": "nosniff"}
        for name, value in (own | others).items():
            self.send_header(name, str(value))
        self.end_headers()

    def _send_file(self, path):
        """Send a file, or the part of it that is asked for."""
        if path is None or not os.path.isfile(path):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        size = os.path.getsize(path)
        first, last = self._find_range(size)
        others = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {first}-{last}/{size}"}
        status = HTTPStatus.PARTIAL_CONTENT
        if first > last:
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            others["Content-Range"] = f"bytes */{size}"
        elif "Range" not in self.headers:
            status = HTTPStatus.OK
            del others["Content-Range"]
        kind = mimetypes.guess_type(path)[0] or "video/mp4"
        self._send_head(status, kind, max(0, last + 1 - first), others)
        with open(path, "rb") as file:
            file.seek(first)
            left = last + 1 - first
            while left > 0 and (chunk := file.read(min(left, _CHUNK))):
                self.wfile.write(chunk)
                left -= len(chunk)

    def _find_range(self, size):
        """Return the first and the last byte that are asked for."""
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not match or not any(match.groups()):
            return 0, size - 1
        begin, end = match.groups()
        if not begin:
            return max(0, size - int(end)), size - 1
        return int(begin), min(int(end), size - 1) if end else size - 1


def _load_earlier(target, table):
    """Return the labels in a file that is there already; other frames have none."""
    # Of a file from which all labels were removed, only the line of names is left.
    if not target.exists() or len(target.read_bytes().splitlines()) < 2:
        return None
    frames, labels = load_label_csv(target)
    rows = _find_keys(table).get_indexer(_find_keys(frames))
    if (rows < 0).any():
        raise ValueError(
            f"{target} has labels of other frames, such as {frames['video'].iloc[rows.argmin()]!r} "
            f"at {frames['time'].iloc[rows.argmin()]:g} s. They would be lost: save under another "
            f"name."
        )
    found = pd.DataFrame(labels).astype(object).set_axis(rows).reindex(range(len(table)))
    return found if labels.ndim == 2 else found.iloc[:, 0]


def _find_keys(table):
    kind = "image" if "image" in table else "video"
    files = resolve_videos(table[kind]) if kind == "video" else table[kind].map(os.path.abspath)
    return pd.MultiIndex.from_arrays([np.asarray(files), table["time"].round(3)])
