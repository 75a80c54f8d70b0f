"""PretrainedCNNFeatures: pictures to vectors by a network trained on ImageNet."""

import os
from contextlib import contextmanager
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..frames import FrameSequence
from ._networks import get_network
from ._pictures import check_pictures


class PretrainedCNNFeatures(TransformerMixin, BaseEstimator):
    """Describe each picture by what a pretrained network sees in it.

    The network is used as it is: ``fit`` learns nothing. Its weights are read at the first
    ``transform``; the network is then kept in the process, shared by all transformers with the
    same parameters (the clones of a grid search, say), and is no part of a pickle.

    Parameters
    ----------
    backbone : str, path-like or keras.Model, default="efficientnet_lite0"
        A name of :func:`list_backbones`, each with its own preprocessing; or a model of your own,
        live or as the path of a ``.keras`` or ``.h5`` file that ``model.save`` wrote. Your own
        model is given RGB from 0 to 255 as float32, so its preprocessing has to be in it:
        ``keras.Sequential([keras.Input((224, 224, 3)), keras.layers.Rescaling(1 / 255), model])``.
    weights : "imagenet", None or path-like, default="imagenet"
        Weights of a backbone that was named. "imagenet" comes with the package for
        "efficientnet_lite0", and for the others is downloaded by Keras at first use. A path leads
        to weights that are already here: ``.weights.h5``, ``.h5``, ``.keras``, or ``.pth`` for
        "efficientnet_lite0". None draws random weights, the same in every process.
    pooling : {"avg", "max"} or None, default="avg"
        The mean or the maximum of the last feature map over its positions, or None for the whole
        map, flattened: 7 x 7 x 512 = 25,088 columns with "vgg16" at 224 x 224.
    batch_size : int, default=32
        The most pictures that go through the network at once.
    verbose : bool or int, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    picture_shape_ : tuple of int
        Height, width and channels (3) of the pictures given to ``fit``.
    n_features_out_ : int
        Number of features.

    See Also
    --------
    ImageResizer : Brings pictures to the size of the network.
    list_backbones : The names of the networks.

    Notes
    -----
    ``sklearn.base.clone`` lets the copies share a live ``keras.Model``; pickling and
    ``copy.deepcopy`` store it within the transformer, in Keras's own format.

    Examples
    --------
    >>> from sklearn.datasets import load_sample_images
    >>> from sktime_screen import ImageResizer, PretrainedCNNFeatures
    >>> pictures = ImageResizer((224, 224)).transform(load_sample_images().images)
    >>> PretrainedCNNFeatures().fit_transform(pictures).shape
    (2, 1280)
    """

    _parameter_constraints = {
        "backbone": [str, os.PathLike, HasMethods("predict_on_batch")],
        "weights": [str, os.PathLike, None],
        "pooling": [StrOptions({"avg", "max"}), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        backbone="efficientnet_lite0",
        *,
        weights="imagenet",
        pooling="avg",
        batch_size=32,
        verbose=False,
    ):
        self.backbone = backbone
        self.weights = weights
        self.pooling = pooling
        self.batch_size = batch_size
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the parameters and note the size of the pictures; no weights are read.

        Parameters
        ----------
        X : FrameSequence, ndarray of shape (n, height, width, 3) uint8, or list of pictures
            The pictures, RGB from 0 to 255.
        y : object, optional
            Not used.

        Returns
        -------
        self
            The transformer.

        Raises
        ------
        ValueError
            If there is no such backbone, or it does not take pictures like these; the message says
            what was found and what helps.
        """
        if not isinstance(self.backbone, (str, os.PathLike)) and self.weights != "imagenet":
            raise ValueError(
                f"weights={self.weights!r} goes with the name of a backbone; a keras.Model brings "
                f"its own weights: leave weights out."
            )
        self.picture_shape_ = check_pictures(X).shape[1:]
        network = self._network()
        self.n_features_out_ = network.n_features
        self._name_out = network.name
        return self

    def transform(self, X):
        """Compute the features.

        Parameters
        ----------
        X : FrameSequence, ndarray of shape (n, height, width, 3) uint8, or list of pictures
            The pictures, RGB from 0 to 255, of the size given to ``fit``.

        Returns
        -------
        DataFrame or ndarray of shape (n, n_features_out_), float32
            A row a picture; a table with the frame index for a FrameSequence. A frame that stands
            in several rows of a sequence is decoded and computed once.

        Raises
        ------
        WeightsUnavailableError
            If the ImageNet weights cannot be downloaded.
        WeightsFileError
            If the file given as ``weights`` does not hold weights of this network.
        ValueError
            If the pictures are not like those given to ``fit``.
        """
        check_is_fitted(self)
        pictures = check_pictures(X)
        if pictures.shape[1:] != self.picture_shape_ and len(pictures):
            height, width, _ = self.picture_shape_
            raise ValueError(
                f"The pictures have the shape {pictures.shape[1:]}, those given to fit had "
                f"{self.picture_shape_}: put ImageResizer(({height}, {width})) before "
                f"{type(self).__name__}, for fit as for transform."
            )
        if not isinstance(pictures, FrameSequence):
            return self._compute(len(pictures), _slices(pictures, self.batch_size))
        first, source = _distinct_frames(pictures.table)
        distinct = pictures if len(first) == len(pictures) else pictures[first]
        batches = distinct.iter_batches(self.batch_size)
        features = self._compute(
            len(pictures), ((first[rows], batch) for rows, batch in batches), len(distinct)
        )
        repeated = np.flatnonzero(source != np.arange(len(pictures)))
        features[repeated] = features[source[repeated]]
        return pd.DataFrame(
            features, index=pictures.index, columns=self.get_feature_names_out(), copy=False
        )

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features: the backbone's name and a number.

        Parameters
        ----------
        input_features : object, optional
            Not used: pictures have no feature names.

        Returns
        -------
        ndarray of str
            "efficientnet_lite0_0", "efficientnet_lite0_1" and so on.
        """
        check_is_fitted(self)
        return np.array([f"{self._name_out}_{i}" for i in range(self.n_features_out_)], object)

    def _network(self):
        return get_network(
            self.backbone, self.weights, self.pooling, self.picture_shape_[:2], self.batch_size
        )

    def _compute(self, n_rows, batches, n_pictures=None):
        features = np.empty((n_rows, self.n_features_out_), np.float32)
        network = self._network()
        with _progress(n_rows if n_pictures is None else n_pictures, self.verbose) as advance:
            for rows, pictures in batches:
                features[rows] = network(pictures)
                advance(len(pictures))
        return features

    def __sklearn_clone__(self):
        # scikit-learn would deep-copy a live model for every candidate and fold; the other
        # parameters are names and numbers.
        twin = type(self)(**self.get_params(deep=False))
        if hasattr(self, "_sklearn_output_config"):
            twin._sklearn_output_config = self._sklearn_output_config.copy()
        return twin

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _slices(pictures, batch_size):
    for start in range(0, len(pictures), batch_size):
        rows = slice(start, start + batch_size)
        yield rows, pictures[rows]


def _distinct_frames(table):
    """Return the rows where frames come first, and for every row that first row of its frame."""
    columns = [name for name in ("video", "time", "image") if name in table]
    frames = table.groupby(columns, sort=False).ngroup().to_numpy()
    _, first, frame_of_row = np.unique(frames, return_index=True, return_inverse=True)
    return first, first[frame_of_row]


@contextmanager
def _progress(n_pictures, verbose):
    """Give a function that moves the progress bar on by a number of frames."""
    if not verbose:
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = "Features", BarColumn(), MofNCompleteColumn(), "frames", TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("features", total=n_pictures)
        yield lambda count: bar.advance(task, count)
