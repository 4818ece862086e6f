"""Which projects are counted: as reported, as taking a place, as finished (五(五)). Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol, TypeVar

from policy.schema import PROJECTS_FINISHED, QUOTA_SUBMITTED, Plan
from policy.vocabulary import Disposition, SubjectKind
from states.dossier import GOING_ON, Dossier
from states.progress import Progress


class PlacedProject(Protocol):
    """A project, whole or as of a day."""

    @property
    def disposition(self) -> Disposition:
        """Whether it goes on."""

    @property
    def milestones(self) -> Mapping[str, date]:
        """What is dated."""


class EndingProject(PlacedProject, Protocol):
    """A project that may have come to its end."""

    @property
    def last_on(self) -> date | None:
        """The day of its latest move: of one that does not go on, the day on which it ended."""


class ReportedProject(PlacedProject, Protocol):
    """A project with what was reported of it."""

    @property
    def progress(self) -> Sequence[Progress]:
        """Its monthly reports."""


class ListedItem(Protocol):
    """What is listed of one subject under one rule."""

    @property
    def subject_kind(self) -> SubjectKind:
        """What the subject is."""

    @property
    def subject(self) -> str:
        """Its code; of a city its name."""

    @property
    def rule(self) -> str:
        """The deadline's id."""


UNENTERED = "未录入"
"""What staff call a report that counts as in although nothing of it is on record."""
P = TypeVar("P", bound=PlacedProject)
E = TypeVar("E", bound=EndingProject)
R = TypeVar("R", bound=ReportedProject)
L = TypeVar("L", bound=ListedItem)


def to_report(plan: Plan, projects: Sequence[P], month: str) -> Sequence[P]:
    """The projects that a month's report covers (五(五)): all that go on, determined or not yet.

    One that was finished (办结) before ``2023-06`` is not reported for it any more.
    """
    return [
        item
        for item in projects
        if item.disposition in GOING_ON
        and ((done := finished_on(plan, item)) is None or f"{done:%Y-%m}" >= month)
    ]


def left_out(plan: Plan, projects: Sequence[R], month: str) -> Sequence[R]:
    """Those of `to_report` of which nothing is on record for the month."""
    return [
        item
        for item in to_report(plan, projects, month)
        if all(report.period != month for report in item.progress)
    ]


def is_unentered(plan: Plan, projects: Sequence[R], month: str) -> bool:
    """未录入: whether nothing of what a month's report covers is on record.

    So stands a report that was handed in on paper: it counts as in, and is shown as unentered.
    """
    asked = to_report(plan, projects, month)
    return bool(asked) and len(left_out(plan, projects, month)) == len(asked)


def stuck_first(projects: Sequence[Dossier], late_since: Mapping[str, date]) -> list[Dossier]:
    """First what is late, by code since when, the longest first; then what is on hold, then what
    its latest report says to be behind, then the rest. Equals stay in their order."""

    def place(project: Dossier) -> tuple[date, bool, bool]:
        last = project.progress[-1] if project.progress else None
        behind = last is not None and last.on_schedule is False
        held = project.disposition is Disposition.HELD
        return late_since.get(project.code, date.max), not held, not behind

    return sorted(projects, key=place)


def expected(plan: Plan, projects: Sequence[P]) -> Sequence[P]:
    """The projects that a city answers for: those determined; before that, all that go on."""
    going_on = [project for project in projects if project.disposition in GOING_ON]
    return [item for item in going_on if takes_place(plan, item)] or going_on


def takes_place(plan: Plan, project: PlacedProject) -> bool:
    """Whether it is determined (确定) and goes on: it takes one of its city's places."""
    return project.disposition in GOING_ON and plan.quota.taken_when in project.milestones


def finished_on(plan: Plan, project: PlacedProject) -> date | None:
    """办结: the day on which the last of the plan's `finished_by` came about; None before."""
    days = [project.milestones.get(name) for name in plan.finished_by]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def city_facts(plan: Plan, city: str, projects: Sequence[E]) -> Mapping[str, date | None]:
    """The facts of a city that follow from its projects; None: not come about."""
    facts = {QUOTA_SUBMITTED: quota_submitted(plan, city, projects)}
    if any(duty.ends_with for duty in plan.duties):
        facts[PROJECTS_FINISHED] = projects_finished(plan, projects)
    return facts


def quota_submitted(plan: Plan, city: str, projects: Sequence[PlacedProject]) -> date | None:
    """The day on which a city's applications reached its quota; None before.

    A project that was submitted counts, whatever became of it (名额保留、过程保留).
    """
    rule, name = plan.city(city), plan.quota.submitted_when
    days = sorted(item.milestones[name] for item in projects if name in item.milestones)
    places = rule.places if rule else None
    return days[places - 1] if places and len(days) >= places else None


def lacking(plan: Plan, projects: Iterable[Dossier]) -> Mapping[str, int]:
    """Per city with a quota, how many applications its projects leave to be made (六(一))."""
    name = plan.quota.submitted_when
    return left_to_apply(plan, Counter(it.city for it in projects if name in it.milestones))


def left_to_apply(plan: Plan, made: Mapping[str, int]) -> Mapping[str, int]:
    """As `lacking`, of so many applications that each city has made."""
    return {city.name: city.places - made.get(city.name, 0) for city in plan.cities if city.places}


def without_echoes(
    items: Sequence[L], city_of: Callable[[L], str], lacks: Mapping[str, int]
) -> list[L]:
    """The items but those of a city whose projects, listed beside it, are all that it lacks.

    What is asked of a city and of its project under one rule is one matter (A26). `lacks` as
    `lacking` gives it; a city that lacks more than its listed projects keeps its own item.
    """
    of_projects = (it for it in items if it.subject_kind is SubjectKind.PROJECT)
    named = Counter((city_of(it), it.rule) for it in of_projects)
    return [it for it in items if not is_echo(lacks.get(it.subject, 0), named[it.subject, it.rule])]


def is_echo(lacks: int, listed: int) -> bool:
    """Whether the projects that are listed are all that their city lacks."""
    return 0 < lacks <= listed


def month_to_report(plan: Plan, today: date) -> str:
    """The month whose report falls into today's: an earlier one where reports come later."""
    duty = next((it for it in plan.duties if plan.report and it.id == plan.report.duty), None)
    later = duty.monthly.month if duty and duty.monthly else 0
    year, index = divmod(12 * today.year + today.month - 1 - later, 12)
    return f"{year}-{index + 1:02d}"


def projects_finished(plan: Plan, projects: Sequence[E]) -> date | None:
    """The day on which the last of the projects that a city answers for came to its end.

    Those are the ones that were ever determined: a mere candidate keeps no duty going. Each ends
    with its 办结, or with its withdrawal, from that day on and never before. None while one goes
    on, and where there are none.
    """
    if not plan.finished_by:
        return None
    going_on = expected(plan, projects)
    ended = [item for item in projects if _was_answered_for(plan, item)]
    days = [finished_on(plan, item) for item in going_on] + [_end(plan, item) for item in ended]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def _was_answered_for(plan: Plan, project: EndingProject) -> bool:
    """Whether it was determined, and has ended since on a day that is known."""
    determined = plan.quota.taken_when in project.milestones
    return determined and project.disposition not in GOING_ON and project.last_on is not None


def _end(plan: Plan, project: EndingProject) -> date | None:
    """Of a project that was finished before it was withdrawn, the former day."""
    days = (finished_on(plan, project), project.last_on)
    return min((day for day in days if day is not None), default=None)
