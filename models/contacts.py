"""Who holds which office, and where they are reached."""

from collections.abc import Iterable, Sequence

from cryptography.fernet import Fernet
from sqlalchemy import delete
from sqlmodel import Session, col, select

from models.secrets import decrypt
from models.tables import Contact
from policy.schema import Plan
from states.contacts import Post


def replace_contacts(session: Session, plan: Plan, box: Fernet, posts: Sequence[Post]) -> None:
    """Make `posts` the only contacts of the offices that they hold."""
    clear_contacts(session, plan, {post.office for post in posts})
    session.add_all(_row(plan, box, post) for post in posts)
    session.flush()


def clear_contacts(session: Session, plan: Plan, offices: Iterable[str]) -> None:
    """Leave these offices without contacts."""
    session.execute(
        delete(Contact).where(col(Contact.plan) == plan.id, col(Contact.office).in_(list(offices)))
    )
    session.expire_all()


def posts(session: Session, plan: Plan, box: Fernet) -> tuple[Post, ...]:
    """All contacts with their addresses in clear, by office and name."""
    query = select(Contact).where(Contact.plan == plan.id)
    rows = session.exec(query.order_by(Contact.office, Contact.name))
    return tuple(_post(box, row) for row in rows)


def _row(plan: Plan, box: Fernet, post: Post) -> Contact:
    addresses = "\n".join(post.channels)
    return Contact(
        plan=plan.id,
        office=post.office,
        name=post.name,
        role=post.role,
        phone=post.phone,
        divisions=list(post.divisions),
        channels=box.encrypt(addresses.encode()).decode() if addresses else None,
        substitute=post.substitute,
        away_from=post.away_from,
        away_to=post.away_to,
    )


def _post(box: Fernet, row: Contact) -> Post:
    return Post(
        office=row.office,
        name=row.name,
        role=row.role,
        phone=row.phone,
        divisions=tuple(row.divisions),
        channels=tuple(decrypt(box, row.channels).splitlines()) if row.channels else (),
        substitute=row.substitute,
        away_from=row.away_from,
        away_to=row.away_to,
    )
