"""Projects and messages as the command line shows them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from flows.operations.corrections import reversed_rows
from flows.operations.desk import Desk
from flows.operations.effects import action_label
from flows.operations.funds import FundsView, funds_view
from models.audits import history
from models.database import reading
from models.plans import require_plan
from models.projects import dossier
from models.tables import Audit
from policy.vocabulary import AuditKind, Disposition, Entry, Source
from states.casework import is_done
from states.dossier import Dossier, Profile
from states.machine import Position, allowed
from states.reporting import finished_on
from states.requirements import Case, shortfalls
from states.review import total


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
    """Conditions that bar it: hard ones, and soft ones whose written reason is missing."""
    warns: tuple[str, ...]
    """Other soft conditions that are not met."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One audit row."""

    id: int
    reversed: bool
    """Whether a later row has reversed it."""
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
class OpinionView:
    """One expert's opinion."""

    expert: str
    organisation: str
    on: date
    total: Decimal


@dataclass(frozen=True, slots=True)
class ProjectRecord(ProjectView):
    """Everything known of a project."""

    county_type: str
    unserved: bool
    """Whether its county is among those not yet served (附件1)."""
    revision: int
    """What `--seen` takes: grows with everything that is recorded about the project."""
    finished_on: date | None
    """办结: the day on which the last of the plan's `finished_by` came about."""
    funds: FundsView
    profile: Profile
    milestones: Mapping[str, date]
    findings: Mapping[str, str]
    """Soft conditions not met at application, by id, with the written reason."""
    opinions: tuple[OpinionView, ...]
    checks: Mapping[str, str]
    """The latest acceptance checklist."""
    next_actions: tuple[NextAction, ...]
    history: tuple[HistoryLine, ...]


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
        rows = history(session, desk.plan, code)
    gone = reversed_rows(rows)
    return ProjectRecord(
        **asdict(project_view(desk, project)),
        county_type=project.county_type,
        unserved=project.unserved,
        revision=project.revision,
        finished_on=finished_on(desk.plan, project),
        funds=funds_view(desk, project),
        profile=project.profile,
        milestones=project.milestones,
        findings=project.findings,
        opinions=tuple(
            OpinionView(item.expert, item.organisation, item.on, total(item))
            for item in project.opinions
        ),
        checks=project.checks,
        next_actions=next_actions(desk, project, today),
        history=tuple(_line(desk, row, gone) for row in rows),
    )


def next_actions(desk: Desk, project: Dossier, as_of: date) -> tuple[NextAction, ...]:
    """What the project may do next, and what each step still lacks."""
    case = Case(desk.plan, project, as_of, evidence="")
    found = []
    for action in allowed(desk.plan, Position(project.stage, project.disposition)):
        if is_done(project, action):
            continue
        lacking = shortfalls(case, action.id)
        lacks = tuple(str(item) for item in lacking if item.refuses)
        warns = tuple(str(item) for item in lacking if not item.refuses)
        found.append(NextAction(action.id, action.label, action.clause, lacks, warns))
    return tuple(found)


def _line(desk: Desk, row: Audit, gone: frozenset[int]) -> HistoryLine:
    assert row.id is not None  # noqa: S101  # it comes from the database
    return HistoryLine(
        id=row.id,
        reversed=row.id in gone,
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
    if kind is AuditKind.OVERDUE:
        return f"{row.action} {row.detail['title']}"
    if kind is AuditKind.LEDGER:
        return _booked(row)
    if kind is AuditKind.REVERSAL:
        return f"第{row.detail['reverses']}号记录"
    if kind is AuditKind.IMPORT:
        return kind.label
    return action_label(desk, row.action)  # a later plan may have dropped it


def _booked(row: Audit) -> str:
    line = row.detail["line"]
    what = f"{Entry(line['entry']).label}{Source(line['source']).label}"
    return f"{what}{Decimal(line['amount']):,.2f}元"
