"""What is known, for people and machines to read: deadlines, projects, the province board."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Protocol

from sqlmodel import Session

from models.projects import applied, codes_in, dossiers, find_subject
from models.reported import is_without_report
from models.tables import Subject
from operations.cases.desk import Desk
from operations.views.scenes import DeadlineState, Scene, scene
from policy.schema import Plan
from policy.vocabulary import ABOVE_CITIES, Basis, Origin, Standing, SubjectKind
from states.chains import Turn
from states.contacts import Place
from states.deadlines import DONE, PRESSING, RUNNING
from states.dossier import GOING_ON, Dossier
from states.reporting import (
    UNENTERED,
    finished_on,
    is_unentered,
    lacking,
    left_to_apply,
    without_echoes,
)


class Lateness:
    """How late something is, by how it stands and who has set its day."""

    __slots__ = ()
    standing: Standing
    origin: Origin

    @property
    def is_overdue(self) -> bool:
        """逾期: past a day that the notice states (A30)."""
        return self.standing is Standing.OVERDUE and self.origin is Origin.NOTICE

    @property
    def is_beyond_proposal(self) -> bool:
        """Past a day that is only a proposal, which is no 逾期."""
        return self.standing is Standing.OVERDUE and self.origin is Origin.PROPOSAL


@dataclass(frozen=True, slots=True)
class DeadlineView(Lateness):
    """One deadline of one subject, as of a day."""

    subject_kind: SubjectKind
    subject: str
    name: str
    city: str
    county: str
    rule: str
    title: str
    clause: str
    text: str
    """The notice's own words."""
    origin: Origin
    due: date | None
    """时限: the notice's own day (A21)."""
    remind_by: date | None
    """Both dates are None while a relative deadline has not begun to run."""
    overdue_after: date | None
    standing: Standing
    fulfilled_on: date | None
    responsible: str
    """The office whose turn it is: the responsible one, or that of the step that comes first."""
    to_do: str
    unentered: bool = False
    """Of a monthly report: whether it counts as in, and nothing of it is on record (未录入)."""
    step: str = ""
    """卡在: the first step that is missing; empty where the deadline waits for none."""
    waits: bool = False
    """Whether that is another step than the deadline's own."""
    below: tuple[str, ...] = ()
    """What waits for the same step and is not listed beside it."""
    lacks: int = 0
    """Of a city, how many applications it still has to make."""
    provincial: bool = False
    """Whether it is for a provincial body to do: no city answers for it."""

    @property
    def state(self) -> str:
        """How it stands, in the words that staff read."""
        said = self.standing.said(self.origin)
        return f"{said}（{UNENTERED}）" if self.unentered else said


@dataclass(frozen=True, slots=True)
class CityBoard:
    """One row of the province board."""

    city: str
    quota: int | None
    """None: not stated."""
    projects: int
    """Projects that go on: neither rejected nor withdrawn."""
    by_stage: tuple[int, ...]
    """How many of them stand in each stage, in the plan's order."""
    finished: int
    """办结: how many of them are accepted and open."""
    due_soon: int
    """Like the other two without what a provincial body has to do."""
    overdue: int
    beyond_proposal: int = 0
    """Past days that are only proposals."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The whole plan as of a day, on whatever basis: what commands and lists speak of."""

    as_of: date
    views: tuple[DeadlineView, ...]
    projects: tuple[Dossier, ...]
    """All of them, by code."""
    board: tuple[CityBoard, ...]
    basis: Basis = Basis.NEWEST


def deadline_views(
    desk: Desk, as_of: date, subject: str | None = None, *, known: bool = False
) -> list[DeadlineView]:
    """Every deadline as of a day; of one subject when it is given. `known` as in `scene`.

    For a project that is its own deadlines and those of its city and the province, since all of
    them bear on it. RefusedError for an unknown subject.
    """
    with desk.reading() as session:
        codes = None if subject is None else _bearing_on(session, desk, subject)
        company = None if codes is None else with_projects(session, desk, codes)
        found = scene(session, desk, as_of, company, known=known)
    return [view for view in views_in(desk, found) if codes is None or view.subject in codes]


@dataclass(frozen=True, slots=True)
class RunningViews:
    """Deadlines that are not over, and what they were seen in."""

    scene: Scene
    views: tuple[DeadlineView, ...]


def own_views(desk: Desk, as_of: date, code: str) -> list[DeadlineView]:
    """The deadlines of one subject itself as of a day, as they stand by what is known now."""
    with desk.reading() as session:
        found = scene(session, desk, as_of, with_projects(session, desk, [code]))
    return [view for view in views_in(desk, found) if view.subject == code]


def survey(desk: Desk, as_of: date, *, known: bool = False) -> Survey:
    """Everything as of a day, read once. `known` as in `scene`."""
    with desk.reading() as session:
        found = scene(session, desk, as_of, known=known)
    views = views_in(desk, found)
    board = _board(desk, views, found.projects)
    return Survey(as_of, tuple(views), found.projects, board, found.basis)


def projects(desk: Desk) -> tuple[Dossier, ...]:
    """All projects as they stand now, by code."""
    with desk.reading() as session:
        return dossiers(session, desk.plan)


def responsible(desk: Desk, body_id: str, subject: Subject | Place) -> str:
    """The office that is responsible; a body that the notice cannot bind goes by its own name,
    with its place: ``阳泉市财政局``."""
    body = desk.plan.bodies[body_id]
    if not body.bound:
        return _placed(desk.plan, body.name, subject)
    return desk.plan.office(body.reached_at, subject.city, subject.county)


def _placed(plan: Plan, name: str, at: Subject | Place) -> str:
    """A body's name in general (``市财政局``) as that of a place."""
    levels = plan.levels
    name = name.replace(levels.bases, f"{at.city}{at.county}", 1)
    return (
        f"{at.city}{name.removeprefix(levels.middle)}" if name.startswith(levels.middle) else name
    )


def is_of_money(desk: Desk, view: DeadlineView) -> bool:
    """Whether it is for a finance office to meet, or waits for one."""
    keepers, place = desk.plan.treasuries, Place(view.city, view.county)
    names = (responsible(desk, body, place) for body in keepers)
    return desk.deadlines[view.rule].rule.responsible in keepers or view.responsible in names


def county_boards(desk: Desk, seen: Survey, city: str) -> tuple[CityBoard, ...]:
    """The board of a city: one row a county that has projects or items, by the plan's order."""
    here = desk.plan.city(city)
    names = {county.name: None for county in here.counties} if here else {}
    views = [view for view in seen.views if view.city == city]
    found = [project for project in seen.projects if project.city == city]
    rows = _rows(desk, views, found, names, lambda it: it.county)
    return tuple(row for row in rows if row.projects or row.overdue or row.due_soon)


def _board(
    desk: Desk, views: Sequence[DeadlineView], found: Sequence[Dossier]
) -> tuple[CityBoard, ...]:
    quotas = {city.name: city.places for city in desk.plan.cities}
    return _rows(desk, views, found, quotas, lambda it: it.city)


def _rows(
    desk: Desk,
    views: Sequence[DeadlineView],
    found: Sequence[Dossier],
    places: Mapping[str, int | None],
    place_of: Callable[[DeadlineView | Dossier], str],
) -> tuple[CityBoard, ...]:
    """A row for each of the places, which are given with their quotas."""
    going_on = [item for item in found if item.disposition in GOING_ON]
    stages = Counter((place_of(item), item.stage) for item in going_on)
    finished = Counter(place_of(item) for item in going_on if finished_on(desk.plan, item))
    local = [view for view in in_chains(views) if not view.provincial]
    due_soon = Counter(place_of(view) for view in local if view.standing is Standing.DUE_SOON)
    overdue = Counter(place_of(view) for view in local if view.is_overdue)
    beyond = Counter(place_of(view) for view in local if view.is_beyond_proposal)
    return tuple(
        CityBoard(
            city=name,
            quota=quota,
            projects=sum(stages[name, stage] for stage in desk.plan.stage_order),
            by_stage=tuple(stages[name, stage] for stage in desk.plan.stage_order),
            finished=finished[name],
            due_soon=due_soon[name],
            overdue=overdue[name],
            beyond_proposal=beyond[name],
        )
        for name, quota in places.items()
    )


def _bearing_on(session: Session, desk: Desk, code: str) -> list[str]:
    subject = find_subject(session, desk.plan, code)
    if subject.kind == SubjectKind.PROJECT:
        return [subject.code, subject.city, desk.plan.province]
    return [subject.code]


def with_projects(session: Session, desk: Desk, codes: Sequence[str]) -> list[str]:
    """The subjects, and of cities among them the projects, which tell of their reports."""
    cities = [code for code in codes if desk.plan.city(code)]
    return list(dict.fromkeys((*codes, *codes_in(session, desk.plan, cities))))


def unentered_reports(desk: Desk, found: Scene) -> frozenset[tuple[str, str]]:
    """City and deadline of each monthly report that counts as in and is not entered (未录入).

    The scene must hold all projects of the cities that it holds.
    """
    plan, months = desk.plan, desk.plan.reported_months
    told = [
        (item.subject.code, item.rule)
        for item in found.deadlines
        if item.rule in months and item.standing in DONE
    ]
    own = {city: [p for p in found.projects if p.city == city] for city, _ in told}
    return frozenset(
        (city, rule) for city, rule in told if is_unentered(plan, own[city], months[rule])
    )


def unentered_now(
    session: Session, desk: Desk, found: Iterable[DeadlineState]
) -> list[tuple[str, str]]:
    """As `unentered_reports`, of what the tables hold: the database is asked for the projects."""
    months = desk.plan.reported_months
    return [
        (item.subject.code, item.rule)
        for item in found
        if item.rule in months
        and item.standing in DONE
        and is_without_report(session, desk.plan, item.subject.code, months[item.rule])
    ]


def unentered_line(found: Iterable[tuple[str, str]]) -> str:
    """Which reports, by city and deadline, are not entered (未录入); empty where there is none."""
    named = "、".join(f"{city}（{rule}）" for city, rule in found)
    return f"月报已书面报送、尚{UNENTERED}的：{named}。" if named else ""


def views_in(desk: Desk, found: Scene) -> list[DeadlineView]:
    """Every deadline of a scene, which holds all projects of the cities that it holds."""
    return _views(desk, found, unentered_reports(desk, found), lacking(desk.plan, found.projects))


def bare_views(desk: Desk, found: Scene) -> list[DeadlineView]:
    """As `views_in`, without what only the projects of its cities tell."""
    return _views(desk, found, frozenset(), {})


def running_views(
    session: Session,
    desk: Desk,
    as_of: date,
    codes: Sequence[str],
    rules: Collection[str] | None = None,
) -> RunningViews:
    """The deadlines of some subjects that are not over, whatever else there is in their cities.

    What is asked of a city is told by how many applications there are, not by reading them.
    `rules` as in `scene`.
    """
    found = scene(session, desk, as_of, codes, rules=rules)
    going_on = tuple(item for item in found.deadlines if item.standing in RUNNING)
    found = replace(found, deadlines=going_on)
    views = _views(desk, found, frozenset(), _left_to_apply(session, desk, codes))
    return RunningViews(found, tuple(views))


def _left_to_apply(session: Session, desk: Desk, codes: Iterable[str]) -> Mapping[str, int]:
    """As `lacking`, for the cities among some subjects."""
    cities = [code for code in codes if desk.plan.city(code)]
    made = applied(session, desk.plan, cities, date.max) if cities else {}
    return left_to_apply(desk.plan, made)


def _views(
    desk: Desk, found: Scene, unentered: Collection[tuple[str, str]], lacks: Mapping[str, int]
) -> list[DeadlineView]:
    """Every deadline of a scene, with what of it the scene itself does not say."""
    return [
        _view(desk, item, (item.subject.code, item.rule) in unentered, lacks)
        for item in found.deadlines
    ]


def _view(
    desk: Desk, item: DeadlineState, unentered: bool, lacks: Mapping[str, int]
) -> DeadlineView:
    rule, subject = desk.deadlines[item.rule].rule, item.subject
    return DeadlineView(
        subject_kind=SubjectKind(subject.kind),
        subject=subject.code,
        name=subject.name,
        city=subject.city,
        county=subject.county,
        rule=item.rule,
        title=rule.title,
        clause=rule.clause,
        text=rule.words,
        origin=rule.origin,
        due=item.due,
        remind_by=item.remind_by,
        overdue_after=item.overdue_after,
        standing=item.standing,
        fulfilled_on=item.fulfilled_on,
        responsible=responsible(desk, item.turn.body, subject),
        provincial=desk.plan.bodies[item.turn.body].reached_at in ABOVE_CITIES,
        to_do=to_do_first(desk, item.rule, item.turn),
        unentered=unentered,
        step=item.turn.label,
        waits=item.turn.step not in rule.fulfilled_by.get(SubjectKind.PROJECT, ()),
        lacks=lacks.get(subject.code, 0),
    )


def to_do_first(desk: Desk, rule: str, turn: Turn) -> str:
    """What whoever has the turn is asked to do: where it is an earlier step, that one."""
    deadline = desk.deadlines[rule]
    own = deadline.rule.fulfilled_by.get(SubjectKind.PROJECT, ())
    if not turn.label or turn.step in own:
        return deadline.to_do
    if not turn.step:
        return f"请{turn.label}"
    return _asked_by_step(desk.plan).get((turn.step,), f"请先完成“{turn.label}”环节")


@lru_cache
def _asked_by_step(plan: Plan) -> Mapping[tuple[str, ...], str]:
    """What the first deadline asks for that some milestones fulfil, by these."""
    asked = ((it.fulfilled_by.get(SubjectKind.PROJECT, ()), it.to_do) for it in plan.deadlines)
    return dict(reversed([*asked]))


def in_chains(views: Iterable[DeadlineView]) -> list[DeadlineView]:
    """What presses, each chain of a project once: the missing step, and below it what waits.

    In the order of `views`; what does not press is left out, and what is asked of a city if its
    projects stand there for it.
    """
    heads = chains(views)
    return without_echoes(heads, lambda it: it.city, {it.subject: it.lacks for it in heads})


def chains(views: Iterable[DeadlineView]) -> list[DeadlineView]:
    """As `in_chains`, with what is asked of a city although its projects stand there for it."""
    found: dict[tuple[str, str], list[DeadlineView]] = {}
    for view in views:
        if view.standing in PRESSING:
            found.setdefault((view.subject, view.step or view.rule), []).append(view)
    return [_folded(chain) for chain in found.values()]


class PressingItem(Protocol):
    """What presses, as far as its place in its chain follows from it."""

    @property
    def rule(self) -> str:
        """The deadline's id."""

    @property
    def standing(self) -> Standing:
        """How it stands."""

    @property
    def overdue_after(self) -> date | None:
        """After which day it is late."""

    @property
    def waits(self) -> bool:
        """Whether it waits for another step than its own."""

    @property
    def is_overdue(self) -> bool:
        """Whether it is past a day that the notice states."""


def severity(it: PressingItem) -> tuple[bool, int, bool, date, str]:
    """The first by it stands for its chain."""
    return (
        not it.is_overdue,  # what the notice itself dates comes before what is proposed
        PRESSING.index(it.standing),
        it.waits,
        it.overdue_after or date.max,
        it.rule,
    )


def _folded(chain: Sequence[DeadlineView]) -> DeadlineView:
    first, *others = sorted(chain, key=severity)
    # The missing step's own deadline is named by the step.
    behind = (it for it in others if it.waits or not first.waits)
    ordered = sorted(behind, key=lambda it: (it.due or date.max, it.rule))
    return replace(first, below=tuple(f"{it.rule} {it.title}" for it in ordered))


def with_standing(views: list[DeadlineView], *wanted: Standing) -> Iterator[DeadlineView]:
    """Those of `views` that stand so, the earliest first."""
    found = [view for view in views if view.standing in wanted]
    yield from sorted(
        found, key=lambda view: (view.overdue_after or date.max, view.rule, view.subject)
    )
