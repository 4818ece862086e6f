"""Reads the inbox: what cities put into their folders is imported or returned, and answered."""

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.business_date import now, today
from flows.operations import inbox
from flows.operations.desk import Desk, open_desk
from models.settings import load_settings


@flow(
    name="read_inbox",
    description="读取各市收件文件夹：核对无误的整份导入，有误的逐格标出退回，并发回执。",
)
def read_inbox(plan: str | None = None) -> None:
    """Read every city's folder once. Fails when a file met unexpected trouble; returned is none."""
    failed = read(open_desk(load_settings(), plan))
    if failed:
        raise RuntimeError(f"{len(failed)}个文件未能处理：{'；'.join(failed)}")


@task(name="read", cache_policy=NO_CACHE)
def read(desk: Desk) -> tuple[str, ...]:
    """Import or return what is ready; the reasons of what failed."""
    done = inbox.read_inbox(desk, today=today(desk.settings), at=now())
    log = get_run_logger()
    for line in (*done.done, *done.returned, *done.left):
        log.info(line)
    for line in done.failed:
        log.error(line)
    return done.failed
