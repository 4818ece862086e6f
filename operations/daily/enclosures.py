"""What goes with a digest: lists, drafts, and forms that are filled in already (R69)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.answers import PrefilledItem
from documents.lists.overviews import TaskRow, task_list
from models.tables import Outbox
from notifications.message import Attachment, DigestLine
from notifications.wording import status
from operations.cases.answering import asked_money, fact_label
from operations.cases.desk import Desk
from operations.duties.lines import DigestFacts, Key, turn_in
from operations.duties.progress_letters import bulletin_draft
from operations.views.overview import responsible
from operations.workbooks.answers import by_sums, made_out
from operations.workbooks.outgoing import OutgoingWorkbook
from operations.workbooks.report import filled_in
from states.authority import acknowledgement, actor_of, entitled
from states.contacts import Place
from states.money_due import MoneyDue

TABLE_FROM = 9  # lines; a shorter digest says it all without a workbook


def prefilled(
    session: Session, desk: Desk, known: DigestFacts, rows: Iterable[Outbox]
) -> Mapping[Key, OutgoingWorkbook]:
    """Each monthly report that one of the recipients owes, made once.

    One with a text that no workbook can hold is left out: its reminder goes without it.
    """
    months = desk.plan.reported_months
    made: dict[Key, OutgoingWorkbook] = {}
    for city, rule in sorted({(row.subject, row.rule) for row in rows if _owes(desk, known, row)}):
        try:
            made[city, rule] = filled_in(session, desk, city, months[rule])
        except RefusedError:
            continue
    return made


def own_reports(
    desk: Desk, known: DigestFacts, reports: Mapping[Key, OutgoingWorkbook], rows: Iterable[Outbox]
) -> Iterator[OutgoingWorkbook]:
    """The reports that the office itself owes; who is only told of its lateness gets none."""
    for row in rows:
        made = reports.get((row.subject, row.rule))
        if made is not None and _owes(desk, known, row):
            yield made


def _owes(desk: Desk, known: DigestFacts, row: Outbox) -> bool:
    """Whether the recipient is to make a monthly report itself."""
    if row.rule not in desk.plan.reported_months:
        return False
    body = desk.deadlines[row.rule].rule.responsible
    return row.recipient == responsible(desk, body, known.subjects[row.subject])


def told_of(made: OutgoingWorkbook) -> str:
    """What a digest says of a report that goes with it."""
    return f"随附预填月报（{made.name}），请核对补充后报送"


def drafted(draft: Attachment) -> str:
    """What a digest says of a draft that goes with it."""
    return f"随附{draft.name.partition('.')[0]}，请审核后按程序签发"


def answer_form(
    desk: Desk,
    known: DigestFacts,
    who: str,
    offices: Sequence[str],
    lines: Sequence[DigestLine],
    as_of: date,
    version: int,
) -> OutgoingWorkbook | None:
    """办理回执 of a person, with the lines that one of the offices may answer, by their numbers.

    `offices`: those in whose name the person acts, the own one first. A monthly report is its own
    answer. None where no line is left, or one has a text that no workbook can hold.
    """
    items = [
        each
        for number, line in enumerate(lines, 1)
        if line.rule not in desk.plan.reported_months and _may(desk, known, offices, line)
        for each in by_sums(
            desk.plan, _item(desk, number, line, as_of), sums(desk, known, offices, line)
        )
    ]
    if not items:
        return None
    with suppress(RefusedError):
        return made_out(desk, who, offices[0], items, as_of, version)
    return None


def bulletins(session: Session, desk: Desk, rows: Iterable[Outbox]) -> Mapping[str, Attachment]:
    """By duty, the drafts of the bulletins of which the province is reminded, where there are."""
    found: dict[str, Attachment] = {}
    for rule in sorted({row.rule for row in rows}):
        if draft := bulletin_draft(session, desk, rule):
            found[rule] = Attachment(draft.name, draft.content)
    return found


def _may(desk: Desk, known: DigestFacts, offices: Sequence[str], line: DigestLine) -> bool:
    """Whether one of the offices may answer for the deadline."""
    subject = known.subjects[line.subject]
    whose = known.deadlines[line.subject, line.rule].body
    asked = acknowledgement(desk.plan, line.rule, whose)
    seats = entitled(desk.plan, asked, Place(subject.city, subject.county)) if asked else ()
    actors = (actor_of(desk.plan, office) for office in offices)
    return any(actor is not None and actor.seat in seats for actor in actors)


def sums(
    desk: Desk, known: DigestFacts, offices: Sequence[str], line: DigestLine
) -> tuple[MoneyDue, ...]:
    """The sums that an answer of one of the offices to a line can book."""
    project, row = known.projects.get(line.subject), known.deadlines[line.subject, line.rule]
    if project is None:
        return ()
    _, turn = turn_in(desk, known, row)
    return asked_money(desk.plan, desk.deadlines[line.rule], project, turn, offices)


def _item(desk: Desk, number: int, line: DigestLine, as_of: date) -> PrefilledItem:
    return PrefilledItem(
        number,
        line.subject,
        line.name if line.place == line.name else f"{line.place}{line.name}",
        line.rule,
        line.title,
        f"时限{line.due}，{status(line, as_of)}",
        fact_label(desk, line.fact) if line.fact else "",
    )


def task_lists(offices: str, lines: Sequence[DigestLine], as_of: date) -> Iterator[Attachment]:
    """The lines as a workbook, where there are many."""
    if len(lines) >= TABLE_FROM:
        title = f"{offices.split('、')[0]} {as_of:%Y-%m-%d} 待办事项"
        table = task_list(lines[0].levels, title, [_task(line, as_of) for line in lines])
        yield Attachment(f"{title}.xlsx", table)


def _task(line: DigestLine, as_of: date) -> TaskRow:
    return TaskRow(
        kind=line.kind.label,
        place=line.place,
        subject=line.name,
        title=line.title,
        clause=f"{line.notice_number}{line.clause}",
        due=line.due,
        remind_by=line.remind_by,
        overdue_after=line.overdue_after,
        state=status(line, as_of),
        to_do=line.to_do,
        missing="；".join(line.missing),
    )
