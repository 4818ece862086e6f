"""Settles who is told of what offices are owed: their people, substitutes, or the level above."""

from datetime import date, datetime

from sqlmodel import Session

from flows.operations.desk import Desk
from models.contacts import posts
from models.deliveries import Owed, address, busy, owed, withdraw
from models.outbox import settle
from models.secrets import cipher
from policy.vocabulary import DeliveryStatus
from states.contacts import Directory, Told

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
    new: list[tuple[int, Told]] = []
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


def _left(intent: Owed, people: tuple[Told, ...], sending: frozenset[str]) -> list[str]:
    """Who is still owed it and is not to be told any more, but for who is being written to."""
    named = {told.person for told in people}
    done = (DeliveryStatus.SENT, *GONE)
    return [
        person
        for person, status in intent.told.items()
        if status not in done and person not in named and person not in sending
    ]
