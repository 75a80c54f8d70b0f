"""A dense network as a scikit-learn classifier."""

from numbers import Integral, Real
from typing import Any, Self

from .._sklearn import Interval, StrOptions, fit_context
from ..model_selection import hold_out_rows
from ._callbacks import CallbackSupportMixin, FitTasks, with_callbacks
from ._class_weights import asks_for_balance
from ._classifier import mark
from ._dense_training import DenseTraining
from ._training import Stopping, choose_held_out_share, warn_if_improving

_ACTIVATIONS = {"elu", "gelu", "leaky_relu", "linear", "mish", "relu", "selu", "sigmoid", "silu",
                "softplus", "tanh"}  # fmt: skip
_OPTIMIZERS = {"adadelta", "adagrad", "adam", "adamax", "adamw", "ftrl", "lion", "nadam",
               "rmsprop", "sgd"}  # fmt: skip
_MONITORS = {"auto", "val_loss", "val_accuracy", "loss", "accuracy"}


class KerasDenseClassifier(CallbackSupportMixin, DenseTraining):
    """Dense Keras network with the interface of a scikit-learn classifier.

    Trains on features, such as those of `PretrainedCNNFeatures`. It can be the last step of a
    pipeline, or a step in the middle: `transform` returns its probabilities.

    With `cv`, ``fit(X, y).transform(X)`` differs from ``fit_transform(X, y)``, which predicts each
    row with a network that has not seen it.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(64,)
        Units of each hidden layer. An empty sequence makes the network a logistic regression.
    activation : str, default="relu"
        Activation of the hidden layers: "elu", "gelu", "leaky_relu", "linear", "mish", "relu",
        "selu", "sigmoid", "silu", "softplus" or "tanh".
    dropout : float, default=0.1
        Share of each hidden layer's units that is randomly left out in training, in [0, 1).
    batch_normalization : bool, default=False
        Whether to normalise hidden layers, before their activation.
    standardize : bool, default=True
        Whether the network centres the columns of X, and scales them so that hardly any spreads
        more than four times as far as another: columns in any units count, and features of one
        network keep their proportions.
    l2 : float, default=0.0005
        Strength of the penalty on squared weights. It is not part of the reported losses.
    loss : {"auto", "binary_crossentropy", "categorical_crossentropy"}, default="auto"
        "categorical_crossentropy" ends in a softmax, for one class a row. "binary_crossentropy"
        ends in sigmoids: one for two classes, or one for each column of a table. "auto" takes the
        softmax for three classes or more. If y is one-hot, set "categorical_crossentropy".
    optimizer : str, default="adam"
        "adadelta", "adagrad", "adam", "adamax", "adamw", "ftrl", "lion", "nadam", "rmsprop" or
        "sgd".
    learning_rate : float, default=0.01
        Step size of the optimizer.
    learning_rate_schedule : {"constant", "cosine"}, default="cosine"
        How the step size changes from epoch to epoch: not at all, or from `learning_rate` along
        half a cosine to almost nothing in the last of `epochs`. `partial_fit` always takes
        `learning_rate`.
    momentum : float, default=0.9
        Momentum, for "sgd" and "rmsprop" only.
    epochs : int or "auto", default="auto"
        Largest number of epochs. "auto" is 40, or 160 without hidden layers, and less for many
        rows: as many as make 60,000 rows in total, but at least 12.
    batch_size : int or "auto", default="auto"
        Rows in a batch. "auto" is 32, and less for fewer than 192 rows: a sixth of them, but at
        least 8.
    class_weight : "balanced", dict, list or None, default=None
        Weights of the classes, by class; classes that are not named weigh 1. For a table, weights
        by label, or a list with an entry for each column: a number for the rows that have the label
        (the others weigh 1), ``{0: weight, 1: weight}``, or "balanced". "balanced" gives all
        classes, or the zeros and ones of each label, the same total weight, `sample_weight`
        included.
    validation_fraction : float or None, default=None
        Share of the rows, in (0, 1), to hold out for measuring each epoch, stratified. With a
        frame index, whole stretches of up to 30 seconds are held out together. None holds out a
        tenth if there is `early_stopping`, unless its `monitor` is "loss" or "accuracy", and
        otherwise none.
    early_stopping : bool, default=False
        Whether to stop when `monitor` has not improved for `patience` epochs.
    patience : int, default=10
        Epochs to wait for an improvement.
    monitor : {"auto", "val_loss", "val_accuracy", "loss", "accuracy"}, default="auto"
        The measure of the best epoch, whose weights are kept. "auto" takes "val_loss" if there are
        validation rows, and otherwise the last epoch.
    target_accuracy : float or None, default=None
        Accuracy, in (0, 1], at which training stops and keeps its weights, on the validation rows
        if there are any, or else on the training rows.
    cv : int, cross-validation splitter, iterable or None, default=None
        Parts for cross-fitting: `fit_transform` predicts each row with a network that has not seen
        the row's part. None returns what `transform` returns.

        - An int is the number of parts, 2 or more. They are whole videos if there are three or
          more, otherwise made as for `validation_fraction`.
        - A splitter of scikit-learn that tests each row once, such as ``GroupKFold(3)``. If it
          needs groups, they are those of `fit`, or whole videos, or blocks of time. One without
          groups puts neighbouring frames on both sides, and then probabilities are too good.
        - An iterable of (train, test), arrays of row numbers that test each row once.
    warm_start : bool, default=False
        Whether `fit` continues from the weights and the optimizer's state of the last `fit`. The
        parameters that describe the network must stay the same, all others can change.
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
        and "val_accuracy". Losses are weighted. For a table, accuracy is the share of right zeros
        and ones.
    n_epochs_, n_iter_ : int
        Number of epochs in the history.
    loss_curve_ : list of float
        The loss of each epoch, as in the history.
    best_epoch_ : int
        The epoch, from 1, whose weights were kept.
    weights_ : list of ndarray of float32
        Kernels, biases and statistics of batch normalisation, layer after layer.
    means_, scales_ : ndarray of float32, shape (`n_features_in_`,)
        With `standardize`, what is subtracted from the columns, and what they are then divided by.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in `fit`, if they were strings.

    Notes
    -----
    A process builds and traces networks of the same shape once, and all its classifiers share
    them. So small fits after the first take a tenth of a second. A classifier holds arrays and no
    Keras objects: you can pickle and copy it at any time.

    ``set_callbacks`` takes the callbacks of scikit-learn (1.9 or later, where they are
    experimental): each epoch is a task, and a `ScoringMonitor` scores the weights of each.

    For a table, `score` is the share of rows with all labels right, as in scikit-learn.

    References
    ----------
    Initial weights: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", AISTATS 2010. The schedule "cosine": I. Loshchilov and
    F. Hutter, "SGDR: Stochastic gradient descent with warm restarts", ICLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sktime_screen.classify import KerasDenseClassifier
    >>> X = np.repeat(np.eye(3), 20, axis=0)
    >>> y = np.repeat(["jerry", "neither", "tom"], 20)
    >>> classifier = KerasDenseClassifier(random_state=0).fit(X, y)
    >>> classifier.predict([[0, 0, 1], [1, 0, 0]])
    array(['tom', 'jerry'], dtype='<U7')
    """

    _parameter_constraints: dict[str, Any] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(_ACTIVATIONS)],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "batch_normalization": ["boolean"],
        "standardize": ["boolean"],
        "l2": [Interval(Real, 0, None, closed="left")],
        "loss": [StrOptions({"auto", "binary_crossentropy", "categorical_crossentropy"})],
        "optimizer": [StrOptions(_OPTIMIZERS)],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions({"constant", "cosine"})],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "monitor": [StrOptions(_MONITORS)],
        "target_accuracy": [Interval(Real, 0, 1, closed="right"), None],
        "cv": ["cv_object"],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        hidden_layer_sizes=(64,),
        *,
        activation="relu",
        dropout=0.1,
        batch_normalization=False,
        standardize=True,
        l2=0.0005,
        loss="auto",
        optimizer="adam",
        learning_rate=0.01,
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
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_normalization = batch_normalization
        self.standardize = standardize
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

    @fit_context(prefer_skip_nested_validation=True)
    @with_callbacks
    def fit(self, X, y, sample_weight=None, validation_data=None, groups=None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n, n_features)
            Features. float32 is not copied. Of a sparse matrix some rows at a time become an array.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            One class a row (strings, integers or booleans), or a table with a 0/1 column a label,
            where NaN is a label that is not known. It has no weight, or a tenth of that of a 0 if
            the partly labelled rows have no 0, see :func:`make_partial_labels`.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows, of which the proportions count: the penalty `l2` is as strong as
            for rows of weight 1.
        validation_data : tuple, default=None
            ``(X, y)`` or ``(X, y, sample_weight)`` to measure each epoch on, instead of a
            `validation_fraction`.
        groups : array-like of shape (n,), default=None
            What each row belongs to, such as a video: rows of a group are held out together, by
            `validation_fraction` and by `cv`. By default videos and stretches of them.

        Returns
        -------
        KerasDenseClassifier
            Itself.

        Raises
        ------
        ValueError
            If there are fewer than two classes, rows lack a label, or X and y do not match; if no
            rows are left to train or to validate on; if training diverges; with `warm_start`, if
            the parameters describe another network.

        Warns
        -----
        ConvergenceWarning
            If the loss was still falling when training ended.
        """
        resume = self.warm_start and hasattr(self, "weights_")
        data = self._read(X, y, sample_weight, resume=resume)
        validation = None
        if validation_data is not None:
            validation = self._read_validation(validation_data)
        elif (fraction := choose_held_out_share(self)) is not None:
            held_out = hold_out_rows(X, data.Y, fraction, self._new_generator(), groups)
            data, validation = data.only(~held_out), data.only(held_out)
        stopping = Stopping.of(self, validates=validation is not None)
        rates = self._learning_rates(len(data.positions))
        tasks = FitTasks(self, len(rates), X, y, sample_weight)
        known = self.n_epochs_ if resume else 0
        self._train(data, validation, rates, stopping, resume=resume, tasks=tasks)
        losses = self.history_["loss" if validation is None else "val_loss"][known:]
        if self._judges_convergence and len(losses) == len(rates):
            n_rows = len(data.positions)
            warn_if_improving(losses, rates, n_rows / self._step_options(n_rows)["batch_size"])
        if not self.warm_start:
            self._optimizer_state = None
        self._remember(X)
        tasks.end()
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None) -> Self:
        """Train for one epoch on some rows, starting from the current weights.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Features.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All classes there will be. Needed at the first call, unless `y` has them all.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        KerasDenseClassifier
            Itself.

        Raises
        ------
        ValueError
            If `y` holds a class that is not in `classes`, or `classes` differ from those of the
            first call; if the parameters describe another network; if `class_weight` says
            "balanced", which needs all rows.
        """
        if asks_for_balance(self.class_weight):
            raise ValueError(
                "partial_fit cannot balance classes it has not seen: give class_weight as a dict,"
                " or pass sample_weight."
            )
        resume = hasattr(self, "weights_")
        data = self._read(X, y, sample_weight, classes=classes, resume=resume, relative=False)
        self._train(data, None, [self.learning_rate], Stopping(), resume=resume)
        return self

    def fit_transform(  # type: ignore[override]
        self, X, y, sample_weight=None, validation_data=None, groups=None
    ) -> Any:
        """Train the network, and return the probabilities of the training rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Features.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            Labels.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.
        validation_data : tuple, default=None
            As in `fit`.
        groups : array-like of shape (n,), default=None
            As in `fit`.

        Returns
        -------
        ndarray or DataFrame of float32, shape (n, n_classes)
            With `cv`, probabilities from networks that were trained on the other parts, for as many
            epochs as `fit` kept. Otherwise those of `transform`. ``attrs["out_of_sample"]`` of a
            DataFrame tells which.
        """
        self.fit(X, y, sample_weight, validation_data, groups)
        if self.cv is None:
            return mark(self.transform(X), out_of_sample=False)
        logits = self._cross_fit(X, y, sample_weight, groups)
        return mark(self._table(X, logits), out_of_sample=True)
