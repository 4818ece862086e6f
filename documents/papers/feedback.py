"""The quarterly letter to a city's government (季度反馈函, 五(六)).

It speaks of that city alone, and asks and suggests: the sender has no authority over the addressee.
A draft: people number and sign it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from common.errors import RefusedError
from common.words import NUMERALS, for_paper, quarter_name, short_date
from documents.papers.bulletin import SLOW, without_empty
from documents.papers.progress_words import (
    draft_number,
    invested_in,
    month_after,
    months_named,
    notice,
    of_matching,
    overall,
    overdue,
    percent_done,
    reasons,
    sections,
    stage_name,
    upcoming,
    waiting,
)
from documents.writing.blocks import Annex, Heading, PaperTable, PaperText
from policy.schema import Plan
from policy.vocabulary import Disposition, Level
from states.figures import (
    MonthFigures,
    figures_of,
    problems,
    reported_late,
    still_missing,
    unentered,
    unreported,
)
from states.snapshot import ProjectShot, Snapshot, quarter
from states.workdays import DAY

NO_PROBLEMS = "没有需要提请贵市关注的突出问题。"
GO_ON = "建议贵市继续关心支持项目建设和运营，巩固工作成效。"
MONTHS = 3


@dataclass(frozen=True, slots=True)
class _Quarter:
    """All that a letter is made from: one city's part of the snapshots."""

    plan: Plan
    city: str
    shots: Sequence[Snapshot]
    """Those of the quarter, oldest first."""
    found: MonthFigures
    before: MonthFigures | None
    """At the end of the quarter before."""
    since: str
    """That quarter's end: ``一季度末``."""
    signed: date
    """The first day on which it can be signed."""

    @property
    def shot(self) -> Snapshot:
        return self.shots[-1]


def feedback(
    plan: Plan, city: str, shots: Sequence[Snapshot], signed: date | None = None
) -> PaperText:
    """The letter on the quarter that the last of `shots` ends; they hold every month so far.

    `signed` as for `bulletin`. RefusedError when the plan has no such letters.
    """
    if plan.feedback is None:
        raise RefusedError(f"“{plan.name}”没有规定季度反馈")
    told = _quarter(plan, city, shots, signed or shots[-1].as_of + DAY)
    name = quarter_name(quarter(shots[-1].period))
    office = plan.office(Level.PROVINCE)
    return PaperText(
        title=f"{office}关于反馈{city}{name}{plan.programme}进展情况的函",
        addressee=f"{city}人民政府",
        paragraphs=(
            f"按照{notice(plan)}要求，"
            f"现将{plan.said('贵市')}{name}{plan.programme}进展情况、存在问题及意见建议函告如下。",
            Heading("一、进展情况"),
            *overall(plan, told.found, told.before, told.since, told.shot),
            Heading("二、存在问题"),
            *sections(
                _problems(told), f"截至{short_date(told.shot.as_of)}，{plan.said(NO_PROBLEMS)}"
            ),
            Heading("三、意见建议"),
            *sections(_suggestions(told), plan.said(GO_ON)),
            "以上意见建议，请研究并予以支持。",
            "特此函告。",
        ),
        sender=office,
        annexes=tuple(_projects(told)),
        number=draft_number(plan, told.shot.as_of),
    )


def _quarter(plan: Plan, city: str, shots: Sequence[Snapshot], signed: date) -> _Quarter:
    now = quarter(shots[-1].period)
    earlier = [shot for shot in shots if quarter(shot.period) < now]
    return _Quarter(
        plan,
        city,
        tuple(shot.of_city(city) for shot in shots if quarter(shot.period) == now),
        figures_of(plan, shots[-1], city),
        figures_of(plan, earlier[-1], city) if earlier else None,
        _end_of(quarter(earlier[-1].period), now) if earlier else "",
        signed,
    )


def _end_of(before: str, now: str) -> str:
    """``一季度末``; with its year where it is another."""
    named = f"{NUMERALS[int(before[5]) - 1]}季度末"
    return named if before[:4] == now[:4] else f"{before[:4]}年{named}"


def _problems(told: _Quarter) -> Iterator[tuple[str, str]]:
    if text := "".join(_reports(told)):
        yield "月报报送不及时", text
    if paper := [each.period for each in told.shots if told.city in unentered(told.plan, each)]:
        months = months_named(paper, told.shot.period)
        yield (
            "部分月报尚未录入",
            f"{told.plan.said('贵市')}{months}月报已书面报送，截至当月末内容尚未录入。",
        )
    for rule, late in problems(told.plan, told.found):
        yield overdue(told.plan, rule, late, told.shot, whole=False)
    if told.found.behind:
        count = len(told.found.behind)
        yield "部分项目进度滞后", f"{SLOW}共{count}个，情况和原因见附件。"


def _reports(told: _Quarter) -> Iterator[str]:
    """The quarter's reports that had not come, or came late, by the end of their own month; and
    what has not come to this day."""
    for shot in told.shots:
        name = f"{int(shot.period[5:])}月份月报"
        if told.city in unreported(told.plan, shot):
            yield f"截至{short_date(shot.as_of)}，{told.plan.said('贵市')}{name}尚未报送。"
        for item in reported_late(told.plan, shot):
            if item.fulfilled_on:
                on = short_date(item.fulfilled_on)
                yield f"{told.plan.said('贵市')}{name}于{on}报送，晚于规定时间。"
    if earlier := still_missing(told.plan, told.shot).get(told.city):
        months = months_named(earlier, told.shot.period)
        yield f"截至{short_date(told.shot.as_of)}，{told.plan.said('贵市')}{months}月报仍未报送。"


def _suggestions(told: _Quarter) -> Iterator[tuple[str, str]]:
    found, plan = told.found, told.plan
    late = problems(plan, found)
    if any(_reports(told)):
        yield (
            "关于月报报送",
            f"建议{plan.said('贵市')}{plan.trade}部门进一步做好月报报送工作，"
            f"便于{plan.said('全省')}及时掌握进展。",
        )
    if found.behind:
        yield (
            "关于滞后项目",
            f"建议{plan.said('贵市')}对{SLOW}加强统筹调度，协调解决有关困难，"
            "支持项目倒排工期、加快建设，尽快达到序时进度。",
        )
    if any(of_matching(plan, rule) for rule, _ in late):
        text = plan.said("建议贵市协调市、县两级财政部门落实配套资金，支持项目顺利建设。")
        yield "关于配套资金", text
    if found.held:
        text = plan.said("建议贵市关心支持暂停项目解决有关问题，具备条件后恢复建设。")
        yield "关于暂停项目", text
    yield from _due_soon(told)
    if text := waiting(plan, told.shot, whole=False):
        yield "关于资金衔接", f"{text}。"


def _due_soon(told: _Quarter) -> Iterator[tuple[str, str]]:
    until = told.shot.as_of
    for _ in range(MONTHS):
        until = month_after(until)
    soon = upcoming(told.plan, told.shot, until, told.signed, whole=False)
    asked = f"建议{told.plan.said('贵市')}统筹安排，{soon.asked}。" if soon.asked else ""
    if soon.passing:
        asked = f"{soon.passing}，建议{told.plan.said('贵市')}支持抓紧办理。{asked}"
    if asked:
        yield "关于近期到期事项", asked
    if soon.suggested:
        text = (
            f"《实施方案》未明确日期的事项，{soon.suggested}。请{told.plan.said('贵市')}给予支持。"
        )
        yield "关于建议时限内的工作", text
    if soon.own:
        yield (
            f"关于{told.plan.upper}组织的工作",
            f"{soon.own}，请{told.plan.said('贵市')}予以配合。",
        )


def _projects(told: _Quarter) -> Iterator[Annex]:
    heads = (
        *("序号", told.plan.said("县（市、区）"), "项目名称", "阶段"),
        *("形象进度", "完成投资（万元）"),
        *("序时进度", "滞后事项及原因"),
    )
    behind = {
        item.project.code: reasons(told.plan, item, told.shot.as_of) for item in told.found.behind
    }
    rows = tuple(
        (str(number), *_line(told, item, behind))
        for number, item in enumerate(told.shot.going_on, 1)
    )
    table = PaperTable(heads, rows, widths=(0.6, 1, 2.4, 0.9, 0.9, 1.1, 0.9, 2.6))
    if rows and (shown := without_empty(table)):
        yield Annex(f"{told.city}项目进展情况", (shown,))


def _line(told: _Quarter, item: ProjectShot, behind: dict[str, str]) -> tuple[str, ...]:
    done = (percent_done(item, told.shot.period), invested_in(item))
    if item.disposition is Disposition.HELD:
        state = "暂停"
    else:
        state = "未达到" if item.code in behind else "达到"
    reason = behind.get(item.code) or _told(item, told.shot.period) or "—"
    return (item.county, item.name, stage_name(told.plan, item), *done, state, reason)


def _told(item: ProjectShot, period: str) -> str:
    """What its report for the month says of problems."""
    report = item.reported(period)
    return for_paper(report.problem or "") if report else ""
