"""Portraits: pictures of one face each, from which a person is known."""

import os
import tempfile
import warnings
import zipfile
from itertools import chain

import cv2
import numpy as np
import pandas as pd
from sklearn.preprocessing import normalize

from ..features import unpack_faces
from ..video import FrameSequence, list_class_images

# Of the height of the face that a portrait is of, and of its score: who is smaller stands
# in the background, and what is less of a face may be none.
_BACKGROUND, _DOUBTFUL = 0.5, 0.85
_NAMED = 5
# Small faces are less like large ones of the same person than large ones are like each other. So
# portraits are looked at once more with faces of so many pixels: one limit then serves all sizes.
_SMALL = 32


def read_portraits(path, features):
    """Return the faces of portraits, ``path/person/file``, by person: {name: (n, d)}."""
    path = os.fspath(path)
    if not zipfile.is_zipfile(path):
        return _read_folder(path, features, path)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
        return _read_folder(folder, features, path)


def _read_folder(folder, features, called):
    images = sorted(list_class_images(folder))
    paths = [os.path.join(folder, *image) for image in images]
    portraits = _make_sequence(paths)
    faces = unpack_faces(features.fit(portraits).transform(portraits))
    main, n_faces = find_main_faces(faces)
    paths = [os.path.join(called, *image) for image in images]
    if (n_faces != 1).any():
        wrong = np.flatnonzero(n_faces != 1)
        listed = "; ".join(
            f"{paths[row]!r} has {n_faces[row] or 'none that is found'}" for row in wrong[:_NAMED]
        )
        more = f"; and {len(wrong) - _NAMED} more" * (len(wrong) > _NAMED)
        raise ValueError(
            f"A portrait shows one face, but {listed}{more}. Crop each to the one person, with "
            f"some room around the face, or leave it out."
        )
    rows = np.arange(len(paths))
    heights = (faces.boxes[..., 3] - faces.boxes[..., 1])[rows, main]
    largest = faces.embeddings[rows, main].astype(np.float64)
    largest = normalize(largest + _embed_small(portraits, heights, features))
    names = np.array([name for name, _ in images])
    by_person = {str(name): largest[names == name] for name in np.unique(names)}
    _warn_of_mistaken(by_person, names, paths)
    return by_person


def _make_sequence(paths):
    """Return the images of files as a sequence."""
    table = pd.DataFrame({"video": "portraits", "time": range(len(paths)), "duration": 1.0})
    return FrameSequence(table.assign(image=paths))


def _embed_small(portraits, heights, features):
    """Return embeddings of portraits made small, 0 for those that are or whose face is lost.

    Shapes: ``heights`` (n,), of the faces as shares -> (n, n_dimensions).
    """
    with tempfile.TemporaryDirectory() as folder:
        rows, paths = [], []
        for row, image in portraits.iter_images():
            scale = _SMALL / (heights[row] * len(image))
            if scale < 1:
                small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                rows.append(row)
                paths.append(os.path.join(folder, f"{row}.png"))
                cv2.imwrite(paths[-1], small[..., ::-1])
        if not rows:
            return 0.0
        faces = unpack_faces(features.transform(_make_sequence(paths)))
    main, n_faces = find_main_faces(faces)
    found = np.zeros((len(portraits), faces.embeddings.shape[2]))
    found[rows] = faces.embeddings[np.arange(len(rows)), main] * (n_faces == 1)[:, None]
    return found


def find_main_faces(faces):
    """Return the face that each picture is of, and how many there are as good: (n,), (n,)."""
    rows = np.arange(len(faces.scores))
    heights = (faces.boxes[..., 3] - faces.boxes[..., 1]) * (faces.scores > 0)
    main = (heights * faces.scores).argmax(axis=1)
    as_large = heights > _BACKGROUND * heights[rows, main, None]
    as_sure = faces.scores > _DOUBTFUL * faces.scores[rows, main, None]
    return main, (as_large & as_sure).sum(axis=1)


def _warn_of_mistaken(by_person, names, paths):
    """Warn of portraits that look more like somebody else than like the others of their folder."""
    centres = {name: compute_centre(own) for name, own in by_person.items()}
    alike, place = [], dict.fromkeys(by_person, 0)
    for name, path in zip(names.tolist(), paths, strict=True):
        own, row = by_person[name], place[name]
        place[name] += 1
        if len(own) < 2:
            continue
        to_own = own[row] @ compute_centre(np.delete(own, row, axis=0))
        others = {who: own[row] @ centre for who, centre in centres.items() if who != name}
        nearest = max(others, key=others.__getitem__, default=None)
        if nearest is not None and others[nearest] > to_own:
            alike.append(f"{path!r} more like {nearest!r}")
    if alike:
        warnings.warn(
            f"Portraits look more like somebody else than like the others of their person: "
            f"{'; '.join(alike[:_NAMED])}. Check that they are in the right folders.",
            stacklevel=5,
        )


def compute_centre(embeddings):
    """Return the direction of the mean of embeddings: (n, d) -> (d,)."""
    return normalize(embeddings.mean(axis=0, keepdims=True))[0]


def measure_impostors(by_person):
    """Return how alike portraits are to the centres of other persons: cosines (n,)."""
    centres = {name: compute_centre(own) for name, own in by_person.items()}
    return np.fromiter(
        chain.from_iterable(
            own @ centre
            for name, own in by_person.items()
            for other, centre in centres.items()
            if other != name
        ),
        np.float64,
    )
