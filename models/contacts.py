"""Who holds which office, and where they are reached."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date

from sqlalchemy import delete, or_
from sqlmodel import Session, col, select

from common.errors import UnavailableError
from models.seals import address_box
from models.secrets import Box, decrypt
from models.sign_ins import forget_people
from models.tables import Contact
from policy.schema import Plan
from states.contacts import SEALED, Post


def replace_contacts(session: Session, plan: Plan, posts: Sequence[Post]) -> None:
    """Make `posts` the only contacts of the offices that they hold; needs the key."""
    offices = {post.office for post in posts}
    held = select(Contact.office, Contact.name).where(
        Contact.plan == plan.id, col(Contact.office).in_(offices)
    )
    change_contacts(session, plan, session.exec(held).all(), posts)


def change_contacts(
    session: Session, plan: Plan, gone: Iterable[tuple[str, str]], posts: Sequence[Post]
) -> None:
    """Drop contacts, by office and name, then add some; all others stay as they are stored.

    Only who is added needs the key. Who is no contact any more is signed in to the desk no longer.
    """
    for office, name in gone:
        session.execute(
            delete(Contact).where(
                col(Contact.plan) == plan.id,
                col(Contact.office) == office,
                col(Contact.name) == name,
            )
        )
    session.expire_all()
    if posts:
        box = address_box(session, plan.id)
        session.add_all(_row(plan, box, post) for post in posts)
        session.flush()
    forget_people(session, plan)


def posts(session: Session, plan: Plan) -> tuple[Post, ...]:
    """All contacts with their addresses in clear, by office and name.

    RefusedError without the key, UnavailableError when an address cannot be decrypted; where there
    are no contacts none is asked for.
    """
    return _opened_all(session, plan, _opened)


def legible_posts(session: Session, plan: Plan) -> tuple[Post, ...]:
    """As `posts`, but with `SEALED` in the place of what cannot be decrypted."""
    return _opened_all(session, plan, _legible)


def people_at(
    session: Session, plan: Plan, offices: Iterable[str] | None = None
) -> tuple[Post, ...]:
    """Who holds some offices, or any: name and post without the addresses, which need no key."""
    query = select(Contact.office, Contact.name, Contact.role).where(Contact.plan == plan.id)
    if offices is not None:
        query = query.where(col(Contact.office).in_(list(offices)))
    return tuple(Post(office, name, role) for office, name, role in session.exec(query))


def posts_held(session: Session, plan: Plan, person: str) -> tuple[Post, ...]:
    """The posts of a person (``office name``), without addresses; none where there is no such one.

    The same name and telephone number elsewhere is the same person, as in `Directory`.
    """
    office, _, name = person.rpartition(" ")
    first = session.get(Contact, (plan.id, office, name))
    if first is None or not name:
        return ()
    query = select(Contact).where(Contact.plan == plan.id, Contact.name == name)
    rows = session.exec(query.order_by(Contact.office)).all()
    same = (row for row in rows if row.office == office or (row.phone and row.phone == first.phone))
    return tuple(_post(row, ()) for row in same)


def represented(
    session: Session, plan: Plan, held: Collection[Post], day: date
) -> tuple[Post, ...]:
    """The posts of those whom somebody stands in for on a day, without addresses.

    `held` are that person's own.
    """
    names = {name for post in held for name in (post.name, f"{post.office} {post.name}")}
    query = select(Contact).where(
        Contact.plan == plan.id,
        col(Contact.substitute).in_(names),
        or_(col(Contact.away_from).is_(None), col(Contact.away_from) <= day),
        or_(col(Contact.away_to).is_(None), col(Contact.away_to) >= day),
    )
    offices = {post.office for post in held}
    found = (_post(row, ()) for row in session.exec(query))
    return tuple(post for post in found if " " in post.substitute or post.office in offices)


def _row(plan: Plan, box: Box, post: Post) -> Contact:
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


def _opened_all(
    session: Session, plan: Plan, opened: Callable[[Box, Contact], tuple[str, ...]]
) -> tuple[Post, ...]:
    query = select(Contact).where(Contact.plan == plan.id)
    rows = session.exec(query.order_by(Contact.office, Contact.name)).all()
    if not rows:
        return ()
    box = address_box(session, plan.id)
    return tuple(_post(row, opened(box, row)) for row in rows)


def _legible(box: Box, row: Contact) -> tuple[str, ...]:
    try:
        return _opened(box, row)
    except UnavailableError:
        return (SEALED,)


def _opened(box: Box, row: Contact) -> tuple[str, ...]:
    return tuple(decrypt(box, row.channels).splitlines()) if row.channels else ()


def _post(row: Contact, channels: tuple[str, ...]) -> Post:
    return Post(
        office=row.office,
        name=row.name,
        role=row.role,
        phone=row.phone,
        divisions=tuple(row.divisions),
        channels=channels,
        substitute=row.substitute,
        away_from=row.away_from,
        away_to=row.away_to,
    )
