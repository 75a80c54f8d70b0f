"""LabelSpreadingClassifier: what is known of some frames of a film carried to its other frames."""

from numbers import Integral, Real
from typing import Self

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import cg
from scipy.special import logit
from sklearn.base import _fit_context, clone
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from ..frames import is_frame_index
from ._classifier import NetworkClassifier
from ._dense import KerasDenseClassifier
from ._targets import TargetEncoding, read_labels

# Enough to tell the scenes of a film apart; more makes the search for neighbours slow.
_DIMENSIONS = 100
# A label was seen by somebody, a probability was not.
_TRUST_IN_LABELS = 50.0
# Neighbours in time are surer of being alike than neighbours in looks.
_WEIGHT_OF_LOOKS = 0.2
# Of a frame's duration: what comes later than this is not the next frame.
_LONGEST_STEP = 1.5
_LEAST_PROBABILITY = 1e-6


class LabelSpreadingClassifier(NetworkClassifier):
    """Carry what is known to frames that are near in time or look alike.

    Stands around a classifier of features. Where it is asked about a film, it lets the
    classifier's probabilities, and the labels of those frames that were labelled, flow between
    frames that follow each other without a change of picture, and between frames that look
    alike. It gains most where few frames of the film itself are labelled: neighbours a second
    apart mostly show the same characters.

    Parameters
    ----------
    estimator : classifier, optional
        Gives the probabilities that are spread; a `KerasDenseClassifier` with
        ``class_weight="balanced"`` by default. It is cloned and fitted.
    strength : float, default=1.0
        How far probabilities flow, 0 or more; 0 leaves them alone.
    n_neighbors : int, default=10
        How many of the frames that look most alike each frame is tied to.

    Attributes
    ----------
    estimator_ : classifier
        The fitted estimator.
    classes_ : ndarray of shape (n_classes,), or list of ndarray
        The classes. For a table the array 0, 1 for each column, as scikit-learn's forests have it.
    class_names_ : ndarray of shape (n_classes,)
        The classes, or a table's column names (0 to n_labels - 1 for an array).
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in `fit`, if they were strings.

    See Also
    --------
    suggest_frames : Which frames of a film to label.
    ScreenTimeAggregator : Its smoothing knows only of time and not of looks.

    Notes
    -----
    What a frame is told depends on the frames that are asked about together: pass whole films.
    Rows of an array have no times and are tied by looks alone. With a frame index each film is
    treated by itself, and a row that was labelled in `fit` keeps its label; elsewhere the
    labelled rows take part as frames of their own.

    The probabilities f that are returned make the sum of m (f - p)² over the frames and of
    strength * w (f - f')² over the ties smallest: p are the estimator's probabilities, or labels,
    which count 50 times, m is the frame's duration in seconds, and w is larger the more alike two
    frames are.

    References
    ----------
    X. Zhu, Z. Ghahramani and J. Lafferty, "Semi-supervised learning using Gaussian fields and
    harmonic functions", ICML 2003. Q. Huang, H. He, A. Singh, S.-N. Lim and A. Benson, "Combining
    label propagation and simple models out-performs graph neural networks", ICLR 2021.

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

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "strength": [Interval(Real, 0, None, closed="left")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, estimator=None, *, strength=1.0, n_neighbors=10) -> None:
        self.estimator = estimator
        self.strength = strength
        self.n_neighbors = n_neighbors

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y) -> Self:
        """Fit the estimator and remember the labels.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Features of the frames that are labelled.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            One class a row, or a table with a 0/1 column a label.

        Returns
        -------
        LabelSpreadingClassifier
            Itself.

        Raises
        ------
        ValueError
            If there are fewer than two classes, rows lack a label, or X and y do not fit
            together.
        """
        values = validate_data(self, X, dtype=np.float32)
        labels = read_labels(y)
        check_consistent_length(values, labels)
        self._encoding = TargetEncoding.from_labels(labels)
        self.class_names_ = self._encoding.classes
        self.classes_ = self._encoding.scikit_learn_classes()
        self._targets = self._encoding.encode(labels).astype(np.float64)
        index = X.index if is_frame_index(getattr(X, "index", None)) else None
        self._labelled = pd.DataFrame(values, index=index, copy=True)
        estimator = self.estimator
        if estimator is None:
            estimator = KerasDenseClassifier(class_weight="balanced")
        self.estimator_ = clone(estimator).fit(X, labels)
        return self

    def _logits(self, X):
        check_is_fitted(self)
        values = validate_data(self, X, dtype=np.float32, reset=False)
        start = self._estimated(X)
        spread = np.empty_like(start)
        index = getattr(X, "index", None)
        if is_frame_index(index) and is_frame_index(self._labelled.index):
            for video, rows in _rows_by_film(index).items():
                own = np.flatnonzero(self._labelled.index.get_level_values("video") == video)
                spread[rows] = self._spread(values[rows], start[rows], own, index[rows])
        else:
            spread[:] = self._spread(values, start, np.arange(len(self._labelled)), None)
        spread = np.clip(spread, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
        return np.log(spread) if self._encoding.softmax else logit(spread)

    def _estimated(self, X):
        """Return the estimator's probabilities, a column for each output of the encoding."""
        probabilities = self.estimator_.predict_proba(X)
        if isinstance(probabilities, list):
            probabilities = np.column_stack(
                [
                    table[:, list(classes).index(1)] if 1 in classes else np.zeros(len(table))
                    for table, classes in zip(probabilities, self.estimator_.classes_, strict=True)
                ]
            )
        probabilities = np.asarray(probabilities, dtype=np.float64)
        return probabilities[:, -self._encoding.n_outputs :]

    def _spread(self, values, start, own, index):
        """Spread probabilities over the frames of one film and its labelled frames."""
        labelled, targets = self._labelled.iloc[own], self._targets[own]
        times = durations = None
        seconds = np.ones(len(values))
        known = np.full(len(values), -1)
        if index is not None:
            times, durations = (
                index.get_level_values(name).to_numpy(np.float64) for name in ("time", "duration")
            )
            seconds = durations
            row_at = {time: row for row, time in enumerate(labelled.index.get_level_values("time"))}
            known = np.array([row_at.get(time, -1) for time in times])
        # Labelled frames that were not asked about come after the others, and have no time.
        elsewhere = np.setdiff1d(np.arange(len(own)), known)
        points = np.vstack([values, labelled.to_numpy()[elsewhere]])
        start = np.vstack([start, targets[elsewhere]])
        seconds = np.append(seconds, np.full(len(elsewhere), seconds.mean()))
        is_known = np.concatenate([known >= 0, np.ones(len(elsewhere), bool)])
        asked_and_known = np.flatnonzero(known >= 0)
        start[asked_and_known] = targets[known[asked_and_known]]
        points = _by_looks(points)
        ties = _WEIGHT_OF_LOOKS * _ties_of_looks(points, seconds, self.n_neighbors)
        if times is not None:
            ties = ties + _ties_of_time(points, times, durations)
        masses = seconds * np.where(is_known, _TRUST_IN_LABELS, 1.0)
        flow = diags_array(ties.sum(axis=1)) - ties
        system = (diags_array(masses) + self.strength * flow).tocsr()
        columns = [cg(system, masses * column, x0=column, rtol=1e-6)[0] for column in start.T]
        return np.column_stack(columns)[: len(values)]


def _rows_by_film(index):
    return (
        pd.Series(np.arange(len(index)))
        .groupby(index.get_level_values("video").to_numpy(), sort=False)
        .indices
    )


def _by_looks(features):
    """Return points that lie near each other where frames look alike."""
    points = normalize(features - features.mean(axis=0))
    dimensions = min(_DIMENSIONS, *points.shape)
    if dimensions < points.shape[1]:
        points = PCA(dimensions, svd_solver="randomized", random_state=0).fit_transform(points)
    return points


def _ties_of_looks(points, seconds, n_neighbors):
    """Tie each frame to those that look most alike, on the scale of how far these are."""
    n_neighbors = min(n_neighbors, len(points) - 1)
    if n_neighbors < 1:
        return coo_array((len(points), len(points)))
    distances, neighbors = (
        NearestNeighbors(n_neighbors=n_neighbors).fit(points).kneighbors(return_distance=True)
    )
    scale = np.maximum(np.median(distances, axis=1), 1e-6)
    rows = np.repeat(np.arange(len(points)), n_neighbors)
    others = neighbors.ravel()
    weights = np.exp(-(distances.ravel() ** 2) / (scale[rows] * scale[others]))
    weights *= np.sqrt(seconds[rows] * seconds[others])
    ties = coo_array((weights, (rows, others)), shape=(len(points), len(points))).tocsr()
    return ties.maximum(ties.T)


def _ties_of_time(points, times, durations):
    """Tie each frame to the next, the less the more the picture changes between them."""
    order = np.argsort(times, kind="stable")
    before, after = order[:-1], order[1:]
    steps = times[after] - times[before]
    follows = (steps > 0) & (steps <= _LONGEST_STEP * durations[before])
    before, after, steps = before[follows], after[follows], steps[follows]
    changes = ((points[before] - points[after]) ** 2).sum(axis=1)
    usual = max(np.median(changes), 1e-12) if len(changes) else 1.0
    # Per second, so that more frames a second do not carry labels any further.
    weights = np.exp(-changes / (2 * usual)) / steps
    ties = coo_array((weights, (before, after)), shape=(len(points), len(points))).tocsr()
    return ties + ties.T
