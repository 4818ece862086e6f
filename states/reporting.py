"""Which projects are counted: as going on, as taking a place, as finished (五(五)). Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol, TypeVar

from policy.schema import Plan
from policy.vocabulary import Disposition
from states.dossier import GOING_ON


class PlacedProject(Protocol):
    """A project, whole or as of a day."""

    @property
    def disposition(self) -> Disposition:
        """Whether it goes on."""

    @property
    def milestones(self) -> Mapping[str, date]:
        """What is dated."""


P = TypeVar("P", bound=PlacedProject)


def expected(plan: Plan, projects: Sequence[P]) -> Sequence[P]:
    """The projects that a city reports: those determined; before that, all that go on."""
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
