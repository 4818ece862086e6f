"""The quarterly letter to a city's government (季度反馈函, 五(六)).

It speaks of that city alone, and asks and suggests: the sender has no authority over the addressee.
A draft: people number and sign it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.errors import RefusedError
from common.words import NONE, for_paper, month_name, quarter_name, short_date
from documents.papers.progress_words import (
    MATCHING,
    basis,
    invested_in,
    month_after,
    months_named,
    overall,
    overdue,
    percent_done,
    programme,
    reasons,
    sections,
    stage_name,
    subject_of,
    upcoming,
    waiting,
)
from documents.writing.blocks import Annex, Heading, PaperBlock, PaperTable, PaperText
from policy.schema import Plan
from policy.vocabulary import Disposition, Level
from states.figures import (
    MonthFigures,
    figures_of,
    problems,
    reported_late,
    still_missing,
    unreported,
)
from states.snapshot import ProjectShot, Snapshot, quarter

SINCE = "上季度末"
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

    @property
    def shot(self) -> Snapshot:
        return self.shots[-1]

    @property
    def name(self) -> str:
        return quarter_name(quarter(self.shot.period))


def feedback(plan: Plan, city: str, shots: Sequence[Snapshot]) -> PaperText:
    """The letter on the quarter that the last of `shots` ends; they hold every month so far.

    RefusedError when the plan has no such letters.
    """
    if plan.feedback is None:
        raise RefusedError(f"“{plan.name}”没有规定季度反馈")
    told = _quarter(plan, city, shots)
    what = f"{told.name}{programme(plan)}"
    return PaperText(
        title=f"关于{city}{what}进展情况的反馈函",
        addressee=f"{city}人民政府",
        paragraphs=(
            f"根据{basis(plan, plan.feedback)}，"
            f"现将贵市{what}进展情况、存在问题及意见建议函告如下。",
            Heading("一、进展情况"),
            *overall(told.found, told.before, SINCE, told.shot.as_of, "贵市"),
            Heading("二、存在问题"),
            *sections(_problems(told), f"截至{short_date(told.shot.as_of)}，{NO_PROBLEMS}"),
            Heading("三、意见建议"),
            *sections(_suggestions(told), GO_ON),
            "以上意见建议，供贵市研究参考，请予支持为荷。",
            "特此函告。",
        ),
        sender=plan.office(Level.PROVINCE),
        annexes=(Annex(f"{city}项目进展情况", (_projects(told),)),),
    )


def _quarter(plan: Plan, city: str, shots: Sequence[Snapshot]) -> _Quarter:
    now = quarter(shots[-1].period)
    earlier = [shot for shot in shots if quarter(shot.period) < now]
    return _Quarter(
        plan,
        city,
        tuple(shot.of_city(city) for shot in shots if quarter(shot.period) == now),
        figures_of(plan, shots[-1], city),
        figures_of(plan, earlier[-1], city) if earlier else None,
    )


def _problems(told: _Quarter) -> Iterator[tuple[str, str]]:
    if text := "".join(_reports(told)):
        yield "月报报送不及时", text
    for rule, late in problems(told.plan, told.found):
        yield overdue(told.plan, rule, late, told.shot, whole=False)
    if told.found.behind:
        count = len(told.found.behind)
        yield "部分项目进度滞后", f"慢序时进度项目共{count}个，情况和原因见附件。"


def _reports(told: _Quarter) -> Iterator[str]:
    """The quarter's reports that had not come, or came late, by the end of their own month; and
    what has not come to this day."""
    for shot in told.shots:
        if told.city in unreported(told.plan, shot):
            yield f"截至{short_date(shot.as_of)}，{month_name(shot.period)}月报尚未报送。"
        for item in reported_late(told.plan, shot):
            if item.fulfilled_on:
                day = short_date(item.fulfilled_on)
                yield f"{month_name(shot.period)}月报于{day}报送，晚于规定时间。"
    if earlier := still_missing(told.plan, told.shot).get(told.city):
        months = months_named(earlier, told.shot.period)
        yield f"截至{short_date(told.shot.as_of)}，此前月份仍未报送的月报：{months}。"


def _suggestions(told: _Quarter) -> Iterator[tuple[str, str]]:
    found, plan = told.found, told.plan
    late = {subject_of(plan, rule) for rule, _ in problems(plan, found)}
    if any(_reports(told)):
        yield "关于月报报送", "建议贵市民政部门进一步做好月报报送工作，便于全省及时掌握进展。"
    if found.behind:
        yield (
            "关于滞后项目",
            "建议贵市对慢序时进度项目加强统筹调度，协调解决有关困难，"
            "支持项目倒排工期、挂图作战，尽快达到序时进度。",
        )
    if MATCHING in late:
        text = "建议贵市协调市、县两级财政部门落实配套资金，支持项目顺利建设。"
        yield "关于配套资金", text
    if found.held:
        text = "建议贵市关心支持暂停项目解决有关问题，具备条件后恢复建设。"
        yield "关于暂停项目", text
    yield from _due_soon(told)
    if text := waiting(plan, told.shot):
        yield "关于协调事项", f"{text}，请贵市予以支持。"


def _due_soon(told: _Quarter) -> Iterator[tuple[str, str]]:
    until = told.shot.as_of
    for _ in range(MONTHS):
        until = month_after(until)
    theirs, ours = upcoming(told.plan, told.shot, until, "建议于", whole=False)
    if theirs:
        yield "关于近期到期事项", f"{theirs}。请贵市统筹安排，给予支持。"
    if ours:
        office = told.plan.office(Level.PROVINCE)
        yield "关于省级组织的工作", f"{office}近期组织办理：{ours}。请贵市给予支持配合。"


def _projects(told: _Quarter) -> PaperBlock:
    heads = (
        *("序号", "县（市、区）", "项目名称", "阶段", "形象进度", "完成投资（万元）"),
        *("序时进度", "原因和问题"),
    )
    behind = {item.project.code: reasons(told.plan, item) for item in told.found.behind}
    rows = tuple(
        (str(number), *_line(told, item, behind))
        for number, item in enumerate(told.shot.going_on, 1)
    )
    return PaperTable(heads, rows, widths=(0.6, 1, 2.4, 0.9, 0.9, 1.1, 0.9, 2.6)) if rows else NONE


def _line(told: _Quarter, item: ProjectShot, behind: dict[str, str]) -> tuple[str, ...]:
    done = (percent_done(item, told.shot.period), invested_in(item))
    if item.disposition is Disposition.HELD:
        state = "暂停"
    else:
        state = "慢序时" if item.code in behind else "按序时"
    reason = behind.get(item.code) or _told(item, told.shot.period) or "—"
    return (item.county, item.name, stage_name(told.plan, item), *done, state, reason)


def _told(item: ProjectShot, period: str) -> str:
    """What its report for the month says of problems."""
    report = item.reported(period)
    return for_paper(report.problem or "") if report else ""
