"""月报 in: progress, milestones and who is responsible, entered once; and out, filled in before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from string import ascii_uppercase
from typing import Any

from sqlmodel import Session

from common.errors import RefusedError
from common.words import TEN_THOUSAND, amount, long_date, month_name
from documents.forms.application_fields import confirmed_by
from documents.forms.report import (
    COMPUTED,
    STATED,
    ReportForm,
    ReportLine,
    ReportRow,
    find_report,
    monthly_report,
    read_head,
    read_report,
    report_pages,
    reported_fields,
    the_month,
)
from documents.reading import cells
from documents.reading.faults import CellFault, raise_faults
from documents.reading.identity import Identity
from documents.reading.placed import known
from models.deadlines import late_since
from models.projects import dossiers_in, facts
from operations.cases.authority import authorise
from operations.cases.casework import Act, date_milestone, record
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, commit
from operations.cases.progress import ProgressReport, UntenableError, report_progress
from operations.workbooks.incoming import Difference, IncomingWorkbook, WorkbookChanges, reasons
from operations.workbooks.outgoing import (
    SPARE,
    OutgoingWorkbook,
    WorkbookOrder,
    identity,
    signed,
    the_city,
)
from operations.workbooks.versions import FieldMerge, merge, traces
from policy.schema import Plan
from policy.vocabulary import AuditKind, Form, Level, Source
from states.authority import actor_of, progress
from states.contacts import Place
from states.dossier import GOING_ON, Dossier, to_words
from states.ledger import LedgerLine, from_below, received, received_by
from states.progress import PROGRESS_LABELS, Progress, latest_before
from states.reporting import month_to_report, stuck_first, to_report
from states.trail import Effects, ProjectState


def values_now(plan: Plan, project: Dossier, month: str) -> Mapping[str, Any]:
    """What the report is filled in with as things stand."""
    fields = {name: project.profile.value(name) for name in reported_fields(plan)}
    days, lines, reports = project.milestones, project.lines, project.progress
    return _values(plan, month, fields | {"stage": project.stage}, days, lines, reports)


def values_then(plan: Plan, state: ProjectState, month: str) -> Mapping[str, Any]:
    """What it was filled in with when that was the state of things."""
    reports = [state.progress[period] for period in sorted(state.progress)]
    lines = list(state.lines.values())
    return _values(plan, month, state.columns, state.facts, lines, reports)


def _values(
    plan: Plan,
    month: str,
    columns: Mapping[str, Any],
    days: Mapping[str, date],
    lines: Sequence[LedgerLine],
    reports: Sequence[Progress],
) -> Mapping[str, Any]:
    stage = columns.get("stage")
    return {
        **{name: _as_told(columns.get(name)) for name in reported_fields(plan)},
        **{name: days.get(name) for name in monthly_report(plan).milestones},
        **_reported(reports, month),
        "stage": plan.stage(stage).label if stage else None,
        "province_received": received(lines, Source.PROVINCE),
        "local_received": from_below(received_by(lines)),
    }


def _as_told(value: Any) -> Any:
    """A field as the report's cells give it back."""
    return cells.text(value) if isinstance(value, str) else value


def _reported(reports: Sequence[Progress], month: str) -> Mapping[str, Any]:
    """The month's own report; else how far things were, and what was spent, before."""
    own = next((report for report in reports if report.period == month), None)
    if own is not None:
        values = {name: getattr(own, name) for name in STATED}
        return values | {name: cells.text(values[name]) for name in ("problem", "next_step")}
    last = latest_before(reports, month)
    blank: dict[str, Any] = dict.fromkeys(STATED)
    return blank | ({"percent": last.percent, "invested": last.invested} if last else {})


LABELS = {
    **PROGRESS_LABELS,
    "stage": "阶段",
    "province_received": "省补到位",
    "local_received": "市县配套到位",
}
"""What staff call the columns, but for the milestones and the fields."""
TOO_OFTEN = 3
"""How many times the project's whole investment hardly anybody has spent."""


@dataclass(frozen=True, slots=True)
class ReportImport:
    """One report on its way in."""

    session: Session
    desk: Desk
    paper: IncomingWorkbook
    casebook: Casebook
    month: str
    actor: str
    warnings: list[CellFault]
    """What does not stand in the way, gathered while it is written."""


@dataclass(frozen=True, slots=True)
class ReportComparison:
    """A row of the report beside what is stored."""

    row: ReportRow
    stored: Mapping[str, Any]
    """Per column, what the report would be filled in with now."""
    merged: FieldMerge
    new: bool
    """Whether it is the month's first report of the project."""


def take(session: Session, desk: Desk, paper: IncomingWorkbook) -> WorkbookChanges:
    """Take in a city's monthly report: it is whole, or refused. WorkbookError with every fault.

    Milestones that it dates newly are recorded; one that is dated already stays (六, R69). The
    month's duty is fulfilled on the day on which the first whole report comes in.
    """
    tables = find_report(paper.book, desk.plan)
    head = read_head(
        tables, desk.plan, paper.city(), paper.month(), signed=paper.identity is not None
    )
    projects = dossiers_in(session, desk.plan, head.city.name)
    read = read_report(tables, desk.plan, known(projects, desk.plan.levels), head.month)
    office = desk.plan.office(Level.CITY, head.city.name)
    actor = paper.asked.actor or _filled_by(desk.plan, office, head.filler)
    authorise(session, desk, progress(desk.plan), Place(head.city.name), actor)
    casebook = Casebook(session, desk, projects)
    work = ReportImport(session, desk, paper, casebook, head.month, actor, [])
    found = list(_compared(work, read.rows))
    for each in found:
        _check(desk.plan, each)
        if not paper.asked.confirmed:
            _ask(desk.plan, each)
        if each.row.sound and not _refused(read, each.row):
            _write(work, each)
    raise_faults(paper.book.file, [*read.faults, *_left_out(work, projects, read)])
    untold = _fulfil(work, head.city.name)
    return WorkbookChanges(
        head.city.name,
        head.month,
        added=sum(each.new for each in found),
        changed=sum(not each.new and bool(each.merged.changes) for each in found),
        unchanged=sum(not each.new and not each.merged.changes for each in found),
        differences=tuple(line for each in found for line in _differences(desk.plan, each)),
        warnings=(*read.words, *work.warnings),
        notes=(*_notes(desk.plan, found), *_ended(read.rows), *untold),
    )


def _filled_by(plan: Plan, office: str, filler: str) -> str:
    """The bureau and who filled it in; the bureau alone where that is no person's name."""
    named = f"{office} {filler}".strip()
    return named if actor_of(plan, named) else office


def make(session: Session, desk: Desk, request: WorkbookOrder, today: date) -> OutgoingWorkbook:
    """月报 of a city for a month (by default the one to report), filled in with what is known."""
    city = the_city(desk, request).name
    month = the_month(request.month or month_to_report(desk.plan, today))
    return filled_in(session, desk, city, month, empty=request.empty)


def filled_in(
    session: Session, desk: Desk, city: str, month: str, *, empty: bool = False
) -> OutgoingWorkbook:
    """月报 of a city: the bureau fills in what has changed since. RefusedError without 月报."""
    lines = () if empty else known_lines(session, desk, city, month)
    return laid_out(desk, identity(session, desk, Form.REPORT, city, month), lines)


def filled_by(
    session: Session, desk: Desk, city: str, month: str, said: Mapping[str, Mapping[str, Any]]
) -> OutgoingWorkbook:
    """`filled_in`, once the bureau has written what it says: by project's code, per column."""
    known = known_lines(session, desk, city, month)
    lines = [replace(it, values={**it.values, **said.get(it.code, {})}) for it in known]
    return laid_out(desk, identity(session, desk, Form.REPORT, city, month), lines)


def known_lines(session: Session, desk: Desk, city: str, month: str) -> Sequence[ReportLine]:
    """What is known of each project that a city reports, the stuck ones first.

    RefusedError without 月报.
    """
    monthly_report(desk.plan)
    found = to_report(desk.plan, dossiers_in(session, desk.plan, city), month)
    return [
        ReportLine(item.county, item.name, item.code, values_now(desk.plan, item, month))
        for item in stuck_first(found, late_since(session, desk.plan, [it.code for it in found]))
    ]


def laid_out(desk: Desk, who: Identity, lines: Sequence[ReportLine]) -> OutgoingWorkbook:
    """月报 of the city and month that `who` names, with these lines. RefusedError without 月报."""
    city, month, spare = who.subject, who.period, 0 if lines else SPARE
    return signed(
        desk,
        who,
        lambda footer: report_pages(desk.plan, city, month, lines, footer=footer, spare=spare),
        f"{city}{month_name(month)}份月报{'（预填）' if lines else ''}",
    )


def _compared(work: ReportImport, rows: Iterable[ReportRow]) -> Iterator[ReportComparison]:
    plan, month, version = work.desk.plan, work.month, work.paper.version
    going_on = [row for row in rows if row.project.disposition in GOING_ON]
    outdated = [
        row.project for row in going_on if version is not None and row.project.revision > version
    ]
    told = traces(work.session, work.desk, outdated, version)
    for row in going_on:
        project, stored = row.project, values_now(plan, row.project, month)
        trace = told.get(project.code)
        then = values_then(plan, trace.then, month) if trace else None
        merged = merge(_stated(plan, row, month), stored, then)
        reported = any(report.period == month for report in project.progress)
        yield ReportComparison(row, stored, merged, "percent" in row.said and not reported)


def _stated(plan: Plan, row: ReportRow, month: str) -> Mapping[str, Any]:
    """What a row states: a blank cell states nothing but in what is reported anew each month.

    Where works had not begun, a blank 形象进度 is 0 (五(五)).
    """
    said = {k: value for k, value in row.said.items() if value is not None or k in STATED}
    if "percent" in said and said["percent"] is None:
        begun = said.get(monthly_report(plan).started) or row.project.milestones.get(
            monthly_report(plan).started
        )
        if begun is None or f"{begun:%Y-%m}" > month:
            return said | {"percent": 0}
        row.refuse("percent", "已开工，没有填写形象进度；请填写0至100的整数，如 35")
        del said["percent"]
    return said


def _check(plan: Plan, each: ReportComparison) -> None:
    """Note what may not be changed here, and what was changed elsewhere meanwhile."""
    row, dated = each.row, monthly_report(plan).milestones
    for name in (*each.merged.changes, *each.merged.conflicts):
        held = each.stored.get(name)
        if name in COMPUTED:
            row.refuse(name, _protected(plan, name, held))
        elif name in dated and held is not None:
            label = plan.milestone(name).label
            mend = f"请恢复原样，日期有误的请报{plan.head_bureau}更正"
            row.refuse(name, f"“{label}”已登记为{long_date(held)}；{mend}")
        elif name in each.merged.conflicts:
            reason = f"{_label(plan, name)}在本表发出后已改为“{_words(name, held)}”"
            row.refuse(name, f"{reason}；请核对后填写，或向{plan.head_bureau}索取最新表格")


def _ask(plan: Plan, each: ReportComparison) -> None:
    """Ask about money that is newly stated and hardly in 万元."""
    total, invested = each.row.project.profile.investment, each.merged.changes.get("invested")
    if total and invested and invested > TOO_OFTEN * total:
        stated, whole = invested / TEN_THOUSAND, amount(total)
        said = f"所填{cells.plain(stated)}万元超过投资总额{whole}万元的三倍"
        likely = stated >= TEN_THOUSAND  # else it hardly was meant in 元
        yuan = f"如为{cells.plain(stated)}元，请填{amount(stated)}"
        meant = yuan if likely else "请核对后改正"
        each.row.refuse("invested", f"{said}；{meant}；{confirmed_by(plan)}")


def _protected(plan: Plan, name: str, held: Any) -> str:
    words = f"{plan.said(LABELS[name])}是受保护的内容，应为“{_words(name, held)}”；请恢复原样"
    return words if name == "stage" else f"{words}，资金到位情况请在资金台账登记"


def _refused(read: ReportForm, row: ReportRow) -> bool:
    """Whether a fault has been noted in one of its rows."""
    places = {(each.table.sheet, str(each.number)) for each in row.rows}
    return any(
        (fault.spot.sheet, fault.spot.cell.lstrip(ascii_uppercase)) in places
        for fault in read.faults
    )


def _write(work: ReportImport, each: ReportComparison) -> None:
    """Write what a row changes; after a refusal, which is noted, nothing more of its project."""
    changes = each.merged.changes
    fields = reported_fields(work.desk.plan)
    _change_fields(work, each.row, {name: changes[name] for name in fields if name in changes})
    milestones = monthly_report(work.desk.plan).milestones
    order = [item.id for item in work.desk.plan.milestones]
    dated = [(changes[name], order.index(name), name) for name in milestones if name in changes]
    for on, _, name in sorted(dated):
        try:
            _date(work, each.row, name, on)
        except RefusedError as error:
            for reason in reasons(error):
                each.row.refuse(name, reason)
            return
    _report(work, each)


def _change_fields(work: ReportImport, row: ReportRow, changes: Mapping[str, Any]) -> None:
    if changes:
        clause = monthly_report(work.desk.plan).clause
        code, paper = row.project.code, work.paper
        kind, today = AuditKind.IMPORT, paper.today
        entry = AuditEntry(code, kind, "import", work.actor, today, clause, paper.evidence)
        effects = Effects(columns=changes)
        commit(work.session, work.desk, work.casebook, entry, effects, paper.at)


def _date(work: ReportImport, row: ReportRow, milestone: str, on: date) -> None:
    """Record a milestone, beside the chain or by the action that dates it."""
    paper = work.paper
    act = Act(row.project.code, milestone, on, work.actor, paper.evidence)
    done = date_milestone(
        work.session, work.desk, act, today=paper.today, at=paper.at, casebook=work.casebook
    )
    work.warnings.extend(CellFault(row.spot(milestone), words) for words in done.warnings)


def _report(work: ReportImport, each: ReportComparison) -> None:
    """Record the month's progress, unless it says what is recorded; 节点登记 says nothing of it."""
    if not each.new and not set(STATED) & set(each.merged.changes):
        return
    paper, code = work.paper, each.row.project.code
    said = {name: each.merged.changes.get(name, each.stored[name]) for name in STATED}
    asked = ProgressReport(
        code, Progress(work.month, **said), paper.today, work.actor, paper.evidence
    )
    try:
        report_progress(
            work.session, work.desk, asked, today=paper.today, at=paper.at, casebook=work.casebook
        )
    except UntenableError as error:
        for field, reason in error.reasons:
            each.row.refuse(field, reason)


def _left_out(
    work: ReportImport, projects: Sequence[Dossier], read: ReportForm
) -> Iterator[CellFault]:
    """One report covers all projects of the city (五(五)), as the filled-in one does."""
    plan = work.desk.plan
    asked = to_report(plan, projects, work.month)
    missing = [item for item in asked if item.code not in read.listed]
    whole = plan.said("全市")
    if missing:
        listed = "、".join(f"{item.county}{item.name}（{item.code}）" for item in missing)
        yield CellFault(
            read.codes,
            f"缺少{len(missing)}个项目：{listed}；请补齐后报送，每月一份须涵盖{whole}项目",
            monthly_report(plan).clause,
            lacking=True,
        )


def _fulfil(work: ReportImport, city: str) -> tuple[str, ...]:
    """Record the month's duty, unless it is recorded; tell where there is none."""
    duty = work.desk.plan.report_of(work.month)
    if duty is None:
        return (f"{work.month}没有规定报送月报，只登记项目进度",)
    if duty not in facts(work.session, work.desk.plan, [city]).get(city, {}):
        paper = work.paper
        act = Act(city, duty, paper.today, work.actor, paper.evidence)
        record(work.session, work.desk, act, today=paper.today, at=paper.at, casebook=work.casebook)
    return ()


def _differences(plan: Plan, each: ReportComparison) -> Iterator[Difference]:
    for name, new in each.merged.changes.items():
        old = _words(name, each.stored.get(name))
        label, code = _label(plan, name), each.row.project.code
        yield Difference(each.row.spot(name), code, label, old, _words(name, new))


def _notes(plan: Plan, found: Sequence[ReportComparison]) -> Iterator[str]:
    for each in found:
        if each.merged.outdated:
            names = "、".join(_label(plan, name) for name in each.merged.outdated)
            project = each.row.project
            yield f"{project.code} {project.name}：{names}在本表发出后已更新，沿用现值"


def _ended(rows: Iterable[ReportRow]) -> Iterator[str]:
    for project in (row.project for row in rows if row.project.disposition not in GOING_ON):
        disposition = project.disposition.label
        yield f"{project.code} {project.name}：项目为“{disposition}”，不再上报，本表所填未采用"


def _label(plan: Plan, name: str) -> str:
    """What staff call a column."""
    if name in monthly_report(plan).milestones:
        return f"{plan.milestone(name).label}日期"
    if field := plan.field.get(name):
        at = field.column("report")
        return (at and at.heading) or field.label
    return plan.said(LABELS[name])


def _words(name: str, value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{cells.plain(value / 10000)}万元"
    return f"{value}%" if name == "percent" and value is not None else to_words(value)
