"""月通报: drafted at each month's end from the snapshots, and kept as it was drafted (五(五))."""

from collections.abc import Iterator

from sqlmodel import Session

from common.words import month_name, quarter_name
from documents.papers.bulletin import bulletin
from documents.papers.feedback import feedback
from documents.papers.letters import draft
from documents.writing.blocks import PaperText
from operations.cases.desk import Desk
from operations.duties.month_ends import at_ends_of, snapshots
from operations.duties.papers import template
from operations.duties.products import Job, JobOccasion, KeptProduct, ProductFile
from policy.vocabulary import Product
from states.snapshot import month_end


def _bulletin(session: Session, desk: Desk, asked: JobOccasion) -> PaperText:
    return bulletin(desk.plan, snapshots(session, desk, asked.period))


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


def _feedback_occasions(desk: Desk) -> Iterator[JobOccasion]:
    for quarter in _quarters(desk):
        on = month_end(desk.calendar, _last_month(quarter))
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
    return feedback(desk.plan, asked.subject, found)


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
