"""Who holds which office, and where they are reached."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet
from sqlalchemy import delete
from sqlmodel import Session, col, select

from models.secrets import decrypt
from models.tables import Contact
from policy.schema import Plan


@dataclass(frozen=True, slots=True)
class Person:
    """A contact; `address` is an Apprise URL in clear, None for the folder channel."""

    office: str
    name: str
    duty: str
    phone: str
    address: str | None


def replace_contacts(session: Session, plan: Plan, box: Fernet, holders: Sequence[Person]) -> None:
    """Make `holders` the only contacts of the offices they hold."""
    offices = {person.office for person in holders}
    session.execute(
        delete(Contact).where(col(Contact.plan) == plan.id, col(Contact.office).in_(offices))
    )
    session.add_all(
        Contact(
            plan=plan.id,
            office=person.office,
            name=person.name,
            duty=person.duty,
            phone=person.phone,
            address=box.encrypt(person.address.encode()).decode() if person.address else None,
        )
        for person in holders
    )
    session.flush()


def people(
    session: Session, plan: Plan, box: Fernet, office: str | None = None
) -> tuple[Person, ...]:
    """All contacts, or those of an office; by office and name."""
    query = select(Contact).where(Contact.plan == plan.id)
    if office is not None:
        query = query.where(Contact.office == office)
    return tuple(
        Person(
            office=row.office,
            name=row.name,
            duty=row.duty,
            phone=row.phone,
            address=decrypt(box, row.address) if row.address else None,
        )
        for row in session.exec(query.order_by(Contact.office, Contact.name))
    )
