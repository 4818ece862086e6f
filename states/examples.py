"""Runs the worked examples (算例) of a plan. Pure: an example in, what came otherwise out."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from common.errors import RefusedError
from policy.cities import City, County
from policy.examples import PlanExample, standing_of
from policy.fields import PLACE
from policy.schema import Plan
from policy.vocabulary import Standing, SubjectKind
from states.casework import rule_on_action, rule_on_record
from states.deadlines import (
    Deadline,
    DeadlineDates,
    dates_of,
    deadlines_of,
    fulfilled_on,
    has_ended,
    standing,
    whose_turn,
)
from states.decide import first_look
from states.dossier import Dossier, from_stored, profile_of
from states.machine import target
from states.requirements import Case, shortfalls
from states.subsidy import subsidy
from states.workdays import Calendar


def differences(plan: Plan, calendar: Calendar, example: PlanExample) -> tuple[str, ...]:
    """What came otherwise than expected, in Chinese; empty where all is as the example says."""
    return tuple(_differences(plan, calendar, example))


def _differences(plan: Plan, calendar: Calendar, example: PlanExample) -> Iterator[str]:
    try:
        dossier = _dossier(plan, example)
    except (KeyError, ValueError) as error:
        yield f"项目情况（profile）无法读取：{error}"
        return
    yield from _in_time(plan, calendar, example, dossier)
    yield from _paid(plan, example, dossier)
    if example.do is not None and example.day is not None:
        yield from _act(plan, example, dossier)


def _paid(plan: Plan, example: PlanExample, dossier: Dossier) -> Iterator[str]:
    whole = {} if example.subsidy is None else {"": example.subsidy}
    for fund, wanted in {**whole, **example.funds}.items():
        found = subsidy(plan, dossier.profile, dossier.county_type, fund)
        if found != wanted:
            came = "未明确" if found is None else f"{found}元"
            yield f"{plan.purse_name(fund) or '补助'}应为{wanted}元，算得{came}"


def _in_time(
    plan: Plan, calendar: Calendar, example: PlanExample, dossier: Dossier
) -> Iterator[str]:
    kind = example.subject
    known = {item.id: item for item in deadlines_of(plan, calendar, kind, dossier.profile.kind)}
    for id in dict.fromkeys((*example.standings, *example.dates)):
        if id not in known:
            yield f"没有{kind.label}的时限“{id}”，现有：{'、'.join(known)}"
            continue
        deadline = known[id]
        dates = dates_of(deadline, kind, example.facts, None, calendar)
        if id in example.standings and example.day is not None:
            wanted = standing_of(example.standings[id])
            came = _standing(plan, calendar, example, deadline, dates)
            if wanted is not came:
                label = wanted.label if wanted else example.standings[id]
                yield f"{_named(deadline)}截至{example.day}应为“{label}”，得出“{came.label}”"
        if id in example.dates:
            days = (dates.remind_by, dates.overdue_after) if dates else None
            if days != example.dates[id]:
                came_on = "尚无日期" if days is None else "、".join(map(str, days))
                said = "、".join(map(str, example.dates[id]))
                yield f"{_named(deadline)}的提前办结日、逾期认定日应为{said}，得出{came_on}"


def _named(deadline: Deadline) -> str:
    return f"{deadline.id}“{deadline.rule.title}”（{deadline.rule.clause}）"


def _standing(
    plan: Plan,
    calendar: Calendar,
    example: PlanExample,
    deadline: Deadline,
    dates: DeadlineDates | None,
) -> Standing:
    assert example.day is not None  # noqa: S101  # the reader asks for it
    kind, facts = example.subject, example.facts
    done = fulfilled_on(deadline, kind, facts)
    body = deadline.rule.responsible
    if done is None:
        body = whose_turn(deadline, kind, facts, dates).body
    return standing(
        dates.overdue_after if dates else None,
        plan.bodies[body].bound,
        done,
        example.disposition,
        first_look(dates.remind_by, plan.ladder, calendar) if dates else None,
        example.day,
        ended=has_ended(deadline, facts, example.day),
        fits=dates is None or dates.fits,
    )


def _act(plan: Plan, example: PlanExample, dossier: Dossier) -> Iterator[str]:
    act, day = example.do or "", example.day or date.max
    case = Case(
        plan,
        dossier,
        day,
        example.evidence,
        reasons=example.reasons,
        amount=example.amount,
        checks=example.checks,
    )
    actions = {item.id: item.label for item in plan.actions}
    label = actions.get(act) or plan.milestone(act).label
    try:
        ruling = rule_on_action(case, act) if act in actions else rule_on_record(case, act)
    except RefusedError as refusal:
        yield from _refused(example, label, str(refusal), _ids(case, act))
        return
    if example.refused is not None:
        yield f"“{label}”应不予办理（{'、'.join(example.refused)}），却可以办理"
        return
    if example.to is not None and ruling.position.stage != example.to:
        came, wanted = plan.stage(ruling.position.stage).label, plan.stage(example.to).label
        yield f"“{label}”后应在“{wanted}”阶段，却在“{came}”阶段"
    told = sorted(each.requirement.id for each in ruling.warnings)
    if example.warned is not None and told != sorted(example.warned):
        yield f"“{label}”应提示{_list(example.warned)}，却提示{_list(told)}"


def _ids(case: Case, act: str) -> Mapping[str, str]:
    """The conditions that refuse, by id, with their clauses."""
    found = (each for each in shortfalls(case, act) if each.refuses)
    return {each.requirement.id: each.requirement.clause for each in found}


def _refused(example: PlanExample, label: str, told: str, ids: Mapping[str, str]) -> Iterator[str]:
    if example.refused is None:
        yield f"“{label}”应可以办理，却不予办理：{' '.join(told.split())}"
        return
    for reason in example.refused:
        if reason not in ids and reason not in told:
            yield f"“{label}”应因“{reason}”不予办理，给出的理由却是：{' '.join(told.split())}"


def _list(names: tuple[str, ...] | list[str]) -> str:
    return "、".join(names) if names else "无"


def _place(plan: Plan, example: PlanExample) -> tuple[City, County]:
    cities = [city for city in plan.cities if example.city in (None, city.name)]
    for city in cities:
        for county in city.counties:
            if example.county in (None, county.name):
                return city, county
    raise KeyError(f"{example.city or ''}没有{example.county or plan.levels.bases}")


def _dossier(plan: Plan, example: PlanExample) -> Dossier:
    city, county = _place(plan, example)
    return Dossier(
        code=plan.code_format.format(county=county.code, number=1),
        name="算例",
        city=city.name,
        county=county.name,
        county_type=county.type,
        stage=example.stage or _reached(plan, example.facts),
        disposition=example.disposition,
        milestones=example.facts if example.subject is SubjectKind.PROJECT else {},
        profile=profile_of({n: _value(plan, n, said) for n, said in example.profile.items()}),
        quota_left=example.places_left,
        last_on=None,
    )


def _value(plan: Plan, name: str, said: Any) -> Any:
    """A field's value from what the file says: 1200 and "1200.00" are one area."""
    if name not in (*plan.field, *PLACE):
        raise KeyError(f"没有“{name}”这一项")
    kind = plan.field[name].value_type if name in plan.field else str
    if kind is frozenset or isinstance(said, bool) or kind is int:
        return from_stored(plan, name, said)
    return from_stored(plan, name, f"{said:f}" if hasattr(said, "as_tuple") else str(said))


def _reached(plan: Plan, facts: Mapping[str, date]) -> str:
    """As far as actions whose facts are there have moved a project."""
    stage = plan.stage_order[0]
    for _ in plan.stages:
        for action in plan.actions:
            moved = target(plan, action)
            done = action.records and all(name in facts for name in action.records)
            if stage in action.leaves and moved and done:
                stage = moved
                break
    return stage
