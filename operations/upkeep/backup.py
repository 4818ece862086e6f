"""Saves the product's data in one file while it is worked with, and puts it back."""

import hmac
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from filecmp import cmp
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlmodel import Session, col, select

from common import files
from common.errors import RefusedError, UnavailableError, with_reasons
from common.words import SHANGHAI
from models.audits import TrailCheck, examine, witness
from models.copying import (
    all_alone,
    copy_rows,
    one_moment,
    replace_rows,
    row_counts,
    schema_version,
    schema_versions,
)
from models.database import WRITES, migrate, open_engine, reading, require_schema, writing
from models.evidence import EvidenceFile, all_files, file_fault, sweep_files
from models.seals import KEY_HOME, keyed, require_keys
from models.secrets import Box, derive, first_key, key_mark, keys_at_hand, sign
from models.settings import Settings
from models.tables import Contact, PlanRow
from models.watches import BACKUP, put_round
from operations.upkeep.archiving import (
    DATABASE,
    EVIDENCE,
    INBOX,
    KEYED,
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
from operations.upkeep.continuity import forget_ends
from operations.upkeep.keys import settle
from policy.load import plan_ids

SIGNED = "0007"
"""The schema since which every backup is signed."""
UNTOUCHED = "未作任何改动；请换一份备份，并查明备份由何人经手"

Source = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A backup that was made."""

    path: Path
    manifest: Manifest
    skipped: tuple[str, ...]
    """Files of the inbox that cannot be read, or whose names are no text."""
    lost: tuple[str, ...]
    """Files that the trail names and that are gone or altered, each with what is wrong."""


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
    """The fingerprint of the key that is used from now on; None when there is no key."""
    signed: bool
    """Whether the key proves that it is as it was made; an older backup proves nothing."""
    unknown_plans: tuple[str, ...]
    """Plans in the backup whose files are not on this machine."""
    kept: tuple[str, ...]
    """Files of the inbox that were not put back: another one lies there under that name."""
    newer: tuple[str, ...]
    """Files of the inbox that are not in the backup; they have been left where they are."""


@dataclass(frozen=True, slots=True)
class BackupCheck:
    """What was found in a backup that was looked through."""

    manifest: Manifest
    signed: bool
    """As in `RestoreResult`."""
    audit_rows: int
    breaks: tuple[str, ...]
    sealed: int


def back_up(settings: Settings, target: Path, at: datetime, *, force: bool = False) -> BackupResult:
    """Write the database, as it is in one moment, and all files into the file `target`.

    A folder gets a file named after the moment. The file is there whole or not at all, for its
    owner only. RefusedError when it exists already, when the database is not in this program's
    schema, or when the key is not the installation's; UnavailableError when it cannot be written.
    """
    with _engine(settings.sqlalchemy_url, settings) as engine:
        require_schema(engine)
        _require_key(engine)
        if target.is_dir():
            target = target / f"xingfu-{at.astimezone(SHANGHAI):%Y%m%d-%H%M%S}.zip"
        if target.is_symlink() or (target.exists() and not target.is_file()):
            raise RefusedError(f"{target} 不是普通文件，未作备份；请换一个文件名")
        if target.exists() and not force:
            raise already_there(target)
        saved = _save(settings, lambda: one_moment(engine), target, at, force=force)
        _note(engine, at)
        with reading(engine) as session:
            sweep_files(settings.evidence, all_files(session), at)
        return saved


def _note(engine: Engine, at: datetime) -> None:
    """Record that there is a backup; where that cannot be, the watch asks for another."""
    with suppress(UnavailableError, SQLAlchemyError), writing(engine) as session:
        put_round(session, BACKUP, at)


def restore(
    settings: Settings,
    path: Path,
    at: datetime,
    *,
    replace: bool = False,
    key_lost: bool = False,
) -> RestoreResult:
    """Put the backup `path` into the settings' database and inbox, whatever made it.

    The database is replaced in one transaction, in the newest schema. What it holds is kept unless
    `replace` is given, and is saved into the state folder then. RefusedError, with nothing changed,
    for a backup that is damaged, foreign, newer than this program or changed since it was made, and
    where the key is not the one that it was made with; where that `key_lost`, nothing proves what
    is put back.
    """
    known = plan_ids(settings.plans)
    with _looked_through(settings, path, key_lost=key_lost) as (folder, copy, looked):
        with _engine(settings.sqlalchemy_url, settings) as engine:
            former = _put_back(settings, engine, copy, at, replace=replace)
            settle(settings, engine)
            forget_ends(settings)
        kept, unknown = _lay_out(folder / INBOX, settings.inbox)
        _lay_out_evidence(folder / EVIDENCE, settings.evidence)
    manifest = looked.manifest
    return RestoreResult(
        manifest=manifest,
        former=former,
        audit_rows=looked.audit_rows,
        breaks=looked.breaks,
        sealed=looked.sealed,
        key=_mark(settings, manifest),
        signed=looked.signed,
        unknown_plans=tuple(id for id in manifest.plans if id not in known),
        kept=kept,
        newer=unknown,
    )


def check_backup(settings: Settings, path: Path) -> BackupCheck:
    """Look through the backup `path` as `restore` does, and put nothing back; raises as it does."""
    with _looked_through(settings, path) as (_, _, looked):
        return looked


@contextmanager
def _looked_through(
    settings: Settings, path: Path, *, key_lost: bool = False
) -> Iterator[tuple[Path, Engine, BackupCheck]]:
    """A backup's files in a folder of their own, its database in the newest schema, and both."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with scratch(settings.home) as folder, opened(path) as (archive, manifest):
        signed = not key_lost and _signed(path.name, manifest, settings)
        unpack(path.name, archive, manifest, folder)
        with _engine(f"sqlite:///{folder / DATABASE}", settings) as copy:
            trust = signed or key_lost
            looked = _look_through(path.name, copy, manifest, settings, trust=trust)
            yield folder, copy, replace(looked, signed=signed)


def _signed(name: str, manifest: Manifest, settings: Settings) -> bool:
    """Whether the key proves that the manifest is as it was made; False where none was signed.

    RefusedError where the key is another, or the manifest has been changed.
    """
    key = _key(settings, manifest)
    if manifest.key and (key is None or key_mark(key) != manifest.key):
        mark = key_mark(key) if key else "（无）"
        raise RefusedError(
            f"{name}：备份时的密钥指纹为 {manifest.key}，现有密钥指纹为 {mark}，未作任何改动；"
            f"请先将备份时的密钥放到{KEY_HOME}，或存为状态目录的 secret.key.{manifest.key}，再还原"
        )
    if manifest.version < KEYED:
        return False
    if key is None or not hmac.compare_digest(_signature(manifest, key), manifest.signature):
        raise RefusedError(f"{name}：备份清单与签名不符，备份制作后被改动过，{UNTOUCHED}")
    return True


def _key(settings: Settings, manifest: Manifest) -> bytes | None:
    """The key that the backup was made with, else the present one; None where there is none.

    RefusedError where what is there is no key.
    """
    held = keys_at_hand(settings)
    if found := (manifest.key and held.find(manifest.key)) or next(iter(held.keys), None):
        return found
    if held.faults:
        raise RefusedError(held.faults[0])
    return None


def _mark(settings: Settings, manifest: Manifest) -> str | None:
    key = _key(settings, manifest)
    return key_mark(key) if key else None


def _signature(manifest: Manifest, key: bytes) -> str:
    return sign(derive(key, "backup manifest"), manifest.signed)


def _save(
    settings: Settings, source: Source, target: Path, at: datetime, *, force: bool
) -> BackupResult:
    local = at.astimezone(SHANGHAI)
    with scratch(target.parent) as folder:
        made = folder / "backup.zip"
        with ZipFile(made, "w") as archive:
            # Files first: one that is read in meanwhile waits still, and is known when it comes
            # again. The other way round it would lie among those dealt with, and nobody knew it.
            packed, skipped = _pack_inbox(archive, settings.inbox, local)
            with source() as read:
                manifest = _copy(read, folder / DATABASE, at, settings)
            with (folder / DATABASE).open("rb") as file:
                packed[DATABASE] = pack(archive, DATABASE, file, local)
            # These come after: one that a row names was there before the row.
            named = _named(settings, folder / DATABASE)
            proofs, lost = _pack_evidence(archive, settings.evidence, named, local)
            packed |= proofs
            manifest = manifest.model_copy(update={"files": packed})
            signature = _signature(manifest, _key(settings, manifest) or b"")
            manifest = manifest.model_copy(update={"signature": signature})
            pack(archive, MANIFEST, BytesIO(manifest.model_dump_json(indent=1).encode()), local)
        made.chmod(0o600)
        publish(made, target, force=force)
    return BackupResult(target, manifest, skipped, lost)


def _pack_inbox(
    archive: ZipFile, inbox: Path, at: datetime
) -> tuple[dict[str, BackupFile], tuple[str, ...]]:
    packed: dict[str, BackupFile] = {}
    skipped = []
    for path in inbox_files(inbox):
        name = f"{INBOX}/{path.relative_to(inbox).as_posix()}"
        try:
            name.encode()
            with path.open("rb") as file:
                packed[name] = pack(archive, name, file, at)
        except FileNotFoundError:
            continue  # it is being filed, and comes again where it is filed
        except (UnicodeEncodeError, PermissionError):
            skipped.append(ascii(name))
    return packed, tuple(skipped)


def _named(settings: Settings, file: Path) -> Mapping[str, EvidenceFile]:
    """The files that rows of a copy of the database name."""
    with _engine(f"sqlite:///{file}", settings) as copy, Session(copy) as session:
        return all_files(session)


def _pack_evidence(
    archive: ZipFile, home: Path, named: Mapping[str, EvidenceFile], at: datetime
) -> tuple[dict[str, BackupFile], tuple[str, ...]]:
    packed: dict[str, BackupFile] = {}
    lost = []
    for stored, each in named.items():
        if fault := file_fault(home, each):
            lost.append(f"{each.name}（{each.mark}，{fault}）")
            continue
        name = f"{EVIDENCE}/{stored}"
        with (home / stored).open("rb") as file:
            packed[name] = pack(archive, name, file, at)
    return packed, tuple(lost)


def _copy(read: Connection, file: Path, at: datetime, settings: Settings) -> Manifest:
    """Copy a database into one file, and say what the copy holds."""
    found, newest = schema_version(read), schema_versions(read)[0]
    if found != newest:
        raise RefusedError(
            f"数据库版本（{found}）与程序（{newest}）不同，未作备份；"
            "请用原来版本的程序备份，或先运行 xingfu init"
        )
    with _engine(f"sqlite:///{file}", settings) as copy:
        migrate(copy)
        with copy.execution_options(**{WRITES: True}).begin() as write:
            copy_rows(read, write)
            with Session(write) as session:  # whoever restores it has a backup from then
                put_round(session, BACKUP, at)
            proofs = _witnesses(write)
            manifest = Manifest(
                made_at=at,
                schema_version=newest,
                plans=tuple(proofs),
                rows=row_counts(write),
                key=_key_in_use(write, settings),
                files={},
                witnesses=proofs,
            )
    with closing(sqlite3.connect(file)) as raw:  # so that one file holds everything
        raw.execute("PRAGMA journal_mode = DELETE")
    return manifest


def _key_in_use(connection: Connection, settings: Settings) -> str:
    """The fingerprint of the key with which trails go on; where there are none, of the first."""
    with Session(connection) as session:
        known = session.exec(select(PlanRow.key).order_by(PlanRow.id)).first()
    return known or key_mark(first_key(settings))


def _witnesses(connection: Connection) -> dict[str, str]:
    """Per plan, what its trail is to be held against later, in words."""
    with Session(connection) as session:
        ids = session.exec(select(PlanRow.id).order_by(PlanRow.id)).all()
        return {id: witness(session, id).words for id in ids}


def _require_key(engine: Engine) -> None:
    with Session(engine) as session:
        require_keys(session)


@contextmanager
def _engine(url: str, settings: Settings) -> Iterator[Engine]:
    engine = keyed(open_engine(url), settings)
    try:
        yield engine
    finally:
        engine.dispose()


def _look_through(
    name: str, copy: Engine, manifest: Manifest, settings: Settings, *, trust: bool
) -> BackupCheck:
    """Bring a backup's database to the newest schema, and look whether all is there and whole.

    Without `trust` it has to be so old that there was no key, and its trail has to hold.
    """
    try:
        with copy.connect() as connection:
            version, counted = schema_version(connection), row_counts(connection)
            known = schema_versions(connection)
        if version is not None and version not in known:
            raise newer(name)
        if version is None or counted != {table: manifest.rows.get(table) for table in counted}:
            raise broken(name)
        if not trust and known.index(version) <= known.index(SIGNED):
            raise RefusedError(f"{name}：备份清单没有签名，无法证明未被改动，{UNTOUCHED}")
        migrate(copy)
        with Session(copy) as session:
            trails = [examine(session, id) for id in session.exec(select(PlanRow.id))]
            sealed = _sealed(session, settings)
    except DatabaseError:
        raise broken(name) from None
    breaks = tuple(line for found in trails for line in _lines(found))
    if breaks and not trust:
        raise RefusedError(
            with_reasons(f"{name}：旧版备份没有签名，办理记录又核验不符，{UNTOUCHED}", breaks)
        )
    return BackupCheck(manifest, trust, sum(found.rows for found in trails), breaks, sealed)


def _lines(found: TrailCheck) -> Iterator[str]:
    for item in found.breaks:
        yield f"{'链尾' if item.row is None else f'记录{item.row}'}：{item.says}"


def _sealed(session: Session, settings: Settings) -> int:
    """How many contacts have addresses that the present key does not open."""
    tokens = session.exec(select(Contact.channels).where(col(Contact.channels).is_not(None))).all()
    keys = keys_at_hand(settings).keys
    if not keys:
        return len(tokens)
    box = MultiFernet([Fernet(key) for key in keys])
    return sum(not _opens(box, token or "") for token in tokens)


def _opens(box: Box, token: str) -> bool:
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


def _lay_out_evidence(staged: Path, home: Path) -> None:
    """Put files back that prove what is recorded; what lies there is called by what it holds."""
    for path in sorted(staged.iterdir()) if staged.is_dir() else ():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (home / path.name).exists() or not cmp(path, home / path.name, shallow=False):
            files.write(home / path.name, path.read_bytes())


def _place(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    files.write(target, path.read_bytes(), over=False)
