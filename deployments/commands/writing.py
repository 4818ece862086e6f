"""Commands that write. Imports are inside them, so that each starts with only its own."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from deployments.commands.console import complain, emit, say
from deployments.commands.options import (
    Actor,
    Amount,
    AsOf,
    Code,
    Evidence,
    Expected,
    Json,
    OnDay,
    PlanId,
    Seen,
    TheAmount,
    Until,
    Why,
    pairs,
    the_desk,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from operations.cases.casework import Act, ActResult
    from operations.cases.review import Determination

T = TypeVar("T")


def init(plan: PlanId = None) -> None:
    from common.clock import now
    from models.settings import load_settings
    from operations.upkeep.setup import initialise

    desk = initialise(load_settings(), plan, now())
    say(f"已装入 {desk.plan.notice.number}《{desk.plan.name}》，状态保存在 {desk.settings.home}")


def enforce(as_of: AsOf = None, json: Json = False) -> None:
    from common.clock import now, today
    from operations.daily import enforcement

    desk = the_desk()
    day = enforcement.day_to_enforce(as_of, today(desk.settings.business_date))
    done = enforcement.enforce(desk, day, now())
    if json:
        emit(done)
        return
    say(f"截至 {done.as_of}：新增待发消息{done.messages}条，新认定逾期{done.marked_overdue}项")
    for note in done.notes:
        complain(f"注意：{note}")


def deliver(json: Json = False) -> None:
    from common.clock import now
    from common.errors import UnavailableError
    from operations.daily import delivery

    done = delivery.deliver(the_desk(), now, insist=True)
    if json:
        emit(done)
    elif done.opens_at is not None:
        say(f"现在不在办公时间，未发送；待发消息顺延至{done.opens_at:%Y-%m-%d %H:%M}发送")
    else:
        say(f"已发送{done.digests}份，含消息{done.sent}条；失败{done.failed}条")
    for error in done.errors:
        complain(error)
    if done.errors:
        raise typer.Exit(UnavailableError.exit_code)


def advance(
    code: Code,
    action: Annotated[str, typer.Argument(metavar="动作", help="如 confirm_site，见 project show")],
    on: OnDay,
    actor: Actor,
    evidence: Evidence = "",
    amount: Amount = None,
    reason: Annotated[
        list[str] | None,
        typer.Option("--reason", metavar="条件=说明", help="软性条件不符的书面说明，如 R16=…"),
    ] = None,
    check: Annotated[
        list[str] | None,
        typer.Option("--check", metavar="项目=结果", help="验收表，如 area=1195.50"),
    ] = None,
    seen: Seen = None,
) -> None:
    from operations.cases.casework import Act
    from operations.cases.casework import advance as take

    reasons, checks = pairs("--reason", reason), pairs("--check", check)
    act = Act(code, action, on, actor, evidence, reasons, amount, checks, seen)
    done = _perform(take, act)
    moved = done.from_stage != done.to_stage
    say(f"{code} 已办理：{done.from_stage}" + (f" → {done.to_stage}" if moved else "（阶段不变）"))


def record(
    code: Annotated[str, typer.Argument(metavar="对象", help="项目编码、市名或省名")],
    milestone: Annotated[
        str, typer.Argument(metavar="节点", help="节点名、留痕事项，或市、省事项的时限编号")
    ],
    on: OnDay,
    actor: Annotated[str | None, typer.Option("--actor", help="经办人，默认本机用户")] = None,
    evidence: Evidence = "",
    seen: Seen = None,
) -> None:
    import getpass

    from operations.cases.casework import Act
    from operations.cases.casework import record as note

    who = f"本机用户 {getpass.getuser()}" if actor is None else actor
    _perform(note, Act(code, milestone, on, who, evidence, seen=seen))
    say(f"{code} 已登记 {milestone}：{on}")


def extend(
    code: Annotated[str, typer.Argument(metavar="对象", help="项目编码、市名或省名")],
    rule: Annotated[str, typer.Argument(metavar="时限", help="如 D08 或 D10-03")],
    until: Until,
    on: OnDay,
    actor: Actor,
    evidence: Why,
    seen: Seen = None,
) -> None:
    from operations.cases.extensions import Extension
    from operations.cases.extensions import extend as put_off

    done = _write(put_off, Extension(code, rule, until, on, actor, evidence, seen))
    say(f"{code} {rule} 已延期：逾期认定由{done.old}改为{done.new}")


def acknowledge(
    code: Annotated[str, typer.Argument(metavar="对象", help="项目编码、市名或省名")],
    rule: Annotated[str, typer.Argument(metavar="时限", help="如 D08 或 D10-03")],
    expected: Expected,
    on: OnDay,
    actor: Actor,
    reason: Annotated[str, typer.Option("--reason", help="尚未完成的原因")],
    seen: Seen = None,
) -> None:
    from operations.cases.acknowledgement import Acknowledgement
    from operations.cases.acknowledgement import acknowledge as note

    _write(note, Acknowledgement(code, rule, expected, on, actor, reason, seen))
    say(f"{code} {rule} 已登记知悉：至{expected}（含当日）不再重复催办，提级照常")


def retry(
    person: Annotated[
        str | None, typer.Option("--person", help="只重发给此人，写法见 xingfu outbox，默认全部")
    ] = None,
) -> None:
    from operations.views.outbox import retry as again

    say(f"已将{again(the_desk(), person)}条死信重新列入待发，下次发送时再试")


def amend(
    code: Code,
    milestone: Annotated[str, typer.Argument(metavar="节点", help="已登记的节点")],
    on: OnDay,
    actor: Actor,
    evidence: Why,
    seen: Seen = None,
) -> None:
    from operations.cases.casework import Act
    from operations.cases.casework import amend as change

    _perform(change, Act(code, milestone, on, actor, evidence, seen=seen))
    say(f"{code} 已变更 {milestone}：{on}")


def reverse(
    row: Annotated[int, typer.Argument(metavar="记录号", help="见 project show 的办理记录")],
    on: OnDay,
    actor: Actor,
    evidence: Why,
) -> None:
    from operations.cases.corrections import Reversal
    from operations.cases.corrections import reverse as undo

    code, label = _write(undo, Reversal(row, on, actor, evidence))
    say(f"{code} 已更正：第{row}号记录（{label}）不再计入，原记录保留")


def opinion(
    code: Code,
    expert: Annotated[str, typer.Option("--expert", help="专家姓名")],
    organisation: Annotated[str, typer.Option("--organisation", help="专家所在单位")],
    score: Annotated[
        list[str], typer.Option("--score", metavar="指标=分", help="每项指标一次，见 plan show")
    ],
    on: OnDay,
    actor: Actor,
    evidence: Evidence = "",
    seen: Seen = None,
) -> None:
    from operations.cases.review import OpinionStatement, give_opinion
    from states.review import total

    scores = {name: _points(words) for name, words in pairs("--score", score).items()}
    given = OpinionStatement(code, expert, organisation, scores, on, actor, evidence, seen)
    say(f"{code} 已登记{expert}的评审意见：{total(_write(give_opinion, given))}分")


def determine(
    on: OnDay,
    actor: Actor,
    evidence: Evidence = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="写入决定；不加则只列出建议名单")
    ] = False,
    decline: Annotated[
        bool, typer.Option("--decline", help="登记建议名单未获同意；项目不变")
    ] = False,
) -> None:
    from operations.cases.review import Determination, propose
    from operations.cases.review import determine as decide

    if confirm and decline:
        raise typer.BadParameter("--confirm 和 --decline 只能用一个")
    if decline:
        _decline(Determination(on, actor, evidence))
        return
    if confirm:
        selection = _write(decide, Determination(on, actor, evidence))
        say(f"已确定{len(selection.determined)}个，列为替补{len(selection.reserves)}个")
    else:
        selection = propose(the_desk())
        say(f"建议确定{len(selection.determined)}个（未写入，加 --confirm 写入）：")
        say("\n".join(f"  {code}" for code in selection.determined) or "  无")
    for code, rank in selection.reserves:
        say(f"  替补第{rank}位 {code}")
    for tie in selection.ties:
        complain(f"注意：{tie}")
    for city, missing in selection.short.items():
        complain(f"注意：{city}评审通过的项目比名额少{missing}个")


def book(
    code: Code,
    entry: Annotated[
        str, typer.Argument(metavar="类别", help="receipt 到账、transfer 拨付、expense 支出")
    ],
    on: OnDay,
    source: Annotated[
        str, typer.Option("--source", help="资金来源：province、city、county、other")
    ],
    holder: Annotated[str, typer.Option("--holder", help="资金所在：city、county、project")],
    amount: TheAmount,
    voucher: Annotated[str, typer.Option("--voucher", help="凭证号，一证一笔")],
    actor: Actor,
    to: Annotated[str | None, typer.Option("--to", help="拨付给：county、project")] = None,
    category: Annotated[str | None, typer.Option("--category", help="支出类别")] = None,
    payee: Annotated[str | None, typer.Option("--payee", help="收款单位")] = None,
    evidence: Evidence = "",
    seen: Seen = None,
) -> None:
    from operations.cases.money import Booking
    from operations.cases.money import book as enter
    from policy.vocabulary import EntryKind, Holder, Source

    booking = Booking(
        subject=code,
        entry=word(EntryKind, entry),
        on=on,
        source=word(Source, source),
        holder=word(Holder, holder),
        amount=amount,
        voucher=voucher,
        actor=actor,
        to_holder=word(Holder, to) if to else None,
        category=category,
        payee=payee,
        evidence=evidence,
        seen=seen,
    )
    balances = _write(enter, booking)
    say(f"{code} 已登记{booking.entry.label}{amount:,.2f}元")
    for (whose, where), left in balances.items():
        if left:
            say(f"  {where.label}结存{whose.label}：{left:,.2f}元")


def _decline(decision: Determination) -> None:
    from operations.cases.determination import decline

    new = _write(decline, decision)
    say("已登记：建议名单未获同意，项目不变" if new else "此前已登记，本次未重复登记")


def _points(words: str) -> Decimal:
    if not re.fullmatch(r"\d+(\.\d)?", words):
        raise typer.BadParameter(f"“{words}”不是分数，请填写数字，最多一位小数")
    return Decimal(words)


def _perform(operation: Callable[..., ActResult], act: Act) -> ActResult:
    from common.clock import now, today
    from operations.cases.casework import perform

    desk = the_desk()
    done = perform(desk, operation, act, today=today(desk.settings.business_date), at=now())
    for warning in done.warnings:
        complain(f"注意：{warning}")
    return done


def _write(operation: Callable[..., T], asked: object) -> T:
    from common.clock import now, today
    from models.database import writing

    desk = the_desk()
    with writing(desk.engine) as session:
        return operation(session, desk, asked, today=today(desk.settings.business_date), at=now())
