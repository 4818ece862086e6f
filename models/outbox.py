"""The outbox: what offices are owed, one intent per key; withdrawn once it is no longer true."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import and_, bindparam, exists, func, select, true, update
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.inbox import receipt_rule
from models.rows import among, ask, columns
from models.tables import DeadlineRow, Delivery, InboxFile, Outbox
from policy.schema import Plan
from policy.vocabulary import DecisionKind, DeliveryStatus, MessageStatus, RungKind

ON_THE_WAY = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)
UNDONE = (*ON_THE_WAY, DeliveryStatus.DEAD)
OUTBOX = columns(Outbox)
OWED = select(OUTBOX.id).where(
    OUTBOX.plan == bindparam("plan"),
    OUTBOX.subject == bindparam("subject"),
    among(OUTBOX.rule, "rules"),
    OUTBOX.status == MessageStatus.PENDING,
)


def key(row: Outbox) -> str:
    """The message's intent: plan, subject, rule, visit, due date, rung, recipient."""
    parts = (row.plan, row.subject, row.rule, row.visit, row.due, row.rung, row.recipient)
    return "/".join(map(str, parts))


def owe_receipt(
    session: Session, file: InboxFile, recipient: str, today: date, at: datetime
) -> None:
    """Owe an office the answer to a file that it put into its city's folder."""
    session.add(
        Outbox(
            plan=file.plan,
            subject=file.place,
            rule=receipt_rule(file.digest),
            visit=1,
            due=today,
            rung=RungKind.RECEIPT.value,
            recipient=recipient,
            decision=DecisionKind.RECEIPT,
            rung_kind=RungKind.RECEIPT,
            as_of=today,
            decided_at=at,
        )
    )
    session.flush()


def is_receipt() -> ColumnElement[bool]:
    """Whether an intent answers a file, and no deadline stands behind it."""
    return col(Outbox.decision) == DecisionKind.RECEIPT


def cancel(session: Session, plan: Plan, subject: str, rules: Sequence[str]) -> None:
    """Withdraw what is still owed about deadlines of a subject that have been closed."""
    if owed := ask(session, OWED, plan=plan.id, subject=subject, rules=rules):
        _cancel(session, col(Outbox.id).in_([row.id for row in owed]))


def cancel_repeats(session: Session, plan: Plan, row: DeadlineRow) -> None:
    """Withdraw what is still owed about a deadline beyond the ladder's rungs."""
    _cancel(session, *_about(row), _repeats(plan))


def withdraw_untrue(
    session: Session, plan: Plan, today: date, people: Sequence[str] | None = None
) -> None:
    """Withdraw what no longer holds: the step is done, has another date by now, or is quiet.

    Everything that closes or moves a deadline withdraws what is owed about it at once; this looks
    again, just before something is sent: at all that is owed, or at what these people are owed.
    Receipts, behind which no deadline stands, always hold.
    """
    owed = [col(Outbox.plan) == plan.id, ~is_receipt()]
    if people is not None:
        theirs = select(col(Delivery.outbox_id)).where(
            col(Delivery.plan) == plan.id, col(Delivery.person).in_(people)
        )
        owed.append(col(Outbox.id).in_(theirs))
    same = (
        col(DeadlineRow.plan) == Outbox.plan,
        col(DeadlineRow.subject) == Outbox.subject,
        col(DeadlineRow.rule) == Outbox.rule,
    )
    still_open = exists().where(
        *same,
        col(DeadlineRow.next_look_on).is_not(None),
        col(DeadlineRow.overdue_after) == Outbox.due,
        col(DeadlineRow.visit) == Outbox.visit,
    )
    quiet = exists().where(*same, col(DeadlineRow.quiet_until) >= today)
    _cancel(session, *owed, ~still_open)
    _cancel(session, *owed, _repeats(plan), quiet)


def reinstate(session: Session, row: DeadlineRow) -> None:
    """Owe again what was withdrawn about this visit of a deadline that is open again."""
    session.execute(
        update(Outbox)
        .where(
            *_about(row),
            col(Outbox.visit) == row.visit,
            col(Outbox.due) == row.overdue_after,
            col(Outbox.status) == MessageStatus.CANCELLED,
        )
        .values(status=MessageStatus.PENDING)
    )
    owed = select(col(Outbox.id)).where(*_about(row), col(Outbox.status) == MessageStatus.PENDING)
    session.execute(
        update(Delivery)
        .where(col(Delivery.outbox_id).in_(owed), col(Delivery.status) == DeliveryStatus.CANCELLED)
        .values(status=DeliveryStatus.PENDING)
    )


def settle(session: Session, plan: Plan, ids: Sequence[int] | None = None) -> None:
    """Close the intents, of all or of these, of which everybody has been told."""
    these = true() if ids is None else col(Outbox.id).in_(ids)
    about = col(Delivery.outbox_id) == Outbox.id
    undone = exists().where(about, col(Delivery.status).in_(UNDONE))
    sent = (about, col(Delivery.status) == DeliveryStatus.SENT)
    last = select(func.max(col(Delivery.sent_at))).where(*sent)
    session.execute(
        update(Outbox)
        .where(
            col(Outbox.plan) == plan.id,
            these,
            col(Outbox.status) == MessageStatus.PENDING,
            ~undone,
            exists().where(*sent),
        )
        .values(status=MessageStatus.SENT, sent_at=last.scalar_subquery())
    )


def messages(session: Session, plan: Plan) -> tuple[Outbox, ...]:
    """The whole outbox, oldest first."""
    query = select_rows(Outbox).where(Outbox.plan == plan.id)
    return tuple(session.exec(query.order_by(col(Outbox.id))).all())


def find_message(session: Session, plan: Plan, id: int) -> Outbox | None:
    """The intent of that number, if this plan has it."""
    return session.exec(select_rows(Outbox).where(Outbox.plan == plan.id, Outbox.id == id)).first()


def messages_about(session: Session, plan: Plan, subject: str, rule: str) -> tuple[Outbox, ...]:
    """Every intent about one deadline of a subject, oldest first."""
    query = select_rows(Outbox).where(
        Outbox.plan == plan.id, Outbox.subject == subject, Outbox.rule == rule
    )
    return tuple(session.exec(query.order_by(col(Outbox.id))).all())


def _about(row: DeadlineRow) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Outbox.plan) == row.plan,
        col(Outbox.subject) == row.subject,
        col(Outbox.rule) == row.rule,
    )


def _repeats(plan: Plan) -> ColumnElement[bool]:
    return col(Outbox.rung).not_in([rung.id for rung in plan.ladder.rungs])


def _cancel(session: Session, *where: ColumnElement[bool]) -> None:
    """Withdraw intents, and with them every delivery that is not out yet."""
    withdrawn = select(col(Outbox.id)).where(*where, col(Outbox.status) == MessageStatus.PENDING)
    session.execute(
        update(Delivery)
        .where(
            and_(
                col(Delivery.outbox_id).in_(withdrawn),
                col(Delivery.status).in_((DeliveryStatus.PENDING, DeliveryStatus.DEAD)),
            )
        )
        .values(status=DeliveryStatus.CANCELLED)
    )
    session.execute(
        update(Outbox)
        .where(*where, col(Outbox.status) == MessageStatus.PENDING)
        .values(status=MessageStatus.CANCELLED)
    )
