"""Features or images to classes: who is in each frame or video, and how sure that is."""

from ._classifier_transformer import ClassifierTransformer
from ._dense import KerasDenseClassifier
from ._face_aided import FaceAidedClassifier
from ._face_classifier import FaceClassifier
from ._face_gallery import FaceGallery
from ._face_model import FaceModel
from ._feature_map import KerasFeatureMapClassifier
from ._fine_tuned import FineTunedCNNClassifier
from ._label_spreading import LabelSpreadingClassifier
from ._labelled_rows import LabelledRows
from ._portraits import find_main_faces
from ._target_encoding import TargetEncoding
from ._video_classifier import VideoClassifier

__all__ = [
    "ClassifierTransformer",
    "FaceAidedClassifier",
    "FaceClassifier",
    "FaceGallery",
    "FaceModel",
    "FineTunedCNNClassifier",
    "KerasDenseClassifier",
    "KerasFeatureMapClassifier",
    "LabelSpreadingClassifier",
    "LabelledRows",
    "TargetEncoding",
    "VideoClassifier",
    "find_main_faces",
]
