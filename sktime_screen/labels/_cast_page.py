"""Write the page of the people in videos, on which they are given names."""

from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from .._atomic_files import check_target, write_text_atomically
from .._html import encode_data_uri, load_template, make_policy
from .._names import escape_controls
from ..features import unpack_faces
from ..video import (
    IMAGE_TYPE,
    FrameSequence,
    check_frame_table,
    encode_image,
    is_frame_index,
    make_frame_index,
)
from ._people import find_people

_STYLE, _SCRIPTS = "cast.css", ("zip.js", "cast.js")
# The room around a face, as a share of its height: less where somebody else would be seen too.
_ROOMS = 0.6, 0.4, 0.2
# Pixels of a portrait's longer side: smaller faces would not be found again.
_SIDES = (160, 320)
_QUALITY = 88
_MOST_PEOPLE = 60


def save_cast_page(path, X, faces) -> None:
    """Write an HTML page to name the people in videos, which saves a folder of portraits.

    The page is one file that works offline. It shows the people by how long they are seen, each
    with the pictures that show them best. Type their names: people of one name become one, those
    without a name are left out. Click on pictures to take them out, or to make another person of
    them. The page saves a ZIP file with a folder of portraits for each name, for `FaceClassifier`
    and ``sktime-screen measure --portraits``.

    Parameters
    ----------
    path : str or path
        The HTML file to write. The ZIP file gets the same name.
    X : pandas.DataFrame
        The frame table of the videos.
    faces : pandas.DataFrame
        The table of `FaceFeatures` for `X`.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, VideoError
        If a video or the folder of the page does not exist or cannot be read.
    ValueError
        If `faces` has other rows than `X`, or no face.

    See Also
    --------
    FaceClassifier : Knows people by portraits.

    Examples
    --------
    >>> from sktime_screen import FaceFeatures, VideoFrameSampler, save_cast_page
    >>> sampler = VideoFrameSampler(rate=1)
    >>> X = sampler.sample("video.mp4")  # doctest: +SKIP
    >>> faces = FaceFeatures().fit_transform(sampler.transform(X))  # doctest: +SKIP
    >>> save_cast_page("cast.html", X, faces)  # doctest: +SKIP
    """
    table = check_frame_table(X)
    if len(faces) != len(table) or (
        is_frame_index(faces.index) and not faces.index.equals(make_frame_index(table))
    ):
        raise ValueError("faces has other rows than X: give what FaceFeatures made of X.")
    target = check_target(path)
    people = find_people(faces)
    if not people:
        raise ValueError(
            f"No face was found in the {len(table)} frames of "
            f"{', '.join(map(repr, pd.unique(table['video'])[:3]))}. Drawn faces are not found: "
            f"label frames of such characters."
        )
    portraits = _cut_portraits(table, faces, people[:_MOST_PEOPLE])
    page = {
        "zip": f"{target.stem}.zip",
        "videos": [escape_controls(Path(name).name or name) for name in pd.unique(table["video"])],
        "left": len(people) - _MOST_PEOPLE,
        "people": [
            {
                "seconds": round(person.seconds, 1),
                "pictures": [
                    {"image": portraits[face], "time": float(table["time"].iloc[face[0]])}
                    for face in person.pictures
                ],
            }
            for person in people[:_MOST_PEOPLE]
        ],
    }
    template = load_template("sktime_screen.labels", "cast_page.html")
    write_text_atomically(target, template.render(page=page, **_read_assets()))


def _cut_portraits(table, faces, people):
    """Return images of faces as data URIs: {(row, number): image}."""
    boxes, scores = unpack_faces(faces)[1:]
    wanted = {}
    for person in people:
        for row, number in person.pictures:
            wanted.setdefault(row, []).append(number)
    rows = np.array(sorted(wanted))
    cut = {}
    for position, image in FrameSequence(table.iloc[rows]).iter_images():
        row = int(rows[position])
        scale = np.tile(image.shape[1::-1], 2)
        own = boxes[row] * scale
        for number in wanted[row]:
            others = np.delete(own, number, axis=0)[np.delete(scores[row], number) > 0]
            cut[row, number] = _cut_portrait(image, own[number], others)
    return cut


def _cut_portrait(image, box, others):
    """Cut out a face with room around it; ``box, others`` in pixels."""
    height = box[3] - box[1]
    for room in _ROOMS:
        left, top = np.floor(np.maximum(box[:2] - room * height, 0)).astype(int)
        right, bottom = np.ceil(np.minimum(box[2:] + room * height, image.shape[1::-1])).astype(int)
        begins = np.maximum(others[:, :2], [left, top])
        ends = np.minimum(others[:, 2:], [right, bottom])
        if not (begins < ends).all(axis=1).any():
            break
    portrait = image[top:bottom, left:right]
    longer = max(portrait.shape[:2])
    factor = np.clip(longer, *_SIDES) / longer
    if factor != 1:
        interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        size = tuple(max(1, round(side * factor)) for side in portrait.shape[1::-1])
        portrait = cv2.resize(portrait, size, interpolation=interpolation)
    return encode_data_uri(IMAGE_TYPE, encode_image(portrait, _QUALITY))


def _read_assets():
    """Return the style sheet, the scripts, and the policy that allows only these."""
    folder = resources.files("sktime_screen.labels") / "templates"
    style = (folder / _STYLE).read_text(encoding="utf-8")
    scripts = [(folder / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return {"style": style, "scripts": scripts, "policy": make_policy([style], scripts)}
