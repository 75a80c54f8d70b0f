"""ScreenTimeAggregator: from probabilities by frame to seconds by film."""

from numbers import Real

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted

from ..frames import is_frame_index
from ._smoothing import median_smoothed


class ScreenTimeAggregator(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Add up for how long each class is on screen.

    It is the last step of a pipeline: a classifier of frames, so that scorers, searches and
    stratified splits work on the whole pipeline, and a transformer to seconds by video.

    Parameters
    ----------
    background : str or int, optional
        A class that means nobody ("neither", 0, ...): it is predicted like the others and left
        out of the seconds.
    threshold : float, default=0.5
        From which probability on a character counts as visible, where each has its own column of
        labels; and, between two classes, from which probability on the second of ``classes_`` is
        predicted. Of three classes or more the most probable is taken.
    smoothing : {"median"}, optional
        How probabilities are smoothed along each film before a class is chosen. Never across films
        or gaps in the sampling. None leaves every frame alone.
    window : float, default=3.0
        Width of the smoothing window in seconds.
    frame_duration : float, optional
        For how many seconds a row stands where the input is an array, which has no frame index;
        the rows then are one film's, in order.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of ndarray
        Classes; with an indicator table the array 0, 1 for each column, as scikit-learn's forests
        have it.
    class_names_ : ndarray of shape (n_classes,)
        Classes, or the names of an indicator table's columns (their numbers for an array).
    multilabel_ : bool
        Whether several characters can be on screen at once.
    n_features_in_ : int
        Columns of probabilities seen in ``fit``.

    See Also
    --------
    KerasDenseClassifier : The step before, whose ``transform`` gives probabilities.

    Notes
    -----
    Seconds are sums of the real durations of the frames, not a count divided by a nominal frame
    rate: they are right at any rate, constant or not. A frame that comes twice counts once.

    Examples
    --------
    >>> import numpy as np
    >>> from sktime_screen import ScreenTimeAggregator
    >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    >>> aggregator = ScreenTimeAggregator(frame_duration=0.5)
    >>> aggregator.fit(probabilities, ["jerry", "tom", "tom"]).transform(probabilities)
    array([[0.5, 1. ]])
    """

    _parameter_constraints = {
        "background": "no_validation",
        "threshold": [Interval(Real, 0, 1, closed="both")],
        "smoothing": [StrOptions({"median"}), None],
        "window": [Interval(Real, 0, None, closed="neither")],
        "frame_duration": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(
        self,
        *,
        background=None,
        threshold=0.5,
        smoothing=None,
        window=3.0,
        frame_duration=None,
    ):
        self.background = background
        self.threshold = threshold
        self.smoothing = smoothing
        self.window = window
        self.frame_duration = frame_duration

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Learn the classes.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame.
        y : array-like of shape (n_frames,) or (n_frames, n_characters)
            The class of each frame, or an indicator table with a 0/1 column a character.

        Returns
        -------
        self
            The fitted aggregator.

        Raises
        ------
        ValueError
            If ``X`` has not one column a class, or ``background`` is none of the classes.
        """
        names = y.columns if isinstance(y, pd.DataFrame) else None
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
        check_classification_targets(y)
        check_consistent_length(X, y)
        self.multilabel_ = type_of_target(y, input_name="y").startswith("multilabel")
        if self.multilabel_:
            self.class_names_ = np.arange(y.shape[1]) if names is None else np.asarray(names)
            # Not the names: scorers take a list of two names for two exclusive classes.
            self.classes_ = [np.array([0, 1]) for _ in self.class_names_]
        else:
            self.class_names_ = self.classes_ = np.unique(y)
        if self.background is not None:
            self._check_background()
        self.n_features_in_ = self._probabilities(X).shape[1]
        return self

    def _check_background(self):
        if self.multilabel_:
            raise ValueError(
                f"background={self.background!r}: with a column of labels for each character, "
                f"nobody is a row of zeros and no class of its own. Leave background at None."
            )
        if self.background not in self.class_names_.tolist():
            raise ValueError(
                f"background={self.background!r} is none of the classes "
                f"{self.class_names_.tolist()}."
            )

    def _probabilities(self, X):
        """Return the probabilities as an array with the columns in the order of the classes."""
        if isinstance(X, pd.DataFrame):
            names = [str(name) for name in self.class_names_]
            columns = X.columns.map(str)
            if set(names) == set(columns):
                X = X.iloc[:, columns.get_indexer(names)]
        values = check_array(X, dtype=[np.float64, np.float32], input_name="X")
        if values.shape[1] != len(self.class_names_):
            raise ValueError(
                f"{values.shape[1]} columns of probabilities for the {len(self.class_names_)} "
                f"classes {self.class_names_.tolist()}: ScreenTimeAggregator stands after a "
                f"classifier's probabilities, one column a class."
            )
        return values

    def _smoothed(self, X):
        check_is_fitted(self)
        probabilities = self._probabilities(X)
        if self.smoothing is None:
            return probabilities
        smoothed = median_smoothed(probabilities, self._frame_index(X), self.window)
        if not self.multilabel_:
            total = smoothed.sum(axis=1, keepdims=True)
            # Medians can all be 0 where three classes take turns: such a frame is left as it was.
            smoothed = np.divide(smoothed, total, out=probabilities.copy(), where=total > 0)
        return smoothed

    def _frame_index(self, X):
        index = getattr(X, "index", None)
        if is_frame_index(index):
            return index
        if self.frame_duration is None:
            raise ValueError(
                "The rows have no times: a table with a frame index (video, time, duration) is "
                "expected, as PretrainedCNNFeatures and KerasDenseClassifier give it. For arrays, "
                "set ScreenTimeAggregator(frame_duration=...), the seconds a row stands for; for "
                "scikit-learn steps that drop the index on the way, call "
                "pipeline.set_output(transform='pandas')."
            )
        starts = np.arange(len(X)) * self.frame_duration
        return pd.MultiIndex.from_arrays(
            [np.full(len(X), ""), starts, np.full(len(X), float(self.frame_duration))],
            names=["video", "time", "duration"],
        )

    def predict(self, X):
        """Tell who is on screen in each frame.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame.

        Returns
        -------
        ndarray of shape (n_frames,) or (n_frames, n_characters)
            Classes, or 0/1 indicators; after smoothing.
        """
        return self._chosen(self._smoothed(X))

    def _chosen(self, probabilities):
        if self.multilabel_:
            return (probabilities >= self.threshold).astype(np.int64)
        if len(self.class_names_) == 2:
            return self.class_names_[(probabilities[:, 1] >= self.threshold).astype(np.int64)]
        return self.class_names_[probabilities.argmax(axis=1)]

    def predict_proba(self, X):
        """Return the probabilities by frame, after smoothing.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame.

        Returns
        -------
        ndarray of shape (n_frames, n_classes)
            In the order of ``class_names_``.
        """
        return self._smoothed(X)

    def transform(self, X):
        """Add up the seconds of each class by video.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame, with a frame index; an array needs ``frame_duration``.

        Returns
        -------
        DataFrame of shape (n_videos, n_classes) or ndarray of shape (1, n_classes)
            Seconds on screen, a row a video in the order of their first frames, a column a class
            but for the background.

        Raises
        ------
        ValueError
            If the rows have neither a frame index nor a ``frame_duration``.
        """
        check_is_fitted(self)
        index = self._frame_index(X)
        chosen = self._chosen(self._smoothed(X))
        shown = chosen if self.multilabel_ else chosen[:, None] == self.class_names_
        durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
        once = ~index.duplicated()
        kept = self._reported()
        seconds = pd.DataFrame(
            (shown * durations[:, None])[once][:, kept],
            index=index.get_level_values("video")[once],
            columns=self.class_names_[kept],
        )
        seconds = seconds.groupby(level="video", sort=False).sum()
        return seconds if is_frame_index(getattr(X, "index", None)) else seconds.to_numpy()

    def _reported(self):
        return np.array([name != self.background for name in self.class_names_.tolist()])

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns of seconds.

        Parameters
        ----------
        input_features : object, optional
            Not used.

        Returns
        -------
        ndarray of str
            The classes but for the background.
        """
        check_is_fitted(self)
        return np.array([str(name) for name in self.class_names_[self._reported()]], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
