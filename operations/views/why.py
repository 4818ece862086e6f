"""Why somebody was told something, and why nothing was told on a day. Chinese text for staff."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import takewhile

from common.errors import RefusedError
from common.words import SHANGHAI, dated, shanghai_day
from models.audits import acknowledgements, history
from models.deliveries import deliveries_of
from models.inbox import answered
from models.outbox import find_message, messages_about
from models.projects import find_subject
from models.tables import Audit, DeadlineRow, Delivery, Outbox, is_correction, is_receipt
from operations.cases.desk import Desk
from operations.cases.fulfilment import deadline_of
from operations.views.plan_versions import decided_under
from policy.schema import Plan
from policy.timing import rung_words
from policy.vocabulary import (
    ChannelKind,
    DeliveryStatus,
    Disposition,
    Level,
    MessageStatus,
    Origin,
    RecipientReason,
    RungKind,
    Standing,
)
from states.decide import RungDate, Situation, is_silenced, steps
from states.workdays import UnknownYearError

WITHDRAWN = "发送前已不成立（已完成、延期、暂停、终止、已知悉或来信待核实），故撤销"


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons, one a line, the most important first."""

    subject: str
    rule: str
    on: date
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.reasons)


def why_message(desk: Desk, id: int) -> Reasons:
    """Why a message went to whom it went; RefusedError for an unknown number."""
    with desk.reading() as session:
        row = find_message(session, desk.plan, id)
        if row is None:
            raise RefusedError(f"没有第{id}号消息，请用 xingfu outbox 查看")
        subject = find_subject(session, desk.plan, row.subject)
        told = deliveries_of(session, desk.plan, [id]).get(id, ())
        files = answered(session, desk.plan, [row.subject], [row.rule]) if is_receipt(row) else ()
        replies = [line for file in files for line in file.reply.splitlines()]
        under = decided_under(session, desk, row.decided_at)
    grounds = _grounds(desk, row, replies)
    reasons = (
        f"第{id}号消息：{subject.name}（{row.subject}），给{row.recipient}",
        *grounds,
        *_under(under),
        *(_told(delivery, row) for delivery in told),
        *([] if told else [_unaddressed(row)]),
    )
    return Reasons(row.subject, row.rule, row.as_of, reasons)


def why_on(desk: Desk, code: str, rule: str, day: date) -> Reasons:
    """What a day brought about one deadline, or why nothing. RefusedError as `explain`."""
    with desk.reading() as session:
        subject = find_subject(session, desk.plan, code)
        _, row = deadline_of(session, desk, code, rule)
        owed = messages_about(session, desk.plan, code, rule)
        told = deliveries_of(session, desk.plan, [item.id for item in owed if item.id])
        past = history(session, desk.plan, code)
        said = acknowledgements(session, desk.plan, [code]).get((code, rule))
        under = {item.id: decided_under(session, desk, item.decided_at) for item in owed}
    head = f"{subject.name}（{code}）{rule}，{dated(day)}"
    found = [
        line
        for item in owed
        for line in _happened(item, told.get(item.id or 0, ()), under[item.id], day)
    ]
    reasons = found or list(_nothing(desk, row, past, said, owed, day))
    return Reasons(code, rule, day, (head, *_rule(desk, rule), *reasons))


def _grounds(desk: Desk, row: Outbox, replies: Sequence[str]) -> Sequence[str]:
    if is_receipt(row):
        return replies
    if is_correction(row):
        return ("更正：此前因系统日期有误发给本人的提醒不实，经核对回退后作废",)
    return (*_rule(desk, row.rule), *_rung(desk, row))


def _rule(desk: Desk, id: str) -> Iterator[str]:
    deadline = desk.deadlines.get(id)
    if deadline is not None:
        rule = deadline.rule
        proposal = "，建议值" if rule.origin is Origin.PROPOSAL else ""
        yield f"时限：{id} {rule.title}（{desk.plan.notice.number} {rule.clause}{proposal}）"
        yield f"原文：“{rule.words}”"


def _rung(desk: Desk, row: Outbox) -> Iterator[str]:
    kind, ladder = RungKind(row.rung_kind), desk.plan.ladder
    proposal = "，建议值" if ladder.origin is Origin.PROPOSAL else ""
    yield (
        f"提醒级次：{rung_words(row.rung)}（{kind.label}），逾期认定日{dated(row.due)}；"
        f"依据{ladder.clause}{proposal}"
    )
    yield f"作出：{dated(row.as_of)}每日核对时，该时限尚未完成，且已到本级"


def _told(delivery: Delivery, row: Outbox) -> str:
    because = {
        RecipientReason.POST: f"任职于{row.recipient}",
        RecipientReason.SUBSTITUTE: f"代理{row.recipient}的联系人",
        RecipientReason.VACANT: f"{row.recipient}没有联系人或无人分管，由上级转达",
    }[RecipientReason(delivery.because)]
    return f"告知：{delivery.person}（{because}），{_fate(delivery)}"


def _fate(delivery: Delivery) -> str:
    through = f"经{ChannelKind(delivery.channel).label}" if delivery.channel else ""
    doubt = "（此前一次发送结果不明，可能重复）" if delivery.ambiguous else ""
    if delivery.sent_at is not None:
        return f"{delivery.sent_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}{through}发送{doubt}"
    if delivery.status == DeliveryStatus.CANCELLED:
        return f"未发送：{WITHDRAWN}，或收件人已变动{doubt}"
    error = f"，原因：{delivery.error}" if delivery.error else ""
    return f"{DeliveryStatus(delivery.status).label}，已试{delivery.attempts}次{error}{doubt}"


def _unaddressed(row: Outbox) -> str:
    if row.status == MessageStatus.RETRACTED:
        return "未发送：该日核对有误，已回退，消息作废"
    if row.status == MessageStatus.CANCELLED:
        return f"未发送：{WITHDRAWN}"
    return "尚未发送：等待工作日办公时间"


def _under(version: str | None) -> Iterator[str]:
    """Under which version of the plan it was decided."""
    if version is not None:
        yield f"方案版本：{version}"


def _happened(row: Outbox, told: Sequence[Delivery], under: str | None, day: date) -> Iterator[str]:
    sent_today = [item for item in told if item.sent_at and shanghai_day(item.sent_at) == day]
    if row.as_of == day or sent_today:
        rung = f"{rung_words(row.rung)}（{RungKind(row.rung_kind).label}）"
        yield f"第{row.id}号消息：{rung}，给{row.recipient}"
        yield from (f"  {line}" for line in _under(under))
        yield from (f"  {_told(item, row)}" for item in told)
        if not told:
            yield f"  {_unaddressed(row)}"


def _nothing(
    desk: Desk,
    row: DeadlineRow,
    past: Sequence[Audit],
    said: Audit | None,
    owed: Sequence[Outbox],
    day: date,
) -> Iterator[str]:
    """Why a day brought nothing."""
    yield "该日没有作出或发送消息："
    if row.fulfilled_on is not None and row.fulfilled_on <= day:
        yield f"  · 已于{dated(row.fulfilled_on)}完成"
        return
    disposition = _disposition(past, day)
    if disposition is not Disposition.ACTIVE:
        yield f"  · 该日项目为“{disposition.label}”，不提醒"
        return
    if row.remind_by is None or row.overdue_after is None:
        yield f"  · 该时限{Standing.WAITING.label}"
        return
    yield from _between(desk, row, said, owed, day)


def _disposition(past: Sequence[Audit], day: date) -> Disposition:
    """How a project stood on a day, by what was recorded as done up to it."""
    stood = Disposition.ACTIVE
    for row in past:
        columns: Mapping[str, str] = row.detail.get("columns", {})
        if row.effective_on <= day and "disposition" in columns:
            stood = Disposition(columns["disposition"])
    return stood


def _between(
    desk: Desk, row: DeadlineRow, said: Audit | None, owed: Sequence[Outbox], day: date
) -> Iterator[str]:
    try:
        passed, following = _around(desk, row, day)
    except UnknownYearError as unknown:
        yield f"  · {unknown}"
        return
    if not desk.calendar.is_workday(day):
        yield "  · 该日为休息日，不发送"
    if passed and passed[-1].fires_on == day:
        yield from _not_told(passed[-1], said, owed, day)
    elif passed:
        yield f"  · 该日不是提醒日；上一级{_step(desk.plan, passed[-1])}"
    else:
        yield "  · 尚未到首次提醒"
    yield f"  · 下一级{_step(desk.plan, following)}"


def _around(desk: Desk, row: DeadlineRow, day: date) -> tuple[list[RungDate], RungDate]:
    assert row.remind_by is not None and row.overdue_after is not None  # noqa: S101, PT018
    situation = Situation(
        row.rule,
        row.remind_by,
        row.overdue_after,
        0,
        Standing(row.standing),
        body=row.body,
        fits=row.fits,
    )
    rule = desk.deadlines[row.rule].rule
    ladder = partial(steps, situation, desk.plan, rule, desk.calendar)
    passed = list(takewhile(lambda step: step.fires_on <= day, ladder()))
    return passed, next(step for step in ladder() if step.fires_on > day)


def _not_told(
    step: RungDate, said: Audit | None, owed: Sequence[Outbox], day: date
) -> Iterator[str]:
    expected = said.detail["expected"] if said else ""
    if said and is_silenced(step, date.fromisoformat(expected)):
        yield f"  · 已知悉，预计{expected}完成，至当日不再重复催办（{said.evidence}）"
    elif later := next((item for item in owed if item.rung == step.id and item.as_of > day), None):
        yield f"  · 该日应为{rung_words(step.id)}，当日未执行每日核对，已于{dated(later.as_of)}补作"
    elif not step.levels:
        yield f"  · 该日为{rung_words(step.id)}，应发送的单位均在责任单位之下，不发送"
    else:
        yield f"  · 该日为{rung_words(step.id)}，每日核对尚未执行到该日，或其后日期、方案有变更"


def _step(plan: Plan, step: RungDate) -> str:
    told = "、".join(plan.level_name(level) for level in Level if level in step.levels)
    when = rung_words(step.id)
    return f"{when}（{step.kind.label}，{dated(step.fires_on)}，发送{told or '无'}）"
