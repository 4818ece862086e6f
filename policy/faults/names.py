"""Names and codes that stand for one thing alone: faults of the plan in them."""

from collections import Counter
from collections.abc import Iterable, Iterator

from common.words import unseen_sign, visible
from policy.bodies import Body
from policy.faults.ground import Loc, PlanFault, repeated
from policy.faults.places import patterns
from policy.schema import Plan


def labels(plan: Plan) -> Iterator[PlanFault]:
    """What staff choose from by its name has a name of its own."""
    groups: tuple[tuple[str, Iterable[tuple[str, str]]], ...] = (
        ("stages", ((item.id, item.label) for item in plan.stages)),
        ("milestones", ((item.id, item.label) for item in plan.milestones)),
        ("actions", ((item.id, item.label) for item in plan.actions)),
        ("kinds", ((item.id, item.label) for item in plan.kinds)),
        ("funds", ((item.id, item.label) for item in plan.funds)),
        ("checklist", ((item.id, item.label) for item in plan.checklist)),
        ("evidence", ((item.id, item.label) for item in plan.evidence)),
    )
    for group, items in groups:
        seen: dict[str, str] = {}
        for index, (id, label) in enumerate(items):
            if label in seen:
                says = f"“{seen[label]}”和“{id}”的名称（label）都是“{label}”，请改其一"
                yield PlanFault((group, index, "label"), says)
            seen.setdefault(label, id)
    yield from repeated(("kinds",), (kind.id for kind in plan.kinds))
    if plan.money:
        yield from repeated(("money", "categories"), (item.id for item in plan.money.categories))
    if plan.review:
        yield from repeated(("review", "criteria"), (item.id for item in plan.review.criteria))
    yield from repeated(("cities",), (city.code for city in plan.cities))


def seen(plan: Plan) -> Iterator[PlanFault]:
    """No text has a sign in it that nobody sees, ends of lines aside."""
    for loc, text in _texts((), plan.model_dump()):
        if fault := unseen_sign(text.replace("\n", " ")):
            yield PlanFault(loc, f"“{visible(text)}”{fault}")


def _texts(loc: Loc, value: object) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts((*loc, str(key)), each)
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            yield from _texts((*loc, index), each)


def made_by_patterns(plan: Plan) -> Iterator[PlanFault]:
    """Codes, project names and bodies' offices that the patterns make are told apart."""
    if any(patterns(plan)):  # which tells of itself
        return
    yield from _codes(plan)
    for name in ("project_name", "application_name"):
        pattern = getattr(plan, name)
        parts = ("street", "community", "name")
        if pattern.format(**dict.fromkeys(parts, "甲")) == pattern.format(
            **dict.fromkeys(parts, "乙")
        ):
            says = (
                f"“{pattern}”使各项目同名，请写入 {{street}}（街道）、"
                "{community}（社区）或 {name}（自定名称）"
            )
            yield PlanFault((name,), says)
    for id, body in plan.bodies.items():
        yield from _offices(plan, ("bodies", id, "office"), body)


def _codes(plan: Plan) -> Iterator[PlanFault]:
    pattern = plan.code_format
    counties = [county.code for city in plan.cities for county in city.counties]
    made = [pattern.format(county=code, number=n) for code in counties for n in (1, 2)]
    if len(set(made)) < len(made):
        says = (
            f"“{pattern}”会使不同项目编码相同，请写入 {{county}}（县代码）和 {{number:02d}}（序号）"
        )
        yield PlanFault(("code_format",), says)
    elif any(not code.strip() or " " in code for code in made):
        yield PlanFault(("code_format",), f"“{pattern}”含空格，项目编码中不能有空格")


def _offices(plan: Plan, loc: Loc, body: Body) -> Iterator[PlanFault]:
    """As fine as its pattern is: one that names neither is one body for all."""
    if not body.office:
        return
    places = [(city.name, county.name) for city in plan.cities for county in city.counties]
    if "{county}" not in body.office:
        places = [(city.name, "") for city in plan.cities] if "{city}" in body.office else []
    names = Counter(
        body.office.format(city=city, county=county, region=plan.region_of(city))
        for city, county in places
    )
    for name, count in names.items():
        if count > 1:
            mend = "请在名称中写明 {city} 和 {county}，各不相同"
            says = f"“{name}”是{count}个单位的名称，{mend}"
            yield PlanFault(loc, says)
