"""A network from elsewhere as a backbone: from pixels to rows of features, run by OpenVINO."""

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ._encoder_rows import Answer
from ._encoder_shape import cut_network, find_grids, find_layouts, reshape_network
from ._engines import OpenVINOEngine, RunsWhenNeeded
from ._errors import WeightsFileError
from ._keras_engine import largest_batch
from ._network_files import digest_network, read_network, read_network_state
from ._pixel_values import UNCHANGED, PixelValues, find_pixel_values

# To be raised when the same file gives other numbers than before.
_VERSION = 1
# How much a row may depend on the other image of its batch, as a share of its length: rounding.
_TOLERANCE = 1e-3


class Encoder(NamedTuple):
    """A file, and how it is used."""

    path: str
    pixels: PixelValues
    output: str | None

    def read_state(self):
        """Return what tells cheaply whether the file was exchanged."""
        return read_network_state(self.path)


class EncoderNetwork(RunsWhenNeeded):
    """A network from a file, for images of one size; see `Network`."""

    def __init__(self, encoder, poolings, image_size, engine, precision):
        super().__init__()
        self._path = encoder.path
        self._precision = precision
        self.largest_batch = largest_batch(image_size, gpu=False)
        digest = digest_network(encoder.path)
        network, layout, answer = _read_encoder(encoder, image_size)
        if digest_network(encoder.path) != digest:
            raise WeightsFileError(
                f"{encoder.path!r} changed while it was read: run this again when nothing writes "
                f"to it."
            )
        name = re.sub(r"\W+", "_", Path(encoder.path).stem).lower()
        self.columns = answer.name_columns(name, poolings)
        self.map_size = answer.grid if poolings == (None,) else None
        rows = answer.append_poolings(network, poolings)
        self._network = _take_bytes(rows, layout.channels_last, encoder)
        height, width = image_size
        self.identity = (
            f"{name} network={digest} {encoder.pixels} output={encoder.output} "
            f"pooling={'+'.join(map(str, poolings))} {height}x{width} {engine} {precision} "
            f"{_VERSION}"
        )

    def _load(self):
        """Return the engine; for one image at a time where the file does not keep them apart."""
        n_images, *shape = self._network.inputs[0].partial_shape
        engine = self._make_engine()
        if n_images.is_dynamic:
            image = [side.get_length() for side in shape]
            if not _keeps_images_apart(engine, image, sum(size for _, size in self.columns)):
                self._network.reshape([1, *image])
                engine = self._make_engine()
        self._network = None
        return engine

    def _make_engine(self):
        try:
            return OpenVINOEngine(self._network, self._precision)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise WeightsFileError(
                f"{self._path!r} cannot be run: {reason} Export it with the standard operations "
                f"of its format."
            ) from error


def read_whole_encoder(encoder, image_size):
    """Return a network from images as `_take_bytes` says to its answer, nothing of it pooled."""
    network, layout, answer = _read_encoder(encoder, image_size)
    return _take_bytes(answer.put_channels_last(network), layout.channels_last, encoder)


def _read_encoder(encoder, image_size):
    """Return a network for images of one size, their layout, and what it answers with."""
    whole = read_network(encoder.path)
    network, nodes = cut_network(whole, encoder.output, encoder.path)
    layout, shape = reshape_network(network, image_size, encoder.path)
    answer = Answer(shape, find_grids(nodes), layout.channels_last, encoder.path)
    return network, layout, answer


def find_image_size(path):
    """Return height and width of the images that a network in a file takes, or None for any."""
    return _find_images(path, read_network_state(path))[0]


def find_pixels(preprocessing, path) -> PixelValues:
    """Return what ``preprocessing=`` says of the network in a file, or the file itself."""
    if preprocessing == "auto" and _find_images(path, read_network_state(path))[1]:
        return UNCHANGED
    return find_pixel_values(preprocessing, path)


@lru_cache(maxsize=64)
def _find_images(path, _state):
    """Return the size of the images that a network takes, and whether they are bytes."""
    from openvino import Type

    ports = [port for port in read_network(path).inputs if find_layouts(port)]
    sizes = {layout.image_size for port in ports for layout in find_layouts(port)}
    bytes_only = bool(ports) and all(port.element_type == Type.u8 for port in ports)
    return sizes.pop() if len(sizes) == 1 else None, bytes_only


def _take_bytes(network, channels_last, encoder):
    """Return the network with images (n, height, width, 3) of uint8 RGB as its input."""
    from openvino import Layout, Type
    from openvino.preprocess import PrePostProcessor

    wanted = network.inputs[0].element_type
    mean, std, order = encoder.pixels
    unchanged = encoder.pixels == UNCHANGED._replace(channel_order=order)
    if not wanted.is_real() and not (wanted == Type.u8 and unchanged):
        raise WeightsFileError(
            f"{encoder.path!r} takes images of {wanted.get_type_name()}: expected floating-point "
            f"numbers, or uint8 with preprocessing='raw'."
        )
    processor = PrePostProcessor(network)
    images = processor.input()
    images.tensor().set_element_type(Type.u8).set_layout(Layout("NHWC"))
    images.model().set_layout(Layout("NHWC" if channels_last else "NCHW"))
    steps = images.preprocess()
    if order == "BGR":
        steps.reverse_channels()
    if not unchanged:
        steps.convert_element_type(Type.f32)
        steps.mean([255 * number for number in mean]).scale([255 * number for number in std])
    return processor.build()


def _keeps_images_apart(engine, shape, n_features):
    """Tell whether a row is the same whatever other image is in the batch."""
    images = np.random.default_rng(0).integers(0, 256, (2, *shape), np.uint8)
    images[1] //= 4
    rows = np.empty((3, 2, n_features), np.float32)
    try:
        for found, pair in zip(rows, ((0, 0), (0, 1), (1, 1)), strict=True):
            engine.run([(np.arange(2), images[list(pair)])], 2, found.__setitem__)
    except RuntimeError:
        return False
    alone = rows[[0, 2], [0, 1]]
    differences = np.linalg.norm(rows[1] - alone, axis=1)
    return bool((differences <= _TOLERANCE * np.linalg.norm(alone, axis=1)).all())
