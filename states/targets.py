"""How far a programme has come with what it is to reach (目标完成情况). Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from policy.schema import Plan
from policy.targets import CoverageTarget, ProjectTarget, RatioTarget, Target
from states.dossier import GOING_ON, Dossier

EACH = {"city": "市", "county": "县（市、区）", "street": "街道（乡镇）"}
"""What is covered."""
MOST_NAMES = 8
"""So many places without a project are named."""


@dataclass(frozen=True, slots=True)
class TargetFigure:
    """One target as it stands; in words, since each kind of target is told in others."""

    id: str
    label: str
    done: str
    """``12个``."""
    wanted: str
    """``16个``; 未明确 where the notice does not say."""
    standing: str
    """``尚缺4个``; empty where nothing can be said."""
    clause: str
    city: str = ""
    """Whose own it is; empty: the whole programme's."""

    @property
    def said(self) -> str:
        """All of it as part of a sentence."""
        wanted = self.wanted if self.wanted.startswith(OF_PLACES) else f"目标{self.wanted}"
        return f"{self.label}：{'，'.join(filter(None, (self.done, wanted, self.standing)))}"


UNSTATED = "未明确"
OF_PLACES = "共"
"""Before the number of places that there are, all of which are the target."""


def figures(plan: Plan, found: Iterable[Dossier]) -> tuple[TargetFigure, ...]:
    """Each kind of project against its total, then each target; of projects that go on.

    What single cities are to reach is told city by city.
    """
    going_on = [project for project in found if project.disposition in GOING_ON]
    targets = (each for it in plan.targets for each in _figures(plan, it, going_on))
    return (*_kinds(plan, going_on), *targets)


def of_place(found: Iterable[TargetFigure], city: str) -> tuple[TargetFigure, ...]:
    """What a city is to reach by itself; of no city, all."""
    return tuple(figure for figure in found if city in ("", figure.city))


def _kinds(plan: Plan, found: Sequence[Dossier]) -> Iterator[TargetFigure]:
    taken = plan.quota.taken_when
    for kind in plan.kinds:
        own = [project for project in found if project.profile.kind == kind.id]
        done = sum(taken in project.milestones for project in own)
        goal = plan.total_of(kind.id)
        yield TargetFigure(
            id=f"kind.{kind.id}",
            label=kind.label,
            done=f"在册{len(own)}个，已{plan.milestone(taken).label}{done}个",
            wanted=UNSTATED if goal is None else f"{goal}个",
            standing=_lacks(done, goal),
            clause=plan.quota.clause,
        )


def _figures(plan: Plan, target: Target, found: Sequence[Dossier]) -> Iterator[TargetFigure]:
    if not target.cities:
        yield _figure(plan, target, found)
    for city in target.cities:
        own = [project for project in found if project.city == city]
        told = _figure(plan, target, own, city)
        yield replace(told, id=f"{told.id}.{city}", label=f"{city}{told.label}", city=city)


def _figure(plan: Plan, target: Target, found: Sequence[Dossier], city: str = "") -> TargetFigure:
    own = [it for it in found if not target.kinds or it.profile.kind in target.kinds]
    done = [it for it in own if target.reached is None or target.reached in it.milestones]
    if isinstance(target, CoverageTarget):
        told = _coverage(plan, target, done, city)
    elif isinstance(target, RatioTarget):
        told = _ratio(target, own)
    else:
        told = _count(target, len(done))
    return TargetFigure(target.id, target.label, *told, target.clause)


def _count(target: ProjectTarget, done: int) -> tuple[str, str, str]:
    wanted = UNSTATED if target.least is None else f"{target.least}个"
    return f"{done}个", wanted, _lacks(done, target.least)


def _ratio(target: RatioTarget, own: Sequence[Dossier]) -> tuple[str, str, str]:
    among = [it for it in own if target.among is None or target.among in it.milestones]
    done, whole = sum(target.reached in it.milestones for it in among), len(among)
    standing = {True: "已达到", False: "未达到", None: ""}[target.met(done, whole)]
    return target.share(done, whole), target.wanted, standing


def _coverage(
    plan: Plan, target: CoverageTarget, done: Sequence[Dossier], city: str
) -> tuple[str, str, str]:
    counted = Counter(_place(target, project) for project in done)
    covered = {place for place, count in counted.items() if count >= target.least}
    known = [place for place in _places(plan, target) if city in ("", place[0])]
    whole = target.places if target.each == "street" else len(known)
    missing = ["".join(place[1:] if city else place) for place in known if place not in covered]
    named = f"：{'、'.join(missing[:MOST_NAMES])}" if missing else ""
    more = f"等{len(missing)}个" if len(missing) > MOST_NAMES else ""
    each = plan.said(EACH[target.each])
    wanted = UNSTATED if whole is None else f"{OF_PLACES}{whole}个"
    return f"已覆盖{len(covered)}个{each}", wanted, f"{_lacks(len(covered), whole)}{named}{more}"


def _place(target: CoverageTarget, project: Dossier) -> tuple[str, ...]:
    if target.each == "city":
        return (project.city,)
    street = (project.profile.street or "",) if target.each == "street" else ()
    return (project.city, project.county, *street)


def _places(plan: Plan, target: CoverageTarget) -> Sequence[tuple[str, ...]]:
    if target.each == "city":
        return [(city.name,) for city in plan.cities]
    if target.each == "street":
        return ()
    return [(city.name, county.name) for city in plan.cities for county in city.counties]


def _lacks(done: int, wanted: int | None) -> str:
    if wanted is None:
        return ""
    return f"尚缺{wanted - done}个" if done < wanted else "已达到"
