"""Commands about mails that wait for a person. Imports are inside them, as elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.words import SHANGHAI
from deployments.commands.console import emit, listed, say
from deployments.commands.options import Actor, Json, the_desk, word

if TYPE_CHECKING:
    from operations.mails.verifying import WaitingReply

Number = Annotated[str, typer.Argument(metavar="来信编号", help="xingfu reply list 所列的编号")]


def list_(json: Json = False) -> None:
    from operations.mails.verifying import waiting_replies

    found = waiting_replies(the_desk())
    if json:
        emit(found)
        return
    listed(
        f"待核实的来信（共{len(found)}封）",
        found,
        {
            "编号": lambda item: item.number,
            "收到": lambda item: f"{item.received_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            "单位": lambda item: item.office or "未能对应",
            "发件人": lambda item: "已确认" if item.agreed else "未确认",
            "主题": lambda item: item.subject,
            "来信所述": _said,
            "原因": lambda item: item.why,
        },
    )


def _said(item: WaitingReply) -> str:
    lines = (f"（{each.position}）{each.words}" for each in item.answers)
    return "；".join(lines) or item.written


def verify_(
    number: Number,
    decision: Annotated[
        str,
        typer.Argument(
            metavar="决定", help="taken_over 采纳登记、sent_back 退回、set_aside 已另行办理"
        ),
    ],
    actor: Actor,
    why: Annotated[str, typer.Option("--why", help="核实的依据，或退回、另行办理的原因")],
    item: Annotated[
        list[int] | None, typer.Option("--item", help="来信中的第几条；不写为全部待核实的")
    ] = None,
) -> None:
    from common.clock import now, today
    from operations.mails.verifying import Verification, verify
    from policy.vocabulary import ReplyDecision

    desk = the_desk()
    said = Verification(number, word(ReplyDecision, decision), actor, why, tuple(item or ()))
    with desk.writing() as session:
        lines = verify(session, desk, said, today=today(desk.settings.business_date), at=now())
    for line in lines:
        say(line)


def open_(
    number: Number,
    file: Annotated[Path, typer.Argument(metavar="文件", help="取出到的 .eml 文件")],
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的同名文件")] = False,
) -> None:
    from common.files import put
    from operations.mails.verifying import original

    put(file, original(the_desk(), number), force=force)
    say(f"来信 {number} 的原件已取出：{file}")
