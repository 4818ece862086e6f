"""How the outbox is, and what an admin can do about it. Offices only: no person, no address."""

from collections.abc import Iterator
from datetime import date

from common.words import SHANGHAI
from flows.pages.markdown import Page, left_out, page, plain, private, table
from operations.views.outbox import Health, OutboxHealth
from policy.schema import Plan

LONGEST = 200  # offices
HEAD = {
    "待发送": "---:",
    "其中发送失败过": "---:",
    "发送中": "---:",
    "未送达消息": "---:",
    "结果不明": "---:",
    "已发送": "---:",
    "最早作出": "---",
}
WHAT_TO_DO = """## 如何处理

- 待发送：只在工作日办公时间发出，每人每天一份；发送失败的，隔一段时间自动重试，无须人工处理。
- 发送中：正在发送；若进程中断，稍后自动补发，并计为“结果不明”。
- 结果不明：对方可能已收到，补发时可能重复；邮件凭同一编号可识别为同一封。
- 未送达消息：多次未成功，已停止重试。请先核对通讯录中的通知方式（xingfu contacts check），更正后\
运行 xingfu retry，或在 Deployments 页运行 retry_dead_letters。
- 逐条查看：xingfu outbox --status dead；某条消息为何发、发给谁：xingfu explain --message 编号。"""


def outbox_page(plan: Plan, health: OutboxHealth, as_of: date) -> Page:
    """Pending, failed, ambiguous and dead, by channel and office; how to retry."""
    dead = health.total.dead
    waits = f"未送达消息{dead}条" if dead else ""
    return page(plan, "outbox", "消息发送情况", as_of, _lines(health), waits=waits)


def _lines(health: OutboxHealth) -> Iterator[str]:
    if health.total.calm:
        yield "没有待发、发送失败或未送达的消息。\n"
    parts = [[plain(item.name), *_cells(item)] for item in health.channels]
    total = [f"**{cell}**" for cell in (health.total.name, *_cells(health.total))]
    yield from table({"通知方式": "---", **HEAD}, [*parts, total])
    yield from _offices(health)
    yield from _reasons(health)
    yield WHAT_TO_DO


def _cells(item: Health) -> list[object]:
    oldest = item.oldest and f"{item.oldest.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    counts = (item.pending, item.failed, item.sending, item.dead, item.ambiguous, item.sent)
    return [*counts, oldest or "—"]


def _offices(health: OutboxHealth) -> Iterator[str]:
    if health.offices:
        yield f"## 尚未发出的，按单位：{len(health.offices)}个\n"
        rows = ([plain(item.name), *_cells(item)] for item in health.offices[:LONGEST])
        yield from table({"单位": "---", **HEAD}, rows)
        yield from left_out(len(health.offices) - LONGEST, "个单位")


def _reasons(health: OutboxHealth) -> Iterator[str]:
    if health.reasons:
        yield "## 未能发出的原因\n"
        yield from (f"- {count}条：{private(reason)}" for reason, count in health.reasons)
        yield ""
