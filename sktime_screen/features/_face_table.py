"""How the faces of a frame stand in a row of features."""

import re
from typing import NamedTuple

import numpy as np

BOX = ("left", "top", "right", "bottom")
_N_OTHERS = len(BOX) + 1  # the score
# A union of transformers puts its members' names before those of columns.
_NAME = re.compile(r"(?:.*__)?face(\d+)_(?:embedding(\d+)|(left|top|right|bottom|score))$")


class Faces(NamedTuple):
    """The faces of frames, the largest first; those behind the last one are all 0.

    - ``embeddings``: float32 (n, n_faces, n_dimensions), each of length 1.
    - ``boxes``: float32 (n, n_faces, 4), left, top, right and bottom as shares of the image.
    - ``scores``: float32 (n, n_faces), how sure the detector is; 0 where there is no face.
    """

    embeddings: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray


def name_face_columns(n_faces, n_dimensions):
    """Return the names of a row's columns, face by face: embedding, box, score."""
    parts = [*(f"embedding{number}" for number in range(n_dimensions)), *BOX, "score"]
    return [f"face{face}_{part}" for face in range(n_faces) for part in parts]


def pack_faces(embeddings, boxes, scores):
    """Put the faces of frames into rows; shapes as in ``Faces``."""
    faces = np.concatenate([embeddings, boxes, scores[..., None]], axis=2)
    return faces.reshape(len(faces), -1)


def find_face_columns(table):
    """Tell which columns of a table are of faces: bool (n_columns,)."""
    names = getattr(table, "columns", ())
    return np.array([_NAME.match(str(name)) is not None for name in names], bool)


def unpack_faces(table) -> Faces:
    """Take the faces of frames out of a table.

    Parameters
    ----------
    table : pandas.DataFrame
        What :meth:`FaceFeatures.transform` gave. Other columns may stand beside its own, which are
        found by their names, also with a prefix such as ``facefeatures__``.

    Returns
    -------
    Faces
        A named tuple of float32 ndarrays: ``embeddings`` (n, n_faces, n_dimensions), vectors of
        length 1; ``boxes`` (n, n_faces, 4), left, top, right and bottom as shares of the image;
        and ``scores`` (n, n_faces), how sure the detector is. The largest face comes first. Where
        there is no face, all numbers are 0.

    Raises
    ------
    ValueError
        If the table lacks columns of :class:`FaceFeatures`, or has them in another order.

    See Also
    --------
    FaceFeatures : Makes such tables.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktime_screen.features import unpack_faces
    >>> row = {"face0_embedding0": 0.6, "face0_embedding1": 0.8, "face0_left": 0.1}
    >>> row |= {"face0_top": 0.2, "face0_right": 0.5, "face0_bottom": 0.6, "face0_score": 0.9}
    >>> unpack_faces(pd.DataFrame([row])).boxes
    array([[[0.1, 0.2, 0.5, 0.6]]], dtype=float32)
    """
    chosen = find_face_columns(table)
    matches = [_NAME.match(str(name)) for name in getattr(table, "columns", ())]
    names = [match for match in matches if match]
    n_faces = sum(name[3] == "score" for name in names)
    width = len(names) // n_faces if n_faces else 0
    expected = name_face_columns(n_faces, width - _N_OTHERS) if n_faces else [None]
    if [name[0].rpartition("__")[2] for name in names] != expected:
        raise ValueError(
            f"The table has no whole set of the columns of FaceFeatures (face0_embedding0 to "
            f"face{max(n_faces, 1) - 1}_score, in their order): hand on what its transform gives, "
            f"unchanged."
        )
    faces = table.loc[:, chosen].to_numpy(np.float32).reshape(len(table), n_faces, width)
    return Faces(faces[..., :-_N_OTHERS], faces[..., -_N_OTHERS:-1], faces[..., -1])
