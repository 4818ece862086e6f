"""The installation's key: looked after, and changed for a new one.

The database says by a fingerprint which key counts; every key lies in a file of its own, and none
is ever lost by being overwritten or deleted. So a new key counts from the moment at which the
database's transaction is committed, for every process at once, and wherever the work is cut off one
of the two is whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from common import files
from common.errors import RefusedError, UnavailableError
from models.audits import NewRow, add_to_trail
from models.database import reading, writing
from models.keys import change_key, past_keys
from models.plans import require_plan
from models.seals import (
    TrailKey,
    address_box,
    require_keys,
    require_plan_key,
    trail_key,
)
from models.secrets import (
    KEY_FILE,
    decrypt,
    key_file,
    key_mark,
    keys_at_hand,
    new_key,
)
from models.settings import Settings
from models.tables import Contact, PlanRow, Subject
from operations.cases.authority import authorise
from operations.cases.desk import Desk
from policy.vocabulary import AuditKind, SubjectKind
from states.authority import upkeep
from states.contacts import Place

ROTATE = "rotate_key"
"""The action of the row that says that the key was changed, and that nothing was lost."""
GRACE = timedelta(days=90)
"""For how long, unless told otherwise, workbooks with the former key's mark are taken."""
OTHER = (
    "密钥由 XINGFU_SECRET_KEY 提供，本命令不能改动它。请先生成新密钥，在所有进程的环境中设为 "
    "XINGFU_OTHER_SECRET_KEY 并重新启动，再运行本命令"
)
LATER = (
    "请在所有进程的环境中将 XINGFU_SECRET_KEY 改为新密钥，去掉 XINGFU_OTHER_SECRET_KEY，"
    "再重新启动；在此之前系统照常运行"
)


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """Somebody's decision to change the key."""

    actor: str
    evidence: str
    until: date | None = None
    """The last day on which workbooks with the former key's mark are taken; None: see `GRACE`."""


@dataclass(frozen=True, slots=True)
class RotationResult:
    """What came of it."""

    former: str
    """The fingerprint of the key that counted before."""
    mark: str
    """The fingerprint of the one that counts now."""
    where: str
    """What holds it."""
    until: date
    unopened: int
    """Contacts whose addresses the former key did not open; they are as they were."""
    todo: str
    """What an admin has to do yet."""


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """The key that counts, and what there is beside it."""

    mark: str
    former: tuple[tuple[str, date], ...]
    """Of each key before: its fingerprint, and until when workbooks with its mark are taken."""
    unused: tuple[str, ...]
    """Fingerprints of keys at hand that this database does not use; perhaps a backup does."""
    faults: tuple[str, ...]
    """What stands in a key's place and cannot be used, while another one serves."""


def check_key(desk: Desk) -> None:
    """RefusedError, in one sentence that names the place and how to mend it, where a key is amiss.

    It is missing, cut short, open to others, not the one that the database was sealed with, or does
    not open an address. Nothing is written, and no key is made.
    """
    with reading(desk.engine) as session:
        require_keys(session)
        query = select(Contact.plan, Contact.channels).where(col(Contact.channels).is_not(None))
        for plan_id in session.exec(select(PlanRow.id)).all():
            found = session.exec(query.where(Contact.plan == plan_id).limit(1)).first()
            if found is not None:
                _require_open(session, plan_id, found[1] or "")


def look_at_key(desk: Desk) -> KeyCheck:
    """The key that counts, its file put right after a change that was cut off. RefusedError."""
    settle(desk.settings, desk.engine)
    check_key(desk)
    with desk.reading() as session:
        present = require_plan_key(session, desk.plan.id)
        past = past_keys(session, desk.plan.id, present)
    held = keys_at_hand(desk.settings)
    former = {item.key.mark: item.until for item in past.opened}
    marks = {key_mark(key) for key in held.keys}
    unused = tuple(sorted(marks - {present.mark, *former}))
    return KeyCheck(present.mark, tuple(former.items()), unused, held.faults)


def rotate(desk: Desk, asked: KeyRotation, *, today: date, at: datetime) -> RotationResult:
    """Change the installation's key: addresses, workbooks to come and every trail go on with it.

    Each trail has a row that says who did so and why. What was recorded before, and witnesses of
    it, prove with the former key, which is kept in the database, shut away with the new one.
    RefusedError, with nothing changed, where the actor may not, nobody or no reason is named, the
    last day is past, or the present key is amiss.
    """
    if not (asked.actor.strip() and asked.evidence.strip()):
        raise RefusedError("更换密钥须写明经办人（--actor）和依据（--evidence）")
    until = asked.until or today + GRACE
    if until < today:
        raise RefusedError(
            f"表格接收期限（--until）{until}早于今天（{today}），没有更换密钥；"
            f"最早可写{today}，旧密钥的表格当天仍接收"
        )
    with writing(desk.engine) as session:
        plans = _locked(session)
        require_plan(session, desk.plan, desk.calendar)
        authorise(session, desk, upkeep(desk.plan, "更换密钥"), Place(), asked.actor)
        require_keys(session)
        _put_in_place(desk.settings, plans)
        old = require_plan_key(session, desk.plan.id)
        new = _next_key(desk.settings, session, plans)
        unopened = sum(
            change_key(session, row, require_plan_key(session, row.id), new, until) for row in plans
        )
        for row in plans:
            said = _row(session, row.id, asked, (old, new, until), today, at)
            add_to_trail(session, row.id, said)
    settle(desk.settings, desk.engine)
    own = desk.settings.secret_key is None
    where = str(desk.settings.home / KEY_FILE) if own else "XINGFU_OTHER_SECRET_KEY"
    return RotationResult(old.mark, new.mark, where, until, unopened, "" if own else LATER)


def settle(settings: Settings, engine: Engine) -> None:
    """Let the key that the database names lie in the key's file, where another one still does.

    So is ended what was cut off after the database had been changed, by a crash or a restore.
    """
    with writing(engine) as session:
        _put_in_place(settings, _locked(session))


def _locked(session: Session) -> Sequence[PlanRow]:
    """Every plan's own row: nobody else writes meanwhile."""
    query = select(PlanRow).order_by(col(PlanRow.id)).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).all()


def _put_in_place(settings: Settings, plans: Sequence[PlanRow]) -> None:
    """The key that counts becomes the first at hand; what lay there is kept beside it."""
    held = keys_at_hand(settings)
    key = held.find(plans[0].key) if plans else None
    if settings.secret_key is not None or key is None or held.faults:
        return
    own = settings.home / KEY_FILE
    if not own.exists() or own.read_bytes().strip() != key:
        _keep(settings, held.keys)
        _write_key(settings, KEY_FILE, key)
    # Its copy would serve where the file itself is refused, and hide that.
    key_file(settings, key_mark(key)).unlink(missing_ok=True)


def _keep(settings: Settings, keys: Sequence[bytes]) -> None:
    """Each key lies in a file of its own before another takes its place."""
    for key in keys:
        path = key_file(settings, key_mark(key))
        if not path.exists():
            _write_key(settings, path.name, key)


def _write_key(settings: Settings, name: str, key: bytes) -> None:
    try:
        files.write(settings.home / name, key)
    except OSError as error:
        raise files.unavailable(f"密钥文件 {settings.home / name} 无法写入", error) from None


def _next_key(settings: Settings, session: Session, plans: Sequence[PlanRow]) -> TrailKey:
    """The key that is to count; its file, and the present one's, are whole by now."""
    known = {row.key for row in plans}
    for row in plans:
        present = require_plan_key(session, row.id)
        known |= {item.key.mark for item in past_keys(session, row.id, present).opened}
    if settings.secret_key is None:
        made = new_key()
        _keep(settings, (*keys_at_hand(settings).keys, made))
        return trail_key(made)
    others = [key for key in keys_at_hand(settings).keys if key_mark(key) not in known]
    if not others:
        raise RefusedError(f"{OTHER}；新密钥不能是用过的")
    return trail_key(others[0])


def _row(
    session: Session,
    plan_id: str,
    asked: KeyRotation,
    change: tuple[TrailKey, TrailKey, date],
    today: date,
    at: datetime,
) -> NewRow:
    old, new, until = change
    about = select(Subject.code).where(
        Subject.plan == plan_id, Subject.kind == SubjectKind.PROVINCE
    )
    return NewRow(
        subject=session.exec(about).one(),
        kind=AuditKind.EVIDENCE,
        action=ROTATE,
        actor=asked.actor,
        on=today,
        at=at,
        clause="",
        evidence=asked.evidence,
        detail={"former_key": old.mark, "key": new.mark, "until": until.isoformat()},
    )


def _require_open(session: Session, plan_id: str, token: str) -> None:
    try:
        decrypt(address_box(session, plan_id), token)
    except UnavailableError as error:
        raise RefusedError(str(error)) from None
