"""Show results: a report on one HTML page, and plots."""

from ._calibration_display import ProbabilityCalibrationDisplay
from ._deciding_faces import find_deciding_faces
from ._misclassified_frames_display import MisclassifiedFramesDisplay
from ._report import ScreenTimeReport
from ._screen_time_display import ScreenTimeDisplay
from ._timeline_display import TimelineDisplay
from ._training_history_display import TrainingHistoryDisplay

__all__ = [
    "MisclassifiedFramesDisplay",
    "ProbabilityCalibrationDisplay",
    "ScreenTimeDisplay",
    "ScreenTimeReport",
    "TimelineDisplay",
    "TrainingHistoryDisplay",
    "find_deciding_faces",
]
