"""What would keep the programme from being reminded rightly: gaps in data, contacts, calendars."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain

from common.errors import RefusedError
from models.deadlines import stalled
from models.pressing import PressingRow, running_rows, texts_of
from models.projects import codes_with_blanks, dossiers, subjects
from operations.cases.desk import Desk
from operations.views.burden import OfficeBurden, burden
from operations.views.contact_gaps import Gap
from operations.views.contact_gaps import gaps as contact_gaps
from operations.views.reach import UnreachableLine, unreachable_lines
from policy.actions import ActionRule
from policy.schema import Plan
from policy.vocabulary import Disposition, SubjectKind
from states.casework import is_done
from states.deadlines import gaps
from states.dossier import Dossier
from states.machine import Position, allowed
from states.requirements import Case, concerns, shortfalls, unstated


@dataclass(frozen=True, slots=True)
class UnwatchedProject:
    """A project under way of whose next step no deadline takes care."""

    code: str
    name: str
    city: str
    stage: str
    """By id."""


@dataclass(frozen=True, slots=True)
class LackingProject:
    """A project whose forms do not say what its next action needs."""

    code: str
    name: str
    city: str
    action: str
    """The action's label."""
    fields: tuple[str, ...]
    """What staff call the fields."""


@dataclass(frozen=True, slots=True)
class DataQuality:
    """What is wrong; empty where nothing is."""

    plan: str = ""
    """Why the plan cannot be run as it is installed. Nothing else is known then."""
    contacts: tuple[Gap, ...] = ()
    unreachable: tuple[UnreachableLine, ...] = ()
    unwatched: tuple[UnwatchedProject, ...] = ()
    waiting: tuple[str, ...] = ()
    """Deadlines that fall into a year whose holidays are not announced yet, by id."""
    lacks: tuple[LackingProject, ...] = ()
    burden: tuple[OfficeBurden, ...] = ()
    """What offices were asked for in the day's month, the heaviest first."""


def quality(desk: Desk, as_of: date) -> DataQuality:
    """What is wrong as of a day. UnavailableError when contacts cannot be decrypted."""
    try:
        with desk.reading() as session:
            waiting = (
                *gaps(desk.plan, desk.calendar),
                *stalled(session, desk.plan, desk.deadlines.values()),
            )
    except RefusedError as reason:
        return DataQuality(plan=str(reason))
    return DataQuality(
        contacts=contact_gaps(desk, as_of),
        unreachable=unreachable_lines(desk),
        unwatched=unwatched(desk, as_of),
        waiting=waiting,
        lacks=lacking(desk, as_of),
        burden=burden(desk, f"{as_of:%Y-%m}"),
    )


def unwatched(desk: Desk, as_of: date) -> tuple[UnwatchedProject, ...]:
    """Projects under way none of whose running deadlines waits for anything still to be done.

    Nobody will be reminded of such a project, whatever it leaves undone.
    """
    found = []
    for city in desk.plan.cities:
        with desk.reading() as session:
            rows = running_rows(session, desk.plan, city.name, as_of)
            stages = {
                code: row.stage for row in rows if _is_unwatched(desk, row) for code in row.codes
            }
            named = subjects(session, desk.plan, stages)
        found += [
            UnwatchedProject(code, named[code].name, city.name, stage)
            for code, stage in stages.items()
        ]
    return tuple(sorted(found, key=lambda project: project.code))


def _is_unwatched(desk: Desk, row: PressingRow) -> bool:
    held = {name for (name,) in texts_of(row.facts)}
    rules = [rule for (rule,) in texts_of(row.deadlines) if rule in desk.deadlines]
    awaited = {it for rule in rules for it in desk.deadlines[rule].facts(SubjectKind.PROJECT)}
    return not held.issuperset(desk.plan.finished_by) and held >= awaited


def lacking(desk: Desk, as_of: date) -> tuple[LackingProject, ...]:
    """For each project under way and each action it may take next, the fields not filled in.

    Only projects that leave a field blank which such an action asks about are read, city by city.
    """
    asked = {
        stage: frozenset(
            name
            for action in actions
            for requirement in desk.plan.conditions
            if action.id in requirement.before
            for name in concerns(requirement.check)
        )
        for stage, actions in _next_actions(desk.plan).items()
    }
    found: list[LackingProject] = []
    for city in desk.plan.cities:
        with desk.reading() as session:
            codes = codes_with_blanks(session, desk.plan, city.name, asked)
            projects = dossiers(session, desk.plan, codes)
        found += lacks_of(desk.plan, projects, as_of)
    return tuple(sorted(found, key=lambda lack: lack.code))


def lacks_of(plan: Plan, projects: Iterable[Dossier], as_of: date) -> Iterator[LackingProject]:
    """Likewise of these projects."""
    actions = _next_actions(plan)
    for project in projects:
        if project.disposition is Disposition.ACTIVE:
            for action in actions[project.stage]:
                fields = _unstated(plan, project, action, as_of)
                if fields and not is_done(project, action):
                    yield LackingProject(
                        project.code, project.name, project.city, action.label, fields
                    )


def _next_actions(plan: Plan) -> Mapping[str, tuple[ActionRule, ...]]:
    """By stage, what a project under way may take next."""
    return {stage: allowed(plan, Position(stage, Disposition.ACTIVE)) for stage in plan.stage_order}


def _unstated(plan: Plan, project: Dossier, action: ActionRule, as_of: date) -> tuple[str, ...]:
    case = Case(plan, project, as_of, evidence="有")
    found = (
        unstated(plan, project.profile, item.requirement.check)
        for item in shortfalls(case, action.id)
    )
    return tuple(dict.fromkeys(chain.from_iterable(found)))
