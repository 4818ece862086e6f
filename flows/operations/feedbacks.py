"""季度反馈函: drafted to each city's government at a quarter's end from the snapshots (五(六))."""

from collections.abc import Iterator

from sqlmodel import Session

from documents.blocks import Letter
from documents.feedback import feedback
from documents.letters import draft
from documents.progress_words import quarter_name
from flows.operations.desk import Desk
from flows.operations.month_ends import snapshots
from flows.operations.products import File, Job, Kept, Occasion
from flows.operations.stationery import template
from policy.vocabulary import Product
from states.snapshot import month_end


def _occasions(desk: Desk) -> Iterator[Occasion]:
    for quarter in _quarters(desk):
        on = month_end(desk.calendar, _last_month(quarter))
        for city in desk.plan.cities:
            yield Occasion(quarter, city.name, on)


def _quarters(desk: Desk) -> Iterator[str]:
    """The quarters of the duty: its occurrences end in ``2023Q2``, or in ``Q2`` of the year."""
    rule = desk.plan.feedback
    for item in desk.deadlines.values() if rule else ():
        if rule and item.rule.id == rule.duty:
            suffix = item.id.removeprefix(f"{rule.duty}-")
            yield suffix if suffix[0].isdigit() else f"{desk.plan.year}{suffix}"


def _last_month(quarter: str) -> str:
    return f"{quarter[:4]}-{int(quarter[5]) * 3:02d}"


def _make(session: Session, desk: Desk, asked: Occasion) -> Letter:
    found = snapshots(session, desk, _last_month(asked.period))
    return feedback(desk.plan, asked.subject, found)


def _files(desk: Desk, made: Kept[Letter]) -> Iterator[File]:
    asked = made.occasion
    name = f"{asked.subject} {quarter_name(asked.period)}反馈函（草稿）.docx"
    yield File(name, draft(made.content, template(desk)))


JOB = Job(Product.FEEDBACK, Letter, _occasions, _make, _files, needs=(Product.SNAPSHOT,))
