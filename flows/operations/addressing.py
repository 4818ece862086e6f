"""Settles who is told of what offices are owed: their people, substitutes, or the level above."""

from datetime import date, datetime

from sqlmodel import Session

from flows.operations.desk import Desk
from models.contacts import posts
from models.deliveries import address, forget_strangers, unaddressed
from models.secrets import cipher
from states.contacts import Directory


def directory(session: Session, desk: Desk) -> Directory:
    """The plan's contacts. UnavailableError when their addresses cannot be decrypted."""
    return Directory(desk.plan, posts(session, desk.plan, cipher(desk.settings)))


def address_all(session: Session, desk: Desk, known: Directory, today: date, at: datetime) -> None:
    """Owe every intent that is owed to an office to the people who are told of it on `today`."""
    nameless = {office.name for office in desk.plan.every_office()} - known.offices
    forget_strangers(session, desk.plan, known.people.keys() | nameless, at)
    found = unaddressed(session, desk.plan)
    told = ((intent.id, known.told(intent.level, intent.place, today)) for intent in found)
    address(session, desk.plan, told)
