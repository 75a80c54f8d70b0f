"""The colours at each position of a feature map, which networks trained on photographs heed little.

What is seen at a position is a histogram over fixed colours (M. J. Swain and D. H. Ballard, "Color
indexing", IJCV 1991), in which a pixel counts for those near it. Its square root (R. Arandjelovic
and A. Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012) keeps
a large even area from hiding all else.
"""

from functools import cache

import cv2
import numpy as np

from ._palette import PALETTE

# To be raised when the same images give other numbers than before.
_VERSION = 1
# Of 8-bit L*a*b*: light and shade change a colour less than its hue is changed by another thing.
_WEIGHTS = np.array([0.5, 1.5, 1.5], np.float32)
# How far a pixel counts for colours: half the way from one to the next, in the middle.
_SPREAD = 9.66
# Colours are looked up by the highest bits of each channel.
_BITS = 5
# Histograms reach to so many standard deviations of the network's features of the same image.
_HEIGHT = 8.0


class ColoredNetwork:
    """A network of maps with the colours at each position beside its channels; see `Network`.

    - ``n_colors``: how many of the channels at each position, the last, are colours.
    """

    n_colors = len(PALETTE)

    def __init__(self, network):
        self._network = network
        self.map_size = network.map_size
        n_positions = network.map_size[0] * network.map_size[1]
        self.columns = [
            (name, size + n_positions * self.n_colors) for name, size in network.columns
        ]
        self.largest_batch = network.largest_batch

    @property
    def identity(self):
        return f"{self._network.identity} colors {_VERSION}"

    def run(self, batches, batch_size, store):
        """Compute the features of many batches."""
        colors = {}

        def look():
            for rows, images in batches:
                for row, image in zip(rows, images, strict=True):
                    colors[row] = compute_colors(image, self.map_size)
                yield rows, images

        def add(rows, maps):
            beside = np.stack([colors.pop(row) for row in rows])
            beside *= _HEIGHT * maps.std(axis=1, dtype=np.float32)[:, None, None]
            maps = maps.reshape(*beside.shape[:2], -1)
            store(rows, np.concatenate([maps, beside], axis=2).reshape(len(maps), -1))

        self._network.run(look(), batch_size, add)


def compute_colors(image, map_size):
    """Return square roots of histograms of the colours at each position of a map.

    Shapes: ``image`` (height, width, 3) uint8 RGB -> float32 (n_positions, n_colors).
    """
    # Half the size tells the colours as well, in a quarter of the time; whole pixels a position.
    sides = zip(image.shape[1::-1], map_size[::-1], strict=True)
    half = [n_positions * max(side // (2 * n_positions), 1) for side, n_positions in sides]
    pixels = cv2.cvtColor(cv2.resize(image, half, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
    first, second, third = np.moveaxis(pixels >> (8 - _BITS), 2, 0).astype(np.intp)
    likeness = _make_lookup()[(first << 2 * _BITS) + (second << _BITS) + third]
    histograms = cv2.resize(likeness, map_size[::-1], interpolation=cv2.INTER_AREA)
    return np.sqrt(histograms.reshape(-1, len(PALETTE)))


@cache
def _make_lookup():
    """Return how near each colour of few bits is to those of the palette: sums of 1, float32."""
    levels = np.arange(1 << _BITS, dtype=np.float32) * (1 << 8 - _BITS) + (1 << 7 - _BITS)
    colors = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    palette = np.array(PALETTE, np.float32)
    squares = np.stack([(((colors - of) * _WEIGHTS) ** 2).sum(axis=1) for of in palette], axis=1)
    near = np.exp((squares.min(axis=1, keepdims=True) - squares) / (2 * _SPREAD**2))
    return near / near.sum(axis=1, keepdims=True)
