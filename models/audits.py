"""The audit trail: rows are added and read, never changed, and each is chained to the one before.

A row's hash covers all that it says and the hash before it, so that a changed, removed or inserted
row breaks the chain; the plan's own row keeps how many there are and the newest hash, so that a
cut-off end is found too. Both are made with the installation's key (`models.seals`): who has the
database alone cannot make them. Rows from before there was a key stay as they are.
"""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Engine, Select, bindparam, func, text, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from common.words import require_seen
from models.evidence import name_files, said_of_files
from models.guards import guard_faults
from models.keys import PastKeys, past_keys
from models.renaming import former_names, under_every_name
from models.rows import among, ask, columns, into
from models.seals import (
    TrailKey,
    code_mark,
    find_key,
    is_sealed,
    key_trouble,
    require_key,
    seal,
)
from models.tables import Audit, PlanRow
from policy.schema import Plan
from policy.vocabulary import AuditKind
from states.trail import TrailRow, from_detail
from states.witness import Witness

CHUNK = 500
NEVER_COUNT = (
    AuditKind.CONFIRMATION,
    AuditKind.OVERDUE,
    AuditKind.PLAN,
    AuditKind.REPAIR,
    AuditKind.REVERSAL,
    AuditKind.REWIND,
)
DAYLESS = (AuditKind.CONFIRMATION, AuditKind.IMPORT, AuditKind.OVERDUE, AuditKind.REWIND)
PAPER = "paper"
"""What holds the letter in the row's detail."""
LINKED = tuple(name for name in Audit.model_fields if name not in ("previous", "hash"))
"""What a row's hash covers beside the hash before it; its id since there is a key."""
NEW_IDS = {
    "sqlite": text("SELECT COALESCE((SELECT MAX(id) FROM audit), 0) + 1 AS first, :count AS count"),
    "postgresql": text(
        "SELECT nextval(pg_get_serial_sequence('audit', 'id')) FROM generate_series(1, :count)"
    ),
}

AUDIT = columns(Audit)
NEWEST = (
    select_columns(AUDIT.subject, func.max(AUDIT.id).label("id"))
    .where(AUDIT.plan == bindparam("plan"), AUDIT.kind != AuditKind.OVERDUE)
    .group_by(AUDIT.subject)
)
NEWEST_OF = NEWEST.where(among(AUDIT.subject, "codes"))


ENTERED_BY = "entered_by"
"""Who entered a row for the office that decided, in its detail; missing: the office itself."""
MOST_RECENT = 1000
"""Rows that are looked through for what one user has entered in the last minutes."""
DOUBT = "doubt"
"""What is doubted of a row's actor, in its detail."""


def entered_by(engine: Engine, user: str) -> Engine:
    """The same engine, whose sessions note in each row that `user` entered it."""
    return engine.execution_options(**{ENTERED_BY: user})


def doubt_actor(session: Session, actor: str, doubt: str) -> None:
    """Keep with whatever the session records of an actor what is doubted of him or her."""
    session.info.setdefault(DOUBT, {})[actor] = doubt


def doubts_of(session: Session) -> tuple[str, ...]:
    """What is doubted of the actors of a session."""
    return tuple(dict.fromkeys(session.info.get(DOUBT, {}).values()))


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


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """What a look at a plan's trail has found."""

    rows: int
    unkeyed: int
    """So many rows, from the first, were recorded before there was a key."""
    unproved: int
    """So many rows, from the first, were recorded before the key was lost."""
    breaks: tuple[ChainBreak, ...]
    witness: Witness | None
    """What to keep elsewhere of the trail as it is; None where it does not hold."""


def add_audit(session: Session, plan: Plan, row: NewRow) -> int:
    """Record what was done and give back the row's id. The caller holds the plan's lock.

    RefusedError where the key is not the one with which the plan's trail goes on, and for an actor
    or evidence with signs that nobody sees.
    """
    return add_to_trail(session, plan.id, row)


def add_to_trail(session: Session, plan_id: str, row: NewRow) -> int:
    """As `add_audit`, where the plan's file need not be at hand."""
    said = {"经办人": row.actor, "依据": row.evidence, "录入人": _entered_by(session)}
    require_seen(said)
    (values,) = _chained(session, plan_id, [replace(row, detail=_with_entry(session, row))])
    session.connection().execute(into(Audit), values)
    name_files(session, int(values["id"]))
    return int(values["id"])


def _with_entry(session: Session, row: NewRow) -> Mapping[str, Any]:
    """The detail, with who entered the row, what is doubted of its actor, and what proves it."""
    said = {ENTERED_BY: _entered_by(session), DOUBT: session.info.get(DOUBT, {}).get(row.actor, "")}
    entry = {name: words for name, words in said.items() if words}
    return {**row.detail, **entry, **said_of_files(session)}


def _entered_by(session: Session) -> str:
    return str(session.connection().get_execution_options().get(ENTERED_BY, ""))


def add_audits(session: Session, plan: Plan, rows: Sequence[NewRow]) -> None:
    """Record several things in their order, as `add_audit`. The caller holds the plan's lock."""
    if rows:
        # Past the ORM, which would take three times as long for a day on which thousands are late.
        session.connection().execute(into(Audit), _chained(session, plan.id, rows))


def _chained(session: Session, plan_id: str, rows: Sequence[NewRow]) -> list[dict[str, Any]]:
    """The rows as they are kept, each linked to the one before; the last is the new end."""
    end = session.get_one(PlanRow, plan_id)
    key = require_key(session, end.key)
    sound, last, values = is_sealed(end, key), end.head, []
    for id, row in zip(_new_ids(session, len(rows)), rows, strict=True):
        said = {"id": id, **_columns(plan_id, row)}
        said["hash"] = link(last, said, key.rows)
        said["previous"], last = last, said["hash"]
        values.append(said)
    end.head, end.rows = last, end.rows + len(rows)
    if sound:  # else somebody has been here, and a new seal would hide it
        seal(end, key)
    session.add(end)
    return values


def _new_ids(session: Session, count: int) -> Sequence[int]:
    """Ids for rows to come, in order; on SQLite nobody else writes meanwhile."""
    connection = session.connection()
    found = connection.execute(NEW_IDS[connection.dialect.name], {"count": count}).all()
    if connection.dialect.name == "sqlite":
        return range(found[0].first, found[0].first + count)
    return sorted(row[0] for row in found)


def link(previous: str, row: Mapping[str, Any], key: bytes | None = None) -> str:
    """The hash of a row that follows one with the hash `previous`; with no key, as in old rows.

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
    if key is None:
        return sha256(_as_json(said)).hexdigest()
    return hmac.digest(key, _as_json([*said, row["id"]]), "sha256").hex()


def _as_json(said: Sequence[Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, sort_keys=True).encode()


def examine(session: Session, plan_id: str, earlier: Witness | None = None) -> TrailCheck:
    """Whether a plan's trail holds, and goes on from the one that a witness was of.

    The plan's file need not be at hand. Without its key the order of the rows alone is looked at,
    and that the key is not there is told.
    """
    end = session.get(PlanRow, plan_id)
    key = find_key(session, end.key) if end else None
    known = key if key and end and key.mark == end.key else None
    past = past_keys(session, plan_id, known) if known else PastKeys((), ())
    query = select(Audit).where(Audit.plan == plan_id).order_by(col(Audit.id))
    unkeyed, unproved = (end.unkeyed, end.unproved) if end else (0, 0)
    previous, count = "", 0
    breaks: list[ChainBreak] = []
    then = "" if earlier and earlier.rows == 0 else None
    for row in session.exec(query.execution_options(yield_per=CHUNK)):
        count += 1
        breaks += _broken(row, previous)
        if count <= unkeyed:
            breaks += _changed(row, None)
        elif known and count > unproved:
            breaks += _changed(row, past.of_row(count, known).rows)
        previous = row.hash
        then = previous if earlier and earlier.rows == count else then
    breaks += _broken_end(session, end, key, count, previous)
    breaks += [
        ChainBreak(None, f"旧密钥（指纹 {mark}）的存档打不开，可能被改动") for mark in past.broken
    ]
    breaks += [ChainBreak(None, fault) for fault in guard_faults(session.connection())]
    if earlier and known:
        then_key = past.of_row(earlier.rows, known)
        breaks += _discontinued(then_key, plan_id, count, earlier, then)
    proof = Witness(count, code_mark(known, plan_id, count, previous)) if known else None
    return TrailCheck(count, unkeyed, unproved, tuple(breaks), None if breaks else proof)


def witness(session: Session, plan_id: str) -> Witness:
    """What shows, kept elsewhere, that the trail of later goes on from that of now.

    RefusedError where the key is not the one with which the trail goes on.
    """
    end = session.get_one(PlanRow, plan_id)
    key = require_key(session, end.key)
    return Witness(end.rows, code_mark(key, plan_id, end.rows, end.head))


def trail_end(session: Session, plan_id: str) -> tuple[int, str]:
    """How many rows a plan's trail has, and the hash of the last, by what the plan's row says."""
    end = session.get_one(PlanRow, plan_id)
    return end.rows, end.head


def row_hash(session: Session, plan_id: str, number: int) -> str | None:
    """The hash of a plan's row, counted from 1; None where there are not so many."""
    mine = select_columns(col(Audit.hash)).where(col(Audit.plan) == plan_id)
    return session.execute(mine.order_by(col(Audit.id)).offset(number - 1).limit(1)).scalar()


def examine_end(session: Session, plan_id: str) -> tuple[ChainBreak, ...]:
    """As `examine`, of the end of the trail and what guards it alone: quick, however long it is."""
    mine = col(Audit.plan) == plan_id
    count = session.execute(select_columns(func.count()).where(mine)).scalar_one()
    newest_first = select_columns(col(Audit.hash)).where(mine).order_by(col(Audit.id).desc())
    last = session.execute(newest_first.limit(1)).scalar() or ""
    end = session.get(PlanRow, plan_id)
    key = find_key(session, end.key) if end else None
    return (
        *_broken_end(session, end, key, count, last),
        *(ChainBreak(None, fault) for fault in guard_faults(session.connection())),
    )


def voided(session: Session, plan: Plan) -> frozenset[int]:
    """The marks of lateness that a rewind has voided, by id."""
    return frozenset(id for row in rewinds(session, plan) for id in row.detail["marks"])


def rewinds(session: Session, plan: Plan) -> tuple[Audit, ...]:
    """The rows that have taken days back, oldest first; quick, since they are the province's."""
    taken_back = col(Audit.kind) == AuditKind.REWIND
    return tuple(_rows_about(session, plan, [plan.province], taken_back))


def recorded_acts(session: Session, plan: Plan) -> frozenset[tuple[str, str, date, str]]:
    """Subject, action or fact, day, and voucher where there is one, of everything ever recorded."""
    rows = session.exec(select(Audit).where(Audit.plan == plan.id))
    return frozenset(
        (row.subject, row.action, row.effective_on, row.detail.get("line", {}).get("voucher", ""))
        for row in rows
    )


def whole_trail(session: Session, plan: Plan) -> tuple[Audit, ...]:
    """Every row of the plan, oldest first."""
    query = select(Audit).where(Audit.plan == plan.id)
    return tuple(session.exec(query.order_by(col(Audit.id))))


def history(session: Session, plan: Plan, code: str) -> tuple[Audit, ...]:
    """Everything recorded about a subject, oldest first."""
    return tuple(histories(session, plan, [code])[code])


def histories(session: Session, plan: Plan, codes: Sequence[str]) -> Mapping[str, Sequence[Audit]]:
    """As `history`, of several subjects."""
    found: dict[str, list[Audit]] = {code: [] for code in codes}
    if found:
        for row in _rows_about(session, plan, codes):
            found[row.subject].append(row)
    return found


def _rows_about(
    session: Session, plan: Plan, codes: Sequence[str] | None, *where: ColumnElement[bool]
) -> Iterator[Audit]:
    """The rows about some subjects or all, oldest first, each as of what its subject is called now.

    What was recorded under a former name is read apart from the database, where it stays.
    """
    former = former_names(session, plan)
    query = select(Audit).where(Audit.plan == plan.id, *where).order_by(col(Audit.id))
    if codes is not None:
        query = query.where(col(Audit.subject).in_(under_every_name(codes, former)))
    for row in session.exec(query):
        if row.subject in former:
            session.expunge(row)
            row.subject = former[row.subject]
        yield row


class PlainAudit(NamedTuple):
    """An `Audit` past the ORM, which makes objects of thousands; as of its subject's name now."""

    id: int
    subject: str
    kind: AuditKind
    action: str
    effective_on: date
    recorded_at: datetime
    evidence: str
    detail: Mapping[str, Any]


AnyAudit = Audit | PlainAudit
TRAIL_TO = (
    select_columns(*(AUDIT[name] for name in PlainAudit._fields))
    .where(
        AUDIT.plan == bindparam("plan"),
        AUDIT.effective_on <= bindparam("day"),
        among(AUDIT.kind, "kinds"),
    )
    .order_by(AUDIT.id)
)


def trail_to(session: Session, plan: Plan, day: date, *kinds: AuditKind) -> tuple[PlainAudit, ...]:
    """What came about by a day, of some kinds or of all but lateness; as recorded, oldest first."""
    wanted = kinds or [kind for kind in AuditKind if kind is not AuditKind.OVERDUE]
    former = former_names(session, plan)
    found = map(PlainAudit._make, ask(session, TRAIL_TO, plan=plan.id, day=day, kinds=wanted))
    if not former:
        return tuple(found)
    return tuple(row._replace(subject=former.get(row.subject, row.subject)) for row in found)


def newest_day(session: Session, plan: Plan) -> date | None:
    """The last day on which something came about, lateness aside; None when nothing has.

    What a form says has no day of its own: it came in on that of its import. A day that somebody
    stood for, or took back, is none on which anything came about.
    """
    counted = (kind for kind in AuditKind if kind not in DAYLESS)
    days = session.execute(union_all(*(_newest_of(plan, kind) for kind in counted))).scalars()
    return max((day for day in days if day is not None), default=None)


def _newest_of(plan: Plan, kind: AuditKind) -> Select[tuple[date]]:
    """Of one kind, which an index tells at once."""
    query = select_columns(func.max(col(Audit.effective_on)))
    return query.where(col(Audit.plan) == plan.id, col(Audit.kind) == kind)


def acknowledgements(
    session: Session, plan: Plan, codes: Sequence[str]
) -> Mapping[tuple[str, str], Audit]:
    """Per subject and deadline, the latest acknowledgement (已知悉)."""
    acknowledged = col(Audit.kind) == AuditKind.ACKNOWLEDGEMENT
    rows = _rows_about(session, plan, codes, acknowledged)
    return {(row.subject, row.action): row for row in rows}


def that_count(rows: Sequence[Audit], without: int | None = None) -> Iterator[Audit]:
    """Those rows of a subject that count: neither reversed, nor reversing, nor left out."""
    gone = reversed_rows(rows) | {without}
    yield from (row for row in rows if row.id not in gone and row.kind not in NEVER_COUNT)


def counted(plan: Plan, rows: Sequence[Audit], without: int | None = None) -> Iterator[TrailRow]:
    """What they change."""
    for row in that_count(rows, without):
        assert row.id is not None  # noqa: S101  # it comes from the database
        yield from_detail(plan, row.id, AuditKind(row.kind), row.detail)


def recorded_with(session: Session, plan: Plan, row: Audit) -> tuple[int, ...]:
    """The ids of all that one actor recorded at one instant with `row`, newest first.

    Those that count: what an import brought in is taken back by them.
    """
    query = select(Audit).where(
        Audit.plan == plan.id, Audit.recorded_at == row.recorded_at, Audit.actor == row.actor
    )
    found = session.exec(query.order_by(col(Audit.id).desc())).all()
    reversals = select(Audit).where(Audit.plan == plan.id, Audit.kind == AuditKind.REVERSAL)
    gone = reversed_rows(session.exec(reversals).all())
    return tuple(
        item.id
        for item in found
        if item.id is not None and item.id not in gone and item.kind not in NEVER_COUNT
    )


def entered_since(session: Session, plan: Plan, user: str, since: datetime) -> tuple[Audit, ...]:
    """What a user has entered since an instant and counts still, the newest first.

    Among the newest `MOST_RECENT` rows: nobody enters more in the minutes that are asked about.
    """
    lately = (Audit.plan == plan.id, col(Audit.id) > newest(session, plan) - MOST_RECENT)
    query = select(Audit).where(
        *lately,
        Audit.recorded_at >= since,
        col(Audit.detail)[ENTERED_BY].as_string() == user,
    )
    rows = session.exec(query.order_by(col(Audit.id).desc())).all()
    reversals = select(Audit).where(*lately, Audit.kind == AuditKind.REVERSAL)
    gone = reversed_rows(session.exec(reversals).all()) if rows else ()
    return tuple(row for row in rows if row.id not in gone and row.kind not in NEVER_COUNT)


def reversed_rows(rows: Sequence[AnyAudit]) -> frozenset[int]:
    """The ids of the rows that later ones have reversed."""
    return frozenset(row.detail["reverses"] for row in rows if "reverses" in row.detail)


def overdue_marks(
    session: Session, plan: Plan, codes: Sequence[str]
) -> Mapping[tuple[str, str], tuple[date, datetime]]:
    """By subject and deadline, the day as of which it was last marked overdue, and when.

    A mark that was taken back is none.
    """
    former = former_names(session, plan)
    row = AUDIT.id, AUDIT.subject, AUDIT.action, AUDIT.effective_on, AUDIT.recorded_at
    query = select_columns(*row).where(
        AUDIT.plan == plan.id,
        AUDIT.kind == AuditKind.OVERDUE,
        AUDIT.subject.in_(under_every_name(codes, former)),
    )
    gone = voided(session, plan)
    found = session.execute(query.order_by(AUDIT.id)).tuples()
    return {
        (former.get(subject, subject), rule): (on, at)
        for id, subject, rule, on, at in found
        if id not in gone
    }


def find_audit(session: Session, plan: Plan, id: int) -> Audit | None:
    """The row of that id, if this plan has it."""
    return next(_rows_about(session, plan, None, col(Audit.id) == id), None)


def revisions(
    session: Session, plan: Plan, codes: Sequence[str] | None = None
) -> Mapping[str, int]:
    """Per subject, the id of the newest row that somebody recorded; lateness aside."""
    former = former_names(session, plan)
    wanted = None if codes is None else under_every_name(codes, former)
    found = newest_rows(session, plan, wanted).items()
    named = [(former.get(subject, subject), id) for subject, id in found]
    return dict(sorted(named, key=lambda item: item[1]))


def newest_rows(
    session: Session, plan: Plan, codes: Sequence[str] | None = None
) -> Mapping[str, int]:
    """As `revisions`, by the names under which rows were recorded: projects have no others."""
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


def _columns(plan_id: str, row: NewRow) -> dict[str, Any]:
    return {
        "plan": plan_id,
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


def _changed(row: Audit, key: bytes | None) -> Iterator[ChainBreak]:
    try:
        said = link(row.previous, {name: getattr(row, name) for name in LINKED}, key)
    except (TypeError, ValueError, KeyError, AttributeError):
        said = ""
    if said != row.hash:
        yield ChainBreak(row.id, "内容与记录时不符，可能被改动")


def _broken_end(
    session: Session, end: PlanRow | None, key: TrailKey | None, count: int, last: str
) -> Iterator[ChainBreak]:
    """Whether the plan's row is as it was sealed, and tells of the rows that are there."""
    if end is None or end.head != last:
        yield ChainBreak(None, "最后的记录与登记的链尾不符，末尾可能被删除或添加")
    if end is None:
        return
    if end.rows != count:
        yield ChainBreak(None, f"登记的记录为{end.rows}条，现有{count}条，可能有记录被删除或添加")
    if trouble := key_trouble(session, end.key, key):
        yield ChainBreak(None, f"{trouble}，无法核验记录的内容")
    elif key and not is_sealed(end, key):
        yield ChainBreak(None, "登记的条数、链尾或旧版记录界限与封签不符，可能被改动")


def _discontinued(
    key: TrailKey, plan_id: str, count: int, earlier: Witness, then: str | None
) -> Iterator[ChainBreak]:
    """Whether the trail had, when it had so many rows, the hash that the witness was made of."""
    if then is None:
        fault = f"校验码记有{earlier.rows}条记录，现有{count}条，其后的记录已被删除"
        yield ChainBreak(None, f"{fault}，或者数据库是更早的备份")
    elif code_mark(key, plan_id, earlier.rows, then) != earlier.mark:
        yield ChainBreak(
            None,
            f"前{earlier.rows}条记录与校验码不符，校验码出具后可能被改动；"
            "也可能是校验码属于其他实施方案，或在密钥遗失之前出具",
        )


def paper_rows(session: Session, plan: Plan) -> tuple[tuple[Audit, bool], ...]:
    """The rows of the plan that record a paper of any kind, oldest first; True: it is void."""
    kinds = (AuditKind.EVIDENCE, AuditKind.REVERSAL)
    query = select(Audit).where(Audit.plan == plan.id, col(Audit.kind).in_(kinds))
    rows = sorted(session.exec(query), key=lambda row: row.id or 0)  # ordered, all would be read
    gone = reversed_rows(rows)
    return tuple((row, row.id in gone) for row in rows if PAPER in row.detail)
