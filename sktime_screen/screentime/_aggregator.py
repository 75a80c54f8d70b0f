"""ScreenTimeAggregator: from probabilities by frame to seconds by video."""

import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from .._sklearn import Interval, StrOptions, fit_context, validate_params
from .._targets import ScoreByNameMixin, read_labelled
from ..model_selection import time_blocks
from ..video import is_frame_index
from ._appearances import appearance_table, shared_seconds
from ._calibration_errors import CalibrationErrors
from ._classes import Classes
from ._estimate import Evidence, add_novelty, estimate_table
from ._labelled_sample import LabelledSample
from ._postprocessing import Recognition

# Frames of so many seconds are one piece of evidence: about a scene of a short video.
_SCENE_SECONDS = 10.0


class ScreenTimeAggregator(ScoreByNameMixin, TransformerMixin, BaseEstimator):
    """Add up the seconds for which each class is on screen.

    This is the last step of a pipeline. `transform` gives the seconds of each video. `predict`
    classifies frames, so scorers, searches and stratified splits work on the whole pipeline.

    Parameters
    ----------
    background : str or int, optional
        The class that means nobody ("neither", 0, ...). It is predicted like the others and left
        out of the seconds.
    threshold : float, default=0.5
        The lowest probability at which a character with its own 0/1 column is on screen or, with
        two classes, at which the second of ``classes_`` is predicted. With three classes or more,
        the most probable is predicted. If shares are corrected, the threshold has no effect: the
        most probable frames are taken until they fill the share.
    smoothing : {"median", "shot", "viterbi"}, optional
        How to smooth along each video, never across videos or gaps in the sampling: "median" takes
        the median of probabilities over ``window``; "shot" their mean over each shot, for which the
        video is read once more; "viterbi" the most probable sequence of classes that last
        ``window`` on average. None does not smooth.
    window : float, default=3.0
        Length in seconds, see ``smoothing``.
    correction : str or None, default="auto"
        How to correct a video's shares for the classifier's errors, before smoothing. Counting
        predictions is biased if shares differ between videos.

        - "calibrated": the mean of probabilities, calibrated on the frames of ``fit``;
        - "averaged": half way between "calibrated" and None;
        - "acc": adjusted classify and count, by how often each class was taken for another;
        - "pacc": the same with mean probabilities instead of predicted classes;
        - "em": the shares that make the video's predictions most likely;
        - None: predicted frames are counted.

        All but None learn from the probabilities in ``fit``. These must come from networks that
        have not seen the frames, as from ``KerasDenseClassifier(cv=5)``. "auto" then takes
        "calibrated", and otherwise None, with a warning if nothing says which. A correction is
        applied as far as the frames of ``fit`` are evidence that the probabilities tell the
        class; for the rest the share is the mean probability.
    min_appearance : float, default=0.0
        Drop appearances shorter than this many seconds. With one class a frame, this and
        ``max_gap`` need a ``background``.
    max_gap : float, default=0.0
        Close gaps in an appearance up to this many seconds.
    frame_duration : float, optional
        The duration in seconds of each row of an array, which has no frame index. The rows are then
        those of one video, in order.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or (n_characters, 2)
        Classes; with an indicator table 0 and 1 for each column.
    class_names_ : ndarray of shape (n_classes,)
        Classes, or the names of an indicator table's columns (their numbers for an array).
    multilabel_ : bool
        Whether several characters can be on screen at once.
    correction_ : str or None
        The correction that is used.
    n_features_in_ : int
        Columns of probabilities seen in ``fit``.

    See Also
    --------
    KerasDenseClassifier : The step before, whose ``transform`` gives probabilities.

    Notes
    -----
    Seconds are sums of the real durations of the frames, not a count divided by a nominal frame
    rate. So they are right at any rate, constant or variable. A frame that comes twice counts once.

    Which correction is best depends on why videos differ. "acc", "pacc" and "em" assume that frames
    of a class look alike in all videos and only shares differ. If videos also look different, they
    make the result worse. On the cartoons measured (``benchmarks/README.md``), "calibrated" was
    best for a classifier that often errs. A classifier that rarely errs is surer of a video than
    its cross-fitted parts, so calibration takes too much away. With few labels of the video itself,
    the errors of counting and of "calibrated" then often had opposite signs, and "averaged" was
    closer than either [1]_. ``_correction.py`` names the papers behind the other corrections.

    Labels of few scenes, or a classifier that cannot tell the class, are no evidence for any
    correction: calibrated on them, all videos would get the same share. The evidence is the z of a
    test, scene by scene, of whether frames held out that show the class have higher probabilities
    than the others; the correction has the weight 1 - 1 / z², and 0 for a z below 1 [2]_.

    With a correction, the prediction for a frame depends on the other frames of its video.

    Whether the classifier had seen the frames, the table of its ``fit_transform`` says in
    ``attrs["out_of_sample"]``. Arrays do not, nor do tables that another step made. Of
    probabilities that you cross-fitted yourself, say ``X.attrs["out_of_sample"] = True``.

    References
    ----------
    .. [1] J. M. Bates and C. W. J. Granger, "The combination of forecasts", Operational Research
       Quarterly 20 (1969).
    .. [2] W. James and C. Stein, "Estimation with quadratic loss", Proceedings of the Fourth
       Berkeley Symposium on Mathematical Statistics and Probability 1 (1961).

    Examples
    --------
    >>> import numpy as np
    >>> from sktime_screen import ScreenTimeAggregator
    >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    >>> aggregator = ScreenTimeAggregator(correction=None, frame_duration=0.5)
    >>> aggregator.fit(probabilities, ["jerry", "tom", "tom"]).transform(probabilities)
    array([[0.5, 1. ]])
    """

    _parameter_constraints = {
        "background": "no_validation",
        "threshold": [Interval(Real, 0, 1, closed="both")],
        "smoothing": [StrOptions({"median", "shot", "viterbi"}), None],
        "window": [Interval(Real, 0, None, closed="neither")],
        "correction": [
            StrOptions({"auto", "calibrated", "averaged", "acc", "pacc", "em"}),
            None,
        ],
        "min_appearance": [Interval(Real, 0, None, closed="left")],
        "max_gap": [Interval(Real, 0, None, closed="left")],
        "frame_duration": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(
        self,
        *,
        background=None,
        threshold=0.5,
        smoothing=None,
        window=3.0,
        correction="auto",
        min_appearance=0.0,
        max_gap=0.0,
        frame_duration=None,
    ) -> None:
        self.background = background
        self.threshold = threshold
        self.smoothing = smoothing
        self.window = window
        self.correction = correction
        self.min_appearance = min_appearance
        self.max_gap = max_gap
        self.frame_duration = frame_duration

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y) -> Self:
        """Learn the classes.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame.
        y : array-like of shape (n_frames,) or (n_frames, n_characters)
            The class of each frame, or an indicator table with one 0/1 column a character.

        Returns
        -------
        self
            The fitted aggregator.

        Raises
        ------
        ValueError
            If ``X`` does not have one column a class, if there is a ``background`` with an
            indicator table, or none although ``max_gap`` or ``min_appearance`` needs it.
        """
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
        self.n_features_in_ = probabilities.shape[1]
        self._calibrate(X, probabilities, self._classes.indicators(y))
        return self

    def _calibrate(self, X, probabilities, truth):
        said = getattr(X, "attrs", {})
        index = X.index if is_frame_index(getattr(X, "index", None)) else None
        if index is not None:
            # Frames that were drawn several times, to balance classes, show nothing of shares.
            once = ~index.duplicated()
            index, probabilities, truth = index[once], probabilities[once], truth[once]
        out_of_sample = said.get("out_of_sample")
        self.correction_ = self.correction
        if self.correction == "auto":
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
        recognition = Recognition(self, self._classes)
        if self.correction_ is not None:
            if out_of_sample is False:
                warnings.warn(
                    f"correction={self.correction!r} learns from probabilities of frames that the "
                    f"classifier has seen, and will be too optimistic. Set its cv.",
                    stacklevel=4,
                )
            blocks = np.arange(len(truth))
            if index is not None:
                blocks = time_blocks(index, _SCENE_SECONDS)
            elif self.frame_duration is not None:
                blocks = time_blocks(
                    _index_of_rows(len(truth), self.frame_duration), _SCENE_SECONDS
                )
            recognition.fit_correction(self.correction_, probabilities, truth, blocks)
        self._corrections = recognition.corrections
        self._calibration = None
        if index is not None:
            shown, smoothed = recognition(probabilities, index)
            self._calibration = CalibrationErrors.of_frames(
                index,
                shown - truth.astype(np.float64),
                smoothed,
                out_of_sample,
                said.get("judged_together", False),
            )

    def _recognised(self, X):
        """Return who is shown and how probable that is, by frame."""
        check_is_fitted(self)
        recognition = Recognition(self, self._classes, self._corrections)
        return recognition(self._classes.probabilities(X), self._index_or_rows(X))

    def _index_or_rows(self, X):
        known = is_frame_index(getattr(X, "index", None)) or self.frame_duration is not None
        needed = self.smoothing or self.max_gap or self.min_appearance
        if known or needed:
            return self._frame_index(X)
        return _index_of_rows(len(X), 1.0)

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
        return _index_of_rows(len(X), float(self.frame_duration))

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
        shown, _ = self._recognised(X)
        return self._classes.labels(shown)

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
        return self._recognised(X)[1]

    def transform(self, X) -> Any:
        """Add up the seconds of each class by video.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame, with a frame index; an array needs ``frame_duration``.

        Returns
        -------
        DataFrame of shape (n_videos, n_classes) or ndarray of shape (1, n_classes)
            Seconds on screen, one row a video in the order of their first frames, one column a
            class except the background.

        Raises
        ------
        ValueError
            If the rows have neither a frame index nor a ``frame_duration``.
        """
        shown, _ = self._recognised(X)
        index = self._frame_index(X)
        durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
        once = ~index.duplicated()
        kept = self._classes.kept
        seconds = pd.DataFrame(
            (shown * durations[:, None])[once][:, kept],
            index=index.get_level_values("video")[once],
            columns=self.class_names_[kept],
        )
        seconds = seconds.groupby(level="video", sort=False).sum()
        return seconds if is_frame_index(getattr(X, "index", None)) else seconds.to_numpy()

    def appearances(self, X) -> pd.DataFrame:
        """List the appearances of each character: from when to when it is on screen.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame, with a frame index; an array needs ``frame_duration``.

        Returns
        -------
        DataFrame
            One row an appearance: ``video``, ``character``, ``start``, ``end``, ``duration`` (s),
            ``confidence`` (mean probability) and ``peak_time`` (s, the most probable frame). The
            durations of a character add up to its seconds.
        """
        shown, probabilities = self._recognised(X)
        kept = self._classes.kept
        return appearance_table(
            shown[:, kept], probabilities[:, kept], self._frame_index(X), self.class_names_[kept]
        )

    def co_appearances(self, X) -> pd.DataFrame:
        """Compute how long each two characters are on screen together.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame, with a frame index; an array needs ``frame_duration``.

        Returns
        -------
        DataFrame
            Seconds, one row a ``video`` and ``character``, one column a character. The diagonal
            holds all seconds of a character.
        """
        shown, _ = self._recognised(X)
        kept = self._classes.kept
        return shared_seconds(shown[:, kept], self._frame_index(X), self.class_names_[kept])

    @validate_params(
        {
            "confidence_level": [Interval(Real, 0, 1, closed="neither")],
            "n_resamples": [Interval(Integral, 1, None, closed="left")],
            "random_state": ["random_state"],
        },
        prefer_skip_nested_validation=True,
    )
    def estimate(
        self,
        X,
        labelled=None,
        cross_fitted=None,
        novelty=None,
        *,
        confidence_level=0.9,
        n_resamples=1000,
        random_state=None,
    ) -> pd.DataFrame:
        """Estimate how long each character is on screen, with intervals.

        Parameters
        ----------
        X : DataFrame or array of shape (n_frames, n_classes)
            Probabilities by frame, with a frame index; an array needs ``frame_duration``.
        labelled : tuple of (DataFrame, array-like), optional
            A random sample of the videos' own frames, and their labels as in ``fit``. The frame
            table needs the columns ``video``, ``time`` and ``inclusion``, the probability with
            which each frame was drawn. A column ``stratum`` makes intervals narrower. It comes
            from ``suggest_frames(strategy="blocks")``, or you give it for all frames of a video,
            with missing labels (NaN, None) for the frames that were not drawn.
        cross_fitted : DataFrame of shape (n_frames, n_classes), optional
            If the classifier was fitted on the ``labelled`` frames: probabilities of the frames of
            `X` from a classifier that has not learned from the labels near them, that is
            ``pipeline[-2].transform_cross_fitted(features)``, see
            :class:`LabelSpreadingClassifier`. Without them, a classifier that predicts frames
            together, such as that one, gives seconds and intervals from the labels alone.
        novelty : Series of shape (n_frames,), optional
            How unlike the labelled frames those of `X` look, that is
            ``pipeline[-2].novelty(features)``, see :class:`LabelSpreadingClassifier`.
        confidence_level : float, default=0.9
            Nominal coverage of the intervals.
        n_resamples : int, default=1000
            How often blocks of frames are resampled for intervals without labels of the video.
        random_state : int, RandomState instance or None, default=None
            Seed of the resampling. The same number gives the same intervals.

        Returns
        -------
        DataFrame
            One row a video and character: ``video``, ``character``, ``seconds``, ``share`` of the
            video, ``low`` and ``high`` (s), number of ``appearances``, ``first_seen`` and
            ``last_seen`` (s), ``confidence``, the mean probability while on screen, ``basis``,
            what the seconds rest on, and ``novelty``, the mean over the video (NaN if it is not
            given). The basis is "labels" of the video itself, the name of the correction, "count"
            without one, or "mean probability" if the labels of ``fit`` do not tell the character
            apart. If they do not, if the novelty is above 1, or if intervals are missing or too
            narrow, a warning and ``attrs["notes"]`` say so.

        Raises
        ------
        ValueError
            If labelled frames were not drawn at random, do not belong to the videos or do not
            represent them, have labels that were not in ``fit``, or were used for training without
            ``cv``; or if `cross_fitted` or `novelty` has other frames than `X`.
        TypeError
            If `labelled` is not a tuple.

        Notes
        -----
        Without labels of the video, intervals assume that the classifier errs on it as on the
        videos of ``fit``: its errors there are resampled, in blocks of 30 s. With labels of a
        random sample of its frames, seconds and intervals come from prediction-powered inference.
        They are valid even if the classifier is wrong. Appearances still come from predictions.
        """
        sample = None if labelled is None else self._sample(labelled)
        shown, probabilities = self._recognised(X)
        index = self._frame_index(X)
        once = ~index.duplicated()
        for name, told in (("cross_fitted", cross_fitted), ("novelty", novelty)):
            if told is not None and not self._frame_index(told).equals(index):
                raise ValueError(
                    f"{name} has other rows than X: the same frames in the same order are expected."
                )
        if cross_fitted is not None:
            cross_fitted = self._recognised(cross_fitted)[1][once]
        evidence = Evidence(
            self.correction_,
            Recognition(self, self._classes, self._corrections).evidence_weights(),
            self._calibration,
            sample,
            confidence_level,
            n_resamples,
            check_random_state(random_state).randint(2**31),
        )
        table = estimate_table(
            shown[once], probabilities[once], cross_fitted, index[once], self._classes, evidence
        )
        if novelty is not None:
            add_novelty(table, novelty[once])
        for note in table.attrs["notes"]:
            warnings.warn(note, stacklevel=3)
        return table

    def _sample(self, labelled):
        if not (isinstance(labelled, tuple) and len(labelled) == 2):
            raise TypeError(
                f"labelled={type(labelled).__name__}: a tuple is expected, the table of labelled "
                f"frames and their labels."
            )
        table, y = labelled
        check_consistent_length(table, y)
        known, labels = read_labelled(y, multilabel=self.multilabel_)
        truth = np.full((len(known), len(self.class_names_)), np.nan)
        truth[known] = self._classes.indicators(labels)
        return LabelledSample(table, truth)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Return the names of the columns of seconds.

        Parameters
        ----------
        input_features : object, optional
            Not used.

        Returns
        -------
        ndarray of str
            The classes except the background.
        """
        check_is_fitted(self)
        return np.array([str(name) for name in self.class_names_[self._classes.kept]], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _index_of_rows(n_frames, duration):
    """Return a frame index of one nameless video with frames of equal duration."""
    return pd.MultiIndex.from_arrays(
        [np.full(n_frames, ""), np.arange(n_frames) * duration, np.full(n_frames, duration)],
        names=["video", "time", "duration"],
    )
