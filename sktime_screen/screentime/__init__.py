"""Who is on screen to how long: probabilities by frame to seconds by video."""

from ._aggregator import ScreenTimeAggregator
from ._appearances import appearance_table
from ._calibration_errors import CalibrationErrors
from ._classes import Classes
from ._correction import Correction
from ._estimate import predict_for_estimate
from ._video_predictions import predict_frames, predict_videos

__all__ = [
    "CalibrationErrors",
    "Classes",
    "Correction",
    "ScreenTimeAggregator",
    "appearance_table",
    "predict_for_estimate",
    "predict_frames",
    "predict_videos",
]
