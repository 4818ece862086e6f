"""A month's end: its months, days, quarters, and whose part of it is whose."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.renaming import NameChanges
from policy.schema import Plan
from policy.vocabulary import Disposition, Origin, Standing, SubjectKind
from states.progress import Progress
from states.snapshot import (
    DeadlineShot,
    HoldSpan,
    ProjectShot,
    RecordShot,
    Snapshot,
    by_names,
    hold_spans,
    late,
    month_end,
    months,
    put_off,
    quarter,
)
from tests.support.builders import calendar, plan

NOBODY = ProjectShot(
    *("P1", "示例项目", "太原市", "小店区", "市辖区"),
    unserved=False,
    stage="siting",
    disposition=Disposition.ACTIVE,
    milestones={},
    area=None,
    investment=None,
    subsidy=None,
    released=None,
    received={},
    promised={},
    spent=None,  # type: ignore[arg-type]  # not looked at
    progress=(),
    responsible="",
)
DUE = DeadlineShot(
    SubjectKind.PROJECT,
    *("P1", "太原市", "D08", "全部开工建设", "六(二)"),
    Origin.NOTICE,
    "county",
    date(2023, 5, 31),
    date(2023, 6, 2),
    Standing.OVERDUE,
    None,
)
RECORD = RecordShot("visit", "P1", date(2023, 6, 1), "示例", 7)


def issued(day: date, year: int) -> Plan:
    notice = plan().notice.model_copy(update={"issued_on": day})
    return plan().model_copy(update={"notice": notice, "year": year})


def test_the_months_of_the_notice_of_2023() -> None:
    assert months(plan()) == tuple(f"2023-{n:02d}" for n in range(1, 13))


@pytest.mark.parametrize(
    ("day", "year", "first", "count"),
    [
        (date(2023, 12, 31), 2023, "2023-12", 1),
        (date(2022, 12, 1), 2023, "2022-12", 13),
        (date(2022, 11, 30), 2023, "2022-11", 14),
        (date(2021, 6, 15), 2023, "2021-06", 31),
    ],
)
def test_months_run_from_the_notice_to_the_end_of_the_year(
    day: date, year: int, first: str, count: int
) -> None:
    found = months(issued(day, year))
    assert (found[0], found[-1], len(found)) == (first, f"{year}-12", count)
    assert list(found) == sorted(set(found))


@given(st.dates(date(2021, 1, 1), date(2023, 12, 31)))
def test_each_day_from_the_notice_on_is_in_one_of_the_months(day: date) -> None:
    days = (day + timedelta(days=n) for n in range((date(2023, 12, 31) - day).days + 1))
    assert set(months(issued(day, 2023))) == {f"{each:%Y-%m}" for each in days}


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ("2023-01", date(2023, 1, 31)),
        ("2023-02", date(2023, 2, 28)),
        ("2023-04", date(2023, 4, 28)),  # 29 April begins the holidays
        ("2023-06", date(2023, 6, 30)),
        ("2023-09", date(2023, 9, 28)),  # 中秋 on the 29th
        ("2023-11", date(2023, 11, 30)),
        ("2023-12", date(2023, 12, 29)),
        ("2024-02", date(2024, 2, 29)),
    ],
)
def test_a_month_ends_on_its_last_workday(month: str, day: date) -> None:
    assert month_end(calendar(), month) == day


def test_quarters_by_hand() -> None:
    quarters = [quarter(f"2023-{n:02d}") for n in range(1, 13)]
    assert quarters == [f"2023Q{q}" for q in (1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4)]


def test_late_is_what_is_overdue_or_to_be_coordinated_and_the_longest_comes_first() -> None:
    standings = [replace(DUE, subject=standing.value, standing=standing) for standing in Standing]
    assert [item.standing for item in late(standings)] == [
        Standing.COORDINATING,
        Standing.OVERDUE,
    ]
    newer = replace(DUE, overdue_after=date(2023, 6, 3), rule="D01")
    undated = replace(DUE, overdue_after=None, rule="D00")
    other_rule = replace(DUE, rule="D09", subject="P0")
    other = replace(DUE, subject="P2")
    assert list(late([undated, newer, other, other_rule, DUE])) == [
        DUE,
        other,
        other_rule,
        newer,
        undated,
    ]


def test_papers_print_the_notices_day_and_the_lenient_one_where_there_is_no_other() -> None:
    assert DUE.said == date(2023, 6, 2)
    assert replace(DUE, due=date(2023, 5, 31)).said == date(2023, 5, 31)
    assert replace(DUE, overdue_after=None).said is None


@pytest.mark.parametrize(
    ("disposition", "counted"),
    list(zip(Disposition, (True, True, False, False, False), strict=True)),
)
def test_boards_count_what_goes_on_or_is_held(disposition: Disposition, *, counted: bool) -> None:
    project = replace(NOBODY, disposition=disposition)
    assert project.goes_on is counted
    whole = Snapshot("2023-06", date(2023, 6, 30), (project, NOBODY), (), ())
    assert whole.going_on == ((project, NOBODY) if counted else (NOBODY,))


def test_a_report_is_that_of_its_month() -> None:
    may, june = Progress("2023-05", 10), Progress("2023-06", 20)
    project = replace(NOBODY, progress=(may, june))
    assert project.reported("2023-05") is may
    assert project.reported("2023-06") is june
    assert project.reported("2023-07") is None
    assert project.reported("2023-04") is None


@pytest.mark.parametrize("city", ["大同市", "太原市", "阳泉市"])
def test_a_citys_part_has_nothing_of_a_neighbour(city: str) -> None:
    """Neither of one whose name comes before it nor of one whose name comes after it."""
    names = ("大同市", "太原市", "阳泉市")
    whole = Snapshot(
        "2023-06",
        date(2023, 6, 30),
        tuple(replace(NOBODY, code=name, city=name) for name in names),
        tuple(replace(DUE, subject=name, city=name) for name in names),
        tuple(replace(RECORD, subject=name) for name in names),
    )
    part = whole.of_city(city)
    assert [it.city for it in part.projects] == [it.city for it in part.deadlines] == [city]
    assert [it.subject for it in part.records] == [city]


def test_a_citys_part_is_its_projects_deadlines_and_records() -> None:
    elsewhere = replace(NOBODY, code="P2", city="大同市")
    theirs = replace(DUE, subject="P2", city="大同市")
    of_province = replace(DUE, kind=SubjectKind.PROVINCE, subject="省", city="")
    records = tuple(
        replace(RECORD, subject=name) for name in ("P1", "P2", "太原市", "大同市", "省")
    )
    whole = Snapshot(
        "2023-06", date(2023, 6, 30), (NOBODY, elsewhere), (DUE, theirs, of_province), records
    )
    part = whole.of_city("太原市")
    assert part == Snapshot(
        "2023-06", date(2023, 6, 30), (NOBODY,), (DUE,), (records[0], records[2])
    )


def test_holds_are_told_from_moves() -> None:
    a, b, c = date(2023, 4, 19), date(2023, 7, 10), date(2023, 9, 1)
    held, active, ended = Disposition.HELD, Disposition.ACTIVE, Disposition.WITHDRAWN
    assert hold_spans([]) == ()
    assert hold_spans([(a, held), (b, active)]) == (HoldSpan(a, b),)
    assert hold_spans([(a, held), (b, ended)]) == (HoldSpan(a, b),)
    assert hold_spans([(a, held), (b, active), (c, held)]) == (HoldSpan(a, b), HoldSpan(c, None))
    day = timedelta(days=1)
    assert put_off(a - day, [HoldSpan(a, b)]) == a - day  # it was due before
    assert put_off(a, [HoldSpan(a, b)]) == b
    assert put_off(c, [HoldSpan(a, b)]) == c + (b - a)
    assert put_off(c, [HoldSpan(c, None)]) == c  # what is still on hold is not judged at all


def test_a_month_of_before_is_told_by_the_names_of_now() -> None:
    """Of a city and a county that are called otherwise; what keeps its name keeps it."""
    names = NameChanges(
        subjects={"太原市": "并州市"}, counties={("太原市", "小店区"): ("并州市", "大店区")}
    )
    kept = replace(NOBODY, code="P2", city="大同市", county="平城区")
    city = replace(DUE, kind=SubjectKind.CITY, subject="太原市", rule="D10-06")
    records = (RECORD, replace(RECORD, subject="太原市"), replace(RECORD, subject="大同市"))
    whole = Snapshot("2023-06", date(2023, 6, 30), (NOBODY, kept), (DUE, city), records)
    told = by_names(whole, names)
    assert [(it.city, it.county) for it in told.projects] == [
        ("并州市", "大店区"),
        ("大同市", "平城区"),
    ]
    assert [(it.city, it.subject) for it in told.deadlines] == [
        ("并州市", "P1"),
        ("并州市", "并州市"),
    ]
    assert [it.subject for it in told.records] == ["P1", "并州市", "大同市"]
    assert by_names(whole, NameChanges()) == whole
