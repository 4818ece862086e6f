"""Scores of cities and counties: cases that an official can read, and what holds for all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from common.errors import PolicyError
from policy.evaluation import Evaluation, IndicatorStatus, PointKind
from policy.schema import Plan
from policy.validate import faults
from policy.vocabulary import Disposition, Origin, Source, Standing, SubjectKind
from states.progress import Progress
from states.scoring import IndicatorScore, MonthEvaluation, Score, evaluate, with_quarter
from states.snapshot import DeadlineShot, ProjectShot, RecordShot, Snapshot
from tests.support.builders import plan

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "scoring.yaml").read_text("utf-8"))
CITY, OTHER = "太原市", "大同市"
COUNTY = {CITY: "小店区", OTHER: "平城区"}
UNSERVED = ("清徐县", "娄烦县", "古交市")
DUE = {  # by 附件 and 3.2 of the domain, not by the code
    "D01": date(2023, 2, 20), "D06": date(2023, 5, 4), "D07": date(2023, 5, 31),
    "D08": date(2023, 5, 31), "D17": date(2023, 12, 31), "D21": date(2023, 12, 19),
    "D10-03": date(2023, 3, 27), "D10-04": date(2023, 4, 25), "D10-05": date(2023, 5, 25),
    "D10-06": date(2023, 6, 25), "D10-07": date(2023, 7, 25), "D10-08": date(2023, 8, 25),
    "D10-09": date(2023, 9, 25), "D10-10": date(2023, 10, 25), "D10-11": date(2023, 11, 27),
    "D10-12": date(2023, 12, 25),
}  # fmt: skip
BEFORE = {rule: due.replace(day=due.day - 1) for rule, due in DUE.items()}  # one day before it
JUNE, DECEMBER = date(2023, 6, 30), date(2023, 12, 29)


def table() -> Evaluation:
    found = plan().evaluation
    assert found is not None
    return found


# --- a province made by hand ----------------------------------------------------------------------


def a_project(code: str, city: str = CITY, **changes: Any) -> ProjectShot:
    return replace(
        ProjectShot(
            code=code,
            name=f"{code}社区养老幸福工程",
            city=city,
            county=COUNTY[city],
            county_type="市辖区",
            unserved=False,
            stage="construction",
            disposition=Disposition.ACTIVE,
            milestones={},
            area=None,
            investment=None,
            subsidy=None,
            released=None,
            received=dict.fromkeys(Source, Decimal(0)),
            promised={},
            spent=Decimal(0),
            progress=(),
            responsible="",
        ),
        **changes,
    )


def a_deadline(
    rule: str, subject: str, done: date | None, as_of: date, city: str = CITY, **changes: Any
) -> DeadlineShot:
    """With the standing that its dates give it."""
    due, of_city = DUE[rule], subject.endswith("市")
    late = Standing.OVERDUE if as_of > due else Standing.ON_TRACK
    met = Standing.MET if done and done <= due else Standing.MET_LATE
    return replace(
        DeadlineShot(
            kind=SubjectKind.CITY if of_city else SubjectKind.PROJECT,
            subject=subject,
            city=city,
            rule=rule,
            title=f"事项{rule}",
            clause="六(二)",
            origin=Origin.NOTICE,
            responsible="city" if of_city else "county",
            remind_by=due,
            overdue_after=due,
            standing=met if done else late,
            fulfilled_on=done,
        ),
        **changes,
    )


def a_record(kind: str, subject: str, row: int) -> RecordShot:
    return RecordShot(kind, subject, date(2023, 6, 1), "示例认定文件", row)


def shot(
    as_of: date,
    projects: Sequence[ProjectShot] = (),
    deadlines: Sequence[DeadlineShot] = (),
    records: Sequence[RecordShot] = (),
) -> Snapshot:
    found = tuple(projects), tuple(deadlines), tuple(records)
    return Snapshot(as_of.strftime("%Y-%m"), as_of, *found)


def score_of(made: MonthEvaluation, place: str = CITY) -> Score:
    return next(each for each in (*made.cities, *made.counties) if each.name == place)


def line_of(score: Score, indicator: str) -> IndicatorScore:
    return next(line for line in score.lines if line.indicator == indicator)


Part = tuple[list[ProjectShot], list[DeadlineShot], list[RecordShot]]


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


VISITED = {"acceptance_visited": date(2023, 12, 4)}
SITUATIONS: Mapping[str, Callable[[str, date], Part]] = {
    "按时开工": _timed("D08", -3),
    "达到序时": _progress(True),
    "未达序时": _progress(False),
    "未填序时": _progress(None),
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
    done = {"按时": -3, "迟了": 1, "终止": 1}.get(name)
    if rule == "D08":
        held = {"暂停": Disposition.HELD, "终止": Disposition.WITHDRAWN}
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
    made = evaluate(plan(), shot(JUNE, (), deadlines))
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


def test_a_month_that_is_no_longer_reported_costs_nothing() -> None:
    """All was finished before it began: neither a report nor progress is asked for."""
    ended = a_deadline("D10-06", CITY, None, JUNE, standing=Standing.VOID)
    score = score_of(evaluate(plan(), shot(JUNE, [a_project("甲")], [ended])))
    states = {id: line_of(score, id).state for id in ("monthly_report", "on_schedule")}
    assert set(states.values()) == {IndicatorStatus.NOTHING}


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
    assert line_of(score_of(made, "忻州市"), "started_on_time").state is IndicatorStatus.NOTHING


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


# --- what holds for every province ----------------------------------------------------------------

RULES = ("D06", "D07", "D08", "D17", "D21")
DONE = st.sampled_from((-5, 0, 1, 20, None))


@st.composite
def provinces(draw: st.DrawFn) -> Snapshot:
    as_of = draw(st.sampled_from((date(2023, 5, 31), JUNE, DECEMBER)))
    projects, deadlines = [], []
    for number in range(draw(st.integers(0, 6))):
        code, city = f"甲{number}", draw(st.sampled_from((CITY, OTHER)))
        projects.append(_drawn(draw, code, city, as_of))
        for rule in RULES:
            done = draw(DONE)
            day = None if done is None else date.fromordinal(DUE[rule].toordinal() + done)
            known = day if day and day <= as_of else None
            deadlines.append(a_deadline(rule, code, known, as_of, city))
    for city in (CITY, OTHER):
        for rule in ("D01", "D10-03", f"D10-{as_of.month:02d}"):
            done = draw(DONE)
            day = None if done is None else date.fromordinal(DUE[rule].toordinal() + done)
            known = day if day and day <= as_of else None
            deadlines.append(a_deadline(rule, city, known, as_of, city))
    kinds = st.sampled_from(("typical_experience", "violation_confirmed", "misuse_case"))
    owners = st.sampled_from([CITY, OTHER, *(project.code for project in projects)])
    records = [a_record(draw(kinds), draw(owners), row) for row in range(draw(st.integers(0, 6)))]
    return shot(as_of, projects, deadlines, records)


def _drawn(draw: st.DrawFn, code: str, city: str, as_of: date) -> ProjectShot:
    days = st.none() | st.sampled_from((date(2023, 5, 8), date(2023, 9, 30), date(2023, 12, 4)))
    names = ("work_started", "opened", "acceptance_visited", "county_funds_in_place")
    dated = {name: draw(days) for name in names}
    if draw(st.booleans()):
        dated["rectification_ordered"] = dated["acceptance_visited"]
    said = Progress(as_of.strftime("%Y-%m"), 50, on_schedule=draw(st.none() | st.booleans()))
    county = draw(st.sampled_from((COUNTY[city], *((UNSERVED) if city == CITY else ()))))
    return a_project(
        code,
        city,
        county=county,
        unserved=county in UNSERVED,
        disposition=draw(st.sampled_from(tuple(Disposition))),
        milestones={name: day for name, day in dated.items() if day and day <= as_of},
        progress=draw(st.sampled_from(((), (said,)))),
    )


@given(provinces())
def test_points_stay_within_their_bounds_and_add_up(snapshot: Snapshot) -> None:
    most = {item.id: item.points for item in table().indicators}
    made = evaluate(plan(), snapshot)
    for score in (*made.cities, *made.counties):
        for line in score.lines:
            if line.kind is PointKind.BASE:
                assert 0 <= line.points <= line.available <= most[line.indicator]
                assert line.available in (0, most[line.indicator])
            shared = [case.points for case in line.cases if case.points is not None]
            if line.kind is not PointKind.BASE:
                assert sum(map(abs, shared)) == line.points
            elif line.indicator == "monthly_report" and line.available:
                assert line.available + sum(shared) == line.points
        by_kind = {
            kind: sum(line.points for line in score.lines if line.kind is kind)
            for kind in PointKind
        }
        assert score.base == by_kind[PointKind.BASE] <= score.available <= 100
        assert score.bonus == min(by_kind[PointKind.BONUS], 10)
        assert score.malus == by_kind[PointKind.MALUS]
        assert score.score == max(score.base + score.bonus - score.malus, 0)
        assert (score.rate is None) == (score.available == 0) == (score.place is None)


@given(provinces())
def test_all_places_that_have_cases_are_measured_by_the_same_indicators(snapshot: Snapshot) -> None:
    made = evaluate(plan(), snapshot)
    for item in table().indicators:
        lines = [
            line
            for score in (*made.cities, *made.counties)
            for line in score.lines
            if line.indicator == item.id and line.cases
        ]
        assert len({(line.state, line.available) for line in lines}) <= 1


@given(provinces())
def test_bonuses_are_capped_together(snapshot: Snapshot) -> None:
    changed = plan().model_copy(
        update={"evaluation": table().model_copy(update={"most_bonus": Decimal(1)})}
    )
    for score in evaluate(changed, snapshot).cities:
        assert score.bonus == min(sum(_bonus(score), Decimal(0)), Decimal(1))


def _bonus(score: Score) -> Iterator[Decimal]:
    return (line.points for line in score.lines if line.kind is PointKind.BONUS)


@given(provinces(), st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_known_does_not_matter(
    snapshot: Snapshot, chance: Any
) -> None:
    projects, deadlines, records = (
        [*snapshot.projects],
        [*snapshot.deadlines],
        [*snapshot.records],
    )
    for part in (projects, deadlines, records):
        chance.shuffle(part)
    other = shot(snapshot.as_of, projects, deadlines, records)
    assert evaluate(plan(), other) == evaluate(plan(), snapshot)


@given(provinces(), st.data())
def test_a_defect_more_never_raises_a_score(snapshot: Snapshot, data: st.DataObject) -> None:
    worse = data.draw(st.sampled_from(list(_defects(snapshot))))
    before, after = evaluate(plan(), snapshot), evaluate(plan(), worse)
    for was, now in zip(_by_name(before), _by_name(after), strict=True):
        assert now.score <= was.score
        if was.rate is not None:
            assert now.rate is not None
            assert now.rate <= was.rate


def _by_name(made: MonthEvaluation) -> list[Score]:
    return sorted((*made.cities, *made.counties), key=lambda score: (score.city, score.county))


def _defects(snapshot: Snapshot) -> Iterator[Snapshot]:
    """The same province with one thing done late, behind, found fault with or not reported."""
    yield replace(snapshot, records=(*snapshot.records, a_record("violation_confirmed", CITY, 99)))
    for n, item in enumerate(snapshot.deadlines):
        if item.overdue_after and item.overdue_after < snapshot.as_of:
            late = replace(item, fulfilled_on=None, standing=Standing.OVERDUE)
            rest = snapshot.deadlines
            yield replace(snapshot, deadlines=(*rest[:n], late, *rest[n + 1 :]))
    for n, project in enumerate(snapshot.projects):
        rest_of = snapshot.projects
        for worse in _worse(project):
            yield replace(snapshot, projects=(*rest_of[:n], worse, *rest_of[n + 1 :]))


def _worse(project: ProjectShot) -> Iterator[ProjectShot]:
    if project.progress:
        yield replace(project, progress=(replace(project.progress[0], on_schedule=False),))
        yield replace(project, progress=(replace(project.progress[0], on_schedule=None),))
    if on := project.milestones.get("acceptance_visited"):
        again = {**project.milestones, "rectification_ordered": on}
        yield replace(project, milestones=again)


@given(provinces())
def test_what_ended_does_not_count(snapshot: Snapshot) -> None:
    gone = tuple(project for project in snapshot.projects if project.goes_on)
    codes = {project.code for project in gone}
    bare = replace(
        snapshot,
        projects=gone,
        deadlines=tuple(d for d in snapshot.deadlines if d.subject in codes | {CITY, OTHER}),
        records=tuple(r for r in snapshot.records if r.subject in codes | {CITY, OTHER}),
    )
    assert evaluate(plan(), bare) == evaluate(plan(), snapshot)


@given(provinces())
def test_whom_the_notice_does_not_bind_costs_nobody_a_point(snapshot: Snapshot) -> None:
    deadlines = tuple(replace(item, responsible="city_finance") for item in snapshot.deadlines)
    for score in evaluate(plan(), replace(snapshot, deadlines=deadlines)).cities:
        for line in score.lines:
            if line.indicator not in ("on_schedule", "accepted_at_once", "violation"):
                assert line.lost == 0


@given(provinces())
def test_places_follow_the_rates_and_equals_keep_the_plans_order(snapshot: Snapshot) -> None:
    made = evaluate(plan(), snapshot)
    order = [city.name for city in plan().cities]
    rated = [score for score in made.cities if score.rate is not None]
    for score in rated:
        better = [each for each in rated if (each.rate or 0) > (score.rate or 0)]
        assert score.place == len(better) + 1
    keys = [(-(s.rate if s.rate is not None else -1), order.index(s.city)) for s in made.cities]
    assert keys == sorted(keys)
    assert not set(made.leaders) & set(made.laggards)


@given(provinces())
def test_it_is_the_same_in_two_cities_that_are_alike(snapshot: Snapshot) -> None:
    """The other city gets a copy of the first one's facts: they share a place."""
    own = snapshot.of_city(CITY)
    names = {project.code: f"乙{project.code}" for project in own.projects} | {CITY: OTHER}
    twin = Snapshot(
        snapshot.period,
        snapshot.as_of,
        (*own.projects, *(replace(p, code=names[p.code], city=OTHER) for p in own.projects)),
        (
            *own.deadlines,
            *(replace(d, subject=names[d.subject], city=OTHER) for d in own.deadlines),
        ),
        (*own.records, *(replace(r, subject=names[r.subject]) for r in own.records)),
    )
    made = evaluate(plan(), twin)
    one, two = score_of(made, CITY), score_of(made, OTHER)
    assert (one.score, one.rate, one.place) == (two.score, two.rate, two.place)
    assert made.cities.index(one) < made.cities.index(two)


# --- planted faults -------------------------------------------------------------------------------


def with_rule(id: str, rule: Any, **changes: Any) -> Plan:
    """The shipped plan with another rule for an indicator."""
    indicators = tuple(
        item.model_copy(update={"rule": rule, **changes}) if item.id == id else item
        for item in table().indicators
    )
    return with_table(indicators=indicators)


def with_table(**changes: Any) -> Plan:
    return plan().model_copy(update={"evaluation": table().model_copy(update=changes)})


def rule_with(id: str, over: Mapping[str, Any] | None = None, **changes: Any) -> Plan:
    rule = next(item.rule for item in table().indicators if item.id == id)
    looked_at = rule.over.model_copy(update=dict(over or {}))
    return with_rule(id, rule.model_copy(update={**changes, "over": looked_at}))


def told(changed: Plan) -> list[str]:
    return [fault.says for fault in faults(changed, "") if fault.loc[0] == "evaluation"]


def placed(id: str, *places: str) -> Plan:
    (item,) = (item for item in table().indicators if item.id == id)
    return with_rule(id, item.rule, places=places)


def test_the_shipped_table_has_no_fault() -> None:
    assert [says for says in told(plan()) if "通知原文" not in says] == []


PLANTED: Mapping[str, tuple[Callable[[], Plan], str]] = {
    "points do not add up": (lambda: rule_with("monthly_report", points=Decimal(14)), "合计99"),
    "an indicator twice": (
        lambda: with_table(indicators=(*table().indicators, table().indicators[-1])),
        "“rectification_late”出现了2次",
    ),
    "an unknown deadline": (
        lambda: rule_with("started_on_time", {"rules": ("D99",)}),
        "未知的项目的时限“D99”",
    ),
    "a city's deadline as a project's": (
        lambda: rule_with("started_on_time", {"rules": ("D10",)}),
        "未知的项目的时限“D10”",
    ),
    "what the finance department has to do": (
        lambda: rule_with("started_on_time", {"rules": ("D05",)}),
        "“D05”由省财政厅负责，不能计入市、县得分",
    ),
    "what the province has to do": (
        lambda: rule_with("opened_in_year", {"rules": ("D16",), "facts": ()}),
        "“D16”由省民政厅负责",
    ),
    "a fact that does not fulfil the deadline": (
        lambda: rule_with("opened_in_year", {"facts": ("work_started",)}),
        "未知的完成“D17”的节点“work_started”",
    ),
    "a city's own deadline in a county's score": (
        lambda: placed("monthly_report", "city", "county"),
        "市级时限不计入县的得分",
    ),
    "an unknown milestone": (
        lambda: rule_with("accepted_at_once", {"unless": "nowhere"}),
        "未知的节点“nowhere”",
    ),
    "an unknown milestone to be before": (
        lambda: rule_with("opened_early", {"day": None, "before": "nowhere"}),
        "未知的节点“nowhere”",
    ),
    "no limit for being early": (
        lambda: rule_with("opened_early", {"day": None}),
        "须写明 day 或 before",
    ),
    "two limits for being early": (
        lambda: rule_with("opened_early", {"before": "accepted"}),
        "须写明 day 或 before",
    ),
    "an unknown kind of evidence": (
        lambda: rule_with("violation", {"evidence": "nothing"}),
        "留痕事项“nothing”",
    ),
    "evidence that only the province has": (
        lambda: rule_with("violation", {"evidence": "progress_bulletin"}),
        "留痕事项“progress_bulletin”",
    ),
    "part from as much as full": (
        lambda: rule_with("started_on_time", part=Decimal(1)),
        "part）须小于",
    ),
    "part worth as much as full": (
        lambda: rule_with("started_on_time", part_points=Decimal(15)),
        "part_points）须小于",
    ),
    "an unknown duty": (lambda: with_table(duty="D10"), "未知的省级周期任务“D10”"),
    "no report": (
        lambda: plan().model_copy(update={"report": None}),
        "没有月报",
    ),
    "no snapshots": (lambda: plan().model_copy(update={"curves": None}), "须有 curves"),
    "no months": (lambda: plan().model_copy(update={"bulletin": None}), "须有 bulletin"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_told(name: str) -> None:
    change, says = PLANTED[name]
    assert any(says in found for found in told(change())), told(change())


def test_every_value_is_marked_as_a_proposal() -> None:
    assert table().origin is Origin.PROPOSAL
    assert "建议" in table().reading


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
