"""The money of many projects, added up by the database: what is alike in one row."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ScalarSelect, Select, String, and_, bindparam, case, cast, func, or_, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session

from models.projects import ITS, PROJECT, SUBJECT
from models.rows import ask, columns
from models.tables import LedgerRow, Project, Subject
from policy.schema import Plan
from policy.vocabulary import EntryKind, Holder, Source, SubjectKind
from states.dossier import Profile
from states.ledger import NOTHING

LEDGER = columns(LedgerRow)
SHARES = (PROJECT.released, PROJECT.city_share, PROJECT.county_share)
DECIDING = (PROJECT.county_type, PROJECT.kind, PROJECT.area, PROJECT.beds)
"""What the subsidy of a project follows from."""
# Asked for in an order, SQLite would go through all subjects in it: what is found is sorted then.
_OF_CITY = (
    SUBJECT.plan == bindparam("plan"),
    SUBJECT.kind == SubjectKind.PROJECT.value,
    SUBJECT.city == bindparam("city"),
)
MEASURED = (
    select(PROJECT.code, SUBJECT.name, *DECIDING, PROJECT.checks, PROJECT.released)
    .join_from(Subject, Project, ITS)
    .where(*_OF_CITY, PROJECT.released.is_not(None), cast(PROJECT.checks, String) != "{}")
)


@dataclass(frozen=True, slots=True)
class ProjectMoney:
    """Projects of one place whose subsidy is the same; sums in 元, None: nowhere stated."""

    place: str
    county_type: str
    profile: Profile
    """As much of it as decides on the subsidy."""
    projects: int
    released: Decimal | None
    city_share: Decimal | None
    county_share: Decimal | None


@dataclass(frozen=True, slots=True)
class BookedMoney:
    """What one place has booked of one source, in 元."""

    place: str
    entry: EntryKind
    source: Source
    amount: Decimal


@dataclass(frozen=True, slots=True)
class MeasuredProject:
    """A project to which money was released and of which acceptance has measured something."""

    code: str
    name: str
    county_type: str
    profile: Profile
    """As much of it as decides on the subsidy."""
    checks: Mapping[str, str]
    released: Decimal


def money_of_projects(session: Session, plan: Plan, city: str = "") -> list[ProjectMoney]:
    """By city, or within one by county, in the order of the first project of each."""
    place, here = _place(city)
    query = (
        select(place, *DECIDING, func.count(), *map(func.sum, SHARES), func.min(PROJECT.code))
        .join_from(Subject, Project, ITS)
        .where(SUBJECT.plan == bindparam("plan"), SUBJECT.kind == SubjectKind.PROJECT.value, *here)
        .group_by(place, *DECIDING)
        .order_by(func.min(PROJECT.code))
    )
    return [
        ProjectMoney(at, kind_of, Profile(kind=kind, area=area, beds=beds), *sums)
        for at, kind_of, kind, area, beds, *sums, _ in ask(session, query, plan=plan.id, city=city)
    ]


def booked_money(session: Session, plan: Plan, city: str = "") -> list[BookedMoney]:
    """By city, or within one by county."""
    place, here = _place(city)
    its = and_(SUBJECT.plan == LEDGER.plan, SUBJECT.code == LEDGER.subject)
    query = (
        select(place, LEDGER.entry, LEDGER.source, func.sum(LEDGER.amount))
        .join_from(LedgerRow, Subject, its)
        .where(LEDGER.plan == bindparam("plan"), *here, *_booked_in(city))
        .group_by(place, LEDGER.entry, LEDGER.source)
    )
    return [
        BookedMoney(at, EntryKind(entry), Source(source), amount)
        for at, entry, source, amount in ask(session, query, plan=plan.id, city=city)
    ]


def released_and_measured(session: Session, plan: Plan, city: str) -> list[MeasuredProject]:
    """The projects of a city of which both is known, by code."""
    return [
        MeasuredProject(code, name, kind_of, Profile(kind=kind, area=area, beds=beds), *said)
        for code, name, kind_of, kind, area, beds, *said in sorted(
            ask(session, MEASURED, plan=plan.id, city=city), key=lambda row: row.code
        )
    ]


def with_money_at(
    session: Session, plan: Plan, city: str, holders: Collection[Holder]
) -> Mapping[str, str]:
    """The projects of a city of which one of these has money, by code and in its order: names."""
    found = ask(session, _with_money(tuple(holders)), plan=plan.id, city=city)
    return {row.code: row.name for row in sorted(found)}


@cache
def _with_money(holders: tuple[Holder, ...]) -> Select[Any]:
    left = or_(*(_left(holder) > NOTHING for holder in holders))
    return select(SUBJECT.code, SUBJECT.name).where(*_OF_CITY, left)


def _left(holder: Holder) -> ScalarSelect[Decimal]:
    """What of a project's money lies with a holder: what came to it, less what it gave away."""
    comes = or_(
        LEDGER.to_holder == holder.value,
        and_(LEDGER.entry == EntryKind.RECEIPT.value, LEDGER.holder == holder.value),
    )
    goes = LEDGER.holder == holder.value
    left = func.sum(case((comes, LEDGER.amount), (goes, -LEDGER.amount), else_=NOTHING))
    its = (LEDGER.plan == SUBJECT.plan, LEDGER.subject == SUBJECT.code)
    return select(left).where(*its).scalar_subquery()


def _booked_in(city: str) -> tuple[ColumnElement[bool], ...]:
    """Lets the database begin with the city's projects, and not with all lines of the plan."""
    return (LEDGER.subject.in_(select(SUBJECT.code).where(*_OF_CITY)),) if city else ()


def _place(city: str) -> tuple[ColumnElement[str], tuple[ColumnElement[bool], ...]]:
    if not city:
        return SUBJECT.city, ()
    named = func.coalesce(func.nullif(SUBJECT.county, ""), SUBJECT.city)
    return named, (SUBJECT.city == bindparam("city"),)
