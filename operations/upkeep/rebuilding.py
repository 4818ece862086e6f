"""What the trail says, done once more beside the tables: whatever differs was not recorded.

The trail and the days that were decided are carried out again, by the operations themselves, in a
database of its own; then every table that follows from them is held against the one in use.
"""

import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from pydantic import SecretStr
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, SQLModel

from common.errors import RefusedError, XingfuError
from common.files import scratch_folder
from models.audits import NewRow, add_audit, find_audit, history, revisions, whole_trail
from models.database import migrate, open_engine, reading, writing
from models.deadlines import acknowledge, extend
from models.plans import add_deadlines, forget_digest, install_plan
from models.projects import change_facts, find_subject, put_project
from models.renaming import former_names, under_every_name
from models.rows import columns, into
from models.seals import keyed
from models.secrets import new_key
from models.sweeps import sweeps
from models.tables import (
    Audit,
    DeadlineRow,
    Fact,
    LedgerRow,
    OpinionRow,
    PlanVersion,
    ProgressRow,
    Project,
    Subject,
    SweepRow,
)
from models.versions import rules_run, versions
from operations.cases.authority import authorise
from operations.cases.corrections import creates, undone
from operations.cases.desk import Desk
from operations.cases.effects import Casebook, apply, whole
from operations.cases.fulfilment import (
    deadline_of,
    refresh_all,
    refresh_subject,
    settle_city,
    state_of,
)
from operations.daily.enforcement import enforce
from operations.workbooks.stating import new_columns
from policy.cities import City, County
from policy.fields import CORE
from policy.schema import Plan
from policy.vocabulary import AuditKind, SubjectKind
from states.authority import upkeep
from states.contacts import Place
from states.dossier import Dossier
from states.trail import from_detail, recorded_effects

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
AUDIT = tuple(Audit.model_fields)
GRANTED = (AuditKind.EXTENSION, AuditKind.ACKNOWLEDGEMENT)
MARKS_FROM = 1_000_000_000
"""Ids of the marks that the runs make again: above all that the trail has."""
TABLES: Mapping[type[SQLModel], tuple[str, tuple[str, ...]]] = {
    Subject: ("项目（单位）", ()),
    Project: ("项目", ()),
    Fact: ("节点", ("name",)),
    DeadlineRow: ("时限", ("rule",)),
    LedgerRow: ("资金台账", ("audit_id",)),
    OpinionRow: ("评审意见", ("audit_id",)),
    ProgressRow: ("月度进度", ("period",)),
}
"""What follows from the trail: what each is called, and what tells its rows of a subject apart."""
LABELS = {
    "amount": "金额",
    "body": "卡在何单位",
    "category": "支出类别",
    "checks": "验收表",
    "city": "所在市",
    "county": "所在县（市、区）",
    "county_code": "县（市、区）代码",
    "county_type": "县（市、区）类型",
    "disposition": "状态",
    "entry": "收支类型",
    "expert": "专家",
    "extended_to": "延期至",
    "findings": "不符合条件的说明",
    "fired": "已过提醒次数",
    "fits": "时限已定",
    "fulfilled_on": "办结日期",
    "fund": "资金渠道",
    "holder": "资金所在",
    "invested": "累计完成投资",
    "kind": "类别",
    "last_on": "最近办理日期",
    "name": "名称",
    "next_look_on": "下次核对日期",
    "next_step": "下一步措施",
    "on": "日期",
    "on_schedule": "是否达序时进度",
    "organisation": "专家所在单位",
    "overdue_after": "逾期起算前一日",
    "payee": "收款单位",
    "percent": "进度",
    "problem": "存在问题",
    "quiet_until": "不再重复提醒至",
    "released": "已下达省级补助",
    "released_funds": "各笔资金已下达",
    "remind_by": "提前办结日",
    "renamed_to": "更名为",
    "scores": "评分",
    "source": "资金来源",
    "stage": "阶段",
    "standing": "办理状态",
    "to_holder": "拨付对象",
    "turn_on": "前一环节办结日期",
    "visit": "第几次起算",
    "voucher": "凭证号",
}
"""What staff call a column; others have their own name."""
UNSAID = {(Fact, "audit_id")}
"""Which row made a fact so is not told where a change of rules did."""


@dataclass(frozen=True, slots=True)
class TableDifference:
    """A value in a table that the trail does not account for."""

    subject: str
    table: str
    """What staff call it, with the row's own key: 时限 D08."""
    field: str
    stored: str
    """无: there is no such row."""
    rebuilt: str
    since: int
    """The subject's newest row in the trail."""


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What came of it."""

    rows: int
    """Rows of the trail that were carried out again."""
    differences: tuple[TableDifference, ...]
    unknown: Mapping[str, str]
    """Per subject that could not be rebuilt, why; Chinese."""


@dataclass(frozen=True, slots=True)
class Repairer:
    """Who has the tables repaired, when and why."""

    on: date
    actor: str
    evidence: str


@dataclass(frozen=True, slots=True)
class RebuiltTables:
    """The tables as the trail makes them, while they are there."""

    session: Session
    rows: int
    unknown: Mapping[str, str]


Heard = Callable[[int, int], None]
"""Is told how many of how many rows are done."""


def told(found: RebuildResult) -> Iterator[str]:
    """Each difference, and each subject that could not be rebuilt, as staff read it."""
    for item in found.differences:
        since = (
            f"，该项目（单位）最近的记录为第{item.since}号"
            if item.since
            else "，该项目（单位）没有办理记录"
        )
        yield (
            f"{item.subject} {item.table} {item.field}："
            f"现为“{item.stored}”，按办理记录应为“{item.rebuilt}”{since}"
        )
    for subject, why in found.unknown.items():
        yield f"{subject} 无法按办理记录重建：{why}"


def compare(
    desk: Desk, only: Collection[str] | None = None, heard: Heard = lambda done, of: None
) -> RebuildResult:
    """Hold the tables against what the trail says, of all subjects or of `only` those."""
    with desk.reading() as session, tables_again(session, desk, only, heard) as again:
        found = tuple(differences(session, again, desk.plan, only))
        return RebuildResult(again.rows, found, again.unknown)


def repair(
    desk: Desk, repairer: Repairer, *, at: datetime, heard: Heard = lambda done, of: None
) -> RebuildResult:
    """Write what the trail says over what differs, each subject's with a row of its own.

    RefusedError without an actor or evidence.
    """
    if not repairer.actor.strip() or not repairer.evidence.strip():
        raise RefusedError("修复须注明经办人（--actor）和依据（--evidence）")
    with desk.writing() as session:
        authorise(session, desk, upkeep(desk.plan, AuditKind.REPAIR.label), Place(), repairer.actor)
        with tables_again(session, desk, None, heard) as again:
            found = tuple(differences(session, again, desk.plan, None))
            _write_over(session, again, desk.plan, {item.subject for item in found})
            for subject, its in groupby(found, key=lambda item: item.subject):
                row = _repaired(session, desk.plan, subject, its, repairer, at)
                add_audit(session, desk.plan, row)
            return RebuildResult(again.rows, found, again.unknown)


@contextmanager
def tables_again(
    session: Session,
    desk: Desk,
    only: Collection[str] | None = None,
    heard: Heard = lambda done, of: None,
    until: date = date.max,
) -> Iterator[RebuiltTables]:
    """The tables as the trail of all subjects, or of `only` those, makes them.

    With the runs as of days up to `until` alone, as if there had been no later one.
    """
    names = only and under_every_name(only, former_names(session, desk.plan))
    trail = [r for r in whole_trail(session, desk.plan) if names is None or r.subject in names]
    runs = [run for run in sweeps(session, desk.plan) if run.day is None or run.day <= until]
    known = versions(session, desk.plan)
    with _beside(desk) as empty:
        unknown = _carried_out(empty, known, trail, runs, heard)
        with reading(empty.engine) as tables:
            yield RebuiltTables(tables, len(trail), unknown)


def _ruled(desk: Desk, known: Sequence[PlanVersion], at: datetime) -> Desk:
    """A desk with the rules that the database ran at an instant."""
    plan, calendar = rules_run(known, at) or (desk.plan, desk.calendar)
    return Desk(desk.settings, plan, calendar, desk.engine)


@contextmanager
def _beside(desk: Desk) -> Iterator[Desk]:
    """A desk on an empty database with the same plan, gone at the end, as is its own key."""
    settings = desk.settings.model_copy(update={"secret_key": SecretStr(new_key().decode())})
    with scratch_folder() as folder:
        url = f"sqlite:///{folder / 'rebuilt.db'}"
        engine = keyed(open_engine(url, lasting=False), settings)
        migrate(engine)
        try:
            yield Desk(settings, desk.plan, desk.calendar, engine)
        finally:
            engine.dispose()


def _carried_out(
    empty: Desk,
    known: Sequence[PlanVersion],
    trail: Sequence[Audit],
    runs: Sequence[SweepRow],
    heard: Heard,
) -> Mapping[str, str]:
    """Do it all in its order; per subject that could not be followed, why."""
    unknown: dict[str, str] = {}
    waiting = deque(row for row in trail if row.kind != AuditKind.OVERDUE)
    again = _ruled(empty, known, BEGINNING)
    _install(again, BEGINNING, again.plan)
    with writing(again.engine) as session:
        _number_marks(session, again.plan)
    # Nobody else writes here, a sweep changes no project, and no effect hangs on other projects.
    stand: tuple[Dossier, ...] = ()
    for upto, run in [*((run.trail, run) for run in runs), (MARKS_FROM, None)]:
        with writing(again.engine) as session:
            casebook = Casebook(session, again, stand)
            while waiting and (waiting[0].id or 0) <= upto:
                _again(session, again, casebook, waiting.popleft(), unknown)
            stand = casebook.projects
        heard(len(trail) - len(waiting), len(trail))
        if run is None:
            break
        if run.day is None:
            former, again, stand = again.plan, _ruled(empty, known, run.at), ()
            _install(again, run.at, former)
        else:
            enforce(again, run.day, run.at)
    return unknown


def _install(again: Desk, at: datetime, former: Plan) -> None:
    """Ladders begin anew, whether or not these rules say what the former said."""
    with writing(again.engine) as session:
        forget_digest(session, again.plan)
        install_plan(session, again.plan, again.calendar, at, former)
        refresh_all(session, again)


def _number_marks(session: Session, plan: Plan) -> None:
    """Let marks that are made again have numbers of their own."""
    first = {
        "id": MARKS_FROM,
        "plan": plan.id,
        "subject": plan.province,
        "kind": AuditKind.OVERDUE,
        "action": "",
        "actor": "",
        "effective_on": plan.notice.issued_on,
        "recorded_at": BEGINNING,
        "clause": "",
        "evidence": "",
        "detail": {},
        "previous": "",
        "hash": "",
    }
    session.connection().execute(into(Audit), first)


def _again(
    session: Session, desk: Desk, casebook: Casebook, row: Audit, unknown: dict[str, str]
) -> None:
    """Carry one row out again; a subject of which one cannot be is left as it is from then on."""
    if row.subject in unknown:
        return
    try:
        with session.begin_nested():
            _carry_out(session, desk, casebook, row)
    except (XingfuError, KeyError, ValueError, AssertionError, IntegrityError) as error:
        unknown[row.subject] = f"第{row.id}号记录无法重做：{error}"


def _carry_out(session: Session, desk: Desk, casebook: Casebook, row: Audit) -> None:
    created = creates(row)
    if created:
        _put(session, desk.plan, row)
    session.connection().execute(into(Audit), {name: getattr(row, name) for name in AUDIT})
    subject = find_subject(session, desk.plan, row.subject)
    if created:
        kind = row.detail["columns"].get("kind")
        add_deadlines(session, desk.plan, desk.calendar, SubjectKind.PROJECT, [row.subject], kind)
        settle_city(session, desk, subject.city)
    elif row.kind in GRANTED:
        _grant(session, desk, row, subject)
    elif row.kind == AuditKind.REVERSAL:
        _undo(session, desk, row, subject)
    if subject.kind == SubjectKind.PROJECT and not created:
        _move(session, desk, casebook, row)
    elif "dated" in row.detail and not created:
        dated = {name: date.fromisoformat(on) for name, on in row.detail["dated"].items()}
        change_facts(session, desk.plan, row.subject, dated, (), row.id)
        refresh_subject(session, desk, row.subject, SubjectKind(subject.kind))


def _put(session: Session, plan: Plan, row: Audit) -> None:
    """A project begins: where it stands its code says."""
    city, county = _place(plan, row.subject)
    stated = from_detail(plan, row.id or 0, AuditKind(row.kind), row.detail).effects.columns
    values = new_columns(county, stated)
    put_project(session, plan, row.subject, city.name, county.name, values)


def _place(plan: Plan, code: str) -> tuple[City, County]:
    shape = re.escape(plan.code_format).replace(r"\{county\}", r"(?P<county>\d+)")
    found = re.fullmatch(re.sub(r"\\\{number.*?\\\}", r"\\d+", shape), code)
    for city in plan.cities:
        for county in city.counties:
            if found and county.code == found["county"]:
                return city, county
    raise RefusedError(f"实施方案中没有编码{code}所在的{plan.levels.bases}")


def _grant(session: Session, desk: Desk, row: Audit, subject: Subject) -> None:
    deadline, _ = deadline_of(session, desk, row.subject, row.action)
    if row.kind == AuditKind.EXTENSION:
        until, state = date.fromisoformat(row.detail["until"]), state_of(session, desk, subject)
        extend(session, desk.plan, desk.calendar, deadline, state, until)
    else:
        expected = date.fromisoformat(row.detail["expected"])
        acknowledge(session, desk.plan, row.subject, row.action, expected)


def _undo(session: Session, desk: Desk, row: Audit, subject: Subject) -> None:
    wrong = find_audit(session, desk.plan, row.detail["reverses"])
    granted = wrong is not None and wrong.kind in GRANTED
    if wrong is not None and (granted or subject.kind != SubjectKind.PROJECT):
        rows = [item for item in history(session, desk.plan, row.subject) if item.id != row.id]
        undone(session, desk, wrong, rows, subject)


def _move(session: Session, desk: Desk, casebook: Casebook, row: Audit) -> None:
    """What people recorded of a project, and what follows from it now."""
    told = from_detail(desk.plan, row.id or 0, AuditKind(row.kind), row.detail)
    said = recorded_effects(desk.plan, told)
    if said.any:
        before = casebook.project(row.subject)
        effects = whole(session, desk.plan, before, said)
        apply(session, desk, before, effects, row.id or 0)
        casebook.note(row.subject, replace(told, effects=effects))


def differences(
    stored: Session, again: RebuiltTables, plan: Plan, only: Collection[str] | None = None
) -> Iterator[TableDifference]:
    """Every value that is not as the trail makes it, by subject."""
    found = _every_difference(stored, again, plan, only)
    yield from sorted(found, key=lambda item: (item.subject, item.table, item.field))


def _every_difference(
    stored: Session, again: RebuiltTables, plan: Plan, only: Collection[str] | None
) -> Iterator[TableDifference]:
    since = revisions(stored, plan)
    for table, (label, keys) in TABLES.items():
        there, made = (_rows(each, table, plan, keys) for each in (stored, again.session))
        for key in sorted(there.keys() | made.keys()):
            subject = key[0]
            if subject in again.unknown or (only is not None and subject not in only):
                continue
            name = " ".join((label, *map(str, key[1:])))
            for field, old, new in _unlike(plan, table, there.get(key), made.get(key)):
                yield TableDifference(subject, name, field, old, new, since.get(subject, 0))


Keyed = Mapping[tuple[Any, ...], Mapping[str, Any]]


def _rows(session: Session, table: type[SQLModel], plan: Plan, keys: tuple[str, ...]) -> Keyed:
    """The rows of a table by subject and `keys`."""
    its = columns(table)
    own = _own(table).name
    found = session.execute(select(*its).where(its.plan == plan.id)).mappings()
    return {(row[own], *(row[name] for name in keys)): dict(row) for row in found}


def _unlike(
    plan: Plan,
    table: type[SQLModel],
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
) -> Iterator[tuple[str, str, str]]:
    if old is None or new is None:
        yield "记录", "无" if old is None else "有", "无" if new is None else "有"
        return
    for name, value in old.items():
        if value == new[name] or (table, name) in UNSAID:
            continue
        if table is Project and name == "further":
            yield from _unlike_fields(plan, value, new[name])
        else:
            yield _called(plan, table, name), _words(value), _words(new[name])


def _unlike_fields(
    plan: Plan, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield plan.label_of(name), _words(old.get(name)), _words(new.get(name))


def _called(plan: Plan, table: type[SQLModel], name: str) -> str:
    field = table is Project and name in CORE
    return plan.label_of(name) if field else plan.said(LABELS.get(name, name))


def _words(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value))
    return "空" if value is None else str(value)


def _write_over(
    session: Session, again: RebuiltTables, plan: Plan, subjects: Collection[str]
) -> None:
    """Give these subjects the rows that the trail makes; what they refer to comes first."""
    write = session.connection()
    for table in reversed(tuple(TABLES)):
        if table is not Subject:
            its = columns(table)
            write.execute(delete(table).where(its.plan == plan.id, _own(table).in_(subjects)))
    for table, (_, keys) in TABLES.items():
        rows = [row for key, row in _rows(again.session, table, plan, keys).items()]
        for row in (row for row in rows if row[_own(table).name] in subjects):
            its = columns(table)
            there = (its.plan == plan.id, _own(table) == row[_own(table).name])
            if table is Subject and write.execute(select(its.name).where(*there)).first():
                write.execute(update(table).where(*there).values(row))
            else:
                write.execute(into(table), row)


def _own(table: type[SQLModel]) -> ColumnElement[Any]:
    """The column that says whose a row is."""
    its = columns(table)
    own: ColumnElement[Any] = its.subject if "subject" in its else its.code
    return own


def _repaired(
    session: Session,
    plan: Plan,
    subject: str,
    found: Iterable[TableDifference],
    repairer: Repairer,
    at: datetime,
) -> NewRow:
    known = session.get(Subject, (plan.id, subject)) is not None
    return NewRow(
        subject=subject if known else plan.province,
        kind=AuditKind.REPAIR,
        action="repair",
        actor=repairer.actor,
        on=repairer.on,
        at=at,
        clause="",
        evidence=repairer.evidence,
        detail={"repairs": [[subject, i.table, i.field, i.stored, i.rebuilt] for i in found]},
    )
