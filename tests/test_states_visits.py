"""The plan of visits holds to its rules whatever the province looks like."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import RefusedError
from policy.duties import InspectionRules
from policy.schema import Plan
from policy.vocabulary import Disposition, Origin, Source, Standing, SubjectKind
from states.progress import Progress
from states.risk import risks
from states.snapshot import DeadlineShot, ProjectShot, Snapshot
from states.visits import Visit, VisitChoice
from states.visits import choose as choose_all
from states.workdays import Calendar
from tests.support.builders import calendar, plan

AS_OF = date(2023, 5, 31)
ACTIVE = Disposition.ACTIVE
FIRST, LAST = date(2023, 6, 1), date(2023, 7, 31)
CHINA = holidays.country_holidays("CN", years=2023)
UNHURRIED = settings(deadline=None)


def choose(found: Snapshot, asked: Plan, days: Calendar) -> tuple[Visit, ...]:
    return choose_all(found, asked, days).visits


def rule(**changes: object) -> InspectionRules:
    held = plan().inspection
    assert held is not None
    visits: dict[str, object] = {
        name: changes.pop(name)
        for name in ("least", "share", "every_grade", "most_a_day")
        if name in changes
    }
    return held.model_copy(update={**changes, "visits": held.visits.model_copy(update=visits)})


def with_rule(**changes: object) -> Plan:
    return plan().model_copy(update={"inspection": rule(**changes)})


def project(city: str, county: str, number: int, **changes: object) -> ProjectShot:
    code = f"XF-{plan().cities.index(next(c for c in plan().cities if c.name == city)):02d}"
    shot = ProjectShot(
        code=f"{code}{county}-{number:02d}",
        name=f"示例{number}",
        city=city,
        county=county,
        county_type="县",
        unserved=False,
        stage="construction",
        disposition=Disposition.ACTIVE,
        milestones={"determined": date(2023, 3, 28), "work_started": date(2023, 5, 8)},
        area=None,
        investment=None,
        subsidy=None,
        released=None,
        received=dict.fromkeys(Source, Decimal(0)),
        promised={Source.CITY: None, Source.COUNTY: None},
        spent=Decimal(0),
        progress=(),
        responsible="",
    )
    return replace(shot, **changes)  # type: ignore[arg-type]  # any field


def overdue(code: str, standing: Standing = Standing.OVERDUE) -> DeadlineShot:
    return DeadlineShot(
        kind=SubjectKind.PROJECT,
        subject=code,
        city="太原市",
        rule="D08",
        title="全部开工建设",
        clause="六(二)",
        origin=Origin.NOTICE,
        responsible="county",
        remind_by=AS_OF,
        overdue_after=AS_OF,
        standing=standing,
        fulfilled_on=None,
    )


def shot(projects: list[ProjectShot], late: tuple[DeadlineShot, ...] = ()) -> Snapshot:
    return Snapshot("2023-05", AS_OF, tuple(projects), late, ())


def months(*percents: int) -> tuple[Progress, ...]:
    return tuple(Progress(f"2023-{n:02d}", each) for n, each in enumerate(percents, 3))


DATED: tuple[dict[str, date], ...] = (
    {},
    {"determined": date(2023, 3, 28)},
    {"determined": date(2023, 3, 28), "work_started": date(2023, 5, 8)},
)
"""Not yet determined, not yet begun, under way."""


@st.composite
def provinces(draw: st.DrawFn) -> Snapshot:
    """Some projects in some counties of some cities, some of them late."""
    found: list[ProjectShot] = []
    late: list[DeadlineShot] = []
    for city in draw(st.lists(st.sampled_from(plan().cities), min_size=1, unique=True)):
        counties = [county.name for county in city.counties]
        for n in range(draw(st.integers(1, 14))):
            each = project(
                city.name,
                draw(st.sampled_from(counties)),
                n,
                disposition=draw(st.sampled_from([Disposition.ACTIVE] * 4 + list(Disposition))),
                progress=months(*sorted(draw(st.lists(st.integers(0, 100), max_size=3)))),
                milestones=draw(st.sampled_from(DATED)),
            )
            found.append(each)
            late += [overdue(each.code)] * draw(st.integers(0, 2))
    return shot(sorted(found, key=lambda each: each.code), tuple(late))


@given(provinces(), st.integers(1, 4), st.integers(1, 5), st.sampled_from(["0.05", "0.2", "1"]))
@UNHURRIED
def test_the_rules_hold(found: Snapshot, a_day: int, least: int, share: str) -> None:
    asked = with_rule(most_a_day=a_day, least=least, share=Decimal(share))
    visits = choose(found, asked, calendar())
    visited = {each.city for each in visits}
    assert visited == {each.city for each in found.projects if each.goes_on}
    assert all(FIRST <= each.day <= LAST and CHINA.is_working_day(each.day) for each in visits)
    assert max(Counter(each.day for each in visits).values(), default=0) <= a_day
    assert len({each.code for each in visits}) == len(visits)
    assert all(each.reasons for each in visits)
    going_on = {each.code for each in found.going_on}
    assert all(each.code in going_on for each in visits)
    _one_city_a_day_and_no_day_between(visits)
    points = {each.code: each.points for each in risks(asked, found, calendar())}
    high = {each.code for each in risks(asked, found, calendar()) if each.grade == "高"}
    for city in visited:
        mine = [each for each in visits if each.city == city]
        open_to = [each for each in found.going_on if each.city == city]
        _the_most_at_risk(mine, open_to, points)
        wanted = max(least, -(-len(open_to) * int(Decimal(share) * 100) // 100))
        graded = [each for each in open_to if each.code in high and each.disposition is ACTIVE]
        assert len(mine) <= min(max(wanted, len(graded)), len(open_to))


@given(provinces(), st.sampled_from([1, 2, 9]), st.integers(20, 61))
@UNHURRIED
def test_who_is_not_visited_is_told_why(found: Snapshot, a_day: int, span: int) -> None:
    """Each project that goes on is visited or listed; a riskier one gives way for days alone."""
    asked = with_rule(most_a_day=a_day, last=FIRST + timedelta(span - 1))
    made = choose_all(found, asked, calendar())
    codes = [*(each.code for each in made.visits), *(each.code for each in made.unvisited)]
    assert sorted(codes) == sorted(each.code for each in found.going_on)
    listed = {each.code: each for each in risks(asked, found, calendar())}
    held = {each.code for each in found.projects if each.disposition is Disposition.HELD}
    for each in made.unvisited:
        assert (each.grade, each.points) == (
            (listed[each.code].grade, listed[each.code].points) if each.code in listed else ("", 0)
        )
        if each.code in held:
            assert each.why == "项目暂停"
        elif each.grade == "高":
            assert each.why.startswith("督查期间工作日不足")
            assert _is_full(made, asked)
        else:
            assert "排在本市所选" in each.why or "工作日不足" in each.why


def _is_full(made: VisitChoice, asked: Plan) -> bool:
    """Whether every workday of the window is used."""
    assert asked.inspection is not None
    span = [FIRST + timedelta(n) for n in range((asked.inspection.last - FIRST).days + 1)]
    return {each.day for each in made.visits} == {d for d in span if CHINA.is_working_day(d)}


def _one_city_a_day_and_no_day_between(visits: tuple[Visit, ...]) -> None:
    by_day: dict[date, set[str]] = {}
    for each in visits:
        by_day.setdefault(each.day, set()).add(each.city)
    assert all(len(cities) == 1 for cities in by_day.values())
    order = [city.name for city in plan().cities]
    places = [order.index(each.city) for each in visits]
    assert places == sorted(places)
    assert [each.day for each in visits] == sorted(each.day for each in visits)
    span = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
    ahead = [day for day in span if CHINA.is_working_day(day)]
    assert sorted(by_day) == ahead[: len(by_day)]


def _the_most_at_risk(
    mine: list[Visit], open_to: list[ProjectShot], points: dict[str, int]
) -> None:
    """Nobody left out has more points than who is visited; equals are spread over counties."""
    codes = {each.code for each in mine}
    ranks = {each.code: (each.disposition is ACTIVE, points.get(each.code, 0)) for each in open_to}
    left = [each for each in open_to if each.code not in codes]
    least = min(ranks[code] for code in codes)
    assert all(ranks[each.code] <= least for each in left)
    times = Counter(each.county for each in mine)
    for each in left:
        if ranks[each.code] == least:  # it might have been visited instead of an equal
            equals = [visit for visit in mine if ranks[visit.code] == least]
            assert all(times[visit.county] - times[each.county] <= 1 for visit in equals)


@given(provinces(), st.randoms())
@UNHURRIED
def test_the_order_of_the_data_changes_nothing(found: Snapshot, chance: object) -> None:
    mixed = list(found.projects)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # a Random
    again = replace(found, projects=tuple(mixed), deadlines=found.deadlines[::-1])
    assert choose_all(again, plan(), calendar()) == choose_all(found, plan(), calendar())


def chosen(projects: list[ProjectShot], *late: DeadlineShot) -> Visit:
    """The only one that is visited of some of one county, without a risk list."""
    asked = with_rule(least=1, share=Decimal("0.01"), every_grade=None)
    bare = asked.model_copy(update={"risks": None})
    (visit,) = choose(shot(projects, late), bare, calendar())
    return visit


def one(number: int, **changes: object) -> ProjectShot:
    return project("太原市", "清徐县", number, **changes)


def test_reasons_in_their_order() -> None:
    """Overdue before stalled before low before money missing before the code."""
    late, stalled = one(5), one(4, progress=months(60, 60, 60))
    low, high = one(3, progress=months(10)), one(2, progress=months(50))
    poor = one(1, progress=months(50), released=Decimal(90000))
    lines = overdue(late.code)
    rest = [
        replace(high, code="XF-0"),
        poor,
        high,
        low,
        stalled,
        replace(late, progress=months(90)),
    ]
    found = chosen(rest, lines)
    assert (found.code, found.reasons) == (late.code, ("逾期1项：全部开工建设",))
    found = chosen(rest)
    assert found.code == stalled.code
    assert found.reasons[0] == "形象进度连续2个月没有增长"
    found = chosen(rest[:4])
    assert found.code == low.code
    assert found.reasons == ("形象进度10%，低于全市平均水平",)
    found = chosen(rest[:3])
    assert found.code == poor.code
    assert found.reasons == ("已下达和承诺的资金尚有9.00万元未到位",)
    found = chosen([rest[2], rest[0]])
    assert (found.code, found.reasons) == ("XF-0", ("按县（市、区）分布安排",))


def test_the_points_of_the_risk_list_come_first() -> None:
    """Standstill has two points by the plan, one deadline missed has one."""
    late, stalled = one(1, progress=months(90)), one(2, progress=months(60, 60, 60))
    asked = with_rule(least=1, share=Decimal("0.01"))
    (visit,) = choose(shot([late, stalled], (overdue(late.code),)), asked, calendar())
    assert (visit.code, visit.reasons[0]) == (stalled.code, "风险中（2分）")


def passed(code: str) -> DeadlineShot:
    """选址 of a project is overdue: five points by the plan, and one for the deadline missed."""
    return replace(overdue(code), rule="D03", title="完成项目选址", overdue_after=date(2023, 3, 31))


def test_the_riskiest_are_visited_although_nobody_has_determined_them() -> None:
    """Beyond the share, and where another project of the county is visited already."""
    determined = [project("太原市", county.name, 1) for county in plan().cities[0].counties]
    waiting = [one(n, milestones={}) for n in range(5, 9)]
    found = shot([*determined, *waiting], tuple(passed(each.code) for each in waiting))
    made = choose_all(found, plan(), calendar())
    assert {each.code for each in made.visits} == {each.code for each in waiting}
    assert all(each.reasons[0] == "风险高（6分）" for each in made.visits)
    assert {each.code for each in made.unvisited} == {each.code for each in determined}
    assert {each.why for each in made.unvisited} == {"按风险排在本市所选4个项目之后"}


def test_where_days_are_short_the_least_at_risk_give_way() -> None:
    """Two days for two cities: the one's third and fourth, not the other's riskier ones."""
    waiting = [one(n, milestones={}) for n in range(4)]
    others = [project("大同市", "云州区", n) for n in range(10)]
    late = tuple(passed(each.code) for each in waiting)
    asked = with_rule(last=date(2023, 6, 5), share=Decimal("0.4"))  # 1, 2 and 5 June
    made = choose_all(shot([*waiting, *others], late), asked, calendar())
    assert Counter(each.city for each in made.visits) == {"太原市": 4, "大同市": 2}
    told = Counter(each.why for each in made.unvisited)
    assert told == {
        "督查期间工作日不足，本市只能安排2个项目": 2,
        "按风险排在本市所选2个项目之后": 6,
    }


def test_why_the_others_are_not_visited() -> None:
    held, seen = one(1, disposition=Disposition.HELD), visited(one(2), FIRST)
    found = replace(shot([held, seen, one(3), one(4)]), as_of=date(2023, 6, 2))
    made = choose_all(found, plan(), calendar())
    assert [each.code[-2:] for each in made.visits] == ["03"]
    assert [(each.code[-2:], each.why) for each in made.unvisited] == [
        ("04", "按风险排在本市所选1个项目之后"),
        ("01", "项目暂停"),
        ("02", "6月1日已督查"),
    ]


def test_what_waits_for_provincial_finance_is_nobodys_lateness() -> None:
    first, second = one(1), one(2)
    found = chosen([first, second], overdue(second.code, Standing.COORDINATING))
    assert found.code == first.code


def test_works_that_have_not_begun_are_not_stalled() -> None:
    waiting = one(1, milestones={"determined": AS_OF}, progress=months(0, 0, 0))
    assert chosen([waiting]).reasons == ("尚未开工",)


def test_a_project_on_hold_comes_last_and_a_city_of_them_is_visited_all_the_same() -> None:
    held = one(1, disposition=Disposition.HELD, progress=months(0))
    assert chosen([held, one(2, progress=months(90))]).code.endswith("02")
    assert chosen([held]).code == held.code


def test_long_stays_are_shortened_where_days_are_short() -> None:
    many = [one(n) for n in range(12)] + [project("大同市", "云州区", n) for n in range(4)]
    asked = with_rule(last=FIRST + timedelta(1), share=Decimal(1))
    visits = choose(shot(many), asked, calendar())
    assert Counter(each.city for each in visits) == {"太原市": 2, "大同市": 2}
    assert [each.day.day for each in visits] == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("own", "others", "days", "wanted"),
    [
        (4, 6, 4, (4, 4)),  # the longer stay gives way
        (6, 4, 4, (4, 4)),
        (4, 4, 3, (4, 2)),  # of equals that of the city which the plan lists last
        (4, 4, 4, (4, 4)),  # nobody where there are days enough
        (3, 5, 4, (3, 4)),
    ],
)
def test_the_longest_stay_of_equals_is_shortened(
    own: int, others: int, days: int, wanted: tuple[int, int]
) -> None:
    """Two a day, nobody at more risk than another: how many of either city on so many days."""
    first = [one(n) for n in range(own)]
    then = [project("大同市", "云州区", n) for n in range(others)]
    asked = with_rule(last=date(2023, 6, days if days < 3 else days + 2), share=Decimal(1))
    bare = asked.model_copy(update={"risks": None})
    made = Counter(each.city for each in choose(shot([*then, *first]), bare, calendar()))
    assert (made["太原市"], made["大同市"]) == wanted


@pytest.mark.parametrize(
    ("projects", "share", "least", "count"),
    [
        (10, "0.2", 1, 2),
        (11, "0.2", 1, 3),
        (10, "0.2", 3, 3),
        (2, "0.2", 3, 2),
        (5, "0.2", 1, 1),
    ],
)
def test_a_share_is_rounded_up_and_never_below_the_least(
    projects: int, share: str, least: int, count: int
) -> None:
    asked = with_rule(share=Decimal(share), least=least, every_grade=None)
    found = shot([one(n) for n in range(projects)])
    assert len(choose(found, asked, calendar())) == count


@pytest.mark.parametrize(("grade", "count"), [("高", 2), ("中", 3), ("低", 4), (None, 1)])
def test_as_many_are_visited_as_have_the_grade_that_the_plan_wants(
    grade: str | None, count: int
) -> None:
    """Two that passed a deadline, three that stand still, four of which nothing is said."""
    waiting = [one(n, milestones={}) for n in range(2)]
    still = [one(n, progress=months(60, 60, 60)) for n in range(2, 5)]
    well = [one(n) for n in range(5, 9)]
    asked = with_rule(least=1, share=Decimal("0.01"), every_grade=grade)
    found = shot([*waiting, *still, *well], tuple(passed(each.code) for each in waiting))
    grades = Counter(each.grade for each in risks(asked, found, calendar()))
    assert grades == {"高": 2, "中": 3, "低": 4}
    assert len(choose(found, asked, calendar())) == count


def test_who_is_on_hold_is_not_visited_for_its_grade() -> None:
    waiting = [one(n, milestones={}, disposition=Disposition.HELD) for n in range(2)]
    asked = with_rule(least=1, share=Decimal("0.01"))
    found = shot([*waiting, one(3)], tuple(passed(each.code) for each in waiting))
    assert [each.code for each in choose(found, asked, calendar())] == [one(3).code]


@pytest.mark.parametrize(
    ("on", "counts"),
    [
        (date(2023, 5, 31), False),
        (FIRST, True),
        (LAST, True),
        (date(2023, 8, 1), False),
    ],
)
def test_a_visit_counts_from_the_first_day_to_the_last(on: date, *, counts: bool) -> None:
    made = choose_all(shot([visited(one(1), on)]), plan(), calendar())
    assert (made.visits == ()) is counts
    assert [each.why for each in made.unvisited] == [f"{on.month}月{on.day}日已督查"] * counts


def visited(each: ProjectShot, on: date) -> ProjectShot:
    return replace(each, milestones={**each.milestones, rule().visited: on})


def test_made_meanwhile_it_plans_what_is_left_on_days_to_come() -> None:
    """Of ten of 太原市 two are wanted, of five of 大同市 two, of one of 朔州市 one."""
    day = date(2023, 6, 15)
    ten = [project("太原市", ("清徐县", "古交市")[n % 2], n) for n in range(10)]
    five = [project("大同市", "云州区", n) for n in range(5)]
    other = project("朔州市", "朔城区", 1)
    earlier = [visited(each, date(2023, 6, 5)) for each in (ten[0], *five[:2])]
    before = visited(other, date(2023, 5, 30))  # it does not count
    found = replace(shot([*earlier, *ten[1:], *five[2:], before]), as_of=day)
    visits = choose(found, plan(), calendar())
    told = [(each.city, each.county, each.day.day) for each in visits]
    assert told == [("太原市", "古交市", 16), ("朔州市", "朔城区", 19)]
    with pytest.raises(RefusedError, match="已无工作日可安排"):
        choose(replace(found, as_of=LAST), plan(), calendar())
    done = [visited(each, FIRST) for each in ten[:2]] + ten[2:]
    made = choose_all(replace(shot(done), as_of=LAST), plan(), calendar())
    assert made.visits == ()
    assert {each.why for each in made.unvisited} == {"6月1日已督查", "本市应督查的项目已督查"}


def test_more_cities_than_days_is_refused_with_the_numbers() -> None:
    many = [project(city.name, city.counties[0].name, 1) for city in plan().cities]
    with pytest.raises(RefusedError, match="只有1个工作日，11个市"):
        choose(shot(many), with_rule(last=FIRST), calendar())


def test_nothing_without_an_inspection_or_projects() -> None:
    bare = plan().model_copy(update={"inspection": None})
    assert choose_all(shot([one(1)]), bare, calendar()) == VisitChoice()
    assert choose(shot([]), plan(), calendar()) == ()


def test_the_numbers_of_the_plan() -> None:
    held = rule()
    assert (held.first, held.last) == (FIRST, LAST)  # 6-7月
    days = [d for n in range(31) if CHINA.is_working_day(d := date(2023, 5, 1) + timedelta(n))]
    assert held.visits.made_on == days[-1]
    notice = "".join(
        (Path(__file__).parents[1] / "policy/plans/shanxi-2023/notice.txt")
        .read_text(encoding="utf-8")
        .split()
    )
    for each in (held.visits, *held.items):
        assert all("".join(part.split()) in notice for part in each.words.split("…"))
        assert (each.origin is Origin.PROPOSAL) == ("建议" in each.reading)


def test_a_standstill_is_counted_from_the_last_rise() -> None:
    assert chosen([one(1, progress=months(50, 60, 60, 60))]).reasons[0] == (
        "形象进度连续2个月没有增长"
    )
    assert "没有增长" not in chosen([one(1, progress=months(60, 60, 60, 70))]).reasons[0]
    assert "没有增长" not in chosen([one(1, progress=months(100, 100, 100))]).reasons[0]


@pytest.mark.parametrize(("percent", "others"), [(50, 90), (90, 50)])
def test_progress_is_held_against_the_average_of_its_own_city(percent: int, others: int) -> None:
    own = one(1, progress=months(percent))
    other = project("大同市", "云州区", 1, progress=months(others))
    asked = with_rule(least=1, every_grade=None).model_copy(update={"risks": None})
    made = {visit.city: visit.reasons for visit in choose(shot([own, other]), asked, calendar())}
    assert made == dict.fromkeys(("太原市", "大同市"), ("按县（市、区）分布安排",))


def test_who_is_on_the_risk_list_without_points_is_visited_for_none() -> None:
    (visit,) = choose(shot([one(1)]), with_rule(least=1), calendar())
    assert visit.reasons == ("按县（市、区）分布安排",)
