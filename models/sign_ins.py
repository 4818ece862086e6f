"""Who is let in to the staff desk: links, sessions, and how often somebody asked."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from models.tables import CalendarLink, Contact, DeskSession, KnockRow, SignInRow
from policy.schema import Plan


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def knock(session: Session, whose: Sequence[str], at: datetime, since: datetime) -> Sequence[int]:
    """Count that somebody asks, and say how often each of `whose` has since; older counts go."""
    session.execute(delete(KnockRow).where(col(KnockRow.at) < since))
    session.add_all(KnockRow(whose=each, at=at) for each in whose)
    session.flush()
    count = select(func.count()).select_from(KnockRow)
    return [session.exec(count.where(KnockRow.whose == each)).one() for each in whose]


def add_sign_in(session: Session, row: SignInRow, now: datetime) -> None:
    """Remember a link; the person's earlier ones are worth nothing any more, nor are stale ones."""
    theirs = (col(SignInRow.plan) == row.plan, col(SignInRow.person) == row.person)
    session.execute(delete(SignInRow).where(*theirs))
    session.execute(delete(SignInRow).where(col(SignInRow.expires_at) < now))
    session.add(row)
    session.flush()


def sign_in_of(session: Session, plan: Plan, token: str, at: datetime) -> SignInRow | None:
    """What a link stands for, while it is good."""
    row = session.get(SignInRow, digest(token))
    good = row is not None and row.plan == plan.id and not row.used_at and row.expires_at > at
    return row if good else None


def sign_ins_from(session: Session, plan: Plan, browser: str, at: datetime) -> Sequence[SignInRow]:
    """The links that a browser has asked for, while they are good."""
    query = select(SignInRow).where(
        SignInRow.plan == plan.id,
        SignInRow.browser == digest(browser),
        col(SignInRow.used_at).is_(None),
        col(SignInRow.expires_at) > at,
    )
    return session.exec(query).all()


def try_code(session: Session, row: SignInRow, most: int) -> bool:
    """Count a try of a link's code; False when there are none left."""
    query = (
        update(SignInRow)
        .where(col(SignInRow.id) == row.id, col(SignInRow.tries) < most)
        .values(tries=SignInRow.tries + 1)
        .returning(col(SignInRow.id))
    )
    return session.execute(query).first() is not None


def use_up(session: Session, row: SignInRow, at: datetime) -> bool:
    """Use a link; False when somebody else was faster, or it is too late."""
    query = (
        update(SignInRow)
        .where(
            col(SignInRow.id) == row.id,
            col(SignInRow.used_at).is_(None),
            col(SignInRow.expires_at) > at,
        )
        .values(used_at=at)
        .returning(col(SignInRow.id))
    )
    return session.execute(query).first() is not None


def begin_session(session: Session, row: DeskSession) -> None:
    """Remember that a person is signed in."""
    session.add(row)
    session.flush()


def session_of(session: Session, plan: Plan, secret: str, at: datetime) -> DeskSession | None:
    """The session of a cookie, unless it has expired or was revoked."""
    row = session.get(DeskSession, digest(secret))
    good = row is not None and row.plan == plan.id and not row.revoked_at and row.expires_at > at
    return row if good else None


def revoke(session: Session, plan: Plan, person: str, at: datetime, secret: str = "") -> None:
    """End one session of a person, or all of them."""
    its = [col(DeskSession.plan) == plan.id, col(DeskSession.person) == person]
    if secret:
        its.append(col(DeskSession.id) == digest(secret))
    its.append(col(DeskSession.revoked_at).is_(None))
    session.execute(update(DeskSession).where(*its).values(revoked_at=at))


def forget_sessions(session: Session, before: datetime) -> None:
    """Drop the sessions that expired before an instant."""
    session.execute(delete(DeskSession).where(col(DeskSession.expires_at) < before))


def forget_people(session: Session, plan: Plan) -> None:
    """Whoever is no contact any more is signed in nowhere, and no link of theirs opens anything."""
    known = {
        f"{office} {name}"
        for office, name in session.exec(
            select(Contact.office, Contact.name).where(Contact.plan == plan.id)
        )
    }
    for table in (DeskSession, SignInRow, CalendarLink):
        held = session.exec(select(table.person).where(table.plan == plan.id).distinct()).all()
        gone = [person for person in held if person not in known]
        if gone:
            its = (col(table.plan) == plan.id, col(table.person).in_(gone))
            session.execute(delete(table).where(*its))


def renew_calendar(session: Session, row: CalendarLink) -> None:
    """Give a person's calendar a new link; the former one opens nothing any more."""
    its = (col(CalendarLink.plan) == row.plan, col(CalendarLink.person) == row.person)
    session.execute(delete(CalendarLink).where(*its))
    if row.token:
        session.add(row)
    session.flush()


def calendar_of(session: Session, plan: Plan, token: str) -> CalendarLink | None:
    """Whose calendar a link opens."""
    query = select(CalendarLink).where(
        CalendarLink.plan == plan.id, CalendarLink.token == digest(token)
    )
    return session.exec(query).first()
