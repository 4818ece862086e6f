"""How progress, money and lateness are told in the papers of the year (通报, 函)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from common.words import (
    NOT_STATED,
    amount,
    date_beside,
    for_paper,
    long_date,
    month_name,
    numeral,
    percent,
    short_date,
)
from documents.writing.blocks import Heading, PaperBlock
from policy.actions import LedgerFact
from policy.schema import Plan
from policy.timing import DeadlineRule, TimedRule
from policy.vocabulary import Disposition, Level, SubjectKind
from states.figures import (
    LaggingProject,
    MonthFigures,
    UpcomingDeadline,
    ahead,
    coordinating,
    is_of,
    of_the_province,
)
from states.ledger import short, total
from states.reporting import finished_on
from states.snapshot import DeadlineShot, ProjectShot, Snapshot
from states.targets import of_place

NOT_SAID = "通知未定"
"""Said of what the notice leaves open (A33)."""
MOST_NAMED = 1
"""More projects than these are counted by city, and named in the annex only."""
LONGEST_ECHO = 4
"""Signs of a 简称 that is said a second time in a sentence; a longer one is 完成."""


def notice(plan: Plan) -> str:
    """The notice as papers cite it: ``《…〈…〉的通知》（晋民发〔2023〕7号）``."""
    inner = plan.notice.title.replace("《", "〈").replace("》", "〉")
    return f"《{inner}》（{plan.notice.number}）"


def own(plan: Plan) -> str:
    """What the office that signs calls itself: 我厅 or 我局."""
    office = plan.office(Level.PROVINCE)
    return f"我{office[-1]}" if office.endswith(("厅", "局", "委")) else "我单位"


def everywhere(plan: Plan) -> str:
    """``全省``, ``全市`` or ``全区``."""
    return f"全{plan.province[-1]}"


def draft_number(plan: Plan, as_of: date) -> str:
    """文号 as far as it is known: ``晋民函〔2023〕　　号``; empty where the plan has no 代字."""
    return f"{plan.paper_code}〔{as_of.year}〕　　号" if plan.paper_code else ""


def sections(told: Iterable[tuple[str, str]], otherwise: str) -> Iterator[PaperBlock]:
    """Each heading as ``（一）…``, and its text below it; of one alone, only the text.

    `otherwise` is said where there is none.
    """
    found = list(told)
    for count, (heading, text) in enumerate(found, 1):
        if len(found) > 1:
            yield Heading(f"（{numeral(count)}）{heading}", 2)
        yield text
    if not found:
        yield otherwise


def change(now: Decimal | int, before: Decimal | int | None, since: str, unit: str) -> str:
    """``，较4月末增加3个``; empty where it is not known how it was before."""
    if before is None:
        return ""
    if now == before:
        return f"，与{since}持平"
    told = abs(now - before)
    words = amount(told) if isinstance(told, Decimal) else str(told)
    return f"，较{since}{'增加' if now > before else '减少'}{words}{unit}"


def overall(
    plan: Plan, found: MonthFigures, before: MonthFigures | None, since: str, shot: Snapshot
) -> Iterator[str]:
    """How projects, investment, money and schedule stand, and what that adds to the earlier day."""
    whose = everywhere(plan) if found.place == plan.province else plan.said("贵市")
    come = reached(plan, found, before, since)
    come = f"{come}。" if come else ""
    yield f"截至{long_date(shot.as_of)}，{_going(found, whose)}。{come}"
    place = "" if found.place == plan.province else found.place
    if aims := of_place(shot.targets, place):
        yield f"目标完成情况：{'；'.join(figure.said for figure in aims)}。"
    if not found.projects:
        return
    yield f"投资完成情况：{invested(found, before, since)}。"
    if told := funds(plan, found, before, since):
        yield f"资金到位情况：{told}。"
    yield f"序时进度情况：{schedule(found)}。"


def _going(found: MonthFigures, whose: str) -> str:
    """How many projects there are, of how many."""
    tasks = "" if found.quota is None else f"任务{found.quota}个，"
    held = f"（其中暂停{len(found.held)}个）" if found.held else ""
    return f"{whose}{tasks}在册项目{found.projects}个{held}"


def reached(plan: Plan, found: MonthFigures, before: MonthFigures | None, since: str) -> str:
    """How many projects have come how far, and what that adds to the earlier day."""
    told, none = [], []
    base = "在册项目" if found.quota is None else "任务数"
    for index, (item, verb) in enumerate(zip(found.reached, _verbs(plan), strict=True)):
        earlier = before.reached[index].count if before else None
        if not item.count and not earlier:
            none.append(verb)
            continue
        share = "" if item.rate is None else f"，占{base}的{percent(item.rate)}"
        told.append(f"{verb}{item.count}个{share}{change(item.count, earlier, since, '个')}")
    rest = [f"尚无项目{_or(none)}"] if none else []
    return "；".join([*told, *rest])


def _verbs(plan: Plan) -> list[str]:
    return [curve.says or curve.label for curve in plan.curves.counted] if plan.curves else []


def _or(words: Sequence[str]) -> str:
    """``竣工、通过验收或投入运营``."""
    *first, last = words
    return f"{'、'.join(first)}或{last}" if first else last


def invested(found: MonthFigures, before: MonthFigures | None, since: str) -> str:
    """完成投资, as far as it has been reported."""
    whole = found.investment
    head = "项目投资总额尚未填报" if whole is None else f"项目投资总额{amount(whole)}万元"
    if not found.reporting:
        return f"{head}，累计完成投资尚无上报数据"
    partly = f"（{found.reporting}个项目有上报数据）" if found.reporting < found.projects else ""
    earlier = before.invested if before and before.reporting else None
    share = "" if found.invested_rate is None else f"，占投资总额的{percent(found.invested_rate)}"
    more = change(found.invested, earlier, since, "万元")
    return f"{head}，累计完成投资{amount(found.invested)}万元{partly}{share}{more}"


def funds(plan: Plan, found: MonthFigures, before: MonthFigures | None, since: str) -> str:
    """What has come in of the province's and the local money, and what was spent.

    Neutral in tone: what 省财政厅 has still to do is nobody's fault here. What is not stated is
    said to be so and is never 0.00 (A33); a kind of money that the plan lacks is left out.
    """
    told = (
        _of_the_province(plan, found, before, since),
        _local(plan, found, before, since),
        _spent(found, before, since),
    )
    return "；".join(filter(None, told))


def _of_the_province(
    plan: Plan, found: MonthFigures, before: MonthFigures | None, since: str
) -> str:
    received = change(found.received, before.received if before else None, since, "万元")
    came = f"，到位{amount(found.received)}万元{_share(found.received_rate)}{received}"
    released = f"，已下达{amount(found.released)}万元" if found.released else "，尚未下达"
    if found.subsidy is None:
        head = "尚无可核算的项目" if subsidy_stated(plan) else f"标准{NOT_SAID}"
        released = released if found.released else ""
        told = f"{plan.said('省级补助')}{head}{released}{came if found.received else ''}"
        return f"{told}{_by_fund(plan, found)}"
    head = f"{plan.said('省级补助资金')}按标准核算{amount(found.subsidy)}万元"
    return f"{head}{released}{came if found.received else ''}{_by_fund(plan, found)}"


def _by_fund(plan: Plan, found: MonthFigures) -> str:
    """``（其中中央补助60万元，已下达60万元，到位30万元；…）``, where funds are told apart."""
    parts = []
    for each in found.funds:
        due = NOT_SAID if each.due is None else f"{amount(each.due)}万元"
        released = f"已下达{amount(each.released)}万元" if each.released else "尚未下达"
        came = f"，到位{amount(each.received)}万元" if each.received else ""
        parts.append(f"{plan.purse_name(each.fund)}{due}，{released}{came}")
    return f"（其中{'；'.join(parts)}）" if parts else ""


def subsidy_stated(plan: Plan) -> bool:
    """Whether the notice says how much the province gives."""
    return any(rule.basis != "not_stated" for rule in plan.subsidies)


def _local(plan: Plan, found: MonthFigures, before: MonthFigures | None, since: str) -> str:
    if found.promised is None and not found.matched:
        asked = any(_matched(milestone.ledger) for milestone in plan.milestones)
        return plan.said("市县配套资金承诺数尚未填报") if asked else ""
    matched = change(found.matched, before.matched if before else None, since, "万元")
    came = f"到位{amount(found.matched)}万元{_share(found.matched_rate)}{matched}"
    owed = "数尚未填报" if found.promised is None else f"{amount(found.promised)}万元"
    return f"{plan.said('市县配套资金')}承诺{owed}，{came if found.matched else '尚未到位'}"


def _spent(found: MonthFigures, before: MonthFigures | None, since: str) -> str:
    spent = change(found.spent, before.spent if before else None, since, "万元")
    return f"累计支出{amount(found.spent)}万元{spent}" if found.spent else "尚无支出"


def schedule(found: MonthFigures) -> str:
    """How many projects are on schedule, behind and on hold."""
    held = f"；暂停{len(found.held)}个，不列入序时进度统计" if found.held else ""
    return f"达到序时进度的项目{len(found.on_schedule)}个，未达到的{len(found.behind)}个{held}"


def brief(rule: TimedRule) -> str:
    """What a rule asks for, in few words: ``开工``; else 完成 and its title."""
    return rule.brief or f"完成“{rule.title}”"


def of_matching(plan: Plan, rule: TimedRule) -> bool:
    """Whether a rule asks for 市县配套 and nothing else."""
    facts = {milestone.id: milestone.ledger for milestone in plan.milestones}
    needed = [facts.get(name) for name in rule.fulfilled_by.get(SubjectKind.PROJECT, ())]
    return bool(needed) and all(map(_matched, needed))


def overdue(
    plan: Plan, rule: TimedRule, late: Sequence[DeadlineShot], shot: Snapshot, whole: bool = True
) -> tuple[str, str]:
    """What is not done in time under one rule: a heading, and who has not done it.

    Money with what it lacks. `whole`: whether it speaks of several cities, which are then named.
    """
    text = _lateness(plan, rule, late, shot, whole)
    if of_matching(plan, rule) and (gap := _missing(late, shot)):
        text = f"{text.removesuffix('。')}，共尚差{amount(gap)}万元。"
    some = (
        "部分项目"
        if any(item.kind is SubjectKind.PROJECT for item in late)
        else plan.said("部分市")
    )
    # Of what is due today people read tomorrow; until then nobody calls it late.
    passed = all(item.overdue_after and item.overdue_after < shot.as_of for item in late)
    return f"{some if whole else ''}{'逾期' if passed else '未按时'}{_not(rule, passed)}", text


def _not(rule: TimedRule, passed: bool) -> str:
    return f"未{brief(rule)}" if passed else brief(rule)


def waiting(plan: Plan, shot: Snapshot, whole: bool = True) -> str:
    """What waits for bodies outside the notice, and who sees to it; nobody is blamed for it.

    To a city's government only what its own bodies can do is said as something to be done.
    """
    told = []
    for rule, count in coordinating(plan, shot):
        body = plan.bodies[rule.responsible].name
        if of_the_province(plan, rule.responsible):
            told.append(f"有{count}个项目尚待{body}{brief(rule)}，{own(plan)}正与{body}衔接")
        elif whole:
            asked = f"{plan.said('请有关市')}、{plan.county_bureaus}商{body}抓紧办理"
            told.append(f"有{count}个项目尚待{body}{brief(rule)}，{asked}")
        else:
            told.append(
                f"有{count}个项目尚待{body}{brief(rule)}，{plan.said('建议贵市')}协调抓紧办理"
            )
    return "；".join(told)


def next_reports(plan: Plan, period: str) -> str:
    """``每月25日前报送当月月报``; empty when none is due any more after a month's."""
    duty = next((item for item in plan.duties if plan.report and item.id == plan.report.duty), None)
    monthly = duty.monthly if duty else None
    if monthly is None or period >= monthly.last:
        return ""
    by = "底" if monthly.due_day == "last" else f"{monthly.due_day}日"
    which = ("当月", "上月")[monthly.month] if monthly.month < 2 else f"{monthly.month}个月前"
    return f"每月{by}前报送{which}月报"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What falls due by a day, in words; each may be empty."""

    asked: str
    """Of others, by the notice and by a day to come."""
    passing: str
    """The same, by a day that has passed once it can be signed: by it nothing is asked for."""
    suggested: str
    """What is only suggested to them (A30)."""
    own: str
    """What those above the cities do themselves, and who of them: ``我厅拟于6—7月开展年中督查``."""


def upcoming(plan: Plan, shot: Snapshot, until: date, signed: date, whole: bool = True) -> Outlook:
    """What falls due by a day, told in a paper that can first be `signed` on a day (A22).

    `whole`: as for `overdue`.
    """
    found, day = ahead(plan, shot, until), shot.as_of
    ours = [item for item in found if of_the_province(plan, item.rule.responsible)]
    theirs = [item for item in found if item not in ours]
    stated = [item for item in theirs if not item.proposed]
    return Outlook(
        asked="；".join(_to_come(plan, it, day, whole) for it in stated if it.by >= signed),
        passing="；".join(_passing(plan, it, day, whole) for it in stated if it.by < signed),
        suggested="；".join(
            _suggested(plan, it, day, signed, whole) for it in theirs if it.proposed
        ),
        own=_of_ours(plan, [item for item in ours if item.by >= signed]),
    )


def months_named(periods: Sequence[str], of: str) -> str:
    """``3月份、4月份``; with its year where it is not that of the month `of`."""
    return "、".join(
        f"{int(each[5:])}月份" if each[:4] == of[:4] else f"{month_name(each)}份"
        for each in periods
    )


def month_after(day: date) -> date:
    """The last day of the month after a day's."""
    first = date(day.year + (day.month + 1) // 12, (day.month + 1) % 12 + 1, 1)
    return first - timedelta(days=1)


def _lateness(
    plan: Plan, rule: TimedRule, late: Sequence[DeadlineShot], shot: Snapshot, whole: bool
) -> str:
    """Which projects, by city, and which cities have not done something in time."""
    own = [item for item in late if item.kind is SubjectKind.PROJECT]
    others = [item for item in late if item not in own]
    days = "、".join(date_beside(day, shot.as_of) for day in sorted({_day(item) for item in late}))
    head = f"按要求应于{days}前{brief(rule)}，截至{short_date(shot.as_of)}"
    if not isinstance(rule, DeadlineRule):
        head = f"按要求应按期{brief(rule)}，截至{short_date(shot.as_of)}"
    if not whole and not own:
        often = f"有{_times(rule, others)}" if _times(rule, others) else ""
        return f"{head}尚{often}{_echo(rule)}。"
    told = [f"{len(own)}个项目{_echo(rule)}：{_projects(plan, own, shot, whole)}"] if own else []
    told += [_of_cities(plan, rule, others)] if others and whole else []
    return f"{head}仍有{'；另有'.join(told)}。"


def _echo(rule: TimedRule) -> str:
    """``未开工``; of what takes more words, ``未完成``."""
    said = brief(rule)
    return f"未{said}" if len(said) <= LONGEST_ECHO else "未完成"


def _of_cities(plan: Plan, rule: TimedRule, late: Sequence[DeadlineShot]) -> str:
    """``2个市未申报：…``; of what recurs, with how often."""
    cities = list(_by_city(plan, late))
    named = "、".join(f"{city}{_times(rule, items)}" for city, items in cities)
    return f"{len(cities)}个{plan.said('市')}{_echo(rule)}：{named}"


def _times(rule: TimedRule, late: Sequence[DeadlineShot]) -> str:
    return "" if isinstance(rule, DeadlineRule) else f"{len(late)}期"


def _projects(plan: Plan, late: Sequence[DeadlineShot], shot: Snapshot, whole: bool) -> str:
    known = {item.code: item for item in shot.projects}
    told = []
    for city, items in _by_city(plan, late):
        mine = [known[item.subject] for item in items]
        told.append(_of_city(city, mine, len(late) <= MOST_NAMED) if whole else _names(mine))
    return "，".join(told)


def _missing(late: Sequence[DeadlineShot], shot: Snapshot) -> Decimal:
    """What is promised to some projects by city and county and has not come in, 元."""
    codes = {item.subject for item in late}
    return total(short(it.promised, it.received) for it in shot.projects if it.code in codes)


def _left(plan: Plan, item: UpcomingDeadline, whole: bool) -> str:
    """``尚有3个项目未开工，其中1个待研究确定``; ``尚有1个项目未开工，待研究确定``."""
    unit = "项目" if item.kind is SubjectKind.PROJECT else plan.said("市")
    counted = whole or item.kind is SubjectKind.PROJECT
    left = f"尚{f'有{item.count}个{unit}' if counted else ''}{_echo(item.rule)}"
    if not item.waiting or not counted:
        return left
    if [count for _, count in item.waiting] == [item.count]:
        return f"{left}，待{item.waiting[0][0]}"
    waiting = "、".join(f"{count}个待{label}" for label, count in item.waiting)
    among = "其中" if sum(count for _, count in item.waiting) < item.count else ""
    return f"{left}，{among}{waiting}"


def _to_come(plan: Plan, item: UpcomingDeadline, as_of: date, whole: bool) -> str:
    return f"于{date_beside(item.by, as_of)}前{brief(item.rule)}（{_left(plan, item, whole)}）"


def _passing(plan: Plan, item: UpcomingDeadline, as_of: date, whole: bool) -> str:
    return f"{date_beside(item.by, as_of)}前应{brief(item.rule)}，{_left(plan, item, whole)}"


def _suggested(plan: Plan, item: UpcomingDeadline, as_of: date, signed: date, whole: bool) -> str:
    if item.by >= signed:
        return f"建议{_to_come(plan, item, as_of, whole)}"
    by = date_beside(item.by, as_of)
    return f"建议时限为{by}的{brief(item.rule)}，{_left(plan, item, whole)}，请抓紧"


def _of_ours(plan: Plan, found: Sequence[UpcomingDeadline]) -> str:
    """Each level above the cities by itself: what a region has to do is not ours who sign."""
    told: dict[str, dict[str, None]] = {}
    for item in found:
        level = plan.bodies[item.rule.responsible].reached_at
        who = plan.level_name(level) if level is Level.REGION else own(plan)
        told.setdefault(who, {})[_intended(item)] = None
    return "；".join(f"{who}拟于{'，'.join(what)}" for who, what in told.items())


def _intended(item: UpcomingDeadline) -> str:
    """What the province will do: ``6—7月开展年中督查``."""
    return f"{_window(item.rule.not_before, item.by)}{brief(item.rule)}"


def _window(first: date | None, last: date) -> str:
    """``6—7月``, ``12月1日至10日``; ``6月30日前`` where it is not said from when."""
    if first is None or first > last or first.year != last.year:
        return f"{short_date(last)}前"
    if first.day == 1 and (last + timedelta(days=1)).day == 1:
        return f"{first.month}月" if first.month == last.month else f"{first.month}—{last.month}月"
    end = f"{last.day}日" if first.month == last.month else short_date(last)
    return f"{short_date(first)}至{end}"


def reasons(plan: Plan, item: LaggingProject, as_of: date) -> str:
    """What a project is behind with by the notice, and what its report says."""
    owed = [
        (f"{date_beside(_day(late), as_of)}前{brief(rule)}", _echo(rule))
        for late in item.late
        for rule in plan.timed_rules
        if is_of(rule, late)
    ]
    left = f"尚{owed[0][1]}" if len(owed) == 1 else "均未完成"
    told = [f"应于{'、'.join(said for said, _ in owed)}，{left}"] if owed else []
    problem = for_paper(item.problem)
    return "；".join([*told, *([f"月报反映：{problem}"] if problem else [])])


def percent_done(project: ProjectShot, period: str) -> str:
    """形象进度 as last reported; with its month where that is an earlier one."""
    if not project.progress:
        return NOT_STATED
    last = project.progress[-1]
    earlier = "" if last.period == period else f"（{int(last.period[5:])}月）"
    return f"{last.percent}%{earlier}"


def invested_in(project: ProjectShot) -> str:
    """累计完成投资 as last reported, 万元."""
    return NOT_STATED if project.invested is None else amount(project.invested)


def stage_name(plan: Plan, project: ProjectShot) -> str:
    """Its stage; 办结 once it is finished, 暂停 while it is on hold."""
    if project.disposition is Disposition.HELD:
        return f"{plan.stage(project.stage).label}（暂停）"
    return "办结" if finished_on(plan, project) else plan.stage(project.stage).label


def responsible(project: ProjectShot) -> str:
    """责任人, without a number."""
    return for_paper(project.responsible) or NOT_STATED


def in_order(plan: Plan, found: Iterable[ProjectShot]) -> list[ProjectShot]:
    """Projects by city in the plan's order, then by code."""
    order = {city.name: index for index, city in enumerate(plan.cities)}
    return sorted(found, key=lambda item: (order.get(item.city, len(order)), item.code))


def _share(value: Decimal | None) -> str:
    return "" if value is None else f"，到位率{percent(value)}"


def _matched(fact: LedgerFact | None) -> bool:
    return fact is not None and fact.fact == "matched"


def _by_city(plan: Plan, late: Sequence[DeadlineShot]) -> Iterator[tuple[str, list[DeadlineShot]]]:
    order = {city.name: index for index, city in enumerate(plan.cities)}
    ordered = sorted(late, key=lambda item: (order.get(item.city, len(order)), item.subject))
    for city, items in groupby(ordered, lambda item: item.city):
        yield city, list(items)


def _of_city(city: str, projects: Sequence[ProjectShot], named: bool) -> str:
    return f"{city}{len(projects)}个{f'（{_names(projects)}）' if named else ''}"


def _names(projects: Sequence[ProjectShot]) -> str:
    return "、".join(f"{item.county}{item.name}" for item in projects)


def _day(item: DeadlineShot) -> date:
    assert item.said is not None  # noqa: S101  # what is overdue has had its day
    return item.said
