"""交叉验收安排: who accepts what and when, as a workbook; and 验收表 with its group's names."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from common.words import weekday
from documents.forms.acceptance import acceptance_sheet
from documents.writing.columns import DAY, NUMBER, TEXT, Column
from documents.writing.layout import FormSheet, Leaf, TableSheet, worded
from documents.writing.lines import FormLine
from documents.writing.rows import Value
from policy.schema import Plan
from policy.vocabulary import Disposition
from states.assignment import Inspector, Stop, Team
from states.dossier import Dossier, from_stored, profile_of

NAMES_APART = "、"
Plain = str | int | bool | tuple[str, ...]
"""A field's value as JSON keeps it exact: `states.dossier.to_plain`."""


def _column(key: str, heading: str, width: float, format: str = TEXT) -> Column:
    return Column(key, heading, "", width, format, centred=format != TEXT or width < 14)


GROUP = _column("team", "组别", 8)
WHEN = (_column("day", "日期", 12, DAY), _column("weekday", "星期", 6))
CITY = _column("city", "市", 9)
PROJECT = (
    CITY,
    _column("county", "县（市、区）", 11),
    _column("name", "项目名称", 34),
    _column("code", "项目编码", 18),
)
REMARK = _column("remark", "备注", 18)
BY_TEAM = (NUMBER, GROUP, *WHEN, _column("order", "当日顺序", 9, "0"), *PROJECT, REMARK)
BY_CITY = (NUMBER, *PROJECT, *WHEN, GROUP, _column("people", "验收组成员", 38), REMARK)
HOMES = _column("homes", "派出市", 16)
PEOPLE = (
    NUMBER,
    GROUP,
    _column("home", "派出市", 9),
    _column("office", "单位", 22),
    _column("name", "姓名", 13),
    _column("role", "抽调身份", 18),
    _column("title", "职务", 22),
)
PHONE = _column("phone", "电话", 16)
LOADS = (
    NUMBER,
    GROUP,
    HOMES,
    _column("people", "人数", 7, "0"),
    _column("projects", "项目数", 8, "0"),
    _column("days", "天数", 7, "0"),
    _column("first", "首日", 12, DAY),
    _column("last", "末日", 12, DAY),
    _column("cities", "所到市（项目数）", 40),
)


@dataclass(frozen=True, slots=True)
class AcceptanceTarget:
    """A project that is to be accepted, with what 验收表 says of it beforehand."""

    code: str
    name: str
    city: str
    county: str
    county_type: str
    stage: str
    remark: str
    """What the group should know before it sets out; Chinese, may be empty."""
    stated: Mapping[str, Plain]
    """Fields of its profile."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The whole arrangement."""

    as_of: date
    first: date
    last: date
    """Visits are on workdays between the two."""
    teams: tuple[Team, ...]
    stops: tuple[Stop, ...]
    """By team, day and order."""
    targets: tuple[AcceptanceTarget, ...]
    """By code."""
    notes: tuple[str, ...]
    """Who was left out or put together, in Chinese."""
    spread: int
    """By how many projects the loads of two teams differ at most."""
    unproven: tuple[str, ...]
    """What may be arranged still better."""


def team_name(number: int) -> str:
    """``第1组``."""
    return f"第{number}组"


def named(team: Team) -> tuple[str, ...]:
    """Its people with their offices in full, as 验收表 wants them; namesakes with their roles."""
    plain = [f"{person.office}{person.name}" for person in team.people]
    count = Counter(plain)
    return tuple(
        name if count[name] == 1 else f"{name}（{person.role}）"
        for name, person in zip(plain, team.people, strict=True)
    )


def schedule_leaves(plan: Plan, title: str, made: Schedule, *, phones: bool) -> tuple[Leaf, ...]:
    """The arrangement by team, by city, its people and the loads; telephone numbers if asked."""
    columns = (*PEOPLE, PHONE) if phones else PEOPLE
    people = [row if phones else row[:-1] for row in _numbered(_people(made))]
    note = f"按{made.as_of}的登记情况编制；日程为建议，以正式通知为准"
    notes = "；".join(made.notes)
    by_city, fair = f"{title}{plan.said('（按市）')}", _fair(plan, made)
    leaves = (
        TableSheet("按组安排", title, BY_TEAM, _numbered(_by_team(made)), note=note, filters=True),
        TableSheet("按市安排", by_city, BY_CITY, _numbered(_by_city(made)), note=note),
        TableSheet("验收组人员", f"{title}（人员）", columns, people, note=notes),
        TableSheet("各组任务", f"{title}（任务）", LOADS, _numbered(_loads(made)), note=fair),
    )
    return worded(plan, leaves)


def prefilled_sheet(plan: Plan, target: AcceptanceTarget, team: Team, footer: str) -> FormSheet:
    """验收表 of a project with the names of its group; all other answers are left to the group."""
    sheet = acceptance_sheet(plan, _dossier(plan, target), footer=footer, protected=True)
    names = {item.label: NAMES_APART.join(named(team)) for item in plan.checklist if item.people}
    return replace(sheet, lines=[_with_names(line, names) for line in sheet.lines])


def _with_names(line: FormLine, names: Mapping[str, str]) -> FormLine:
    """The line of the checklist that asks for people, with them as its result."""
    label = str(line.cells[0].value)
    if label not in names:
        return line
    item, standard, result, *others = line.cells
    return replace(line, cells=(item, standard, replace(result, value=names[label]), *others))


def _dossier(plan: Plan, target: AcceptanceTarget) -> Dossier:
    known = {
        name: from_stored(plan, name, list(value) if isinstance(value, tuple) else value)
        for name, value in target.stated.items()
    }
    return Dossier(
        code=target.code,
        name=target.name,
        city=target.city,
        county=target.county,
        county_type=target.county_type,
        stage=target.stage,
        disposition=Disposition.ACTIVE,
        profile=profile_of(known),
    )


def _when(stop: Stop) -> tuple[Value, ...]:
    return stop.day, weekday(stop.day)


def _by_team(made: Schedule) -> Iterator[tuple[Value, ...]]:
    known = {target.code: target for target in made.targets}
    for stop in made.stops:
        target = known[stop.code]
        place = (target.city, target.county, target.name, target.code)
        yield (team_name(stop.team), *_when(stop), stop.order, *place, target.remark)


def _by_city(made: Schedule) -> Iterator[tuple[Value, ...]]:
    at = {stop.code: stop for stop in made.stops}
    people = {team.number: NAMES_APART.join(named(team)) for team in made.teams}
    for target in made.targets:
        stop = at[target.code]
        place = (target.city, target.county, target.name, target.code)
        who = (team_name(stop.team), people[stop.team])
        yield (*place, *_when(stop), *who, target.remark)


def _people(made: Schedule) -> Iterator[tuple[Value, ...]]:
    for team in made.teams:
        for person in team.people:
            yield (team_name(team.number), person.cities[0], *_about(person))


def _about(person: Inspector) -> tuple[Value, ...]:
    return person.office, person.name, person.role, person.title, person.phone


def _loads(made: Schedule) -> Iterator[tuple[Value, ...]]:
    cities = {target.code: target.city for target in made.targets}
    for team in made.teams:
        mine = [stop for stop in made.stops if stop.team == team.number]
        days = sorted({stop.day for stop in mine})
        seen = Counter(cities[stop.code] for stop in mine)
        yield (
            team_name(team.number),
            NAMES_APART.join(team.homes),
            len(team.people),
            len(mine),
            len(days),
            *((days[0], days[-1]) if days else (None, None)),
            NAMES_APART.join(f"{city}（{count}）" for city, count in seen.items()),
        )


def _fair(plan: Plan, made: Schedule) -> str:
    """How even the loads are, and what has not been shown to be the best."""
    told = f"各组项目数最多相差{made.spread}个" if made.spread else "各组项目数相同"
    doubts = [f"“{aim}”在限定的运算量内未能证明为最优" for aim in made.unproven]
    return "；".join([f"{plan.said('不验收本市项目，两市不互验')}；{told}", *doubts])


def _numbered(rows: Iterator[tuple[Value, ...]]) -> Sequence[tuple[Value, ...]]:
    return [(number, *row) for number, row in enumerate(rows, 1)]
