"""FaceAidedClassifier: whole images and faces, each character by what tells it best."""

from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._sklearn import HasMethods, fit_context
from .._targets import read_labels
from ..features import find_face_columns
from ..model_selection import make_time_blocks
from ..video import is_frame_index
from ._classifier import FrameClassifier, mark
from ._face_classifier import FaceClassifier, JudgedFaces
from ._feature_map import KerasFeatureMapClassifier
from ._label_spreading import LabelSpreadingClassifier
from ._target_encoding import TargetEncoding

# Log-odds of what is certain: images are handed on as they are, faces are no surer than labels.
_CERTAIN = 12.0, 6.0
# Standard deviations of the weight of images about 1, of that of faces about 0 and of offsets.
_SPREADS = np.array([0.5, 1.0, 1.0])
# Faces do not count up to so many standard errors of what they seem to tell: sooner than by James
# and Stein, as wrong faces hardly do harm and right ones help most where labels are few.
_LEAST_Z = 0.7
_FEWEST_BLOCKS = 20


class FaceAidedClassifier(FrameClassifier):
    """Join a classifier of whole images and one of faces, with a weight for each character.

    Takes the table of `FaceAidedFeatures`. Both classifiers are cross-fitted, and their log-odds
    are added. How much faces count for a character, the labelled frames held out tell: much for an
    actor, nothing for a cartoon, whose probabilities are those of the classifier of images alone.

    Parameters
    ----------
    estimator : classifier, optional
        Classifier of the columns that are not of faces, with `cv`; by default
        ``LabelSpreadingClassifier(KerasFeatureMapClassifier(), cv=3)``.
    faces : FaceClassifier, optional
        Classifier of the columns of faces, with `cv`; by default ``FaceClassifier(cv=3)``.

    Attributes
    ----------
    estimator_, faces_ : classifier
        The fitted classifiers.
    weights_ : DataFrame of shape (n_outputs, 3)
        For each character, or class, the weights of "images" and of "faces" and the "offset".
    classes_ : ndarray of shape (n_classes,), or (n_labels, 2)
        The classes. For a table 0 and 1 for each column.
    class_names_ : ndarray of shape (n_classes,)
        The classes, or a table's column names.

    See Also
    --------
    FaceAidedFeatures : Makes the table.
    FaceClassifier : Needs no labels, where there are portraits.

    Notes
    -----
    For each character, the log-odds are images * m + faces * (f - mean(f)) + offset, where m and f
    are those of the two classifiers. The weights are a penalised logistic regression on the frames
    of `fit`, each predicted as if its part had not been labelled, with no weight below 0 (stacking
    [1]_, [2]_). They then shrink towards 1, 0 and 0 by the factor 1 - (0.7 / z)², and all the way
    for z below 0.7, where z tests whether faces tell what images do not: the score test of a weight
    of 0, with a variance that allows for frames of a stretch of video being alike [3]_.

    References
    ----------
    .. [1] D. H. Wolpert, "Stacked generalization", Neural Networks 5, 1992.
    .. [2] L. Breiman, "Stacked regressions", Machine Learning 24, 1996.
    .. [3] K.-Y. Liang and S. L. Zeger, "Longitudinal data analysis using generalized linear
       models", Biometrika 73, 1986.

    Examples
    --------
    >>> from sktime_screen import FaceAidedClassifier, FaceClassifier
    >>> head = FaceAidedClassifier(faces=FaceClassifier("cast", cv=3))
    >>> head.fit(features, y).weights_  # doctest: +SKIP
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit_transform", "transform"]), None],
        "faces": [HasMethods(["fit_transform", "transform"]), None],
    }

    def __init__(self, estimator=None, faces=None) -> None:
        self.estimator = estimator
        self.faces = faces

    def fit(self, X, y) -> Self:
        """Fit both classifiers, and learn how much each counts.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceAidedFeatures`.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            One class a row, or a table with a 0/1 column a label.

        Returns
        -------
        FaceAidedClassifier
            Itself.

        Raises
        ------
        ValueError
            If one of the classifiers has no `cv`, or as these raise it.
        """
        self.fit_transform(X, y)
        return self

    @fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X, y) -> Any:  # type: ignore[override]
        """Fit both classifiers, and return cross-fitted probabilities of the labelled rows.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceAidedFeatures`.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            Labels.

        Returns
        -------
        DataFrame of float32, shape (n, n_classes)
            Probabilities, each row predicted as if its part had not been labelled.
        """
        labels = read_labels(y)
        self._set_encoding(TargetEncoding.from_labels(labels))
        self.estimator_ = clone(
            LabelSpreadingClassifier(KerasFeatureMapClassifier(), cv=3)
            if self.estimator is None
            else self.estimator
        )
        self.faces_ = clone(FaceClassifier(cv=3) if self.faces is None else self.faces)
        images, faces = _split(X)
        found = self.estimator_.fit_transform(images, y), self.faces_.fit_transform(faces, y)
        for name, table in zip(("estimator", "faces"), found, strict=True):
            if not table.attrs.get("out_of_sample"):
                raise ValueError(
                    f"FaceAidedClassifier needs {name} to be cross-fitted, to learn how much it "
                    f"counts: set its cv, such as cv=3."
                )
        of_images, of_faces = self._to_logits(found)
        targets = self._encoding.encode(labels).astype(np.float64)
        blocks = np.arange(len(X))
        if is_frame_index(X.index):
            blocks = make_time_blocks(X, _FEWEST_BLOCKS)
        self._means = of_faces.mean(axis=0)
        columns = zip(of_images.T, (of_faces - self._means).T, targets.T, strict=True)
        self._weights = np.array([_fit_weights(*column, blocks) for column in columns])
        transductive = any(table.attrs.get("transductive") for table in found)
        return mark(
            self._table(X, self._join(found)), out_of_sample=True, transductive=transductive
        )

    @property
    def weights_(self) -> pd.DataFrame:
        """How much images and faces count for each character."""
        check_is_fitted(self)
        names = self.get_feature_names_out()[-len(self._weights) :]
        return pd.DataFrame(self._weights, index=names, columns=["images", "faces", "offset"])

    @available_if(lambda self: hasattr(self.estimator_, "transform_cross_fitted"))
    def transform_cross_fitted(self, X) -> pd.DataFrame:
        """Predict each frame as if the labels near it were unknown.

        See :meth:`LabelSpreadingClassifier.transform_cross_fitted`.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceAidedFeatures`, with the frame index.

        Returns
        -------
        DataFrame of float32, shape (n, n_classes)
            Probabilities.
        """
        return self._table(X, self._join(self._ask(X, "transform_cross_fitted")))

    @available_if(lambda self: hasattr(self.estimator_, "novelty"))
    def novelty(self, X) -> pd.Series:
        """Measure how unlike the labelled frames each frame looks, by whole images.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceAidedFeatures`, with the frame index.

        Returns
        -------
        Series of float64, shape (n,)
            See :meth:`LabelSpreadingClassifier.novelty`.
        """
        return self.estimator_.novelty(_split(X)[0])

    @available_if(lambda self: hasattr(self.estimator_, "class_heatmaps"))
    def class_heatmaps(self, X) -> np.ndarray:
        """Compute where in each image the classifier of images sees each class.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceAidedFeatures`.

        Returns
        -------
        ndarray of float32, shape (n, n_classes, height, width)
            See :meth:`KerasFeatureMapClassifier.class_heatmaps`.
        """
        return self.estimator_.class_heatmaps(_split(X)[0])

    def judge_faces(self, X) -> JudgedFaces:
        """Tell whose each face is, by the classifier of faces.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceAidedFeatures`, or its columns of faces alone.

        Returns
        -------
        JudgedFaces
            See :meth:`FaceClassifier.judge_faces`. No face is of a character for whom faces count
            nothing.
        """
        check_is_fitted(self)
        tracks, probabilities = self.faces_.judge_faces(X.loc[:, find_face_columns(X)])
        return JudgedFaces(tracks, probabilities * (self._weights[:, 1] > 0))

    def _logits(self, X):
        check_is_fitted(self)
        return self._join(self._ask(X, "transform"))

    def _ask(self, X, way):
        heads = self.estimator_, self.faces_
        return [getattr(head, way)(part) for head, part in zip(heads, _split(X), strict=True)]

    def _to_logits(self, probabilities):
        return [
            logit(np.asarray(table, np.float64)[:, -self._encoding.n_outputs :]).clip(-most, most)
            for table, most in zip(probabilities, _CERTAIN, strict=True)
        ]

    def _join(self, probabilities):
        of_images, of_faces = self._to_logits(probabilities)
        images, faces, offset = self._weights.T
        joined = images * of_images + faces * (of_faces - self._means) + offset
        # One class a frame: odds against all others, which softmax makes the shares of a whole.
        return np.log(expit(joined)) if self._encoding.softmax else joined


def _split(X):
    """Return the columns of images and those of faces."""
    of_faces = find_face_columns(X)
    if not of_faces.any() or of_faces.all():
        raise ValueError(
            "X has to be the table of FaceAidedFeatures: columns of faces, and others beside them."
        )
    first = int(of_faces.argmax())
    # Maps are large: a slice does not copy them.
    stands_last = of_faces[first:].all()
    images = X.iloc[:, :first] if stands_last else X.loc[:, ~of_faces]
    images.attrs = dict(X.attrs)
    return images, X.loc[:, of_faces]


def _fit_weights(of_images, of_faces, targets, blocks):
    """Return the weights of images and of faces, and the offset, of one output.

    Shapes: all (n,).
    """
    score = np.bincount(blocks, (targets - expit(of_images)) * of_faces)
    spread = np.sqrt((score**2).sum())
    z = score.sum() / spread if spread > 0 else 0.0
    start = np.array([1.0, 0.0, 0.0])
    if z <= _LEAST_Z:
        return start
    values = np.column_stack([of_images, of_faces, np.ones(len(targets))])

    def loss(weights):
        joined = values @ weights
        off = (weights - start) / _SPREADS
        cost = (np.logaddexp(0, joined) - targets * joined).sum() + off @ off / 2
        return cost, (expit(joined) - targets) @ values + off / _SPREADS

    bounds = [(0, None), (0, None), (None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return start + (1 - (_LEAST_Z / z) ** 2) * (found - start)
