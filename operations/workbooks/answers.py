"""办理回执 in: each row that answers something is put on record by itself; and out, by office."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.answers import (
    AS_SENT,
    SAID,
    AnswerRow,
    PrefilledItem,
    answer_pages,
    answer_rows,
    answer_table,
)
from documents.forms.ledger import question
from documents.forms.summary import city_named
from documents.reading import cells
from documents.reading.faults import CellFault, raise_faults
from documents.reading.identity import Identity
from documents.reading.table import FormTable
from models.audits import newest
from models.contacts import legible_posts
from models.deadlines import deadline_row
from models.projects import subjects
from operations.cases.answering import (
    Answer,
    AnswerResult,
    MoneyAnswer,
    answer,
    day_of,
    fact_label,
    money_of,
)
from operations.cases.authority import place_of
from operations.cases.desk import Desk
from operations.cases.effects import Casebook
from operations.views.overview import DeadlineView, deadline_views, in_chains
from operations.workbooks.incoming import (
    IncomingWorkbook,
    WorkbookChanges,
    note_refusal,
    row_of,
)
from operations.workbooks.outgoing import (
    SPARE,
    OutgoingWorkbook,
    WorkbookOrder,
    signed,
)
from operations.workbooks.versions import with_source
from policy.schema import Plan
from policy.vocabulary import Form, Level
from states.authority import Seat, acknowledgement, actor_of, booking, entitled
from states.contacts import Directory
from states.money_due import MoneyDue, due_named

CELLS = (
    ("认定|作出决定时|以月报表|申报数以", "done"),
    ("金额|元|余额不足|不填写资金", "amount"),
    ("哪一笔", "fact"),
    ("凭证", "document"),
    ("预计完成", "expected"),
    ("请写明原因", "reason"),
    ("没有时限|时限“", "rule"),
    ("^日期|登记为", "done"),
)
"""Which reason of `operations.cases.answering.answer` concerns which column."""


@dataclass(frozen=True, slots=True)
class Respondent:
    """Who answers."""

    offices: tuple[str, ...]
    """In whose names; the own one first."""
    name: str
    """Empty where no person is known."""


def take(session: Session, desk: Desk, paper: IncomingWorkbook) -> WorkbookChanges:
    """Put on record what the rows answer, each by itself; who sent it is the actor.

    A row that is refused is told in `refused` and stands in no other's way; WorkbookError where
    nothing at all could be taken in.
    """
    table = answer_table(paper.book)
    rows = answer_rows(table)
    if not rows:
        raise_faults(paper.book.file, sorted(table.faults, key=row_of))
        raise RefusedError(
            f"{paper.book.file}：没有填写任何一行；请填写办结日期，或预计完成日期和原因"
        )
    who = _respondent(session, desk, paper)
    casebook = Casebook(session, desk)
    answered = [(it, _taken(session, desk, paper, casebook, who, it)) for it in rows]
    found = [(each, done) for each, done in answered if done is not None]
    faults = sorted(table.faults, key=row_of)
    if not found:
        raise_faults(paper.book.file, faults)
    return WorkbookChanges(
        _place(desk.plan, who),
        added=sum(done.new for _, done in found),
        unchanged=sum(not done.new for _, done in found),
        warnings=tuple(
            CellFault(each.row.spot("done"), words)
            for each, done in found
            for words in done.warnings
        ),
        refused=tuple(faults),
        remaining=tuple(_unanswered(session, desk, table)),
        notes=tuple(f"{_named(each)}：{done.said}" for each, done in found),
    )


def make(session: Session, desk: Desk, request: WorkbookOrder, today: date) -> OutgoingWorkbook:
    """The items that press an office as of a day; of a city, its bureau's.

    RefusedError where no office of the plan is named.
    """
    office = _office(desk.plan, request)
    asked = () if request.empty else _asked(session, desk, office, today)
    return made_out(desk, office, office, asked, today, newest(session, desk.plan))


def made_out(
    desk: Desk, who: str, office: str, items: Sequence[PrefilledItem], on: date, version: int
) -> OutgoingWorkbook:
    """The form for a person or an office, `who`, signed so that its answers are theirs.

    `version`: the newest record. RefusedError for a text that no workbook can hold.
    """
    spare = 0 if items else SPARE
    return signed(
        desk,
        Identity(desk.plan.id, Form.ANSWER, who, version=version),
        lambda footer: answer_pages(office, on, items, footer=footer, spare=spare),
        f"{Form.ANSWER.label}（{office} {on}）",
    )


def _taken(
    session: Session,
    desk: Desk,
    paper: IncomingWorkbook,
    casebook: Casebook,
    who: Respondent,
    each: AnswerRow,
) -> AnswerResult | None:
    """What came of a row; None, with the reasons noted, where it is refused."""
    due = due_named(desk.plan, each.fact)
    said = Answer(
        each.subject,
        each.rule,
        _actor(session, desk.plan, who, each, due),
        done=each.done,
        fact=_fact(desk, each),
        evidence=_evidence(paper, each),
        money=MoneyAnswer(due, each.amount, each.document) if due else None,
        expected=each.expected,
        reason=each.reason,
    )
    if not _is_known(session, desk.plan, each):
        return None
    try:
        if doubt := _doubt(desk.plan, paper, casebook, each, due):
            raise RefusedError(doubt)
        return answer(session, desk, said, today=paper.today, at=paper.at, casebook=casebook)
    except RefusedError as error:
        note_refusal(each.row, error, CELLS, "done" if each.done else "expected")
        return None


def _is_known(session: Session, plan: Plan, each: AnswerRow) -> bool:
    """Whether the row's item is one; what is not is noted at the cell that was sent otherwise."""
    if not subjects(session, plan, [each.subject]):
        each.row.refuse("code", f"没有编码为“{each.subject}”的项目或单位；{AS_SENT}")
    elif deadline_row(session, plan, each.subject, each.rule) is None:
        each.row.refuse("rule", f"{each.subject}没有时限“{each.rule}”；{AS_SENT}")
    else:
        return True
    return False


def _doubt(
    plan: Plan,
    paper: IncomingWorkbook,
    casebook: Casebook,
    each: AnswerRow,
    due: MoneyDue | None,
) -> str | None:
    """What is doubtful about a row's amount, unless it is booked already or was confirmed."""
    if each.amount is None or each.done is None:
        return None
    if due is None:
        if not each.row.has("fact"):
            return "看不出是哪一笔资金；请填写"
        return "本项不登记资金；请清空金额"
    project = casebook.project(each.subject)
    if paper.asked.confirmed or any(line.voucher == each.document for line in project.lines):
        return None
    return question(plan, each.amount, project.profile.investment)


def _actor(
    session: Session, plan: Plan, who: Respondent, each: AnswerRow, due: MoneyDue | None
) -> str:
    """Who answers a row: of a sum that came, the first of the offices that may book it."""
    if due is None or each.done is None:
        return actor_about(session, plan, who, each.subject, each.rule)
    place = place_of(session, plan, each.subject)
    may = entitled(plan, booking(plan, due.holder), place) if place else ()
    return _first_of(plan, who, may)


def _respondent(session: Session, desk: Desk, paper: IncomingWorkbook) -> Respondent:
    """Whoever is named as the actor, else whom the form was made out for, else the city's bureau.

    A person answers for the own offices, and where he or she stands in on that day. RefusedError
    where nobody is known.
    """
    if paper.asked.actor:
        return Respondent((paper.asked.actor,), "")
    if paper.identity is not None:
        person = paper.identity.subject
        people = Directory(desk.plan, legible_posts(session, desk.plan))
        posts = people.people.get(person, ())
        offices = people.acting_for(person, paper.today)
        return Respondent(offices or (person,), posts[0].name if posts else "")
    if paper.asked.city:
        return Respondent((desk.plan.office(Level.CITY, _city(desk.plan, paper)),), "")
    raise RefusedError(
        f"{paper.book.file}：没有标识，看不出由谁答复；请注明报送单位（--actor），"
        f"或向{desk.plan.head_bureau}索取最新表格后填写"
    )


def _city(plan: Plan, paper: IncomingWorkbook) -> str:
    return city_named(plan, paper.asked.city or "").name


def _unanswered(session: Session, desk: Desk, table: FormTable) -> Iterator[str]:
    """The items that the form names and says nothing of, as far as they are open still."""
    for row in table.rows:
        if any(row.value(key) is not None for key in SAID):
            continue
        subject, rule = cells.name(row.value("code")), cells.name(row.value("rule"))
        found = deadline_row(session, desk.plan, subject or "", rule or "")
        if found is not None and found.next_look_on is not None and found.quiet_until is None:
            yield f"{subject} {row.take('title', cells.text) or rule}"


def actor_about(session: Session, plan: Plan, who: Respondent, subject: str, rule: str) -> str:
    """Who says it: the first office that may, else the own one, which is then told why not."""
    row, place = deadline_row(session, plan, subject, rule), place_of(session, plan, subject)
    asked = acknowledgement(plan, rule, row.body if row else "")
    return _first_of(plan, who, entitled(plan, asked, place) if asked and place else ())


def _first_of(plan: Plan, who: Respondent, may: Sequence[Seat]) -> str:
    named = ((office, actor_of(plan, office)) for office in who.offices)
    mine = (office for office, actor in named if actor is not None and actor.seat in may)
    return f"{next(mine, who.offices[0])} {who.name}".strip()


def _fact(desk: Desk, each: AnswerRow) -> str:
    """The fact that the row was made out for; empty where it does not say."""
    facts = (*(item.id for item in desk.plan.milestones), each.rule)
    return next((fact for fact in facts if cells.name(fact_label(desk, fact)) == each.fact), "")


def _evidence(paper: IncomingWorkbook, each: AnswerRow) -> str:
    return (
        with_source(each.document, Form.ANSWER, paper.evidence) if each.document else paper.evidence
    )


def _place(plan: Plan, who: Respondent) -> str:
    """The city whose offices answer, or the province."""
    actor = actor_of(plan, who.offices[0])
    return (actor.seat.city if actor else "") or plan.province


def _named(each: AnswerRow) -> str:
    """``XF2023-140105-01 全部开工建设`` as the form prints it."""
    title = each.row.take("title", cells.text)
    return f"{each.subject} {title or each.rule}"


def _office(plan: Plan, request: WorkbookOrder) -> str:
    """The office that is asked for by its name, or a city's bureau by the city's."""
    asked = request.subject or ""
    if plan.city(asked) is not None:
        return plan.office(Level.CITY, city_named(plan, asked).name)
    if any(office.name == asked for office in plan.every_office()):
        return asked
    city = plan.cities[0]
    county = plan.office(Level.COUNTY, city.name, city.counties[0].name)
    raise RefusedError(
        f"“{Form.ANSWER.label}”按单位导出，请写明{plan.said('市名')}或单位全称，"
        f"如 {city.name} 或 {county}"
    )


def _asked(session: Session, desk: Desk, office: str, today: date) -> Sequence[PrefilledItem]:
    """What presses an office; a city's bureau answers for its counties, too."""
    known = next(each for each in desk.plan.every_office() if each.name == office)
    pressing = [
        view
        for view in in_chains(deadline_views(desk, today))
        if view.rule not in desk.plan.reported_months
        and (
            view.responsible == office
            or (known.level is Level.CITY and view.city == known.city and not view.provincial)
        )
    ]
    return [
        each
        for number, view in enumerate(pressing, 1)
        for each in _items(session, desk, office, number, view)
    ]


def _items(
    session: Session, desk: Desk, office: str, number: int, view: DeadlineView
) -> Iterator[PrefilledItem]:
    place = f"{view.city}{view.county}" if view.subject != view.name else ""
    item = PrefilledItem(
        number,
        view.subject,
        f"{place}{view.name}",
        view.rule,
        view.title,
        f"时限{view.due}，{view.state}" if view.due else view.state,
        day_of(session, desk, view.subject, view.rule),
    )
    return by_sums(desk.plan, item, money_of(session, desk, view.subject, view.rule, [office]))


def by_sums(plan: Plan, item: PrefilledItem, dues: Sequence[MoneyDue]) -> Iterator[PrefilledItem]:
    """The item as the form has it: of money a row for each sum, with what is lacking of it."""
    if not dues:
        yield item
    for due in dues:
        verb = "尚未拨付" if due.to_holder else "尚缺"
        known = "" if due.amount is None else f"；{verb}{due.amount:,.2f}元"
        yield replace(item, fact=due.label(plan), state=f"{item.state}{known}")
