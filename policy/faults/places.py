"""Places, bodies and who decides: faults of the plan in them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from string import Formatter

from stdnum import numdb

from common.words import NOT_IN_FILE_NAMES, unseen_sign, visible
from policy.bodies import Bodies, Office
from policy.cities import City, County
from policy.faults.ground import Loc, PlanFault, loc_of, repeated, unknown
from policy.schema import Plan
from policy.vocabulary import Holder, Level


def identities(plan: Plan) -> Iterator[PlanFault]:
    groups: tuple[tuple[str, list[str]], ...] = (
        ("cities", [city.name for city in plan.cities]),
        ("county_types", list(plan.county_types)),
        ("cities", [county.code for city in plan.cities for county in city.counties]),
        ("stages", [stage.id for stage in plan.stages]),
        ("milestones", [milestone.id for milestone in plan.milestones]),
        ("actions", [action.id for action in plan.actions]),
        ("requirements", [requirement.id for requirement in plan.conditions]),
        ("fields", [field.id for field in plan.fields]),
        ("targets", [target.id for target in plan.targets]),
        ("deadlines", [rule.id for rule in plan.timed_rules]),
        ("checklist", [item.id for item in plan.checklist]),
        ("evidence", [item.id for item in plan.evidence]),
        ("inventory", [line.number for line in plan.inventory]),
    )
    for group, ids in groups:
        yield from repeated((group,), ids)


def quotas(plan: Plan) -> Iterator[PlanFault]:
    stated = [city.places for city in plan.cities if city.places is not None]
    goal, total = plan.quota.total, sum(stated)
    whole = len(stated) == len(plan.cities)
    if goal is not None and (total > goal or (whole and total != goal)):
        yield PlanFault(("quota", "goal"), f"各市名额合计{total}，与总数{goal}不符")
    kinds = {kind.id for kind in plan.kinds}
    if isinstance(plan.quota.goal, dict) and set(plan.quota.goal) != kinds:
        listed = "、".join(kind.label for kind in plan.kinds) or "不分类别"
        yield PlanFault(("quota", "goal"), f"总数须按项目类别写明：{listed}")
    for index, city in enumerate(plan.cities):
        by_kind = set(city.quota) if isinstance(city.quota, dict) else None
        if by_kind != (kinds or None) and city.quota is not None:
            listed = "、".join(kind.label for kind in plan.kinds) or "不分类别"
            yield PlanFault(
                ("cities", index, "quota"), f"{city.name}的名额须按项目类别写明：{listed}"
            )


def places(plan: Plan) -> Iterator[PlanFault]:
    yield from _former_names(("cities",), plan.cities)
    for index, city in enumerate(plan.cities):
        for loc, name in _names(("cities", index), city):
            if amiss := _no_name(name):
                yield PlanFault(loc, f"名称“{visible(name)}”{amiss}，请改正")
        for name, count in Counter(city.unserved).items():
            if city.county(name) is None:
                yield PlanFault(
                    ("cities", index, "unserved"), f"{city.name}没有县（市、区）“{name}”"
                )
            if count > 1:
                yield PlanFault(("cities", index, "unserved"), f"“{name}”出现了{count}次")
        yield from _counties(plan, ("cities", index, "counties"), city)


def _names(loc: Loc, city: City) -> Iterator[tuple[Loc, str]]:
    yield (*loc, "name"), city.name
    for index, county in enumerate(city.counties):
        if county.name:
            yield (*loc, "counties", index, "name"), county.name


def _no_name(name: str) -> str:
    """Why no place can be called so: it names folders and files, and is read by people."""
    if fault := unseen_sign(name):
        return fault
    if signs := "".join(sign for sign in name if sign in NOT_IN_FILE_NAMES or sign.isspace()):
        return f"含有不能用于文件名的“{signs.strip() or '空格'}”"
    return "不能用作文件夹的名称" if name.startswith(".") else ""


def _counties(plan: Plan, loc: Loc, city: City) -> Iterator[PlanFault]:
    for county in city.counties:
        itself = county.code == city.code and not city.undivided
        if not county.code.startswith(_own_digits(city.code)) or itself:
            yield PlanFault(loc, f"“{county.name}”的代码{county.code}不属于{city.name}")
    if not city.undivided and not all(county.name for county in city.counties):
        yield PlanFault(loc, "县（市、区）须有名称；该市下面没有县级的，写 counties: []")
    yield from _types(plan, loc, city)
    yield from _former_names(loc, city.counties)
    for name, count in Counter(county.name for county in city.counties).items():
        if count > 1:
            yield PlanFault(loc, f"{city.name}有两个“{name}”")


def _types(plan: Plan, loc: Loc, city: City) -> Iterator[PlanFault]:
    for index, county in enumerate(city.counties):
        if county.type not in plan.county_types:
            listed = "、".join(plan.county_types)
            says = f"未知的区划类型“{county.type}”，可用：{listed}（见 county_types）"
            yield PlanFault((*loc, index, "type"), says)


def _own_digits(code: str) -> str:
    """What the codes of all places in a place begin with: ``1401`` for ``140100``."""
    while code.endswith("00"):
        code = code[:-2]
    return code


PROVINCES = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]")
"""What codes begin with (GB/T 2260)."""


def standard(plan: Plan) -> Iterator[PlanFault]:
    """Codes that are said to be those of GB/T 2260 have its form."""
    if plan.code_standard is None:
        return
    for index, city in enumerate(plan.cities):
        loc, mend = ("cities", index), f"请核对，或去掉 code_standard: {plan.code_standard}"
        if not PROVINCES.match(city.code):
            yield PlanFault((*loc, "code"), f"没有以{city.code[:2]}开头的省级代码；{mend}")
        if not city.undivided and (len(city.code) != 6 or not city.code.endswith("00")):
            yield PlanFault((*loc, "code"), f"{city.name}的代码{city.code}末两位应为00；{mend}")
        for county in city.counties:
            name = county.name or city.name
            if len(county.code) != 6:
                yield PlanFault((*loc, "counties"), f"{name}的代码{county.code}不是六位；{mend}")
            elif name not in (called := _in_standard(county.code)):
                says = f"{name}的代码{county.code}在 {plan.code_standard} 中"
                yield PlanFault((*loc, "counties"), f"{says}{called or '没有'}；{mend}")


def _in_standard(code: str) -> str:
    """What a code stands for, with what it stood for before: ``为“[1997-]小店区”``; or nothing."""
    found = numdb.get("cn/loc").info(code)
    named = [info["county"] for _, info in found if "county" in info]
    return f"为“{named[0]}”" if named else ""


def _former_names(loc: Loc, places: Sequence[City | County]) -> Iterator[PlanFault]:
    """A former name is no present one, and that of one place alone."""
    present = {place.name for place in places}
    former = [place.renamed_from for place in places if place.renamed_from]
    for name in former:
        if name in present:
            yield PlanFault(loc, f"“{name}”仍是现有的名称，不能又是原名称（renamed_from）")
    yield from repeated(loc, former)


def sites(plan: Plan) -> Iterator[PlanFault]:
    kinds = {kind.id for kind in plan.kinds}
    for index, site in enumerate(plan.sites):
        city = plan.city(site.city)
        if city is None or city.county(site.county) is None:
            yield PlanFault(("sites", index), f"没有“{site.city}{site.county}”")
        for part in plan.name_parts:
            key = "name" if part == "community" and plan.named_freely else part
            if not getattr(site, key):
                yield PlanFault(("sites", index), f"缺少“{key}”，项目名称（project_name）由它组成")
        yield from unknown(("sites", index, "kind"), "项目类别", filter(None, [site.kind]), kinds)
    places = [
        (site.city, site.county, site.street, site.community or site.name) for site in plan.sites
    ]
    for place, count in Counter(places).items():
        if count > 1:
            yield PlanFault(("sites",), f"“{''.join(place)}”出现了{count}次")


def patterns(plan: Plan) -> Iterator[PlanFault]:
    """The patterns name nothing but what they are filled with."""
    place = ("city", "county", "region")
    patterns: list[tuple[str, str, tuple[str, ...]]] = [
        ("project_name", plan.project_name, ("street", "community", "name")),
        ("application_name", plan.application_name, ("street", "community", "name")),
        ("code_format", plan.code_format, ("county", "number")),
        *((f"offices.{level}", text, place) for level, text in plan.offices.items()),
        *((f"bodies.{id}.office", b.office, place) for id, b in plan.bodies.items() if b.office),
    ]
    for path, pattern, known in patterns:
        if wrong := misplaced(pattern, known):
            listed = "、".join(known)
            yield PlanFault(loc_of(path), f"“{pattern}”中的占位符有误（{wrong}），可用：{listed}")
    if plan.named_freely and "{community}" in plan.project_name:
        says = "{name}（自定名称）和 {community}（社区）只能用一个"
        yield PlanFault(("project_name",), says)


NUMBERED = re.compile(r"0?\d?d?")
"""How a number may be written: ``{number:02d}``."""


def misplaced(pattern: str, known: Sequence[str]) -> str:
    """The first place of a pattern that is none of the known ones by itself; empty: there is none.

    A number alone may say how it is written: what else a format could ask for, no plan means.
    """
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError:
        return "大括号不成对"
    for _, name, spec, conversion in parts:
        free = spec and not (name == "number" and NUMBERED.fullmatch(spec))
        if name is not None and (name not in known or conversion or free):
            return f"{{{name}{f':{spec}' if spec else ''}}}"
    return ""


def bodies(plan: Plan) -> Iterator[PlanFault]:
    for path, rule in plan.rules():
        loc = (*loc_of(path), "responsible")
        yield from unknown(loc, "责任单位", (rule.responsible,), set(plan.bodies))
    yield from regions(plan)
    for level in Level:
        if level not in plan.offices and level is not Level.REGION:
            yield PlanFault(("offices",), f"缺少{level.label}（{level}）的名称")
    for name, offices in _namesakes(plan).items():
        places = "、".join(f"{office.city}{office.county}" for office in offices)
        said = f"“{name}”是{len(offices)}个单位的名称（{places}），请在名称中写明市、县，各不相同"
        yield PlanFault(("offices", offices[0].level), said)


def regions(plan: Plan) -> Iterator[PlanFault]:
    """Who is there for a region: each city lies in one, and what names one has an office."""
    if Level.REGION in plan.offices:
        for index, city in enumerate(plan.cities):
            if not city.region:
                says = f"{city.name}没有写明所属片区（region），其片区单位无从提醒"
                yield PlanFault(("cities", index), says)
        return
    mend = "请在 offices 中写明片区单位的名称（region: …），并写明各城市的 region"
    for id, body in plan.bodies.items():
        if body.reached_at is Level.REGION:
            yield PlanFault(("bodies", id, "reached_at"), f"方案没有片区一级的单位；{mend}")
    audiences = [rung.audience for rung in plan.ladder.rungs]
    if any(Level.REGION in audience for audience in (*audiences, plan.ladder.repeat.audience)):
        yield PlanFault(("ladder",), f"方案没有片区一级的单位；{mend}")


def decided_by(plan: Plan) -> Iterator[PlanFault]:
    """Who decides is a body of the plan, or a level of its offices."""
    for path, rule in plan.rules():
        named = getattr(rule, "decided_by", ())
        yield from unknown((*loc_of(path), "decided_by"), "单位", named, _deciding(plan))


def authority(plan: Plan) -> Iterator[PlanFault]:
    """As above; no body is in two lines, and nothing is nobody's."""
    if plan.authority is None:
        return
    rule, loc, known = plan.authority, ("authority",), _deciding(plan)
    for index, line in enumerate(rule.lines):
        yield from unknown((*loc, "lines", index), "单位", line, known)
    yield from repeated((*loc, "lines"), (body for line in rule.lines for body in line))
    whose: dict[tuple[str, ...], Bodies] = {
        **{("holders", holder.value): rule.holders.get(holder, ()) for holder in Holder},
        **{
            (name,): getattr(rule, name) for name in ("profiles", "imports", "extensions", "upkeep")
        },
    }
    for path, bodies in whose.items():
        yield from unknown((*loc, *path), "单位", bodies, known)
        if not bodies:
            yield PlanFault((*loc, *path), "须写明由谁决定")


def _deciding(plan: Plan) -> set[str]:
    levels = (level.value for level in Level if level in plan.offices or level is not Level.REGION)
    return {*plan.bodies, *levels}


def _namesakes(plan: Plan) -> Mapping[str, Sequence[Office]]:
    """The offices that one name would stand for: all but one would never be told."""
    found: dict[str, list[Office]] = {}
    if any(patterns(plan)):  # which are told by themselves
        return found
    with suppress(KeyError):  # so is an office without a name
        for office in plan.contact_offices():
            found.setdefault(office.name, []).append(office)
    return {name: offices for name, offices in found.items() if len(offices) > 1}
