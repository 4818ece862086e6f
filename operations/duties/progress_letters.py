"""月通报, 季度反馈函: drafted at month ends from the snapshots, and kept so (五(五), 五(六))."""

from collections.abc import Iterator

from sqlmodel import Session

from common.words import month_name, quarter_name
from documents.papers.bulletin import bulletin
from documents.papers.feedback import feedback
from documents.papers.letters import draft
from documents.writing.blocks import PaperText
from models.audits import witness
from operations.cases.desk import Desk
from operations.duties.month_ends import at_ends_of, closing_day, snapshots
from operations.duties.papers import template
from operations.duties.products import Job, JobOccasion, KeptProduct, ProductFile, kept
from policy.timing import Duty
from policy.vocabulary import Product
from states.workdays import workday_after


def _bulletin(session: Session, desk: Desk, asked: JobOccasion) -> PaperText:
    proof = witness(session, desk.plan.id).words
    found = snapshots(session, desk, asked.period)
    return bulletin(desk.plan, found, proof, workday_after(desk.calendar, asked.on))


def _bulletin_files(desk: Desk, made: KeptProduct[PaperText]) -> Iterator[ProductFile]:
    yield ProductFile(
        f"{month_name(made.occasion.period)}通报（草稿）.docx", draft(made.content, template(desk))
    )


BULLETINS = Job(
    Product.BULLETIN,
    PaperText,
    lambda desk: at_ends_of(desk, desk.plan.bulletin_months),
    _bulletin,
    _bulletin_files,
    needs=(Product.SNAPSHOT,),
)


def bulletin_draft(session: Session, desk: Desk, rule: str) -> ProductFile | None:
    """The draft that a duty's month has, by the duty's deadline; None for another, or before."""
    duty = desk.deadlines[rule].rule if rule in desk.deadlines else None
    if not isinstance(duty, Duty) or not desk.plan.bulletin or duty.id != desk.plan.bulletin.duty:
        return None
    made = kept(session, desk, BULLETINS, duty.months[rule], desk.plan.province)
    return next(_bulletin_files(desk, made), None) if made else None


def _feedback_occasions(desk: Desk) -> Iterator[JobOccasion]:
    for quarter in _quarters(desk):
        if on := closing_day(desk, _last_month(quarter)):
            for city in desk.plan.cities:
                yield JobOccasion(quarter, city.name, on)


def _quarters(desk: Desk) -> Iterator[str]:
    """The quarters of the duty: its occurrences end in ``2023Q2``, or in ``Q2`` of the year."""
    rule = desk.plan.feedback
    for item in desk.deadlines.values() if rule else ():
        if rule and item.rule.id == rule.duty:
            suffix = item.id.removeprefix(f"{rule.duty}-")
            yield suffix if suffix[0].isdigit() else f"{desk.plan.year}{suffix}"


def _last_month(quarter: str) -> str:
    return f"{quarter[:4]}-{int(quarter[5]) * 3:02d}"


def _feedback(session: Session, desk: Desk, asked: JobOccasion) -> PaperText:
    found = snapshots(session, desk, _last_month(asked.period))
    return feedback(desk.plan, asked.subject, found, workday_after(desk.calendar, asked.on))


def _feedback_files(desk: Desk, made: KeptProduct[PaperText]) -> Iterator[ProductFile]:
    asked = made.occasion
    name = f"{asked.subject} {quarter_name(asked.period)}反馈函（草稿）.docx"
    yield ProductFile(name, draft(made.content, template(desk)))


FEEDBACKS = Job(
    Product.FEEDBACK,
    PaperText,
    _feedback_occasions,
    _feedback,
    _feedback_files,
    needs=(Product.SNAPSHOT,),
)
