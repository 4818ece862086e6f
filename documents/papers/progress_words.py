"""How progress, money and lateness are told in the papers of the year (通报, 反馈函)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from common.words import (
    NOT_STATED,
    amount,
    for_paper,
    long_date,
    month_name,
    numeral,
    percent,
    short_date,
)
from documents.writing.blocks import Heading, PaperBlock
from policy.clauses import Clause
from policy.schema import LedgerFact, Plan
from policy.timing import DeadlineRule, TimedRule
from policy.vocabulary import Disposition, Level, Origin, SubjectKind
from states.figures import (
    LaggingProject,
    MonthFigures,
    UpcomingDeadline,
    ahead,
    coordinating,
    of_the_province,
)
from states.ledger import short, total
from states.reporting import finished_on
from states.snapshot import DeadlineShot, ProjectShot, Snapshot

MATCHING = "市县配套"
PROPOSED = "（通知未定，建议时限）"
MOST_NAMED = 10
"""More projects than these are counted by city, and named in the annex only."""


def basis(plan: Plan, rule: Clause) -> str:
    """The notice and its words: ``《…〈…〉的通知》（晋民发〔2023〕7号）“…”``."""
    inner = plan.notice.title.replace("《", "〈").replace("》", "〉")
    words = "".join(rule.words.split())
    return f"《{inner}》（{plan.notice.number}）关于“{words}”的要求"


def programme(plan: Plan) -> str:
    """The programme's name without its year: ``城镇社区幸福养老提速工程``."""
    return plan.name.removeprefix(f"{plan.year}年")


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
    """``，较上月末增加3个``; empty where it is not known how it was before."""
    if before is None:
        return ""
    if now == before:
        return f"，与{since}持平"
    told = abs(now - before)
    words = amount(told) if isinstance(told, Decimal) else str(told)
    return f"，较{since}{'增加' if now > before else '减少'}{words}{unit}"


def overall(
    found: MonthFigures, before: MonthFigures | None, since: str, as_of: date, whose: str
) -> Iterator[str]:
    """How projects, investment, money and schedule stand, and what that adds to the earlier day."""
    yield f"截至{long_date(as_of)}，{_going(found, whose)}：{reached(found, before, since)}。"
    yield f"投资完成情况：{invested(found, before, since)}。"
    yield f"资金到位情况：{funds(found, before, since)}。"
    yield f"序时进度情况：{schedule(found)}。"


def _going(found: MonthFigures, whose: str) -> str:
    """How many projects there are, of how many."""
    tasks = "" if found.quota is None else f"任务数{found.quota}个，"
    held = f"，其中暂停{len(found.held)}个" if found.held else ""
    return f"{whose}{tasks}项目{found.projects}个{held}"


def reached(found: MonthFigures, before: MonthFigures | None, since: str) -> str:
    """How many projects have come how far, and what that adds to the earlier day."""
    told, none = [], []
    base = "项目数" if found.quota is None else "任务数"
    for index, item in enumerate(found.reached):
        earlier = before.reached[index].count if before else None
        if not item.count and not earlier:
            none.append(item.label)
            continue
        share = "" if item.rate is None else f"，占{base}的{percent(item.rate)}"
        told.append(f"{item.label}{item.count}个{share}{change(item.count, earlier, since, '个')}")
    rest = [f"尚无项目{'、'.join(none)}"] if none else []
    return "；".join([*told, *rest])


def invested(found: MonthFigures, before: MonthFigures | None, since: str) -> str:
    """完成投资, as far as it has been reported."""
    head = f"项目投资总额{amount(found.investment)}万元"
    if not found.reporting:
        return f"{head}，累计完成投资尚无上报数据"
    partly = f"（{found.reporting}个项目有上报数据）" if found.reporting < found.projects else ""
    earlier = before.invested if before and before.reporting else None
    share = "" if found.invested_rate is None else f"，占投资总额的{percent(found.invested_rate)}"
    more = change(found.invested, earlier, since, "万元")
    return f"{head}，累计完成投资{amount(found.invested)}万元{partly}{share}{more}"


def funds(found: MonthFigures, before: MonthFigures | None, since: str) -> str:
    """What has come in of the province's and the local money, and what was spent.

    Neutral in tone: what 省财政厅 has still to do is nobody's fault here.
    """
    received = change(found.received, before.received if before else None, since, "万元")
    matched = change(found.matched, before.matched if before else None, since, "万元")
    spent = change(found.spent, before.spent if before else None, since, "万元")
    released = f"已下达{amount(found.released)}万元" if found.released else "尚未下达"
    came = f"到位{amount(found.received)}万元{_share(found.received_rate)}{received}"
    local = f"到位{amount(found.matched)}万元{_share(found.matched_rate)}{matched}"
    told = (
        f"省级补助资金按标准核算{amount(found.subsidy)}万元，{released}"
        f"{f'，{came}' if found.received else ''}",
        f"市县配套资金承诺{amount(found.promised)}万元，{local if found.matched else '尚未到位'}",
        f"累计支出{amount(found.spent)}万元{spent}" if found.spent else "尚无支出",
    )
    return "；".join(told)


def schedule(found: MonthFigures) -> str:
    """How many projects are on schedule, behind and on hold."""
    held = f"；暂停{len(found.held)}个，不列入序时进度统计" if found.held else ""
    return f"按序时进度项目{len(found.on_schedule)}个，慢序时进度项目{len(found.behind)}个{held}"


def subject_of(plan: Plan, rule: TimedRule) -> str:
    """What is not done in time: ``开工``, ``配套资金到位`` or the rule's title in quotes."""
    by_rule = {curve.by: curve.label for curve in plan.curves.counted} if plan.curves else {}
    if rule.id in by_rule:
        return by_rule[rule.id]
    facts = {milestone.id: milestone.ledger for milestone in plan.milestones}
    needed = [facts.get(name) for name in rule.fulfilled_by.get(SubjectKind.PROJECT, ())]
    return MATCHING if needed and all(map(_matched, needed)) else f"“{rule.title}”"


def overdue(
    plan: Plan, rule: TimedRule, late: Sequence[DeadlineShot], shot: Snapshot, whole: bool = True
) -> tuple[str, str]:
    """What is late under one rule: a heading, and who has not done it; money with what it lacks.

    `whole`: whether it speaks of several cities, which are then named.
    """
    what, text = subject_of(plan, rule), _lateness(plan, rule, late, shot, whole)
    if what == MATCHING:
        short = _missing(late, shot)
        return f"{what}资金逾期未到位", f"{text}尚差{amount(short)}万元。" if short else text
    return f"逾期未{what}" if what != f"“{rule.title}”" else f"逾期未完成{what}", text


def waiting(plan: Plan, shot: Snapshot) -> str:
    """What waits for bodies outside the notice, and who coordinates it; nobody is blamed for it."""
    told = []
    for rule, count in coordinating(plan, shot):
        ours = of_the_province(plan, rule.responsible)
        office = plan.office(Level.PROVINCE) if ours else "当地民政部门"
        told.append(f"“{rule.title}”有{count}个项目待协调，由{office}商有关部门办理")
    return "；".join(told)


def due_day(plan: Plan, period: str) -> int | str | None:
    """By which day of the month the next report is due; None when there is none any more."""
    duty = next((item for item in plan.duties if plan.report and item.id == plan.report.duty), None)
    monthly = duty.monthly if duty else None
    return monthly.due_day if monthly and period < monthly.last else None


def upcoming(
    plan: Plan, shot: Snapshot, until: date, asked: str, whole: bool = True
) -> tuple[str, str]:
    """What falls due by a day: what is asked of others, and what the province does itself.

    `asked`: 请于 or 建议于; `whole`: as for `overdue`.
    """
    found = ahead(plan, shot, until)
    own = [of_the_province(plan, item.rule.responsible) for item in found]
    theirs = (_still(it, asked, whole) for it, mine in zip(found, own, strict=True) if not mine)
    ours = (_still(it, "拟于", whole) for it, mine in zip(found, own, strict=True) if mine)
    return "；".join(theirs), "；".join(ours)


def months_named(periods: Sequence[str], of: str) -> str:
    """``3月、4月``; with its year where it is not that of the month `of`."""
    return "、".join(
        f"{int(each[5:])}月" if each[:4] == of[:4] else month_name(each) for each in periods
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
    cities = [city for city, _ in _by_city(plan, [item for item in late if item not in own])]
    days = "、".join(short_date(day) for day in sorted({_day(item) for item in late}))
    head = f"应于{days}前完成的“{rule.title}”（{rule.clause}），截至{short_date(shot.as_of)}"
    if not whole and not own:
        return f"{head}尚未完成。"
    told = [f"{len(own)}个项目未完成：{_projects(plan, own, shot, whole)}"] if own else []
    told += [f"{len(cities)}个市未完成：{'、'.join(cities)}"] if cities and whole else []
    return f"{head}仍有{'；另有'.join(told)}。"


def _projects(plan: Plan, late: Sequence[DeadlineShot], shot: Snapshot, whole: bool) -> str:
    known = {item.code: item for item in shot.projects}
    told = []
    for city, items in _by_city(plan, late):
        mine = [known[item.subject] for item in items]
        told.append(_of_city(city, mine, len(late) <= MOST_NAMED) if whole else _names(mine))
    return "；".join(told)


def _missing(late: Sequence[DeadlineShot], shot: Snapshot) -> Decimal:
    """What is promised to some projects by city and county and has not come in, 元."""
    codes = {item.subject for item in late}
    return total(short(it.promised, it.received) for it in shot.projects if it.code in codes)


def _still(item: UpcomingDeadline, asked: str, whole: bool) -> str:
    """One thing to be done: ``“…”（六(二)）尚有3个项目未完成，请于5月31日前完成``."""
    unit = "项目" if item.kind is SubjectKind.PROJECT else "市"
    proposed = PROPOSED if item.rule.origin is Origin.PROPOSAL else ""
    counted = whole or item.kind is SubjectKind.PROJECT
    rest = f"尚有{item.count}个{unit}未完成" if counted else "尚未完成"
    what = f"“{item.rule.title}”（{item.rule.clause}）{rest}"
    return f"{what}，{asked}{short_date(item.by)}前完成{proposed}"


def reasons(plan: Plan, item: LaggingProject) -> str:
    """Why a project is behind: what is overdue, whose it is, and what its report says."""
    told = [_reason(plan, late) for late in _first_of_each(plan, item.late)]
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


def _reason(plan: Plan, late: DeadlineShot) -> str:
    whose = f"（由{plan.bodies[late.responsible].name}办理）"
    own = whose if of_the_province(plan, late.responsible) else ""
    proposed = PROPOSED if late.origin is Origin.PROPOSAL else ""
    return f"“{late.title}”{own}应于{short_date(_day(late))}前完成{proposed}"


def _first_of_each(plan: Plan, late: Sequence[DeadlineShot]) -> Iterator[DeadlineShot]:
    """Of two deadlines that the same facts meet only the first is told."""
    rules: dict[str, DeadlineRule] = {rule.id: rule for rule in plan.deadlines}
    seen = set()
    for item in late:
        rule = rules.get(item.rule)
        facts = rule.fulfilled_by.get(item.kind, ()) if rule else (item.rule,)
        if facts not in seen or (rule and rule.follows):
            yield item
        seen.add(facts)
