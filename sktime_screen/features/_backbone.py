"""What a backbone is: a network without its classifier, built, fed and given its weights."""

import os
import warnings
from abc import ABC, abstractmethod

import numpy as np

from .._keras import load_keras
from ..video import digest_file
from ._errors import WeightsFileError


class Backbone(ABC):
    """A network without its classifier.

    - ``name``: its name in the registry, which also begins the names of its features.
    - ``input_size``: height and width of the images it was trained on, in pixels.
    """

    name: str
    input_size: tuple[int, int] | None

    @abstractmethod
    def build(self, input_shape, pooling=None):
        """Build the network with weights of no meaning; nothing is read or downloaded."""

    @abstractmethod
    def preprocess(self, images):
        """Bring pixel values to what the network was trained on.

        Shapes: ``images`` (n, height, width, 3).
        """

    def load(self, model, weights, pooling=None):
        """Give a network that was built its weights."""
        if weights is None:
            _draw_weights(model)
        elif weights == "imagenet":
            model = self._load_imagenet(model, pooling)
        else:
            self._load_file(model, os.fspath(weights))
        return model

    def identify_weights(self, weights):
        """Tell these weights from any others, in any process."""
        return identify_weights(weights)

    @abstractmethod
    def _load_imagenet(self, model, pooling):
        """Return the network with its ImageNet weights."""

    def _load_file(self, model, path):
        if not os.path.isfile(path):
            raise FileNotFoundError(
                f"No such file of weights: {path!r} (looked in {os.getcwd()!r}). weights= takes "
                f"'imagenet', None or the path of a file."
            )
        if not path.endswith((".h5", ".hdf5", ".keras")):
            raise WeightsFileError(
                f"{path!r}: expected a file .weights.h5, .h5 or .keras with the weights of "
                f"{self.name}."
            )
        # Keras warns and goes on where a file lacks a layer. Such a gap stays NaN and is found.
        learned = [weight for weight in model.weights if "float" in weight.dtype]
        for weight in learned:
            weight.assign(np.full(weight.shape, np.nan, np.float32))
        failure = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                model.load_weights(path)
            except Exception as error:
                failure = error
        to_numpy = load_keras().ops.convert_to_numpy
        if failure or any(np.isnan(to_numpy(weight.value)).any() for weight in learned):
            raise WeightsFileError(
                f"{path!r} does not hold the weights of {self.name} without its classifier "
                f"(include_top=False): {failure or 'some layers are not in it.'}"
            ) from failure


def identify_weights(weights):
    """Tell the weights of a backbone that was named from any others, in any process."""
    if weights is None or weights == "imagenet":
        return f"weights={weights}"
    return f"weights={digest_file(os.fspath(weights)).hex()}"


def check_poolings(pooling):
    """Return what ``pooling=`` names, one or several, as a tuple."""
    poolings = tuple(pooling) if isinstance(pooling, (tuple, list)) else (pooling,)
    known = all(pooling in ("avg", "max", "class_token", None) for pooling in poolings)
    if not (known and poolings and len(set(poolings)) == len(poolings)):
        raise ValueError(
            f"pooling={pooling!r}: several poolings are 'avg', 'max', 'class_token' and None, each "
            f"once, as in ('avg', 'max')."
        )
    return poolings


def pool(feature_map, pooling):
    """Turn a feature map into a row.

    Shapes: ``feature_map`` (n, height, width, channels) -> (n, channels) or (n, height * width *
    channels).
    """
    layers = load_keras().layers
    pools = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}
    return pools.get(pooling, layers.Flatten)()(feature_map)


def _draw_weights(model):
    # The seed is fixed because a transformer loaded in another process has to give the same
    # features; the layers' own initialisers would draw from Keras's global generator.
    generator = np.random.default_rng(0)
    for weight in model.weights:
        if len(weight.shape) > 1:
            # A depthwise kernel, (height, width, channels, 1), sees one channel at a time.
            fan_in = np.prod(weight.shape[:-2] if weight.shape[-1] == 1 else weight.shape[:-1])
            drawn = generator.standard_normal(weight.shape, np.float32)
            weight.assign(drawn * np.float32(np.sqrt(2 / fan_in)))
