"""A file is written whole or not at all, whenever the machine stops."""

import stat
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

import pytest

from common.files import OWNER_ONLY, SCRATCH, publish, write

OLD, NEW = b"old" * 100_000, b"new" * 100_000
DIE = """
import os, sys
from pathlib import Path
from common.files import write

folder, over = Path(sys.argv[1]), sys.argv[2] == "over"
path = folder / "file.xlsx"
OLD, NEW = b"old" * 100_000, b"new" * 100_000

def steps(number):
    left = number
    def look(frame, event, argument):
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(9)
    return look

for number in range(1, 5000):
    path.write_bytes(OLD) if over else path.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        sys.setprofile(steps(number))
        write(path, NEW, over=over)
        sys.setprofile(None)
        os._exit(0)
    died = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    found = path.read_bytes() if path.exists() else None
    assert found in ((OLD, NEW) if over else (None, NEW)), number
    assert [each.name for each in folder.iterdir() if each.name[0] != "."] in ([], [path.name])
    for scratch in folder.glob(".*.tmp"):
        scratch.unlink()
    if not died:
        assert found == NEW
        print(number)
        break
"""


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("over", ["over", "once"])
def test_whoever_dies_while_writing_leaves_the_old_or_the_new(tmp_path: Path, over: str) -> None:
    """It is killed before each step in turn, until it lives to the end."""
    command = [sys.executable, "-c", DIE, str(tmp_path), over]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_what_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write(path, OLD, over=False)
    assert not write(path, NEW, over=False)
    assert path.read_bytes() == OLD
    assert write(path, NEW)
    assert path.read_bytes() == NEW
    assert names(tmp_path) == ["file"]


def test_a_secret_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    write(path, b"key", mode=OWNER_ONLY)
    assert stat.S_IMODE(path.stat().st_mode) == OWNER_ONLY


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="file"):
        write(tmp_path / "file", NEW)
    with pytest.raises(OSError, match="nowhere"):
        write(tmp_path / "nowhere" / "file", NEW)
    assert names(tmp_path) == ["file"]


def test_a_link_leads_to_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write(tmp_path / "link", NEW)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == NEW


def test_of_several_who_write_once_one_writes(tmp_path: Path) -> None:
    path, start, wrote = tmp_path / "file", Barrier(8), []

    def one(number: int) -> None:
        start.wait()
        if write(path, b"%d" % number * 10_000, over=False):
            wrote.append(number)

    threads = [Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrote) == 1
    assert path.read_bytes() == b"%d" % wrote[0] * 10_000
    assert names(tmp_path) == ["file"]


def test_a_finished_file_gets_its_place(tmp_path: Path) -> None:
    made, target = tmp_path / SCRATCH.format("made"), tmp_path / "file"
    made.write_bytes(NEW)
    assert publish(made, target, over=True)
    assert names(tmp_path) == ["file"]


def test_what_takes_a_files_place_is_no_more_open_than_it_was(tmp_path: Path) -> None:
    path = tmp_path / "通讯录.xlsx"
    write(path, b"one", mode=OWNER_ONLY)
    write(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", OWNER_ONLY)
