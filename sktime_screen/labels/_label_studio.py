"""Labels from Label Studio."""

import json
import os
import re
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pandas as pd

from ._clock import read_time
from ._file_lookup import look_for
from ._folder import IMAGES
from ._formats import check_format
from ._interval_labels import check_interval, label_intervals
from ._sources import check_in_videos, first_of_frames, frame_sources, image_table

# What Label Studio's <Video> takes a second to have where its frameRate is not set.
FRAME_RATE = 24.0
_KINDS = {list: "a list", dict: "an object", str: "text", int: "a whole number"}
# Frame numbers beyond are no longer exact, and of no video.
_MOST_FRAMES = 2**53


def load_label_studio(
    path, rate=1.0, *, folder=None, frame_rate=None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load labels of frames from a JSON export of Label Studio.

    Two kinds of project are known: videos with ``TimelineLabels``, and images with ``Choices``,
    one or several an image. Tasks that nobody has finished, or that were skipped, are left out.
    Where a task has annotations marked as ground truth, the others are left out. Predictions that
    :func:`save_label_studio` wrote are read until the file has been through Label Studio.

    Parameters
    ----------
    path : str or path
        The file, exported as "JSON".
    rate : float, default=1.0
        Frames a second at which videos are sampled, or at which images were taken. Images of
        tasks that have ``video`` and ``time``, as :func:`extract_frames` and
        :func:`save_label_studio` give them, need none: there the video is read where it is found.
    folder : str or path, optional
        Where videos and images are, by default the folder of the export. Names may have Label
        Studio's prefix of uploaded files or not.
    frame_rate : float, optional
        The ``frameRate`` of the project's ``<Video>``. By default the field ``fps`` of each task,
        or else 24, as in Label Studio.

    Returns
    -------
    X : pandas.DataFrame
        The frame table.
    y : pandas.DataFrame
        0/1 indicators with a column a label, in the order in which labels first come. Where each
        frame has just one, ``y.idxmax(axis=1)`` is a class a frame.

    Raises
    ------
    FileNotFoundError
        If the export, a video or an image is missing.
    ValueError
        If it is another file or export, labels of a task contradict each other, or frames are not
        in the video; the message names the task.

    See Also
    --------
    save_label_studio : Labels and predictions to Label Studio.

    Notes
    -----
    Label Studio counts frames from 1, and a range includes its last one: frames 25 to 48 at 24 a
    second are from 1 s to 2 s. The browser shows them to within about a frame.

    References
    ----------
    https://labelstud.io/guide/task_format, https://labelstud.io/tags/timelinelabels

    Examples
    --------
    >>> from sktime_screen import load_label_studio
    >>> X, y = load_label_studio("project-1.json", rate=2)  # doctest: +SKIP
    """
    path = os.fspath(path)
    folder = os.path.dirname(path) if folder is None else os.fspath(folder)
    tasks = [task for task in _tasks(path) if task["answers"]]
    if not tasks:
        raise ValueError(f"{path!r}: no task has been labelled yet.")
    types = {result["type"] for task in tasks for answer in task["answers"] for result in answer}
    if "timelinelabels" in types:
        for task in tasks:
            of_task = {result["type"] for answer in task["answers"] for result in answer}
            if "choices" in of_task and "timelinelabels" not in of_task:
                raise ValueError(
                    f"{task['where']} has choices, and other tasks have timelinelabels: export "
                    f"videos and images apart."
                )
        return _videos(tasks, folder, rate, frame_rate)
    if "choices" in types:
        return _images(tasks, folder, rate)
    raise ValueError(
        f"{path!r} has neither timelinelabels nor choices, but {sorted(types) or 'no labels'}."
    )


def _tasks(path):
    """Yield for each task where it is, its data, and the results of each finished annotation."""
    check_format(path, "JSON")
    with open(path, encoding="utf-8-sig") as file:
        try:
            tasks = json.load(file)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path!r} is not JSON: {error}") from error
    tasks = [tasks] if isinstance(tasks, dict) else tasks
    for number, task in enumerate(tasks if isinstance(tasks, list) else [None], start=1):
        kind = "annotations"
        if isinstance(task, dict) and kind not in task:
            # Written by save_label_studio, and not yet seen by anybody.
            kind = "predictions"
        if not isinstance(task, dict) or not {"data", kind} <= set(task):
            raise ValueError(
                f"{path!r} is not a list of tasks with 'data' and 'annotations': in Label Studio, "
                f"export as 'JSON', not 'JSON-MIN'."
            )
        name = task.get("id")
        where = f"{path!r}, task {name if isinstance(name, (int, str)) else f'no. {number}'}"
        given = _items(where, task, kind, dict)
        finished = [each for each in given if not each.get("was_cancelled")]
        chosen = [each for each in finished if each.get("ground_truth")] or finished
        answers = [_items(where, each, "result", dict) for each in chosen]
        for result in (result for answer in answers for result in answer):
            _field(where, result, "type", str)
        yield {"where": where, "data": _field(where, task, "data", dict), "answers": answers}


def _field(where, holder, name, kind):
    """Return a field of a task, checked to be there and of its type."""
    value = holder.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(
            f"{where} is not as Label Studio exports it: {name!r} is missing or not {_KINDS[kind]}."
        )
    return value


def _items(where, holder, name, kind):
    """Return a list in a task, empty where it is missing, checked to hold one type."""
    if holder.get(name) is None:
        return []
    for value in _field(where, holder, name, list):
        _field(where, {name: value}, name, kind)
    return holder[name]


def _videos(tasks, folder, rate, frame_rate):
    rows, videos = [], []
    for task in tasks:
        where, data = task["where"], task["data"]
        video = _found(where, data, "video", folder)
        videos.append(video)
        per_second = frame_rate or _above_zero(where, data, "fps", FRAME_RATE)
        answers = [_ranges(where, each) for each in task["answers"]]
        for first, last, label in _agreed(where, answers):
            start, end = max(first - 1, 0) / per_second, last / per_second
            frames = f"frames {first} to {last} at {per_second:g} a second"
            check_interval(f"{where}, {label!r}, {frames}", start, end, video)
            rows.append((video, start, end, label))
    intervals = pd.DataFrame(rows, columns=["video", "start", "end", "label"])
    return label_intervals(dict.fromkeys(videos), intervals, rate=rate)


def _images(tasks, folder, rate):
    labels = {}
    for task in tasks:
        image = _found(task["where"], task["data"], "image", folder)
        if not image.lower().endswith(IMAGES):
            raise ValueError(f"{task['where']}: {image!r} is not an image; labels of frames are.")
        chosen = _agreed(task["where"], [_choices(task["where"], each) for each in task["answers"]])
        if labels.setdefault(image, (chosen, task))[0] != chosen:
            raise ValueError(f"{task['where']}: {image!r} has other labels in another task.")
    characters = list(dict.fromkeys(name for chosen, _ in labels.values() for name in chosen))
    values = [[int(name in chosen) for name in characters] for chosen, _ in labels.values()]
    y = pd.DataFrame(values, columns=characters, dtype=np.int64)
    labelled = [task for _, task in labels.values()]
    if any(task["data"].get(name) is None for task in labelled for name in ("video", "time")):
        return image_table(list(labels), folder, rate), y
    where = [task["where"] for task in labelled]
    named = list(zip(where, [task["data"] for task in labelled], strict=True))
    data = pd.DataFrame(
        {
            "video": [_field(*task, "video", str) for task in named],
            "time": [_seconds(*task, "time") for task in named],
            "image": list(labels),
        }
    )
    table = frame_sources(data, folder)
    check_in_videos(table, where)
    table["duration"] = [_above_zero(*task, "duration", 1 / rate) for task in named]
    first, differing = first_of_frames(table, y)
    if differing is not None:
        raise ValueError(
            f"{where[differing[1]]} is of the same frame as {where[differing[0]]}, with other "
            f"labels. Keep one of the two."
        )
    return table[first].reset_index(drop=True), y[first].reset_index(drop=True)


def _seconds(where, data, name):
    # A CSV that was imported into Label Studio gives numbers as text.
    try:
        return read_time(str(data[name]))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: {name!r}: {error}") from error


def _above_zero(where, data, name, default):
    if data.get(name) in (None, ""):
        return default
    value = _seconds(where, data, name)
    if not 0 < value < np.inf:
        raise ValueError(f"{where}: {name!r} is {value:g}; above 0 is expected.")
    return value


def _ranges(where, results):
    return [
        (_frame(where, span, "start"), _frame(where, span, "end"), label)
        for result in results
        if result["type"] == "timelinelabels"
        for span in _items(where, _field(where, result, "value", dict), "ranges", dict)
        for label in _items(where, result["value"], "timelinelabels", str)  # none where only drawn
    ]


def _frame(where, span, name):
    number = _field(where, span, name, int)
    if abs(number) > _MOST_FRAMES:
        raise ValueError(f"{where}: {name!r} is far too large for the number of a frame.")
    return number


def _choices(where, results):
    return [
        name
        for result in results
        if result["type"] == "choices"
        for name in _items(where, _field(where, result, "value", dict), "choices", str)
    ]


def _agreed(where, answers):
    first = answers[0]
    if any(set(other) != set(first) for other in answers[1:]):
        raise ValueError(
            f"{where} has {len(answers)} annotations that differ. Mark the right one as ground "
            f"truth in Label Studio, or delete the others."
        )
    return first


def _found(where, data, kind, folder):
    """Return the path of a task's video or image."""
    if kind in data:
        named = [_field(where, data, kind, str)]
    else:
        named = [value for value in data.values() if isinstance(value, str)]
    for name in named:
        for candidate in _candidates(name):
            found = look_for(folder, candidate)
            if found is not None:
                return found
    raise FileNotFoundError(
        f"{where}: the {kind} {', '.join(map(repr, named))} is not in {folder or os.getcwd()!r}. "
        f"Pass the folder it is in as folder=."
    )


def _candidates(name):
    """Return how the file behind a name or URL of Label Studio may be called here."""
    errors = "surrogateescape"
    try:
        url = urlsplit(name)
    except ValueError:
        return [name]
    served = parse_qs(url.query, errors=errors).get("d", [unquote(url.path, errors=errors)])[0]
    base = served.rsplit("/", 1)[-1]
    # Uploaded files: /data/upload/3/5a6b7c8d-video.mp4
    return [name, served.lstrip("/"), base, re.sub(r"^[0-9a-f]{8}-", "", base)]
