"""What the checks of a plan share: a fault, and what is repeated or unknown."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from policy.likeness import near
from policy.schema import Plan
from policy.vocabulary import Level, SubjectKind

Loc = tuple[str | int, ...]
"""A path of the plan file."""


class PlanFault(NamedTuple):
    """Something wrong at a path of the plan file."""

    loc: Loc
    says: str


def unrecorded(plan: Plan, loc: Loc, name: str | None, kind: SubjectKind) -> Iterator[PlanFault]:
    """A kind of evidence that is named must be one that subjects of that kind can have."""
    known = {item.id for item in plan.evidence if kind in item.subjects}
    yield from unknown(loc, f"{kind.label}的留痕事项", filter(None, [name]), known)


def is_below(level: Level, floor: Level) -> bool:
    ranks = list(Level)
    return ranks.index(level) < ranks.index(floor)


def repeated(loc: Loc, ids: Iterable[str]) -> Iterator[PlanFault]:
    for id, count in Counter(ids).items():
        if count > 1:
            yield PlanFault(loc, f"“{id}”出现了{count}次，应当唯一")


def unknown(loc: Loc, what: str, named: Iterable[str], known: set[str]) -> Iterator[PlanFault]:
    for name in named:
        if name not in known:
            yield PlanFault(loc, f"未知的{what}“{name}”{near(name, known)}")


def loc_of(path: str) -> Loc:
    return tuple(int(part) if part.isdigit() else part for part in path.split("."))


def of_projects(plan: Plan) -> set[str]:
    return {rule.id for rule in plan.deadlines if SubjectKind.PROJECT in rule.fulfilled_by}
