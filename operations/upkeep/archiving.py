"""A backup on disk: one zip file with a database, the files of the inbox and a manifest of both."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, BinaryIO, Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from common import files
from common.errors import RefusedError, UnavailableError, XingfuError

FORMAT, VERSIONS = "xingfu-backup", (1, 2, 3)
KEYED = 2
"""The version since which a manifest is signed."""
MANIFEST, DATABASE, INBOX, EVIDENCE = "manifest.json", "xingfu.db", "inbox", "evidence"
LONGEST_MANIFEST = 64_000_000  # bytes; a file takes about 200
CHUNK = 1_000_000


class BackupFile(BaseModel):
    """A file in the backup."""

    model_config = ConfigDict(frozen=True)
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What a backup says about itself."""

    model_config = ConfigDict(frozen=True)
    format: Literal["xingfu-backup"] = "xingfu-backup"
    version: Literal[1, 2, 3] = 3
    """Since 3 there may be files that prove what is recorded."""
    made_at: AwareDatetime
    schema_version: str
    plans: tuple[str, ...]
    rows: Mapping[str, int]
    """Per table, how many rows it has."""
    key: str | None
    """The fingerprint of the key that opens the addresses, which is not in the backup."""
    files: Mapping[str, BackupFile]
    """Per member but the manifest itself: ``xingfu.db``, ``inbox/city/…``, ``evidence/…``."""
    witnesses: Mapping[str, str] = Field(default_factory=dict)
    """Per plan how many rows its trail had, in words, and the code for `xingfu audit verify`."""
    signature: str = ""
    """What the installation's key makes of all the rest; none before version 2."""

    def number_in(self, folder: str) -> int:
        """How many files there are in `INBOX` or `EVIDENCE`."""
        return sum(name.startswith(f"{folder}/") for name in self.files)

    @property
    def signed(self) -> object:
        """What is signed, as JSON keeps it."""
        return self.model_dump(mode="json", exclude={"signature"})


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """As `common.files.scratch_folder`, within `folder` and so on the same disk.

    UnavailableError when there is no room or no permission, then or later.
    """
    try:
        with files.scratch_folder(folder) as made:
            yield made
    except OSError as error:
        raise files.unavailable(f"{folder} 无法写入", error) from None


def pack(archive: ZipFile, name: str, file: BinaryIO, at: datetime) -> BackupFile:
    """Add a file to an archive; what was added."""
    member = ZipInfo(name, at.timetuple()[:6])
    member.compress_type = ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(member, "w", force_zip64=True) as packed:
        while chunk := file.read(CHUNK):
            packed.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return BackupFile(size=size, sha256=digest.hexdigest())


def publish(made: Path, target: Path, *, force: bool) -> None:
    """Move a finished file to where it belongs, whole and lasting.

    RefusedError when there is one already, unless by `force`.
    """
    if not files.publish(made, target, over=force):
        raise already_there(target)


def already_there(target: Path) -> RefusedError:
    """There is such a file already."""
    return RefusedError(f"{target} 已存在，未作备份；请换一个文件名，或加 --force 覆盖")


@contextmanager
def opened(path: Path) -> Iterator[tuple[ZipFile, Manifest]]:
    """A backup, and what it says about itself; nothing of it has been written anywhere yet.

    RefusedError for a file that is damaged, foreign, or made by a newer program.
    """
    try:
        content = path.open("rb")
    except FileNotFoundError:
        raise RefusedError(f"没有这个备份文件：{path}") from None
    except OSError as error:
        raise files.unavailable(f"{path} 无法读取", error) from None
    with content:
        with _sound(path.name):
            archive = ZipFile(content)
            manifest = _manifest(path.name, archive)
        yield archive, manifest


def unpack(name: str, archive: ZipFile, manifest: Manifest, folder: Path) -> None:
    """Write every file of the backup `name` below `folder`, each exactly as the manifest says.

    RefusedError when one is damaged, UnavailableError when there is no room for them.
    """
    needed = sum(entry.size for entry in manifest.files.values())
    if needed > shutil.disk_usage(folder).free:
        raise UnavailableError(
            f"{folder.parent} 剩余空间不足，还原需要{needed / 1e6:.0f} MB；{files.ROOM[1]}"
        )
    for member, entry in manifest.files.items():
        target = folder / member
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file, _sound(name), archive.open(member) as packed:
            if not _copied(packed, file, entry):
                raise broken(name)


def broken(name: str) -> RefusedError:
    """The backup `name` is not as it was made."""
    return RefusedError(f"{name}：备份文件不完整或已损坏，未作任何改动；请换一份备份")


@contextmanager
def _sound(name: str) -> Iterator[None]:
    try:
        yield
    except (XingfuError, OSError):
        raise
    except Exception:  # zipfile names no closed list of what damage makes it raise
        raise broken(name) from None


def inbox_files(inbox: Path) -> Iterator[Path]:
    """The files of every city's folder: those that wait before those that have been filed.

    In this order a file that is filed meanwhile is met twice and never missed.
    """
    cities = sorted(path for path in inbox.iterdir() if path.is_dir()) if inbox.is_dir() else ()
    for city in cities:
        yield from _files_in(city)
        for folder in sorted(path for path in city.iterdir() if path.is_dir()):
            yield from _files_in(folder)


def _files_in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield path


def _copied(packed: IO[bytes], file: BinaryIO, entry: BackupFile) -> bool:
    """Whether what comes out is what the manifest says; hardly more than that is ever written."""
    digest, left = hashlib.sha256(), entry.size
    while left >= 0 and (chunk := packed.read(CHUNK)):
        left -= len(chunk)
        digest.update(chunk)
        file.write(chunk)
    return left == 0 and digest.hexdigest() == entry.sha256


def _manifest(name: str, archive: ZipFile) -> Manifest:
    said = _said(archive)
    if said.get("format") != FORMAT:
        raise RefusedError(f"{name}：不是本系统的备份文件")
    if said.get("version") not in VERSIONS:
        raise newer(name)
    manifest = Manifest.model_validate(said)
    names = [member.filename for member in archive.infolist()]
    if sorted(names) != sorted([MANIFEST, *manifest.files]) or not _plain(manifest):
        raise broken(name)
    return manifest


def newer(name: str) -> RefusedError:
    """The backup `name` was made by a program that this one does not know."""
    return RefusedError(f"{name}：由更新版本的程序制作，请先升级本程序再还原")


def _said(archive: ZipFile) -> Mapping[str, object]:
    """What the manifest holds; nothing where there is none."""
    if MANIFEST not in archive.namelist():
        return {}
    member = archive.getinfo(MANIFEST)
    said = json.loads(archive.read(member)) if member.file_size <= LONGEST_MANIFEST else None
    return said if isinstance(said, dict) else {}


def _plain(manifest: Manifest) -> bool:
    """There is a database, and beside it only files of the inbox and such that prove something."""
    others = {name: entry for name, entry in manifest.files.items() if name != DATABASE}
    belong = all(_belongs(name, entry) for name, entry in others.items())
    return len(others) == len(manifest.files) - 1 and belong


def _belongs(name: str, entry: BackupFile) -> bool:
    home, *parts = name.split("/")
    plain = all(part not in ("", ".", "..") and "\0" not in part for part in parts)
    if home == EVIDENCE:  # each is called by what it holds
        return plain and len(parts) == 1 and parts[0].partition(".")[0] == entry.sha256
    return home == INBOX and plain and len(parts) in (2, 3)
