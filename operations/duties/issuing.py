"""Drafts of papers that duties have made, and their issue: a person's word, recorded once.

What an issued paper fulfils is recorded with it, so that nobody enters it a second time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from sqlmodel import Session

from common.errors import RefusedError
from common.fingerprint import fingerprint
from documents.writing.blocks import PaperText
from models.database import reading
from models.plans import require_plan
from models.projects import facts
from operations.cases.casework import Act, record
from operations.cases.desk import Desk
from operations.duties.papers import IssueOrder, Paper, Signature, issue, papers
from operations.duties.products import KeptProduct, all_kept
from operations.duties.year import JOBS
from policy.actions import EvidenceRule
from policy.schema import Plan
from policy.vocabulary import Product

SECTIONS: Mapping[Product, str] = MappingProxyType(
    {
        Product.BULLETIN: "bulletin",
        Product.FEEDBACK: "feedback",
        Product.RESULTS: "cross_acceptance",
    }
)
"""The products that are papers, and the section of the plan that says what records their issue."""


@dataclass(frozen=True, slots=True)
class DraftPaper:
    """A paper that waits to be issued, or has been."""

    made: KeptProduct[PaperText]
    issued: Paper | None

    @property
    def digest(self) -> str:
        """What the draft is known by."""
        return _digest(self.made)

    @property
    def name(self) -> str:
        """What it is chosen by: ``bulletin:2023-06:山西省``."""
        asked = self.made.occasion
        return f"{self.made.kind.value}:{asked.period}:{asked.subject}"


def draft_papers(desk: Desk) -> tuple[DraftPaper, ...]:
    """Every paper that was drafted, by kind, period and subject."""
    with reading(desk.engine) as session:
        return tuple(_drafts(session, desk))


def find_draft(desk: Desk, kind: Product, period: str, subject: str) -> DraftPaper:
    """The draft of that kind, period and subject. RefusedError when none was made."""
    for draft in draft_papers(desk):
        asked = draft.made.occasion
        if (draft.made.kind, asked.period, asked.subject) == (kind, period, subject):
            return draft
    raise RefusedError(f"尚未起草{subject}“{period}”的{kind.label}，不能签发")


def named_draft(desk: Desk, name: str) -> DraftPaper:
    """The draft that `DraftPaper.name` names. RefusedError when there is none."""
    kind, _, rest = name.partition(":")
    if kind not in {item.value for item in SECTIONS}:
        raise RefusedError(f"没有“{name}”这份文稿，请从列表中选择")
    period, _, subject = rest.partition(":")
    return find_draft(desk, Product(kind), period, subject)


def issue_paper(
    session: Session, desk: Desk, draft: DraftPaper, signed: Signature, *, today: date, at: datetime
) -> Paper:
    """Issue a draft, and record the duty that it fulfils unless that is recorded already.

    RefusedError as `operations.duties.papers.issue`.
    """
    require_plan(session, desk.plan, desk.calendar, lock=True)
    asked, rule = draft.made.occasion, issue_rule(desk.plan, draft.made.kind)
    paper = issue(
        session,
        desk,
        IssueOrder(rule, asked.subject, draft.digest, draft.made.content, asked.on),
        signed,
        today=today,
        at=at,
    )
    _fulfil(session, desk, draft.made, paper, today, at)
    return paper


def _drafts(session: Session, desk: Desk) -> Iterator[DraftPaper]:
    out = {paper.digest: paper for paper in papers(session, desk)}
    for job in (job for job in JOBS if job.kind in SECTIONS):
        for made in all_kept(session, desk, job):
            yield DraftPaper(made, out.get(_digest(made)))


def _digest(made: KeptProduct[PaperText]) -> str:
    return fingerprint((made.kind, made.occasion, made.version, made.content))


def issue_rule(plan: Plan, kind: Product) -> EvidenceRule:
    """What records the issue of such a paper. RefusedError where the plan has nothing for it."""
    section = getattr(plan, SECTIONS[kind])
    found = next((rule for rule in plan.evidence if section and rule.id == section.letter), None)
    if found is None:
        raise RefusedError(f"实施方案 {plan.id} 没有规定如何登记{kind.label}的签发")
    return found


def _fulfil(
    session: Session,
    desk: Desk,
    made: KeptProduct[PaperText],
    paper: Paper,
    today: date,
    at: datetime,
) -> None:
    subject, duty = made.occasion.subject, _duty(desk, made)
    held = facts(session, desk.plan, [subject]).get(subject, {})
    if duty and duty not in held:
        told = f"{paper.number} {paper.letter.title}"
        act = Act(subject, duty, paper.on, paper.actor, told)
        record(session, desk, act, today=today, at=at)


def _duty(desk: Desk, made: KeptProduct[PaperText]) -> str | None:
    """The deadline that its issue meets; None where there is none for its subject."""
    plan, period = desk.plan, made.occasion.period
    match made.kind:
        case Product.BULLETIN if plan.bulletin:
            return occasion_id(desk, plan.bulletin.duty, period)
        case Product.FEEDBACK if plan.feedback:
            return occasion_id(desk, plan.feedback.duty, period)
        case Product.RESULTS if plan.cross_acceptance and made.occasion.subject != plan.province:
            return plan.cross_acceptance.results
        case _:
            return None


def occasion_id(desk: Desk, duty: str, period: str) -> str | None:
    """The id of a duty's occurrence in a month or quarter: ``D11-06``, ``D12-Q2``."""
    rules = (rule for rule in desk.plan.duties if rule.id == duty)
    months = {month: id for rule in rules for id, month in rule.months.items()}
    known = (months.get(period), f"{duty}-{period[4:]}", f"{duty}-{period}")
    return next((id for id in known if id in desk.deadlines), None)
