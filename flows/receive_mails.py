"""Takes in replies to reminders, from the folder and the mailbox: see `operations.mails`."""

from prefect import flow, get_run_logger, task

from common.clock import now, today
from common.words import without_numbers
from flows.publishing import publish_replies
from flows.steps import PATIENT, emit, in_numbers, name_run, opened
from operations.cases.desk import Desk
from operations.mails import receiving
from operations.mails.receiving import ReceiveResult
from operations.mails.sources import waiting_mails


@flow(
    name="receive_mails",
    description="读取对提醒的答复邮件（邮箱和收信文件夹）：登记预计完成日期，其余转待核实，并发回执。",
    flow_run_name="读取来信",
    timeout_seconds=1800,
)
def receive_mails() -> None:
    """Read what has come once, of all plans. Fails when something could not be read or taken in."""
    desk = opened(None)
    done = receive(desk)
    name_run(in_numbers(done.counts))
    emit(desk)
    publish(desk)
    if done.failed:
        raise RuntimeError(f"{len(done.failed)}处未能处理：{'；'.join(done.failed)}")


@task(name="publish", **PATIENT)
def publish(desk: Desk) -> None:
    """Publish which mails wait for a person."""
    publish_replies(desk)


@task(name="receive", **PATIENT)
def receive(desk: Desk) -> ReceiveResult:
    """Take in what waits."""
    at = now()
    day = today(desk.settings.business_date)
    done = receiving.receive(desk, waiting_mails(desk, at), today=day, at=at)
    log = get_run_logger()
    for line in (*done.registered, *done.held, *done.filed, *done.unreadable, *done.left):
        log.info(without_numbers(line))
    for line in done.failed:
        log.error(without_numbers(line))
    return done
