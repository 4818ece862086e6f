"""What may press of a city's projects, a row for all that are alike: for counting.

The database says in one text what a project has dated and in another what may press, and puts
together the projects of which it says the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ScalarSelect, Select, String, bindparam, case, cast, func, or_, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session

from models.projects import ITS, PROJECT, SUBJECT
from models.rows import among, ask, columns
from models.tables import Audit, DeadlineRow, Fact, Project, Subject
from policy.schema import Plan
from policy.vocabulary import Disposition, SubjectKind
from states.deadlines import RUNNING

FACT, DEADLINE, AUDIT = columns(Fact), columns(DeadlineRow), columns(Audit)
NEXT, WITHIN, UNSET = ";", "|", "!"
"""What separates two of a text, and what is said of one; and what says that a day is to be set."""
APART = "\n"
"""What separates codes."""


@dataclass(frozen=True, slots=True)
class PressingRow:
    """Projects that are alike; `facts` and `deadlines` as `texts_of` reads them."""

    codes: tuple[str, ...]
    county: str
    stage: str
    disposition: str
    facts: str
    """Each fact, with its day where that is asked for."""
    deadlines: str
    """Each deadline that may press: its id, both of its dates, and whether its day is to be set."""


def texts_of(said: str) -> list[list[str]]:
    """What stands in a text of a row."""
    return [each.split(WITHIN) for each in said.split(NEXT)] if said else []


def pressing_rows(
    session: Session,
    plan: Plan,
    city: str,
    days: tuple[date, date],
    dated: Sequence[str],
    codes: Sequence[str] | None = None,
) -> list[PressingRow]:
    """The projects of a city, or those of `codes`.

    `days`: as of which day, and the last one on which a deadline may be reminded of to be near.
    `dated`: the facts of which the day is asked for.
    """
    query = _pressing(tuple(dated), codes is not None)
    days_asked = {"as_of": days[0], "near": days[1]}
    return _rows(session, query, plan=plan.id, city=city, codes=codes, **days_asked)


def running_rows(session: Session, plan: Plan, city: str, as_of: date) -> list[PressingRow]:
    """Likewise those under way, with the ids of all of their deadlines that run as of a day."""
    return _rows(session, _running(), plan=plan.id, city=city, as_of=as_of)


def _rows(session: Session, query: Select[Any], **asked: Any) -> list[PressingRow]:
    return [
        PressingRow(tuple(sorted(its.split(APART))), county, stage, how, held or "", said or "")
        for its, county, stage, how, held, said in ask(session, query, **asked)
    ]


@cache
def _pressing(dated: tuple[str, ...], some: bool) -> Select[Any]:
    here = (among(SUBJECT.code, "codes"),) if some else ()
    return _alike(_facts(dated), _may_press(), *here)


@cache
def _running() -> Select[Any]:
    under_way = PROJECT.disposition == Disposition.ACTIVE.value
    return _alike(_facts(()), _deadlines(DEADLINE.rule), under_way)


def _alike(
    facts: ScalarSelect[str], deadlines: ScalarSelect[str], *here: ColumnElement[bool]
) -> Select[Any]:
    """The codes of projects of which all the rest is the same."""
    each = (
        select(
            SUBJECT.code,
            SUBJECT.county,
            PROJECT.stage,
            PROJECT.disposition,
            facts.label("facts"),
            deadlines.label("deadlines"),
        )
        .join_from(Subject, Project, ITS)
        .where(SUBJECT.plan == bindparam("plan"), SUBJECT.kind == SubjectKind.PROJECT.value)
        .where(SUBJECT.city == bindparam("city"), *here)
        .subquery()
    )
    alike = (each.c.county, each.c.stage, each.c.disposition, each.c.facts, each.c.deadlines)
    return select(func.aggregate_strings(each.c.code, APART), *alike).group_by(*alike)


@dataclass(frozen=True, slots=True)
class OpenRow:
    """Subjects of one place of which the same deadlines are open."""

    city: str
    county: str
    deadlines: str
    """Each by its id, with the body whose turn it is where that is another than its own."""
    subjects: int


def open_rows(session: Session, plan: Plan) -> list[OpenRow]:
    """What is open, of all subjects that are alike a row: projects first, by code."""
    return [OpenRow(*said) for *said, _, _ in ask(session, _open(), plan=plan.id)]


@cache
def _open() -> Select[Any]:
    said = DEADLINE.rule.concat(WITHIN).concat(DEADLINE.body)
    deadlines = (
        select(func.aggregate_strings(said, NEXT))
        .where(DEADLINE.plan == SUBJECT.plan, DEADLINE.subject == SUBJECT.code)
        .where(DEADLINE.standing.in_(RUNNING))
        .scalar_subquery()
    )
    each = (
        select(SUBJECT.code, SUBJECT.kind, SUBJECT.city, SUBJECT.county, deadlines.label("said"))
        .where(SUBJECT.plan == bindparam("plan"))
        .subquery()
    )
    alike = (each.c.city, each.c.county, each.c.said)
    first = func.min(each.c.code)
    return (
        select(*alike, func.count(), each.c.kind, first)
        .where(each.c.said.is_not(None))
        .group_by(*alike, each.c.kind)
        .order_by(each.c.kind.desc(), first)
    )


def changed_codes(session: Session, plan: Plan, city: str, since: int) -> Sequence[str]:
    """A city and its projects, as far as anything has come on record after a row of the trail."""
    touched = select(AUDIT.subject).where(AUDIT.plan == bindparam("plan"), AUDIT.id > since)
    query = select(SUBJECT.code).where(
        SUBJECT.plan == bindparam("plan"),
        SUBJECT.city == bindparam("city"),
        SUBJECT.code.in_(touched),
    )
    return session.execute(query, {"plan": plan.id, "city": city}).scalars().all()


def _facts(dated: Sequence[str]) -> ScalarSelect[str]:
    """What a project has dated."""
    with_day = FACT.name.concat(WITHIN).concat(cast(FACT.on, String))
    said = case((FACT.name.in_(dated), with_day), else_=FACT.name) if dated else FACT.name
    return (
        select(func.aggregate_strings(said, NEXT))
        .where(FACT.plan == SUBJECT.plan, FACT.subject == SUBJECT.code)
        .scalar_subquery()
    )


def _may_press() -> ScalarSelect[str]:
    """Each that may press, with its days."""
    said = DEADLINE.rule
    for part in (
        cast(DEADLINE.remind_by, String),
        cast(DEADLINE.overdue_after, String),
        case((DEADLINE.fits, ""), else_=UNSET),
    ):
        said = said.concat(WITHIN).concat(part)
    near = or_(
        DEADLINE.remind_by <= bindparam("near"),
        DEADLINE.overdue_after < bindparam("as_of"),
        DEADLINE.fits.is_(False),
    )
    return _deadlines(said, near)


def _deadlines(said: ColumnElement[str], *which: ColumnElement[bool]) -> ScalarSelect[str]:
    """What is said of each deadline that is neither done nor without its days."""
    return (
        select(func.aggregate_strings(said, NEXT))
        .where(
            DEADLINE.plan == SUBJECT.plan,
            DEADLINE.subject == SUBJECT.code,
            DEADLINE.overdue_after.is_not(None),
            or_(DEADLINE.fulfilled_on.is_(None), DEADLINE.fulfilled_on > bindparam("as_of")),
            *which,
        )
        .scalar_subquery()
    )
