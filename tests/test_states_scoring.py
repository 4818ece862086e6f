"""Scores of cities and counties: cases that an official can read, and what holds for all."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from common.errors import PolicyError
from policy.evaluation import IndicatorStatus, ScoringRule
from policy.vocabulary import Disposition, Standing
from states.progress import Progress
from states.scoring import MonthEvaluation, evaluate, says, with_quarter
from states.snapshot import (
    DeadlineShot,
    HoldSpan,
    ProjectShot,
    RecordShot,
    Snapshot,
)
from tests.support.builders import plan
from tests.support.scored_province import (
    BEFORE,
    CITY,
    DECEMBER,
    DUE,
    JUNE,
    OTHER,
    a_deadline,
    a_project,
    a_record,
    line_of,
    rule_with,
    score_of,
    shot,
    table,
)
from tests.support.written import read_yaml

Part = tuple[list[ProjectShot], list[DeadlineShot], list[RecordShot]]
CASES = read_yaml(Path(__file__).parent / "cases" / "scoring.yaml")


def _timed(rule: str, done: int | None, **project: Any) -> Callable[[str, date], Part]:
    """A project with one deadline, done so many days after its day."""

    def made(code: str, as_of: date) -> Part:
        day = None if done is None else date.fromordinal(DUE[rule].toordinal() + done)
        held = project.get("disposition") is Disposition.HELD
        changes = {"standing": Standing.SUSPENDED} if held else {}
        return (
            [a_project(code, **project)],
            [a_deadline(rule, code, day, as_of, **changes)],
            [],
        )

    return made


def _plain(**project: Any) -> Callable[[str, date], Part]:
    return lambda code, as_of: ([a_project(code, **project)], [], [])


def _recorded(kind: str) -> Callable[[str, date], Part]:
    return lambda code, as_of: ([], [], [a_record(kind, CITY, int(code))])


def _progress(on_schedule: bool | None) -> Callable[[str, date], Part]:
    return _plain(progress=(Progress("2023-06", 50, on_schedule=on_schedule, audit_id=7),))


def _opened(day: date | None, *, rule: bool) -> Callable[[str, date], Part]:
    """Opened, while the province has not accepted it: the deadline itself is not met."""

    def made(code: str, as_of: date) -> Part:
        project = a_project(code, milestones={"opened": day} if day else {})
        return [project], [a_deadline("D17", code, None, as_of)] if rule else [], []

    return made


def _of_report(code: str, as_of: date, done: date | None) -> Part:
    return [a_project(code)], [a_deadline("D10-06", CITY, done, as_of)], []


def _newly(code: str, county: str) -> Part:
    started = {"work_started": date(2023, 5, 8)}
    return [a_project(code, county=county, unserved=True, milestones=started)], [], []


HOLD = HoldSpan(date(2023, 5, 22), date(2023, 6, 21))  # thirty days over that of 开工


def _waited(done: date | None) -> Callable[[str, date], Part]:
    """A project that was on hold for a time, and 开工 of it on a day."""

    def made(code: str, as_of: date) -> Part:
        return [a_project(code, holds=(HOLD,))], [a_deadline("D08", code, done, as_of)], []

    return made


def _late_start(code: str, as_of: date) -> Part:
    return [*_progress(True)(code, as_of)[0]], [a_deadline("D08", code, None, as_of)], []


VISITED = {"acceptance_visited": date(2023, 12, 4)}
SITUATIONS: Mapping[str, Callable[[str, date], Part]] = {
    "按时开工": _timed("D08", -3),
    "达到序时": _progress(True),
    "未达序时": _progress(False),
    "未填序时": _progress(None),
    "报达到而开工逾期": _late_start,
    "未达序时而暂停": _plain(
        progress=(Progress("2023-06", 50, on_schedule=False, audit_id=7),),
        disposition=Disposition.HELD,
    ),
    "恢复后按顺延完成": _waited(date(2023, 6, 30)),
    "恢复后逾期完成": _waited(date(2023, 7, 1)),
    "恢复后未完成": _waited(None),
    "月报未报": lambda code, as_of: _of_report(code, as_of, None),
    "纸质月报": lambda code, as_of: _of_report(code, as_of, date(2023, 6, 20)),
    "未验收": _plain(),
    "一次通过": _plain(milestones=VISITED),
    "下达整改": _plain(milestones={**VISITED, "rectification_ordered": date(2023, 12, 4)}),
    "开业": _opened(date(2023, 11, 1), rule=True),
    "未开业": _opened(None, rule=True),
    "三季度开业": _opened(date(2023, 9, 30), rule=False),
    "未覆盖县开工": lambda code, as_of: _newly(code, f"示例{code}县"),
    "同一未覆盖县开工": lambda code, as_of: _newly(code, "清徐县"),
    "已覆盖县开工": _plain(milestones={"work_started": date(2023, 5, 8)}),
    "典型经验": _recorded("typical_experience"),
    "违规认定": _recorded("violation_confirmed"),
    "违规线索": _recorded("misuse_case"),
    "整改逾期": _timed("D21", 2),
    "整改按时": _timed("D21", 0),
}


def _timed_situation(name: str, indicator: str) -> Callable[[str, date], Part]:
    """按时, 迟了, 没有 … of the indicator's own deadline."""
    rule = {"申报按时": "D01", "按时开工": "D08", "月报": "D10"}[indicator]
    done = {"按时": -3, "迟了": 1, "迟了而暂停": 1, "终止": 1}.get(name)
    if rule == "D08":
        held = {
            "暂停": Disposition.HELD,
            "迟了而暂停": Disposition.HELD,
            "终止": Disposition.WITHDRAWN,
        }
        return _timed(rule, done, disposition=held.get(name, Disposition.ACTIVE))

    def of_the_city(code: str, as_of: date) -> Part:
        id = f"D10-{int(code) + 3:02d}" if rule == "D10" else rule
        day = None if done is None else date.fromordinal(DUE[id].toordinal() + done)
        return [], [a_deadline(id, CITY, day, as_of)], []

    return of_the_city


def made_from(case: Mapping[str, Any]) -> Snapshot:
    numbers = count()
    projects, deadlines, records = [], [], []
    for name, many in case["情况"].items():
        situation = SITUATIONS.get(name) or _timed_situation(name, case["指标"])
        for _ in range(many):
            part = situation(str(next(numbers)), case["截至"])
            projects += part[0]
            deadlines += part[1]
            records += part[2]
    once = {(item.subject, item.rule): item for item in deadlines}
    return shot(case["截至"], projects, tuple(once.values()), records)


def _named(case: Mapping[str, Any]) -> str:
    return f"{case.get('指标', '')} {case.get('说明', case.get('情况', ''))}"


@pytest.mark.parametrize("case", CASES["指标"], ids=_named)
def test_an_indicators_points(case: Mapping[str, Any]) -> None:
    (item,) = (item for item in table().indicators if item.label == case["指标"])
    line = line_of(score_of(evaluate(plan(), made_from(case))), item.id)
    told = {"状态": line.state.label, "可得分": str(line.available), "得分": str(line.points)}
    assert told == {name: case[name] for name in told}


@pytest.mark.parametrize("case", CASES["合计"], ids=_named)
def test_a_total(case: Mapping[str, Any]) -> None:
    score = score_of(evaluate(plan(), made_from(case)))
    told: dict[str, str | None] = {
        "基础分": str(score.base),
        "可得分": str(score.available),
        "加分": str(score.bonus),
        "扣分": str(score.malus),
        "得分": str(score.score),
        "得分率": None if score.rate is None else str(score.rate),
    }
    assert told == {name: case[name] for name in told}


@pytest.mark.parametrize("case", CASES["排名"], ids=lambda case: str(case["漏报"]))
def test_places(case: Mapping[str, Any]) -> None:
    months = [f"D10-{month:02d}" for month in range(3, 7)]
    deadlines = [
        a_deadline(rule, city.name, BEFORE[rule] if told else None, JUNE, city.name)
        for city in plan().cities
        for n, rule in enumerate(months)
        for told in (n >= case["漏报"].get(city.name, 0),)
    ]
    others = [
        replace(
            a_deadline("D01", city, None, JUNE, city),
            rule="D18",
            overdue_after=due,
            standing=Standing.OVERDUE if due < JUNE else Standing.DUE_SOON,
        )
        for city, due in case.get("另有到期未完成", {}).items()
    ]
    made = evaluate(plan(), shot(JUNE, (), [*deadlines, *others]))
    places = {score.city: score.place for score in made.cities}
    assert {name: places[name] for name in case["名次"]} == case["名次"]
    assert [*made.leaders] == case["先进"]
    assert [*made.laggards] == case["需改进"]


def test_half_a_hundredth_rounds_up() -> None:
    changed = rule_with("monthly_report", points=Decimal("1.60"), each=Decimal("0.15"))
    late = a_deadline("D10-03", CITY, date(2023, 3, 28), JUNE)
    score = score_of(evaluate(changed, shot(JUNE, (), [late])))
    assert str(score.rate) == "90.63"  # 1.45 of 1.60 is 90.625 %


def test_deductions_stop_when_nothing_is_left() -> None:
    changed = rule_with("monthly_report", each=Decimal(6))
    missing = [a_deadline(f"D10-0{month}", CITY, None, JUNE) for month in (3, 4, 5, 6)]
    line = line_of(score_of(evaluate(changed, shot(JUNE, (), missing))), "monthly_report")
    assert line.points == 0
    assert [case.points for case in line.cases] == [-6, -6, -3, 0]


# --- evidence -------------------------------------------------------------------------------------


def test_each_point_has_its_evidence() -> None:
    projects = [a_project("甲"), a_project("乙")]
    deadlines = [
        a_deadline("D08", "甲", date(2023, 6, 2), JUNE),
        a_deadline("D08", "乙", date(2023, 5, 20), JUNE),
        a_deadline("D10-05", CITY, None, JUNE),
    ]
    records = [a_record("violation_confirmed", "甲", 77)]
    score = score_of(evaluate(plan(), shot(JUNE, projects, deadlines, records)))
    late, in_time = sorted(
        line_of(score, "started_on_time").cases, key=lambda case: bool(case.good)
    )
    assert (late.subject, late.due, late.done) == ("甲", date(2023, 5, 31), date(2023, 6, 2))
    assert (in_time.subject, in_time.good) == ("乙", True)
    (missing,) = line_of(score, "monthly_report").cases
    assert (missing.what, missing.due, missing.done) == ("D10-05 事项D10-05", DUE["D10-05"], None)
    assert missing.points == Decimal("-1.50")
    (violation,) = line_of(score, "violation").cases
    assert (violation.row, violation.points) == (77, Decimal("-5.00"))
    assert "示例认定文件" in violation.what


def test_the_greatest_losses_are_what_is_suggested() -> None:
    projects = [a_project("甲")]
    done = {"D06": date(2023, 6, 1), "D07": date(2023, 6, 1), "D08": date(2023, 6, 1)}
    deadlines = [
        *(a_deadline(rule, "甲", day, JUNE) for rule, day in done.items()),
        a_deadline("D10-05", CITY, None, JUNE),
    ]
    score = score_of(evaluate(plan(), shot(JUNE, projects, deadlines)))
    lost = [told.partition("：")[0] for told in score.suggestions]
    assert lost == ["配套到位失15分", "按时开工失15分", "运营机构按时确定失10分"]


def test_a_county_answers_for_its_own_projects_and_its_own_money_alone() -> None:
    """The city's share came late, its report is missing, and so is another county's project."""
    own = a_project("甲", milestones={"county_funds_in_place": date(2023, 5, 20)})
    others = a_project("乙", county="清徐县")
    deadlines = [
        a_deadline("D07", "甲", None, JUNE),
        a_deadline("D08", "甲", date(2023, 5, 20), JUNE),
        a_deadline("D08", "乙", None, JUNE),
        a_deadline("D10-06", CITY, None, JUNE),
        a_deadline("D01", CITY, None, JUNE),
    ]
    made = evaluate(plan(), shot(JUNE, [own, others], deadlines))
    county = score_of(made, "小店区")
    assert (county.score, county.available) == (Decimal("30.00"), Decimal("30.00"))
    assert line_of(county, "on_schedule").state is IndicatorStatus.NOTHING
    assert {"application_on_time", "monthly_report", "funds_in_place"}.isdisjoint(
        line.indicator for line in county.lines
    )
    assert [score.county for score in made.counties] == ["小店区", "清徐县"]
    city = score_of(made)
    assert line_of(city, "funds_in_place").points == 0
    assert line_of(city, "on_schedule").points == 0


def test_a_report_on_paper_is_in_and_its_projects_count_as_behind_until_they_are_entered() -> None:
    """It costs nothing as 月报, is noted as 未录入, and tells of no progress (五(五))."""
    june = a_deadline("D10-06", CITY, date(2023, 6, 20), JUNE)
    may = (Progress("2023-05", 10, on_schedule=True),)
    found = [a_project("甲", progress=may), a_project("乙", progress=may)]
    paper = score_of(evaluate(plan(), shot(JUNE, found, [june])))
    (case,) = line_of(paper, "monthly_report").cases
    assert (case.good, case.note) == (True, "未录入")
    assert line_of(paper, "monthly_report").points == Decimal("15.00")
    assert line_of(paper, "on_schedule").points == 0
    assert [case.what for case in line_of(paper, "on_schedule").cases] == [
        "2023-06 月报：未录入"
    ] * 2
    told = (*may, Progress("2023-06", 20, on_schedule=True, audit_id=7))
    entered = [replace(project, progress=told) for project in found]
    whole = score_of(evaluate(plan(), shot(JUNE, entered, [june])))
    assert line_of(whole, "monthly_report").cases[0].note == ""
    assert line_of(whole, "on_schedule").points == Decimal("15.00")


def test_only_a_report_that_is_in_may_be_not_entered() -> None:
    """Neither what is no report, done or not, nor a report that is missing."""
    deadlines = [
        a_deadline("D08", "甲", date(2023, 5, 20), JUNE),
        a_deadline("D06", "甲", None, JUNE),
        a_deadline("D10-05", CITY, date(2023, 5, 20), JUNE),
        a_deadline("D10-06", CITY, None, JUNE),
    ]
    score = score_of(evaluate(plan(), shot(JUNE, [a_project("甲")], deadlines)))
    notes = {
        case.what.partition(" ")[0]: case.note
        for name in ("started_on_time", "operator_on_time", "monthly_report")
        for case in line_of(score, name).cases
    }
    assert notes == {"D08": "", "D06": "", "D10-05": "未录入", "D10-06": ""}


def test_a_county_is_judged_by_what_is_entered_of_its_projects_alone() -> None:
    """Of 甲 and 丙 nothing is entered, which is the city's; 乙 is on schedule."""
    told = (Progress("2023-06", 20, on_schedule=True, audit_id=7),)
    projects = [a_project("甲"), a_project("乙", progress=told), a_project("丙")]
    june = a_deadline("D10-06", CITY, date(2023, 6, 20), JUNE)
    made = evaluate(plan(), shot(JUNE, projects, [june]))
    line = line_of(score_of(made, "小店区"), "on_schedule")
    assert [(case.subject, case.good) for case in line.cases] == [("乙", True)]


def test_what_earns_points_is_shown_as_good() -> None:
    """The first start in a county that had none, and an opening before the day."""
    days = {"work_started": date(2023, 5, 8), "opened": date(2023, 9, 30)}
    early = a_project("甲", county="清徐县", unserved=True, milestones=days)
    score = score_of(evaluate(plan(), shot(DECEMBER, [early])))
    for name, on in (("opened_early", "opened"), ("newly_served", "work_started")):
        (case,) = line_of(score, name).cases
        assert (case.good, case.done) == (True, days[on])


def test_a_table_may_leave_what_is_not_entered_unjudged() -> None:
    """The report came on paper; where none came, its projects are behind all the same."""
    changed = rule_with("on_schedule", {"unentered": "not_judged"})
    for done, cases in ((date(2023, 6, 20), []), (None, ["2023-06 月报：未报"])):
        june = a_deadline("D10-06", CITY, done, JUNE)
        line = line_of(
            score_of(evaluate(changed, shot(JUNE, [a_project("甲")], [june]))), "on_schedule"
        )
        assert [case.what for case in line.cases] == cases


@pytest.mark.parametrize("late", ["甲", "乙", "丙"])
def test_whoever_is_late_is_behind_alone(late: str) -> None:
    """All three say that they are on schedule."""
    projects = [_progress(True)(code, JUNE)[0][0] for code in ("甲", "乙", "丙")]
    deadlines = [
        a_deadline("D08", code, None if code == late else date(2023, 5, 20), JUNE)
        for code in ("甲", "乙", "丙")
    ]
    line = line_of(score_of(evaluate(plan(), shot(JUNE, projects, deadlines))), "on_schedule")
    assert [case.subject for case in line.cases if not case.good] == [late]


@pytest.mark.parametrize("held", ["甲", "乙", "丙"])
def test_only_what_a_project_on_hold_has_not_done_is_excused(held: str) -> None:
    """Neither what another one has not done, nor what the city owes."""
    projects = [
        a_project(code, disposition=Disposition.HELD if code == held else Disposition.ACTIVE)
        for code in ("甲", "乙", "丙")
    ]
    deadlines = [a_deadline("D08", code, date(2023, 6, 9), JUNE) for code in ("甲", "乙", "丙")]
    report = a_deadline("D10-05", CITY, None, JUNE)
    score = score_of(evaluate(plan(), shot(JUNE, projects, [*deadlines, report])))
    line = line_of(score, "started_on_time")
    assert [case.subject for case in line.cases if case.good is None] == [held]
    assert [case.good for case in line_of(score, "monthly_report").cases] == [False]


def test_what_is_on_record_is_told_by_its_name() -> None:
    kinds = {"typical_experience": "典型经验", "violation_confirmed": "违规认定"}
    records = [a_record(kind, CITY, row) for row, kind in enumerate(kinds)]
    score = score_of(evaluate(plan(), shot(JUNE, [a_project("甲")], (), records)))
    told = {case.what for line in score.lines for case in line.cases}
    assert told >= {f"{label}：示例认定文件" for label in kinds.values()}


def test_what_was_finished_before_the_month_is_not_asked_for_in_its_report() -> None:
    done = {"accepted": date(2023, 5, 20), "opened": date(2023, 5, 31)}
    finished = a_project("甲", milestones=done)
    told = (Progress("2023-06", 20, on_schedule=True, audit_id=7),)
    june = a_deadline("D10-06", CITY, date(2023, 6, 20), JUNE)
    for deadline in (june, a_deadline("D10-06", CITY, None, JUNE)):
        projects = [finished, a_project("乙", progress=told)]
        score = score_of(evaluate(plan(), shot(JUNE, projects, [deadline])))
        assert [case.subject for case in line_of(score, "on_schedule").cases] == ["乙"]


def test_a_month_that_is_no_longer_reported_costs_nothing() -> None:
    """All was finished before it began: neither a report nor progress is asked for."""
    ended = a_deadline("D10-06", CITY, None, JUNE, standing=Standing.VOID)
    score = score_of(evaluate(plan(), shot(JUNE, [a_project("甲")], [ended])))
    states = {id: line_of(score, id).state for id in ("monthly_report", "on_schedule")}
    assert set(states.values()) == {IndicatorStatus.NOTHING}


def test_a_report_is_missed_on_the_day_on_which_it_is_due() -> None:
    """Until the day before there is time: what it would tell is not judged."""
    due = DUE["D10-06"]
    the_day_before, on_the_day = (
        score_of(
            evaluate(plan(), shot(day, [a_project("甲")], [a_deadline("D10-06", CITY, None, day)]))
        )
        for day in (due - timedelta(days=1), due)
    )
    assert line_of(the_day_before, "on_schedule").state is IndicatorStatus.NOT_DUE
    line = line_of(on_the_day, "on_schedule")
    assert (line.state, line.points) == (IndicatorStatus.JUDGED, Decimal(0))


def test_putting_right_what_an_inspection_found_counts_as_well() -> None:
    late = replace(a_deadline("D21", "甲", None, DECEMBER), rule="D27")
    score = score_of(evaluate(plan(), shot(DECEMBER, [a_project("甲")], [late])))
    assert score.malus == 1


def _openings(as_of: date, opened: Mapping[str, date | None]) -> MonthEvaluation:
    """By code; of each city one project or more. The province has accepted none."""
    projects = [
        a_project(code, city, milestones={"opened": day} if day else {})
        for code, day in opened.items()
        for city in (OTHER if code.startswith("大同") else CITY,)
    ]
    deadlines = [a_deadline("D17", each.code, None, as_of, each.city) for each in projects]
    return evaluate(plan(), shot(as_of, projects, deadlines))


def test_in_the_last_month_the_yearly_aim_is_judged_as_of_the_years_end() -> None:
    """The snapshot is of Friday 29 December; there is none after it."""
    made = _openings(DECEMBER, {"大同1": date(2023, 12, 1), "甲": date(2023, 12, 29), "乙": None})
    lines = [line_of(score_of(made, each), "opened_in_year") for each in (CITY, OTHER, "小店区")]
    assert [(line.state, line.available, line.points) for line in lines] == [
        (IndicatorStatus.JUDGED, Decimal(10), Decimal(0)),  # one of two
        (IndicatorStatus.JUDGED, Decimal(10), Decimal(10)),
        (IndicatorStatus.JUDGED, Decimal(10), Decimal(0)),
    ]
    missed = next(case for case in lines[0].cases if case.subject == "乙")
    assert (missed.good, missed.due, missed.done) == (False, date(2023, 12, 31), None)
    assert missed.what == "D17 事项D17：截至2023年12月29日未完成，按当年未完成评"
    assert made.leaders[0] == OTHER


def test_before_the_last_month_nobody_is_judged_by_the_years_end() -> None:
    made = _openings(date(2023, 11, 30), {"大同1": date(2023, 11, 1), "甲": None})
    for city in (CITY, OTHER):  # nor gains the points before another one can
        assert line_of(score_of(made, city), "opened_in_year").state is IndicatorStatus.NOT_DUE


def test_another_years_december_is_not_the_plans_last_month() -> None:
    changed = plan().model_copy(update={"year": 2024})
    project = a_project("甲")
    deadline = a_deadline("D17", "甲", None, DECEMBER)
    score = score_of(evaluate(changed, shot(DECEMBER, [project], [deadline])))
    assert line_of(score, "opened_in_year").state is IndicatorStatus.NOT_DUE


def test_only_what_has_to_be_done_within_the_year_is_judged_by_its_end() -> None:
    """开工 was put off to 30 December by an approval: its day has not passed."""
    put_off = a_deadline("D08", "甲", None, DECEMBER, overdue_after=date(2023, 12, 30))
    made = evaluate(plan(), shot(DECEMBER, [a_project("甲")], [put_off]))
    assert line_of(score_of(made), "started_on_time").state is IndicatorStatus.NOT_DUE


def test_whoever_waits_on_hold_is_not_blamed_at_the_years_end_but_counted_alike() -> None:
    held = a_deadline("D17", "乙", None, DECEMBER, standing=Standing.SUSPENDED)
    projects = [
        a_project("甲", milestones={"opened": date(2023, 12, 1)}),
        a_project("乙", disposition=Disposition.HELD),
    ]
    met = a_deadline("D17", "甲", None, DECEMBER)
    line = line_of(
        score_of(evaluate(plan(), shot(DECEMBER, projects, [met, held]))), "opened_in_year"
    )
    assert (line.state, line.points) == (IndicatorStatus.JUDGED, Decimal(10))
    assert [case.good for case in line.cases] == [None, True]


def test_what_is_judged_for_one_place_is_judged_for_all_that_have_it() -> None:
    """One city's project has an approved later day; the other city's day has passed."""
    projects = [a_project("甲"), a_project("大同1", OTHER)]
    later = a_deadline("D08", "甲", None, JUNE, overdue_after=date(2023, 9, 30))
    passed = a_deadline("D08", "大同1", date(2023, 5, 20), JUNE, OTHER)
    made = evaluate(plan(), shot(JUNE, projects, [later, passed]))
    lines = [line_of(score_of(made, each), "started_on_time") for each in (CITY, OTHER, "小店区")]
    assert {(line.state, line.available, line.points) for line in lines} == {
        (IndicatorStatus.JUDGED, Decimal(15), Decimal(15))
    }
    without = line_of(score_of(made, "忻州市"), "started_on_time")  # a quota, and no project
    assert (without.state, without.available, without.points) == (
        IndicatorStatus.JUDGED, Decimal(15), Decimal(0),
    )  # fmt: skip


@pytest.mark.parametrize("quota", [0, None])
def test_of_whom_nothing_is_asked_has_no_place(quota: int | None) -> None:
    """A city without a quota and without projects: its neighbours are judged all the same."""
    cities = tuple(
        city.model_copy(update={"quota": quota}) if city.name == OTHER else city
        for city in plan().cities
    )
    started = a_deadline("D08", "甲", date(2023, 5, 20), JUNE)
    made = evaluate(
        plan().model_copy(update={"cities": cities}), shot(JUNE, [a_project("甲")], [started])
    )
    assert (score_of(made, OTHER).rate, score_of(made, OTHER).place) == (None, None)
    assert score_of(made, CITY).place == 1
    assert OTHER not in (*made.leaders, *made.laggards)
    assert made.cities[-1].city == OTHER


def test_a_report_on_paper_leaves_no_city_on_another_denominator() -> None:
    """One city's report came without figures, another's is missing: both are measured by 15."""
    projects = [a_project("甲"), a_project("大同1", OTHER)]
    came = a_deadline("D10-06", CITY, date(2023, 6, 20), JUNE)
    missing = a_deadline("D10-06", OTHER, None, JUNE, OTHER)
    made = evaluate(plan(), shot(JUNE, projects, [came, missing]))
    assert {line_of(each, "on_schedule").available for each in made.cities} == {Decimal(15)}
    assert line_of(score_of(made, OTHER), "on_schedule").points == 0


def test_a_project_that_was_on_hold_is_on_schedule_until_the_days_added_are_over() -> None:
    """Thirty days from 31 May end on 30 June: on that day it is due, and not done."""
    for as_of, good in ((date(2023, 6, 29), None), (JUNE, False)):
        [[project], _, _] = _progress(True)("甲", as_of)
        late = a_deadline("D08", "甲", None, as_of)
        made = evaluate(plan(), shot(as_of, [replace(project, holds=(HOLD,))], [late]))
        assert [case.good for case in line_of(score_of(made), "on_schedule").cases] == [good]


def test_a_project_that_was_on_hold_is_on_schedule_by_the_days_added() -> None:
    """It says so, and its 开工 is overdue by its days on hold alone: it is not judged."""
    said = (Progress("2023-06", 50, on_schedule=True, audit_id=7),)
    waited = a_project("甲", holds=(HOLD,), progress=said)
    late = a_deadline("D08", "甲", None, date(2023, 6, 29))
    made = evaluate(
        plan(), shot(date(2023, 6, 29), [waited, a_project("乙", progress=said)], [late])
    )
    line = line_of(score_of(made), "on_schedule")
    assert [case.good for case in line.cases] == [True, None]
    assert line.points == 15
    assert score_of(made).undone == 1  # the list of the overdue names it, and no paper praises it
    assert CITY not in made.leaders


def test_a_quarters_score_is_its_last_months() -> None:
    days = {4: date(2023, 4, 20), 5: None, 6: date(2023, 6, 20)}
    reports = {m: a_deadline(f"D10-{m:02d}", CITY, day, JUNE) for m, day in days.items()}
    months = [
        evaluate(plan(), shot(date(2023, m, 28), (), [report])) for m, report in reports.items()
    ]
    made = with_quarter(months[-1], "2023Q2", months[:-1])
    assert made.cities == months[-1].cities
    assert [month.period for month in made.months] == ["2023-04", "2023-05", "2023-06"]
    scores = [mark.score for month in made.months for mark in month.marks if mark.city == CITY]
    assert scores == [Decimal("15.00"), Decimal("13.50"), Decimal("15.00")]


def test_a_plan_without_a_table_gives_no_scores() -> None:
    with pytest.raises(PolicyError, match="没有绩效评估的评分标准"):
        evaluate(plan().model_copy(update={"evaluation": None}), shot(JUNE))


def test_an_indicator_before_another_milestone() -> None:
    """Opened before it was accepted, or accepted never yet."""
    changed = rule_with("opened_early", {"day": None, "before": "accepted"})
    days = {"opened": date(2023, 12, 1)}
    projects = [
        a_project("先开业", milestones={**days, "accepted": date(2023, 12, 2)}),
        a_project("同日", milestones={**days, "accepted": date(2023, 12, 1)}),
        a_project("未验收", milestones=days),
    ]
    line = line_of(score_of(evaluate(changed, shot(DECEMBER, projects))), "opened_early")
    assert [case.subject for case in line.cases] == ["先开业", "未验收"]


MISSED = {"kind": "on_time", "of": "city", "rules": ("D01",)}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"kind": "per_defect", "points": "5.0", "each": "0.5", "over": MISSED},
            "共5分，每有一项不符合扣0.5分，扣完为止",
        ),
        (
            {"kind": "levels", "points": "10", "full": "1", "part": "0.85", "part_points": "5"}
            | {"over": MISSED},
            "达到100%得10分，达到85%得5分，不足的不得分",
        ),
        ({"kind": "yes_no", "points": "4", "over": MISSED}, "符合得4分，不符合不得分"),
    ],
)
def test_how_points_follow_is_told(rule: dict[str, Any], words: str) -> None:
    assert says(TypeAdapter(ScoringRule).validate_python(rule)) == words


def test_what_a_city_is_to_do_of_a_countys_project_is_the_citys_lateness_alone() -> None:
    late = a_deadline("D08", "甲", None, JUNE, responsible="city")
    made = evaluate(plan(), shot(JUNE, [a_project("甲")], [late]))
    assert line_of(score_of(made), "started_on_time").lost > 0
    assert line_of(score_of(made, "小店区"), "started_on_time").lost == 0
