"""Why a deadline is what it is, and what a project may do next. Chinese text for staff."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError
from common.words import dated
from models.deadlines import deadline_rows
from models.projects import dossiers, facts, find_subject, subjects
from models.tables import DeadlineRow, Subject
from operations.cases.desk import Desk
from operations.views.project_record import NextAction, next_action_lines, next_actions
from policy.schema import QUOTA_SUBMITTED, RECORDED
from policy.timing import Span
from policy.vocabulary import Disposition, Level, Origin, SubjectKind
from states.deadlines import Deadline, DeadlineDates, dates_of, has_ended, standing
from states.decide import Situation, steps
from states.dossier import Dossier
from states.machine import Position, move
from states.requirements import Case, shortfalls
from states.workdays import UnknownYearError


def missing(
    desk: Desk,
    deadline: Deadline,
    kind: SubjectKind,
    held: Mapping[str, date],
    project: Dossier | None,
    as_of: date,
) -> tuple[str, ...]:
    """The facts that `deadline` waits for; for a project also what their next actions lack."""
    if project is None:
        return tuple(
            _duty_words(name, deadline)
            for name in deadline.rule.fulfilled_by[kind]
            if (deadline.id if name == RECORDED else name) not in held
        )
    waiting = project.missing_milestones(deadline.facts(kind))
    words = [desk.plan.milestone(name).label for name in waiting]
    return (*words, *_next_lacks(desk, waiting, project, as_of))


def _next_lacks(
    desk: Desk, waiting: tuple[str, ...], project: Dossier, as_of: date
) -> Iterator[str]:
    """Hard conditions, but for evidence, of the actions that would date what is waited for."""
    position = Position(project.stage, project.disposition)
    case = Case(desk.plan, project, as_of, evidence="有")
    for action in desk.plan.actions:
        if set(action.records) & set(waiting) and move(desk.plan, position, action.id):
            yield from (
                f"{item.requirement.says}（{item.requirement.clause}）"
                for item in shortfalls(case, action.id)
                if item.hard
            )


def _duty_words(name: str, deadline: Deadline) -> str:
    return "申报数尚未达到名额" if name == QUOTA_SUBMITTED else f"“{deadline.rule.title}”尚未登记"


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


@dataclass(frozen=True, slots=True)
class Explanation:
    """A subject with its deadlines and, for a project asked for whole, what it may do next."""

    subject: str
    heading: str
    as_of: date
    deadlines: tuple[DeadlineExplanation, ...]
    next_actions: tuple[NextAction, ...]

    def __str__(self) -> str:
        parts = [self.heading, *(deadline.explanation for deadline in self.deadlines)]
        if self.next_actions:
            lines = (line for action in self.next_actions for line in next_action_lines(action))
            parts.append("\n".join(("现在可以办理：", *lines)))
        return "\n\n".join(parts)


def explain(desk: Desk, code: str, rule: str | None, as_of: date) -> Explanation:
    """Rule, clause, words, date arithmetic, standing and what is missing, as of a day.

    `rule` names one deadline (``D10-03``) or all occasions of a rule (``D10``). RefusedError when
    the subject is unknown or has no such deadline.
    """
    with desk.reading() as session:
        find_subject(session, desk.plan, code)
        known = _read(session, desk, [code])
    wanted = [row for row in known.rows.get(code, ()) if rule in (None, row.rule, _stem(row.rule))]
    if not wanted:
        raise RefusedError(f"{code}没有时限“{rule}”，请用 xingfu deadlines --subject {code} 查看")
    return _told(desk, known, code, wanted, as_of, whole=rule is None)


def explain_all(desk: Desk, codes: Sequence[str], as_of: date) -> tuple[Explanation, ...]:
    """What `explain` says of each of these subjects whole, in their order; read at once.

    Codes that no subject has are left out.
    """
    with desk.reading() as session:
        known = _read(session, desk, codes)
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
    rows: Mapping[str, Sequence[DeadlineRow]]
    """Their deadlines that the plan still has."""


def _read(session: Session, desk: Desk, codes: Sequence[str]) -> _Known:
    wanted = list(codes)
    rows: dict[str, list[DeadlineRow]] = {}
    for row, _ in deadline_rows(session, desk.plan, wanted):
        if row.rule in desk.deadlines:
            rows.setdefault(row.subject, []).append(row)
    return _Known(
        subjects=subjects(session, desk.plan, wanted),
        projects={item.code: item for item in dossiers(session, desk.plan, wanted)},
        facts=facts(session, desk.plan, wanted),
        rows=rows,
    )


def _stem(rule: str) -> str:
    return rule.partition("-")[0]


def _told(
    desk: Desk, known: _Known, code: str, rows: Sequence[DeadlineRow], as_of: date, *, whole: bool
) -> Explanation:
    subject, project = known.subjects[code], known.projects.get(code)
    kind, held = SubjectKind(subject.kind), known.facts.get(code, {})
    return Explanation(
        subject=code,
        heading=_heading(desk, subject, project),
        as_of=as_of,
        deadlines=tuple(_explained(desk, row, kind, held, project, as_of) for row in rows),
        next_actions=next_actions(desk, project, as_of) if project and whole else (),
    )


def _explained(
    desk: Desk,
    row: DeadlineRow,
    kind: SubjectKind,
    held: Mapping[str, date],
    project: Dossier | None,
    as_of: date,
) -> DeadlineExplanation:
    deadline = desk.deadlines[row.rule]
    lacks = missing(desk, deadline, kind, held, project, as_of)
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
        explanation="\n".join(_deadline(desk, row, held, project, lacks, as_of)),
    )


def _heading(desk: Desk, subject: Subject, project: Dossier | None) -> str:
    if project is None:
        return f"{subject.name}（{SubjectKind(subject.kind).label}）"
    stage = desk.plan.stage(project.stage).label
    place = f"{project.city}{project.county}"
    return f"{subject.code} {subject.name}（{place}，{stage}，{project.disposition.label}）"


def _deadline(
    desk: Desk,
    row: DeadlineRow,
    held: Mapping[str, date],
    project: Dossier | None,
    lacks: tuple[str, ...],
    as_of: date,
) -> Iterator[str]:
    deadline = desk.deadlines[row.rule]
    rule = deadline.rule
    body = desk.plan.bodies[rule.responsible]
    stands = standing(
        row.overdue_after,
        body.bound,
        row.fulfilled_on,
        project.disposition if project else Disposition.ACTIVE,
        desk.due_soon_from(row.remind_by),
        as_of,
        ended=has_ended(deadline, held, as_of),
    )
    yield f"【{row.rule}】{rule.title}——截至{dated(as_of)}：{stands.label}"
    yield f"  依据：{desk.plan.notice.number} {rule.clause}（{rule.force.label}）"
    yield f"  责任单位：{body.name}"
    yield f"  原文：“{rule.words}”"
    yield f"  理解：{rule.reading}"
    if rule.origin is Origin.PROPOSAL:
        yield "  说明：通知未定日期，所列日期为系统建议值"
    yield from _origin_of_dates(desk, deadline, row, project)
    if row.fulfilled_on:
        yield f"  完成：{dated(row.fulfilled_on)}"
    else:
        yield f"  尚缺：{'；'.join(lacks) or '无'}"
        yield from _reminders(desk, row, as_of)


def _origin_of_dates(
    desk: Desk, deadline: Deadline, row: DeadlineRow, project: Dossier | None
) -> Iterator[str]:
    held = project.milestones if project else {}
    span = deadline.follows or deadline.later_of
    if span is not None:
        yield f"  起算：{_span(desk, span, held)}"
    dates = dates_of(deadline, held, row.extended_to, desk.calendar)
    if row.extended_to is not None and (before := dates_of(deadline, held, None, desk.calendar)):
        yield f"  延期：原定{dated(before.literal.due)}，经批准延期至{dated(row.extended_to)}"
    if dates is not None:
        yield from _dates(deadline, dates)


def _span(desk: Desk, span: Span, held: Mapping[str, date]) -> str:
    label = desk.plan.milestone(span.after).label
    length = f"{span.workdays}个工作日" if span.workdays else f"{span.days}个自然日"
    day = held.get(span.after)
    since = f"“{label}”（{dated(day)}）" if day else f"“{label}”（尚未发生）"
    return f"自{since}次日起{length}内"


def _dates(deadline: Deadline, dates: DeadlineDates) -> Iterator[str]:
    remind = _moved(dates.literal.remind, dates.remind_by, "提前至工作日")
    due = _moved(dates.literal.due, dates.overdue_after, "顺延至工作日")
    yield f"  应完成日期（从严，遇休息日提前）：{remind}"
    held = "，不顺延到次年" if deadline.rule.within_year else ""
    yield f"  逾期认定（从宽，遇休息日顺延{held}）：过了{due}仍未完成"


def _moved(literal: date, actual: date, how: str) -> str:
    return dated(actual) if literal == actual else f"{dated(literal)}为休息日，{how}{dated(actual)}"


def _reminders(desk: Desk, row: DeadlineRow, as_of: date) -> Iterator[str]:
    if row.next_look_on is None or row.remind_by is None or row.overdue_after is None:
        return
    if row.quiet_until is not None:
        yield f"  已知悉：预计{dated(row.quiet_until)}完成，至当日不再重复催办，提级照常"
    situation = Situation(row.rule, row.remind_by, row.overdue_after, row.fired, row.standing)
    body = desk.plan.bodies[desk.deadlines[row.rule].rule.responsible]
    try:
        ladder = steps(situation, desk.plan.ladder, body, desk.calendar)
        step = next(step for step in ladder if step.fires_on > as_of)
    except UnknownYearError as unknown:
        yield f"  下一次：{unknown}"
        return
    told = "、".join(level.label for level in Level if level in step.levels)
    yield f"  下一次：{dated(step.fires_on)}{step.kind.label}（{step.id}），告知{told}"
