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


def replace_contacts(session: Session, plan: Plan, box: Fernet, people: Sequence[Person]) -> None:
    """Make `people` the only contacts of the offices they hold."""
    offices = {person.office for person in people}
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
        for person in people
    )
    session.flush()


def people_of(session: Session, plan: Plan, box: Fernet, office: str) -> tuple[Person, ...]:
    """The contacts of an office, by name."""
    query = select(Contact).where(Contact.plan == plan.id, Contact.office == office)
    return tuple(
        Person(
            office=row.office,
            name=row.name,
            duty=row.duty,
            phone=row.phone,
            address=decrypt(box, row.address) if row.address else None,
        )
        for row in session.exec(query.order_by(Contact.name))
    )
