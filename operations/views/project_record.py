"""Projects and messages as the command line shows them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from common.errors import RefusedError
from common.words import dated, shanghai_day
from models.audits import DOUBT, ENTERED_BY, history, reversed_rows
from models.evidence import EvidenceFile, files_said
from models.projects import dossier
from models.tables import Audit
from operations.cases.desk import Desk
from operations.cases.effects import EVIDENCE_FILE, action_label, kind_said
from operations.cases.evidence import ABOUT
from operations.views.funds import FundsView, fund_words, funds_view
from operations.views.scenes import Scene, scene
from policy.schema import Plan
from policy.vocabulary import AuditKind, Basis, Disposition, EntryKind, Source
from states.authority import deciders
from states.casework import is_done
from states.contacts import Place
from states.dossier import Dossier, Profile, to_words
from states.machine import Position, allowed
from states.reporting import finished_on
from states.requirements import OF_THE_ACT, Case, shortfalls
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
    """What bars it: hard conditions, and soft ones whose written reason is missing."""
    warns: tuple[str, ...]
    """Other soft conditions that are not met, and what has to be stated with the act itself."""
    by: tuple[str, ...]
    """The offices whose it is; those above them in their line may record it for them (A29)."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One audit row."""

    id: int
    reversed: bool
    """Whether a later row has reversed it."""
    kind: AuditKind
    said: str
    """What staff call a record of that kind."""
    action: str
    label: str
    from_stage: str | None
    to_stage: str | None
    actor: str
    effective_on: date
    recorded_at: datetime
    clause: str
    evidence: str
    entered_by: str = ""
    """Who entered it for the office; empty: the office itself, or from before that was kept."""
    doubt: str = ""
    """What is doubted of its actor."""
    files: tuple[EvidenceFile, ...] = ()
    """What proves it."""


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
    place = Place(project.city, project.county)
    found = []
    for action in allowed(desk.plan, Position(project.stage, project.disposition)):
        if is_done(project, action):
            continue
        lacking = shortfalls(case, action.id)
        bars = [it.refuses and not isinstance(it.requirement.check, OF_THE_ACT) for it in lacking]
        lacks = tuple(str(item) for item, barred in zip(lacking, bars, strict=True) if barred)
        warns = tuple(str(item) for item, barred in zip(lacking, bars, strict=True) if not barred)
        by = deciders(desk.plan, action, place)
        found.append(NextAction(action.id, action.label, action.clause, lacks, warns, by))
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
    """What had come about by the day."""
    as_of: date
    basis: Basis


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


def project_record(desk: Desk, code: str, as_of: date, *, known: bool = False) -> ProjectRecord:
    """A project whole, with what it may do, as of a day. `known` as in `scenes.scene`.

    RefusedError when there is none, or none was on record.
    """
    with desk.reading() as session:
        dossier(session, desk.plan, code)
        found = scene(session, desk, as_of, [code], known=known)
        rows = [row for row in history(session, desk.plan, code) if _was_there(row, found)]
    if not found.projects:
        raise RefusedError(
            f"截至{as_of}，项目{code}尚未登记在册；按现在掌握的情况查看，请去掉 --known"
        )
    (project,) = found.projects
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
        next_actions=next_actions(desk, project, as_of),
        history=tuple(_line(desk, row, gone) for row in rows),
        as_of=as_of,
        basis=found.basis,
    )


def _was_there(row: Audit, found: Scene) -> bool:
    """Whether a row of the history belongs to the scene."""
    if found.basis is Basis.NEWEST:
        return True
    recorded_on = shanghai_day(row.recorded_at)
    on_record = found.basis is not Basis.ON_RECORD or recorded_on <= found.as_of
    return on_record and row.effective_on <= found.as_of


def _line(desk: Desk, row: Audit, gone: frozenset[int]) -> HistoryLine:
    assert row.id is not None  # noqa: S101  # it comes from the database
    return HistoryLine(
        id=row.id,
        reversed=row.id in gone,
        kind=AuditKind(row.kind),
        said=kind_said(desk, AuditKind(row.kind), row.action),
        action=row.action,
        label=_label(desk, row),
        from_stage=row.from_stage,
        to_stage=row.to_stage,
        actor=row.actor,
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        clause=row.clause,
        evidence=row.evidence,
        entered_by=row.detail.get(ENTERED_BY, ""),
        doubt=row.detail.get(DOUBT, ""),
        files=files_said(row.detail),
    )


def _label(desk: Desk, row: Audit) -> str:
    kind = AuditKind(row.kind)
    if kind is AuditKind.OVERDUE:
        body = desk.plan.bodies.get(row.detail.get("body", ""))
        whose = f"（{body.name}的前一环节未完成）" if body else ""
        return f"{row.action} {row.detail['title']}{whose}"
    if kind is AuditKind.LEDGER:
        return _booked(desk.plan, row)
    if kind is AuditKind.REVERSAL:
        return f"第{row.detail['reverses']}号记录"
    if kind in (AuditKind.IMPORT, AuditKind.PLAN):
        return kind.label
    about = row.detail.get(ABOUT, "") if row.action == EVIDENCE_FILE else ""
    label = action_label(desk, row.action)  # a later plan may have dropped it
    return f"{label}（{action_label(desk, about)}）" if about else label


def _booked(plan: Plan, row: Audit) -> str:
    line = row.detail["line"]
    what = f"{EntryKind(line['entry']).label}{plan.purse_name(line.get('fund') or line['source'])}"
    return f"{what}{Decimal(line['amount']):,.2f}元"


BASICS = ("area", "building_kind", "investment", "operator", "responsible_person")
"""The fields of the profile that are told."""


def project_text(desk: Desk, record: ProjectRecord) -> str:
    """Basics, milestones, what may be done next and what it lacks, and the history. Chinese."""
    return "\n".join(
        (
            f"{record.code} {record.name}{_day(record)}",
            *_basics(desk.plan, record),
            *_profile(desk.plan, record),
            "",
            "节点：",
            *_milestones(desk, record),
            *_money(desk, record),
            *_review(desk, record),
            *_checks(desk, record),
            "",
            *next_steps(record.next_actions),
            "",
            "办理记录：",
            *_history(record),
        )
    )


def _day(record: ProjectRecord) -> str:
    """Of a day that lies behind, which one, and by what it goes."""
    return f"（截至 {record.as_of}{record.basis.said}）" if record.basis.said else ""


def next_steps(actions: Iterable[NextAction], *, coded: bool = True) -> Iterator[str]:
    """What can be done now, and what cannot yet for what it lacks.

    `coded`: each with the word by which commands take it.
    """
    can: list[NextAction] = []
    cannot: list[NextAction] = []
    for action in actions:
        (cannot if action.lacks else can).append(action)
    yield "可以办理：" if can else "可以办理：无"
    yield from (line for action in can for line in _action_lines(action, coded))
    if cannot:
        yield "暂不能办理："
        yield from (line for action in cannot for line in _action_lines(action, coded))


def _action_lines(action: NextAction, coded: bool) -> Iterator[str]:
    """One action, and below it each condition that is not met."""
    named = f"{action.action}（{action.label}，" if coded else f"{action.label}（"
    yield f"  {named}{action.clause}，由{'或'.join(action.by)}办理）"
    yield from (f"    尚缺：{reason}" for reason in action.lacks)
    yield from (f"    注意：{reason}" for reason in action.warns)


def _basics(plan: Plan, record: ProjectRecord) -> Iterator[str]:
    yield f"  所在地：{record.city}{record.county}（{record.county_type}）"
    if any(city.unserved for city in plan.cities):
        what = plan.said("尚未实施工程的县（市、区）")
        yield f"  {what}：{'是' if record.unserved else '否'}"
    yield f"  阶段：{record.stage_label}（{record.disposition.label}）"
    for field in (plan.field[name] for name in BASICS if name in plan.field):
        value = record.profile.value(field.id)
        told = _amount(value, field.unit) if field.unit else value or "未填"
        yield f"  {field.label}：{told}"
    yield f"  办结：{dated(record.finished_on) if record.finished_on else '尚未办结'}"
    yield f"  记录号：{record.revision}"


def _profile(plan: Plan, record: ProjectRecord) -> Iterator[str]:
    """What else the forms say of it."""
    held = record.profile.further
    said = [(field, held[field.id]) for field in plan.fields if field.id in held]
    if said:
        yield ""
        yield "档案："
    for field, value in said:
        told = _amount(value, field.unit) if isinstance(value, Decimal) else to_words(value)
        told = field.worded(told)
        yield f"  {field.label}：{told}{'' if isinstance(value, Decimal) else field.unit}"


def _milestones(desk: Desk, record: ProjectRecord) -> Iterator[str]:
    for milestone in desk.plan.milestones:
        on = record.milestones.get(milestone.id)
        yield f"  {milestone.label}：{dated(on) if on else '—'}"


def _money(desk: Desk, record: ProjectRecord) -> Iterator[str]:
    funds = record.funds
    yield ""
    yield "资金："
    released = "尚未下达" if funds.released is None else f"已下达{funds.released:,.2f}元"
    what, due = desk.plan.said(Source.PROVINCE.label), _amount(funds.subsidy, "元", "未明确")
    yield f"  {what}：应补助{due}，{released}"
    for each in funds.funds:
        yield f"    其中{fund_words(desk.plan, each)}"
    for source in (Source.CITY, Source.COUNTY):
        promised = _amount(funds.promised[source], "元")
        what = desk.plan.said(source.label)
        yield f"  {what}：承诺{promised}，到账{funds.received[source]:,.2f}元"
    yield f"  支出{funds.spent:,.2f}元，结存{funds.balance:,.2f}元"
    if funds.as_built:
        by = desk.plan.head_bureau
        yield f"  按实测面积计算与下达的差额：{funds.as_built:,.2f}元（待{by}研究）"


def _review(desk: Desk, record: ProjectRecord) -> Iterator[str]:
    rules = {rule.id: rule for rule in desk.plan.conditions}
    if record.findings:
        yield ""
        yield "申报时的引导性要求不符及说明（供评审）："
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
        entered = f"，录入：{line.entered_by}" if line.entered_by else ""
        doubt = f"，存疑：{line.doubt}" if line.doubt else ""
        yield (
            f"  {line.id} {line.effective_on} {line.said}{gone} {line.label}"
            f"（{line.clause}），经办：{line.actor}{entered}{doubt}{evidence}{_named(line)}"
        )


def _named(line: HistoryLine) -> str:
    named = "、".join(f"{each.name}（{each.mark}）" for each in line.files)
    return f"，佐证文件：{named}" if named else ""


def _amount(value: Decimal | None, unit: str, blank: str = "未填") -> str:
    return blank if value is None else f"{value:,.2f}{unit}"
