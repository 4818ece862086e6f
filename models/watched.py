"""What a watch looks at: for each installed plan, its last finished day, and dead letters."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from models.tables import Delivery, EnforcedDay, PlanRow
from policy.vocabulary import DeliveryStatus


@dataclass(frozen=True, slots=True)
class Watched:
    """How the work for a plan stands."""

    plan: str
    since: datetime
    """When a day was finished last; when the plan was installed, as long as none ever was."""
    finished: bool
    """Whether a day ever was."""
    dead: int
    """Messages that are not tried any more."""


def watched(session: Session) -> tuple[Watched, ...]:
    """Every installed plan, by id."""
    last = dict(
        session.exec(
            select(EnforcedDay.plan, func.max(EnforcedDay.finished_at)).group_by(EnforcedDay.plan)
        ).all()
    )
    dead = dict(
        session.exec(
            select(Delivery.plan, func.count())
            .where(Delivery.status == DeliveryStatus.DEAD)
            .group_by(Delivery.plan)
        ).all()
    )
    return tuple(
        Watched(
            row.id,
            last.get(row.id) or row.installed_at,
            bool(last.get(row.id)),
            dead.get(row.id, 0),
        )
        for row in session.exec(select(PlanRow).order_by(col(PlanRow.id)))
    )
