"""The monthly bulletin (月通报, 五(五)): how the works go on, by city, and what stands in the way.

It says nothing but what the month-end snapshots say; what they do not know, it leaves out or calls
not reported. A draft: people number and sign it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from common.errors import RefusedError
from common.words import NOT_STATED, amount, month_name, percent, short_date
from documents.lists.curves import counted_graphs, money_graphs
from documents.papers.letters import OPENNESS
from documents.papers.progress_words import (
    brief,
    draft_number,
    everywhere,
    in_order,
    invested_in,
    month_after,
    months_named,
    next_reports,
    notice,
    of_matching,
    overall,
    overdue,
    own,
    percent_done,
    reasons,
    responsible,
    sections,
    upcoming,
    waiting,
)
from documents.writing.blocks import (
    Annex,
    Graph,
    GraphPairs,
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
    falls_due,
    figures,
    problems,
    rate,
    reported,
    reported_late,
    still_missing,
    unentered,
    unreported,
)
from states.series import YearCourses, courses
from states.snapshot import ProjectShot, Snapshot
from states.workdays import DAY

HEADS = ("序号", "市", "县（市、区）", "项目名称", "形象进度", "完成投资（万元）")
SLOW = "未达序时进度项目"
NO_PROBLEMS = "没有未达序时进度项目，没有需要通报的逾期事项。"
GO_ON = "请各市按照时间节点继续抓好各项建设任务的落实，做好项目运营。"
BEHIND = (
    "说明：应由市、县（市、区）办理的事项到《实施方案》规定的时限尚未完成，或者当月月报反映未达序时"
    "进度的，列入本表；{upper}办理的事项、建议时限和暂停的项目不列入。"
)
CURVES = "图中计划按项目时限逐月累计，预测按近期速度推算，仅供参考。"
GRAPHS = 6
"""So many stand in one picture, two by two: half a page."""
SAYS_NOTHING = {NOT_STATED, "0", "0.0", "0.00"}
"""A column of a table in which nothing else stands is left out."""


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
    signed: date
    """The first day on which it can be signed."""

    @property
    def shot(self) -> Snapshot:
        return self.shots[-1]

    @property
    def name(self) -> str:
        """``5月份``."""
        return f"{int(self.shot.period[5:])}月份"

    @property
    def since(self) -> str:
        """The end of the month before: ``4月末``."""
        earlier = self.shots[-2].period if len(self.shots) > 1 else self.shot.period
        month = f"{int(earlier[5:])}月末"
        return month if earlier[:4] == self.shot.period[:4] else f"{earlier[:4]}年{month}"


def bulletin(
    plan: Plan, shots: Sequence[Snapshot], proof: str = "", signed: date | None = None
) -> PaperText:
    """The bulletin of the last month of `shots`, which hold every month so far, oldest first.

    `proof` is what the trail can later be held against, e.g. 第1234条，校验码 1234-7F3A-91C2.
    `signed` is the first day on which it can be signed, by default the next one: whoever owes
    something that is due before it is not praised, and nothing is asked for by an earlier day.
    RefusedError when the plan has no bulletins.
    """
    if plan.bulletin is None:
        raise RefusedError(f"“{plan.name}”没有规定逐月通报")
    month = _month(plan, shots, signed or shots[-1].as_of + DAY)
    what = f"{plan.programme}进展情况"
    office = plan.office(Level.PROVINCE)
    return PaperText(
        title=f"{office}关于{month_name(month.shot.period)}份{what}的通报",
        addressee=plan.office(Level.CITY, plan.said("各市")),
        paragraphs=(
            f"按照{notice(plan)}要求，现将{month.name}{what}通报如下。",
            Heading("一、总体进展"),
            *_overall(month),
            Heading(plan.said("二、各市情况")),
            *_cities(month),
            Heading("三、存在问题"),
            *sections(_problems(month), _no_problems(month)),
            Heading("四、下一步要求"),
            *sections(_steps(month), plan.said(GO_ON)),
            *([f"（记录核验：{proof}）"] if proof else []),
            OPENNESS,
        ),
        sender=office,
        annexes=tuple(_behind(month)),
        number=draft_number(plan, month.shot.as_of),
    )


def _month(plan: Plan, shots: Sequence[Snapshot], signed: date) -> _Month:
    before = figures(plan, shots[-2]) if len(shots) > 1 else None
    province = figures(plan, shots[-1])
    drawn = courses(plan, shots) if plan.curves else None
    return _Month(plan, shots, province, before, by_city(plan, shots[-1]), drawn, signed)


def _overall(month: _Month) -> Iterator[PaperBlock]:
    *told, last = overall(month.plan, month.province, month.before, month.since, month.shot)
    yield from told
    yield f"{last}{_held(month)}"
    drawn = tuple(_graphs(month))
    for number, first in enumerate(range(0, len(drawn), GRAPHS), 1):
        caption = f"图{number}　{everywhere(month.plan)}进展曲线"
        yield GraphPairs(caption, drawn[first : first + GRAPHS])
    yield from [CURVES] if drawn else []


def _graphs(month: _Month) -> Iterator[Graph]:
    """How far the projects are, the money, and of each count how it should, does and may go."""
    if (graph := _graph(month)).series:
        yield graph
    if month.curves:
        yield from money_graphs(month.curves, month.plan.province)
        for counted in counted_graphs(month.curves, month.plan.province):
            if _has_begun(counted, month.curves.latest):
                yield counted


def _has_begun(graph: Graph, latest: int) -> bool:
    """Whether anything has come about, or should have, by the latest month."""
    return any(value for series in graph.series for value in series.values[: latest + 1])


def _held(month: _Month) -> str:
    held = in_order(month.plan, month.province.held)
    names = "、".join(f"{item.city}{item.county}{item.name}" for item in held)
    return f"暂停的项目为{names}。" if names else ""


def _graph(month: _Month) -> Graph:
    rates = [figures(month.plan, shot).reached for shot in month.shots]
    base = "在册项目" if month.province.quota is None else "任务数"
    return Graph(
        caption=f"{everywhere(month.plan)}项目进展曲线（占{base}的比例）",
        categories=tuple(f"{int(shot.period[5:])}月" for shot in month.shots),
        series=tuple(
            Series(item.label, tuple(each[index].rate for each in rates))
            for index, item in enumerate(month.province.reached)
            if any(each[index].count for each in rates)
        ),
        unit="%",
    )


def _cities(month: _Month) -> Iterator[PaperBlock]:
    yield from filter(None, (_ahead_of_others(month), _lagging(month)))
    tables = filter(None, (_counts(month), _money(month)))
    for number, table in enumerate(tables, 1):
        yield replace(table, caption=f"表{number}　{table.caption}")


MONEY = ("市", "投资总额", "完成投资", "省补核算", "省补到位", "配套承诺", "配套到位", "支出")


def _counts(month: _Month) -> PaperTable | None:
    labels = (item.label for item in month.province.reached)
    heads = (month.plan.said("市"), "任务数", "项目数", *labels, "达到序时", "未达序时", "暂停")
    return _table(month, heads, _count_row, month.plan.said("各市项目进展情况（单位：个）"))


def _count_row(found: MonthFigures) -> tuple[str, ...]:
    counts = (item.count for item in found.reached)
    groups = (found.on_schedule, found.behind, found.held)
    quota = NOT_STATED if found.quota is None else str(found.quota)
    return (quota, str(found.projects), *map(str, counts), *(str(len(each)) for each in groups))


def _money(month: _Month) -> PaperTable | None:
    said = tuple(map(month.plan.said, MONEY))
    return _table(
        month, said, _money_row, month.plan.said("各市投资和资金情况（单位：万元，四舍五入）")
    )


def _money_row(found: MonthFigures) -> tuple[str, ...]:
    done = found.invested if found.reporting else None
    sums = (
        *(found.investment, done, found.subsidy, found.received),
        *(found.promised, found.matched, found.spent),
    )
    return tuple(NOT_STATED if each is None else amount(each) for each in sums)


def _table(
    month: _Month,
    heads: tuple[str, ...],
    row: Callable[[MonthFigures], tuple[str, ...]],
    caption: str,
) -> PaperTable | None:
    """The cities and their sum; without the columns in which nothing stands, None without any."""
    rows = [(found.place, *row(found)) for found in month.cities]
    return without_empty(
        PaperTable(heads, (*rows, (everywhere(month.plan), *row(month.province))), caption)
    )


def without_empty(table: PaperTable) -> PaperTable | None:
    """The table without the columns that say nothing; None where only the first one does."""
    columns = list(zip(table.heads, *table.rows, strict=True))
    kept = [n for n, column in enumerate(columns) if not n or set(column[1:]) - SAYS_NOTHING]
    if len(kept) < 2:
        return None
    return PaperTable(
        tuple(table.heads[n] for n in kept),
        tuple(tuple(row[n] for n in kept) for row in table.rows),
        table.caption,
        tuple(table.widths[n] for n in kept) if table.widths else (),
    )


def _ahead_of_others(month: _Month) -> str:
    """The cities without anything to complain of; a list of all of them praises nobody.

    Nor is anybody praised who owes what falls due before the paper can be signed.
    """
    plan, shot = month.plan, month.shot
    late = {*unreported(plan, shot), *still_missing(plan, shot), *unentered(plan, shot)}
    late |= {item.subject for item in reported_late(plan, shot)}
    late |= {item.city for item in falls_due(plan, shot, month.signed)}
    good = [
        found.place
        for found in month.cities
        if found.projects and not (found.behind or found.late or found.held or found.place in late)
    ]
    if not good:
        return ""
    who = plan.said("各市") if len(good) == len(month.cities) else "、".join(good)
    in_time = "，月报按时报送" if set(good) <= reported(plan, shot) else ""
    return f"{who}项目均达到序时进度，没有逾期事项{in_time}。"


def _lagging(month: _Month) -> str:
    """The cities with projects behind, the largest share first."""
    behind = [found for found in month.cities if found.behind]
    behind.sort(key=lambda found: Fraction(len(found.behind), found.projects), reverse=True)
    told = "、".join(
        f"{found.place}{count}个（占{percent(rate(count, found.projects))}）"
        for found in behind
        for count in [len(found.behind)]
    )
    head = month.plan.said(f"{SLOW}占本市在册项目的比例由高到低为")
    return f"{head}：{told}。" if told else ""


def _no_problems(month: _Month) -> str:
    in_time = bool(reported(month.plan, month.shot))
    reports = month.plan.said("各市月报均已按时报送，")
    return f"{reports}{NO_PROBLEMS}" if in_time else NO_PROBLEMS


def _problems(month: _Month) -> Iterator[tuple[str, str]]:
    plan, shot = month.plan, month.shot
    if text := _reports(month):
        yield "月报报送不及时", text
    if paper := unentered(plan, shot):
        told = f"{'、'.join(paper)}{int(shot.period[5:])}月份月报已书面报送，内容尚未录入"
        yield "部分月报尚未录入", f"{told}，其项目当月进度和投资未计入本通报。"
    for rule, late in problems(plan, month.province):
        yield overdue(plan, rule, late, shot)
    if behind := month.province.behind:
        text = f"{SLOW}共{len(behind)}个，名单和原因见附件。"
        yield "部分项目进度滞后", text


def _reports(month: _Month) -> str:
    told = []
    if missing := unreported(month.plan, month.shot):
        day = short_date(month.shot.as_of)
        told.append(f"截至{day}，{'、'.join(missing)}未报送{month.name}月报。")
    if earlier := _still_missing(month):
        told.append(f"{earlier}月报至今未报送。")
    late = "、".join(
        f"{item.subject}于{short_date(item.fulfilled_on)}"
        for item in reported_late(month.plan, month.shot)
        if item.fulfilled_on
    )
    return "".join([*told, *([f"{late}报送{month.name}月报，晚于规定时间。"] if late else [])])


def _still_missing(month: _Month) -> str:
    """``阳泉市3月份、4月份，长治市5月份``."""
    owed = still_missing(month.plan, month.shot).items()
    return "，".join(f"{city}{months_named(each, month.shot.period)}" for city, each in owed)


def _steps(month: _Month) -> Iterator[tuple[str, str]]:
    found = problems(month.plan, month.province)
    if text := _report_in_time(month):
        yield "按时报送月报", text
    if found:
        yield "抓紧补办逾期事项", _catch_up(month)
    elif month.province.behind:
        yield "加快滞后项目建设", _hurry(month)
    if month.province.held:
        text = month.plan.said("请有关市抓紧解决暂停项目存在的问题，具备条件后及时恢复建设。")
        yield "推动暂停项目恢复建设", text
    yield from _due_soon(month)
    if text := waiting(month.plan, month.shot):
        yield "做好资金衔接", f"{text}。"


def _catch_up(month: _Month) -> str:
    """What is to be made up for, without a day that has passed."""
    found = problems(month.plan, month.province)
    what = "、".join(dict.fromkeys(brief(rule) for rule, _ in found))
    matching = any(of_matching(month.plan, rule) for rule, _ in found)
    money = "配套资金要会同财政部门抓紧落实，确保足额到位、专款专用。" if matching else ""
    return (
        f"{month.plan.said('请有关市督促责任单位')}尽快{what}。{money}"
        f"{_hurry(month) if month.province.behind else ''}"
        f"请将整改措施、责任人和完成时限书面报送{own(month.plan)}。"
    )


def _hurry(month: _Month) -> str:
    return month.plan.said(
        f"对{SLOW}，请有关市逐个分析原因，倒排工期、加快建设，尽快达到序时进度。"
    )


def _report_in_time(month: _Month) -> str:
    plan, shot = month.plan, month.shot
    missing = dict.fromkeys((*unreported(plan, shot), *still_missing(plan, shot)))
    paper = unentered(plan, shot)
    if not (missing or paper or reported_late(plan, shot)):
        return ""
    owing = [city.name for city in plan.cities if city.name in missing]
    soon = f"请{'、'.join(owing)}尽快补报月报。" if owing else ""
    soon += f"请{'、'.join(paper)}尽快补录书面报送的月报内容。" if paper else ""
    following = next_reports(plan, shot.period)
    return f"{soon}{plan.said('请各市')}于{following}。" if following else soon


def _due_soon(month: _Month) -> Iterator[tuple[str, str]]:
    told = upcoming(month.plan, month.shot, month_after(month.shot.as_of), month.signed)
    whom = month.plan.said("请有关市、县（市、区）")
    asked = f"{whom}抓紧安排，{told.asked}。" if told.asked else ""
    if told.passing:
        asked = f"{told.passing}，{whom}抓紧办理。{asked}"
    if asked:
        yield "抓好近期到期事项", asked
    if told.suggested:
        yield "推进建议时限内的工作", f"《实施方案》未明确日期的事项，{told.suggested}。"
    if told.own:
        text = f"{told.own}，{month.plan.said('请各市做好配合')}。"
        yield f"配合做好{month.plan.upper}工作", text


def _behind(month: _Month) -> Iterator[Annex]:
    """Those behind in full; the others are counted in the tables."""
    heads = (*map(month.plan.said, HEADS), "滞后事项及原因", "责任人")
    why = {
        item.project.code: reasons(month.plan, item, month.shot.as_of)
        for item in month.province.behind
    }
    projects = in_order(month.plan, (item.project for item in month.province.behind))
    rows = tuple(
        (*line[:-1], why[project.code], line[-1])
        for project, line in zip(projects, _lines(month, projects), strict=True)
    )
    table = PaperTable(heads, rows, widths=(0.6, 0.9, 1.1, 2.4, 1.2, 1.1, 3.8, 1.1))
    if rows and (shown := without_empty(table)):
        others = len(month.province.on_schedule)
        rest = (
            f"其余{others}个项目达到序时进度，{month.plan.said('各市')}数量见正文表1。"
            if others
            else ""
        )
        yield Annex(
            SLOW, (f"{month.plan.said(BEHIND).format(upper=month.plan.upper)}{rest}", shown)
        )


def _lines(month: _Month, projects: Sequence[ProjectShot]) -> Iterator[tuple[str, ...]]:
    for number, item in enumerate(projects, 1):
        done = (percent_done(item, month.shot.period), invested_in(item))
        place = (item.city, item.county, item.name)
        yield (str(number), *place, *done, responsible(item))
