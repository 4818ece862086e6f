"""Sends what is still owed, between the daily runs: what failed is tried again."""

from prefect import flow, get_run_logger, task

from common.clock import now, today
from flows.publishing import progress_of, publish_outbox
from flows.steps import PATIENT, emit, opened
from operations.cases.desk import Desk
from operations.daily import delivery
from operations.daily.delivery import DeliveryResult


@flow(
    name="deliver_outbox",
    description="发送待发消息：每人每天合并为一份，只在工作日办公时间发送；失败的保留，下次再发。",
    timeout_seconds=3600,
)
def deliver_outbox(plan: str | None = None) -> None:
    """Deliver what is owed. Fails when a target did not accept its digest.

    Args:
        plan: 实施方案编号；不填为本机设置的方案。
    """
    desk = opened(plan)
    delivered = deliver(desk)
    if delivered.sent or delivered.failed:
        publish(desk)
    emit(desk)
    fail_for(delivered)


@task(name="deliver", **PATIENT)
def deliver(desk: Desk) -> DeliveryResult:
    """Send one digest to everybody who is owed something; what came of it."""
    done = delivery.deliver(desk, now, report=progress_of(desk, "发送消息（人）"))
    log = get_run_logger()
    if done.opens_at is not None:
        log.info("不在办公时间，待发消息顺延至 %s", f"{done.opens_at:%Y-%m-%d %H:%M}")
    log.info("已发送 %d 份，含消息 %d 条；失败 %d 条", done.digests, done.sent, done.failed)
    return done


@task(name="publish-outbox", **PATIENT)
def publish(desk: Desk) -> None:
    """Publish how the outbox is now as an artifact."""
    publish_outbox(desk, today(desk.settings.business_date))


def fail_for(delivered: DeliveryResult) -> None:
    """RuntimeError when somebody could not be reached, with everybody's reason."""
    if delivered.errors:
        failed = delivered.errors
        raise RuntimeError(f"{len(failed)}人的消息未能送达：{'；'.join(failed)}")
