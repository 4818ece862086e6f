"""The command that drafts and issues supervision letters."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.console import complain, emit, say
from deployments.options import AsOf, Json, as_date, the_day, the_desk

if TYPE_CHECKING:
    from flows.operations.desk import Desk
    from flows.operations.letters import Reply
    from flows.operations.papers import Signature
    from flows.operations.supervision import Draft

Day = Annotated[date | None, typer.Option("--on", parser=as_date, metavar="日期", help="签发日期")]
ReplyBy = Annotated[
    date | None, typer.Option("--reply-by", parser=as_date, metavar="日期", help="反馈期限")
]


def letter(
    city: Annotated[str, typer.Argument(metavar="市")],
    as_of: AsOf = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="文件", help="将草稿另存为 .docx")
    ] = None,
    issue: Annotated[bool, typer.Option("--issue", help="签发：登记文号，生成正式函件")] = False,
    number: Annotated[
        str, typer.Option("--number", metavar="文号", help="如 晋民函〔2023〕45号")
    ] = "",
    on: Day = None,
    signer: Annotated[str, typer.Option("--signer", metavar="姓名", help="签发人")] = "",
    actor: Annotated[str, typer.Option("--actor", help="签发机构和经办人")] = "",
    reply_by: ReplyBy = None,
    contact: Annotated[str, typer.Option("--contact", metavar="姓名", help="联系人")] = "",
    phone: Annotated[str, typer.Option("--phone", metavar="电话", help="联系电话")] = "",
    json: Json = False,
) -> None:
    from flows.operations.letters import Reply
    from flows.operations.papers import Signature
    from flows.operations.supervision import draft_of

    desk = the_desk()
    day = the_day(desk, as_of)
    draft = draft_of(desk, city, day)
    if draft is None:
        say(f"截至{day}，{city}没有已到督办阶段的逾期事项")
    elif issue:
        signed = Signature(number, the_day(desk, on), signer, actor)
        _issue(desk, draft, signed, Reply(reply_by, contact, phone), json)
    else:
        _show(desk, draft, file, json)


def _show(desk: Desk, draft: Draft, file: Path | None, json: bool) -> None:
    from documents.letters import draft as drafted
    from documents.saving import write
    from flows.operations.stationery import template

    if file:
        write(file, drafted(draft.letter, template(desk)))
    if json:
        emit(draft)
        return
    say("\n".join(draft.letter.words))
    for paper in (*draft.earlier, *([draft.issued] if draft.issued else [])):
        complain(f"注意：{paper.on}已以{paper.number}签发“{paper.letter.title}”，其中有相同事项")
    if file:
        say(f"草稿已写入 {file}")


def _issue(desk: Desk, draft: Draft, signed: Signature, reply: Reply, json: bool) -> None:
    from flows.business_date import now, today
    from flows.operations.papers import lay_out
    from flows.operations.supervision import issue_letter
    from models.database import writing

    with writing(desk.engine) as session:
        day, at = today(desk.settings), now()
        paper = issue_letter(session, desk, draft, signed, reply, today=day, at=at)
    file = lay_out(desk, paper)
    if json:
        emit(paper)
    else:
        say(f"已签发 {paper.number}“{paper.letter.title}”，正式函件：{file}")
