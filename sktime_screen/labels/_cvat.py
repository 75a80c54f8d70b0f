"""Load labels from CVAT."""

import os
import re
import warnings

import numpy as np
import pandas as pd

from .._defaults import SAMPLING_RATE
from ..video import VideoFrameSampler, read_timeline
from ._file_lookup import find_file, guess_beside, look_for
from ._formats import check_label_file
from ._xml import Elements, read_xml

_SHAPES = {"box", "cuboid", "ellipse", "mask", "points", "polygon", "polyline", "skeleton"}
# CVAT names the images of a video by the number of the frame.
_FRAME_NAME = re.compile(r"(?:.*/)?frame_(\d+)(?:\.\w+)?", re.ASCII)


def load_cvat(path, *, video=None, rate=SAMPLING_RATE) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load labels of frames from CVAT.

    A character is on screen in a frame if its track has a shape there that is not outside, or if
    the frame has its tag. Occluded shapes count as on screen.

    Parameters
    ----------
    path : str or path
        The file ``annotations.xml`` of a task or job, exported as "CVAT for video 1.1". Tags of
        frames can also come from an export as "CVAT for images 1.1".
    video : str or path, optional
        The video. By default, it is the one that the file names, if it is in the same folder.
    rate : float, default=1.0
        The rate (frames per second) at which to sample the video.

    Returns
    -------
    X : pandas.DataFrame
        The frame table of the part of the video that the task covers.
    y : pandas.DataFrame of shape (n_frames, n_labels)
        A table with a 0/1 column per label of the task, used or not.

    Raises
    ------
    FileNotFoundError
        If the file or the video does not exist.
    ValueError
        If the file cannot be read, has a DOCTYPE, or holds several tasks or a task of images. If
        it annotates frames that the video does not have; the message names the label and the
        frame.

    Warns
    -----
    UserWarning
        If the task has more frames than the video.

    See Also
    --------
    save_cvat : Write labels and predictions for CVAT.

    Notes
    -----
    A shape holds until the next shape of its track. If a task takes only every n-th frame of the
    video, an annotation holds until the next frame that the task takes.

    References
    ----------
    https://docs.cvat.ai/docs/manual/advanced/xml_format/

    Examples
    --------
    >>> from sktime_screen import load_cvat
    >>> X, y = load_cvat("annotations.xml", video="video.mp4", rate=2)  # doctest: +SKIP
    """
    path = check_label_file(path, "CVAT")
    annotations = _Annotations()
    read_xml(path, annotations)
    source = _find_video(path, annotations.sources, video)
    timeline = read_timeline(source)
    n_frames = len(timeline)
    stop = n_frames if annotations.stop is None else annotations.stop + 1
    if stop > n_frames:
        warnings.warn(
            f"{path!r} has {stop} frames, but {source!r} has {n_frames}. Check that it is the same "
            f"video.",
            UserWarning,
            stacklevel=2,
        )
    table = VideoFrameSampler(rate=rate).sample(source)
    numbers = timeline.find_frames_at(table["time"])
    values = {}
    for name in annotations.labels:
        present = np.zeros(n_frames, np.int64)
        for begin, end in annotations.spans.get(name, ()):
            if not 0 <= begin < n_frames:
                raise ValueError(
                    f"{path!r}, {name!r}: frame {begin} is not in {source!r}, which has {n_frames} "
                    f"frames, from 0."
                )
            present[begin:end] = 1
        values[name] = present[numbers]
    in_task = (numbers >= annotations.begin) & (numbers < stop)
    y = pd.DataFrame(values, index=table.index)
    return table[in_task].reset_index(drop=True), y[in_task].reset_index(drop=True)


def _find_video(path, sources, video):
    folder = os.path.dirname(path)
    if len(set(sources)) > 1:
        raise ValueError(
            f"{path!r} has {len(sources)} tasks. Export each task to a file of its own."
        )
    if video is not None:
        return find_file(folder, video)
    for source in sources:
        found = look_for(folder, source) or guess_beside(folder, source)
        if found is not None:
            return found
    raise FileNotFoundError(
        f"{path!r} names {sources or 'no video'}, and there is no such video in its folder. Pass "
        f"the path of the video as video=."
    )


class _Annotations(Elements):
    """Collects the frames of each label while a parser reads the file.

    - ``labels``: the labels of the task, and others that tracks or tags use.
    - ``spans``: by label, the first frame and the one after the last, None at the end of the
      video.
    - ``sources``: the files that the tasks annotate.
    - ``begin, stop``: the first and the last frame of the task.
    """

    def __init__(self):
        self.labels, self.spans, self.sources = [], {}, []
        self.begin, self.stop, self.step = 0, None, 1
        self._path, self._text = [], []
        self._parent = self._name = None
        self._track = self._image = None

    def start(self, tag, attributes):
        """Handle the start of an element."""
        self._path.append(tag)
        self._text = []
        parent = self._path[-2] if len(self._path) > 1 else None
        if tag == "track":
            self._track = (self._read_label(attributes), [])
        elif tag == "image":
            self._image = self._read_image_number(attributes)
        elif parent == "track" and tag in _SHAPES:
            visible = tag != "skeleton" and attributes.get("outside") != "1"
            self._track[1].append([_read_number("frame", attributes.get("frame")), visible])
        elif parent == "skeleton" and "track" in self._path:
            # A skeleton is outside when all of its points are.
            self._track[1][-1][1] |= attributes.get("outside") != "1"
        elif tag == "tag" or (parent == "image" and tag in _SHAPES):
            frame = _read_number("frame", attributes.get("frame", self._image))
            self._add_span(self._read_label(attributes), frame, frame + self.step)

    def data(self, text):
        """Handle a part of a text."""
        self._text.append(text)

    def end(self, tag):
        """Handle the end of an element."""
        text, parent = "".join(self._text).strip(), self._path[-2:-1]
        self._path.pop()
        if tag == "track":
            self._end_track()
        elif tag == "image":
            self._image = None
        elif self._path[1:2] == ["meta"]:
            self._end_meta(tag, parent[0], text)
        self._text = []

    def _end_meta(self, tag, parent, text):
        if parent == "label" and tag in ("name", "parent"):
            setattr(self, f"_{tag}", text)
        elif tag == "label":
            # Points of a skeleton are labels with a parent.
            if self._name and not self._parent:
                self._add_label(self._name)
            self._name = self._parent = None
        elif parent in ("task", "job") and text:
            if tag == "source":
                self.sources.append(text)
            elif tag == "start_frame":
                self.begin = _read_number(tag, text)
            elif tag == "stop_frame":
                self.stop = _read_number(tag, text)
            elif tag == "frame_filter":
                self.step = max(1, _read_number(tag, text.replace(" ", "").removeprefix("step=")))

    def _end_track(self):
        label, shapes = self._track
        self._add_label(label)
        begin = None
        for frame, visible in sorted(shapes):
            if visible and begin is None:
                begin = frame
            elif not visible and begin is not None:
                self._add_span(label, begin, frame)
                begin = None
        if begin is not None:
            self._add_span(label, begin, None)

    def _add_span(self, label, begin, end):
        self._add_label(label)
        self.spans.setdefault(label, []).append((begin, end))

    def _add_label(self, label):
        if label not in self.labels:
            self.labels.append(label)

    def _read_label(self, attributes):
        if not attributes.get("label"):
            raise ValueError(f"a {self._path[-1]} has no label")
        return attributes["label"]

    def _read_image_number(self, attributes):
        name = attributes.get("name", "")
        number = _FRAME_NAME.fullmatch(name)
        if not number:
            raise ValueError(
                f"{name!r} is an image, not a frame of a video, so that its time is unknown"
            )
        return number[1]


def _read_number(name, text):
    if not re.fullmatch(r"\d{1,15}", text or "", re.ASCII):
        raise ValueError(f"{name!r} is {text!r}; expected a whole number")
    return int(text)
