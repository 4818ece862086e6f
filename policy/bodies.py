"""Who has duties, and who may record for whom: bodies and offices of a plan."""

from typing import Annotated, NamedTuple

from pydantic import Field

from policy.clauses import Clause, Identifier, PlanNode, Text
from policy.levels import LevelWords
from policy.vocabulary import Holder, Level


class Body(PlanNode):
    """An organisation with duties, and the level at which a reminder reaches it."""

    name: Text
    bound: bool
    """False when the notice cannot bind it: its lateness is coordinated, never marked overdue."""
    reached_at: Level
    office: Text | None = None
    """Its full name, with ``{city}`` and ``{county}``; None: that of its level, or `name`."""


Bodies = tuple[Identifier, ...]
"""Keys of `Plan.bodies`, or levels of `Plan.offices`."""


class AuthorityRules(Clause):
    """Who may record for whom, and who decides what no rule of its own names (谁可以办理)."""

    lines: Annotated[tuple[Bodies, ...], Field(min_length=1)]
    """Each from the lowest body to the highest: a higher one may record for a lower one."""
    holders: dict[Holder, Bodies]
    """Who books money, by where it lies."""
    profiles: Bodies
    """Who states what the forms say of a project."""
    imports: Bodies
    """Who takes back what a workbook brought."""
    extensions: Bodies
    """Who puts a deadline off."""
    upkeep: Bodies
    """Who decides on the rules, doubted days, rewinds, repairs and keys."""
    organs: tuple[Text, ...]
    """What the 统一社会信用代码 of an organ of state begins with (GB 32100)."""


class Office(NamedTuple):
    """An office that can be told, by level and place; empty where it has no city or county."""

    level: Level
    city: str
    county: str
    name: str
    body: str = ""
    """A key of `Plan.bodies` where it is none of the civil affairs line."""
    region: str = ""
    """Of an office between the lead and the cities: what it is there for."""


def in_general(pattern: str, levels: LevelWords) -> str:
    """An office of no place in particular: ``市民政局`` of ``{city}民政局``."""
    county = "{county}" in pattern
    city = "" if county else levels.middle
    return pattern.format(city=city, county=levels.base, region="片区")
