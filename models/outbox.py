"""The outbox: what offices are owed, one intent per key; withdrawn once it is no longer true."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, Protocol

from sqlalchemy import Date, Update, and_, bindparam, exists, func, or_, select, true, update
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.inbox import receipt_rule
from models.rows import among, ask, columns
from models.tables import DeadlineRow, Delivery, InboxFile, MailItem, Outbox, ReceivedMail
from policy.schema import Plan
from policy.vocabulary import DecisionKind, DeliveryStatus, MailState, MessageStatus, RungKind

ON_THE_WAY = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)
UNDONE = (*ON_THE_WAY, DeliveryStatus.DEAD)
VERIFICATION = "verify-"
"""How the rule of an intent begins that tells an office of waiting mails; the day follows."""
OUTBOX, DELIVERY = columns(Outbox), columns(Delivery)
OWED = select(OUTBOX.id).where(
    OUTBOX.plan == bindparam("plan"),
    OUTBOX.subject == bindparam("subject"),
    among(OUTBOX.rule, "rules"),
    OUTBOX.status == MessageStatus.PENDING,
)


class AnyDeadlineRow(Protocol):
    """A `DeadlineRow`, be it an object of the ORM or a plain value."""

    @property
    def subject(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def visit(self) -> int: ...
    @property
    def overdue_after(self) -> date | None: ...


def key(row: Outbox) -> str:
    """The message's intent: plan, subject, rule, visit, due date, rung, recipient."""
    parts = (row.plan, row.subject, row.rule, row.visit, row.due, row.rung, row.recipient)
    return "/".join(map(str, parts))


def without_deadline(
    kind: RungKind, about: tuple[str, str, str], recipient: str, on: date, at: datetime
) -> Outbox:
    """An intent behind which no deadline stands: a receipt or a correction, owed on a day.

    `about`: the plan, the subject, and the rule that tells it from others.
    """
    plan, subject, rule = about
    return Outbox(
        plan=plan,
        subject=subject,
        rule=rule,
        visit=1,
        due=on,
        rung=kind.value,
        recipient=recipient,
        decision=DecisionKind(kind.value),
        rung_kind=kind,
        as_of=on,
        decided_at=at,
    )


def owe_receipt(
    session: Session, file: InboxFile, recipient: str, today: date, at: datetime
) -> int:
    """Owe an office the answer to a file that it handed in; the intent's number.

    0 where an earlier one of the day has not gone out: it brings the newest answer.
    """
    about = (file.plan, file.place, receipt_rule(file.digest))
    owed = without_deadline(RungKind.RECEIPT, about, recipient, today, at)
    same = ("plan", "subject", "rule", "due", "recipient")
    query = select_rows(Outbox).where(*(getattr(Outbox, it) == getattr(owed, it) for it in same))
    earlier = session.exec(query).all()
    if any(it.status == MessageStatus.PENDING for it in earlier):
        return 0
    owed.visit += len(earlier)
    session.add(owed)
    session.flush()
    return owed.id or 0


def owe_verification(
    session: Session, plan: Plan, place: str, office: str, on: date, at: datetime
) -> None:
    """Owe an office a word on a day that mails wait for it (待核实), once a day."""
    rule = f"{VERIFICATION}{on:%Y%m%d}"
    known = select_rows(Outbox).where(
        Outbox.plan == plan.id, Outbox.rule == rule, Outbox.recipient == office
    )
    if session.exec(known).first() is None:
        session.add(without_deadline(RungKind.RECEIPT, (plan.id, place, rule), office, on, at))
        session.flush()


def is_verification(rule: str) -> bool:
    """Whether an intent's rule is that mails wait for the office."""
    return rule.startswith(VERIFICATION)


def cancel_verification(session: Session, plan: Plan, waited_for: Collection[str]) -> None:
    """Withdraw what is owed of waiting mails to offices for which none waits any more."""
    _cancel(
        session,
        col(Outbox.plan) == plan.id,
        col(Outbox.rule).startswith(VERIFICATION),
        col(Outbox.recipient).not_in(waited_for),
    )


def is_receipt() -> ColumnElement[bool]:
    """Whether an intent answers a file, and no deadline stands behind it."""
    return col(Outbox.decision) == DecisionKind.RECEIPT


def is_correction() -> ColumnElement[bool]:
    """Whether an intent takes back what somebody was wrongly told."""
    return col(Outbox.decision) == DecisionKind.CORRECTION


def on_the_way() -> ColumnElement[bool]:
    """Whether somebody is still to be told of an intent: an index holds these rows alone.

    Its words are those of the index, since databases take it for no value that comes beside them.
    """
    words: ColumnElement[Any] = bindparam(
        "on_the_way", ON_THE_WAY, expanding=True, literal_execute=True
    )
    return col(Delivery.status).in_(words)


def about_deadlines() -> ColumnElement[bool]:
    """Whether a deadline stands behind an intent."""
    return col(Outbox.decision).not_in((DecisionKind.RECEIPT, DecisionKind.CORRECTION))


def ripe(today: date) -> ColumnElement[bool]:
    """Whether an intent may go out: never what was decided as of a day to come."""
    return col(Outbox.as_of) <= today


def held_back(session: Session, plan: Plan, today: date) -> int:
    """How many intents are owed and may not go out: they were decided as of a day to come."""
    query = select(func.count()).where(
        col(Outbox.plan) == plan.id, col(Outbox.status) == MessageStatus.PENDING, ~ripe(today)
    )
    return int(session.execute(query.select_from(Outbox)).scalar_one())


def cancel(session: Session, plan: Plan, subject: str, rules: Sequence[str]) -> None:
    """Withdraw what is still owed about deadlines of a subject that have been closed."""
    owed = ask(session, OWED, plan=plan.id, subject=subject, rules=rules) if rules else ()
    if owed:
        _cancel(session, col(Outbox.id).in_([row.id for row in owed]))


def cancel_asking(session: Session, plan: Plan, row: AnyDeadlineRow) -> None:
    """Withdraw what is still owed about a deadline and goes to nobody above."""
    _cancel(session, *_about(plan, row), _asking(plan))


def withdraw_untrue(
    session: Session, plan: Plan, today: date, people: Sequence[str] | None = None
) -> None:
    """Withdraw what no longer holds: the step is done, has another date by now, or is quiet.

    Quiet is what only asks again for what somebody expects by a day to come; and for some workdays
    repeats, which come again by themselves, about what a mail answers that waits for a person.

    Everything that closes or moves a deadline withdraws what is owed about it at once; this looks
    again, just before something is sent: at all that is owed, or at what these people are owed.
    Receipts and corrections, behind which no deadline stands, always hold.
    """
    session.flush()  # which the connection would not do
    given = {"today": today, "people": people}
    for statement in _withdrawing_untrue(plan, people is not None):
        session.connection().execute(statement, given)


@lru_cache(maxsize=32)  # twice for every round that sends something
def _withdrawing_untrue(plan: Plan, of_people: bool) -> tuple[Update, Update]:
    owed = [col(Outbox.plan) == plan.id, about_deadlines()]
    if of_people:
        theirs = select(col(Delivery.outbox_id)).where(
            col(Delivery.plan) == plan.id, among(DELIVERY.person, "people"), on_the_way()
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
    today = bindparam("today", type_=Date())
    quiet = exists().where(*same, col(DeadlineRow.quiet_until) >= today)
    answered = exists().where(
        col(ReceivedMail.plan) == Outbox.plan,
        col(MailItem.mail) == ReceivedMail.digest,
        col(MailItem.subject) == Outbox.subject,
        col(MailItem.rule) == Outbox.rule,
        col(MailItem.state) == MailState.HELD,
        col(MailItem.rests_until) >= today,
    )
    untrue = or_(~still_open, and_(_asking(plan), quiet), and_(_repeats(plan), answered))
    return _withdrawing(*owed, untrue)


def reinstate(session: Session, plan: Plan, row: AnyDeadlineRow) -> None:
    """Owe again what was withdrawn about this visit of a deadline that is open again."""
    session.execute(
        update(Outbox)
        .where(
            *_about(plan, row),
            col(Outbox.visit) == row.visit,
            col(Outbox.due) == row.overdue_after,
            col(Outbox.status) == MessageStatus.CANCELLED,
        )
        .values(status=MessageStatus.PENDING)
    )
    owed = select(col(Outbox.id)).where(
        *_about(plan, row), col(Outbox.status) == MessageStatus.PENDING
    )
    session.execute(
        update(Delivery)
        .where(col(Delivery.outbox_id).in_(owed), col(Delivery.status) == DeliveryStatus.CANCELLED)
        .values(status=DeliveryStatus.PENDING)
    )


def settle(session: Session, plan: Plan, ids: Sequence[int] | None = None) -> None:
    """Close the intents, of all or of these, of which everybody has been told."""
    session.flush()  # which the connection would not do
    session.connection().execute(_settled(ids is not None), {"its_plan": plan.id, "ids": ids})


@cache
def _settled(of_some: bool) -> Update:
    these = among(OUTBOX.id, "ids") if of_some else true()
    about = col(Delivery.outbox_id) == Outbox.id
    undone = exists().where(about, col(Delivery.status).in_(UNDONE))
    sent = (about, col(Delivery.status) == DeliveryStatus.SENT)
    last = select(func.max(col(Delivery.sent_at))).where(*sent)
    return (
        update(Outbox)
        .where(
            col(Outbox.plan) == bindparam("its_plan"),
            these,
            col(Outbox.status) == MessageStatus.PENDING,
            ~undone,
            exists().where(*sent),
        )
        .values(
            {col(Outbox.status): MessageStatus.SENT, col(Outbox.sent_at): last.scalar_subquery()}
        )
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


def _about(plan: Plan, row: AnyDeadlineRow) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Outbox.plan) == plan.id,
        col(Outbox.subject) == row.subject,
        col(Outbox.rule) == row.rule,
    )


def _repeats(plan: Plan) -> ColumnElement[bool]:
    return col(Outbox.rung).not_in([rung.id for rung in plan.ladder.rungs])


def _asking(plan: Plan) -> ColumnElement[bool]:
    return and_(about_deadlines(), col(Outbox.rung).not_in(plan.ladder.escalations))


def _cancel(session: Session, *where: ColumnElement[bool]) -> None:
    """Withdraw intents, and with them every delivery that is not out yet."""
    for statement in _withdrawing(*where):
        session.execute(statement)


def _withdrawing(*where: ColumnElement[bool]) -> tuple[Update, Update]:
    """What does so: of the deliveries, then of the intents."""
    pending = (*where, col(Outbox.status) == MessageStatus.PENDING)
    theirs = (
        col(Delivery.outbox_id).in_(select(col(Outbox.id)).where(*pending)),
        col(Delivery.status).in_((DeliveryStatus.PENDING, DeliveryStatus.DEAD)),
    )
    return (
        update(Delivery).where(and_(*theirs)).values(status=DeliveryStatus.CANCELLED),
        update(Outbox).where(*pending).values(status=MessageStatus.CANCELLED),
    )
