"""Where projects lie and how they are built: figures without a gate (三(一), 三(二))."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.words import cited
from operations.cases.desk import Desk
from operations.views.overview import Survey
from policy.actions import Requirement
from policy.checks import MajorityCheck, UnservedFirstCheck
from policy.schema import Plan
from states.dossier import GOING_ON, Dossier

DISTRICT = "辖区"
"""How the type of a county ends that is a district of its city: 市辖区."""


@dataclass(frozen=True, slots=True)
class SitingFigures:
    """Counts over the projects of a city, or of the province, that go on."""

    place: str
    projects: int
    building_kinds: Mapping[str, int]
    """How many of each 配建性质; 未填写 where it is not stated."""
    in_districts: int
    """重点在设区市布局: how many lie in a 市辖区."""
    in_unserved: int
    """How many lie in a county that the plan lists as not yet served."""
    unserved_open: tuple[str, ...]
    """Counties of that list without a project."""
    warnings: tuple[str, ...]


def figures(desk: Desk, survey: Survey) -> tuple[SitingFigures, ...]:
    """One row for each city, in the plan's order, then one for the province."""
    going_on = [item for item in survey.projects if item.disposition in GOING_ON]
    rows = [
        _figures(
            desk.plan,
            city.name,
            [item for item in going_on if item.city == city.name],
            tuple(
                name
                for name in city.unserved
                if not any(item.city == city.name and item.county == name for item in going_on)
            ),
        )
        for city in desk.plan.cities
    ]
    unserved = tuple(name for row in rows for name in row.unserved_open)
    return (*rows, _figures(desk.plan, desk.plan.province, going_on, unserved))


def _figures(
    plan: Plan, place: str, found: Sequence[Dossier], unserved_open: tuple[str, ...]
) -> SitingFigures:
    kinds = Counter(item.profile.building_kind or "未填写" for item in found)
    return SitingFigures(
        place=place,
        projects=len(found),
        building_kinds=kinds,
        in_districts=sum(item.county_type.endswith(DISTRICT) for item in found),
        in_unserved=sum(item.unserved for item in found),
        unserved_open=unserved_open,
        warnings=tuple(_warnings(plan, len(found), kinds, unserved_open)),
    )


def _warnings(
    plan: Plan, count: int, kinds: Counter[str], unserved_open: tuple[str, ...]
) -> Iterator[str]:
    """What the plan's own conditions would have otherwise, with their clause."""
    open_ones = plan.said("未实施县（市、区）没有项目")
    for rule in plan.requirements:
        match rule.check:
            case MajorityCheck(building_kind=kind) if count and 2 * kinds[kind] <= count:
                yield f"{kind}{kinds[kind]}个，未过半{_cited(rule)}"
            case UnservedFirstCheck() if count and unserved_open:
                yield f"尚有{len(unserved_open)}个{open_ones}{_cited(rule)}"


def _cited(rule: Requirement) -> str:
    """``（三(二)“改造为主”）``: the first clause alone."""
    return cited(rule.clause.partition("；")[0], f"“{rule.gist}”" if rule.gist else "")
