"""Facility location: the frames that represent all others best."""

import heapq

import numpy as np

# Rows of similarities in memory at once; 512 of 10,000 frames take 20 MB.
_BLOCK = 512
# The width of the similarity kernel, as a fraction of the median distance between frames.
_KERNEL_WIDTH = 0.5


class FacilityLocation:
    """The facility location function of the selected frames, and how to increase it.

    It is the weighted sum over all frames of the similarity to the most similar selected frame.
    The similarity at the distance d is exp(-d² / 2w²), where w is half the median distance.

    Shapes: ``points`` (n_frames, n_dimensions), ``weights`` (n_frames,).
    """

    def __init__(self, points, weights):
        self._points = points.astype(np.float32)
        self._norms = (self._points**2).sum(axis=1)
        self._weights = weights.astype(np.float32)
        self._max_similarity = np.zeros(len(points), np.float32)
        sample = np.linspace(0, len(points) - 1, min(len(points), _BLOCK)).astype(int)
        distances = self._compute_squared_distances(sample)[:, sample]
        positive = distances[distances > 1e-6 * max(distances.max(), 1e-30)]
        self._scale = 2 * _KERNEL_WIDTH**2 * (np.median(positive) if len(positive) else 1.0)

    def _compute_squared_distances(self, rows):
        products = self._points[rows] @ self._points.T
        return np.maximum(self._norms[rows, None] + self._norms - 2 * products, 0)

    def _compute_gains(self, rows):
        similarity = np.exp(self._compute_squared_distances(rows) / -self._scale)
        return np.maximum(similarity - self._max_similarity, 0) @ self._weights

    def add(self, rows):
        """Add frames to the selected ones."""
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            similarity = np.exp(self._compute_squared_distances(block) / -self._scale).max(axis=0)
            np.maximum(self._max_similarity, similarity, out=self._max_similarity)

    def select(self, n, candidates):
        """Select frames one by one, each time the one with the largest gain.

        The function is submodular: gains only shrink. Old gains are thus upper bounds, and few
        are computed again (lazy greedy): M. Minoux, "Accelerated greedy algorithms for maximizing
        submodular set functions", Optimization Techniques, 1978.
        """
        bounds = []
        for start in range(0, len(candidates), _BLOCK):
            block = candidates[start : start + _BLOCK]
            bounds += zip((-self._compute_gains(block)).tolist(), block.tolist(), strict=True)
        heapq.heapify(bounds)
        selected = []
        while len(selected) < n:
            # Several at a time, since one product of matrices is faster than many of vectors.
            renewed = [heapq.heappop(bounds) for _ in range(min(16, len(bounds)))]
            rows = np.array([row for _, row in renewed])
            gains = self._compute_gains(rows)
            best = int(gains.argmax())
            if not bounds or gains[best] >= -bounds[0][0]:
                selected.append(int(rows[best]))
                self.add(rows[[best]])
            for row, gain in zip(rows.tolist(), gains.tolist(), strict=True):
                if not selected or row != selected[-1]:
                    heapq.heappush(bounds, (-gain, row))
        return np.array(selected, dtype=int)

    def assign(self, rows, centres):
        """Return the number of the nearest centre of each frame; a centre has its own."""
        nearest = np.argmin(self._compute_squared_distances(centres)[:, rows], axis=0)
        own = {row: number for number, row in enumerate(centres.tolist())}
        return np.array(
            [own.get(row, number) for row, number in zip(rows.tolist(), nearest, strict=True)]
        )
