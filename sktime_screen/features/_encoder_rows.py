"""How what a network from elsewhere gives becomes rows: pooled tokens and maps."""

from math import prod

import numpy as np

from ._encoder_shape import find_grid_of_tokens, find_map_layout, has_class_token


class Answer:
    """What a network gives for an image: a row, tokens of patches, or a map.

    - ``grid``: height and width of the map, or of the patches; None of a row.
    """

    def __init__(self, shape, grids, channels_last, path):
        self._path = path
        self._shape = shape
        self._n_leading = 0
        self._channels_last = True
        self.grid = None
        if len(shape) == 2:
            self.grid, self._n_leading = find_grid_of_tokens(shape[0], grids, path)
        elif len(shape) == 3:
            self._channels_last = find_map_layout(shape, grids, channels_last, path)
            self.grid = shape[:2] if self._channels_last else shape[1:]
        elif len(shape) != 1:
            raise ValueError(
                f"{path!r} gives {shape} an image: expected (n, n_features), tokens as (n, "
                f"n_tokens, n_features), or a map. Name another output with output=."
            )
        self._n_channels = shape[-1] if self._channels_last else shape[0]

    def name_columns(self, name, poolings):
        """Return what the names of the columns of each pooling begin with, and how many it has."""
        if self.grid is None and poolings != ("avg",):
            raise ValueError(
                f"{self._path!r} gives one row of {self._n_channels} features for an image, which "
                f"leaves nothing to pool: leave pooling out, or name an output of tokens or of a "
                f"map with output=."
            )
        if "class_token" in poolings and not has_class_token(self._n_leading):
            raise ValueError(
                f"pooling='class_token': {self._path!r} gives {self._shape} an image, in which "
                f"there is no class token before the {' x '.join(map(str, self.grid))} positions."
            )
        sizes = [
            self._n_channels * (1 if pooling or self.grid is None else prod(self.grid))
            for pooling in poolings
        ]
        if len(poolings) == 1:
            return [(name, sizes[0])]
        names = [f"{name}_{pooling or 'map'}" for pooling in poolings]
        return list(zip(names, sizes, strict=True))

    def put_channels_last(self, network):
        """Return the network with the channels of its map last, or as it is."""
        from openvino import Model, opset13

        if self._channels_last:
            return network
        given = network.outputs[0].get_node().input_value(0)
        last = opset13.result(opset13.transpose(given, [0, 2, 3, 1]))
        return Model([last], network.get_parameters(), network.get_friendly_name())

    def append_poolings(self, network, poolings):
        """Return the network with rows of float32 as its answer."""
        from openvino import Model, opset13

        given = network.outputs[0].get_node().input_value(0)
        rows = given
        if self.grid is not None:
            parts = [self._pool(opset13, given, pooling) for pooling in poolings]
            rows = opset13.concat(parts, 1) if len(parts) > 1 else parts[0]
        rows = opset13.convert(rows, np.float32)
        return Model([opset13.result(rows)], network.get_parameters(), network.get_friendly_name())

    def _pool(self, ops, given, pooling):
        """Return a part of the rows, (n, n_features)."""
        if pooling == "class_token":
            return ops.gather(given, np.int64(0), np.int64(1))
        if self._n_leading:
            given = ops.slice(given, [self._n_leading], [self._shape[0]], [1], [1])
        if not self._channels_last:
            given = ops.transpose(given, [0, 2, 3, 1])
        n_positions = prod(self.grid)
        positions = ops.reshape(given, [0, n_positions, self._n_channels], special_zero=True)
        if pooling is None:
            return ops.reshape(given, [0, n_positions * self._n_channels], special_zero=True)
        reduce = {"avg": ops.reduce_mean, "max": ops.reduce_max}[pooling]
        return reduce(positions, [1])
