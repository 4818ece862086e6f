"""Whether a day may be decided: what speaks against it is told, until a person confirms it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from models.audits import NewRow, add_audit
from models.database import writing
from models.events import REFUSED_DAY, hold_event
from models.rewinds import day_record, newest_intent
from operations.cases.authority import authorise
from operations.cases.desk import Desk
from policy.vocabulary import AuditKind
from states.authority import upkeep
from states.contacts import Place
from states.doubts import doubts

ENFORCE = "enforce"
"""What a confirmation is about."""
MEND = (
    "请先核对服务器的日期和时间，更正后重新运行；确认日期无误的，请由负责人确认后再运行"
    "（xingfu enforce --confirm --actor 单位和姓名 --evidence 理由，或在 enforce_deadlines "
    "的运行表单中勾选“确认”）"
)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """That somebody stands for a day that is doubted."""

    actor: str
    evidence: str
    """Why it is right all the same."""


class DoubtfulDayError(RefusedError):
    """A day that is not decided, nor anything sent on it, until somebody confirms it."""


def reasons(session: Session, desk: Desk, day: date, at: datetime) -> tuple[str, ...]:
    """What speaks against a day at an aware instant, in Chinese; nothing for most days."""
    return tuple(doubts(desk.plan, day, at, day_record(session, desk.plan, day)))


def admit(
    session: Session, desk: Desk, day: date, at: datetime, confirmed: Confirmation | None = None
) -> None:
    """Let a day pass: no doubt speaks against it, or somebody stands for it, which is recorded.

    DoubtfulDayError with every doubt and how to mend it. RefusedError for a confirmation of
    somebody who may not, or without a reason.
    """
    found = reasons(session, desk, day, at)
    if not found:
        return
    if confirmed is None:
        head = f"{day}的每日核对未执行，没有作出任何提醒和逾期认定"
        raise DoubtfulDayError(with_reasons(head, [*found, MEND]))
    authorise(session, desk, upkeep(desk.plan, "日期确认"), Place(), confirmed.actor)
    if not confirmed.evidence.strip():
        raise RefusedError(f"{day}未能确认，没有核对；请写明确认的理由（--evidence）")
    row = NewRow(
        subject=desk.plan.province,
        kind=AuditKind.CONFIRMATION,
        action=ENFORCE,
        actor=confirmed.actor,
        on=day,
        at=at,
        clause=desk.plan.ladder.clause,
        evidence=confirmed.evidence,
        detail={"doubts": list(found), "outbox": newest_intent(session, desk.plan)},
    )
    add_audit(session, desk.plan, row)


def require_day(desk: Desk, day: date, at: datetime) -> None:
    """DoubtfulDayError when a day is doubted that nobody has confirmed; nothing is written."""
    with desk.reading() as session:
        admit(session, desk, day, at)


def announce_refusal(desk: Desk, day: date, reason: str, at: datetime) -> None:
    """Owe the event of a day that was refused."""
    with writing(desk.engine) as session:
        payload = {"on": day.isoformat(), "reason": reason}
        hold_event(session, desk.plan, REFUSED_DAY, desk.plan.province, at, payload)
