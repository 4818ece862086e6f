"""Where a plan builds and how much: cities, counties, named sites, totals."""

from typing import Annotated

from pydantic import Field, StringConstraints

from policy.clauses import Clause, Identifier, PlanNode, Text

DivisionCode = Annotated[str, StringConstraints(pattern=r"^\d{6}(\d{3}){0,2}$")]
"""As official tables have it: a county six digits, a 街道 or 镇 nine, a 村 or 社区 twelve."""


class County(PlanNode):
    """A place below a city: its code, name and kind; of a county GB/T 2260 has them."""

    code: DivisionCode
    name: str
    """Empty where it is the city itself, below which nothing lies."""
    renamed_from: Text | None = None
    """The name that it had in an earlier version; needed where its code is another one, too."""
    type: Text
    """One of `Plan.county_types`."""


class ProjectKind(PlanNode):
    """A kind of project (项目类别) where a plan has several."""

    id: Identifier
    label: Text


Places = Annotated[int, Field(ge=0)]


class City(PlanNode):
    """A city with its quota (number of projects) and its counties."""

    code: DivisionCode
    name: Text
    renamed_from: Text | None = None
    """As that of a county."""
    type: Text | None = None
    """One of `Plan.county_types`, of a city below which nothing lies."""
    region: Text | None = None
    """What it lies in between the lead and itself, in a programme of four levels (国省市县). The
    board adds up by it; where `offices` names one for it, that is told and may act."""
    quota: Places | dict[Identifier, Places] | None
    """By kind of project where the plan has several; None: not stated."""
    unserved: tuple[Text, ...]
    """尚未实施工程的县（市、区）, by name."""
    counties: tuple[County, ...]
    """Of a city that lists none, itself: see `undivided`."""

    @property
    def undivided(self) -> bool:
        """Whether nothing lies below it (嘉峪关市, a town): its projects are its own bureau's."""
        return [county.name for county in self.counties] == [""]

    def quota_of(self, kind: str | None) -> int | None:
        """Places for projects of a kind; None where the plan states none."""
        return self.quota.get(kind or "") if isinstance(self.quota, dict) else self.quota

    @property
    def places(self) -> int | None:
        """Places in all; None where the plan states none."""
        return sum(self.quota.values()) if isinstance(self.quota, dict) else self.quota

    def county(self, name: str) -> County | None:
        """The county of that name in this city; names repeat between cities."""
        return next((county for county in self.counties if county.name == name), None)


class NamedSite(PlanNode):
    """A site that the notice itself names: its project is there from the start."""

    city: Text
    county: str = ""
    """Empty in a city below which nothing lies."""
    street: str = ""
    community: str = ""
    name: str = ""
    """What `project_name` has for ``{name}``, and these for the others."""
    kind: Identifier | None = None


class Quota(Clause):
    """How many projects the programme builds in all."""

    goal: Annotated[int, Field(gt=0)] | dict[Identifier, Places] | None
    """By kind of project where the notice gives totals by kind; None: not stated."""
    submitted_when: Identifier
    """The milestone that counts a project as applied for."""
    taken_when: Identifier
    """The milestone that takes up a place."""

    @property
    def total(self) -> int | None:
        """Of all kinds; None: not stated."""
        return sum(self.goal.values()) if isinstance(self.goal, dict) else self.goal
