"""月通报: drafted at each month's end from the snapshots, and kept as it was drafted (五(五))."""

from collections.abc import Iterator

from sqlmodel import Session

from documents.blocks import Letter
from documents.bulletin import bulletin
from documents.letters import draft
from documents.progress_words import month_name
from flows.operations.desk import Desk
from flows.operations.month_ends import snapshots
from flows.operations.products import File, Job, Kept, Occasion
from flows.operations.stationery import template
from policy.vocabulary import Product
from states.snapshot import month_end


def _occasions(desk: Desk) -> Iterator[Occasion]:
    rule = desk.plan.bulletin
    duty = next((item for item in desk.plan.duties if rule and item.id == rule.duty), None)
    for month in duty.monthly.months.values() if duty and duty.monthly else ():
        yield Occasion(month, desk.plan.province, month_end(desk.calendar, month))


def _make(session: Session, desk: Desk, asked: Occasion) -> Letter:
    return bulletin(desk.plan, snapshots(session, desk, asked.period))


def _files(desk: Desk, made: Kept[Letter]) -> Iterator[File]:
    yield File(
        f"{month_name(made.occasion.period)}通报（草稿）.docx", draft(made.content, template(desk))
    )


JOB = Job(Product.BULLETIN, Letter, _occasions, _make, _files, needs=(Product.SNAPSHOT,))
