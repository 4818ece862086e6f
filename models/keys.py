"""Keys that a plan's trail went on with before: they prove what was recorded and sent out then.

Each lies in the database, encrypted with the present key: who has the database alone reads none,
and can make none that opens.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete
from sqlmodel import Session, col, select

from common.errors import RefusedError
from models.seals import TrailKey, is_sealed, seal, trail_key
from models.secrets import Box
from models.tables import Contact, FormerKey, PlanRow


@dataclass(frozen=True, slots=True)
class PastKey:
    """A key that was changed for another."""

    key: TrailKey
    rows: int
    """The plan's first so many audit rows, and no later ones, were hashed with it or one before."""
    until: date
    """The last day on which workbooks that carry its mark are taken."""


@dataclass(frozen=True, slots=True)
class PastKeys:
    """A plan's past keys."""

    opened: tuple[PastKey, ...]
    """The oldest first."""
    broken: tuple[str, ...]
    """Fingerprints of those that the present key does not open: somebody has changed them."""

    def of_row(self, number: int, present: TrailKey) -> TrailKey:
        """The key of a plan's audit row, counted from 1, and of a witness to so many rows."""
        return next((past.key for past in self.opened if number <= past.rows), present)


def past_keys(session: Session, plan_id: str, present: TrailKey) -> PastKeys:
    """What the present key opens of a plan's past keys."""
    found = session.exec(select(FormerKey).where(FormerKey.plan == plan_id)).all()
    box = Fernet(present.secret)
    opened = {row.mark: _opened(box, row) for row in found}
    past = sorted((item for item in opened.values() if item), key=lambda item: item.rows)
    return PastKeys(tuple(past), tuple(mark for mark, item in opened.items() if item is None))


def change_key(session: Session, row: PlanRow, old: TrailKey, new: TrailKey, until: date) -> int:
    """Let a plan's trail, addresses and past keys go on with a new key; how many addresses did not.

    The caller holds the plan's lock, and the key's file is whole by now. RefusedError where past
    keys have been changed: a new seal would hide it.
    """
    past = past_keys(session, row.id, old)
    if past.broken:
        raise RefusedError(
            f"旧密钥的存档（指纹 {'、'.join(past.broken)}）已被改动，未更换；"
            "请先运行 xingfu audit verify"
        )
    sound = is_sealed(row, old)
    forget_past_keys(session, row.id)
    for item in (*past.opened, PastKey(old, row.rows, until)):
        session.add(_shut(row.id, Fernet(new.secret), item))
    left = _encrypt_addresses(session, row.id, Fernet(old.secret), Fernet(new.secret))
    row.key = new.mark
    if sound:  # else somebody has been here, and a new seal would hide it
        seal(row, new)
    session.add(row)
    session.flush()
    return left


def forget_past_keys(session: Session, plan_id: str) -> None:
    """Where the present key is lost nothing opens them any more."""
    session.execute(delete(FormerKey).where(col(FormerKey.plan) == plan_id))


def marking_keys(past: PastKeys, present: TrailKey, today: date) -> Sequence[bytes]:
    """The keys whose marks on workbooks are taken on a day, the present one first."""
    return (present.secret, *(item.key.secret for item in past.opened if today <= item.until))


def _encrypt_addresses(session: Session, plan_id: str, old: Box, new: Box) -> int:
    """Encrypt them anew; how many the old key did not open, which stay as they are."""
    query = select(Contact).where(Contact.plan == plan_id, col(Contact.channels).is_not(None))
    left = 0
    for contact in session.exec(query):
        try:
            contact.channels = new.encrypt(old.decrypt((contact.channels or "").encode())).decode()
        except InvalidToken:
            left += 1
            continue
        session.add(contact)
    return left


def _shut(plan_id: str, box: Fernet, item: PastKey) -> FormerKey:
    said = [plan_id, item.key.secret.decode(), item.rows, item.until.isoformat()]
    return FormerKey(
        plan=plan_id, mark=item.key.mark, box=box.encrypt(json.dumps(said).encode()).decode()
    )


def _opened(box: Fernet, row: FormerKey) -> PastKey | None:
    try:
        plan_id, key, rows, until = json.loads(box.decrypt(row.box.encode()))
    except InvalidToken:
        return None
    found = PastKey(trail_key(key.encode()), rows, date.fromisoformat(until))
    return found if (plan_id, found.key.mark) == (row.plan, row.mark) else None
