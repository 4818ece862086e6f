"""Corrections of what was wrongly recorded: a new row that reverses an old one, never an edit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from models.audits import find_audit, history
from models.tables import Audit
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, action_label, begin, commit
from operations.cases.money import ledger_facts
from operations.cases.progress import untenable
from policy.vocabulary import AuditKind, Source
from states.casework import dependants
from states.dossier import Dossier
from states.ledger import overdrawn, received
from states.trail import Effects, ProjectState, TrailRow, difference, from_detail, replay

REVERSIBLE = (
    AuditKind.TRANSITION,
    AuditKind.RECORD,
    AuditKind.AMENDMENT,
    AuditKind.LEDGER,
    AuditKind.OPINION,
    AuditKind.PROGRESS,
    AuditKind.EVIDENCE,
)


@dataclass(frozen=True, slots=True)
class Reversal:
    """Which row of a project's trail was wrong, who says so, and why."""

    audit_id: int
    on: date
    actor: str
    evidence: str
    seen: int | None = None


def reverse(
    session: Session, desk: Desk, reversal: Reversal, *, today: date, at: datetime
) -> tuple[str, str]:
    """Undo one row of a project's trail by a new one; gives back the project and what was undone.

    The project then stands as if the row had never been. RefusedError with every reason: what has
    followed from the row must be reversed first.
    """
    row = find_audit(session, desk.plan, reversal.audit_id)
    if row is None:
        raise RefusedError(f"没有第{reversal.audit_id}号记录，请用 xingfu project show 查看记录号")
    casebook = begin(session, desk, row.subject, reversal, today, reversal.seen)
    rows = history(session, desk.plan, row.subject)
    label = f"{AuditKind(row.kind).label} {action_label(desk, row.action)}"
    if bars := list(_bars(row, rows, reversal)):
        raise _refused(row, label, bars)
    now = casebook.project(row.subject)
    wanted = _standing(rows, without=row.id)
    as_if = replace(
        now,
        milestones=wanted.facts,
        lines=tuple(sorted(wanted.lines.values(), key=lambda line: (line.on, line.audit_id))),
        progress=tuple(wanted.progress[period] for period in sorted(wanted.progress)),
        released=wanted.columns.get("released"),
    )
    effects = _effects(desk, row, rows, wanted, as_if)
    if bars := list(_follows(desk, now, as_if, effects)):
        raise _refused(row, label, bars)
    entry = AuditEntry(
        row.subject,
        AuditKind.REVERSAL,
        row.action,
        reversal.actor,
        reversal.on,
        row.clause,
        reversal.evidence,
        (now.stage, effects.columns.get("stage", now.stage)),
    )
    commit(session, desk, casebook, entry, effects, at, reverses=row.id)
    return row.subject, label


def reversed_rows(rows: Sequence[Audit]) -> frozenset[int]:
    """The ids of the rows that later ones have reversed."""
    return frozenset(row.detail["reverses"] for row in rows if "reverses" in row.detail)


def _standing(rows: Sequence[Audit], *, without: int | None) -> ProjectState:
    """What the rows add up to that count: neither reversed, nor reversing, nor left out."""
    gone = reversed_rows(rows) | {without}
    counted = (row for row in rows if row.id not in gone and row.kind != AuditKind.REVERSAL)
    return replay(_row(row) for row in counted)


def _row(row: Audit) -> TrailRow:
    assert row.id is not None  # noqa: S101  # it comes from the database
    return from_detail(row.id, AuditKind(row.kind), row.detail)


def _bars(row: Audit, rows: Sequence[Audit], reversal: Reversal) -> Iterator[str]:
    if not reversal.evidence.strip():
        yield "请写明更正原因或文件"
    if row.kind not in REVERSIBLE:
        yield (
            f"“{AuditKind(row.kind).label}”不能更正；"
            "导入有误的请改正表格后重新导入，延期有误的请另行延期"
        )
    if row.id in reversed_rows(rows):
        yield "该记录已被更正，无需重复"
    if row.kind == AuditKind.TRANSITION:
        gone = reversed_rows(rows)
        later = [item for item in rows if item.kind == AuditKind.TRANSITION and item.id not in gone]
        if later and later[-1].id != row.id:
            yield f"其后另有办理（第{later[-1].id}号），请从最近一次办理起依次更正"


def _effects(
    desk: Desk, row: Audit, rows: Sequence[Audit], wanted: ProjectState, as_if: Dossier
) -> Effects:
    effects = difference(_standing(rows, without=None), wanted)
    if row.kind != AuditKind.LEDGER:
        return effects
    dated, revoked = ledger_facts(desk, as_if, as_if.lines)
    return replace(effects, dated={**effects.dated, **dated}, revoked=(*effects.revoked, *revoked))


def _follows(desk: Desk, now: Dossier, as_if: Dossier, effects: Effects) -> Iterator[str]:
    """What has followed from the row and would hang in the air."""
    for name in (*effects.revoked, *effects.dated):
        yield from dict.fromkeys(dependants(desk.plan, as_if, name))
    for source, holder, day in overdrawn(as_if.lines):
        yield f"更正后{day}的{holder.label}{source.label}余额为负，请先更正其后的拨付或支出"
    if as_if.lines and received(as_if.lines, Source.PROVINCE) > (as_if.released or 0):
        yield "已有省级补助到账登记，请先更正到账，再更正资金下达"
    review = desk.plan.review
    opinions = {opinion.audit_id for opinion in now.opinions}
    if review and opinions & set(effects.dropped) and review.passed in as_if.milestones:
        yield "评审已通过，请先更正评审通过，再更正专家意见"
    wrong = set(untenable(desk.plan, now))
    for report, field, reason in untenable(desk.plan, as_if):
        if (report, field, reason) not in wrong:
            yield f"更正后{report.period}的月报不能成立：{reason}"


def _refused(row: Audit, label: str, reasons: Sequence[str]) -> RefusedError:
    head = f"{row.subject} 第{row.id}号记录（{label}，{row.effective_on}）：不能更正"
    return RefusedError(with_reasons(head, reasons))
