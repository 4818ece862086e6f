"""Days outside of the time that a plan is about: faults of the plan in them."""

from collections.abc import Iterator
from datetime import date

from policy.faults.ground import Loc, PlanFault, loc_of
from policy.schema import Plan
from policy.timing import DeadlineRule, Duty, OccasionDates, TimedRule
from policy.vocabulary import Origin

OLDEST, NEWEST = 1990, 2100


def years(plan: Plan) -> Iterator[PlanFault]:
    """The year is that of the notice or the one after it, and no day lies outside of the plan's.

    A day of the year after the plan's stands where the rule's words name that year, where
    `date_reading` gives the ground, or where it is only proposed.
    """
    if not OLDEST <= plan.year <= NEWEST:
        yield PlanFault(("year",), f"年份{plan.year}有误，应在{OLDEST}至{NEWEST}之间")
        return
    if plan.notice.issued_on.year not in (plan.year - 1, plan.year):
        says = f"印发日{plan.notice.issued_on}与年份（year）{plan.year}不符，请核对"
        yield PlanFault(("notice", "issued_on"), says)
        return
    for path, rule in plan.rules():
        if isinstance(rule, TimedRule):
            for at, day in _days(rule):
                yield from _outside((*loc_of(path), *at), plan, rule, day)
    yield from _visits(plan)


def _days(rule: TimedRule) -> Iterator[tuple[Loc, date]]:
    if isinstance(rule, DeadlineRule):
        yield from _literal((), rule)
    if isinstance(rule, Duty):
        for suffix, occasion in rule.occasions.items():
            yield from _literal(("occasions", suffix), occasion)
        if rule.weekly:
            yield ("weekly", "first"), rule.weekly.first
            yield ("weekly", "last"), rule.weekly.last
        yield from _periods(rule)


def _literal(loc: Loc, dates: DeadlineRule | OccasionDates) -> Iterator[tuple[Loc, date]]:
    for name in ("remind", "due", "not_before"):
        if (day := getattr(dates, name)) is not None:
            yield (*loc, name), day


def _periods(duty: Duty) -> Iterator[tuple[Loc, date]]:
    """The 28th of the last month of the first and the last period that it is about."""
    for name, months in (("monthly", 1), ("quarterly", 3), ("half_yearly", 6), ("yearly", 12)):
        if (form := getattr(duty, name)) is not None:
            for end in ("first", "last"):
                said = str(getattr(form, end))
                number = int(said[5:] or 1)
                yield (name, end), date(int(said[:4]) or 1, months * number, 28)


def _outside(loc: Loc, plan: Plan, rule: TimedRule, day: date) -> Iterator[PlanFault]:
    issued = plan.notice.issued_on
    if day < issued and (day.year, day.month) != (issued.year, issued.month):
        says = f"日期{day}早于印发日{issued}，请核对年份"
        yield PlanFault(loc, says)
    elif day.year > plan.years[-1] + 1:
        yield PlanFault(loc, f"日期{day}不在方案的年份（{plan.years_said}）之内，请核对年份")
    elif day.year > plan.years[-1] and not _next_year(plan, rule):
        says = (
            f"日期{day}在方案年份（{plan.years_said}）的下一年，原文没有写明该年；"
            "请核对年份，确有依据的请在 date_reading 中写明理由"
        )
        yield PlanFault(loc, says)


def _next_year(plan: Plan, rule: TimedRule) -> bool:
    after = plan.years[-1] + 1
    bare = "".join(rule.words.split())
    said = any(word in bare for word in (f"{after}年", "次年", "明年"))
    return said or rule.date_reading is not None or rule.origin is Origin.PROPOSAL


def _visits(plan: Plan) -> Iterator[PlanFault]:
    sections: list[tuple[Loc, object]] = []
    if plan.inspection:
        sections += [(("inspection",), plan.inspection)]
        sections += [(("inspection", "visits"), plan.inspection.visits)]
    if plan.cross_acceptance:
        sections += [(("cross_acceptance",), plan.cross_acceptance)]
        sections += [(("cross_acceptance", "visits"), plan.cross_acceptance.visits)]
    for loc, rule in sections:
        for name in ("made_on", "first", "last", "results_on"):
            day = getattr(rule, name, None)
            if day and (day < plan.notice.issued_on or day.year > plan.years[-1] + 1):
                says = f"日期{day}不在方案的年份（{plan.years_said}）之内，请核对年份"
                yield PlanFault((*loc, name), says)
        first, last = getattr(rule, "first", None), getattr(rule, "last", None)
        if first and last and first > last:
            yield PlanFault((*loc, "first"), f"first（{first}）不得晚于 last（{last}）")
