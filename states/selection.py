"""Which projects the scores put on the list (研究确定), and who stands by (替补). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from policy.schema import Plan


@dataclass(frozen=True, slots=True)
class Candidate:
    """A project that passed review, or is determined already."""

    code: str
    city: str
    county: str
    kind: str | None
    score: Decimal | None
    """The experts' average."""
    unserved: bool
    """Whether its county is not yet served (附件1); it goes first at equal scores."""
    taken: bool
    """Whether it is determined already."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the scores give for all cities."""

    determined: tuple[str, ...]
    reserves: tuple[tuple[str, int], ...]
    """Code and rank within its city, from 1."""
    short: Mapping[str, int]
    """Cities with fewer projects than places: how many are missing."""
    ties: tuple[str, ...]
    """Where equal scores lie on both sides of the cut, so that people must look; Chinese."""


def select(plan: Plan, candidates: Sequence[Candidate]) -> Selection:
    """Exactly the quota of each city and kind of project, the best scores first (五(三), 附件1).

    At equal scores a county not yet served goes first, then the lower code. A quota that the plan
    does not state selects nothing.
    """
    determined: list[str] = []
    reserves: list[tuple[str, int]] = []
    short: dict[str, int] = {}
    ties: list[str] = []
    for city, kind, places in _quotas(plan):
        own = [item for item in candidates if item.city == city and item.kind == kind]
        free = max(places - sum(item.taken for item in own), 0)
        ranked = sorted((item for item in own if not item.taken), key=_rank)
        determined += [item.code for item in ranked[:free]]
        reserves += [(item.code, rank) for rank, item in enumerate(ranked[free:], 1)]
        ties += _ties(plan, city, ranked, free)
        if len(ranked) < free:
            short[city] = short.get(city, 0) + free - len(ranked)
    return Selection(tuple(determined), tuple(reserves), short, tuple(ties))


def _quotas(plan: Plan) -> Iterator[tuple[str, str | None, int]]:
    for city in plan.cities:
        kinds: list[str | None] = [item.id for item in plan.kinds]
        for kind in kinds or [None]:
            places = city.quota_of(kind)
            if places is not None:
                yield city.name, kind, places


def _rank(item: Candidate) -> tuple[Decimal, bool, str]:
    return -_points(item), not item.unserved, item.code


def _points(item: Candidate) -> Decimal:
    return item.score or Decimal(0)


def _ties(plan: Plan, city: str, ranked: Sequence[Candidate], free: int) -> Iterator[str]:
    first = plan.said("未实施县（市、区）")
    if 0 < free < len(ranked) and _points(ranked[free - 1]) == _points(ranked[free]):
        inside, outside = ranked[free - 1], ranked[free]
        yield (
            f"{city}第{free}位{inside.code}与替补{outside.code}同为{_points(inside)}分，"
            f"已按{first}优先、编码在前排序，请研究时留意"
        )
