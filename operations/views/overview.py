"""What is known, for people and machines to read: deadlines, projects, the province board."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from models.deadlines import deadline_rows
from models.projects import dossiers, facts, find_subject
from models.tables import DeadlineRow, Subject
from operations.cases.desk import Desk
from policy.vocabulary import Disposition, Origin, Standing, SubjectKind
from states.deadlines import has_ended, standing
from states.dossier import GOING_ON, Dossier
from states.reporting import finished_on


@dataclass(frozen=True, slots=True)
class DeadlineView:
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
    remind_by: date | None
    """Both dates are None while a relative deadline has not begun to run."""
    overdue_after: date | None
    standing: Standing
    fulfilled_on: date | None
    responsible: str
    """The office that is responsible."""
    to_do: str


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
    overdue: int


@dataclass(frozen=True, slots=True)
class Survey:
    """The whole plan as of a day: what the pages of that day speak of."""

    as_of: date
    views: tuple[DeadlineView, ...]
    projects: tuple[Dossier, ...]
    """All of them, by code."""
    board: tuple[CityBoard, ...]


def deadline_views(desk: Desk, as_of: date, subject: str | None = None) -> list[DeadlineView]:
    """Every deadline as of a day; of one subject when it is given.

    For a project that is its own deadlines and those of its city and the province, since all of
    them bear on it. RefusedError for an unknown subject.
    """
    with desk.reading() as session:
        codes = None if subject is None else _bearing_on(session, desk, subject)
        return _views(session, desk, dossiers(session, desk.plan, codes), as_of, codes)


def survey(desk: Desk, as_of: date) -> Survey:
    """Everything as of a day, read once."""
    with desk.reading() as session:
        found = dossiers(session, desk.plan)
        views = _views(session, desk, found, as_of, None)
    return Survey(as_of, tuple(views), found, _board(desk, views, found))


def projects(desk: Desk) -> tuple[Dossier, ...]:
    """All projects, by code."""
    with desk.reading() as session:
        return dossiers(session, desk.plan)


def board(desk: Desk, views: list[DeadlineView]) -> tuple[CityBoard, ...]:
    """The province board as of the day of `views`: one row a city, in the plan's order."""
    return _board(desk, views, projects(desk))


def responsible(desk: Desk, body_id: str, subject: Subject) -> str:
    """The office that is responsible; a body that the notice cannot bind goes by its own name."""
    body = desk.plan.bodies[body_id]
    if not body.bound:
        return body.name
    return desk.plan.office(body.reached_at, subject.city, subject.county)


def _board(
    desk: Desk, views: Sequence[DeadlineView], found: Sequence[Dossier]
) -> tuple[CityBoard, ...]:
    going_on = [item for item in found if item.disposition in GOING_ON]
    stages = Counter((item.city, item.stage) for item in going_on)
    finished = Counter(item.city for item in going_on if finished_on(desk.plan, item))
    lamps = Counter((view.city, view.standing) for view in views)
    return tuple(
        CityBoard(
            city=city.name,
            quota=city.places,
            projects=sum(stages[city.name, stage] for stage in desk.plan.stage_order),
            by_stage=tuple(stages[city.name, stage] for stage in desk.plan.stage_order),
            finished=finished[city.name],
            due_soon=lamps[city.name, Standing.DUE_SOON],
            overdue=lamps[city.name, Standing.OVERDUE],
        )
        for city in desk.plan.cities
    )


def _views(
    session: Session, desk: Desk, found: Sequence[Dossier], as_of: date, codes: list[str] | None
) -> list[DeadlineView]:
    dispositions = {item.code: item.disposition for item in found}
    known = facts(session, desk.plan, [city.name for city in desk.plan.cities])
    return [
        _view(
            desk,
            row,
            owner,
            dispositions.get(owner.code, Disposition.ACTIVE),
            as_of,
            ended=has_ended(desk.deadlines[row.rule], known.get(owner.code, {}), as_of),
        )
        for row, owner in deadline_rows(session, desk.plan, codes)
        if row.rule in desk.deadlines
    ]


def _bearing_on(session: Session, desk: Desk, code: str) -> list[str]:
    subject = find_subject(session, desk.plan, code)
    if subject.kind == SubjectKind.PROJECT:
        return [subject.code, subject.city, desk.plan.province]
    return [subject.code]


def _view(
    desk: Desk,
    row: DeadlineRow,
    subject: Subject,
    disposition: Disposition,
    as_of: date,
    *,
    ended: bool,
) -> DeadlineView:
    deadline = desk.deadlines[row.rule]
    return DeadlineView(
        subject_kind=SubjectKind(subject.kind),
        subject=subject.code,
        name=subject.name,
        city=subject.city,
        county=subject.county,
        rule=row.rule,
        title=deadline.rule.title,
        clause=deadline.rule.clause,
        text=deadline.rule.words,
        origin=deadline.rule.origin,
        remind_by=row.remind_by,
        overdue_after=row.overdue_after,
        standing=standing(
            row.overdue_after,
            desk.plan.bodies[deadline.rule.responsible].bound,
            row.fulfilled_on,
            disposition,
            desk.due_soon_from(row.remind_by),
            as_of,
            ended=ended,
        ),
        fulfilled_on=row.fulfilled_on,
        responsible=responsible(desk, deadline.rule.responsible, subject),
        to_do=deadline.rule.to_do,
    )


def with_standing(views: list[DeadlineView], *wanted: Standing) -> Iterator[DeadlineView]:
    """Those of `views` that stand so, the earliest first."""
    found = [view for view in views if view.standing in wanted]
    yield from sorted(
        found, key=lambda view: (view.overdue_after or date.max, view.rule, view.subject)
    )
