"""Why a deadline is what it is, and what a project may do next. Chinese text for staff."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session

from common.errors import RefusedError
from common.words import dated
from models.audits import overdue_marks
from models.projects import applied, find_subject, subjects
from models.tables import PlanVersion, Subject
from models.versions import in_force, installed_by, versions
from operations.cases.desk import Desk
from operations.views.overview import unentered_now, unentered_reports, with_projects
from operations.views.plan_versions import version_words
from operations.views.project_record import NextAction, next_actions, next_steps
from operations.views.scenes import DeadlineState, Scene, basis_in, by_tables, scene
from policy.actions import Requirement
from policy.checks import (
    PastCheck,
    ReachedCheck,
)
from policy.schema import QUOTA_SUBMITTED, RECORDED, Plan
from policy.timing import Span, rung_words
from policy.vocabulary import Basis, Disposition, Level, Origin, Standing, SubjectKind
from states.deadlines import RUNNING, Deadline, DeadlineDates, dates_of
from states.decide import Situation, is_silenced, steps
from states.dossier import Dossier
from states.machine import Position, move, to_come
from states.reporting import UNENTERED
from states.requirements import OF_THE_ACT, Case, shortfalls, unstated
from states.workdays import UnknownYearError


@dataclass(frozen=True, slots=True)
class Places:
    """How many projects a city has to apply for (任务数), and has applied for."""

    quota: int
    applied: int

    @property
    def lacking(self) -> str:
        """``申报1个项目（任务数13个，已申报12个）``."""
        left = self.quota - self.applied
        return f"申报{left}个项目（任务数{self.quota}个，已申报{self.applied}个）"


def places_of(
    session: Session, desk: Desk, codes: Iterable[str], day: date
) -> Mapping[str, Places]:
    """The places of those of `codes` that are cities with a quota, as of a day."""
    quotas = {city.name: city.places for city in desk.plan.cities if city.name in {*codes}}
    known = applied(session, desk.plan, quotas, day) if quotas else {}
    return {city: Places(n, known.get(city, 0)) for city, n in quotas.items() if n}


class Lack(NamedTuple):
    """One thing that a deadline waits for."""

    name: str
    """``开工``; ``研究确定（省民政厅）`` where a body above the county has to do it."""
    said: str
    """The same as a sentence: ``省民政厅尚未研究确定``."""


def missing(
    desk: Desk,
    deadline: Deadline,
    kind: SubjectKind,
    held: Mapping[str, date],
    project: Dossier | None,
    as_of: date,
    places: Places | None = None,
) -> tuple[Lack, ...]:
    """尚缺: the facts that `deadline` waits for, and what the forms of a project still have to say.

    `places`: of a city, how many it has and has applied for. Conditions of an act that nobody has
    tried yet, such as who decides and how much, are no lack.
    """
    if project is None:
        return tuple(
            _duty_lack(desk, name, deadline, places)
            for name in deadline.rule.fulfilled_by[kind]
            if (deadline.id if name == RECORDED else name) not in held
        )
    waiting = project.missing_milestones(deadline.facts(kind))
    own = deadline.rule.responsible
    lacks = [_awaited(desk, name, own) for name in waiting]
    return tuple(dict.fromkeys((*lacks, *_next_lacks(desk, waiting, project, own, as_of))))


def _awaited(desk: Desk, milestone: str, own: str) -> Lack:
    rule = desk.plan.milestone(milestone)
    body = desk.plan.bodies[rule.responsible]
    named = rule.responsible != own and body.reached_at is not Level.COUNTY
    does = next(
        (
            item.brief
            for item in desk.plan.deadlines
            if item.fulfilled_by.get(SubjectKind.PROJECT) == (milestone,) and item.brief
        ),
        None,
    )
    who = body.name if named else ""
    said = f"{who}尚未{does}" if does else f"“{rule.label}”{f'（{who}）' if who else ''}尚未登记"
    return Lack(f"{rule.label}（{body.name}）" if named else rule.label, said)


def _next_lacks(
    desk: Desk, waiting: tuple[str, ...], project: Dossier, own: str, as_of: date
) -> Iterator[Lack]:
    """What the actions that would date what is waited for still need: facts, fields, or reasons."""
    position = Position(project.stage, project.disposition)
    case = Case(desk.plan, project, as_of, evidence="有")
    for action in desk.plan.actions:
        if set(action.records) & set(waiting) and move(desk.plan, position, action.id):
            for item in shortfalls(case, action.id):
                if item.hard and not isinstance(item.requirement.check, OF_THE_ACT):
                    yield from _lack(desk, item.requirement, project, own)


def _lack(desk: Desk, rule: Requirement, project: Dossier, own: str) -> Iterator[Lack]:
    """By name what is not there; what is there and wrong, as the plan says it."""
    if isinstance(rule.check, ReachedCheck):
        waiting = project.missing_milestones(rule.check.milestones)
        yield from (_awaited(desk, name, own) for name in waiting)
        return
    blank = unstated(desk.plan, project.profile, rule.check)
    if blank or isinstance(rule.check, PastCheck):  # a day to come is no lack
        yield from (Lack(name, f"尚未填报{name}") for name in blank)
    else:
        says = f"{rule.says}（{rule.clause}）"
        yield Lack(says, says)


def _duty_lack(desk: Desk, name: str, deadline: Deadline, places: Places | None) -> Lack:
    words = _duty_words(desk, name, deadline, places)
    if name == QUOTA_SUBMITTED:
        return Lack(words, f"尚需{words}" if places else "申报数尚未达到任务数")
    reported = desk.plan.report and deadline.rule.id == desk.plan.report.duty
    return Lack(words, f"{words}尚未{'报送' if reported else '办结'}")


def _duty_words(desk: Desk, name: str, deadline: Deadline, places: Places | None) -> str:
    if name == QUOTA_SUBMITTED:
        return "申报数达到任务数" if places is None else places.lacking
    reported = desk.plan.report and deadline.rule.id == desk.plan.report.duty
    return f"{deadline.period}{'月报' if reported else deadline.rule.title}"


@dataclass(frozen=True, slots=True)
class DeadlineExplanation:
    """Where one deadline comes from and how it stands."""

    rule: str
    clause: str
    text: str
    """The notice's own words."""
    reading: str
    origin: Origin
    remind_by: date | None
    overdue_after: date | None
    fulfilled_on: date | None
    missing: tuple[str, ...]
    explanation: str
    """All of it for staff, with the date arithmetic, in Chinese."""


REPLACEMENT = f"{Disposition.RESERVE.label}项目"
LATER, VOID = "有关情况发生后才起算的时限", "不再适用的时限"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A subject with its deadlines and, for a project asked for whole, what it may do next."""

    subject: str
    heading: str
    as_of: date
    deadlines: tuple[DeadlineExplanation, ...]
    next_actions: tuple[NextAction, ...]
    later: tuple[str, ...] = ()
    """Of a subject asked for whole, what begins only when something comes about."""
    void: tuple[str, ...] = ()
    """And what has ended for it."""

    @property
    def lists(self) -> Mapping[str, tuple[str, ...]]:
        """By what they are called, the deadlines that are named alone; none is empty."""
        return {what: it for what, it in ((LATER, self.later), (VOID, self.void)) if it}

    def __str__(self) -> str:
        parts = [self.heading, *(deadline.explanation for deadline in self.deadlines)]
        parts += [f"{what}：{'；'.join(named)}" for what, named in self.lists.items()]
        if self.next_actions:
            parts.append("\n".join(next_steps(self.next_actions)))
        return "\n\n".join(parts)


def explain(
    desk: Desk, code: str, rule: str | None, as_of: date, *, known: bool = False
) -> Explanation:
    """Rule, clause, words, date arithmetic, standing and what is missing, as of a day.

    `known` as in `operations.views.scenes.scene`.
    `rule` names one deadline (``D10-03``) or all occasions of a rule (``D10``). RefusedError when
    the subject is unknown or has no such deadline.
    """
    with desk.reading() as session:
        find_subject(session, desk.plan, code)
        held = _read(session, desk, [code], as_of, known=known)
    wanted = [row for row in held.rows.get(code, ()) if rule in (None, row.rule, _stem(row.rule))]
    if not wanted:
        raise RefusedError(f"{code}没有时限“{rule}”，请用 xingfu deadlines --subject {code} 查看")
    return _told(desk, held, code, wanted, as_of, whole=rule is None)


def explain_all(desk: Desk, codes: Sequence[str], as_of: date) -> tuple[Explanation, ...]:
    """What `explain` says of each of these subjects whole, in their order; read at once.

    Codes that no subject has are left out.
    """
    with desk.reading() as session:
        known = _read(session, desk, codes, as_of)
    return tuple(
        _told(desk, known, code, known.rows.get(code, ()), as_of, whole=True)
        for code in codes
        if code in known.subjects
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of some subjects, by code."""

    subjects: Mapping[str, Subject]
    projects: Mapping[str, Dossier]
    facts: Mapping[str, Mapping[str, date]]
    rows: Mapping[str, Sequence[DeadlineState]]
    """Their deadlines that the plan still has."""
    unentered: frozenset[tuple[str, str]]
    """City and deadline of each monthly report that is not entered (未录入)."""
    marks: Mapping[tuple[str, str], tuple[date, datetime]]
    """By subject and deadline, the day of the last 逾期认定, and when it was recorded."""
    versions: Sequence[PlanVersion]
    basis: Basis
    places: Mapping[str, Places]


def _read(
    session: Session, desk: Desk, codes: Sequence[str], as_of: date, *, known: bool = False
) -> _Known:
    found, unentered = _seen(session, desk, codes, as_of, known)
    rows: dict[str, list[DeadlineState]] = {}
    for item in found.deadlines:
        rows.setdefault(item.subject.code, []).append(item)
    return _Known(
        subjects=subjects(session, desk.plan, codes),
        projects={item.code: item for item in found.projects},
        facts=found.facts,
        rows=rows,
        unentered=unentered,
        marks=overdue_marks(session, desk.plan, codes),
        versions=versions(session, desk.plan),
        basis=found.basis,
        places=places_of(session, desk, codes, as_of),
    )


def _seen(
    session: Session, desk: Desk, codes: Sequence[str], as_of: date, known: bool
) -> tuple[Scene, frozenset[tuple[str, str]]]:
    """Some subjects, and which of their reports are not entered: of cities their projects tell."""
    if basis_in(session, desk, as_of, known) is Basis.NEWEST:
        found = by_tables(session, desk, as_of, codes)
        return found, frozenset(unentered_now(session, desk, found.deadlines))
    found = scene(session, desk, as_of, with_projects(session, desk, codes), known=known)
    return found, unentered_reports(desk, found)


def _stem(rule: str) -> str:
    return rule.partition("-")[0]


def _told(
    desk: Desk, known: _Known, code: str, rows: Sequence[DeadlineState], as_of: date, *, whole: bool
) -> Explanation:
    subject, project = known.subjects[code], known.projects.get(code)
    kind, held = SubjectKind(subject.kind), known.facts.get(code, {})
    later, void = (
        [row for row in rows if whole and row.standing is standing]
        for standing in (Standing.WAITING, Standing.VOID)
    )
    return Explanation(
        subject=code,
        heading=_heading(desk, subject, project) + _day(known, as_of),
        as_of=as_of,
        deadlines=tuple(
            _explained(desk, known, row, kind, held, project, as_of)
            for row in rows
            if row not in later and row not in void
        ),
        next_actions=next_actions(desk, project, as_of) if project and whole else (),
        later=tuple(_named(desk, row) for row in later if _may_come(desk, row, project)),
        void=tuple(_named(desk, row) for row in void),
    )


def _named(desk: Desk, row: DeadlineState) -> str:
    deadline = desk.deadlines[row.rule]
    named = f"{row.rule} {deadline.rule.title}"
    if row.standing is Standing.WAITING and deadline.follows:
        return f"{named}（自“{desk.plan.milestone(deadline.follows.after).label}”起）"
    return named


def _may_come(desk: Desk, row: DeadlineState, project: Dossier | None) -> bool:
    """Whether what a deadline runs from can still come about: no stage is passed that it needs."""
    span = desk.deadlines[row.rule].follows
    if project is None or span is None:
        return True
    if not any(span.after in (*each.records, *each.redates) for each in desk.plan.actions):
        return True
    return span.after in to_come(desk.plan, Position(project.stage, project.disposition))


def _reading(plan: Plan, reading: str, project: Dossier | None) -> str:
    """How the notice is read, without what is said of replacements where this is none."""
    if project is None or project.disposition is Disposition.RESERVE:
        return reading
    replacing = [action for action in plan.actions if Disposition.RESERVE in action.while_]
    if any(name in project.milestones for action in replacing for name in action.redates):
        return reading
    said = [each for each in reading.split("。") if not each.startswith(REPLACEMENT)]
    return "。".join(said)


def _explained(
    desk: Desk,
    known: _Known,
    row: DeadlineState,
    kind: SubjectKind,
    held: Mapping[str, date],
    project: Dossier | None,
    as_of: date,
) -> DeadlineExplanation:
    deadline = desk.deadlines[row.rule]
    unentered = (row.subject.code, row.rule) in known.unentered
    places = known.places.get(row.subject.code)
    found = missing(desk, deadline, kind, held, project, as_of, places)
    lacks = tuple(lack.name for lack in found)
    return DeadlineExplanation(
        rule=row.rule,
        clause=deadline.rule.clause,
        text=deadline.rule.words,
        reading=deadline.rule.reading,
        origin=deadline.rule.origin,
        remind_by=row.remind_by,
        overdue_after=row.overdue_after,
        fulfilled_on=row.fulfilled_on,
        missing=lacks,
        explanation="\n".join(
            (
                *_deadline(desk, row, project, lacks, as_of, unentered=unentered),
                *_ruled(known, row, deadline.rule.origin, as_of),
            )
        ),
    )


def _ruled(known: _Known, row: DeadlineState, origin: Origin, as_of: date) -> Iterator[str]:
    """Under which version of the plan it runs, and under which it was found late."""
    if (version := in_force(known.versions, as_of)) is not None:
        yield f"  方案版本：{version_words(version)}"
    mark = known.marks.get((row.subject.code, row.rule))
    if mark is not None and (under := installed_by(known.versions, mark[1])) is not None:
        found = "计为超过建议时限" if origin is Origin.PROPOSAL else "逾期认定"
        yield f"  {found}：于{dated(mark[0])}按第{under.number}版作出"


def _heading(desk: Desk, subject: Subject, project: Dossier | None) -> str:
    if project is None:
        return f"{subject.name}（{desk.plan.said(SubjectKind(subject.kind).label)}）"
    stage = desk.plan.stage(project.stage).label
    place = f"{project.city}{project.county}"
    return f"{subject.code} {subject.name}（{place}，{stage}，{project.disposition.label}）"


def _day(known: _Known, as_of: date) -> str:
    """Of a day that lies behind, which one, and by what it goes."""
    return f"——截至{dated(as_of)}{known.basis.said}" if known.basis.said else ""


def _deadline(
    desk: Desk,
    row: DeadlineState,
    project: Dossier | None,
    lacks: tuple[str, ...],
    as_of: date,
    *,
    unentered: bool,
) -> Iterator[str]:
    deadline = desk.deadlines[row.rule]
    rule = deadline.rule
    body = desk.plan.bodies[rule.responsible]
    turn = row.turn
    yield f"【{row.rule}】{rule.title}——截至{dated(as_of)}：{row.standing.said(rule.origin)}"
    yield f"  依据：{desk.plan.notice.number} {rule.clause}（{rule.force.label}）"
    yield f"  责任单位：{body.name}"
    if turn.label and turn.step not in rule.fulfilled_by[SubjectKind(row.subject.kind)]:
        yield f"  卡在：{turn.label}，{desk.plan.bodies[turn.body].name}（催办、认定均对该单位）"
    yield f"  原文：“{rule.words}”"
    yield f"  理解：{_reading(desk.plan, rule.reading, project)}"
    if rule.origin is Origin.PROPOSAL:
        yield "  说明：《实施方案》未明确日期，所列日期为建议时限"
    yield from _origin_of_dates(desk, deadline, row, project)
    if row.fulfilled_on:
        told = f"，{UNENTERED}" if unentered else ""
        yield f"  完成：{dated(row.fulfilled_on)}{told}"
    else:
        yield f"  尚缺：{'；'.join(lacks) or '无'}"
        yield from _reminders(desk, row, as_of)


def _origin_of_dates(
    desk: Desk, deadline: Deadline, row: DeadlineState, project: Dossier | None
) -> Iterator[str]:
    held = project.milestones if project else {}
    kind = SubjectKind(row.subject.kind)
    span = deadline.follows or deadline.later_of
    if span is not None and (deadline.follows or span.after in held):
        yield f"  起算：{_span(desk, span, held)}"
    dates = dates_of(deadline, kind, held, row.extended_to, desk.calendar)
    before = dates_of(deadline, kind, held, None, desk.calendar)
    if row.extended_to is not None and before is not None:
        yield f"  延期：原定{dated(before.literal.due)}，经批准延期至{dated(row.extended_to)}"
    if dates is not None:
        yield from _dates(desk.plan, deadline, dates)


def _span(desk: Desk, span: Span, held: Mapping[str, date]) -> str:
    label = desk.plan.milestone(span.after).label
    length = f"{span.days}个自然日" if span.days else span.length
    day = held.get(span.after)
    since = f"“{label}”（{dated(day)}）" if day else f"“{label}”（尚未发生）"
    return f"自{since}次日起{length}内"


def _dates(plan: Plan, deadline: Deadline, dates: DeadlineDates) -> Iterator[str]:
    if deadline.not_before:
        yield f"  最早办理：{dated(deadline.not_before)}"
    remind = _moved(dates.literal.remind, dates.remind_by, "提前至工作日")
    yield f"  时限：{dated(dates.literal.due)}"
    if not dates.fits:
        by = plan.head_bureau
        yield f"  说明：替补确定后当年余下的时间不敷，由{by}另定时限，另定之前为待协调"
        return
    yield f"  提前办结日（从严，遇休息日提前）：{remind}"
    if dates.turn_on is not None:
        before = f"前一环节{dated(dates.turn_on)}办结"
        yield f"  逾期认定：{before}，过了{dated(dates.overdue_after)}仍未完成"
        return
    held = "，不顺延到次年" if deadline.rule.within_year else ""
    proposed = deadline.rule.origin is Origin.PROPOSAL
    late = "超过建议时限" if proposed else "逾期认定"
    yield f"  {late}（从宽，遇休息日顺延{held}）：{_late_after(dates, proposed=proposed)}"


def _late_after(dates: DeadlineDates, *, proposed: bool) -> str:
    verdict = "计为超过建议时限" if proposed else "认定逾期"
    due, after = dates.literal.due, dates.overdue_after
    if due == after:
        return f"{dated(due)}后仍未完成的，{verdict}"
    return f"{dated(due)}为休息日，顺延至{dated(after)}，其后仍未完成的，{verdict}"


def _moved(literal: date, actual: date, how: str) -> str:
    return dated(actual) if literal == actual else f"{dated(literal)}为休息日，{how}{dated(actual)}"


def _reminders(desk: Desk, row: DeadlineState, as_of: date) -> Iterator[str]:
    if row.standing not in RUNNING or row.remind_by is None or row.overdue_after is None:
        return
    if row.quiet_until is not None:
        yield f"  已知悉：预计{dated(row.quiet_until)}完成，至当日不再重复催办，提级照常"
    situation = Situation(
        row.rule,
        row.remind_by,
        row.overdue_after,
        0,
        row.standing,
        body=row.turn.body,
        fits=row.fits,
    )
    try:
        ladder = steps(situation, desk.plan, desk.deadlines[row.rule].rule, desk.calendar)
        step = next(
            step
            for step in ladder
            if step.fires_on > as_of and not is_silenced(step, row.quiet_until)
        )
    except UnknownYearError as unknown:
        yield f"  下一次：{unknown}"
        return
    told = "、".join(
        desk.plan.office(level, row.subject.city, row.subject.county)
        for level in Level
        if level in step.levels
    )
    yield (
        f"  下一次：{dated(step.fires_on)}{step.kind.label}（{rung_words(step.id)}），发送{told}"
    )
