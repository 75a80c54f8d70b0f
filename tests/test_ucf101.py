import os

import pytest

from sktime_screen import load_ucf101

FILMS = ["Archery/v_Archery_g08_c01.avi", "Archery/v_Archery_g01_c01.avi",
         "HandstandPushups/v_HandStandPushups_g01_c01.avi"]  # fmt: skip


@pytest.fixture
def root(tmp_path):
    """The layout of UCF101, with empty files for films and its lists' line ends."""
    for film in FILMS:
        path = tmp_path / "UCF-101" / film
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    lists = tmp_path / "ucfTrainTestlist"
    lists.mkdir()
    (lists / "classInd.txt").write_bytes(b"1 Archery\r\n2 HandstandPushups\r\n")
    train = f"{FILMS[2]} 2\r\n{FILMS[0]} 1\r\n\r\n"
    (lists / "trainlist01.txt").write_bytes(train.encode())
    (lists / "testlist01.txt").write_text(f"{FILMS[1]}\n")
    (lists / "testlist02.txt").write_text(f"{FILMS[0]}\n{FILMS[2]}\n")
    return tmp_path


def test_the_train_list(root):
    videos, y = load_ucf101(root)
    folder = str(root / "UCF-101")
    assert videos.tolist() == [os.path.join(folder, FILMS[2]), os.path.join(folder, FILMS[0])]
    assert y.tolist() == ["HandstandPushups", "Archery"]


def test_test_lists_and_splits(root):
    videos, y = load_ucf101(root, subset="test")
    assert videos.tolist() == [str(root / "UCF-101" / FILMS[1])]
    assert y.tolist() == ["Archery"]
    assert load_ucf101(root, split=2, subset="test")[1].tolist() == ["Archery", "HandstandPushups"]


def test_everything_right_under_the_root(root):
    for inner in ("UCF-101", "ucfTrainTestlist"):
        for entry in (root / inner).iterdir():
            entry.rename(root / entry.name)
        (root / inner).rmdir()
    videos, _ = load_ucf101(str(root))
    assert videos.tolist() == [str(root / FILMS[2]), str(root / FILMS[0])]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Juggling/v_Juggling_g01_c01.avi 1", "line 2: the class 'Juggling' is not in classInd"),
        (f"{FILMS[0]} 2", "line 2: 'Archery' is number 1 in classInd.txt, not 2"),
        (f"{FILMS[0]} 1 1", "line 2: expected 'Class/film.avi'"),
        ("v_Archery_g08_c01.avi 1", "line 2: expected 'Class/film.avi'"),
    ],
)
def test_a_wrong_line_is_named(root, line, message):
    path = root / "ucfTrainTestlist" / "trainlist01.txt"
    path.write_text(f"{FILMS[0]} 1\n{line}\n")
    with pytest.raises(ValueError, match=f"trainlist01.txt', {message}"):
        load_ucf101(root)


def test_a_missing_film_is_named(root):
    (root / "UCF-101" / FILMS[0]).unlink()
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
