"""Reads the tensors of a PyTorch ``.pth`` file without PyTorch, executing nothing from the file."""

import io
import math
import pickletools
from typing import NamedTuple

import numpy as np

from ._errors import WeightsFileError

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MOST_AXES = 64  # of NumPy
_MAPPING = "collections OrderedDict"
_TENSOR = "torch._utils _rebuild_tensor_v2"
_DTYPES = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}


class _Name(NamedTuple):
    """What a file asks for by name."""

    name: str


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
    any code a file asks for, or take all memory or time there is; here pickles are read by rules of
    our own, which only put together dictionaries, numbers, strings and descriptions of tensors, and
    take no more memory than a multiple of the file's size.
    """
    with open(path, "rb") as file:
        # At once, so that nothing can be asked for that is longer than the file.
        content = io.BytesIO(file.read())
        try:
            return _read(content)
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
    for expected in (_MAGIC_NUMBER, _PROTOCOL):
        found = _unpickle(file)
        # Not before it is a number: comparing what is nested deeply may take for ever.
        if type(found) is not int or found != expected:
            raise WeightsFileError("it does not begin like a file of PyTorch weights.")
    machine = _unpickle(file)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise WeightsFileError("it was not written on a little-endian machine.")
    tensors = _unpickle(file)
    if not isinstance(tensors, dict) or not all(isinstance(t, _Tensor) for t in tensors.values()):
        raise WeightsFileError("it holds something else than named tensors (a state dict).")
    described = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    keys = _unpickle(file)
    if type(keys) is not list or not all(type(key) is str and key in described for key in keys):
        raise WeightsFileError("it names storages that no tensor is in.")
    numbers = {key: _read_storage(file, described[key]) for key in keys}
    return {
        name: _make_view(tensor, numbers[tensor.storage.key]) for name, tensor in tensors.items()
    }


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


def _make_view(tensor, numbers):
    # NumPy does not check where strides lead, so a crafted file could read foreign memory.
    last = tensor.offset + sum(
        (side - 1) * stride for side, stride in zip(tensor.shape, tensor.strides, strict=True)
    )
    if math.prod(tensor.shape) > len(numbers) or last >= len(numbers):
        raise WeightsFileError(f"a tensor of shape {tensor.shape} reaches outside its numbers.")
    steps = [stride * numbers.itemsize for stride in tensor.strides]
    # Not copied: any number of tensors may be of the same numbers.
    return np.lib.stride_tricks.as_strided(
        numbers[tensor.offset :], tensor.shape, steps, writeable=False
    )


def _unpickle(file):
    """Return what the pickle holds that begins at a file's position, and stop right behind it."""
    stack, marks, memo = [], [], {}

    def since_mark():
        start = marks.pop()
        items = stack[start:]
        del stack[start:]
        return items

    for opcode, argument, _ in pickletools.genops(file):
        match opcode.name:
            case "PROTO" | "FRAME":
                pass
            case "STOP":
                return stack.pop()
            case "MARK":
                marks.append(len(stack))
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(opcode.name == "NEWTRUE")
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE" | "SHORT_BINUNICODE":
                stack.append(argument)
            case "GLOBAL":
                stack.append(_check_name(argument))
            case "STACK_GLOBAL":
                name, module = stack.pop(), stack.pop()
                if not (type(name) is type(module) is str):
                    raise WeightsFileError("it asks for something that has no name.")
                stack.append(_check_name(f"{module} {name}"))
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_TUPLE":
                stack.append(())
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                start = len(stack) - int(opcode.name[-1])
                stack[start:] = [tuple(stack[start:])]
            case "TUPLE":
                stack.append(tuple(since_mark()))
            case "APPEND":
                item = stack.pop()
                _get_last(stack, list).append(item)
            case "APPENDS":
                items = since_mark()
                _get_last(stack, list).extend(items)
            case "SETITEM" | "SETITEMS":
                if opcode.name == "SETITEM":
                    marks.append(len(stack) - 2)
                items = since_mark()
                _set_items(_get_last(stack, dict), items[::2], items[1::2])
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "BINPERSID":
                stack.append(_parse_storage(stack.pop()))
            case "REDUCE":
                arguments, name = stack.pop(), stack.pop()
                stack.append(_rebuild(name, arguments))
            case "BUILD":
                # PyTorch notes versions of layers at a dictionary.
                stack.pop()
                _get_last(stack, dict)
            case other:
                raise WeightsFileError(f"there is {other} in it, which weights do not need.")


def _check_name(name):
    if name not in (_MAPPING, _TENSOR, *_DTYPES):
        raise WeightsFileError(
            f"it asks for {name.replace(' ', '.')}. Weights are float32 or int64 tensors by name; "
            f"a whole pickled model is not read: save model.state_dict()."
        )
    return _Name(name)


def _get_last(stack, kind):
    if type(stack[-1]) is not kind:
        raise WeightsFileError("it changes something else than its own lists and dictionaries.")
    return stack[-1]


def _set_items(mapping, keys, values):
    # Of what is nested deeply the hash may take for ever.
    if not all(type(key) is str for key in keys):
        raise WeightsFileError("it has keys that are not names.")
    mapping.update(zip(keys, values, strict=True))


def _parse_storage(pid):
    kind, storage_type, key, _location, n_elements, view = pid
    known = isinstance(storage_type, _Name) and storage_type.name in _DTYPES
    if type(kind) is not str or kind != "storage" or not known or view is not None:
        raise WeightsFileError("its storages are of an unknown kind.")
    if type(key) is not str or not _are_sizes([n_elements]):
        raise WeightsFileError("its storages have no names or sizes.")
    return _Storage(key, _DTYPES[storage_type.name], n_elements)


def _rebuild(what, arguments):
    name = what.name if isinstance(what, _Name) else None
    if name == _MAPPING and arguments == ():
        return {}
    if name != _TENSOR:
        raise WeightsFileError("it calls something in a way that weights do not need.")
    storage, offset, shape, strides, *_ = arguments
    if not isinstance(storage, _Storage):
        raise WeightsFileError("a tensor in it has no storage.")
    if not (type(shape) is type(strides) is tuple and len(shape) == len(strides) <= _MOST_AXES):
        raise WeightsFileError("a tensor in it has no shape.")
    if not _are_sizes([offset, *shape, *strides]):
        raise WeightsFileError("a tensor in it has an invalid shape.")
    return _Tensor(storage, offset, shape, strides)


def _are_sizes(values):
    return all(type(value) is int and value >= 0 for value in values)
