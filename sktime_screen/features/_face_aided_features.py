"""FaceAidedFeatures: what whole images look like, and the faces in them, in one table."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._sklearn import HasMethods, fit_context
from ._extraction import PretrainedCNNFeatures
from ._face_features import FaceFeatures
from ._shared_decoding import can_share_decoding, transform_together


class FaceAidedFeatures(TransformerMixin, BaseEstimator):
    """Compute features of whole images and of the faces in them.

    Makes the table for `FaceAidedClassifier`: the columns of faces stand behind the others. The
    frames of a video are decoded once for both, unless a transformer has ``n_jobs``. Each keeps its
    features in its own ``memory``, so neither computes a frame again because of the other.

    Parameters
    ----------
    images : PretrainedCNNFeatures, optional
        Features of whole images; by default ``PretrainedCNNFeatures()``.
    faces : FaceFeatures, optional
        Features of faces; by default ``FaceFeatures()``.

    Attributes
    ----------
    images_, faces_ : PretrainedCNNFeatures, FaceFeatures
        The transformers that are used.

    See Also
    --------
    FaceAidedClassifier : The classifier of this table.

    Examples
    --------
    >>> from sktime_screen import FaceAidedFeatures, PretrainedCNNFeatures
    >>> images = PretrainedCNNFeatures("efficientnet_lite0_map", pooling=None)
    >>> features = FaceAidedFeatures(images)
    """

    _parameter_constraints = {
        "images": [HasMethods(["fit", "transform"]), None],
        "faces": [HasMethods(["fit", "transform"]), None],
    }

    def __init__(self, images=None, faces=None) -> None:
        self.images = images
        self.faces = faces

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None) -> Self:
        """Check the parameters of both, and load the networks of faces.

        Parameters
        ----------
        X : FrameSequence, ndarray of shape (n, height, width, 3) uint8, or list of images
            The images.
        y : object, optional
            Not used.

        Returns
        -------
        self
            The transformer.
        """
        # As in a Pipeline, those given are fitted themselves: their memory can be set afterwards.
        self.images_ = PretrainedCNNFeatures() if self.images is None else self.images
        self.faces_ = FaceFeatures() if self.faces is None else self.faces
        self.images_.fit(X)
        self.faces_.fit(X)
        return self

    def transform(self, X) -> Any:
        """Compute the features.

        Parameters
        ----------
        X : FrameSequence, ndarray of shape (n, height, width, 3) uint8, or list of images
            The images.

        Returns
        -------
        DataFrame or ndarray of shape (n, n_features)
            The columns of `images`, then those of `faces`. For a FrameSequence, a table with the
            frame index, whose ``attrs`` are those of both tables.
        """
        check_is_fitted(self)
        both = self.images_, self.faces_
        if can_share_decoding(*both, X):
            parts = transform_together(*both, X)
        else:
            parts = [part.transform(X) for part in both]
        if not isinstance(parts[0], pd.DataFrame):
            return np.hstack(parts)
        table = pd.concat(parts, axis=1)
        table.attrs = parts[1].attrs | parts[0].attrs
        return table

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Return the names of the features of both.

        Parameters
        ----------
        input_features : object, optional
            Not used: images have no feature names.

        Returns
        -------
        ndarray of str
            Names.
        """
        check_is_fitted(self)
        return np.concatenate(
            [part.get_feature_names_out() for part in (self.images_, self.faces_)]
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags
