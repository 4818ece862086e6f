"""What a deadline still lacks, in words that staff can act on."""

from collections.abc import Iterator, Mapping
from datetime import date

from flows.operations.desk import Desk
from policy.schema import QUOTA_SUBMITTED, RECORDED
from policy.vocabulary import SubjectKind
from states.deadlines import Deadline
from states.dossier import Dossier
from states.machine import Position, move
from states.requirements import Case, shortfalls


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
