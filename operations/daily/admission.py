"""Who is let in to the staff desk: a mail to an address that the contacts know opens the door once.

Nobody learns by asking whether an address is known: what depends on it happens after the answer.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape
from urllib.parse import parse_qs, unquote, urlsplit

from sqlmodel import Session

from common.errors import RefusedError
from common.words import SHANGHAI
from models import sign_ins
from models.contacts import posts_held, represented
from models.sign_ins import digest
from models.tables import CalendarLink, DeskSession, SignInRow
from notifications.channel import Channels
from notifications.message import Message
from notifications.sending import Channel, DeliveryError
from operations.cases.desk import Desk
from operations.daily.delivery import directory
from policy.vocabulary import ChannelKind
from states.contacts import Post, kind_of
from states.reach import Visitor, visitor

LINK_LASTS = timedelta(minutes=15)
SESSION_LASTS = timedelta(hours=12)
MOST_TRIES = 5
"""Of the six digits of one mail."""
MOST_BY_ADDRESS, MOST_BY_MACHINE = 5, 200
"""Requests within `LINK_LASTS`; a whole office may come from one machine."""
MOST_PEOPLE = 5
"""Who share one address, and get a mail each."""
CARRY = (ChannelKind.MAIL, ChannelKind.FOLDER)
"""The channels that reach one person and nobody else: a chat's robot speaks to a whole group."""
STALE = "登录链接或验证码不正确、已使用或已过期；请重新获取。"
OFTEN = "登录请求过于频繁，请15分钟后再试。"
OpenChannel = Callable[[str | None], Channel]


@dataclass(frozen=True, slots=True)
class SignInLink:
    """What a link would do, for whoever opens it."""

    person: str
    asks_code: bool
    """Whether the browser is another one than that which asked."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A session that has begun (登录); `secret` is told this once."""

    secret: str
    person: str


@dataclass(frozen=True, slots=True)
class Presence:
    """Who speaks, and what their forms carry."""

    visitor: Visitor
    form_token: str


def knock(desk: Desk, typed: str, machine: str, at: datetime) -> bool:
    """Whether a mail may follow, for all that is known before it is looked up who it is.

    RefusedError where a machine asks too often.
    """
    whose = [digest(f"address {_plain(typed)}"), digest(f"machine {machine}")]
    with desk.writing() as session:
        by_address, by_machine = sign_ins.knock(session, whose, at, at - LINK_LASTS)
    if by_machine > MOST_BY_MACHINE:
        raise RefusedError(OFTEN)
    return by_address <= MOST_BY_ADDRESS


def send_links(
    desk: Desk,
    typed: str,
    browser: str,
    site: str,
    at: datetime,
    open_channel: OpenChannel | None = None,
) -> tuple[str, ...]:
    """Mail a link to whoever is reached at an address; what could not be sent, and why.

    `browser` is the secret of the browser that asked, `site` the address of the desk.
    """
    with desk.reading() as session:
        found = list(_people(session, desk, typed))[:MOST_PEOPLE]
    failed = []
    with ExitStack() as stack:
        opened = open_channel or stack.enter_context(Channels(desk.settings.outgoing)).open
        for person, post, url in found:
            made = _mailed(desk, person, post, browser, site, at)
            try:
                channel = opened(url)
                for part in channel.parts(made):
                    channel.send(part)
            except DeliveryError as error:
                failed.append(f"{person}：{error}")
    return tuple(failed)


def look_at_link(desk: Desk, token: str, browser: str, at: datetime) -> SignInLink:
    """Whom a link would sign in; nothing is used up. RefusedError when it is no good."""
    with desk.reading() as session:
        row = sign_ins.sign_in_of(session, desk.plan, token, at)
        if row is None:
            raise RefusedError(STALE)
        return SignInLink(row.person, not _same(row.browser, digest(browser)))


def enter_by_link(desk: Desk, token: str, browser: str, code: str, at: datetime) -> Admission:
    """Use a link up: at once in the browser that asked, elsewhere with the mail's six digits.

    RefusedError when it is no good; the digits may be tried `MOST_TRIES` times.
    """
    with desk.writing() as session:
        row = sign_ins.sign_in_of(session, desk.plan, token, at)
        right = row is not None and (
            _same(row.browser, digest(browser))
            or _right_code(session, row, row.code_elsewhere, token, code)
        )
        done = _entered(session, desk, row, at) if row and right else None
    return _admitted(done)


def enter_by_code(desk: Desk, browser: str, code: str, at: datetime) -> Admission:
    """The six digits typed where the link was asked for. RefusedError as `enter_by_link`."""
    with desk.writing() as session:
        rows = sign_ins.sign_ins_from(session, desk.plan, browser, at) if browser else ()
        right = [row for row in rows if _right_code(session, row, row.code, browser, code)]
        done = _entered(session, desk, right[0], at) if right else None
    return _admitted(done)


def enter_vouched(desk: Desk, typed: str, at: datetime) -> Admission:
    """Somebody whom the office's own sign-on has let in, by address or ``office name``.

    RefusedError where the contacts know no such person, or several.
    """
    with desk.writing() as session:
        people = {person for person, _, _ in _people(session, desk, typed)}
        people |= {typed} if posts_held(session, desk.plan, typed) else set()
        if len(people) != 1:
            mend = f"请联系{desk.plan.head_bureau}更新通讯录"
            raise RefusedError(f"统一登录的账号与通讯录中的联系人不能对应；{mend}")
        return _begun(session, desk, people.pop(), at)


def present(desk: Desk, secret: str, day: date, at: datetime) -> Presence | None:
    """Who speaks by a session's secret; None where it is over, or the person holds no office."""
    with desk.reading() as session:
        row = sign_ins.session_of(session, desk.plan, secret, at)
        who = visitor_of(session, desk, row.person, day) if row else None
        return Presence(who, row.form_token) if row and who else None


def visitor_of(session: Session, desk: Desk, person: str, day: date) -> Visitor | None:
    """A person of the contacts with what he or she may see on a day; None where there is none."""
    held = posts_held(session, desk.plan, person)
    if not held:
        return None
    also = represented(session, desk.plan, held, day)
    offices = [post.office for post in held]
    found = visitor(desk.plan, person, held[0].name, offices, [post.office for post in also])
    return found if found.actors else None


def leave(desk: Desk, person: str, at: datetime, secret: str = "") -> None:
    """Sign a person out: of the session of `secret`, or everywhere."""
    with desk.writing() as session:
        sign_ins.revoke(session, desk.plan, person, at, secret)


def renew_calendar(desk: Desk, person: str, at: datetime) -> str:
    """A new secret link for a person's calendar, told this once; the former one is void."""
    token = secrets.token_urlsafe(32)
    row = CalendarLink(plan=desk.plan.id, person=person, token=digest(token), made_at=at)
    with desk.writing() as session:
        sign_ins.renew_calendar(session, row)
    return token


def calendar_visitor(desk: Desk, token: str, day: date) -> Visitor | None:
    """Whose calendar a secret link opens."""
    with desk.reading() as session:
        row = sign_ins.calendar_of(session, desk.plan, token)
        return visitor_of(session, desk, row.person, day) if row else None


def sign_in_message(
    programme: str, person: str, post: Post, link: str, code: str, site: str, at: datetime
) -> Message:
    """The mail that lets somebody in. Pure."""
    lines = (
        "有人在督办工作台请求以您的身份登录。如是您本人：",
        f"在请求登录的浏览器中打开以下链接，按“登录”即可：{link}",
        f"在其他设备上打开的，另需填写验证码：{code}",
        f"链接和验证码自{at.astimezone(SHANGHAI):%H:%M}起15分钟内有效，只能使用一次，请勿转发。",
        f"如非本人操作，请不要打开链接；无需其他处理。工作台地址：{site}",
    )
    greeting = f"{post.office} {post.name}："
    body = "".join(f"<p>{escape(line)}</p>" for line in (greeting, *lines))
    return Message(
        id=hashlib.sha256(f"sign-in {person} {link}".encode()).hexdigest(),
        recipient=post.office,
        addressee=post.name,
        title=f"【{programme}】登录链接和验证码",
        text="".join(f"{line}\n" for line in (greeting, *lines)),
        html=f'<!DOCTYPE html><html lang="zh-CN"><body>{body}</body></html>',
        attachments=(),
        sent_at=at,
        programme=programme,
        headline=f"【{programme}】登录",
        summary="登录链接和验证码",
    )


def _mailed(desk: Desk, person: str, post: Post, browser: str, site: str, at: datetime) -> Message:
    """Remember a new link of a person, and make the mail that brings it."""
    token, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**6):06d}"
    row = SignInRow(
        id=digest(token),
        plan=desk.plan.id,
        person=person,
        browser=digest(browser),
        code=_code_hash(browser, code),
        code_elsewhere=_code_hash(token, code),
        expires_at=at + LINK_LASTS,
    )
    with desk.writing() as session:
        sign_ins.add_sign_in(session, row, at)
    link = f"{site}/sign-in/{token}"
    return sign_in_message(desk.plan.called, person, post, link, code, site, at)


def _people(session: Session, desk: Desk, typed: str) -> Iterator[tuple[str, Post, str | None]]:
    """Who is reached at an address, or has that telephone number, and by which channel."""
    wanted = _plain(typed)
    for person, posts in directory(session, desk).people.items() if wanted else ():
        urls = [url for post in posts for url in post.channels if kind_of(url) in CARRY]
        mail = [url for url in urls if kind_of(url) is ChannelKind.MAIL]
        named = [url for url in mail if _plain(_mailbox(url)) == wanted]
        known = any(_plain(post.phone) == wanted for post in posts)
        without = not any(post.channels for post in posts)  # then everything lies in the folder
        if posts[0].name and (named or (known and (urls or without))):
            yield person, posts[0], next(iter((*named, *mail, *urls)), None)


def _mailbox(url: str) -> str:
    """Whom a ``mailto://`` address writes to: its ``to``, its path, else its user at its host.

    A mail goes where the channel itself says, whatever is read here.
    """
    parts = urlsplit(url)
    (to,) = parse_qs(parts.query).get("to", [""])[:1]
    own = f"{unquote(parts.username or '')}@{parts.hostname or ''}"
    return to or unquote(parts.path.strip("/")) or own


def _plain(typed: str) -> str:
    return "".join(typed.split()).lower()


def _right_code(session: Session, row: SignInRow, kept: str, salt: str, code: str) -> bool:
    tried = sign_ins.try_code(session, row, MOST_TRIES) if code.strip() else False
    return tried and _same(kept, _code_hash(salt, code.strip()))


def _code_hash(salt: str, code: str) -> str:
    """The salt is a secret that the database does not know: six digits alone are soon guessed."""
    return digest(f"{salt} {code}")


def _same(kept: str, given: str) -> bool:
    return hmac.compare_digest(kept, given)


def _entered(session: Session, desk: Desk, row: SignInRow, at: datetime) -> Admission | None:
    return _begun(session, desk, row.person, at) if sign_ins.use_up(session, row, at) else None


def _begun(session: Session, desk: Desk, person: str, at: datetime) -> Admission:
    """A session with an id of its own, whatever the browser had before."""
    secret = secrets.token_urlsafe(32)
    row = DeskSession(
        id=digest(secret),
        plan=desk.plan.id,
        person=person,
        form_token=secrets.token_urlsafe(32),
        began_at=at,
        expires_at=at + SESSION_LASTS,
    )
    sign_ins.forget_sessions(session, at - SESSION_LASTS)
    sign_ins.begin_session(session, row)
    return Admission(secret, person)


def _admitted(done: Admission | None) -> Admission:
    if done is None:
        raise RefusedError(STALE)
    return done
