"""What a snapshot adds up to."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.vocabulary import Disposition, Origin, Source, Standing, SubjectKind
from states.figures import (
    MonthFigures,
    ahead,
    by_city,
    coordinating,
    falls_due,
    figures,
    figures_of,
    problems,
    rate,
    reported_late,
    still_missing,
    unentered,
    unreported,
)
from states.snapshot import ProjectShot, Snapshot
from tests.support.builders import plan
from tests.support.shots import a_deadline, a_project, a_snapshot, said

ONE, TWO = "XF2023-140105-01", "XF2023-140212-01"
CITIES = ("太原市", "大同市", "朔州市")
JULY_END = date(2023, 7, 31)
LATER = (date(2023, 7, 3), date(2023, 7, 3))


def codes(found: tuple[ProjectShot, ...]) -> list[str]:
    return [item.code for item in found]


def slow(found: MonthFigures) -> list[str]:
    return [item.project.code for item in found.behind]


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [
        (1, 3, "33.3"),
        (2, 3, "66.7"),
        (1, 16, "6.3"),  # 6.25: half up, not half even
        (13, 10, "130.0"),  # shown as it is
        (0, 5, "0.0"),
        (Decimal("1.00"), Decimal("8.00"), "12.5"),
    ],
)
def test_a_rate_has_one_decimal_rounded_half_up(
    part: Decimal | int, whole: Decimal | int, percent: str
) -> None:
    assert rate(part, whole) == Decimal(percent)


@pytest.mark.parametrize("whole", [None, 0, Decimal("0.00")])
def test_of_nothing_there_is_no_rate(whole: Decimal | None) -> None:
    assert rate(3, whole) is None


def test_counts_are_measured_against_the_quota() -> None:
    shot = a_snapshot(tuple(a_project(f"XF2023-140602-{n:02d}", "朔州市") for n in range(1, 7)))
    found = figures_of(plan(), shot, "朔州市")
    assert (found.quota, found.projects, found.base) == (5, 6, 5)
    reached = {item.label: (item.count, item.rate) for item in found.reached}
    assert reached["开工"] == (6, Decimal("120.0"))
    assert reached["竣工"] == (0, Decimal("0.0"))
    assert figures(plan(), shot).quota == 100


def test_what_a_project_is_late_with_stands_in_the_plan_s_order() -> None:
    """Of what waits for the same step the first alone, whatever comes between."""
    first, other = a_deadline("D06", step="work_started"), a_deadline("D07")
    later = a_deadline("D08", step="work_started")
    (found,) = figures(plan(), a_snapshot((a_project(),), (first, other, later))).behind
    assert [item.rule for item in found.late] == ["D06", "D07"]


def test_an_overdue_deadline_puts_a_project_behind_and_names_why() -> None:
    late = a_deadline("D08")
    found = figures(plan(), a_snapshot((a_project(), a_project(TWO, "大同市")), (late,)))
    assert [(item.project.code, item.late) for item in found.behind] == [(ONE, (late,))]
    assert codes(found.on_schedule) == [TWO]


@pytest.mark.parametrize(
    "standing", [each for each in Standing if each is not Standing.OVERDUE], ids=str
)
def test_nothing_else_does(standing: Standing) -> None:
    item = a_deadline("D08", standing=standing, days=LATER)
    found = figures(plan(), a_snapshot((a_project(),), (item,)))
    assert not found.behind
    assert not found.late


@pytest.mark.parametrize("standing", [Standing.DUE_SOON, Standing.ON_TRACK])
@pytest.mark.parametrize(("due", "counted"), [(29, True), (30, True), (31, False)])
def test_what_is_due_on_the_papers_own_day_counts_as_not_done_in_it(
    standing: Standing, due: int, *, counted: bool
) -> None:
    """31 stands for the first day of July: that is still ahead."""
    day = date(2023, 6, due) if due < 31 else date(2023, 7, 1)
    items = (
        a_deadline("D08", standing=standing, days=(day, LATER[1]), due=day),
        a_deadline("D05", standing=standing, days=(day, day)),  # 省财政厅
        a_deadline("D13", "太原市", standing, days=(day, day)),  # the province's own
        a_deadline("D10-06", "太原市", standing, days=(day, day)),
    )
    shot = a_snapshot((a_project(), a_project(TWO, "大同市")), items)
    found = figures(plan(), shot)
    assert slow(found) == ([ONE] if counted else [])
    assert [rule.id for rule, _ in problems(plan(), found)] == (["D08"] if counted else [])
    assert unreported(plan(), shot) == (("太原市",) if counted else ())
    told = {item.rule.id for item in ahead(plan(), shot, JULY_END)}
    assert told == (set() if counted else {"D08", "D13"})


def test_whoever_has_something_due_before_the_paper_can_be_signed_is_known() -> None:
    """Drafted on Friday, signed on Thursday after the holidays: what falls due on the Sunday."""
    sunday = date(2023, 7, 2)
    items = (
        a_deadline("D06", standing=Standing.DUE_SOON, days=(sunday, LATER[1]), due=sunday),
        a_deadline("D13", "大同市", Standing.DUE_SOON, "大同市", days=(sunday, sunday)),
        a_deadline("D05", standing=Standing.DUE_SOON, days=(sunday, sunday)),
    )
    shot = a_snapshot((a_project(), a_project(TWO, "大同市")), items)
    assert [item.rule for item in falls_due(plan(), shot, date(2023, 7, 3))] == ["D06"]
    assert falls_due(plan(), shot, sunday) == ()
    assert slow(figures(plan(), shot)) == []


@pytest.mark.parametrize(
    ("on_schedule", "period", "behind"),
    [
        (False, "2023-06", True),
        (True, "2023-06", False),
        (None, "2023-06", False),
        (False, "2023-05", False),  # what an earlier month said has passed
    ],
)
def test_so_does_its_report_for_the_month(
    on_schedule: bool | None, period: str, behind: bool
) -> None:
    report = said(30, period=period, on_schedule=on_schedule, problem="材料未到")
    found = figures(plan(), a_snapshot((a_project(progress=(report,)),)))
    assert [item.problem for item in found.behind] == (["材料未到"] if behind else [])


def test_a_project_on_hold_is_neither() -> None:
    report = said(30, on_schedule=False, problem="待论证")
    held = a_project(disposition=Disposition.HELD, progress=(report,))
    found = figures(plan(), a_snapshot((held,), (a_deadline("D08", standing=Standing.SUSPENDED),)))
    assert (slow(found), codes(found.on_schedule), codes(found.held)) == ([], [], [ONE])
    assert found.projects == 1


def test_what_was_last_reported_counts_as_invested() -> None:
    reports = (said(10, "300000.00", "2023-05"), said(20, None, "2023-06"))
    silent = a_project(TWO, "大同市", investment=Decimal("3000000.00"))
    found = figures(plan(), a_snapshot((a_project(progress=reports), silent)))
    assert (found.invested, found.reporting) == (Decimal("300000.00"), 1)
    assert found.invested_rate == Decimal("7.5")
    assert figures_of(plan(), a_snapshot((silent,)), "大同市").invested_rate is None


def test_money_that_is_not_stated_is_in_no_sum() -> None:
    bare = a_project(
        investment=None, subsidy=None, released=None, received={}, promised={Source.CITY: None}
    )
    found = figures(plan(), a_snapshot((bare,)))
    assert {found.released, found.received, found.matched} == {Decimal("0.00")}
    assert {found.investment, found.subsidy, found.promised} == {None}
    assert (found.received_rate, found.matched_rate) == (None, None)


@pytest.mark.parametrize("rule", ["D04", "D14", "D15", "D16", "D20", "D22"])
def test_neither_the_provinces_lateness_nor_a_proposed_day_puts_a_project_behind(rule: str) -> None:
    shot = a_snapshot((a_project(),), (a_deadline(rule),))
    assert (slow(figures(plan(), shot)), codes(figures(plan(), shot).on_schedule)) == ([], [ONE])
    told = a_project(progress=(said(30, on_schedule=False, problem="材料未到"),))
    assert slow(figures(plan(), a_snapshot((told,), (a_deadline(rule),)))) == [ONE]


@pytest.mark.parametrize("rule", ["D01", "D03", "D06", "D07", "D08", "D17"])
def test_what_cities_and_counties_owe_by_the_notice_does(rule: str) -> None:
    assert slow(figures(plan(), a_snapshot((a_project(),), (a_deadline(rule),)))) == [ONE]


def test_the_provinces_own_lateness_is_not_laid_to_a_city() -> None:
    """The project is behind by D06; but nobody in the city is late by 研究确定 or 交叉验收."""
    shot = a_snapshot((a_project(),), (a_deadline("D04"), a_deadline("D15"), a_deadline("D06")))
    found = figures(plan(), shot)
    assert [item.rule for item in found.behind[0].late] == ["D06"]
    assert [item.rule for item in found.late] == ["D06"]


def test_only_days_of_the_notice_itself_are_problems() -> None:
    """D14, D20 and D25 are proposals, D09 is met by what meets D08, D10 is told apart."""
    late = ("D14", "D09", "D20", "D08", "D07", "D04")
    shot = a_snapshot((a_project(),), (*map(a_deadline, late), a_deadline("D10-06", "太原市")))
    found = problems(plan(), figures(plan(), shot))
    assert [rule.id for rule, _ in found] == ["D07", "D08"]


def test_a_city_is_named_for_a_rule_unless_its_projects_are() -> None:
    shot = a_snapshot(
        (a_project(),),
        (
            a_deadline("D01"),
            a_deadline("D01", "太原市"),
            a_deadline("D01", "大同市", city="大同市"),
        ),
    )
    ((_, late),) = problems(plan(), figures(plan(), shot))
    assert [(item.kind, item.subject) for item in late] == [
        (SubjectKind.PROJECT, ONE),
        (SubjectKind.CITY, "大同市"),
    ]


def test_what_only_finance_can_do_is_counted_apart() -> None:
    waiting = (
        a_deadline("D05", standing=Standing.COORDINATING),
        a_deadline("M01", standing=Standing.COORDINATING),
        a_deadline("D05", TWO, Standing.COORDINATING, "大同市"),
    )
    shot = a_snapshot((a_project(), a_project(TWO, "大同市")), waiting)
    told = [(rule.id, count) for rule, count in coordinating(plan(), shot)]
    assert told == [("D05", 2), ("M01", 1)]
    assert not figures(plan(), shot).late
    assert not figures(plan(), shot).behind


def test_reports_of_the_month_are_missing_or_late() -> None:
    shot = a_snapshot(
        (),
        (
            a_deadline("D10-06", "大同市", city="大同市"),
            a_deadline("D10-06", "太原市"),
            a_deadline("D10-05", "朔州市", city="朔州市"),
            a_deadline("D10-06", "忻州市", Standing.VOID, "忻州市"),
            a_deadline("D10-06", "吕梁市", Standing.DUE_SOON, "吕梁市", days=LATER),
            a_deadline("D10-06", "晋中市", Standing.MET_LATE, "晋中市"),
        ),
    )
    assert unreported(plan(), shot) == ("太原市", "大同市")
    assert [item.subject for item in reported_late(plan(), shot)] == ["晋中市"]
    assert not figures(plan(), shot).late
    assert unreported(plan().model_copy(update={"report": None}), shot) == ()


def test_reports_of_earlier_months_stay_missing_until_they_come() -> None:
    owed = (
        *(a_deadline(f"D10-{n}", "朔州市", city="朔州市") for n in ("05", "03")),
        a_deadline("D10-04", "朔州市", Standing.MET_LATE, "朔州市"),
        a_deadline("D10-06", "太原市"),
        a_deadline("D10-05", "大同市", Standing.VOID, "大同市"),
        a_deadline("D10-04", "太原市"),
    )
    shot = a_snapshot((), owed)
    told = {"太原市": ("2023-04",), "朔州市": ("2023-03", "2023-05")}
    assert list(still_missing(plan(), shot).items()) == list(told.items())
    assert still_missing(plan().model_copy(update={"report": None}), shot) == {}


def test_ahead_lies_what_is_open_and_due() -> None:
    one, other = date(2023, 7, 20), date(2023, 8, 5)
    shot = a_snapshot(
        (a_project(), a_project(TWO, "大同市")),
        (
            a_deadline("D08", ONE, Standing.DUE_SOON, days=(one, one)),
            a_deadline("D08", TWO, Standing.ON_TRACK, "大同市", days=(other, other)),
            a_deadline("D07", ONE, Standing.DUE_SOON, days=(date(2023, 6, 28), date(2023, 7, 3))),
            a_deadline("D06", ONE, Standing.OVERDUE),
            a_deadline("D14", ONE, Standing.MET, days=(one, one)),
            a_deadline("D05", ONE, Standing.ON_TRACK, days=(one, one)),
            a_deadline("D13", "太原市", Standing.ON_TRACK, days=(JULY_END, JULY_END)),
        ),
    )
    told = [
        (item.rule.id, item.by, item.count, item.kind) for item in ahead(plan(), shot, JULY_END)
    ]
    assert told == [
        ("D07", date(2023, 7, 3), 1, SubjectKind.PROJECT),  # its strict day has passed
        ("D08", one, 1, SubjectKind.PROJECT),
        ("D13", JULY_END, 1, SubjectKind.CITY),
    ]
    later = ahead(plan(), shot, date(2023, 8, 31))
    assert [(i.by, i.count) for i in later if i.rule.id == "D08"] == [(one, 1), (other, 1)]


def test_what_is_only_suggested_is_told_until_it_is_done() -> None:
    """Nobody is late by it; and it is said nowhere else."""
    late = (a_deadline("D14"), a_deadline("D18", "太原市"), a_deadline("D23", "太原市"))
    told = ahead(plan(), a_snapshot((a_project(),), late), JULY_END)
    assert [(item.rule.id, item.proposed) for item in told] == [("D14", True), ("D18", True)]


def test_every_recurring_duty_is_looked_at_whatever_its_name() -> None:
    """A plan without monthly reports whose cities report otherwise, by the notice."""
    duty = next(item for item in plan().duties if item.id == "D25")
    stated = duty.model_copy(update={"origin": Origin.NOTICE})
    other = plan().model_copy(update={"report": None, "duties": (stated,)})
    late = [replace(a_deadline(f"D25-{n}", "太原市"), origin=Origin.NOTICE) for n in ("Q2", "Q3")]
    found = figures(other, a_snapshot((a_project(),), tuple(late)))
    assert [(rule.id, len(items)) for rule, items in problems(other, found)] == [("D25", 2)]


def test_what_has_not_begun_to_run_is_not_ahead() -> None:
    """A snapshot that is taken late knows of a rectification that was ordered only later."""
    days = (date(2023, 7, 10), date(2023, 7, 10))
    open_ = a_deadline("D21", ONE, Standing.ON_TRACK, days=days)
    assert ahead(plan(), a_snapshot((a_project(),), (open_,)), JULY_END) == ()
    ordered = a_project(milestones={"rectification_ordered": date(2023, 6, 25)})
    (found,) = ahead(plan(), a_snapshot((ordered,), (open_,)), JULY_END)
    assert (found.rule.id, found.count) == ("D21", 1)


money = st.decimals(0, 10**7, places=2)
dispositions = st.sampled_from(list(Disposition))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    projects, late = [], []
    for number in range(draw(st.integers(0, 12))):
        city = draw(st.sampled_from(CITIES))
        code = f"XF2023-140105-{number:02d}"
        reports = draw(
            st.lists(st.tuples(st.none() | money, st.none() | st.booleans()), max_size=3)
        )
        progress = tuple(
            replace(
                said(0, None, f"2023-{6 - len(reports) + n + 1:02d}"), invested=m, on_schedule=o
            )
            for n, (m, o) in enumerate(reports)
        )
        projects.append(
            a_project(
                code,
                city,
                disposition=draw(dispositions),
                investment=draw(st.none() | money),
                spent=draw(money),
                released=draw(st.none() | money),
                received={source: draw(money) for source in Source},
                promised={Source.CITY: draw(st.none() | money), Source.COUNTY: draw(money)},
                milestones={
                    name: date(2023, 5, 1)
                    for name in draw(st.sets(st.sampled_from(["site_confirmed", "work_started"])))
                },
                progress=progress,
            )
        )
        for rule in draw(st.sets(st.sampled_from(["D04", "D06", "D08", "D14"]))):
            standing = draw(st.sampled_from([Standing.OVERDUE, Standing.MET, Standing.ON_TRACK]))
            days = LATER if standing is Standing.ON_TRACK else (date(2023, 5, 31),) * 2
            late.append(a_deadline(rule, code, standing, city, days))
    return a_snapshot(tuple(projects), tuple(late))


@given(snapshots())
def test_every_project_that_goes_on_is_in_one_group_and_sums_add_up(shot: Snapshot) -> None:
    whole, parts = figures(plan(), shot), by_city(plan(), shot)
    groups = (slow(whole), codes(whole.on_schedule), codes(whole.held))
    assert Counter(code for group in groups for code in group) == Counter(codes(shot.going_on))
    for name in ("projects", "investment", "invested", "reporting", "subsidy", "released"):
        assert (getattr(whole, name) or 0) == sum(getattr(part, name) or 0 for part in parts)
    for name in ("received", "promised", "matched", "spent"):
        assert (getattr(whole, name) or 0) == sum(getattr(part, name) or 0 for part in parts)
    for index, item in enumerate(whole.reached):
        assert item.count == sum(part.reached[index].count for part in parts)
    assert sorted(slow(whole)) == sorted(code for part in parts for code in slow(part))


@given(snapshots())
def test_the_figures_are_what_counting_one_by_one_gives(shot: Snapshot) -> None:
    cents = behind = spent = started = promised = 0
    for project in shot.projects:
        if project.disposition not in (Disposition.ACTIVE, Disposition.HELD):
            continue
        for report in reversed(project.progress):
            if report.invested is not None:
                cents += int(report.invested * 100)
                break
        spent += int(project.spent * 100)
        promised += sum(int(each * 100) for each in project.promised.values() if each is not None)
        started += "work_started" in project.milestones
        says_so = any(r.period == "2023-06" and r.on_schedule is False for r in project.progress)
        overdue = any(
            (d.subject, d.standing) == (project.code, Standing.OVERDUE) and d.rule in ("D06", "D08")
            for d in shot.deadlines
        )
        behind += project.disposition is Disposition.ACTIVE and (says_so or overdue)
    found = figures(plan(), shot)
    assert (int(found.invested * 100), int(found.spent * 100)) == (cents, spent)
    assert (int((found.promised or 0) * 100), len(found.behind)) == (promised, behind)
    assert {item.label: item.count for item in found.reached}["开工"] == started


@given(snapshots(), st.randoms(use_true_random=False))
def test_the_order_of_projects_does_not_matter(shot: Snapshot, chance: object) -> None:
    mixed = list(shot.projects)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = figures(plan(), shot), figures(plan(), replace(shot, projects=tuple(mixed)))
    assert sorted(slow(one)) == sorted(slow(other))
    keys = ("reached", "invested", "matched", "spent", "invested_rate", "received_rate")
    assert all(getattr(one, key) == getattr(other, key) for key in keys)


def test_a_report_on_paper_counts_as_in_and_is_not_entered() -> None:
    projects = (a_project(), a_project(TWO, "大同市"))
    on_paper = (a_deadline("D10-06", "太原市", Standing.MET, "太原市"),)
    assert unentered(plan(), a_snapshot(projects, on_paper)) == ("太原市",)
    entered = (a_project(progress=(said(30),)), projects[1])
    assert unentered(plan(), a_snapshot(entered, on_paper)) == ()
    assert unentered(plan(), a_snapshot(projects)) == ()


def test_what_falls_due_is_that_of_cities_and_of_projects_that_go_on() -> None:
    sunday = date(2023, 7, 2)
    soon: dict[str, Any] = {"standing": Standing.DUE_SOON, "days": (sunday, sunday), "due": sunday}
    items = (
        a_deadline("D10-06", "太原市", **soon),
        a_deadline("D06", "XF2023-140105-99", **soon),
        a_deadline("D06", **soon),
    )
    told = falls_due(plan(), a_snapshot((a_project(),), items), date(2023, 7, 3))
    assert [(item.rule, item.subject) for item in told] == [("D10-06", "太原市"), ("D06", ONE)]


def test_what_is_lacking_first_is_counted_unless_it_is_what_is_asked_for() -> None:
    """D08 asks for 开工: what waits for 研究确定 is told; money comes in any order and is not."""
    day = date(2023, 7, 20)
    steps = ("determined", "determined", "site_confirmed", "work_started", "city_received", "")
    shot = a_snapshot(
        tuple(a_project(f"XF2023-140105-{n:02d}") for n in range(len(steps))),
        tuple(
            a_deadline(
                "D08", f"XF2023-140105-{n:02d}", Standing.ON_TRACK, days=(day, day), step=step
            )
            for n, step in enumerate(steps)
        ),
    )
    (told,) = ahead(plan(), shot, JULY_END)
    assert (told.rule.id, told.count) == ("D08", 6)
    labels = {name: plan().milestone(name).label for name in ("site_confirmed", "determined")}
    assert told.waiting == ((labels["site_confirmed"], 1), (labels["determined"], 2))
