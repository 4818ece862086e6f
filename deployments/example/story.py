"""What happens to each project of the example in 2023, and what offices report. Pure.

Most things happen in time; `exceptions` names those that do not. Dates are workdays; the test of
the example proves that every act is legal on its day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from deployments.example.exceptions import DUTY_EXCEPTIONS, EXCEPTIONS, PROVINCE_DUTIES, Steps, on
from deployments.example.places import Site
from policy.schema import ActionRule, City, MilestoneRule, Plan
from policy.vocabulary import Level
from states.workdays import Calendar

CALENDAR = Calendar()


@dataclass(frozen=True)
class FactLine:
    """One line of facts.csv."""

    on: date
    subject: str
    act: str
    actor: str
    evidence: str
    amount: str = ""
    """元 that it pays."""
    checks: str = ""
    """Answers to the acceptance checklist: ``area=1200.00；beds=12``."""


# On one day, acts happen in this order.
ORDER = (
    "confirm_site",
    "submit_application",
    "return_for_correction",
    "submit_application#2",
    "pass_review",
    "determine",
    "release_funds",
    "operator_confirmed",
    "hold",
    "resume",
    "break_ground",
    "city_funds_in_place",
    "county_funds_in_place",
    "complete_construction",
    "check_completion",
    "open_operation",
    "fail_acceptance",
    "finish_rectification",
    "pass_acceptance",
)

MATCHING = ("city_funds_in_place", "county_funds_in_place")

EVIDENCE = {
    "confirm_site": "示例选址确认单第{n:03d}号",
    "submit_application": "示例政函第{n}号",
    "return_for_correction": "示例补正通知第{n:03d}号：投资构成说明不完整，请补正后重新报送",
    "pass_review": "示例专家评审意见第{n:03d}号",
    "determine": "示例研究确定文件附表第{n}项",
    "release_funds": "示例资金下达文件附表第{n}项",
    "operator_confirmed": "示例运营协议第{n:03d}号",
    "hold": "示例暂停决定第{n:03d}号：场地消防改造方案待重新论证",
    "resume": "示例恢复决定第{n:03d}号：改造方案已通过论证",
    "break_ground": "示例施工合同第{n:03d}号及进场记录",
    "complete_construction": "示例完工报告第{n:03d}号",
    "check_completion": "示例竣工验收报告第{n:03d}号",
    "open_operation": "示例开业备案回执第{n:03d}号",
    "fail_acceptance": "示例交叉验收意见第{n:03d}号：无障碍坡道和消防标识需整改",
    "finish_rectification": "示例整改报告第{n:03d}号",
    "pass_acceptance": "示例交叉验收意见第{n:03d}号",
}


def steps(site: Site) -> dict[str, date]:
    """The day of each act of a project, in the order in which they happen."""
    planned = {**_usual(site), **EXCEPTIONS.get(site.code, {})}
    if finished := planned["complete_construction"]:
        planned["check_completion"] = _after(finished, 2)
    dated = {act: planned[act] for act in ORDER if planned.get(act)}
    days = {act: day for act, day in dated.items() if day is not None}
    return dict(sorted(days.items(), key=lambda step: step[1]))


def facts(plan: Plan, sites: tuple[Site, ...]) -> list[FactLine]:
    """Everything that happens in the year, in date order."""
    happened = [
        *(fact for site in sites for fact in _project_facts(plan, site)),
        *(fact for n, city in enumerate(plan.cities) for fact in _city_facts(plan, city, n)),
        *_province_facts(plan),
    ]
    return sorted(happened, key=lambda fact: fact.on)


def _usual(site: Site) -> Steps:
    """How a project goes that is in time; the spread keeps a year from looking like one day."""
    n, city = site.n, site.city_number
    finished = _after(on(9, 11), n * 7 % 50)
    return {
        "confirm_site": _after(on(2, 1), n % 5),
        "submit_application": _after(on(2, 8), city % 9),
        "pass_review": _after(on(3, 6), n % 8),
        "determine": on(3, 24),
        "release_funds": (on(4, 12), on(4, 18), on(4, 26))[city % 3],
        "operator_confirmed": _after(on(4, 3), n * 3 % 18),
        "city_funds_in_place": _after(on(5, 8), city % 9),
        "county_funds_in_place": _after(on(5, 10), n % 12),
        "break_ground": _after(on(5, 8), n * 5 % 17),
        "complete_construction": finished,
        "open_operation": _after(finished, 4 + n % 5),
        "pass_acceptance": _after(on(12, 1), n % 6),
    }


def _after(day: date, workdays: int) -> date:
    return CALENDAR.shift(day, workdays)


def _project_facts(plan: Plan, site: Site) -> Iterator[FactLine]:
    for step, day in steps(site).items():
        if step in MATCHING:
            continue  # the money ledger dates it
        act = step.partition("#")[0]
        actor = _actor(plan, act, site.city, site.county.name)
        number = letter(site, step) if act == "submit_application" else site.n + 1
        yield FactLine(day, site.code, act, actor, EVIDENCE[act].format(n=number))


def letter(site: Site, step: str) -> int:
    """The number of the city government's letter that applies for a project.

    One letter speaks for all of a city; one that comes later has a number of its own.
    """
    return 200 + site.n if step in EXCEPTIONS.get(site.code, {}) else site.city_number + 1


def _actor(plan: Plan, act: str, city: City, county: str) -> str:
    rules: tuple[ActionRule | MilestoneRule, ...] = (*plan.actions, *plan.milestones)
    responsible = next(rule.responsible for rule in rules if rule.id == act)
    if responsible in tuple(Level):
        return plan.office(Level(responsible), city.name, county)
    return plan.bodies[responsible].name


def _city_facts(plan: Plan, city: City, n: int) -> Iterator[FactLine]:
    own = plan.office(Level.CITY, city.name)
    province = plan.office(Level.PROVINCE)
    fact = partial(FactLine, subject=city.name)
    for month in range(3, 13):
        act = f"D10-{month:02d}"
        usual = CALENDAR.on_or_before(on(month, 24 - n % 4))
        if day := DUTY_EXCEPTIONS.get((city.name, act), usual):
            yield fact(day, act=act, actor=own, evidence=f"示例{city.name}{month}月月报")
    for act, day in _visits(n).items():
        evidence = f"示例{city.name}{act}记录"
        yield fact(
            day, act=act, actor=own if act[:3] in ("D18", "D25") else province, evidence=evidence
        )


def _visits(n: int) -> dict[str, date]:
    """Inspection, feedback letters and the list of responsible persons of the n-th city."""
    return {
        "D13": _after(on(6, 12), n * 3),
        "D18": _after(on(5, 22), n * 4),
        "D12-Q2": _after(on(7, 3), n % 5),
        "D12-Q3": _after(on(10, 7), n % 3),
        "D12-Q4": _after(on(12, 18), n % 8),
        "D23": _after(on(12, 20), n % 6),
        "D25-Q2": _after(on(7, 5), n % 6),
        "D25-Q3": _after(on(10, 9), n % 4),
        "D25-Q4": _after(on(12, 19), n % 6),
    }


def _province_facts(plan: Plan) -> Iterator[FactLine]:
    actor = plan.office(Level.PROVINCE)
    for act, day in PROVINCE_DUTIES.items():
        yield FactLine(day, plan.province, act, actor, f"示例{plan.province}{act}文稿")
