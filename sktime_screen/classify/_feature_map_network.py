"""A network that judges each position of a feature map, and pools what it finds."""

from functools import lru_cache
from math import log

from ._network import DenseNetwork, _by_blocks


@lru_cache(maxsize=4)
def map_network(**architecture):
    """Give the network of an architecture, the same one for every call with equal arguments."""
    return MapNetwork(**architecture)


class MapNetwork(DenseNetwork):
    """Dense networks that are applied to each place of a map; their outputs are pooled."""

    def __init__(self, n_places, pooling_sharpness, **head):
        self._n_places = n_places
        self._pooling_sharpness = pooling_sharpness
        super().__init__(**head)

    def _make_layers(
        self, n_features, n_outputs, hidden_layer_sizes, activation, dropout, batch_normalization
    ):
        layers = self._keras.layers
        n_channels = n_features // self._n_places
        entrance = [
            self._keras.Input((n_features,)),
            layers.Reshape((self._n_places, n_channels)),
        ]
        if dropout:
            # The same channels everywhere: places side by side would give away what is missing.
            entrance.append(layers.SpatialDropout1D(dropout, seed=0))
        _, *dense = super()._make_layers(
            n_channels, n_outputs, hidden_layer_sizes, activation, 0.0, batch_normalization
        )
        return entrance + dense

    def _outputs(self, x, training):
        return [self._pool(places) for places in super()._outputs(x, training)]

    def _pool(self, places):
        pooled = self._keras.ops.logsumexp(self._pooling_sharpness * places, axis=1) - log(
            self._n_places
        )
        return pooled / self._pooling_sharpness

    def _trace(self, n_features):
        import tensorflow as tf

        super()._trace(n_features)

        @tf.function(input_signature=[tf.TensorSpec((None, n_features), tf.float32)])
        def place_logits(X):
            return tf.reduce_mean([model(X, training=False) for model in self._models], axis=0)

        self._place_logits = place_logits.get_concrete_function()

    def place_logits(self, X):
        """Compute the outputs at each place, before they are pooled.

        Shapes: ``X`` (n, n_features) -> float32 (n, n_places, n_outputs).
        """
        return _by_blocks(self._place_logits, X)
