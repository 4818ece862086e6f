"""What must hold across the rules of a plan. Pure: a plan and its notice in, faults out."""

from collections.abc import Callable, Iterator

from policy.faults import (
    bounds,
    chain,
    dates,
    duties,
    evaluation,
    fields,
    names,
    places,
    reach,
    spans,
)
from policy.faults.ground import PlanFault
from policy.schema import Plan

CHECKS: tuple[Callable[[Plan], Iterator[PlanFault]], ...] = (
    places.identities,
    places.quotas,
    places.places,
    places.standard,
    places.sites,
    places.patterns,
    places.bodies,
    places.decided_by,
    places.authority,
    fields.declared,
    fields.named,
    fields.headings,
    chain.subsidies,
    chain.funds,
    chain.shares,
    chain.review,
    chain.targets,
    duties.report,
    duties.papers,
    duties.curves,
    duties.risks,
    evaluation.evaluation,
    chain.chain,
    chain.verdicts,
    chain.requirements,
    dates.span_of_works,
    dates.timed_rules,
    dates.dates_of_words,
    dates.endings,
    duties.inspection,
    duties.cross_acceptance,
    dates.ladder,
    dates.office_hours,
    chain.inventory,
    bounds.checked_fields,
    bounds.limits,
    names.labels,
    names.seen,
    names.made_by_patterns,
)
ONCE_NAMES_ARE_KNOWN: tuple[Callable[[Plan], Iterator[PlanFault]], ...] = (
    reach.reach,
    reach.circles,
    spans.years,
)
"""What can only be judged of a plan whose names lead somewhere."""


def faults(plan: Plan, notice: str) -> Iterator[PlanFault]:
    """Every fault of a well-formed plan, in the order of the file."""
    found = [fault for check in CHECKS for fault in check(plan)]
    yield from found
    yield from dates.words(plan, notice)
    yield from dates.annexes(plan, notice)
    if not found:
        for check in ONCE_NAMES_ARE_KNOWN:
            yield from check(plan)
