"""Who can be reached: contacts without the addresses that came back or were refused."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from sqlmodel import Session

from common.words import shanghai_day
from models.contacts import legible_posts
from models.tables import UnreachableAddress
from models.unreachable import unreachable
from operations.cases.desk import Desk
from policy.vocabulary import ChannelKind
from states.contacts import SEALED, Directory, Post, kind_of


@dataclass(frozen=True, slots=True)
class UnreachableLine:
    """An address at which somebody is not reached."""

    office: str
    name: str
    channel: ChannelKind | None
    since: date
    reason: str
    wholly: bool
    """Whether the person is reached at no other address either, so that others are told."""


def address_mark(url: str) -> str:
    """A fingerprint of an address; that of a mailbox does not change with the way to it."""
    return sha256((_mailbox(url) or url).encode()).hexdigest()[:16]


def mailbox_mark(address: str) -> str:
    """The fingerprint of a mail address, such as that which a mail comes from."""
    return sha256(address.strip().lower().encode()).hexdigest()[:16]


def reachable(session: Session, desk: Desk) -> Directory:
    """The contacts with the addresses that are of use; who has none of them is not reached.

    Such a person keeps the addresses: where nobody else is known they are tried all the same. An
    address that cannot be decrypted is nobody's fault there. RefusedError without the key.
    """
    posts = legible_posts(session, desk.plan)
    rows = unreachable(session, desk.plan.id)
    whole = Directory(desk.plan, posts)
    if not rows:
        return whole
    marks = {(row.person, row.mark) for row in rows}
    of_use = {post: _of_use(post, whole.key(post), marks) for post in posts}
    return Directory(
        desk.plan,
        (replace(post, channels=left) if left else post for post, left in of_use.items()),
        (post for post, left in of_use.items() if post.channels and not left),
    )


def stale(directory: Directory, rows: Iterable[UnreachableAddress]) -> list[tuple[str, str]]:
    """What is known of addresses that nobody has any more, by person and mark. Pure.

    While somebody's addresses cannot be decrypted, nothing of that person is stale.
    """
    gone = []
    for row in rows:
        posts = directory.people.get(row.person, ())
        urls = {url for post in posts for url in post.channels}
        if SEALED not in urls and row.mark not in set(map(address_mark, urls)):
            gone.append((row.person, row.mark))
    return gone


def unreachable_lines(desk: Desk, office: str | None = None) -> tuple[UnreachableLine, ...]:
    """Whoever is not reached at an address, of one office or of all, in the plan's order."""
    with desk.reading() as session:
        rows = unreachable(session, desk.plan.id)
        directory = reachable(session, desk)
        gone = stale(Directory(desk.plan, legible_posts(session, desk.plan)), rows)
    lines = [
        UnreachableLine(
            office=held[0].office,
            name=held[0].name,
            channel=ChannelKind(row.channel) if row.channel else None,
            since=shanghai_day(row.since),
            reason=row.reason,
            wholly=not directory.is_reached(held[0]),
        )
        for row in rows
        if (held := directory.people.get(row.person, ())) and (row.person, row.mark) not in gone
    ]
    order = {name: number for number, name in enumerate(desk.plan.contact_office)}
    lines.sort(key=lambda line: (order.get(line.office, len(order)), line.name))
    return tuple(line for line in lines if office in (None, line.office))


def _of_use(post: Post, person: str, marks: Collection[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(
        url for url in post.channels if url == SEALED or (person, address_mark(url)) not in marks
    )


def _mailbox(url: str) -> str:
    """The mail address that an address writes to; empty where it is none."""
    if kind_of(url) is not ChannelKind.MAIL:
        return ""
    from notifications.smtp import recipient_of  # Apprise takes 0.2 s and more to import

    return recipient_of(url)
