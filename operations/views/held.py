"""Mails that wait for a person (待核实), by the office above that has to decide on them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from models import mails
from models.contacts import people_at
from models.outbox import cancel_verification, owe_verification
from models.tables import MailItem, ReceivedMail
from operations.cases.authority import place_of
from operations.cases.desk import Desk
from policy.vocabulary import Level, MailState
from states.authority import acknowledgement, actor_of, entitled

SIGNS = 8
"""Of a mail's digest, by which people name it."""
MOST_NAMED = 5
"""Mails whose numbers a digest names."""


@dataclass(frozen=True, slots=True)
class HeldMails:
    """What waits for one office."""

    numbers: tuple[str, ...]
    """The oldest first."""

    def told(self, site: str) -> str:
        """What a digest says of it; `site`: the desk's address, empty where there is none."""
        named = "、".join(self.numbers[:MOST_NAMED])
        more = "等" if len(self.numbers) > MOST_NAMED else ""
        where = f"（{site}）" if site else ""
        return (
            f"有{len(self.numbers)}封来信待贵单位核实（编号{named}{more}），"
            f"请在“来信核实”页{where}采纳、退回或归档；核实前，来信所答复的事项仍按未办结处理"
        )


def number(mail: ReceivedMail) -> str:
    """What people call a mail by."""
    return mail.digest[:SIGNS]


def held_for(session: Session, desk: Desk) -> Mapping[str, HeldMails]:
    """What waits, by the office that has to decide: the one above the writer's in the same line.

    What is about no item that is known is the province's, which looks after the records.
    """
    found = mails.held_mails(session, desk.plan)
    items = mails.items_of(session, found)
    waiting: dict[str, list[str]] = {}
    for mail in found:
        held = [it for it in items.get(mail.digest, ()) if it.state == MailState.HELD]
        offices = {_above(session, desk, mail, item) for item in held} or {_province(desk)}
        for office in sorted(offices):
            waiting.setdefault(office, []).append(number(mail))
    return {office: HeldMails(tuple(numbers)) for office, numbers in waiting.items()}


def tell_above(session: Session, desk: Desk, today: date, at: datetime) -> None:
    """Let every office for which mails wait be told in the digest of its next workday.

    Of what does not wait any more nobody is told.
    """
    waiting = held_for(session, desk)
    cancel_verification(session, desk.plan, waiting)
    for office in waiting:
        actor = actor_of(desk.plan, office)
        place = (actor.seat.city if actor else "") or desk.plan.province
        owe_verification(session, desk.plan, place, office, desk.calendar.shift(today, 1), at)


def _above(session: Session, desk: Desk, mail: ReceivedMail, item: MailItem) -> str:
    asked = acknowledgement(desk.plan, item.rule) if item.rule else None
    place = place_of(session, desk.plan, item.subject) if item.subject else None
    if asked is None or place is None:
        return _province(desk)
    names = [seat.name for seat in entitled(desk.plan, asked, place)]
    own = set(_writer(desk, mail))
    last = max((n for n, name in enumerate(names) if name in own), default=-1)
    known = {post.office for post in people_at(session, desk.plan)}
    above = (name for name in names[last + 1 :] if name in known)
    return next(above, _province(desk))


def _writer(desk: Desk, mail: ReceivedMail) -> Iterator[str]:
    """The office of the person whose reminder is answered."""
    if actor := actor_of(desk.plan, mail.person):
        yield actor.seat.name


def _province(desk: Desk) -> str:
    return desk.plan.office(Level.PROVINCE)
