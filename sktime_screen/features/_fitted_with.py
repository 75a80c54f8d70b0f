"""What features were fitted with, so that nothing else is taken for it later."""

import hashlib
import os
import warnings

from ..video import FrameSequence, digest_file
from ._backbone import check_poolings
from ._backbones import is_model_path
from ._encoder import find_pixels
from ._errors import WeightsFileError
from ._network_files import digest_network, is_network_path


def digest_files(backbone, weights):
    """Return what tells the file that weights are in from any other; None of no file."""
    if is_network_path(backbone):
        return digest_network(backbone)
    path = backbone if _is_path(backbone) else weights
    return digest_file(os.fspath(path)).hex() if path and os.path.isfile(path) else None


def describe_settings(features):
    """Return, as text by parameter, what makes the features beside what is in files."""
    backbone, weights, preprocessing = features.backbone, features.weights, None
    if is_network_path(backbone):
        preprocessing = find_pixels(features.preprocessing, os.fspath(backbone))
    if not isinstance(backbone, (str, os.PathLike)):
        backbone = _digest_weights(backbone)
    elif _is_path(backbone):
        backbone = "file"
    weights = weights if weights in ("imagenet", None) else "file"
    found = {
        "backbone": backbone,
        "weights": weights,
        "pooling": check_poolings(features.pooling),
        "preprocessing": preprocessing,
        "output": features.output,
        "colors": features.colors,
    }
    return {name: str(value) for name, value in found.items()}


def check_unchanged(features) -> None:
    """Raise if features would be others than those of ``fit``."""
    if features._digest not in (None, digest_files(features.backbone, features.weights)):
        raise WeightsFileError(
            f"The file of backbone={features.backbone!r}, weights={features.weights!r} has changed "
            f"since fit, and gives other features. Bring the old one back, or fit the whole "
            f"pipeline again."
        )
    # Models of earlier versions do not have it.
    fitted = getattr(features, "_settings", {})
    for name, now in describe_settings(features).items() if fitted else ():
        if now != fitted.get(name, now):
            change = f"{name} has changed since fit from {fitted[name]} to {now}"
            if name == "preprocessing" and features.preprocessing == "auto":
                change = f"The file beside {os.fspath(features.backbone)!r} has: {change}"
            elif name == "backbone" and not isinstance(features.backbone, (str, os.PathLike)):
                change = f"The weights of {features.backbone.name!r} have changed since fit"
            raise ValueError(
                f"{change}, which gives other features. Bring back what it was, or fit the whole "
                f"pipeline again."
            )


def describe_resizing(images):
    """Return how a sequence resizes its images, as text; None of arrays."""
    if not isinstance(images, FrameSequence) or images.size is None:
        return None
    return f"interpolation={images.interpolation!r}, aspect={images.aspect!r}"


def warn_of_resizing(features, images) -> None:
    """Warn if images are resized otherwise than those of ``fit``."""
    fitted, now = getattr(features, "_resizing", None), describe_resizing(images)
    if None not in (fitted, now) and now != fitted:
        warnings.warn(
            f"Images are resized with {now}, and were in fit with {fitted}: features differ. Set "
            f"ImageResizer alike for both.",
            stacklevel=4,
        )


def _is_path(backbone):
    return isinstance(backbone, (str, os.PathLike)) and is_model_path(backbone)


def _digest_weights(model):
    digest = hashlib.blake2b(digest_size=16)
    for weight in model.get_weights():
        digest.update(weight.tobytes())
    return digest.hexdigest()
