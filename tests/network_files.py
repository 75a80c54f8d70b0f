"""Small networks in files of ONNX and OpenVINO, all of them around one convolution."""

import cv2
import numpy as np
import pandas as pd

from sktime_screen.features._engines import load_openvino
from sktime_screen.video import FrameSequence

# By this door OpenVINO reports nothing.
openvino = load_openvino()
ops = openvino.opset13

SIZE, PATCH, N_CHANNELS = (32, 48), 8, 6
GRID = (4, 6)
WEIGHTS = np.random.default_rng(0).normal(0, 0.2, (PATCH, PATCH, 3, N_CHANNELS)).astype(np.float32)

IMAGES = np.random.default_rng(1).integers(0, 256, (7, *SIZE, 3), np.uint8)
# What pixels from 0 to 1 become.
PRESETS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "tf": (0.5, 0.5),
    "raw": (0, 1 / 255),
}


def expect(preprocessing="tf", images=IMAGES):
    """Compute the map of the network, (n, height, width, channels), by hand."""
    mean, std = PRESETS[preprocessing] if isinstance(preprocessing, str) else preprocessing
    pixels = (images / 255 - np.array(mean)) / np.array(std)
    n, height, width, _ = pixels.shape
    patches = pixels.reshape(n, height // PATCH, PATCH, width // PATCH, PATCH, 3)
    return np.einsum("nhiwjc,ijco->nhwo", patches, WEIGHTS)


def make_frames(folder):
    """Return the images as frames of a video."""
    paths = [str(folder / f"{number}.png") for number in range(len(IMAGES))]
    for path, image in zip(paths, IMAGES, strict=True):
        cv2.imwrite(path, image[:, :, ::-1])
    table = {"video": "video", "time": np.arange(len(IMAGES)), "duration": 1.0, "image": paths}
    return FrameSequence(pd.DataFrame(table))


def write_number(value):
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def write_message(*fields):
    """Fields are (number, content), the content a number, text or bytes."""
    message = b""
    for number, content in fields:
        if isinstance(content, int):
            message += write_number(number << 3) + write_number(content)
        else:
            content = content.encode() if isinstance(content, str) else content
            message += write_number(number << 3 | 2) + write_number(len(content)) + content
    return message


def write_onnx(path, shape, *, weights_in=None, operation="Conv", domain=""):
    """Write a network that computes a convolution, its weights in the file or in another one."""
    kernel = np.ascontiguousarray(WEIGHTS.transpose(3, 2, 0, 1))
    content = [(9, kernel.tobytes())]
    if weights_in:
        (path.parent / weights_in).write_bytes(kernel.tobytes())
        entry = write_message((1, "location"), (2, weights_in))
        content = [(13, entry), (14, 1)]
    tensor = write_message(*((1, side) for side in kernel.shape), (2, 1), (8, "w"), *content)
    sides = (write_message((1 if isinstance(side, int) else 2, side)) for side in shape)
    numbers = write_message((1, 1), (2, write_message(*((1, side) for side in sides))))
    attributes = [
        (5, write_message((1, name), (8, PATCH), (8, PATCH), (20, 7)))
        for name in ("kernel_shape", "strides")
    ]
    node = write_message(
        (1, "pixels"), (1, "w"), (2, "map"), (4, operation), *attributes, (7, domain)
    )
    value = write_message((1, "pixels"), (2, write_message((1, numbers))))
    graph = write_message(
        (1, node), (2, "graph"), (5, tensor), (11, value), (12, write_message((1, "map")))
    )
    version = write_message((2, 17))
    path.write_bytes(
        write_message((1, 8), (7, graph), (8, version), (8, write_message((1, domain), (2, 1))))
    )
    return str(path)


def save(path, outputs, inputs, **names):
    for name, node in names.items():
        node.output(0).set_names({name})
    model = openvino.Model([ops.result(node) for node in outputs], inputs)
    openvino.save_model(model, path, compress_to_fp16=False)
    return str(path)


def convolve(images):
    kernel = ops.constant(np.ascontiguousarray(WEIGHTS.transpose(3, 2, 0, 1)))
    return ops.convolution(images, kernel, [PATCH] * 2, [0, 0], [0, 0], [1, 1])


def take_images(shape=(-1, 3, -1, -1), kind=np.float32):
    return ops.parameter(list(shape), kind, name="pixels")


def as_tokens(patches):
    """(n, channels, height, width) to (n, positions, channels)."""
    tokens = ops.reshape(patches, [0, N_CHANNELS, -1], special_zero=True)
    return ops.transpose(tokens, [0, 2, 1])


LEADING = np.random.default_rng(2).normal(size=(1, 9, N_CHANNELS)).astype(np.float32)


def make_transformer(path, n_leading=1, shape=(-1, 3, -1, -1), *, any_batch=True):
    """A vision transformer without attention: leading tokens depend on the mean of the patches."""
    images = take_images(shape)
    tokens = as_tokens(convolve(images))
    leading = ops.constant(LEADING[:, :n_leading])
    if any_batch:
        leading = ops.add(leading, ops.reduce_mean(tokens, [1], keep_dims=True))
    if n_leading:
        tokens = ops.concat([leading, tokens], 1)
    row = ops.reduce_max(tokens, [1])
    outputs = [ops.add(tokens, np.float32(0)), ops.add(row, np.float32(0))]
    return save(path, outputs, [images], last_hidden_state=outputs[0], pooler_output=outputs[1])
