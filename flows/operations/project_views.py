"""Projects and messages as the command line shows them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from flows.operations.desk import Desk
from models import outbox
from models.audits import history
from models.database import reading
from models.plans import require_plan
from models.projects import dossier
from models.tables import Audit
from policy.vocabulary import AuditKind, Disposition, MessageStatus
from states.casework import is_done
from states.dossier import Dossier, Profile
from states.machine import Position, allowed
from states.requirements import Case, shortfalls
from states.subsidy import subsidy


@dataclass(frozen=True, slots=True)
class ProjectView:
    """One line of the project list."""

    code: str
    name: str
    city: str
    county: str
    stage: str
    stage_label: str
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class NextAction:
    """An action that the plan's table allows now, and what it still lacks."""

    action: str
    label: str
    clause: str
    lacks: tuple[str, ...]
    """Hard conditions that are not met."""
    warns: tuple[str, ...]
    """Soft conditions that are not met."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One audit row."""

    kind: AuditKind
    action: str
    label: str
    from_stage: str | None
    to_stage: str | None
    actor: str
    effective_on: date
    recorded_at: datetime
    clause: str
    evidence: str


@dataclass(frozen=True, slots=True)
class ProjectRecord(ProjectView):
    """Everything known of a project."""

    county_type: str
    subsidy_yuan: Decimal | None
    """省级补助, 元, by the area that is stated; None while no area is."""
    profile: Profile
    milestones: Mapping[str, date]
    next_actions: tuple[NextAction, ...]
    history: tuple[HistoryLine, ...]


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of the outbox."""

    key: str
    recipient: str
    subject: str
    rule: str
    rung: str
    as_of: date
    status: MessageStatus
    attempts: int
    sent_at: datetime | None
    error: str | None


def project_view(desk: Desk, project: Dossier) -> ProjectView:
    """A project as one line."""
    return ProjectView(
        code=project.code,
        name=project.name,
        city=project.city,
        county=project.county,
        stage=project.stage,
        stage_label=desk.plan.stage(project.stage).label,
        disposition=project.disposition,
    )


def project_record(desk: Desk, code: str, today: date) -> ProjectRecord:
    """A project whole, with what it may do as of today; RefusedError when there is none."""
    with reading(desk.engine) as session:
        require_plan(session, desk.plan, desk.calendar)
        project = dossier(session, desk.plan, code)
        rows = tuple(_line(desk, row) for row in history(session, desk.plan, code))
    area = project.profile.area
    money = None if area is None else subsidy(desk.plan.subsidy, area, project.county_type)
    return ProjectRecord(
        **asdict(project_view(desk, project)),
        county_type=project.county_type,
        subsidy_yuan=money,
        profile=project.profile,
        milestones=project.milestones,
        next_actions=next_actions(desk, project, today),
        history=rows,
    )


def next_actions(desk: Desk, project: Dossier, as_of: date) -> tuple[NextAction, ...]:
    """What the project may do next, and what each step still lacks."""
    case = Case(desk.plan, project, as_of, evidence="")
    found = []
    for action in allowed(desk.plan, Position(project.stage, project.disposition)):
        if is_done(project, action):
            continue
        lacking = shortfalls(case, action.id)
        lacks = tuple(str(item) for item in lacking if item.hard)
        warns = tuple(str(item) for item in lacking if not item.hard)
        found.append(NextAction(action.id, action.label, action.clause, lacks, warns))
    return tuple(found)


def message_views(desk: Desk) -> list[MessageView]:
    """The whole outbox, oldest first."""
    with reading(desk.engine) as session:
        require_plan(session, desk.plan, desk.calendar)
        return [
            MessageView(
                key=outbox.key(row),
                recipient=row.recipient,
                subject=row.subject,
                rule=row.rule,
                rung=row.rung,
                as_of=row.as_of,
                status=MessageStatus(row.status),
                attempts=row.attempts,
                sent_at=row.sent_at,
                error=row.error,
            )
            for row in outbox.messages(session, desk.plan)
        ]


def _line(desk: Desk, row: Audit) -> HistoryLine:
    return HistoryLine(
        kind=AuditKind(row.kind),
        action=row.action,
        label=_label(desk, row),
        from_stage=row.from_stage,
        to_stage=row.to_stage,
        actor=row.actor,
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        clause=row.clause,
        evidence=row.evidence,
    )


def _label(desk: Desk, row: Audit) -> str:
    kind = AuditKind(row.kind)
    named = {action.id: action.label for action in desk.plan.actions}
    named |= {milestone.id: milestone.label for milestone in desk.plan.milestones}
    if kind in (AuditKind.TRANSITION, AuditKind.RECORD):
        return named.get(row.action, row.action)  # a later plan may have dropped it
    if kind is AuditKind.OVERDUE:
        return f"{row.action} {row.detail['title']}"
    return kind.label
