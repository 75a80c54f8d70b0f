"""Screen time of characters, actors and things in videos, as scikit-learn pipelines."""

from . import datasets
from .classify import FineTunedCNNClassifier, KerasDenseClassifier, VideoClassifier
from .features import FeatureStore, PretrainedCNNFeatures, WeightsUnavailableError, list_backbones
from .frames import (
    FrameSequence,
    ImageResizer,
    MultilabelStratifiedGroupKFold,
    VideoError,
    VideoFrameSampler,
    shot_boundaries,
    shot_groups,
    time_blocks,
)
from .labels import (
    extract_frames,
    load_eaf,
    load_frame_folder,
    load_label_csv,
    load_label_studio,
    load_ucf101,
    save_eaf,
    save_label_csv,
    save_label_studio,
    write_label_page,
)
from .recipes import recommended_pipeline
from .report import ProbabilityCalibrationDisplay, TimelineDisplay, TrainingHistoryDisplay
from .screentime import (
    ScreenTimeAggregator,
    appearance_overlap,
    appearance_overlap_scorer,
    screen_time_error,
    screen_time_error_scorer,
    screen_time_validation,
)

__all__ = [
    "FeatureStore",
    "FineTunedCNNClassifier",
    "FrameSequence",
    "ImageResizer",
    "KerasDenseClassifier",
    "MultilabelStratifiedGroupKFold",
    "PretrainedCNNFeatures",
    "ProbabilityCalibrationDisplay",
    "ScreenTimeAggregator",
    "TimelineDisplay",
    "TrainingHistoryDisplay",
    "VideoClassifier",
    "VideoError",
    "VideoFrameSampler",
    "WeightsUnavailableError",
    "appearance_overlap",
    "appearance_overlap_scorer",
    "datasets",
    "extract_frames",
    "list_backbones",
    "load_eaf",
    "load_frame_folder",
    "load_label_csv",
    "load_label_studio",
    "load_ucf101",
    "recommended_pipeline",
    "save_eaf",
    "save_label_csv",
    "save_label_studio",
    "screen_time_error",
    "screen_time_error_scorer",
    "screen_time_validation",
    "shot_boundaries",
    "shot_groups",
    "time_blocks",
    "write_label_page",
]
