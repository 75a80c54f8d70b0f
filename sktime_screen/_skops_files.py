"""Whether a file of skops, from anybody, holds no more than it says and what belongs together."""

import io
import math
from zipfile import ZipFile

import numpy as np
from sklearn.base import BaseEstimator

from .screentime import Correction

# A file may unpack to so many times its size, beyond a size that any machine has room for: weights
# hardly shrink, a table of zeros shrinks to a thousandth.
_MOST_TIMES = 20
_ALWAYS = 64 * 2**20
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def check_sizes(file, most=None):
    """Check that what is in an archive is no larger than it seems, before any of it is made."""
    with ZipFile(file) as archive:
        members = archive.infolist()
        if most is None:
            most = _ALWAYS + _MOST_TIMES * sum(member.compress_size for member in members)
        unpacked = sum(member.file_size for member in members)
        if unpacked > most:
            raise ValueError(f"it unpacks to {unpacked / 1e6:.0f} MB, which no model does")
        for member in members:
            if member.filename.endswith(".npy"):
                with archive.open(member) as array:
                    _check_array(array, member)
            elif member.filename.endswith(".npz"):
                check_sizes(io.BytesIO(archive.read(member)), most)


def _check_array(file, member):
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"the array {member.filename} is of an unknown version")
    shape, _, dtype = _HEADERS[version](file)
    if dtype.hasobject or file.tell() + math.prod(shape) * dtype.itemsize != member.file_size:
        raise ValueError(f"the array {member.filename} is not what its header says: {shape}")


def check_shapes(thing):
    """Check that arrays which belong together, here and in what is within, fit each other."""
    if isinstance(thing, (list, tuple, dict)):
        if hasattr(thing, "_fields"):
            _check_lengths(thing)
        for part in thing.values() if isinstance(thing, dict) else thing:
            check_shapes(part)
        return
    if isinstance(thing, Correction):
        shape = np.shape(thing.prior)
        _check(thing, "offsets", np.shape(thing.offsets), shape)
        if hasattr(thing, "rates"):
            _check(thing, "rates", np.shape(thing.rates), 2 * shape)
    elif isinstance(thing, BaseEstimator):
        architecture = getattr(thing, "_architecture", {})
        # The weights of a network that was fine-tuned are checked by that network.
        if "n_features" in architecture:
            n_features, components = architecture["n_features"], getattr(thing, "components_", None)
            if components is not None:
                # What the network takes are the channels at each place, projected.
                n_positions = architecture["n_positions"]
                expected = (thing.n_features_in_ // n_positions, n_features // n_positions)
                _check(thing, "components_", np.shape(components), expected)
                n_features = n_positions * expected[0]
            _check(thing, "n_features_in_", thing.n_features_in_, n_features)
            found = [np.shape(weight) for weight in thing.weights_]
            _check(thing, "weights_", found, compute_weight_shapes(**architecture))
            if architecture.get("standardize"):
                columns = [thing.means_, thing.scales_, *(thing._moments or (0,))[1:]]
                found = [np.shape(column) for column in columns]
                _check(thing, "means_", found, len(found) * [(architecture["n_features"],)])
        classes = getattr(thing, "_encoding", getattr(thing, "_classes", None))
        if classes is not None:
            expected = np.shape(classes.scikit_learn_classes())
            _check(thing, "classes_", np.shape(thing.classes_), expected)
        if hasattr(thing, "_parts"):
            known = thing._labelled if hasattr(thing, "_labelled") else thing._known
            rows = len(known.targets)
            _check(thing, "_parts", np.shape(thing._parts), (rows,))
            if hasattr(thing, "_trained_on"):
                expected = len(thing._part_estimators), rows
                _check(thing, "_trained_on", np.shape(thing._trained_on), expected)
        check_shapes(vars(thing))


def _check_lengths(rows):
    lengths = {len(column) for column in rows if isinstance(column, np.ndarray)}
    if len(lengths) > 1:
        raise ValueError(f"the arrays of {type(rows).__name__} differ in length: {lengths}")


def _check(thing, name, found, expected):
    if found != expected:
        raise ValueError(f"{name} of {type(thing).__name__} is {found}, expected {expected}")


def compute_weight_shapes(
    n_features, n_outputs, hidden_layer_sizes, batch_normalization, n_positions=1, n_ensemble=1, **_
):
    """Return the shapes of a dense network's weights without making it."""
    shapes, width = [], n_features // n_positions
    for units in hidden_layer_sizes:
        shapes += [(width, units)] + (5 if batch_normalization else 1) * [(units,)]
        width = units
    return n_ensemble * [*shapes, (width, n_outputs), (n_outputs,)]
