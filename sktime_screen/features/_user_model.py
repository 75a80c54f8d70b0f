"""A Keras model of the user's own, live or saved, as a backbone."""

import hashlib
import os
import re
from pathlib import Path

from .._keras import load_keras
from ._backbone import Backbone, pool
from ._errors import WeightsFileError


class UserModel(Backbone):
    """A model that brings its own weights and its own preprocessing."""

    def __init__(self, model):
        shape = getattr(model, "input_shape", None) if getattr(model, "built", False) else None
        if not isinstance(shape, tuple) or len(shape) != 4 or shape[-1] not in (3, None):
            raise ValueError(
                f"The model {model.name!r} takes an input of shape {shape}; expected one input "
                f"(None, height, width, 3). A Sequential model needs a keras.Input first."
            )
        if not isinstance(model.output_shape, tuple) or len(model.output_shape) not in (2, 4):
            raise ValueError(
                f"The model {model.name!r} gives {model.output_shape}; expected one output, "
                f"(None, n_features) or (None, height, width, channels)."
            )
        self.name = re.sub(r"\W+", "_", model.name).lower()
        height, width = shape[1:3]
        self.input_size = None if height is None or width is None else (height, width)
        self.model = model

    @classmethod
    def from_file(cls, path):
        """Load a model that ``model.save`` wrote."""
        path = os.fspath(path)
        if not os.path.isfile(path):
            raise FileNotFoundError(f"No such model: {path!r} (looked in {os.getcwd()!r}).")
        try:
            model = load_keras().saving.load_model(path, compile=False)
        except Exception as error:
            raise WeightsFileError(
                f"{path!r} cannot be loaded as a Keras model: {error} A file of weights alone "
                f'goes with the name of its network: backbone="vgg16", weights={path!r}.'
            ) from error
        backbone = cls(model)
        backbone.name = re.sub(r"\W+", "_", Path(path).stem).lower()
        return backbone

    def build(self, input_shape, pooling=None):
        """Put the pooling behind the model, which keeps its weights."""
        if self.input_size is not None and tuple(input_shape[:2]) != self.input_size:
            raise ValueError(
                "The model {!r} takes images of {} x {} pixels (height x width), found "
                "{} x {}: put ImageResizer({}) before it.".format(
                    self.model.name, *self.input_size, *input_shape[:2], self.input_size
                )
            )
        keras = load_keras()
        images = keras.Input(input_shape)
        features = self.model(images, training=False)
        if len(features.shape) == 4 and pooling is not None:
            features = pool(features, pooling)
        return keras.Model(images, features)

    def preprocess(self, images):
        """Hand the images on: the model's own layers do what it needs."""
        return images

    def load(self, model, weights, pooling=None):
        """Return the model: its weights are in it."""
        return model

    def identify_weights(self, weights):
        """Tell this model from any other, in any process."""
        digest = hashlib.blake2b(self.model.to_json().encode(), digest_size=16)
        for weight in self.model.get_weights():
            digest.update(weight.tobytes())
        return f"model={digest.hexdigest()}"

    def _load_imagenet(self, model, pooling):
        return model
