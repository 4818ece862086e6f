"""Where a city's projects stand and what presses, as much of it as is counted (清点).

It is what `overview.survey` says, reckoned from two texts a project; a test holds both equal. Of a
day that lies behind the survey itself is counted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

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
from states.deadlines import PRESSING, DeadlineDates, standing, whose_turn
from states.dossier import GOING_ON, Dossier
from states.reporting import finished_on, is_echo, left_to_apply
from states.workdays import DAY, UnknownYearError

TO_BE_SET = DeadlineDates(
    OccasionDates(remind=date.min, due=date.min), date.min, date.min, fits=False
)


@dataclass(frozen=True, slots=True)
class Head:
    """The first of a chain of a subject, as `overview.in_chains` has it."""

    rule: str
    standing: Standing
    origin: Origin
    overdue_after: date | None
    provincial: bool
    hangs_on: str
    """The missing step, or what is asked for where there is none."""
    of_money: bool
    """Whether it waits for a finance office."""

    @property
    def kind(self) -> str:
        """How it is counted; empty for what is nowhere."""
        if self.standing is Standing.COORDINATING:
            return "coordinating"
        if self.standing is Standing.DUE_SOON:
            return "" if self.provincial else "due_soon"
        if self.origin is Origin.PROPOSAL:
            return "" if self.provincial else "beyond"
        return "provincial" if self.provincial else "overdue"


@dataclass(frozen=True, slots=True)
class CountedProject:
    """One project, as much of it as is counted."""

    county: str
    stage: str
    disposition: Disposition
    finished: bool
    late: bool
    """Whether any deadline of it is overdue that is not for a provincial body to meet."""
    heads: tuple[Head, ...]


Counted = tuple[str, Standing, str, str]
"""County, standing, kind and step of what presses."""


@dataclass(frozen=True, slots=True)
class Census:
    """A city as of a day, or with an empty name what is the province's own."""

    city: str
    as_of: date
    basis: Basis
    trail: tuple[int, str]
    """The newest row of the trail that it takes in: its number and its hash."""
    projects: Mapping[str, CountedProject]
    """By code, ordered."""
    subject: str
    """The city, or the province."""
    own: tuple[Head, ...]
    """What presses of the city itself, but what its projects stand there for."""
    counts: Mapping[Counted, int]
    """What presses, by county; of the city itself the county is empty."""

    def pressing(self) -> Iterator[tuple[str, str, Head]]:
        """Subject and county of each head."""
        for code, project in self.projects.items():
            for head in project.heads:
                yield code, project.county, head
        yield from ((self.subject, "", head) for head in self.own)


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
    projects = {**before.projects, **now}
    if len(projects) > len(before.projects):
        projects = dict(sorted(projects.items()))
    own = _own(session, desk, city, before.as_of, projects)
    return _census(desk, city, before.as_of, Basis.NEWEST, trail, projects, own)


def _census(
    desk: Desk,
    city: str,
    as_of: date,
    basis: Basis,
    trail: tuple[int, str],
    projects: Mapping[str, CountedProject],
    own: tuple[Head, ...],
) -> Census:
    every = ((it.county, it.heads) for it in projects.values())
    counts = Counter(
        (county, head.standing, head.kind, head.hangs_on)
        for county, heads in (*every, ("", own))
        for head in heads
    )
    return Census(city, as_of, basis, trail, projects, _subject(desk, city), own, counts)


def counted(desk: Desk, seen: Survey) -> Mapping[str, Census]:
    """What a survey comes to, by city; what is the province's own under an empty name."""
    heads: dict[str, list[Head]] = {}
    for view in in_chains(seen.views):
        heads.setdefault(view.subject, []).append(_head_of(desk, view))
    late = {it.subject for it in seen.views if it.is_overdue and not it.provincial}
    found: dict[str, dict[str, CountedProject]] = {}
    for it in seen.projects:
        said = _counted(desk, it, it.code in late, tuple(heads.get(it.code, ())))
        found.setdefault(it.city, {})[it.code] = said
    return {
        city: _census(
            desk,
            city,
            seen.as_of,
            seen.basis,
            (0, ""),
            found.get(city, {}),
            tuple(heads.get(_subject(desk, city), ())),
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
        _row(desk, each.city, quotas[each.city], each.projects.values(), each.counts)
        for each in found
        if each.city
    )


def county_boards(desk: Desk, found: Census) -> tuple[CityBoard, ...]:
    """The board of a city: one row a county that has projects or items, by the plan's order."""
    here, theirs = desk.plan.city(found.city), dict[str, list[CountedProject]]()
    for it in found.projects.values():
        theirs.setdefault(it.county, []).append(it)
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
    for (_, stands, _, step), number in counts.items():
        every[step] += number
        late[step] += number * (stands is not Standing.DUE_SOON)
    return [(step, late[step], count) for step, count in every.most_common()]


def _row(
    desk: Desk,
    name: str,
    quota: int | None,
    projects: Iterable[CountedProject],
    counts: Mapping[Counted, int],
) -> CityBoard:
    going_on = [it for it in projects if it.disposition in GOING_ON]
    stages = Counter(it.stage for it in going_on)
    kinds: Counter[str] = Counter()
    for (_, _, kind, _), number in counts.items():
        kinds[kind] += number
    return CityBoard(
        city=name,
        quota=quota,
        projects=sum(stages[stage] for stage in desk.plan.stage_order),
        by_stage=tuple(stages[stage] for stage in desk.plan.stage_order),
        finished=sum(it.finished for it in going_on),
        due_soon=kinds["due_soon"],
        overdue=kinds["overdue"],
        beyond_proposal=kinds["beyond"],
    )


def _head_of(desk: Desk, view: DeadlineView) -> Head:
    """A head of a survey."""
    return Head(
        view.rule,
        view.standing,
        view.origin,
        view.overdue_after,
        view.provincial,
        view.step or view.title,
        is_of_money(desk, view),
    )


def _own(
    session: Session,
    desk: Desk,
    city: str,
    as_of: date,
    projects: Mapping[str, CountedProject],
) -> tuple[Head, ...]:
    """What presses of a city itself, or of the province."""
    found = by_tables(session, desk, as_of, [_subject(desk, city)])
    heads = chains(bare_views(desk, found))
    listed = Counter(head.rule for it in projects.values() for head in it.heads)
    made = applied(session, desk.plan, [city], date.max) if city and heads else {}
    lacks = left_to_apply(desk.plan, made).get(city, 0)
    return tuple(_head_of(desk, view) for view in heads if not is_echo(lacks, listed[view.rule]))


def _projects(
    session: Session, desk: Desk, city: str, as_of: date, codes: Sequence[str] | None = None
) -> dict[str, CountedProject]:
    judge, near = _Judge(desk, as_of), _near_until(desk, as_of)
    rows = pressing_rows(session, desk.plan, city, (as_of, near), judge.dated, codes)
    return {row.code: judge.project(row) for row in rows}


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
    """A deadline that presses, as far as its chain is told by it."""

    rule: str
    standing: Standing
    overdue_after: date | None
    waits: bool
    is_overdue: bool
    chain: str
    head: Head


class _Judge:
    """Says what presses of projects; those that are alike are judged once."""

    def __init__(self, desk: Desk, as_of: date) -> None:
        self.desk, self.as_of = desk, as_of
        answers = next(iter(desk.deadlines.values())).chain.answers
        self.dated = sorted({name for pair in answers for name in pair})
        """The facts of which a turn asks which came first."""
        self._known: dict[tuple[str, str], tuple[bool, tuple[Head, ...]]] = {}
        self._facts: dict[str, Mapping[str, date]] = {}
        self._judged: dict[tuple[str, str], _Pressing | None] = {}

    def project(self, row: PressingRow) -> CountedProject:
        """One project."""
        how = Disposition(row.disposition)
        active = row.deadlines if how is Disposition.ACTIVE else ""
        key = (row.facts, active)
        if key not in self._known:
            self._known[key] = self._heads(*key)
        late, heads = self._known[key]
        held = self._held(row.facts)
        finished = bool(self.desk.plan.finished_by) and all(
            name in held for name in self.desk.plan.finished_by
        )
        return CountedProject(row.county, row.stage, how, finished, late, heads)

    def _held(self, facts: str) -> Mapping[str, date]:
        if facts not in self._facts:
            said = {name: day for name, *day in texts_of(facts)}
            self._facts[facts] = {
                name: date.fromisoformat(day[0]) if day else date.min for name, day in said.items()
            }
        return self._facts[facts]

    def _heads(self, facts: str, deadlines: str) -> tuple[bool, tuple[Head, ...]]:
        texts = sorted(deadlines.split(NEXT), key=lambda said: said.partition(WITHIN)[0])
        found = [it for said in texts if said and (it := self._one(facts, said))]
        held: dict[str, list[_Pressing]] = {}
        for it in found:
            held.setdefault(it.chain, []).append(it)
        heads = tuple(min(chain, key=severity).head for chain in held.values())
        return any(it.is_overdue and not it.head.provincial for it in found), heads

    def _one(self, facts: str, said: str) -> _Pressing | None:
        if (facts, said) not in self._judged:
            ((rule, *told),) = texts_of(said)
            known = rule in self.desk.deadlines
            self._judged[facts, said] = self._pressing(facts, rule, *told) if known else None
        return self._judged[facts, said]

    def _pressing(
        self, facts: str, id: str, remind_by: str, overdue_after: str, unset: str
    ) -> _Pressing | None:
        desk, deadline = self.desk, self.desk.deadlines[id]
        rule, fits = deadline.rule, unset != UNSET
        turn = whose_turn(
            deadline, SubjectKind.PROJECT, self._held(facts), None if fits else TO_BE_SET
        )
        body, last = desk.plan.bodies[turn.body], date.fromisoformat(overdue_after)
        near = desk.due_soon_from(date.fromisoformat(remind_by))
        stands = standing(last, body.bound, None, Disposition.ACTIVE, near, self.as_of, fits=fits)
        if stands not in PRESSING:
            return None
        keepers = desk.plan.treasuries
        head = Head(
            id,
            stands,
            rule.origin,
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
        )


def _counted(desk: Desk, it: Dossier, late: bool, heads: tuple[Head, ...]) -> CountedProject:
    done = finished_on(desk.plan, it) is not None
    return CountedProject(it.county, it.stage, it.disposition, done, late, heads)
