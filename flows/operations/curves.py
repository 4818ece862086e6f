"""数据曲线 (五(九)): made with each month's snapshot from all that there are up to it."""

from collections.abc import Iterator

from sqlmodel import Session

from documents.curves import curve_leaves
from documents.layout import to_bytes
from flows.operations.desk import Desk
from flows.operations.month_ends import snapshots
from flows.operations.products import File, Job, Kept, Occasion
from policy.vocabulary import Product
from states.series import YearCourses, courses
from states.snapshot import month_end, months


def _occasions(desk: Desk) -> Iterator[Occasion]:
    for month in months(desk.plan) if desk.plan.curves else ():
        yield Occasion(month, desk.plan.province, month_end(desk.calendar, month))


def _make(session: Session, desk: Desk, asked: Occasion) -> YearCourses:
    return courses(desk.plan, snapshots(session, desk, asked.period))


def _files(desk: Desk, made: Kept[YearCourses]) -> Iterator[File]:
    leaves = curve_leaves(desk.plan, made.content)
    yield File(f"{made.kind.label} {made.occasion.period}.xlsx", to_bytes(leaves))


JOB = Job(Product.CURVES, YearCourses, _occasions, _make, _files, needs=(Product.SNAPSHOT,))
