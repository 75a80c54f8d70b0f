"""Facility location: the frames that all others resemble most."""

import heapq

import numpy as np

# Rows of similarities held at once; 512 of 10,000 frames take 20 MB.
_BLOCK = 512
# Of the median distance between frames: the width within which one frame speaks for another.
_WIDTH = 0.5


class Coverage:
    """How well every frame is represented by the frames chosen so far.

    A frame is represented as well as by the chosen frame it resembles most, from 0 to 1: exp(-d²
    / 2w²) at the distance d, where w is half the median distance between frames.

    Shapes: ``points`` (n_frames, n_dimensions), ``weights`` (n_frames,).
    """

    def __init__(self, points, weights):
        self._points = points.astype(np.float32)
        self._norms = (self._points**2).sum(axis=1)
        self._weights = weights.astype(np.float32)
        self._represented = np.zeros(len(points), np.float32)
        some = np.linspace(0, len(points) - 1, min(len(points), _BLOCK)).astype(int)
        distances = self._squared_distances(some)[:, some]
        apart = distances[distances > 1e-6 * max(distances.max(), 1e-30)]
        self._scale = 2 * _WIDTH**2 * (np.median(apart) if len(apart) else 1.0)

    def _squared_distances(self, rows):
        products = self._points[rows] @ self._points.T
        return np.maximum(self._norms[rows, None] + self._norms - 2 * products, 0)

    def _gains(self, rows):
        similar = np.exp(self._squared_distances(rows) / -self._scale)
        return np.maximum(similar - self._represented, 0) @ self._weights

    def add(self, rows):
        """Count frames as chosen."""
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            similar = np.exp(self._squared_distances(block) / -self._scale).max(axis=0)
            np.maximum(self._represented, similar, out=self._represented)

    def choose(self, n, candidates):
        """Choose frames one by one, each time the one that gains most, and count them as chosen.

        What a frame gains only shrinks as others are chosen, so old gains are upper bounds and few
        are computed anew: M. Minoux, "Accelerated greedy algorithms for maximizing submodular set
        functions", Optimization Techniques, 1978.
        """
        bounds = []
        for start in range(0, len(candidates), _BLOCK):
            block = candidates[start : start + _BLOCK]
            bounds += zip((-self._gains(block)).tolist(), block.tolist(), strict=True)
        heapq.heapify(bounds)
        chosen = []
        while len(chosen) < n:
            # Several at a time, as one product of matrices is faster than many of vectors.
            renewed = [heapq.heappop(bounds) for _ in range(min(16, len(bounds)))]
            rows = np.array([row for _, row in renewed])
            gains = self._gains(rows)
            best = int(gains.argmax())
            if not bounds or gains[best] >= -bounds[0][0]:
                chosen.append(int(rows[best]))
                self.add(rows[[best]])
            for row, gain in zip(rows.tolist(), gains.tolist(), strict=True):
                if not chosen or row != chosen[-1]:
                    heapq.heappush(bounds, (-gain, row))
        return np.array(chosen, dtype=int)

    def nearest(self, rows, centres):
        """Tell which of some frames each frame resembles most."""
        nearest = np.argmin(self._squared_distances(centres)[:, rows], axis=0)
        own = {row: position for position, row in enumerate(centres.tolist())}
        return np.array(
            [own.get(row, near) for row, near in zip(rows.tolist(), nearest, strict=True)]
        )
