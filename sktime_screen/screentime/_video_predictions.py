"""What a fitted pipeline says of videos: one by one, here or wherever joblib has it computed."""

import warnings
from contextlib import nullcontext
from functools import partial

import pandas as pd
from sklearn.base import clone

from ..features import describe_small_faces, find_face_columns, share_out_videos
from ..video import drop_repeated_videos, list_videos
from ._estimate import predict_for_estimate

# Of long videos not all features are held at once. It is an hour at a frame a second: enough for a
# classifier that judges frames by those that look alike.
_FRAMES_AT_ONCE = 2048
# Faces alone take a hundredth of the room, and are followed through whole videos.
_FACES_AT_ONCE = 65536


def predict_frames(classifier, frames, *, labelled=False, find_faces=None):
    """Return what a pipeline without its aggregator says of a video's frames, for `estimate`.

    A head of faces alone says beside that where there are "strangers", and what is to be said of
    "small_faces"; of one that looks at faces at all, `find_faces` makes the "faces" of a report.
    """
    head = classifier[-1]
    of_faces_alone = hasattr(head, "find_strangers")
    shows_faces = find_faces is not None and hasattr(head, "judge_faces")
    at_once = _FACES_AT_ONCE if of_faces_alone else _FRAMES_AT_ONCE
    found, faces = [], []
    for start in range(0, len(frames), at_once):
        features = classifier[:-1].transform(frames[start : start + at_once])
        found.append(predict_for_estimate(head, features, labelled=labelled))
        if of_faces_alone:
            found[-1]["strangers"] = head.find_strangers(features)
            found[-1]["small_faces"] = pd.Series(describe_small_faces(features), dtype=object)
        if shows_faces:
            faces.append(features.loc[:, find_face_columns(features)].copy())
    together = {name: pd.concat([part[name] for part in found]) for name in found[0]}
    if shows_faces:
        together["faces"] = find_faces(head, pd.concat(faces))
    return together


def predict_videos(classifier, videos, *, labelled=False, find_faces=None, watch=nullcontext):
    """Return what `predict_frames` says of all videos, and notes of those that failed.

    Of several videos, those that fail are left out with a warning; if all do, the first error is
    raised. Only what is said of frames comes back from other processes, not their features: so many
    bytes a frame, and not so many kilobytes. Videos predicted here are so in ``watch(video)``.
    """
    videos = drop_repeated_videos(list_videos(videos))
    predict = partial(_predict_video, labelled=labelled, find_faces=find_faces)
    results = share_out_videos(predict, classifier, classifier, videos)
    if results is None:
        results = _try_one_by_one(predict, classifier, videos, watch)
    found, failures, notes = {}, {}, {}
    for video, result, error in results:
        if error is None:
            found[video] = result
            continue
        failures[video], notes[video] = error, _describe_failure(video, error)
        if len(videos) > 1:
            warnings.warn(notes[video], RuntimeWarning, stacklevel=4)
    if not found:
        error = next(failures[video] for video in videos)
        if len(videos) > 1:
            error.add_note(f"None of the {len(videos)} videos could be measured.")
        raise error
    parts = [found[video] for video in videos if video in found]
    tables = {name: pd.concat([part[name] for part in parts]) for name in parts[0]}
    return tables, [notes[video] for video in videos if video in notes]


def _describe_failure(video, error):
    """Say in a line which video is left out and why."""
    what = " ".join(str(error).split())
    if not isinstance(error, (OSError, ValueError)):
        # What others say was not written to be read alone.
        what = f"{type(error).__name__}: {what}"
    of_video = "" if video in what else f" {video!r}"
    return " ".join([f"Left out{of_video}: {what}", *getattr(error, "__notes__", ())])


def _predict_video(classifier, video, labelled, find_faces):
    # Its error says what is wrong, and is told of by who asked.
    sampler = clone(classifier[0]).set_params(on_error="raise")
    frames = sampler.sample([video])
    return predict_frames(classifier, frames, labelled=labelled, find_faces=find_faces)


def _try_one_by_one(predict, classifier, videos, watch):
    """Yield (video, result, error) as `share_out` does."""
    for video in videos:
        try:
            with watch(video):
                result = predict(classifier, video)
        except Exception as error:
            yield video, None, error
        else:
            yield video, result, None
