"""Scores of any province that hypothesis draws: what holds for all."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from policy.evaluation import PointKind
from policy.vocabulary import Disposition, Standing
from states.measures import IndicatorCase
from states.progress import Progress
from states.scoring import (
    MonthEvaluation,
    Score,
    evaluate,
)
from states.snapshot import (
    HoldSpan,
    ProjectShot,
    Snapshot,
)
from tests.support.builders import plan
from tests.support.scored_province import (
    CITY,
    COUNTY,
    DECEMBER,
    DUE,
    JUNE,
    OTHER,
    UNSERVED,
    a_deadline,
    a_project,
    a_record,
    score_of,
    shot,
    table,
)

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
def test_an_indicator_counts_for_all_bodies_of_a_kind_or_for_none(snapshot: Snapshot) -> None:
    made = evaluate(plan(), snapshot)
    for bodies in (made.cities, made.counties):
        assert len({score.available for score in bodies}) <= 1
        for item in table().indicators:
            lines = [it for score in bodies for it in score.lines if it.indicator == item.id]
            assert len({(line.state, line.available) for line in lines}) <= 1


@given(provinces())
def test_no_rate_is_above_what_the_table_gives(snapshot: Snapshot) -> None:
    made = evaluate(plan(), snapshot)
    for score in (*made.cities, *made.counties):
        if score.rate is not None:
            assert 0 <= score.rate <= 100
            full = score.score >= score.available
            assert (score.rate == 100) >= full


@given(provinces(), st.integers(1, 5))
def test_nobody_leads_with_something_undone(snapshot: Snapshot, days: int) -> None:
    """Neither what is overdue nor what falls due before the paper can be signed."""
    signed = snapshot.as_of + timedelta(days=days)
    made = evaluate(plan(), snapshot, signed)
    gone = {project.code for project in snapshot.projects if not project.goes_on}
    late = {
        item.city
        for item in snapshot.deadlines
        if item.subject not in gone
        and item.fulfilled_on is None
        and item.standing is not Standing.SUSPENDED
        and item.overdue_after is not None
        and item.overdue_after < signed
    }
    assert not late & {*made.leaders}
    assert {s.city for s in made.cities if s.place and s.place <= 3} <= late | {*made.leaders}


def _on_hold(snapshot: Snapshot, code: str) -> Snapshot:
    """The same province with one project on hold: what it has not done is suspended."""
    projects = (
        replace(each, disposition=Disposition.HELD) if each.code == code else each
        for each in snapshot.projects
    )
    deadlines = (
        replace(item, standing=Standing.SUSPENDED)
        if item.subject == code and item.fulfilled_on is None
        else item
        for item in snapshot.deadlines
    )
    return replace(snapshot, projects=tuple(projects), deadlines=tuple(deadlines))


def _was_on_hold(snapshot: Snapshot, code: str, hold: HoldSpan) -> Snapshot:
    projects = (
        replace(each, holds=(hold,)) if each.code == code else each for each in snapshot.projects
    )
    return replace(snapshot, projects=tuple(projects))


@given(provinces(), st.data())
def test_a_project_on_hold_does_not_lower_its_city(snapshot: Snapshot, data: st.DataObject) -> None:
    """Neither while it lasts nor by its days; nor does it change what others are judged by."""
    active = [each for each in snapshot.projects if each.disposition is Disposition.ACTIVE]
    assume(active)
    code = data.draw(st.sampled_from(active)).code
    since = data.draw(st.dates(date(2023, 1, 16), snapshot.as_of - timedelta(days=1)))
    until = data.draw(st.dates(since + timedelta(days=1), snapshot.as_of))
    before = evaluate(plan(), snapshot)
    held = evaluate(plan(), _on_hold(snapshot, code))
    waited = evaluate(plan(), _was_on_hold(snapshot, code, HoldSpan(since, until)))
    for made in (held, waited):
        for was, now in zip(_by_name(before), _by_name(made), strict=True):
            assert now.available == was.available
            assert now.score >= was.score
    assert not [case for case in _cases_of(held, code) if case.good is False]
    for case in _cases_of(waited, code):
        due = DUE.get(case.what.partition(" ")[0])
        if case.good is False and due is not None and due >= since:
            assert (case.done or date(2023, 12, 31)) >= due + (until - since)
            assert case.done is None or case.done > due + (until - since)


def _cases_of(made: MonthEvaluation, code: str) -> Iterator[IndicatorCase]:
    for score in (*made.cities, *made.counties):
        for line in score.lines:
            yield from (case for case in line.cases if case.subject == code)


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
        if now.available == was.available:  # it may be what makes an indicator count
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
    made = evaluate(plan(), replace(snapshot, deadlines=deadlines))
    for score in (each for each in made.cities if each.projects):
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
