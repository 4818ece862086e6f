"""专家评分表 in: opinions that are not recorded yet are; and out, for the projects under review."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.opinions import (
    MARK,
    OpinionFormRow,
    PrefilledOpinion,
    opinion_pages,
    opinion_rows,
    opinion_table,
    unscored_remarks,
)
from documents.forms.summary import city_named
from documents.reading import cells
from documents.reading.faults import raise_faults
from documents.reading.placed import known
from documents.reading.table import FormTable
from models.projects import dossiers, dossiers_in
from operations.cases.desk import Desk
from operations.cases.effects import Casebook
from operations.cases.review import OpinionStatement, give_opinion, the_review
from operations.workbooks.incoming import (
    Difference,
    IncomingWorkbook,
    WorkbookChanges,
    note_refusal,
    row_of,
)
from operations.workbooks.outgoing import SPARE, OutgoingWorkbook, WorkbookOrder, identity, signed
from operations.workbooks.versions import Trace, traces, with_source
from policy.actions import ReviewRules
from policy.schema import Plan
from policy.vocabulary import Form, Level
from states.dossier import Dossier
from states.review import Opinion

NOTHING = Decimal(0)
CELLS = (("应当回避", "organisation"), ("不得重复|专家姓名", "expert"), ("日期", "on"))
"""Which reason of `operations.cases.review.give_opinion` concerns which column."""


@dataclass(frozen=True, slots=True)
class OpinionLookup:
    """What a workbook's row is compared with."""

    stored: Opinion | None
    """What the expert gave the project; None where nothing is recorded."""
    before: Opinion | None
    """The same as the workbook was filled in with it."""
    remark: str


def take(session: Session, desk: Desk, paper: IncomingWorkbook) -> WorkbookChanges:
    """Record the opinions of a workbook that are not recorded yet. WorkbookError with every fault.

    An opinion that is recorded otherwise is a fault: it is not changed by handing in another.
    """
    review = the_review(desk.plan)
    table = opinion_table(paper.book, desk.plan)
    where, projects = _asked(session, desk, paper.city())
    rows = opinion_rows(table, desk.plan, known(projects, desk.plan.levels))
    involved = {each.project.code: each.project for each in rows if each.project}
    told = traces(session, desk, involved.values(), paper.version)
    new = [each for each in rows if _is_new(desk.plan, each, told, review)]
    casebook = Casebook(session, desk, projects)
    for each in _sound(table, new):
        _record(session, desk, casebook, paper, each)
    raise_faults(paper.book.file, sorted(table.faults, key=row_of))
    return WorkbookChanges(
        where,
        added=len(new),
        unchanged=sum(_compared(each, told).stored is not None for each in rows),
        differences=tuple(line for each in new for line in _differences(review, each)),
        notes=tuple(_notes(table, desk.plan, rows, told)),
    )


def make(session: Session, desk: Desk, request: WorkbookOrder, today: date) -> OutgoingWorkbook:
    """The projects under review in the province or in a city, to be scored.

    For a named expert only what that expert gave is filled in: experts judge apart from each other.
    """
    review = the_review(desk.plan)
    where, projects = _asked(session, desk, request.subject)
    open_now = [project for project in projects if _is_open(review, project)]
    told = traces(session, desk, open_now, None)
    about = identity(session, desk, Form.OPINIONS, where)
    rows = [*_given(request, open_now, told), *_to_come(request, open_now)]
    if request.empty:
        about, rows = replace(about, version=0), []
    name = " ".join(part for part in (where, request.expert, Form.OPINIONS.label) if part)
    return signed(
        desk,
        about,
        lambda footer: opinion_pages(desk.plan, where, rows, footer=footer, spare=SPARE),
        name,
    )


def _asked(session: Session, desk: Desk, where: str | None) -> tuple[str, Sequence[Dossier]]:
    """The province or the city that is asked for, with its projects."""
    if where in (None, desk.plan.province):
        return desk.plan.province, dossiers(session, desk.plan)
    city = city_named(desk.plan, where or "")
    return city.name, dossiers_in(session, desk.plan, city.name)


def _is_open(review: ReviewRules, project: Dossier) -> bool:
    return project.stage == review.stage and review.passed not in project.milestones


def _given(
    request: WorkbookOrder, projects: Sequence[Dossier], told: Mapping[str, Trace]
) -> Iterator[PrefilledOpinion]:
    for project in projects:
        for opinion in project.opinions:
            if not request.expert or _same(request.expert, opinion.expert):
                remark = told[project.code].words.get(opinion.audit_id, "")
                yield PrefilledOpinion(project, opinion, remark=remark)


def _to_come(request: WorkbookOrder, projects: Sequence[Dossier]) -> Iterator[PrefilledOpinion]:
    for project in projects:
        if not any(_same(request.expert, opinion.expert) for opinion in project.opinions):
            yield PrefilledOpinion(
                project, expert=request.expert, organisation=request.organisation
            )


def _compared(each: OpinionFormRow, told: Mapping[str, Trace]) -> OpinionLookup:
    if each.project is None or each.opinion is None:
        return OpinionLookup(None, None, "")
    expert, trace = each.opinion.expert, told[each.project.code]
    stored = next((o for o in each.project.opinions if _same(o.expert, expert)), None)
    before = next((o for o in trace.then.opinions.values() if _same(o.expert, expert)), None)
    return OpinionLookup(stored, before, trace.words.get(stored.audit_id, "") if stored else "")


def _is_new(
    plan: Plan, each: OpinionFormRow, told: Mapping[str, Trace], review: ReviewRules
) -> bool:
    """Whether a row is to be recorded; notes what is wrong with one that is recorded already."""
    if each.opinion is None or each.project is None:
        return False
    held = _compared(each, told)
    if held.stored is not None:
        for key, words in _differing(review, each, held.stored, held.remark):
            said = f"该专家已对本项目评分，此处登记为“{words}”；有误的请办理更正"
            each.row.refuse(key, said)
        return False
    if held.before is not None:
        if list(_differing(review, each, held.before, each.remark)):
            mend = f"请向{plan.head_bureau}索取最新表格后填写"
            reason = f"该专家的评分在本表发出后已办理更正；{mend}"
            each.row.refuse("expert", reason)
        return False
    return True


def _differing(
    review: ReviewRules, each: OpinionFormRow, held: Opinion, remark: str
) -> Iterator[tuple[str, str]]:
    """The columns in which a row differs from what is recorded, with what that is."""
    given = each.opinion
    assert given is not None  # noqa: S101  # the caller has looked
    if not _same(given.organisation, held.organisation):
        yield "organisation", held.organisation
    if given.on != held.on:
        yield "on", str(held.on)
    for item in review.criteria:
        points = held.scores.get(item.id, NOTHING)
        if given.scores[item.id] != points:
            yield MARK + item.id, cells.plain(points)
    if each.remark and each.remark != cells.text(remark):
        yield "remark", remark or "空"


def _sound(table: FormTable, new: Sequence[OpinionFormRow]) -> Sequence[OpinionFormRow]:
    """The new rows without a fault so far."""
    wrong = set(map(row_of, table.faults))
    return [each for each in new if each.row.number not in wrong]


def _record(
    session: Session, desk: Desk, casebook: Casebook, paper: IncomingWorkbook, each: OpinionFormRow
) -> None:
    """Record an opinion, or note why not: one that is refused does not stand in another's way."""
    given, project = each.opinion, each.project
    assert given is not None  # noqa: S101  # the caller has looked
    assert project is not None  # noqa: S101  # likewise
    asked = OpinionStatement(
        subject=project.code,
        expert=given.expert,
        organisation=given.organisation,
        scores=given.scores,
        on=given.on,
        actor=paper.asked.actor or desk.plan.office(Level.PROVINCE),
        evidence=with_source(each.remark, Form.OPINIONS, paper.evidence),
    )
    try:
        give_opinion(session, desk, asked, today=paper.today, at=paper.at, casebook=casebook)
    except RefusedError as error:
        first = next(iter(given.scores))
        note_refusal(each.row, error, CELLS, MARK + first)


def _differences(review: ReviewRules, each: OpinionFormRow) -> Iterator[Difference]:
    given, project = each.opinion, each.project
    assert given is not None  # noqa: S101  # only rows that could be read are new
    assert project is not None  # noqa: S101  # likewise
    for item in review.criteria:
        what = f"{given.expert}：{item.label}"
        spot = each.row.spot(MARK + item.id)
        yield Difference(spot, project.code, what, "", cells.plain(given.scores[item.id]))


def _notes(
    table: FormTable, plan: Plan, rows: Sequence[OpinionFormRow], told: Mapping[str, Trace]
) -> Iterator[str]:
    for number in unscored_remarks(table, plan):
        yield f"第{number}行只有评审意见而没有评分，未登记"
    for each in rows:
        held = _compared(each, told)
        if held.stored is None and held.before is not None:
            yield f"第{each.row.number}行的评分在本表发出后已更正，不再登记"


def _same(one: str, other: str) -> bool:
    return cells.name(one) == cells.name(other)
