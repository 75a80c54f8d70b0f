"""Portraits: pictures of one face each, from which a person is known."""

import os
import tempfile
import warnings
import zipfile
from itertools import chain

import numpy as np
import pandas as pd
from sklearn.preprocessing import normalize

from ..features import unpack_faces
from ..video import FrameSequence, list_class_images

# Of the height of the face that a portrait is of, and of its score: who is smaller stands
# in the background, and what is less of a face may be none.
_BACKGROUND, _DOUBTFUL = 0.5, 0.85
_NAMED = 5


def read_portraits(path, features, networks=None):
    """Return the faces of portraits, ``path/person/file``, by person: {name: (n, d)}.

    ``networks`` is what a table of faces says of its own, whose vectors they are compared to.
    """
    path = os.fspath(path)
    if not zipfile.is_zipfile(path):
        return _read_folder(path, features, path, networks)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
        return _read_folder(folder, features, path, networks)


def _read_folder(folder, features, called, networks):
    images = sorted(list_class_images(folder))
    paths = [os.path.join(folder, *image) for image in images]
    table = pd.DataFrame(
        {"video": folder, "time": range(len(paths)), "duration": 1, "image": paths}
    )
    rows = features.fit(FrameSequence(table)).transform(FrameSequence(table))
    own = rows.attrs.get("face_networks")
    if None not in (networks, own) and networks != own:
        raise ValueError(
            "The faces of X and those of the portraits were embedded by different networks, or "
            "from other pixel values: give `features` the parameters of the FaceFeatures that made "
            "X."
        )
    faces = unpack_faces(rows)
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
    largest = faces.embeddings[np.arange(len(paths)), main].astype(np.float64)
    names = np.array([name for name, _ in images])
    by_person = {str(name): largest[names == name] for name in np.unique(names)}
    _warn_of_mistaken(by_person, names, paths)
    return by_person


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
