"""How the faces of a frame stand in a row of features."""

import numpy as np
import pandas as pd
import pytest

from sktime_screen.features import find_face_columns, name_face_columns, pack_faces, unpack_faces


def make_faces():
    random = np.random.default_rng(0)
    return (
        random.standard_normal((3, 2, 4)).astype(np.float32),
        random.uniform(size=(3, 2, 4)).astype(np.float32),
        np.array([[0.9, 0.5], [0.7, 0], [0, 0]], np.float32),
    )


def make_table():
    return pd.DataFrame(pack_faces(*make_faces()), columns=name_face_columns(2, 4))


def test_what_is_packed_is_unpacked():
    table = make_table()
    assert list(table)[:9] == [
        *(f"face0_embedding{number}" for number in range(4)),
        *("face0_left", "face0_top", "face0_right", "face0_bottom", "face0_score"),
    ]
    for unpacked, packed in zip(unpack_faces(table), make_faces(), strict=True):
        np.testing.assert_array_equal(unpacked, packed)
        assert unpacked.dtype == np.float32


def test_faces_are_found_among_other_columns():
    faces = make_table().add_prefix("facefeatures__")
    table = pd.concat([pd.DataFrame({"map0": [1.0, 2, 3]}), faces], axis=1)
    assert find_face_columns(table).tolist() == [False] + [True] * 18
    np.testing.assert_array_equal(unpack_faces(table).boxes, make_faces()[1])
    assert not len(find_face_columns(table.to_numpy()))


@pytest.mark.parametrize(
    "break_table",
    [
        lambda table: table.drop(columns="face1_top"),
        lambda table: table[table.columns[::-1]],
        lambda table: table.drop(columns="face1_score"),
        lambda table: table[[]],
        lambda table: table.to_numpy(),
    ],
)
def test_a_part_of_the_columns_is_refused(break_table):
    with pytest.raises(ValueError, match="no whole set of the columns of FaceFeatures"):
        unpack_faces(break_table(make_table()))
