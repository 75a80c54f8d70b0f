"""Labels and predictions to CVAT."""

import os
from xml.etree import ElementTree

import numpy as np

from .._atomic_files import write_atomically
from .._names import escape_path
from ..labels import as_seen_from, indicators
from ..video import TIME_TOLERANCE, check_frame_table, read_image_size, read_timeline
from ._frame_intervals import check_names, frame_intervals, only_video


def save_cvat(path, X, y) -> None:
    """Write labels of the frames of one video as annotations to import into CVAT.

    Parameters
    ----------
    path : str or path
        The XML file to write, as "CVAT for video 1.1"; what is there is replaced.
    X : pandas.DataFrame
        The frame table: every frame of one video sampled at a rate. A stretch between two frames
        that is not labelled cannot be told from one with nobody.
    y : array-like of shape (n_frames,) or pandas.DataFrame
        One class a frame, or 0/1 indicators with a column a character: labels, or what a pipeline
        predicts.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is then still there.
    ValueError
        If there is not one label a frame, there are several videos, frames are missing in between,
        or the name of a character cannot be that of a label.

    See Also
    --------
    load_cvat : Reads the file when labels are corrected.

    Notes
    -----
    Each appearance becomes a track whose box is the whole image, since where in it a character is
    nobody has said. The task in CVAT needs the video and labels of the same names before
    "Upload annotations".

    References
    ----------
    https://docs.cvat.ai/docs/manual/advanced/xml_format/

    Examples
    --------
    >>> from sktime_screen import save_cvat
    >>> save_cvat("annotations.xml", X, y)  # doctest: +SKIP
    """
    path = os.fspath(path)
    table = check_frame_table(X).reset_index(drop=True)
    labels = indicators(X, y)
    video = only_video(table, path)
    check_names(labels.columns, "label")
    times = read_timeline(video).times
    first, end = _frames(times, table["time"].min(), (table["time"] + table["duration"]).max())
    height, width = read_image_size(video)
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
    for name, value in [
        ("size", end - first),
        ("mode", "interpolation"),
        ("start_frame", first),
        ("stop_frame", end - 1),
        ("source", escape_path(as_seen_from(os.path.dirname(path), video))),
    ]:
        ElementTree.SubElement(task, name).text = str(value)
    names = ElementTree.SubElement(task, "labels")
    for name in labels.columns:
        label = ElementTree.SubElement(names, "label")
        ElementTree.SubElement(label, "name").text = name
    corners = {"xtl": "0", "ytl": "0", "xbr": str(width), "ybr": str(height)}
    for number, found in enumerate(frame_intervals(table, labels).itertuples()):
        of_track = {"id": str(number), "label": found.label, "source": "auto"}
        track = ElementTree.SubElement(root, "track", of_track)
        begin, stop = _frames(times, found.start, found.end)
        # A shape that holds to the end of the video needs no other to end it.
        for outside, frame in [("0", begin), ("1", stop)][: 1 + (stop < len(times))]:
            place = {"frame": str(frame), "outside": outside, "occluded": "0", "keyframe": "1"}
            ElementTree.SubElement(track, "box", {**place, **corners, "z_order": "0"})
    ElementTree.indent(root)
    with write_atomically(path) as unfinished:
        ElementTree.ElementTree(root).write(unfinished, "utf-8", xml_declaration=True)


def _frames(times, start, end):
    """Return the numbers of the first frame of an interval and of the one after its last."""
    first = int(np.searchsorted(times, start + TIME_TOLERANCE, side="right")) - 1
    return first, max(first + 1, int(np.searchsorted(times, end - TIME_TOLERANCE)))
