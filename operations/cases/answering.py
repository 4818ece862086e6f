"""Answers to reminders: an item is done since a day, or will be by one (已知悉), and who says so.

The same by whichever way an answer comes in; who may is asked of the plan, as for every act.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from common.errors import RefusedError
from common.words import long_date
from documents.forms.ledger import question
from models.deadlines import PlainDeadlineRow, deadline_rows
from models.projects import dossier, facts, find_subject
from models.tables import DeadlineRow
from operations.cases.acknowledgement import Acknowledgement, acknowledge
from operations.cases.authority import place_of
from operations.cases.casework import Act, ActResult, Operation, date_milestone, record
from operations.cases.desk import Desk
from operations.cases.effects import Casebook
from operations.cases.fulfilment import deadline_of, turn_at
from operations.cases.money import Booking, book, same_line
from policy.schema import QUOTA_SUBMITTED, Plan
from policy.vocabulary import Standing, SubjectKind
from states.authority import acknowledgement, may
from states.chains import Turn, matter_of
from states.deadlines import PRESSING, Deadline
from states.dossier import Dossier
from states.money_due import MoneyDue, money_due


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says of one item: done on a day, or else expected by one."""

    subject: str
    rule: str
    """The deadline's id, by which a message named the item."""
    actor: str
    done: date | None = None
    fact: str = ""
    """What `done` is the day of, as the message had it; empty: the first that is missing now."""
    evidence: str = ""
    """For `done`: the document, and what it came in with."""
    money: "MoneyAnswer | None" = None
    """Where `done` is the day of a receipt or a transfer."""
    expected: date | None = None
    reason: str = ""
    """For `expected`: why it is not done yet."""


@dataclass(frozen=True, slots=True)
class MoneyAnswer:
    """What is said of a sum that was due."""

    due: MoneyDue
    amount: Decimal | None
    """元; None: not said."""
    voucher: str
    seen: int | None = None
    """As `Act.seen`."""


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """What came of an answer."""

    said: str
    """``“开工”登记为2023年6月5日``."""
    new: bool = True
    """False where the very same was on record already."""
    warnings: tuple[str, ...] = ()
    """Soft conditions that are not met."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One open deadline of a subject, as things stand."""

    kind: SubjectKind
    deadline: Deadline
    row: DeadlineRow
    held: Mapping[str, date]
    turn: Turn


def answer(
    session: Session,
    desk: Desk,
    said: Answer,
    *,
    today: date,
    at: datetime,
    casebook: Casebook | None = None,
) -> AnswerResult:
    """Put an answer on record, once. RefusedError with every reason, and nothing written."""
    item = _item(session, desk, said.subject, said.rule)
    if said.done is not None:
        return _done(session, desk, said, item, said.done, today, at, casebook)
    if said.expected is not None:
        return _expected(session, desk, said, item, said.expected, today, at)
    raise RefusedError("没有写明办结日期或预计完成日期；请填写其中一个")


def booking_of(due: MoneyDue, voucher: str) -> Operation:
    """What books a sum that was due, by the day and amount of an act (`casework.perform`)."""

    def operation(
        session: Session, desk: Desk, act: Act, *, today: date, at: datetime
    ) -> ActResult:
        project = dossier(session, desk.plan, act.subject)
        doubt = act.amount and question(desk.plan, act.amount, project.profile.investment)
        if doubt:
            raise RefusedError(doubt)
        said = Answer(act.subject, "", act.actor, evidence=act.evidence)
        money = MoneyAnswer(due, act.amount, voucher, act.seen)
        done = _booked(session, desk, said, money, act.on, today, at, None)
        return ActResult(project.stage, project.stage, done.warnings)

    return operation


def asked_fact(
    plan: Plan, deadline: Deadline, kind: SubjectKind, held: Mapping[str, date], turn: Turn
) -> str:
    """The fact that an answer to a deadline dates: the first that is missing.

    Empty where nothing is, or an answer does not date it: see `fact_bar`.
    """
    missing = (name for name in deadline.facts(kind) if name not in held)
    first = turn.step or next(missing, "")
    return "" if fact_bar(plan, first) else first


def day_of(session: Session, desk: Desk, subject: str, rule: str) -> str:
    """What a day of completion of an item is that of, e.g. 开工; empty where it takes none.

    RefusedError where the subject has no such deadline.
    """
    item = _item(session, desk, subject, rule)
    fact = asked_fact(desk.plan, item.deadline, item.kind, item.held, item.turn)
    return fact and fact_label(desk, fact)


def fact_bar(plan: Plan, fact: str) -> str:
    """Why an answer cannot date a fact, and what does; empty where it can."""
    if fact in plan.reported_months:
        return "月报以月报表报送，内容登记后即为已报；请填写随附的预填月报，本表不填此项"
    if fact == QUOTA_SUBMITTED:
        return "申报数以各项目的申报登记为准；请按项目填写，本表不填此项"
    milestone = next((item for item in plan.milestones if item.id == fact), None)
    if milestone is None:
        return ""
    if milestone.ledger:
        return (
            f"“{milestone.label}”按资金台账认定（{milestone.clause}）；"
            "请在《办理回执》该项填写日期、凭证号和金额，或在资金台账登记；未到账的，填写预计完成日期和原因"
        )
    if milestone.beside_chain or plan.recorder(fact):
        return ""
    return (
        f"“{milestone.label}”由{plan.bodies[milestone.responsible].name}作出决定时登记"
        f"（{milestone.clause}）；本表只填预计完成日期和原因"
    )


def asked_money(
    plan: Plan,
    deadline: Deadline,
    project: Dossier,
    turn: Turn,
    offices: Iterable[str],
) -> tuple[MoneyDue, ...]:
    """The sums that an answer of one of the offices to a project's deadline can book."""
    named = deadline.facts(SubjectKind.PROJECT)
    waits = turn.step and turn.step not in named
    facts = (turn.step,) if waits else project.missing_milestones(named)
    return money_due(plan, project, facts, offices)


def money_of(
    session: Session, desk: Desk, subject: str, rule: str, offices: Iterable[str]
) -> tuple[MoneyDue, ...]:
    """The same of a subject by its code; nothing of a city or the province."""
    item = _item(session, desk, subject, rule)
    if item.kind is not SubjectKind.PROJECT:
        return ()
    project = dossier(session, desk.plan, subject)
    return asked_money(desk.plan, item.deadline, project, item.turn, offices)


def fact_label(desk: Desk, fact: str) -> str:
    """What staff call a fact: 开工, or a duty's title."""
    if fact in desk.deadlines:
        return desk.deadlines[fact].rule.title
    return next((item.label for item in desk.plan.milestones if item.id == fact), fact)


def _item(session: Session, desk: Desk, code: str, rule: str) -> _Item:
    kind = SubjectKind(find_subject(session, desk.plan, code).kind)
    deadline, row = deadline_of(session, desk, code, rule)
    held = facts(session, desk.plan, [code]).get(code, {})
    return _Item(kind, deadline, row, held, turn_at(desk, row, kind, held)[1])


def _done(
    session: Session,
    desk: Desk,
    said: Answer,
    item: _Item,
    on: date,
    today: date,
    at: datetime,
    casebook: Casebook | None,
) -> AnswerResult:
    """Date the fact, unless the very same is on record; another day is for the province to mend."""
    if said.money is not None:
        return _booked(session, desk, said, said.money, on, today, at, casebook)
    fact = said.fact or _first(item)
    told = f"“{fact_label(desk, fact)}”登记为{long_date(on)}"
    if item.held.get(fact) == on:
        return AnswerResult(told, new=False)
    if fact in item.held:
        known = long_date(item.held[fact])
        mend = f"请清空本行，日期有误的请报{desk.plan.head_bureau}更正"
        raise RefusedError(f"已登记为{known}；{mend}")
    if barred := fact_bar(desk.plan, fact):
        raise RefusedError(barred)
    act = Act(said.subject, fact, on, said.actor, said.evidence)
    operation = record if fact in desk.deadlines else date_milestone
    done = operation(session, desk, act, today=today, at=at, casebook=casebook)
    return AnswerResult(told, warnings=done.warnings)


def _booked(
    session: Session,
    desk: Desk,
    said: Answer,
    money: MoneyAnswer,
    on: date,
    today: date,
    at: datetime,
    casebook: Casebook | None,
) -> AnswerResult:
    """Book what came in or was passed on, unless the very same line is in the ledger."""
    casebook = casebook or Casebook(session, desk)
    due, project = money.due, casebook.project(said.subject)
    called = due.label(desk.plan)
    if money.amount is None:
        raise RefusedError(f"未填写金额；请填写“{called}”的金额，单位为元")
    if not money.amount and project.profile.promised.get(due.source) == 0:
        act = Act(said.subject, due.fact, on, said.actor, said.evidence)
        done = date_milestone(session, desk, act, today=today, at=at, casebook=casebook)
        return AnswerResult(
            f"“{fact_label(desk, due.fact)}”登记为{long_date(on)}", True, done.warnings
        )
    if not money.voucher:
        raise RefusedError(f"未填写凭证号；请填写“{called}”的凭证号")
    asked = Booking(
        subject=said.subject,
        entry=due.entry,
        on=on,
        source=due.source,
        fund=due.fund,
        holder=due.holder,
        to_holder=due.to_holder,
        amount=money.amount,
        voucher=money.voucher,
        actor=said.actor,
        evidence=said.evidence,
        seen=money.seen,
    )
    told = f"“{called}”{money.amount:,.2f}元登记为{long_date(on)}（凭证{money.voucher}）"
    if any(same_line(asked, line) for line in project.lines):
        return AnswerResult(told, new=False)
    book(session, desk, asked, today=today, at=at, casebook=casebook)
    return AnswerResult(told)


def _first(item: _Item) -> str:
    """What is missing first; where nothing is, the last of what the deadline asks for."""
    named = item.deadline.facts(item.kind)
    missing = (name for name in named if name not in item.held)
    return item.turn.step or next(missing, named[-1])


def _expected(
    session: Session,
    desk: Desk,
    said: Answer,
    item: _Item,
    expected: date,
    today: date,
    at: datetime,
) -> AnswerResult:
    """Acknowledge the deadline, and what waits for the same step: it is asked as one item."""
    told = f"已知悉，预计{long_date(expected)}完成"
    rows: list[DeadlineRow | PlainDeadlineRow] = [item.row, *_beside(session, desk, said, item)]
    open_still = [row.rule for row in rows if row.quiet_until != expected]
    note = Acknowledgement(said.subject, said.rule, expected, today, said.actor, said.reason)
    for rule in open_still:
        acknowledge(session, desk, replace(note, rule=rule), today=today, at=at)
    return AnswerResult(told, new=bool(open_still))


def _beside(session: Session, desk: Desk, said: Answer, item: _Item) -> Iterator[PlainDeadlineRow]:
    """The other deadlines of the same chain that press, too, and that the actor is asked (A26)."""
    place, matter = place_of(session, desk.plan, said.subject), matter_of(item.turn, said.rule)
    for row, _ in deadline_rows(session, desk.plan, [said.subject]):
        if row.rule == said.rule or row.next_look_on is None:
            continue
        turn = turn_at(desk, row, item.kind, item.held)[1]
        asked = acknowledgement(desk.plan, row.rule, row.body)
        theirs = asked and place and may(desk.plan, asked, place, said.actor)
        if theirs and Standing(row.standing) in PRESSING and matter_of(turn, row.rule) == matter:
            yield row
