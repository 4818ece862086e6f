"""Where a city's projects stand and what presses, as much of it as is counted (清点).

It is what `overview.survey` says, reckoned from two texts of all projects that are alike; a test
holds both equal. Of a day that lies behind the survey itself is counted.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from heapq import nsmallest
from itertools import chain
from typing import TypeVar

from sqlmodel import Session

from models.audits import find_audit, newest, trail_end
from models.pressing import (
    NEXT,
    UNSET,
    WITHIN,
    PressingRow,
    changed_codes,
    pressing_rows,
    texts_of,
)
from models.projects import applied
from operations.cases.desk import Desk
from operations.views.overview import (
    CityBoard,
    DeadlineView,
    Lateness,
    Survey,
    bare_views,
    chains,
    in_chains,
    is_of_money,
    running_views,
    severity,
)
from operations.views.scenes import by_tables
from policy.timing import OccasionDates
from policy.vocabulary import ABOVE_CITIES, Basis, Disposition, Origin, Standing, SubjectKind
from states.deadlines import IN_TIME, PRESSING, DeadlineDates, standing, whose_turn
from states.dossier import GOING_ON
from states.reporting import finished_on, is_echo, left_to_apply
from states.workdays import DAY, UnknownYearError

TO_BE_SET = DeadlineDates(
    OccasionDates(remind=date.min, due=date.min), date.min, date.min, fits=False
)
WEEK = timedelta(days=6)
"""From a day to the seventh, both included."""
DatedRule = tuple[date, str]
"""A day and the deadline that has it: by what lists are ordered."""
K = TypeVar("K", DatedRule, tuple[date, str, str], tuple[bool, int])


@dataclass(frozen=True, slots=True)
class Head(Lateness):
    """The first of a chain of a subject, as `overview.in_chains` has it."""

    rule: str
    title: str
    standing: Standing
    origin: Origin
    remind_by: date | None
    overdue_after: date | None
    provincial: bool
    hangs_on: str
    """The missing step, or what is asked for where there is none."""
    of_money: bool
    """Whether it waits for a finance office."""

    @property
    def place(self) -> DatedRule:
        """Where it stands in a list."""
        return self.overdue_after or date.max, self.rule

    @property
    def kind(self) -> str:
        """How it is counted; empty for what is nowhere."""
        if self.standing is Standing.COORDINATING:
            return "coordinating"
        if self.standing is Standing.DUE_SOON:
            return "" if self.provincial else "due_soon"
        if self.origin is Origin.PROPOSAL:
            return "provincial_beyond" if self.provincial else "beyond"
        return "provincial" if self.provincial else "overdue"


@dataclass(frozen=True, slots=True)
class Agenda:
    """What of a subject presses or comes due within the week, as far as it is counted."""

    late: bool
    """Whether any deadline of it is overdue that is not for a provincial body to meet."""
    heads: tuple[Head, ...]
    due: tuple[DatedRule, ...]
    """Each that has time left and a date within the week, with the first such date."""
    first: DatedRule | None
    """Of all that presses or comes due what is late first."""


@dataclass(frozen=True, slots=True)
class CountedProject:
    """One project, as much of it as is counted."""

    county: str
    stage: str
    disposition: Disposition
    finished: bool
    agenda: Agenda


Counted = tuple[str, Head]
"""County and head of what presses."""
Alike = Mapping[CountedProject, tuple[str, ...]]
"""The codes of all projects that are counted alike, ordered."""


@dataclass(frozen=True, slots=True)
class Census:
    """A city as of a day, or with an empty name what is the province's own."""

    city: str
    as_of: date
    basis: Basis
    trail: tuple[int, str]
    """The newest row of the trail that it takes in: its number and its hash."""
    projects: Alike
    subject: str
    """The city, or the province."""
    own: Agenda
    """Of the city itself; its heads without what its projects stand there for."""
    counts: Mapping[Counted, int]
    """What presses; of the city itself the county is empty."""

    def pressing(self) -> Iterator[tuple[str, Head, Sequence[str]]]:
        """County and subjects of each head."""
        for project, codes in self.projects.items():
            for head in project.agenda.heads:
                yield project.county, head, codes
        yield from (("", head, (self.subject,)) for head in self.own.heads)

    def agendas(self) -> Iterator[tuple[Agenda, Sequence[str]]]:
        """What presses or comes due, with its subjects."""
        yield from ((project.agenda, codes) for project, codes in self.projects.items())
        yield self.own, (self.subject,)


def earliest(rows: Iterable[tuple[K, Sequence[str]]], most: int) -> tuple[int, list[tuple[K, str]]]:
    """How many subjects there are in all, and the first of them by what they stand beside."""
    held: dict[K, list[Sequence[str]]] = {}
    for place, subjects in rows:
        held.setdefault(place, []).append(subjects)
    shown: list[tuple[K, str]] = []
    for place in sorted(held):
        if len(shown) < most:
            first = nsmallest(most - len(shown), chain.from_iterable(held[place]))
            shown += ((place, subject) for subject in first)
    return sum(map(len, chain.from_iterable(held.values()))), shown


def census(session: Session, desk: Desk, city: str, as_of: date) -> Census:
    """A city as the tables have it, which is right of a day since which nothing has come about."""
    trail = _trail(session, desk)
    projects = _projects(session, desk, city, as_of) if city else {}
    own = _own(session, desk, city, as_of, projects)
    return _census(desk, city, as_of, Basis.NEWEST, trail, projects, own)


def brought_up(session: Session, desk: Desk, before: Census) -> Census:
    """The same with what has come on record since; anew where the trail is another one."""
    trail, city = _trail(session, desk), before.city
    if trail == before.trail:
        return before
    last = find_audit(session, desk.plan, before.trail[0])
    if (last.hash if last else "") != before.trail[1]:
        return census(session, desk, city, before.as_of)
    changed = changed_codes(session, desk.plan, city, before.trail[0])
    if not changed:
        return replace(before, trail=trail)
    now = _projects(session, desk, city, before.as_of, changed) if city else {}
    projects = _alike((*_without(before.projects, {*changed}), *now.items()))
    own = _own(session, desk, city, before.as_of, projects)
    return _census(desk, city, before.as_of, Basis.NEWEST, trail, projects, own)


def _census(
    desk: Desk,
    city: str,
    as_of: date,
    basis: Basis,
    trail: tuple[int, str],
    projects: Alike,
    own: Agenda,
) -> Census:
    found = Census(city, as_of, basis, trail, projects, _subject(desk, city), own, {})
    counts = Counter[Counted]()
    for county, head, subjects in found.pressing():
        counts[county, head] += len(subjects)
    return replace(found, counts=counts)


def _alike(found: Iterable[tuple[CountedProject, Sequence[str]]]) -> Alike:
    held: dict[CountedProject, list[Sequence[str]]] = {}
    for project, codes in found:
        held.setdefault(project, []).append(codes)
    return {it: tuple(sorted(chain.from_iterable(codes))) for it, codes in held.items()}


def _without(
    projects: Alike, codes: Collection[str]
) -> Iterator[tuple[CountedProject, tuple[str, ...]]]:
    for project, its in projects.items():
        if left := tuple(code for code in its if code not in codes):
            yield project, left


def counted(desk: Desk, seen: Survey) -> Mapping[str, Census]:
    """What a survey comes to, by city; what is the province's own under an empty name."""
    views: dict[str, list[DeadlineView]] = {}
    for view in seen.views:
        views.setdefault(view.subject, []).append(view)
    heads: dict[str, list[DeadlineView]] = {}
    for view in in_chains(seen.views):
        heads.setdefault(view.subject, []).append(view)

    def agenda(subject: str) -> Agenda:
        return _agenda(desk, seen.as_of, views.get(subject, ()), heads.get(subject, ()))

    found: dict[str, list[tuple[CountedProject, tuple[str]]]] = {}
    for it in seen.projects:
        done = finished_on(desk.plan, it) is not None
        said = CountedProject(it.county, it.stage, it.disposition, done, agenda(it.code))
        found.setdefault(it.city, []).append((said, (it.code,)))
    return {
        city: _census(
            desk,
            city,
            seen.as_of,
            seen.basis,
            (0, ""),
            _alike(found.get(city, ())),
            agenda(_subject(desk, city)),
        )
        for city in ("", *(each.name for each in desk.plan.cities))
    }


def _subject(desk: Desk, city: str) -> str:
    return city or desk.plan.province


def _trail(session: Session, desk: Desk) -> tuple[int, str]:
    return newest(session, desk.plan), trail_end(session, desk.plan.id)[1]


def pressing_views(desk: Desk, as_of: date, heads: Sequence[tuple[str, str]]) -> list[DeadlineView]:
    """Some heads, by subject and rule, in their order; without what waits below them."""
    codes, rules = (
        (list(dict.fromkeys(its)) for its in zip(*heads, strict=True)) if heads else ((), ())
    )
    with desk.reading() as session:
        found = running_views(session, desk, as_of, codes, rules).views
    shown = {(view.subject, view.rule): view for view in found}
    return [shown[head] for head in heads if head in shown]  # but what has changed meanwhile


def boards(desk: Desk, found: Iterable[Census]) -> tuple[CityBoard, ...]:
    """The province's board: a row a city."""
    quotas = {city.name: city.places for city in desk.plan.cities}
    return tuple(
        _row(
            desk,
            each.city,
            quotas[each.city],
            [(it, len(codes)) for it, codes in each.projects.items()],
            each.counts,
        )
        for each in found
        if each.city
    )


def county_boards(desk: Desk, found: Census) -> tuple[CityBoard, ...]:
    """The board of a city: one row a county that has projects or items, by the plan's order."""
    here, theirs = desk.plan.city(found.city), dict[str, list[tuple[CountedProject, int]]]()
    for it, codes in found.projects.items():
        theirs.setdefault(it.county, []).append((it, len(codes)))
    rows = (
        _row(
            desk,
            county.name,
            None,
            theirs.get(county.name, ()),
            {key: n for key, n in found.counts.items() if key[0] == county.name},
        )
        for county in (here.counties if here else ())
    )
    return tuple(row for row in rows if row.projects or row.overdue or row.due_soon)


def added(name: str, rows: Sequence[CityBoard], quota: int | None) -> CityBoard:
    """The sum of some rows of a board; how many places there are is not always a sum."""
    return CityBoard(
        city=name,
        quota=quota,
        projects=sum(row.projects for row in rows),
        by_stage=tuple(map(sum, zip(*(row.by_stage for row in rows), strict=True))),
        finished=sum(row.finished for row in rows),
        due_soon=sum(row.due_soon for row in rows),
        overdue=sum(row.overdue for row in rows),
        beyond_proposal=sum(row.beyond_proposal for row in rows),
    )


def hanging(counts: Mapping[Counted, int]) -> list[tuple[str, int, int]]:
    """Each step, how much is late for it, and how much presses at all; the most first."""
    late, every = Counter[str](), Counter[str]()
    for (_, head), number in counts.items():
        every[head.hangs_on] += number
        late[head.hangs_on] += number * (head.standing is not Standing.DUE_SOON)
    return [(step, late[step], count) for step, count in every.most_common()]


def _row(
    desk: Desk,
    name: str,
    quota: int | None,
    projects: Iterable[tuple[CountedProject, int]],
    counts: Mapping[Counted, int],
) -> CityBoard:
    stages, kinds, finished = Counter[str](), Counter[str](), 0
    for it, number in projects:
        if it.disposition in GOING_ON:
            stages[it.stage] += number
            finished += number * it.finished
    for (_, head), number in counts.items():
        kinds[head.kind] += number
    return CityBoard(
        city=name,
        quota=quota,
        projects=sum(stages[stage] for stage in desk.plan.stage_order),
        by_stage=tuple(stages[stage] for stage in desk.plan.stage_order),
        finished=finished,
        due_soon=kinds["due_soon"],
        overdue=kinds["overdue"],
        beyond_proposal=kinds["beyond"],
    )


def first_date(as_of: date, remind_by: date | None, overdue_after: date | None) -> date | None:
    """The first of a deadline's dates within the seven days that begin with a day."""
    days = [day for day in (remind_by, overdue_after) if day is not None]
    return min((day for day in days if as_of <= day <= as_of + WEEK), default=None)


def _agenda(
    desk: Desk, as_of: date, views: Sequence[DeadlineView], heads: Sequence[DeadlineView]
) -> Agenda:
    """Of one subject, by all of its deadlines, and the heads among them."""
    due = [
        (day, view)
        for view in views
        if view.standing in IN_TIME
        and (day := first_date(as_of, view.remind_by, view.overdue_after)) is not None
    ]
    told = (*(view for view in views if view.standing in PRESSING), *(view for _, view in due))
    return Agenda(
        any(view.is_overdue and not view.provincial for view in views),
        tuple(_head_of(desk, view) for view in heads),
        tuple((day, view.rule) for day, view in due),
        min(((view.overdue_after or date.max, view.rule) for view in told), default=None),
    )


def _head_of(desk: Desk, view: DeadlineView) -> Head:
    """A head of a survey."""
    return Head(
        view.rule,
        view.title,
        view.standing,
        view.origin,
        view.remind_by,
        view.overdue_after,
        view.provincial,
        view.step or view.title,
        is_of_money(desk, view),
    )


def _own(session: Session, desk: Desk, city: str, as_of: date, projects: Alike) -> Agenda:
    """What presses of a city itself, or of the province."""
    views = bare_views(desk, by_tables(session, desk, as_of, [_subject(desk, city)]))
    heads, listed = chains(views), Counter[str]()
    for it, codes in projects.items():
        listed.update({head.rule: len(codes) for head in it.agenda.heads})
    made = applied(session, desk.plan, [city], date.max) if city and heads else {}
    lacks = left_to_apply(desk.plan, made).get(city, 0)
    own = [view for view in heads if not is_echo(lacks, listed[view.rule])]
    return _agenda(desk, as_of, views, own)


def _projects(
    session: Session, desk: Desk, city: str, as_of: date, codes: Sequence[str] | None = None
) -> Alike:
    judge, near = _Judge(desk, as_of), max(_near_until(desk, as_of), as_of + WEEK)
    rows = pressing_rows(session, desk.plan, city, (as_of, near), judge.dated, codes)
    return _alike((judge.project(row), row.codes) for row in rows)


def _near_until(desk: Desk, as_of: date) -> date:
    """The last day of reminding of what is near."""
    day = as_of
    try:
        while (since := desk.due_soon_from(day + DAY)) is not None and since <= as_of:
            day += DAY
    except UnknownYearError:
        pass  # nothing is dated so far
    return day


@dataclass(frozen=True, slots=True)
class _Pressing:
    """A deadline that presses or comes due, as far as its chain is told by it."""

    rule: str
    standing: Standing
    overdue_after: date
    waits: bool
    is_overdue: bool
    chain: str
    head: Head
    due: date | None


class _Judge:
    """Says what presses of projects; those that are alike are judged once."""

    def __init__(self, desk: Desk, as_of: date) -> None:
        self.desk, self.as_of = desk, as_of
        answers = next(iter(desk.deadlines.values())).chain.answers
        self.dated = sorted({name for pair in answers for name in pair})
        """The facts of which a turn asks which came first."""
        self._known: dict[tuple[str, str], Agenda] = {}
        self._facts: dict[str, Mapping[str, date]] = {}
        self._judged: dict[tuple[str, str], _Pressing | None] = {}

    def project(self, row: PressingRow) -> CountedProject:
        """Some projects that are alike."""
        how = Disposition(row.disposition)
        key = (row.facts, row.deadlines if how is Disposition.ACTIVE else "")
        if key not in self._known:
            self._known[key] = self._agenda(*key)
        held = self._held(row.facts)
        finished = bool(self.desk.plan.finished_by) and all(
            name in held for name in self.desk.plan.finished_by
        )
        return CountedProject(row.county, row.stage, how, finished, self._known[key])

    def _held(self, facts: str) -> Mapping[str, date]:
        if facts not in self._facts:
            said = {name: day for name, *day in texts_of(facts)}
            self._facts[facts] = {
                name: date.fromisoformat(day[0]) if day else date.min for name, day in said.items()
            }
        return self._facts[facts]

    def _agenda(self, facts: str, deadlines: str) -> Agenda:
        texts = sorted(deadlines.split(NEXT), key=lambda said: said.partition(WITHIN)[0])
        found = [it for said in texts if said and (it := self._one(facts, said))]
        held: dict[str, list[_Pressing]] = {}
        for it in found:
            if it.standing in PRESSING:
                held.setdefault(it.chain, []).append(it)
        return Agenda(
            any(it.is_overdue and not it.head.provincial for it in found),
            tuple(min(chain, key=severity).head for chain in held.values()),
            tuple((it.due, it.rule) for it in found if it.due),
            min(((it.overdue_after, it.rule) for it in found), default=None),
        )

    def _one(self, facts: str, said: str) -> _Pressing | None:
        if (facts, said) not in self._judged:
            ((rule, *days, unset),) = texts_of(said)
            known = rule in self.desk.deadlines
            self._judged[facts, said] = (
                self._pressing(facts, rule, *days, unset=unset) if known else None
            )
        return self._judged[facts, said]

    def _pressing(self, facts: str, id: str, *days: str, unset: str) -> _Pressing | None:
        desk, deadline = self.desk, self.desk.deadlines[id]
        rule, fits = deadline.rule, unset != UNSET
        turn = whose_turn(
            deadline, SubjectKind.PROJECT, self._held(facts), None if fits else TO_BE_SET
        )
        body, (remind, last) = desk.plan.bodies[turn.body], map(date.fromisoformat, days)
        near = desk.due_soon_from(remind)
        stands = standing(last, body.bound, None, Disposition.ACTIVE, near, self.as_of, fits=fits)
        due = first_date(self.as_of, remind, last) if stands in IN_TIME else None
        if stands not in PRESSING and due is None:
            return None
        keepers = desk.plan.treasuries
        head = Head(
            id,
            rule.title,
            stands,
            rule.origin,
            remind,
            last,
            body.reached_at in ABOVE_CITIES,
            turn.label or rule.title,
            rule.responsible in keepers or turn.body in keepers,
        )
        return _Pressing(
            id,
            stands,
            last,
            turn.step not in rule.fulfilled_by.get(SubjectKind.PROJECT, ()),
            stands is Standing.OVERDUE and rule.origin is Origin.NOTICE,
            turn.label or id,
            head,
            due,
        )
