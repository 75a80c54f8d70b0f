"""A network that looks at every position of a feature map, as a scikit-learn classifier."""

from dataclasses import replace
from numbers import Integral, Real
from typing import Self

import numpy as np

from .._sklearn import Interval, StrOptions
from ..features import find_map_size, find_n_colors
from ._channel_means import ChannelMeans
from ._channel_projection import find_projection, project, project_batches
from ._dense import KerasDenseClassifier
from ._feature_map_network import MapNetwork
from ._map_size import choose_map_size
from ._position_groups import judge_in_groups, split_by_video

# What few rows are, and with pooling_sharpness="auto" and n_ensemble="auto" what they get and
# others.
_FEW = 200
_SHARPNESS_OF_FEW, _SHARPNESS = 1.0, 4.0
_NETWORKS_OF_FEW, _NETWORKS = 6, 2


class KerasFeatureMapClassifier(KerasDenseClassifier):
    """Classifier that looks for each class at every position of an image.

    Takes the whole feature map, ``PretrainedCNNFeatures(pooling=None)``, where
    `KerasDenseClassifier` takes its average. The same small dense network classifies each position
    of the map, and the positions are combined into one answer for the image: a single position that
    clearly shows the character is enough. Averaged features lose a character that covers a
    hundredth of the image. This head finds it, and `class_heatmaps` tells where. You label images
    only, not positions.

    With `cv`, ``fit(X, y).transform(X)`` differs from ``fit_transform(X, y)``, see
    :class:`KerasDenseClassifier`.

    Parameters
    ----------
    map_size : tuple of int or "auto", default="auto"
        Height and width of the feature map. "auto" reads them from the table of
        ``PretrainedCNNFeatures(pooling=None)``. Pass them for arrays, and if a step in between
        makes a new table. Most backbones have a position for 32 x 32 pixels, so 12 x 21 for images
        of 384 x 672.
    pooling_sharpness : float or "auto", default="auto"
        How positions are combined. The logits l of the positions give that of the image,
        log(mean(exp(pooling_sharpness * l))) / pooling_sharpness. This is close to their mean for
        a small `pooling_sharpness`, and to their maximum for a large one. "auto" is 4, or 1 for
        fewer than 200 rows, in which some positions look like the character by chance.
    n_ensemble : int or "auto", default="auto"
        How many networks are trained, which differ in their initial weights. Their logits are
        averaged. "auto" is 2, or 6 for fewer than 200 rows, from which each learns something else.
    n_components : int or None, default=256
        Number of channels to which larger maps are projected, along the directions in which the
        positions of the rows of `fit` differ most. None keeps all channels.
    center_videos : bool, default=False
        Whether to take from each channel its mean over all positions and frames of the video, in
        `fit` the labelled ones, later those in the call. Drawing and colours differ between videos
        more than within them. The prediction for a frame then depends on the other frames in the
        call, so pass whole videos (the method is transductive). Means of short videos are drawn
        towards those of `fit`, as if they had been seen for 30 seconds more.
    n_position_groups : int or None, default=None
        Number of groups of positions that look alike, in each video of a call. A position is then
        judged by two thirds by itself, and by a third by the mean of its group. It changes
        predictions, not `fit`, and needs whole videos, as `center_videos` does.
    hidden_layer_sizes : int or sequence of int, default=(64,)
        Units of each hidden layer of the network that classifies a position.
    activation : str, default="relu"
        Activation of the hidden layers, see :class:`KerasDenseClassifier`.
    dropout : float, default=0.0
        Share of the map's channels that is randomly left out in training, in [0, 1), the same ones
        at all positions. It shifts the statistics of `batch_normalization`, so use one of both.
    batch_normalization : bool, default=True
        Whether to normalise hidden layers, before their activation.
    l2 : float, default=0.001
        Strength of the penalty on squared weights. It is not part of the reported losses.
    loss : {"auto", "binary_crossentropy", "categorical_crossentropy"}, default="auto"
        See :class:`KerasDenseClassifier`.
    optimizer : str, default="adam"
        See :class:`KerasDenseClassifier`.
    learning_rate : float, default=0.002
        Step size of the optimizer.
    learning_rate_schedule : {"constant", "cosine"}, default="cosine"
        How the step size changes from epoch to epoch, see :class:`KerasDenseClassifier`.
    momentum : float, default=0.9
        Momentum, for "sgd" and "rmsprop" only.
    epochs : int or "auto", default="auto"
        Largest number of epochs. "auto" is 8, and more for fewer than 1,250 rows: as many as make
        10,000 rows in total, but at most 40.
    batch_size : int or "auto", default="auto"
        Rows in a batch. "auto" is 16, and less for fewer than 240 rows: a fifteenth of them, but at
        least 4. With too few steps the shares of the classes stay wrong.
    class_weight : "balanced", dict, list or None, default=None
        Weights of the classes, see :class:`KerasDenseClassifier`.
    validation_fraction : float or None, default=None
        Share of the rows, in (0, 1), to hold out for measuring each epoch, stratified. With a
        frame index, whole stretches of up to 30 seconds are held out together.
    early_stopping : bool, default=False
        Whether to stop when `monitor` has not improved for `patience` epochs.
    patience : int, default=10
        Epochs to wait for an improvement.
    monitor : {"auto", "val_loss", "val_accuracy", "loss", "accuracy"}, default="auto"
        The measure of the best epoch, whose weights are kept. See :class:`KerasDenseClassifier`.
    target_accuracy : float or None, default=None
        Accuracy, in (0, 1], at which training stops and keeps its weights, on the validation rows
        if there are any, or else on the training rows.
    cv : int, cross-validation splitter, iterable or None, default=None
        Parts for cross-fitting in `fit_transform`, see :class:`KerasDenseClassifier`.
    warm_start : bool, default=False
        Whether `fit` continues from the weights and the optimizer's state of the last `fit`.
    random_state : int, RandomState instance or None, default=None
        Determines initial weights, order of rows, dropout and held-out rows. The same number gives
        the same probabilities. Global generators are used only if passed here.
    verbose : int, default=0
        1 prints one line an epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or (n_labels, 2)
        The classes. For a table 0 and 1 for each column.
    class_names_ : ndarray of shape (n_classes,)
        The classes, or a table's column names (0 to n_labels - 1 for an array).
    history_ : dict of list of float
        For each epoch "learning_rate", "loss" and "accuracy", and with validation rows "val_loss"
        and "val_accuracy".
    n_epochs_, n_iter_ : int
        Number of epochs in the history.
    loss_curve_ : list of float
        The loss of each epoch, as in the history.
    best_epoch_ : int
        The epoch, from 1, whose weights were kept.
    map_size_ : tuple of int
        Height and width of the map.
    weights_ : list of ndarray of float32
        Kernels, biases and statistics of batch normalisation, layer after layer, network after
        network. The first kernel of each takes the projected channels.
    components_ : ndarray of float32, shape (n_channels, `n_components`), or None
        Orthonormal directions to which the channels are projected; None if they are not.
    channel_means_ : ndarray of float32, shape (n_channels,), or None
        Means of the channels over the videos of `fit`, with `center_videos`.
    n_features_in_ : int
        Number of columns seen in `fit`: positions times channels.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in `fit`, if they were strings.

    See Also
    --------
    KerasDenseClassifier : The same for averaged features.
    PretrainedCNNFeatures : Gives feature maps with ``pooling=None``.

    Notes
    -----
    A map of "efficientnet_lite0_map" takes 0.32 MB a frame at 12 x 21 positions in float32, half of
    it in float16; training converts a few rows at a time.

    The log-mean-exp makes the logit of a position comparable to that of an image: an image that
    looks the same at every position has the logit of its positions.

    References
    ----------
    P. O. Pinheiro and R. Collobert, "From image-level to pixel-level labeling with convolutional
    networks", CVPR 2015. Multiple-instance learning, where only some positions show the class:
    T. G. Dietterich, R. H. Lathrop and T. Lozano-Perez, "Solving the multiple instance problem
    with axis-parallel rectangles", Artificial Intelligence 89, 1997. Several networks:
    L. K. Hansen and P. Salamon, "Neural network ensembles", IEEE Transactions on Pattern Analysis
    and Machine Intelligence 12, 1990.

    Examples
    --------
    Maps of 4 x 4 positions with 3 channels, of which the first lights up where Tom is:

    >>> import numpy as np
    >>> from sktime_screen import KerasFeatureMapClassifier
    >>> maps = np.zeros((40, 4, 4, 3), np.float32)
    >>> maps[20:, 1, 2, 0] = 3.0
    >>> maps = maps.reshape(40, -1)
    >>> head = KerasFeatureMapClassifier((4, 4), learning_rate=0.01, epochs=50, random_state=0)
    >>> head = head.fit(maps, np.repeat(["neither", "tom"], 20))
    >>> head.predict(maps[[0, -1]])
    array(['neither', 'tom'], dtype='<U7')
    >>> tom = head.class_heatmaps(maps[[-1]])[0, 1]
    >>> np.unravel_index(tom.argmax(), tom.shape) == (1, 2)
    True
    """

    _parameter_constraints = {
        **KerasDenseClassifier._parameter_constraints,
        "map_size": ["array-like", StrOptions({"auto"})],
        "epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "pooling_sharpness": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "n_ensemble": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "center_videos": ["boolean"],
        "n_position_groups": [Interval(Integral, 1, None, closed="left"), None],
    }
    _dtypes = (np.float32, np.float16)
    _network_class = MapNetwork
    _accepts_sparse = False
    # Maps are normalised inside, by channel.
    standardize = False
    # Pipelines of earlier versions do not have it.
    n_position_groups = None
    # What is right in new videos is best long before the loss is.
    _judges_convergence = False
    _rows_seen, _epoch_limits, _epoch_limits_alone = 10_000, (8, 40), (8, 40)
    _steps_per_epoch, _batch_limits = 15, (4, 16)

    def __init__(
        self,
        map_size="auto",
        *,
        pooling_sharpness="auto",
        n_ensemble="auto",
        n_components=256,
        center_videos=False,
        n_position_groups=None,
        hidden_layer_sizes=(64,),
        activation="relu",
        dropout=0.0,
        batch_normalization=True,
        l2=0.001,
        loss="auto",
        optimizer="adam",
        learning_rate=0.002,
        learning_rate_schedule="cosine",
        momentum=0.9,
        epochs="auto",
        batch_size="auto",
        class_weight=None,
        validation_fraction=None,
        early_stopping=False,
        patience=10,
        monitor="auto",
        target_accuracy=None,
        cv=None,
        warm_start=False,
        random_state=None,
        verbose=0,
    ) -> None:
        self.map_size = map_size
        self.pooling_sharpness = pooling_sharpness
        self.n_ensemble = n_ensemble
        self.n_components = n_components
        self.center_videos = center_videos
        self.n_position_groups = n_position_groups
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_normalization = batch_normalization
        self.l2 = l2
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.momentum = momentum
        self.epochs = epochs
        self.batch_size = batch_size
        self.class_weight = class_weight
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.patience = patience
        self.monitor = monitor
        self.target_accuracy = target_accuracy
        self.cv = cv
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def class_heatmaps(self, X) -> np.ndarray:
        """Compute where in each image each class is seen.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Maps, as for `fit`.

        Returns
        -------
        ndarray of float32, shape (n, n_classes, height, width)
            Heat maps in the order of `class_names_`. Each value is the probability of the class in
            an image that looks everywhere as this one does at that position, whose centre is at
            ((row + 0.5) / height, (column + 0.5) / width) of the image's height and width.
        """
        logits = self._judge("position_logits", X)
        heat = self._encoding.probabilities(logits.reshape(-1, logits.shape[-1]))
        height, width = self.map_size_
        heat = heat.astype(np.float32).reshape(len(logits), height, width, -1)
        return np.moveaxis(heat, -1, 1)

    def _describe_network(self, n_features, n_rows):
        pooling_sharpness, n_ensemble = self.pooling_sharpness, self.n_ensemble
        if pooling_sharpness == "auto":
            pooling_sharpness = _SHARPNESS_OF_FEW if n_rows < _FEW else _SHARPNESS
        if n_ensemble == "auto":
            n_ensemble = _NETWORKS_OF_FEW if n_rows < _FEW else _NETWORKS
        return {
            **super()._describe_network(n_features, n_rows),
            "n_positions": self._n_positions,
            "pooling_sharpness": float(pooling_sharpness),
            "n_ensemble": int(n_ensemble),
        }

    def partial_fit(self, X, y, classes=None, sample_weight=None) -> Self:
        """Train for one epoch, continuing from the current weights.

        `n_components` and `center_videos` have no effect: the first rows do not show in which
        directions later ones differ, nor what their mean is.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Maps.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All classes there will be, see :class:`KerasDenseClassifier`.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        KerasFeatureMapClassifier
            Itself.
        """
        self._in_parts = True
        try:
            return super().partial_fit(X, y, classes, sample_weight)
        finally:
            del self._in_parts

    def _check_features(self, X, dtypes, *, reset):
        values = super()._check_features(X, dtypes, reset=reset)
        told = find_map_size(X)
        if reset:
            self.map_size_ = choose_map_size(self.map_size, told, values.shape[1])
        elif told not in (None, self.map_size_):
            raise ValueError(
                f"X holds maps of {told} positions, height and width, but those of fit had "
                f"{self.map_size_}: resize the images as for fit."
            )
        return values

    def _remember(self, X):
        """Keep nothing: maps are large. A `LabelSpreadingClassifier` keeps projections of them."""

    def _read(self, X, *labels, resume, **options):
        data = super()._read(X, *labels, resume=resume, **options)
        if not resume:
            whole = not hasattr(self, "_in_parts")
            self.components_ = self.channel_means_ = None
            if whole:
                self.components_ = find_projection(
                    data.X, self._n_positions, self.n_components, find_n_colors(X)
                )
            if whole and self.center_videos:
                means = ChannelMeans(data.X, self._n_positions, getattr(X, "index", None))
                self.channel_means_ = means.overall
        if self._keeps_channels:
            return data
        offsets = self._offsets(X, data.X)
        return replace(data, X=project(data.X, self._n_positions, self.components_, offsets))

    @property
    def _n_positions(self):
        return self.map_size_[0] * self.map_size_[1]

    @property
    def _keeps_channels(self):
        return self.components_ is None and self.channel_means_ is None

    def _offsets(self, X, maps):
        """Return what is taken off the channels of each row, or None; ``X`` tells its video."""
        if self.channel_means_ is None:
            return None
        means = ChannelMeans(maps, self._n_positions, getattr(X, "index", None))
        return means.by_row(self.channel_means_)

    def _logits(self, X):
        if self.n_position_groups is None:
            return self._judge("logits", X)
        maps, sharpness = self._checked(X), self._architecture["pooling_sharpness"]
        options = maps, self._n_positions, self.components_, self._offsets(X, maps)
        logits = np.empty((len(maps), self._encoding.n_outputs), np.float32)
        for rows in split_by_video(getattr(X, "index", None), len(maps)):
            logits[rows] = judge_in_groups(
                options, rows, self._by_network, self.n_position_groups, sharpness
            )
        return logits

    def _judge(self, output, X):
        maps = self._checked(X)
        if self._keeps_channels:
            return self._by_network(output, maps)
        batches = project_batches(maps, self._n_positions, self.components_, self._offsets(X, maps))
        return np.concatenate([self._by_network(output, batch) for batch in batches])
