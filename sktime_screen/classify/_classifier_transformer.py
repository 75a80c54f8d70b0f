"""ClassifierTransformer: any classifier of scikit-learn as the head of a pipeline."""

import copy
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.utils import get_tags, indexable
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from .._sklearn import (
    HasMethods,
    check_method_params,
    check_sample_weight,
    fit_context,
    safe_indexing,
)
from .._targets import read_labels
from ..model_selection import make_cross_fitting_splits
from ..video import is_frame_index
from ._classifier import FrameClassifier, mark
from ._target_encoding import TargetEncoding


class ClassifierTransformer(FrameClassifier):
    """Make any classifier of scikit-learn the head of a pipeline.

    A step before `ScreenTimeAggregator` has to be a transformer. This one fits a classifier, and
    its `transform` returns the classifier's probabilities.

    With `cv`, ``fit(X, y).transform(X)`` differs from ``fit_transform(X, y)``, which predicts each
    row with a classifier that has not seen it.

    Parameters
    ----------
    estimator : classifier
        A classifier with ``predict_proba``, or a pipeline that ends in one. Clones of it are
        fitted. For a table of labels, one clone learns all columns if the classifier can, such as a
        forest. Otherwise each column gets a clone, as with `LogisticRegression`.
    cv : int, cross-validation splitter, iterable or None, default=5
        Parts for cross-fitting: `fit_transform` predicts each row with a classifier that has not
        seen the row's part, see :class:`KerasDenseClassifier`. None returns what `transform`
        returns.
    random_state : int, RandomState instance or None, default=None
        Assigns the rows to the parts of `cv`. The estimator has its own.

    Attributes
    ----------
    estimators_ : list of classifiers
        The fitted clones: one, or one for each column of a table. Where a column has one value
        only, it is a `DummyClassifier`.
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
    KerasDenseClassifier : A head that needs no wrapping.
    LabelSpreadingClassifier : Spreads the probabilities of any classifier along a video.

    Notes
    -----
    A class that is missing where a part is learned from has the probability 0 there.

    Further arguments of `fit` go to the fit of the estimator; arrays with a value for each row are
    split with the rows. If metadata routing is enabled, the estimator gets what it requests.

    `novelty` needs a frame index in `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sktime_screen import ClassifierTransformer, ScreenTimeAggregator
    >>> X = np.tile([[0.0, 1], [1, 0]], (20, 1)) + np.arange(40)[:, None] / 100
    >>> pipeline = make_pipeline(
    ...     ClassifierTransformer(LogisticRegression()),
    ...     ScreenTimeAggregator(correction=None, frame_duration=0.5),
    ... )
    >>> pipeline.fit(X, ["jerry", "tom"] * 20).transform(X)
    array([[10., 10.]])
    """

    _dtypes = (np.float32, np.float16)
    _parameter_constraints = {
        "estimator": [HasMethods(["fit"])],
        "cv": ["cv_object"],
        "random_state": ["random_state"],
    }

    # For the estimator, which requests it itself.
    __metadata_request__fit = {"sample_weight": UNUSED}

    def __init__(self, estimator, *, cv=5, random_state=None) -> None:
        self.estimator = estimator
        self.cv = cv
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, groups=None, **fit_params) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Features.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            One class a row (strings, integers or booleans), or a table with a 0/1 column a label.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows, for the estimator.
        groups : array-like of shape (n,), default=None
            Only for `fit_transform`.
        **fit_params : dict
            Further arguments of the estimator's `fit`.

        Returns
        -------
        ClassifierTransformer
            Itself.

        Raises
        ------
        ValueError
            If the estimator has no ``predict_proba``; if there are fewer than two classes, rows
            lack a label, X and y do not match, or a weight is negative.
        """
        self._fit(X, y, self._route("fit", X, sample_weight, fit_params))
        return self

    @fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X, y, sample_weight=None, groups=None, **fit_params) -> Any:
        """Fit the classifier, and return the probabilities of the training rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Features.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            Labels.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows, for the estimator.
        groups : array-like of shape (n,), default=None
            What each row belongs to, such as a video: rows of a group are in one part of `cv`. By
            default videos and stretches of them.
        **fit_params : dict
            Further arguments of the estimator's `fit`.

        Returns
        -------
        ndarray or DataFrame of float32, shape (n, n_classes)
            With `cv`, probabilities from classifiers that were fitted on the other parts. Otherwise
            those of `transform`. ``attrs["out_of_sample"]`` of a DataFrame tells which.
        """
        fit_params = self._route("fit_transform", X, sample_weight, fit_params)
        X, labels = self._fit(X, y, fit_params)
        if self.cv is None:
            return mark(self.transform(X), out_of_sample=False, transductive=self._is_transductive)
        targets = self._encoding.encode(labels)
        logits = np.empty(targets.shape)
        part = copy.copy(self)
        for train, test in make_cross_fitting_splits(
            X, labels, targets, self.cv, self._new_generator(), groups
        ):
            part.estimators_ = self._fit_estimators(
                safe_indexing(X, train),
                safe_indexing(labels, train),
                check_method_params(X, fit_params, train),
            )
            logits[test] = part._logits(safe_indexing(X, test))
        probabilities = self._table(X, logits)
        return mark(probabilities, out_of_sample=True, transductive=self._is_transductive)

    def get_metadata_routing(self) -> MetadataRouter:
        """Tell which metadata the estimator requests.

        Returns
        -------
        MetadataRouter
            What scikit-learn's metadata routing asks for.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        mapping.add(caller="fit_transform", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def _route(self, method, X, sample_weight, fit_params):
        if sample_weight is not None:
            checked = check_sample_weight(sample_weight, X, ensure_non_negative=True)
            fit_params["sample_weight"] = checked
        if fit_params and get_config()["enable_metadata_routing"]:
            return process_routing(self, method, **fit_params).estimator.fit
        return fit_params

    def _fit(self, X, y, fit_params):
        if not hasattr(self.estimator, "predict_proba"):
            raise ValueError(
                f"{type(self.estimator).__name__} has no predict_proba, and a head has to tell "
                f"probabilities: choose a classifier that has it, set the option that gives it, or "
                f"wrap one that has decision_function in "
                f"sklearn.calibration.CalibratedClassifierCV."
            )
        validate_data(self, X, skip_check_array=True)
        X, labels = indexable(X, read_labels(y))
        self._set_encoding(TargetEncoding.from_labels(labels))
        self._by_column = self._encoding.multilabel and not self._learns_tables(labels.shape[1])
        self.estimators_ = self._fit_estimators(X, labels, fit_params)
        self._labelled = None
        has_frames = isinstance(X, pd.DataFrame) and is_frame_index(X.index)
        if has_frames and X.notna().all(axis=None):
            self._remember(X)
        return X, labels

    def _learns_tables(self, n_labels):
        if isinstance(self.estimator, FrameClassifier):
            return True
        tags = get_tags(self.estimator)
        # A column alone is two classes to scikit-learn.
        return n_labels > 1 and (tags.classifier_tags.multi_label or tags.target_tags.multi_output)

    def _fit_estimators(self, X, labels, fit_params):
        columns = labels.to_numpy().T if self._by_column else [labels]
        return [fit_clone(self.estimator, X, column, fit_params) for column in columns]

    def _logits(self, X):
        check_is_fitted(self)
        logits = self._encoding.logits(self._estimate(X))
        validate_data(self, X, reset=False, skip_check_array=True)
        return logits

    def _estimate(self, X):
        """Return probabilities, a column for each output of the encoding."""
        found = [estimator.predict_proba(X) for estimator in self.estimators_]
        classes = [estimator.classes_ for estimator in self.estimators_]
        if not self._by_column:
            [found], [classes] = found, classes
        if isinstance(found, list):
            return np.column_stack([*map(_of_character, found, classes)])
        found = np.asarray(found, dtype=np.float64)
        return found if self._encoding.multilabel else self._encoding.outputs(found, classes)

    @property
    def _is_transductive(self):
        parts = [self.estimator, *self.estimator.get_params().values()]
        return any(getattr(part, "_is_transductive", False) for part in parts)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator).input_tags
        tags.input_tags.sparse, tags.input_tags.allow_nan = inner.sparse, inner.allow_nan
        return tags


def fit_clone(estimator, X, y, fit_params):
    """Fit a clone of an estimator, or where all labels are one a classifier that says so."""
    if np.ndim(y) == 1 and len(np.unique(y)) == 1:
        return DummyClassifier().fit(X, y)
    return clone(estimator).fit(X, y, **fit_params)


def _of_character(probabilities, classes):
    """Return the probability that a character is there: (n, 2) or (n, 1) -> (n,)."""
    place = np.flatnonzero(classes == 1)
    return probabilities[:, place[0]] if len(place) else np.zeros(len(probabilities))
