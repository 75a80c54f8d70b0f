"""VideoClassifier: one class a video, from what a classifier of frames sees in it."""

import os
from numbers import Real
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._defaults import SAMPLING_RATE
from .._sklearn import HasMethods, Interval, StrOptions, fit_context
from .._targets import read_labels
from ..features import explain_failures, share_out_videos
from ..video import VideoFrameSampler, list_videos

# The features of more frames are not held at once, but for those of one video.
_FRAMES_AT_ONCE = 2048


class VideoClassifier(ClassifierMixin, BaseEstimator):
    """Classify whole videos by the votes of their frames.

    Trains a classifier of frames, with every frame as an example of its video's class. The frames
    of a new video then vote. A sample is a whole video, so splits, searches and scores count
    videos.

    Parameters
    ----------
    estimator : estimator
        A classifier of frames that takes a frame table, such as ``recommended_pipeline()[:-1]`` or
        another pipeline from a :class:`VideoFrameSampler` to a :class:`KerasDenseClassifier`. A
        clone of it is fitted. The rate of its own sampler has no effect, since it is given frame
        tables.
    rate : float or None, default=1.0
        Frames a second to sample; None takes every frame.
    voting : {"soft", "hard"}, default="soft"
        "soft" takes the class with the highest mean probability. "hard" takes the class that is
        predicted for the largest share of the video. Where classes are less than half a frame
        apart, it takes the one of them with the highest mean probability. Both weight frames by
        their duration.

    Attributes
    ----------
    estimator_ : estimator
        The fitted classifier of frames.
    classes_ : ndarray of shape (n_classes,)
        The classes of videos, sorted.

    See Also
    --------
    load_ucf101 : Videos and classes in the layout of UCF101.
    ScreenTimeAggregator : For how long each class is on screen, instead of one class a video.

    Notes
    -----
    Wherever joblib is told to, see `n_jobs` of :class:`PretrainedCNNFeatures`, `predict` and
    `predict_proba` are computed video by video, and `fit` computes features so. Only the votes of
    videos come back to the process that asked, but in `fit` all features.

    References
    ----------
    The combination of votes: L. Lam and C. Y. Suen, "Application of majority voting to pattern
    recognition: an analysis of its behavior and performance", IEEE Transactions on Systems, Man,
    and Cybernetics A 27 (5), 1997.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sktime_screen import (
    ...     ImageResizer, KerasDenseClassifier, PretrainedCNNFeatures, VideoClassifier,
    ...     VideoFrameSampler,
    ... )
    >>> frames = make_pipeline(
    ...     VideoFrameSampler(), ImageResizer(), PretrainedCNNFeatures(), KerasDenseClassifier()
    ... )
    >>> classifier = VideoClassifier(frames, rate=2)
    >>> classifier.fit(["goal.mp4", "foul.mp4"], ["goal", "foul"])  # doctest: +SKIP
    >>> classifier.predict(["next.mp4"])  # doctest: +SKIP
    array(['goal'], dtype='<U4')
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"])],
        "rate": [Interval(Real, 0, None, closed="neither"), None],
        "voting": [StrOptions({"hard", "soft"})],
    }

    def __init__(self, estimator, *, rate=SAMPLING_RATE, voting="soft") -> None:
        self.estimator = estimator
        self.rate = rate
        self.voting = voting

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y) -> Self:
        """Train the classifier of frames on the frames of videos.

        Parameters
        ----------
        X : list, array or Series of paths, length n_videos
            Videos.
        y : array-like of shape (n_videos,)
            The class of each video: strings or integers.

        Returns
        -------
        VideoClassifier
            Itself.

        Raises
        ------
        FileNotFoundError, IsADirectoryError, VideoError
            If a video is missing or unreadable; the message names it.
        ValueError
            If no video was given, if there is not one class a video, if ``voting="soft"`` and the
            estimator has no ``predict_proba``, or if it ends in a `ScreenTimeAggregator`.
        """
        _refuse_aggregator(self.estimator)
        paths = _paths(X)
        tags = read_labels(y, multilabel=False)
        if tags.ndim != 1:
            raise ValueError(
                f"y has the shape {tags.shape}: VideoClassifier gives each video one class."
            )
        if len(tags) != len(paths):
            raise ValueError(
                f"{len(paths)} videos but {len(tags)} classes: one class a video is expected."
            )
        if self.voting == "soft" and not hasattr(self.estimator, "predict_proba"):
            raise ValueError(
                f"voting='soft' averages probabilities, and {type(self.estimator).__name__} has no "
                f"predict_proba: take voting='hard', or an estimator that has."
            )
        frames, video_of_frame = self._sample(paths)
        self.estimator_ = clone(self.estimator).fit(frames, tags[video_of_frame])
        self.classes_ = np.unique(tags)
        return self

    def predict(self, X) -> np.ndarray:
        """Predict the class of each video.

        Parameters
        ----------
        X : path, or list, array or Series of paths, length n_videos
            Videos.

        Returns
        -------
        ndarray of shape (n_videos,)
            Classes.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X) -> np.ndarray:
        """Predict the probability of each class for each video.

        Parameters
        ----------
        X : path, or list, array or Series of paths, length n_videos
            Videos.

        Returns
        -------
        ndarray of float64, shape (n_videos, n_classes)
            In the order of `classes_`, summing to one. With ``voting="soft"``, the mean
            probabilities of the video's frames. With ``voting="hard"``, the share of the video for
            which each class is predicted; classes that lead by less than half a frame divide
            theirs by their mean probabilities, if the estimator has ``predict_proba``.
        """
        check_is_fitted(self)
        paths = list_videos(_paths(X))
        results = share_out_videos(_vote_alone, self, self.estimator_, list(dict.fromkeys(paths)))
        if results is None:
            return self._vote_in_groups(paths)
        votes, failures = {}, {}
        for video, vote, error in results:
            if error is None:
                votes[video] = vote
            else:
                failures[video] = error
        if failures:
            raise explain_failures(failures, None, len(set(paths)))
        return np.array([votes[path] for path in paths])

    def _vote_in_groups(self, paths):
        """Return the probabilities of videos, some of which are looked at together."""
        frames, video_of_frame = self._sample(paths)
        group = np.cumsum(np.bincount(video_of_frame)) // _FRAMES_AT_ONCE
        votes = []
        for number in np.unique(group):
            videos = np.flatnonzero(group == number)
            rows = np.isin(video_of_frame, videos)
            votes.append(self._vote(frames[rows], video_of_frame[rows] - videos[0]))
        return np.concatenate(votes)

    def _vote(self, frames, video_of_frame):
        """Return the probabilities of the videos that frames are of: (n_videos, n_classes)."""
        if self.voting == "soft":
            return _video_means(self.estimator_.predict_proba(frames), frames, video_of_frame)
        codes = np.searchsorted(self.classes_, self.estimator_.predict(frames))
        shares = _video_means(np.eye(len(self.classes_))[codes], frames, video_of_frame)
        if hasattr(self.estimator_, "predict_proba"):
            self._break_ties(shares, frames, video_of_frame)
        return shares

    def _sample(self, paths):
        """Return the frame table of videos, and the number of the video of each row."""
        sampler = VideoFrameSampler(self.rate)
        tables = [sampler.sample([path]) for path in paths]
        video_of_frame = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
        return pd.concat(tables, ignore_index=True), video_of_frame

    def _break_ties(self, shares, frames, video_of_frame):
        """Let classes that are less than half a frame apart divide theirs by probability."""
        durations = frames["duration"].groupby(video_of_frame)
        half_a_frame = (durations.max() / durations.sum() / 2).to_numpy()
        leads = shares > shares.max(axis=1, keepdims=True) - half_a_frame[:, None]
        tied = leads.sum(axis=1) > 1
        if not tied.any():
            return
        rows = tied[video_of_frame]
        number_among_tied = np.cumsum(tied) - 1
        means = _video_means(
            self.estimator_.predict_proba(frames[rows]),
            frames[rows],
            number_among_tied[video_of_frame[rows]],
        )
        means = np.where(leads[tied], means, 0)
        divided = np.where(leads, shares, 0)[tied].sum(axis=1, keepdims=True)
        means *= divided / means.sum(axis=1, keepdims=True)
        shares[tied] = np.where(leads[tied], means, shares[tied])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def _refuse_aggregator(estimator):
    """Refuse a pipeline, or a search over one, that counts frames and does not classify them."""
    pipeline = getattr(estimator, "estimator", estimator)
    if isinstance(pipeline, Pipeline) and hasattr(pipeline[-1], "appearances"):
        raise ValueError(
            f"estimator ends in a {type(pipeline[-1]).__name__}, which makes seconds right and not "
            f"the classes of frames: pass pipeline[:-1], as in recommended_pipeline()[:-1]."
        )


def _vote_alone(classifier, video):
    return classifier._vote(*classifier._sample([video]))[0]


def _paths(X):
    if isinstance(X, (str, os.PathLike)):
        return [X]
    paths = np.asarray(X, dtype=object)
    # Resamplers of imbalanced-learn take and give columns of one path a row.
    if paths.ndim != 1 and paths.shape[1:] != (1,):
        raise ValueError(
            f"X has the shape {paths.shape}: a list of paths is expected, one a video. "
            f"Frame tables are for the estimator inside."
        )
    if not len(paths):
        raise ValueError("No video was given: the list is empty.")
    return paths.ravel().tolist()


def _video_means(by_frame, frames, video_of_frame):
    """Average over the frames of each video, by their duration."""
    duration = frames["duration"].to_numpy()
    total = np.zeros((video_of_frame[-1] + 1, by_frame.shape[1]))
    np.add.at(total, video_of_frame, by_frame * duration[:, None])
    return total / np.bincount(video_of_frame, weights=duration)[:, None]
