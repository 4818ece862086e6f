"""Every duty of the year, in the order in which one builds upon another."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from common.errors import PolicyError, RefusedError
from models.database import reading
from models.products import all_made
from operations.cases.desk import Desk
from operations.duties import (
    acceptance,
    assessments,
    inspection,
    month_ends,
    progress_letters,
    reports,
)
from operations.duties.products import Job, KeptProduct, make, missing
from policy.vocabulary import Product

JOBS: tuple[Job[Any], ...] = (
    month_ends.MONTH_ENDS,
    reports.REPORTS,
    inspection.VISITS,
    inspection.INSPECTION,
    acceptance.SCHEDULE,
    acceptance.RESULTS,
    progress_letters.BULLETINS,
    progress_letters.FEEDBACKS,
    assessments.EVALUATIONS,
    assessments.CURVES,
    assessments.RISKS,
)


def job_of(kind: Product) -> Job[Any]:
    """The duty that makes products of that kind."""
    return next(job for job in JOBS if job.kind is kind)


def fulfil(
    desk: Desk, kinds: Iterable[Product], as_of: date, at: datetime
) -> Iterator[tuple[Job[Any], KeptProduct[Any] | RefusedError]]:
    """Make what is due by a day of these kinds, after what they need; one after another.

    Where something cannot be made, the reasons come in its place, and the others go on.
    """
    wanted = set(kinds)
    for job in reversed(JOBS):
        wanted |= set(job.needs) if job.kind in wanted else set()
    with reading(desk.engine) as session:
        made = all_made(session, desk.plan)
    for job in JOBS:
        for occasion in missing(desk, job, as_of, made[job.kind]) if job.kind in wanted else ():
            try:
                yield job, make(desk, job, occasion, at)
            except RefusedError as refusal:
                yield job, refusal
            except PolicyError as fault:  # of a calendar, or of a version that was kept
                yield job, RefusedError(str(fault))
