"""How classifiers of frames answer: labels, probabilities and tables of them."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import normalize
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from .._targets import ScoreByNameMixin
from ..features import project_features
from ..video import FrameSequence, get_frame_times, is_frame_index
from ._labelled_rows import LabelledRows
from ._network import iter_blocks
from ._novelty import compute_novelty


class FrameClassifier(ScoreByNameMixin, TransformerMixin, BaseEstimator):
    """What classifiers of frames have in common once they are fitted.

    A subclass has `_logits`, a column for each output of its `_encoding`, and a parameter
    `random_state`. In `fit` it sets `_encoding`, a `TargetEncoding`, `classes_` and `class_names_`.
    One of features has `_dtypes`, and for `novelty` sets `_labelled`, `LabelledRows`.
    """

    _accepts_sparse: str | bool = False

    def decision_function(self, X) -> np.ndarray:
        """Compute the logits of the classes.

        Parameters
        ----------
        X : array-like, DataFrame or FrameSequence
            Features or images, whichever `fit` takes.

        Returns
        -------
        ndarray of shape (n,) or (n, n_classes)
            Logits: of the second class if there are two, otherwise of each class or label.
        """
        logits = self._logits(X)
        if self._encoding.multilabel or len(self.classes_) > 2:
            return logits
        return logits[:, -1] - logits[:, 0] if self._encoding.softmax else logits[:, 0]

    def predict(self, X) -> np.ndarray:
        """Predict the class of each row.

        Parameters
        ----------
        X : array-like, DataFrame or FrameSequence
            Features or images, whichever `fit` takes.

        Returns
        -------
        ndarray of shape (n,) or (n, n_labels)
            Classes, or zeros and ones, in the order of `class_names_`.
        """
        logits = self._logits(X)
        return self._encoding.decode(logits)

    def predict_proba(self, X) -> np.ndarray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like, DataFrame or FrameSequence
            Features or images, whichever `fit` takes.

        Returns
        -------
        ndarray of float64, shape (n, n_classes)
            Probabilities in the order of `class_names_`. With one class a row they sum to one. With
            a 0/1 table they are independent.
        """
        logits = self._logits(X)
        return self._encoding.probabilities(logits)

    def predict_log_proba(self, X) -> np.ndarray:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like, DataFrame or FrameSequence
            Features or images, whichever `fit` takes.

        Returns
        -------
        ndarray of float64, shape (n, n_classes)
            Natural logarithms of what `predict_proba` returns.
        """
        return np.log(self.predict_proba(X))

    def transform(self, X) -> Any:
        """Predict probabilities, for the next steps of a pipeline.

        Parameters
        ----------
        X : array-like, DataFrame or FrameSequence
            Features or images, whichever `fit` takes.

        Returns
        -------
        ndarray or DataFrame of float32, shape (n, n_classes)
            The probabilities of `predict_proba`. If X is a DataFrame or a FrameSequence, a
            DataFrame with the same index, whose columns are named by the classes.
        """
        return self._table(X, self._logits(X))

    def fit_transform(self, X, y, **fit_params) -> Any:
        """Train the classifier, and return the probabilities of the training rows.

        Parameters
        ----------
        X : array-like, DataFrame or FrameSequence
            Features or images, whichever `fit` takes.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            Labels.
        **fit_params : dict
            Further arguments of `fit`.

        Returns
        -------
        ndarray or DataFrame of float32, shape (n, n_classes)
            As from `transform`. The attribute ``attrs["out_of_sample"]`` of a DataFrame is False.
        """
        return mark(self.fit(X, y, **fit_params).transform(X), out_of_sample=False)

    @available_if(lambda self: getattr(self, "_labelled", None) is not None)
    def novelty(self, X) -> pd.Series:
        """Measure how unlike the labelled frames each frame looks.

        If a video is of the same kind as the labelled ones, its mean is above 1 for at most one
        video in twenty. Do not trust predictions for a video above 1. For frames of a labelled
        video the values are small.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            Features with the frame index.

        Returns
        -------
        Series of float64, shape (n,)
            Distances to the nearest labelled frame, divided by the usual limit. NaN if the labelled
            frames do not tell what is usual, since they are of one moment or have no frame index.

        Raises
        ------
        ValueError
            If X has no frame index.

        Notes
        -----
        The distance is one minus the cosine between features. The limit comes from comparing each
        labelled video with the others, by a prediction interval of Student's t. With fewer than
        three labelled videos, stretches of them take the place of videos; other episodes may differ
        by more.

        References
        ----------
        M. A. F. Pimentel, D. A. Clifton, L. Clifton and L. Tarassenko, "A review of novelty
        detection", Signal Processing 99 (2014).
        """
        check_is_fitted(self)
        if not is_frame_index(getattr(X, "index", None)):
            raise ValueError("novelty needs rows with a frame index (video, time, duration).")
        return pd.Series(compute_novelty(self._embed(X), self._labelled), X.index, name="novelty")

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Name the columns of `transform`.

        Parameters
        ----------
        input_features : object, default=None
            Not used: the columns are the classes.

        Returns
        -------
        ndarray of str objects, shape (n_classes,)
            The classes as strings.
        """
        check_is_fitted(self)
        return np.array([str(c) for c in self.class_names_.tolist()], dtype=object)

    def _set_encoding(self, encoding):
        """Set what labels mean, and with it the attributes that tell the classes."""
        self._encoding = encoding
        self.class_names_ = encoding.classes
        self.classes_ = encoding.scikit_learn_classes()

    def _remember(self, X):
        """Keep what the labelled frames look like, for `novelty`."""
        self._labelled = None
        features = self._check_features(X, self._dtypes, reset=False)
        if issparse(features):
            # They are of no video, and too wide to be kept.
            return
        projected = project_features(features)
        embeddings = np.empty(projected.shape, np.float16)
        for rows in iter_blocks(projected, np.arange(len(projected))):
            embeddings[rows] = normalize(projected[rows])
        videos, times, _ = get_frame_times(getattr(X, "index", None))
        self._labelled = LabelledRows(embeddings, np.empty((len(embeddings), 0)), videos, times)

    def _embed(self, X):
        return project_features(self._check_features(X, self._dtypes, reset=False))

    def _check_features(self, X, dtypes, *, reset):
        """Check features as scikit-learn does, and return them as an array."""
        if isinstance(X, pd.DataFrame) and any((X.dtypes == dtype).all() for dtype in dtypes):
            # scikit-learn looks at the columns of a table one by one, and maps have 100,000; at
            # their names as well, though numbers are none to it.
            values = X.to_numpy()
            named = not isinstance(X.columns, pd.RangeIndex)
            validate_data(self, X if named else values, reset=reset, skip_check_array=True)
            return check_array(values, dtype=dtypes, estimator=self, input_name="X")
        return validate_data(self, X, dtype=dtypes, reset=reset, accept_sparse=self._accepts_sparse)

    def _new_generator(self):
        if self.random_state is None:
            return np.random.default_rng()
        return np.random.default_rng(check_random_state(self.random_state).randint(2**31))

    def _table(self, X, logits):
        probabilities = self._encoding.probabilities(logits).astype(np.float32)
        if not isinstance(X, (pd.DataFrame, FrameSequence)):
            return probabilities
        return pd.DataFrame(probabilities, index=X.index, columns=self.get_feature_names_out())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = bool(self._accepts_sparse)
        tags.transformer_tags.preserves_dtype = []
        return tags


def mark(probabilities, *, out_of_sample, transductive=False):
    """Leave word for the aggregator, which learns from probabilities of unseen frames."""
    if isinstance(probabilities, pd.DataFrame):
        probabilities.attrs["out_of_sample"] = out_of_sample
        probabilities.attrs["transductive"] = transductive
    return probabilities
