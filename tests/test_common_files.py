"""A file is written whole or not at all, whenever the machine stops."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread
from time import sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.files import (
    OWNER_ONLY,
    SCRATCH,
    SCRATCH_FOLDER,
    publish,
    safe_name,
    scratch_folder,
    write,
)

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


@pytest.mark.heavy
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


@pytest.mark.parametrize("withheld", [0, 0o022, 0o277])
def test_a_file_is_for_its_owner_alone_unless_it_is_to_be_shared(
    tmp_path: Path, withheld: int
) -> None:
    former = os.umask(withheld)
    try:
        write(tmp_path / "own", b"x")
        write(tmp_path / "shared", b"x", mode=0o664)
    finally:
        os.umask(former)
    found = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("own", "shared")]
    assert found == [OWNER_ONLY & ~withheld, 0o664]


PUT = """
import os, signal, sys
from pathlib import Path
from common.files import scratch_folder

with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_bytes(b"dear")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_folder_of_a_killed_process_is_gone(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PUT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert process.stdout
    folder = Path(process.stdout.readline().strip())
    assert (folder / "deep" / "file").exists()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    process.kill()
    process.communicate()
    for _ in range(200):
        if not folder.exists():
            break
        sleep(0.05)
    assert names(tmp_path) == []


def test_what_a_power_cut_has_left_is_swept_and_what_is_in_use_stays(tmp_path: Path) -> None:
    left, foreign = tmp_path / f"{SCRATCH_FOLDER}left", tmp_path / "foreign"
    (left / "deep").mkdir(parents=True)
    foreign.mkdir()
    (tmp_path / f"{SCRATCH_FOLDER}link").symlink_to(foreign)
    with scratch_folder(tmp_path) as one, scratch_folder(tmp_path) as two:
        assert not left.exists()
        assert one.exists()
        assert two.exists()
    assert sorted(names(tmp_path)) == [f"{SCRATCH_FOLDER}link", "foreign"]


@pytest.mark.parametrize("over", [True, False])
def test_what_is_no_plain_file_is_never_replaced(tmp_path: Path, over: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "folder", "link"):
        with pytest.raises(OSError, match="不是普通文件"):
            write(tmp_path / name, NEW, over=over)
    made = tmp_path / "made"
    made.write_bytes(NEW)
    with pytest.raises(OSError, match="不是普通文件"):
        publish(made, tmp_path / "link", over=over)
    assert sorted(names(tmp_path)) == ["folder", "link", "made", "pipe"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


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


NAMES = st.text(st.characters(), max_size=300)
SUFFIXES = st.sampled_from(["", ".xlsx", ".PDF", ".七", ".", ".averylongsuffix"])


@given(NAMES, SUFFIXES)
def test_a_safe_name_is_one_that_every_system_takes_and_stays_as_it_is(
    stem: str, suffix: str
) -> None:
    name = safe_name(f"{stem}{suffix}")
    assert 0 < len(name.encode()) <= 165
    assert not set(name) & set('<>:"/\\|?*\0\r\n\u2028\u2029')
    assert name not in (".", "..")
    assert not name.startswith((".", " "))
    assert name == safe_name(name)
    if stem and suffix in (".xlsx", ".PDF"):
        assert name.endswith(suffix)


def test_what_is_too_long_keeps_its_beginning_its_end_and_its_suffix() -> None:
    name = safe_name("甲" * 100 + "乙" * 100 + ".xlsx")
    assert re.fullmatch("甲{20,30}……乙{20,30}\\.xlsx", name)
