"""Sends what is still owed, between the daily runs: what failed is tried again."""

from typing import Any

from prefect import flow, get_run_logger, task
from prefect.client.schemas.objects import State
from prefect.states import Completed

from common.clock import now, today
from flows.publishing import progress_of, publish_outbox
from flows.steps import PATIENT, emit, name_run, opened
from operations.cases.desk import Desk
from operations.daily import delivery
from operations.daily.confirmation import reasons
from operations.daily.delivery import DeliveryResult
from operations.daily.enforcement import working_day
from operations.upkeep.watching import tell_of_reach


@flow(
    name="deliver_outbox",
    description="发送待发消息：每人每天合并为一份，只在工作日办公时间发送；失败的保留，下次再发。",
    flow_run_name="发送消息",
    timeout_seconds=3600,
)
def deliver_outbox(plan: str | None = None) -> State[Any]:
    """Deliver what is owed; nothing on a day that the daily job, too, would refuse.

    Digests count days, so that a wrong clock would tell wrong ones. The daily job has told admins.
    Fails when a target did not accept its digest.

    Args:
        plan: 实施方案编号；不填为本机设置的方案。
    """
    desk = opened(plan)
    if doubted := doubts(desk):
        return Completed(message=f"日期可疑，未发送消息：{'；'.join(doubted)}")
    delivered = deliver(desk)
    name_run([f"{delivered.digests}份"] if delivered.digests else [])
    if delivered.sent or delivered.failed:
        publish(desk)
    emit(desk)
    fail_for(delivered)
    return Completed(message=f"已发送{delivered.digests}份")


@task(name="doubts", **PATIENT)
def doubts(desk: Desk) -> tuple[str, ...]:
    """What speaks against today; nothing on most days."""
    day = working_day(desk, today(desk.settings.business_date))
    with desk.reading() as session:
        found = reasons(session, desk, day, now())
    for reason in found:
        get_run_logger().warning("日期可疑，未发送消息：%s", reason)
    return found


@task(name="deliver", **PATIENT)
def deliver(desk: Desk) -> DeliveryResult:
    """Send one digest to everybody who is owed something; what came of it.

    Admins are told of addresses that are refused for good.
    """
    done = delivery.deliver(desk, now, report=progress_of(desk, "发送消息（人）"))
    log = get_run_logger()
    if done.opens_at is not None:
        log.info("不在办公时间，待发消息顺延至 %s", f"{done.opens_at:%Y-%m-%d %H:%M}")
    if done.held_back:
        log.warning("有 %d 条消息按尚未到来的日期作出，不予发送，请核对系统时间", done.held_back)
    log.info("已发送 %d 份，含消息 %d 条；失败 %d 条", done.digests, done.sent, done.failed)
    if done.put_off:
        log.warning("有 %d 人的发送对象没有响应，本轮未再尝试，留待下一轮发送", done.put_off)
    for reason in tell_of_reach(desk.settings, now()):
        log.warning("通知地址被拒收，未能告知系统管理员：%s", reason)
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
