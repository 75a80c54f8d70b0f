"""ScreenTimeAggregator: from probabilities by frame to seconds by video."""

import warnings
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from .._defaults import CONFIDENCE_LEVEL
from .._sklearn import Interval, StrOptions, validate_params
from .._targets import read_labelled
from ..video import is_frame_index
from ._appearances import appearance_table, compute_shared_seconds
from ._estimate import Evidence, add_novelty, estimate_table
from ._frame_predictor import FramePredictor
from ._labelled_sample import LabelledSample
from ._postprocessing import Postprocessing


class ScreenTimeAggregator(TransformerMixin, FramePredictor):
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
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of these columns, if they were strings. Columns that are called by the classes are
        found by these names, in any order, others must be named as in ``fit``.

    See Also
    --------
    KerasDenseClassifier : The step before, whose ``transform`` gives probabilities.
    ClassifierTransformer : Makes any classifier of scikit-learn the step before.

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
        predicted, _ = self._postprocess(X)
        index = self._seconds_index(X)
        durations = index.get_level_values("duration").to_numpy(dtype=np.float64)
        once = ~index.duplicated()
        kept = self._classes.kept
        seconds = pd.DataFrame(
            (predicted * durations[:, None])[once][:, kept],
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
        predicted, probabilities = self._postprocess(X)
        kept = self._classes.kept
        return appearance_table(
            predicted[:, kept],
            probabilities[:, kept],
            self._seconds_index(X),
            self.class_names_[kept],
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
        predicted, _ = self._postprocess(X)
        kept = self._classes.kept
        return compute_shared_seconds(
            predicted[:, kept], self._seconds_index(X), self.class_names_[kept]
        )

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
        confidence_level=CONFIDENCE_LEVEL,
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
            without one, "mean probability" if the labels of ``fit`` do not tell the character
            apart, or "no labels" if ``fit`` had none. If they do not, if the novelty is above 1, if
            a share is unlike those of the videos of ``fit``, or if intervals are missing or too
            narrow, a warning and ``attrs["notes"]`` say so. ``attrs["intervals"]`` says how often
            the intervals hold, what they suppose and what makes them narrower.

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
        Without labels of the video, intervals assume that it is like the videos of ``fit``, in how
        often the classifier errs and in how often characters are on screen: the errors there are
        resampled, in blocks of 30 s. One video does not tell how videos differ. With labels of a
        random sample of its frames, seconds and intervals come from prediction-powered inference.
        They are valid even if the classifier is wrong. Appearances still come from predictions.
        """
        sample = None if labelled is None else self._sample(labelled)
        predicted, probabilities = self._postprocess(X)
        index = self._seconds_index(X)
        once = ~index.duplicated()
        for name, told in (("cross_fitted", cross_fitted), ("novelty", novelty)):
            if told is not None and not self._frame_index(told).equals(index):
                raise ValueError(
                    f"{name} has other rows than X: the same frames in the same order are expected."
                )
        if cross_fitted is not None:
            cross_fitted = self._postprocess(cross_fitted)[1][once]
        evidence = Evidence(
            self.correction_,
            # Models of earlier versions have always learned from labels.
            getattr(self, "_tested", True),
            Postprocessing(self, self._classes, self._corrections).get_evidence_weights(),
            self._calibration,
            sample,
            confidence_level,
            n_resamples,
            check_random_state(random_state).randint(2**31),
        )
        table = estimate_table(
            predicted[once], probabilities[once], cross_fitted, index[once], self._classes, evidence
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
        known, labels = read_labelled(y, multilabel=self.multilabel_, partly=True)
        if isinstance(labels, pd.DataFrame) and labels.isna().to_numpy().any():
            raise ValueError(
                f"labelled: {labels.isna().any(axis=1).sum()} of the {len(labels)} sampled frames "
                f"have labels of some characters and NaN for others. Fill in 0 or 1 for all: a "
                f"sample without these frames would not be random."
            )
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
        tags.target_tags.required = False
        return tags
