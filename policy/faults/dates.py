"""Deadlines, duties in time, the ladder and the notice's words: faults of the plan in them."""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from common.words import WEEKDAYS
from policy.date_words import written_day, written_days, written_span, written_weekday
from policy.faults.ground import Loc, PlanFault, is_below, loc_of, unknown, unrecorded
from policy.schema import QUOTA_SUBMITTED, RECORDED, Plan
from policy.timing import PERIOD, DeadlineRule, Duty, Recurrence, Span, TimedRule, Weekly
from policy.vocabulary import Form, HolidayRule, Level, RungKind, SubjectKind

PLACES = re.compile(r"\{[^}]*\}?")
"""What of a text may be meant to be filled in."""
NEAREST = {
    SubjectKind.PROJECT: Level.COUNTY,
    SubjectKind.CITY: Level.CITY,
    SubjectKind.PROVINCE: Level.PROVINCE,
}

PRINTED = (Form.APPLICATION, Form.SUMMARY)
"""The forms that a notice prints itself."""
FORMS = ("weekly", "monthly", "quarterly", "half_yearly", "yearly")
"""The keys of the forms in which a duty may recur."""
WAYS = (*FORMS, "occasions")
OUTSIDE = "—"  # the words of a clause that stands outside the notice


def timed_rules(plan: Plan) -> Iterator[PlanFault]:
    facts = {
        SubjectKind.PROJECT: {m.id for m in plan.milestones},
        SubjectKind.CITY: {RECORDED, QUOTA_SUBMITTED},
        SubjectKind.PROVINCE: {RECORDED},
    }
    for path, rule in plan.rules():
        if not isinstance(rule, TimedRule):
            continue
        loc = loc_of(path)
        yield from unknown(loc, "阶段", (rule.stage,), set(plan.stage_order))
        body = plan.bodies.get(rule.responsible)
        for kind, named in rule.fulfilled_by.items():
            if body and is_below(body.reached_at, NEAREST[kind]):
                yield PlanFault(
                    (*loc, "responsible"),
                    f"{kind.label}一级的时限不能由{body.reached_at.label}负责",
                )
            yield from unknown((*loc, "fulfilled_by"), f"{kind.label}的节点", named, facts[kind])
        yield from unknown((*loc, "kinds"), "项目类别", rule.kinds, {k.id for k in plan.kinds})
        for said in PLACES.findall(rule.to_do):
            if said != PERIOD:
                says = f"“{said}”不是可用的占位符，只可写 {PERIOD}（如5月份）"
                yield PlanFault((*loc, "to_do"), says)
        yield from _forms(loc, plan, rule)
        yield from _order_of_dates(loc, rule)
        yield from _order_of_holidays(loc, rule)
        if isinstance(rule, DeadlineRule) and rule.not_before_first:
            needed = (rule.not_before_first,)
            known = facts[SubjectKind.PROJECT]
            yield from unknown((*loc, "not_before_first"), "节点", needed, known)


def dates_of_words(plan: Plan) -> Iterator[PlanFault]:
    """A rule's dates are those that its words name, or it says why not."""
    for path, rule in plan.rules():
        if isinstance(rule, TimedRule) and rule.date_reading is None:
            yield from _disagreeing(loc_of(path), plan.years, rule)
            yield from _otherwise(loc_of(path), rule)


def _disagreeing(loc: Loc, years: Iterable[int], rule: TimedRule) -> Iterator[PlanFault]:
    if isinstance(rule, Duty) and (form := rule.recurring):
        remind, due = _ordinal(form.remind_day), _ordinal(form.due_day)
        day = written_day(rule.words)
        if day and not (day.first <= remind and due == day.last):
            days = f"每月第{remind}日、第{due}日（31指月末）"
            yield _disagreement((*loc, form_of(rule)), day.words, days)
        return
    for at, remind_on, due_on in _literal_dates(rule):
        named = [each for year in years for each in written_days(rule.words, year)]
        day = written_day(rule.words)
        words = [*dict.fromkeys(each.words for each in named), *([day.words] if day else [])]
        agree = any(each.first <= remind_on and due_on == each.last for each in named)
        if day and remind_on.day >= day.first and due_on.day == min(day.last, _end(due_on)):
            agree = True
        if words and not agree:
            yield _disagreement((*loc, *at), "”“".join(words), f"{remind_on}、{due_on}")


def _otherwise(loc: Loc, rule: TimedRule) -> Iterator[PlanFault]:
    """A weekday, or a span after a fact, is the one that the words name."""
    mend = "请改正；确有依据的，请在 date_reading 中写明理由"
    if isinstance(rule, Duty) and rule.weekly:
        said = written_weekday(rule.words)
        here = rule.weekly.weekday
        if said is not None and said != here:
            days = f"“每周{WEEKDAYS[said - 1]}”，这里是每周{WEEKDAYS[here - 1]}（weekday: {here}）"
            yield PlanFault((*loc, "weekly", "weekday"), f"原文写的是{days}，两者不符；{mend}")
    if isinstance(rule, DeadlineRule) and (span := rule.follows):
        stated = {"工作日": span.workdays, "日": span.days, "月": span.months}
        number, unit = written_span(rule.words) or (None, "日")
        if number is not None and stated[unit] != number:
            words = f"{number}{'' if unit == '日' else '个'}{unit}内"
            says = f"原文写的是“{words}”，这里是{span.length}，两者不符"
            yield PlanFault((*loc, "follows"), f"{says}；{mend}")


def _disagreement(loc: Loc, words: str, dates: str) -> PlanFault:
    mend = "请改正日期；确有依据的，请在 date_reading 中写明理由"
    return PlanFault(loc, f"原文写的是“{words}”，提醒和逾期日期却是{dates}，两者不符；{mend}")


def _literal_dates(rule: TimedRule) -> Iterator[tuple[Loc, date, date]]:
    if isinstance(rule, DeadlineRule) and rule.remind and rule.due:
        yield ("due",), rule.remind, rule.due
    for suffix, occasion in rule.occasions.items() if isinstance(rule, Duty) else ():
        yield ("occasions", suffix), occasion.remind, occasion.due


def _end(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _order_of_holidays(loc: Loc, rule: TimedRule) -> Iterator[PlanFault]:
    """The strict date never passes the lenient one."""
    order = list(HolidayRule)
    if order.index(rule.holiday_rule.remind) > order.index(rule.holiday_rule.overdue):
        yield PlanFault((*loc, "holiday_rule"), "remind 不得比 overdue 移得更晚")


def _forms(loc: Loc, plan: Plan, rule: TimedRule) -> Iterator[PlanFault]:
    if isinstance(rule, Duty) and sum(bool(getattr(rule, name)) for name in WAYS) != 1:
        yield PlanFault(loc, f"周期任务须写明 {'、'.join(FORMS)} 或 occasions，且只写一种")
    if isinstance(rule, DeadlineRule):
        yield from _one_off(loc, rule)
        for name, span in (("follows", rule.follows), ("later_of", rule.later_of)):
            if span is not None:
                yield from _span((*loc, name), plan, rule, span)


def _one_off(loc: Loc, rule: DeadlineRule) -> Iterator[PlanFault]:
    if (rule.remind is None) != (rule.due is None):
        yield PlanFault(loc, "remind 和 due 须同时写明或同时不写")
    if rule.follows and (rule.due or rule.later_of):
        yield PlanFault(loc, "写明 follows 的，不再写日期或 later_of")
    if rule.follows and rule.follows.within_year:
        yield PlanFault(loc, "follows 不写 within_year，须在年内的写在时限上")
    if rule.later_of and rule.due is None:
        yield PlanFault(loc, "later_of 须与日期同时写明")


def _span(loc: Loc, plan: Plan, rule: DeadlineRule, span: Span) -> Iterator[PlanFault]:
    yield from unknown(loc, "节点", (span.after,), {m.id for m in plan.milestones})
    if set(rule.fulfilled_by) != {SubjectKind.PROJECT}:
        yield PlanFault(loc, "只有项目的时限可以自节点起算")
    if sum(length is not None for length in (span.days, span.workdays, span.months)) != 1:
        says = "须写明 days（自然日）、workdays（工作日）或 months（月），且只写一种"
        yield PlanFault(loc, says)


def _order_of_dates(loc: Loc, rule: TimedRule) -> Iterator[PlanFault]:
    if isinstance(rule, DeadlineRule):
        if rule.remind and rule.due and rule.remind > rule.due:
            yield PlanFault(loc, "remind 不得晚于 due")
        if rule.not_before and rule.remind and rule.not_before > rule.remind:
            yield PlanFault(loc, "not_before 不得晚于 remind")
    elif isinstance(rule, Duty):
        yield from _order_of_duty(loc, rule)


def _order_of_duty(loc: Loc, duty: Duty) -> Iterator[PlanFault]:
    for suffix, occasion in duty.occasions.items():
        if occasion.remind > occasion.due:
            yield PlanFault((*loc, "occasions", suffix), "remind 不得晚于 due")
        if occasion.not_before and occasion.not_before > occasion.remind:
            yield PlanFault((*loc, "occasions", suffix), "not_before 不得晚于 remind")
    loc = (*loc, form_of(duty))
    if (span := duty.weekly or duty.recurring) and str(span.first) > str(span.last):
        yield PlanFault(loc, "first 不得晚于 last")
    elif duty.weekly and not _meets(duty.weekly):
        weekly = duty.weekly
        day = WEEKDAYS[weekly.weekday - 1]
        yield PlanFault(loc, f"{weekly.first}至{weekly.last}之间没有星期{day}，请核对首末日")
    if form := duty.recurring:
        yield from _order_of_days(loc, form)


def _order_of_days(loc: Loc, form: Recurrence) -> Iterator[PlanFault]:
    if _ordinal(form.remind_day) > _ordinal(form.due_day):
        yield PlanFault(loc, "remind_day 不得晚于 due_day")
    if form.not_before_day and form.not_before_day > _ordinal(form.remind_day):
        yield PlanFault(loc, "not_before_day 不得晚于 remind_day")


def _meets(weekly: Weekly) -> bool:
    """Whether its day comes about from the first to the last one."""
    ahead = (weekly.weekday - weekly.first.isoweekday()) % 7
    return weekly.first + timedelta(days=ahead) <= weekly.last


def form_of(duty: Duty) -> str:
    """The key of the form in which it recurs."""
    return next((name for name in FORMS if getattr(duty, name)), "occasions")


MOST_YEARS = 5
"""How long works may go on after the year of their plan."""


def span_of_works(plan: Plan) -> Iterator[PlanFault]:
    """The works end after the notice, and not before the year that the plan is of."""
    if plan.last_day < max(plan.notice.issued_on, date(plan.year, 1, 1)):
        yield PlanFault(("ends_on",), f"{plan.last_day}早于印发日或方案年度（{plan.year}年）")
    elif plan.last_day.year > plan.year + MOST_YEARS:
        says = f"{plan.last_day}在方案年度（{plan.year}年）之后{MOST_YEARS}年以上，请核对年份"
        yield PlanFault(("ends_on",), says)


def _ordinal(day: int | str) -> int:
    return 31 if day == "last" else int(day)


def ladder(plan: Plan) -> Iterator[PlanFault]:
    rungs, repeat = plan.ladder.rungs, plan.ladder.repeat
    for index, rung in enumerate(rungs):
        if (rung.workdays is None) == (rung.days is None) or rung.offset == 0:
            says = "每级须写明 workdays（工作日）或 days（自然日），只写一种且不为0"
            yield PlanFault(("ladder", "rungs", index), says)
    if (repeat.every_workdays is None) == (repeat.every_days is None):
        yield PlanFault(("ladder", "repeat"), "须写明 every_workdays 或 every_days，且只写一种")
    yield from _receipts(plan)
    yield from unrecorded(plan, ("ladder", "letter"), plan.ladder.letter, SubjectKind.CITY)
    offsets = [rung.offset for rung in rungs]
    if offsets != sorted(set(offsets)):
        yield PlanFault(("ladder", "rungs"), "各级须由早到晚排列，天数互不相同")
    elif offsets[-1] < 0:
        yield PlanFault(("ladder", "rungs"), "最后一级须在逾期之后")


def _receipts(plan: Plan) -> Iterator[PlanFault]:
    """Receipts and corrections belong to no deadline."""
    steps = [(("ladder", "rungs", n), rung.kind) for n, rung in enumerate(plan.ladder.rungs)]
    for loc, kind in [*steps, (("ladder", "repeat"), plan.ladder.repeat.kind)]:
        if kind in (RungKind.RECEIPT, RungKind.CORRECTION):
            use = "答复来文" if kind is RungKind.RECEIPT else "更正误发的消息"
            yield PlanFault((*loc, "kind"), f"“{kind.label}”用于{use}，不能作为提醒级次")


def office_hours(plan: Plan) -> Iterator[PlanFault]:
    if plan.office_hours.opens >= plan.office_hours.closes:
        yield PlanFault(("office_hours",), "opens 须早于 closes")


def endings(plan: Plan) -> Iterator[PlanFault]:
    """Only a city's monthly duty can end, and with something that finishes a project."""
    for index, duty in enumerate(plan.duties):
        loc = ("duties", index, "ends_with")
        if duty.ends_with and not (duty.monthly and set(duty.fulfilled_by) == {SubjectKind.CITY}):
            yield PlanFault(loc, "只有各市的每月任务可以写明 ends_with")
        if duty.ends_with and not plan.finished_by:
            yield PlanFault(loc, "写明 ends_with 的，须写明 finished_by")


def words(plan: Plan, notice: str) -> Iterator[PlanFault]:
    """The notice's own words stand in the notice, in order around each ``…``; spacing aside."""
    text = _bare(notice)
    quoted = [(path, rule.words) for path, rule in plan.rules()]
    quoted += [(f"inventory.{n}", item.words) for n, item in enumerate(plan.inventory)]
    for path, words in quoted:
        position = 0
        for piece in () if words == OUTSIDE else words.split("…"):
            position = text.find(_bare(piece), position)
            if position < 0 or not _bare(piece):
                yield PlanFault((*loc_of(path), "words"), f"通知原文中没有“{piece}”")
                break


def annexes(plan: Plan, notice: str) -> Iterator[PlanFault]:
    """Annexes are those of the notice, of forms that a notice can print; gists are of the words."""
    text = _bare(notice)
    for form, annex in plan.annexes.items():
        if form not in PRINTED:
            listed = "、".join(PRINTED)
            yield PlanFault(("annexes", form.value), f"只有 {listed} 两种表由通知印发，请删去")
        elif _bare(annex) not in text:
            yield PlanFault(("annexes", form.value), f"通知原文中没有“{annex}”，请照通知填写")
    for index, rule in enumerate(plan.requirements):
        signs = iter(rule.words)
        if rule.gist and not all(sign in signs for sign in rule.gist):
            says = f"“{rule.gist}”不是原文的缩写，请按原文用字的次序填写"
            yield PlanFault(("requirements", index, "gist"), says)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)
