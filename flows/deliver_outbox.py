"""Sends what is still owed, between the daily runs: what failed is tried again."""

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.business_date import now
from flows.operations import delivery
from flows.operations.desk import Desk, open_desk
from models.settings import load_settings


@flow(
    name="deliver_outbox",
    description="发送待发消息：每人每天合并为一份，只在工作日办公时间发送；失败的保留，下次再发。",
)
def deliver_outbox(plan: str | None = None) -> None:
    """Deliver what is owed. Fails when a target did not accept its digest."""
    failed = deliver(open_desk(load_settings(), plan))
    if failed:
        raise RuntimeError(f"{len(failed)}人的消息未能送达：{'；'.join(failed)}")


@task(name="deliver", cache_policy=NO_CACHE)
def deliver(desk: Desk) -> tuple[str, ...]:
    """Send one digest to everybody who is owed something; the reasons of those that failed."""
    done = delivery.deliver(desk, now)
    log = get_run_logger()
    if done.opens_at is not None:
        log.info("不在办公时间，待发消息顺延至 %s", f"{done.opens_at:%Y-%m-%d %H:%M}")
    log.info("已发送 %d 份，含消息 %d 条；失败 %d 条", done.digests, done.sent, done.failed)
    return done.errors
