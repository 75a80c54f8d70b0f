"""Networks ready to run, kept for the life of the process and shared by equal transformers."""

import math
import os
import re
from collections import OrderedDict
from contextlib import suppress
from functools import partial
from threading import RLock

from .._keras import get_keras_backend, load_keras
from ..video import read_file_state
from ._backbone import identify_weights, pool
from ._backbones import get_backbone, is_model_path
from ._concatenated_backbone import ConcatenatedBackbone
from ._encoder import Encoder, EncoderNetwork, find_image_size, read_whole_encoder
from ._engines import (
    OpenVINOEngine,
    RunsWhenNeeded,
    convert,
    deserialize,
    has_gpu,
    serialize,
    unflatten,
)
from ._keras_engine import KerasEngine, largest_batch
from ._keras_runners import make_runner
from ._network_files import is_network_path
from ._openvino_cache import CachedNetwork
from ._torch_inference import fuse_normalization, keep_channels_last
from ._user_model import UserModel

_MAX_NETWORKS = 4

_networks = OrderedDict()
_lock = RLock()


class Network(RunsWhenNeeded):
    """A backbone with preprocessing and pooling, for images of one size.

    Its weights are read when the first images come.

    - ``columns``: for each part of a row what the names of its columns begin with, and how many
      they are.
    - ``map_size``: height and width of the map that a row is; None where it is none or more
      than that.
    """

    def __init__(self, backbone, weights, poolings, image_size, engine, precision):
        super().__init__()
        self._source = backbone
        self._weights = weights
        self._poolings = poolings
        self._image_size = image_size
        self._engine_name = engine
        self._precision = precision
        self._backbone = self._model = self._loaded_weights = None
        cached = self._find_cache_file()
        description = cached and cached.read_header()
        if description:
            self._name = description["name"]
            self.columns = description["columns"]
            self.map_size = description["map_size"] and tuple(description["map_size"])
        else:
            self._build()
            self._name = self._backbone.name
            self.columns = self._name_columns()
            shape = self._model.output_shape[1:]
            alone = self._poolings == (None,) and len(shape) == 3
            self.map_size = shape[:2] if alone else None

    @property
    def identity(self):
        """Everything that the features of an image depend on, as text."""
        height, width = self._image_size
        poolings = "+".join(map(str, self._poolings))
        # Asked anew each time of a live model, which its owner may go on training.
        weights = self._loaded_weights or self._identify_weights()
        return (
            f"{self._name} {weights} pooling={poolings} {height}x{width} "
            f"{self._engine_name} {self._precision}"
        )

    @property
    def largest_batch(self):
        """The most images in a batch where ``batch_size="auto"`` leaves it to the engine."""
        return largest_batch(self._image_size, gpu=self._engine_name == "keras" and has_gpu())

    def _identify_weights(self):
        if self._backbone is None:
            return identify_weights(self._weights)
        return self._backbone.identify_weights(self._weights)

    def _find_cache_file(self):
        """Return where the converted network is kept, or None where it is not."""
        # What a user's own model computes may depend on code that is not in its file.
        own = not isinstance(self._source, str) or is_model_path(self._source)
        if self._engine_name != "openvino" or own:
            return None
        if self._weights not in (None, "imagenet") and not os.path.isfile(self._weights):
            return None
        weights = identify_weights(self._weights)
        return CachedNetwork(self._source, weights, self._poolings, self._image_size)

    def _build(self):
        self._backbone = as_backbone(self._source)
        self._model = build_model(self._backbone, self._image_size, self._single_pooling)

    @property
    def _single_pooling(self):
        """What the backbone itself is built with: several poolings come after it."""
        return self._poolings[0] if len(self._poolings) == 1 else None

    def _name_columns(self):
        shape = self._model.output_shape[1:]
        size = math.prod(shape)
        # A model of the user's own may give rows, in which there is nothing to pool.
        if len(self._poolings) == 1 or len(shape) == 1:
            return [(self._name, size)]
        return [
            (f"{self._name}_{pooling or 'map'}", shape[-1] if pooling else size)
            for pooling in self._poolings
        ]

    def _load(self):
        if self._engine_name == "keras":
            return KerasEngine(make_runner(self._build_full_model()), self.largest_batch)
        return OpenVINOEngine(self._convert(), self._precision)

    def convert_whole(self):
        """Return the network for OpenVINO, a map not flattened."""
        converted = self._convert()
        return converted if self.map_size is None else unflatten(converted, self.map_size)

    def _convert(self):
        cached = self._find_cache_file()
        converted = cached and self._read_cached(cached)
        if converted is None:
            converted = convert(self._build_full_model())
            # Weights that were exchanged meanwhile are known by another name.
            if cached and cached.identity == self._find_cache_file().identity:
                description = {
                    "name": self._name,
                    "columns": self.columns,
                    "map_size": self.map_size,
                }
                cached.write(description, partial(serialize, converted))
        # The converted network is all that is needed from here on.
        self._loaded_weights = self._identify_weights()
        self._backbone = self._model = None
        return converted

    def _read_cached(self, cached):
        """Return the converted network from its file, or None where that holds no such network."""
        with suppress(Exception):  # OpenVINO raises anything
            network = deserialize(*cached.read())
            size = sum(size for _, size in self.columns)
            return network if network.output(0).partial_shape[1] == size else None
        return None

    def _build_full_model(self):
        """Return the network with its weights, from pixels of uint8 to a row of float32."""
        if self._model is None:
            self._build()
        keras = load_keras()
        core = self._backbone.load(self._model, self._weights, self._single_pooling)
        self._model = None
        # A live model stays as its owner made it.
        if self._engine_name == "keras" and isinstance(self._source, (str, os.PathLike)):
            for layer in flatten_layers(core):
                if self._precision == "bfloat16":
                    layer.dtype_policy = "mixed_bfloat16"
                if get_keras_backend() == "torch":
                    fuse_normalization(layer)
            if get_keras_backend() == "torch" and not is_model_path(self._source):
                keep_channels_last(core)
        images = keras.Input(core.input_shape[1:], dtype="uint8")
        features = core(self._backbone.preprocess(keras.ops.cast(images, "float32")))
        if len(features.shape) > 2:
            parts = [pool(features, pooling) for pooling in self._poolings]
            features = keras.ops.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
        return keras.Model(images, keras.ops.cast(features, "float32"))


def build_model(backbone, image_size, pooling):
    """Build a backbone for images of one size, with weights of no meaning."""
    try:
        return backbone.build((*image_size, 3), pooling)
    except ValueError as error:
        too_small = re.search(r"Input size must be at least (\d+)x(\d+)", str(error))
        if too_small is None:
            raise
        height, width = image_size
        raise ValueError(
            f"{backbone.name} takes images of at least {too_small[1]} x {too_small[2]} pixels, "
            f"found {height} x {width}: put ImageResizer({backbone.input_size}) before it."
        ) from error


def get_network(backbone, weights, poolings, image_size, engine, precision):
    """Return a network, made now or earlier in this process."""
    settings = (tuple(poolings), tuple(image_size), engine, precision)
    key = (_identify(backbone), _identify(weights), *settings)
    with _lock:
        if key not in _networks:
            _networks[key] = make_network(backbone, weights, *settings)
        _networks.move_to_end(key)
        while len(_networks) > _MAX_NETWORKS:
            _networks.popitem(last=False)
        return _networks[key]


def make_network(backbone, weights, *settings):
    """Return a network that nobody shares; the settings are those of `get_network`."""
    if isinstance(backbone, Encoder):
        return EncoderNetwork(backbone, *settings)
    return Network(backbone, weights, *settings)


def convert_network(backbone, weights, image_size):
    """Return a network for OpenVINO, from images (n, height, width, 3) of uint8 to its answer.

    That is a map (n, height, width, channels), or tokens or rows as the network gives them.
    """
    if isinstance(backbone, Encoder):
        return read_whole_encoder(backbone, image_size)
    return Network(backbone, weights, (None,), image_size, "openvino", "float32").convert_whole()


def as_backbone(backbone):
    """Turn what a user may give as ``backbone=`` into a Backbone."""
    if not isinstance(backbone, (str, os.PathLike)):
        return UserModel(backbone)
    if is_network_path(backbone):
        raise ValueError(
            f"{os.fspath(backbone)!r} can be run and not trained: PretrainedCNNFeatures takes it. "
            f"Here a name of list_backbones() or the path of a .keras file is expected."
        )
    if is_model_path(backbone):
        return UserModel.from_file(backbone)
    members = [get_backbone(name) for name in backbone.split("+")]
    return ConcatenatedBackbone(members) if len(members) > 1 else members[0]


def find_input_size(backbone):
    """Return height and width of the images that a model wants; None for any, and for a name."""
    if is_network_path(backbone):
        return find_image_size(os.fspath(backbone))
    is_model = not isinstance(backbone, str) or is_model_path(backbone)
    return as_backbone(backbone).input_size if is_model else None


def flatten_layers(model):
    """Go through the layers of a model, and of models within it."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from flatten_layers(layer)
        else:
            yield layer


def _identify(source):
    """Return what tells a name, a file or a live model from any other."""
    if isinstance(source, Encoder):
        return source._replace(path=os.path.abspath(source.path)), source.read_state()
    if not isinstance(source, (str, os.PathLike, type(None))):
        # The network holds on to the model, so its id cannot come back while the key is kept.
        return id(source)
    if source is None or not os.path.isfile(source):
        return source
    return os.path.abspath(source), read_file_state(source)
