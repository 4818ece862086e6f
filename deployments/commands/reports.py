"""Commands for the year's duties: what is due is made once; asked for again, it is the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import RefusedError
from deployments.commands.console import complain, emit, say
from deployments.commands.naming import city_meant
from deployments.commands.options import (
    AsOf,
    Json,
    as_month,
    as_quarter,
    day_option,
    the_day,
    the_desk,
)
from policy.vocabulary import Product

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from operations.cases.desk import Desk
    from operations.duties.issuing import DraftPaper
    from operations.duties.papers import Paper
    from operations.duties.products import KeptProduct
    from operations.duties.supervision import LetterDraft

Month = Annotated[
    str | None,
    typer.Option(
        "--month", parser=as_month, metavar="年-月", help="如 2023-06；默认为最近到期的一月"
    ),
]
Quarter = Annotated[
    str | None,
    typer.Option(
        "--quarter", parser=as_quarter, metavar="季度", help="如 2023Q2；默认为最近到期的一季"
    ),
]
OneCity = Annotated[str | None, typer.Option("--city", metavar="地方", help="全称；不写为全部")]
Anew = Annotated[
    bool, typer.Option("--anew", help="按现在的数据重新编制，另存一版；原来的一版仍保留")
]
Issue = Annotated[bool, typer.Option("--issue", help="签发：登记文号，生成正式文件")]
Number = Annotated[str, typer.Option("--number", metavar="文号", help="如 ××函〔2023〕45号")]
On = Annotated[date | None, day_option("--on", "签发日期")]
Signer = Annotated[str, typer.Option("--signer", metavar="姓名", help="签发人")]
Actor = Annotated[str, typer.Option("--actor", help="签发单位和经办人")]


def letter(
    city: Annotated[str, typer.Argument(metavar="地方")],
    as_of: AsOf = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="文件", help="将草稿另存为 .docx")
    ] = None,
    issue: Annotated[bool, typer.Option("--issue", help="签发：登记文号，生成正式函件")] = False,
    number: Number = "",
    on: On = None,
    signer: Signer = "",
    actor: Actor = "",
    reply_by: Annotated[date | None, day_option("--reply-by", "反馈期限")] = None,
    contact: Annotated[str, typer.Option("--contact", metavar="姓名", help="联系人")] = "",
    phone: Annotated[str, typer.Option("--phone", metavar="电话", help="联系电话")] = "",
    json: Json = False,
) -> None:
    from operations.duties.papers import Signature
    from operations.duties.supervision import ReplyTerms, draft_of, issue_letter

    desk = the_desk()
    day = the_day(desk, as_of)
    city = city_meant(desk, city)
    draft = draft_of(desk, city, day)
    if draft is None:
        say(f"截至{day}，{city}没有已到督办阶段的逾期事项")
    elif issue:
        signed = Signature(number, the_day(desk, on), signer, actor)
        reply = ReplyTerms(reply_by, contact, phone)
        _issue(desk, partial(issue_letter, draft=draft, signed=signed, reply=reply), "函件", json)
    else:
        _show(desk, draft, file, json)


def _show(desk: Desk, draft: LetterDraft, file: Path | None, json: bool) -> None:
    from documents.papers.letters import draft as drafted
    from documents.writing.saving import write
    from operations.duties.papers import template

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


def bulletin(
    month: Month = None,
    as_of: AsOf = None,
    issue: Issue = False,
    number: Number = "",
    on: On = None,
    signer: Signer = "",
    actor: Actor = "",
    json: Json = False,
) -> None:
    desk = the_desk()
    made = _made(desk, Product.BULLETIN, month, desk.plan.province, as_of)
    _letters(desk, [made], (number, on, signer, actor) if issue else None, json)


def feedback(
    quarter: Quarter = None,
    city: OneCity = None,
    as_of: AsOf = None,
    issue: Issue = False,
    number: Number = "",
    on: On = None,
    signer: Signer = "",
    actor: Actor = "",
    json: Json = False,
) -> None:
    desk = the_desk()
    made = [_made(desk, Product.FEEDBACK, quarter, name, as_of) for name in _cities(desk, city)]
    _letters(desk, made, (number, on, signer, actor) if issue else None, json)


def results(
    city: OneCity = None,
    as_of: AsOf = None,
    anew: Anew = False,
    issue: Issue = False,
    number: Number = "",
    on: On = None,
    signer: Signer = "",
    actor: Actor = "",
    json: Json = False,
) -> None:
    desk = the_desk()
    names = _cities(desk, city) + ([] if city else [desk.plan.province])
    made = [_made(desk, Product.RESULTS, None, name, as_of, anew=anew) for name in names]
    _letters(desk, made, (number, on, signer, actor) if issue else None, json)


def monthly(month: Month = None, as_of: AsOf = None, json: Json = False) -> None:
    _one(Product.REPORTS, month, as_of, json)


def inspection(as_of: AsOf = None, anew: Anew = False, json: Json = False) -> None:
    _one(Product.VISITS, None, as_of, json, anew=anew)


def inspected(as_of: AsOf = None, json: Json = False) -> None:
    _one(Product.INSPECTION, None, as_of, json)


def acceptance(as_of: AsOf = None, anew: Anew = False, json: Json = False) -> None:
    _one(Product.SCHEDULE, None, as_of, json, anew=anew)


def evaluation(month: Month = None, as_of: AsOf = None, json: Json = False) -> None:
    _one(Product.EVALUATION, month, as_of, json)


def curves(month: Month = None, as_of: AsOf = None, json: Json = False) -> None:
    _one(Product.CURVES, month, as_of, json)


def risks(as_of: AsOf = None, json: Json = False) -> None:
    _one(Product.RISKS, None, as_of, json)


def _one(
    kind: Product, period: str | None, as_of: date | None, json: bool, *, anew: bool = False
) -> None:
    desk = the_desk()
    made = _made(desk, kind, period, desk.plan.province, as_of, anew=anew)
    emit(made) if json else _tell(made, _files(desk, made))


def _made(
    desk: Desk,
    kind: Product,
    period: str | None,
    subject: str,
    as_of: date | None,
    *,
    anew: bool = False,
) -> KeptProduct[Any]:
    from common.clock import now, today
    from operations.daily.enforcement import day_to_enforce
    from operations.duties.products import make, occasion
    from operations.duties.year import fulfil, job_of

    job, day = job_of(kind), day_to_enforce(as_of, today(desk.settings.business_date))
    asked = occasion(desk, job, period, subject, day)
    asked = replace(asked, on=day) if anew else asked
    for _, needed in fulfil(desk, job.needs, day, now()):
        if isinstance(needed, RefusedError):
            raise needed
    return make(desk, job, asked, now(), anew=anew)


def _cities(desk: Desk, city: str | None) -> list[str]:
    if city is None:
        return [item.name for item in desk.plan.cities]
    return [city_meant(desk, city)]


def _letters(
    desk: Desk,
    made: list[KeptProduct[Any]],
    signed: tuple[str, date | None, str, str] | None,
    json: bool,
) -> None:
    """Lay drafts out; with what a person has signed, issue the one that is asked for."""
    from operations.duties.issuing import find_draft, issue_paper
    from operations.duties.papers import Signature

    drafts = [
        find_draft(desk, item.kind, item.occasion.period, item.occasion.subject) for item in made
    ]
    if signed is not None:
        if len(drafts) != 1:
            raise RefusedError("一次只能签发一件，请写明 --city")
        number, on, signer, actor = signed
        by = Signature(number, the_day(desk, on), signer, actor)
        _issue(desk, partial(issue_paper, draft=drafts[0], signed=by), "文件", json)
    elif json:
        emit(made)
    else:
        for draft in drafts:
            _tell_draft(desk, draft)


def _issue(desk: Desk, issue: Callable[..., Paper], what: str, json: bool) -> None:
    """Issue what a person has signed, and say where it lies."""
    from common.clock import now, today
    from models.database import writing
    from operations.duties.papers import lay_out

    with writing(desk.engine) as session:
        paper = issue(session, desk, today=today(desk.settings.business_date), at=now())
    file = lay_out(desk, paper)
    if json:
        emit(paper)
    else:
        say(f"已签发 {paper.number}“{paper.letter.title}”，正式{what}：{file}")


def _tell_draft(desk: Desk, draft: DraftPaper) -> None:
    say(draft.made.content.title)
    _tell(draft.made, _files(desk, draft.made))
    if draft.issued:
        paper = draft.issued
        complain(f"注意：已于{paper.on}以{paper.number}签发，签发人{paper.signer}")


def _tell(made: KeptProduct[Any], files: Sequence[Path]) -> None:
    asked = made.occasion
    version = f"第{made.version}版，" if made.version > 1 else ""
    say(f"{asked.period}{asked.subject}{made.kind.label}（{version}截至{asked.on}）")
    for path in files:
        say(f"  {path}")


def _files(desk: Desk, made: KeptProduct[Any]) -> Sequence[Path]:
    from operations.duties.products import lay_out
    from operations.duties.year import job_of

    return lay_out(desk, job_of(made.kind), made)
