"""The reader of PyTorch's files: right numbers, nothing executed, named errors."""

import pickle
import tracemalloc

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


PROMISES_MUCH = {
    "memo": b"}r\xff\xff\xff\x1f",
    "text": b"X\xff\xff\xff\xff" + b"abc",
    "long text": b"\x8d\xff\xff\xff\xff\x00\x00\x00\x00" + b"abc",
    "bytes": b"\x8e\x00\x00\x00\x00\x01\x00\x00\x00",
    "frame": b"\x95\x00\x00\x00\x00\x01\x00\x00\x00}",
    "number": b"\x8b\xff\xff\xff\x7f",
    "storage": tensor("a", 2**40, (1,), (1,)),
}


@pytest.mark.parametrize("what", PROMISES_MUCH)
def test_memory_is_bounded_by_the_file(read, what):
    content = torch_file({"x": PROMISES_MUCH[what]}, {"a": np.zeros(0, "<f4")})
    content = content[:-8] + (2**40).to_bytes(8, "little")
    tracemalloc.start()
    try:
        with pytest.raises(WeightsFileError, match=r"weights\.pth"):
            read(content)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


def test_many_tensors_of_the_same_numbers_take_no_room(read):
    tensors = {f"x{number}": tensor("a", 10**5, (10**5,), (1,)) for number in range(300)}
    tracemalloc.start()
    try:
        found = read(torch_file(tensors, {"a": np.zeros(10**5, "<f4")}))
        assert tracemalloc.get_traced_memory()[1] < 1e7
    finally:
        tracemalloc.stop()
    assert len(found) == 300
    assert not found["x0"].flags.writeable


# A tuple of the same tuple twice, 60 times: comparing or hashing it takes for ever.
DEEP = b")" + 60 * b"q\x00h\x00\x86"


@pytest.mark.parametrize(
    "content",
    [
        DEEP + b".",
        torch_file({"x": b"}" + DEEP + b"Ns"}, {}),
        torch_file({"x": b"}(" + DEEP + b"Nu"}, {}),
        torch_file({"x": b"}" + DEEP + b"b"}, {}),
        torch_file({"x": DEEP + DEEP + b"R"}, {}),
        torch_file({"x": b"ccollections\nOrderedDict\n((" + DEEP + b"N\x86ltR"}, {}),
        torch_file({"x": DEEP + DEEP + b"\x93"}, {}),
        torch_file({"x": DEEP + b"Q"}, {}),
        torch_file({"x": b"(" + 6 * DEEP + b"tQ"}, {}),
        torch_file({"x": tensor("a", 12, (3, 4), (4, 1)).replace(value("a"), DEEP)}, {}),
        torch_file({"x": tensor("a", 12, (3, 4), (4, 1)).replace(value((3, 4)), DEEP)}, {}),
        torch_file({"x": tensor("a", 12, (3,), (4,)).replace(value((4,)), DEEP + b"\x85")}, {}),
        torch_file({"x": tensor("a", 12, (3,), (4,), 5).replace(value(5), DEEP)}, {}),
        torch_file({"x": tensor("a", 1, (1,) * 10**4, (10**9,) * 10**4)}, {}),
    ],
    ids=range(14),
)
def test_what_takes_for_ever_is_refused(read, content):
    with pytest.raises(WeightsFileError, match=r"weights\.pth"):
        read(content)


@pytest.mark.parametrize(
    "made",
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"ctorch\nFloatStorage\n",
        b"ccollections\nOrderedDict\n",
        tensor("a", 12, (3, 4), (4, 1)),
    ],
)
def test_nothing_of_ours_is_changed(read, made):
    good = torch_file({"x": tensor("a", 12, (3, 4), (4, 1))}, {"a": NUMBERS})
    state = value((None, {"__defaults__": (), "dtype": 1, "shape": 2}))
    with pytest.raises(WeightsFileError, match="changes something else"):
        read(torch_file({"x": made + state + b"b"}, {"a": NUMBERS}))
    np.testing.assert_array_equal(read(good)["x"], NUMBERS.reshape(3, 4))


def test_versions_of_layers_are_passed_over(read):
    content = torch_file({"x": tensor("a", 12, (3, 4), (4, 1))}, {"a": NUMBERS})
    end = content.index(b"u.")
    content = (
        content[: end + 1] + value({"_metadata": {"": {"version": 1}}}) + b"b" + content[end + 1 :]
    )
    assert read(content)["x"].shape == (3, 4)


def test_a_later_protocol_of_pickle(read):
    content = torch_file({"x": tensor("a", 12, (3, 4), (4, 1))}, {"a": NUMBERS})
    for module, name in [("torch", "FloatStorage"), ("torch._utils", "_rebuild_tensor_v2")]:
        old = f"c{module}\n{name}\n".encode()
        new = b"".join(b"\x8c" + bytes([len(word)]) + word.encode() for word in (module, name))
        assert old in content
        content = content.replace(old, b"\x95" + bytes(8) + new + b"\x93\x94")
    np.testing.assert_array_equal(read(content)["x"], NUMBERS.reshape(3, 4))
