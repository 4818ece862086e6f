"""The decision on a proposed list (五(三)): what is shown, and what 同意 or 不同意 records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from common.errors import ConflictError, RefusedError, with_reasons
from common.fingerprint import fingerprint
from models.audits import NewRow, add_audit, history, that_count
from models.plans import require_plan
from models.projects import dossiers
from operations.cases.desk import Desk
from operations.cases.effects import begin
from operations.cases.review import Determination, determine, selection, the_review
from policy.actions import EvidenceRule
from policy.schema import Plan
from policy.vocabulary import AuditKind, Disposition
from states.authority import matter
from states.dossier import Dossier
from states.reporting import takes_place
from states.review import average
from states.selection import Selection

CHANGED = "建议名单在您查看之后已有变化，本次未办理；请重新核对后再作决定"


@dataclass(frozen=True, slots=True)
class ListedProject:
    """A project of the proposed list."""

    code: str
    name: str
    county: str
    score: Decimal | None
    """The experts' average."""
    unserved: bool
    """Whether its county is not yet served, so that it goes first at equal scores."""
    held: bool
    rank: int
    """0: to be determined; else its place among the city's reserves, from 1."""


@dataclass(frozen=True, slots=True)
class CityList:
    """What is proposed for one city."""

    city: str
    quota: int | None
    taken: int
    """Places that are determined already."""
    short: int
    """Places for which no project has passed."""
    listed: tuple[ListedProject, ...]


@dataclass(frozen=True, slots=True)
class ProposedList:
    """The list as the scores give it now."""

    cities: tuple[CityList, ...]
    ties: tuple[str, ...]
    """Where people must look; Chinese."""

    @property
    def fingerprint(self) -> str:
        """What it is known by; it changes with anything that is shown."""
        return fingerprint(self)

    @property
    def listed(self) -> tuple[ListedProject, ...]:
        """All its projects."""
        return tuple(item for city in self.cities for item in city.listed)

    @property
    def determined(self) -> int:
        """How many are determined already."""
        return sum(city.taken for city in self.cities)


def proposed(desk: Desk) -> ProposedList:
    """What is to be decided now, per city in the plan's order; RefusedError without a review."""
    with desk.reading() as session:
        return _proposed(session, desk)


def approve(
    session: Session, desk: Desk, decision: Determination, seen: str, *, today: date, at: datetime
) -> Selection:
    """Determine the list with the fingerprint `seen`: see `operations.cases.review.determine`.

    ConflictError, and nothing written, when the list has changed.
    """
    _require(session, desk, seen)
    return determine(session, desk, decision, today=today, at=at)


def decline(
    session: Session,
    desk: Desk,
    decision: Determination,
    seen: str | None = None,
    *,
    today: date,
    at: datetime,
) -> bool:
    """Record that the proposed list was not agreed to; False when that very record is there.

    RefusedError when there is no list, or with every reason against the record; ConflictError when
    the list is no longer that with the fingerprint `seen`.
    """
    rule = _declined(desk.plan)
    begin(session, desk, desk.plan.province, matter(desk.plan, rule.id), decision, today)
    if _is_there(session, desk.plan, rule, decision, seen):
        return False
    found = _require(session, desk, seen)
    if not found.listed:
        raise RefusedError("没有待研究确定的项目")
    if _is_there(session, desk.plan, rule, decision, found.fingerprint):
        return False
    if reasons := list(_against(desk.plan, decision)):
        raise RefusedError(with_reasons(f"不能登记“{rule.label}”", reasons))
    row = NewRow(
        subject=desk.plan.province,
        kind=AuditKind.EVIDENCE,
        action=rule.id,
        actor=decision.actor,
        on=decision.on,
        at=at,
        clause=rule.clause,
        evidence=decision.evidence,
        detail={"proposal": found.fingerprint},
    )
    add_audit(session, desk.plan, row)
    return True


def _proposed(session: Session, desk: Desk) -> ProposedList:
    projects = {item.code: item for item in dossiers(session, desk.plan)}
    chosen = selection(desk, projects.values())
    ranks = {**dict.fromkeys(chosen.determined, 0), **dict(chosen.reserves)}
    return ProposedList(
        tuple(
            CityList(
                city=city.name,
                quota=city.places,
                taken=sum(
                    p.city == city.name for p in projects.values() if takes_place(desk.plan, p)
                ),
                short=chosen.short.get(city.name, 0),
                listed=tuple(
                    _listed(projects[code], rank)
                    for code, rank in ranks.items()
                    if projects[code].city == city.name
                ),
            )
            for city in desk.plan.cities
        ),
        chosen.ties,
    )


def _listed(project: Dossier, rank: int) -> ListedProject:
    return ListedProject(
        code=project.code,
        name=project.name,
        county=project.county,
        score=average(project.opinions) if project.opinions else None,
        unserved=project.unserved,
        held=project.disposition is Disposition.HELD,
        rank=rank,
    )


def _require(session: Session, desk: Desk, seen: str | None) -> ProposedList:
    require_plan(session, desk.plan, desk.calendar, lock=True)
    found = _proposed(session, desk)
    if seen is not None and found.fingerprint != seen:
        raise ConflictError(CHANGED)
    return found


def _declined(plan: Plan) -> EvidenceRule:
    name = the_review(plan).declined
    rule = next((item for item in plan.evidence if item.id == name), None)
    if rule is None:
        raise RefusedError(f"实施方案 {plan.id} 没有规定建议名单未获同意时如何登记")
    return rule


def _against(plan: Plan, decision: Determination) -> Iterator[str]:
    if early := plan.notice.too_early(decision.on):
        yield early
    if not decision.evidence.strip():
        yield "没有写明依据（会议纪要或文件）"


def _is_there(
    session: Session, plan: Plan, rule: EvidenceRule, decision: Determination, proposal: str | None
) -> bool:
    said = (rule.id, decision.actor, decision.on, decision.evidence, proposal)
    return any(
        said == (row.action, row.actor, row.effective_on, row.evidence, row.detail.get("proposal"))
        for row in that_count(history(session, plan, plan.province))
    )
