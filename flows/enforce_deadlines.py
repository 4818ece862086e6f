"""The daily job: decide, write, deliver, publish. Thin: the work is in `operations`."""

from datetime import date
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from common.clock import now, today
from common.errors import PolicyError, RefusedError, UsageError, XingfuError, with_reasons
from common.words import without_numbers
from flows.deliver_outbox import deliver, fail_for
from flows.emitting import emit_events
from flows.forms.asking import refusal_state, shortened
from flows.forms.showing import CALLED
from flows.pages.changes import run_of
from flows.publishing import publish_day, publish_refusal
from flows.steps import PATIENT, day_of_work, emit, in_words, name_run, named_by_day, opened
from models.marks import TrailMark
from operations.cases.desk import Desk
from operations.daily import changes, enforcement
from operations.daily.confirmation import Confirmation, DoubtfulDayError
from operations.daily.delivery import DeliveryResult
from operations.daily.enforcement import EnforcementResult
from operations.views.scenes import require_newest

HOURS = 3600
IDLE = "今日已核对，无需补做"
OVER = "实施方案期间已结束，已核对至最后一天（{day}），此后不再核对"


@flow(
    name="enforce_deadlines",
    description="每日核对时限：作出提醒、提级和逾期认定，发送消息，发布进度和各地情况等页面；"
    "此前漏做的日期一并补做。",
    flow_run_name=lambda: named_by_day("核对"),
    timeout_seconds=2 * HOURS,
)
def enforce_deadlines(
    as_of: date | None = None,
    plan: str | None = None,
    only_if_missed: bool = False,
    confirm: bool = False,
    actor: str = "",
    evidence: str = "",
) -> State[Any]:
    """Enforce `plan` as of a day; missed days are caught up.

    A day that cannot be right, or a clock that goes backwards, is refused until a person confirms
    it: that person and the reason go on record. Once the plan's time is over its last day is
    decided, and then none by itself.

    Fails when a message could not be delivered, after everything else was done. RefusedError, and
    nothing done, for a day that lies behind: its pages would be taken for the newest.

    Args:
        as_of: 核对到哪一天；不填为今天。
        plan: 实施方案编号；不填为本机设置的方案。
        only_if_missed: 当天已核对完毕的不再重做，供每小时补做时使用。
        confirm: 确认该日无误。系统因日期可疑而拒绝核对时，先核对服务器时间，确认无误后勾选。
        actor: 确认的单位全称和姓名；勾选“确认”时必填。
        evidence: 确认的理由；勾选“确认”时必填。
    """
    desk = opened(plan)
    try:
        confirmed = confirmation(actor, evidence) if confirm else None
        asked = enforcement.day_to_enforce(as_of, today(desk.settings.business_date))
        day = asked if as_of or confirm else day_of_work(desk, asked)
        require_newest(desk, day)
    except (RefusedError, UsageError) as refusal:
        if as_of or confirm:  # what a person has filled in, and no trouble
            return refusal_state(refusal)
        return _refused(refusal)
    since = begin(desk, day, only_if_missed or day < asked)
    if since is None:
        return Completed(message=OVER.format(day=day) if day < asked else IDLE)
    enforced = decide(desk, day, confirmed)
    if isinstance(enforced, XingfuError):
        return _refused(enforced)
    delivered = deliver(desk)
    publish(desk, day, since, enforced, delivered)
    finish(desk, day)
    emit(desk)
    done = (
        f"新认定逾期或超过建议时限{enforced.marked_overdue}项",
        f"发送{delivered.digests}份",
    )
    name_run(done)
    fail_for(delivered)
    return Completed(message=f"截至{day}已核对：{'，'.join(done)}{_caught_up(enforced)}")


def _refused(refusal: XingfuError) -> State[Any]:
    """How a day ends that was not looked at: admins are told of it."""
    told = without_numbers(str(refusal))
    get_run_logger().error(told)
    return in_words(Failed(message=shortened(told)))


def confirmation(actor: str, evidence: str) -> Confirmation:
    """Who stands for a doubted day, and why. RefusedError where one of them is missing."""
    asked = {f"请填写“{CALLED['actor']}”": actor, f"请填写“{CALLED['evidence']}”": evidence}
    if missing := [reason for reason, said in asked.items() if not said.strip()]:
        raise RefusedError(with_reasons("日期未能确认，没有核对", missing))
    return Confirmation(actor, evidence)


@task(name="begin", **PATIENT)
def begin(desk: Desk, as_of: date, only_if_missed: bool) -> TrailMark | None:
    """Where trail and outbox stand; None when the day is finished and nothing is to be done."""
    if only_if_missed and enforcement.is_finished(desk, as_of):
        return None
    return changes.begin(desk)


@task(name="decide", task_run_name="decide-{as_of}", **PATIENT)
def decide(
    desk: Desk, as_of: date, confirmed: Confirmation | None = None
) -> EnforcementResult | RefusedError | PolicyError:
    """Write the day's decisions in one transaction; or why that is refused, which is published."""
    try:
        done = enforcement.enforce_in_earnest(desk, as_of, now(), confirmed)
    except (RefusedError, PolicyError) as refusal:
        publish_refusal(desk, as_of, str(refusal))
        if isinstance(refusal, DoubtfulDayError):
            emit_events(desk)
        return refusal
    log = get_run_logger()
    log.info(
        "截至 %s：新增待发消息 %d 条，新认定逾期或超过建议时限 %d 项",
        as_of,
        done.messages,
        done.marked_overdue,
    )
    if done.missed:
        log.warning("此前未核对的%s，已补作", run_of(done.missed))
    for note in done.notes:
        log.warning(without_numbers(note))
    return done


@task(name="publish", task_run_name="publish-{as_of}", **PATIENT)
def publish(
    desk: Desk,
    as_of: date,
    since: TrailMark,
    enforced: EnforcementResult,
    delivered: DeliveryResult,
) -> None:
    """Publish the day's pages and what the run changed as artifacts."""
    told = changes.changes_since(desk, since, delivered, enforced.missed, enforced.notes)
    count = publish_day(desk, as_of, told)
    get_run_logger().info("已发布 %d 个页面", count)


@task(name="finish", task_run_name="finish-{as_of}", **PATIENT)
def finish(desk: Desk, as_of: date) -> None:
    """Record that the day is finished."""
    enforcement.finish(desk, as_of, now())


def _caught_up(done: EnforcementResult) -> str:
    return f"（补作漏做的{run_of(done.missed)}）" if done.missed else ""
