"""A change of rules is an act: shown before it is written, with who decided it and why.

What it would do is found out by doing it in a transaction that is undone, so that what is shown is
what is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, select

from common.errors import RefusedError
from models.audits import NewRow, add_audit
from models.database import trying, writing
from models.plans import install_plan, installed_digest, installed_plan
from models.projects import places_taken
from models.rows import columns
from models.tables import DeadlineRow, LedgerRow, OfficeRow, PlanVersion, Project, Subject
from models.versions import add_unknown, add_version, calendar_of, versions
from operations.cases.authority import authorise
from operations.cases.desk import Desk
from operations.cases.fulfilment import refresh_all
from operations.daily.prospect import ProspectiveReminder, prospect
from operations.upkeep.admins import ADMINS
from operations.views.plan_versions import content_of, difference_lines, present_content
from operations.workbooks.summary import add_named_sites
from policy.differences import PlanDifference, differences
from policy.load import from_canonical
from policy.renaming import SAME_NAMES, NameChanges, renaming
from policy.schema import Plan
from policy.vocabulary import AuditKind, Source, Standing, SubjectKind
from states.authority import upkeep
from states.contacts import Place

EXAMPLES = 3
MOVED, GAINED, LOST, VOIDED, RESTOOD = "日期变动", "新增", "不再有日期", "不再适用", "状态变动"
SHIFTS = (MOVED, GAINED, LOST, VOIDED, RESTOOD)
PERSONS = 20
"""People who are named with what they would be told; of the others the number."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Who decided on a change of rules, why, and from which day it is in force."""

    actor: str = ""
    evidence: str = ""
    since: date | None = None
    """None: today."""


@dataclass(frozen=True, slots=True)
class DeadlineShift:
    """What becomes of the deadlines of one rule."""

    what: str
    """One of `SHIFTS`."""
    rule: str
    title: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What installing the plan as it now reads does."""

    number: int
    """Of the version that it becomes."""
    told_before: bool
    """Whether the words of the version before were kept: else `differences` are not known."""
    differences: tuple[PlanDifference, ...]
    shifts: tuple[DeadlineShift, ...]
    gained: tuple[str, ...]
    """Subjects and offices that come to be, by name."""
    lost: tuple[str, ...]
    """Those that the plan no longer names; what is recorded of them stays."""
    renamed: tuple[str, ...]
    """Places and offices that go by another name, as ``旧称 → 新称``."""
    reminders: Mapping[str, tuple[ProspectiveReminder, ...]]
    """By person, what he or she would newly be told of on the day on which it is installed."""
    obstacles: tuple[str, ...]
    """What has to be put right first."""

    @property
    def none(self) -> bool:
        """Whether nothing that anybody could see becomes another."""
        return not (self.differences or self.shifts or self.gained or self.lost)

    @property
    def legal(self) -> bool:
        """Whether it asks for somebody who decided it, and for a document."""
        return bool(self.shifts) or any(each.legal for each in self.differences)


def foresee(desk: Desk, today: date, at: datetime) -> PlanChange | None:
    """What installing the plan would do as of today; nothing is written.

    None for a plan that is not installed yet, and where nothing would be another. RefusedError as
    `models.plans.install_plan`.
    """
    with trying(desk.engine) as session:
        change = _carried_out(session, desk, at, today)
        return None if change is None or change.none else change


def install(desk: Desk, at: datetime) -> None:
    """Install a plan for the first time, or one that says what it said; safe to repeat.

    RefusedError, with nothing written, for one that says something else: `adopt` takes it up.
    """
    with writing(desk.engine) as session:
        change = _carried_out(session, desk, at, None)
        if change is not None and not change.none:
            raise RefusedError(
                f"实施方案 {desk.plan.id} 或工作日历与第{change.number - 1}版不同，未装入；"
                f"请运行 xingfu init --plan {desk.plan.id} 查看影响，确认后加 --confirm"
            )
        if not versions(session, desk.plan):
            add_version(session, desk.plan, desk.calendar, desk.plan.notice.issued_on, at)


def adopt(desk: Desk, approval: Approval, today: date, at: datetime) -> PlanChange:
    """Install a plan that says something else, as the version in force from the approval's day.

    RefusedError, with nothing written: where an obstacle stands in its way, where what has legal
    effect lacks who decided it or why, and for a day that cannot be.
    """
    with writing(desk.engine) as session:
        row = installed_plan(session, desk.plan)
        former = (row.digest, row.installed_at) if row else None
        change = _carried_out(session, desk, at, today)
        if change is None or change.none or former is None:
            raise RefusedError(f"实施方案 {desk.plan.id} 没有变化，无需 --confirm")
        since = approval.since or today
        _refuse(change, approval, since, today, versions(session, desk.plan))
        if approval.actor.strip():
            whose = upkeep(desk.plan, AuditKind.PLAN.label)
            authorise(session, desk, whose, Place(), approval.actor)
        if not versions(session, desk.plan):
            add_unknown(session, desk.plan, *former)
        said = _actor(approval), approval.evidence.strip()
        add_version(session, desk.plan, desk.calendar, since, at, *said)
        add_audit(session, desk.plan, _row(desk, change, approval, since, at))
    return change


def change_lines(desk: Desk, change: PlanChange) -> Iterator[str]:
    """A change as staff read it."""
    plan = desk.plan
    yield f"{plan.notice.number}《{plan.name}》将改为第{change.number}版："
    if not change.told_before:
        yield "  此前的版本由较早的程序装入，没有保存内容，只能比较时限、项目和单位。"
    yield from difference_lines(change.differences)
    yield from _shift_lines(change.shifts)
    for what, names in (
        ("新增的项目和单位", change.gained),
        ("不再列入的", change.lost),
        ("更名的", change.renamed),
    ):
        if names:
            yield f"{what}（{len(names)}个）：{_few(names)}"
    yield from _reminder_lines(change.reminders)
    yield from (f"须先处理：{each}" for each in change.obstacles)


def _carried_out(
    session: Session, desk: Desk, at: datetime, today: date | None
) -> PlanChange | None:
    """Install the plan in this transaction; what that changed, None the first time.

    Without a day it is not asked whom the change reminds.
    """
    row = installed_plan(session, desk.plan)
    if row is None or row.digest == installed_digest(desk.plan, desk.calendar):
        first = row is None
        _install(session, desk, at, None)
        return None if first else _unchanged(session, desk)
    former = _former(session, desk)
    told = prospect(session, former, today, at) if former and today else frozenset()
    names = _names(session, desk)
    named = _of_plan(former.plan) if former else names
    before = _Before(former, _standings(session, desk), names, named, told)
    _install(session, desk, at, former.plan if former else None)
    now = prospect(session, desk, today, at) if today else frozenset()
    if former:
        before = before.by(renaming(former.plan, desk.plan))
    return _change(session, desk, before, now)


def _install(session: Session, desk: Desk, at: datetime, former: Plan | None) -> None:
    if install_plan(session, desk.plan, desk.calendar, at, former):
        add_named_sites(session, desk, at)
        refresh_all(session, desk)


def _unchanged(session: Session, desk: Desk) -> PlanChange:
    number = len(versions(session, desk.plan)) + 1
    return PlanChange(number, True, (), (), (), (), (), {}, ())


def _former(session: Session, desk: Desk) -> Desk | None:
    """The desk of the version that is installed; None where its words were not kept."""
    found = versions(session, desk.plan)
    if not found or found[-1].content is None:
        return None
    plan = from_canonical(found[-1].content)
    return Desk(desk.settings, plan, calendar_of(found[-1]), desk.engine)


Dated = tuple[date | None, date | None, Standing]
"""Both dates of a deadline, and how it stands."""
Standings = Mapping[tuple[str, str], Dated]
"""By rule and subject."""


def _standings(session: Session, desk: Desk) -> Standings:
    row = columns(DeadlineRow)
    query = select_columns(row.rule, row.subject, row.remind_by, row.overdue_after, row.standing)
    found = session.execute(
        query.where(row.plan == desk.plan.id).order_by(row.rule, row.subject)
    ).tuples()
    return {
        (rule, subject): (remind, due, Standing(standing))
        for rule, subject, remind, due, standing in found
    }


def _names(session: Session, desk: Desk) -> frozenset[str]:
    """The subjects of the plan itself, and the offices."""
    subjects = select(Subject.name).where(
        Subject.plan == desk.plan.id,
        Subject.kind != SubjectKind.PROJECT,
        Subject.renamed_to == "",
    )
    offices = select(OfficeRow.name).where(OfficeRow.plan == desk.plan.id)
    return frozenset((*session.exec(subjects), *session.exec(offices)))


def _of_plan(plan: Plan) -> frozenset[str]:
    names = (plan.province, *(city.name for city in plan.cities))
    return frozenset((*names, *(office.name for office in plan.contact_offices())))


@dataclass(frozen=True, slots=True)
class _Before:
    """How it was before new rules were installed."""

    former: Desk | None
    standings: Standings
    names: frozenset[str]
    """Of every subject and office that is known."""
    named: frozenset[str]
    """Of those that the former plan has."""
    told: frozenset[ProspectiveReminder]
    """Whom the former rules would have told."""
    renamed: NameChanges = SAME_NAMES

    def by(self, found: NameChanges) -> "_Before":
        """The same under the names of now."""
        return replace(
            self,
            standings={(rule, found.city(it)): at for (rule, it), at in self.standings.items()},
            names=frozenset(map(found.name, self.names)),
            named=frozenset(map(found.name, self.named)),
            told=frozenset(
                each._replace(person=found.person(each.person), subject=found.city(each.subject))
                for each in self.told
            ),
            renamed=found,
        )


def _change(
    session: Session, desk: Desk, before: _Before, now: frozenset[ProspectiveReminder]
) -> PlanChange:
    found, former = versions(session, desk.plan), before.former
    return PlanChange(
        number=max(len(found), 1) + 1,
        told_before=former is not None,
        differences=differences(content_of(found[-1]), present_content(desk.plan, desk.calendar))
        if former
        else (),
        shifts=tuple(_shifts(desk, former, before.standings, _standings(session, desk))),
        gained=tuple(sorted(_names(session, desk) - before.names)),
        lost=tuple(sorted(before.named - _of_plan(desk.plan))),
        renamed=before.renamed.lines,
        reminders=_by_person(now - before.told),
        obstacles=tuple(_obstacles(session, desk, former)),
    )


def _shifts(
    desk: Desk, former: Desk | None, before: Standings, after: Standings
) -> Iterator[DeadlineShift]:
    """What became of the deadlines, by what and by rule."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (rule, subject), now in after.items():
        was = before.get((rule, subject))
        if (what := _what(was, now)) is not None:
            found[what, rule].append(f"{subject}：{_shown(was)} → {_shown(now)}")
    known = {**(former.deadlines if former else {}), **desk.deadlines}
    for what, rule in sorted(found, key=lambda key: (SHIFTS.index(key[0]), key[1])):
        lines = found[what, rule]
        title = known[rule].rule.title if rule in known else ""
        yield DeadlineShift(what, rule, title, len(lines), tuple(lines[:EXAMPLES]))


def _what(was: Dated | None, now: Dated) -> str | None:
    if was is None or (was[2] == Standing.VOID and now[2] != Standing.VOID):
        return GAINED
    if now[2] == Standing.VOID:
        return VOIDED if was[2] != Standing.VOID else None
    if was[:2] != now[:2]:
        return GAINED if was[1] is None else LOST if now[1] is None else MOVED
    return RESTOOD if _done(was) != _done(now) else None


def _done(row: Dated) -> str | None:
    """What a change of rules may turn; the daily job alone makes a deadline 临期 or 逾期."""
    running = (Standing.ON_TRACK, Standing.DUE_SOON, Standing.OVERDUE, Standing.COORDINATING)
    return None if row[2] in running else row[2].value


def _shown(row: Dated | None) -> str:
    if row is None:
        return "无"
    remind, due, standing = row
    if standing == Standing.VOID or due is None:
        return standing.label
    early = f"（提醒{remind}）" if remind != due else ""
    return f"{due}{early}{standing.label}"


def _obstacles(session: Session, desk: Desk, former: Desk | None) -> Iterator[str]:
    """A quota below what is taken already, and a place that projects would be left in."""
    taken = places_taken(session, desk.plan)
    kinds = [None, *(kind.id for kind in desk.plan.kinds)]
    for city in desk.plan.cities:
        for kind in kinds:
            quota, count = city.quota_of(kind), taken.get((city.name, kind), 0)
            old = former.plan.city(city.name) if former else None
            if quota is not None and count > quota and (old is None or old.quota != city.quota):
                was = f"由{old.quota_of(kind)}个改为" if old else "为"
                yield (
                    f"{city.name}的名额{was}{quota}个，而已研究确定{count}个；"
                    f"请把名额改为不少于{count}个，或先对{count - quota}个项目办理终止"
                )

    yield from _turned_fields(desk, former)
    yield from _without_fund(session, desk, former)
    places = {(city.name, county.name) for city in desk.plan.cities for county in city.counties}
    for place, count in sorted(_left_in(session, desk).items()):
        if place not in places:
            yield (
                f"{''.join(place)}不再列入方案，而有{count}个项目；更名的请在方案中写明原名称"
                f"（renamed_from），撤并的请保留原名称至项目全部办结"
            )


def _turned_fields(desk: Desk, former: Desk | None) -> Iterator[str]:
    """A field that holds something else than before: what is on record could not be read."""
    for id, old in former.plan.field.items() if former else ():
        new = desk.plan.field.get(id)
        if new is not None and new.value_type is not old.value_type:
            yield (
                f"档案项“{old.label}”（{id}）的 kind 由 {old.kind} 改为 {new.kind}，"
                "已登记的内容将无法读取；请保留原项，另用新的编号登记"
            )


def _without_fund(session: Session, desk: Desk, former: Desk | None) -> Iterator[str]:
    """Money on record that would be of no fund: nobody could say what it may be used for."""
    line, project = columns(LedgerRow), columns(Project)
    booked = select_columns(line.source, line.fund).where(line.plan == desk.plan.id).distinct()
    purses = {fund or source for source, fund in session.execute(booked).tuples()}
    paid = select_columns(project.released_funds).where(
        project.plan == desk.plan.id, project.released.is_not(None)
    )
    for (released,) in session.execute(paid).tuples():
        purses |= {*(released or (Source.PROVINCE.value,))}
    for purse in sorted(purses - {*desk.plan.purses}):
        name = (former or desk).plan.purse_name(purse)
        yield (
            f"“{name}”已有下达或台账登记，而新的方案没有这笔资金；"
            "请保持 funds 不变，或先更正有关登记"
        )


def _left_in(session: Session, desk: Desk) -> Mapping[tuple[str, str], int]:
    """By city and county, how many projects lie there."""
    its = columns(Subject)
    query = select_columns(its.city, its.county, func.count()).where(
        its.plan == desk.plan.id, its.kind == SubjectKind.PROJECT
    )
    found = session.execute(query.group_by(its.city, its.county)).tuples()
    return {(city, county): count for city, county, count in found}


def _by_person(
    found: Iterable[ProspectiveReminder],
) -> Mapping[str, tuple[ProspectiveReminder, ...]]:
    people: dict[str, list[ProspectiveReminder]] = defaultdict(list)
    for each in sorted(found):
        people[each.person].append(each)
    return {person: tuple(items) for person, items in people.items()}


def _refuse(
    change: PlanChange,
    approval: Approval,
    since: date,
    today: date,
    found: Iterable[PlanVersion],
) -> None:
    if change.obstacles:
        raise RefusedError("未装入，须先处理：" + "；".join(change.obstacles))
    lacks = [
        name
        for name, said in (
            ("--actor（决定的单位）", approval.actor),
            ("--evidence（批准文件）", approval.evidence),
        )
        if not said.strip()
    ]
    if change.legal and lacks:
        raise RefusedError(
            f"未装入：变更涉及期限、名额、资金、条件或工作日（如 {_example(change)}），"
            f"请写明 {' 和 '.join(lacks)}"
        )
    if since > today:
        raise RefusedError(f"未装入：施行日期{since}尚未到来（今天是{today}），请到该日再装入")
    latest = max((row.since for row in found), default=since)
    if since < latest:
        raise RefusedError(
            f"未装入：施行日期{since}早于现行版本的施行日期{latest}，请改为{latest}或以后"
        )


def _example(change: PlanChange) -> str:
    """Something that has legal effect."""
    said = [str(each) for each in change.differences if each.legal]
    said += [f"{each.rule} {each.examples[0]}" for each in change.shifts]
    return said[0]


def _actor(approval: Approval) -> str:
    return approval.actor.strip() or ADMINS


def _row(desk: Desk, change: PlanChange, approval: Approval, since: date, at: datetime) -> NewRow:
    return NewRow(
        subject=desk.plan.province,
        kind=AuditKind.PLAN,
        action=AuditKind.PLAN.value,
        actor=_actor(approval),
        on=since,
        at=at,
        clause=desk.plan.notice.number,
        evidence=approval.evidence.strip(),
        detail={
            "version": change.number,
            "digest": installed_digest(desk.plan, desk.calendar),
            "differences": [f"{each.section} {each}" for each in change.differences],
            "deadlines": [f"{each.what} {each.rule} {each.count}" for each in change.shifts],
            "gained": list(change.gained),
            "lost": list(change.lost),
            "renamed": list(change.renamed),
        },
    )


def _shift_lines(found: Iterable[DeadlineShift]) -> Iterator[str]:
    for each in found:
        yield f"时限{each.what}：{each.rule} {each.title}，{each.count}项，如"
        yield from (f"  · {line}" for line in each.examples)


def _reminder_lines(
    found: Mapping[str, tuple[ProspectiveReminder, ...]],
) -> Iterator[str]:
    if not found:
        yield "当日没有人因此新收到提醒。"
        return
    yield f"当日因此新收到提醒的（{len(found)}人）："
    for person, items in list(found.items())[:PERSONS]:
        named = dict.fromkeys(f"{each.subject} {each.rule}（{each.rung}）" for each in items)
        yield f"  · {person}：{_few(list(named))}"
    if len(found) > PERSONS:
        yield f"  · 另有{len(found) - PERSONS}人"


def _few(names: Iterable[str]) -> str:
    listed = list(names)
    more = f"等{len(listed)}项" if len(listed) > EXAMPLES else ""
    return "、".join(listed[:EXAMPLES]) + more
