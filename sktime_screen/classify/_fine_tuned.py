"""A pretrained network, trained on with one's own images, as a scikit-learn classifier."""

import os
from contextlib import ExitStack, contextmanager
from numbers import Integral, Real
from typing import Self

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from .._sklearn import Interval, check_sample_weight, fit_context
from .._targets import read_labels
from ..features import as_backbone, check_images
from ..model_selection import hold_out_rows
from ._augmentation import Augmentation
from ._classifier import FrameClassifier
from ._dense import KerasDenseClassifier
from ._fine_tuned_network import FineTunedNetwork
from ._frame_buffer import decode_images, iter_image_batches
from ._network import check_layer_sizes
from ._network_cache import get_shared_network
from ._target_encoding import TargetEncoding
from ._training import (
    Rows,
    Stopping,
    check_validation_data,
    choose_held_out_share,
    run_epochs,
)


class FineTunedCNNClassifier(FrameClassifier):
    """Classifier of images that also trains the last layers of a pretrained network.

    Takes images where `KerasDenseClassifier` takes features. Before you choose it, compare the two
    on a video that neither has seen: `PretrainedCNNFeatures` with `KerasDenseClassifier` trains in
    seconds and not in minutes, and with a few hundred labelled frames of one video it may well be
    right more often.

    The first epochs train the head alone (the warm-up), since the large errors of an untrained
    head would ruin the pretrained layers. The others train the last layers of the backbone too, in
    small steps.

    Parameters
    ----------
    backbone : str or path-like, default="efficientnet_lite0"
        A name of :func:`list_backbones`, or the path of a ``.keras`` or ``.h5`` file that
        ``model.save`` wrote, see :class:`PretrainedCNNFeatures`. Its last feature map is averaged
        over the positions.
    weights : "imagenet", None or path-like, default="imagenet"
        Initial weights of a backbone given by its name, see :class:`PretrainedCNNFeatures`. None
        draws random weights, the same every time.
    trainable_layers : int, default=4
        How many of the backbone's last layers to train. Only layers with a kernel count, that is
        convolutions and dense layers. The default is the last block of "efficientnet_lite0" or
        "mobilenet_v2"; 3 is that of "vgg16". Batch normalisation is never trained, neither its
        statistics nor its scale. 0 trains the head only.
    warm_up_epochs : int, default=5
        How many epochs train the head only, at the beginning.
    fine_tuning_rate : float, default=0.0001
        Step size of the optimizer after the warm-up.
    horizontal_flip : bool, default=True
        Whether to mirror random images in training.
    shift : float, default=0.1
        Largest random shift of images in training, as a share of their height and width, in
        [0, 1). The edge of the image is repeated.
    colour : float, default=0.1
        Largest random change of red, green and blue in training, each as a share in [0, 1).
    hidden_layer_sizes : int or sequence of int, default=(64,)
        Units of each hidden layer of the head.
    activation : str, default="relu"
        Activation of the hidden layers, see :class:`KerasDenseClassifier`.
    dropout : float, default=0.2
        Share of each hidden layer's units that is randomly left out in training, in [0, 1).
    batch_normalization : bool, default=False
        Whether to normalise hidden layers, before their activation.
    l2 : float, default=0.01
        Strength of the penalty on the head's squared weights.
    loss : {"auto", "binary_crossentropy", "categorical_crossentropy"}, default="auto"
        See :class:`KerasDenseClassifier`.
    optimizer : str, default="adam"
        See :class:`KerasDenseClassifier`.
    learning_rate : float, default=0.001
        Step size of the optimizer in the warm-up.
    momentum : float, default=0.9
        Momentum, for "sgd" and "rmsprop" only.
    epochs : int, default=20
        Largest number of epochs, including the warm-up.
    batch_size : int, default=32
        Images in a batch.
    class_weight : "balanced", dict, list or None, default=None
        Weights of the classes, see :class:`KerasDenseClassifier`.
    validation_fraction : float or None, default=None
        Share of the images, in (0, 1), to hold out for measuring each epoch, stratified. Of a
        FrameSequence, whole stretches of up to 30 seconds are held out together.
    early_stopping : bool, default=False
        Whether to stop when `monitor` has not improved for `patience` epochs.
    patience : int, default=10
        Epochs to wait for an improvement, including those of the warm-up.
    monitor : {"auto", "val_loss", "val_accuracy", "loss", "accuracy"}, default="auto"
        The measure of the best epoch, whose weights are kept. See :class:`KerasDenseClassifier`.
    target_accuracy : float or None, default=None
        Accuracy, in (0, 1], at which training stops and keeps its weights, on the validation images
        if there are any, or else on the augmented training images.
    random_state : int, RandomState instance or None, default=None
        Determines initial weights of the head, order and augmentation of the images, dropout and
        held-out images. The same number gives the same probabilities on the same machine. Global
        generators are used only if passed here.
    verbose : int, default=0
        1 prints one line an epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or (n_labels, 2)
        The classes. For a table 0 and 1 for each column.
    class_names_ : ndarray of shape (n_classes,)
        The classes, or a table's column names (0 to n_labels - 1 for an array).
    image_shape_ : tuple of int
        Height, width and channels (3) of the images given to `fit`.
    history_ : dict of list of float
        For each epoch "learning_rate" (that of the head), "loss" and "accuracy", and with
        validation images "val_loss" and "val_accuracy".
    n_epochs_, n_iter_ : int
        Number of epochs in the history.
    loss_curve_ : list of float
        The loss of each epoch, as in the history.
    best_epoch_ : int
        The epoch, from 1, whose weights were kept.
    weights_ : list of ndarray of float32
        All trained weights: those of the head, then those of the backbone's last layers.

    See Also
    --------
    KerasDenseClassifier : The head alone, on features.
    PretrainedCNNFeatures : The backbone alone, without training.

    Notes
    -----
    A FrameSequence is never in memory as a whole. `fit` decodes it once, in the order of the video,
    into a temporary file without a name, in the folder for temporary files (``TMPDIR``). It takes
    150 KB an image of 224 x 224, or 450 MB for 3,000, and is gone when `fit` ends, however it ends.

    A pickle holds the trained weights, and the names of the backbone and of its weights. If you
    gave a path, the unchanged file must exist where the pickle is loaded.

    References
    ----------
    J. Yosinski, J. Clune, Y. Bengio and H. Lipson, "How transferable are features in deep neural
    networks?", NeurIPS 2014.

    Examples
    --------
    Three dense layers on MobileNetV2, until nine of ten held-out frames are right:

    >>> from sktime_screen import FineTunedCNNClassifier
    >>> classifier = FineTunedCNNClassifier(
    ...     "mobilenet_v2", hidden_layer_sizes=(1024, 512, 256), dropout=0.5, optimizer="sgd",
    ...     learning_rate=0.001, validation_fraction=0.2, target_accuracy=0.9,
    ... )

    Red and blue images, told apart by a network that was never trained:

    >>> import numpy as np
    >>> images = np.zeros((16, 32, 32, 3), np.uint8)
    >>> images[:8, ..., 0] = images[8:, ..., 2] = 255
    >>> classifier = FineTunedCNNClassifier(weights=None, random_state=0)
    >>> classifier.fit(images, ["red"] * 8 + ["blue"] * 8).predict(images[[0, -1]])
    array(['red', 'blue'], dtype='<U4')
    """

    _parameter_constraints = {
        **KerasDenseClassifier._parameter_constraints,
        "backbone": [str, os.PathLike],
        "weights": [str, os.PathLike, None],
        "trainable_layers": [Interval(Integral, 0, None, closed="left")],
        "warm_up_epochs": [Interval(Integral, 0, None, closed="left")],
        "fine_tuning_rate": [Interval(Real, 0, None, closed="neither")],
        "horizontal_flip": ["boolean"],
        "shift": [Interval(Real, 0, 1, closed="left")],
        "colour": [Interval(Real, 0, 1, closed="left")],
    }
    for parameter in ("cv", "warm_start"):
        _parameter_constraints.pop(parameter)
    del parameter

    def __init__(
        self,
        backbone="efficientnet_lite0",
        *,
        weights="imagenet",
        trainable_layers=4,
        warm_up_epochs=5,
        fine_tuning_rate=0.0001,
        horizontal_flip=True,
        shift=0.1,
        colour=0.1,
        hidden_layer_sizes=(64,),
        activation="relu",
        dropout=0.2,
        batch_normalization=False,
        l2=0.01,
        loss="auto",
        optimizer="adam",
        learning_rate=0.001,
        momentum=0.9,
        epochs=20,
        batch_size=32,
        class_weight=None,
        validation_fraction=None,
        early_stopping=False,
        patience=10,
        monitor="auto",
        target_accuracy=None,
        random_state=None,
        verbose=0,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.trainable_layers = trainable_layers
        self.warm_up_epochs = warm_up_epochs
        self.fine_tuning_rate = fine_tuning_rate
        self.horizontal_flip = horizontal_flip
        self.shift = shift
        self.colour = colour
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_normalization = batch_normalization
        self.l2 = l2
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.epochs = epochs
        self.batch_size = batch_size
        self.class_weight = class_weight
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.patience = patience
        self.monitor = monitor
        self.target_accuracy = target_accuracy
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, validation_data=None) -> Self:
        """Train the head and the last layers of the backbone.

        Parameters
        ----------
        X : FrameSequence, ndarray of shape (n, height, width, 3) uint8, or list of images
            The images, RGB from 0 to 255.
        y : array-like or DataFrame of shape (n,) or (n, n_labels)
            One class an image (strings, integers or booleans), or a table with a 0/1 column a
            label, where NaN is a label that is not known, see :class:`KerasDenseClassifier`.
        sample_weight : array-like of shape (n,), default=None
            Weights of the images.
        validation_data : tuple, default=None
            ``(X, y)`` or ``(X, y, sample_weight)`` to measure each epoch on, instead of a
            `validation_fraction`.

        Returns
        -------
        FineTunedCNNClassifier
            Itself.

        Raises
        ------
        ValueError
            If these are not uint8 RGB images of one size, or too small for the backbone; if
            there is no such backbone, or it has too few layers; if there are fewer than two
            classes, or images lack a label; if training diverges.
        TypeError
            If X holds no images.
        WeightsUnavailableError
            If the ImageNet weights cannot be downloaded.
        WeightsFileError
            If the file given as `weights` does not hold weights of this backbone.
        """
        images = check_images(X)
        labels = read_labels(y, partly=True)
        self._set_encoding(TargetEncoding.from_labels(labels, self.loss))
        self.image_shape_ = images.shape[1:]
        self._architecture = self._describe_network()
        if validation_data is not None:
            check_validation_data(validation_data)
        fraction = choose_held_out_share(self)
        validates = validation_data is not None or fraction is not None
        stopping = Stopping.of(self, validates=validates)
        network = get_shared_network(FineTunedNetwork, self._architecture)
        generator = self._new_generator()
        with ExitStack() as stack:
            train = stack.enter_context(self._open(images, labels, sample_weight))
            validation = None
            if validation_data is not None:
                held_out, held_out_labels, *weight = validation_data
                validation = stack.enter_context(
                    self._open(self._images(held_out), held_out_labels, *weight)
                )
            elif fraction is not None:
                held_out = hold_out_rows(images, train.Y, fraction, generator)
                train, validation = train.only(~held_out), train.only(held_out)
            self._train(network, train, validation, stopping, generator)
        return self

    def _describe_network(self):
        backbone, weights = os.fspath(self.backbone), self.weights and os.fspath(self.weights)
        return {
            "backbone": backbone,
            "weights": weights,
            "weights_identity": as_backbone(backbone).identify_weights(weights),
            "image_size": self.image_shape_[:2],
            "trainable_layers": int(self.trainable_layers),
            "n_outputs": self._encoding.n_outputs,
            "softmax": self._encoding.softmax,
            "hidden_layer_sizes": check_layer_sizes(self.hidden_layer_sizes),
            "activation": self.activation,
            "batch_normalization": bool(self.batch_normalization),
            "optimizer": self.optimizer,
        }

    @contextmanager
    def _open(self, images, labels, sample_weight=None):
        """Bring images and what is known of them together, ready to be read in any order."""
        labels = self._encoding.read(labels)
        check_consistent_length(images, labels)
        if sample_weight is not None:
            sample_weight = check_sample_weight(
                sample_weight, labels, dtype=np.float32, ensure_non_negative=True
            )
        targets = self._encoding.encode(labels)
        weights = self._encoding.weights(labels, self.class_weight, sample_weight)
        with decode_images(images) as decoded:
            yield Rows(decoded, targets, weights, np.arange(len(decoded)))

    def _train(self, network, train, validation, stopping, generator):
        self.history_ = {}
        with network.lock:
            network.load(network.draw_weights(generator))
            network.start_optimizer()
            self.weights_, self.best_epoch_ = run_epochs(
                network,
                train,
                validation,
                learning_rates=[self.learning_rate] * self.epochs,
                stopping=stopping,
                generator=generator,
                history=self.history_,
                verbose=self.verbose,
                batch_size=self.batch_size,
                l2=self.l2,
                dropout=self.dropout,
                momentum=self.momentum,
                warm_up_epochs=self.warm_up_epochs,
                fine_tuning_rate=self.fine_tuning_rate,
                augmentation=Augmentation(self.horizontal_flip, self.shift, self.colour),
            )
        self.loss_curve_ = self.history_["loss"]
        self.n_epochs_ = self.n_iter_ = len(self.loss_curve_)

    def _images(self, X):
        images = check_images(X)
        if images.shape[1:] != self.image_shape_:
            height, width, _ = self.image_shape_
            raise ValueError(
                f"The images have the shape {images.shape[1:]}, those given to fit had "
                f"{self.image_shape_}: put ImageResizer(({height}, {width})) before "
                f"{type(self).__name__}, for fit as for predict."
            )
        return images

    def _logits(self, X):
        check_is_fitted(self)
        images = self._images(X)
        network = get_shared_network(FineTunedNetwork, self._architecture)
        logits = np.empty((len(images), self._encoding.n_outputs), np.float32)
        with network.lock:
            network.load(self.weights_)
            for rows, batch in iter_image_batches(images):
                logits[rows] = network.logits(batch)
        return logits

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
