"""Who is on screen to how long: aggregation of probabilities by frame."""

from ._aggregator import ScreenTimeAggregator

__all__ = ["ScreenTimeAggregator"]
