"""验收表 of one project in: the acceptance group's conclusion becomes an action."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sqlmodel import Session

from common.errors import ConflictError, RefusedError
from documents.forms.acceptance import AcceptanceForm, acceptance_sheet, read_acceptance, verdicts
from documents.forms.checked import CheckedItem
from documents.reading.faults import CellFault, Spot, raise_faults
from models.audits import AnyAudit, history, reversed_rows
from operations.cases.casework import Act, advance
from operations.cases.desk import Desk
from operations.cases.effects import Casebook
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
from policy.actions import ChecklistItem, Requirement
from policy.checks import ChecklistCheck, CrossedCheck, EvidencedCheck
from policy.schema import Plan
from policy.vocabulary import AuditKind, Form, Level
from states.dossier import Dossier
from states.requirements import NO, concerns

NOTHING = "空"
ABOUT_DAY = re.compile(r"^(办理)?日期")


def take(session: Session, desk: Desk, paper: IncomingWorkbook) -> WorkbookChanges:
    """Take the action to which the conclusion leads, unless that was done already.

    WorkbookError with every fault; RefusedError when the project has changed since the form was
    made out.
    """
    read = read_acceptance(paper.book, desk.plan, confirmed=paper.asked.confirmed)
    project = project_of_form(session, desk, paper, read.form)
    _refuse_muddled(read)
    raise_faults(paper.book.file, read.form.faults)
    assert project is not None  # noqa: S101  # otherwise there is a fault
    asked = _act(desk.plan, paper, project, read)
    given = conclusions(desk.plan, history(session, desk.plan, project.code))
    if any(_is_same(row, asked) for row in given):
        return WorkbookChanges(project.code, unchanged=1)
    warned = _advance(session, desk, project, paper, read, asked)
    return WorkbookChanges(
        project.code,
        changed=1,
        differences=tuple(_differences(desk.plan, project, read, given)),
        warnings=tuple(_warnings(desk.plan, read, asked.name, warned)),
    )


def make(session: Session, desk: Desk, request: WorkbookOrder, today: date) -> OutgoingWorkbook:
    """验收表 of a project, with what is known of it; the answers are the acceptance group's."""
    if not desk.plan.checklist:
        raise RefusedError(f"实施方案 {desk.plan.id} 没有规定核验项，不设验收表")
    project = the_project(session, desk, request)
    return signed(
        desk,
        identity(session, desk, Form.ACCEPTANCE, project.code),
        lambda footer: [acceptance_sheet(desk.plan, project, footer=footer, protected=True)],
        f"{project.code} {project.name} {Form.ACCEPTANCE.label}",
    )


def _refuse_muddled(read: AcceptanceForm) -> None:
    """A day by which nothing is to be put right, or that has passed already."""
    for found in read.findings.values():
        if found.until and not found.problem and found.row.has("problem"):
            found.row.refuse("problem", "填写了整改期限，未写明问题；请写明存在的问题")
        if found.until and read.on and found.until < read.on:
            found.row.refuse("until", f"整改期限早于验收日期{read.on}；请核对日期")


def _act(plan: Plan, paper: IncomingWorkbook, project: Dossier, read: AcceptanceForm) -> Act:
    assert read.verdict is not None  # noqa: S101  # otherwise there is a fault
    assert read.on is not None  # noqa: S101  # likewise
    action, version = verdicts(plan)[read.verdict], paper.version
    return Act(
        subject=project.code,
        name=action,
        on=read.on,
        actor=paper.asked.actor or plan.office(Level.PROVINCE),
        evidence=_evidence(plan, paper, read, action),
        reasons=dict(_written_reasons(plan, read, action)),
        checks=read.checks,
        # What a form was made out from: the project's newest record then.
        seen=None if version is None else min(project.revision, version),
    )


def _evidence(plan: Plan, paper: IncomingWorkbook, read: AcceptanceForm, action: str) -> str:
    """The problems found and the workbook; nothing where problems must be told and none are."""
    told = "；".join(map(_told, filter(_is_problem, read.findings.values())))
    needed = any(isinstance(rule.check, EvidencedCheck) for rule in _guards(plan, action))
    return "" if needed and not told else with_source(told, Form.ACCEPTANCE, paper.evidence)


def _is_problem(found: CheckedItem[ChecklistItem]) -> bool:
    return bool(found.problem)


def _told(found: CheckedItem[ChecklistItem]) -> str:
    until = f"（整改期限{found.until}）" if found.until else ""
    return f"{found.item.label}：{found.problem}{until}"


def _written_reasons(plan: Plan, read: AcceptanceForm, action: str) -> Iterator[tuple[str, str]]:
    """What is written beside a measure is the reason for departing from a soft condition on it."""
    for rule in _guards(plan, action):
        for found in read.findings.values():
            if rule.reasoned and found.problem and found.item.measures in concerns(rule.check):
                yield rule.id, found.problem


def _guards(plan: Plan, action: str) -> Sequence[Requirement]:
    return [rule for rule in plan.conditions if action in rule.before]


def conclusions(plan: Plan, rows: Sequence[AnyAudit]) -> Sequence[AnyAudit]:
    """Of rows those that record a conclusion and still count, in their order."""
    gone, actions = reversed_rows(rows), set(verdicts(plan).values())
    return [
        row
        for row in rows
        if row.kind == AuditKind.TRANSITION and row.action in actions and row.id not in gone
    ]


def _is_same(row: AnyAudit, asked: Act) -> bool:
    checks = row.detail.get("columns", {}).get("checks")
    return (row.action, row.effective_on, checks) == (asked.name, asked.on, asked.checks)


def _advance(
    session: Session,
    desk: Desk,
    project: Dossier,
    paper: IncomingWorkbook,
    read: AcceptanceForm,
    asked: Act,
) -> tuple[str, ...]:
    """Take the action; soft conditions that it does not meet. Refusals as `take`."""
    try:
        casebook = Casebook(session, desk, [project])
        done = advance(session, desk, asked, today=paper.today, at=paper.at, casebook=casebook)
        return done.warnings
    except ConflictError as error:
        changed = "\n".join(f"  · {reason}" for reason in reasons(error))
        mend = f"请向{desk.plan.head_bureau}索取最新表格后填写"
        raise RefusedError(
            f"{paper.book.file}：本表发出后，{asked.subject}已有变动；{mend}：\n{changed}"
        ) from None
    except RefusedError as error:
        for reason in reasons(error):
            _note(desk.plan, read, asked.name, reason)
        raise_faults(paper.book.file, read.form.faults)
        raise


def _note(plan: Plan, read: AcceptanceForm, action: str, reason: str) -> None:
    """Tell a reason against the action at the cells that it is about."""
    rule = _rule(plan, action, reason)
    if rule is None:
        read.form.refuse("on" if ABOUT_DAY.match(reason) else "verdict", reason)
        return
    for spot, says in _cells(plan, read, rule):
        read.form.refuse_at(spot, "verdict", says, clause=rule.clause)


def _rule(plan: Plan, action: str, reason: str) -> Requirement | None:
    return next((rule for rule in _guards(plan, action) if reason.startswith(rule.says)), None)


def _cells(plan: Plan, read: AcceptanceForm, rule: Requirement) -> Iterator[tuple[Spot, str]]:
    """The cells that a condition is about, with what is wrong there."""
    verdict, check = read.form.spot("verdict"), rule.check
    if isinstance(check, ChecklistCheck):
        yield from _unfit(plan, read, passed=check.passed)
    elif isinstance(check, EvidencedCheck):
        yield verdict, f"结论为“{read.verdict}”，未写明问题；请在“问题”栏写明问题和整改期限"
    else:
        says = f"{rule.says}；{rule.mend}"
        if rule.reasoned:
            says += "，或在“问题”栏写明理由"
        item = check.item if isinstance(check, CrossedCheck) else _measuring(plan, rule)
        yield read.spot(item) if item else verdict, says


def _unfit(plan: Plan, read: AcceptanceForm, *, passed: bool) -> Iterator[tuple[Spot, str]]:
    """The answers that are missing or, for a project that is to pass, 否."""
    for item in plan.checklist:
        answer = read.checks.get(item.id, "")
        if not answer:
            asked = "请填写“是”或“否”" if item.judged else "请填写核验结果"
            yield read.spot(item.id), f"未填写“{item.label}”的核验结果；{asked}"
        elif passed and item.judged and answer == NO:
            reason = f"核验结果为“{NO}”，结论不能为“{read.verdict}”；请核对核验结果和结论"
            yield read.spot(item.id), reason


def _measuring(plan: Plan, rule: Requirement) -> str | None:
    """The item that measures what a condition is about."""
    fields = concerns(rule.check)
    return next((item.id for item in plan.checklist if item.measures in fields), None)


def _differences(
    plan: Plan, project: Dossier, read: AcceptanceForm, given: Sequence[AnyAudit]
) -> Iterator[Difference]:
    last = given[-1] if given else None
    names: Mapping[str, str] = {action: verdict for verdict, action in verdicts(plan).items()}
    for id, found in read.findings.items():
        old = project.checks.get(id, "")
        if old != found.answer:
            what = found.item.label
            yield Difference(read.spot(id), project.code, what, old or NOTHING, found.answer)
    for key, was, now in (
        ("verdict", names[last.action] if last else NOTHING, read.verdict),
        ("on", str(last.effective_on) if last else NOTHING, read.on),
    ):
        if was != str(now):
            what = read.form.labels[key].heading
            yield Difference(read.form.spot(key), project.code, what, was, str(now))


def _warnings(
    plan: Plan, read: AcceptanceForm, action: str, warned: Sequence[str]
) -> Iterator[CellFault]:
    """Soft conditions that the project does not meet, at the cells that they are about."""
    for words in warned:
        rule = _rule(plan, action, words)
        for spot, says in _cells(plan, read, rule) if rule else ():
            yield CellFault(spot, says, rule.clause if rule else "")
