import os

import pytest

from sktime_screen import load_ucf101

VIDEOS = ["Archery/v_Archery_g08_c01.avi", "Archery/v_Archery_g01_c01.avi",
         "HandstandPushups/v_HandStandPushups_g01_c01.avi"]  # fmt: skip


@pytest.fixture
def root(tmp_path):
    """The layout of UCF101, with empty files for videos and its lists' line ends."""
    for video in VIDEOS:
        path = tmp_path / "UCF-101" / video
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    lists = tmp_path / "ucfTrainTestlist"
    lists.mkdir()
    (lists / "classInd.txt").write_bytes(b"1 Archery\r\n2 HandstandPushups\r\n")
    train = f"{VIDEOS[2]} 2\r\n{VIDEOS[0]} 1\r\n\r\n"
    (lists / "trainlist01.txt").write_bytes(train.encode())
    (lists / "testlist01.txt").write_text(f"{VIDEOS[1]}\n")
    (lists / "testlist02.txt").write_text(f"{VIDEOS[0]}\n{VIDEOS[2]}\n")
    return tmp_path


def test_the_train_list(root):
    videos, y = load_ucf101(root)
    folder = str(root / "UCF-101")
    assert videos.tolist() == [os.path.join(folder, VIDEOS[2]), os.path.join(folder, VIDEOS[0])]
    assert y.tolist() == ["HandstandPushups", "Archery"]


def test_test_lists_and_splits(root):
    videos, y = load_ucf101(root, subset="test")
    assert videos.tolist() == [str(root / "UCF-101" / VIDEOS[1])]
    assert y.tolist() == ["Archery"]
    assert load_ucf101(root, split=2, subset="test")[1].tolist() == ["Archery", "HandstandPushups"]


def test_everything_right_under_the_root(root):
    for inner in ("UCF-101", "ucfTrainTestlist"):
        for entry in (root / inner).iterdir():
            entry.rename(root / entry.name)
        (root / inner).rmdir()
    videos, _ = load_ucf101(str(root))
    assert videos.tolist() == [str(root / VIDEOS[2]), str(root / VIDEOS[0])]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Juggling/v_Juggling_g01_c01.avi 1", "line 2: the class 'Juggling' is not in classInd"),
        (f"{VIDEOS[0]} 2", "line 2: 'Archery' is number 1 in classInd.txt, not 2"),
        (f"{VIDEOS[0]} 1 1", "line 2: expected 'Class/video.avi'"),
        ("v_Archery_g08_c01.avi 1", "line 2: expected 'Class/video.avi'"),
    ],
)
def test_a_wrong_line_is_named(root, line, message):
    path = root / "ucfTrainTestlist" / "trainlist01.txt"
    path.write_text(f"{VIDEOS[0]} 1\n{line}\n")
    with pytest.raises(ValueError, match=f"trainlist01.txt', {message}"):
        load_ucf101(root)


def test_a_missing_video_is_named(root):
    (root / "UCF-101" / VIDEOS[0]).unlink()
    with pytest.raises(FileNotFoundError, match=r"trainlist01\.txt', line 2: .*g08_c01\.avi"):
        load_ucf101(root)


def test_missing_and_broken_lists(root):
    with pytest.raises(FileNotFoundError, match=r"'trainlist03\.txt' is neither in"):
        load_ucf101(root, split=3)
    with pytest.raises(ValueError, match="subset='validation': expected 'train' or 'test'"):
        load_ucf101(root, subset="validation")
    lists = root / "ucfTrainTestlist"
    (lists / "testlist01.txt").write_text("\n")
    with pytest.raises(ValueError, match=r"testlist01\.txt' is empty"):
        load_ucf101(root, subset="test")
    (lists / "classInd.txt").write_text("1 Archery\nHandstandPushups 2\n")
    with pytest.raises(ValueError, match=r"classInd\.txt', line 2: expected a number and a class"):
        load_ucf101(root)
    (lists / "classInd.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"classInd\.txt"):
        load_ucf101(root)
