"""Addresses at which somebody is not reached: kept by a fingerprint, since when and why."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, tuple_
from sqlmodel import Session, col, select

from models.rows import insert_missing
from models.tables import UnreachableAddress
from policy.schema import Plan
from policy.vocabulary import ChannelKind


@dataclass(frozen=True, slots=True)
class Refusal:
    """That an address of a person is of no use until somebody has mended it."""

    mark: str
    """A fingerprint of the address."""
    channel: ChannelKind | None
    number: int
    """Which of the person's addresses it is; counts from 1."""
    reason: str

    def __str__(self) -> str:
        kind = f"（{self.channel.label}）" if self.channel else ""
        return f"第{self.number}个通知方式{kind}：{self.reason}"


def put_unreachable(
    session: Session, plan: Plan, person: str, refusal: Refusal, at: datetime
) -> None:
    """Note that a person is not reached at an address; where that is known, it stays as it is."""
    row = {
        "plan": plan.id,
        "person": person,
        "mark": refusal.mark,
        "channel": refusal.channel,
        "since": at,
        "reason": str(refusal),
    }
    session.execute(insert_missing(UnreachableAddress), [row])


def unreachable(session: Session, plan_id: str) -> tuple[UnreachableAddress, ...]:
    """Every such address of a plan, by person."""
    query = select(UnreachableAddress).where(UnreachableAddress.plan == plan_id)
    order = (col(UnreachableAddress.person), col(UnreachableAddress.mark))
    return tuple(session.exec(query.order_by(*order)))


def forget_unreachable(
    session: Session, plan: Plan, found: Iterable[tuple[str, str]] = (), marks: Collection[str] = ()
) -> None:
    """Note that people are reached again: by person and mark, or by mark whoever it is."""
    pairs = list(found)
    table = (col(UnreachableAddress.person), col(UnreachableAddress.mark))
    for gone in (
        tuple_(*table).in_(pairs) if pairs else None,
        table[1].in_(list(marks)) if marks else None,
    ):
        if gone is not None:
            session.execute(
                delete(UnreachableAddress).where(col(UnreachableAddress.plan) == plan.id, gone)
            )
