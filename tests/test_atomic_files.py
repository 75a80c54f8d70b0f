import os
import stat
import subprocess
import sys
import threading

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktime_screen import save_skops
from sktime_screen._atomic_files import check_target, write_atomically, write_text_atomically
from sktime_screen.cli._model import save_model


def test_a_file_is_there_when_it_is_whole(tmp_path):
    path = tmp_path / "video.mp4"
    with write_atomically(path) as unfinished:
        unfinished.write_bytes(b"half")
        assert unfinished.suffix == ".mp4"
        assert not path.exists()
        unfinished.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["video.mp4"]


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "table.csv"
    write_text_atomically(path, "before")

    def fail():
        with write_atomically(path) as unfinished:
            unfinished.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_a_killed_process_leaves_what_was_there(tmp_path):
    path = tmp_path / "table.csv"
    write_text_atomically(path, "before")
    script = (
        "import os, sys; from sktime_screen._atomic_files import write_atomically\n"
        "with write_atomically(sys.argv[1]) as unfinished:\n"
        "    unfinished.write_text('half')\n"
        "    os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, path], check=False).returncode == 9
    assert path.read_text() == "before"
    # What is left over is hidden, so that no loader of folders takes it for a class or an image.
    assert [name for name in os.listdir(tmp_path) if not name.startswith(".")] == ["table.csv"]


def test_line_ends_and_characters_stay(tmp_path):
    write_text_atomically(tmp_path / "a.csv", "J\u00e9r\u00f4me\r\n\n")
    assert (tmp_path / "a.csv").read_bytes() == b"J\xc3\xa9r\xc3\xb4me\r\n\n"


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_permissions_are_those_of_any_file_or_of_the_one_before(tmp_path):
    path = tmp_path / "table.csv"
    (tmp_path / "other").touch()
    write_text_atomically(path, "new")
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode
    path.chmod(0o600)
    write_text_atomically(path, "again")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name == "nt", reason="links need rights")
def test_a_link_stays_one(tmp_path):
    (tmp_path / "folder").mkdir()
    path = tmp_path / "link.csv"
    path.symlink_to(tmp_path / "folder" / "table.csv")
    write_text_atomically(path, "new")
    write_text_atomically(path, "newer")
    assert path.is_symlink()
    assert (tmp_path / "folder" / "table.csv").read_text() == "newer"


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    found = []
    reader = threading.Thread(target=lambda: found.append(path.read_text()))
    reader.start()
    write_text_atomically(path, "through")
    reader.join()
    assert found == ["through"]
    assert path.is_fifo()


def test_what_cannot_be_a_file(tmp_path):
    for check in (check_target, lambda path: write_text_atomically(path, "")):
        with pytest.raises(IsADirectoryError, match="Name a file in it"):
            check(tmp_path)
        with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere\. Make it first"):
            check(tmp_path / "nowhere" / "x.csv")


def test_the_reason_is_told_and_kept(tmp_path):
    with (
        pytest.raises(PermissionError, match=r"write .*x\.csv: Permission denied\.") as raised,
        write_atomically(tmp_path / "x.csv"),
    ):
        raise PermissionError(13, "Permission denied")
    assert raised.value.errno == 13


def save_pickle(pipeline, folder):
    save_model(folder / "model", pipeline)
    return folder / "model"


def save_of_skops(pipeline, folder):
    pytest.importorskip("skops")
    save_skops(folder / "model.skops", pipeline)
    return folder / "model.skops"


@pytest.mark.skipif(os.name == "nt", reason="permissions, links and pipes of POSIX")
@pytest.mark.parametrize("save", [save_pickle, save_of_skops])
def test_models_too_leave_places_as_they_are(save, tmp_path):
    pipeline = make_pipeline(StandardScaler())
    path = save(pipeline, tmp_path)
    whole = path.read_bytes()
    path.chmod(0o600)
    save(pipeline, tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600

    path.rename(tmp_path / "kept")
    path.symlink_to("kept")
    save(pipeline, tmp_path)
    assert path.is_symlink()
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o600

    path.unlink()
    os.mkfifo(path)
    found = []
    reader = threading.Thread(target=lambda: found.append(path.read_bytes()))
    reader.start()
    save(pipeline, tmp_path)
    reader.join()
    assert path.is_fifo()
    assert len(found[0]) > 0.9 * len(whole)
    assert sorted(os.listdir(tmp_path)) == sorted(["kept", path.name])

    path.unlink()
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))  # /dev/null
    except PermissionError:
        return
    save(pipeline, tmp_path)
    assert stat.S_ISCHR(path.stat().st_mode)
