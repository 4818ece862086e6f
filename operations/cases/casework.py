"""Actions on projects and records of facts: gather the dossier, rule on it, write it whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from common.errors import RefusedError
from common.words import long_date
from models.audits import NewRow, add_audit, history, revision, that_count
from models.contacts import people_at
from models.database import reading, writing
from models.projects import change_facts, facts, find_subject, first_day
from models.tables import Subject
from operations.cases.authority import doubts_told
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, begin, commit
from operations.cases.evidence import Exhibit, proven
from operations.cases.fulfilment import refresh_subject
from policy.actions import EvidenceRule
from policy.schema import RECORDED, Plan
from policy.timing import DeadlineRule
from policy.vocabulary import AuditKind, SubjectKind
from states.authority import matter
from states.casework import Ruling, find_action, rule_on_action, rule_on_amendment, rule_on_record
from states.contacts import acceptors_of
from states.deadlines import Deadline
from states.dossier import Dossier
from states.requirements import Case
from states.trail import Effects, TrailRow


@dataclass(frozen=True, slots=True)
class Act:
    """What someone asks to have recorded: an action, a milestone, evidence or a fulfilled duty."""

    subject: str
    name: str
    """The action, milestone or kind of evidence; for a city or the province also the deadline."""
    on: date
    actor: str
    evidence: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Per soft condition, the written reason for departing from it."""
    amount: Decimal | None = None
    """元 that the action pays."""
    checks: Mapping[str, str] = field(default_factory=dict)
    """Answers to the acceptance checklist, by item."""
    seen: int | None = None
    """The subject's revision when the actor looked at it; None: not compared."""


@dataclass(frozen=True, slots=True)
class ActResult:
    """What came of it: the project's stage before and after, and soft conditions not met."""

    from_stage: str
    to_stage: str
    warnings: tuple[str, ...]


Operation = Callable[..., ActResult]


def perform(
    desk: Desk,
    operation: Operation,
    act: Act,
    *,
    today: date,
    at: datetime,
    exhibits: Sequence[Exhibit] = (),
) -> ActResult:
    """Carry out `operation` in a transaction of its own, proven by files where there are some.

    Unless `act` says what its actor has seen, it is what stands when the request comes in: of two
    requests that come in together one wins, and the other is told what changed (ConflictError).
    """
    if act.seen is None:
        with reading(desk.engine) as session:
            act = replace(act, seen=revision(session, desk.plan, act.subject))
    with writing(desk.engine) as session, proven(session, desk, exhibits):
        done = operation(session, desk, act, today=today, at=at)
        return replace(done, warnings=(*done.warnings, *doubts_told(session)))


def advance(
    session: Session,
    desk: Desk,
    act: Act,
    *,
    today: date,
    at: datetime,
    casebook: Casebook | None = None,
) -> ActResult:
    """Take an action on a project. RefusedError with every reason, and nothing written."""
    casebook = begin(
        session, desk, act.subject, matter(desk.plan, act.name), act, today, act.seen, casebook
    )
    before = casebook.project(act.subject)
    case = _case(desk, before, act)
    if act.checks:
        case = replace(case, acceptors=acceptors_of(desk.plan, people_at(session, desk.plan)))
    ruling = rule_on_action(case, act.name)
    entry = _entry(act, AuditKind.TRANSITION, find_action(desk.plan, act.name).clause)
    entry = replace(entry, stages=(before.stage, ruling.position.stage))
    return _commit(session, desk, casebook, entry, ruling, at)


def record(
    session: Session,
    desk: Desk,
    act: Act,
    *,
    today: date,
    at: datetime,
    casebook: Casebook | None = None,
) -> ActResult:
    """Record a milestone beside the chain, evidence, or a duty that an office has fulfilled.

    Recording a milestone or duty again with another day corrects it; with the same day nothing is
    written. RefusedError with every reason.
    """
    casebook = begin(
        session, desk, act.subject, matter(desk.plan, act.name), act, today, act.seen, casebook
    )
    subject = find_subject(session, desk.plan, act.subject)
    if rule := next((item for item in desk.plan.evidence if item.id == act.name), None):
        return _record_evidence(session, desk, casebook, act, subject, rule, at)
    if subject.kind != SubjectKind.PROJECT:
        return _record_duty(session, desk, act, SubjectKind(subject.kind), at)
    before = casebook.project(act.subject)
    ruling = rule_on_record(_case(desk, before, act), act.name)
    if before.milestones.get(act.name) == act.on:
        return _unchanged(desk, before)
    entry = _entry(act, AuditKind.RECORD, desk.plan.milestone(act.name).clause)
    corrected = _corrects(before.milestones, act)
    return _commit(session, desk, casebook, entry, ruling, at, **corrected)


def date_milestone(
    session: Session,
    desk: Desk,
    act: Act,
    *,
    today: date,
    at: datetime,
    casebook: Casebook | None = None,
) -> ActResult:
    """Date a milestone of a project: beside the chain, or by the action that dates it.

    `act.name` is the milestone. RefusedError with every reason.
    """
    action = desk.plan.recorder(act.name)
    if action is None or desk.plan.milestone(act.name).beside_chain:
        return record(session, desk, act, today=today, at=at, casebook=casebook)
    taken = replace(act, name=action.id)
    return advance(session, desk, taken, today=today, at=at, casebook=casebook)


def amend(session: Session, desk: Desk, act: Act, *, today: date, at: datetime) -> ActResult:
    """Change the day of a milestone that is dated already, with an approval (`act.evidence`).

    The old day is kept in the trail. RefusedError with every reason.
    """
    casebook = begin(session, desk, act.subject, matter(desk.plan, act.name), act, today, act.seen)
    if not act.evidence.strip():
        raise RefusedError("节点变更须有批准文件，请注明文件名称和文号")
    before = casebook.project(act.subject)
    ruling = rule_on_amendment(_case(desk, before, act), act.name)
    entry = _entry(act, AuditKind.AMENDMENT, desk.plan.milestone(act.name).clause)
    corrected = _corrects(before.milestones, act)
    return _commit(session, desk, casebook, entry, ruling, at, **corrected)


def by_decision(plan: Plan) -> frozenset[str]:
    """The kinds of evidence that only a decision puts on record: who decides has seen the whole."""
    declined = plan.review.declined if plan.review else None
    sections = (plan.ladder, plan.bulletin, plan.feedback, plan.cross_acceptance)
    letters = (section.letter for section in sections if section)
    return frozenset(filter(None, (declined, *letters)))


def _case(desk: Desk, before: Dossier, act: Act) -> Case:
    return Case(
        desk.plan, before, act.on, act.evidence, act.actor, act.reasons, act.amount, act.checks
    )


def _entry(act: Act, kind: AuditKind, clause: str) -> AuditEntry:
    return AuditEntry(act.subject, kind, act.name, act.actor, act.on, clause, act.evidence)


def _commit(
    session: Session,
    desk: Desk,
    casebook: Casebook,
    entry: AuditEntry,
    ruling: Ruling,
    at: datetime,
    **more: object,
) -> ActResult:
    before = casebook.project(entry.subject)
    warned = [shortfall.requirement.id for shortfall in ruling.warnings]
    if warned:
        more["warnings"] = warned
    commit(session, desk, casebook, entry, ruling.effects, at, **more)
    return ActResult(
        from_stage=desk.plan.stage(before.stage).label,
        to_stage=desk.plan.stage(ruling.position.stage).label,
        warnings=tuple(map(str, ruling.warnings)),
    )


def _unchanged(desk: Desk, before: Dossier) -> ActResult:
    label = desk.plan.stage(before.stage).label
    return ActResult(label, label, ())


def _record_evidence(
    session: Session,
    desk: Desk,
    casebook: Casebook,
    act: Act,
    subject: Subject,
    rule: EvidenceRule,
    at: datetime,
) -> ActResult:
    if subject.kind not in rule.subjects:
        kinds = "、".join(desk.plan.said(kind.label) for kind in rule.subjects)
        raise RefusedError(f"“{rule.label}”只为{kinds}登记，{subject.name}不是")
    if rule.id in by_decision(desk.plan):
        raise RefusedError(f"“{rule.label}”在作出决定时登记（{rule.clause}），不能另行登记")
    if not act.evidence.strip():
        raise RefusedError(f"请在依据中写明“{rule.label}”的内容或文件（{rule.clause}）")
    if not _is_on_record(session, desk, act):
        audit_id = _audit(session, desk, act, AuditKind.EVIDENCE, rule.clause, at, {})
        casebook.note(act.subject, TrailRow(audit_id, AuditKind.EVIDENCE, Effects()))
    return ActResult("", "", ())


def _is_on_record(session: Session, desk: Desk, act: Act) -> bool:
    """Whether the very same was recorded before: the same form sent twice says nothing new."""
    said = (AuditKind.EVIDENCE, act.name, act.on, act.actor, act.evidence)
    return any(
        (row.kind, row.action, row.effective_on, row.actor, row.evidence) == said
        for row in that_count(history(session, desk.plan, act.subject))
    )


def _record_duty(
    session: Session, desk: Desk, act: Act, kind: SubjectKind, at: datetime
) -> ActResult:
    held = facts(session, desk.plan, [act.subject]).get(act.subject, {})
    deadline = desk.deadlines.get(act.name)
    if deadline is None or RECORDED not in deadline.rule.fulfilled_by.get(kind, ()):
        known = [
            id
            for id, item in desk.deadlines.items()
            if RECORDED in item.rule.fulfilled_by.get(kind, ())
        ]
        raise RefusedError(f"{act.subject}没有可登记的事项“{act.name}”，可用：{'、'.join(known)}")
    if early := desk.plan.notice.too_early(act.on):
        raise RefusedError(early)
    if act.name in desk.plan.reported_months and not act.evidence.strip():
        raise RefusedError(
            f"{deadline.rule.title}以月报表报送，内容登记后即为已报；"
            "以书面等方式报送的，请在依据中写明原因和文件，内容补录前列为“未录入”"
        )
    if reason := _before_window(session, desk, act, deadline):
        raise RefusedError(f"{act.subject} {reason}")
    if held.get(act.name) != act.on:
        detail = {"dated": {act.name: act.on.isoformat()}, **_corrects(held, act)}
        audit_id = _audit(session, desk, act, AuditKind.RECORD, deadline.rule.clause, at, detail)
        change_facts(session, desk.plan, act.subject, {act.name: act.on}, (), audit_id)
        refresh_subject(session, desk, act.subject, kind)
    return ActResult("", "", ())


def _before_window(session: Session, desk: Desk, act: Act, deadline: Deadline) -> str | None:
    """Why a duty cannot be fulfilled on a day yet, and which one may be meant (A23)."""
    rule = deadline.rule
    name = f"{deadline.id}“{rule.title}”"
    needed = rule.not_before_first if isinstance(rule, DeadlineRule) else None
    if needed is not None:
        first = first_day(session, desk.plan, needed)
        if first is None or act.on < first:
            label = desk.plan.milestone(needed).label
            since = f"最早的是{long_date(first)}" if first else "尚无项目登记"
            return f"{name}须在有项目“{label}”之后（{rule.clause}），{since}，请核对日期"
    if deadline.not_before is None or act.on >= deadline.not_before:
        return None
    running = [
        item.id
        for item in desk.deadlines.values()
        if item.rule is rule and item.not_before and item.not_before <= act.on
    ]
    meant = f"；如为已到期限的一期，编号应为{running[-1]}" if running else ""
    return (
        f"{name}自{long_date(deadline.not_before)}起（{rule.clause}），"
        f"{long_date(act.on)}尚未开始，请核对{meant}"
    )


def _audit(
    session: Session,
    desk: Desk,
    act: Act,
    kind: AuditKind,
    clause: str,
    at: datetime,
    detail: dict[str, object],
) -> int:
    row = NewRow(
        subject=act.subject,
        kind=kind,
        action=act.name,
        actor=act.actor,
        on=act.on,
        at=at,
        clause=clause,
        evidence=act.evidence,
        detail=detail,
    )
    return add_audit(session, desk.plan, row)


def _corrects(held: Mapping[str, date], act: Act) -> dict[str, object]:
    old = held.get(act.name)
    return {"corrects": old.isoformat()} if old else {}
