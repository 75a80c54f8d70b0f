"""The reader of PyTorch's files: right numbers, nothing executed, named errors."""

import pickle

import numpy as np
import pytest

from sktime_screen.features import WeightsFileError
from sktime_screen.features._torch_weights import read_torch_weights


def value(content):
    """Opcodes that put a plain value on the unpickler's stack."""
    return pickle.dumps(content, 2)[2:-1]


def tensor(key, n_elements, shape, strides, offset=0, kind="FloatStorage"):
    storage = (
        b"(" + value("storage") + b"ctorch\n" + kind.encode() + b"\n" + value(key) + value("cpu")
        + value(n_elements) + value(None) + b"tQ"
    )  # fmt: skip
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + value(offset) + value(shape)
        + value(strides) + value(False) + b"ccollections\nOrderedDict\n)RtR"
    )  # fmt: skip


def torch_file(tensors, storages, *, little_endian=True):
    """The bytes that PyTorch before 1.6 wrote for a state dict."""
    entries = b"".join(value(name) + opcodes for name, opcodes in tensors.items())
    return (
        pickle.dumps(0x1950A86A20F9469CFC6C, 2)
        + pickle.dumps(1001, 2)
        + pickle.dumps({"protocol_version": 1001, "little_endian": little_endian}, 2)
        + b"\x80\x02ccollections\nOrderedDict\n)R(" + entries + b"u."
        + pickle.dumps(list(storages), 2)
        + b"".join(
            len(numbers).to_bytes(8, "little") + numbers.tobytes() for numbers in storages.values()
        )
    )  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def read_bytes(content):
        path = tmp_path / "weights.pth"
        path.write_bytes(content)
        return read_torch_weights(path)

    return read_bytes


NUMBERS = np.arange(12, dtype="<f4")


def test_tensors_with_strides_offset_and_a_shared_storage(read):
    content = torch_file(
        {
            "plain": tensor("a", 12, (3, 4), (4, 1)),
            "transposed": tensor("a", 12, (4, 3), (1, 4)),
            "part": tensor("a", 12, (2, 2), (4, 2), offset=5),
            "count": tensor("b", 1, (), (), kind="LongStorage"),
        },
        {"a": NUMBERS, "b": np.array([7], "<i8")},
    )
    tensors = read(content)
    square = NUMBERS.reshape(3, 4)
    np.testing.assert_array_equal(tensors["plain"], square)
    np.testing.assert_array_equal(tensors["transposed"], square.T)
    np.testing.assert_array_equal(tensors["part"], [[5, 7], [9, 11]])
    assert tensors["count"] == 7
    assert tensors["count"].dtype == np.int64
    assert tensors["plain"].dtype == np.float32


def test_nothing_of_the_file_is_executed(read, tmp_path):
    witness = tmp_path / "executed"
    call = b"cos\nsystem\n(" + value(f"touch {witness}") + b"tR"
    with pytest.raises(WeightsFileError, match=r"asks for os\.system"):
        read(torch_file({"x": call}, {}))
    assert not witness.exists()


@pytest.mark.parametrize("name", ["torch.DoubleStorage", "torch.nn.Linear", "builtins.eval"])
def test_other_names_are_refused(read, name):
    module, _, attribute = name.rpartition(".")
    opcodes = f"c{module}\n{attribute}\n".encode()
    with pytest.raises(WeightsFileError, match=f"asks for {name}"):
        read(torch_file({"x": opcodes}, {}))


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((13,), (1,), 0), ((2,), (12,), 0), ((2,), (-1,), 1), ((1,), (1,), 12), ((-2,), (-3,), 0),
     ((10**6, 2), (0, 1), 0), ((2,), (1, 1), 0)],
)  # fmt: skip
def test_tensors_cannot_reach_outside_their_numbers(read, shape, strides, offset):
    content = torch_file({"x": tensor("a", 12, shape, strides, offset)}, {"a": NUMBERS})
    with pytest.raises(WeightsFileError):
        read(content)


def test_a_file_cut_anywhere_is_a_named_error(read):
    content = torch_file({"x": tensor("a", 12, (3, 4), (4, 1))}, {"a": NUMBERS})
    assert read(content)["x"].shape == (3, 4)
    for length in range(len(content)):
        with pytest.raises(WeightsFileError, match=r"weights\.pth"):
            read(content[:length])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest", "_use_new_zipfile_serialization=False"),
        (b"not a pickle", "damaged or not a file of PyTorch weights"),
        (pickle.dumps({"a": 1}), "does not begin like"),
        (torch_file({}, {}, little_endian=False), "little-endian"),
        (torch_file({"x": value(3)}, {}), "something else than named tensors"),
        (torch_file({"x": tensor("a", 5, (5,), (1,))}, {"a": NUMBERS}), "announced with 5"),
    ],
)
def test_foreign_files_are_named_errors(read, content, message):
    with pytest.raises(WeightsFileError, match=message):
        read(content)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_torch_weights(tmp_path / "none.pth")
