"""What an action still lacks: the plan's conditions (条件) held against a dossier."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import singledispatch

from policy.schema import (
    Check,
    EndsWith,
    Evidenced,
    Includes,
    NoneOf,
    OneOf,
    Plan,
    Present,
    QuotaFree,
    Reached,
    Requirement,
    SubsidyCovered,
    Within,
)
from policy.vocabulary import Force
from states.dossier import Dossier
from states.subsidy import subsidy


@dataclass(frozen=True, slots=True)
class Case:
    """One action (or recorded milestone) to be judged: whose, when, on what evidence."""

    plan: Plan
    dossier: Dossier
    on: date
    evidence: str


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A condition that is not met (缺件)."""

    requirement: Requirement

    @property
    def hard(self) -> bool:
        """True when it refuses, False when it only warns."""
        return self.requirement.force is Force.HARD

    def __str__(self) -> str:
        rule = self.requirement
        return f"{rule.says}（{rule.clause}）；{rule.mend}"


def shortfalls(case: Case, act: str) -> tuple[Shortfall, ...]:
    """Everything that `act` (an action or a milestone id) still lacks, hard first."""
    unmet = [
        Shortfall(requirement)
        for requirement in case.plan.requirements
        if act in requirement.before and not is_met(requirement.check, case)
    ]
    return tuple(sorted(unmet, key=lambda shortfall: not shortfall.hard))


@singledispatch
def is_met(check: Check, case: Case) -> bool:
    """Whether one check of the plan holds."""
    raise TypeError(check)


@is_met.register
def _(check: Present, case: Case) -> bool:
    return all(getattr(case.dossier.profile, name) for name in check.fields)


@is_met.register
def _(check: Within, case: Case) -> bool:
    value: Decimal | int | None = getattr(case.dossier.profile, check.field)
    if value is None:
        return False
    return (check.least is None or value >= check.least) and (
        check.most is None or value <= check.most
    )


@is_met.register
def _(check: OneOf, case: Case) -> bool:
    return getattr(case.dossier.profile, check.field) in check.values


@is_met.register
def _(check: NoneOf, case: Case) -> bool:
    value = getattr(case.dossier.profile, check.field)
    return bool(value) and value not in check.values


@is_met.register
def _(check: Includes, case: Case) -> bool:
    held: frozenset[str] = getattr(case.dossier.profile, check.field)
    return held.issuperset(check.values)


@is_met.register
def _(check: EndsWith, case: Case) -> bool:
    text: str | None = getattr(case.dossier.profile, check.field)
    return (text or "").endswith(check.text.format(city=case.dossier.city))


@is_met.register
def _(check: Reached, case: Case) -> bool:
    dated = case.dossier.milestones
    return all(name in dated and dated[name] <= case.on for name in check.milestones)


@is_met.register
def _(check: Evidenced, case: Case) -> bool:
    return bool(case.evidence.strip())


@is_met.register
def _(check: QuotaFree, case: Case) -> bool:
    return case.dossier.quota_left > 0


@is_met.register
def _(check: SubsidyCovered, case: Case) -> bool:
    profile = case.dossier.profile
    if profile.area is None or profile.investment is None:
        return True  # `Present` asks for them
    due = subsidy(case.plan.subsidy, profile.area, case.dossier.county_type)
    return profile.investment >= due
