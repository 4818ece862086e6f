"""Who may: whose each act is, and whether the one who is named may take it (八(四)). Pure.

The one rule for every way in. An act is decided on by the bodies that the plan names; a higher body
of the same line may record for a lower one, a lower one never for a higher.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from policy.actions import ActionRule, EvidenceRule, MilestoneRule
from policy.bodies import Bodies
from policy.schema import Plan
from policy.timing import TimedRule
from policy.vocabulary import Holder, Level
from states.contacts import Place

LEADER = Level.CITY_LEADER
CIVIL_LINE: Bodies = (Level.COUNTY, Level.CITY, Level.REGION, Level.PROVINCE)
"""Who may act for whom where a plan does not say."""
LEVELS: Mapping[str, Level] = {level.value: level for level in Level}
DEPARTMENT = re.compile(r"^.*?(处室|科室|处|科(?![技教文])|室|股|组(?!织)|办公室|中心)")
"""How a department's name ends; 社会组织管理处, 科技处 and 教科文处 end further on."""
OTHER_BODY = re.compile(r"(公司|集团|协会|学会|商会|基金会|局|厅|政府)$")
"""How no department and nobody's name ends: the office is another one that begins alike."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One body of the plan at one place."""

    body: str
    """A key of `Plan.bodies`, or a level of `Plan.offices`."""
    city: str
    county: str
    name: str
    """Its full name."""
    region: str = ""
    """What it is there for between the lead and the cities; then it has no city."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who decides: an office of the plan and, where one is named, a person of it."""

    seat: Seat
    person: str


@dataclass(frozen=True, slots=True)
class Matter:
    """What is decided on, and whose it is."""

    label: str
    clause: str
    bodies: Bodies


@lru_cache(maxsize=4_096)  # a few hundred offices are named again and again
def actor_of(plan: Plan, words: str) -> Actor | None:
    """Whom ``山西省民政厅 养老服务处 张某`` names; None where it begins with no office of the plan.

    The blanks may be left out. A department is not looked at.
    """
    text = words.strip()
    names = _names(plan)
    found = max((name for name in names if text.startswith(name)), key=len, default=None)
    if found is None:
        return None
    rest = text.removeprefix(found).strip()
    return None if OTHER_BODY.search(rest) else Actor(names[found], _person(rest))


def _person(rest: str) -> str:
    """The name at the end, without the department before it; empty where there is none."""
    last = rest.split()[-1] if rest else ""
    department = DEPARTMENT.match(last)
    if department is None:
        return last
    after = last[department.end() :]
    if not after:
        return ""
    return after if len(after) > 1 else last


def seats(plan: Plan) -> tuple[Seat, ...]:
    """Every body of the plan at every place: bureaus, finance departments, governments."""
    return tuple(dict.fromkeys(_names(plan).values()))


@lru_cache(maxsize=32)
def _names(plan: Plan) -> Mapping[str, Seat]:
    """The seat that each name stands for; a provincial body goes by its short name, too."""
    found: dict[str, Seat] = {}
    for body in _bodies(plan):
        for seat in _everywhere(plan, body):
            held = found.get(seat.name)
            if held is None or _rank(plan, held) < _rank(plan, seat):
                found[seat.name] = seat  # a body that is two things at once goes by the higher
            if not (seat.city or seat.region) and body in plan.bodies:
                found.setdefault(plan.bodies[body].name, seat)
    for city in plan.cities:
        found[plan.office(LEADER, city.name)] = _seat(plan, Level.CITY, city.name, "")
    return found


def _rank(plan: Plan, seat: Seat) -> int:
    return [*Level].index(_level(plan, seat.body))


def _bodies(plan: Plan) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*CIVIL_LINE, *plan.bodies)))


def _everywhere(plan: Plan, body: str) -> Iterator[Seat]:
    level = _level(plan, body)
    if level is Level.PROVINCE:
        yield _seat(plan, body, "", "")
    elif level is Level.REGION:
        yield from (_of_region(plan, body, region) for region in plan.regions)
    elif level is Level.COUNTY:
        for city in plan.cities:
            yield from (_seat(plan, body, city.name, county.name) for county in city.counties)
    else:
        yield from (_seat(plan, body, city.name, "") for city in plan.cities)


def _level(plan: Plan, body: str) -> Level:
    return plan.bodies[body].reached_at if body in plan.bodies else LEVELS[body]


def _seat(plan: Plan, body: str, city: str, county: str) -> Seat:
    return Seat(body, city, county, plan.body_name(body, city, county))


def _of_region(plan: Plan, body: str, region: str) -> Seat:
    return Seat(body, "", "", plan.body_name(body, region=region), region)


def matter(plan: Plan, name: str) -> Matter | None:
    """The matter of an action, a milestone, a kind of evidence or a deadline; None: unknown.

    A milestone that only actions date is theirs who take them; one of the ledger the holder's.
    """
    for action in plan.actions:
        if action.id == name:
            return _of(action, action.label)
    for milestone in plan.milestones:
        if milestone.id == name:
            return _of_milestone(plan, milestone)
    for evidence in plan.evidence:
        if evidence.id == name:
            return _of(evidence, evidence.label)
    rule = _timed(plan, name)
    return Matter(rule.title, rule.clause, (rule.responsible,)) if rule else None


def _of(rule: ActionRule | EvidenceRule, label: str) -> Matter:
    return Matter(label, rule.clause, rule.decided_by or (rule.responsible,))


def _of_milestone(plan: Plan, milestone: MilestoneRule) -> Matter:
    if milestone.ledger:
        whose = booking(plan, Holder(milestone.ledger.of)).bodies
        return Matter(milestone.label, milestone.clause, whose)
    daters = [item for item in plan.actions if milestone.id in (*item.records, *item.redates)]
    if milestone.beside_chain or not daters:
        return Matter(milestone.label, milestone.clause, (milestone.responsible,))
    theirs = (body for item in daters for body in item.decided_by or (item.responsible,))
    return Matter(milestone.label, milestone.clause, tuple(dict.fromkeys(theirs)))


def _timed(plan: Plan, name: str) -> TimedRule | None:
    """The rule of a deadline: ``D10`` of ``D10-03``."""
    id = name.partition("-")[0]
    return next((rule for rule in plan.timed_rules if rule.id == id), None)


def booking(plan: Plan, holder: Holder) -> Matter:
    """The matter of a line of the ledger, which is the holder's (七)."""
    default: Bodies = (Level.CITY,) if holder is Holder.CITY else (Level.COUNTY,)
    whose = plan.authority.holders.get(holder, default) if plan.authority else default
    clause = plan.money.clause if plan.money else _clause(plan)
    return Matter(f"{plan.said(holder.label)}的资金收付", clause, whose)


def opinion(plan: Plan) -> Matter:
    """The matter of what experts say, which who has them called together puts on record."""
    rule = plan.review
    clause = rule.clause if rule else _clause(plan)
    return Matter("评审意见", clause, (rule.responsible,) if rule else (Level.PROVINCE,))


def progress(plan: Plan) -> Matter:
    """The matter of the monthly report."""
    rule = plan.report
    clause = rule.clause if rule else _clause(plan)
    return Matter("月报", clause, (rule.responsible,) if rule else (Level.CITY,))


def profile(plan: Plan) -> Matter:
    """The matter of what the forms say of a project."""
    whose = plan.authority.profiles if plan.authority else (Level.COUNTY,)
    return Matter("项目申报内容", _clause(plan), whose)


def imported(plan: Plan) -> Matter:
    """The matter of taking back what a workbook brought."""
    whose = plan.authority.imports if plan.authority else (Level.CITY,)
    return Matter("更正导入", _clause(plan), whose)


def extension(plan: Plan) -> Matter:
    """The matter of putting a deadline off."""
    whose = plan.authority.extensions if plan.authority else (Level.PROVINCE,)
    return Matter("延期", _clause(plan), whose)


def proof(plan: Plan) -> Matter:
    """The matter of handing in a file that proves something: any body's that works on the place."""
    return Matter("佐证文件", _clause(plan), _bodies(plan))


def upkeep(plan: Plan, label: str) -> Matter:
    """The matter of what is decided about the rules and the records themselves."""
    whose = plan.authority.upkeep if plan.authority else (Level.PROVINCE,)
    return Matter(label, _clause(plan), whose)


def acknowledgement(plan: Plan, deadline: str, turn: str = "") -> Matter | None:
    """The matter of saying when a deadline will be met: whose it is, and who is reminded of it.

    `turn`: the body whose turn it is, where another step comes first.
    """
    rule = _timed(plan, deadline)
    if rule is None:
        return None
    bodies = (rule.responsible, turn or rule.responsible)
    whose = (each for body in bodies for each in (body, _level(plan, body).value))
    return Matter(f"知悉 {rule.title}", rule.clause, tuple(dict.fromkeys(whose)))


def _clause(plan: Plan) -> str:
    return plan.authority.clause if plan.authority else plan.ladder.clause


def entitled(plan: Plan, asked: Matter, place: Place) -> tuple[Seat, ...]:
    """Who may, for a subject at a place: whose it is first, then those above in the same line."""
    lines = plan.authority.lines if plan.authority else (CIVIL_LINE,)
    ranks = [
        line[line.index(body) :] if body in line else (body,)
        for body in asked.bodies
        for line in lines
        if body in line or not any(body in each for each in lines)
    ]
    highest = max(map(len, ranks), default=0)
    ordered = (rank[step] for step in range(highest) for rank in ranks if step < len(rank))
    found = (_at(plan, body, place) for body in dict.fromkeys(ordered))
    return tuple(seat for seat in found if seat is not None)


def deciders(plan: Plan, action: ActionRule, place: Place) -> tuple[str, ...]:
    """The names of the offices that decide on an action of a subject at a place (A29)."""
    asked = _of(action, action.label)
    return tuple(
        dict.fromkeys(it.name for it in entitled(plan, asked, place) if it.body in asked.bodies)
    )


def _at(plan: Plan, body: str, place: Place) -> Seat | None:
    """A body's seat for a place; None where the place has none, as a city has no county."""
    level = _level(plan, body)
    if level is Level.PROVINCE:
        return _seat(plan, body, "", "")
    if level is Level.REGION:
        region = plan.region_of(place.city) if plan.regions else ""
        return _of_region(plan, body, region) if region else None
    own = level is not Level.COUNTY or place.county or place.city in plan.undivided
    if not place.city or not own:
        return None
    return _seat(plan, body, place.city, place.county if level is Level.COUNTY else "")


def may(plan: Plan, asked: Matter, place: Place, words: str) -> bool:
    """Whether whom `words` name may decide on a matter of a subject at a place."""
    actor = actor_of(plan, words)
    return actor is not None and actor.seat.name in _named(entitled(plan, asked, place))


def _named(those: Iterable[Seat]) -> tuple[str, ...]:
    """Seats by their names, under which one body may be two things at once."""
    return tuple(dict.fromkeys(seat.name for seat in those))


def bar(plan: Plan, asked: Matter, place: Place, words: str) -> str | None:
    """Why whom `words` name may not, the offices that may, and how to mend it; None: they may."""
    actor, those = actor_of(plan, words), entitled(plan, asked, place)
    if actor is not None and actor.seat.name in _named(those):
        return None
    offices = "、".join(_named(those)) or "其他单位"
    whose = f"“{asked.label}”由{offices}办理（{asked.clause}）"
    if not words.strip():
        said = "请注明经办人"
    elif actor is None:
        said = f"经办人“{words.strip()}”不是本方案的单位"
    else:
        said = f"{actor.seat.name}不能办理“{asked.label}”"
    example = f"{those[0].name} 张某" if those else "单位全称 张某"
    return f"{said}；{whose}，请写明决定的单位全称，后面可加处室和姓名，如“{example}”"
