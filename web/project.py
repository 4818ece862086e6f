"""A project (项目): where it stands, why, what it lacks, and what one's office may do next."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from common.errors import RefusedError, UsageError
from common.words import dated
from documents.reading.typed import amount_of, day_of
from models.projects import dossier
from operations.cases.answering import booking_of
from operations.cases.casework import Act, advance, perform, record
from operations.cases.corrections import recent_entries
from operations.views.explain import DeadlineExplanation, explain
from operations.views.open_acts import OpenAct, open_acts
from operations.views.overview import DeadlineView, own_views
from operations.views.project_record import ProjectRecord, project_record
from operations.views.worklist import OutOfReachError, is_seen, require_reach
from policy.fields import ProfileField
from policy.schema import Plan
from policy.vocabulary import Basis
from states.deadlines import PRESSING, RUNNING
from web.errand import Errand, Handler, onward, page
from web.proof import proof_actor, proofs

PERSONAL = ("name", "phone")
"""Kinds of fields that are of persons."""


def show_project(errand: Errand) -> Response:
    """One project whole, as of a day."""
    return _project_page(errand, errand.part("code"), "", "")


def _project_page(
    errand: Errand, code: str, act: str, wrong: str, status: int = 200, said: Sequence[str] = ()
) -> Response:
    desk, day = errand.desk, errand.as_of
    with desk.reading() as session:
        place = require_reach(session, desk, errand.who, code, money=True)
        recent = recent_entries(session, desk, errand.who.person, errand.at)
    if code in (desk.plan.province, *(city.name for city in desk.plan.cities)):
        raise OutOfReachError(f"“{code}”不是项目；请从今日事项或进度查看")
    told = project_record(desk, code, day)
    acts, deadlines = _acts(errand, told), _deadlines(errand, code, day)
    days = ((it.label, told.milestones.get(it.id)) for it in desk.plan.milestones)
    return page(
        errand,
        "project.html",
        status,
        record=told,
        steps=_steps(errand, told),
        pressing=[each for each in deadlines if each[0].standing in PRESSING],
        quiet=[each for each in deadlines if each[0].standing not in PRESSING],
        acts=[each for each in acts if each.actor and not each.next.lacks],
        barred=[each for each in acts if each.actor and each.next.lacks],
        others=[each for each in acts if not each.actor],
        stated=list(_stated(errand.desk.plan, told, whole=errand.who.reach.covers(place))),
        milestones=[each for each in days if each[1]],
        recent=[each for each in recent if each[0].subject == code],
        next=f"/project/{code}",
        proofs=proofs(errand, code) if errand.who.reach.covers(place) else (),
        proof_actor=proof_actor(errand, place),
        as_of=day,
        acted=act,
        wrong=wrong,
        said=said,
        typed=errand.fields,
    )


def take_act(errand: Errand) -> Response:
    """Take an act; refused, the project is shown with every reason and what was typed."""
    code, name = errand.part("code"), errand.fields.get("act", "")
    with errand.desk.reading() as session:
        require_reach(session, errand.desk, errand.who, code, money=True)
        project = dossier(session, errand.desk.plan, code)
    acts = open_acts(errand.desk, errand.who, project, errand.today)
    chosen = next((each for each in acts if each.next.action == name and each.actor), None)
    try:
        if chosen is None:
            raise RefusedError("该项目现在不能办理这一动作，或不由贵单位办理；请重新查看项目")
        operation = record if chosen.is_record else advance
        if chosen.due:
            operation = booking_of(chosen.due, errand.fields.get("voucher", "").strip())
        desk, act = errand.writing_desk, _the_act(errand, code, chosen)
        done = perform(
            desk, operation, act, today=errand.today, at=errand.at, exhibits=errand.files
        )
    except (RefusedError, UsageError) as refusal:
        return _project_page(errand, code, name, str(refusal), 422)
    if done.warnings:
        return _project_page(errand, code, "", "", said=done.warnings)
    return onward(f"/project/{code}")


def _the_act(errand: Errand, code: str, chosen: OpenAct) -> Act:
    fields = errand.fields
    stated = {field.name: fields.get(field.name, "").strip() for field in chosen.fields}
    seen = fields.get("seen", "")
    return Act(
        code,
        chosen.next.action,
        day_of(fields.get("on", "")),
        chosen.actor,
        fields.get("evidence", "").strip(),
        _of_kind(stated, "reason-"),
        amount_of(stated.get("amount", "")),
        _of_kind(stated, "check-"),
        int(seen) if seen.isdecimal() else None,
    )


def _of_kind(stated: dict[str, str], kind: str) -> dict[str, str]:
    return {
        name.removeprefix(kind): said
        for name, said in stated.items()
        if name.startswith(kind) and said
    }


def _acts(errand: Errand, told: ProjectRecord) -> tuple[OpenAct, ...]:
    """What may be done now; of a day that lies behind nothing."""
    if errand.as_of != errand.today or told.basis is not Basis.NEWEST:
        return ()
    with errand.desk.reading() as session:
        project = dossier(session, errand.desk.plan, told.code)
    return open_acts(errand.desk, errand.who, project, errand.today)


def _steps(errand: Errand, told: ProjectRecord) -> list[tuple[str, str, date | None]]:
    """Each stage in the plan's order: its label, past, now or to come, and the day it began."""
    began = {
        line.to_stage: line.effective_on
        for line in told.history
        if line.to_stage and line.to_stage != line.from_stage and not line.reversed
    }
    order = errand.desk.plan.stage_order
    at = order.index(told.stage)
    return [
        (stage.label, "past" if n < at else "now" if n == at else "ahead", began.get(stage.id))
        for n, stage in enumerate(errand.desk.plan.stages)
    ]


def _deadlines(
    errand: Errand, code: str, day: date
) -> list[tuple[DeadlineView, DeadlineExplanation]]:
    """Every deadline of the project with why; what is over last."""
    why = {each.rule: each for each in explain(errand.desk, code, None, day).deadlines}
    views = own_views(errand.desk, day, code)
    seen = (view for view in views if is_seen(errand.desk, errand.who, view))

    def rank(view: DeadlineView) -> tuple[Any, ...]:
        return view.standing not in RUNNING, view.due or date.max, view.rule

    return [(view, why[view.rule]) for view in sorted(seen, key=rank) if view.rule in why]


def _stated(plan: Plan, told: ProjectRecord, *, whole: bool) -> Iterator[tuple[str, str]]:
    """What the forms say of it, field by field; not of persons to whoever sees the money alone."""
    for field in plan.fields:
        value = told.profile.value(field.id)
        if value not in (None, "", frozenset()) and (whole or field.kind not in PERSONAL):
            yield field.label, _words(field, value)


def _words(field: ProfileField, value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, frozenset):
        return "、".join(sorted(value))
    if isinstance(value, date):
        return dated(value)
    if isinstance(value, Decimal):
        return f"{value:,.2f}{field.unit}"
    return f"{field.worded(value) if isinstance(value, str) else value}{field.unit}"


PAGES: Sequence[tuple[str, str, Handler]] = (
    ("/project/{code}", "GET", show_project),
    ("/project/{code}/act", "POST", take_act),
)
