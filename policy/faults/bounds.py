"""Bounds and fields of conditions: faults of the plan in what a check asks of which field."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from policy import checks
from policy.checks import Check
from policy.faults.ground import Loc, PlanFault, unknown
from policy.fields import NUMERIC, Kind
from policy.schema import Plan

NUMBERS: tuple[Kind, ...] = NUMERIC
TEXTS: tuple[Kind, ...] = ("text", "name", "choice", "project_kind", "phone", "credit_code")
CHOSEN: tuple[Kind, ...] = (*TEXTS, "yes_no")
DAYS: tuple[Kind, ...] = ("day",)
KINDS: Mapping[Kind, str] = {
    "text": "文字",
    "name": "名称",
    "phone": "电话",
    "credit_code": "统一社会信用代码",
    "choice": "选项",
    "project_kind": "项目类别",
    "count": "整数",
    "number": "数值",
    "square_metres": "面积",
    "yuan": "金额",
    "day": "日期",
    "yes_no": "是或否",
    "words": "多选",
}
"""What a kind of field holds, in words."""
YES_NO = {"是", "否"}


def checked_fields(plan: Plan) -> Iterator[PlanFault]:
    """A check asks of a field what its type can answer, and of its words those that it has."""
    for index, requirement in enumerate(plan.requirements):
        loc = ("requirements", index, "check")
        yield from _of_check(plan, loc, requirement.check)
        for name, values in requirement.when.items():
            yield from _kinds(plan, ("requirements", index, "when", name), "when", [name], CHOSEN)
            yield from _values(plan, ("requirements", index, "when", name), name, values)


def limits(plan: Plan) -> Iterator[PlanFault]:
    """The least is not above the most, and what is asked for is not called implausible."""
    for index, rule in enumerate(plan.plausible):
        loc: Loc = ("plausible", index)
        yield from _kinds(plan, (*loc, "field"), "plausible", [rule.field], NUMBERS)
        yield from _order((*loc, "least"), rule.least, rule.most)
    if (review := plan.review) is None:
        return
    for name in ("pass_score", "most_spread"):
        value = getattr(review, name)
        if not 0 <= value <= 100:
            yield PlanFault(("review", name), f"{value}应在0至100之间（满分100）")


def _of_check(plan: Plan, loc: Loc, check: Check) -> Iterator[PlanFault]:
    for type_, keys, kinds in ASKED:
        if isinstance(check, type_):
            names = _each(tuple(getattr(check, key) for key in keys))
            yield from _kinds(plan, loc, check.kind, names, kinds)
    if isinstance(check, checks.WithinCheck | checks.BoundedCheck):
        if check.least is None and check.most is None:
            yield PlanFault(loc, "须写明 least（最少）或 most（最多），或两者都写")
        yield from _order((*loc, "least"), check.least, check.most)
    yield from _of_values(plan, loc, check)
    yield from _named(plan, loc, check)


def _of_values(plan: Plan, loc: Loc, check: Check) -> Iterator[PlanFault]:
    if isinstance(check, checks.OneOfCheck | checks.NoneOfCheck | checks.IncludesCheck):
        if not check.values:
            yield PlanFault((*loc, "values"), "至少写一个值")
        yield from _values(plan, (*loc, "values"), check.field, check.values)
    if isinstance(check, checks.PairedCheck):
        yield from _values(plan, (*loc, "allowed"), check.by, check.allowed)
        told = [value for values in check.allowed.values() for value in values]
        yield from _values(plan, (*loc, "allowed"), check.field, told)
    if isinstance(check, checks.MajorityCheck):
        yield from _values(plan, (*loc, "building_kind"), "building_kind", [check.building_kind])


def _named(plan: Plan, loc: Loc, check: Check) -> Iterator[PlanFault]:
    milestones = {item.id for item in plan.milestones}
    named: tuple[str, ...] = ()
    if isinstance(check, checks.ElapsedCheck):
        named = (check.since,)
    elif isinstance(check, checks.AnsweredCheck):
        named = (check.milestone, check.by)
    elif isinstance(check, checks.AgreedCheck):
        named = (check.discussed,)
    yield from unknown(loc, "节点", named, milestones)
    if isinstance(check, checks.CrossedCheck):
        people = {item.id for item in plan.checklist if item.people}
        yield from unknown((*loc, "item"), "写人员的核验项", (check.item,), people)
    if isinstance(check, checks.EndsWithCheck):
        yield from _ending(loc, check.text)
    scored = checks.EnoughOpinionsCheck | checks.AgreedCheck | checks.ScoredCheck
    if isinstance(check, scored) and plan.review is None:
        yield PlanFault((*loc, "kind"), f"“{check.kind}”按专家评审判断，须有 review")
    if isinstance(check, checks.ChecklistCheck) and not plan.checklist:
        yield PlanFault((*loc, "kind"), "“checklist”按验收表判断，须有 checklist")


def _ending(loc: Loc, text: str) -> Iterator[PlanFault]:
    try:
        text.format(city="", county="")
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        says = f"“{text}”中的占位符有误（{error}），可用：{{city}}"
        yield PlanFault((*loc, "text"), says)


ASKED: tuple[tuple[type, tuple[str, ...], tuple[Kind, ...]], ...] = (
    (checks.WithinCheck, ("field",), NUMBERS),
    (checks.BoundedCheck, ("field",), NUMBERS),
    (checks.OneOfCheck, ("field",), CHOSEN),
    (checks.NoneOfCheck, ("field",), CHOSEN),
    (checks.IncludesCheck, ("field",), ("words",)),
    (checks.EndsWithCheck, ("field",), TEXTS),
    (checks.PairedCheck, ("field", "by"), TEXTS),
    (checks.PastCheck, ("fields",), DAYS),
    (checks.OrderedCheck, ("groups",), DAYS),
    (checks.UntilCheck, ("field",), DAYS),
    (checks.LastsCheck, ("start", "end"), DAYS),
    (checks.AgedCheck, ("field",), DAYS),
    (checks.CreditCodeCheck, ("field",), ("credit_code",)),
    (checks.ThirdPartyCheck, ("field", "owner"), TEXTS),
    (checks.ThirdPartyCheck, ("code",), ("credit_code",)),
)
"""In which of its keys a check names fields, and of which kinds these must be."""


def _each(named: object) -> Iterator[str]:
    """The names of fields that a key of a check holds: one, several, or groups of them."""
    if isinstance(named, str):
        yield named
    elif isinstance(named, tuple):
        for each in named:
            yield from _each(each)


def _kinds(
    plan: Plan, loc: Loc, what: str, names: Iterable[str], kinds: tuple[Kind, ...]
) -> Iterator[PlanFault]:
    for name in names:
        field = plan.field.get(name)
        if field and field.kind not in kinds:
            able = "、".join(dict.fromkeys(KINDS[kind] for kind in kinds))
            says = (
                f"“{field.label}”（{name}）是{KINDS[field.kind]}，不能用 {what} 核对"
                f"（只用于{able}），请换一种 kind 或换一项"
            )
            yield PlanFault(loc, says)


def _values(plan: Plan, loc: Loc, name: str, values: Iterable[str]) -> Iterator[PlanFault]:
    field = plan.field.get(name)
    known = set(field.choices) if field else set()
    if field and field.kind == "yes_no":
        known = YES_NO
    if field and field.kind == "project_kind":
        known = {kind.id for kind in plan.kinds}
    if field and (known or field.kind == "project_kind"):
        yield from unknown(loc, f"“{field.label}”的值", values, known)


def _order(loc: Loc, least: Decimal | None, most: Decimal | None) -> Iterator[PlanFault]:
    if least is not None and most is not None and least > most:
        yield PlanFault(loc, f"最少（least {least}）大于最多（most {most}），请核对")
