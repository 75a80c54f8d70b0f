"""Files of networks from elsewhere: ONNX, TFLite and OpenVINO."""

import mmap
import os
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..video import digest_file, read_file_state
from ._engines import load_openvino
from ._errors import WeightsFileError

_ENDINGS = (".onnx", ".tflite", ".xml")

# Which fields of a message of ONNX hold which messages, down to where a tensor says in which file
# its numbers are (onnx.proto3).
_ONNX_MESSAGES = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse tensor"}
    | {23: "sparse tensor"},
    "sparse tensor": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
# Of the fields of other kinds than length and content, how many bytes they have.
_FIXED_BYTES = {1: 8, 5: 4}


def is_network_path(backbone):
    """Tell the path of such a file from the name of a network and from a model of Keras."""
    return isinstance(backbone, (str, os.PathLike)) and Path(backbone).suffix.lower() in _ENDINGS


def read_network(path):
    """Read a network from a file of ONNX, TFLite or OpenVINO."""
    path = os.fspath(path)
    list_network_files(path)
    core = load_openvino().Core()
    # Weights that are read later, where they are needed, may have been overwritten by then.
    core.set_property({"ENABLE_MMAP": False})
    try:
        try:
            network = core.read_model(path)
        except RuntimeError:
            from openvino.frontend.onnx import ConversionExtension

            core.add_extension(ConversionExtension("DequantizeLinear", _dequantize_constant))
            network = core.read_model(path)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        advice = "expected a whole file .onnx, .tflite or .xml of OpenVINO."
        if "conversion rule" in reason:
            advice = (
                "OpenVINO does not know all of its operations. Export it with the standard ones "
                "only, and without the optimisations of a runtime."
            )
        raise WeightsFileError(
            f"{path!r} cannot be read as a network: {advice} OpenVINO says: {reason}"
        ) from error
    # Old ONNX files name their weights as inputs, too.
    for parameter in network.get_parameters():
        if not parameter.output(0).get_target_inputs():
            network.remove_parameter(parameter)
    return network


def _dequantize_constant(node):
    """Return weights stored as whole numbers, some of which OpenVINO itself does not convert."""
    from openvino import opset13

    weights, scales, zeros = (node.get_input(k).get_node().get_data() for k in range(3))
    axis, block_size = node.get_attribute("axis", 1), node.get_attribute("block_size", 0)
    if block_size:
        places = np.arange(weights.shape[axis]) // block_size
        scales, zeros = scales.take(places, axis), zeros.take(places, axis)
    elif scales.ndim:
        shape = [-1 if k == axis else 1 for k in range(weights.ndim)]
        scales, zeros = scales.reshape(shape), zeros.reshape(shape)
    values = (weights.astype(np.float32) - zeros) * scales
    return [opset13.constant(values.astype(np.float32)).output(0)]


def digest_network(path):
    """Return what tells a network from any other: a digest of each of its files."""
    return " ".join(digest_file(part).hex() for part in list_network_files(path))


def read_network_state(path):
    """Return what tells cheaply whether a network's files were exchanged."""
    return tuple(read_file_state(part) for part in list_network_files(path))


def list_network_files(path):
    """Return the files that a network is in: what was named and where its weights are."""
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No such network: {path!r} (looked in {os.getcwd()!r}).")
    parts = [path, *_list_weights(path, read_file_state(path))]
    for part in parts:
        if not os.path.isfile(part):
            raise FileNotFoundError(
                f"No such file: {part!r}, which holds weights of {path!r}. Copy it to there, under "
                f"this name."
            )
    return parts


@lru_cache(maxsize=64)
def _list_weights(path, _state):
    """Return the files beside a network that hold its weights."""
    ending = Path(path).suffix.lower()
    if ending == ".xml":
        return [str(Path(path).with_suffix(".bin"))]
    if ending != ".onnx" or not os.path.getsize(path):
        return []
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            names = sorted(set(_find_locations(data, 0, len(data), "model")))
        except (IndexError, UnicodeDecodeError):
            # It is no such file, which is told where it is read.
            return []
    return [os.path.join(os.path.dirname(path), name) for name in names]


def _find_locations(data, start, end, kind):
    """Yield the names of files in a part of an ONNX file."""
    if kind == "entry":
        fields = {number: data[a:b] for number, a, b in _iter_fields(data, start, end)}
        if fields.get(1) == b"location":
            yield fields.get(2, b"").decode()
        return
    for number, first, last in _iter_fields(data, start, end):
        if number in _ONNX_MESSAGES[kind]:
            yield from _find_locations(data, first, last, _ONNX_MESSAGES[kind][number])


def _iter_fields(data, start, end):
    """Yield the number of each field with a length, and where its content begins and ends."""
    while start < end:
        tag, start = _read_number(data, start)
        number, kind = tag >> 3, tag & 7
        if kind == 2:
            length, start = _read_number(data, start)
            if start + length > end:
                raise IndexError
            yield number, start, start + length
            start += length
        elif kind == 0:
            _, start = _read_number(data, start)
        elif kind in _FIXED_BYTES:
            start += _FIXED_BYTES[kind]
        else:
            raise IndexError


def _read_number(data, start):
    """Return a number of varying length, and where it ends."""
    value = shift = 0
    while data[start] & 0x80:
        value |= (data[start] & 0x7F) << shift
        start, shift = start + 1, shift + 7
    return value | data[start] << shift, start + 1
