"""Features or pictures to classes: who is in each frame or film, and how sure that is."""

from ._dense import KerasDenseClassifier
from ._fine_tuned import FineTunedCNNClassifier
from ._label_spreading import LabelSpreadingClassifier
from ._map import KerasMapClassifier
from ._video_classifier import VideoClassifier

__all__ = [
    "FineTunedCNNClassifier",
    "KerasDenseClassifier",
    "KerasMapClassifier",
    "LabelSpreadingClassifier",
    "VideoClassifier",
]
