"""Actions on projects and records of facts: gather the dossier, rule on it, write it whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from flows.operations.desk import Desk
from flows.operations.fulfilment import refresh_subject
from models.audits import add_audit
from models.plans import require_plan
from models.projects import (
    change_facts,
    dossier,
    facts,
    find_subject,
    place,
    sync_quota_submitted,
)
from policy.errors import RefusedError
from policy.schema import RECORDED
from policy.vocabulary import AuditKind, SubjectKind
from states.casework import Ruling, find_action, find_milestone, rule_on_action, rule_on_record
from states.dossier import Dossier
from states.requirements import Case


@dataclass(frozen=True, slots=True)
class Act:
    """What someone asks to have recorded: an action, a milestone or a fulfilled duty."""

    subject: str
    name: str
    """The action, the milestone, or for a city or the province the deadline, e.g. ``D10-03``."""
    on: date
    actor: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: the project's stage before and after, and soft conditions not met."""

    from_stage: str
    to_stage: str
    warnings: tuple[str, ...]


def advance(session: Session, desk: Desk, act: Act, *, today: date, at: datetime) -> Done:
    """Take an action on a project. RefusedError with every reason, and nothing written."""
    _open(session, desk, act, today)
    before = dossier(session, desk.plan, act.subject)
    ruling = rule_on_action(Case(desk.plan, before, act.on, act.evidence), act.name)
    moved = (ruling.position.stage, ruling.position.disposition) != (
        before.stage,
        before.disposition,
    )
    audit_id = add_audit(
        session,
        desk.plan,
        act.subject,
        AuditKind.TRANSITION,
        act.name,
        actor=act.actor,
        on=act.on,
        at=at,
        clause=find_action(desk.plan, act.name).clause,
        stages=(before.stage, ruling.position.stage),
        evidence=act.evidence,
        detail=_detail(ruling),
    )
    position = {"stage": ruling.position.stage, "disposition": ruling.position.disposition}
    place(session, desk.plan, act.subject, {**position, **({"last_on": act.on} if moved else {})})
    return _settle(session, desk, before, ruling, audit_id)


def record(session: Session, desk: Desk, act: Act, *, today: date, at: datetime) -> Done:
    """Record a milestone beside the chain, or a duty that a city or the province has fulfilled.

    Recording it again with another day corrects it; with the same day nothing is written.
    RefusedError with every reason.
    """
    _open(session, desk, act, today)
    subject = find_subject(session, desk.plan, act.subject)
    held = facts(session, desk.plan, [act.subject]).get(act.subject, {})
    if subject.kind != SubjectKind.PROJECT:
        return _record_duty(session, desk, act, SubjectKind(subject.kind), held, at)
    before = dossier(session, desk.plan, act.subject)
    ruling = rule_on_record(Case(desk.plan, before, act.on, act.evidence), act.name)
    if before.milestones.get(act.name) == act.on:
        return Done(before.stage, before.stage, ())
    clause = find_milestone(desk.plan, act.name).clause
    audit_id = _audit_record(session, desk, act, clause, held, at)
    return _settle(session, desk, before, ruling, audit_id)


def _open(session: Session, desk: Desk, act: Act, today: date) -> None:
    require_plan(session, desk.plan, desk.calendar, lock=True)
    if not act.actor.strip():
        raise RefusedError("请注明经办人（--actor）")
    if act.on > today:
        raise RefusedError(f"日期{act.on}尚未到来（今天是{today}），只能登记已发生的事项")


def _settle(session: Session, desk: Desk, before: Dossier, ruling: Ruling, audit_id: int) -> Done:
    change_facts(session, desk.plan, before.code, ruling.dated, ruling.revoked, audit_id)
    refresh_subject(session, desk, before.code, SubjectKind.PROJECT, ruling.position.disposition)
    counts = desk.plan.quota.submitted_when in (*ruling.dated, *ruling.revoked)
    if counts and sync_quota_submitted(session, desk.plan, before.city, audit_id):
        refresh_subject(session, desk, before.city, SubjectKind.CITY)
    return Done(
        from_stage=desk.plan.stage(before.stage).label,
        to_stage=desk.plan.stage(ruling.position.stage).label,
        warnings=tuple(map(str, ruling.warnings)),
    )


def _record_duty(
    session: Session,
    desk: Desk,
    act: Act,
    kind: SubjectKind,
    held: Mapping[str, date],
    at: datetime,
) -> Done:
    deadline = desk.deadlines.get(act.name)
    if deadline is None or RECORDED not in deadline.rule.fulfilled_by.get(kind, ()):
        known = [
            id
            for id, item in desk.deadlines.items()
            if RECORDED in item.rule.fulfilled_by.get(kind, ())
        ]
        raise RefusedError(f"{act.subject}没有可登记的事项“{act.name}”，可用：{'、'.join(known)}")
    if act.on < desk.plan.notice.issued_on:
        raise RefusedError(f"日期{act.on}早于通知印发日{desk.plan.notice.issued_on}，请核对年份")
    if held.get(act.name) != act.on:
        audit_id = _audit_record(session, desk, act, deadline.rule.clause, held, at)
        change_facts(session, desk.plan, act.subject, {act.name: act.on}, (), audit_id)
        refresh_subject(session, desk, act.subject, kind)
    return Done("", "", ())


def _audit_record(
    session: Session, desk: Desk, act: Act, clause: str, held: Mapping[str, date], at: datetime
) -> int:
    corrected = held.get(act.name)
    return add_audit(
        session,
        desk.plan,
        act.subject,
        AuditKind.RECORD,
        act.name,
        actor=act.actor,
        on=act.on,
        at=at,
        clause=clause,
        evidence=act.evidence,
        detail={"corrects": corrected.isoformat()} if corrected else {},
    )


def _detail(ruling: Ruling) -> dict[str, object]:
    return {
        "dated": {name: on.isoformat() for name, on in ruling.dated.items()},
        "revoked": list(ruling.revoked),
        "disposition": ruling.position.disposition.value,
        "warnings": [shortfall.requirement.id for shortfall in ruling.warnings],
    }
