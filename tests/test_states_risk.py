"""The risk list: plain rules, worked out by hand, and what must never lower a risk."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.duties import RiskRules
from policy.load import plan_path
from policy.validate import faults
from policy.vocabulary import Disposition, Source, Standing, SubjectKind
from states.progress import Progress
from states.risk import Risk, risks, usual_days
from states.snapshot import DeadlineShot, ProjectShot, Snapshot
from tests.support.builders import calendar, plan
from tests.support.seen import NONE, a_deadline, a_shot, a_snapshot

NOTICE = plan_path("shanxi-2023").with_name("notice.txt").read_text(encoding="utf-8")
DAY = timedelta(days=1)
SEPTEMBER = date(2023, 9, 4)
CODE = "XF2023-140105-01"
STEPS = {"D03": date(2023, 3, 31), "D06": date(2023, 5, 4), "D08": date(2023, 5, 31)}
STEPS |= {"D14": date(2023, 11, 30), "D16": date(2023, 12, 31), "D17": date(2023, 12, 31)}
PAID = {**NONE, Source.CITY: Decimal("400000.00"), Source.COUNTY: Decimal("260000.00")}
BEGUN = dict.fromkeys(("site_confirmed", "determined", "operator_confirmed"), date(2023, 3, 30))
FACTS = (*BEGUN, "work_started", "construction_finished", "accepted", "opened")
days = st.dates(date(2023, 1, 16), date(2023, 12, 31))


def building(started: date, **changes: Any) -> ProjectShot:
    """A project that lacks nothing and builds since that day."""
    facts = {**BEGUN, "work_started": started}
    return a_shot(CODE, **{"milestones": facts, "received": PAID, **changes})


def built(number: int, took: int) -> ProjectShot:
    """Another one, that took so many days."""
    start = date(2023, 4, 1)
    facts = {**BEGUN, "work_started": start, "construction_finished": start + took * DAY}
    return a_shot(f"XF2023-140106-{number:02d}", milestones=facts, received=PAID)


def ahead(**changes: date) -> list[DeadlineShot]:
    """The deadlines of what is still to be done once it builds."""
    left = {rule: STEPS[rule] for rule in ("D14", "D16", "D17")}
    return [a_deadline(rule, day) for rule, day in (left | changes).items()]


def found(
    project: ProjectShot,
    deadlines: Sequence[DeadlineShot],
    others: Sequence[ProjectShot] = (),
    on: date = SEPTEMBER,
) -> Risk:
    """What is said of the project of `CODE`."""
    made = risks(plan(), a_snapshot(on, [project, *others], deadlines), calendar())
    return next(item for item in made if item.code == CODE)


# --- the margin -----------------------------------------------------------------------------------


def test_the_days_left_are_held_against_the_median_of_those_who_have_finished() -> None:
    """87 days are left on 4 September; five took 100 to 140 days, this one has used 40."""
    others = [built(n, took) for n, took in enumerate((100, 140, 120, 110, 130))]
    risk = found(building(date(2023, 7, 26)), ahead(), others)
    assert risk.says == (
        "距“竣工并完成设备购置”时限（2023-11-30）还有87天；"
        "开工至竣工一般120天（已完成的5个项目的中位数），已用40天，还需80天，余地7天"
    )
    assert (risk.points, risk.grade, risk.rule, risk.due) == (2, "中", "D14", STEPS["D14"])


@pytest.mark.parametrize(
    ("used", "points"),
    [(10, 4), (18, 4), (19, 3), (32, 3), (33, 2), (42, 2), (43, 1), (52, 1), (53, 0), (200, 0)],
)
def test_points_by_days_left_over(used: int, points: int) -> None:
    """120 days are usual, 87 left: what is left over is 87 - (120 - used)."""
    others = [built(n, 120) for n in range(5)]
    risk = found(
        building(SEPTEMBER - used * DAY), ahead(D16=date(2024, 9, 1), D17=date(2024, 9, 1)), others
    )
    assert risk.points == points


def test_with_too_few_samples_the_plans_own_interval_holds_and_only_days_missing_count() -> None:
    """From 31 May to 30 November there are 183 days."""
    others = [built(n, 10) for n in range(4)]
    on_time = found(building(date(2023, 5, 31)), ahead(), others)
    assert on_time.says.endswith(
        "开工至竣工按方案间隔183天（已完成的项目不足5个），已用96天，还需87天，余地0天"
    )
    assert (on_time.points, on_time.grade) == (0, "低")
    assert found(building(date(2023, 6, 1)), ahead(), others).points == 3
    assert found(building(date(2023, 6, 15)), ahead(), others).points == 4


def test_a_step_between_deadlines_of_one_day_takes_no_day() -> None:
    """The plan's own interval, of no days where both ends fall on one."""
    rules = plan().risks
    assert rules is not None
    first = rules.steps[1].model_copy(update={"after": rules.steps[1].by})
    steps = (rules.steps[0], first, *rules.steps[2:])
    changed = plan().model_copy(update={"risks": rules.model_copy(update={"steps": steps})})
    usual = usual_days(changed, a_snapshot(SEPTEMBER, []), calendar())
    assert (usual[first.by].days, usual[first.by].samples) == (0, 0)


def test_a_step_that_has_not_begun_also_needs_those_before_it() -> None:
    """Nothing has begun: 61 days from determination to 31 May, then 183 to the end."""
    idle = a_shot(CODE, milestones={**BEGUN, "determined": SEPTEMBER}, received=PAID)
    risk = found(idle, [a_deadline("D14", STEPS["D14"])])
    assert "尚未开始，还需244天，还差157天" in risk.says


def test_a_margin_that_is_only_planned_does_not_hide_one_that_is_measured() -> None:
    """By the plan 31 days lie between completion and opening: 2 are left over, which is no sign."""
    others = [built(n, took) for n, took in enumerate((100, 140, 120, 110, 130))]
    risk = found(building(date(2023, 7, 26)), ahead(D17=date(2023, 12, 26)), others)
    assert (risk.points, risk.signs[0].says[:13]) == (2, "距“竣工并完成设备购置”时")


def test_a_deadline_has_passed_from_the_day_after_it() -> None:
    idle = a_shot(CODE, milestones={**BEGUN, "determined": date(2023, 1, 16)}, received=PAID)
    today, before = a_deadline("D08", SEPTEMBER), a_deadline("D08", SEPTEMBER - DAY)
    assert (found(idle, [today]).points, found(idle, [before]).points) == (0, 5)
    assert "当日到期" in found(idle, [today]).says
    assert "已过1天" in found(idle, [before]).says


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (STEPS["D14"], "（2023-11-30）"),
        (STEPS["D14"] - DAY, "（2023-11-29，2023-11-30后计逾期）"),
        (STEPS["D14"] + DAY, "（2023-12-01，2023-11-30后计逾期）"),
    ],
)
def test_the_day_of_the_notice_is_told_and_beside_it_another_one(said: date, told: str) -> None:
    """Before it where it moves on over a rest day, after it where it moves back."""
    item = replace(a_deadline("D14", STEPS["D14"]), due=said)
    assert told in found(building(date(2023, 7, 26)), [item]).says


def test_what_has_passed_and_is_not_done_counts_more_than_any_margin() -> None:
    idle = a_shot(CODE, milestones=BEGUN, received=PAID)
    late = a_deadline("D08", STEPS["D08"], standing=Standing.OVERDUE)
    risk = found(idle, [late, *ahead()])
    assert risk.says == "“全部开工建设”时限（2023-05-31）已过96天，尚未完成；逾期记录1项（D08）"
    assert (risk.points, risk.grade) == (6, "高")


@given(st.lists(st.tuples(days, days), max_size=12))
def test_the_usual_duration_is_the_median_of_all_that_have_been_through(
    spans: list[tuple[date, date]],
) -> None:
    projects = [
        a_shot(f"XF2023-140106-{n:02d}", milestones={"work_started": a, "construction_finished": b})
        for n, (a, b) in enumerate(spans)
    ]
    usual = usual_days(plan(), a_snapshot(SEPTEMBER, projects), calendar())["D14"]
    took = sorted((b - a).days for a, b in spans if b >= a)
    if len(took) < 5:
        assert (usual.days, usual.samples) == (183, 0)
    else:
        assert usual.samples == len(took)
        assert 0 <= usual.days - median(took) <= (took[-1] - took[0])
        assert sum(day <= usual.days for day in took) * 2 >= len(took)
        assert sum(day >= usual.days for day in took) * 2 >= len(took)


@pytest.mark.parametrize(("took", "samples"), [(0, 5), (1, 5), (-1, 0)])
def test_a_step_may_take_no_day_and_never_less(took: int, samples: int) -> None:
    projects = [built(n, took) for n in range(5)]
    usual = usual_days(plan(), a_snapshot(SEPTEMBER, projects), calendar())["D14"]
    assert (usual.days, usual.samples) == ((took, 5) if samples else (183, 0))


# --- gaps, standstill, history --------------------------------------------------------------------


@pytest.mark.parametrize(("days", "counts"), [(31, False), (30, True), (0, True), (-5, True)])
def test_a_gap_counts_from_thirty_days_before_its_deadline(days: int, counts: bool) -> None:
    poor = building(date(2023, 6, 1), received=NONE)
    risk = found(poor, [*ahead(), a_deadline("D07", SEPTEMBER + days * DAY)])
    assert ("市县配套资金未足额到位" in risk.says) is counts


def test_each_thing_that_is_lacking_is_told() -> None:
    almost = {**PAID, Source.COUNTY: Decimal("259999.99")}
    facts = {"determined": date(2023, 3, 30), "work_started": date(2023, 5, 31)}
    poor = building(date(2023, 5, 31), received=almost, responsible=" ", milestones=facts)
    asked = [a_deadline(rule, date(2023, 7, 31)) for rule in ("D06", "D07")]
    city = a_deadline("D18", date(2023, 7, 31), "太原市", kind=SubjectKind.CITY)
    told = [sign.says for sign in found(poor, [*ahead(), *asked, city]).signs]
    assert told[1:] == ["市县配套资金未足额到位", "未确定运营机构", "未明确责任人"]
    nothing = replace(poor, promised={Source.CITY: Decimal("0.00"), Source.COUNTY: Decimal("0.00")})
    for received in (almost, {}):
        owed = replace(nothing, received=received)
        told = [sign.says for sign in found(owed, [*ahead(), *asked, city]).signs]
        assert told[1:] == ["未确定运营机构", "未明确责任人"]


@pytest.mark.parametrize("lacks", [milestone.id for milestone in plan().milestones])
def test_any_milestone_is_lacking_while_it_is_not_dated(lacks: str) -> None:
    """Whatever its name, neither money nor a person that is there stands for it."""
    rules = plan().model_dump()["risks"]
    rules["gaps"]["of"] = [{"lacks": lacks, "by": "D07", "says": "尚缺"}]
    asking = plan().model_copy(update={"risks": RiskRules.model_validate(rules)})
    due = [*ahead(), a_deadline("D07", SEPTEMBER)]
    for dated in (False, True):
        facts = {name: day for name, day in BEGUN.items() if name != lacks}
        project = a_shot(
            CODE, milestones={**facts, lacks: SEPTEMBER} if dated else facts, received=PAID
        )
        (risk,) = risks(asking, a_snapshot(SEPTEMBER, [project], due), calendar())
        assert ("尚缺" in risk.says) is not dated


@pytest.mark.parametrize(
    ("percents", "says"),
    [
        ({5: 30, 6: 30, 7: 30}, "形象进度自2023-05起3个月未见提高（30%）"),
        ({6: 20, 7: 30}, None),
        ({6: 30}, "形象进度自2023-06起2个月未见提高（30%）"),
        ({4: 50, 5: 30, 6: 30}, "形象进度自2023-05起3个月未见提高（30%）"),  # put right in May
        ({5: 100, 6: 100, 7: 100}, None),
        ({}, None),
    ],
)
def test_a_standstill_is_told_by_the_reports(percents: dict[int, int], says: str | None) -> None:
    """On 4 September the report of August should be there."""
    reports = tuple(Progress(f"2023-{month:02d}", percent) for month, percent in percents.items())
    signs = found(building(date(2023, 5, 31), progress=reports), ahead()).signs
    assert [sign.says for sign in signs[1:]] == ([says] if says else [])


def test_only_what_counties_and_cities_missed_is_their_history() -> None:
    """Not what the province or the finance offices are late with, nor what is only coordinated."""
    past = [
        a_deadline("D07", STEPS["D08"], standing=Standing.MET_LATE),
        a_deadline("D04", STEPS["D03"], standing=Standing.MET_LATE),
        a_deadline("D05", STEPS["D06"], standing=Standing.COORDINATING),
        a_deadline("D08", STEPS["D08"], standing=Standing.MET),
    ]
    risk = found(building(date(2023, 5, 31)), [*ahead(), *past])
    assert [(sign.points, sign.says) for sign in risk.signs[1:]] == [(1, "逾期记录1项（D07）")]
    many = [
        a_deadline(rule, SEPTEMBER, standing=Standing.MET_LATE)
        for rule in ("D01", "D03", "D06", "D08", "D09")
    ]
    assert found(building(date(2023, 5, 31)), [*ahead(), *many]).signs[-1].points == 3


# --- who is on the list, and where ----------------------------------------------------------------


def test_who_has_ended_or_has_been_through_all_is_not_on_it() -> None:
    done = dict.fromkeys(FACTS, date(2023, 8, 1))
    projects = [
        building(date(2023, 5, 31)),
        a_shot("XF2023-140105-02", milestones=done),
        a_shot("XF2023-140105-03", disposition=Disposition.WITHDRAWN),
    ]
    made = risks(plan(), a_snapshot(SEPTEMBER, projects, ahead()), calendar())
    assert [item.code for item in made] == [CODE]


def test_a_project_on_hold_stays_on_it_without_a_clock() -> None:
    held = [replace(item, standing=Standing.SUSPENDED) for item in ahead()]
    risk = found(building(date(2023, 5, 31), disposition=Disposition.HELD), held)
    assert (risk.says, risk.due, risk.rule) == ("项目暂停，时限暂停计时", None, "")


def test_a_plan_without_the_rules_has_no_list() -> None:
    bare = plan().model_copy(update={"risks": None})
    assert risks(bare, a_snapshot(SEPTEMBER, [a_shot()], ahead()), calendar()) == ()


FAULTY = {
    "points that rise with the margin": {"passed": 3},
    "grades that leave some without": {"grades": [{"label": "高", "points": 5}]},
    "an unknown fact": {
        "gaps": {
            "from_days": 1,
            "points": 1,
            "of": [{"lacks": "luck", "by": "D07", "says": "没有"}],
        }
    },
    "a deadline of cities": {"steps": [{"by": "D18", "milestone": "opened"}]},
}


@pytest.mark.parametrize("change", FAULTY.values(), ids=FAULTY)
def test_a_plan_with_faulty_rules_is_told(change: dict[str, Any]) -> None:
    rules = RiskRules.model_validate({**plan().model_dump()["risks"], **change})
    found = list(faults(plan().model_copy(update={"risks": rules}), NOTICE))
    assert [fault.loc[0] for fault in found] == ["risks"]


# --- what must hold of every list -----------------------------------------------------------------

STANDINGS = st.sampled_from([Standing.ON_TRACK, Standing.DUE_SOON, Standing.OVERDUE])


@st.composite
def provinces(draw: st.DrawFn) -> Snapshot:
    """Some projects somewhere on their way, and all their deadlines."""
    codes = [CODE, *(f"XF2023-140106-{n:02d}" for n in range(draw(st.integers(0, 7))))]
    projects = [
        a_shot(
            code,
            milestones=draw(st.dictionaries(st.sampled_from(FACTS), days)),
            received=draw(st.sampled_from([NONE, PAID])),
            progress=tuple(
                Progress(f"2023-{n:02d}", p)
                for n, p in enumerate(sorted(draw(st.lists(st.integers(0, 100), max_size=5))), 4)
            ),
        )
        for code in codes
    ]
    deadlines = [
        a_deadline(rule, draw(days), code, standing=draw(STANDINGS))
        for code in codes
        for rule in (*STEPS, "D07")
    ]
    return a_snapshot(draw(days), projects, deadlines)


def of(made: Sequence[Risk]) -> int | None:
    return next((item.points for item in made if item.code == CODE), None)


@given(provinces(), st.sampled_from((*STEPS, "D07")), st.integers(1, 200))
def test_fewer_days_never_lower_a_risk(shot: Snapshot, rule: str, fewer: int) -> None:
    def sooner(item: DeadlineShot) -> DeadlineShot:
        if (item.subject, item.rule) != (CODE, rule) or item.overdue_after is None:
            return item
        return replace(item, overdue_after=item.overdue_after - fewer * DAY)

    hurried = replace(shot, deadlines=tuple(map(sooner, shot.deadlines)))
    before, after = (of(risks(plan(), it, calendar())) for it in (shot, hurried))
    assert before is None or (after is not None and after >= before)


@given(
    provinces(),
    st.sampled_from(("D01", "D09", "D20")),
    st.sampled_from((Standing.OVERDUE, Standing.MET_LATE)),
)
def test_one_more_lateness_never_lowers_a_risk(
    shot: Snapshot, rule: str, standing: Standing
) -> None:
    late = a_deadline(rule, shot.as_of - DAY, CODE, standing=standing)
    marked = replace(shot, deadlines=(*shot.deadlines, late))
    before, after = (of(risks(plan(), it, calendar())) for it in (shot, marked))
    assert before is None or (after is not None and after >= before)


@given(provinces())
def test_a_list_is_in_order_and_each_line_adds_up(shot: Snapshot) -> None:
    made = risks(plan(), shot, calendar())
    assert len({item.code for item in made}) == len(made)
    for item in made:
        assert item.points == sum(sign.points for sign in item.signs)
        assert item.grade == ("高" if item.points >= 5 else "中" if item.points >= 2 else "低")
        assert item.says
        assert "\n" not in item.says
    for one, two in pairwise(made):
        assert one.points >= two.points
        if one.points == two.points:
            assert (one.due or date.max, one.code) < (two.due or date.max, two.code)


def test_a_standstill_is_counted_through_the_years() -> None:
    """From last November to August, the month whose report should be there."""
    project = building(date(2022, 10, 31), progress=(Progress("2022-11", 30),))
    says = [sign.says for sign in found(project, ahead()).signs]
    assert "形象进度自2022-11起9个月未见提高（30%）" in says
