"""Pictures to vectors: pretrained networks and the transformer that runs them."""

from ._backbones import get_backbone, list_backbones
from ._errors import WeightsFileError, WeightsUnavailableError
from ._extraction import PretrainedCNNFeatures
from ._looks import by_looks, few_columns
from ._store import FeatureStore

__all__ = [
    "FeatureStore",
    "PretrainedCNNFeatures",
    "WeightsFileError",
    "WeightsUnavailableError",
    "by_looks",
    "few_columns",
    "get_backbone",
    "list_backbones",
]
