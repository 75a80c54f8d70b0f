"""What ScreenTimeAggregator says of frames: fit, and predictions after correction and smoothing."""

import warnings
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from .._sklearn import fit_context
from .._targets import ScoreByNameMixin, as_table
from ..model_selection import time_blocks
from ..video import check_frame_index, is_frame_index, warn_of_overlaps
from ._calibration_errors import CalibrationErrors, find_fully_labelled
from ._classes import Classes
from ._column_order import check_column_order
from ._postprocessing import Postprocessing

# Frames of so many seconds are one piece of evidence: about a scene of a short video.
_SCENE_SECONDS = 10.0


class FramePredictor(ScoreByNameMixin, BaseEstimator):
    """A classifier of frames by their probabilities; its parameters are the aggregator's."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Learn the classes.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame.
        y : array-like of shape (n_frames,) or (n_frames, n_characters), optional
            The class of each frame, or an indicator table with one 0/1 column a character. In a
            table NaN is a label that is not known: correction and intervals are learned from the
            other frames, and only if these are nine of ten. Without it the characters are the
            columns of ``X``, a table, and nothing is corrected: for
            a classifier that needs no labels, such as :class:`FaceClassifier`.

        Returns
        -------
        self
            The fitted aggregator.

        Raises
        ------
        ValueError
            If ``X`` does not have one column a class, or holds other numbers than
            probabilities, if there is a ``background`` with an
            indicator table, or none although ``max_gap`` or ``min_appearance`` needs it.
        """
        labelled = y is not None
        self._learned_with = {"background": self.background, "correction": self.correction}
        if not labelled:
            y = self._make_labels(X)
        self._classes = Classes(y, self.background)
        check_consistent_length(X, y)
        if (self.max_gap or self.min_appearance) and not (
            self._classes.multilabel or self.background is not None
        ):
            raise ValueError(
                "max_gap and min_appearance need a background where each frame has one class: "
                "what else would be on screen instead?"
            )
        self.multilabel_ = self._classes.multilabel
        self.class_names_ = self._classes.names
        self.classes_ = self._classes.scikit_learn_classes()
        probabilities = self._classes.probabilities(X)
        validate_data(self, X, skip_check_array=True)
        if labelled:
            truth = self._classes.indicators(y, partly=True)
            if not self._classes.are_named_in(X):
                check_column_order(X, probabilities, truth, self._classes.names.tolist())
            self._calibrate(X, probabilities, truth)
        else:
            self.correction_ = self._corrections = self._calibration = None
        self._tested = labelled
        return self

    def _make_labels(self, X):
        """Return a table of no characters in any frame of X, by whose columns they are called."""
        table = as_table(X)
        if table is None:
            raise ValueError(
                "ScreenTimeAggregator.fit without y takes the characters from the columns of X: "
                "give y, or a table as a classifier's transform makes it."
            )
        if self.correction not in ("auto", None):
            raise ValueError(
                f"correction={self.correction!r} learns from labels: give y, or set correction to "
                f"'auto' or None."
            )
        return pd.DataFrame(0, index=range(len(table)), columns=table.columns)

    def _calibrate(self, X, probabilities, truth):
        marks = getattr(X, "attrs", {})
        index = X.index if is_frame_index(getattr(X, "index", None)) else None
        if index is not None:
            # Frames that were drawn several times, to balance classes, show nothing of shares.
            once = ~index.duplicated()
            index, probabilities, truth = index[once], probabilities[once], truth[once]
        out_of_sample = marks.get("out_of_sample")
        known = find_fully_labelled(truth)
        self.correction_ = self.correction
        if known is None:
            self.correction_ = None
            warnings.warn(
                f"{np.isnan(truth).any(axis=1).sum()} of {len(truth)} frames lack labels of some "
                f"characters. Which labels are missing may depend on who is there, so that shares "
                f"are not corrected and there are no intervals. Fill in 0 or 1 for NaN, in nine of "
                f"ten frames at least.",
                stacklevel=4,
            )
        elif self.correction == "auto":
            self.correction_ = "calibrated" if out_of_sample else None
            if out_of_sample is None:
                warnings.warn(
                    "correction='auto' corrects nothing, as X does not say whether the classifier "
                    "had seen the frames: the table of a classifier's fit_transform says it in "
                    "attrs['out_of_sample'], which an array lacks and many a step between drops. "
                    "Put such steps before the classifier, or set correction: 'calibrated' if it "
                    "had not seen them (cv), else None.",
                    stacklevel=4,
                )
        postprocessing = Postprocessing(self, self._classes)
        if self.correction_ is not None:
            if out_of_sample is False:
                warnings.warn(
                    f"correction={self.correction!r} learns from probabilities of frames that the "
                    f"classifier has seen, and will be too optimistic. Set its cv.",
                    stacklevel=4,
                )
            blocks = self._number_scenes(index, len(truth))
            postprocessing.fit_correction(
                self.correction_, probabilities[known], truth[known].astype(bool), blocks[known]
            )
        self._corrections = postprocessing.corrections
        self._calibration = None
        if index is not None:
            predicted, smoothed = postprocessing(probabilities, index)
            self._calibration = CalibrationErrors.of_frames(
                index,
                predicted - truth.astype(np.float64),
                smoothed,
                out_of_sample,
                marks.get("transductive", False),
            )

    def _number_scenes(self, index, n_frames):
        """Number the stretches of time whose frames are wrong together: int (n_frames,)."""
        if index is None:
            if self.frame_duration is None:
                return np.arange(n_frames)
            index = _index_of_rows(n_frames, self.frame_duration)
        return time_blocks(index, _SCENE_SECONDS)

    def _postprocess(self, X):
        """Return predictions and smoothed probabilities by frame."""
        check_is_fitted(self)
        self._validate_params()
        # Models of earlier versions do not have it.
        fitted = getattr(self, "_learned_with", {})
        for name in fitted:
            if getattr(self, name) != fitted[name]:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} was set after fit, which learned with "
                    f"{name}={fitted[name]!r}: fit again."
                )
        postprocessing = Postprocessing(self, self._classes, self._corrections)
        probabilities = self._classes.probabilities(X)
        if not self._classes.are_named_in(X):
            # Other names tell which column is which only where they are those of fit.
            validate_data(self, X, reset=False, skip_check_array=True)
        return postprocessing(probabilities, self._index_or_rows(X))

    def _index_or_rows(self, X):
        known = is_frame_index(getattr(X, "index", None)) or self.frame_duration is not None
        needed = self.smoothing or self.max_gap or self.min_appearance
        if known or needed:
            return self._frame_index(X)
        return _index_of_rows(len(X), 1.0)

    def _frame_index(self, X):
        index = getattr(X, "index", None)
        if is_frame_index(index):
            check_frame_index(index)
            return index
        if self.frame_duration is None:
            raise ValueError(
                "The rows have no times: a table with a frame index (video, time, duration) is "
                "expected, as PretrainedCNNFeatures and KerasDenseClassifier give it. For arrays, "
                "set ScreenTimeAggregator(frame_duration=...), the seconds a row stands for; for "
                "scikit-learn steps that drop the index on the way, call "
                "pipeline.set_output(transform='pandas')."
            )
        return _index_of_rows(len(X), float(self.frame_duration))

    def _seconds_index(self, X):
        index = self._frame_index(X)
        warn_of_overlaps(index)
        return index

    def predict(self, X) -> np.ndarray:
        """Predict who is on screen in each frame.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame.

        Returns
        -------
        ndarray of shape (n_frames,) or (n_frames, n_characters)
            Classes, or 0/1 indicators, after correction and smoothing, and after short gaps are
            closed and short appearances dropped.
        """
        predicted, _ = self._postprocess(X)
        return self._classes.labels(predicted)

    def predict_proba(self, X) -> np.ndarray:
        """Return the probabilities of each frame, after correction and smoothing.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame.

        Returns
        -------
        ndarray of shape (n_frames, n_classes)
            In the order of ``class_names_``.
        """
        return self._postprocess(X)[1]


def _index_of_rows(n_frames, duration):
    """Return a frame index of one nameless video with frames of equal duration."""
    return pd.MultiIndex.from_arrays(
        [np.full(n_frames, ""), np.arange(n_frames) * duration, np.full(n_frames, duration)],
        names=["video", "time", "duration"],
    )
