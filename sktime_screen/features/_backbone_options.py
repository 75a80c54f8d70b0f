"""Which parameters go with which kind of backbone."""

import os

from ._backbone import check_poolings
from ._backbones import is_model_path
from ._network_files import is_network_path


def check_options(features) -> None:
    """Raise if parameters of `PretrainedCNNFeatures` are not for its backbone."""
    in_file = is_network_path(features.backbone)
    is_live = not isinstance(features.backbone, (str, os.PathLike))
    own_model = is_live or is_model_path(features.backbone) or in_file
    if own_model and features.weights != "imagenet":
        raise ValueError(
            f"weights={features.weights!r} is for a backbone given by its name. Your own model has "
            f"its weights: leave weights out."
        )
    poolings = check_poolings(features.pooling)
    asked = [
        f"{name}={value!r}"
        for name, value, is_asked in (
            ("pooling", features.pooling, "class_token" in poolings),
            ("preprocessing", features.preprocessing, features.preprocessing != "auto"),
            ("output", features.output, features.output is not None),
        )
        if is_asked
    ]
    if asked and not in_file:
        raise ValueError(
            f"{asked[0]} is for a file .onnx, .tflite or .xml. Other backbones bring their own "
            f"preprocessing and have one output without tokens: leave it out."
        )
