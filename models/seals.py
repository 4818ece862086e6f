"""What only the holder of the installation's key can compute: hashes, seals, codes of the trail.

An engine carries its installation's settings, so that every session on it finds the key. Of several
keys at hand the one counts that the database names by its fingerprint: while keys are changed,
every process has the right one at every moment.
"""

import hmac
from dataclasses import dataclass, field

from cryptography.fernet import Fernet
from sqlalchemy import Connection, Engine, String, bindparam, column, inspect, select, table
from sqlmodel import Session

from common.errors import RefusedError
from models.rows import columns
from models.secrets import KeysAtHand, derive, first_key, key_mark, keys_at_hand, sign
from models.settings import Settings
from models.tables import PlanRow

INSTALLATION = "xingfu_installation"
KEY_HOME = "状态目录的 secret.key 或 XINGFU_SECRET_KEY"
MEND = (
    f"请将原密钥放回{KEY_HOME}后重试（还原自备份的，放回备份时的密钥）；"
    "原密钥确已遗失的，请运行 xingfu audit rekey"
)
PLAN = columns(PlanRow)
KEY = select(PLAN.key).where(PLAN.id == bindparam("id"))
"""The mark of the key with which a plan's trail goes on."""
MARK_LENGTH = 8  # hexadecimal digits; without the key nobody can try which trail would fit


@dataclass(frozen=True, slots=True)
class TrailKey:
    """The installation's key, and the keys that follow from it, one for each use."""

    mark: str
    """Its fingerprint."""
    secret: bytes = field(repr=False)
    """The key itself: workbooks carry its mark, addresses are encrypted with it."""
    rows: bytes = field(repr=False)
    seals: bytes = field(repr=False)
    codes: bytes = field(repr=False)


def keyed(engine: Engine, settings: Settings) -> Engine:
    """The same engine, whose sessions find the key of the installation."""
    return engine.execution_options(**{INSTALLATION: settings})


def trail_key(key: bytes) -> TrailKey:
    """What follows from an installation's key."""
    uses = {use: derive(key, f"trail {use}") for use in ("rows", "seals", "codes")}
    return TrailKey(mark=key_mark(key), secret=key.strip(), **uses)


def find_key(session: Session, mark: str) -> TrailKey | None:
    """The key at hand with that fingerprint, else another one; None where there is none."""
    held = _held(session.connection())
    key = held.find(mark) or next(iter(held.keys), None)
    return trail_key(key) if key else None


def installation_key(connection: Connection) -> TrailKey:
    """The key of the connection's installation, with which a trail begins; made if need be.

    RefusedError on an engine that is not `keyed`, where what should be the key is none, and where
    other trails of the database go on with a key that is not at hand.
    """
    settings = _settings(connection)
    if settings is None:
        raise RefusedError("没有说明密钥在何处，办理记录无法加封，未作任何改动")
    known = [mark for mark in _known_marks(connection) if mark]
    return _required(connection, known[0]) if known else trail_key(first_key(settings))


def replacing_key(session: Session, mark: str) -> TrailKey:
    """The key with which a trail goes on whose own, of that fingerprint, is lost; made if need be.

    That very key where it is at hand after all. RefusedError where what is there is no key.
    """
    settings = _settings(session.connection())
    if settings is None:
        raise RefusedError("没有说明密钥在何处，办理记录无法加封，未作任何改动")
    return trail_key(keys_at_hand(settings).find(mark) or first_key(settings))


def require_key(session: Session, mark: str) -> TrailKey:
    """The installation's key; RefusedError where it is not the one with that fingerprint.

    The error names the file or variable and how to mend it.
    """
    return _required(session.connection(), mark)


def require_plan_key(session: Session, plan_id: str) -> TrailKey:
    """The key with which an installed plan's trail goes on; RefusedError as `require_key`."""
    session.flush()  # past the ORM: every workbook that is signed asks
    return require_key(session, session.connection().execute(KEY, {"id": plan_id}).scalar_one())


def require_keys(session: Session) -> None:
    """RefusedError where a plan's trail goes on with another key, or what is there is no key.

    Where nothing is installed yet anything that is a key will do; older schemas know of none.
    """
    connection = session.connection()
    for mark in _known_marks(connection):
        _required(connection, mark)


def address_box(session: Session, plan_id: str) -> Fernet:
    """What a plan's addresses are encrypted with; RefusedError as `require_key`."""
    return Fernet(require_plan_key(session, plan_id).secret)


def wrong_key(mark: str, key: TrailKey | None) -> str:
    """What is said of a key that is not the one whose fingerprint is `mark`."""
    wanted = f"（指纹 {mark or '未登记'}）"
    if key is None:
        return f"缺少本系统的密钥{wanted}"
    return f"现有密钥（指纹 {key.mark}）不是本系统的密钥{wanted}"


def key_trouble(session: Session, mark: str, key: TrailKey | None) -> str:
    """What is wrong where `key` was found for `mark`; empty when it is the one."""
    if key is not None and key.mark == mark:
        return ""
    faults = _held(session.connection()).faults
    return faults[0] if faults else wrong_key(mark, key)


def seal_of(key: TrailKey, plan: str, head: str, counts: tuple[int, int, int]) -> str:
    """What a plan's row is sealed with; `counts`: rows, unkeyed and unproved."""
    return sign(key.seals, [plan, head, *counts])


def seal(row: PlanRow, key: TrailKey) -> None:
    """Seal a plan's row as it is now."""
    row.seal = _seal(row, key)


def reseal(row: PlanRow, key: TrailKey) -> None:
    """Let a plan's trail go on with another key: nothing proves any more what came before."""
    row.key, row.unproved = key.mark, row.rows
    seal(row, key)


def is_sealed(row: PlanRow, key: TrailKey) -> bool:
    """Whether nobody else has changed what is sealed."""
    return hmac.compare_digest(_seal(row, key), row.seal)


def code_mark(key: TrailKey, plan: str, rows: int, hash: str) -> str:
    """The mark of a witness: a plan's trail had so many rows, the last of them with `hash`."""
    return sign(key.codes, [plan, rows, hash])[:MARK_LENGTH].upper()


def _required(connection: Connection, mark: str) -> TrailKey:
    held = _held(connection)
    if key := held.find(mark):
        return trail_key(key)
    if held.faults:
        raise RefusedError(f"{held.faults[0]}。未写入任何数据")
    other = trail_key(held.keys[0]) if held.keys else None
    raise RefusedError(f"{wrong_key(mark, other)}，未写入任何数据；{MEND}{_where(connection)}")


def _where(connection: Connection) -> str:
    """Where the key's file belongs, as a path that can be copied."""
    settings = _settings(connection)
    if settings is None or settings.secret_key is not None:
        return ""
    return f"。密钥文件：{settings.home.resolve() / 'secret.key'}"


def _known_marks(connection: Connection) -> tuple[str, ...]:
    """The fingerprints of the keys with which trails go on; older schemas know of none."""
    if not inspect(connection).has_table("plan"):
        return ()
    if "key" not in {item["name"] for item in inspect(connection).get_columns("plan")}:
        return ()
    known = select(column("key", String)).select_from(table("plan"))
    return tuple(connection.execute(known).scalars())


def _held(connection: Connection) -> KeysAtHand:
    settings = _settings(connection)
    return keys_at_hand(settings) if settings else KeysAtHand((), ())


def _seal(row: PlanRow, key: TrailKey) -> str:
    return seal_of(key, row.id, row.head, (row.rows, row.unkeyed, row.unproved))


def _settings(connection: Connection) -> Settings | None:
    found: Settings | None = connection.get_execution_options().get(INSTALLATION)
    return found
