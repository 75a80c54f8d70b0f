"""Networks that judge each position of a feature map, and pool what they find."""

from math import log

import numpy as np

from ._backend_compilers import copy_value
from ._network import DenseNetwork, _by_blocks, make_dropout_layer


class MapNetwork(DenseNetwork):
    """Dense networks that are applied to each place of a map; their outputs are pooled."""

    def __init__(self, n_positions, pooling_sharpness, **head):
        self._n_positions = n_positions
        self._pooling_sharpness = pooling_sharpness
        super().__init__(**head)
        self._fresh_weights = self.weights()

    def _make_models(self, n_ensemble, n_features, n_outputs, hidden_layer_sizes, *settings):
        """Make one model of all networks: their first layers are one matrix product.

        Shapes: (n, n_features) -> (n, n_positions, n_ensemble, n_outputs).
        """
        keras, ops = self._keras, self._keras.ops
        activation, batch_normalization = settings
        n_channels = n_features // self._n_positions
        inputs = keras.Input((n_features,))
        maps = keras.layers.Reshape((self._n_positions, n_channels))(inputs)
        # The same channels everywhere: places side by side would give away what is missing.
        maps = make_dropout_layer(keras, self._dropout, shared_axis=1)(maps)
        places = ops.reshape(maps, (-1, n_channels))

        def stack(n_inputs, *sizes):
            return self._make_layers(
                n_inputs, n_outputs, sizes, activation, batch_normalization, drops=False
            )[1:]

        if hidden_layer_sizes:
            first, *others = hidden_layer_sizes
            layers = stack(n_channels, n_ensemble * first)
            shared, activate = layers[:-2], layers[-2]
            own = [[activate] + stack(first, *others) for _ in range(n_ensemble)]
        else:
            shared = [keras.layers.Dense(n_ensemble * n_outputs, kernel_initializer="zeros")]
            own = [[] for _ in range(n_ensemble)]
        for layer in shared:
            places = layer(places)
        outputs = ops.split(places, n_ensemble, axis=-1)
        for number, layers in enumerate(own):
            for layer in layers:
                outputs[number] = layer(outputs[number])
        shape = (-1, self._n_positions, n_ensemble, n_outputs)
        self._shared = [weight for layer in shared for weight in layer.weights]
        self._own = [[weight for layer in layers for weight in layer.weights] for layers in own]
        return [keras.Model(inputs, ops.reshape(ops.stack(outputs, axis=1), shape))]

    def load(self, weights):
        """Set the weights, network after network."""
        per_network = np.array_split(np.arange(len(weights)), len(self._own))
        networks = [[weights[number] for number in numbers] for numbers in per_network]
        n_shared = len(self._shared)
        for number, variable in enumerate(self._shared):
            variable.assign(np.concatenate([network[number] for network in networks], axis=-1))
        for variables, network in zip(self._own, networks, strict=True):
            for variable, value in zip(variables, network[n_shared:], strict=True):
                variable.assign(value)

    def weights(self):
        """Copy the weights out, network after network."""
        parts = [np.split(copy_value(w), len(self._own), axis=-1) for w in self._shared]
        return [
            weight
            for number, own in enumerate(self._own)
            for weight in [*(part[number].copy() for part in parts), *map(copy_value, own)]
        ]

    def _outputs(self, x, training):
        ops = self._keras.ops
        (model,) = self._models
        places = self._pooling_sharpness * model(x, training=training)
        pooled = (ops.logsumexp(places, axis=1) - log(self._n_positions)) / self._pooling_sharpness
        return ops.unstack(pooled, axis=1)

    def _trace(self, n_features):
        super()._trace(n_features)
        (model,), mean = self._models, self._keras.ops.mean
        self._place_logits = self._compile(
            lambda x: mean(model(x, training=False), axis=2), ((None, n_features), "float32")
        )

    def position_logits(self, X):
        """Compute the outputs at each place, before they are pooled.

        Shapes: ``X`` (n, n_features) -> float32 (n, n_positions, n_outputs).
        """
        return _by_blocks(self._place_logits, X)
