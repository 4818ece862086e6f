"""Mails that wait for a person: what each says, why it was not registered, and who may decide."""

from collections.abc import Iterator, Sequence
from datetime import date

from common.words import SHANGHAI
from flows.pages.markdown import Page, left_out, page, private, table
from operations.mails.verifying import WaitingAnswer, WaitingReply
from policy.schema import Plan

MOST = 100
"""Mails that are shown; the rest is counted."""
HEAD = {"条": "---:", "事项": "---", "来信所述": "---", "未登记的原因": "---", "由谁核实": "---"}
WHAT_TO_DO = """## 如何处理

- 核实后运行 verify_reply 表单：采纳登记（按经办人的决定登记，以来信为依据）、退回（写明原因，\
来信人会收到告知）、已另行办理（已用其他表单登记的）。
- 核实期间，有关事项最多三个工作日不重复催办；逾期认定和提级不受影响。
- 无法读取的来信，原件可用 xingfu reply open 编号 取出。"""


def replies_page(plan: Plan, waiting: Sequence[WaitingReply], as_of: date) -> Page:
    """The mails of a plan that wait, the oldest first."""
    waits = f"待核实的来信{len(waiting)}封" if waiting else ""
    return page(plan, "replies", "来信核实", as_of, _lines(waiting), waits=waits)


def _lines(waiting: Sequence[WaitingReply]) -> Iterator[str]:
    if not waiting:
        yield "没有待核实的来信。\n"
        return
    yield f"待核实的来信共{len(waiting)}封。\n"
    for reply in waiting[:MOST]:
        yield from _reply(reply)
    yield from left_out(len(waiting) - MOST, "封")
    yield WHAT_TO_DO


def _reply(reply: WaitingReply) -> Iterator[str]:
    on = f"{reply.received_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    who = reply.office or "未能对应到任何一次提醒"
    sure = "" if reply.agreed or not reply.office else "（发件人未经确认）"
    yield f"## {reply.number}　{who}{sure}\n"
    yield f"收到：{on}；主题：{private(reply.subject) or '（无）'}\n"
    yield f"原因：{private(reply.why)}\n"
    if reply.files:
        yield f"附件：{private('、'.join(reply.files))}\n"
    if reply.answers:
        yield from table(HEAD, map(_answer, reply.answers))
    elif reply.written:
        yield f"> {private(' '.join(reply.written.split()))}\n"


def _answer(item: WaitingAnswer) -> tuple[object, ...]:
    what = f"{item.subject} {item.title or item.rule}".strip() or "未写明"
    return (item.position, what, private(item.words), private(item.why), "、".join(item.by))
