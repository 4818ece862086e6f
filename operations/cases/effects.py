"""Writes down one thing that was done: its audit row, and all of its effects, in one place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Protocol

from sqlmodel import Session

from common.errors import ConflictError, RefusedError
from common.words import long_date, require_seen, shanghai_minute
from models import records
from models.audits import NewRow, add_audit, changes_since, counted, history, revision
from models.plans import require_plan
from models.projects import change_facts, dossier, set_columns
from operations.cases.authority import authorise, place_of
from operations.cases.desk import Desk
from operations.cases.fulfilment import refresh_subject, settle_city
from policy.schema import Plan
from policy.vocabulary import AuditKind, Origin, Standing, SubjectKind
from states.authority import Matter
from states.dossier import Dossier
from states.trail import (
    Effects,
    TrailRow,
    carried_on,
    from_detail,
    handed_back,
    recorded,
    to_detail,
    under,
    with_what_follows,
)

EVIDENCE_FILE = "evidence_file"
"""The action of a row that does nothing but put files on record."""
TYPED = {
    "actor": "经办人",
    "evidence": "依据",
    "reason": "原因",
    "expert": "专家姓名",
    "organisation": "所在单位",
    "voucher": "凭证号",
    "payee": "收款单位",
    "signer": "签发人",
    "remark": "备注",
}
"""What fields of an act are called whose texts people type."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What the audit row says besides its effects."""

    subject: str
    kind: AuditKind
    name: str
    """The action, milestone, rule or form that it is about."""
    actor: str
    on: date
    clause: str
    evidence: str = ""
    stages: tuple[str, str] | None = None


class Casebook:
    """The projects that one transaction works on: each is read once, then kept as it stands.

    Other writers are kept out until the transaction ends. Whatever is recorded meanwhile is
    recorded with it.
    """

    def __init__(self, session: Session, desk: Desk, projects: Iterable[Dossier] = ()) -> None:
        require_plan(session, desk.plan, desk.calendar, lock=True)
        self._session, self._plan = session, desk.plan
        self._projects = {project.code: project for project in projects}

    def project(self, code: str) -> Dossier:
        """The project as it stands; RefusedError when there is none."""
        if code not in self._projects:
            self._projects[code] = dossier(self._session, self._plan, code)
        return self._projects[code]

    @property
    def projects(self) -> tuple[Dossier, ...]:
        """What it holds: for the next transaction where nobody else can have written between."""
        return tuple(self._projects.values())

    def note(self, code: str, row: TrailRow) -> None:
        """Keep in step with what has been recorded about a project."""
        if _bears_on_others(self._plan, row.effects):
            self._projects.clear()
        elif code in self._projects:
            self._projects[code] = carried_on(self._projects[code], row)


class DatedAct(Protocol):
    """Who does something, and on which day."""

    @property
    def actor(self) -> str: ...

    @property
    def on(self) -> date: ...


def begin(
    session: Session,
    desk: Desk,
    code: str,
    asked: Matter | None,
    act: DatedAct,
    today: date,
    seen: int | None = None,
    casebook: Casebook | None = None,
) -> Casebook:
    """Keep other writers out until the transaction ends, and check what every change must hold to.

    Gives back the casebook, a new one where there is none yet. Where nothing is known of that name,
    matter or subject, it is for the caller to refuse.

    RefusedError for an actor who may not, or for a day to come; ConflictError, which tells what
    changed, when the subject is no longer at the revision `seen`.
    """
    require_seen(dict(_typed(act)))
    casebook = casebook or Casebook(session, desk)
    place = place_of(session, desk.plan, code)
    if asked is not None and place is not None:
        authorise(session, desk, asked, place, act.actor)
    if act.on > today:
        raise RefusedError(
            f"日期（{long_date(act.on)}）尚未到来（今天是{long_date(today)}），只能登记已发生的事项"
        )
    if seen is not None and revision(session, desk.plan, code) != seen:
        raise ConflictError(_changed(session, desk, code, seen))
    return casebook


def _typed(act: DatedAct) -> Iterator[tuple[str, str]]:
    """What somebody has typed of an act, by what it is called."""
    stated = [(item.name, getattr(act, item.name)) for item in fields(act)]  # type: ignore[arg-type]  # every act is a dataclass
    for name, value in stated:
        if isinstance(value, str):
            yield TYPED.get(name, "填写的内容"), value
        elif isinstance(value, Mapping):
            yield from ((str(key), text) for key, text in value.items() if isinstance(text, str))


def commit(
    session: Session,
    desk: Desk,
    casebook: Casebook,
    entry: AuditEntry,
    effects: Effects,
    at: datetime,
    **more: Any,
) -> None:
    """Record `entry`, apply its effects and what follows from them, and bring deadlines in line.

    `more` goes into the row's detail.
    """
    before = casebook.project(entry.subject)
    effects = whole(session, desk.plan, before, effects)
    row = NewRow(
        subject=entry.subject,
        kind=entry.kind,
        action=entry.name,
        actor=entry.actor,
        on=entry.on,
        at=at,
        clause=entry.clause,
        stages=entry.stages,
        evidence=entry.evidence,
        detail={**to_detail(effects), **more},
    )
    audit_id = add_audit(session, desk.plan, row)
    apply(session, desk, before, effects, audit_id)
    casebook.note(before.code, from_detail(desk.plan, audit_id, entry.kind, row.detail))


def apply(session: Session, desk: Desk, before: Dossier, effects: Effects, audit_id: int) -> None:
    """Write what a row does to a project, and bring its deadlines and its city in line."""
    _apply(session, desk, before.code, effects, audit_id)
    _settle(session, desk, before, effects, audit_id)


def whole(session: Session, plan: Plan, before: Dossier, effects: Effects) -> Effects:
    """What is recorded of a project, with what follows from it."""
    given: Mapping[str, date] = {}
    if handed_back(plan, before, effects):
        given = recorded(plan, counted(plan, history(session, plan, before.code))).facts
    return with_what_follows(plan, before, effects, given)


def _bears_on_others(plan: Plan, effects: Effects) -> bool:
    """Whether other projects of the city are told of it: its places, and what is built where."""
    taken = plan.quota.taken_when in (*effects.dated, *effects.revoked)
    return taken or bool({"disposition", "kind", "building_kind"} & set(effects.columns))


def _apply(session: Session, desk: Desk, code: str, effects: Effects, audit_id: int) -> None:
    plan = desk.plan
    if effects.columns:
        set_columns(session, plan, code, effects.columns)
    if effects.dated or effects.revoked:
        change_facts(session, plan, code, effects.dated, effects.revoked, audit_id)
    _apply_pieces(session, desk, code, effects, audit_id)


def _apply_pieces(session: Session, desk: Desk, code: str, effects: Effects, audit_id: int) -> None:
    plan = desk.plan
    for dropped in effects.dropped:
        for remove in (records.remove_line, records.remove_opinion, records.remove_progress):
            remove(session, plan, dropped)
    if effects.line:
        records.add_line(session, plan, code, effects.line, audit_id)
    if effects.opinion:
        records.add_opinion(session, plan, code, effects.opinion, audit_id)
    if effects.progress:
        records.put_progress(session, plan, code, under(effects.progress, audit_id))


def _settle(session: Session, desk: Desk, before: Dossier, effects: Effects, audit_id: int) -> None:
    disposition = effects.columns.get("disposition", before.disposition)
    if effects.dated or effects.revoked or disposition != before.disposition:
        refresh_subject(session, desk, before.code, SubjectKind.PROJECT, disposition)
    quota = desk.plan.quota
    telling = {quota.submitted_when, quota.taken_when, *desk.plan.finished_by}
    if telling & {*effects.dated, *effects.revoked} or disposition != before.disposition:
        settle_city(session, desk, before.city, audit_id)


def _changed(session: Session, desk: Desk, code: str, seen: int) -> str:
    rows = changes_since(session, desk.plan, code, seen)
    if not rows:
        return f"{code}没有记录号{seen}，请重新查看后再办理"
    head = f"{code}在您查看之后已有变化，本次未办理；请核对后重新办理："
    lines = (
        f"  · {shanghai_minute(row.recorded_at)}{kind_said(desk, AuditKind(row.kind), row.action)} "
        f"{action_label(desk, row.action)}（{long_date(row.effective_on)}），经办：{row.actor}"
        for row in rows
    )
    return "\n".join([head, *lines])


def action_label(desk: Desk, name: str) -> str:
    """What staff call an action, milestone or rule of the plan."""
    return labels(desk).get(name, name)


def kind_said(desk: Desk, kind: AuditKind, name: str) -> str:
    """What staff call a record of a kind that is about `name`.

    Past a date that is only proposed nobody is marked as late (A30).
    """
    late = desk.deadlines.get(name) if kind is AuditKind.OVERDUE else None
    proposed = late is not None and late.rule.origin is Origin.PROPOSAL
    return Standing.OVERDUE.said(Origin.PROPOSAL) if proposed else kind.label


def labels(desk: Desk) -> Mapping[str, str]:
    """The Chinese name of every action, milestone and kind of evidence, by id."""
    plan = desk.plan
    found = {EVIDENCE_FILE: "佐证文件"} | {item.id: item.label for item in plan.evidence}
    found |= {item.id: item.label for item in plan.milestones}
    return found | {item.id: item.label for item in plan.actions}
