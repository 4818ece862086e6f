"""Deadline rows: kept true when facts change, and swept by day in whole situations."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Date,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.audits import NewRow, add_audits, voided
from models.columns import Instant
from models.outbox import cancel, cancel_asking, reinstate
from models.projects import subjects
from models.renaming import former_names, under_every_name
from models.rows import among, ask, columns, insert_missing
from models.tables import OUTBOX_KEY, Audit, DeadlineRow, Fact, OfficeRow, Outbox, Subject
from policy.schema import Plan
from policy.vocabulary import AuditKind, Disposition, Level, MessageStatus, Standing, SubjectKind
from states.contacts import Place
from states.deadlines import (
    PRESSING,
    RUNNING,
    Deadline,
    DeadlineDates,
    at_rest,
    dates_of,
    fulfilled_on,
    has_ended,
    whose_turn,
)
from states.decide import Decision, Situation, Verdict, first_look
from states.workdays import DAY, Calendar, UnknownYearError

ENGINE = "系统"
SITUATION = tuple(item.name for item in fields(Situation))
"""The columns that make a `Situation`."""


@dataclass(frozen=True, slots=True)
class SubjectState:
    """What decides whether a subject's deadlines are open."""

    code: str
    kind: SubjectKind
    facts: Mapping[str, date]
    disposition: Disposition = Disposition.ACTIVE


@dataclass(frozen=True, slots=True)
class VerdictRows:
    """How many rows a verdict added."""

    messages: int
    marked_overdue: int


def refresh(
    session: Session,
    plan: Plan,
    calendar: Calendar,
    deadlines: Mapping[str, Deadline],
    state: SubjectState,
) -> None:
    """Bring a subject's deadlines in line with its facts; cancel what is owed for closed ones.

    A deadline whose own dates have moved is another visit of it: what was owed about the earlier
    one is cancelled, and its ladder starts anew.
    """
    query = select_rows(DeadlineRow).where(
        DeadlineRow.plan == plan.id, DeadlineRow.subject == state.code
    )
    closed = []
    for row in session.exec(query).all():
        deadline = deadlines.get(row.rule)
        if deadline is None or state.kind not in deadline.rule.fulfilled_by:
            continue
        was_open, visit = row.next_look_on is not None, row.visit
        _refresh_row(plan, calendar, row, deadline, state)
        if was_open and (row.next_look_on is None or row.visit != visit):
            closed.append(row.rule)
        elif not was_open and row.next_look_on is not None:
            reinstate(session, row)
            if _was_marked(session, plan, row):
                row.standing = Standing.OVERDUE
    cancel(session, plan, state.code, closed)


def extend(
    session: Session,
    plan: Plan,
    calendar: Calendar,
    deadline: Deadline,
    state: SubjectState,
    until: date | None,
) -> DeadlineRow:
    """Give a deadline the literal date `until`, or that of its rule; what was owed is cancelled."""
    row = session.get_one(DeadlineRow, (plan.id, state.code, deadline.id))
    row.extended_to = until
    _refresh_row(plan, calendar, row, deadline, state)
    cancel(session, plan, state.code, [deadline.id])
    return row


def acknowledge(
    session: Session, plan: Plan, code: str, rule: str, expected: date | None
) -> DeadlineRow:
    """Ask nothing about an open deadline again until the day that is expected.

    Without one, what was silenced is owed again.
    """
    row = session.get_one(DeadlineRow, (plan.id, code, rule))
    row.quiet_until = expected
    session.add(row)
    session.flush()
    if row.next_look_on is not None:
        reinstate(session, row)
    if expected is not None:
        cancel_asking(session, plan, row)
    return row


def deadline_row(session: Session, plan: Plan, code: str, rule: str) -> DeadlineRow | None:
    """One deadline of a subject, if it has it."""
    return session.get(DeadlineRow, (plan.id, code, rule))


def due_situations(session: Session, plan: Plan, as_of: date) -> tuple[Situation, ...]:
    """The distinct situations among the deadlines to be looked at as of a day."""
    columns = [getattr(DeadlineRow, name) for name in SITUATION]
    query = select(*columns).where(*_to_look_at(plan, as_of)).distinct().order_by(*columns)
    return tuple(
        Situation(**{**row, "standing": Standing(row["standing"])})
        for row in session.execute(query).mappings()
    )


def targets(
    session: Session, plan: Plan, situation: Situation, decision: Decision, as_of: date
) -> Iterator[tuple[DeadlineRow, Subject, str]]:
    """The deadlines that a decision concerns, with their subject and the office it is for."""
    query = _reached(plan, select(DeadlineRow, Subject, OfficeRow.name), decision.level)  # type: ignore[call-overload]  # too many entity kinds for its overloads
    where = (*_to_look_at(plan, as_of), *_in(situation))
    ordered = query.where(*where).order_by(col(DeadlineRow.subject))
    yield from session.execute(ordered).tuples()


def apply(
    session: Session,
    plan: Plan,
    deadline: Deadline,
    situation: Situation,
    verdict: Verdict,
    as_of: date,
    at: datetime,
) -> VerdictRows:
    """Write what a verdict asks for, and move its deadlines on."""
    where = (*_to_look_at(plan, as_of), *_in(situation))
    messages = marked = 0
    for decision in verdict.decisions:
        if decision.rung is None:
            marked += _record_overdue(session, plan, deadline, situation, where, as_of, at)
        else:
            messages += _owe(session, plan, decision, where, as_of, at)
    session.execute(
        update(DeadlineRow)
        .where(*where)
        .values(standing=verdict.standing, fired=verdict.fired, next_look_on=verdict.next_look_on)
    )
    return VerdictRows(messages, marked)


def stalled(session: Session, plan: Plan, deadlines: Iterable[Deadline]) -> tuple[str, ...]:
    """The relative deadlines whose fact has come and which wait for a year's calendar, by id."""
    return tuple(
        deadline.id
        for deadline in deadlines
        if deadline.follows is not None
        and session.execute(
            select(literal(1))
            .select_from(DeadlineRow)
            .join(
                Fact,
                and_(
                    col(Fact.plan) == DeadlineRow.plan,
                    col(Fact.subject) == DeadlineRow.subject,
                    col(Fact.name) == deadline.follows.after,
                ),
            )
            .where(
                col(DeadlineRow.plan) == plan.id,
                col(DeadlineRow.rule) == deadline.id,
                col(DeadlineRow.standing) == Standing.WAITING,
            )
            .limit(1)
        ).first()
    )


class PlainDeadlineRow(NamedTuple):
    """A `DeadlineRow` that is only read: there are thousands, of which the ORM makes objects."""

    subject: str
    rule: str
    visit: int
    remind_by: date | None
    overdue_after: date | None
    extended_to: date | None
    standing: Standing
    fulfilled_on: date | None
    next_look_on: date | None
    quiet_until: date | None
    body: str
    turn_on: date | None
    fits: bool
    fired: int


def deadline_rows(
    session: Session,
    plan: Plan,
    codes: Sequence[str] | None = None,
    rules: Collection[str] | None = None,
) -> Iterator[tuple[PlainDeadlineRow, Subject]]:
    """Every deadline with its subject, or those of `codes`, of `rules`; by kind, subject, rule."""
    query = _stored(codes is not None, rules is not None)
    found = ask(session, query, plan=plan.id, codes=codes, rules=rules)
    owners = subjects(session, plan, codes)
    for row in found:
        yield PlainDeadlineRow(*row), owners[row[0]]


@cache
def _stored(some: bool, of_rules: bool) -> Select[Any]:
    row, owner = columns(DeadlineRow), columns(Subject)
    its = and_(owner.plan == row.plan, owner.code == row.subject)
    query = select(*(row[name] for name in PlainDeadlineRow._fields)).join_from(
        DeadlineRow, Subject, its
    )
    query = query.where(row.plan == bindparam("plan"))
    if some:
        query = query.where(among(row.subject, "codes"))
    if of_rules:
        query = query.where(among(row.rule, "rules"))
    return query.order_by(owner.kind.desc(), row.subject, row.rule)


def open_codes(
    session: Session,
    plan: Plan,
    deadlines: Mapping[str, Deadline],
    places: Iterable[tuple[Place, Collection[str]]],
    most: int,
    as_of: date | None = None,
) -> tuple[str, ...]:
    """The subjects at some places with an open deadline, the longest late first.

    With `as_of` those with one that presses on that day, as far as rows tell without the calendar:
    some of them may turn out not to. A city stands for all of it, a place without city for the
    province; beside each stand the bodies for one of which it has to wait, none for any.
    """
    parts = [
        select(col(DeadlineRow.subject), col(DeadlineRow.overdue_after)).where(
            col(DeadlineRow.plan) == plan.id, waiting, _lies_at(plan, place), _is_open(as_of)
        )
        for place, bodies in places
        for waiting in _waiting_for(deadlines, bodies)
    ]
    if not parts:
        return ()
    found = union_all(*parts).subquery()
    query = select(found.c.subject).group_by(found.c.subject)
    ordered = query.order_by(func.min(found.c.overdue_after), found.c.subject)
    return tuple(session.execute(ordered.limit(most)).scalars())


def _lies_at(plan: Plan, place: Place) -> ColumnElement[bool]:
    if not place.city:
        return true()
    theirs = select(col(Subject.code)).where(
        col(Subject.plan) == plan.id,
        col(Subject.kind).in_([*SubjectKind]),
        col(Subject.city) == place.city,
        col(Subject.county) == place.county if place.county else true(),
    )
    return col(DeadlineRow.subject).in_(theirs)


def _waiting_for(
    deadlines: Mapping[str, Deadline], bodies: Collection[str]
) -> tuple[ColumnElement[bool], ...]:
    """Each of them is found by an index; both at once would not be."""
    if not bodies:
        return (true(),)
    own = [id for id, deadline in deadlines.items() if deadline.rule.responsible in bodies]
    its_own = and_(col(DeadlineRow.body) == "", col(DeadlineRow.rule).in_(own))
    return col(DeadlineRow.body).in_(bodies), its_own


def _is_open(as_of: date | None) -> ColumnElement[bool]:
    """By its standing: databases would go through all open ones for a `next_look_on`."""
    if as_of is None:
        return col(DeadlineRow.standing).in_(RUNNING)
    look = col(DeadlineRow.next_look_on) <= as_of
    return or_(col(DeadlineRow.standing).in_(PRESSING), look)


def _was_marked(session: Session, plan: Plan, row: DeadlineRow) -> bool:
    """Whether this visit's lateness is on record already; a mark that was voided is not."""
    query = select_rows(Audit.id, Audit.detail).where(
        Audit.plan == row.plan,
        col(Audit.subject).in_(under_every_name([row.subject], former_names(session, plan))),
        Audit.kind == AuditKind.OVERDUE,
        Audit.action == row.rule,
    )
    assert row.overdue_after is not None  # noqa: S101  # open rows are dated, by a constraint
    visit = {"visit": row.visit, "overdue_after": row.overdue_after.isoformat()}
    gone = voided(session, plan)
    return any(
        visit.items() <= detail.items() for id, detail in session.exec(query) if id not in gone
    )


def _refresh_row(
    plan: Plan, calendar: Calendar, row: DeadlineRow, deadline: Deadline, state: SubjectState
) -> None:
    was_met = row.fulfilled_on is not None
    dates = dates_of(deadline, state.kind, state.facts, row.extended_to, calendar)
    moved = _redate(row, dates)
    moved = _pass_on(row, deadline, state, dates) or moved
    if moved:
        _begin_anew(row)
    met = fulfilled_on(deadline, state.kind, state.facts) if row.remind_by else None
    _set(row, fulfilled_on=met)
    still = at_rest(
        row.overdue_after,
        plan.bodies[deadline.rule.responsible].bound,
        row.fulfilled_on,
        state.disposition,
        ended=has_ended(deadline, state.facts),
    )
    if still is not None:
        _set(row, standing=still, next_look_on=None)
    elif row.remind_by is not None and (row.next_look_on is None or moved):
        row.standing = Standing.ON_TRACK if row.fits else Standing.COORDINATING
        row.next_look_on = _first_look(plan, calendar, row.remind_by, state)
        if was_met and not moved:  # the step is begun again
            _begin_anew(row)


def _pass_on(
    row: DeadlineRow, deadline: Deadline, state: SubjectState, dates: DeadlineDates | None
) -> bool:
    """Note whose turn it is; True where another one has been told of it already, or a day is set.

    Who had it when the deadline was met keeps it.
    """
    turn = whose_turn(deadline, state.kind, state.facts, dates)
    before = (row.body, row.fits)
    fits = dates is None or dates.fits
    _set(row, turn_on=dates.turn_on if dates else None, fits=fits)
    if turn.step or not fits or state.kind is not SubjectKind.PROJECT:
        _set(row, body="" if turn.body == deadline.rule.responsible else turn.body)
    told = row.fired > 0 or row.standing in PRESSING
    return row.fits != before[1] or (row.body != before[0] and told)


def _begin_anew(row: DeadlineRow) -> None:
    """Another visit: the ladder starts anew, and nothing is acknowledged."""
    row.visit, row.fired, row.quiet_until = row.visit + 1, 0, None


def _first_look(plan: Plan, calendar: Calendar, remind_by: date, state: SubjectState) -> date:
    """The ladder's first day; where it has gone by already, the workday after what opened it."""
    look = first_look(remind_by, plan.ladder, calendar)
    newest = max(state.facts.values(), default=None)
    if newest is None or newest < look:
        return look
    try:
        return calendar.on_or_after(newest + DAY)
    except UnknownYearError:  # the sweep itself says so on that day
        return newest + DAY


def _redate(row: DeadlineRow, dates: DeadlineDates | None) -> bool:
    """Set a row's dates; True when it had others before."""
    before = (row.remind_by, row.overdue_after)
    now = (dates.remind_by, dates.overdue_after) if dates else (None, None)
    _set(row, remind_by=now[0], overdue_after=now[1])
    return before not in ((None, None), now)


def _set(row: DeadlineRow, **values: Any) -> None:
    """Set what is another value: of twenty rows that are looked at for a fact it touches one.

    The ORM takes each that is set for changed, and goes through all of it again at the next query.
    """
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def _owe(
    session: Session,
    plan: Plan,
    decision: Decision,
    where: tuple[ColumnElement[bool], ...],
    as_of: date,
    at: datetime,
) -> int:
    row, rung_kind = DeadlineRow, decision.rung_kind
    values: dict[str, Any] = {
        "plan": row.plan,
        "subject": row.subject,
        "rule": row.rule,
        "visit": row.visit,
        "due": row.overdue_after,
        "rung": literal(decision.rung),
        "recipient": OfficeRow.name,
        "decision": literal(decision.kind.value),
        "rung_kind": literal(rung_kind.value if rung_kind else None),
        "as_of": literal(as_of, type_=Date()),
        "decided_at": literal(at, type_=Instant()),
        "status": literal(MessageStatus.PENDING.value),
    }
    source = _reached(plan, select(*values.values()), decision.level).where(*where)
    return _inserted(session, insert_missing(Outbox, OUTBOX_KEY).from_select([*values], source))


def _record_overdue(
    session: Session,
    plan: Plan,
    deadline: Deadline,
    situation: Situation,
    where: tuple[ColumnElement[bool], ...],
    as_of: date,
    at: datetime,
) -> int:
    detail = {
        "overdue_after": situation.overdue_after.isoformat(),
        "title": deadline.rule.title,
        "visit": situation.visit,
    }
    if situation.body:
        detail["body"] = situation.body
    query = select(col(DeadlineRow.subject)).where(*where)
    found = session.connection().execute(query.order_by("subject"))  # past the ORM: thousands
    rows = [
        NewRow(
            subject=subject,
            kind=AuditKind.OVERDUE,
            action=situation.rule,
            actor=ENGINE,
            on=as_of,
            at=at,
            clause=deadline.rule.clause,
            detail=detail,
        )
        for subject in found.scalars()
    ]
    add_audits(session, plan, rows)
    return len(rows)


def _reached(plan: Plan, query: Select[Any], level: Level) -> Select[Any]:
    """Join each deadline's subject and the office that serves it at `level`.

    In a city below which nothing lies that is the city's, also for what is a county's elsewhere.
    """
    city = _place_served(plan, level)
    county = col(Subject.county) if level is Level.COUNTY else literal("")
    office = and_(
        col(OfficeRow.plan) == Subject.plan,
        col(OfficeRow.level) == _served_at(plan, level),
        col(OfficeRow.city) == city,
        col(OfficeRow.county) == county,
    )
    return query.select_from(DeadlineRow).join(Subject, _same_subject()).join(OfficeRow, office)


def _place_served(plan: Plan, level: Level) -> Any:
    if level is Level.PROVINCE:
        return literal("")
    if level is Level.REGION:
        regions = {city.name: city.region or "" for city in plan.cities}
        return case(regions, value=col(Subject.city), else_=literal(""))
    return col(Subject.city)


def _served_at(plan: Plan, level: Level) -> ColumnElement[str]:
    if level is not Level.COUNTY or not plan.undivided:
        return literal(level.value)
    whole = col(Subject.city).in_(plan.undivided)
    return case((whole, literal(Level.CITY.value)), else_=literal(level.value))


def _same_subject() -> ColumnElement[bool]:
    return and_(col(Subject.plan) == DeadlineRow.plan, col(Subject.code) == DeadlineRow.subject)


def _to_look_at(plan: Plan, as_of: date) -> tuple[ColumnElement[bool], ...]:
    return (col(DeadlineRow.plan) == plan.id, col(DeadlineRow.next_look_on) <= as_of)


def _in(situation: Situation) -> tuple[ColumnElement[bool], ...]:
    return tuple(col(getattr(DeadlineRow, name)) == getattr(situation, name) for name in SITUATION)


def _inserted(session: Session, statement: Any) -> int:
    # SQLAlchemy keeps an INSERT's row count only when asked; psycopg would otherwise say -1.
    result: Any = session.execute(statement, execution_options={"preserve_rowcount": True})
    return int(result.rowcount)
