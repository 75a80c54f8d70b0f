"""Which numbers a network from elsewhere takes for pixels."""

import json
import os
from numbers import Real
from pathlib import Path
from typing import NamedTuple

_CHANNEL_ORDERS = ("RGB", "BGR")
# Written beside a network by what exports it from Hugging Face's transformers.
_CONFIG = "preprocessor_config.json"


class PixelValues(NamedTuple):
    """What is taken off pixels from 0 to 1, and what they are divided by then.

    ``mean`` and ``std`` are in the order of the channels that the network takes.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    channel_order: str = "RGB"


UNCHANGED = PixelValues((0.0,) * 3, (1 / 255,) * 3)
_PRESETS = {
    "imagenet": PixelValues((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "clip": PixelValues((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "tf": PixelValues((0.5,) * 3, (0.5,) * 3),
    "raw": UNCHANGED,
}
PRESETS = tuple(_PRESETS)


def find_pixel_values(preprocessing, path) -> PixelValues:
    """Return what ``preprocessing=`` says of the network in a file."""
    if isinstance(preprocessing, dict):
        return _check(preprocessing)
    if preprocessing != "auto":
        return _PRESETS[preprocessing]
    folder = Path(path).parent
    # Repositories of models keep networks of ONNX in a folder below.
    folders = [folder, folder.parent] if folder.name == "onnx" else [folder]
    for config in (folder / _CONFIG for folder in folders):
        if config.is_file():
            return _read_config(config)
    raise ValueError(
        f"{os.fspath(path)!r}: which numbers it takes for pixels is not in the file, and there is "
        f"no {_CONFIG} beside it. Say it with preprocessing='imagenet' (the mean and deviation of "
        f"ImageNet: DINOv2, most networks of timm and torchvision), 'clip' (those of CLIP), 'tf' "
        f"(-1 to 1: SigLIP), 'raw' (0 to 255: the network does the rest), or "
        f"{{'mean': 0, 'std': 1}} (0 to 1: MobileCLIP). Or write such a file, as "
        f'{{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}} for \'tf\'.'
    )


def _check(given):
    """Return the values of a dict of the user."""
    try:
        order = given.get("channel_order", "RGB")
        mean, std = (_spread(given[name]) for name in ("mean", "std"))
        known = given.keys() <= {"mean", "std", "channel_order"} and order in _CHANNEL_ORDERS
        if known and all(0 <= m <= 1 for m in mean) and all(0 < s <= 1 for s in std):
            return PixelValues(mean, std, order)
    except (KeyError, TypeError, ValueError):
        pass
    raise ValueError(
        f"preprocessing={given!r}: expected {{'mean': ..., 'std': ...}}, each a number or three, "
        f"for pixels from 0 to 1 (divide by 255 those for pixels from 0 to 255), and if the "
        f"network takes blue first 'channel_order': 'BGR'."
    )


def _spread(numbers):
    """Return a number, or three, as three."""
    if isinstance(numbers, Real):
        return (float(numbers),) * 3
    first, second, third = map(float, numbers)
    return first, second, third


def _read_config(path):
    """Return the values in a file of Hugging Face's transformers."""
    try:
        config = json.loads(path.read_text("utf-8"))
        # With rescale_offset 1 is taken off what is then normalised.
        if config.get("rescale_offset"):
            raise ValueError("it has rescale_offset")
        mean, std = (0.0,) * 3, (1.0,) * 3
        if config.get("do_normalize", True):
            mean, std = _spread(config["image_mean"]), _spread(config["image_std"])
        white = 255.0
        if config.get("do_rescale", True):
            white = 255 * config.get("rescale_factor", 1 / 255)
        order = "BGR" if config.get("do_flip_channel_order") else "RGB"
        return PixelValues(tuple(m / white for m in mean), tuple(s / white for s in std), order)
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(
            f"'{path}' does not tell which numbers the network takes for pixels ({error!r}): "
            f"expected image_mean and image_std. Say it with preprocessing=."
        ) from error
