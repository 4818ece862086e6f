"""The audit trail: rows are added and read, never changed, and each is chained to the one before.

A row's hash covers all that it says and the hash before it, so that a changed, removed or inserted
row breaks the chain; the plan's own row keeps the newest hash, so that a cut-off end is found too.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import bindparam, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from models.rows import among, ask, columns, into
from models.tables import Audit, PlanRow
from policy.schema import Plan
from policy.vocabulary import AuditKind

CHUNK = 500
LINKED = tuple(name for name in Audit.model_fields if name not in ("id", "previous", "hash"))
"""What a row's hash covers beside the hash before it."""

AUDIT = columns(Audit)
NEWEST = (
    select_columns(AUDIT.subject, func.max(AUDIT.id).label("id"))
    .where(AUDIT.plan == bindparam("plan"), AUDIT.kind != AuditKind.OVERDUE)
    .group_by(AUDIT.subject)
)
NEWEST_OF = NEWEST.where(among(AUDIT.subject, "codes"))


@dataclass(frozen=True, slots=True)
class NewRow:
    """What a row is to say. `stages` is (from, to)."""

    subject: str
    kind: AuditKind
    action: str
    actor: str
    on: date
    at: datetime
    clause: str
    stages: tuple[str, str] | None = None
    evidence: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """Where the chain does not hold."""

    row: int | None
    """The row's id; None for the end of the chain."""
    says: str
    """What is wrong, in Chinese."""


def add_audit(session: Session, plan: Plan, row: NewRow) -> int:
    """Record what was done and give back the row's id. The caller holds the plan's lock."""
    (values,) = _chained(session, plan, [row])
    made: Any = session.connection().execute(into(Audit), values)
    return int(made.inserted_primary_key[0])


def add_audits(session: Session, plan: Plan, rows: Sequence[NewRow]) -> None:
    """Record several things in their order. The caller holds the plan's lock."""
    if rows:
        # Past the ORM, which would take three times as long for a day on which thousands are late.
        session.connection().execute(into(Audit), _chained(session, plan, rows))


def _chained(session: Session, plan: Plan, rows: Sequence[NewRow]) -> list[dict[str, Any]]:
    """The rows as they are kept, each linked to the one before; the last is the new end."""
    head = session.get_one(PlanRow, plan.id)
    last, values = head.head, []
    for row in rows:
        said = _columns(plan, row)
        said["hash"] = link(last, said)
        said["previous"], last = last, said["hash"]
        values.append(said)
    head.head = last
    session.add(head)
    return values


def link(previous: str, row: Mapping[str, Any]) -> str:
    """The hash of a row that follows one with the hash `previous`.

    TypeError for a detail that JSON does not keep exactly, such as a float; ValueError for a naive
    instant.
    """
    if row["recorded_at"].tzinfo is None:
        raise ValueError(f"{row['recorded_at']} is a naive datetime")
    said = [
        previous,
        *(str(row[name]) for name in ("plan", "subject", "kind", "action")),
        *(row[name] for name in ("from_stage", "to_stage", "actor")),
        row["effective_on"].isoformat(),
        row["recorded_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        row["clause"],
        row["evidence"],
        _exact(row["detail"]),
    ]
    return sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def verify(session: Session, plan: Plan) -> tuple[int, tuple[ChainBreak, ...]]:
    """How many rows the plan's trail has, and every place where its chain does not hold."""
    return verify_named(session, plan.id)


def verify_named(session: Session, plan_id: str) -> tuple[int, tuple[ChainBreak, ...]]:
    """As `verify`, for a plan whose file need not be at hand."""
    query = select(Audit).where(Audit.plan == plan_id).order_by(col(Audit.id))
    previous, count = "", 0
    breaks: list[ChainBreak] = []
    for row in session.exec(query.execution_options(yield_per=CHUNK)):
        breaks += _broken(row, previous)
        previous, count = row.hash, count + 1
    head = session.get(PlanRow, plan_id)
    if head is None or head.head != previous:
        breaks.append(ChainBreak(None, "最后的记录与登记的链尾不符，末尾可能被删除或添加"))
    return count, tuple(breaks)


def recorded_acts(session: Session, plan: Plan) -> frozenset[tuple[str, str, date, str]]:
    """Subject, action or fact, day, and voucher where there is one, of everything ever recorded."""
    rows = session.exec(select(Audit).where(Audit.plan == plan.id))
    return frozenset(
        (row.subject, row.action, row.effective_on, row.detail.get("line", {}).get("voucher", ""))
        for row in rows
    )


def history(session: Session, plan: Plan, code: str) -> tuple[Audit, ...]:
    """Everything recorded about a subject, oldest first."""
    query = select(Audit).where(Audit.plan == plan.id, Audit.subject == code)
    return tuple(session.exec(query.order_by(col(Audit.id))).all())


def histories(session: Session, plan: Plan, codes: Sequence[str]) -> Mapping[str, Sequence[Audit]]:
    """As `history`, of several subjects."""
    found: dict[str, list[Audit]] = {code: [] for code in codes}
    if found:
        query = select(Audit).where(Audit.plan == plan.id, col(Audit.subject).in_(codes))
        for row in session.exec(query.order_by(col(Audit.id))):
            found[row.subject].append(row)
    return found


def trail_to(session: Session, plan: Plan, day: date) -> tuple[Audit, ...]:
    """Everything that came about by a day, lateness aside; as it was recorded, oldest first."""
    query = select(Audit).where(
        Audit.plan == plan.id, col(Audit.effective_on) <= day, Audit.kind != AuditKind.OVERDUE
    )
    return tuple(session.exec(query.order_by(col(Audit.id))))


def acknowledgements(
    session: Session, plan: Plan, codes: Sequence[str]
) -> Mapping[tuple[str, str], Audit]:
    """Per subject and deadline, the latest acknowledgement (已知悉)."""
    query = select(Audit).where(
        Audit.plan == plan.id,
        Audit.kind == AuditKind.ACKNOWLEDGEMENT,
        col(Audit.subject).in_(codes),
    )
    return {(row.subject, row.action): row for row in session.exec(query.order_by(col(Audit.id)))}


def find_audit(session: Session, plan: Plan, id: int) -> Audit | None:
    """The row of that id, if this plan has it."""
    return session.exec(select(Audit).where(Audit.plan == plan.id, Audit.id == id)).first()


def revisions(
    session: Session, plan: Plan, codes: Sequence[str] | None = None
) -> Mapping[str, int]:
    """Per subject, the id of the newest row that somebody recorded; lateness aside."""
    query = NEWEST if codes is None else NEWEST_OF
    return {row.subject: row.id for row in ask(session, query, plan=plan.id, codes=codes)}


def first_revisions(session: Session, plan: Plan, codes: Sequence[str]) -> Mapping[str, int]:
    """Per subject, the id of the first row that was recorded about it."""
    query = select_columns(col(Audit.subject), func.min(col(Audit.id))).where(
        col(Audit.plan) == plan.id, col(Audit.subject).in_(codes)
    )
    return dict(session.execute(query.group_by(col(Audit.subject))).tuples().all())


def revision(session: Session, plan: Plan, code: str) -> int:
    """That of one subject; 0 when nothing was recorded."""
    return revisions(session, plan, [code]).get(code, 0)


def newest(session: Session, plan: Plan) -> int:
    """The id of the plan's newest row; 0 when nothing was recorded."""
    query = select_columns(func.max(col(Audit.id))).where(col(Audit.plan) == plan.id)
    return session.execute(query).scalar_one() or 0


def changes_since(session: Session, plan: Plan, code: str, seen: int) -> tuple[Audit, ...]:
    """What was recorded about a subject after a revision, oldest first; lateness aside."""
    return tuple(
        row
        for row in history(session, plan, code)
        if (row.id or 0) > seen and row.kind != AuditKind.OVERDUE
    )


def _columns(plan: Plan, row: NewRow) -> dict[str, Any]:
    return {
        "plan": plan.id,
        "subject": row.subject,
        "kind": row.kind.value,
        "action": row.action,
        "from_stage": row.stages[0] if row.stages else None,
        "to_stage": row.stages[1] if row.stages else None,
        "actor": row.actor,
        "effective_on": row.on,
        "recorded_at": row.at,
        "clause": row.clause,
        "evidence": row.evidence,
        "detail": dict(row.detail),
    }


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        raise TypeError(f"{value!r} is not exact; write it as text")
    if isinstance(value, Mapping):
        return {str(name): _exact(item) for name, item in value.items()}
    return [_exact(item) for item in value] if isinstance(value, list | tuple) else value


def _broken(row: Audit, previous: str) -> Iterator[ChainBreak]:
    if row.previous != previous:
        yield ChainBreak(row.id, "与前一条记录接不上，其间可能有记录被删除、插入或改动")
    try:
        same = link(row.previous, {name: getattr(row, name) for name in LINKED}) == row.hash
    except (TypeError, ValueError, KeyError):
        same = False
    if not same:
        yield ChainBreak(row.id, "内容与记录时不符，可能被改动")


PAPER = "paper"
"""What holds the letter in the row's detail."""


def paper_rows(session: Session, plan: Plan) -> tuple[Audit, ...]:
    """The rows of the plan that record a letter of any kind, oldest first."""
    query = select(Audit).where(Audit.plan == plan.id, Audit.kind == AuditKind.EVIDENCE)
    rows = session.exec(query.order_by(col(Audit.id)))
    return tuple(row for row in rows if PAPER in row.detail)
