"""Expert opinions, and the determination of exactly the quota (五(二), 五(三))."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from common.words import cited
from models.plans import require_plan
from models.projects import dossiers
from operations.cases.casework import Act, advance
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, begin, commit
from policy.actions import ReviewRules
from policy.schema import Plan
from policy.vocabulary import AuditKind
from states.authority import opinion as matter
from states.dossier import GOING_ON, Dossier
from states.review import Opinion, average, opinion_refusals
from states.selection import Candidate, Selection, select
from states.trail import Effects


@dataclass(frozen=True, slots=True)
class OpinionStatement:
    """One expert's opinion of one project, as somebody hands it in."""

    subject: str
    expert: str
    organisation: str
    scores: Mapping[str, Decimal]
    """Per criterion of the plan, the points given."""
    on: date
    actor: str
    evidence: str = ""
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Determination:
    """The decision that someone asks to have recorded for every city at once."""

    on: date
    actor: str
    evidence: str


def give_opinion(
    session: Session,
    desk: Desk,
    given: OpinionStatement,
    *,
    today: date,
    at: datetime,
    casebook: Casebook | None = None,
) -> Opinion:
    """Record an expert's opinion. RefusedError with every reason (五(二))."""
    asked = matter(desk.plan)
    casebook = begin(session, desk, given.subject, asked, given, today, given.seen, casebook)
    review = the_review(desk.plan)
    before = casebook.project(given.subject)
    opinion = Opinion(given.expert, given.organisation, given.on, given.scores)
    reasons = [*_misplaced(desk.plan, review, before), *_refusals(desk.plan, before, opinion)]
    if reasons:
        raise RefusedError(with_reasons(f"{before.code} {before.name}：不能登记评审意见", reasons))
    entry = AuditEntry(
        given.subject,
        AuditKind.OPINION,
        given.expert,
        given.actor,
        given.on,
        review.clause,
        given.evidence,
    )
    commit(session, desk, casebook, entry, Effects(opinion=opinion), at)
    return opinion


def propose(desk: Desk) -> Selection:
    """What the scores give: the determined of each city, and the reserves in order."""
    with desk.reading() as session:
        return selection(desk, dossiers(session, desk.plan))


def determine(
    session: Session, desk: Desk, decision: Determination, *, today: date, at: datetime
) -> Selection:
    """Determine exactly each city's quota and list the rest as reserves, all or nothing.

    RefusedError when a city has fewer passed projects than places, or when a project may not be
    determined, with every reason (五(三), 附件1).
    """
    require_plan(session, desk.plan, desk.calendar, lock=True)
    review = the_review(desk.plan)
    chosen = selection(desk, dossiers(session, desk.plan))
    if chosen.short:
        listed = "、".join(f"{city}缺{missing}个" for city, missing in chosen.short.items())
        by = cited(desk.plan.clause_of("cities"))
        raise RefusedError(f"评审通过的项目少于名额：{listed}；请补足后再研究确定{by}")
    if not chosen.determined and not chosen.reserves:
        raise RefusedError("没有待研究确定的项目")
    for code in chosen.determined:
        act = Act(code, review.determine, decision.on, decision.actor, decision.evidence)
        advance(session, desk, act, today=today, at=at)
    for code, rank in chosen.reserves:
        said = f"{decision.evidence}（替补第{rank}位）"
        evidence = said if decision.evidence.strip() else ""  # the rank alone is no ground (R60)
        act = Act(code, review.reserve, decision.on, decision.actor, evidence)
        advance(session, desk, act, today=today, at=at)
    return chosen


def the_review(plan: Plan) -> ReviewRules:
    """How the plan has projects reviewed; RefusedError when it does not say."""
    if plan.review is None:
        raise RefusedError(f"实施方案 {plan.id} 没有规定专家评审")
    return plan.review


def selection(desk: Desk, projects: Iterable[Dossier]) -> Selection:
    """What the scores of all `projects` give; RefusedError where the plan has no review."""
    review, plan = the_review(desk.plan), desk.plan
    return select(
        plan,
        [
            _candidate(plan, project)
            for project in projects
            if project.disposition in GOING_ON
            and (review.passed in project.milestones or plan.quota.taken_when in project.milestones)
        ],
    )


def _candidate(plan: Plan, project: Dossier) -> Candidate:
    return Candidate(
        code=project.code,
        city=project.city,
        county=project.county,
        kind=project.profile.kind,
        score=average(project.opinions) if project.opinions else None,
        unserved=project.unserved,
        taken=plan.quota.taken_when in project.milestones,
    )


def _misplaced(plan: Plan, review: ReviewRules, project: Dossier) -> list[str]:
    if project.stage == review.stage and review.passed not in project.milestones:
        return []
    label = plan.stage(project.stage).label
    passed = "，评审已通过" if review.passed in project.milestones else ""
    return [f"项目处于“{label}”阶段{passed}，不接受评审意见（{review.clause}）"]


def _refusals(plan: Plan, project: Dossier, opinion: Opinion) -> tuple[str, ...]:
    city = plan.city(project.city)
    counties = tuple(county.name for county in city.counties) if city else ()
    applied = project.milestones.get(plan.quota.submitted_when)
    return opinion_refusals(plan, project.city, counties, opinion, project.opinions, applied)
