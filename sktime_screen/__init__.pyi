from . import datasets
from ._versions import show_versions
from .classify import (
    FineTunedCNNClassifier,
    KerasDenseClassifier,
    KerasMapClassifier,
    LabelSpreadingClassifier,
    VideoClassifier,
)
from .export import (
    save_csv,
    save_cvat,
    save_eaf,
    save_json,
    save_label_csv,
    save_label_studio,
    save_srt,
    save_vtt,
)
from .features import FeatureStore, PretrainedCNNFeatures, WeightsUnavailableError, list_backbones
from .labels import (
    extract_frames,
    load_cvat,
    load_eaf,
    load_frame_folder,
    load_label_csv,
    load_label_studio,
    load_ucf101,
    suggest_frames,
    write_label_page,
)
from .metrics import (
    appearance_overlap,
    appearance_overlap_scorer,
    screen_time_error,
    screen_time_error_scorer,
)
from .model_selection import (
    MultilabelStratifiedGroupKFold,
    screen_time_validation,
    shot_boundaries,
    shot_groups,
    time_blocks,
)
from .persistence import load_skops, save_skops
from .recipes import recommended_pipeline
from .report import (
    ProbabilityCalibrationDisplay,
    ScreenTimeDisplay,
    ScreenTimeReport,
    TimelineDisplay,
    TrainingHistoryDisplay,
)
from .screentime import ScreenTimeAggregator
from .video import (
    FrameSequence,
    ImageResizer,
    VideoError,
    VideoFrameSampler,
)

__version__: str

__all__ = [
    "FeatureStore",
    "FineTunedCNNClassifier",
    "FrameSequence",
    "ImageResizer",
    "KerasDenseClassifier",
    "KerasMapClassifier",
    "LabelSpreadingClassifier",
    "MultilabelStratifiedGroupKFold",
    "PretrainedCNNFeatures",
    "ProbabilityCalibrationDisplay",
    "ScreenTimeAggregator",
    "ScreenTimeDisplay",
    "ScreenTimeReport",
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
    "load_cvat",
    "load_eaf",
    "load_frame_folder",
    "load_label_csv",
    "load_label_studio",
    "load_skops",
    "load_ucf101",
    "recommended_pipeline",
    "save_csv",
    "save_cvat",
    "save_eaf",
    "save_json",
    "save_label_csv",
    "save_label_studio",
    "save_skops",
    "save_srt",
    "save_vtt",
    "screen_time_error",
    "screen_time_error_scorer",
    "screen_time_validation",
    "shot_boundaries",
    "shot_groups",
    "show_versions",
    "suggest_frames",
    "time_blocks",
    "write_label_page",
]
