"""Sends what is owed: one digest a person and day, claimed, re-checked, sent, then marked."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from common.words import shanghai_day
from documents.lists.lists import TextRow, write_text_list
from models.claims import Claim, ClaimResult, claim, finish, people_in_turn, progress
from models.contacts import posts
from models.database import reading, writing
from models.deliveries import OpenDelivery, address, busy, owed, reserve, stay_away, withdraw
from models.outbox import settle, withdraw_untrue
from models.secrets import cipher
from notifications.channel import Channels
from notifications.files import LIST_FOLDER, keep_attachments, read_list
from notifications.message import Message
from notifications.sending import Channel, DeliveryError, Part
from operations.cases.desk import Desk
from operations.daily.digests import Material, gather, message
from policy.vocabulary import ChannelKind, DeliveryStatus
from states.contacts import Directory, Recipient
from states.workdays import is_open, opens_next

GONE = (DeliveryStatus.CANCELLED,)


def directory(session: Session, desk: Desk) -> Directory:
    """The plan's contacts. UnavailableError when their addresses cannot be decrypted."""
    return Directory(desk.plan, posts(session, desk.plan, cipher(desk.settings)))


def address_all(session: Session, desk: Desk, known: Directory, today: date, at: datetime) -> None:
    """Owe every intent to the people who are to be told of it on `today`, and to nobody else.

    Who has left, is away or looks after another place by now is not written to any more; whoever
    takes that place is. Who has been told already stays told, and is followed by nobody.
    """
    settle(session, desk.plan)
    sending = busy(session, desk.plan, at)
    gone: list[tuple[int, str]] = []
    new: list[tuple[int, Recipient]] = []
    for intent in owed(session, desk.plan):
        people = known.told(intent.level, intent.place, today)
        left = _left(intent, people, sending)
        gone += [(intent.id, person) for person in left]
        if left or all(status in GONE for status in intent.told.values()):
            live = {person for person, status in intent.told.items() if status not in GONE}
            new += [(intent.id, told) for told in people if told.person not in live]
    withdraw(session, gone)
    address(session, desk.plan, new)
    settle(session, desk.plan)


def _left(
    intent: OpenDelivery, people: tuple[Recipient, ...], sending: frozenset[str]
) -> list[str]:
    """Who is still owed it and is not to be told any more, but for who is being written to."""
    named = {told.person for told in people}
    done = (DeliveryStatus.SENT, *GONE)
    return [
        person
        for person, status in intent.told.items()
        if status not in done and person not in named and person not in sending
    ]


OpenChannel = Callable[[str | None], Channel]
Clock = Callable[[], datetime]
Pause = Callable[[float], None]
Report = Callable[[int, int], None]

BATCH = 50  # people; after a crash at most so many mails are repeated, and folded by their ids
FOLDING = (ChannelKind.MAIL, ChannelKind.FOLDER, ChannelKind.LIST)
"""Where a repeat replaces what came before, so that marks may wait for the batch's end."""
WITHOUT_FILES = (ChannelKind.WECOM, ChannelKind.DINGTALK, ChannelKind.FEISHU, ChannelKind.LIST)
"""Channels that carry text only: attachments are laid in the folder."""
LONGEST_PAUSE = timedelta(minutes=1)  # for a robot's next free slot; then others come first
MARGIN = timedelta(minutes=2)  # of a lease, in which no sending is begun


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What a delivery did, in digests and in the messages that they carried."""

    digests: int = 0
    sent: int = 0
    failed: int = 0
    errors: tuple[str, ...] = ()
    opens_at: datetime | None = None
    """Set when nothing was sent because offices are closed: when they open."""


@dataclass(frozen=True, slots=True)
class DeliveryRound:
    """What one delivery works with."""

    desk: Desk
    people: Directory
    today: date
    clock: Clock
    pause: Pause
    open_channel: OpenChannel


def deliver(
    desk: Desk,
    clock: Clock,
    open_channel: OpenChannel | None = None,
    *,
    insist: bool = False,
    pause: Pause = time.sleep,
    report: Report = lambda _done, _all: None,
) -> DeliveryResult:
    """Send everything that is owed, one digest a person and day; a target that fails, fails alone.

    Nothing goes out on rest days or outside office hours: what is owed waits. A failed message
    stays owed and rests for a while; with `insist` it is tried at once. `clock` gives the instant
    of each claim, so that a lease begins when its sending does; `pause` waits, in seconds, for a
    chat robot's next free slot. `report` hears after each batch how many people's turn has been,
    and of how many.
    """
    cipher(desk.settings)  # a wrong key is our trouble: no message's attempt is spent on it
    if not _open(desk, clock()):
        opens = opens_next(desk.plan.office_hours, desk.calendar, clock())
        return DeliveryResult(opens_at=opens)
    today = desk.settings.business_date or shanghai_day(clock())
    people, in_turn = _prepare(desk, today, clock(), insist)
    with _channels(desk, open_channel, shanghai_day(clock())) as opener:
        around = DeliveryRound(desk, people, today, clock, pause, opener)
        outcomes: list[ClaimResult] = []
        for start in range(0, len(in_turn), BATCH):
            outcomes += _deliver(around, in_turn[start : start + BATCH], insist)
            report(min(start + BATCH, len(in_turn)), len(in_turn))
    return _summary(outcomes)


def _open(desk: Desk, at: datetime) -> bool:
    """Whether offices are open; for a demonstration, which pins its day, they always are."""
    pinned = desk.settings.business_date is not None
    return pinned or is_open(desk.plan.office_hours, desk.calendar, at)


@contextmanager
def _channels(desk: Desk, open_channel: OpenChannel | None, today: date) -> Iterator[OpenChannel]:
    if open_channel is not None:
        yield open_channel
        return
    try:
        with Channels(desk.settings.outgoing) as channels:
            yield channels.open
    finally:
        _collect_texts(desk.settings.outgoing / f"{today}")


def _collect_texts(folder: Path) -> None:
    """Gather the day's texts, which people pass on by other means, in one workbook."""
    if entries := read_list(folder / LIST_FOLDER):
        rows = [TextRow(e.office, e.addressee, e.number, e.text) for e in entries]
        write_text_list(folder / f"{LIST_FOLDER}.xlsx", folder.name, rows)


def _prepare(
    desk: Desk, today: date, at: datetime, insist: bool
) -> tuple[Directory, tuple[str, ...]]:
    with desk.writing() as session:
        known = directory(session, desk)
        withdraw_untrue(session, desk.plan, today)
        address_all(session, desk, known, today, at)
        return known, people_in_turn(session, desk.plan, at, today, insist=insist)


def _deliver(around: DeliveryRound, batch: Sequence[str], insist: bool) -> list[ClaimResult]:
    """Claim what a batch of people is owed, send it, and mark it."""
    desk, today = around.desk, around.today
    with desk.writing() as session:
        withdraw_untrue(session, desk.plan, today, batch)
        claims = claim(session, desk.plan, batch, around.clock(), today, insist=insist)
    done: list[ClaimResult] = []
    marked = begun = 0
    try:
        with reading(desk.engine) as session:
            material = gather(session, desk, claims)
            session.expunge_all()
        for each in claims:
            begun += 1
            done.append(_send(around, material, each))
            if done[-1].channel not in FOLDING:
                _finish(around, done[marked:])
                marked = len(done)
    finally:
        # Whatever breaks in here, a digest that was begun stays in doubt and the rest is free.
        _finish(around, [*done[marked:], *map(ClaimResult, claims[begun:])])
    return done


def _finish(around: DeliveryRound, outcomes: Sequence[ClaimResult]) -> None:
    if outcomes:
        with around.desk.writing() as session:
            finish(session, around.desk.plan, outcomes, around.clock(), around.today)


def _send(around: DeliveryRound, material: Material, owed: Claim) -> ClaimResult:
    """Send one person's digest through the channel whose turn it is."""
    if not owed.rows or not _in_time(around, owed):
        return ClaimResult(owed)  # the next delivery has time for it
    outcome, carried = ClaimResult(owed), dict[int, str]()
    try:
        channel = around.open_channel(_address(around.people, owed))
        outcome = replace(outcome, channel=channel.kind)
        for part in channel.parts(_made(around, material, owed, channel)):
            if not _in_time(around, owed):
                break  # a slow robot, or closing time: what is left goes with the next delivery
            if wait := _no_slot(around, channel):
                return replace(outcome, wait=wait)
            carried = _carried(owed, part)
            _pass_on(around, channel, part)
            outcome = replace(outcome, sent={**outcome.sent, **carried})
            if part.number < part.of:
                with around.desk.writing() as session:
                    progress(session, around.desk.plan, outcome, around.clock())
    except DeliveryError as error:
        doubtful = frozenset(carried) if error.unknown else frozenset[int]()
        return replace(outcome, error=str(error), doubtful=doubtful, wait=error.wait)
    except Exception as error:  # one person's trouble, of any kind, must not stop the others
        told = f"程序错误（{type(error).__name__}）"
        return replace(outcome, error=told, doubtful=frozenset(carried))
    return outcome


def _made(around: DeliveryRound, material: Material, owed: Claim, channel: Channel) -> Message:
    """The digest; what the channel cannot carry of it is laid in the folder."""
    made = message(around.desk, material, around.people, owed, around.today, around.clock())
    if channel.kind in WITHOUT_FILES:
        keep_attachments(around.desk.settings.outgoing, made)
    return made


def _in_time(around: DeliveryRound, owed: Claim) -> bool:
    """Whether a sending may still be begun: the lease leaves room for it, and offices are open."""
    now = around.clock()
    return now <= owed.leased_until - MARGIN and _open(around.desk, now)


def _address(people: Directory, owed: Claim) -> str | None:
    """The person's first address, and the next one after each failure; None: the folder."""
    posts = people.people.get(owed.person, ())
    addresses = list(dict.fromkeys(address for post in posts for address in post.channels))
    attempts = max(delivery.attempts for delivery, _ in owed.rows)
    return addresses[(attempts - 1) % len(addresses)] if addresses else None


def _carried(owed: Claim, part: Part) -> dict[int, str]:
    """The intents that a part speaks of; an earlier rung goes with the one that overtook it."""
    return {
        row.id: part.message.id
        for _, row in owed.rows
        if row.id is not None and (row.subject, row.rule) in part.keys
    }


def _no_slot(around: DeliveryRound, channel: Channel) -> timedelta | None:
    """Wait for a robot's next free slot; how far off it is when that is too long to wait."""
    if channel.pace is None:
        return None
    now = around.clock()
    with writing(around.desk.engine) as session:
        wait = reserve(session, channel.pace, now, channel.spacing, LONGEST_PAUSE)
    if wait > LONGEST_PAUSE:
        return wait
    around.pause(wait.total_seconds())
    return None


def _pass_on(around: DeliveryRound, channel: Channel, part: Part) -> None:
    try:
        channel.send(part)
    except DeliveryError as error:
        if error.wait is not None and channel.pace is not None:
            with writing(around.desk.engine) as session:
                stay_away(session, channel.pace, around.clock() + error.wait)
        raise


def _summary(outcomes: Sequence[ClaimResult]) -> DeliveryResult:
    tried = [outcome for outcome in outcomes if outcome.sent or outcome.error]
    return DeliveryResult(
        digests=sum(bool(outcome.sent) for outcome in tried),
        sent=sum(len(outcome.sent) for outcome in tried),
        failed=sum(len(outcome.claim.rows) - len(outcome.sent) for outcome in tried),
        errors=tuple(f"{o.claim.person}：{o.error}" for o in tried if o.error),
    )
