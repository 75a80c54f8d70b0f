from . import datasets
from ._versions import show_versions
from .classify import (
    ClassifierTransformer,
    FaceAidedClassifier,
    FaceClassifier,
    FineTunedCNNClassifier,
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
    VideoClassifier,
)
from .export import (
    save_cvat,
    save_eaf,
    save_label_csv,
    save_label_studio,
    save_subtitles,
)
from .features import (
    FaceAidedFeatures,
    FaceFeatures,
    FeatureStore,
    PretrainedCNNFeatures,
    save_int8_network,
)
from .labels import (
    extract_frames,
    load_cvat,
    load_eaf,
    load_frame_folder,
    load_label_csv,
    load_label_studio,
    load_ucf101,
    make_partial_labels,
    save_cast_page,
    save_label_page,
    suggest_frames,
)
from .metrics import (
    neg_screen_time_error_scorer,
    screen_time_error,
    temporal_iou,
    temporal_iou_scorer,
)
from .model_selection import (
    MultilabelStratifiedGroupKFold,
    compare_pipelines,
    cross_validate_screen_time,
    shot_groups,
    time_blocks,
)
from .persistence import load_skops, save_skops
from .recipes import recommended_pipeline
from .report import (
    MisclassifiedFramesDisplay,
    ProbabilityCalibrationDisplay,
    ScreenTimeDisplay,
    ScreenTimeReport,
    TimelineDisplay,
    TrainingHistoryDisplay,
)
from .screentime import ScreenTimeAggregator
from .video import ImageResizer, VideoFrameSampler

__version__: str

__all__ = [
    "ClassifierTransformer",
    "FaceAidedClassifier",
    "FaceAidedFeatures",
    "FaceClassifier",
    "FaceFeatures",
    "FeatureStore",
    "FineTunedCNNClassifier",
    "ImageResizer",
    "KerasDenseClassifier",
    "KerasFeatureMapClassifier",
    "LabelSpreadingClassifier",
    "MisclassifiedFramesDisplay",
    "MultilabelStratifiedGroupKFold",
    "PretrainedCNNFeatures",
    "ProbabilityCalibrationDisplay",
    "ScreenTimeAggregator",
    "ScreenTimeDisplay",
    "ScreenTimeReport",
    "TimelineDisplay",
    "TrainingHistoryDisplay",
    "VideoClassifier",
    "VideoFrameSampler",
    "compare_pipelines",
    "cross_validate_screen_time",
    "datasets",
    "extract_frames",
    "load_cvat",
    "load_eaf",
    "load_frame_folder",
    "load_label_csv",
    "load_label_studio",
    "load_skops",
    "load_ucf101",
    "make_partial_labels",
    "neg_screen_time_error_scorer",
    "recommended_pipeline",
    "save_cast_page",
    "save_cvat",
    "save_eaf",
    "save_int8_network",
    "save_label_csv",
    "save_label_page",
    "save_label_studio",
    "save_skops",
    "save_subtitles",
    "screen_time_error",
    "shot_groups",
    "show_versions",
    "suggest_frames",
    "temporal_iou",
    "temporal_iou_scorer",
    "time_blocks",
]
