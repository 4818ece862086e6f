"""Corrections of what was wrongly recorded: a new row that reverses an old one, never an edit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from common.words import long_date, month_name
from models import deadlines
from models.audits import (
    PAPER,
    NewRow,
    add_audit,
    counted,
    entered_since,
    find_audit,
    history,
    recorded_with,
    reversed_rows,
    that_count,
)
from models.projects import change_facts, find_subject
from models.tables import Audit, Subject
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, action_label, begin, commit
from operations.cases.fulfilment import deadline_of, refresh_subject, state_of
from operations.cases.progress import untenable
from policy.vocabulary import AuditKind, Disposition, Holder, Source, SubjectKind
from states import authority
from states.authority import Matter
from states.casework import dependants
from states.dossier import Dossier
from states.ledger import overdrawn, received
from states.trail import Effects, difference, rebuilt

UNDO = timedelta(minutes=10)
"""For so long whoever entered something takes it back without a document."""
LASTING = {
    AuditKind.OVERDUE: "逾期认定随时限计算，登记办结或延期后自动变化",
    AuditKind.CONFIRMATION: "日期有误的请用 xingfu rewind 回退",
    AuditKind.REWIND: "核对回退后请按正确日期重新核对（xingfu enforce）",
    AuditKind.PLAN: "方案有误的请改正方案后重新装入（xingfu init）",
    AuditKind.REPAIR: "修复后的内容以办理记录为准，请更正有误的办理记录",
    AuditKind.REVERSAL: "更正本身不再更正，请按正确内容重新登记",
}
"""What nobody takes back by hand, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """Which row of a subject's trail was wrong, who says so, and why."""

    audit_id: int
    on: date
    actor: str
    evidence: str
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class _Correction:
    """A row that may be taken back."""

    reversal: Reversal
    row: Audit
    rows: Sequence[Audit]
    """All of its subject's."""
    subject: Subject
    label: str
    casebook: Casebook


def reverse(
    session: Session, desk: Desk, reversal: Reversal, *, today: date, at: datetime
) -> tuple[str, str]:
    """Undo one row of a subject's trail by a new one; gives back the subject and what was undone.

    The subject then stands as if the row had never been: an extension's old day holds again, a
    paper is void (its number stays used), and what its issue had fulfilled is open. RefusedError
    with every reason: what has followed from the row must be reversed first.
    """
    row = find_audit(session, desk.plan, reversal.audit_id)
    if row is None:
        raise RefusedError(f"没有第{reversal.audit_id}号记录，请用 xingfu project show 查看记录号")
    casebook = begin(session, desk, row.subject, _matter(desk, row), reversal, today, reversal.seen)
    rows = history(session, desk.plan, row.subject)
    label = f"{AuditKind(row.kind).label} {action_label(desk, row.action)}"
    if bars := list(_bars(row, rows, reversal)):
        raise _refused(row, label, bars)
    subject = find_subject(session, desk.plan, row.subject)
    asked = _Correction(reversal, row, rows, subject, label, casebook)
    if _moves_project(asked):
        (_creation if creates(row) else _project)(session, desk, asked, at)
    else:
        for each in (row, *_fulfilled_by(row, rows)):
            _note(session, desk, replace(asked, row=each), at)
            undone(session, desk, each, rows, subject)
    return row.subject, label


def _matter(desk: Desk, row: Audit) -> Matter:
    """Whose it is to take a row back: who may record its like."""
    plan = desk.plan
    match row.kind:
        case AuditKind.LEDGER:
            found: Matter | None = authority.booking(plan, Holder(row.detail["line"]["holder"]))
        case AuditKind.IMPORT:
            found = authority.imported(plan)
        case AuditKind.OPINION:
            found = authority.opinion(plan)
        case AuditKind.PROGRESS:
            found = authority.progress(plan)
        case AuditKind.EXTENSION:
            found = authority.extension(plan)
        case AuditKind.ACKNOWLEDGEMENT:
            found = authority.acknowledgement(plan, row.action)
        case _:
            found = authority.matter(plan, row.action)
    return found or authority.upkeep(plan, AuditKind.REVERSAL.label)


def reverse_whole(
    session: Session, desk: Desk, reversal: Reversal, *, today: date, at: datetime
) -> tuple[tuple[str, str], ...]:
    """Undo all that came in with a row, an import as a whole; each as `reverse` gives it back.

    All or nothing: RefusedError with every reason against the first row that cannot be undone.
    """
    row = find_audit(session, desk.plan, reversal.audit_id)
    ids = recorded_with(session, desk.plan, row) if row else ()
    each = (replace(reversal, audit_id=id, seen=None) for id in ids or (reversal.audit_id,))
    return tuple(reverse(session, desk, one, today=today, at=at) for one in each)


def recent_entries(
    session: Session, desk: Desk, user: str, at: datetime
) -> tuple[tuple[Audit, str, datetime], ...]:
    """What a user has entered within `UNDO`, the newest first and what came together once.

    Each with what it is called, and until when it can be taken back.
    """
    found: dict[datetime, tuple[Audit, str, datetime]] = {}
    for row in entered_since(session, desk.plan, user, at - UNDO):
        if AuditKind(row.kind) not in LASTING:
            label = f"{AuditKind(row.kind).label} {action_label(desk, row.action)}"
            found.setdefault(row.recorded_at, (row, label, row.recorded_at + UNDO))
    return tuple(found.values())


def take_back(
    session: Session, desk: Desk, user: str, audit_id: int, *, today: date, at: datetime
) -> tuple[tuple[str, str], ...]:
    """Undo what a user has just entered, with all that came with it; as `reverse_whole` tells it.

    RefusedError when it is not the user's own, or longer ago than `UNDO`.
    """
    own = {row.id: row for row, *_ in recent_entries(session, desk, user, at)}
    if (row := own.get(audit_id)) is None:
        raise RefusedError(
            f"第{audit_id}号记录不是您在{UNDO.seconds // 60}分钟内录入的，请按更正办理"
        )
    why = f"录入后{UNDO.seconds // 60}分钟内撤销"
    return reverse_whole(
        session, desk, Reversal(audit_id, today, row.actor, why), today=today, at=at
    )


def _moves_project(asked: _Correction) -> bool:
    granted = (AuditKind.EXTENSION, AuditKind.ACKNOWLEDGEMENT)
    return asked.subject.kind == SubjectKind.PROJECT and asked.row.kind not in granted


def _project(session: Session, desk: Desk, asked: _Correction, at: datetime) -> None:
    """It then stands as its other rows add up."""
    now = asked.casebook.project(asked.row.subject)
    wanted = rebuilt(desk.plan, counted(desk.plan, asked.rows, without=asked.row.id))
    as_if = replace(
        now,
        milestones=wanted.facts,
        lines=tuple(sorted(wanted.lines.values(), key=lambda line: (line.on, line.audit_id))),
        progress=tuple(wanted.progress[period] for period in sorted(wanted.progress)),
        released=wanted.columns.get("released"),
        released_funds=wanted.columns.get("released_funds") or {},
    )
    effects = difference(rebuilt(desk.plan, counted(desk.plan, asked.rows)), wanted)
    if bars := list(_follows(desk, now, as_if, effects)):
        raise _refused(asked.row, asked.label, bars)
    _commit(session, desk, asked, effects, at)


def _creation(session: Session, desk: Desk, asked: _Correction, at: datetime) -> None:
    """The project that an import made in error ends, and gives its community's name free."""
    now = asked.casebook.project(asked.row.subject)
    name = f"{now.profile.community}（第{asked.row.id}号导入已更正）"
    ended = Effects(columns={"disposition": Disposition.WITHDRAWN, "community": name})
    _commit(session, desk, asked, ended, at)


def _commit(
    session: Session, desk: Desk, asked: _Correction, effects: Effects, at: datetime
) -> None:
    row, reversal = asked.row, asked.reversal
    stage = asked.casebook.project(row.subject).stage
    entry = AuditEntry(
        row.subject,
        AuditKind.REVERSAL,
        row.action,
        reversal.actor,
        reversal.on,
        row.clause,
        reversal.evidence,
        (stage, effects.columns.get("stage", stage)),
    )
    commit(session, desk, asked.casebook, entry, effects, at, reverses=row.id)


def undone(
    session: Session, desk: Desk, row: Audit, rows: Sequence[Audit], subject: Subject
) -> None:
    """Bring in line what a row had granted or recorded that counts no longer.

    `rows` are all of the subject. What a row did to a project is in the effects of its reversal.
    """
    left = list(that_count(rows, row.id))
    same = [item for item in left if (item.kind, item.action) == (row.kind, row.action)]
    before = same[-1].detail if same else {}
    match row.kind:
        case AuditKind.EXTENSION:
            _put_back(session, desk, row, subject, before)
        case AuditKind.ACKNOWLEDGEMENT:
            _speak_again(session, desk, row, before)
        case AuditKind.RECORD:
            _recorded_before(session, desk, row, subject, before)


def _put_back(
    session: Session, desk: Desk, row: Audit, subject: Subject, before: Mapping[str, Any]
) -> None:
    """The day of the extension before it holds again, else that of the rule."""
    deadline, _ = deadline_of(session, desk, row.subject, row.action)
    until = date.fromisoformat(before["until"]) if before else None
    state = state_of(session, desk, subject)
    deadlines.extend(session, desk.plan, desk.calendar, deadline, state, until)


def _speak_again(session: Session, desk: Desk, row: Audit, before: Mapping[str, Any]) -> None:
    """What it silenced is owed again, unless one before it of the same visit still holds."""
    _, deadline = deadline_of(session, desk, row.subject, row.action)
    same = before.get("visit") == deadline.visit
    expected = date.fromisoformat(before["expected"]) if same else None
    deadlines.acknowledge(session, desk.plan, row.subject, row.action, expected)


def _recorded_before(
    session: Session, desk: Desk, row: Audit, subject: Subject, before: Mapping[str, Any]
) -> None:
    """A city's or the province's fact has the day again that it had before, or none."""
    days = {name: date.fromisoformat(on) for name, on in before.get("dated", {}).items()}
    change_facts(session, desk.plan, row.subject, days, [row.action], None)
    refresh_subject(session, desk, row.subject, SubjectKind(subject.kind))


def _note(session: Session, desk: Desk, asked: _Correction, at: datetime) -> None:
    """The row that reverses, where no effect of a project is."""
    row, reversal = asked.row, asked.reversal
    noted = NewRow(
        subject=row.subject,
        kind=AuditKind.REVERSAL,
        action=row.action,
        actor=reversal.actor,
        on=reversal.on,
        at=at,
        clause=row.clause,
        evidence=reversal.evidence,
        detail={"reverses": row.id},
    )
    add_audit(session, desk.plan, noted)


def _fulfilled_by(paper: Audit, rows: Sequence[Audit]) -> Iterator[Audit]:
    """The duty that was recorded with a paper's issue."""
    if PAPER in paper.detail:
        begins = f"{paper.detail[PAPER]['number']} "
        for row in that_count(rows, paper.id):
            if row.kind == AuditKind.RECORD and row.evidence.startswith(begins):
                yield row


def creates(row: Audit) -> bool:
    """Whether a project began with the row."""
    return row.kind == AuditKind.IMPORT and "stage" in row.detail.get("columns", {})


def _bars(row: Audit, rows: Sequence[Audit], reversal: Reversal) -> Iterator[str]:
    if not reversal.evidence.strip():
        yield "请写明更正原因或文件"
    if instead := LASTING.get(AuditKind(row.kind)):
        yield f"“{AuditKind(row.kind).label}”不能更正；{instead}"
    if row.id in reversed_rows(rows):
        yield "该记录已被更正，无需重复"
    later = [item for item in that_count(rows, row.id) if (item.id or 0) > (row.id or 0)]
    if row.kind == AuditKind.TRANSITION:
        later = [item for item in later if item.kind == AuditKind.TRANSITION]
    elif not creates(row):
        later = []
    if later:
        yield f"其后另有办理（第{later[-1].id}号），请从最近一次办理起依次更正"


AFTER = "请先更正其后的拨付或支出"


def _follows(desk: Desk, now: Dossier, as_if: Dossier, effects: Effects) -> Iterator[str]:
    """What has followed from the row and would hang in the air."""
    said = desk.plan.said
    for name in (*effects.revoked, *effects.dated):
        yield from dict.fromkeys(dependants(desk.plan, as_if, name))
    for purse, holder, day in overdrawn(as_if.lines):
        yield f"更正后{day}的{said(holder.label)}{desk.plan.purse_name(purse)}余额为负，{AFTER}"
    for fund in [each.id for each in desk.plan.funds] or [""]:
        purse = fund or Source.PROVINCE
        if as_if.lines and received(as_if.lines, purse) > (as_if.released_of(fund) or 0):
            yield f"已有{desk.plan.purse_name(purse)}到账登记，请先更正到账，再更正资金下达"
    review = desk.plan.review
    opinions = {opinion.audit_id for opinion in now.opinions}
    if review and opinions & set(effects.dropped) and review.passed in as_if.milestones:
        yield "评审已通过，请先更正评审通过，再更正专家意见"
    wrong = set(untenable(desk.plan, now))
    for report, field, reason in untenable(desk.plan, as_if):
        if (report, field, reason) not in wrong:
            yield f"更正后{month_name(report.period)}份月报不能成立：{reason}"


def _refused(row: Audit, label: str, reasons: Sequence[str]) -> RefusedError:
    head = f"{row.subject} 第{row.id}号记录（{label}，{long_date(row.effective_on)}）：不能更正"
    return RefusedError(with_reasons(head, reasons))
