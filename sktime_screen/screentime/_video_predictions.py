"""What a fitted pipeline says of videos: one by one, here or wherever joblib has it computed."""

from functools import partial

import pandas as pd
from sklearn.base import clone

from .._parallel import is_shared_out, share_out
from .._progress import show_progress
from ..features import (
    describe_small_faces,
    find_face_columns,
    find_frame_features,
    make_store_folder,
)
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


def predict_videos(classifier, videos, *, labelled=False, find_faces=None):
    """Return what `predict_frames` says of all videos, and the errors of those that failed.

    Only what is said of frames comes back from other processes, not their features: so many bytes a
    frame, and not so many kilobytes.
    """
    videos = drop_repeated_videos(list_videos(videos))
    steps = [part for _, step in classifier.steps for part in find_frame_features(step)]
    n_jobs = next((step.n_jobs for step in steps), None)
    predict = partial(_predict_video, labelled=labelled, find_faces=find_faces)
    found, failures = {}, {}
    if len(videos) > 1 and is_shared_out(n_jobs):
        for step in steps:
            make_store_folder(step.memory)
        results = share_out(predict, classifier, {video: video for video in videos}, n_jobs)
        verbose = any(step.verbose for step in steps)
    else:
        results, verbose = _try_one_by_one(predict, classifier, videos), False
    with show_progress("Videos", len(videos), verbose, "videos") as advance:
        for video, result, error in results:
            if error is None:
                found[video] = result
            else:
                failures[video] = error
            advance(1)
    parts = [found[video] for video in videos if video in found]
    names = parts[0] if parts else ()
    tables = {name: pd.concat([part[name] for part in parts]) for name in names}
    return tables, {video: failures[video] for video in videos if video in failures}


def _predict_video(classifier, video, labelled, find_faces):
    # Its error says what is wrong, and is told of by who asked.
    sampler = clone(classifier[0]).set_params(on_error="raise")
    frames = sampler.sample([video])
    return predict_frames(classifier, frames, labelled=labelled, find_faces=find_faces)


def _try_one_by_one(predict, classifier, videos):
    """Yield (video, result, error) as `share_out` does."""
    for video in videos:
        try:
            yield video, predict(classifier, video), None
        except Exception as error:
            yield video, None, error
