"""Reads the inbox: what cities put into their folders is imported or returned, and answered."""

from prefect import flow, get_run_logger, task

from common.clock import now, today
from common.words import without_numbers
from flows.forms.asking import afterwards
from flows.forms.choices import refresh_choices
from flows.publishing import publish_inbox
from flows.steps import PATIENT, emit, in_numbers, name_run, opened
from models.marks import TrailMark
from operations.cases.desk import Desk
from operations.daily import changes
from operations.workbooks import inbox
from operations.workbooks.inbox import InboxResult


@flow(
    name="read_inbox",
    description="读取收件文件夹：核对无误的整份导入，有误的逐格标出退回，并发回执。",
    flow_run_name="读取收件",
    timeout_seconds=1800,
)
def read_inbox(plan: str | None = None) -> None:
    """Read every city's folder once. Fails when a file met unexpected trouble; returned is none.

    Args:
        plan: 实施方案编号；不填为本机设置的方案。
    """
    desk = opened(plan)
    since = begin(desk)
    done = read(desk)
    name_run(in_numbers(done.counts))
    if done.done or done.returned or done.failed:
        publish(desk, since, done)
    afterwards(refresh_choices, desk)  # commands import, too, and cannot reach Prefect
    emit(desk)
    if done.failed:
        raise RuntimeError(f"{len(done.failed)}个文件未能处理：{'；'.join(done.failed)}")


@task(name="begin", **PATIENT)
def begin(desk: Desk) -> TrailMark:
    """Where trail and outbox stand."""
    return changes.begin(desk)


@task(name="read", **PATIENT)
def read(desk: Desk) -> InboxResult:
    """Import or return what is ready."""
    done = inbox.read_inbox(desk, today=today(desk.settings.business_date), at=now())
    log = get_run_logger()
    for line in (*done.done, *done.returned, *done.left):
        log.info(without_numbers(line))
    for line in done.failed:
        log.error(without_numbers(line))
    return done


@task(name="publish-inbox", **PATIENT)
def publish(desk: Desk, since: TrailMark, done: InboxResult) -> None:
    """Publish what was read as an artifact."""
    publish_inbox(
        desk, done, changes.changes_since(desk, since), today(desk.settings.business_date)
    )
