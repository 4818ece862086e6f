"""Monthly reports of a project's progress (五(五)): one a month, replaced when reported again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from common.words import cited, long_date, month_name
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, begin, commit
from policy.schema import Plan
from policy.vocabulary import AuditKind
from states.authority import progress as matter
from states.dossier import GOING_ON, Dossier
from states.progress import Progress, contradictions, latest_before, with_report
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
        head = f"{project.code} {project.name}：不能登记{month_name(period)}份月报"
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
    asked = matter(desk.plan)
    casebook = begin(
        session, desk, reported.subject, asked, reported, today, reported.seen, casebook
    )
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
        desk.plan.report_clause,
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
        *_ended(plan, project),
        *_too_soon(plan, progress, on),
        *((field, _told(report, reason, progress)) for report, field, reason in found),
    )


def untenable(plan: Plan, project: Dossier) -> Iterator[tuple[Progress, str, str]]:
    """Every report of a project that cannot be true: the report, the field and why (Chinese)."""
    for report in project.progress:
        earlier = latest_before(project.progress, report.period)
        for field, reason in contradictions(report, earlier, plan.report_clause):
            yield report, field, reason
        for field, reason in _not_started(plan, project, report):
            yield report, field, reason


def _told(report: Progress, reason: str, now: Progress) -> str:
    """A month that was reported before may contradict the one that is reported now."""
    return reason if report == now else f"与{month_name(report.period)}月报矛盾：{reason}"


def _ended(plan: Plan, project: Dossier) -> Iterator[tuple[str, str]]:
    if project.disposition not in GOING_ON:
        yield (
            "",
            f"项目为“{project.disposition.label}”，不再报送建设情况{cited(plan.report_clause)}",
        )


def _too_soon(plan: Plan, progress: Progress, on: date) -> Iterator[tuple[str, str]]:
    if progress.period > f"{on:%Y-%m}":
        early = f"报送日期（{long_date(on)}）早于{month_name(progress.period)}"
        yield "period", f"{early}，请核对月份{cited(plan.report_clause)}"


def _not_started(plan: Plan, project: Dossier, report: Progress) -> Iterator[tuple[str, str]]:
    if report.percent <= 0 or plan.report is None:
        return
    rule = plan.milestone(plan.report.started)
    on = project.milestones.get(rule.id)
    if on is None or f"{on:%Y-%m}" > report.period:
        since = f"该项目{long_date(on)}{rule.label}" if on else f"该项目尚未登记{rule.label}"
        wrong = f"{rule.label}日期有误的请报{plan.head_bureau}更正"
        mend = wrong if on else f"已{rule.label}的请填写日期"
        yield (
            "percent",
            f"{since}，{month_name(report.period)}形象进度应为0（{plan.report_clause}、{rule.clause}）；"
            f"请改为0，{mend}",
        )
