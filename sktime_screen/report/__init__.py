"""Answers out: plots of who was on screen when, and of how a training went."""

from ._calibration import ProbabilityCalibrationDisplay
from ._timeline import TimelineDisplay
from ._training_history import TrainingHistoryDisplay

__all__ = ["ProbabilityCalibrationDisplay", "TimelineDisplay", "TrainingHistoryDisplay"]
