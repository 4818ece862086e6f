"""Every duty of the year, in the order in which one builds upon another."""

from typing import Any

from flows.operations import month_ends
from flows.operations.products import Job

JOBS: tuple[Job[Any], ...] = (month_ends.JOB,)
