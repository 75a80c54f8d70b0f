"""Write labels and predictions for CVAT."""

import os
from xml.etree import ElementTree

import numpy as np

from .._atomic_files import write_atomically
from .._names import escape_path
from ..labels import make_relative
from ..video import TIME_TOLERANCE, read_image_size, read_timeline
from ._frame_intervals import find_intervals, read_single_video


def save_cvat(path, X, y) -> None:
    """Write the labels of one video as annotations for CVAT.

    Use it to correct predictions in CVAT. The task there needs the video and labels of the same
    names before you choose "Upload annotations".

    Parameters
    ----------
    path : str or path
        The XML file to write, in the format "CVAT for video 1.1". An existing file is replaced.
    X : pandas.DataFrame
        The frame table of one video, with every frame that was sampled at a rate. The format
        cannot mark a stretch of time as unlabelled: it would read as one without characters.
    y : array-like of shape (n_frames,) or pandas.DataFrame of shape (n_frames, n_characters)
        Labels or predictions: one class per frame, or a table with a 0/1 column per character.

    Raises
    ------
    OSError
        If the file cannot be written. A file that existed before is then unchanged.
    ValueError
        If ``X`` and ``y`` differ in length, ``X`` holds several videos or leaves out frames, or
        the name of a character cannot be written in XML.

    See Also
    --------
    load_cvat : Load the corrected annotations.

    Notes
    -----
    Each appearance becomes a track with a box around the whole image, since labels of frames do not
    tell where in the image a character is.

    References
    ----------
    https://docs.cvat.ai/docs/manual/advanced/xml_format/

    Examples
    --------
    >>> from sktime_screen import save_cvat
    >>> save_cvat("annotations.xml", X, y)  # doctest: +SKIP
    """
    path = os.fspath(path)
    video, table, labels = read_single_video(path, X, y, "label")
    times = read_timeline(video).times
    first, end = _find_frames(times, table["time"].min(), (table["time"] + table["duration"]).max())
    height, width = read_image_size(video)
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
    for name, value in [
        ("size", end - first),
        ("mode", "interpolation"),
        ("start_frame", first),
        ("stop_frame", end - 1),
        ("source", escape_path(make_relative(video, os.path.dirname(path)))),
    ]:
        ElementTree.SubElement(task, name).text = str(value)
    names = ElementTree.SubElement(task, "labels")
    for name in labels.columns:
        label = ElementTree.SubElement(names, "label")
        ElementTree.SubElement(label, "name").text = name
    corners = {"xtl": "0", "ytl": "0", "xbr": str(width), "ybr": str(height)}
    for number, interval in enumerate(find_intervals(table, labels).itertuples()):
        attributes = {"id": str(number), "label": interval.label, "source": "auto"}
        track = ElementTree.SubElement(root, "track", attributes)
        begin, stop = _find_frames(times, interval.start, interval.end)
        # A shape that holds to the end of the video needs no other to end it.
        for outside, frame in [("0", begin), ("1", stop)][: 1 + (stop < len(times))]:
            shape = {"frame": str(frame), "outside": outside, "occluded": "0", "keyframe": "1"}
            ElementTree.SubElement(track, "box", {**shape, **corners, "z_order": "0"})
    ElementTree.indent(root)
    with write_atomically(path) as unfinished:
        ElementTree.ElementTree(root).write(unfinished, "utf-8", xml_declaration=True)


def _find_frames(times, start, end):
    """Return the numbers of the first frame of an interval and of the one after its last."""
    first = int(np.searchsorted(times, start + TIME_TOLERANCE, side="right")) - 1
    return first, max(first + 1, int(np.searchsorted(times, end - TIME_TOLERANCE)))
