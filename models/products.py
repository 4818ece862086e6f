"""What the duties of the year made: added and read, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

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
    before = find_product(session, plan, new.kind, new.period, new.subject)
    row = ProductRow(
        plan=plan.id,
        kind=new.kind,
        period=new.period,
        subject=new.subject,
        version=before.version + 1 if before else 1,
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
    query = select(ProductRow).where(
        ProductRow.plan == plan.id,
        ProductRow.kind == kind,
        ProductRow.period == period,
        ProductRow.subject == subject,
    )
    return session.exec(query.order_by(col(ProductRow.version).desc()).limit(1)).first()


def made_of(session: Session, plan: Plan, kind: Product) -> frozenset[tuple[str, str, int]]:
    """Period, subject and newest version of each that was made."""
    query = (
        select(ProductRow.period, ProductRow.subject, func.max(ProductRow.version))
        .where(ProductRow.plan == plan.id, ProductRow.kind == kind)
        .group_by(col(ProductRow.period), col(ProductRow.subject))
    )
    return frozenset(session.exec(query).all())
