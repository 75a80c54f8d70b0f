"""Write labels and predictions for Label Studio."""

import json
import os
from urllib.parse import quote

import numpy as np

from .._atomic_files import write_text_atomically
from ..labels import FRAME_RATE, indicators, make_relative
from ..video import TIME_TOLERANCE, check_frame_table
from ._frame_intervals import find_intervals


def save_label_studio(
    path,
    X,
    y,
    *,
    predictions=False,
    frame_rate=FRAME_RATE,
    prefix=None,
    from_name=None,
    to_name=None,
) -> None:
    """Write labels of frames as tasks for Label Studio.

    Import the file into a project to correct the labels there. Frames of videos become one task
    per video with ``TimelineLabels``. Images become one task per image with ``Choices``.

    Parameters
    ----------
    path : str or path
        The JSON file to write. An existing file is replaced.
    X : pandas.DataFrame
        The frame table. For videos it needs every frame that was sampled at a rate: the format
        cannot mark a stretch of time as unlabelled, and it would read as one without characters.
    y : array-like of shape (n_frames,) or pandas.DataFrame of shape (n_frames, n_characters)
        Labels or predictions: one class per frame, or a table with a 0/1 column per character.
    predictions : bool, default=False
        Whether to write the labels as predictions, which somebody corrects and submits, instead
        of as annotations.
    frame_rate : float, default=24.0
        The frame rate (frames per second) by which Label Studio counts frames. Best pass the
        frame rate of the video.
    prefix : str, optional
        The text to put before the file names so that Label Studio finds the files. For local
        storage this is "/data/local-files/?d=" and the folder. By default, the file names are
        paths relative to the folder of the JSON file.
    from_name, to_name : str, optional
        The names in the labelling configuration of the project. The defaults are "videoLabels"
        and "video" for videos, "choice" and "image" for images.

    Raises
    ------
    OSError
        If the file cannot be written. A file that existed before is then unchanged.
    ValueError
        If ``X`` and ``y`` differ in length, frames are left out, or frames follow each other faster
        than ``frame_rate``.

    See Also
    --------
    load_label_studio : Load the corrected labels from an export.

    Notes
    -----
    The project needs one of these labelling configurations, for videos or for images::

        <View>
          <TimelineLabels name="videoLabels" toName="video">
            <Label value="tom"/> <Label value="jerry"/>
          </TimelineLabels>
          <Video name="video" value="$video" frameRate="$fps"/>
        </View>

        <View>
          <Image name="image" value="$image"/>
          <Choices name="choice" toName="image" choice="multiple">
            <Choice value="tom"/> <Choice value="jerry"/>
          </Choices>
        </View>

    References
    ----------
    https://labelstud.io/guide/tasks, https://labelstud.io/guide/predictions

    Examples
    --------
    >>> from sktime_screen import save_label_studio
    >>> save_label_studio("tasks.json", X, y, predictions=True)  # doctest: +SKIP
    """
    path = os.fspath(path)
    table = check_frame_table(X).reset_index(drop=True)
    labels = indicators(X, y)
    folder = os.path.dirname(path)

    def make_url(file):
        if prefix is None:
            return make_relative(file, folder)
        return prefix + quote(os.fsencode(os.path.basename(file)))

    if "image" in table:
        names = {"from_name": from_name or "choice", "to_name": to_name or "image"}
        tasks = _make_image_tasks(table, labels, names, make_url, folder)
    else:
        names = {"from_name": from_name or "videoLabels", "to_name": to_name or "video"}
        tasks = _make_video_tasks(table, labels, names, make_url, frame_rate)
    if predictions:
        kind, attributes = "predictions", {"model_version": "sktime_screen"}
    else:
        kind, attributes = "annotations", {}
    tasks = [{"data": data, kind: [{**attributes, "result": result}]} for data, result in tasks]
    write_text_atomically(path, json.dumps(tasks, ensure_ascii=False, indent=1))


def _make_image_tasks(table, labels, names, make_url, folder):
    """Return (data, result) of the task of each image."""
    tasks = []
    for frame, row in zip(table.to_dict("records"), labels.to_numpy(), strict=True):
        chosen = labels.columns[row == 1].tolist()
        result = {"id": "0", **names, "type": "choices", "value": {"choices": chosen}}
        data = {
            "image": make_url(frame["image"]),
            "video": make_relative(frame["video"], folder),
            "time": frame["time"],
            "duration": frame["duration"],
        }
        tasks.append((data, [result] if chosen else []))
    return tasks


def _make_video_tasks(table, labels, names, make_url, frame_rate):
    """Return (data, result) of the task of each video."""
    steps = table.sort_values("time").groupby("video")["time"].diff()
    if steps.min() < 1 / frame_rate - TIME_TOLERANCE:
        raise ValueError(
            f"Frames follow each other after {steps.min():.3f} s, which frame_rate={frame_rate} "
            f"(frames per second) cannot tell apart. Pass the frame rate of the video."
        )
    intervals = find_intervals(table, labels)
    bounds = (intervals[["start", "end"]].to_numpy() + TIME_TOLERANCE) * frame_rate
    # Rounded down both, so that a range ends before the next labelled frame.
    first, end = np.floor(bounds).astype(int).T if len(bounds) else ([], [])
    results = {video: [] for video in table["video"].unique()}
    for (video, label, *_), start, stop in zip(
        intervals.itertuples(index=False), first, end, strict=True
    ):
        span = {"start": int(start) + 1, "end": max(int(stop), int(start) + 1)}
        results[video].append(
            {
                "id": str(len(results[video])),
                **names,
                "type": "timelinelabels",
                "value": {"ranges": [span], "timelinelabels": [label]},
            }
        )
    return [
        ({"video": make_url(video), "fps": frame_rate}, result) for video, result in results.items()
    ]
