"""The inbox on disk: which files may be read, reading them once, and filing them. No database."""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from zipfile import is_zipfile

from common import files
from common.errors import UnavailableError, XingfuError
from models.settings import Settings
from policy.vocabulary import IntakeResult

FOLDERS = {IntakeResult.DONE: "已登记", IntakeResult.RETURNED: "退回"}
"""Where files go that have been dealt with, within each city's folder."""
ASIDE = {*FOLDERS, *FOLDERS.values()}
"""What those folders are called, and were in earlier versions."""
LITTER = ("desktop.ini", "thumbs.db")  # file managers leave them behind
HALF_COPIED = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp")
OWNERS = ("~${}", ".~{}", ".~lock.{}#")  # what Excel, WPS and LibreOffice lay beside an open file
FILED = re.compile(r"^(?:\d{4}-\d{2}-\d{2} )+|(?:-[0-9a-f]{8})?-需修改$")
"""What filing and marking put around a name."""
READ_WRITE = 0o666
GONE = "已被移走"

Mark = tuple[int, int, int, int]
"""Device, number, size and time of change: another file, or another state of it, has another."""


class NotReadyError(XingfuError):
    """文件尚不能读取，留待下次。"""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a file is waited for, and how much of it is read."""

    settle: timedelta
    """A file that has changed within so long is still being written."""
    broken: timedelta
    """One that cannot be opened may be half there for so long."""
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that has been read."""

    path: Path
    name: str
    """Its name as it may be shown, stored and used again."""
    content: bytes
    """All of it; of one that is too large the beginning, one byte more than may be read."""
    digest: str
    """SHA-256 in hex: of the content, and of the size where that is too large."""
    mark: Mark


def patience(settings: Settings, most_bytes: int) -> Patience:
    """As the settings have it, for files that may have so many bytes."""
    return Patience(
        settle=timedelta(seconds=settings.inbox_settle_seconds),
        broken=timedelta(minutes=settings.inbox_broken_minutes),
        most_bytes=most_bytes,
    )


def prepare(home: Path, patience: Patience, now: datetime) -> None:
    """Make a city's folder and those within it, and remove what a crash left half written there.

    UnavailableError when something is in the way.
    """
    for outcome, name in FOLDERS.items():
        with suppress(OSError):
            if (former := filed(home, outcome)).is_dir() and not former.is_symlink():
                former.rename(home / name)
    for folder in (home, *(home / name for name in FOLDERS.values())):
        with suppress(OSError):
            _make(folder)
        if not folder.is_dir() or (folder != home and folder.is_symlink()):
            raise UnavailableError(f"{folder} 应为文件夹；请移走同名的文件或链接，并核对写入权限")
    for scratch in (home / FOLDERS[IntakeResult.RETURNED]).glob(files.SCRATCH.format("*")):
        with suppress(OSError):  # another round may be about it
            if _quiet(scratch.lstat(), now) >= patience.broken:
                scratch.unlink()


def filed(home: Path, outcome: IntakeResult) -> Path:
    """Where files of an outcome lie: as earlier versions named it, until a round renames that."""
    path, former = home / FOLDERS[outcome], home / outcome.value
    return former if former.is_dir() and not path.exists() else path


def take_over(former: Path, home: Path) -> None:
    """Let what lies in the folder of a city's former name lie in that of its present one.

    Its people may go on using the former one: what they put there is taken over the next time.
    """
    if former.is_dir() and not former.is_symlink():
        if not os.path.lexists(home):
            former.rename(home)
            return
        for path in waiting(former):
            with suppress(OSError):  # the others go on; it is looked at again the next time
                path.rename(_free(home, path.name))


def waiting(home: Path) -> list[Path]:
    """What lies directly in a folder, oldest first, but for what is hidden or not meant for us."""
    found = []
    for path in home.iterdir():
        if not _is_aside(path.name):
            with suppress(FileNotFoundError):
                found.append((path.lstat().st_mtime_ns, path.name, path))
    return [path for *_, path in sorted(found)]


def ready(paths: Iterable[Path], patience: Patience, now: datetime) -> Iterator[tuple[str, Mark]]:
    """Of these files those that a round would read now, each with what tells it from others."""
    for path in paths:
        if _is_aside(path.name):
            continue
        with suppress(NotReadyError):
            found = _look(path)
            settled = _quiet(found, now) >= patience.settle
            if not any(_hindrances(path, found, settled=settled)):
                yield str(path), _mark(found)


def read(path: Path, patience: Patience, now: datetime) -> Arrival:
    """Read a file whole, but never more than may be read, and follow no link.

    NotReadyError when it has to wait: still changing, half copied, open elsewhere, or no file at
    all. UnavailableError when it has long been unreadable.
    """
    found = _look(path)
    quiet = _quiet(found, now)
    for hindrance in _hindrances(path, found, settled=quiet >= patience.settle):
        raise NotReadyError(hindrance)
    try:
        content = _content(path, found, patience.most_bytes)
    except FileNotFoundError:
        raise NotReadyError(GONE) from None
    except OSError:
        trouble = NotReadyError if quiet < patience.broken else UnavailableError
        raise trouble("无法读取，请核对文件权限，并关闭正在使用它的程序") from None
    if quiet < patience.broken and len(content) <= patience.most_bytes and _is_half(content):
        raise NotReadyError("尚未复制完整，待下次读取")
    size = b"%d" % found.st_size if len(content) > patience.most_bytes else b""
    digest = hashlib.sha256(content + size).hexdigest()
    return Arrival(path, files.safe_name(path.name), content, digest, _mark(found))


def move(arrival: Arrival, folder: Path, name: str) -> bool:
    """Move a file that was read into a folder of the same file system, over no other file.

    False, and nothing is done, when another stands in its place by now: that one was not read.
    UnavailableError when it cannot be moved.
    """
    target = _free(folder, name)
    try:
        arrival.path.rename(target)
        same = _mark(target.lstat()) == arrival.mark
        if not same:
            target.rename(_free(arrival.path.parent, arrival.path.name))
        files.sync(folder)
        files.sync(arrival.path.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise files.unavailable(f"已办理，但无法移入 {folder}，下次再移", error) from None
    return same


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for whoever may use its folder. UnavailableError."""
    try:
        files.write(path, content, mode=stat.S_IMODE(path.parent.stat().st_mode) & READ_WRITE)
    except OSError as error:
        raise files.unavailable(f"{path.parent} 无法写入", error) from None


def plain_stem(name: str) -> str:
    """A file's name without its suffix, and without what filing and marking put around it."""
    stem = name.rpartition(".")[0] or name
    return FILED.sub("", FILED.sub("", stem)) or stem


def _make(folder: Path) -> None:
    """Make a folder for whoever may use the one that it is in: the inbox is shared as it is set."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(stat.S_IMODE(folder.parent.stat().st_mode))


def _is_aside(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in LITTER or name in ASIDE


def _look(path: Path) -> os.stat_result:
    try:
        return path.lstat()
    except FileNotFoundError:
        raise NotReadyError(GONE) from None


def _quiet(found: os.stat_result, now: datetime) -> timedelta:
    """How long a file has been left alone; a time ahead of `now` is a wrong clock's."""
    stamp = now.timestamp()
    changes = [time for time in (found.st_mtime, found.st_ctime) if time <= stamp]
    return timedelta(seconds=stamp - max(changes, default=stamp))


def _hindrances(path: Path, found: os.stat_result, *, settled: bool) -> Iterator[str]:
    if stat.S_ISDIR(found.st_mode):
        yield "是文件夹，未读取；请把工作簿直接放在收件文件夹中"
    elif not stat.S_ISREG(found.st_mode):
        yield "是链接或特殊文件，未读取；请放入工作簿本身"
    if not settled or path.name.lower().endswith(HALF_COPIED):
        yield "刚刚放入或仍在写入，待下次读取"
    if any(os.path.lexists(path.with_name(owner.format(path.name))) for owner in OWNERS):
        yield "正在被打开，关闭后读取"


def _content(path: Path, expected: os.stat_result, most: int) -> bytes:
    optional = (getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    handle = os.open(path, os.O_RDONLY | sum(optional))  # some systems lack one or another
    with os.fdopen(handle, "rb") as file:
        content = file.read(most + 1)
        after = os.fstat(handle)
    changed = {_mark(after), _mark(path.lstat())} != {_mark(expected)}
    if changed or len(content) != min(expected.st_size, most + 1):
        raise NotReadyError("读取时仍在变动，待下次读取")
    return content


def _is_half(content: bytes) -> bool:
    """Whether it may be the beginning of a workbook, of which the rest is still to come."""
    return not content or (content.startswith(b"PK") and not is_zipfile(BytesIO(content)))


def _mark(found: os.stat_result) -> Mark:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _free(folder: Path, name: str) -> Path:
    """A name in a folder that nothing has; the plan's lock keeps other readers from taking it."""
    path = folder / name
    names = (f"{path.stem} ({number}){path.suffix}" for number in count(2))
    while os.path.lexists(path):
        path = folder / next(names)
    return path
