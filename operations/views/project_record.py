"""Projects and messages as the command line shows them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from common.words import dated
from models.audits import history
from models.projects import dossier
from models.tables import Audit
from operations.cases.corrections import reversed_rows
from operations.cases.desk import Desk
from operations.cases.effects import action_label
from operations.views.funds import FundsView, funds_view
from policy.fields import FIELDS
from policy.vocabulary import AuditKind, Disposition, EntryKind, Source
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
    with desk.reading() as session:
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
    what = f"{EntryKind(line['entry']).label}{Source(line['source']).label}"
    return f"{what}{Decimal(line['amount']):,.2f}元"


BASICS = ("area", "building_kind", "investment", "operator", "responsible_person")
"""The fields of the profile that are told."""


def project_text(desk: Desk, record: ProjectRecord) -> str:
    """Basics, milestones, what may be done next and what it lacks, and the history. Chinese."""
    return "\n".join(
        (
            f"{record.code} {record.name}",
            *_basics(record),
            "",
            "节点：",
            *_milestones(desk, record),
            *_money(record),
            *_review(desk, record),
            *_checks(desk, record),
            "",
            "现在可以办理：",
            *(line for action in record.next_actions for line in next_action_lines(action)),
            "",
            "办理记录：",
            *_history(record),
        )
    )


def next_action_lines(action: NextAction) -> Iterator[str]:
    """One action, and below it each condition that is not met."""
    yield f"  {action.action}（{action.label}，{action.clause}）"
    yield from (f"    尚缺：{reason}" for reason in action.lacks)
    yield from (f"    注意：{reason}" for reason in action.warns)


def _basics(record: ProjectRecord) -> Iterator[str]:
    yield f"  所在地：{record.city}{record.county}（{record.county_type}）"
    yield f"  尚未实施工程的县（市、区）：{'是' if record.unserved else '否'}"
    yield f"  阶段：{record.stage_label}（{record.disposition.label}）"
    for name in BASICS:
        field, value = FIELDS[name], getattr(record.profile, name)
        told = _amount(value, field.unit) if field.unit else value or "未填"
        yield f"  {field.label}：{told}"
    yield f"  办结：{dated(record.finished_on) if record.finished_on else '尚未办结'}"
    yield f"  记录号：{record.revision}"


def _milestones(desk: Desk, record: ProjectRecord) -> Iterator[str]:
    for milestone in desk.plan.milestones:
        on = record.milestones.get(milestone.id)
        yield f"  {milestone.label}：{dated(on) if on else '—'}"


def _money(record: ProjectRecord) -> Iterator[str]:
    funds = record.funds
    yield ""
    yield "资金："
    released = "未下达" if funds.released is None else f"{funds.released:,.2f}元"
    yield f"  省级补助：应补{_amount(funds.subsidy, '元', '未明确')}，下达{released}"
    for source in (Source.CITY, Source.COUNTY):
        promised = _amount(funds.promised[source], "元")
        yield f"  {source.label}：承诺{promised}，到账{funds.received[source]:,.2f}元"
    yield f"  支出{funds.spent:,.2f}元，结存{funds.balance:,.2f}元"
    if funds.as_built:
        yield f"  按实测面积计算与下达的差额：{funds.as_built:,.2f}元（待省民政厅研究）"


def _review(desk: Desk, record: ProjectRecord) -> Iterator[str]:
    rules = {rule.id: rule for rule in desk.plan.requirements}
    if record.findings:
        yield ""
        yield "申报时的软性不符及说明（供评审）："
    for id, reason in record.findings.items():
        says = f"{rules[id].says}（{rules[id].clause}）" if id in rules else id
        yield f"  {id} {says}；说明：{reason}"
    if record.opinions:
        yield ""
        yield "专家评审意见："
    for opinion in record.opinions:
        yield f"  {opinion.on} {opinion.expert}（{opinion.organisation}）：{opinion.total}分"


def _checks(desk: Desk, record: ProjectRecord) -> Iterator[str]:
    if record.checks:
        yield ""
        yield "验收表："
    for item in desk.plan.checklist:
        if item.id in record.checks:
            yield f"  {item.label}：{record.checks[item.id]}"


def _history(record: ProjectRecord) -> Iterator[str]:
    for line in record.history:
        evidence = f"，依据：{line.evidence}" if line.evidence else ""
        gone = "（已更正）" if line.reversed else ""
        yield (
            f"  {line.id} {line.effective_on} {line.kind.label}{gone} {line.label}"
            f"（{line.clause}），经办：{line.actor}{evidence}"
        )


def _amount(value: Decimal | None, unit: str, blank: str = "未填") -> str:
    return blank if value is None else f"{value:,.2f}{unit}"
