"""The data curves: what is, should be and may be, against plainer ways to reckon."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from policy.duties import CurveRules
from policy.load import plan_path
from policy.validate import faults
from policy.vocabulary import Disposition, Source
from states.figures import figures
from states.progress import Progress
from states.series import (
    FROM_PROVINCE,
    INVESTED,
    MATCHING,
    RECEIVED,
    Course,
    YearCourses,
    courses,
    expected,
)
from states.snapshot import DeadlineShot, ProjectShot, Snapshot, months
from tests.support.builders import plan
from tests.support.seen import NONE, a_deadline, a_shot, a_snapshot

YEAR = months(plan())
STARTS, ENDS = date(2023, 5, 31), date(2023, 11, 30)
CENT = Decimal("0.01")
LAST_DAYS = [date(2023, n + 1, 1) - timedelta(days=1) for n in range(1, 12)] + [date(2023, 12, 31)]
CODES = tuple(f"XF2023-140105-{n:02d}" for n in range(1, 8))
COUNTED = ("site_confirmed", "work_started", "construction_finished", "accepted", "opened")
days = st.dates(date(2023, 1, 16), date(2023, 12, 31))
amounts = st.decimals(0, 10**8, places=2)
known_counts = st.lists(st.integers(0, 100), max_size=8).map(sorted)


def province(shots: Sequence[Snapshot], key: str) -> Course:
    return courses(plan(), shots).of("山西省").course(key)


def numbers(*values: Decimal | None) -> list[Decimal | int | None]:
    return list(values)


def limits(code: str = CODES[0], **dates: date) -> list[DeadlineShot]:
    usual = {"D03": date(2023, 3, 31), "D08": STARTS, "D14": ENDS, "D05": date(2023, 5, 4)}
    usual |= {"D07": STARTS, "D16": date(2023, 12, 31), "D17": date(2023, 12, 31)}
    return [a_deadline(rule, day, code) for rule, day in (usual | dates).items()]


@st.composite
def years(draw: st.DrawFn) -> list[Snapshot]:
    """Some projects whose facts, money and reports come about, seen at the first months' ends."""
    codes = CODES[: draw(st.integers(1, len(CODES)))]
    facts = {code: draw(st.dictionaries(st.sampled_from(COUNTED), days)) for code in codes}
    due = {
        code: draw(st.dictionaries(st.sampled_from(("D03", "D08", "D14")), days)) for code in codes
    }
    money = {
        code: draw(st.lists(st.tuples(st.sampled_from(list(Source)), days, amounts)))
        for code in codes
    }
    told = {code: draw(st.dictionaries(st.integers(1, 12), amounts)) for code in codes}
    ended = {code: draw(st.booleans()) for code in codes}
    cities = {code: draw(st.sampled_from(("太原市", "大同市"))) for code in codes}
    seen = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        on = LAST_DAYS[number - 1]
        projects = [
            a_shot(
                code,
                city=cities[code],
                disposition=Disposition.WITHDRAWN if ended[code] else Disposition.HELD,
                milestones={name: day for name, day in facts[code].items() if day <= on},
                received={
                    source: sum(
                        (a for s, day, a in money[code] if s is source and day <= on), Decimal(0)
                    )
                    for source in Source
                },
                progress=tuple(
                    Progress(f"2023-{month:02d}", 10, sum_)
                    for month, sum_ in sorted(told[code].items())
                    if month <= number
                ),
            )
            for code in codes
        ]
        dated = [
            a_deadline(r, d, code, city=cities[code])
            for code in codes
            for r, d in due[code].items()
        ]
        seen.append(a_snapshot(on, projects, dated))
    return seen


# --- what is --------------------------------------------------------------------------------------


@given(years())
def test_every_place_has_what_a_plain_count_finds(shots: list[Snapshot]) -> None:
    made = courses(plan(), shots)
    assert [own.place for own in made.places] == ["山西省", *(c.name for c in plan().cities)]
    for own in made.places:
        for at, shot in enumerate(shots):
            here = [p for p in shot.projects if own.place in ("山西省", p.city)]
            here = [p for p in here if p.disposition is Disposition.HELD]
            for name in COUNTED:
                count = len([p for p in here if name in p.milestones])
                assert own.course(name).actual[at] == (count if here else None)
            paid = sum(sum(p.received.values()) - p.received[Source.OTHER] for p in here)
            assert own.course(RECEIVED).actual[at] == (paid if here else None)
            told = [p.progress[-1].invested for p in here if p.progress]
            assert own.course(INVESTED).actual[at] == (sum(map(Fraction, told)) if told else None)  # type: ignore[arg-type]  # all are stated here


@given(years())
def test_what_is_kept_as_json_is_read_back_whole(shots: list[Snapshot]) -> None:
    made, kind = courses(plan(), shots), TypeAdapter(YearCourses)
    assert kind.validate_python(kind.dump_python(made, mode="json")) == made


def test_the_cities_add_up_to_the_province() -> None:
    projects = [a_shot(CODES[0]), a_shot(CODES[1], city="大同市", milestones={"opened": STARTS})]
    made = courses(plan(), [a_snapshot(STARTS, projects)])
    for key in (*COUNTED, RECEIVED):
        parts = [own.course(key).actual[4] for own in made.places[1:]]
        assert made.of("山西省").course(key).actual[4] == sum(part or 0 for part in parts)


def test_rates_above_a_hundred_are_shown() -> None:
    rich = {**NONE, Source.CITY: Decimal("700000.00"), Source.COUNTY: Decimal("290000.00")}
    told = (Progress("2023-06", 99, Decimal("1600000.00")),)
    shot = a_snapshot(date(2023, 6, 30), [a_shot(received=rich, progress=told)])
    assert province([shot], MATCHING).rates[5] == Decimal("150.0")
    assert province([shot], INVESTED).rates[5] == Decimal("106.7")
    assert province([shot], FROM_PROVINCE).rates[5] == Decimal("0.0")


def test_what_is_not_stated_is_told_apart_from_nothing() -> None:
    shot = a_snapshot(STARTS, [a_shot(subsidy=None, investment=None), a_shot(CODES[1])])
    found = province([shot], FROM_PROVINCE)
    assert (found.whole, found.unstated) == (Decimal("840000.00"), 1)
    assert province([shot], INVESTED).actual[4] is None  # nobody has reported
    assert province([shot], RECEIVED).actual[4] == 0


# --- what should be -------------------------------------------------------------------------------


@given(st.lists(st.tuples(days, days, days), min_size=1, max_size=7))
def test_planned_rises_to_all_projects(dates: list[tuple[date, date, date]]) -> None:
    projects = [a_shot(CODES[n]) for n in range(len(dates))]
    dated = [
        a_deadline(rule, day, CODES[n])
        for n, each in enumerate(dates)
        for rule, day in zip(("D03", "D08", "D14"), each, strict=True)
    ]
    shot = a_snapshot(date(2023, 2, 28), projects, dated)
    for key, place in (("site_confirmed", 0), ("work_started", 1), ("construction_finished", 2)):
        planned = province([shot], key).planned
        assert list(planned) == sorted(planned)
        assert planned[-1] == len(dates)
        assert planned == tuple(sum(each[place] <= day for each in dates) for day in LAST_DAYS)
    sums = province([shot], INVESTED).planned
    assert list(sums) == sorted(sums)
    assert sums[-1] == 1500000 * len(dates)


def test_investment_grows_by_the_day_between_its_limits() -> None:
    """From 31 May to 30 November there are 183 days: 10,000元 a day."""
    project = a_shot(investment=Decimal("1830000.00"))
    found = province([a_snapshot(date(2023, 6, 30), [project], limits())], INVESTED)
    days = (0, 0, 0, 0, 0, 30, 61, 92, 122, 153, 183, 183)
    assert found.planned == tuple(10000 * n for n in days)
    odd = replace(project, investment=Decimal("100.00"))
    found = province([a_snapshot(date(2023, 6, 30), [odd], limits())], INVESTED)
    assert found.planned[8] == Decimal("66.66")  # 66.666…


def test_money_is_planned_by_whose_it_is() -> None:
    made = courses(plan(), [a_snapshot(STARTS, [a_shot()], limits(D07=date(2023, 6, 1)))])
    found = made.of("山西省")
    assert numbers(*found.course(FROM_PROVINCE).planned[3:6]) == [0, 840000, 840000]
    assert numbers(*found.course(MATCHING).planned[3:6]) == [0, 0, 660000]
    assert numbers(*found.course(RECEIVED).planned[3:6]) == [0, 840000, 1500000]


def test_an_extension_moves_the_plan_and_the_latest_snapshot_holds() -> None:
    before = a_snapshot(date(2023, 5, 31), [a_shot()], limits())
    after = a_snapshot(date(2023, 6, 30), [a_shot()], limits(D08=date(2023, 8, 31)))
    assert province([before], "work_started").planned[4] == 1
    assert numbers(*province([before, after], "work_started").planned[4:8]) == [0, 0, 0, 1]


def test_without_a_limit_there_is_no_planned_line() -> None:
    found = courses(plan(), [a_snapshot(STARTS, [a_shot()], [a_deadline("D08", None)])])
    assert [course.planned for course in found.of("山西省").courses] == [()] * 9


@pytest.mark.parametrize(
    "change",
    [{"invested_to": "D18"}, {"received_by": {"city": "D99"}}, {"invested_from": "D10"}],
)
def test_a_plan_whose_lines_follow_no_projects_deadline_is_told(change: dict[str, Any]) -> None:
    rules = CurveRules.model_validate({**plan().model_dump()["curves"], **change})
    notice = plan_path("shanxi-2023").with_name("notice.txt").read_text(encoding="utf-8")
    found = list(faults(plan().model_copy(update={"curves": rules}), notice))
    assert [fault.loc for fault in found] == [("curves",)]


def test_the_planned_line_follows_the_day_of_the_notice() -> None:
    """省级补助 is to be given out by 30 April, although nobody is late before 4 May."""
    lenient = replace(a_deadline("D05", date(2023, 5, 4)), due=date(2023, 4, 30))
    found = province([a_snapshot(STARTS, [a_shot()], [lenient])], FROM_PROVINCE)
    assert numbers(*found.planned[2:5]) == [0, 840000, 840000]


def test_counts_are_measured_against_the_quota_as_in_the_papers() -> None:
    """朔州市 has five to do and six projects; more than those can never come about."""
    codes = [f"XF2023-140602-{n:02d}" for n in range(6)]
    seen = []
    for month_, begun in ((4, 3), (5, 5)):
        projects = [
            a_shot(c, city="朔州市", milestones={"work_started": STARTS} if n < begun else {})
            for n, c in enumerate(codes)
        ]
        seen.append(a_snapshot(LAST_DAYS[month_ - 1], projects))
    made = courses(plan(), seen)
    found = made.of("朔州市").course("work_started")
    assert (found.whole, found.rates[3:5]) == (Decimal(5), (Decimal("60.0"), Decimal("100.0")))
    assert found.expected[5] is not None
    assert found.expected[5].high == 6
    assert made.of("山西省").course("work_started").rates[4] == Decimal("5.0")
    assert (
        made.of("山西省").course("work_started").rates[4]
        == figures(plan(), seen[1]).reached[1].rate
    )


# --- what may be ----------------------------------------------------------------------------------


@given(known_counts, st.integers(0, 11), st.integers(1, 4), st.integers(0, 20))
def test_expected_is_what_a_plain_reckoning_finds(
    known: list[int], ahead: int, pace: int, room: int
) -> None:
    most = (known[-1] if known else 0) + room
    found = expected([Decimal(n) for n in known], ahead, pace, Decimal(1), Decimal(most))
    gains = [new - old for old, new in pairwise(known)][-pace:]
    assert len(found) == (ahead if gains else 0)
    for k, item in enumerate(found, 1):
        mean = Fraction(sum(gains), len(gains))
        assert item.middle == min(most, known[-1] + floor(k * mean))
        assert item.low == min(most, known[-1] + k * min(gains))
        assert item.high == min(most, known[-1] + k * max(gains))


@given(st.lists(amounts, max_size=8), st.integers(0, 11), st.integers(1, 4), st.none() | amounts)
def test_expected_lies_in_its_band_and_never_below_what_is(
    known: list[Decimal], ahead: int, pace: int, most: Decimal | None
) -> None:
    """Also where sums have fallen in between, or lie above their bound already."""
    before = known[-1:]
    for item in expected(known, ahead, pace, CENT, most):
        assert known[-1] <= item.low <= item.middle <= item.high
        assert most is None or item.high <= max(most, known[-1])
        assert before[0] <= item.middle
        assert item.middle == item.middle.quantize(CENT)
        before = [item.middle]


@given(amounts, amounts, st.integers(2, 6), st.integers(1, 4))
def test_a_constant_pace_gives_a_line(start: Decimal, gain: Decimal, seen: int, pace: int) -> None:
    known = [start + n * gain for n in range(seen)]
    for k, item in enumerate(expected(known, 6, pace, CENT, None), 1):
        assert item.low == item.middle == item.high == known[-1] + k * gain


def test_an_uneven_pace_by_hand() -> None:
    """Of the last three months 10, 40 and 5: on average 18 1/3 a month."""
    (one, two) = expected([Decimal(n) for n in (0, 7, 17, 57, 62)], 2, 3, Decimal(1), Decimal(100))
    assert numbers(one.low, one.middle, one.high) == [67, 80, 100]
    assert numbers(two.low, two.middle, two.high) == [72, 98, 100]


def started(count: int, month: int, **more: Any) -> Snapshot:
    """Ten projects at a month's end, of which so many have begun."""
    codes = [f"XF2023-140105-{n:02d}" for n in range(10)]
    projects: list[ProjectShot] = [
        a_shot(code, milestones={"work_started": STARTS} if n < count else {}, **more)
        for n, code in enumerate(codes)
    ]
    return a_snapshot(LAST_DAYS[month - 1], projects)


def test_a_count_stays_within_the_projects_and_investment_has_no_bound() -> None:
    seen = [
        started(n, month, progress=(Progress(f"2023-{month:02d}", 90, Decimal(n * 900000)),))
        for n, month in ((3, 4), (9, 5))
    ]
    count, sums = province(seen, "work_started"), province(seen, INVESTED)
    assert count.expected[5] is not None
    assert count.expected[5].high == 10
    assert sums.expected[-1] is not None
    assert sums.expected[-1].middle == 10 * (9 + 7 * 6) * 900000 > 2 * sums.whole
    assert (count.paced, count.expected[:5]) == (1, (None,) * 5)


@pytest.mark.parametrize("counts", [[(4, 1)], [(4, 1), (4, 3)], [(0, 1), (0, 2), (0, 3)]])
def test_nothing_is_expected_without_a_pace(counts: list[tuple[int, int]]) -> None:
    """One month; months that do not follow one another; what has not begun."""
    found = province([started(*each) for each in counts], "work_started")
    assert (found.expected, found.paced) == ((None,) * 12, 0)


def test_at_the_years_end_nothing_is_left_to_expect() -> None:
    found = province([started(n, month) for month, n in ((11, 4), (12, 6))], "work_started")
    assert found.expected == (None,) * 12
    assert numbers(*found.actual[-2:]) == [4, 6]


def test_what_began_at_nothing_has_a_pace_once_it_has_risen() -> None:
    found = province([started(0, 4), started(3, 5)], "work_started")
    assert found.paced == 1
    assert found.expected[5] is not None
    assert found.expected[5].middle == 6
