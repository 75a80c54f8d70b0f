"""Several backbones as one, whose features stand side by side."""

from .._keras import load_keras
from ._backbone import Backbone


class ConcatenatedBackbone(Backbone):
    """Backbones that look at the same images.

    Their maps have to have the same height and width: each place has the channels of the first,
    then those of the second, and so on.
    """

    def __init__(self, members):
        self.name = "+".join(member.name for member in members)
        self.input_size = members[0].input_size
        self._members = members

    def build(self, input_shape, pooling=None):
        return self._concatenate([member.build(input_shape, pooling) for member in self._members])

    def preprocess(self, images):
        # Each its own way, in the network.
        return images

    def _concatenate(self, models):
        keras = load_keras()
        places = {model.output_shape[1:-1] for model in models}
        if len(places) > 1:
            sizes = ", ".join(" x ".join(map(str, model.output_shape[1:])) for model in models)
            raise ValueError(
                f"The maps of {self.name} differ in height or width ({sizes}), so they cannot be "
                f"joined: take backbones with equal maps, or pooling='avg'."
            )
        images = keras.Input(models[0].input_shape[1:])
        features = [
            model(member.preprocess(images))
            for member, model in zip(self._members, models, strict=True)
        ]
        return keras.Model(images, keras.layers.Concatenate()(features))

    def _load_imagenet(self, model, pooling):
        models = [layer for layer in model.layers if isinstance(layer, load_keras().Model)]
        return self._concatenate(
            [
                member.load(its_model, "imagenet", pooling)
                for member, its_model in zip(self._members, models, strict=True)
            ]
        )

    def _load_file(self, model, path):
        raise ValueError(
            f"weights={path!r}: one file cannot hold the weights of the networks {self.name}: "
            f"'imagenet' or None is expected, or one network."
        )
