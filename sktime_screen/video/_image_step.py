"""What pipeline steps that pass images on have in common."""

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class ImageStep(TransformerMixin, BaseEstimator):
    """Base of the steps whose output is images, not a table."""

    def __init_subclass__(cls, **options):
        # Else scikit-learn puts what has names into tables.
        super().__init_subclass__(auto_wrap_output_keys=None, **options)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Return a name for images, so that a pipeline can ask its later steps for theirs.

        Parameters
        ----------
        input_features : object, optional
            Not used.

        Returns
        -------
        ndarray of str
            ``["image"]``.
        """
        return np.array(["image"], dtype=object)

    def set_output(self, *, transform=None) -> Self:
        """Do nothing: images are not put into a table.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, optional
            Ignored; accepted so that a whole pipeline can be configured at once.

        Returns
        -------
        self
            This step.
        """
        return self

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags
