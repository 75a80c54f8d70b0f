"""Load labels from Label Studio."""

import json
import os
import re
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pandas as pd

from .._defaults import SAMPLING_RATE
from ..video import IMAGE_ENDINGS
from ._file_lookup import look_for
from ._formats import check_label_file
from ._frame_sources import (
    check_in_videos,
    find_distinct_frames,
    find_frame_sources,
    make_image_table,
)
from ._interval_labels import check_interval, label_frames_by_intervals
from ._time_parsing import read_time

# The frames per second of Label Studio's <Video> without a frameRate.
FRAME_RATE = 24.0
_KINDS = {list: "a list", dict: "an object", str: "text", int: "a whole number"}
# Floats represent frame numbers up to here exactly, and no video has more.
_MAX_FRAMES = 2**53


def load_label_studio(
    path, *, rate=SAMPLING_RATE, folder=None, frame_rate=None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load labels of frames from Label Studio.

    The export can be of videos with ``TimelineLabels``, or of images with ``Choices``. Tasks that
    are unfinished or skipped are left out. If a task has annotations marked as ground truth, only
    these count. A file that `save_label_studio` wrote with predictions can be loaded, too, as
    long as it has not been through Label Studio.

    Parameters
    ----------
    path : str or path
        The JSON file, exported as "JSON".
    rate : float, default=1.0
        Frames per second: the rate at which to sample videos, or the rate at which the images were
        taken. Images need no rate if their tasks have ``video`` and ``time``, which
        `extract_frames` and `save_label_studio` write. Frames are then loaded from the video if it
        is there.
    folder : str or path, optional
        The folder of the videos and images. The default is the folder of the export. File names
        can have the prefix that Label Studio gives to uploaded files.
    frame_rate : float, optional
        The ``frameRate`` (frames per second) of ``<Video>`` in the project. The default is the
        field ``fps`` of each task, or else 24, as in Label Studio.

    Returns
    -------
    X : pandas.DataFrame
        The frame table.
    y : pandas.DataFrame of shape (n_frames, n_labels)
        A table with a 0/1 column per label, in the order in which the labels first occur. If each
        frame has exactly one label, ``y.idxmax(axis=1)`` gives one class per frame.

    Raises
    ------
    FileNotFoundError
        If the export, a video or an image does not exist.
    ValueError
        If the file is not such an export, annotations of a task contradict each other, or a frame
        is outside the video. The message names the task.

    See Also
    --------
    save_label_studio : Write labels and predictions for Label Studio.

    Notes
    -----
    Label Studio counts frames from 1, and a range includes its last frame. At 24 frames per
    second, frames 25 to 48 last from 1 s to 2 s. The browser shows them to within about a frame.

    References
    ----------
    https://labelstud.io/guide/task_format, https://labelstud.io/tags/timelinelabels

    Examples
    --------
    >>> from sktime_screen import load_label_studio
    >>> X, y = load_label_studio("project-1.json", rate=2)  # doctest: +SKIP
    """
    path = check_label_file(path, "JSON")
    folder = os.path.dirname(path) if folder is None else os.fspath(folder)
    tasks = [task for task in _read_tasks(path) if task["annotations"]]
    if not tasks:
        raise ValueError(f"{path!r} has no labelled task.")
    types = set().union(*map(_list_types, tasks))
    if "timelinelabels" in types:
        for task in tasks:
            task_types = _list_types(task)
            if "choices" in task_types and "timelinelabels" not in task_types:
                raise ValueError(
                    f"{task['where']} has choices, but other tasks have timelinelabels. Export "
                    f"videos and images to separate files."
                )
        return _load_videos(tasks, folder, rate, frame_rate)
    if "choices" in types:
        return _load_images(tasks, folder, rate)
    raise ValueError(
        f"{path!r} has {sorted(types) or 'no labels'}; expected timelinelabels or choices."
    )


def _list_types(task):
    return {result["type"] for results in task["annotations"] for result in results}


def _read_tasks(path):
    """Yield the place, the data, and the results of each finished annotation of each task."""
    with open(path, encoding="utf-8-sig") as file:
        try:
            tasks = json.load(file)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path!r} is not JSON: {error}") from error
    tasks = [tasks] if isinstance(tasks, dict) else tasks
    for number, task in enumerate(tasks if isinstance(tasks, list) else [None], start=1):
        kind = "annotations"
        if isinstance(task, dict) and kind not in task:
            # save_label_studio wrote the file, and nobody has corrected it yet.
            kind = "predictions"
        if not isinstance(task, dict) or not {"data", kind} <= set(task):
            raise ValueError(
                f"{path!r} is not a list of tasks with 'data' and 'annotations'. In Label Studio, "
                f"export as 'JSON', not 'JSON-MIN'."
            )
        name = task.get("id")
        where = f"{path!r}, task {name if isinstance(name, (int, str)) else f'no. {number}'}"
        annotations = _get_list(where, task, kind, dict)
        finished = [each for each in annotations if not each.get("was_cancelled")]
        selected = [each for each in finished if each.get("ground_truth")] or finished
        annotations = [_get_list(where, each, "result", dict) for each in selected]
        for result in (result for results in annotations for result in results):
            _get_field(where, result, "type", str)
        data = _get_field(where, task, "data", dict)
        yield {"where": where, "data": data, "annotations": annotations}


def _get_field(where, holder, name, kind):
    """Return a field of a task; raise if it is missing or of another type."""
    value = holder.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(
            f"{where} is not an export of Label Studio: {name!r} is missing or not {_KINDS[kind]}."
        )
    return value


def _get_list(where, holder, name, kind):
    """Return a list of a task, empty if it is missing; raise if an item is of another type."""
    if holder.get(name) is None:
        return []
    for value in _get_field(where, holder, name, list):
        _get_field(where, {name: value}, name, kind)
    return holder[name]


def _load_videos(tasks, folder, rate, frame_rate):
    rows, videos = [], []
    for task in tasks:
        where, data = task["where"], task["data"]
        video = _find_source(where, data, "video", folder)
        videos.append(video)
        fps = frame_rate or _read_positive(where, data, "fps", FRAME_RATE)
        ranges = [_read_ranges(where, results) for results in task["annotations"]]
        for first, last, label in _check_agreement(where, ranges):
            start, end = max(first - 1, 0) / fps, last / fps
            frames = f"frames {first} to {last} at {fps:g} fps"
            check_interval(f"{where}, {label!r}, {frames}", start, end, video)
            rows.append((video, start, end, label))
    intervals = pd.DataFrame(rows, columns=["video", "start", "end", "label"])
    return label_frames_by_intervals(dict.fromkeys(videos), intervals, rate=rate)


def _load_images(tasks, folder, rate):
    labels = {}
    for task in tasks:
        where = task["where"]
        image = _find_source(where, task["data"], "image", folder)
        if not image.lower().endswith(IMAGE_ENDINGS):
            raise ValueError(f"{where}: {image!r} is not an image.")
        choices = [_read_choices(where, results) for results in task["annotations"]]
        chosen = _check_agreement(where, choices)
        if labels.setdefault(image, (chosen, task))[0] != chosen:
            raise ValueError(
                f"{where}: {image!r} has other labels in another task. Correct one of the tasks."
            )
    characters = list(dict.fromkeys(name for chosen, _ in labels.values() for name in chosen))
    values = [[int(name in chosen) for name in characters] for chosen, _ in labels.values()]
    y = pd.DataFrame(values, columns=characters, dtype=np.int64)
    labelled = [task for _, task in labels.values()]
    if any(task["data"].get(name) is None for task in labelled for name in ("video", "time")):
        return make_image_table(list(labels), folder, rate), y
    where = [task["where"] for task in labelled]
    named = list(zip(where, [task["data"] for task in labelled], strict=True))
    data = pd.DataFrame(
        {
            "video": [_get_field(*task, "video", str) for task in named],
            "time": [_read_seconds(*task, "time") for task in named],
            "image": list(labels),
        }
    )
    table = find_frame_sources(data, folder)
    check_in_videos(table, where)
    table["duration"] = [_read_positive(*task, "duration", 1 / rate) for task in named]
    first, differing = find_distinct_frames(table, y)
    if differing is not None:
        raise ValueError(
            f"{where[differing[1]]} has the same frame as {where[differing[0]]} with other "
            f"labels. Keep one of the two."
        )
    return table[first].reset_index(drop=True), y[first].reset_index(drop=True)


def _read_seconds(where, data, name):
    # Tasks that Label Studio imported from a CSV file have numbers as text.
    try:
        return read_time(str(data[name]))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: {name!r}: {error}") from error


def _read_positive(where, data, name, default):
    if data.get(name) in (None, ""):
        return default
    value = _read_seconds(where, data, name)
    if not 0 < value < np.inf:
        raise ValueError(f"{where}: {name!r} is {value:g}; expected more than 0.")
    return value


def _read_ranges(where, results):
    return [
        (_read_frame(where, span, "start"), _read_frame(where, span, "end"), label)
        for result in results
        if result["type"] == "timelinelabels"
        for span in _get_list(where, _get_field(where, result, "value", dict), "ranges", dict)
        for label in _get_list(where, result["value"], "timelinelabels", str)
    ]


def _read_frame(where, span, name):
    number = _get_field(where, span, name, int)
    if abs(number) > _MAX_FRAMES:
        raise ValueError(f"{where}: {name!r} is too large for the number of a frame.")
    return number


def _read_choices(where, results):
    return [
        name
        for result in results
        if result["type"] == "choices"
        for name in _get_list(where, _get_field(where, result, "value", dict), "choices", str)
    ]


def _check_agreement(where, annotations):
    """Return the labels that all annotations of a task have; raise if they differ."""
    first = annotations[0]
    if any(set(other) != set(first) for other in annotations[1:]):
        raise ValueError(
            f"{where} has {len(annotations)} annotations that differ. Mark the right one as ground "
            f"truth in Label Studio, or delete the others."
        )
    return first


def _find_source(where, data, kind, folder):
    """Return the path of a task's video or image."""
    if kind in data:
        names = [_get_field(where, data, kind, str)]
    else:
        names = [value for value in data.values() if isinstance(value, str)]
    for name in names:
        for candidate in _list_candidates(name):
            found = look_for(folder, candidate)
            if found is not None:
                return found
    raise FileNotFoundError(
        f"{where}: the {kind} {', '.join(map(repr, names))} is not in {folder or os.getcwd()!r}. "
        f"Pass its folder as folder=."
    )


def _list_candidates(name):
    """Return the names that a file may have here, from its name or URL in Label Studio."""
    errors = "surrogateescape"
    try:
        url = urlsplit(name)
    except ValueError:
        return [name]
    served = parse_qs(url.query, errors=errors).get("d", [unquote(url.path, errors=errors)])[0]
    base = served.rsplit("/", 1)[-1]
    # Uploaded files: /data/upload/3/5a6b7c8d-video.mp4
    return [name, served.lstrip("/"), base, re.sub(r"^[0-9a-f]{8}-", "", base)]
