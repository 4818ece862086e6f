"""Sends what is owed: one digest a person and day, claimed, re-checked, sent, then marked."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from common.errors import XingfuError
from common.words import shanghai_day
from documents.lists.overviews import TextRow, write_text_list
from models.asked import put_asked
from models.claims import Claim, ClaimResult, claim, finish, people_in_turn, progress
from models.database import reading, writing
from models.deliveries import OpenDelivery, address, busy, owed, reserve, stay_away, withdraw
from models.outbox import held_back, settle, withdraw_untrue
from models.unreachable import Refusal
from notifications.channel import Channels
from notifications.files import LIST_FOLDER, keep_attachments, read_list
from notifications.message import Message
from notifications.sending import Channel, DeliveryError, Part
from operations.cases.desk import Desk
from operations.daily.bounces import forget_stale, note_reach
from operations.daily.digests import Material, asked_items, gather, message
from operations.views.reach import address_mark, reachable
from policy.vocabulary import ChannelKind, DeliveryStatus
from states.contacts import Directory, Recipient, kind_of
from states.workdays import is_open, opens_next

GONE = (DeliveryStatus.CANCELLED,)


def directory(session: Session, desk: Desk) -> Directory:
    """The plan's contacts; an address that cannot be decrypted is one that cannot be opened.

    RefusedError where the key is not the installation's: then none of them can.
    """
    return reachable(session, desk)


def address_all(session: Session, desk: Desk, known: Directory, today: date, at: datetime) -> None:
    """Owe every intent to the people who are to be told of it on `today`, and to nobody else.

    Who has left, is away or looks after another place by now is not written to any more; whoever
    takes that place is. Who has been told already stays told, and is followed by nobody.
    """
    settle(session, desk.plan)
    sending = busy(session, desk.plan, at)
    gone: list[tuple[int, str]] = []
    new: list[tuple[int, Recipient]] = []
    for intent in owed(session, desk.plan, today):
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
UNASKED_REST = timedelta(minutes=1)  # of whose target others have found silent


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What a delivery did, in digests and in the messages that they carried."""

    digests: int = 0
    sent: int = 0
    failed: int = 0
    errors: tuple[str, ...] = ()
    opens_at: datetime | None = None
    """Set when nothing was sent because offices are closed: when they open."""
    held_back: int = 0
    """Messages that are never sent: they were decided as of a day that is still to come."""
    refused: tuple[str, ...] = ()
    """Addresses that are refused for good: whose, which, and why. Admins are to mend them."""
    put_off: int = 0
    """People whose target was not asked, because it has not answered somebody before them."""


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

    Nothing goes out on rest days or outside office hours: what is owed waits. What was decided as
    of a day to come is never sent. A failed message stays owed and rests for a while; with `insist`
    it is tried at once. `clock` gives the instant of each claim, so that a lease begins when its
    sending does; `pause` waits, in seconds, for a chat robot's next free slot. `report` hears after
    each batch how many people's turn has been, and of how many.
    """
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
    with reading(desk.engine) as session:
        waiting = held_back(session, desk.plan, today)
    done, texts = _summary(outcomes), _unreadable(desk.settings.outgoing / f"{today}")
    return replace(done, held_back=waiting, errors=(*done.errors, *texts))


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
    entries, _ = read_list(folder / LIST_FOLDER)
    if entries:
        rows = [TextRow(e.office, e.addressee, e.number, e.text) for e in entries]
        write_text_list(folder / f"{LIST_FOLDER}.xlsx", folder.name, rows)


def _unreadable(folder: Path) -> Iterator[str]:
    for name in read_list(folder / LIST_FOLDER)[1]:
        yield f"{LIST_FOLDER}中的文件无法读取，未列入当日清单，请人工核对：{name}"


def _prepare(
    desk: Desk, today: date, at: datetime, insist: bool
) -> tuple[Directory, tuple[str, ...]]:
    with desk.writing() as session:
        forget_stale(session, desk)
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
        digests = _messages(around, claims)
        for each in claims:
            begun += 1
            done.append(_send(around, digests[each.person], each))
            if done[-1].channel not in FOLDING:
                _finish(around, done[marked:])
                marked = len(done)
    finally:
        # Whatever breaks in here, a digest that was begun stays in doubt and the rest is free.
        _finish(around, [*done[marked:], *map(ClaimResult, claims[begun:])])
    return done


def _messages(around: DeliveryRound, claims: Sequence[Claim]) -> Mapping[str, Message | str]:
    """By person the digest, and what it asks is on record before it goes out, for its answers.

    For whom something in it breaks down, why, and for no other.
    """
    made = {claim.person: _message(around, it, claim) for it, claim in _materials(around, claims)}
    asked = [
        item
        for person, digest in made.items()
        if isinstance(digest, Message)
        for item in asked_items(around.desk, digest, person, around.today)
    ]
    if asked:
        with around.desk.writing() as session:
            put_asked(session, asked)
    return made


def _message(around: DeliveryRound, found: Material | str, claim: Claim) -> Message | str:
    if isinstance(found, str):
        return found
    try:
        return message(around.desk, found, around.people, claim, around.today, around.clock())
    except (XingfuError, SQLAlchemyError):
        raise
    except Exception as error:  # one person's trouble, of any kind, must not stop the others
        return _broken(error)


def _materials(
    around: DeliveryRound, claims: Sequence[Claim]
) -> Sequence[tuple[Material | str, Claim]]:
    """What the digests are made of; for whom that breaks down, why, and for no other."""
    try:
        with reading(around.desk.engine) as session:
            found = gather(session, around.desk, claims, around.today)
            session.expunge_all()
            return [(found, each) for each in claims]
    except (XingfuError, SQLAlchemyError):
        raise  # nothing can be read: that is nobody's own trouble
    except Exception as error:
        if len(claims) == 1:
            return [(_broken(error), claims[0])]
    return [made for each in claims for made in _materials(around, [each])]


def _broken(error: Exception) -> str:
    return f"程序错误（{type(error).__name__}）"


def _finish(around: DeliveryRound, outcomes: Sequence[ClaimResult]) -> None:
    if outcomes:
        with around.desk.writing() as session:
            finish(session, around.desk.plan, outcomes, around.clock(), around.today)
            for each in outcomes:
                note_reach(session, around.desk, each, around.clock())


def _send(around: DeliveryRound, digest: Message | str, owed: Claim) -> ClaimResult:
    """Send one person's digest through the channel whose turn it is.

    An address that is refused for good, or whose target is silent, leaves it to the next one.
    `digest` is why there is none, where something in it breaks down.
    """
    if isinstance(digest, str):
        return ClaimResult(owed, error=digest)
    outcome, silent = ClaimResult(owed), ""
    for number, url in _addresses(around.people, owed):
        if not owed.rows or not _in_time(around, owed):
            return ClaimResult(owed, refusals=outcome.refusals)  # the next delivery has time
        outcome = _through(around, digest, outcome, url)
        silent = outcome.put_off or silent
        if outcome.final:
            refusal = Refusal(address_mark(url or ""), kind_of(url), number, outcome.error)
            outcome = replace(outcome, refusals=(*outcome.refusals, refusal))
        if outcome.sent or not (outcome.final or outcome.put_off):
            return outcome
    if not silent:
        return outcome
    return replace(outcome, error="", final=False, put_off=silent, wait=UNASKED_REST)


def _through(
    around: DeliveryRound, digest: Message, before: ClaimResult, url: str | None
) -> ClaimResult:
    """Send it to one address; the refusals of those before are kept."""
    owed, carried = before.claim, dict[int, str]()
    outcome = ClaimResult(owed, refusals=before.refusals)
    try:
        channel = around.open_channel(url)
        outcome = replace(outcome, channel=channel.kind)
        for part in channel.parts(_made(around, digest, channel)):
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
        return _failed(outcome, error, frozenset(carried))
    except Exception as error:  # one person's trouble, of any kind, must not stop the others
        return replace(outcome, error=_broken(error), doubtful=frozenset(carried))
    return outcome


def _failed(outcome: ClaimResult, error: DeliveryError, carried: frozenset[int]) -> ClaimResult:
    if error.unasked:
        return replace(outcome, put_off=str(error))
    return replace(
        outcome,
        error=str(error),
        doubtful=carried if error.unknown else frozenset(),
        wait=error.wait,
        final=error.final,
    )


def _made(around: DeliveryRound, digest: Message, channel: Channel) -> Message:
    """The digest as it goes out now; what the channel cannot carry of it is laid in the folder."""
    made = replace(digest, sent_at=around.clock())
    if channel.kind in WITHOUT_FILES:
        keep_attachments(around.desk.settings.outgoing, made)
    return made


def _in_time(around: DeliveryRound, owed: Claim) -> bool:
    """Whether a sending may still be begun: the lease leaves room for it, and offices are open."""
    now = around.clock()
    return now <= owed.leased_until - MARGIN and _open(around.desk, now)


def _addresses(people: Directory, owed: Claim) -> tuple[tuple[int, str | None], ...]:
    """The person's addresses with their numbers, from the next one after each failure on.

    None stands for the folder.
    """
    posts = people.people.get(owed.person, ())
    found = list(dict.fromkeys(address for post in posts for address in post.channels))
    if not found or not owed.rows:
        return ((1, None),)
    turn = (max(delivery.attempts for delivery, _ in owed.rows) - 1) % len(found)
    numbered = list(enumerate(found, 1))
    return (*numbered[turn:], *numbered[:turn])


def _carried(owed: Claim, part: Part) -> dict[int, str]:
    """The intents that a part speaks of; an earlier rung goes with the one that overtook it."""
    told_with = part.message.told_with
    rows = ((row, (row.subject, row.rule)) for _, row in owed.rows)
    return {
        row.id: part.message.id
        for row, key in rows
        if row.id is not None and told_with.get(key, key) in part.keys
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
        refused=tuple(f"{o.claim.person}{told}" for o in outcomes for told in o.refusals),
        put_off=sum(bool(o.put_off and not o.sent) for o in outcomes),
    )
