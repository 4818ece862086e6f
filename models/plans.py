"""Installs a plan: its cities, province, offices and deadlines. Safe to repeat after a change."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import and_, bindparam, case, literal, not_, or_, select, true
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, SQLModel, col, update
from sqlmodel import select as select_rows

from common.errors import RefusedError
from models.database import serialise
from models.renaming import rename
from models.rows import insert_missing
from models.seals import installation_key, require_key, require_keys, seal
from models.sweeps import put_sweep
from models.tables import DeadlineRow, Fact, OfficeRow, PlanRow, Project, Subject
from policy.renaming import renaming
from policy.schema import Plan
from policy.vocabulary import Standing, SubjectKind
from states.deadlines import Deadline, DeadlineDates, deadlines, deadlines_of, whose_turn
from states.decide import first_look
from states.workdays import Calendar

YEARS = 5  # after a plan's own, into which its deadlines may reach
LOCKED = (
    select_rows(PlanRow)
    .where(col(PlanRow.id) == bindparam("plan"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
CHUNK = 1000  # rows a statement: bounded memory, and below SQLite's limit on bound values


def install_plan(
    session: Session, plan: Plan, calendar: Calendar, at: datetime, former: Plan | None = None
) -> bool:
    """Make the database run `plan` as it now reads; False when it does already.

    `former` is how it read before, where that is known: what it called otherwise is renamed.

    New rules become deadlines of every subject. Open deadlines start their ladder again, so that a
    changed ladder loses no rung; what was owed before is held back by its key. Those whose dates
    have moved are reminded anew. Deadlines of rules and of cities that are gone become void. The
    caller brings fulfilment, and with it the standing of closed ones, up to date
    (`models.deadlines.refresh`).
    """
    serialise(session.connection())
    digest = installed_digest(plan, calendar)
    require_keys(session)
    row = session.get(PlanRow, plan.id, with_for_update=True)
    if row and row.digest == digest:
        insert_new(session, OfficeRow, _offices(plan))  # those that a newer program knows, too
        return False
    _refuse_orphans(session, plan)
    if row:
        put_sweep(session, plan, None, at)
    row = row or _new_plan(session, plan, at)
    row.digest, row.installed_at = digest, at
    session.add(row)
    session.flush()
    if former is not None:
        rename(session, plan, renaming(former, plan))
    insert_new(session, Subject, _subjects(plan))
    insert_new(session, OfficeRow, _offices(plan))
    for kind in SubjectKind:
        for deadline in deadlines_of(plan, calendar, kind):
            _sync_deadline(session, plan, calendar, kind, deadline)
        _void_missing(session, plan, kind, [item.id for item in deadlines_of(plan, calendar, kind)])
    return True


def forget_digest(session: Session, plan: Plan) -> None:
    """Let the next `install_plan` install the plan, whatever it says."""
    session.execute(update(PlanRow).where(col(PlanRow.id) == plan.id).values(digest=""))
    session.expire_all()


def installed_plan(session: Session, plan: Plan) -> PlanRow | None:
    """The plan as it was installed last, whatever it said; None before. Others wait meanwhile."""
    serialise(session.connection())
    return session.get(PlanRow, plan.id, with_for_update=True)


def _new_plan(session: Session, plan: Plan, at: datetime) -> PlanRow:
    """The row of a plan that nothing has been recorded of, sealed; the key is made if need be."""
    row = PlanRow(id=plan.id, digest="", installed_at=at)
    key = installation_key(session.connection())
    row.key = key.mark
    seal(row, key)
    return row


def plan_ids(session: Session) -> tuple[str, ...]:
    """The ids of the plans that are installed, sorted."""
    return tuple(session.execute(select(col(PlanRow.id)).order_by(col(PlanRow.id))).scalars())


def require_plan(session: Session, plan: Plan, calendar: Calendar, *, lock: bool = False) -> None:
    """RefusedError when `plan` is not installed as it and its calendar now read.

    With `lock`, which every writer asks for first, other writers of the plan wait until this
    transaction ends: what was read stays true until it is written. It is refused, too, where the
    key is not the one with which the plan's trail goes on.
    """
    row = _locked(session, plan) if lock else session.get(PlanRow, plan.id)
    if row is None:
        raise RefusedError(f"实施方案 {plan.id} 尚未装入，请先运行 xingfu init --plan {plan.id}")
    if row.digest != installed_digest(plan, calendar):
        raise RefusedError(
            f"实施方案 {plan.id} 或工作日历已更改，请先运行 xingfu init --plan {plan.id}"
        )


def _locked(session: Session, plan: Plan) -> PlanRow | None:
    """The plan's own row, which this transaction alone may change; asked for once in it."""
    transaction: object
    row: PlanRow | None
    transaction, row = session.info.get(plan.id, (None, None))
    if row is None or transaction is not session.get_transaction():
        row = session.exec(LOCKED, params={"plan": plan.id}).first()
        if row is not None:
            require_key(session, row.key)
        session.info[plan.id] = session.get_transaction(), row
    return row


def known_years(plan: Plan, calendar: Calendar) -> list[int]:
    """Of the plan's years, and those after into which it may reach, whose workdays are known."""
    years = range(plan.year, plan.years[-1] + YEARS)
    return [year for year in years if calendar.knows(year)]


@lru_cache
def installed_digest(plan: Plan, calendar: Calendar) -> str:
    """What the stored deadlines follow from: what the plan says and every day computed from it."""
    days = [
        (item.id, *_dated_columns(plan, calendar, item.dates).values(), item.rule.kinds)
        for item in deadlines(plan, calendar)
    ]
    # Relative deadlines and extensions are computed from these when facts change.
    known = known_years(plan, calendar)
    overrides = sorted((year, sorted(days.items())) for year, days in calendar.overrides.items())
    return sha256(f"{plan.digest}{days}{known}{overrides}".encode()).hexdigest()


def add_deadlines(
    session: Session,
    plan: Plan,
    calendar: Calendar,
    kind: SubjectKind,
    codes: Iterable[str],
    project_kind: str | None = None,
) -> None:
    """Give new subjects of one kind all the deadlines of that kind."""
    items = deadlines_of(plan, calendar, kind, project_kind)
    rows = [_deadline_row(plan, calendar, kind, item) for item in items]
    insert_new(session, DeadlineRow, [{**row, "subject": code} for code in codes for row in rows])


def insert_new(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert `rows`, leaving out those that are there already, by their primary key."""
    for start in range(0, len(rows), CHUNK):
        session.execute(insert_missing(table), rows[start : start + CHUNK])


def _subjects(plan: Plan) -> list[dict[str, Any]]:
    province = {"kind": SubjectKind.PROVINCE, "code": plan.province, "city": ""}
    cities = [
        {"kind": SubjectKind.CITY, "code": city.name, "city": city.name} for city in plan.cities
    ]
    return [
        {"plan": plan.id, "name": row["code"], "county": "", **row} for row in (province, *cities)
    ]


def _offices(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "plan": plan.id,
            "level": office.body or office.level,
            "city": office.city or office.region,
            "county": office.county,
            "name": office.name,
        }
        for office in plan.contact_offices()
    ]


def _deadline_row(
    plan: Plan, calendar: Calendar, kind: SubjectKind, deadline: Deadline
) -> dict[str, Any]:
    """A deadline of a subject of which nothing has come about."""
    turn = whose_turn(deadline, kind, {}, deadline.dates)
    return {
        "plan": plan.id,
        "rule": deadline.id,
        "visit": 1,
        "standing": Standing.WAITING if deadline.dates is None else Standing.ON_TRACK,
        "fired": 0,
        "body": "" if turn.body == deadline.rule.responsible else turn.body,
        "fits": True,
        **_dated_columns(plan, calendar, deadline.dates),
    }


def _dated_columns(
    plan: Plan, calendar: Calendar, dates: DeadlineDates | None
) -> dict[str, date | None]:
    if dates is None:
        return {"remind_by": None, "overdue_after": None, "next_look_on": None}
    return {
        "remind_by": dates.remind_by,
        "overdue_after": dates.overdue_after,
        "next_look_on": first_look(dates.remind_by, plan.ladder, calendar),
    }


def _sync_deadline(
    session: Session, plan: Plan, calendar: Calendar, kind: SubjectKind, deadline: Deadline
) -> None:
    new = _deadline_row(plan, calendar, kind, deadline)
    typed = [literal(value, type_=_type(name)) for name, value in new.items()]
    source = select(*typed, col(Subject.code))
    source = source.where(*_subjects_of(plan, kind))
    if deadline.rule.kinds:
        source = source.where(col(Subject.code).in_(_of_kinds(plan, deadline.rule.kinds)))
    session.execute(insert_missing(DeadlineRow).from_select([*new, "subject"], source))
    if deadline.dates is not None:
        _restart(session, plan, kind, deadline, deadline.dates, new["next_look_on"])
    _restart_own(session, plan, calendar, deadline)


def _subjects_of(plan: Plan, kind: SubjectKind) -> tuple[ColumnElement[bool], ...]:
    """The subjects of a kind that the plan has; of its projects all."""
    of_kind = (col(Subject.plan) == plan.id, col(Subject.kind) == kind)
    if kind is SubjectKind.PROJECT:
        return of_kind
    return (*of_kind, col(Subject.code).in_([row["code"] for row in _subjects(plan)]))


def _type(name: str) -> Any:
    return DeadlineRow.__table__.c[name].type  # type: ignore[attr-defined]  # a mapped class


def _of_kinds(plan: Plan, kinds: tuple[str, ...]) -> Any:
    return select_rows(Project.code).where(Project.plan == plan.id, col(Project.kind).in_(kinds))


def _has_own_dates(plan: Plan, deadline: Deadline) -> ColumnElement[bool]:
    """Extended, relative, or put off by facts: the subject's facts decide, not the plan alone."""
    if deadline.follows is not None:
        return true()
    extended = or_(col(DeadlineRow.extended_to).is_not(None), col(DeadlineRow.turn_on).is_not(None))
    if deadline.later_of is None:
        return extended
    put_off = select(col(Fact.subject)).where(
        col(Fact.plan) == plan.id, col(Fact.name) == deadline.later_of.after
    )
    return or_(extended, col(DeadlineRow.subject).in_(put_off))


def _restart_own(session: Session, plan: Plan, calendar: Calendar, deadline: Deadline) -> None:
    """Let open deadlines with dates of their own climb the ladder again, as it now is."""
    query = select_rows(DeadlineRow).where(
        DeadlineRow.plan == plan.id,
        DeadlineRow.rule == deadline.id,
        col(DeadlineRow.next_look_on).is_not(None),
        _has_own_dates(plan, deadline),
    )
    for row in session.exec(query).all():
        assert row.remind_by is not None  # noqa: S101  # open rows are dated, by a constraint
        row.fired = 0
        row.next_look_on = first_look(row.remind_by, plan.ladder, calendar)
        session.add(row)
    session.flush()


def _restart(
    session: Session,
    plan: Plan,
    kind: SubjectKind,
    deadline: Deadline,
    dates: DeadlineDates,
    look_on: date,
) -> None:
    """Give deadlines the dates as they now are, and let the open ones climb the ladder again."""
    row = DeadlineRow
    subjects = select_rows(Subject.code).where(*_subjects_of(plan, kind))
    is_open = col(row.next_look_on).is_not(None)
    due_moved = col(row.overdue_after) != dates.overdue_after
    moved = or_(col(row.remind_by) != dates.remind_by, due_moved)
    session.execute(
        update(row)
        .where(
            col(row.plan) == plan.id,
            col(row.rule) == deadline.id,
            col(row.subject).in_(subjects),
            not_(_has_own_dates(plan, deadline)),
        )
        .values(
            remind_by=dates.remind_by,
            overdue_after=dates.overdue_after,
            standing=case((and_(is_open, due_moved), Standing.ON_TRACK.value), else_=row.standing),
            visit=case((and_(is_open, moved), col(row.visit) + 1), else_=row.visit),
            quiet_until=case((and_(is_open, moved), None), else_=row.quiet_until),
            fired=0,
            next_look_on=case((is_open, look_on), else_=None),
        )
    )


def _void_missing(session: Session, plan: Plan, kind: SubjectKind, known: list[str]) -> None:
    row = DeadlineRow
    every = select_rows(Subject.code).where(Subject.plan == plan.id, Subject.kind == kind)
    there = select_rows(Subject.code).where(*_subjects_of(plan, kind))
    session.execute(
        update(row)
        .where(
            col(row.plan) == plan.id,
            col(row.subject).in_(every),
            or_(col(row.rule).not_in(known), col(row.subject).not_in(there)),
            col(row.fulfilled_on).is_(None),
        )
        .values(standing=Standing.VOID, next_look_on=None)
    )


def _refuse_orphans(session: Session, plan: Plan) -> None:
    """A plan must know every stage in which a project stands."""
    query = select(col(Project.code), col(Project.stage)).where(
        col(Project.plan) == plan.id, col(Project.stage).not_in(plan.stage_order)
    )
    if found := session.execute(query.order_by(col(Project.code))).tuples().all():
        listed = "、".join(f"{code}（{stage}）" for code, stage in found[:5])
        raise RefusedError(f"实施方案 {plan.id} 不再有以下项目所处的阶段：{listed}，请保留该阶段")
