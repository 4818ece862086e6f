"""What there is to choose from in a form, and which of a plan's actions a form stands for."""

from collections.abc import Mapping
from typing import Any, TypeVar

from common.errors import RefusedError
from flows.forms.fields import APART, MARK, RequestForm, code_of, listed, marked
from models.database import reading
from models.projects import project_places
from operations.cases.casework import by_decision
from operations.cases.desk import Desk
from operations.cases.naming import subject_meant
from operations.duties.issuing import draft_papers
from operations.mails.verifying import waiting_replies
from policy.actions import ActionRule
from policy.levels import CUSTOMARY, LevelWords
from policy.schema import RECORDED, Plan
from policy.vocabulary import Disposition
from states.machine import Position, allowed

MOST = 500
"""Projects that can be chosen from; where there are more, the code is typed."""
Choices = Mapping[str, tuple[str, ...]]
F = TypeVar("F", bound=RequestForm)

PROMPTS = ("title", "description")
"""What of a schema a person reads beside its choices."""
WORDS = "xingfu_words"
"""Where a schema keeps them as they were before a plan's words stood in them."""

HOLD = ("暂停", Disposition.ACTIVE, Disposition.HELD)
RESUME = ("恢复", Disposition.HELD, Disposition.ACTIVE)
WITHDRAW = ("终止", None, Disposition.WITHDRAWN)
REPLACE = ("替补递补", Disposition.RESERVE, Disposition.ACTIVE)
Role = tuple[str, Disposition | None, Disposition]
"""What people call it, and the dispositions that it takes a project from (None: any) and to."""


def choices(desk: Desk) -> Choices:
    """Per kind of field, its choices in order: what each is called, and its id or code.

    An empty tuple stands for too many: the field stays free text.
    """
    plan = desk.plan
    with reading(desk.engine) as session:
        names = project_places(session, plan, MOST + 1)
    projects = tuple(map(listed, names.keys(), names.values())) if len(names) <= MOST else ()
    cities = tuple(city.name for city in plan.cities)
    return {
        "project": projects,
        "subject": (*projects, *cities, plan.province) if projects or not names else (),
        "city": cities,
        "workbook": tuple(map(plan.form_name, plan.workbooks)),
        "action": tuple(listed(item.id, item.label) for item in plan.actions),
        "fact": _facts(desk),
        "rule": tuple(listed(id, item.rule.title) for id, item in desk.deadlines.items()),
        "condition": tuple(listed(r.id, r.says) for r in plan.conditions if r.reasoned),
        "draft": tuple(
            listed(draft.name, draft.made.content.title)
            for draft in draft_papers(desk)
            if draft.issued is None
        ),
        "reply": tuple(
            listed(reply.number, f"{reply.office or '发件人未确认'} {reply.subject}")
            for reply in waiting_replies(desk)
        ),
        "item": tuple(listed(item.id, item.label) for item in plan.checklist),
    }


def as_meant(desk: Desk, form: F) -> F:
    """The form with the codes of those projects and places that were typed by their names.

    RefusedError where there is none of that name, with those that look like it.
    """
    typed = {name: text for name, text in marked(form, "project", "subject") if APART not in text}
    if not typed:
        return form
    with reading(desk.engine) as session:
        found = {
            name: subject_meant(session, desk.plan, code_of(text)) for name, text in typed.items()
        }
    return form.model_copy(update=found)


def with_choices(
    schema: Mapping[str, Any], found: Choices, levels: LevelWords = CUSTOMARY
) -> dict[str, Any]:
    """A parameter schema whose marked fields have the choices as they are now.

    A field that may be left empty has the empty text as its first choice. Titles and descriptions
    are in a plan's words for its levels. Safe to repeat.
    """
    worded = _worded(schema, levels)
    return {
        name: value if name == WORDS else _filled(value, found, levels)
        for name, value in worded.items()
    }


def _filled(value: Any, found: Choices, levels: LevelWords) -> Any:
    if isinstance(value, list):
        return [_filled(item, found, levels) for item in value]
    if not isinstance(value, Mapping):
        return value
    if isinstance(value.get(MARK), str):
        return _field(_worded(value, levels), found)
    return with_choices(value, found, levels)


def _worded(schema: Mapping[str, Any], levels: LevelWords) -> Mapping[str, Any]:
    """With the prompts as the plan says them; as they were written they are kept beside."""
    texts = {name: schema[name] for name in PROMPTS if isinstance(schema.get(name), str)}
    own = {**texts, **schema.get(WORDS, {})}
    said = {name: levels.said(text) for name, text in own.items()}
    rest = {name: value for name, value in schema.items() if name != WORDS}
    return {**rest, **said, **({} if said == own else {WORDS: own})}


def _field(field: Mapping[str, Any], found: Choices) -> dict[str, Any]:
    rest = {name: value for name, value in field.items() if name != "enum"}
    options = found.get(field[MARK], ())
    first = [""] if field.get("default") == "" else []
    return {**rest, "enum": [*first, *options]} if options else rest


def _facts(desk: Desk) -> tuple[str, ...]:
    plan = desk.plan
    beside = [listed(item.id, item.label) for item in plan.milestones if item.beside_chain]
    decided = by_decision(plan)
    traces = [listed(item.id, item.label) for item in plan.evidence if item.id not in decided]
    duties = [
        listed(id, item.rule.title)
        for id, item in desk.deadlines.items()
        if any(RECORDED in by for by in item.rule.fulfilled_by.values())
    ]
    return (*beside, *traces, *duties)


def action_for(plan: Plan, role: Role, position: Position) -> ActionRule:
    """The action that plays a role for a project at `position`.

    Where none may be taken there, the plan's first one, whose refusal then says why. RefusedError
    when the plan has none, or when several may be taken.
    """
    label, before, after = role
    playing = [
        action
        for action in plan.actions
        if action.sets is after and (before is None or before in action.while_)
    ]
    if not playing:
        raise RefusedError(f"实施方案 {plan.id} 没有规定“{label}”")
    can = [action for action in allowed(plan, position) if action in playing]
    if len(can) > 1:
        several = "、".join(f"{action.id}（{action.label}）" for action in can)
        raise RefusedError(f"“{label}”有多个办理动作，请用“办理项目”表单选择：{several}")
    return next(iter(can), playing[0])
