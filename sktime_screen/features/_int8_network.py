"""Networks in 8 bits, quantised after training on images of the user's, as files."""

import logging
import os
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path

import numpy as np
from sklearn.base import clone

from .._atomic_files import write_atomically
from .._progress import show_progress
from .._sklearn import Interval, validate_params
from ..video import FrameSequence
from ._backbone import check_poolings
from ._batches import decode_batches
from ._encoder import Encoder
from ._engines import import_nncf, serialize
from ._errors import WeightsFileError
from ._extraction import PretrainedCNNFeatures
from ._images import check_images
from ._networks import convert_network, make_network
from ._pixel_values import UNCHANGED

# Images that tell how far the features are off, and that are decoded at once.
_N_COMPARED = 32
_BATCH_SIZE = 32
# What a network can compute in whole numbers, and the types of such weights.
_OPERATIONS = {"Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul"}
_WHOLE = {"i8", "u8", "i4", "u4"}


@validate_params(
    {
        "path": [str, os.PathLike],
        "features": [PretrainedCNNFeatures],
        "n_images": [Interval(Integral, 1, None, closed="left")],
        "overwrite": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def save_int8_network(path, features, X, *, n_images=128, overwrite=False) -> float:
    """Write a network that computes in 8 bits, quantised on your own images.

    The file is a backbone like any other: ``PretrainedCNNFeatures("network.xml")``. It computes its
    features faster than the network it was made from, and they differ from those, so fit on
    features of the same file with which you measure.

    Parameters
    ----------
    path : str or path-like
        The file to write, ``.xml``. A second one, ``.bin``, with the weights comes beside it.
    features : PretrainedCNNFeatures
        Names the network: its ``backbone``, ``weights``, ``preprocessing`` and ``output`` are used.
        It need not be fitted. A feature map is written whole, so that the file serves any
        ``pooling``.
    X : FrameSequence, ndarray of shape (n, height, width, 3) uint8, or list of images
        Images, RGB from 0 to 255, like those that will be measured. The network will take images
        of this size only.
    n_images : int, default=128
        How many of the images, spread evenly, tell which values each layer takes.
    overwrite : bool, default=False
        Whether to replace an existing file. Models that were fitted with it then refuse to go on.

    Returns
    -------
    float
        How far the features of 32 of the images, pooled as `features` says, are off those in
        float32: the median length of the difference, as a share of the length of the features.

    Raises
    ------
    ImportError
        If NNCF is not installed: ``pip install 'sktime_screen[int8]'``.
    FileExistsError
        If one of the two files exists and `overwrite` is not set.
    ValueError
        If there are no images, or Keras does not run on TensorFlow, and as
        :meth:`PretrainedCNNFeatures.fit` does.
    WeightsFileError
        If the network computes in 8 bits already, or in a way that cannot be quantised.

    See Also
    --------
    PretrainedCNNFeatures : Takes the file as its backbone.

    Notes
    -----
    NNCF [1]_ quantises weights with a scale for each channel, and activations with one for a layer,
    as proposed in [2]_. Weights take 128 of the 256 levels, so that sums never overflow and
    features do not depend on the processor. Nothing is trained, and no labels are needed.

    References
    ----------
    .. [1] A. Kozlov et al., "Neural Network Compression Framework for fast model inference", 2020.
       https://arxiv.org/abs/2002.08679
    .. [2] B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
       Integer-Arithmetic-Only Inference", CVPR 2018. https://arxiv.org/abs/1712.05877

    Examples
    --------
    >>> from sktime_screen import PretrainedCNNFeatures, save_int8_network
    >>> save_int8_network("network.xml", PretrainedCNNFeatures(), images)  # doctest: +SKIP
    0.2
    >>> PretrainedCNNFeatures("network.xml").fit_transform(images)  # doctest: +SKIP
    """
    path = _check_target(path, overwrite)
    nncf = import_nncf()
    images = check_images(X)
    if not len(images):
        raise ValueError("X has no images: some are needed, like those to be measured.")
    fitted = clone(features).set_params(memory=None).fit(images)
    source = fitted._source
    size, poolings = fitted.image_shape_[:2], check_poolings(features.pooling)
    network = convert_network(source, fitted.weights, size)
    _check_quantizable(network, features)
    quantized = _quantize(nncf, network, _Images(images, n_images), features.verbose)
    with (
        write_atomically(path) as unfinished,
        write_atomically(path.with_suffix(".bin")) as weights,
    ):
        serialize(quantized, unfinished)
        settings = poolings, size, "openvino"
        written = Encoder(str(unfinished), UNCHANGED, None)
        error = _compare(
            make_network(source, fitted.weights, *settings, "float32"),
            make_network(written, None, *settings, fitted.precision_),
            _Images(images, _N_COMPARED),
        )
        os.replace(unfinished.with_suffix(".bin"), weights)
        # The weights come to their place first. Those of another network must never stand there.
        path.resolve().unlink(missing_ok=True)
    return error


def _check_target(path, overwrite):
    """Return the path of a network to write, if one may be written there."""
    path = Path(path)
    if path.suffix != ".xml":
        raise ValueError(f"{os.fspath(path)!r}: a network is written as a file .xml. Name one.")
    existing = [file for file in (path, path.with_suffix(".bin")) if file.exists()]
    if existing and not overwrite:
        raise FileExistsError(
            f"'{existing[0]}' exists, and models may have been fitted with it: name another file, "
            f"or set overwrite=True."
        )
    return path


def _check_quantizable(network, features):
    """Refuse a network that has no weights to quantise, or has quantised ones."""
    nodes = network.get_ordered_ops()
    kinds = {node.get_type_name() for node in nodes}
    weights = (node for node in nodes if node.get_type_name() == "Constant")
    types = {
        node.get_element_type().get_type_name()
        for node in weights
        if len(node.get_output_shape(0)) > 1
    }
    if "FakeQuantize" in kinds or types & _WHOLE:
        reason = "computes in 8 bits already: use it as it is, or name the network it was made from"
    elif not kinds & _OPERATIONS:
        reason = "has no convolution or matrix product, which are what is computed in 8 bits"
    else:
        return
    raise WeightsFileError(f"backbone={features.backbone!r} {reason}.")


class _Images:
    """Some images, spread evenly, decoded batch by batch each time they are gone through."""

    def __init__(self, images, n):
        self._images = images
        self._rows = np.unique(
            np.linspace(0, len(images) - 1, min(n, len(images))).round().astype(int)
        )

    def __len__(self):
        return len(self._rows)

    def __iter__(self):
        for _, images in self.iter_batches():
            yield from images[:, None]

    def iter_batches(self):
        """Yield numbers from 0 and images uint8 (n, height, width, 3)."""
        numbers = np.arange(len(self))
        if isinstance(self._images, FrameSequence):
            yield from decode_batches(self._images[self._rows], numbers, _BATCH_SIZE, None)
            return
        for start in range(0, len(self), _BATCH_SIZE):
            part = numbers[start : start + _BATCH_SIZE]
            yield part, self._images[self._rows[part]]


def _quantize(nncf, network, images, verbose):
    """Return the network in 8 bits."""
    with _silence(), show_progress("Quantising", len(images), verbose, "images") as advance:

        def feed(image):
            advance(1)
            return image

        # Where a processor adds products of bytes up in 16 bits, without VNNI, large sums are cut
        # off: weights of 7 bits keep them small, and features are the same on all processors.
        advanced = nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.ENABLE)
        return nncf.quantize(
            network,
            nncf.Dataset(images, feed),
            preset=nncf.QuantizationPreset.PERFORMANCE,
            subset_size=len(images),
            advanced_parameters=advanced,
        )


@contextmanager
def _silence():
    """Keep what NNCF logs and draws off the streams."""
    import rich

    logger, console = logging.getLogger("nncf"), rich.get_console()
    before = logger.level, console.quiet
    logger.setLevel(logging.ERROR)
    console.quiet = True
    try:
        yield
    finally:
        logger.setLevel(before[0])
        console.quiet = before[1]


def _compare(network, other, images):
    """Return how far rows of one network are from those of another, as the median share."""
    n_features = sum(size for _, size in network.columns)
    rows = np.empty((2, len(images), n_features), np.float32)
    for found, computes in zip(rows, (network, other), strict=True):
        computes.run(images.iter_batches(), "auto", found.__setitem__)
    lengths = np.linalg.norm(rows[0], axis=1)
    return float(np.median(np.linalg.norm(rows[1] - rows[0], axis=1) / lengths))
