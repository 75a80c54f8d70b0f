"""Errors on labelled videos, and the limits that they put to another video's seconds."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..model_selection import time_blocks
from ..video import make_frame_index, resolve_videos
from ._intervals import compute_seconds_interval

_TOO_NARROW = {
    False: "Intervals are too narrow: they learn from frames that the classifier has seen. Set cv "
    "on the classifier.",
    None: "Intervals are too narrow if the classifier had seen the frames of fit. Their table did "
    "not say in attrs['out_of_sample'], which a step after the classifier may have dropped.",
}
# Errors on so many frames of a video say more about it than those on other videos. Fewer were most
# often chosen for doubt, and are the hardest it has.
_FEWEST_OF_VIDEO = 30
# Fewer frames with labels of all characters do not stand for the others.
_LEAST_LABELLED = 0.9
_TOO_FEW = "No intervals: more than one in ten frames of fit lacks labels of some characters."


def find_fully_labelled(truth):
    """Return which rows have no NaN; None if these are too few to stand for all.

    Shapes: ``truth`` (n_frames, n_classes) -> bool (n_frames,).
    """
    known = ~np.isnan(truth).any(axis=1)
    return known if known.mean() >= _LEAST_LABELLED else None


class CalibrationErrors(NamedTuple):
    """How far off an aggregator is on the frames of its ``fit``.

    Arrays only, so that model files can be read without running code.

    - ``videos, times, durations`` (n_frames,): the levels of the frame index of the rows,
      videos by their resolved paths.
    - ``errors`` (n_frames, n_classes): predictions, 0 or 1, less labels; NaN without a label.
    - ``probabilities`` (n_frames, n_classes): corrected and smoothed.
    - ``out_of_sample``: whether the classifier had not seen the frames; None where that is
      unknown.
    - ``transductive``: whether the classifier judges frames by those that it is asked about
      with them.
    """

    videos: np.ndarray
    times: np.ndarray
    durations: np.ndarray
    errors: np.ndarray
    probabilities: np.ndarray
    out_of_sample: bool | None
    transductive: bool

    @classmethod
    def of_frames(cls, index, *errors):
        """Make it from a frame index and the other attributes."""
        videos, times, durations = (index.get_level_values(name) for name in index.names)
        return cls(resolve_videos(videos), times.to_numpy(), durations.to_numpy(), *errors)

    @property
    def frames(self):
        """The frame index of the rows."""
        levels = {"video": self.videos, "time": self.times, "duration": self.durations}
        return make_frame_index(pd.DataFrame(levels))

    def interval(self, predicted, index, confidence_level, n_resamples, random_state):
        """Find limits of one video's seconds.

        Shapes: ``predicted`` (n_frames, n_classes) -> ``low, high`` (n_classes,).
        """
        if find_fully_labelled(self.errors) is None:
            none = np.full(predicted.shape[1], np.nan)
            return none, none, _TOO_FEW
        note = _TOO_NARROW.get(self.out_of_sample)
        try:
            low, high = self._draw_limits(
                predicted, self.errors, index, confidence_level, n_resamples, random_state
            )
        except ValueError as error:
            low = high = np.full(predicted.shape[1], np.nan)
            note = f"No interval for {index.get_level_values('video')[0]!r}: {error}"
        return low, high, note

    def usual_seconds(self, index, confidence_level, n_resamples, random_state):
        """Find limits of the sums of probabilities of a video like the calibration videos.

        None for one of these. Shapes: -> ``low, high`` (n_classes,).
        """
        if (self.videos == resolve_videos(index.get_level_values("video")[:1])).any():
            return None
        nothing = np.zeros((len(index), self.probabilities.shape[1]))
        return self._draw_limits(
            nothing, -self.probabilities, index, confidence_level, n_resamples, random_state
        )

    def _draw_limits(self, predicted, errors, index, confidence_level, n_resamples, random_state):
        rows = np.arange(len(self.videos))
        blocks = time_blocks(self.frames.to_frame(index=False))
        own = self.videos == resolve_videos(index.get_level_values("video")[:1])
        if own.sum() >= _FEWEST_OF_VIDEO and len(np.unique(blocks[own])) > 1:
            rows = np.flatnonzero(own)
        rows = rows[~np.isnan(errors[rows]).any(axis=1)]
        return compute_seconds_interval(
            index.get_level_values("duration").to_numpy(dtype=np.float64),
            predicted,
            errors[rows],
            self.durations[rows],
            blocks[rows],
            videos=pd.factorize(self.videos[rows])[0],
            confidence_level=confidence_level,
            n_resamples=n_resamples,
            random_state=random_state,
        )
