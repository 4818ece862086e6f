"""What may press of a city's projects, a row a project: for counting, where nothing is shown.

The database says in one text what a project has dated and in another what may press, so that
projects that are alike are told by comparing two texts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, String, bindparam, case, cast, func, or_, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session

from models.projects import ITS, PROJECT, SUBJECT
from models.rows import among, columns
from models.tables import Audit, DeadlineRow, Fact, Project, Subject
from policy.schema import Plan
from policy.vocabulary import SubjectKind

FACT, DEADLINE, AUDIT = columns(Fact), columns(DeadlineRow), columns(Audit)
NEXT, WITHIN, UNSET = ";", "|", "!"
"""What separates two of a text, and what is said of one; and what says that a day is to be set."""


@dataclass(frozen=True, slots=True)
class PressingRow:
    """One project; `facts` and `deadlines` as `texts_of` reads them."""

    code: str
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
    """The projects of a city by code, or those of `codes`.

    `days`: as of which day, and the last one on which a deadline may be reminded of to be near.
    `dated`: the facts of which the day is asked for.
    """
    asked = {"plan": plan.id, "city": city, "as_of": days[0], "near": days[1], "codes": codes}
    here = () if codes is None else (among(SUBJECT.code, "codes"),)
    session.flush()
    facts = _texts(session, _facts(dated), FACT.subject, here, asked)
    deadlines = _texts(session, _may_press(), DEADLINE.subject, here, asked)
    query = (
        select(PROJECT.code, SUBJECT.county, PROJECT.stage, PROJECT.disposition)
        .join_from(Project, Subject, ITS)
        .where(PROJECT.plan == bindparam("plan"), PROJECT.code.in_(_theirs(here)))
        .order_by(PROJECT.code)
    )
    return [
        PressingRow(code, county, stage, how, facts.get(code, ""), deadlines.get(code, ""))
        for code, county, stage, how in session.execute(query, asked)
    ]


def changed_codes(session: Session, plan: Plan, city: str, since: int) -> Sequence[str]:
    """A city and its projects, as far as anything has come on record after a row of the trail."""
    touched = select(AUDIT.subject).where(AUDIT.plan == bindparam("plan"), AUDIT.id > since)
    query = select(SUBJECT.code).where(
        SUBJECT.plan == bindparam("plan"),
        SUBJECT.city == bindparam("city"),
        SUBJECT.code.in_(touched),
    )
    return session.execute(query, {"plan": plan.id, "city": city}).scalars().all()


def _theirs(here: tuple[ColumnElement[bool], ...] = ()) -> Select[Any]:
    """The codes of a city's projects: with them the database begins."""
    kind = SUBJECT.kind == SubjectKind.PROJECT.value
    return select(SUBJECT.code).where(
        SUBJECT.plan == bindparam("plan"), kind, SUBJECT.city == bindparam("city"), *here
    )


def _texts(
    session: Session,
    query: Select[Any],
    owner: ColumnElement[str],
    here: tuple[ColumnElement[bool], ...],
    asked: Mapping[str, Any],
) -> Mapping[str, str]:
    found = session.execute(query.where(owner.in_(_theirs(here))).group_by(owner), asked)
    return dict(found.tuples().all())


def _facts(dated: Sequence[str]) -> Select[Any]:
    with_day = FACT.name.concat(WITHIN).concat(cast(FACT.on, String))
    said = case((FACT.name.in_(dated), with_day), else_=FACT.name) if dated else FACT.name
    return select(FACT.subject, func.aggregate_strings(said, NEXT)).where(
        FACT.plan == bindparam("plan")
    )


def _may_press() -> Select[Any]:
    said = DEADLINE.rule
    for part in (
        cast(DEADLINE.remind_by, String),
        cast(DEADLINE.overdue_after, String),
        case((DEADLINE.fits, ""), else_=UNSET),
    ):
        said = said.concat(WITHIN).concat(part)
    return select(DEADLINE.subject, func.aggregate_strings(said, NEXT)).where(
        DEADLINE.plan == bindparam("plan"),
        DEADLINE.overdue_after.is_not(None),
        or_(DEADLINE.fulfilled_on.is_(None), DEADLINE.fulfilled_on > bindparam("as_of")),
        or_(
            DEADLINE.remind_by <= bindparam("near"),
            DEADLINE.overdue_after < bindparam("as_of"),
            DEADLINE.fits.is_(False),
        ),
    )
