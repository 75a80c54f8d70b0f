"""Images to vectors: pretrained networks and the transformer that runs them."""

from ._backbones import get_backbone, list_backbones
from ._embedding import embed_frames, find_map_size, find_n_colors, project_features
from ._errors import WeightsFileError, WeightsUnavailableError
from ._extraction import PretrainedCNNFeatures
from ._face_aided_features import FaceAidedFeatures
from ._face_features import FaceFeatures
from ._face_table import Faces, find_face_columns, name_face_columns, pack_faces, unpack_faces
from ._face_tracks import (
    ALIKE,
    ALIKE_LIMIT,
    IMPOSTOR_MEAN,
    IMPOSTOR_SPREAD,
    follow_faces,
)
from ._frame_features import share_out_videos
from ._images import check_images
from ._int8_network import save_int8_network
from ._networks import as_backbone, build_model, find_input_size, flatten_layers
from ._small_faces import describe_small_faces
from ._store import FeatureStore
from ._stored_frames import explain_failures

__all__ = [
    "ALIKE",
    "ALIKE_LIMIT",
    "IMPOSTOR_MEAN",
    "IMPOSTOR_SPREAD",
    "FaceAidedFeatures",
    "FaceFeatures",
    "Faces",
    "FeatureStore",
    "PretrainedCNNFeatures",
    "WeightsFileError",
    "WeightsUnavailableError",
    "as_backbone",
    "build_model",
    "check_images",
    "describe_small_faces",
    "embed_frames",
    "explain_failures",
    "find_face_columns",
    "find_input_size",
    "find_map_size",
    "find_n_colors",
    "flatten_layers",
    "follow_faces",
    "get_backbone",
    "list_backbones",
    "name_face_columns",
    "pack_faces",
    "project_features",
    "save_int8_network",
    "share_out_videos",
    "unpack_faces",
]
