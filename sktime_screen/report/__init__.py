"""Show results: a report on one HTML page, and plots."""

from ._calibration_display import ProbabilityCalibrationDisplay
from ._report import ScreenTimeReport
from ._screen_time_display import ScreenTimeDisplay
from ._timeline_display import TimelineDisplay
from ._training_history_display import TrainingHistoryDisplay

__all__ = [
    "ProbabilityCalibrationDisplay",
    "ScreenTimeDisplay",
    "ScreenTimeReport",
    "TimelineDisplay",
    "TrainingHistoryDisplay",
]
