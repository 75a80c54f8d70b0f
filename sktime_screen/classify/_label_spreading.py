"""LabelSpreadingClassifier: what is known of some frames of a video carried to its other frames."""

import copy
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from .._sklearn import HasMethods, Interval, check_sample_weight, fit_context, safe_indexing
from .._targets import read_labels
from ..features import embed_frames, project_features
from ..model_selection import make_cross_fitting_splits
from ..video import get_frame_times
from ._boundary import move_boundaries
from ._classifier import FrameClassifier, mark
from ._classifier_transformer import ClassifierTransformer, fit_clone
from ._dense import KerasDenseClassifier
from ._frame_graph import spread_over, tie_frames
from ._labelled_rows import LabelledRows
from ._prior_shift import compute_prior_shift
from ._target_encoding import TargetEncoding

# A label was seen by somebody, a probability was not.
_TRUST_IN_LABELS = 50.0
# What is said of a frame of which nothing is known; above 0, as it may be connected to no other.
_TRUST_IN_NOTHING = 1e-6
# Log-odds of what is certain. Surer than this nobody is worth hearing above others.
_CERTAIN = 6.0


class LabelSpreadingClassifier(FrameClassifier):
    """Spread predictions and labels to frames that are near in time or look alike.

    Wraps a classifier of features. It predicts the frames of a video together: predictions and
    labels spread to the next and the previous frame, unless the image changes, and to frames that
    look alike. It helps most if some frames of the video itself are labelled.

    With `cv`, ``fit(X, y).transform(X)`` differs from ``fit_transform(X, y)``, which predicts each
    row as if its part had not been labelled.

    Parameters
    ----------
    estimator : classifier, optional
        The classifier whose probabilities are spread, by default a `KerasDenseClassifier` with
        ``class_weight="balanced"``. A clone of it is fitted.
    strength : float, default=1.0
        How far probabilities spread, 0 or more. 0 leaves them as they are.
    n_neighbors : int, default=10
        To how many of the frames that look most like it each frame is connected.
    prior_strength : float, default=0.0
        How far the labelled videos are from telling the shares of the classes in other videos, 0 or
        more: so many videos in which all classes are equally frequent are added to them. 0 takes
        their shares for those of every video. For estimators that learn shares, so not for one with
        ``class_weight="balanced"``.
    move_boundary : bool, default=False
        Whether to move the boundary between frames with and without a class, in a video without
        labels, to where its frames part into two groups.
    cv : int, cross-validation splitter, iterable or None, default=None
        Parts for cross-fitting: `fit_transform` predicts each row as if the row's part had not been
        labelled, see :class:`KerasDenseClassifier`. None returns what `transform` returns.
    random_state : int, RandomState instance or None, default=None
        Assigns the rows to the parts of `cv`. The estimator has its own.

    Attributes
    ----------
    estimator_ : classifier
        The fitted estimator; a classifier of scikit-learn within a `ClassifierTransformer`.
    classes_ : ndarray of shape (n_classes,), or (n_labels, 2)
        The classes. For a table 0 and 1 for each column.
    class_names_ : ndarray of shape (n_classes,)
        The classes, or a table's column names (0 to n_labels - 1 for an array).
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in `fit`, if they were strings.

    See Also
    --------
    suggest_frames : Which frames of a video to label.
    ScreenTimeAggregator : Its smoothing uses time only, not how frames look.

    Notes
    -----
    The prediction for a frame depends on the other frames in the call, so pass whole videos (the
    method is transductive). With a frame index, each video is predicted by itself, and a row that
    was labelled in `fit` keeps its label. Labelled frames of the video that are not in the call are
    added to it. Rows of an array have no times: they are connected only if they look alike, and all
    labelled rows are added.

    The result minimises the sum of m (f - l)² over the frames plus the sum of
    strength * w (f - f')² over the edges between frames. Here f are the log-odds of the returned
    probabilities. l are those of the estimator, limited to -6 to 6, or 6 and -6 for labels, which
    weigh 50 times as much. m is the frame's duration in seconds, and the edge weight w is larger
    the more alike two frames are. With one class a frame, logarithms of probabilities take the
    place of log-odds.

    A classifier knows a class less well in a video that it has not seen, and the less it sees, the
    more it answers with the share of the class among its labels. With `prior_strength` s, a video
    without labels gets the prior (v p + s / c) / (v + s) instead of p, the share among the labels
    of v videos, whatever their weights. c is the number of classes, 2 for each column of a table:
    for s = c, this is Laplace's rule of succession. The estimator's log-odds change by as much
    before they spread, by a factor of two in the odds at most.

    With `move_boundary`, a mixture of two normal distributions is fitted to the resulting log-odds,
    and 0 becomes the mean of their means. That these lie equally far on both sides of 0 is supposed
    for 30 seconds and 15 % of the video, so as not to find a class that is not there at all.

    Frames are compared by the first hundred principal components of each video, and features of
    more than 4,096 columns, such as maps, by those of a random projection to 512.

    References
    ----------
    X. Zhu, Z. Ghahramani and J. Lafferty, "Semi-supervised learning using Gaussian fields and
    harmonic functions", ICML 2003. P. Li, T. Hastie and K. Church, "Very sparse random
    projections", KDD 2006. Q. Huang, H. He, A. Singh, S.-N. Lim and A. Benson, "Combining
    label propagation and simple models out-performs graph neural networks", ICLR 2021. Change of
    the prior: M. Saerens, P. Latinne and C. Decaestecker, "Adjusting the outputs of a classifier to
    new a priori probabilities: a simple procedure", Neural Computation 14, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sktime_screen import LabelSpreadingClassifier
    >>> X = np.array([[0.0, 1], [0.1, 1], [1, 0], [1, 0.1]])
    >>> spreading = LabelSpreadingClassifier(LogisticRegression(), n_neighbors=1)
    >>> spreading.fit(X[[0, 2]], ["jerry", "tom"]).predict(X)
    array(['jerry', 'jerry', 'tom', 'tom'], dtype='<U5')
    """

    _dtypes = (np.float32, np.float16)
    _is_transductive = True
    # Pipelines of earlier versions do not have it.
    move_boundary = False
    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "strength": [Interval(Real, 0, None, closed="left")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "prior_strength": [Interval(Real, 0, None, closed="left")],
        "move_boundary": ["boolean"],
        "cv": ["cv_object"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator=None,
        *,
        strength=1.0,
        n_neighbors=10,
        prior_strength=0.0,
        move_boundary=False,
        cv=None,
        random_state=None,
    ) -> None:
        self.estimator = estimator
        self.strength = strength
        self.n_neighbors = n_neighbors
        self.prior_strength = prior_strength
        self.move_boundary = move_boundary
        self.cv = cv
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, groups=None) -> Self:
        """Fit the estimator and remember the labels.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Features of the frames that are labelled.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            One class a row, or a table with a 0/1 column a label. In a table NaN is a label that is
            not known.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows for the estimator. Labels of rows of weight 0 are not spread.
        groups : array-like of shape (n,), default=None
            Only for `fit_transform`.

        Returns
        -------
        LabelSpreadingClassifier
            Itself.

        Raises
        ------
        ValueError
            If there are fewer than two classes, rows lack a label, X and y do not match, or all
            weights are 0.
        """
        values = self._check_features(X, self._dtypes, reset=True)
        labels = read_labels(y, partly=True)
        check_consistent_length(values, labels)
        self._set_encoding(TargetEncoding.from_labels(labels))
        videos, times, _ = get_frame_times(getattr(X, "index", None))
        targets = self._encoding.encode(labels).astype(np.float64)
        counts = self._find_rows_that_count(values, sample_weight)
        rows = LabelledRows(project_features(values), targets, videos, times)
        self._labelled = rows.rows(counts)
        self.estimator_ = self._fit_estimator(X, labels, sample_weight)
        self._part_estimators: list[Any] | None = None
        return self

    def fit_transform(  # type: ignore[override]
        self, X, y, sample_weight=None, groups=None
    ) -> Any:
        """Fit, and return the probabilities of the labelled rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Features of the frames that are labelled.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            One class a row, or a table with a 0/1 column a label.
        sample_weight : array-like of shape (n,), default=None
            As in `fit`.
        groups : array-like of shape (n,), default=None
            What each row belongs to, such as a video: rows of a group are in one part of `cv`. By
            default videos and stretches of them.

        Returns
        -------
        ndarray or DataFrame of float32, shape (n, n_classes)
            With `cv`, the predictions for each part from the estimator and the labels of the other
            parts. Otherwise those of `transform`. ``attrs["out_of_sample"]`` of a DataFrame tells
            which.
        """
        self.fit(X, y, sample_weight)
        if self.cv is None:
            return mark(self.transform(X), out_of_sample=False, transductive=True)
        labels = read_labels(y, partly=True)
        targets = self._encoding.encode(labels).astype(np.float64)
        splits = make_cross_fitting_splits(
            X, labels, targets, self.cv, self._new_generator(), groups
        )
        counts = self._find_rows_that_count(targets, sample_weight)
        part_of_row = np.empty(len(targets), dtype=np.int64)
        is_trained_on = np.zeros((len(splits), len(targets)), dtype=bool)
        for part, (train, test) in enumerate(splits):
            part_of_row[test] = part
            is_trained_on[part, train] = True
        self._parts, self._trained_on = part_of_row[counts], is_trained_on[:, counts]
        self._part_estimators = []
        logits = np.empty_like(targets)
        for part, (train, test) in enumerate(splits):
            weight = None if sample_weight is None else np.asarray(sample_weight)[train]
            known = safe_indexing(labels, train)
            estimator = self._fit_estimator(safe_indexing(X, train), known, weight)
            self._part_estimators.append(estimator)
            logits[test] = self._without(part)._logits(safe_indexing(X, test))
        return mark(self._table(X, logits), out_of_sample=True, transductive=True)

    @available_if(lambda self: getattr(self, "_part_estimators", None) is not None)
    def transform_cross_fitted(self, X) -> pd.DataFrame:
        """Predict each frame as if the labels near it were unknown.

        If some frames of a video were labelled in `fit_transform`, each frame belongs to the part
        of the labelled frame nearest in time. It is predicted by the estimator and the labels of
        the other parts. Labelled and other frames are then predicted in the same way, which
        :meth:`ScreenTimeAggregator.estimate` needs if these labels correct the seconds. Available
        after `fit_transform` with `cv`, as in the fit of a pipeline.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            Features with the frame index.

        Returns
        -------
        DataFrame of float32, shape (n, n_classes)
            Probabilities, for videos without a label the same as from `transform`.

        Raises
        ------
        ValueError
            If X has no frame index, or the rows of `fit_transform` had none.
        """
        check_is_fitted(self)
        frame_times = get_frame_times(getattr(X, "index", None))
        part_of_row = self._labelled.find_parts(frame_times, self._parts)
        embeddings = self._embed(X)
        logits = self._spread_by_video(X, embeddings)
        for part in np.unique(part_of_row[part_of_row >= 0]):
            rows = part_of_row == part
            logits[rows] = self._without(part)._spread_by_video(X, embeddings)[rows]
        return self._table(X, logits)

    @available_if(
        lambda self: hasattr(getattr(self, "estimator_", self.estimator), "class_heatmaps")
    )
    def class_heatmaps(self, X) -> np.ndarray:
        """Compute where in each image the estimator sees each class.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Features, as for `fit`.

        Returns
        -------
        ndarray of float32, shape (n, n_classes, height, width)
            See :meth:`KerasFeatureMapClassifier.class_heatmaps`.
        """
        check_is_fitted(self)
        return self.estimator_.class_heatmaps(X)

    def _without(self, part):
        """Return what would be, had the rows of a part not been labelled."""
        others = copy.copy(self)
        others.estimator_ = self._part_estimators[part]
        others._labelled = self._labelled.rows(self._trained_on[part])
        return others

    def _find_rows_that_count(self, rows, sample_weight):
        """Tell which rows have a weight above 0: bool (n,)."""
        if sample_weight is None:
            return np.ones(len(rows), dtype=bool)
        counts = check_sample_weight(sample_weight, rows, ensure_non_negative=True) > 0
        if not counts.any():
            raise ValueError("sample_weight is 0 for all rows, which leaves no row to learn from.")
        return counts

    def _fit_estimator(self, X, labels, sample_weight):
        estimator = self.estimator
        if estimator is None:
            estimator = KerasDenseClassifier(class_weight="balanced")
        elif not isinstance(estimator, FrameClassifier):
            estimator = ClassifierTransformer(estimator)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        fitted = fit_clone(estimator, X, labels, weights)
        fitted._labelled = None  # that of the spreading tells novelty
        return fitted

    def _logits(self, X):
        check_is_fitted(self)
        return self._spread_by_video(X, self._embed(X))

    def _spread_by_video(self, X, embeddings):
        start = self._to_logits(self._estimate(X))
        videos, times, durations = get_frame_times(getattr(X, "index", None))
        if videos is None or self._labelled.videos is None:
            return self._spread(embeddings, start, self._labelled)
        prior_shift = compute_prior_shift(
            self._labelled, self.prior_strength, softmax=self._encoding.softmax
        )
        spread = np.empty_like(start)
        for video, rows in pd.Series(videos).groupby(videos).indices.items():
            own = self._labelled.rows(np.flatnonzero(self._labelled.videos == video))
            # A frame that comes twice is one neighbour of others, not two.
            _, first, frame_of_row = np.unique(times[rows], return_index=True, return_inverse=True)
            frames = rows[first]
            unlabelled = np.isnan(own.targets).all(axis=0)
            logits = start[frames] + np.where(unlabelled, prior_shift, 0)
            logits = self._spread(embeddings[frames], logits, own, times[frames], durations[frames])
            if self.move_boundary:
                moved = move_boundaries(logits, durations[frames], softmax=self._encoding.softmax)
                logits = np.where(unlabelled, moved, logits)
            spread[rows] = logits[frame_of_row]
        return spread

    def _to_logits(self, outputs):
        return np.clip(self._encoding.logits(outputs), -_CERTAIN, _CERTAIN)

    def _estimate(self, X):
        """Return the estimator's probabilities, a column for each output of the encoding."""
        probabilities = self.estimator_.predict_proba(X)
        if self._encoding.multilabel:
            return probabilities
        # Rows held out may be the only ones of a class.
        return self._encoding.outputs(probabilities, self.estimator_.classes_)

    def _spread(self, embeddings, start, labelled, times=None, durations=None):
        """Spread logits over the frames of one video and its labelled frames."""
        targets = self._to_logits(labelled.targets)
        seconds = np.ones(len(embeddings))
        known, distinct = np.full(len(embeddings), -1), np.arange(len(targets))
        if times is not None:
            seconds = durations
            # A frame may have been drawn several times, to balance classes.
            row_at = {time: row for row, time in enumerate(labelled.times)}
            known = np.array([row_at.get(time, -1) for time in times])
            distinct = np.array(list(row_at.values()), int)
        # Labelled frames that were not asked about come after the others, and have no time.
        elsewhere = np.setdiff1d(distinct, known)
        points = np.vstack([embeddings, labelled.embeddings[elsewhere]])
        # A frame's missing labels (NaN) are predicted; of frames elsewhere nothing is known then.
        is_elsewhere = np.arange(len(points)) >= len(embeddings)
        labels = np.full_like(start, np.nan)
        labels[known >= 0] = targets[known[known >= 0]]
        labels = np.vstack([labels, targets[elsewhere]])
        is_known = ~np.isnan(labels)
        start = np.where(is_known, labels, np.pad(start, ((0, len(elsewhere)), (0, 0))))
        seconds = np.append(seconds, np.full(len(elsewhere), seconds.mean()))
        trust = np.where(is_elsewhere, _TRUST_IN_NOTHING, 1.0)[:, None]
        node_weights = seconds[:, None] * np.where(is_known, _TRUST_IN_LABELS, trust)
        edges = tie_frames(embed_frames(points), seconds, times, durations, self.n_neighbors)
        return spread_over(edges * self.strength, start, node_weights)[: len(embeddings)]
