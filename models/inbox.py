"""Files put into the inbox: each is known by its content, and answered once a folder."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, func, select

from models.tables import InboxFile
from policy.schema import Plan

TOLD = 16
"""Digits of a file's digest by which its receipt is known."""


def receipt_rule(digest: str) -> str:
    """What the receipt of a file is about: it stands where other messages name their rule."""
    return f"receipt-{digest[:TOLD]}"


def find(session: Session, plan: Plan, place: str, digest: str) -> InboxFile | None:
    """The file with that SHA-256 in the folder `place`, if it has come before."""
    return session.get(InboxFile, (plan.id, place, digest))


def add(session: Session, file: InboxFile) -> None:
    """Remember a file and its reply; it must not have come to that folder before."""
    session.add(file)
    session.flush()


def put(session: Session, file: InboxFile) -> None:
    """Remember a file and its reply, in the place of an earlier one."""
    session.merge(file)
    session.flush()


def mark_filed(session: Session, plan: Plan, place: str, digest: str) -> None:
    """Note that a file which is known has been moved out of the inbox."""
    file = session.get_one(InboxFile, (plan.id, place, digest))
    file.filed = True
    session.add(file)
    session.flush()


def answered(
    session: Session, plan: Plan, places: Collection[str], rules: Collection[str]
) -> Sequence[InboxFile]:
    """The files of these folders whose receipts are about `rules`."""
    about = func.substr(col(InboxFile.digest), 1, TOLD)
    told = [rule.removeprefix(receipt_rule("")) for rule in rules]
    query = select(InboxFile).where(InboxFile.plan == plan.id, col(InboxFile.place).in_(places))
    return session.exec(query.where(about.in_(told))).all()
