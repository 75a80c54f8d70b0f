"""Labels to Label Studio."""

import json
import os
from urllib.parse import quote

import numpy as np

from .._atomic_files import write_text_atomically
from ..labels import FRAME_RATE, as_seen_from, indicators
from ..video import TIME_TOLERANCE, check_frame_table
from ._frame_intervals import frame_intervals


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
    """Write labels of frames as tasks to import into Label Studio.

    A frame table of videos becomes a task a video with ``TimelineLabels``, one of images a task a
    image with ``Choices``.

    Parameters
    ----------
    path : str or path
        The JSON file to write; what is there is replaced.
    X : pandas.DataFrame
        The frame table. Of videos, every frame sampled at a rate: a stretch between two frames that
        is not labelled cannot be told from one with nobody.
    y : array-like of shape (n_frames,) or pandas.DataFrame
        One class a frame, or 0/1 indicators with a column a character: labels, or what a pipeline
        predicts.
    predictions : bool, default=False
        Whether they are predictions, to be corrected and submitted, instead of annotations.
    frame_rate : float, default=24.0
        Frames that Label Studio counts to a second of video; best the video's own.
    prefix : str, optional
        What stands before the names of the files so that Label Studio finds them, for local storage
        "/data/local-files/?d=" and the folder. By default their paths from the folder of the JSON
        file.
    from_name, to_name : str, optional
        Names in the project's labelling configuration, by default "videoLabels" and "video" for
        videos, "choice" and "image" for images.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is then still there.
    ValueError
        If there is not one label a frame, frames are missing in between, or they follow each other
        faster than ``frame_rate``.

    See Also
    --------
    load_label_studio : Reads the export when labels are corrected.

    Notes
    -----
    The configuration of the project, for videos and for images::

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

    def url(file):
        if prefix is None:
            return as_seen_from(folder, file)
        return prefix + quote(os.fsencode(os.path.basename(file)))

    if "image" in table:
        names = {"from_name": from_name or "choice", "to_name": to_name or "image"}
        tasks = _image_tasks(table, labels, names, url, folder)
    else:
        names = {"from_name": from_name or "videoLabels", "to_name": to_name or "video"}
        tasks = _video_tasks(table, labels, names, url, frame_rate)
    if predictions:
        answers = [
            {"predictions": [{"model_version": "sktime_screen", **each}]} for _, each in tasks
        ]
    else:
        answers = [{"annotations": [each]} for _, each in tasks]
    tasks = [{"data": data, **each} for (data, _), each in zip(tasks, answers, strict=True)]
    write_text_atomically(path, json.dumps(tasks, ensure_ascii=False, indent=1))


def _image_tasks(table, labels, names, url, folder):
    tasks = []
    for frame, row in zip(table.to_dict("records"), labels.to_numpy(), strict=True):
        chosen = labels.columns[row == 1].tolist()
        result = {"id": "0", **names, "type": "choices", "value": {"choices": chosen}}
        data = {
            "image": url(frame["image"]),
            "video": as_seen_from(folder, frame["video"]),
            "time": frame["time"],
            "duration": frame["duration"],
        }
        tasks.append((data, {"result": [result] if chosen else []}))
    return tasks


def _video_tasks(table, labels, names, url, frame_rate):
    steps = table.sort_values("time").groupby("video")["time"].diff()
    if steps.min() < 1 / frame_rate - TIME_TOLERANCE:
        raise ValueError(
            f"Frames follow each other after {steps.min():.3f} s, too fast for "
            f"frame_rate={frame_rate} a second: pass the video's own as frame_rate=."
        )
    intervals = frame_intervals(table, labels)
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
        ({"video": url(video), "fps": frame_rate}, {"result": found})
        for video, found in results.items()
    ]
