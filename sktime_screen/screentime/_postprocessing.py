"""Postprocessing: from probabilities to predictions by frame, video by video."""

import numpy as np

from ._appearances import join_appearances
from ._correction import Correction
from ._decision import choose_most_probable, fill_shares
from ._smoothing import find_viterbi_path, smooth_by_median, smooth_by_shot

_LEAST = 1e-12


class Postprocessing:
    """Correct, smooth and choose, in this order."""

    def __init__(self, aggregator, classes, corrections=None):
        self.aggregator = aggregator
        self.classes = classes
        self.corrections = corrections

    def fit_correction(self, kind, probabilities, truth, blocks):
        """Learn a correction.

        Shapes: ``probabilities`` (n_frames, n_classes), ``truth`` (n_frames, n_classes), ``blocks``
        (n_frames,).
        """
        parts = zip(self._exclusive(probabilities), self._exclusive(truth), strict=True)
        self.corrections = [
            Correction(kind, given, self._first_choice(given), true, blocks)
            for given, true in parts
        ]

    def get_evidence_weights(self):
        """Return how far the correction of each class is followed, (n_classes,); None without."""
        if self.corrections is None:
            return None
        if self.classes.multilabel:
            return np.array([correction.weights[1] for correction in self.corrections])
        return self.corrections[0].weights

    def __call__(self, probabilities, index):
        """Tell who is on screen.

        Shapes: ``probabilities`` (n_frames, n_classes) -> ``predicted`` bool (n_frames, n_classes),
        ``smoothed`` (n_frames, n_classes).
        """
        first = ~index.duplicated()
        if not first.all():
            # A frame that comes twice counts once, in every step.
            frames = index[first]
            rows = frames.get_indexer(index)
            predicted, smoothed = self(probabilities[first], frames)
            return predicted[rows], smoothed[rows]
        weights = index.get_level_values("duration").to_numpy(dtype=np.float64)
        corrected, shares = self._correct(probabilities, index, weights)
        smoothed = self._smooth(corrected, index)
        predicted = np.empty(probabilities.shape, dtype=bool)
        for column, given in enumerate(self._exclusive(smoothed)):
            codes = self._choose(given, column, shares, index, weights)
            if self.classes.multilabel:
                predicted[:, column] = codes == 1
            else:
                predicted[:] = codes[:, None] == np.arange(given.shape[1])
        return self._join(predicted, index), smoothed

    def _exclusive(self, values):
        """Return tables of exclusive classes: the one there is, or absent and present by label."""
        if not self.classes.multilabel:
            return [values]
        return [np.stack([1 - column, column], axis=1).astype(values.dtype) for column in values.T]

    def _first_choice(self, probabilities):
        codes = choose_most_probable(probabilities, self.aggregator.threshold)
        return codes[:, None] == np.arange(probabilities.shape[1])

    def _correct(self, probabilities, index, weights):
        """Return corrected probabilities, and shares by video code for each exclusive table."""
        if self.corrections is None:
            return probabilities, None
        videos = index.get_level_values("video").factorize()[0]
        corrected = probabilities.astype(np.float64)
        shares = []
        for column, (given, correction) in enumerate(
            zip(self._exclusive(probabilities), self.corrections, strict=True)
        ):
            by_video = []
            for video in range(videos.max() + 1):
                rows = videos == video
                share, values = correction.shares(
                    given[rows], self._first_choice(given[rows]), weights[rows]
                )
                by_video.append(share)
                if self.classes.multilabel:
                    corrected[rows, column] = values[:, 1]
                else:
                    corrected[rows] = values
            shares.append(by_video)
        return corrected, shares

    def _smooth(self, probabilities, index):
        if self.aggregator.smoothing == "shot":
            return smooth_by_shot(probabilities, index)
        if self.aggregator.smoothing != "median":
            return probabilities
        smoothed = smooth_by_median(probabilities, index, self.aggregator.window)
        if not self.classes.multilabel:
            total = smoothed.sum(axis=1, keepdims=True)
            # Medians can all be 0 where three classes take turns: such a frame is left as it was.
            smoothed = np.divide(smoothed, total, out=probabilities.copy(), where=total > 0)
        return smoothed

    def _choose(self, probabilities, column, shares, index, weights):
        """Return the number of the class of each row."""
        scores = np.log(np.clip(probabilities, _LEAST, 1))
        path = self.aggregator.smoothing == "viterbi"
        if shares is None:
            if path:
                return find_viterbi_path(scores, index, self.aggregator.window)
            return choose_most_probable(probabilities, self.aggregator.threshold)
        videos = index.get_level_values("video").factorize()[0]
        codes = np.empty(len(scores), dtype=np.int64)
        for video, share in enumerate(shares[column]):
            rows = videos == video

            def choose(scores, index=index[rows]):
                if path:
                    return find_viterbi_path(scores, index, self.aggregator.window)
                return scores.argmax(axis=1)

            codes[rows] = fill_shares(scores[rows], share, weights[rows], choose)
        return codes

    def _join(self, predicted, index):
        limits = self.aggregator.max_gap, self.aggregator.min_appearance
        if not any(limits):
            return predicted
        if self.classes.multilabel:
            return join_appearances(predicted, index, *limits)
        background = self.classes.background
        if background is None:
            return predicted
        others = np.delete(predicted, background, axis=1)
        joined = join_appearances(others, index, *limits, free=predicted[:, background])
        return np.insert(joined, background, ~joined.any(axis=1), axis=1)
