"""Images varied at random, so that a network does not learn them by heart."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """How images may be changed without changing what they show."""

    horizontal_flip: bool
    shift: float
    colour: float

    def vary(self, images, generator):
        """Change each image in a way of its own.

        Shapes: ``images`` (n, height, width, 3) -> uint8 (n, height, width, 3).
        """
        n, height, width, _ = images.shape
        if self.horizontal_flip or self.shift:
            rows = self._shift(n, height, generator)
            columns = self._shift(n, width, generator)
            if self.horizontal_flip:
                flipped = generator.random(n) < 0.5
                columns[flipped] = columns[flipped, ::-1]
            images = images[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
        if self.colour:
            gains = generator.uniform(1 - self.colour, 1 + self.colour, (n, 1, 1, 3))
            stronger = images * gains.astype(np.float32)
            images = np.minimum(stronger + 0.5, 255, out=stronger).astype(np.uint8)
        return images

    def _shift(self, n, size, generator):
        """Return for each of n images which old row or column comes to which new one."""
        most = int(self.shift * size)
        steps = generator.integers(-most, most, (n, 1), endpoint=True)
        return np.clip(np.arange(size) + steps, 0, size - 1)
