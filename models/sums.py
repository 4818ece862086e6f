"""The money of many projects, added up by the database: what is alike in one row."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session

from models.projects import ITS, PROJECT, SUBJECT
from models.rows import ask, columns
from models.tables import LedgerRow, Project, Subject
from policy.schema import Plan
from policy.vocabulary import EntryKind, Source, SubjectKind
from states.dossier import Profile

LEDGER = columns(LedgerRow)
SHARES = (PROJECT.released, PROJECT.city_share, PROJECT.county_share)
DECIDING = (PROJECT.county_type, PROJECT.kind, PROJECT.area, PROJECT.beds)
"""What the subsidy of a project follows from."""


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
        .where(LEDGER.plan == bindparam("plan"), *here)
        .group_by(place, LEDGER.entry, LEDGER.source)
    )
    return [
        BookedMoney(at, EntryKind(entry), Source(source), amount)
        for at, entry, source, amount in ask(session, query, plan=plan.id, city=city)
    ]


def _place(city: str) -> tuple[ColumnElement[str], tuple[ColumnElement[bool], ...]]:
    if not city:
        return SUBJECT.city, ()
    named = func.coalesce(func.nullif(SUBJECT.county, ""), SUBJECT.city)
    return named, (SUBJECT.city == bindparam("city"),)
