"""The subsidy of a project, by whichever rule its plan states (七(一))."""

from decimal import ROUND_HALF_UP, Decimal
from functools import singledispatch

from common.words import CENT
from policy.schema import Plan
from policy.subsidies import AreaSubsidy, BedSubsidy, FlatSubsidy, Subsidy, UnstatedSubsidy
from states.dossier import Dossier, Profile
from states.ledger import FundMoney, received, total


def subsidy(plan: Plan, profile: Profile, county_type: str, fund: str = "") -> Decimal | None:
    """元, exact to the 分; None where the plan or the form does not state what it takes.

    Of one `fund`, or of all together. KeyError when the plan has no cap for `county_type`.
    """
    if plan.funds and not fund:
        dues = [subsidy(plan, profile, county_type, each.id) for each in plan.funds]
        return None if None in dues else total(dues)
    own = (item for item in plan.subsidies if item.fund == fund)
    rule = next((item for item in own if _is_its(item, profile)), None)
    due = None if rule is None else _due(rule, profile, county_type)
    return None if due is None else due.quantize(CENT, ROUND_HALF_UP)


def fund_money(plan: Plan, project: Dossier) -> tuple[FundMoney, ...]:
    """How each fund of a project's subsidy stands; nothing where it is of one alone."""
    return tuple(
        FundMoney(
            each.id,
            subsidy(plan, project.profile, project.county_type, each.id),
            project.released_of(each.id),
            received(project.lines, each.id),
        )
        for each in plan.funds
    )


def _is_its(rule: Subsidy, profile: Profile) -> bool:
    """Whether a rule is for projects of that kind and tier."""
    tiered = (profile.value(name) in values for name, values in rule.when.items())
    return (not rule.kinds or profile.kind in rule.kinds) and all(tiered)


@singledispatch
def _due(rule: Subsidy, profile: Profile, county_type: str) -> Decimal | None:
    raise TypeError(rule)


@_due.register
def _(rule: AreaSubsidy, profile: Profile, county_type: str) -> Decimal | None:
    """Rate times floor area (㎡), the area capped by division type."""
    if profile.area is None:
        return None
    return rule.yuan_per_square_metre * min(profile.area, rule.cap_square_metres[county_type])


@_due.register
def _(rule: FlatSubsidy, profile: Profile, county_type: str) -> Decimal | None:
    """The same for every project."""
    return rule.yuan


@_due.register
def _(rule: BedSubsidy, profile: Profile, county_type: str) -> Decimal | None:
    """Rate times beds, up to a number of beds and an amount where the plan caps them."""
    if profile.beds is None:
        return None
    beds = profile.beds if rule.most_beds is None else min(profile.beds, rule.most_beds)
    due = rule.yuan_per_bed * beds
    return due if rule.most_yuan is None else min(due, rule.most_yuan)


@_due.register
def _(rule: UnstatedSubsidy, profile: Profile, county_type: str) -> Decimal | None:
    """The notice states no amount: it is never taken for nothing."""
    return None
