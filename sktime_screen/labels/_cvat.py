"""Labels from and to CVAT."""

import os
import re
import warnings

import numpy as np
import pandas as pd

from ..video import (
    VideoFrameSampler,
    read_timeline,
)
from ._file_lookup import file_name, find_file, look_for
from ._formats import check_format
from ._xml import Elements, read_xml

_SHAPES = {"box", "cuboid", "ellipse", "mask", "points", "polygon", "polyline", "skeleton"}
# Of a video, CVAT calls the images by the number of the frame.
_FRAME_NAME = re.compile(r"(?:.*/)?frame_(\d+)(?:\.\w+)?", re.ASCII)


def load_cvat(path, video=None, rate=1.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load labels of frames from annotations of CVAT.

    Parameters
    ----------
    path : str or path
        The file ``annotations.xml`` of a task or job, exported as "CVAT for video 1.1"; also as
        "CVAT for images 1.1", which has tags of frames of a video, too.
    video : str or path, optional
        The video; by default the one named in the file, if it is beside it.
    rate : float, default=1.0
        Frames a second at which the video is sampled.

    Returns
    -------
    X : pandas.DataFrame
        The frame table of the video, as far as the task goes.
    y : pandas.DataFrame
        0/1 indicators with a column a label, those of the task that are nowhere included. The frame
        that is shown decides: whose track has a shape on it that is not outside, or who is tagged.
        Occluded is on screen.

    Raises
    ------
    FileNotFoundError
        If the annotations or the video are missing.
    ValueError
        If the file cannot be read, has a DOCTYPE, is of several tasks or of images, or has
        annotations of frames that the video does not have; the message names label and frame.

    Warns
    -----
    UserWarning
        If the task has more frames than the video.

    See Also
    --------
    save_cvat : Labels and predictions to CVAT.

    Notes
    -----
    A shape holds until the next one of its track. Where a task takes only every n-th frame of the
    video, an annotation holds for the frames up to the next one taken.

    References
    ----------
    https://docs.cvat.ai/docs/manual/advanced/xml_format/

    Examples
    --------
    >>> from sktime_screen import load_cvat
    >>> X, y = load_cvat("annotations.xml", video="video.mp4", rate=2)  # doctest: +SKIP
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No such file: {path!r} (looked in {os.getcwd()!r}).")
    check_format(path, "CVAT")
    found = _Annotations()
    read_xml(path, found)
    source = _video(path, found.sources, video)
    timeline = read_timeline(source)
    n_frames = len(timeline)
    stop = n_frames if found.stop is None else found.stop + 1
    if stop > n_frames:
        warnings.warn(
            f"{path!r} is of {stop} frames, and {source!r} has {n_frames}: is it the same video?",
            UserWarning,
            stacklevel=2,
        )
    table = VideoFrameSampler(rate=rate).sample(source)
    numbers = timeline.find_frames_at(table["time"])
    values = {}
    for name in found.labels:
        shown = np.zeros(n_frames, np.int64)
        for begin, end in found.spans.get(name, ()):
            if not 0 <= begin < n_frames:
                raise ValueError(
                    f"{path!r}, {name!r}: frame {begin} is not in {source!r}, which has {n_frames} "
                    f"frames, from 0."
                )
            shown[begin:end] = 1
        values[name] = shown[numbers]
    in_task = (numbers >= found.begin) & (numbers < stop)
    y = pd.DataFrame(values, index=table.index)
    return table[in_task].reset_index(drop=True), y[in_task].reset_index(drop=True)


def _video(path, sources, video):
    folder = os.path.dirname(path)
    if len(set(sources)) > 1:
        raise ValueError(f"{path!r} is of {len(sources)} tasks: export each by itself.")
    if video is not None:
        return find_file(folder, video)
    for source in sources:
        for name in (source, file_name(source)):
            found = look_for(folder, name)
            if found is not None:
                return found
    raise FileNotFoundError(
        f"{path!r} is of {sources or 'no video that it names'}, which is not beside it. Pass its "
        f"path as video=."
    )


class _Annotations(Elements):
    """The frames on which each label is, as the elements of a file come.

    - ``labels``: those of the task, and others that are used.
    - ``spans``: by label the first frame and the one after the last, None at the end of the
      video.
    - ``sources``: files that the tasks are of.
    - ``begin, stop``: the first and the last frame of the task.
    """

    def __init__(self):
        self.labels, self.spans, self.sources = [], {}, []
        self.begin, self.stop, self.step = 0, None, 1
        self._path, self._text = [], []
        self._parent = self._name = None
        self._track = self._image = None

    def start(self, tag, attributes):
        """Take the beginning of an element."""
        self._path.append(tag)
        self._text = []
        around = self._path[-2] if len(self._path) > 1 else None
        if tag == "track":
            self._track = (self._label(attributes), [])
        elif tag == "image":
            self._image = self._image_number(attributes)
        elif around == "track" and tag in _SHAPES:
            seen = tag != "skeleton" and attributes.get("outside") != "1"
            self._track[1].append([_whole("frame", attributes.get("frame")), seen])
        elif around == "skeleton" and "track" in self._path:
            # A skeleton is outside when all of its points are.
            self._track[1][-1][1] |= attributes.get("outside") != "1"
        elif tag == "tag" or (around == "image" and tag in _SHAPES):
            frame = attributes.get("frame", self._image)
            self._add(self._label(attributes), _whole("frame", frame), one=True)

    def data(self, text):
        """Take a part of a text."""
        self._text.append(text)

    def end(self, tag):
        """Take the end of an element."""
        text, around = "".join(self._text).strip(), self._path[-2:-1]
        self._path.pop()
        if tag == "track":
            self._end_track()
        elif tag == "image":
            self._image = None
        elif self._path[1:2] == ["meta"]:
            self._end_of_meta(tag, around[0], text)
        self._text = []

    def _end_of_meta(self, tag, around, text):
        if around == "label" and tag in ("name", "parent"):
            setattr(self, f"_{tag}", text)
        elif tag == "label":
            # Points of a skeleton are labels with a parent.
            if self._name and not self._parent:
                self._named(self._name)
            self._name = self._parent = None
        elif around in ("task", "job") and text:
            if tag == "source":
                self.sources.append(text)
            elif tag == "start_frame":
                self.begin = _whole(tag, text)
            elif tag == "stop_frame":
                self.stop = _whole(tag, text)
            elif tag == "frame_filter":
                self.step = max(1, _whole(tag, text.replace(" ", "").removeprefix("step=")))

    def _end_track(self):
        label, shapes = self._track
        self._named(label)
        since = None
        for frame, seen in sorted(shapes):
            if seen and since is None:
                since = frame
            elif not seen and since is not None:
                self._add(label, since, frame)
                since = None
        if since is not None:
            self._add(label, since, None)

    def _add(self, label, begin, end=None, one=False):
        self._named(label)
        self.spans.setdefault(label, []).append((begin, begin + self.step if one else end))

    def _named(self, label):
        if label not in self.labels:
            self.labels.append(label)

    def _label(self, attributes):
        if not attributes.get("label"):
            raise ValueError(f"a {self._path[-1]} has no label")
        return attributes["label"]

    def _image_number(self, attributes):
        name = attributes.get("name", "")
        number = _FRAME_NAME.fullmatch(name)
        if not number:
            raise ValueError(
                f"{name!r} is an image, not a frame of a video: nothing tells at which second it "
                f"was taken"
            )
        return number[1]


def _whole(name, text):
    if not re.fullmatch(r"\d{1,15}", text or "", re.ASCII):
        raise ValueError(f"{name!r} is {text!r}; a whole number is expected")
    return int(text)
