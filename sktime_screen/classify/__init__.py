"""Features or images to classes: who is in each frame or video, and how sure that is."""

from ._classifier_transformer import ClassifierTransformer
from ._dense import KerasDenseClassifier
from ._feature_map import KerasFeatureMapClassifier
from ._fine_tuned import FineTunedCNNClassifier
from ._label_spreading import LabelSpreadingClassifier
from ._labelled_rows import LabelledRows
from ._target_encoding import TargetEncoding
from ._video_classifier import VideoClassifier

__all__ = [
    "ClassifierTransformer",
    "FineTunedCNNClassifier",
    "KerasDenseClassifier",
    "KerasFeatureMapClassifier",
    "LabelSpreadingClassifier",
    "LabelledRows",
    "TargetEncoding",
    "VideoClassifier",
]
