"""Answers out: a report of one page, files for other programs, and plots."""

from ._calibration import ProbabilityCalibrationDisplay
from ._exports import save_csv, save_json, save_srt, save_vtt
from ._report import ScreenTimeReport
from ._screen_time import ScreenTimeDisplay
from ._timeline import TimelineDisplay
from ._training_history import TrainingHistoryDisplay

__all__ = [
    "ProbabilityCalibrationDisplay",
    "ScreenTimeDisplay",
    "ScreenTimeReport",
    "TimelineDisplay",
    "TrainingHistoryDisplay",
    "save_csv",
    "save_json",
    "save_srt",
    "save_vtt",
]
