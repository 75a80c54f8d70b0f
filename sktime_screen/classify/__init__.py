"""Features or pictures to classes: who is in each frame or film, and how sure that is."""

from ._dense import KerasDenseClassifier
from ._feature_map import KerasMapClassifier
from ._fine_tuned import FineTunedCNNClassifier
from ._label_spreading import LabelledRows, LabelSpreadingClassifier
from ._target_encoding import TargetEncoding
from ._video_classifier import VideoClassifier

__all__ = [
    "FineTunedCNNClassifier",
    "KerasDenseClassifier",
    "KerasMapClassifier",
    "LabelSpreadingClassifier",
    "LabelledRows",
    "TargetEncoding",
    "VideoClassifier",
]
