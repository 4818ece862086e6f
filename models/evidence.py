"""Files that prove what is recorded: on disk once by what they hold, named by rows of the trail.

A file is written first and named by the row in the transaction of what it proves: a crash between
the two leaves a file that nobody names, which is swept, and never a name without a file.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import String, cast, or_
from sqlmodel import Session, col, select

from common import files
from common.errors import RefusedError
from models.rows import into
from models.tables import Audit, EvidenceRow
from policy.vocabulary import MediaKind

FILES = "files"
"""What a row's detail calls the files that it names, and a session those that its rows will."""
NAMED = "files named"
LEFT_ALONE = timedelta(days=1)
"""A file that nobody names may be about to be named for so long."""
SHOWN = 12
"""Digits of a file's digest that people are shown, and have to state."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that is kept: how it is called, and what tells it from others."""

    sha256: str
    name: str
    size: int
    """Bytes."""
    media: MediaKind

    @property
    def stored(self) -> str:
        """What it is called in the folder: by its content, so that none is kept twice."""
        return f"{self.sha256}.{self.media.value}"

    @property
    def mark(self) -> str:
        """What people call it by."""
        return self.sha256[:SHOWN]


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file, and the row of the trail that names it."""

    file: EvidenceFile
    row: Audit


def keep_file(home: Path, name: str, content: bytes, media: MediaKind) -> EvidenceFile:
    """Keep a file in the folder `home`, whole and for its owner alone; once however often it comes.

    One that lies there altered is put right. UnavailableError where it cannot be written.
    """
    kept = EvidenceFile(sha256(content).hexdigest(), files.safe_name(name), len(content), media)
    path = home / kept.stored
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _digest(path) == kept.sha256:
            os.utime(path)  # it may be one that is about to be swept
        else:
            files.write(path, content)
    except OSError as error:
        what = f"本次未登记：佐证文件“{kept.name}”未能保存"
        raise files.unavailable(what, error) from None
    return kept


@contextmanager
def naming(session: Session, kept: Sequence[EvidenceFile]) -> Iterator[None]:
    """Have each row that the session records meanwhile name these files.

    RefusedError where no row was recorded: nobody would find them.
    """
    session.info.update({FILES: tuple(kept), NAMED: False})
    try:
        yield
        if kept and not session.info[NAMED]:
            raise RefusedError(
                "所办事项此前已登记，内容相同，未另作记录，佐证文件未保存；"
                "补交佐证文件请用 xingfu evidence add"
            )
    finally:
        del session.info[FILES], session.info[NAMED]


def said_of_files(session: Session) -> dict[str, Any]:
    """What a row that is recorded now says of files in its detail."""
    kept: Sequence[EvidenceFile] = session.info.get(FILES, ())
    said = [
        {"sha256": each.sha256, "name": each.name, "size": each.size, "media": each.media.value}
        for each in kept
    ]
    return {FILES: said} if said else {}


def name_files(session: Session, audit_id: int) -> None:
    """Enter for a row what its detail says of files."""
    kept: Sequence[EvidenceFile] = session.info.get(FILES, ())
    if kept:
        session.info[NAMED] = True
        session.connection().execute(
            into(EvidenceRow),
            [
                {
                    "audit_id": audit_id,
                    "sha256": each.sha256,
                    "name": each.name,
                    "size": each.size,
                    "media": each.media,
                }
                for each in kept
            ],
        )


def files_said(detail: Mapping[str, Any]) -> tuple[EvidenceFile, ...]:
    """The files that a row's detail names."""
    return tuple(
        EvidenceFile(said["sha256"], said["name"], said["size"], MediaKind(said["media"]))
        for said in detail.get(FILES, ())
    )


def named_files(
    session: Session, plan_id: str, subjects: Iterable[str] | None = None, mark: str = ""
) -> tuple[NamedFile, ...]:
    """Every file that a row of the plan names, oldest row first: of some subjects, or of all.

    `mark`: only those whose digest begins so.
    """
    query = select(EvidenceRow, Audit).where(
        col(Audit.id) == EvidenceRow.audit_id, Audit.plan == plan_id
    )
    if subjects is not None:
        query = query.where(col(Audit.subject).in_(list(subjects)))
    if mark:
        query = query.where(col(EvidenceRow.sha256).startswith(mark, autoescape=True))
    query = query.order_by(col(EvidenceRow.audit_id), col(EvidenceRow.name))
    return tuple(NamedFile(_file(row), audit) for row, audit in session.exec(query))


def rows_with(
    session: Session, plan_id: str, subjects: Iterable[str] | None = None
) -> Iterator[tuple[Audit, Mapping[str, EvidenceFile]]]:
    """Every row that names files, or for which some are entered, with those that are entered."""
    says = cast(col(Audit.detail), String).contains(f'"{FILES}"')
    has = col(Audit.id).in_(select(EvidenceRow.audit_id))
    query = select(Audit).where(Audit.plan == plan_id, or_(says, has)).order_by(col(Audit.id))
    if subjects is not None:
        query = query.where(col(Audit.subject).in_(list(subjects)))
    entered: dict[int, dict[str, EvidenceFile]] = {}
    for each in named_files(session, plan_id, subjects):
        entered.setdefault(each.row.id or 0, {})[each.file.sha256] = each.file
    for row in session.exec(query):
        yield row, entered.get(row.id or 0, {})


def all_files(session: Session) -> Mapping[str, EvidenceFile]:
    """Every file that any row of any plan names, by what it is called in the folder."""
    found = map(_file, session.exec(select(EvidenceRow).order_by(col(EvidenceRow.audit_id))))
    return {each.stored: each for each in found}


def file_fault(home: Path, file: EvidenceFile) -> str:
    """What is wrong with a file in the folder; empty where nothing is. All of it is read."""
    try:
        found = _digest(home / file.stored)
    except OSError as error:
        return f"无法读取（{files.reason(error)}）"
    if found is None:
        return "已丢失"
    return "" if found == file.sha256 else "内容已被改动"


def sweep_files(home: Path, named: Collection[str], at: datetime) -> tuple[str, ...]:
    """Remove what nobody names, and has not for a day; the names of what is gone.

    Other things in the folder are left alone, as is what cannot be removed.
    """
    gone = []
    for path in sorted(home.iterdir()) if home.is_dir() else ():
        with suppress(OSError):
            if path.name in named or not _is_ours(path):
                continue
            if at.timestamp() - path.lstat().st_mtime > LEFT_ALONE.total_seconds():
                path.unlink()
                gone.append(path.name)
    return tuple(gone)


def _is_ours(path: Path) -> bool:
    """Whether it is called as we call files, or is one that a crash left half written."""
    half = files.SCRATCH.format("").removesuffix(".tmp")
    digest = len(path.stem) == 64 and set(path.stem) <= set("0123456789abcdef")
    scratch = path.name.startswith(half) and path.suffix == ".tmp"
    return (digest or scratch) and path.is_file() and not path.is_symlink()


def _file(row: EvidenceRow) -> EvidenceFile:
    return EvidenceFile(row.sha256, row.name, row.size, MediaKind(row.media))


def _digest(path: Path) -> str | None:
    """Of what a file holds; None where there is none."""
    if not path.exists():
        return None
    found = sha256()
    with path.open("rb") as file:
        while chunk := file.read(1_000_000):
            found.update(chunk)
    return found.hexdigest()
