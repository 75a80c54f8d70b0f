"""A network that judges each place of a feature map, and pools what it finds."""

from math import log

from ._network import DenseNetwork, _by_blocks, dropout_layer


class MapNetwork(DenseNetwork):
    """Dense networks that are applied to each place of a map; their outputs are pooled."""

    def __init__(self, n_places, pooling_sharpness, **head):
        self._n_places = n_places
        self._pooling_sharpness = pooling_sharpness
        super().__init__(**head)

    def _make_layers(
        self, n_features, n_outputs, hidden_layer_sizes, activation, batch_normalization
    ):
        keras = self._keras
        n_channels = n_features // self._n_places
        _, *dense = super()._make_layers(
            n_channels, n_outputs, hidden_layer_sizes, activation, batch_normalization, drops=False
        )
        return [
            keras.Input((n_features,)),
            keras.layers.Reshape((self._n_places, n_channels)),
            # The same channels everywhere: places side by side would give away what is missing.
            dropout_layer(keras, self._dropout, shared_axis=1),
            *dense,
        ]

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
