"""What the duties of the year made: added and read, never changed.

What speaks as of a day that was taken back since counts no longer: it is made again in its time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from models.audits import rewinds
from models.tables import ProductRow
from policy.schema import Plan
from policy.vocabulary import Product


@dataclass(frozen=True, slots=True)
class NewProduct:
    """What is to be kept."""

    kind: Product
    period: str
    subject: str
    as_of: date
    made_at: datetime
    trail: int
    """The newest audit row that it could know of."""
    content: Mapping[str, Any]


def add_product(session: Session, plan: Plan, new: NewProduct) -> ProductRow:
    """Keep it as the next version of its kind, period and subject. The caller holds the lock."""
    its = (*_of(plan, new.kind), *_about(new.period, new.subject))
    last = session.exec(select(func.max(ProductRow.version)).where(*its)).one()
    row = ProductRow(
        plan=plan.id,
        kind=new.kind,
        period=new.period,
        subject=new.subject,
        version=(last or 0) + 1,
        as_of=new.as_of,
        made_at=new.made_at,
        trail=new.trail,
        content=dict(new.content),
    )
    session.add(row)
    session.flush()
    return row


def find_product(
    session: Session, plan: Plan, kind: Product, period: str, subject: str
) -> ProductRow | None:
    """Its newest version, if it was made."""
    its = (*_of(plan, kind), *_about(period, subject), *_holds(session, plan))
    query = select(ProductRow).where(*its)
    return session.exec(query.order_by(col(ProductRow.version).desc()).limit(1)).first()


def made_of(session: Session, plan: Plan, kind: Product) -> frozenset[tuple[str, str, int]]:
    """Period, subject and newest version of each that was made."""
    query = (
        select(ProductRow.period, ProductRow.subject, func.max(ProductRow.version))
        .where(*_of(plan, kind), *_holds(session, plan))
        .group_by(col(ProductRow.period), col(ProductRow.subject))
    )
    return frozenset(session.exec(query).all())


def all_made(session: Session, plan: Plan) -> Mapping[Product, frozenset[tuple[str, str]]]:
    """Period and subject of each that was made, by kind."""
    its = (ProductRow.kind, ProductRow.period, ProductRow.subject)
    query = select(*its).where(col(ProductRow.plan) == plan.id, *_holds(session, plan)).distinct()
    found: dict[Product, set[tuple[str, str]]] = {kind: set() for kind in Product}
    for kind, period, subject in session.exec(query):
        found[Product(kind)].add((period, subject))
    return {kind: frozenset(made) for kind, made in found.items()}


def products_after(session: Session, plan: Plan, day: date) -> int:
    """How many count that speak as of days after a day."""
    its = (col(ProductRow.plan) == plan.id, *_holds(session, plan))
    query = select(func.count()).select_from(ProductRow)
    return session.exec(query.where(*its, col(ProductRow.as_of) > day)).one()


def _of(plan: Plan, kind: Product) -> tuple[ColumnElement[bool], ...]:
    return (col(ProductRow.plan) == plan.id, col(ProductRow.kind) == kind)


def _about(period: str, subject: str) -> tuple[ColumnElement[bool], ...]:
    return (col(ProductRow.period) == period, col(ProductRow.subject) == subject)


def _holds(session: Session, plan: Plan) -> Iterator[ColumnElement[bool]]:
    """Whether the day has not been taken back since."""
    for row in rewinds(session, plan):
        to = date.fromisoformat(row.detail["to"])
        yield or_(col(ProductRow.as_of) <= to, col(ProductRow.trail) >= row.id)
