"""Pictures to vectors: pretrained networks and the transformer that runs them."""

from ._backbones import get_backbone, list_backbones
from ._embedding import by_looks, few_columns
from ._errors import WeightsFileError, WeightsUnavailableError
from ._extraction import PretrainedCNNFeatures
from ._images import check_pictures
from ._networks import as_backbone, build_model, single_layers
from ._store import FeatureStore

__all__ = [
    "FeatureStore",
    "PretrainedCNNFeatures",
    "WeightsFileError",
    "WeightsUnavailableError",
    "as_backbone",
    "build_model",
    "by_looks",
    "check_pictures",
    "few_columns",
    "get_backbone",
    "list_backbones",
    "single_layers",
]
