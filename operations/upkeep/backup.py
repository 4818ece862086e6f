"""Saves the product's data in one file while it is worked with, and puts it back."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from filecmp import cmp
from io import BytesIO
from pathlib import Path
from shutil import copyfile
from zipfile import ZipFile

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection, Engine
from sqlalchemy import select as select_columns
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, col, select

from common.errors import RefusedError, UnavailableError
from common.words import SHANGHAI
from models.audits import verify_named
from models.copying import (
    all_alone,
    copy_rows,
    one_moment,
    replace_rows,
    row_counts,
    schema_version,
    schema_versions,
)
from models.database import WRITES, migrate, open_engine, require_schema
from models.settings import Settings
from models.tables import Contact, PlanRow
from operations.upkeep.archiving import (
    DATABASE,
    INBOX,
    MANIFEST,
    BackupFile,
    Manifest,
    already_there,
    broken,
    inbox_files,
    newer,
    opened,
    pack,
    publish,
    scratch,
    unpack,
)
from policy.load import plan_ids

Source = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A backup that was made."""

    path: Path
    manifest: Manifest
    skipped: tuple[str, ...]
    """Files of the inbox that cannot be read, or whose names are no text."""


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What was put back."""

    manifest: Manifest
    former: Path | None
    """Where what was there before is saved."""
    audit_rows: int
    breaks: tuple[str, ...]
    """Where the audit trail does not hold; it came so out of the backup."""
    sealed: int
    """Contacts whose addresses the present key does not open."""
    key: str | None
    """The present key's fingerprint; None when there is no key."""
    unknown_plans: tuple[str, ...]
    """Plans in the backup whose files are not on this machine."""
    kept: tuple[str, ...]
    """Files of the inbox that were not put back: another one lies there under that name."""
    newer: tuple[str, ...]
    """Files of the inbox that are not in the backup; they have been left where they are."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found in the backup's database."""

    audit_rows: int
    breaks: tuple[str, ...]
    sealed: int


def back_up(settings: Settings, target: Path, at: datetime, *, force: bool = False) -> BackupResult:
    """Write the database, as it is in one moment, and the inbox's files into the file `target`.

    A folder gets a file named after the moment. The file is there whole or not at all, for its
    owner only. RefusedError when it exists already, or when the database is not in this program's
    schema; UnavailableError when it cannot be written.
    """
    with _engine(settings.sqlalchemy_url) as engine:
        require_schema(engine)
        if target.is_dir():
            target = target / f"xingfu-{at.astimezone(SHANGHAI):%Y%m%d-%H%M%S}.zip"
        if target.exists() and not force:
            raise already_there(target)
        return _save(settings, lambda: one_moment(engine), target, at, force=force)


def restore(
    settings: Settings, path: Path, at: datetime, *, replace: bool = False
) -> RestoreResult:
    """Put the backup `path` into the settings' database and inbox, whatever made it.

    The database is replaced in one transaction, in the newest schema. What it holds is kept unless
    `replace` is given, and is saved into the state folder then. RefusedError, with nothing changed,
    for a backup that is damaged, foreign or newer than this program.
    """
    known = plan_ids(settings.plans)
    settings.home.mkdir(parents=True, exist_ok=True)
    with scratch(settings.home) as folder, opened(path) as (archive, manifest):
        unpack(path.name, archive, manifest, folder)
        with _engine(f"sqlite:///{folder / DATABASE}") as copy:
            looked = _look_through(path.name, copy, manifest, settings)
            with _engine(settings.sqlalchemy_url) as engine:
                former = _put_back(settings, engine, copy, at, replace=replace)
        kept, unknown = _lay_out(folder / INBOX, settings.inbox)
    return RestoreResult(
        manifest=manifest,
        former=former,
        audit_rows=looked.audit_rows,
        breaks=looked.breaks,
        sealed=looked.sealed,
        key=fingerprint(settings),
        unknown_plans=tuple(id for id in manifest.plans if id not in known),
        kept=kept,
        newer=unknown,
    )


def fingerprint(settings: Settings) -> str | None:
    """What tells one key from another and does not give it away; None when there is no key."""
    key = _present_key(settings)
    if key is None:
        return None
    return hashlib.sha256(b"xingfu secret key " + key.strip()).hexdigest()[:16]


def _present_key(settings: Settings) -> bytes | None:
    """The installation's key; unlike `models.secrets` it makes none."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    file = settings.home / "secret.key"
    return file.read_bytes() if file.exists() else None


def _save(
    settings: Settings, source: Source, target: Path, at: datetime, *, force: bool
) -> BackupResult:
    local = at.astimezone(SHANGHAI)
    with scratch(target.parent) as folder:
        made = folder / "backup.zip"
        with ZipFile(made, "w") as archive:
            # Files first: one that is read in meanwhile waits still, and is known when it comes
            # again. The other way round it would lie among those dealt with, and nobody knew it.
            files, skipped = _pack_inbox(archive, settings.inbox, local)
            with source() as read:
                manifest = _copy(read, folder / DATABASE, at, fingerprint(settings))
            with (folder / DATABASE).open("rb") as file:
                files[DATABASE] = pack(archive, DATABASE, file, local)
            manifest = manifest.model_copy(update={"files": files})
            pack(archive, MANIFEST, BytesIO(manifest.model_dump_json(indent=1).encode()), local)
        made.chmod(0o600)
        publish(made, target, force=force)
    return BackupResult(target, manifest, skipped)


def _pack_inbox(
    archive: ZipFile, inbox: Path, at: datetime
) -> tuple[dict[str, BackupFile], tuple[str, ...]]:
    files: dict[str, BackupFile] = {}
    skipped = []
    for path in inbox_files(inbox):
        name = f"{INBOX}/{path.relative_to(inbox).as_posix()}"
        try:
            name.encode()
            with path.open("rb") as file:
                files[name] = pack(archive, name, file, at)
        except FileNotFoundError:
            continue  # it is being filed, and comes again where it is filed
        except (UnicodeEncodeError, PermissionError):
            skipped.append(ascii(name))
    return files, tuple(skipped)


def _copy(read: Connection, file: Path, at: datetime, key: str | None) -> Manifest:
    """Copy a database into one file, and say what the copy holds."""
    found, newest = schema_version(read), schema_versions(read)[0]
    if found != newest:
        raise RefusedError(
            f"数据库版本（{found}）与程序（{newest}）不同，未作备份；"
            "请用原来版本的程序备份，或先运行 xingfu init"
        )
    with _engine(f"sqlite:///{file}") as copy:
        migrate(copy)
        with copy.execution_options(**{WRITES: True}).begin() as write:
            copy_rows(read, write)
            manifest = Manifest(
                made_at=at,
                schema_version=newest,
                plans=tuple(
                    write.execute(select_columns(col(PlanRow.id)).order_by("id")).scalars()
                ),
                rows=row_counts(write),
                key=key,
                files={},
            )
    with closing(sqlite3.connect(file)) as raw:  # so that one file holds everything
        raw.execute("PRAGMA journal_mode = DELETE")
    return manifest


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _look_through(name: str, copy: Engine, manifest: Manifest, settings: Settings) -> _Looked:
    """Bring a backup's database to the newest schema, and look whether all is there and whole."""
    try:
        with copy.connect() as connection:
            version, counted = schema_version(connection), row_counts(connection)
            if version is not None and version not in schema_versions(connection):
                raise newer(name)
        if version is None or counted != {table: manifest.rows.get(table) for table in counted}:
            raise broken(name)
        migrate(copy)
        with Session(copy) as session:
            trails = [verify_named(session, id) for id in session.exec(select(PlanRow.id))]
            sealed = _sealed(session, settings)
    except DatabaseError:
        raise broken(name) from None
    breaks = tuple(
        f"{'链尾' if found.row is None else f'记录{found.row}'}：{found.says}"
        for _, breaks in trails
        for found in breaks
    )
    return _Looked(sum(rows for rows, _ in trails), breaks, sealed)


def _sealed(session: Session, settings: Settings) -> int:
    """How many contacts have addresses that the present key does not open."""
    tokens = session.exec(select(Contact.channels).where(col(Contact.channels).is_not(None))).all()
    try:
        box = Fernet(_present_key(settings) or b"")
    except ValueError:
        return len(tokens)
    return sum(not _opens(box, token or "") for token in tokens)


def _opens(box: Fernet, token: str) -> bool:
    try:
        box.decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def _put_back(
    settings: Settings, engine: Engine, copy: Engine, at: datetime, *, replace: bool
) -> Path | None:
    """Replace the database in one transaction; where what it held is saved."""
    with all_alone(engine) as write:
        former = _make_room(settings, write, at, replace=replace)
        with one_moment(copy) as read:
            replace_rows(read, write)
            if row_counts(write) != row_counts(read):
                raise UnavailableError("还原后的行数与备份不符，已放弃还原，数据库未改动")
    return former


def _make_room(
    settings: Settings, write: Connection, at: datetime, *, replace: bool
) -> Path | None:
    counted = row_counts(write)
    if counted and schema_version(write) is None:
        raise RefusedError("数据库中已有同名的表，但不是本系统建立的，未还原；请另建一个数据库")
    if not any(counted.values()):
        return None
    if not replace:
        raise RefusedError(
            f"数据库中已有数据（共{sum(counted.values())}行），未还原；"
            "确需替换请加 --replace，现有数据会先备份到状态目录"
        )
    former = settings.home / f"before-restore-{at.astimezone(SHANGHAI):%Y%m%d-%H%M%S}.zip"
    _save(settings, lambda: nullcontext(write), former, at, force=False)
    return former


def _lay_out(staged: Path, inbox: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put files into the inbox; never in the place of another. Those kept back, those unknown."""
    named = {path.relative_to(staged).as_posix(): path for path in inbox_files(staged)}
    unknown = {path.relative_to(inbox).as_posix() for path in inbox_files(inbox)} - set(named)
    kept = []
    for name, path in named.items():
        target = inbox / name
        if not target.exists():
            _place(path, target)
        elif not cmp(path, target, shallow=False):
            kept.append(name)
    return tuple(kept), tuple(sorted(unknown))


def _place(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(".xingfu-restore.tmp")  # hidden, so that nobody reads it
    copyfile(path, half)
    half.replace(target)
