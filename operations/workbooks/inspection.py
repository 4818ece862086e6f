"""督查表 of one project in: the visit, and rectification of what was found; and out, filled in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.inspection import (
    LABELS,
    InspectedProject,
    InspectionForm,
    inspection_rule,
    inspection_sheet,
    read_inspection,
)
from documents.reading.faults import CellFault, raise_faults
from documents.reading.identity import Identity
from models.audits import AnyAudit, history, reversed_rows
from models.projects import facts
from models.tables import Audit
from operations.cases.casework import Act, Operation, advance, record
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, begin, commit
from operations.views.snapshots import snapshot
from operations.workbooks.incoming import Difference, IncomingWorkbook, WorkbookChanges, reasons
from operations.workbooks.outgoing import (
    OutgoingWorkbook,
    WorkbookOrder,
    identity,
    project_of_form,
    signed,
    the_project,
)
from operations.workbooks.versions import with_source
from policy.duties import InspectionRules
from policy.schema import Plan
from policy.vocabulary import AuditKind, Form, Level, Source, Standing
from states.authority import matter
from states.casework import rule_on_record
from states.dossier import Dossier
from states.ledger import from_below, stated
from states.requirements import Case
from states.snapshot import Snapshot

SAID = "inspection"
"""Where a visit's row of the trail keeps what the form says."""
NOTHING = "空"


@dataclass(frozen=True, slots=True)
class InspectionImport:
    """One form on its way in."""

    session: Session
    desk: Desk
    paper: IncomingWorkbook
    casebook: Casebook
    rule: InspectionRules
    project: Dossier
    """As it stood when the form came in."""
    read: InspectionForm
    on: date

    @property
    def actor(self) -> str:
        """Who stands for what it says."""
        return self.paper.asked.actor or self.desk.plan.office(Level.PROVINCE)


def take(session: Session, desk: Desk, paper: IncomingWorkbook) -> WorkbookChanges:
    """Record the visit; order rectification where problems are written; meet the city's deadline.

    The very same form again does nothing. Only a visit within the plan's window meets the deadline
    (五(七)), and none that is met already. WorkbookError with every fault.
    """
    read = read_inspection(paper.book, desk.plan)
    project = project_of_form(session, desk, paper, read.form)
    raise_faults(paper.book.file, read.form.faults)
    assert project is not None  # noqa: S101  # otherwise there is a fault
    assert read.on is not None  # noqa: S101  # likewise
    casebook, rule = Casebook(session, desk, [project]), inspection_rule(desk.plan)
    work = InspectionImport(session, desk, paper, casebook, rule, project, read, read.on)
    last = last_visit(work.rule, history(session, desk.plan, project.code))
    if last is not None and (last.effective_on, said_in(last)) == (work.on, _said(read)):
        return WorkbookChanges(project.code, unchanged=1)
    _visit(work)
    notes = list(_order(work, last))
    _meet(work)
    return WorkbookChanges(
        project.code,
        changed=1,
        differences=tuple(_differences(work, last)),
        warnings=tuple(_doubts(work)),
        notes=notes,
    )


def make(session: Session, desk: Desk, request: WorkbookOrder, today: date) -> OutgoingWorkbook:
    """督查表 of a project, with what is known of it; the answers are left to who visits it."""
    inspection_rule(desk.plan)
    code = the_project(session, desk, request).code
    shot = snapshot(session, desk, f"{today:%Y-%m}", today)
    return laid_out(
        desk, identity(session, desk, Form.INSPECTION, code), about(desk.plan, shot, code)
    )


def laid_out(desk: Desk, who: Identity, known: InspectedProject) -> OutgoingWorkbook:
    """The workbook of a project, signed as `who`."""
    return signed(
        desk,
        who,
        lambda footer: [inspection_sheet(desk.plan, known, footer=footer, protected=True)],
        f"{known.code} {known.name} {Form.INSPECTION.label}",
    )


def about(plan: Plan, shot: Snapshot, code: str) -> InspectedProject:
    """What is known of a project as of the day of a snapshot."""
    item = next(project for project in shot.projects if project.code == code)
    latest = item.progress[-1] if item.progress else None
    started = plan.report.started if plan.report else ""
    return InspectedProject(
        as_of=shot.as_of,
        code=code,
        name=item.name,
        city=item.city,
        county=item.county,
        stage=plan.stage(item.stage).label,
        started=item.milestones.get(started),
        percent=latest.percent if latest else None,
        reported=latest.period if latest else "",
        investment=item.investment,
        invested=item.invested,
        subsidy=item.subsidy,
        released=item.released,
        received=item.received[Source.PROVINCE],
        promised=stated(item.promised.values()),
        matched=from_below(item.received),
        responsible=item.responsible,
        late=tuple(
            each.title
            for each in shot.deadlines
            if each.subject == code and each.standing is Standing.OVERDUE
        ),
    )


def last_visit(rule: InspectionRules, rows: tuple[Audit, ...]) -> Audit | None:
    """The last row of a project's trail that records a visit and still counts."""
    gone = reversed_rows(rows)
    found = [row for row in rows if is_visit(rule, row) and row.id not in gone]
    return found[-1] if found else None


VISIT_KINDS = (AuditKind.RECORD, AuditKind.AMENDMENT)


def is_visit(rule: InspectionRules, row: AnyAudit) -> bool:
    """Whether a row records a visit, by a form or by hand."""
    return row.action == rule.visited and row.kind in VISIT_KINDS


def said_in(row: AnyAudit) -> Mapping[str, Any]:
    """What the form said that a row comes from; empty where it was recorded without one."""
    said: Mapping[str, Any] = row.detail.get(SAID, {})
    return said


def _said(read: InspectionForm) -> Mapping[str, Any]:
    return {
        "inspectors": read.inspectors,
        "opinion": read.opinion,
        "answers": {id: found.answer for id, found in read.findings.items()},
        "problems": dict(read.problems),
    }


def _visit(work: InspectionImport) -> None:
    """Record the visit with all that the form says; refusals are told at the day's cell."""
    plan, paper, code, name = work.desk.plan, work.paper, work.project.code, work.rule.visited
    evidence = with_source(_evidence(work.read), Form.INSPECTION, paper.evidence)
    try:
        asked = matter(plan, name)
        begin(work.session, work.desk, code, asked, work, paper.today, casebook=work.casebook)
        ruling = rule_on_record(Case(plan, work.project, work.on, evidence, work.actor), name)
    except RefusedError as error:
        _refuse(work, error)
    entry = AuditEntry(
        code, AuditKind.RECORD, name, work.actor, work.on, plan.milestone(name).clause, evidence
    )
    more = {SAID: _said(work.read)}
    commit(work.session, work.desk, work.casebook, entry, ruling.effects, paper.at, **more)


def _evidence(read: InspectionForm) -> str:
    opinion = f"；督查意见：{read.opinion}" if read.opinion else ""
    return f"督查人：{read.inspectors}{opinion}"


def _order(work: InspectionImport, last: Audit | None) -> Iterator[str]:
    """Order rectification of new problems; a note where a corrected form withdraws old ones."""
    problems = work.read.problems
    same_day = last is not None and last.effective_on == work.on
    before = said_in(last).get("problems", {}) if last is not None and same_day else {}
    if problems and problems != before:
        words = "；".join(_told(work.rule, problems))
        evidence = with_source(words, Form.INSPECTION, work.paper.evidence)
        asked = Act(work.project.code, work.rule.order, work.on, work.actor, evidence)
        try:
            _do(work, advance, asked)
        except RefusedError as error:
            _refuse(work, error)
    elif before and not problems:
        label = work.desk.plan.action(work.rule.order).label
        yield f"{work.project.code}：原表写有问题，已下达“{label}”；确无问题的，请更正该记录"


def _told(rule: InspectionRules, problems: Mapping[str, str]) -> Iterator[str]:
    for item in rule.items:
        if item.id in problems:
            yield f"{item.label}：{problems[item.id]}"


def _refuse(work: InspectionImport, error: RefusedError) -> None:
    for reason in reasons(error):
        work.read.form.refuse("on", reason)
    raise_faults(work.paper.book.file, work.read.form.faults)
    raise error


def _counts(work: InspectionImport) -> bool:
    """Whether the visit lies in the plan's window."""
    return work.rule.first <= work.on <= work.rule.last


def _meet(work: InspectionImport) -> None:
    """Record the city's deadline as met on the day of the visit, unless it is."""
    city, duty = work.project.city, work.rule.deadline
    if _counts(work) and duty not in facts(work.session, work.desk.plan, [city]).get(city, {}):
        told = f"{work.project.code} {work.project.name}"
        evidence = with_source(told, Form.INSPECTION, work.paper.evidence)
        asked = Act(city, duty, work.on, work.actor, evidence)
        _do(work, record, asked)


def _do(work: InspectionImport, operation: Operation, asked: Act) -> None:
    today, at = work.paper.today, work.paper.at
    operation(work.session, work.desk, asked, today=today, at=at, casebook=work.casebook)


def _doubts(work: InspectionImport) -> Iterator[CellFault]:
    if not _counts(work):
        says = f"督查日期不在{work.rule.first}至{work.rule.last}之间，不计入年中督查；请核对日期"
        yield CellFault(work.read.form.spot("on"), says, work.rule.clause)


def _differences(work: InspectionImport, last: Audit | None) -> Iterator[Difference]:
    code, read = work.project.code, work.read
    before, now = said_in(last) if last else {}, _said(read)
    for id, found in read.findings.items():
        for key, column in (("answers", "result"), ("problems", "problem")):
            old, new = before.get(key, {}).get(id, ""), now[key].get(id, "")
            if old != new:
                what = found.item.label
                yield Difference(found.row.spot(column), code, what, old or NOTHING, new or NOTHING)
    heads = {"on": (str(last.effective_on) if last else "", str(read.on))}
    heads |= {key: (before.get(key, ""), now[key]) for key in ("inspectors", "opinion")}
    for label in LABELS:
        old, new = heads.get(label.key, ("", ""))
        if old != new:
            what = label.heading.partition("\n")[0]
            yield Difference(read.form.spot(label.key), code, what, old or NOTHING, new or NOTHING)
