"""Tries contacts' addresses with a message that is marked as a test (试发)."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from html import escape

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.contacts import known_office
from models.audits import NewRow, add_audit
from models.contacts import legible_posts
from models.secrets import masked
from models.unreachable import Refusal, forget_unreachable, put_unreachable
from notifications.channel import Channels
from notifications.message import Message
from notifications.sending import Channel, DeliveryError
from operations.cases.desk import Desk
from operations.views.reach import address_mark
from policy.schema import Plan
from policy.vocabulary import AuditKind, ChannelKind
from states.contacts import Directory, Post, kind_of

TRIAL = "contacts_trial"
"""The action of the audit row that tells of it."""
MARK = "【测试】"
NO_TASK = (
    "这是一条测试消息，用于核对您的通知方式能否收到消息，不是提醒或催办，无需办理，也无需回复。"
)
BY_HAND = {
    ChannelKind.FOLDER: "已存入发件文件夹，须由人工转发",
    ChannelKind.LIST: "已列入文本清单，须由人工转发",
}
DELIVERED = "对方已接受；是否收到请向收件人核实"


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What came of a test message to one address of one person."""

    office: str
    name: str
    address: str
    """Masked."""
    channel: ChannelKind | None
    """None for an address of no known kind."""
    delivered: bool
    """Whether the channel accepted it."""
    reason: str
    advice: str
    """What is to be done; empty where nothing is."""


@dataclass(frozen=True, slots=True)
class _Address:
    person: str
    post: Post
    url: str | None
    number: int


def try_contacts(
    desk: Desk,
    office: str | None,
    name: str | None,
    actor: str,
    *,
    today: date,
    at: datetime,
    open_channel: Callable[[str | None], Channel] | None = None,
) -> tuple[TrialResult, ...]:
    """Send a test message to every address of these contacts, of all where none is named.

    An address of several people, such as a group's robot, gets one message. Nothing is owed or
    counted as a reminder; an audit row says that it was tried, and for how many it failed.
    RefusedError where there is no such contact.
    """
    if office is not None:
        office = known_office(office, desk.plan.contact_office).name
    with desk.reading() as session:
        found = tuple(_addresses(session, desk, office, name))
    if not found:
        raise RefusedError("没有符合条件的联系人；可用 xingfu contacts list 查看")
    done: dict[str | None, DeliveryError | None] = {}
    with ExitStack() as stack:
        opened = open_channel or stack.enter_context(Channels(desk.settings.outgoing)).open
        for each in found:
            if each.url not in done:
                done[each.url] = _sent(desk.plan, opened, each, at)
    results = tuple(_result(each, done[each.url]) for each in found)
    with desk.writing() as session:
        add_audit(session, desk.plan, _row(desk, results, office, name, actor, today, at))
        for each in found:
            _note(session, desk, each, done[each.url], at)
    return results


def _note(
    session: Session, desk: Desk, each: _Address, error: DeliveryError | None, at: datetime
) -> None:
    """Keep whether a person is reached at an address: what has accepted a message is written to."""
    if each.url is None:
        return
    mark = address_mark(each.url)
    if error is None:
        forget_unreachable(session, desk.plan, [(each.person, mark)])
    elif error.final:
        refusal = Refusal(mark, kind_of(each.url), each.number, str(error))
        put_unreachable(session, desk.plan, each.person, refusal, at)


def _addresses(
    session: Session, desk: Desk, office: str | None, name: str | None
) -> Iterator[_Address]:
    known = Directory(desk.plan, legible_posts(session, desk.plan))
    for person, posts in known.people.items():
        held = [post for post in posts if _is_asked(post, office, name)]
        if held:
            urls = dict.fromkeys(url for post in posts for url in post.channels)
            numbered = enumerate(urls or (None,), 1)
            yield from (_Address(person, held[0], url, number) for number, url in numbered)


def _is_asked(post: Post, office: str | None, name: str | None) -> bool:
    return bool(post.name) and office in (None, post.office) and name in (None, post.name)


def _sent(
    plan: Plan, opened: Callable[[str | None], Channel], each: _Address, at: datetime
) -> DeliveryError | None:
    """Why it was not accepted; None when it was."""
    try:
        channel = opened(each.url)
        for part in channel.parts(trial_message(plan, each.person, each.post, at)):
            channel.send(part)
    except DeliveryError as error:
        return error
    except Exception as error:  # one address's trouble, of any kind, must not stop the others
        return DeliveryError(f"程序错误（{type(error).__name__}）", unknown=True)
    return None


def trial_message(plan: Plan, person: str, post: Post, at: datetime) -> Message:
    """The message, which says of itself that it is but a test. Pure."""
    told = (NO_TASK, f"如您并非收件人，请告知{plan.head_bureau}更正通讯录。")
    greeting = f"{post.office} {post.name}：".strip()
    body = "".join(f"<p>{escape(line)}</p>" for line in (greeting, *told))
    return Message(
        id=hashlib.sha256(f"trial {person} {at.isoformat()}".encode()).hexdigest(),
        recipient=post.office,
        addressee=post.name,
        title=f"{MARK}【{plan.called}】通知方式测试（{post.office}）",
        text="".join(f"{line}\n" for line in told),
        html=f'<!DOCTYPE html><html lang="zh-CN"><body>{body}</body></html>',
        attachments=(),
        sent_at=at,
        programme=plan.called,
        headline=f"{MARK}【{plan.called}】通知方式测试",
        summary="无需办理",
    )


def _result(each: _Address, error: DeliveryError | None) -> TrialResult:
    kind = kind_of(each.url)
    return TrialResult(
        office=each.post.office,
        name=each.post.name,
        address=masked(each.url) if each.url else "folder://",
        channel=kind,
        delivered=error is None,
        reason=str(error) if error else BY_HAND.get(kind or ChannelKind.MAIL, DELIVERED),
        advice=_advice(error) if error else "",
    )


def _advice(error: DeliveryError) -> str:
    if error.unknown:
        return "请向收件人核实是否收到，再决定是否更换"
    if error.final:
        return "请更正该通知方式后再试"
    if error.unasked or error.wait is not None:
        return "请稍后再试"
    return "请与对方系统管理员核对后再试"


def _row(
    desk: Desk,
    results: Sequence[TrialResult],
    office: str | None,
    name: str | None,
    actor: str,
    today: date,
    at: datetime,
) -> NewRow:
    failed = sum(not each.delivered for each in results)
    whose = " ".join(filter(None, (office, name))) or "全部联系人"
    return NewRow(
        subject=desk.plan.province,
        kind=AuditKind.EVIDENCE,
        action=TRIAL,
        actor=actor,
        on=today,
        at=at,
        clause="",
        evidence=f"试发通知方式：{whose}，共{len(results)}个，失败{failed}个",
        detail={"tried": len(results), "failed": failed},
    )
