"""What a run changed, told from the trail and the outbox after the mark it took at its start."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from models.database import reading
from models.marks import (
    TrailMark,
    mark,
    overdue_rules,
    overdue_since,
    owed_since,
    recorded_since,
    withdrawn_since,
)
from models.projects import subjects
from operations.cases.desk import Desk
from operations.daily.delivery import DeliveryResult
from policy.vocabulary import AuditKind, Origin, RungKind

MOST = 100  # new lateness by name


@dataclass(frozen=True, slots=True)
class LateDeadline:
    """A deadline that was marked overdue."""

    subject: str
    name: str
    city: str
    rule: str
    title: str
    clause: str
    proposed: bool = False
    """Whether its day is only a proposal."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What came about since a mark, whoever did it."""

    missed: tuple[date, ...]
    """Days that were caught up, oldest first."""
    overdue: int
    """How many deadlines were marked overdue."""
    late: tuple[LateDeadline, ...]
    """The first of both."""
    owed: Mapping[RungKind, int]
    """New messages."""
    withdrawn: Mapping[RungKind, int]
    """Messages that are owed no more."""
    recorded: Mapping[AuditKind, int]
    """What else was recorded meanwhile, lateness aside."""
    delivered: DeliveryResult
    notes: tuple[str, ...] = ()
    beyond_proposal: int = 0
    """How many deadlines have passed a day that is only a proposal, which is no 逾期 (A30)."""

    @property
    def none(self) -> bool:
        """Whether nothing has changed."""
        said = (
            self.missed,
            self.overdue,
            self.beyond_proposal,
            self.owed,
            self.withdrawn,
            self.recorded,
        )
        return not any((*said, self.delivered.sent, self.delivered.failed))


def begin(desk: Desk) -> TrailMark:
    """The mark that a run takes at its start."""
    with reading(desk.engine) as session:
        return mark(session, desk.plan)


def changes_since(
    desk: Desk,
    since: TrailMark,
    delivered: DeliveryResult | None = None,
    missed: tuple[date, ...] = (),
    notes: tuple[str, ...] = (),
) -> Changes:
    """What has changed since a mark, with what a delivery did and which days were caught up."""
    with desk.reading() as session:
        recorded = dict(recorded_since(session, desk.plan, since))
        passed = overdue_rules(session, desk.plan, since)
        rows = overdue_since(session, desk.plan, since, MOST)
        named = subjects(session, desk.plan, sorted({row.subject for row in rows}))
        owed = owed_since(session, desk.plan, since)
        withdrawn = withdrawn_since(session, desk.plan, since)
    recorded.pop(AuditKind.OVERDUE, None)
    beyond = sum(count for rule, count in passed.items() if _is_proposed(desk, rule))
    return Changes(
        missed=missed,
        overdue=sum(passed.values()) - beyond,
        beyond_proposal=beyond,
        late=tuple(
            LateDeadline(
                row.subject,
                named[row.subject].name,
                named[row.subject].city,
                row.action,
                row.detail["title"],
                row.clause,
                _is_proposed(desk, row.action),
            )
            for row in rows
        ),
        owed=owed,
        withdrawn=withdrawn,
        recorded=recorded,
        delivered=delivered or DeliveryResult(),
        notes=notes,
    )


def _is_proposed(desk: Desk, rule: str) -> bool:
    deadline = desk.deadlines.get(rule)
    return deadline is not None and deadline.rule.origin is Origin.PROPOSAL
