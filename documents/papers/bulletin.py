"""The monthly bulletin (月通报, 五(五)): how the works go on, by city, and what stands in the way.

It says nothing but what the month-end snapshots say; what they do not know, it leaves out or calls
not reported. A draft: people number and sign it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from common.errors import RefusedError
from common.words import NONE, NOT_STATED, amount, month_name, percent, short_date
from documents.lists.curves import counted_graphs, money_graphs
from documents.papers.progress_words import (
    MATCHING,
    basis,
    due_day,
    in_order,
    invested_in,
    month_after,
    months_named,
    overall,
    overdue,
    percent_done,
    programme,
    reasons,
    responsible,
    sections,
    stage_name,
    subject_of,
    upcoming,
    waiting,
)
from documents.writing.blocks import (
    Annex,
    Graph,
    Heading,
    PaperBlock,
    PaperTable,
    PaperText,
    Series,
)
from policy.schema import Plan
from policy.vocabulary import Level
from states.figures import (
    MonthFigures,
    by_city,
    figures,
    problems,
    rate,
    reported_late,
    still_missing,
    unreported,
)
from states.series import YearCourses, courses
from states.snapshot import ProjectShot, Snapshot

SINCE = "上月末"
HEADS = ("序号", "市", "县（市、区）", "项目名称", "阶段", "形象进度", "完成投资（万元）")
NO_PROBLEMS = "各市月报均已按时报送，没有慢序时进度项目，没有需要通报的逾期事项。"
GO_ON = "请各市按照时间节点继续抓好各项建设任务的落实，做好项目运营。"
BEHIND = (
    "说明：应由市、县（市、区）办理的事项超过通知规定的时限尚未完成，或者当月月报反映未达序时进度的"
    "项目，列为慢序时进度项目；省级办理的事项和通知未定的建议时限不作为认定依据；暂停的项目不列入。"
)


CURVES = (
    "说明：计划按各项目时限（含批准的延期）逐月累计；预测按近期平均速度推算，预计区间按近期最慢、"
    "最快一个月的速度推算，仅供参考。"
)


@dataclass(frozen=True, slots=True)
class _Month:
    """All that a bulletin is made from."""

    plan: Plan
    shots: Sequence[Snapshot]
    province: MonthFigures
    before: MonthFigures | None
    """The province's at the end of the month before."""
    cities: tuple[MonthFigures, ...]
    curves: YearCourses | None
    """None where the plan has no curves."""

    @property
    def shot(self) -> Snapshot:
        return self.shots[-1]

    @property
    def name(self) -> str:
        return month_name(self.shot.period)


def bulletin(plan: Plan, shots: Sequence[Snapshot]) -> PaperText:
    """The bulletin of the last month of `shots`, which hold every month so far, oldest first.

    RefusedError when the plan has no bulletins.
    """
    if plan.bulletin is None:
        raise RefusedError(f"“{plan.name}”没有规定逐月通报")
    month = _month(plan, shots)
    what = f"{month.name}{programme(plan)}进展情况"
    return PaperText(
        title=f"关于{what}的通报",
        addressee=plan.office(Level.CITY, "各市"),
        paragraphs=(
            f"根据{basis(plan, plan.bulletin)}，现将{what}通报如下。",
            Heading("一、总体进展"),
            *_overall(month),
            Heading("二、各市情况"),
            *_cities(month),
            Heading("三、存在问题"),
            *sections(_problems(month), NO_PROBLEMS),
            Heading("四、下一步要求"),
            *sections(_steps(month), GO_ON),
            f"（{plan.notice.openness}）",
        ),
        sender=plan.office(Level.PROVINCE),
        annexes=(
            Annex("慢序时进度项目", (_behind(month), BEHIND)),
            Annex("按序时进度项目", (_on_schedule(month),)),
            *_curves(month),
        ),
    )


def _month(plan: Plan, shots: Sequence[Snapshot]) -> _Month:
    before = figures(plan, shots[-2]) if len(shots) > 1 else None
    province = figures(plan, shots[-1])
    drawn = courses(plan, shots) if plan.curves else None
    return _Month(plan, shots, province, before, by_city(plan, shots[-1]), drawn)


def _overall(month: _Month) -> Iterator[PaperBlock]:
    *told, schedule = overall(month.province, month.before, SINCE, month.shot.as_of, "全省")
    yield from told
    yield f"{schedule}{_held(month)}"
    yield _graph(month)
    if month.curves:
        yield from money_graphs(month.curves, month.plan.province)


def _curves(month: _Month) -> Iterator[Annex]:
    """Of each count, how it should, does and may go."""
    drawn = counted_graphs(month.curves, month.plan.province) if month.curves else ()
    if drawn:
        yield Annex("数据曲线", (*drawn, CURVES))


def _held(month: _Month) -> str:
    held = in_order(month.plan, month.province.held)
    names = "、".join(f"{item.city}{item.county}{item.name}" for item in held)
    return f"暂停项目：{names}。" if names else ""


def _graph(month: _Month) -> Graph:
    rates = [figures(month.plan, shot).reached for shot in month.shots]
    base = "项目数" if month.province.quota is None else "任务数"
    return Graph(
        caption=f"全省项目进展曲线（占{base}的比例）",
        categories=tuple(f"{int(shot.period[5:])}月" for shot in month.shots),
        series=tuple(
            Series(item.label, tuple(each[index].rate for each in rates))
            for index, item in enumerate(month.province.reached)
        ),
        unit="%",
    )


def _cities(month: _Month) -> Iterator[PaperBlock]:
    yield _counts(month)
    yield _rates(month)
    yield _money(month)
    yield from filter(None, (_ahead_of_others(month), _lagging(month)))


def _counts(month: _Month) -> PaperTable:
    labels = tuple(item.label for item in month.province.reached)
    heads = ("市", "任务数", "项目数", *labels, "按序时", "慢序时", "暂停")
    return PaperTable(heads, _rows(month, _count_row), "表1　各市项目进展情况（单位：个）")


def _count_row(found: MonthFigures) -> tuple[str, ...]:
    counts = (item.count for item in found.reached)
    groups = (found.on_schedule, found.behind, found.held)
    quota = NOT_STATED if found.quota is None else str(found.quota)
    return (quota, str(found.projects), *map(str, counts), *(str(len(each)) for each in groups))


def _rates(month: _Month) -> PaperTable:
    labels = tuple(f"{item.label}率" for item in month.province.reached)
    heads = ("市", *labels, "投资完成率", "省补到位率", "配套到位率")
    return PaperTable(heads, _rows(month, _rate_row), "表2　各市进度和资金到位比率（单位：%）")


def _rate_row(found: MonthFigures) -> tuple[str, ...]:
    money = (found.invested_rate, found.received_rate, found.matched_rate)
    rates = (*(item.rate for item in found.reached), *money)
    return tuple(NOT_STATED if each is None else str(each) for each in rates)


def _money(month: _Month) -> PaperTable:
    heads = ("市", "投资总额", "完成投资", "省补核算", "省补到位", "配套承诺", "配套到位", "支出")
    return PaperTable(
        heads, _rows(month, _money_row), "表3　各市投资和资金情况（单位：万元，四舍五入）"
    )


def _money_row(found: MonthFigures) -> tuple[str, ...]:
    done = amount(found.invested) if found.reporting else NOT_STATED
    others = (found.subsidy, found.received, found.promised, found.matched, found.spent)
    return (amount(found.investment), done, *map(amount, others))


def _rows(
    month: _Month, row: Callable[[MonthFigures], tuple[str, ...]]
) -> tuple[tuple[str, ...], ...]:
    cities = ((found.place, *row(found)) for found in month.cities)
    return (*cities, ("全省", *row(month.province)))


def _ahead_of_others(month: _Month) -> str:
    """The cities without anything to complain of; a list of all of them praises nobody."""
    late = {*unreported(month.plan, month.shot), *still_missing(month.plan, month.shot)}
    late |= {item.subject for item in reported_late(month.plan, month.shot)}
    good = [
        found.place
        for found in month.cities
        if found.projects and not (found.behind or found.late or found.held or found.place in late)
    ]
    if not good:
        return ""
    if len(good) == len(month.cities):
        return "各市项目均按序时推进，没有逾期事项，月报均按时报送。"
    return f"按序时推进、没有逾期事项且按时报送月报的市：{'、'.join(good)}。"


def _lagging(month: _Month) -> str:
    """The cities with projects behind, the largest share first."""
    behind = [found for found in month.cities if found.behind]
    behind.sort(key=lambda found: Fraction(len(found.behind), found.projects), reverse=True)
    told = "；".join(
        f"{found.place}{len(found.behind)}个，占该市项目数的"
        f"{percent(rate(len(found.behind), found.projects))}"
        for found in behind
    )
    return f"进度滞后的市（按慢序时进度项目占比排列）：{told}。" if told else ""


def _problems(month: _Month) -> Iterator[tuple[str, str]]:
    plan, shot = month.plan, month.shot
    if text := _reports(month):
        yield "月报报送不及时", text
    for rule, late in problems(plan, month.province):
        yield overdue(plan, rule, late, shot)
    if behind := month.province.behind:
        cities = "、".join(f"{f.place}{len(f.behind)}个" for f in month.cities if f.behind)
        text = f"慢序时进度项目共{len(behind)}个：{cities}。名单和原因见附件1。"
        yield "部分项目进度滞后", text


def _reports(month: _Month) -> str:
    told = []
    if missing := unreported(month.plan, month.shot):
        told.append(f"截至{short_date(month.shot.as_of)}未报送当月月报的市：{'、'.join(missing)}。")
    if earlier := _still_missing(month):
        told.append(f"此前月份仍未报送月报的市：{earlier}。")
    late = "、".join(
        f"{item.subject}（{short_date(item.fulfilled_on)}报送）"
        for item in reported_late(month.plan, month.shot)
        if item.fulfilled_on
    )
    return "".join([*told, *([f"逾期报送当月月报的市：{late}。"] if late else [])])


def _still_missing(month: _Month) -> str:
    owed = still_missing(month.plan, month.shot).items()
    return "、".join(f"{city}（{months_named(each, month.shot.period)}）" for city, each in owed)


def _steps(month: _Month) -> Iterator[tuple[str, str]]:
    late = {subject_of(month.plan, rule) for rule, _ in problems(month.plan, month.province)}
    if text := _report_in_time(month):
        yield "及时报送月报", text
    if month.province.behind:
        yield (
            "加快滞后项目建设",
            "请有关市对慢序时进度项目逐个分析原因，明确责任人和完成时限，"
            "倒排工期、挂图作战，尽快达到序时进度。",
        )
    if MATCHING in late:
        text = "请有关市、县（市、区）会同财政部门抓紧落实市县配套资金，确保足额到位、专款专用。"
        yield "落实市县配套资金", text
    if month.province.held:
        text = "请有关市抓紧解决暂停项目存在的问题，具备条件后及时恢复建设。"
        yield "推动暂停项目恢复建设", text
    yield from _due_soon(month)
    if text := waiting(month.plan, month.shot):
        yield "做好协调工作", f"{text}。"


def _report_in_time(month: _Month) -> str:
    plan, shot = month.plan, month.shot
    missing = unreported(plan, shot) or still_missing(plan, shot)
    if not missing and not reported_late(month.plan, month.shot):
        return ""
    soon = "请未报送月报的市尽快补报。" if missing else ""
    day = due_day(month.plan, month.shot.period)
    return f"{soon}请各市于每月{day}日前报送月报。" if day else soon


def _due_soon(month: _Month) -> Iterator[tuple[str, str]]:
    asked, ours = upcoming(month.plan, month.shot, month_after(month.shot.as_of), "请于")
    if asked:
        yield "抓好近期到期事项", f"{asked}。请有关市、县（市、区）抓紧安排。"
    if ours:
        office = month.plan.office(Level.PROVINCE)
        yield "配合做好省级工作", f"{office}近期组织办理：{ours}。请各市做好配合。"


def _behind(month: _Month) -> PaperBlock:
    heads = (*HEADS, "未达序时原因", "责任人")
    why = {item.project.code: reasons(month.plan, item) for item in month.province.behind}
    projects = in_order(month.plan, (item.project for item in month.province.behind))
    rows = tuple(
        (*line[:-1], why[project.code], line[-1])
        for project, line in zip(projects, _lines(month, projects), strict=True)
    )
    widths = (0.6, 0.9, 1, 2, 0.9, 0.9, 1.1, 2.8, 1)
    return PaperTable(heads, rows, widths=widths) if rows else NONE


def _on_schedule(month: _Month) -> PaperBlock:
    rows = tuple(_lines(month, in_order(month.plan, month.province.on_schedule)))
    heads = (*HEADS, "责任人")
    return PaperTable(heads, rows, widths=(0.6, 0.9, 1, 3, 0.9, 0.9, 1.2, 1.2)) if rows else NONE


def _lines(month: _Month, projects: Sequence[ProjectShot]) -> Iterator[tuple[str, ...]]:
    for number, item in enumerate(projects, 1):
        done = (percent_done(item, month.shot.period), invested_in(item))
        place = (item.city, item.county, item.name, stage_name(month.plan, item))
        yield (str(number), *place, *done, responsible(item))
