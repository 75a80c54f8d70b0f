"""Who is on screen to how long: aggregation of probabilities by frame, and how far off it is."""

from ._aggregator import ScreenTimeAggregator
from ._metrics import appearance_overlap, screen_time_error
from ._scorers import appearance_overlap_scorer, screen_time_error_scorer
from ._validation import screen_time_validation

__all__ = [
    "ScreenTimeAggregator",
    "appearance_overlap",
    "appearance_overlap_scorer",
    "screen_time_error",
    "screen_time_error_scorer",
    "screen_time_validation",
]
