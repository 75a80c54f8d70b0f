"""What a fitted pipeline says of videos: one by one, here or wherever joblib has it computed."""

from functools import partial

import pandas as pd
from sklearn.base import clone

from .._parallel import is_shared_out, share_out
from .._progress import show_progress
from ..features import find_frame_features, make_store_folder
from ..video import list_videos
from ._estimate import predict_for_estimate

# Of long videos not all features are held at once. It is an hour at a frame a second: enough for a
# classifier that judges frames by those that look alike.
_FRAMES_AT_ONCE = 2048


def predict_frames(classifier, frames, *, labelled=False):
    """Return what a pipeline without its aggregator says of a video's frames, for `estimate`.

    A head of faces alone says beside that where there are "strangers".
    """
    found = []
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        features = classifier[:-1].transform(frames[start : start + _FRAMES_AT_ONCE])
        found.append(predict_for_estimate(classifier[-1], features, labelled=labelled))
        if hasattr(classifier[-1], "find_strangers"):
            found[-1]["strangers"] = classifier[-1].find_strangers(features)
    return {name: pd.concat([part[name] for part in found]) for name in found[0]}


def predict_videos(classifier, videos, *, labelled=False):
    """Return what `predict_frames` says of all videos, and the errors of those that failed.

    Only what is said of frames comes back from other processes, not their features: so many bytes a
    frame, and not so many kilobytes.
    """
    videos = list(dict.fromkeys(list_videos(videos)))
    steps = [part for _, step in classifier.steps for part in find_frame_features(step)]
    n_jobs = next((step.n_jobs for step in steps), None)
    predict = partial(_predict_video, labelled=labelled)
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


def _predict_video(classifier, video, labelled):
    # Its error says what is wrong, and is told of by who asked.
    sampler = clone(classifier[0]).set_params(on_error="raise")
    return predict_frames(classifier, sampler.sample([video]), labelled=labelled)


def _try_one_by_one(predict, classifier, videos):
    """Yield (video, result, error) as `share_out` does."""
    for video in videos:
        try:
            yield video, predict(classifier, video), None
        except Exception as error:
            yield video, None, error
