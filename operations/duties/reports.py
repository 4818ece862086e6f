"""月报 (五(五)): opened with what is known, month by month, and who has sent it when it was due.

Each month has two occasions. When it opens, on the day of the first reminder, each city that owes
the report gets its workbook, filled in as the one that goes with the reminder (R69); when it has
closed, the province sees which cities were in time, late or missing.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.report import MONEY, ReportLine, monthly_report
from documents.lists.overviews import ReportState, report_state_leaves
from documents.reading.identity import Identity
from documents.writing.layout import to_bytes
from models.audits import newest
from models.deadlines import deadline_rows
from operations.cases.desk import Desk
from operations.duties.products import Job, JobOccasion, KeptProduct, ProductFile
from operations.views.snapshots import snapshot
from operations.workbooks.report import known_lines, laid_out
from policy.schema import Plan
from policy.vocabulary import Form, Product, Standing
from states.deadlines import DONE
from states.dossier import to_plain
from states.reporting import UNENTERED, left_out, to_report
from states.snapshot import Snapshot
from states.workdays import workday_after

OPENING = "-open"
"""What the period of a month's opening ends in, behind the month."""
Plain = str | int | bool | None
SENT = {
    Standing.MET: "按时报送",
    Standing.MET_LATE: "逾期报送",
    Standing.OVERDUE: "未报",
    Standing.VOID: "项目已全部办结，不再报送",
}


@dataclass(frozen=True, slots=True)
class PrefilledReportLine:
    """One project on its way out; values as JSON keeps them exact."""

    county: str
    name: str
    code: str
    values: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class OpenedReport:
    """The report that a city is to send, filled in with what is known."""

    city: str
    lines: tuple[PrefilledReportLine, ...]


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """How a city's report stands once it was due."""

    city: str
    standing: Standing
    sent_on: date | None
    expected: int
    """How many projects it reports."""
    left_out: tuple[str, ...]
    """Names of those without a report for the month."""

    @property
    def unentered(self) -> bool:
        """Whether it counts as in, and nothing of it is on record (未录入)."""
        return self.standing in DONE and 0 < self.expected == len(self.left_out)


@dataclass(frozen=True, slots=True)
class MonthlyReports:
    """A month's reports, when they open or when they have closed."""

    month: str
    as_of: date
    version: int
    """The newest record that it could know of."""
    opened: tuple[OpenedReport, ...] = ()
    received: tuple[ReceivedReport, ...] = ()


def _occasions(desk: Desk) -> Iterator[JobOccasion]:
    for rule, month in desk.plan.reported_months.items():
        dates = desk.deadlines[rule].dates
        if dates is not None:
            opens = desk.due_soon_from(dates.remind_by)
            assert opens is not None  # noqa: S101  # it has a date
            yield JobOccasion(month + OPENING, desk.plan.province, opens)
            closed = workday_after(desk.calendar, dates.overdue_after)
            yield JobOccasion(month, desk.plan.province, closed)


def _make(session: Session, desk: Desk, asked: JobOccasion) -> MonthlyReports:
    month = asked.period.removesuffix(OPENING)
    rule = desk.plan.report_of(month)
    assert rule is not None  # noqa: S101  # the month is one of the occasions
    version = newest(session, desk.plan)
    if asked.period != month:
        opened = tuple(_opened(session, desk, rule, month))
        return MonthlyReports(month, asked.on, version, opened=opened)
    shot = snapshot(session, desk, month, asked.on)
    received = tuple(_received(desk.plan, shot, rule, city.name) for city in desk.plan.cities)
    return MonthlyReports(month, asked.on, version, received=received)


def _opened(session: Session, desk: Desk, rule: str, month: str) -> Iterator[OpenedReport]:
    """The report of each city that still owes it; who has sent it is not asked again."""
    cities = [city.name for city in desk.plan.cities]
    owing = {row.subject for row, _ in deadline_rows(session, desk.plan, cities)
             if row.rule == rule and row.next_look_on is not None}  # fmt: skip
    for city in cities:
        if city in owing:
            lines = known_lines(session, desk, city, month)
            yield OpenedReport(city, tuple(map(_kept, lines)))


def _kept(line: ReportLine) -> PrefilledReportLine:
    values = {name: to_plain(value) for name, value in line.values.items()}
    return PrefilledReportLine(line.county, line.name, line.code, values)


def _line(plan: Plan, kept: PrefilledReportLine) -> ReportLine:
    """The line that `_kept` was given."""
    values = {name: _value(plan, name, value) for name, value in kept.values.items()}
    return ReportLine(kept.county, kept.name, kept.code, values)


def _value(plan: Plan, name: str, plain: Plain) -> Any:
    if plain is None:
        return None
    if name in MONEY:
        return Decimal(str(plain))
    return date.fromisoformat(str(plain)) if name in monthly_report(plan).milestones else plain


def _received(plan: Plan, shot: Snapshot, rule: str, city: str) -> ReceivedReport:
    mine = shot.of_city(city)
    stands = next(item for item in mine.deadlines if item.rule == rule and item.subject == city)
    return ReceivedReport(
        city=city,
        standing=stands.standing,
        sent_on=stands.fulfilled_on,
        expected=len(to_report(plan, mine.projects, shot.period)),
        left_out=tuple(
            f"{item.county}{item.name}" for item in left_out(plan, mine.projects, shot.period)
        ),
    )


def _files(desk: Desk, made: KeptProduct[MonthlyReports]) -> Iterator[ProductFile]:
    content, plan = made.content, desk.plan
    for each in content.opened:
        who = Identity(plan.id, Form.REPORT, each.city, content.month, content.version)
        with suppress(RefusedError):  # a text that no workbook can hold: the reminder goes alone
            form = laid_out(desk, who, [_line(plan, line) for line in each.lines])
            yield ProductFile(form.name, form.content)
    if content.received:
        title = f"{content.month[:4]}年{int(content.month[5:])}月份{made.kind.label}"
        states = [_state(each) for each in content.received]
        leaves = report_state_leaves(plan, title, states, _note(content))
        yield ProductFile(f"{content.month} {made.kind.label}.xlsx", to_bytes(leaves))


REPORTS = Job(Product.REPORTS, MonthlyReports, _occasions, _make, _files)


def _state(each: ReceivedReport) -> ReportState:
    return ReportState(
        city=each.city,
        expected=each.expected,
        covered=each.expected - len(each.left_out),
        sent_on=each.sent_on,
        state=f"{SENT.get(each.standing, each.standing.label)}{unentered_words(each)}",
        left_out=_left_out(each),
    )


def unentered_words(each: ReceivedReport) -> str:
    """What of a report that counts as in is not on record, in brackets; empty where all is."""
    if each.unentered:
        return f"（{UNENTERED}）"
    partly = each.standing in DONE and each.left_out
    return f"（{len(each.left_out)}个项目{UNENTERED}）" if partly else ""


def _left_out(each: ReceivedReport) -> str:
    if each.left_out and len(each.left_out) == each.expected:
        return f"全部{each.expected}个项目"
    return "；".join(each.left_out)


def _note(content: MonthlyReports) -> str:
    def of(wanted: Standing) -> str:
        return "、".join(it.city for it in content.received if it.standing is wanted) or "无"

    paper = "、".join(it.city for it in content.received if it.unentered) or "无"
    late, missing = of(Standing.MET_LATE), of(Standing.OVERDUE)
    return f"截至{content.as_of}　逾期：{late}　未报：{missing}　{UNENTERED}：{paper}"
