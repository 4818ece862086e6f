"""What a workbook states of projects, held against what is stored, and written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlmodel import Session

from documents.reading.faults import CellFault, Spot
from documents.writing.columns import ticked
from models.audits import NewRow, add_audit
from models.plans import add_deadlines
from models.projects import add_project, dossiers
from operations.cases.authority import authorise
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, commit
from operations.cases.fulfilment import settle_city
from operations.workbooks.incoming import Difference
from operations.workbooks.versions import FieldMerge, known_at, merge
from policy.cities import City, County
from policy.schema import Plan
from policy.vocabulary import AuditKind, Disposition, Force, SubjectKind
from states.authority import profile
from states.contacts import Place
from states.dossier import Dossier, stated, to_words
from states.requirements import Case, Shortfall, concerns, shortfalls
from states.trail import OWN, Effects, to_detail


def advice(
    plan: Plan, project: Dossier, stated: Mapping[str, Any], today: date
) -> Iterator[tuple[str, str, str]]:
    """What a workbook states and the conditions of an application will refuse or ask about.

    Each as field, Chinese reason and clause. What is only missing is not told: nobody needs to have
    filled in everything at once.
    """
    told: set[str] = set()
    for action in _coming(plan, project):
        for shortfall in shortfalls(Case(plan, project, today, ""), action):
            rule = shortfall.requirement
            field = next((name for name in concerns(rule.check) if name in stated), None)
            if field is not None and rule.id not in told:
                told.add(rule.id)
                yield field, _reason(shortfall), rule.clause


def _coming(plan: Plan, project: Dossier) -> Iterator[str]:
    """The actions that still lie before the project's application is closed."""
    order = plan.stage_order
    open_stages = order[order.index(project.stage) : order.index(plan.inputs_close_after) + 1]
    for action in plan.actions:
        if set(action.leaves) & set(open_stages):
            yield action.id


def _reason(shortfall: Shortfall) -> str:
    rule = shortfall.requirement
    if rule.force is Force.HARD:
        return f"{rule.says}，申报时将不予受理；{rule.mend}"
    asked = f"，须附书面说明（{rule.id}）" if rule.reasoned else ""
    return f"{rule.says}{asked}；{rule.mend}"


def nothing_listed(plan: Plan) -> Mapping[str, Any]:
    """What is stored of lists to which nothing was ever added."""
    return {id: field.unstated for id, field in plan.field.items() if field.kind == "words"}


class ProjectForm(Protocol):
    """What a form says of one project."""

    @property
    def county(self) -> str:
        """As the plan names it."""

    @property
    def stated(self) -> Mapping[str, Any]:
        """Per field of Profile that is filled in, its value."""

    def spot(self, name: str, plan: Plan) -> Spot:
        """The cell that states a field; that of the project's name where no cell does."""


@dataclass(frozen=True, slots=True)
class FormStatement:
    """What a form says beside the project that it is of."""

    row: ProjectForm
    project: Dossier | None
    """None: it is new."""
    merged: FieldMerge


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who states it, in which paper, under which clause, and when it came in."""

    actor: str
    paper: str
    clause: str
    on: date


def compared(
    session: Session, desk: Desk, row: ProjectForm, project: Dossier | None, version: int | None
) -> FormStatement:
    """What a form that was made out at `version` says differently of a project; None: a new one."""
    if project is None:
        return FormStatement(row, None, FieldMerge(changes=row.stated))
    told = known_at(session, desk, project, version)
    nothing = nothing_listed(desk.plan)
    known = told if told is None else {**nothing, **told}
    return FormStatement(
        row, project, merge(row.stated, {**nothing, **stated(project.profile)}, known)
    )


def unwritable(plan: Plan, each: FormStatement) -> Iterator[CellFault]:
    """What may not be written: what was changed elsewhere meanwhile, and what is closed."""
    row, project = each.row, each.project
    if project is None:
        return
    for name, now in each.merged.conflicts.items():
        reason = (
            f"{plan.label_of(name)}在本表发出后已改为“{to_words(now)}”；"
            f"请核对后填写，或向{plan.head_bureau}索取最新表格"
        )
        yield CellFault(row.spot(name, plan), reason)
    closed = plan.stage_order.index(plan.inputs_close_after)
    if plan.stage_order.index(project.stage) > closed:
        for name in each.merged.changes:
            if name not in plan.field or plan.field[name].reviewed:
                spot = _changed_at(plan, project, name, each)
                yield CellFault(spot, _closed(plan, project, name, each))


def _changed_at(plan: Plan, project: Dossier, name: str, each: FormStatement) -> Spot:
    """The cell that states a field otherwise; of words with columns of their own the first's."""
    own = each.row.spot(name, plan)
    if name not in ticked(plan).values():
        return own
    changed = (project.profile.value(name) or frozenset()) ^ each.merged.changes[name]
    spots = (each.row.spot(word, plan) for word in ticked(plan) if word in changed)
    return next((at for at in spots if at != each.row.spot("project", plan)), own)


def _closed(plan: Plan, project: Dossier, name: str, each: FormStatement) -> str:
    old, new = to_words(project.profile.value(name)), to_words(each.merged.changes[name])
    return (
        f"申报已报送，{plan.label_of(name)}不得再以本表由“{old}”改为“{new}”"
        f"（{project.code} {project.name}）；请恢复原样，如需更改请先申请退回补正"
    )


def require_author(
    session: Session, desk: Desk, city: City, found: Sequence[FormStatement], actor: str
) -> None:
    """RefusedError where the actor may not say what forms say of these projects."""
    for county in dict.fromkeys(each.row.county for each in found):
        authorise(session, desk, profile(desk.plan), Place(city.name, county), actor)


def write(
    session: Session, desk: Desk, city: City, each: FormStatement, origin: Provenance, at: datetime
) -> str:
    """Add the project or change it, with one audit row; its code. Nothing where nothing changes."""
    changes: Mapping[str, Any] = each.merged.changes
    if each.project is None:
        return _add(session, desk, city, each.row, origin, at)
    if changes:
        entry = AuditEntry(
            each.project.code,
            AuditKind.IMPORT,
            "import",
            origin.actor,
            origin.on,
            origin.clause,
            origin.paper,
        )
        casebook = Casebook(session, desk, [each.project])
        commit(session, desk, casebook, entry, Effects(columns=changes), at)
    return each.project.code


def new_columns(county: County, stated: Mapping[str, Any]) -> Mapping[str, Any]:
    """The columns and fields of a project that begins with what is stated."""
    said = {name: value for name, value in stated.items() if name not in OWN}
    return {**said, "county_code": county.code, "county_type": county.type}


def _add(
    session: Session, desk: Desk, city: City, row: ProjectForm, origin: Provenance, at: datetime
) -> str:
    county = city.county(row.county)
    assert county is not None  # noqa: S101  # the reader resolves it in the plan
    values = new_columns(county, row.stated)
    code = add_project(session, desk.plan, city.name, county.name, values)
    kind, calendar = SubjectKind.PROJECT, desk.calendar
    add_deadlines(session, desk.plan, calendar, kind, [code], row.stated.get("kind"))
    start = {"stage": desk.plan.stage_order[0], "disposition": Disposition.ACTIVE}
    said = NewRow(
        subject=code,
        kind=AuditKind.IMPORT,
        action="import",
        actor=origin.actor,
        on=origin.on,
        at=at,
        clause=origin.clause,
        evidence=origin.paper,
        detail=to_detail(Effects(columns={**start, **row.stated})),
    )
    add_audit(session, desk.plan, said)
    settle_city(session, desk, city.name)
    return code


def differences(plan: Plan, code: str, each: FormStatement) -> Iterator[Difference]:
    """Each cell that changes what is stored."""
    stored = stated(each.project.profile) if each.project else {}
    for name, new in each.merged.changes.items():
        old, said = to_words(stored.get(name)), to_words(new)
        yield Difference(each.row.spot(name, plan), code, plan.label_of(name), old, said)


def outdated(plan: Plan, each: FormStatement) -> Iterator[str]:
    """A note where what was left as it was made out has changed meanwhile."""
    if each.merged.outdated and each.project:
        fields = "、".join(plan.label_of(name) for name in each.merged.outdated)
        yield f"{each.project.code} {each.project.name}：{fields}在本表发出后已更新，沿用现值"


def doubts(
    session: Session, desk: Desk, codes: Sequence[str], found: Sequence[FormStatement], today: date
) -> Iterator[CellFault]:
    """What the changed projects state and the next actions will ask about (四, 三(一))."""
    rows = {code: each.row for code, each in zip(codes, found, strict=True) if each.merged.changes}
    for project in dossiers(session, desk.plan, list(rows)):
        row = rows[project.code]
        for name, reason, clause in advice(desk.plan, project, row.stated, today):
            yield CellFault(row.spot(name, desk.plan), reason, clause)
