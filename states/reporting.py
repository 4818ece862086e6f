"""Which projects a city answers for in its monthly report (五(五)). Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol, TypeVar

from policy.schema import Plan
from policy.vocabulary import Disposition
from states.dossier import GOING_ON


class Placed(Protocol):
    """A project, whole or as of a day."""

    @property
    def disposition(self) -> Disposition:
        """Whether it goes on."""

    @property
    def milestones(self) -> Mapping[str, date]:
        """What is dated."""


P = TypeVar("P", bound=Placed)


def expected(plan: Plan, projects: Sequence[P]) -> Sequence[P]:
    """The projects that a city reports: those determined; before that, all that go on."""
    going_on = [project for project in projects if project.disposition in GOING_ON]
    determined = [item for item in going_on if plan.quota.taken_when in item.milestones]
    return determined or going_on
