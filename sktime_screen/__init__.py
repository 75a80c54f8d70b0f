"""Screen time of characters, actors and things in videos, as scikit-learn pipelines."""

from . import datasets
from .classify import FineTunedCNNClassifier, KerasDenseClassifier, VideoClassifier
from .features import FeatureStore, PretrainedCNNFeatures, WeightsUnavailableError, list_backbones
from .frames import (
    FrameSequence,
    ImageResizer,
    VideoError,
    VideoFrameSampler,
    shot_boundaries,
    shot_groups,
)
from .labels import load_frame_folder, load_label_csv, load_ucf101
from .recipes import recommended_pipeline
from .report import TimelineDisplay, TrainingHistoryDisplay
from .screentime import ScreenTimeAggregator

__all__ = [
    "FeatureStore",
    "FineTunedCNNClassifier",
    "FrameSequence",
    "ImageResizer",
    "KerasDenseClassifier",
    "PretrainedCNNFeatures",
    "ScreenTimeAggregator",
    "TimelineDisplay",
    "TrainingHistoryDisplay",
    "VideoClassifier",
    "VideoError",
    "VideoFrameSampler",
    "WeightsUnavailableError",
    "datasets",
    "list_backbones",
    "load_frame_folder",
    "load_label_csv",
    "load_ucf101",
    "recommended_pipeline",
    "shot_boundaries",
    "shot_groups",
]
