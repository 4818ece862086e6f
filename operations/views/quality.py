"""What would keep the programme from being reminded rightly: gaps in data, contacts, calendars."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

from common.errors import RefusedError
from models.deadlines import stalled
from operations.cases.desk import Desk
from operations.views.burden import OfficeBurden, burden
from operations.views.contact_gaps import Gap
from operations.views.contact_gaps import gaps as contact_gaps
from operations.views.overview import DeadlineView, Survey
from operations.views.reach import UnreachableLine, unreachable_lines
from policy.actions import ActionRule
from policy.vocabulary import Disposition
from states.casework import is_done
from states.deadlines import RUNNING, gaps
from states.dossier import Dossier
from states.machine import Position, allowed
from states.requirements import Case, shortfalls, unstated


@dataclass(frozen=True, slots=True)
class LackingProject:
    """A project whose forms do not say what its next action needs."""

    project: Dossier
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
    unwatched: tuple[Dossier, ...] = ()
    """Projects under way of whose next step no deadline takes care."""
    waiting: tuple[str, ...] = ()
    """Deadlines that fall into a year whose holidays are not announced yet, by id."""
    lacks: tuple[LackingProject, ...] = ()
    burden: tuple[OfficeBurden, ...] = ()
    """What offices were asked for in the day's month, the heaviest first."""


def quality(desk: Desk, survey: Survey) -> DataQuality:
    """What is wrong as of the survey's day. UnavailableError when contacts cannot be decrypted."""
    try:
        with desk.reading() as session:
            waiting = (
                *gaps(desk.plan, desk.calendar),
                *stalled(session, desk.plan, desk.deadlines.values()),
            )
    except RefusedError as reason:
        return DataQuality(plan=str(reason))
    return DataQuality(
        contacts=contact_gaps(desk, survey.as_of),
        unreachable=unreachable_lines(desk),
        unwatched=unwatched(desk, survey),
        waiting=waiting,
        lacks=tuple(lacking(desk, survey)),
        burden=burden(desk, f"{survey.as_of:%Y-%m}"),
    )


def unwatched(desk: Desk, survey: Survey) -> tuple[Dossier, ...]:
    """Projects under way none of whose running deadlines waits for anything still to be done.

    Nobody will be reminded of such a project, whatever it leaves undone.
    """
    watched: dict[str, set[str]] = {}
    for view in survey.views:
        if view.standing in RUNNING:
            watched.setdefault(view.subject, set()).update(_awaited(desk, view))
    return tuple(
        project
        for project in survey.projects
        if project.disposition is Disposition.ACTIVE
        and project.missing_milestones(desk.plan.finished_by)
        and not project.missing_milestones(tuple(sorted(watched.get(project.code, ()))))
    )


def lacking(desk: Desk, survey: Survey) -> Iterator[LackingProject]:
    """For each project under way and each action it may take next, the fields not filled in."""
    actions: dict[str, tuple[ActionRule, ...]] = {
        stage: allowed(desk.plan, Position(stage, Disposition.ACTIVE))
        for stage in desk.plan.stage_order
    }
    for project in survey.projects:
        if project.disposition is Disposition.ACTIVE:
            for action in actions[project.stage]:
                fields = _unstated(desk, project, action, survey.as_of)
                if fields and not is_done(project, action):
                    yield LackingProject(project, action.label, fields)


def _awaited(desk: Desk, view: DeadlineView) -> tuple[str, ...]:
    return desk.deadlines[view.rule].facts(view.subject_kind)


def _unstated(desk: Desk, project: Dossier, action: ActionRule, as_of: date) -> tuple[str, ...]:
    case = Case(desk.plan, project, as_of, evidence="有")
    found = (
        unstated(desk.plan, project.profile, item.requirement.check)
        for item in shortfalls(case, action.id)
    )
    return tuple(dict.fromkeys(chain.from_iterable(found)))
