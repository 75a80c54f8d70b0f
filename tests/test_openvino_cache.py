"""Converted networks on disk: never wrong ones, and no TensorFlow where there is one."""

import importlib.util
import io
import json
import os
import subprocess
import sys
import zlib

import numpy as np
import pytest

from sktime_screen import PretrainedCNNFeatures
from sktime_screen.features import _networks
from sktime_screen.features import _openvino_cache as _converted
from sktime_screen.features._openvino_cache import CachedNetwork

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="OpenVINO is not installed"
)
IMAGES = np.random.default_rng(0).integers(0, 255, (5, 32, 48, 3), np.uint8)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SKTIME_SCREEN_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def conversions(monkeypatch):
    counts = []
    convert = _networks.convert
    monkeypatch.setattr(_networks, "convert", lambda model: counts.append(1) or convert(model))
    return counts


def features(images=IMAGES, **options):
    """As a new process computes them."""
    _networks._networks.clear()
    settings = {"engine": "openvino", "precision": "float32", "weights": None, **options}
    return PretrainedCNNFeatures(**settings).fit_transform(images)


def kept(home):
    return sorted((home / "networks").iterdir())


@pytest.mark.slow
def test_a_second_process_needs_no_tensorflow(home):
    script = """
import sys
import numpy as np
from sktime_screen import PretrainedCNNFeatures
images = np.load(sys.argv[1])
transformer = PretrainedCNNFeatures(weights=None, pooling=("avg", None), engine="openvino")
np.save(sys.argv[2], transformer.fit_transform(images))
print("tensorflow" in sys.modules, *transformer.get_feature_names_out()[[0, -1]])
"""
    np.save(home / "images.npy", IMAGES)
    found, said = [], []
    for number in range(2):
        arguments = [home / "images.npy", home / f"{number}.npy"]
        run = [sys.executable, "-c", script, *arguments]
        said.append(subprocess.run(run, check=True, capture_output=True, text=True).stdout.split())
        found.append(np.load(arguments[1]))
    names = ["efficientnet_lite0_avg_0", f"efficientnet_lite0_map_{1 * 2 * 1280 - 1}"]
    assert said == [["True", *names], ["False", *names]]
    np.testing.assert_array_equal(*found)
    assert np.ptp(found[0], axis=0).max() > 1e-3


def test_a_foreign_file_is_mended(home, tiny, conversions):
    expected = features()
    np.testing.assert_array_equal(features(), expected)
    assert len(conversions) == 1
    (path,) = kept(home)
    other = features(pooling="max")
    assert not np.allclose(other, expected)
    (foreign,) = set(kept(home)) - {path}
    path.write_bytes(foreign.read_bytes())
    np.testing.assert_array_equal(features(), expected)
    np.testing.assert_array_equal(features(), expected)
    assert len(conversions) == 3


def rewritten(path, **changes):
    """A sound archive with other content."""
    with _converted.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    changes = {name.replace("_", "."): change for name, change in changes.items()}
    if "sums" in changes:
        del changes["sums"]
        header = json.loads(parts["header.json"])
        for position, name in enumerate(("network.xml", "network.bin"), start=1):
            change = changes.get(name, bytes)
            header["sums"][position] = zlib.crc32(change(parts[name]))
        parts["header.json"] = json.dumps(header).encode()
    with _converted.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, changes[name](content) if name in changes else content)


def with_description(**changes):
    def change(header):
        header = json.loads(header)
        header["description"] = {**header["description"], **changes}
        return json.dumps(header).encode()

    return change


@pytest.mark.parametrize(
    "changes",
    [
        {"network_bin": lambda content: bytes(len(content))},
        {"network_bin": lambda content: content[: len(content) // 2], "sums": None},
        {"network_xml": lambda content: content[: len(content) // 2], "sums": None},
        {"network_xml": lambda content: b"", "network_bin": lambda content: b"", "sums": None},
        {"header_json": with_description(columns=None)},
        {"header_json": with_description(columns=[["tiny"]])},
        {"header_json": with_description(columns=[["tiny", 3]])},
        {"header_json": with_description(map_size=7)},
        {"header_json": lambda header: header.replace(b'"description"', b'"other"')},
    ],
)
def test_broken_content_of_a_sound_archive_is_made_anew(home, tiny, conversions, changes):
    expected = features()
    (path,) = kept(home)
    rewritten(path, **changes)
    for _ in range(2):
        np.testing.assert_array_equal(features(), expected)
    assert len(conversions) == 2


def test_every_damage_is_seen(home):
    write_small("a")
    (path,) = kept(home)
    whole = path.read_bytes()
    right = [b"<net a/>", bytes(range(256))]
    assert CachedNetwork("a").read() == right
    seen = 0
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 255
        path.write_bytes(changed)
        assert CachedNetwork("a").read_header() in (None, {"name": "a"})
        read = CachedNetwork("a").read()
        assert read in (None, right)  # dates and the like do not matter
        seen += read is None
    assert seen > 256
    for content in (b"", whole[:-30], b"no archive", json_archive([]), json_archive({"a": 1})):
        path.write_bytes(content)
        assert CachedNetwork("a").read_header() is None


def write_small(name):
    def serialize(xml):
        xml.write_text(f"<net {name}/>")
        xml.with_suffix(".bin").write_bytes(bytes(range(256)))

    CachedNetwork(name).write({"name": name}, serialize)


def json_archive(content):
    file = io.BytesIO()
    with _converted.ZipFile(file, "w") as archive:
        archive.writestr("header.json", json.dumps(content))
    return file.getvalue()


def test_the_file_of_another_network_is_not_taken(home):
    write_small("a")
    (path,) = kept(home)
    write_small("b")
    (foreign,) = set(kept(home)) - {path}
    path.write_bytes(foreign.read_bytes())
    assert CachedNetwork("a").read() is None
    assert CachedNetwork("b").read()[0] == b"<net b/>"


def test_a_place_that_cannot_be_written_to(home, monkeypatch):
    (home / "file").touch()
    monkeypatch.setenv("SKTIME_SCREEN_HOME", str(home / "file"))
    write_small("a")
    assert CachedNetwork("a").read() is None


def test_a_serializer_that_fails_for_lack_of_space_leaves_nothing(home):
    def full(xml):
        xml.write_bytes(b"<net")
        raise OSError("No space left on device")

    CachedNetwork("a").write({}, full)
    assert kept(home) == []


def test_other_versions_are_other_networks(home, monkeypatch):
    write_small("a")
    monkeypatch.setattr(_converted, "_list_versions", lambda: "openvino 1.0")
    assert CachedNetwork("a").read() is None


def test_weights_that_changed_under_their_name(home, tiny, conversions):
    path = str(home / "mine.weights.h5")
    model = tiny.build((32, 48, 3), "avg")
    found = []
    for seed in range(2):
        generator = np.random.default_rng(seed)
        for weight in model.weights:
            if len(weight.shape) == 4:
                weight.assign(generator.normal(0, 0.2, weight.shape))
        model.save_weights(path)
        os.utime(path, ns=(seed, seed))
        found.append(features(weights=path))
        np.testing.assert_array_equal(features(weights=path), found[-1])
    assert not np.allclose(*found)
    assert len(conversions) == 2


def test_models_of_the_users_own_are_not_kept(home):
    keras = _networks.load_keras()
    own = keras.Sequential([keras.Input((32, 48, 3)), keras.layers.Rescaling(2.0)])
    own.save(home / "own.keras")
    features(backbone=home / "own.keras", weights="imagenet")
    assert not (home / "networks").exists()


def test_the_networks_not_used_for_longest_make_room(home, monkeypatch):
    write_small("a")
    (first,) = kept(home)
    write_small("b")
    (second,) = set(kept(home)) - {first}
    os.utime(first, (1, 1))
    os.utime(second, (2, 2))
    CachedNetwork("a").read()
    monkeypatch.setattr(_converted, "_MAX_BYTES", 2.5 * first.stat().st_size)
    write_small("c")
    assert first in kept(home)
    assert second not in kept(home)
    assert len(kept(home)) == 2
