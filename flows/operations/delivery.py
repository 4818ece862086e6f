"""Sends what is owed: one digest per office, claimed, re-checked, sent, then marked."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlmodel import Session

from documents.task_list import TaskRow, task_list
from flows.operations.desk import Desk
from flows.operations.lacking import missing
from models import outbox
from models.contacts import people
from models.database import reading, writing
from models.deadlines import deadline_rows
from models.outbox import claim, mark_failed, mark_sent, waiting_recipients
from models.plans import require_plan
from models.projects import dossiers, facts, subjects
from models.secrets import cipher
from models.tables import Outbox, Subject
from notifications.channel import Channel, DeliveryError, channel_for
from notifications.message import Attachment, DigestLine, Message
from notifications.render import digest
from notifications.wording import status
from policy.vocabulary import RungKind, SubjectKind

OpenChannel = Callable[[str | None, Path], Channel]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery did, in digests and in the messages that they carried."""

    digests: int
    sent: int
    failed: int
    errors: tuple[str, ...]


def deliver(
    desk: Desk, clock: Clock, open_channel: OpenChannel = channel_for, *, insist: bool = False
) -> Delivered:
    """Send everything that is owed, one digest per office; a target that fails, fails alone.

    A failed message stays owed and rests for a while; with `insist` it is tried at once. `clock`
    gives the instant of each claim, so that a lease begins when its sending does.
    """
    cipher(desk.settings)  # a wrong key is our trouble: no message's attempt is spent on it
    with reading(desk.engine) as session:
        require_plan(session, desk.plan, desk.calendar)
        recipients = waiting_recipients(session, desk.plan, clock(), insist=insist)
    done = [_deliver_to(desk, recipient, clock(), open_channel, insist) for recipient in recipients]
    return Delivered(
        digests=sum(item.digests for item in done),
        sent=sum(item.sent for item in done),
        failed=sum(item.failed for item in done),
        errors=tuple(error for item in done for error in item.errors),
    )


def _deliver_to(
    desk: Desk, recipient: str, at: datetime, open_channel: OpenChannel, insist: bool
) -> Delivered:
    with writing(desk.engine) as session:
        rows = claim(session, desk.plan, recipient, at, insist=insist)
        session.expunge_all()
    if not rows:
        return Delivered(0, 0, 0, ())
    try:
        with reading(desk.engine) as session:
            message = _message(session, desk, recipient, rows, at)
            addresses = _addresses(session, desk, recipient)
        errors = _send(desk, message, addresses, open_channel)
        accepted = len(errors) < len(addresses)
    except Exception as error:  # one office's trouble, of any kind, must not stop the others
        errors, accepted = [f"{type(error).__name__}：{error}"], False
    with writing(desk.engine) as session:
        mark = mark_sent if accepted else mark_failed
        mark(session, rows, _digest_id(rows), at, "；".join(errors))
    sent = len(rows) if accepted else 0
    named = tuple(f"{recipient}：{error}" for error in errors)
    return Delivered(int(accepted), sent, len(rows) - sent, named)


def _addresses(session: Session, desk: Desk, recipient: str) -> list[str | None]:
    """Where the office is reached: its people's addresses, or else the folder."""
    holders = people(session, desk.plan, cipher(desk.settings), recipient)
    return [person.address for person in holders if person.address] or [None]


def _send(
    desk: Desk, message: Message, addresses: Sequence[str | None], open_channel: OpenChannel
) -> list[str]:
    errors = []
    for address in addresses:
        try:
            open_channel(address, desk.settings.outgoing).send(message)
        except DeliveryError as error:
            errors.append(str(error))
    return errors


def _message(
    session: Session, desk: Desk, recipient: str, rows: Sequence[Outbox], at: datetime
) -> Message:
    as_of = max(row.as_of for row in rows)
    lines = _lines(session, desk, rows)
    title = f"{recipient} {as_of:%Y-%m-%d} 待办事项"
    table = task_list(title, [_task(line, as_of) for line in lines])
    return digest(
        id=_digest_id(rows),
        recipient=recipient,
        as_of=as_of,
        lines=lines,
        plan_name=desk.plan.name,
        attachments=(Attachment(f"{title}.xlsx", table),),
        sent_at=at,
    )


def _lines(session: Session, desk: Desk, rows: Sequence[Outbox]) -> list[DigestLine]:
    """One line per deadline: of several rungs owed, the last."""
    latest = {(row.subject, row.rule): row for row in rows}
    codes = sorted({row.subject for row in rows})
    named = subjects(session, desk.plan, codes)
    projects = {item.code: item for item in dossiers(session, desk.plan, codes)}
    held = facts(session, desk.plan, codes)
    reminded = {
        (item.subject, item.rule): item.remind_by or item.overdue_after or date.max
        for item, _ in deadline_rows(session, desk.plan, codes)
    }
    return [
        _line(
            desk,
            row,
            reminded[row.subject, row.rule],
            named[row.subject],
            missing(
                desk,
                desk.deadlines[row.rule],
                SubjectKind(named[row.subject].kind),
                held.get(row.subject, {}),
                projects.get(row.subject),
                row.as_of,
            ),
        )
        for row in latest.values()
    ]


def _line(
    desk: Desk, row: Outbox, remind_by: date, subject: Subject, lacking: tuple[str, ...]
) -> DigestLine:
    deadline = desk.deadlines[row.rule]
    rule = deadline.rule
    return DigestLine(
        kind=RungKind(row.rung_kind),
        subject_kind=SubjectKind(subject.kind),
        subject=subject.code,
        name=subject.name,
        place=f"{subject.city}{subject.county}" or desk.plan.province,
        rule=row.rule,
        title=rule.title,
        clause=rule.clause,
        notice_number=desk.plan.notice.number,
        origin=rule.origin,
        remind_by=remind_by,
        overdue_after=row.due,
        responsible=responsible(desk, rule.responsible, subject),
        to_do=rule.to_do,
        missing=lacking,
    )


def responsible(desk: Desk, body_id: str, subject: Subject) -> str:
    """The office that is responsible; a body that the notice cannot bind goes by its own name."""
    body = desk.plan.bodies[body_id]
    if not body.bound:
        return body.name
    return desk.plan.office(body.reached_at, subject.city, subject.county)


def _task(line: DigestLine, as_of: date) -> TaskRow:
    return TaskRow(
        kind=line.kind.label,
        place=line.place,
        subject=line.name,
        title=line.title,
        clause=f"{line.notice_number}{line.clause}",
        remind_by=line.remind_by,
        overdue_after=line.overdue_after,
        state=status(line, as_of),
        to_do=line.to_do,
        missing="；".join(line.missing),
    )


def _digest_id(rows: Sequence[Outbox]) -> str:
    """The same messages make the same digest, so that a repeat can be told from a new one."""
    return hashlib.sha256("\n".join(sorted(map(outbox.key, rows))).encode()).hexdigest()
