"""Commands that write. Imports are inside them, so that each starts with only its own."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from deployments.commands.console import complain, emit, say
from deployments.commands.naming import action_meant, fact_meant, rule_meant, subject_meant
from deployments.commands.options import (
    WHO,
    Actor,
    Amount,
    AsOf,
    Code,
    Evidence,
    Expected,
    Files,
    Json,
    OnDay,
    PlanId,
    Seen,
    TheAmount,
    ToDay,
    Until,
    Why,
    day_option,
    exhibits,
    local_user,
    own_settings,
    pairs,
    purse_meant,
    the_desk,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from operations.cases.casework import Act, ActResult
    from operations.cases.desk import Desk
    from operations.cases.review import Determination
    from operations.daily.delivery import DeliveryResult

T = TypeVar("T")


def init(
    plan: PlanId = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="方案或日历有变更的，确认写入；不加则只显示影响")
    ] = False,
    actor: Annotated[str, typer.Option("--actor", help=f"变更由谁决定：{WHO}")] = "",
    evidence: Annotated[str, typer.Option("--evidence", help="变更的批准文件")] = "",
    since: Annotated[date | None, day_option("--since", "变更自哪一天起施行，默认今天")] = None,
) -> None:
    from common.clock import now, today
    from operations.upkeep.rules import Approval, adopt, change_lines, foresee, install
    from operations.upkeep.setup import prepare

    desk = prepare(own_settings(), plan).entered_by(local_user())
    day = today(desk.settings.business_date)
    change = foresee(desk, day, now())
    if change is None:
        install(desk, now())
    elif confirm:
        change = adopt(desk, Approval(actor, evidence, since), day, now())
    for line in change_lines(desk, change) if change else ():
        say(line)
    if change and not confirm:
        asked = " --actor 经办 --evidence 批准文件" if change.legal else ""
        say(f"尚未写入。确认无误后请运行：xingfu init --plan {desk.plan.id} --confirm{asked}")
        return
    say(f"已装入 {desk.plan.notice.number}《{desk.plan.name}》，状态保存在 {desk.settings.home}")


def enforce(
    as_of: AsOf = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="确认该日无误：因日期可疑被拒绝，且已核对系统时间")
    ] = False,
    actor: Annotated[str, typer.Option("--actor", help=f"确认的单位：{WHO}")] = "",
    evidence: Annotated[str, typer.Option("--evidence", help="确认的理由")] = "",
    json: Json = False,
) -> None:
    from common.clock import now, today
    from operations.daily import enforcement
    from operations.daily.confirmation import Confirmation, DoubtfulDayError
    from operations.upkeep.admins import tell_of_refusal

    desk, at = the_desk(), now()
    day = enforcement.day_to_enforce(as_of, today(desk.settings.business_date))
    day = day if as_of or confirm else enforcement.working_day(desk, day)
    try:
        confirmed = Confirmation(actor, evidence) if confirm else None
        done = enforcement.enforce_in_earnest(desk, day, at, confirmed)
    except DoubtfulDayError as refusal:
        for trouble in tell_of_refusal(desk.settings, str(refusal), at):
            complain(f"未能通知系统管理员：{trouble}")
        raise
    if json:
        emit(done)
        return
    say(
        f"截至 {done.as_of}：新增待发消息{done.messages}条，"
        f"新认定逾期或超过建议时限{done.marked_overdue}项"
    )
    for note in done.notes:
        complain(f"注意：{note}")


def rewind(
    to: ToDay,
    actor: Actor,
    evidence: Why,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="写入；不加则只列出将要回退的内容")
    ] = False,
    json: Json = False,
) -> None:
    from common.clock import now, today
    from operations.upkeep.rewind import Rewind, preview
    from operations.upkeep.rewind import rewind as take_back

    desk, asked = the_desk(), Rewind(to, actor, evidence)
    day = today(desk.settings.business_date)
    if confirm:
        done = take_back(desk, asked, today=day, at=now())
    else:
        done = preview(desk, asked, today=day)
    if json:
        emit(done)
        return
    days = "、".join(map(str, done.days)) or "无"
    say(f"{'已回退' if confirm else '将回退'}到{to}，其后核对过的日期：{days}")
    say(f"  逾期认定作废{done.marks}项，未发消息撤回{done.withdrawn}条")
    say(f"  时限的提醒进度和状态恢复{done.deadlines}项")
    say(f"  期间形成的月末数据、通报等作废{done.products}份，到期重新编制")
    say(f"  已误告知{len(done.told)}人，各发一次更正")
    if done.unclear:
        listed = "、".join(done.unclear[:10])
        complain(f"注意：{len(done.unclear)}项时限无法按记录完全重建，请核对：{listed}")
    if not confirm:
        say("未写入；确认无误后加 --confirm 写入")


def deliver(json: Json = False) -> None:
    from common.clock import now
    from common.errors import UnavailableError
    from operations.daily import delivery
    from operations.upkeep.watching import tell_of_reach

    desk = the_desk()
    done = delivery.deliver(desk, now, insist=True)
    untold = tell_of_reach(desk.settings, now())
    if json:
        emit(done)
    elif done.opens_at is not None:
        say(f"现在不在办公时间，未发送；待发消息顺延至{done.opens_at:%Y-%m-%d %H:%M}发送")
    else:
        say(f"已发送{done.digests}份，含消息{done.sent}条；失败{done.failed}条")
    for warning in _warnings(done):
        complain(f"注意：{warning}")
    for reason in untold:
        complain(f"未能告知系统管理员：{reason}")
    for error in done.errors:
        complain(error)
    if done.errors:
        raise typer.Exit(UnavailableError.exit_code)


def _warnings(done: DeliveryResult) -> Iterator[str]:
    if done.held_back:
        yield (
            f"{done.held_back}条消息按尚未到来的日期作出，不予发送；"
            "请核对系统时间，确属误核对的请用 xingfu rewind 回退"
        )
    if done.put_off:
        yield f"{done.put_off}人的发送对象没有响应，本次未再尝试，留待下次发送"
    for refused in done.refused:
        yield f"{refused}；请更正其通知方式"


def advance(
    code: Code,
    action: Annotated[str, typer.Argument(metavar="动作", help="如 confirm_site，见 project show")],
    on: OnDay,
    actor: Actor,
    evidence: Evidence = "",
    amount: Amount = None,
    reason: Annotated[
        list[str] | None,
        typer.Option("--reason", metavar="条件=说明", help="引导性要求不符的书面说明，如 R16=…"),
    ] = None,
    check: Annotated[
        list[str] | None,
        typer.Option("--check", metavar="项目=结果", help="验收表，如 area=1195.50"),
    ] = None,
    seen: Seen = None,
    file: Files = None,
) -> None:
    from operations.cases.casework import Act
    from operations.cases.casework import advance as take

    reasons, checks, desk = pairs("--reason", reason), pairs("--check", check), the_desk()
    code, action = subject_meant(desk, code), action_meant(desk, action)
    act = Act(code, action, on, actor, evidence, reasons, amount, checks, seen)
    done = _perform(desk, take, act, file)
    moved = done.from_stage != done.to_stage
    say(f"{code} 已办理：{done.from_stage}" + (f" → {done.to_stage}" if moved else "（阶段不变）"))


def record(
    code: Annotated[str, typer.Argument(metavar="项目（单位）", help="项目编码或地方名称")],
    milestone: Annotated[
        str, typer.Argument(metavar="节点", help="节点名、留痕事项，或各地、各级事项的时限编号")
    ],
    on: OnDay,
    actor: Annotated[
        str, typer.Option("--actor", help=f"{WHO}；节点和事项默认为应当办理的单位")
    ] = "",
    evidence: Evidence = "",
    seen: Seen = None,
    file: Files = None,
) -> None:
    from operations.cases.casework import Act
    from operations.cases.casework import record as note
    from operations.cases.effects import action_label

    desk = the_desk()
    code, milestone = subject_meant(desk, code), fact_meant(desk, milestone)
    who = actor or _own_office(desk, code, milestone)
    _perform(desk, note, Act(code, milestone, on, who, evidence, seen=seen), file)
    say(f"{code} 已登记“{action_label(desk, milestone)}”：{on}")


def extend(
    code: Annotated[str, typer.Argument(metavar="项目（单位）", help="项目编码或地方名称")],
    rule: Annotated[str, typer.Argument(metavar="时限", help="如 D08 或 D10-03")],
    until: Until,
    on: OnDay,
    actor: Actor,
    evidence: Why,
    seen: Seen = None,
    file: Files = None,
) -> None:
    from operations.cases.extensions import Extension
    from operations.cases.extensions import extend as put_off

    desk = the_desk()
    code, rule = subject_meant(desk, code), rule_meant(desk, rule)
    done = _write(desk, put_off, Extension(code, rule, until, on, actor, evidence, seen), file)
    say(f"{code} {rule} 已延期：逾期认定由{done.old}改为{done.new}")


def acknowledge(
    code: Annotated[str, typer.Argument(metavar="项目（单位）", help="项目编码或地方名称")],
    rule: Annotated[str, typer.Argument(metavar="时限", help="如 D08 或 D10-03")],
    expected: Expected,
    on: OnDay,
    actor: Actor,
    reason: Annotated[str, typer.Option("--reason", help="尚未完成的原因")],
    seen: Seen = None,
    file: Files = None,
) -> None:
    from operations.cases.acknowledgement import Acknowledgement
    from operations.cases.acknowledgement import acknowledge as note

    desk = the_desk()
    code, rule = subject_meant(desk, code), rule_meant(desk, rule)
    _write(desk, note, Acknowledgement(code, rule, expected, on, actor, reason, seen), file)
    say(f"{code} {rule} 已登记知悉：至{expected}（含当日）不再重复催办，提级照常")


def retry(
    person: Annotated[
        str | None, typer.Option("--person", help="只重发给此人，写法见 xingfu outbox，默认全部")
    ] = None,
) -> None:
    from operations.views.outbox import retry as again

    say(f"已将{again(the_desk(), person)}条未送达消息重新列入待发，下次发送时再试")


def amend(
    code: Code,
    milestone: Annotated[str, typer.Argument(metavar="节点", help="已登记的节点")],
    on: OnDay,
    actor: Actor,
    evidence: Why,
    seen: Seen = None,
    file: Files = None,
) -> None:
    from operations.cases.casework import Act
    from operations.cases.casework import amend as change

    desk = the_desk()
    code, milestone = subject_meant(desk, code), fact_meant(desk, milestone)
    _perform(desk, change, Act(code, milestone, on, actor, evidence, seen=seen), file)
    say(f"{code} 已变更 {milestone}：{on}")


def reverse(
    row: Annotated[int, typer.Argument(metavar="记录号", help="见 project show 的办理记录")],
    on: OnDay,
    actor: Actor,
    evidence: Why,
    whole: Annotated[
        bool, typer.Option("--whole", help="连同同一次导入的全部记录一并更正")
    ] = False,
    file: Files = None,
) -> None:
    from operations.cases.corrections import Reversal, reverse_whole
    from operations.cases.corrections import reverse as undo

    asked, desk = Reversal(row, on, actor, evidence), the_desk()
    done = _write(desk, reverse_whole, asked, file) if whole else (_write(desk, undo, asked, file),)
    if whole:
        say(f"已更正与第{row}号记录同时导入的记录，共{len(done)}条：")
    for code, label in done:
        which = "" if whole else f"第{row}号记录"
        say(f"{code} 已更正：{which}（{label}）不再计入，原记录保留")


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
    file: Files = None,
) -> None:
    from operations.cases.review import OpinionStatement, give_opinion
    from states.review import total

    scores = {name: _points(words) for name, words in pairs("--score", score).items()}
    desk = the_desk()
    code = subject_meant(desk, code)
    given = OpinionStatement(code, expert, organisation, scores, on, actor, evidence, seen)
    say(f"{code} 已登记{expert}的评审意见：{total(_write(desk, give_opinion, given, file))}分")


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
    file: Files = None,
) -> None:
    from operations.cases.review import Determination, propose
    from operations.cases.review import determine as decide

    if confirm and decline:
        raise typer.BadParameter("--confirm 和 --decline 只能用一个")
    if decline:
        _decline(Determination(on, actor, evidence), file)
        return
    if confirm:
        selection = _write(the_desk(), decide, Determination(on, actor, evidence), file)
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
        str,
        typer.Option(
            "--source", help="资金来源：province、city、county、other，或方案所列资金渠道"
        ),
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
    file: Files = None,
) -> None:
    from operations.cases.money import Booking
    from operations.cases.money import book as enter
    from policy.vocabulary import EntryKind, Holder

    desk = the_desk()
    code, (whose, fund) = subject_meant(desk, code), purse_meant(desk.plan, source)
    booking = Booking(
        subject=code,
        entry=word(EntryKind, entry),
        on=on,
        source=whose,
        fund=fund,
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
    balances = _write(desk, enter, booking, file)
    say(f"{code} 已登记{booking.entry.label}{amount:,.2f}元")
    for (purse, where), left in balances.items():
        if left:
            say(f"  {desk.plan.said(where.label)}结存{desk.plan.purse_name(purse)}：{left:,.2f}元")


def _decline(decision: Determination, named: list[Path] | None) -> None:
    from operations.cases.determination import decline

    new = _write(the_desk(), decline, decision, named)
    say("已登记：建议名单未获同意，项目不变" if new else "此前已登记，本次未重复登记")


def audit_rekey(actor: Actor, evidence: Evidence) -> None:
    from common.clock import now, today
    from operations.upkeep.setup import change_key

    desk = the_desk()
    day = today(desk.settings.business_date)
    mark = change_key(desk, actor, evidence, today=day, at=now())
    say(f"已启用现有密钥（指纹 {mark}）；此前的记录今后只能核验次序，请将现有密钥与备份分开保存")


def _points(words: str) -> Decimal:
    if not re.fullmatch(r"\d+(\.\d)?", words):
        raise typer.BadParameter(f"“{words}”不是分数，请填写数字，最多一位小数")
    return Decimal(words)


def _own_office(desk: Desk, code: str, fact: str) -> str:
    from operations.cases.authority import own_office

    with desk.reading() as session:
        return own_office(session, desk, code, fact)


def _perform(
    desk: Desk, operation: Callable[..., ActResult], act: Act, named: list[Path] | None = None
) -> ActResult:
    from common.clock import now, today
    from operations.cases.casework import perform

    day, handed = today(desk.settings.business_date), exhibits(desk, named)
    done = perform(desk, operation, act, today=day, at=now(), exhibits=handed)
    for warning in done.warnings:
        complain(f"注意：{warning}")
    return done


def _write(
    desk: Desk, operation: Callable[..., T], asked: object, named: list[Path] | None = None
) -> T:
    from common.clock import now, today
    from models.database import writing
    from operations.cases.authority import doubts_told
    from operations.cases.evidence import proven

    handed = exhibits(desk, named)
    with writing(desk.engine) as session, proven(session, desk, handed):
        done = operation(session, desk, asked, today=today(desk.settings.business_date), at=now())
        doubted = doubts_told(session)
    for doubt in doubted:
        complain(f"注意：{doubt}")
    return done
