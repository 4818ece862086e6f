"""The one way to write a file: whole, lasting, for its owner alone, or not at all."""

import errno
import fcntl
import os
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from tempfile import gettempdir, mkdtemp
from uuid import uuid4

from common.errors import FullDiskError, RefusedError, UnavailableError
from common.words import NOT_IN_FILE_NAMES

SCRATCH = ".{}.tmp"
"""What is being written, beside its file: hidden, so that whoever reads the folder passes it over.

Only a crash leaves one behind. Its name is new each time: several may write the same file at once.
"""
SCRATCH_FOLDER = ".xingfu-"
"""How the names of folders begin that are gone when their process is."""
OWNER_ONLY = 0o600
UMASK = 0o077
GUARD = 'trap "" HUP INT TERM; read -r _; exec rm -rf -- "$1"'
"""Reads until the process at the other end of the pipe is gone, however it went."""
TRIES = 10
LONGEST_NAME = 150
"""Bytes of a name; with a day, a tag and a number under 255, which systems take."""
LONGEST_SUFFIX = 10
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
ROOM = "磁盘已满", "请清理磁盘、腾出空间后重试"
"""What is told of a full disk, and what to do; of an account's share of it as well."""
TROUBLES = {
    **dict.fromkeys(FULL, ROOM),
    errno.EACCES: ("没有权限", "请核对权限后重试"),
    errno.EPERM: ("没有权限", "请核对权限后重试"),
    errno.EROFS: ("磁盘为只读", "请核对磁盘后重试"),
    errno.EIO: ("磁盘读写出错", "请检查磁盘后重试"),
    errno.EADDRINUSE: ("端口已被占用", "请停止占用它的程序后重试"),
    errno.EADDRNOTAVAIL: ("本机没有该地址", "请核对地址后重试"),
    errno.ENOENT: ("没有该文件夹", "请核对路径后重试"),
    errno.ENOTDIR: ("同名的不是文件夹", "请移走同名文件后重试"),
    errno.EEXIST: ("已有同名的文件或文件夹", "请移走后重试"),
    errno.EISDIR: ("同名的是文件夹", "请移走后重试"),
}
"""What of the system's troubles has words of its own, and what to do then."""
SHORTENED = "……"
"""Stands in the place of what is left out."""


def keep_private() -> None:
    """Let nobody but the owner use what this process and its children make from now on."""
    os.umask(UMASK)


def reason(error: OSError) -> str:
    """Why the system would not, in Chinese and a few words."""
    return TROUBLES.get(error.errno or 0, (f"系统错误 {error.errno}",))[0]


def unavailable(what: str, error: OSError) -> UnavailableError:
    """What could not be done, why, and what to do: one sentence."""
    _, advice = TROUBLES.get(error.errno or 0, ("", "请核对权限和剩余空间后重试"))
    kind = FullDiskError if error.errno in FULL else UnavailableError
    return kind(f"{what}（{reason(error)}），{advice}")


def write(path: Path, content: bytes, *, mode: int = OWNER_ONLY, over: bool = True) -> bool:
    """Write a file so that others see it whole or not at all, and a power cut does not undo it.

    `mode`: who may use it, from its first byte on, whatever the process withholds. With `over` it
    takes the place of what was there, and nobody may use it who could not use that; without, that
    stays, and the answer is False. OSError when it cannot be written, or something that is no plain
    file stands in its place; then nothing half-written stays.
    """
    target = path.resolve()  # what a link leads to is replaced, not the link
    _require_plain(target)
    if target.exists():
        mode &= target.stat().st_mode
    made = target.with_name(SCRATCH.format(uuid4().hex))
    try:
        handle = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode & OWNER_ONLY)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if mode & ~OWNER_ONLY:
                os.fchmod(handle, mode & 0o777)
        return publish(made, target, over=over)
    finally:
        with suppress(OSError):
            made.unlink(missing_ok=True)


def put(path: Path, content: bytes, *, force: bool = False) -> None:
    """`write` a file that a person has named. RefusedError where one stands there, unless by force.

    UnavailableError when it cannot be written.
    """
    try:
        written = write(path, content, over=force)
    except OSError as error:
        raise unavailable(f"{path} 无法写入", error) from None
    if not written:
        raise RefusedError(f"{path} 已存在，未写入；请换一个文件名，或加 --force 覆盖")


def publish(made: Path, target: Path, *, over: bool) -> bool:
    """Give a finished file of the same disk its place, whole and lasting; else as `write`."""
    _require_plain(target)
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    if not over and not _linked(made, target):
        return False
    if over:
        made.replace(target)
    sync(target.parent)
    return True


def sync(folder: Path) -> None:
    """Make new names survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """A new folder for the owner only; gone at the end, also when this process is killed.

    Within `parent`, or where the system keeps what is temporary. What a power cut has left there is
    removed. OSError where there is no room or no permission.
    """
    home = parent or Path(gettempdir())
    _sweep(home)
    folder, lock = _own_folder(home)
    guard = _guard(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        if guard is not None:
            guard.communicate()


def safe_name(name: str) -> str:
    """A file's name on one line: no path, no sign that any system refuses, its suffix kept.

    Of one that is too long the middle is left out: it begins with whose it is, and ends with what.
    """
    plain = "".join("_" if _is_odd(sign) else sign for sign in unicodedata.normalize("NFC", name))
    stem, _, suffix = plain.rpartition(".")
    if not stem or not suffix.isascii() or len(suffix) > LONGEST_SUFFIX:
        stem, suffix = plain, ""
    short = _shortened(stem.strip(". ")) or "_"
    return f"{short}.{suffix}" if suffix.strip() else short


def _shortened(stem: str) -> str:
    whole = stem.encode()
    if len(whole) <= LONGEST_NAME:
        return stem
    half = (LONGEST_NAME - len(SHORTENED.encode())) // 2
    begin, end = whole[:half].decode(errors="ignore"), whole[-half:].decode(errors="ignore")
    return f"{begin.rstrip('. ')}{SHORTENED}{end.lstrip('. ')}"


def _is_odd(sign: str) -> bool:
    return (
        sign in NOT_IN_FILE_NAMES or unicodedata.category(sign)[0] == "C" or sign in "\u2028\u2029"
    )


def _require_plain(target: Path) -> None:
    """OSError where a folder, a device, a pipe or a link stands: it would be gone afterwards."""
    with suppress(FileNotFoundError):
        if not S_ISREG(target.lstat().st_mode):
            raise OSError(errno.EEXIST, "不是普通文件", str(target))


def _linked(made: Path, target: Path) -> bool:
    """Whether the file got its place: unlike renaming, a link never takes another file's."""
    try:
        os.link(made, target)
    except FileExistsError:
        return False
    except OSError:  # a disk without links
        return _renamed(made, target)
    return True


def _renamed(made: Path, target: Path) -> bool:
    """As `_linked`; of several who do so at once in a folder one is first."""
    handle = os.open(target.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if target.exists():
            return False
        made.replace(target)
    finally:
        os.close(handle)
    return True


def _own_folder(home: Path) -> tuple[Path, int]:
    """A new folder and the lock that says that its process is alive."""
    for _ in range(TRIES):
        folder = Path(mkdtemp(prefix=SCRATCH_FOLDER, dir=home))
        with suppress(FileNotFoundError):  # who sweeps may come before the lock
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)
    raise OSError(errno.EBUSY, "文件夹总被移走", str(home))


def _sweep(home: Path) -> None:
    """Remove what processes have left that are no more."""
    for left in home.glob(f"{SCRATCH_FOLDER}*"):
        with suppress(OSError):
            handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left)
            finally:
                os.close(handle)


def _guard(folder: Path) -> "subprocess.Popen[bytes] | None":
    """A process that removes the folder when this one is gone; it is told nothing else."""
    with suppress(OSError):  # without a shell the next one sweeps
        return subprocess.Popen(  # noqa: S603  # no word of it was typed
            ["/bin/sh", "-c", GUARD, "sh", str(folder.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            cwd="/",
            start_new_session=True,
        )
    return None
