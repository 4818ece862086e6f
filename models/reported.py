"""What monthly reports say of a city's projects, asked of the database without reading them."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, func, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session

from models.projects import FACT, ITS, PROJECT, SUBJECT
from models.rows import ask, columns
from models.tables import Fact, ProgressRow, Project, Subject
from policy.schema import Plan
from policy.vocabulary import SubjectKind
from states.dossier import GOING_ON

PROGRESS = columns(ProgressRow)


@dataclass(frozen=True, slots=True)
class ReportedProblem:
    """What is in the way of a project by its latest report."""

    code: str
    name: str
    period: str
    percent: int
    problem: str
    next_step: str | None


def covered_by_report(session: Session, plan: Plan, city: str, month: str) -> int:
    """How many `states.reporting.to_report` has of a city's projects as they are now."""
    said = {"plan": plan.id, "city": city, "first": date.fromisoformat(f"{month}-01")}
    ((count,),) = ask(session, _covered(plan.finished_by), **said)
    return int(count)


def is_without_report(session: Session, plan: Plan, city: str, month: str) -> bool:
    """As `states.reporting.is_unentered`, of a city's projects as they are now."""
    said = {"plan": plan.id, "city": city, "first": date.fromisoformat(f"{month}-01")}
    asked, told = _to_report(plan.finished_by)
    return bool(ask(session, asked, **said)) and not ask(session, told, month=month, **said)


@cache
def _covered(finished_by: tuple[str, ...]) -> Select[Any]:
    return _going_on(func.count()).where(*_unfinished(finished_by))


@cache
def _to_report(finished_by: tuple[str, ...]) -> tuple[Select[Any], Select[Any]]:
    """A project that a month's report covers; and one of which there is one."""
    covered = _going_on(SUBJECT.code).where(*_unfinished(finished_by)).limit(1)
    told = exists().where(
        PROGRESS.plan == SUBJECT.plan,
        PROGRESS.subject == SUBJECT.code,
        PROGRESS.period == bindparam("month"),
    )
    return covered, covered.where(told)


def _going_on(*wanted: ColumnElement[Any]) -> Select[Any]:
    """Of the projects that go on in a city."""
    return (
        select(*wanted)
        .join_from(Subject, Project, ITS)
        .where(
            SUBJECT.plan == bindparam("plan"),
            SUBJECT.kind == SubjectKind.PROJECT.value,
            SUBJECT.city == bindparam("city"),
            PROJECT.disposition.in_(GOING_ON),
        )
    )


def _unfinished(finished_by: tuple[str, ...]) -> tuple[ColumnElement[bool], ...]:
    """Not finished before a month, as `states.reporting.to_report` has it."""
    if not finished_by:
        return ()
    before = (
        select(func.count())
        .select_from(Fact)
        .where(
            FACT.plan == SUBJECT.plan,
            FACT.subject == SUBJECT.code,
            FACT.name.in_(finished_by),
            FACT.on < bindparam("first"),
        )
        .scalar_subquery()
    )
    return (before < len({*finished_by}),)


def reported_problems(
    session: Session, plan: Plan, city: str, most: int
) -> tuple[int, list[ReportedProblem]]:
    """Of how many projects that go on the latest report names a problem; the first by code."""
    found = ask(session, _problems(), plan=plan.id, city=city, most=most)
    return found[0][-1] if found else 0, [ReportedProblem(*said) for *said, _ in found]


@cache
def _problems() -> Select[Any]:
    later = PROGRESS.plan.table.alias("later")
    newer = exists().where(
        later.c.plan == PROGRESS.plan,
        later.c.subject == PROGRESS.subject,
        later.c.period > PROGRESS.period,
    )
    shown = (PROGRESS.period, PROGRESS.percent, PROGRESS.problem, PROGRESS.next_step)
    its = and_(PROGRESS.plan == SUBJECT.plan, PROGRESS.subject == SUBJECT.code)
    here = _going_on(SUBJECT.code)  # with them the database begins, whatever order is asked for
    return (
        _going_on(SUBJECT.code, SUBJECT.name, *shown, func.count().over())
        .join(ProgressRow, its)
        .where(PROGRESS.subject.in_(here), PROGRESS.problem != "", ~newer)
        .order_by(PROGRESS.subject)
        .limit(bindparam("most"))
    )
