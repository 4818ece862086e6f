"""What one run changed; and what a round of the inbox read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from common.words import SHANGHAI, dated
from flows.pages.markdown import Links, Page, left_out, link, page, plain, private, table
from operations.daily.changes import Changes
from operations.daily.delivery import DeliveryResult
from operations.workbooks.inbox import InboxResult
from policy.schema import Plan
from policy.vocabulary import Origin, RungKind, Standing

ROUND = {"done": "已登记", "returned": "已退回", "left": "暂留", "failed": "未能处理"}
LONGEST = 100  # lines


def changes_page(plan: Plan, changes: Changes, as_of: date, links: Links) -> Page:
    """Missed days, new lateness, messages owed, sent, failed and withdrawn."""
    return page(plan, "run-changes", "本次运行的变化", as_of, _lines(plan, changes, links))


def inbox_page(plan: Plan, read: InboxResult, changes: Changes, as_of: date) -> Page:
    """Every file that was read, and what came of it."""
    return page(plan, "inbox", "本次收件", as_of, (*_files(read), *_recorded(changes)))


def run_of(days: Sequence[date]) -> str:
    """Days that follow one another, one at least, in words: ``3天：…至…``."""
    ends = dict.fromkeys((days[0], days[-1]))
    return f"{len(days)}天：{'至'.join(map(dated, ends))}"


def _lines(plan: Plan, changes: Changes, links: Links) -> Iterator[str]:
    if changes.missed:
        yield f"补作此前未核对的{run_of(changes.missed)}。\n"
    if changes.none:
        yield "本次运行没有改变任何事项。\n"
    yield f"- 新认定逾期：{changes.overdue}项"
    if changes.beyond_proposal:
        yield f"- 新超过建议时限（不作逾期认定）：{changes.beyond_proposal}项"
    yield f"- 新增待发消息：{_counted(changes.owed)}"
    yield f"- 撤销的消息（已完成、延期、暂停、终止或已知悉）：{_counted(changes.withdrawn)}"
    yield f"- 发送：{_sent(changes.delivered)}\n"
    yield from (f"注意：{private(note)}\n" for note in changes.notes)
    yield from _late(plan, changes, links)
    yield from _recorded(changes)
    yield from _errors(changes.delivered)


def _counted(counts: Mapping[RungKind, int]) -> str:
    if not counts:
        return "0条"
    parts = "，".join(f"{kind.label}{count}条" for kind, count in counts.items())
    return f"{sum(counts.values())}条（{parts}）"


def _sent(done: DeliveryResult) -> str:
    if done.opens_at is not None:
        opens = f"{done.opens_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        return f"不在办公时间，顺延至{opens}"
    return f"{done.digests}份，含消息{done.sent}条；失败{done.failed}条"


def _late(plan: Plan, changes: Changes, links: Links) -> Iterator[str]:
    if changes.late:
        yield "## 新认定逾期和超过建议时限\n"
        rows = (
            [
                plain(item.city) or plan.said("全省"),
                link(item.name, links.get(item.subject)),
                f"{item.rule} {plain(item.title)}",
                Standing.OVERDUE.said(Origin.PROPOSAL if item.proposed else Origin.NOTICE),
                plain(item.clause),
            ]
            for item in changes.late
        )
        heads = (plan.said("市"), "项目或单位", "事项", "状态", "依据")
        yield from table(dict.fromkeys(heads, "---"), rows)
        left = changes.overdue + changes.beyond_proposal - len(changes.late)
        yield from left_out(left, "项")


def _recorded(changes: Changes) -> Iterator[str]:
    if changes.recorded:
        parts = "，".join(f"{kind.label}{n}条" for kind, n in changes.recorded.items())
        yield f"运行期间的登记：{parts}。\n"


def _errors(done: DeliveryResult) -> Iterator[str]:
    """Who could not be reached, and why."""
    if done.errors:
        yield "## 未能送达\n"
        yield from (f"- {private(error)}" for error in done.errors[:LONGEST])
        yield ""
        yield from left_out(len(done.errors) - LONGEST, "人")


def _files(read: InboxResult) -> Iterator[str]:
    for name, label in ROUND.items():
        lines: tuple[str, ...] = getattr(read, name)
        if lines:
            yield f"## {label}：{len(lines)}份\n"
            yield from (f"- {private(line)}" for line in lines[:LONGEST])
            yield ""
            yield from left_out(len(lines) - LONGEST, "份")
