"""Which step of a project comes first, and whose it is: what waits for it is nobody else's fault.

What needs what is read off the plan: the hard conditions `reached` and `answered` of the action
that dates a milestone, and the stages that a project has to have come through by then. What is
recorded beside the chain, such as 运营机构 and 配套资金, waits for what the action needs that ends
its deadline's stage. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from policy.actions import ActionRule
from policy.checks import AnsweredCheck, ReachedCheck
from policy.schema import Plan
from policy.vocabulary import Force, SubjectKind
from states.machine import target


@dataclass(frozen=True, slots=True)
class ChainLink:
    """A milestone as a link of the chain."""

    id: str
    label: str
    body: str
    """Whose it is: that of the deadline for it alone, else the milestone's own."""
    needs: tuple[str, ...]
    """The milestones without which it cannot come about, in the plan's order."""
    answers: tuple[tuple[str, str], ...]
    """What is needed besides once the first of two has come about: the other one, after it."""


@dataclass(frozen=True, eq=False)
class Chain:
    """Every milestone of a plan by id, in its order."""

    links: Mapping[str, ChainLink]

    @cached_property
    def answers(self) -> tuple[tuple[str, str], ...]:
        """As `ChainLink.answers`, of every link."""
        return tuple(pair for link in self.links.values() for pair in link.answers)


NO_CHAIN = Chain({})


@dataclass(frozen=True, slots=True)
class Turn:
    """What has to be done first, and by whom."""

    step: str
    """The milestone; empty where a day has to be set first."""
    label: str
    body: str
    since: date | None = None
    """The day on which the last step of somebody else before it was done."""


def matter_of(turn: Turn, rule: str) -> str:
    """What is one matter with a subject's deadline: all that waits for the same step."""
    return turn.step or turn.label or rule


@lru_cache
def chain_of(plan: Plan) -> Chain:
    """The chain that a plan's actions, conditions and stages make; none without `by_turn`."""
    if not plan.ladder.by_turn:
        return NO_CHAIN
    return Chain(
        {
            item.id: ChainLink(
                item.id,
                item.label,
                _body(plan, item.id, item.responsible),
                tuple(_in_order(plan, _needs(plan, item.id) - {item.id})),
                tuple(sorted(set(_answers(plan, _acts(plan, item.id))))),
            )
            for item in plan.milestones
        }
    )


def turn_of(chain: Chain, facts: tuple[str, ...], own: str, dated: Mapping[str, date]) -> Turn:
    """Whose turn it is with what asks for `facts`, of which `own` is the responsible body.

    `own` has the turn as soon as one of the steps that could be taken now is its own. Where all are
    done nobody has; then it is told since when `own` had it.
    """
    done = frozenset(dated.keys() - _stale(chain, dated))
    at, body = _first(chain, facts, own, done)
    days = [dated[name] for name in _of_others(chain, (at,) if at else facts, body, done)]
    return Turn(at, chain.links[at].label if at else "", body, max(days, default=None))


def _stale(chain: Chain, dated: Mapping[str, date]) -> Iterator[str]:
    """Answers that are older than what they are to answer."""
    for asked, by in chain.answers:
        if asked in dated and by in dated and dated[by] < dated[asked]:
            yield by


@lru_cache(maxsize=10_000)  # a province's projects are alike
def _first(chain: Chain, facts: tuple[str, ...], own: str, done: frozenset[str]) -> tuple[str, str]:
    """The first missing step and its body; where there is none, `own` body."""
    missing = [name for name in facts if name not in done]
    first = [step for name in missing for step in _first_missing(chain, name, done)]
    whose = {id: own if facts == (id,) else chain.links[id].body for id in first}
    ordered = sorted(whose, key=[*chain.links].index)
    at = next((id for id in ordered if whose[id] == own), next(iter(ordered), ""))
    return at, whose.get(at, own)


def _first_missing(
    chain: Chain, name: str, done: frozenset[str], above: frozenset[str] = frozenset()
) -> Iterator[str]:
    """The steps that can be taken now on the way to a milestone that is not there."""
    before = [need for need in _needed(chain.links[name], done) if need not in done | above]
    if not before:
        yield name
    for need in before:
        yield from _first_missing(chain, need, done, above | {name})


@lru_cache(maxsize=10_000)
def _of_others(
    chain: Chain, names: tuple[str, ...], body: str, done: frozenset[str]
) -> tuple[str, ...]:
    """The steps of other bodies that are done and came before."""
    before: set[str] = set()
    ahead = [need for name in names for need in _needed(chain.links[name], done)]
    while ahead:
        if (name := ahead.pop()) not in before:
            before.add(name)
            ahead += _needed(chain.links[name], done)
    return tuple(sorted(name for name in before & done if chain.links[name].body != body))


def _needed(link: ChainLink, done: frozenset[str]) -> Iterator[str]:
    yield from link.needs
    yield from (by for asked, by in link.answers if asked in done)


# --- what the plan says ---------------------------------------------------------------------------


def _body(plan: Plan, milestone: str, responsible: str) -> str:
    named = (
        rule.responsible
        for rule in plan.deadlines
        if rule.fulfilled_by.get(SubjectKind.PROJECT) == (milestone,)
    )
    return next(named, responsible)


def _acts(plan: Plan, milestone: str) -> tuple[str, ...]:
    """The actions that date it; where none does, it is recorded itself."""
    actions = [action for action in plan.actions if milestone in action.records]
    actions = actions or [action for action in plan.actions if milestone in action.redates]
    return tuple(action.id for action in actions) or (milestone,)


def _needs(plan: Plan, milestone: str) -> frozenset[str]:
    """What every way to it asks for."""
    ways = []
    for act in _acts(plan, milestone):
        action = next((item for item in plan.actions if item.id == act), None)
        asked = _reached(plan, act)
        ways.append(asked | (_staged(plan, action) if action else _beside(plan, milestone)))
    return frozenset.intersection(*ways)


def _reached(plan: Plan, act: str) -> frozenset[str]:
    return frozenset(
        name
        for rule in plan.requirements
        if act in rule.before and rule.force is Force.HARD and not rule.when
        if isinstance(rule.check, ReachedCheck)
        for name in rule.check.milestones
    )


def _answers(plan: Plan, acts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for rule in plan.requirements:
        guards = rule.force is Force.HARD and bool({*acts} & {*rule.before})
        if guards and isinstance(rule.check, AnsweredCheck):
            yield rule.check.milestone, rule.check.by


def _beside(plan: Plan, milestone: str) -> frozenset[str]:
    """What is recorded beside the chain waits for what ends the stage of its deadline."""
    stages = {
        rule.stage
        for rule in plan.deadlines
        if rule.follows is None and milestone in rule.fulfilled_by.get(SubjectKind.PROJECT, ())
    }
    ways = [
        _reached(plan, action.id) | _staged(plan, action)
        for action in plan.actions
        if stages & {*action.leaves}
    ]
    return frozenset.intersection(*ways) if ways else frozenset()


def _staged(plan: Plan, action: ActionRule) -> frozenset[str]:
    """What a project has dated on every way to the first stage in which the action can be taken."""
    order = plan.stage_order
    stages = [order.index(stage) for stage in (*action.leaves, *action.stays_in)]
    first = 0 if action.anywhere or not stages else min(stages)
    return frozenset(name for at in range(1, first + 1) for name in _crossing(plan, at))


def _crossing(plan: Plan, at: int) -> frozenset[str]:
    """What every action dates that takes a project from before a stage to it or past it."""
    order = plan.stage_order
    dated = [
        frozenset((*action.records, *action.redates))
        for action in plan.actions
        if (to := target(plan, action)) is not None
        and order.index(to) >= at
        and any(order.index(stage) < at for stage in action.leaves)
    ]
    return frozenset.intersection(*dated) if dated else frozenset()


def _in_order(plan: Plan, names: Iterable[str]) -> Iterator[str]:
    known = {*names}
    yield from (item.id for item in plan.milestones if item.id in known)
