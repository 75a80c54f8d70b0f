"""Folders of images, one for each class."""

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import draw_code, read_code

from sktime_screen import load_frame_folder
from sktime_screen.video import FrameSequence


def test_class_folders(tmp_path):
    for k in [0, 2, 9, 10]:
        name = tmp_path / ("tom" if k % 2 else "jerry")
        name.mkdir(exist_ok=True)
        cv2.imwrite(str(name / f"frame{k}.jpg"), draw_code(k))
    for rate in (0, -1, np.nan, None):
        with pytest.raises(ValueError, match="expected frames per second, more than 0"):
            load_frame_folder(tmp_path, rate=rate)
    X, y = load_frame_folder(tmp_path, rate=4)
    assert [read_code(image) for image in np.asarray(FrameSequence(X))] == [0, 2, 9, 10]
    assert y.tolist() == ["jerry", "jerry", "tom", "jerry"]
    np.testing.assert_array_equal(X["time"], [0, 0.25, 0.5, 0.75])
    assert isinstance(y, pd.Series)


def test_bad_class_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such folder"):
        load_frame_folder(tmp_path / "none")
    with pytest.raises(ValueError, match="no class folders"):
        load_frame_folder(tmp_path)
    (tmp_path / "tom").mkdir()
    with pytest.raises(ValueError, match="tom' has no images"):
        load_frame_folder(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        load_frame_folder(tmp_path / "file")


def test_a_image_in_two_classes(tmp_path):
    for name in ["tom", "jerry"]:
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "frame1.png"), draw_code(1))
    with pytest.raises(ValueError, match=r"'frame1\.png' is in .* folders 'jerry' and 'tom'"):
        load_frame_folder(tmp_path)
    # Frames of two videos may be called the same.
    cv2.imwrite(str(tmp_path / "tom" / "frame1.png"), draw_code(2))
    assert len(load_frame_folder(tmp_path)[0]) == 2
