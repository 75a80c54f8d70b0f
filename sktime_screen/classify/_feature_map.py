"""A network that looks at every place of a feature map, as a scikit-learn classifier."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._sklearn import Interval, StrOptions
from ._dense import KerasDenseClassifier
from ._feature_map_network import MapNetwork
from ._training import rates_by_epoch

# With epochs="auto": the rows that a training goes through in all, and the fewest and most epochs.
_ROWS_SEEN = 10_000
_EPOCHS = (8, 40)
# With batch_size="auto": the steps of an epoch, and the fewest and most rows of one.
_STEPS = 15
_BATCHES = (4, 16)
# What few rows are, and with pooling_sharpness="auto" and n_ensemble="auto" what they get and
# others.
_FEW = 200
_SHARPNESS_OF_FEW, _SHARPNESS = 1.0, 4.0
_NETWORKS_OF_FEW, _NETWORKS = 3, 1


class KerasFeatureMapClassifier(KerasDenseClassifier):
    """Classifier that looks for each class at every place of an image.

    Takes the whole feature map, ``PretrainedCNNFeatures(pooling=None)``, where
    `KerasDenseClassifier` takes its average. A small dense network, the same everywhere, judges
    each place of the map, and the places together decide for the image: one where the character
    is seen clearly is enough. Averaged features lose a character that covers a hundredth of the
    image; this head finds it, and `class_heatmaps` tells where. Only images have to be labelled,
    not places in them.

    Parameters
    ----------
    map_size : tuple of int, default=(7, 7)
        Height and width of the map in places: with most backbones those of the images divided by
        32 and rounded up, so 12 x 21 for images of 384 x 672. Finer maps find smaller characters.
    pooling_sharpness : float or "auto", default="auto"
        How the places decide. Logits of places, l, become that of the image,
        log(mean(exp(pooling_sharpness * l))) / pooling_sharpness: their mean where
        `pooling_sharpness` is close to 0, and their maximum where it is large. "auto" is 4, and 1
        for fewer than 200 rows, of which some place or other looks like the character by chance.
    n_ensemble : int or "auto", default="auto"
        How many networks are trained side by side, alike but for their first weights; their logits
        are averaged. "auto" is 1, and 3 for fewer than 200 rows, from which each learns something
        else.
    hidden_layer_sizes : int or sequence of int, default=(128,)
        Units of each hidden layer of the network that judges a place.
    activation : str, default="relu"
        Activation of the hidden layers, see :class:`KerasDenseClassifier`.
    dropout : float, default=0.0
        Share of the map's channels that is left out at random in training, in [0, 1); of a map
        the same ones at all places. It shifts the statistics of `batch_normalization`: take one
        or the other.
    batch_normalization : bool, default=True
        Whether hidden layers are normalised, before their activation.
    l2 : float, default=0.001
        Strength of the penalty on squared weights. It is not part of the reported losses.
    loss : {"auto", "binary_crossentropy", "categorical_crossentropy"}, default="auto"
        See :class:`KerasDenseClassifier`.
    optimizer : str, default="adam"
        See :class:`KerasDenseClassifier`.
    learning_rate : float, default=0.002
        Step size of the optimizer.
    learning_rate_schedule : {"constant", "cosine"}, default="cosine"
        How the step size goes on from epoch to epoch, see :class:`KerasDenseClassifier`.
    momentum : float, default=0.9
        Momentum, for "sgd" and "rmsprop" only.
    epochs : int or "auto", default="auto"
        How often the training goes through the rows, at most. "auto" is 8, and more for fewer
        than 1,250 rows: as often as makes 10,000 in all, 40 times at most.
    batch_size : int or "auto", default="auto"
        Rows a step. "auto" is 16, and less for fewer than 240 rows: a fifteenth of them, at
        least 4. Steps that are too few leave the shares of the classes wrong.
    class_weight : "balanced", dict, list or None, default=None
        Weights of the classes, see :class:`KerasDenseClassifier`.
    validation_fraction : float or None, default=None
        Share of the rows, in (0, 1), that is held out to measure each epoch. The rows are
        stratified; with a frame index, whole stretches of up to 30 seconds are held out together.
    early_stopping : bool, default=False
        Whether to stop when `monitor` has not become better for `patience` epochs.
    patience : int, default=10
        Epochs to wait for something better.
    monitor : {"auto", "val_loss", "val_accuracy", "loss", "accuracy"}, default="auto"
        What decides which epoch was the best: its weights are kept. See
        :class:`KerasDenseClassifier`.
    target_accuracy : float or None, default=None
        Accuracy, in (0, 1], at which the training stops and keeps what it has: of the validation
        rows if there are any, of the training rows otherwise.
    cv : int or None, default=None
        Number of parts for `fit_transform`, see :class:`KerasDenseClassifier`.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights and the optimizer's state of the last `fit`.
    random_state : int, RandomState instance or None, default=None
        Decides first weights, order of rows, dropout and held-out rows. The same number gives
        the same probabilities. Global generators are never used, unless handed in here.
    verbose : int, default=0
        1 prints a line an epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or (n_labels, 2)
        The classes. For a table 0 and 1 for each column.
    class_names_ : ndarray of shape (n_classes,)
        The classes, or a table's column names (0 to n_labels - 1 for an array).
    history_ : dict of list of float
        By epoch "learning_rate", "loss" and "accuracy", and with validation rows "val_loss" and
        "val_accuracy".
    n_epochs_ : int
        Number of epochs in the history.
    best_epoch_ : int
        The epoch, from 1, whose weights were kept.
    weights_ : list of ndarray of float32
        Kernels, biases and statistics of batch normalisation, layer after layer, network after
        network.
    n_features_in_ : int
        Number of columns seen in `fit`: places times channels.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in `fit`, if they were strings.

    See Also
    --------
    KerasDenseClassifier : The same for features without places.
    PretrainedCNNFeatures : Gives maps with ``pooling=None``.

    Notes
    -----
    A map of "efficientnet_lite0" takes 5 KB a place in float32, one of "efficientnet_lite0_map",
    of which as much can be learned, 1.3 KB: 0.32 MB a frame at 12 x 21. Columns of float16 take
    half of that and are trained on as they are, a few rows at a time.

    The log-mean-exp makes a place's logit comparable to that of an image: an image that looks
    the same at every place has the logit of its places.

    References
    ----------
    P. O. Pinheiro and R. Collobert, "From image-level to pixel-level labeling with convolutional
    networks", CVPR 2015. Learning from bags of which only some places show the class:
    T. G. Dietterich, R. H. Lathrop and T. Lozano-Perez, "Solving the multiple instance problem
    with axis-parallel rectangles", Artificial Intelligence 89, 1997. Several networks:
    L. K. Hansen and P. Salamon, "Neural network ensembles", IEEE Transactions on Pattern Analysis
    and Machine Intelligence 12, 1990.

    Examples
    --------
    Maps of 4 x 4 places with 3 channels, of which the first lights up where Tom is:

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
        "map_size": ["array-like"],
        "epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "pooling_sharpness": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "n_ensemble": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    }
    _dtypes = (np.float32, np.float16)
    _network_class = MapNetwork
    # Maps are normalised inside, by channel.
    standardize = False
    # What is right in new videos is best long before the loss is.
    _judges_convergence = False

    def __init__(
        self,
        map_size=(7, 7),
        *,
        pooling_sharpness="auto",
        n_ensemble="auto",
        hidden_layer_sizes=(128,),
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
        """Tell where in each image each class is seen.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Maps, as for `fit`.

        Returns
        -------
        ndarray of float32, shape (n, n_classes, height, width)
            Heat maps, in the order of `class_names_`, height and width being `map_size`: the
            probability of the class in an image that looks at all places as this one does at
            that place. Place (row, column) is centred at ((row + 0.5) / height,
            (column + 0.5) / width) of the image's height and width.
        """
        check_is_fitted(self)
        X = self._check_features(X, self._dtypes, reset=False)
        network = self._network()
        with network.lock:
            network.load(self.weights_, self._inputs())
            logits = network.place_logits(X)
        heat = self._encoding.probabilities(logits.reshape(-1, logits.shape[-1]))
        height, width = self._map_size
        heat = heat.astype(np.float32).reshape(len(X), height, width, -1)
        return np.moveaxis(heat, -1, 1)

    def _learning_rates(self, n_rows):
        epochs = self.epochs
        if epochs == "auto":
            epochs = int(np.clip(_ROWS_SEEN // n_rows, *_EPOCHS))
        return rates_by_epoch(self.learning_rate, self.learning_rate_schedule, epochs)

    def _step_options(self, n_rows):
        options = super()._step_options(n_rows)
        if self.batch_size == "auto":
            options["batch_size"] = int(np.clip(n_rows // _STEPS, *_BATCHES))
        return options

    def _describe_network(self, n_features, n_rows):
        self._map_size = self._check_map_size(n_features)
        pooling_sharpness, n_ensemble = self.pooling_sharpness, self.n_ensemble
        if pooling_sharpness == "auto":
            pooling_sharpness = _SHARPNESS_OF_FEW if n_rows < _FEW else _SHARPNESS
        if n_ensemble == "auto":
            n_ensemble = _NETWORKS_OF_FEW if n_rows < _FEW else _NETWORKS
        return {
            **super()._describe_network(n_features, n_rows),
            "n_places": self._map_size[0] * self._map_size[1],
            "pooling_sharpness": float(pooling_sharpness),
            "n_ensemble": int(n_ensemble),
        }

    def _read(self, X, *labels, **options):
        told = getattr(X, "attrs", {}).get("map_size")
        if told is not None and tuple(told) != tuple(self.map_size):
            raise ValueError(
                f"map_size={self.map_size!r}, but X holds maps of {tuple(told)}, height and width "
                f"in places: set map_size to that."
            )
        return super()._read(X, *labels, **options)

    def _check_map_size(self, n_features):
        size = tuple(self.map_size)
        if len(size) != 2 or any(not isinstance(n, Integral) or n < 1 for n in size):
            raise ValueError(
                f"map_size={self.map_size!r}: height and width of the map are expected, in places."
            )
        if n_features % (size[0] * size[1]):
            raise ValueError(
                f"X has {n_features} columns, which is no map of {size[0]} x {size[1]} places: "
                f"give PretrainedCNNFeatures pooling=None, and map_size the size of its map, most "
                f"often the height and width of the images divided by 32."
            )
        return int(size[0]), int(size[1])
