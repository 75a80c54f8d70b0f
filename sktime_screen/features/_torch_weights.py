"""Reads the tensors of a PyTorch ``.pth`` file without PyTorch, executing nothing from the file."""

import math
import pickle
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from ._errors import WeightsFileError

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _StorageType(NamedTuple):
    dtype: np.dtype


class _Storage(NamedTuple):
    key: str
    dtype: np.dtype
    n_elements: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple
    strides: tuple


def read_torch_weights(path):
    """Read a state dict that PyTorch saved in its format from before version 1.6.

    Such a file is a row of pickles (a magic number, the protocol, facts about the machine, the
    tensors' descriptions, the names of the storages) and then the bare numbers. Unpickling can run
    any code a file asks for; here it can only put together dictionaries, numbers, strings and
    descriptions of tensors.

    Parameters
    ----------
    path : str or path-like
        The ``.pth`` file.

    Returns
    -------
    dict of str to ndarray
        The tensors by name, float32 or int64.

    Raises
    ------
    WeightsFileError
        If the file is cut short, is not of this format, or asks for anything but tensors.
    FileNotFoundError
        If there is no such file.
    """
    with open(path, "rb") as file:
        try:
            return _read(file)
        except WeightsFileError as error:
            raise WeightsFileError(f"{str(path)!r} cannot be read: {error}") from error
        except Exception as error:
            # What is not a pickle makes the unpickler raise nearly anything.
            raise WeightsFileError(
                f"{str(path)!r} cannot be read: it is damaged or not a file of PyTorch weights "
                f"({type(error).__name__}: {error})."
            ) from error


def _read(file):
    start = file.read(4)
    file.seek(0)
    if start == b"PK\x03\x04":
        raise WeightsFileError(
            "it is in the zipped format of PyTorch 1.6 and later. Save it with "
            "torch.save(state_dict, path, _use_new_zipfile_serialization=False)."
        )
    if _Reader(file).load() != _MAGIC_NUMBER or _Reader(file).load() != _PROTOCOL:
        raise WeightsFileError("it does not begin like a file of PyTorch weights.")
    machine = _Reader(file).load()
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise WeightsFileError("it was not written on a little-endian machine.")
    tensors = _Reader(file).load()
    if not isinstance(tensors, dict) or not all(isinstance(t, _Tensor) for t in tensors.values()):
        raise WeightsFileError("it holds something else than named tensors (a state dict).")
    described = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    numbers = {key: _read_storage(file, described[key]) for key in _Reader(file).load()}
    return {name: _view(tensor, numbers[tensor.storage.key]) for name, tensor in tensors.items()}


def _read_storage(file, storage):
    n_elements = int.from_bytes(file.read(8), "little")
    if n_elements != storage.n_elements:
        raise WeightsFileError(
            f"storage {storage.key!r} was announced with {storage.n_elements} numbers and comes "
            f"with {n_elements}: the file is damaged or cut short."
        )
    content = file.read(n_elements * storage.dtype.itemsize)
    if len(content) != n_elements * storage.dtype.itemsize:
        raise WeightsFileError("it ends before all its numbers: the file is cut short.")
    return np.frombuffer(content, storage.dtype)


def _view(tensor, numbers):
    # NumPy does not check where strides lead, so a crafted file could read foreign memory.
    last = tensor.offset + sum(
        (side - 1) * stride for side, stride in zip(tensor.shape, tensor.strides, strict=True)
    )
    whole = (tensor.offset, *tensor.shape, *tensor.strides)
    if not all(type(number) is int and number >= 0 for number in whole) or (
        math.prod(tensor.shape) > len(numbers) or last >= len(numbers)
    ):
        raise WeightsFileError(f"a tensor of shape {tensor.shape} reaches outside its numbers.")
    steps = [stride * numbers.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, steps).copy()


def _rebuild_tensor(storage, offset, shape, strides, requires_grad, hooks, metadata=None):
    if not isinstance(storage, _Storage):
        raise WeightsFileError("a tensor in it has no storage.")
    return _Tensor(storage, offset, shape, strides)


class _Reader(pickle.Unpickler):
    """An unpickler that knows tensors, their storages and ordered dictionaries, nothing else."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _DTYPES:
            return _StorageType(_DTYPES[name])
        raise WeightsFileError(
            f"it asks for {module}.{name}. Weights are float32 or int64 tensors by name; a whole "
            f"pickled model is not read: save model.state_dict()."
        )

    def persistent_load(self, pid):
        kind, storage_type, key, _location, n_elements, view = pid
        if kind != "storage" or not isinstance(storage_type, _StorageType) or view is not None:
            raise WeightsFileError("its storages are of an unknown kind.")
        return _Storage(key, storage_type.dtype, n_elements)
