"""What goes with a digest: a list of what is to be done, and monthly reports filled in (R69)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError
from documents.lists.lists import TaskRow, task_list
from models.tables import Outbox
from notifications.message import Attachment, DigestLine
from notifications.wording import status
from operations.cases.desk import Desk
from operations.duties.lines import DigestFacts, Key
from operations.views.overview import responsible
from operations.workbooks.outgoing import OutgoingWorkbook
from operations.workbooks.report import filled_in

TABLE_FROM = 9  # lines; a shorter digest says it all without a workbook


def prefilled(
    session: Session, desk: Desk, rows: Iterable[Outbox]
) -> Mapping[Key, OutgoingWorkbook]:
    """Each monthly report that the rows are about, made once.

    One with a text that no workbook can hold is left out: its reminder goes without it.
    """
    months = desk.plan.reported_months
    made: dict[Key, OutgoingWorkbook] = {}
    for city, rule in sorted({(row.subject, row.rule) for row in rows if row.rule in months}):
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
        if made is not None:
            body = desk.deadlines[row.rule].rule.responsible
            if row.recipient == responsible(desk, body, known.subjects[row.subject]):
                yield made


def told_of(made: OutgoingWorkbook) -> str:
    """What a digest says of a report that goes with it."""
    return f"随附预填月报（{made.name}），请核对补充后报送"


def task_lists(offices: str, lines: Sequence[DigestLine], as_of: date) -> Iterator[Attachment]:
    """The lines as a workbook, where there are many."""
    if len(lines) >= TABLE_FROM:
        title = f"{offices.split('、')[0]} {as_of:%Y-%m-%d} 待办事项"
        table = task_list(title, [_task(line, as_of) for line in lines])
        yield Attachment(f"{title}.xlsx", table)


def _task(line: DigestLine, as_of: date) -> TaskRow:
    return TaskRow(
        kind=line.kind.label,
        place=line.place,
        subject=line.name,
        title=line.title,
        clause=f"{line.notice_number}{line.clause}",
        remind_by=line.remind_by,
        overdue_after=line.overdue_after,
        state=status(line, as_of),
        to_do=line.to_do,
        missing="；".join(line.missing),
    )
