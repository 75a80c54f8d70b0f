"""Networks ready to run, kept for the life of the process and shared by equal transformers."""

import math
import os
import re
from collections import OrderedDict
from threading import RLock

from .._keras import load_keras
from ._backbones import get_backbone, is_model_path
from ._engines import KerasEngine, OpenVINOEngine
from ._user_model import UserModel

_MAX_NETWORKS = 4

_networks = OrderedDict()
_lock = RLock()


class Network:
    """A backbone with preprocessing and pooling, for pictures of one size.

    Its weights are read when the first pictures come.

    Parameters
    ----------
    backbone : Backbone
        What is run.
    weights : "imagenet", None, or path
        Its weights.
    pooling : {"avg", "max"} or None
        How a feature map becomes a row.
    picture_size : tuple of int
        Height and width in pixels.
    engine : {"openvino", "keras"}
        What runs it.
    precision : {"float32", "bfloat16"}
        Of the numbers inside the network.

    Raises
    ------
    ValueError
        If the pictures are too small for the backbone, or not of the one size it takes.
    """

    def __init__(self, backbone, weights, pooling, picture_size, engine, precision):
        self.name = backbone.name
        self._backbone = backbone
        self._weights = weights
        self._pooling = pooling
        self._picture_size = picture_size
        self._engine_name = engine
        self._precision = precision
        self._model = build_model(backbone, picture_size, pooling)
        self.n_features = math.prod(self._model.output_shape[1:])
        self._engine = self._converted = None
        self._loading = RLock()

    @property
    def identity(self):
        """Everything that the features of a picture depend on, as text."""
        height, width = self._picture_size
        # Asked anew each time of a live model, which its owner may go on training.
        weights = self._converted or self._backbone.weights_identity(self._weights)
        return (
            f"{self.name} {weights} pooling={self._pooling} {height}x{width} "
            f"{self._engine_name} {self._precision}"
        )

    def run(self, batches, batch_size, store):
        """Compute the features of many batches.

        Parameters
        ----------
        batches : iterable of (rows, pictures)
            Row numbers, (n,), and uint8 pictures, (n, height, width, 3).
        batch_size : int
            The most pictures in a batch.
        store : callable
            Called as ``store(rows, features)``, for a part of a batch at a time.
        """
        with self._loading:
            if self._engine is None:
                self._engine = self._load()
                self._model = None
                if self._engine_name == "openvino":
                    # The converted network is all that is needed from here on.
                    self._converted = self._backbone.weights_identity(self._weights)
                    self._backbone = None
        self._engine.run(batches, batch_size, store)

    def _load(self):
        keras = load_keras()
        core = self._backbone.load(self._model, self._weights, self._pooling)
        if self._engine_name == "keras" and self._precision == "bfloat16":
            for layer in core.layers:
                layer.dtype_policy = "mixed_bfloat16"
        pictures = keras.Input(core.input_shape[1:], dtype="uint8")
        features = core(self._backbone.preprocess(keras.ops.cast(pictures, "float32")))
        if len(features.shape) > 2:
            features = keras.layers.Flatten()(features)
        model = keras.Model(pictures, keras.ops.cast(features, "float32"))
        if self._engine_name == "openvino":
            return OpenVINOEngine(model, self._precision)
        return KerasEngine(model)


def build_model(backbone, picture_size, pooling):
    """Build a backbone for pictures of one size, with weights of no meaning.

    Parameters
    ----------
    backbone : Backbone
        What is built.
    picture_size : tuple of int
        Height and width in pixels.
    pooling : {"avg", "max"} or None
        How a feature map becomes a row.

    Returns
    -------
    keras.Model
        To be given its weights with ``backbone.load``.

    Raises
    ------
    ValueError
        If the pictures are too small for the backbone, or not of the one size it takes.
    """
    try:
        return backbone.build((*picture_size, 3), pooling)
    except ValueError as error:
        too_small = re.search(r"Input size must be at least (\d+)x(\d+)", str(error))
        if too_small is None:
            raise
        height, width = picture_size
        raise ValueError(
            f"{backbone.name} takes pictures of at least {too_small[1]} x {too_small[2]} pixels, "
            f"found {height} x {width}: put ImageResizer({backbone.input_size}) before it."
        ) from error


def get_network(backbone, weights, pooling, picture_size, engine, precision):
    """Return a network, made now or earlier in this process.

    Parameters
    ----------
    backbone : str, path-like or keras.Model
        A name of the registry, the path of a saved model, or a model.
    weights : "imagenet", None, or path
        The weights of a backbone that was named.
    pooling : {"avg", "max"} or None
        How a feature map becomes a row.
    picture_size : tuple of int
        Height and width in pixels.
    engine : {"openvino", "keras"}
        What runs it.
    precision : {"float32", "bfloat16"}
        Of the numbers inside the network.

    Returns
    -------
    Network
        The same object for the same arguments, as long as no file among them has changed.
    """
    settings = (pooling, tuple(picture_size), engine, precision)
    key = (_identity(backbone), _identity(weights), *settings)
    with _lock:
        if key not in _networks:
            _networks[key] = Network(as_backbone(backbone), weights, *settings)
        _networks.move_to_end(key)
        while len(_networks) > _MAX_NETWORKS:
            _networks.popitem(last=False)
        return _networks[key]


def as_backbone(backbone):
    """Turn what a user may give as ``backbone=`` into a Backbone.

    Parameters
    ----------
    backbone : str, path-like or keras.Model
        A name of the registry, the path of a saved model, or a model.

    Returns
    -------
    Backbone
        How the network is built, fed and given its weights.
    """
    if not isinstance(backbone, (str, os.PathLike)):
        return UserModel(backbone)
    return UserModel.from_file(backbone) if is_model_path(backbone) else get_backbone(backbone)


def _identity(source):
    """Return what tells a name, a file or a live model from any other."""
    if not isinstance(source, (str, os.PathLike, type(None))):
        # The network holds on to the model, so its id cannot come back while the key is kept.
        return id(source)
    if source is None or not os.path.isfile(source):
        return source
    path = os.path.abspath(source)
    found = os.stat(path)
    return path, found.st_mtime_ns, found.st_size
