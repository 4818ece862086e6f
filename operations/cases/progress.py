"""Monthly reports of a project's progress (五(五)): one a month, replaced when reported again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, begin, commit
from policy.schema import Plan
from policy.vocabulary import AuditKind
from states.dossier import GOING_ON, Dossier
from states.progress import CLAUSE, Progress, contradictions, latest_before, with_report
from states.trail import Effects


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """What somebody reports of a project for a month."""

    subject: str
    progress: Progress
    on: date
    actor: str
    evidence: str = ""
    seen: int | None = None


class UntenableError(RefusedError):
    """月报内容不能成立，未作登记。"""

    def __init__(self, project: Dossier, period: str, reasons: Sequence[tuple[str, str]]) -> None:
        head = f"{project.code} {project.name}：不能登记{period}的月报"
        super().__init__(with_reasons(head, (reason for _, reason in reasons)))
        self.reasons = reasons
        """The field that each is about, and the reason."""


def report_progress(
    session: Session,
    desk: Desk,
    reported: ProgressReport,
    *,
    today: date,
    at: datetime,
    casebook: Casebook | None = None,
) -> bool:
    """Record a month's report; False, and nothing written, when it stands so already.

    UntenableError with every reason (五(五)).
    """
    casebook = begin(session, desk, reported.subject, reported, today, reported.seen, casebook)
    before = casebook.project(reported.subject)
    progress = replace(reported.progress, audit_id=0)
    if progress in (replace(known, audit_id=0) for known in before.progress):
        return False
    if reasons := progress_refusals(desk.plan, before, progress, reported.on):
        raise UntenableError(before, progress.period, reasons)
    entry = AuditEntry(
        reported.subject,
        AuditKind.PROGRESS,
        progress.period,
        reported.actor,
        reported.on,
        CLAUSE,
        reported.evidence,
    )
    commit(session, desk, casebook, entry, Effects(progress=progress), at)
    return True


def progress_refusals(
    plan: Plan, project: Dossier, progress: Progress, on: date
) -> tuple[tuple[str, str], ...]:
    """Every reason why a report does not count: the field that it is about, and why (Chinese).

    What was wrong before, whatever the report says, is no reason.
    """
    as_if = replace(project, progress=with_report(project.progress, progress))
    known = set(untenable(plan, project))
    found = [item for item in untenable(plan, as_if) if item not in known]
    return (
        *_ended(project),
        *_too_soon(progress, on),
        *((field, _told(report, reason, progress)) for report, field, reason in found),
    )


def untenable(plan: Plan, project: Dossier) -> Iterator[tuple[Progress, str, str]]:
    """Every report of a project that cannot be true: the report, the field and why (Chinese)."""
    for report in project.progress:
        earlier = latest_before(project.progress, report.period)
        for field, reason in contradictions(report, earlier):
            yield report, field, reason
        for field, reason in _not_started(plan, project, report):
            yield report, field, reason


def _told(report: Progress, reason: str, now: Progress) -> str:
    """A month that was reported before may contradict the one that is reported now."""
    return reason if report == now else f"与{report.period}的月报矛盾：{reason}"


def _ended(project: Dossier) -> Iterator[tuple[str, str]]:
    if project.disposition not in GOING_ON:
        yield "", f"项目为“{project.disposition.label}”，不再上报建设情况（{CLAUSE}）"


def _too_soon(progress: Progress, on: date) -> Iterator[tuple[str, str]]:
    if progress.period > f"{on:%Y-%m}":
        yield "period", f"上报日期{on}早于{progress.period}，请核对月份（{CLAUSE}）"


def _not_started(plan: Plan, project: Dossier, report: Progress) -> Iterator[tuple[str, str]]:
    if report.percent <= 0 or plan.report is None:
        return
    rule = plan.milestone(plan.report.started)
    on = project.milestones.get(rule.id)
    if on is None or f"{on:%Y-%m}" > report.period:
        since = f"登记为{on}" if on else "尚未登记"
        yield (
            "percent",
            f"“{rule.label}”{since}，{report.period}形象进度应为0%，"
            f"原值{report.percent}%（{CLAUSE}、{rule.clause}）",
        )
